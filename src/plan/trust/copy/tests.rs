//! What is copied, and that it is never more than there is.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::asked::Deployment;
use crate::plan::trust::{TrustChange, TrustGoal};
use crate::policy::evaluate::{Request, evaluate};
use crate::policy::subjects::Subject;
use crate::world::{OidcProvider, RoleFacts, RoleHistory, ServiceAccount, TrustingRole};

const ROLE: &str = "arn:aws:iam::111122223333:role/data";

fn cluster(name: &str) -> Cluster {
    Cluster {
        name: name.parse().unwrap(),
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        issuer: format!("https://oidc.example.com/id/{name}")
            .parse()
            .unwrap(),
        has_roles_elsewhere: false,
        eks: None,
    }
}

fn facts(statements: &[Value]) -> RoleFacts {
    RoleFacts {
        arn: ROLE.parse().unwrap(),
        trust: json!({"Version": "2012-10-17", "Statement": statements}),
        boundary: None,
        max_session_duration: None,
        tags: Map::new(),
        history: RoleHistory::default(),
    }
}

/// A service account of blue whose annotations are these.
fn source(name: &str, annotations: &[(&str, &str)], statements: &[Value]) -> CopySource {
    let annotations = annotations.iter();
    CopySource {
        name: name.parse().unwrap(),
        object: Some(ServiceAccount {
            annotations: annotations
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            ..ServiceAccount::default()
        }),
        role: Lookup::Found(facts(statements)),
        association: Lookup::Missing,
    }
}

/// A statement for tokens of blue with this condition beside the audience.
fn statement(operator: &str, key: &str, value: Value) -> Value {
    let mut conditions =
        json!({"StringEquals": {"oidc.example.com/id/blue:aud": "sts.amazonaws.com"}});
    conditions[operator][key] = value;
    json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/blue"},
        "Condition": conditions,
    })
}

fn subjects(operator: &str, names: &[&str]) -> Value {
    let claims = names.iter().map(|it| format!("system:serviceaccount:{it}"));
    let claims: Vec<String> = claims.collect();
    statement(operator, "oidc.example.com/id/blue:sub", json!(claims))
}

/// With one more condition.
fn also(mut statement: Value, operator: &str, key: &str, value: &str) -> Value {
    statement["Condition"][operator][key] = json!(value);
    statement
}

fn denying(mut statement: Value) -> Value {
    statement["Effect"] = json!("Deny");
    statement
}

/// The note, or why not.
fn told(source: &CopySource) -> String {
    match copied(&cluster("blue"), source) {
        Ok(copied) => copied.notes.join("; "),
        Err(why) => why.told().0,
    }
}

#[test]
fn what_is_copied_and_what_is_not() {
    let role = ("eks.amazonaws.com/role-arn", ROLE);
    let of = |statements: &[Value]| told(&source("web/api", &[role], statements));
    let named = || subjects("StringEquals", &["web:api"]);
    let ip = |statement| also(statement, "IpAddress", "aws:SourceIp", "10.0.0.0/8");
    assert_eq!(of(&[named()]), "");
    assert_eq!(
        of(&[subjects("StringLike", &["web:*"])]),
        "role data lets in web/* of cluster \"blue\": what is copied is for web/api alone"
    );
    assert_eq!(of(&[subjects("StringLike", &["web:*"]), named()]), "");
    assert!(of(&[]).starts_with("role data does not let it in from cluster \"blue\" today"));
    assert!(of(&[named(), denying(named())]).starts_with("role data does not let it in"));
    assert_eq!(
        of(&[subjects("StringEquals", &["web:job"]), ip(named())]),
        "whether role data lets it in from cluster \"blue\" depends on aws:SourceIp, by statement 1 (from 0): a copy would lose that"
    );
    assert_eq!(of(&[ip(named()), named()]), "");
    assert!(of(&[named(), denying(ip(named()))]).contains("by statement 1 (from 0)"));
    assert_eq!(
        of(&[also(named(), "Bool", "aws:SecureTransport", "true")]),
        "statement 0 (from 0) of role data lets it in from cluster \"blue\" on other terms than subject and audience, which a copy would lose"
    );
    let any = json!({"Effect": "Allow", "Action": "sts:*", "Principal": "*"});
    assert!(of(&[any]).starts_with("statement 0 (from 0) of role data"));
}

#[test]
fn an_annotation_is_only_a_claim() {
    let named = subjects("StringEquals", &["web:api"]);
    let of = |annotations: &[(&str, &str)]| {
        told(&source(
            "web/evil",
            annotations,
            std::slice::from_ref(&named),
        ))
    };
    let role = "eks.amazonaws.com/role-arn";
    assert!(of(&[(role, ROLE)]).starts_with("role data does not let it in from cluster \"blue\""));
    assert!(of(&[]).contains("names no role"));
    assert!(of(&[(role, "data")]).ends_with("is no ARN of a role: data"));
    assert!(of(&[(role, "arn:aws:iam::444455556666:role/data")]).contains("account 444455556666"));
}

