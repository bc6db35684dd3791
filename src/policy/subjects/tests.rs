//! Subjects more and fewer: exactly they, and nothing else of the document.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A";
const OTHER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/B";

fn issuer(id: &str) -> Issuer {
    format!("https://oidc.example.com/id/{id}")
        .parse()
        .expect("an issuer")
}

fn account(name: &str) -> ServiceAccountName {
    name.parse().expect("a name")
}

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

fn trust(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A statement as `create` writes it.
fn plain(subjects: Value) -> Value {
    json!({
        "Sid": "Blue",
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": ARN},
        "Condition": {"StringEquals": {
            "oidc.example.com/id/A:aud": "sts.amazonaws.com",
            "oidc.example.com/id/A:sub": subjects,
        }},
    })
}

fn ec2() -> Value {
    json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}})
}

/// Statements that are left alone, as they ask for more, or for something else.
fn strange() -> Vec<Value> {
    let mut more = plain(json!("system:serviceaccount:web:a"));
    more["Condition"]["Bool"] = json!({"aws:SecureTransport": "true"});
    let mut audience = plain(json!("system:serviceaccount:web:a"));
    audience["Condition"]["StringEquals"]["oidc.example.com/id/A:aud"] = json!("other");
    let mut unknown = plain(json!("system:serviceaccount:web:a"));
    unknown["NotAction"] = json!("sts:TagSession");
    let mut deny = plain(json!("system:serviceaccount:web:z"));
    deny["Effect"] = json!("Deny");
    let mut both = plain(json!("system:serviceaccount:web:a"));
    both["Principal"]["Federated"] = json!([ARN, OTHER]);
    vec![more, audience, unknown, deny, both]
}

fn with(trust: &Value, text: &str) -> Value {
    let issuer = issuer("A");
    with_subject(
        trust,
        TokenProvider {
            arn: ARN,
            issuer: &issuer,
        },
        &subject(text),
    )
}

fn without_one(trust: &Value, text: &str) -> Result<Value, NotWithdrawn> {
    let issuer = issuer("A");
    without(
        trust,
        TokenProvider {
            arn: ARN,
            issuer: &issuer,
        },
        &subject(text),
    )
}

fn is_in(trust: &Value, name: &str) -> bool {
    let issuer = issuer("A");
    let provider = TokenProvider {
        arn: ARN,
        issuer: &issuer,
    };
    matches!(
        provider.decide(trust, &account(name)),
        Decision::Allowed { .. }
    )
}

#[test]
fn one_statement_lists_all_and_the_rest_stays_to_the_letter() {
    let before = trust(&[ec2(), plain(json!("system:serviceaccount:web:a"))]);
    let after = with(&with(&before, "web/b"), "shop/c");
    let subjects = ["web:a", "web:b", "shop:c"].map(|it| format!("system:serviceaccount:{it}"));
    assert_eq!(after, trust(&[ec2(), plain(json!(subjects))]));
    assert_eq!(with(&after, "web/b"), after);
}

#[test]
fn patterns_have_a_statement_of_their_own() {
    let before = trust(&[plain(json!("system:serviceaccount:web:a"))]);
    let after = with(&with(&before, "web/b-*"), "shop/*");
    let statements: Vec<&Value> = statements(&after).collect();
    assert_eq!(statements.len(), 2);
    assert_eq!(statements[0], &plain(json!("system:serviceaccount:web:a")));
    assert_eq!(
        statements[1]["Condition"],
        json!({
            "StringEquals": {"oidc.example.com/id/A:aud": "sts.amazonaws.com"},
            "StringLike": {"oidc.example.com/id/A:sub": ["system:serviceaccount:web:b-*", "system:serviceaccount:shop:*"]},
        })
    );
    let gone = without_one(&after, "web/b-*").expect("the rest");
    assert_eq!(
        statements_of(&gone)[1]["Condition"]["StringLike"],
        json!({"oidc.example.com/id/A:sub": ["system:serviceaccount:shop:*"]})
    );
    assert_eq!(without_one(&gone, "shop/*").expect("the rest"), before);
    // Whom a pattern lets in is let in already.
    assert_eq!(with(&after, "shop/x"), after);
    assert!(matches!(
        without_one(&after, "shop/x"),
        Err(NotWithdrawn::StillLetIn { statement: 1 })
    ));
}

fn statements_of(trust: &Value) -> Vec<&Value> {
    statements(trust).collect()
}

#[test]
fn what_asks_for_more_is_left_alone_and_ours_stands_beside_it() {
    for strange in strange() {
        let before = trust(&[strange.clone(), ec2()]);
        let after = with(&before, "web/new");
        let statements = statements_of(&after);
        assert_eq!(statements.len(), 3, "{after}");
        assert_eq!(statements[..2], [&strange, &ec2()]);
        assert!(is_in(&after, "web/new"), "{after}");
        assert_eq!(without_one(&after, "web/new").expect("the rest"), before);
    }
}

#[test]
fn a_single_statement_without_a_list_is_kept_so_or_becomes_one() {
    let mut single = trust(&[]);
    single["Statement"] = plain(json!("system:serviceaccount:web:a"));
    let listed = with(&single, "web/b");
    assert!(listed["Statement"].is_object(), "{listed}");
    let patterned = with(&single, "web/*");
    assert_eq!(statements_of(&patterned).len(), 2);
}

