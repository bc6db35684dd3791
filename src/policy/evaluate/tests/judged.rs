//! The evaluation, this one and the sandbox's, held to a third that nobody here wrote, on some thousand
//! trust and permission policies: `@cloud-copilot/iam-simulate`, a program for node. It knows no condition
//! keys of an issuer that is not Amazon's, so a token's keys are told to it under names that it knows.

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

#[path = "../../../../tests/sandbox/iam/evaluate.rs"]
mod evaluate_in_sandbox;
#[path = "../../../../tests/node.rs"]
mod node;

use super::random::documents;
use super::trust::{Context, allows};
use evaluate_in_sandbox::decision;

macro_rules! judge {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../tests/outsiders/iam-simulate/", $name)),
        )
    };
}

const JUDGE: node::Program = [
    judge!("package.json"),
    judge!("package-lock.json"),
    judge!("judge.mjs"),
];
const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const USER: &str = "arn:aws:iam::111122223333:user/app";
/// Ours, and what the judge knows a key of the same type by. The longer ones first.
const NAMES: [(&str, &str); 5] = [
    (
        "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub",
        "www.amazon.com:user_id",
    ),
    (
        "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub",
        "accounts.google.com:sub",
    ),
    (
        "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud",
        "accounts.google.com:aud",
    ),
    (
        "oidc.eks.eu-west-1.amazonaws.com/id/AB12:AUD",
        "accounts.google.com:AUD",
    ),
    (
        "oidc.eks.eu-west-1.amazonaws.com/id/CD34:sub",
        "graph.facebook.com:id",
    ),
];

/// So many of what a strategy makes, always the same.
fn made<T: std::fmt::Debug>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::new(ProptestConfig {
        rng_seed: RngSeed::Fixed(2),
        ..ProptestConfig::default()
    });
    let mut one = || strategy.new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| one()).collect()
}

/// A policy and a request, and what each of ours says: allowed, or nothing where it is no judge.
struct Case {
    told: String,
    ours: Option<bool>,
    sandbox: Option<bool>,
}

/// Whether it is for AWS's documentation to say what a policy means, and it does not: an operator that is
/// none IAM does not store, and what a negated one says of a value of another type (`ArnNotLike` of `*`,
/// `NumericNotEquals` of a word) is nowhere. In the older version `${…}` is plain text (IAM User Guide,
/// "Version"): there the judge is wrong.
fn is_left_open(document: &Value) -> bool {
    let statements = document["Statement"].as_array().into_iter().flatten();
    let conditions = statements.filter_map(|statement| statement["Condition"].as_object());
    let mut entries = conditions.flatten();
    let is_old = document["Version"] != "2012-10-17" && document.to_string().contains("${");
    is_old
        || entries.any(|(name, keys)| {
            let Ok(operator) = name.parse::<Operator>() else {
                return true;
            };
            let values = keys.as_object().into_iter().flatten();
            let mut values = values.flat_map(|(_, values)| texts(values));
            operator.negated && values.any(|value| !is_of_type(name, value))
        })
}

fn is_of_type(operator: &str, value: &str) -> bool {
    if operator.contains("Arn") {
        return value.starts_with("arn:") && value.split(':').count() > 5;
    }
    if operator.contains("Numeric") {
        return compare::number(value).is_some();
    }
    !operator.contains("Ip") || value.contains('/') || value.parse::<std::net::IpAddr>().is_ok()
}

/// Asks the judge, and says where it is of another opinion; how many could be compared.
fn compare(cases: &[Case]) -> (Vec<String>, [usize; 2]) {
    let told: Vec<String> = cases.iter().map(|case| case.told.clone()).collect();
    let mut wrong = Vec::new();
    let mut compared = [0, 0];
    for (case, answer) in cases.iter().zip(node::judged(&JUDGE, &told)) {
        // What is no policy for the judge, IAM would not have stored.
        let allowed = match answer.as_str() {
            "Allowed" => true,
            "ImplicitlyDenied" | "ExplicitlyDenied" => false,
            _ => continue,
        };
        let both = [("irsactl", case.ours), ("the sandbox", case.sandbox)];
        for (index, (who, said)) in both.into_iter().enumerate() {
            let Some(said) = said else { continue };
            compared[index] += 1;
            if said != allowed {
                wrong.push(format!(
                    "{who} allows: {said}, the judge: {answer}\n{}",
                    case.told
                ));
            }
        }
    }
    (wrong, compared)
}

