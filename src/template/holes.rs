//! What only CloudFormation can work out of a template, beside what the role has in its place: it may be
//! that, and nobody can tell. All around it can be compared.

use serde_json::{Map, Value};

use super::functions::first_function;
use crate::model::DYNAMIC_REFERENCE;
use crate::policy::{self, fetched};

/// A value that only CloudFormation can work out, where the role has one that it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// `Statement[0].Resource`; empty for the whole.
    pub place: String,
    pub function: Value,
    pub found: Value,
}

/// What a template wants, with what only CloudFormation can work out as it is on the role, wherever it
/// can be that. What cannot be it stays a function.
pub fn filled(wanted: &Value, live: &Value) -> (Value, Vec<Unknown>) {
    let mut unknown = Vec::new();
    let filled = fill(wanted, live, "", &mut unknown);
    (filled, unknown)
}

/// Whether CloudFormation alone can work out a value, or one inside it.
pub fn has_holes(value: &Value) -> bool {
    first_function(value).is_some()
}

/// Whether what a function stands for may be this value.
pub fn may_be(function: &Value, found: &Value) -> bool {
    Hole::of(function).is_some_and(|hole| hole.takes(found))
}

fn fill(wanted: &Value, live: &Value, place: &str, unknown: &mut Vec<Unknown>) -> Value {
    if wanted == live || !has_holes(wanted) {
        return wanted.clone();
    }
    if let Some(hole) = Hole::of(wanted) {
        if !hole.takes(live) {
            return wanted.clone();
        }
        unknown.push(Unknown {
            place: place.to_owned(),
            function: wanted.clone(),
            found: live.clone(),
        });
        return live.clone();
    }
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => members(wanted, live, place, unknown),
        (Value::Array(_), _) | (_, Value::Array(_)) => items(wanted, live, place, unknown),
        _ => wanted.clone(),
    }
}

fn members(
    wanted: &Map<String, Value>,
    live: &Map<String, Value>,
    place: &str,
    unknown: &mut Vec<Unknown>,
) -> Value {
    let filled = wanted.iter().map(|(key, member)| {
        let place = fetched::inside(place, key);
        let live = live.get(key).unwrap_or(&Value::Null);
        (key.clone(), fill(member, live, &place, unknown))
    });
    filled.collect()
}

/// Lists, whose order means nothing to IAM, and of which one of one item may stand without brackets.
fn items(wanted: &Value, live: &Value, place: &str, unknown: &mut Vec<Unknown>) -> Value {
    let (asked, found) = (as_list(wanted), as_list(live));
    let mut filled = asked.iter().enumerate().zip(partners(asked, found));
    let mut fill_one = |((index, item), partner): ((usize, &Value), Option<usize>)| {
        let place = match wanted {
            Value::Array(_) => format!("{place}[{index}]"),
            _ => place.to_owned(),
        };
        match partner {
            Some(partner) => fill(item, &found[partner], &place, unknown),
            None => item.clone(),
        }
    };
    match wanted {
        Value::Array(_) => filled.map(fill_one).collect(),
        _ => filled.next().map_or_else(|| wanted.clone(), &mut fill_one),
    }
}

fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        value => std::slice::from_ref(value),
    }
}

/// For each wanted item the one of the role's that it is compared with: one that it may be, as far as
/// there is one for each; for the rest one that nothing else may be.
fn partners(wanted: &[Value], live: &[Value]) -> Vec<Option<usize>> {
    let may_be = |item: &Value, found: &Value| policy::same(&filled(item, found).0, found);
    let fits: Vec<Vec<usize>> = wanted
        .iter()
        .map(|item| {
            (0..live.len())
                .filter(|&at| may_be(item, &live[at]))
                .collect()
        })
        .collect();
    let mut taken = vec![None; live.len()];
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    // What is known has the first choice.
    order.sort_by_key(|&at| has_holes(&wanted[at]));
    for item in order {
        let mut tried = vec![false; live.len()];
        seat(item, &fits, &mut taken, &mut tried);
    }
    let mut partners = vec![None; wanted.len()];
    for (at, item) in taken.iter().enumerate() {
        if let Some(item) = item {
            partners[*item] = Some(at);
        }
    }
    let mut left = (0..live.len()).filter(|&at| taken[at].is_none());
    for partner in partners.iter_mut().filter(|partner| partner.is_none()) {
        *partner = left.next();
    }
    partners
}

/// Gives an item one that it may be, moving those that may be another (an augmenting path).
fn seat(item: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for &at in &fits[item] {
        if std::mem::replace(&mut tried[at], true) {
            continue;
        }
        let is_free = match taken[at] {
            Some(other) => seat(other, fits, taken, tried),
            None => true,
        };
        if is_free {
            taken[at] = Some(item);
            return true;
        }
    }
    false
}

