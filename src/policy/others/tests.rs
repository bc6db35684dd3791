use serde_json::json;

use super::*;
use crate::model::Audience;
use crate::policy::subjects::Subject;
use crate::policy::trust_policy;

const PRESENT: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/AAAA";
const OTHER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/BBBB";

fn account(text: &str) -> ServiceAccountName {
    text.parse().expect("a service account")
}

fn tokens(provider: &str, name: &str) -> Value {
    let (_, issuer) = provider.split_once("oidc-provider/").expect("a provider");
    let issuer = format!("https://{issuer}").parse().expect("an issuer");
    let account = account(name);
    let subject = Subject::Account(account.clone());
    let policy = trust_policy(provider, &issuer, &subject, &Audience::default());
    policy["Statement"][0].clone()
}

fn listing(names: &[&str]) -> Value {
    let mut one = tokens(PRESENT, "web/api");
    let subjects = names.iter().map(|it| account(it).subject());
    one["Condition"]["StringEquals"]["oidc.example.com/id/AAAA:sub"] = subjects.collect();
    one
}

fn trust(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn pods() -> Value {
    json!({"Effect": "Allow", "Principal": {"Service": ["pods.eks.amazonaws.com"]}})
}

#[test]
fn each_statement_is_the_service_accounts_or_others() {
    let own = tokens(PRESENT, "web/api");
    let mut narrow = own.clone();
    narrow["Condition"]["StringEquals"]["aws:SourceVpc"] = "vpc-1".into();
    let mut pattern = own.clone();
    pattern["Condition"] = json!({ "StringLike": {
        "oidc.example.com/id/AAAA:sub": "system:serviceaccount:web:*",
    }});
    let mut denying = own.clone();
    denying["Effect"] = "Deny".into();
    let anyone = json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"});
    let function = json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:oidc-provider/x"}}});
    let others = [
        tokens(PRESENT, "web/other"),
        tokens(OTHER, "web/api"),
        pods(),
        anyone,
    ];
    for mine in [own, narrow, pattern, denying, function] {
        let mut all = others.to_vec();
        all.insert(1, mine.clone());
        let parted = parted(&trust(&all), &account("web/api"), PRESENT);
        if mine["Principal"]["Federated"].is_string() {
            assert_eq!(parted.own, trust(&[mine]));
            assert_eq!(parted.others, others);
        } else {
            assert!(statements(&parted.own).any(|it| *it == mine));
        }
    }
}

#[test]
fn alone_it_is_as_it_was() {
    let one = json!({"Version": "2012-10-17", "Statement": tokens(PRESENT, "web/api")});
    let parted = parted(&one, &account("web/api"), PRESENT);
    assert_eq!((&parted.own, parted.others.len()), (&one, 0));
    assert_eq!(parted.others_told(), "");
}

#[test]
fn list_of_subjects_is_parted_and_stays_where_nothing_changes() {
    let all = trust(&[listing(&["web/other", "web/api", "a/b"]), pods()]);
    let parted = parted(&all, &account("web/api"), PRESENT);
    assert!(same(&parted.own, &trust(&[tokens(PRESENT, "web/api")])));
    let others = [listing(&["web/other", "a/b"]), pods()];
    assert_eq!(parted.others, others);
    assert_eq!(
        parted.others_told(),
        "a/b, pods.eks.amazonaws.com, web/other"
    );
    let unchanged = trust(&[tokens(PRESENT, "web/api")]);
    assert_eq!(parted.with_own(&all, &unchanged), all);
    let mut changed = tokens(PRESENT, "web/api");
    changed["Condition"]["StringEquals"]["oidc.example.com/id/AAAA:aud"] = "another".into();
    let [one, two] = others;
    assert_eq!(
        parted.with_own(&all, &trust(&[changed.clone()])),
        trust(&[changed, one, two])
    );
}

#[test]
fn former_issuer_is_told_from_another_cluster() {
    let api = account("web/api");
    let own = |statements: &[Value]| {
        let parted = parted(&trust(statements), &api, PRESENT);
        statements_of(&parted.own)
    };
    let former = tokens(OTHER, "web/api");
    // The cluster was made anew: its role knows the issuer of before.
    assert_eq!(
        own(std::slice::from_ref(&former)),
        std::slice::from_ref(&former)
    );
    assert_eq!(
        own(&[former.clone(), tokens(OTHER, "web/other")]),
        std::slice::from_ref(&former)
    );
    // Another cluster uses the role too.
    let present = tokens(PRESENT, "web/api");
    assert_eq!(own(&[former.clone(), present.clone()]), [present]);
    // Of two that may be meant, none is.
    let third = OTHER.replace("BBBB", "CCCC");
    assert!(own(&[former, tokens(&third, "web/api")]).is_empty());
    let parted = parted(&trust(&[tokens(OTHER, "web/other")]), &api, PRESENT);
    assert_eq!(
        parted.others_told(),
        "web/other of oidc.example.com/id/BBBB"
    );
}

fn statements_of(document: &Value) -> Vec<Value> {
    statements(document).cloned().collect()
}

#[test]
fn statements_for_pod_identity_are_known() {
    let alone = trust(&[tokens(PRESENT, "web/api")]);
    let denied = json!({"Effect": "Deny", "Principal": {"Service": "pods.eks.amazonaws.com"}});
    let all = with(&alone, [&pods(), &denied, &pods()]);
    assert_eq!(statements(&all).count(), 3);
    assert_eq!(with(&all, [&pods()]), all);
    assert_eq!(of_pod_identity(&all), [&pods()]);
    assert_eq!(pod_identity_by_hand(&all, &alone), [&pods()]);
    assert!(pod_identity_by_hand(&all, &all).is_empty());
    assert_eq!(principals([&pods(), &denied]), "pods.eks.amazonaws.com");
}

fn pattern(provider: &str, namespace: &str, pattern: &str) -> Value {
    let (_, issuer) = provider.split_once("oidc-provider/").expect("a provider");
    let issuer = format!("https://{issuer}").parse().expect("an issuer");
    let account = account(&format!("{namespace}/x"));
    let subject = Subject::Pattern(account.namespace, pattern.parse().expect("a pattern"));
    let policy = trust_policy(provider, &issuer, &subject, &Audience::default());
    policy["Statement"][0].clone()
}

#[test]
fn pattern_is_others_beside_the_very_name() {
    let api = account("web/api");
    let own = |statements: &[Value]| statements_of(&parted(&trust(statements), &api, PRESENT).own);
    let (exact, wide, odd) = (
        tokens(PRESENT, "web/api"),
        pattern(PRESENT, "web", "a*"),
        // It does not even match.
        pattern(PRESENT, "web", "b*"),
    );
    for alone in [&exact, &wide, &odd] {
        assert_eq!(
            own(std::slice::from_ref(alone)),
            std::slice::from_ref(alone)
        );
    }
    assert_eq!(own(&[wide, exact.clone()]), [exact]);
    assert!(own(&[pattern(PRESENT, "shop", "*")]).is_empty());
}