fn known(evaluation: &Evaluation) -> Option<bool> {
    let is_open = matches!(evaluation.decision, Decision::Depends { .. });
    (!is_open).then(|| evaluation.is_allowed())
}

/// Asks about the cases that are not left open, and wants the judge to agree on at least so many with
/// each of ours.
fn assert_agreed(cases: impl Iterator<Item = Case>, least: [usize; 2]) {
    let cases: Vec<Case> = cases.collect();
    let (wrong, compared) = compare(&cases);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        compared[0] > least[0] && compared[1] > least[1],
        "{compared:?}"
    );
}

#[test]
#[ignore = "needs node with npm"]
fn trust_policies_are_evaluated_as_by_another() {
    let subjects = ["system:serviceaccount:web:api", "arn:aws:service:a:c:b"];
    // What a key of several values means without a qualifier is not documented: one at most.
    let audiences = [list(&["sts.amazonaws.com"]), list(&["other"]), Vec::new()];
    let asked = (
        documents(),
        select(subjects.to_vec()),
        select(audiences.to_vec()),
    );
    let cases = made(2_000, asked).into_iter();
    let cases = cases.filter(|(document, ..)| !is_left_open(document));
    let cases =
        cases.map(|(document, subject, audiences)| trust_case(&document, subject, &audiences));
    assert_agreed(cases, [800, 800]);
}

fn trust_case(document: &Value, subject: &str, audiences: &[String]) -> Case {
    let request = Request::web_identity(PROVIDER, ISSUER, subject, audiences);
    let mut context = json!({
        "accounts.google.com:sub": subject,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "203.0.113.9",
    });
    if let [audience] = audiences {
        context["accounts.google.com:aud"] = json!(audience);
    }
    let renamed = |text: String, (ours, theirs): &(&str, &str)| text.replace(ours, theirs);
    let text = NAMES.iter().fold(document.to_string(), renamed);
    let case = json!({
        "document": serde_json::from_str::<Value>(&text).unwrap(),
        "principal": PROVIDER,
        "action": WEB_IDENTITY,
        "resource": ROLE,
        "context": context,
        "trust": true,
    });
    // To the sandbox's STS the call comes from nowhere.
    let sandbox = !text.contains("aws:SourceIp");
    Case {
        told: case.to_string(),
        ours: known(&evaluate(document, &request)),
        sandbox: sandbox.then(|| allows(document, PROVIDER, subject, audiences)),
    }
}

/// An operator, a key and values of one type; now and then of two. No network of all addresses: the judge
/// takes `0.0.0.0/0` for none.
fn typed() -> impl Strategy<Value = (String, Value)> {
    let (text, arn, number) = (
        [
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
        ],
        ["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"],
        [
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
        ],
    );
    let (date, bool, network) = (
        [
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        ["Bool"],
        ["IpAddress", "NotIpAddress"],
    );
    let of = |operators: &[&'static str], keys: &[&'static str], values: &[&'static str]| {
        let most = values.len().min(3);
        (
            select(operators.to_vec()),
            select(keys.to_vec()),
            subsequence(values.to_vec(), 1..most),
        )
    };
    let entry = prop_oneof![
        4 => of(&text, &["aws:username", "aws:PrincipalTag/team", "aws:UserAgent"], &["app", "a*", "A?P", "APP", "${aws:username}", "${aws:PrincipalTag/team, 'app'}", "${*}"]),
        2 => of(&arn, &["aws:PrincipalArn", "aws:SourceArn"], &["arn:aws:iam::111122223333:user/app", "arn:aws:iam::*:user/*", "arn:*:iam::1111*:user/${aws:username}", "arn:aws:iam:*:user/app", "*"]),
        2 => of(&number, &["aws:MultiFactorAuthAge", "s3:max-keys"], &["10", "10.0", "9", "-1", "ten"]),
        2 => of(&date, &["aws:CurrentTime"], &["2030-01-01T00:00:00Z", "2030-01-01", "2029-12-31T23:00:00-01:00", "2031-01-01T00:00:00Z"]),
        1 => of(&bool, &["aws:SecureTransport", "aws:MultiFactorAuthPresent"], &["true", "false"]),
        2 => of(&network, &["aws:SourceIp"], &["203.0.113.0/24", "203.0.113.9", "203.0.113.8/31", "2001:db8::/32"]),
        1 => of(&["Null"], &["aws:username", "aws:SourceArn", "aws:CurrentTime"], &["true", "false"]),
        1 => of(&text, &["aws:SourceIp", "aws:SecureTransport", "aws:CurrentTime"], &["203.0.113.9", "true", "20*"]),
    ];
    let before = select(vec!["", "", "", "ForAllValues:", "ForAnyValue:"]);
    let behind = select(vec!["", "", "IfExists"]);
    (entry, before, behind).prop_map(|((operator, key, values), before, behind)| {
        let name = match operator {
            "Null" => operator.to_owned(),
            operator => format!("{before}{operator}{behind}"),
        };
        (name, json!({ key: values }))
    })
}

fn permissions() -> impl Strategy<Value = Value> {
    let actions = [
        "s3:GetObject",
        "S3:getobject",
        "s3:Get*",
        "s3:*",
        "*",
        "s3:PutObject",
        "s3:?etObject",
    ];
    let resources = [
        "*",
        "arn:aws:s3:::logs/*",
        "arn:aws:s3:::logs/a",
        "arn:aws:s3:::lo?s/a",
        "arn:aws:s3:::logs/${aws:username}/*",
        "arn:aws:s3:::${aws:PrincipalTag/team, 'logs'}/a",
        "arn:*:s3:::*",
        "arn:aws:s3:*:*:logs/*",
        "arn:aws:s3:::other/*",
    ];
    let member = |name: &'static str, values: &[&'static str]| {
        let not = format!("Not{name}");
        let names = select(vec![name.to_owned(), name.to_owned(), name.to_owned(), not]);
        (names, subsequence(values.to_vec(), 1..3))
    };
    let statement = (
        select(vec!["Allow", "Allow", "Deny"]),
        member("Action", &actions),
        member("Resource", &resources),
        proptest::collection::vec(typed(), 0..3),
    );
    let statement = statement.prop_map(|(effect, (action, actions), (resource, resources), condition)| {
        let condition: Value = condition.into_iter().collect();
        json!({ "Effect": effect, action: actions, resource: resources, "Condition": condition })
    });
    let version = select(vec!["2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"]);
    (version, proptest::collection::vec(statement, 1..4))
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }))
}