#[test]
fn nobody_is_left_in_or_somebody_is_still() {
    let one = trust(&[plain(json!("system:serviceaccount:web:a"))]);
    assert_eq!(without_one(&one, "web/a"), Err(NotWithdrawn::NothingLeft));
    assert_eq!(without_one(&one, "web/b"), Ok(one.clone()));
}

#[test]
fn another_provider_takes_the_place_of_one() {
    let (old, new) = (issuer("A"), issuer("B"));
    let from = TokenProvider {
        arn: ARN,
        issuer: &old,
    };
    let to = TokenProvider {
        arn: OTHER,
        issuer: &new,
    };
    let mut shouted = plain(json!("system:serviceaccount:web:b"));
    shouted["Condition"] =
        json!({"StringLike": {"OIDC.example.com/id/a:sub": "system:serviceaccount:web:*"}});
    let before = trust(&[ec2(), plain(json!("system:serviceaccount:web:a")), shouted]);
    let after = retargeted(&before, from, to).expect("a policy");
    assert_eq!(statements_of(&after)[0], &ec2());
    assert!(!after.to_string().contains("id/A"), "{after}");
    assert!(matches!(
        to.decide(&after, &account("web/a")),
        Decision::Allowed { .. }
    ));
    assert_eq!(retargeted(&after, from, to), Some(after));
    let mut both = plain(json!("system:serviceaccount:web:a"));
    both["Condition"]["StringEquals"]["oidc.example.com/id/B:sub"] =
        json!("system:serviceaccount:web:a");
    assert_eq!(retargeted(&trust(&[both]), from, to), None);
}

#[test]
fn what_is_listed_is_read_whatever_its_form() {
    let document = trust(&[plain(json!(["system:serviceaccount:web:a", "x"])), ec2()]);
    let found = listed(&document, ARN);
    assert_eq!(found.subjects, ["system:serviceaccount:web:a", "x"]);
    assert_eq!(found.audiences, ["sts.amazonaws.com"]);
    assert_eq!(found.further, [""; 0]);
    let mut all_but = plain(json!("system:serviceaccount:web:a"));
    all_but["Condition"] =
        json!({"StringNotEquals": {"oidc.example.com/id/A:sub": "system:serviceaccount:web:bad"}});
    let mut denies = plain(json!("system:serviceaccount:web:a"));
    denies["Effect"] = json!("Deny");
    let found = listed(&trust(&[all_but, denies]), ARN);
    assert_eq!(found.subjects, ["*"]);
    assert_eq!(
        found.further,
        [
            "statement 0: StringNotEquals oidc.example.com/id/A:sub",
            "statement 1 denies"
        ]
    );
}

/// Of few, so that they meet.
fn name() -> impl Strategy<Value = String> {
    ("(web|shop)", "[abc]").prop_map(|(namespace, name)| format!("{namespace}/{name}"))
}

fn document() -> impl Strategy<Value = Value> {
    let listed = prop::collection::vec(name(), 1..3).prop_map(|names| {
        let subjects: Vec<String> = names.iter().map(|it| account(it).subject()).collect();
        plain(json!(subjects))
    });
    let pattern = "(web|shop)".prop_map(|namespace| {
        let mut pattern = plain(Value::Null);
        pattern["Condition"] = json!({
            "StringEquals": {"oidc.example.com/id/A:aud": "sts.amazonaws.com"},
            "StringLike": {"oidc.example.com/id/A:sub": format!("system:serviceaccount:{namespace}:a*")},
        });
        pattern
    });
    let statement = prop_oneof![
        4 => listed,
        1 => pattern,
        2 => Just(ec2()),
        2 => prop::sample::select(strange()),
    ];
    prop::collection::vec(statement, 1..5).prop_map(|all| trust(&all))
}

fn all() -> impl Iterator<Item = String> {
    let names = ["a", "b", "c", "z"].into_iter();
    names.flat_map(|name| ["web", "shop"].map(|namespace| format!("{namespace}/{name}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// After it the evaluator lets in exactly the new one, unless it is denied, and everybody of before.
    #[test]
    fn one_more_is_let_in_and_nobody_else(document in document(), new in name()) {
        let after = with(&document, &new);
        for name in all() {
            let wanted = is_in(&document, &name) || name == new;
            prop_assert_eq!(is_in(&after, &name), wanted, "{}: {}", name, after);
        }
        for (place, statement) in statements_of(&document).into_iter().enumerate() {
            let kept = statements_of(&after)[place];
            let is_grown = is_ours(kept, TokenProvider { arn: ARN, issuer: &issuer("A") }, "StringEquals");
            prop_assert!(kept == statement || is_grown);
        }
    }

    /// The reverse: exactly that one is let in no more.
    #[test]
    fn one_fewer_is_let_in_and_everybody_else(document in document(), gone in name()) {
        if let Ok(after) = without_one(&document, &gone) {
            for name in all() {
                let wanted = is_in(&document, &name) && name != gone;
                prop_assert_eq!(is_in(&after, &name), wanted, "{}: {}", name, after);
            }
        }
    }
}
