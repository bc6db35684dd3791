//! Texts of any characters in each place that takes one: they are refused by name before anything
//! is called, or they arrive in AWS and Kubernetes as they are, and nothing beside them changes.
//! The cases are the same at every run.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::sandbox::{ManagedPolicy, Provider};
use crate::support::{ACCOUNT, Bench, REGION};

/// How many texts each place is tried with.
const CASES: u32 = 14;
const ARN: &str = "arn:aws:iam::111122223333:policy/";

/// All that is asked in one run; a test changes one part.
#[derive(Clone, Debug)]
struct Asked {
    namespace: String,
    name: String,
    policy: String,
    document: String,
    role_name: String,
    role_path: String,
    pattern: String,
    audience: String,
    tag: [String; 2],
    label: [String; 2],
    annotation: [String; 2],
}

impl Default for Asked {
    fn default() -> Self {
        let pair = |key: &str, value: &str| [key.to_owned(), value.to_owned()];
        Self {
            namespace: "web".to_owned(),
            name: "api".to_owned(),
            policy: format!("{ARN}mine"),
            document: document("a", "arn:aws:s3:::b"),
            role_name: "role".to_owned(),
            role_path: "/team/".to_owned(),
            pattern: "api-*".to_owned(),
            audience: "vault".to_owned(),
            tag: pair("team", "a b"),
            label: pair("tier", "backend"),
            annotation: pair("example.com/note", "x"),
        }
    }
}

/// A policy document with a text as the value of a condition, and as a resource.
fn document(value: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": [resource, "*"],
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": value}},
    }]})
    .to_string()
}

/// A pair in the syntax of the map flags.
fn pair([key, value]: &[String; 2]) -> String {
    let plain = format!("{key}={value}");
    let is_quoted = plain.starts_with('"') && plain.ends_with('"');
    if plain.matches('=').count() == 1 && !is_quoted {
        return plain;
    }
    format!("\"{}\"", plain.replace('"', "\"\""))
}

impl Asked {
    fn words(&self, bench: &Bench) -> Vec<String> {
        let file = bench.file("policy.json", &self.document);
        let mut words: Vec<String> = ["create", "iamserviceaccount", "--cluster=demo", "--approve"]
            .map(str::to_owned)
            .to_vec();
        for (flag, value) in [
            ("--name", self.name.clone()),
            ("--namespace", self.namespace.clone()),
            ("--attach-policy-arn", self.policy.clone()),
            ("--policy-document", file.display().to_string()),
            ("--role-name", self.role_name.clone()),
            ("--role-path", self.role_path.clone()),
            ("--subject-pattern", self.pattern.clone()),
            ("--audience", self.audience.clone()),
            ("--tags", pair(&self.tag)),
            ("--labels", pair(&self.label)),
            ("--annotations", pair(&self.annotation)),
        ] {
            words.push(format!("{flag}={value}"));
        }
        words
    }