/// What a function of CloudFormation can stand for (User Guide, "Intrinsic function reference").
enum Hole {
    /// A text of these pieces, with anything between two of them.
    Text(Vec<String>),
    /// A text or a list of texts.
    Texts,
    Anything,
}

impl Hole {
    fn of(value: &Value) -> Option<Self> {
        if let Value::String(text) = value {
            return text
                .contains(DYNAMIC_REFERENCE)
                .then(|| Self::Text(around_references(text)));
        }
        let (name, argument) = policy::function(value)?;
        Some(match name {
            // Where a reference ends cannot be told before its parts are put together.
            "Fn::Sub" | "Fn::Join" if value.to_string().contains(DYNAMIC_REFERENCE) => Self::Texts,
            "Fn::Sub" => Self::Text(substituted(argument)),
            "Fn::Join" => joined(argument).map_or(Self::Texts, Self::Text),
            "Fn::If" | "Fn::Transform" => Self::Anything,
            _ => Self::Texts,
        })
    }

    fn takes(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Anything, _) => true,
            (_, Value::Object(_) | Value::Null) => false,
            (Self::Texts, Value::Array(items)) => items.iter().all(|item| self.takes(item)),
            (Self::Text(_), Value::Array(items)) => {
                matches!(items.as_slice(), [one] if !one.is_array() && self.takes(one))
            }
            (Self::Texts, _) => true,
            (Self::Text(pieces), Value::String(text)) => consists_of(text, pieces),
            (Self::Text(pieces), scalar) => consists_of(&scalar.to_string(), pieces),
        }
    }
}

/// Whether a text begins with the first piece, ends with the last, and has the others between, in order.
fn consists_of(text: &str, pieces: &[String]) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first().is_none_or(|whole| whole == text);
    };
    let rest = text.strip_prefix(&**first);
    let Some(mut rest) = rest.and_then(|rest| rest.strip_suffix(&**last)) else {
        return false;
    };
    for piece in middle {
        let Some((_, after)) = rest.split_once(&**piece) else {
            return false;
        };
        rest = after;
    }
    true
}

/// What stands around `{{resolve:…}}`.
fn around_references(text: &str) -> Vec<String> {
    let mut parts = text.split(DYNAMIC_REFERENCE);
    let mut pieces = vec![parts.next().unwrap_or_default().to_owned()];
    pieces.extend(parts.map(|part| {
        let after = part.split_once("}}").map_or("", |(_, after)| after);
        after.to_owned()
    }));
    pieces
}

/// What stands around the `${Name}` of a `Fn::Sub`, whose text may stand alone or before its own names.
fn substituted(argument: &Value) -> Vec<String> {
    let text = match argument {
        Value::Array(parts) => parts.first(),
        text => Some(text),
    };
    let Some(text) = text.and_then(Value::as_str) else {
        return vec![String::new(); 2];
    };
    let mut parts = text.split("${");
    let mut pieces = vec![parts.next().unwrap_or_default().to_owned()];
    for part in parts {
        let (name, after) = part.split_once('}').unwrap_or((part, ""));
        match name.strip_prefix('!') {
            Some(literal) => {
                let last = pieces.last_mut().expect("the first is always there");
                last.push_str(&format!("${{{literal}}}{after}"));
            }
            None => pieces.push(after.to_owned()),
        }
    }
    pieces
}