#[test]
#[ignore = "needs node with npm"]
fn permission_policies_are_evaluated_as_by_another() {
    let objects = ["arn:aws:s3:::logs/a", "arn:aws:s3:::logs/app/b"];
    let actions = ["s3:GetObject", "s3:PutObject"];
    let asked = (
        permissions(),
        select(actions.to_vec()),
        select(objects.to_vec()),
    );
    let cases = made(6_000, asked).into_iter();
    let cases = cases.filter(|(document, ..)| !is_left_open(document));
    let cases = cases.map(|(document, action, object)| permission_case(&document, action, object));
    // The sandbox is a judge of few: of the later ones, those.
    let cases = cases
        .enumerate()
        .filter(|(at, case)| *at < 1_500 || case.sandbox.is_some());
    assert_agreed(cases.map(|(_, case)| case), [1_500, 1_000]);
}

fn permission_case(document: &Value, action: &str, object: &str) -> Case {
    let keys = [
        ("aws:username", "app"),
        ("aws:UserAgent", "app*"),
        ("aws:PrincipalArn", USER),
        ("aws:MultiFactorAuthAge", "10"),
        ("aws:CurrentTime", "2030-01-01T00:00:00Z"),
        ("aws:SecureTransport", "true"),
        ("aws:SourceIp", "203.0.113.9"),
    ];
    // Of a user's call nothing is absent by itself.
    let absent = [
        "aws:PrincipalTag/team",
        "aws:SourceArn",
        "s3:max-keys",
        "aws:MultiFactorAuthPresent",
    ];
    let mut request = Request::new(action, Principal::Aws(USER.to_owned()), Some(object));
    let mut context = Context::default();
    for (key, value) in keys {
        context = context.with(key, [value.to_owned()]);
        // When and where from only the call itself can tell.
        if matches!(key, "aws:CurrentTime" | "aws:SourceIp") {
            continue;
        }
        request = request.with(key, &list(&[value]));
    }
    for key in absent {
        request = request.with(key, &[]);
    }
    let case = json!({
        "document": document,
        "principal": USER,
        "action": action,
        "resource": object,
        "context": keys.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    });
    let told = case.to_string();
    // The sandbox's compares texts, and takes a variable for one.
    let beyond = ["${", "Numeric", "Date", "IpAddress"];
    let sandbox = !beyond.iter().any(|word| told.contains(word));
    let documents = std::slice::from_ref(document);
    let theirs = || decision(documents, None, action, object, &context);
    Case {
        ours: known(&evaluate(document, &request)),
        sandbox: sandbox.then(|| theirs() == evaluate_in_sandbox::Decision::Allowed),
        told,
    }
}
