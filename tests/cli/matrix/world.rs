//! The worlds of the cases, and what is looked at in them afterwards.

use serde_json::{Value, json};

use super::expected::{Expected, STACK};
use super::{Case, Found, Maps, Name, Object, Policies};
use crate::sandbox::{Options, Pace, Provider};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const ROLE_NAME: &str = "Api.Reader";
const OTHER_ROLE: &str = "arn:aws:iam::111122223333:role/other";
const OLD_ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}"#;

/// The command of a case.
pub fn line(case: Case) -> String {
    let policies = match case.policies {
        Policies::Arn => format!("--attach-policy-arn {S3}"),
        Policies::Inline => "--policy-document ~/policy.json".to_owned(),
        Policies::WellKnown => "--well-known-policy autoScaler".to_owned(),
    };
    let name = match case.name {
        Name::Given => format!("--role-name {ROLE_NAME}"),
        Name::NotGiven => String::new(),
    };
    format!("create iamserviceaccount web/api-reader --cluster demo {policies} {name} --approve")
}

/// A cluster with its provider, and in it what the case finds.
pub fn build(case: Case) -> Bench {
    let polls = match case.found {
        Found::CreateInProgress | Found::UpdateInProgress | Found::DeleteInProgress => 2,
        _ => 0,
    };
    let bench = Bench::with(Options {
        pace: Pace::Polls(polls),
        ..Options::default()
    });
    bench.file("policy.json", DOCUMENT);
    let url = format!("https://{}", bench.issuer());
    bench.account(|account| {
        let provider = Provider::new("aws", ACCOUNT, &url, &["sts.amazonaws.com"], &[]);
        account.create_provider(provider).expect("a provider");
    });
    let role = add_stack(&bench, case);
    put_service_account(&bench, case, &role);
    bench
}

/// Adds the stack that is found; returns its role's ARN, empty where there is none yet.
fn add_stack(bench: &Bench, case: Case) -> String {
    let status = match case.found {
        Found::NoStack => return String::new(),
        Found::NameTaken => return add_other_stack(bench),
        Found::RollbackComplete => "ROLLBACK_COMPLETE",
        Found::CreateFailed => "CREATE_FAILED",
        Found::RollbackFailed => "ROLLBACK_FAILED",
        Found::ReviewInProgress => "REVIEW_IN_PROGRESS",
        Found::DeleteFailed => "DELETE_FAILED",
        Found::CreateInProgress => "CREATE_IN_PROGRESS",
        Found::UpdateInProgress => "UPDATE_IN_PROGRESS",
        Found::DeleteInProgress => "DELETE_IN_PROGRESS",
        _ => "CREATE_COMPLETE",
    };
    let issuer = match case.found {
        Found::OldIssuer => OLD_ISSUER.to_owned(),
        _ => bench.issuer(),
    };
    let template = template(case, &issuer);
    bench.stack_named(
        STACK,
        "demo",
        "web/api-reader",
        &template.to_string(),
        status,
    );
    let mut world = bench.sandbox.world();
    let account = world.accounts.get_mut(ACCOUNT).expect("the account");
    if case.found == Found::OtherTrust {
        let role = account.roles.values_mut().next().expect("the role");
        let trust = role.trust.to_string().replace("web:api-reader", "web:*");
        role.trust = serde_json::from_str(&trust).expect("a trust policy");
    }
    let stack = account.stacks.last_mut().expect("the stack");
    stack.termination_protection = true;
    let role = stack.outputs.get("Role1").cloned();
    role.filter(|_| case.found != Found::DeleteInProgress)
        .unwrap_or_default()
}

/// The stack of a service account that makes the same name of other parts.
fn add_other_stack(bench: &Bench) -> String {
    let template = include_str!("../../eksctl/managed-policy.json");
    bench.stack_named(STACK, "demo", "web-api/reader", template, "CREATE_COMPLETE");
    String::new()
}

/// A template as eksctl writes it, with what the case finds other than asked.
fn template(case: Case, issuer: &str) -> Value {
    let mut role = json!({"AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
            "Condition": {"StringEquals": {
                format!("{issuer}:sub"): "system:serviceaccount:web:api-reader",
                format!("{issuer}:aud"): "sts.amazonaws.com",
            }},
        }],
    }});
    let is_other = case.found == Found::OtherPolicies;
    let mut resources = match (case.policies, is_other) {
        (Policies::Arn, false) => {
            role["ManagedPolicyArns"] = json!([S3]);
            json!({})
        }
        (Policies::Arn, true) => {
            role["ManagedPolicyArns"] = json!(["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]);
            json!({})
        }
        (Policies::Inline, _) => json!({"Policy1": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": {"Fn::Sub": "${AWS::StackName}-Policy1"},
                "Roles": [{"Ref": "Role1"}],
                "PolicyDocument": inline_document(is_other),
            },
        }}),
        (Policies::WellKnown, false) => policies_of(include_str!("../../eksctl/auto-scaler.json")),
        (Policies::WellKnown, true) => policies_of(include_str!("../../eksctl/external-dns.json")),
    };
    if case.found == Found::OtherBoundary {
        role["PermissionsBoundary"] = json!("arn:aws:iam::aws:policy/PowerUserAccess");
    }
    if case.name == Name::Given {
        role["RoleName"] = json!(ROLE_NAME);
    }
    resources["Role1"] = json!({"Type": "AWS::IAM::Role", "Properties": role});
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": resources,
        "Outputs": {"Role1": {"Value": {"Fn::GetAtt": "Role1.Arn"}}},
    })
}