    fn trust(&self, issuer: &str) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
            "Condition": {
                "StringEquals": {format!("{issuer}:aud"): self.audience},
                "StringLike": {format!("{issuer}:sub"):
                    format!("system:serviceaccount:{}:{}", self.namespace, self.pattern)},
            },
        }]})
    }

    /// The template that must arrive.
    fn template(&self, issuer: &str) -> Value {
        let account = format!("{}/{}", self.namespace, self.name);
        let document: Value = serde_json::from_str(&self.document).expect("JSON");
        json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description":
                format!("IAM role for serviceaccount \"{account}\" [created and managed by eksctl]"),
            "Resources": {
                "Role1": {"Type": "AWS::IAM::Role", "Properties": {
                    "AssumeRolePolicyDocument": self.trust(issuer),
                    "ManagedPolicyArns": [self.policy],
                    "RoleName": self.role_name,
                    "Path": self.role_path,
                }},
                "Policy1": {"Type": "AWS::IAM::Policy", "Properties": {
                    "PolicyName": {"Fn::Sub": "${AWS::StackName}-Policy1"},
                    "Roles": [{"Ref": "Role1"}],
                    "PolicyDocument": document,
                }},
            },
            "Outputs": {"Role1": {"Value": {"Fn::GetAtt": ["Role1", "Arn"]}}},
        })
    }

    fn tags(&self) -> BTreeMap<String, String> {
        let account = format!("{}/{}", self.namespace, self.name);
        let [key, value] = self.tag.clone();
        BTreeMap::from([
            ("alpha.eksctl.io/cluster-name".to_owned(), "demo".to_owned()),
            (
                "eksctl.cluster.k8s.io/v1alpha1/cluster-name".to_owned(),
                "demo".to_owned(),
            ),
            ("alpha.eksctl.io/iamserviceaccount-name".to_owned(), account),
            (
                "alpha.eksctl.io/eksctl-version".to_owned(),
                concat!("irsactl-", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
            (key, value),
        ])
    }

    /// Labels and annotations of the ServiceAccount.
    fn metadata(&self) -> [Value; 2] {
        let role = format!(
            "arn:aws:iam::{ACCOUNT}:role{}{}",
            self.role_path, self.role_name
        );
        [
            json!({"app.kubernetes.io/managed-by": "eksctl", self.label[0].as_str(): self.label[1]}),
            json!({
                "eks.amazonaws.com/role-arn": role,
                "eks.amazonaws.com/audience": self.audience,
                self.annotation[0].as_str(): self.annotation[1],
            }),
        ]
    }
}

/// The cluster, its provider with the asked audience, and the asked policy.
fn world(asked: &Asked) -> Bench {
    let bench = Bench::new();
    let url = format!("https://{}", bench.issuer());
    bench.account(|account| {
        let provider = Provider::new("aws", ACCOUNT, &url, &[&asked.audience], &[]);
        account.providers.insert(provider.arn.clone(), provider);
        let document: Value = serde_json::from_str(&document("a", "*")).expect("JSON");
        let resource = asked.policy.strip_prefix(ARN).unwrap_or("mine");
        let (path, name) = resource.rsplit_once('/').unwrap_or(("", resource));
        let mut policy = ManagedPolicy::new("aws", ACCOUNT, &format!("/{path}"), name, document);
        policy.arn.clone_from(&asked.policy);
        account.policies.insert(asked.policy.clone(), policy);
    });
    bench
}

/// Whether what was asked arrived (else it was refused).
fn arrives(asked: &Asked, flag: &str) -> Result<bool, TestCaseError> {
    let bench = world(asked);
    let told = bench.run_words(asked.words(&bench), "");
    if told.ends_with("[exit 2]\n") {
        prop_assert!(told.contains(flag), "{} is not named: {}", flag, told);
        prop_assert_eq!(bench.calls(), "", "{}", told);
        return Ok(false);
    }
    prop_assert!(told.ends_with("[exit 0]\n"), "{}", told);
    let issuer = bench.issuer();
    let mut world = bench.sandbox.world();
    let account = &world.accounts[ACCOUNT];
    prop_assert_eq!(account.stacks.len(), 1);
    prop_assert_eq!(&account.stacks[0].region, REGION);
    let template: Value = serde_json::from_str(&account.stacks[0].template).expect("JSON");
    prop_assert_eq!(template, asked.template(&issuer));
    prop_assert_eq!(&account.stacks[0].tags, &asked.tags());
    let roles: Vec<_> = account.roles.values().collect();
    prop_assert_eq!(roles.len(), 1);
    prop_assert_eq!(&roles[0].trust, &asked.trust(&issuer));
    prop_assert_eq!(&roles[0].attached, std::slice::from_ref(&asked.policy));
    let api = world.api("demo");
    let accounts = api.service_accounts();
    prop_assert_eq!(accounts, [(asked.namespace.as_str(), asked.name.as_str())]);
    let object = api.service_account(&asked.namespace, &asked.name);
    let metadata = &object.expect("listed")["metadata"];
    let is = [metadata["labels"].clone(), metadata["annotations"].clone()];
    prop_assert_eq!(is, asked.metadata());
    Ok(true)
}

/// Texts that break what is put together without care, and any others that a program can be given.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\"}],\"Effect\":\"Allow\",\"x\":[{\"".to_owned()),
        Just("${AWS::Partition}".to_owned()),
        Just("{{resolve:ssm:x}}".to_owned()),
        Just("*".to_owned()),
        Just(",a=b".to_owned()),
        Just("&TemplateBody=%7B%7D".to_owned()),
        Just("\n".to_owned()),
        Just("\u{e9}".to_owned()),
        Just("\u{4e2d}".to_owned()),
        "[a-z0-9]{1,8}",
        "[ -~]{1,4}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..4)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("no program can be given it", |text| !text.contains('\0'))
}

/// Puts texts into one place: those that it usually takes, and hostile ones. Some must arrive, and
/// some must be refused where not all are good.
fn try_place(usual: &'static str, flag: &str, takes: Takes, put: impl Fn(&mut Asked, String)) {
    let texts = prop_oneof![1 => usual.prop_map(|text| text), 2 => hostile()];
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 20,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    });
    let (arrived, refused) = (Cell::new(0), Cell::new(0));
    let ended = runner.run(&texts, |text| {
        let mut asked = Asked::default();
        put(&mut asked, text);
        let count = match arrives(&asked, flag)? {
            true => &arrived,
            false => &refused,
        };
        count.set(count.get() + 1);
        Ok(())
    });
    if let Err(error) = ended {
        panic!("{error}");
    }
    assert_ne!(arrived.get(), 0, "nothing arrived");
    assert_eq!(
        refused.get() == 0,
        takes == Takes::All,
        "refused: {}",
        refused.get()
    );
}

