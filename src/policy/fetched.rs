//! What CloudFormation fetches into a document: by dynamic references and by functions. A secret must
//! not be: whoever may read a policy could read it, and who may change a file that somebody else
//! deploys would read with the rights of the one who deploys.

use serde_json::Value;

use super::function;
use crate::model::DYNAMIC_REFERENCE;

/// The one service whose references are no secrets: plain parameters (User Guide, "Get values stored in
/// other services using dynamic references").
const SSM: &str = "ssm:";

const MAY_BECOME: &str = ", of which a reference to a secret could be made";

/// # Errors
/// Where CloudFormation would fetch a secret, or what nobody can see here.
pub fn check(document: &Value) -> Result<(), String> {
    match faults(document).into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// All such places, each with what is wrong there.
pub fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    find_faults(document, "", TextContext::Nothing, &mut faults);
    faults
}

/// What a text stands in: what functions make of several texts is seen by CloudFormation alone, and it
/// looks for references in that.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextContext {
    Nothing,
    Function,
    /// `Fn::Split` takes pieces out of a text.
    Split,
}

fn find_faults(value: &Value, place: &str, around: TextContext, faults: &mut Vec<String>) {
    match value {
        Value::String(text) => faults.extend(fault(text, around).map(|it| format!("{place}{it}"))),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = match around {
                    TextContext::Nothing => format!("{place}[{index}]"),
                    _ => place.to_owned(),
                };
                find_faults(item, &place, around, faults);
            }
        }
        Value::Object(members) => {
            let name = function(value).map(|(name, _)| name);
            for (key, member) in members {
                faults.extend(fault(key, around).map(|it| format!("{place}{it}")));
                if key == "Fn::Transform" {
                    faults.push(format!(
                        "{place} has Fn::Transform, by which CloudFormation takes in what is not seen here"
                    ));
                }
                let (place, around) = match name {
                    // It takes the signs away that keep braces apart.
                    Some("Fn::Split") if member[0].as_str().is_some_and(|it| it.contains('$')) => {
                        faults.push(format!("{place} has Fn::Split by a `$`{MAY_BECOME}"));
                        continue;
                    }
                    Some("Fn::Split") => (place.to_owned(), TextContext::Split),
                    Some(_) if around == TextContext::Nothing => {
                        (place.to_owned(), TextContext::Function)
                    }
                    Some(_) => (place.to_owned(), around),
                    None => (inside(place, key), around),
                };
                find_faults(member, &place, around, faults);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The place of a member: `Statement[0].Condition`.
pub fn inside(place: &str, key: &str) -> String {
    match place {
        "" => key.to_owned(),
        place => format!("{place}.{key}"),
    }
}

fn fault(text: &str, around: TextContext) -> Option<String> {
    if takes_secret(text) {
        return Some(format!(
            " has \"{text}\": a secret in a policy can be read by all who may read the policy"
        ));
    }
    let may_become = match around {
        TextContext::Nothing => false,
        TextContext::Function => has_brace(&text.replace("{{resolve:ssm:", "")),
        TextContext::Split => has_brace(text),
    };
    may_become.then(|| format!(" has \"{text}\" in a function{MAY_BECOME}"))
}

/// Whether a text has a dynamic reference to anything but a plain parameter, in whatever writing.
pub fn takes_secret(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let squeezed = squeezed.to_lowercase();
    let mut references = squeezed.split(DYNAMIC_REFERENCE).skip(1);
    references.any(|reference| !reference.starts_with(SSM))
}

/// Whether a text has a brace that is not of `${…}`: two of them may come together.
fn has_brace(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let is_bare = c == '{' && before != '$';
        before = c;
        is_bare
    })
}

/// A line for each value that CloudFormation fetches, with where from: `Statement[0].Resource: SSM
/// parameter /team/bucket`. What it knows of the stack itself (`AWS::Region`) is fetched from nowhere.
pub fn fetched(document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    find_fetched(document, "", &mut lines);
    lines
}

fn find_fetched(value: &Value, place: &str, lines: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_fetched(item, &format!("{place}[{index}]"), lines);
            }
        }
        Value::Object(members) if function(value).is_none() => {
            for (key, member) in members {
                find_fetched(member, &inside(place, key), lines);
            }
        }
        value => {
            let mut from = sources(value);
            from.sort();
            from.dedup();
            if !from.is_empty() {
                lines.push(format!("{place}: {}", from.join(", ")));
            }
        }
    }
}

