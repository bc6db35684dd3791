use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::super::pod_identity::statement;
use super::*;
use crate::model::Arn;

const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/AAAA";
const OTHER_ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/BBBB";

fn issuer(text: &str) -> Issuer {
    format!("https://{text}").parse().expect("an issuer")
}

fn provider(issuer: &str) -> String {
    format!("arn:aws:iam::111122223333:oidc-provider/{issuer}")
}

fn account(text: &str) -> ServiceAccountName {
    text.parse().expect("a service account")
}

fn subject(text: &str) -> String {
    account(text).subject()
}

fn cluster(name: &str) -> Arn {
    let arn = format!("arn:aws:eks:eu-west-1:111122223333:cluster/{name}");
    arn.parse().expect("an ARN")
}

/// A statement for tokens of the issuer, with these conditions.
fn tokens(issuer: &str, condition: Value) -> Value {
    json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": { "Federated": provider(issuer) },
        "Condition": condition,
    })
}

fn listing(issuer: &str, subjects: Value) -> Value {
    let (sub, aud) = (format!("{issuer}:sub"), format!("{issuer}:aud"));
    tokens(
        issuer,
        json!({ "StringEquals": { sub: subjects, aud: "sts.amazonaws.com" } }),
    )
}

fn trust(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn without_cart(trust: &Value) -> Result<Value, NotWithdrawn> {
    let (issuer, account) = (issuer(ISSUER), account("shop/cart"));
    without_subject(trust, &provider(ISSUER), &issuer, &account)
}

#[test]
fn subject_goes_from_a_list_and_a_statement_with_its_last() {
    let pods = statement(None);
    let alone = listing(ISSUER, json!(subject("shop/cart")));
    let both = listing(ISSUER, json!([subject("shop/cart"), subject("shop/pay")]));
    let other = listing(ISSUER, json!([subject("shop/pay")]));
    let elsewhere = listing(OTHER_ISSUER, json!(subject("shop/cart")));
    for (given, left) in [
        (vec![&alone, &pods], vec![&pods]),
        (vec![&both, &pods], vec![&other, &pods]),
        (vec![&pods, &both, &alone], vec![&pods, &other]),
        (vec![&elsewhere, &alone], vec![&elsewhere]),
        // It is not let in.
        (vec![&other, &elsewhere], vec![&other, &elsewhere]),
    ] {
        let all = |of: Vec<&Value>| trust(&of.into_iter().cloned().collect::<Vec<_>>());
        assert_eq!(without_cart(&all(given)), Ok(all(left)));
    }
}

#[test]
fn document_stays_to_the_letter() {
    let one = json!({ "Id": "x", "Statement": listing(ISSUER, json!([subject("a/b"), subject("shop/cart")])) });
    let mut left = one.clone();
    left["Statement"]["Condition"]["StringEquals"][format!("{ISSUER}:sub")] =
        json!([subject("a/b")]);
    assert_eq!(without_cart(&one), Ok(left));
}

#[test]
fn what_would_still_let_it_in_is_refused() {
    let (sub, aud) = (format!("{ISSUER}:sub"), format!("{ISSUER}:aud"));
    let own = listing(ISSUER, json!(subject("shop/cart")));
    let any = |action: &str| json!({ "Effect": "Allow", "Action": action, "Principal": "*" });
    for open in [
        tokens(
            ISSUER,
            json!({ "StringLike": { &sub: "system:serviceaccount:shop:*" } }),
        ),
        tokens(
            ISSUER,
            json!({ "StringEquals": { &aud: "sts.amazonaws.com" } }),
        ),
        tokens(
            ISSUER,
            json!({ "StringEqualsIgnoreCase": { &sub: subject("shop/cart") } }),
        ),
        tokens(
            ISSUER,
            json!({ "StringEquals": { &sub: subject("shop/cart") }, "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
        ),
        tokens(
            ISSUER,
            json!({ "StringEquals": { &sub: [subject("shop/cart")], &aud: "another" }, "Bool": { "aws:SecureTransport": "true" } }),
        ),
        any("sts:*"),
    ] {
        let refused = Err(NotWithdrawn::StillLetIn { statement: 1 });
        assert_eq!(
            without_cart(&trust(&[own.clone(), open.clone()])),
            refused,
            "{open}"
        );
    }
    assert_eq!(without_cart(&trust(&[own])), Err(NotWithdrawn::NothingLeft));
}

#[test]
fn statement_of_an_association_goes_alone() {
    let (cart, pay, prod, stage) = (
        account("shop/cart"),
        account("shop/pay"),
        cluster("prod"),
        cluster("stage"),
    );
    let of = |account, cluster_arn| TrustedAssociation {
        account,
        cluster_arn,
    };
    let ours = of(&cart, &prod);
    let others = [
        statement(Some(of(&pay, &prod))),
        statement(Some(of(&cart, &stage))),
        listing(ISSUER, json!(subject("shop/cart"))),
    ];
    let mut all = others.to_vec();
    all.insert(1, statement(Some(ours)));
    assert_eq!(without_association(&trust(&all), ours), Ok(trust(&others)));
    assert_eq!(
        without_association(&trust(&others), ours),
        Ok(trust(&others))
    );
    all.push(statement(None));
    assert_eq!(
        without_association(&trust(&all), ours),
        Err(NotWithdrawn::StillLetIn { statement: 4 })
    );
    assert_eq!(
        without_association(&trust(&[statement(Some(ours))]), ours),
        Err(NotWithdrawn::NothingLeft)
    );
}

const ACCOUNTS: [&str; 4] = ["shop/cart", "shop/pay", "bank/cart", "bank/pay"];
const AUDIENCES: [&str; 3] = ["sts.amazonaws.com", "another", "third"];

/// Calls of everybody that the documents of these tests can speak of.
fn calls() -> Vec<(bool, Request)> {
    let mut all = Vec::new();
    for given in [ISSUER, OTHER_ISSUER] {
        for name in ACCOUNTS {
            for audience in AUDIENCES {
                let is_cart = given == ISSUER && name == "shop/cart";
                let request = Request::web_identity(
                    &provider(given),
                    given,
                    &subject(name),
                    &[audience.to_owned()],
                );
                all.push((is_cart, request));
            }
        }
    }
    all
}

/// The same for EKS Pod Identity; that of shop/cart in prod is marked.
fn sessions() -> Vec<(bool, Request)> {
    let mut all = Vec::new();
    for name in ACCOUNTS {
        for of in ["prod", "stage"] {
            for tags in [SessionTags::Sent, SessionTags::Disabled] {
                let (account, cluster_arn) = (account(name), cluster(of));
                let association = TrustedAssociation {
                    account: &account,
                    cluster_arn: &cluster_arn,
                };
                let is_ours = name == "shop/cart" && of == "prod";
                let request = pod_identity::request("sts:AssumeRole", association, tags);
                all.push((is_ours, request));
            }
        }
    }
    all
}

fn a_statement() -> impl Strategy<Value = Value> {
    let issuers = || select(vec![ISSUER, OTHER_ISSUER]);
    let values = || subsequence(ACCOUNTS.to_vec(), 1..=3);
    let plain = (
        issuers(),
        values(),
        select(AUDIENCES.to_vec()),
        any::<bool>(),
    )
        .prop_map(|(issuer, names, audience, as_list)| {
            let mut subjects: Vec<Value> = names.iter().map(|it| json!(subject(it))).collect();
            let subjects = match (as_list, subjects.len()) {
                (false, 1) => subjects.remove(0),
                _ => Value::Array(subjects),
            };
            let (sub, aud) = (format!("{issuer}:sub"), format!("{issuer}:aud"));
            tokens(
                issuer,
                json!({ "StringEquals": { sub: subjects, aud: audience } }),
            )
        });
    let operators = [
        "StringLike",
        "StringNotEquals",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
    ];
    let further = (
        issuers(),
        values(),
        select(operators.to_vec()),
        any::<bool>(),
    )
        .prop_map(|(issuer, names, operator, wild)| {
            let mut subjects: Vec<String> = names.iter().map(|it| subject(it)).collect();
            if wild {
                subjects.push("system:serviceaccount:shop:*".to_owned());
            }
            tokens(
                issuer,
                json!({ operator: { format!("{issuer}:sub"): subjects } }),
            )
        });
    let located = values().prop_map(|names| {
        let mut one = listing(
            ISSUER,
            json!(names.iter().map(|it| subject(it)).collect::<Vec<_>>()),
        );
        one["Condition"]["IpAddress"] = json!({ "aws:SourceIp": "10.0.0.0/8" });
        one
    });
    let effect = prop_oneof![9 => Just("Allow"), 1 => Just("Deny")];
    let any_tokens = prop_oneof![4 => plain, 1 => further, 1 => located];
    let tokens = (any_tokens, effect).prop_map(|(mut one, effect)| {
        one["Effect"] = effect.into();
        one
    });
    let pods = (
        select(ACCOUNTS.to_vec()),
        select(vec!["prod", "stage"]),
        0..8,
    )
        .prop_map(|(name, of, open)| {
            let (account, cluster_arn) = (account(name), cluster(of));
            let only = TrustedAssociation {
                account: &account,
                cluster_arn: &cluster_arn,
            };
            statement((open > 0).then_some(only))
        });
    prop_oneof![2 => tokens, 1 => pods]
}

fn open_to(trust: &Value, request: &Request) -> bool {
    let decision = evaluate(trust, request).decision;
    matches!(
        decision,
        Decision::Allowed { .. } | Decision::Depends { .. }
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    /// The one is shut out, and for nobody else anything changes.
    #[test]
    fn withdrawal_touches_nobody_else(statements in proptest::collection::vec(a_statement(), 1..6)) {
        let before = trust(&statements);
        let (cart, prod) = (account("shop/cart"), cluster("prod"));
        let association = TrustedAssociation { account: &cart, cluster_arn: &prod };
        let ways = [
            (without_cart(&before), calls(), sessions()),
            (without_association(&before, association), sessions(), calls()),
        ];
        for (after, of_the_way, of_the_other) in ways {
            let Ok(after) = after else { continue };
            for (is_gone, request) in of_the_way {
                if is_gone {
                    prop_assert!(!open_to(&after, &request), "{before}\n{after}");
                } else {
                    let was = evaluate(&before, &request).is_allowed();
                    prop_assert_eq!(was, evaluate(&after, &request).is_allowed(), "{}", before);
                    prop_assert_eq!(open_to(&before, &request), open_to(&after, &request));
                }
            }
            for (_, request) in of_the_other {
                prop_assert_eq!(open_to(&before, &request), open_to(&after, &request));
            }
        }
    }

    /// Where each statement is plain, nothing is refused but the last.
    #[test]
    fn plain_statements_are_never_refused(names in proptest::collection::vec(subsequence(ACCOUNTS.to_vec(), 1..=3), 1..4)) {
        let mut all: Vec<Value> = names.iter().map(|names| {
            listing(ISSUER, json!(names.iter().map(|it| subject(it)).collect::<Vec<_>>()))
        }).collect();
        all.push(statement(None));
        prop_assert!(without_cart(&trust(&all)).is_ok());
    }
}

/// What is left where the role of nodes is taken out.
#[test]
fn a_role_goes_from_the_statements_that_name_it_and_nothing_else_changes() {
    const NODES: &str = "arn:aws:iam::111122223333:role/nodes";
    let of = |effect: &str, principal: Value| json!({"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal});
    let allow = |principal: Value| of("Allow", principal);
    let ec2 = allow(json!({"Service": "ec2.amazonaws.com"}));
    let (other, denied) = (
        allow(json!({"AWS": "arn:aws:iam::111122223333:role/other"})),
        of("Deny", json!({"AWS": [NODES]})),
    );
    let left = |statements: &[Value]| {
        let role = NODES.parse().expect("an ARN");
        without_role(&trust(statements), &role).map(|trust| trust["Statement"].clone())
    };
    let both = allow(json!({"AWS": [NODES, "arn:aws:iam::111122223333:role/other"]}));
    let mixed = allow(json!({"AWS": NODES, "Service": "ec2.amazonaws.com"}));
    let one = allow(json!({"AWS": ["arn:aws:iam::111122223333:role/other"]}));
    for (statements, wanted) in [
        (
            vec![ec2.clone(), allow(json!({"AWS": NODES}))],
            json!([ec2]),
        ),
        (vec![both], json!([one])),
        (vec![mixed], json!([ec2])),
        (vec![other.clone(), denied.clone()], json!([other, denied])),
    ] {
        assert_eq!(left(&statements), Ok(wanted), "{statements:?}");
    }
    let root = allow(json!({"AWS": "arn:aws:iam::111122223333:root"}));
    let nodes = allow(json!({"AWS": NODES}));
    assert_eq!(
        left(&[nodes.clone(), root]),
        Err(NotWithdrawn::StillLetIn { statement: 1 })
    );
    assert_eq!(left(&[nodes]), Err(NotWithdrawn::NothingLeft));
}