#[derive(PartialEq)]
enum Takes {
    All,
    Some,
}

#[test]
fn names_arrive_or_are_refused() {
    try_place(
        "[a-z0-9][a-z0-9.-]{0,40}[a-z0-9]",
        "service account name",
        Takes::Some,
        |asked, text| {
            asked.name = text;
        },
    );
}

#[test]
fn namespaces_arrive_or_are_refused() {
    try_place(
        "[a-z0-9][a-z0-9-]{0,40}[a-z0-9]",
        "--namespace",
        Takes::Some,
        |asked, text| {
            asked.namespace = text;
        },
    );
}

#[test]
fn policy_arns_arrive_or_are_refused() {
    try_place(
        "[a-z]{1,5}/[A-Za-z0-9+=.@_-]{1,40}",
        "--attach-policy-arn",
        Takes::Some,
        |asked, text| {
            asked.policy = format!("{ARN}{text}");
        },
    );
}

#[test]
fn role_names_arrive_or_are_refused() {
    try_place(
        "[A-Za-z0-9+=,.@_-]{1,64}",
        "--role-name",
        Takes::Some,
        |asked, text| {
            asked.role_name = text;
        },
    );
}

#[test]
fn role_paths_arrive_or_are_refused() {
    try_place("[!-~]{1,20}", "--role-path", Takes::Some, |asked, text| {
        asked.role_path = format!("/{text}/");
    });
}

#[test]
fn subject_patterns_arrive_or_are_refused() {
    try_place(
        "[a-z0-9.*?-]{1,30}",
        "--subject-pattern",
        Takes::Some,
        |asked, text| {
            asked.pattern = text;
        },
    );
}

#[test]
fn audiences_arrive_or_are_refused() {
    try_place(
        "[!-~]{1,60}\u{4e2d}?",
        "--audience",
        Takes::Some,
        |asked, text| asked.audience = text,
    );
}

#[test]
fn tags_arrive_or_are_refused() {
    try_place(
        "[A-Za-z0-9 _.:/=+@-]{1,60}",
        "--tags",
        Takes::Some,
        |asked, text| {
            asked.tag[1] = text;
        },
    );
    try_place(
        "[A-Za-z0-9 _.:/+@-]{1,60}",
        "--tags",
        Takes::Some,
        |asked, text| {
            asked.tag[0] = text.replace('=', "");
        },
    );
}

#[test]
fn labels_arrive_or_are_refused() {
    try_place(
        "[A-Za-z0-9]([A-Za-z0-9_.-]{0,60}[A-Za-z0-9])?",
        "--labels",
        Takes::Some,
        |asked, text| {
            asked.label[1] = text;
        },
    );
    try_place(
        "([a-z]{1,9}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,60}[A-Za-z0-9])?",
        "--labels",
        Takes::Some,
        |asked, text| {
            asked.label[0] = text.replace('=', "");
        },
    );
}

#[test]
fn annotations_arrive_whatever_their_value() {
    try_place("[ -~]{0,60}", "--annotations", Takes::All, |asked, text| {
        asked.annotation[1] = text;
    });
    try_place(
        "([a-z]{1,9}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,60}[A-Za-z0-9])?",
        "--annotations",
        Takes::Some,
        |asked, text| {
            asked.annotation[0] = text.replace('=', "");
        },
    );
}

#[test]
fn policy_documents_arrive_or_are_refused() {
    try_place(
        "[ -~]{0,40}\u{4e2d}?",
        "--policy-document",
        Takes::Some,
        |asked, text| {
            asked.document = document(&text, &format!("arn:aws:s3:::{text}"));
        },
    );
    // As the whole of the document, and with its characters escaped.
    try_place(
        "\\{\"Version\":\"2012-10-17\",\"Statement\":\\{\"Effect\":\"Deny\",\"Action\":\"\\*\",\"Resource\":\"\\*\"\\}\\}",
        "--policy-document",
        Takes::Some,
        |asked, text| {
            asked.document = text;
        },
    );
    try_place(
        "[ -~]{0,20}",
        "--policy-document",
        Takes::Some,
        |asked, text| {
            let escaped: String = text
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            asked.document = document("TEXT", "*").replace("TEXT", &escaped);
        },
    );
}