fn inline_document(is_other: bool) -> Value {
    let mut document: Value = serde_json::from_str(DOCUMENT).expect("a document");
    if is_other {
        document["Statement"][0]["Action"] = json!("s3:*");
    }
    document
}

/// The inline policies of one of eksctl's templates.
fn policies_of(template: &str) -> Value {
    let template: Value = serde_json::from_str(template).expect("a template");
    let mut resources = template["Resources"].clone();
    let resources_map = resources.as_object_mut().expect("resources");
    resources_map.remove("Role1").expect("a role");
    resources
}

/// Puts the ServiceAccount that is found; `role` is the ARN of the stack's role, if there is one.
fn put_service_account(bench: &Bench, case: Case, role: &str) {
    let known = match case.name {
        Name::Given => format!("arn:aws:iam::{ACCOUNT}:role/{ROLE_NAME}"),
        Name::NotGiven => role.to_owned(),
    };
    let ours = [("eks.amazonaws.com/role-arn", known.as_str())];
    let (labels, annotations, manager): ([_; 1], &[(&str, &str)], _) = match case.object {
        Object::Absent => return,
        Object::Ours => (
            [("app.kubernetes.io/managed-by", "eksctl")],
            if known.is_empty() { &[] } else { &ours },
            "eksctl",
        ),
        Object::Helms => (
            [("app.kubernetes.io/managed-by", "Helm")],
            &[("meta.helm.sh/release-name", "api")],
            "helm",
        ),
        Object::OtherRole => (
            [("app", "reader")],
            &[("eks.amazonaws.com/role-arn", OTHER_ROLE)],
            "kubectl-client-side-apply",
        ),
    };
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("web", "api-reader", &labels, annotations, manager);
}

/// Labels and annotations of `web/api-reader`.
pub fn service_account(bench: &Bench) -> Option<Maps> {
    let mut world = bench.sandbox.world();
    let object = world.api("demo").service_account("web", "api-reader")?;
    Some(["labels", "annotations"].map(|field| {
        let map = object["metadata"][field].as_object().into_iter().flatten();
        map.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect()
    }))
}

/// The ARN of the role that the asked stack has.
pub fn asked_role(bench: &Bench, expected: &Expected) -> String {
    let Some(name) = expected.stack else {
        return String::new();
    };
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, name);
    stack
        .and_then(|stack| stack.outputs.get("Role1").cloned())
        .unwrap_or_default()
}

/// In what the asked role is not as asked: name, trust, policies, boundary.
pub fn faults_of_role(bench: &Bench, case: Case, expected: &Expected) -> Vec<String> {
    let Some(stack) = expected.stack else {
        return Vec::new();
    };
    let arn = asked_role(bench, expected);
    let issuer = bench.issuer();
    bench.account(|account| {
        let Some(role) = account.roles.values().find(|role| role.arn == arn) else {
            return vec![format!("the role {arn:?} does not exist")];
        };
        let (managed, inline): (&[&str], _) = match case.policies {
            Policies::Arn => (&[S3], Vec::new()),
            Policies::Inline => (&[], vec![format!("{stack}-Policy1")]),
            Policies::WellKnown => (&[], vec![format!("{stack}-PolicyAutoScaling")]),
        };
        let statement = &role.trust["Statement"][0];
        let conditions = &statement["Condition"]["StringEquals"];
        let checks = [
            (
                "name",
                case.name == Name::NotGiven || role.name == ROLE_NAME,
            ),
            ("managed policies", role.attached == managed),
            ("inline policies", role.inline.keys().eq(&inline)),
            ("boundary", role.boundary.is_none()),
            (
                "subject",
                conditions[format!("{issuer}:sub")] == "system:serviceaccount:web:api-reader",
            ),
            (
                "audience",
                conditions[format!("{issuer}:aud")] == "sts.amazonaws.com",
            ),
            (
                "principal",
                statement["Principal"]["Federated"]
                    == format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"),
            ),
            (
                "protection",
                account
                    .stacks
                    .iter()
                    .any(|made| made.name == stack && made.termination_protection),
            ),
        ];
        let wrong = checks.iter().filter(|(_, good)| !good);
        wrong
            .map(|(what, _)| format!("the role's {what}: {role:?}"))
            .collect()
    })
}