#[test]
fn what_a_service_account_has_besides_is_told() {
    let annotations = [
        ("eks.amazonaws.com/role-arn", ROLE),
        ("eks.amazonaws.com/audience", "sts.amazonaws.com"),
        ("eks.amazonaws.com/token-expiration", "3600"),
        ("team", "web"),
    ];
    let named = [subjects("StringEquals", &["web:api"])];
    let mut found = source("web/api", &annotations, &named);
    found.association = Lookup::Found(());
    assert_eq!(
        told(&found),
        "an EKS Pod Identity association of cluster \"blue\" gives its pods their role, and is not copied; annotation \
         eks.amazonaws.com/token-expiration of cluster \"blue\" is not copied"
    );
    found.object = None;
    assert!(told(&found).contains("by an EKS Pod Identity association"));
    let other = [annotations[0], ("eks.amazonaws.com/audience", "vault")];
    assert!(told(&source("web/api", &other, &named)).contains("are for vault"));
}

/// The trust policy after the copy.
fn after(role: &CopiedRole, name: &ServiceAccountName, statements: &[Value]) -> Option<Value> {
    let (green, quota) = (cluster("green"), 1 << 20);
    let goal = TrustGoal::Add(vec![Subject::Account(name.clone())]);
    let provider = OidcProvider {
        arn: green.provider_arn(),
        audiences: vec![DEFAULT_AUDIENCE.to_owned()],
        thumbprints: Vec::new(),
        created: Lookup::Found(0),
    };
    let change = TrustChange {
        goal: &goal,
        cluster: &green,
        provider: &Lookup::Found(provider),
        quota,
        deployment: Deployment::default(),
    };
    let trusting = TrustingRole {
        arn: role.role.clone(),
        facts: Lookup::Found(facts(statements)),
        stack: Lookup::Missing,
        foreign_stack: None,
    };
    let actions = change.actions(&trusting, &mut Vec::new()).ok()?;
    Some(match actions.as_slice() {
        [Action::UpdateTrust(update)] => update.document.clone(),
        _ => facts(statements).trust,
    })
}

/// Whether a call from there with a token of the cluster is let in.
fn lets_in(trust: &Value, cluster: &Cluster, name: &ServiceAccountName, ip: &str) -> bool {
    let host = cluster.issuer.host_and_path();
    let audience = [DEFAULT_AUDIENCE.to_owned()];
    let request = Request::web_identity(&cluster.provider_arn(), host, &name.subject(), &audience);
    evaluate(trust, &request.with("aws:SourceIp", &[ip.to_owned()])).is_allowed()
}

const NAMES: [&str; 4] = ["web/api", "web/job", "shop/api", "web/evil"];

fn statements() -> impl Strategy<Value = Vec<Value>> {
    let subject = prop::sample::select(vec![
        "web:api", "web:job", "shop:api", "web:*", "*:api", "*",
    ]);
    let operator = prop::sample::select(vec!["StringEquals", "StringLike", "StringNotEquals"]);
    let one = (operator, subject, any::<(bool, bool, bool)>());
    let one = one.prop_map(|(operator, subject, (from_ip, secure, denies))| {
        let mut one = subjects(operator, &[subject]);
        if from_ip {
            one = also(one, "IpAddress", "aws:SourceIp", "10.0.0.0/8");
        }
        if secure {
            one = also(one, "Bool", "aws:SecureTransport", "true");
        }
        if denies { denying(one) } else { one }
    });
    prop::collection::vec(one, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whoever is let in afterwards from green has the name that was copied, and is let in from blue too, wherever
    /// the call comes from.
    #[test]
    fn a_copy_is_never_wider_than_what_is_copied(
        statements in statements(),
        name in prop::sample::select(NAMES.to_vec()),
    ) {
        let source = source(name, &[("eks.amazonaws.com/role-arn", ROLE)], &statements);
        let (blue, green) = (cluster("blue"), cluster("green"));
        let before = facts(&statements).trust;
        let Ok(role) = copied(&blue, &source) else {
            return Ok(());
        };
        let Some(after) = after(&role, &source.name, &statements) else {
            return Ok(());
        };
        for other in NAMES {
            let other: ServiceAccountName = other.parse().unwrap();
            for ip in ["10.1.2.3", "8.8.8.8"] {
                prop_assert_eq!(lets_in(&after, &blue, &other, ip), lets_in(&before, &blue, &other, ip));
                let is_in = lets_in(&after, &green, &other, ip);
                prop_assert_eq!(is_in, other == source.name, "{}", other);
                prop_assert!(!is_in || lets_in(&before, &blue, &other, ip), "{} {}", other, ip);
            }
        }
    }
}