/// What a value is made of by CloudFormation.
fn sources(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => references(text),
        Value::Array(items) => items.iter().flat_map(sources).collect(),
        Value::Object(members) => match function(value) {
            Some((name, argument)) => of_function(name, argument),
            None => members.values().flat_map(sources).collect(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn of_function(name: &str, argument: &Value) -> Vec<String> {
    let inner = sources(argument);
    let own = match (name, argument) {
        ("Ref", Value::String(name)) => named(name).into_iter().collect(),
        ("Fn::GetAtt", Value::String(name)) => vec![format!("attribute {name}")],
        ("Fn::GetAtt", Value::Array(parts)) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            vec![format!("attribute {}", parts.join("."))]
        }
        ("Fn::ImportValue", Value::String(name)) => vec![format!("export {name} of another stack")],
        ("Fn::If", Value::Array(parts)) => {
            vec![format!(
                "condition {}",
                parts.first().unwrap_or(&Value::Null)
            )]
        }
        ("Fn::Sub", Value::String(text)) => placeholders(text, &Value::Null),
        ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
            [Value::String(text), own] => placeholders(text, own),
            _ => vec![name.to_owned()],
        },
        ("Fn::Join" | "Fn::Select" | "Fn::Split" | "Fn::Base64", _) => Vec::new(),
        _ => vec![name.to_owned()],
    };
    own.into_iter().chain(inner).collect()
}

/// What `${Name}` stands for, without the names that a `Fn::Sub` brings itself.
fn placeholders(text: &str, own: &Value) -> Vec<String> {
    let names = text.split("${").skip(1);
    let names = names.filter_map(|rest| Some(rest.split_once('}')?.0.trim()));
    let names = names.filter(|name| !name.starts_with('!') && own.get(name).is_none());
    names.filter_map(named).collect()
}

/// A parameter, a resource or an attribute of one; nothing for what CloudFormation knows of the stack.
fn named(name: &str) -> Option<String> {
    if name.starts_with("AWS::") {
        return None;
    }
    Some(if name.contains('.') {
        format!("attribute {name}")
    } else {
        format!("parameter or resource {name}")
    })
}

fn references(text: &str) -> Vec<String> {
    let all = text.split(DYNAMIC_REFERENCE).skip(1);
    let told = all.map(|reference| {
        let (reference, _) = reference.split_once("}}").unwrap_or((reference, ""));
        match reference.strip_prefix(SSM) {
            Some(name) => format!("SSM parameter {name}"),
            None => reference.to_owned(),
        }
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "{{resolve:secretsmanager:db}}";

    #[test]
    fn secrets_and_what_could_become_one_are_found_everywhere() {
        for value in [
            json!(SECRET),
            json!("{{resolve:ssm-secure:db}}"),
            json!("{{resolve:vault:db}}"),
            json!("{{ Resolve : SecretsManager:db}}"),
            json!("{{resolve:ssm:a}}{{resolve:secretsmanager:b}}"),
            json!("{{resolve:ssm:{{resolve:secretsmanager:b}}}}"),
            json!({ SECRET: "x" }),
            json!({"Fn::Sub": SECRET}),
            json!({"Fn::Sub": "{{resolve:${Service}:db}}"}),
            json!({"Fn::Sub": "{{resolve:ssm${Minus}secure:db}}"}),
            json!({"Fn::Sub": "${!{resolve:secretsmanager:db}}"}),
            json!({"Fn::Sub": ["${A}x}}", {"A": "{{resolve:"}]}),
            json!({"Fn::Join": ["", ["{{resolve:", "secretsmanager:db}}"]]}),
            json!({"Fn::Join": ["{", ["", "{resolve:secretsmanager:db}}"]]}),
            json!({"Fn::Join": ["", ["{", {"Fn::Select": [0, ["{resolve:secretsmanager:db}}"]]}]]}),
            json!({"Fn::Join": ["", {"Fn::Split": ["$", "${${resolve:secretsmanager:db}}"]}]}),
            json!({"Fn::Join": ["", {"Fn::Split": ["${$", "${${${${resolve:secretsmanager:db}}"]}]}),
            json!({"Fn::Join": ["", {"Fn::Split": ["ssm:", "{{resolve:ssm:secretsmanager:db}}"]}]}),
            json!({"Fn::Transform": {"Name": "AWS::Include"}}),
            json!({"Fn::Transform": {"Name": "AWS::Include"}, "StringEquals": {}}),
        ] {
            for document in [
                json!({"Statement": [{"Resource": value}]}),
                json!({"Statement": {"Resource": ["x", value]}}),
                json!({"Statement": {"Condition": value}}),
                json!({"Statement": {"Condition": {"StringEquals": {"a": [value]}}}}),
                json!({"Statement": {"Resource": {"Fn::If": ["C", value, "x"]}}}),
            ] {
                let told = check(&document).expect_err(&document.to_string());
                assert!(told.starts_with("Statement"), "{told}");
            }
        }
    }

    #[test]
    fn what_fetches_no_secret_may_stay() {
        for value in [
            json!("{{resolve:ssm:/team/bucket}}"),
            json!("arn:aws:s3:::b/${aws:username}/{a}"),
            json!({"Fn::Sub": "{{resolve:ssm:/${AWS::Region}/bucket:3}}/${!aws:username}"}),
            json!({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::b/${aws:username}"]]}),
            json!({"Fn::Split": [",", {"Fn::Sub": "${A},${B}"}]}),
            json!({"Fn::GetAtt": ["Bucket", "Arn"]}),
        ] {
            assert_eq!(
                check(&json!({"Statement": [{"Resource": value}]})),
                Ok(()),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_fetched_is_told_with_its_source() {
        let document = json!({"Statement": [
            {"Action": "s3:*", "Resource": [
                {"Fn::Sub": "arn:${AWS::Partition}:s3:::b"},
                "arn:aws:s3:::{{resolve:ssm:/team/bucket:3}}/*",
                {"Fn::Sub": ["${Bucket.Arn}/${Own}/${Prefix}", {"Own": {"Fn::ImportValue": "shared"}}]},
            ]},
            {"Condition": {"StringEquals": {"a": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}}}},
            {"Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["A", "Arn"]}, {"Fn::GetAtt": "B.Arn"}, {"Ref": "C"}]]}},
        ]});
        assert_eq!(
            fetched(&document),
            [
                "Statement[0].Resource[1]: SSM parameter /team/bucket:3",
                "Statement[0].Resource[2]: attribute Bucket.Arn, export shared of another stack, parameter or resource Prefix",
                "Statement[1].Condition.StringEquals.a: Fn::FindInMap",
                "Statement[2].Resource: attribute A.Arn, attribute B.Arn, parameter or resource C",
            ]
        );
    }
}