/// `[delimiter, [values]]`; `None` where the values are a function themselves.
fn joined(argument: &Value) -> Option<Vec<String>> {
    let delimiter = argument.get(0)?.as_str()?;
    let mut pieces = vec![String::new()];
    for (index, value) in argument.get(1)?.as_array()?.iter().enumerate() {
        if index > 0 {
            pieces.last_mut()?.push_str(delimiter);
        }
        let own = match value {
            Value::String(text) => vec![text.clone()],
            // A list of a parameter would be joined too.
            function => match Hole::of(function) {
                Some(Hole::Text(pieces)) => pieces,
                _ => vec![String::new(); 2],
            },
        };
        let mut own = own.into_iter();
        pieces.last_mut()?.push_str(&own.next()?);
        pieces.extend(own);
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Whether the role's value may be what the template says, as far as can be known.
    fn may_be_asked(wanted: &Value, live: &Value) -> bool {
        policy::same(&filled(wanted, live).0, live)
    }

    #[test]
    fn a_function_takes_what_its_known_parts_allow() {
        let reference = json!("arn:aws:s3:::{{resolve:ssm:/a}}/*");
        let sub = json!({"Fn::Sub": "arn:aws:s3:::${Bucket}/${!aws:username}/*"});
        let own = json!({"Fn::Sub": ["${A}-${B}", {"A": "x"}]});
        let join =
            json!({"Fn::Join": [":", ["arn:aws:s3::", {"Ref": "Bucket"}, {"Fn::Sub": "b-${C}"}]]});
        let split = json!({"Fn::Split": [",", {"Ref": "All"}]});
        let either = json!({"Fn::If": ["C", {"Effect": "Allow"}, {"Ref": "AWS::NoValue"}]});
        let parts = json!({"Fn::Join": ["", ["{{resolve:ssm:", {"Ref": "A"}, "}}"]]});
        for (function, live, fits) in [
            (&reference, json!("arn:aws:s3:::b/*"), true),
            (&reference, json!(["arn:aws:s3:::b/*"]), true),
            (&reference, json!("arn:aws:s3:::b/*/c"), false),
            (&reference, json!("*"), false),
            (&reference, json!(["arn:aws:s3:::b/*", "*"]), false),
            (&sub, json!("arn:aws:s3:::b/${aws:username}/*"), true),
            (&sub, json!("arn:aws:s3:::b/*"), false),
            (&own, json!("x-y"), true),
            (&own, json!("xy"), false),
            (&join, json!("arn:aws:s3:::b:b-c"), true),
            (&join, json!("arn:aws:s3:::b"), false),
            (&split, json!(["a", "b"]), true),
            (&split, json!("a"), true),
            (&split, json!([{"a": "b"}]), false),
            (&split, json!({"a": "b"}), false),
            (&either, json!({"Effect": "Deny"}), true),
            (&parts, json!("a"), true),
            (&json!({"Ref": "A"}), json!("a"), true),
            (&json!({"Ref": "A"}), Value::Null, false),
        ] {
            assert_eq!(may_be(function, &live), fits, "{function} {live}");
        }
    }

    #[test]
    fn around_what_is_unknown_everything_is_compared() {
        let unknown = json!({"Ref": "A"});
        let wanted = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["a:A", "a:B"], "Resource": [unknown, "x"]},
            {"Effect": "Deny", "Action": "a:C", "Resource": "y", "Condition": {"S": {"k": unknown}}},
        ]});
        let mut live = wanted.clone();
        live["Statement"][0]["Resource"][0] = json!("z");
        live["Statement"][1]["Condition"]["S"]["k"] = json!("v");
        let (whole, unknown) = filled(&wanted, &live);
        assert_eq!(whole, live);
        let places: Vec<_> = unknown.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(
            places,
            ["Statement[0].Resource[0]", "Statement[1].Condition.S.k"]
        );
        let mut other_order = live.clone();
        other_order["Statement"].as_array_mut().unwrap().reverse();
        other_order["Statement"][1]["Resource"] = json!(["x", "z"]);
        assert!(may_be_asked(&wanted, &other_order));
        let changes: [fn(&mut Value); 7] = [
            |it| it["Version"] = json!("2008-10-17"),
            |it| it["Statement"][0]["Action"] = json!("*"),
            |it| it["Statement"][0]["Resource"] = json!(["z", "x", "*"]),
            |it| it["Statement"][0]["Resource"] = json!(["z", "z"]),
            |it| it["Statement"][1]["Condition"] = json!({}),
            |it| it["Statement"][1]["NotResource"] = json!("y"),
            |it| {
                it["Statement"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"Effect": "Allow"}));
            },
        ];
        for change in changes {
            let mut changed = live.clone();
            change(&mut changed);
            assert!(!may_be_asked(&wanted, &changed), "{changed:#}");
        }
    }

    /// However the role's values are shuffled, each unknown one finds one that it may be.
    #[test]
    fn every_unknown_value_of_a_list_has_its_own() {
        let wanted = json!([{"Ref": "Any"}, {"Fn::Sub": "a${X}"}, {"Fn::Sub": "ab${X}"}, "abc"]);
        for live in [
            json!(["abc", "abd", "az", "x"]),
            json!(["x", "az", "abd", "abc"]),
            json!(["az", "abc", "x", "abd"]),
            json!(["abc", "abc", "abc", "abc"]),
        ] {
            assert!(may_be_asked(&wanted, &live), "{live}");
        }
        for live in [
            json!(["abc", "abd", "x", "y"]),
            json!(["abc", "abd", "az"]),
            json!(["abd", "abe", "az", "x"]),
        ] {
            assert!(!may_be_asked(&wanted, &live), "{live}");
        }
    }
}
