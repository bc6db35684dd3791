use super::*;

fn account(text: &str) -> ServiceAccountName {
    text.parse().expect("a service account")
}

fn cluster(name: &str) -> Arn {
    format!("arn:aws:eks:eu-west-1:111122223333:cluster/{name}")
        .parse()
        .expect("an ARN")
}

fn trust(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[test]
fn conditional_statement_lets_in_its_association_alone() {
    let (own, prod) = (account("shop/cart"), cluster("prod"));
    let ours = TrustedAssociation {
        account: &own,
        cluster_arn: &prod,
    };
    let document = trust(&[statement(Some(ours))]);
    assert!(lets_in(&document, ours, SessionTags::Sent).is_allowed());
    let without_tags = lets_in(&document, ours, SessionTags::Disabled);
    assert_eq!(without_tags.lacking().len(), 2);
    for (other, of) in [
        (account("shop/pay"), cluster("prod")),
        (account("bank/cart"), cluster("prod")),
        (account("shop/cart"), cluster("stage")),
    ] {
        let other = TrustedAssociation {
            account: &other,
            cluster_arn: &of,
        };
        let admission = lets_in(&document, other, SessionTags::Sent);
        assert_eq!(admission.lacking().len(), 2, "{other:?}");
        assert!(!is_for(&statement(Some(ours)), other));
    }
}

#[test]
fn unconditional_statement_lets_in_with_tags_and_without() {
    let (own, prod) = (account("shop/cart"), cluster("prod"));
    let ours = TrustedAssociation {
        account: &own,
        cluster_arn: &prod,
    };
    let document = trust(&[statement(None)]);
    for tags in [SessionTags::Sent, SessionTags::Disabled] {
        assert!(lets_in(&document, ours, tags).is_allowed());
    }
    assert!(is_unconditional(&statement(None)));
    assert!(!is_unconditional(&statement(Some(ours))));
    assert!(!is_for(&statement(None), ours));
}

#[test]
fn statements_are_known_whatever_their_writer() {
    let (own, prod) = (account("shop/cart"), cluster("prod"));
    let ours = TrustedAssociation {
        account: &own,
        cluster_arn: &prod,
    };
    let by_hand = json!({
        "Sid": "AllowEksAuthToAssumeRoleForPodIdentity",
        "Effect": "Allow",
        "Principal": { "Service": ["pods.eks.amazonaws.com"] },
        "Action": ["sts:TagSession", "sts:AssumeRole"],
        "Condition": { "StringEquals": {
            "aws:RequestTag/kubernetes-namespace": ["shop"],
            "aws:RequestTag/kubernetes-service-account": ["cart"],
            "aws:RequestTag/eks-cluster-arn": [prod.to_string()],
        }},
    });
    assert!(is_for(&by_hand, ours));
    let mut wider = by_hand.clone();
    wider["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] =
        json!(["cart", "pay"]);
    assert!(!is_for(&wider, ours) && !is_unconditional(&wider));
    let mut denying = statement(None);
    denying["Effect"] = "Deny".into();
    assert!(!is_unconditional(&denying));
    let mut empty = statement(None);
    empty["Condition"] = json!({});
    assert!(is_unconditional(&empty));
}

#[test]
fn what_only_the_pod_tells_is_not_guessed() {
    let (own, prod) = (account("shop/cart"), cluster("prod"));
    let ours = TrustedAssociation {
        account: &own,
        cluster_arn: &prod,
    };
    let mut by_pod = statement(Some(ours));
    by_pod["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-pod-name"] = "cart-0".into();
    let document = trust(&[by_pod]);
    let admission = lets_in(&document, ours, SessionTags::Sent);
    assert!(!admission.is_allowed() && admission.lacking().is_empty());
    assert_eq!(
        lets_in(&document, ours, SessionTags::Disabled)
            .lacking()
            .len(),
        2
    );
}

#[test]
fn session_needs_both_actions() {
    let (own, prod) = (account("shop/cart"), cluster("prod"));
    let ours = TrustedAssociation {
        account: &own,
        cluster_arn: &prod,
    };
    let mut one = statement(None);
    one["Action"] = "sts:AssumeRole".into();
    let admission = lets_in(&trust(&[one]), ours, SessionTags::Sent);
    let lacking = admission.lacking();
    assert_eq!(lacking.len(), 1);
    assert_eq!(lacking[0].0, "sts:TagSession");
}

#[test]
fn open_statement_is_told_only_beside_a_narrow_one() {
    let (own, prod) = (account("shop/cart"), cluster("prod"));
    let narrow = statement(Some(TrustedAssociation {
        account: &own,
        cluster_arn: &prod,
    }));
    let open = statement(None);
    for (statements, told) in [
        (vec![narrow.clone(), open.clone()], Some(1)),
        (vec![open.clone(), narrow.clone()], Some(0)),
        (vec![narrow], None),
        (vec![open.clone(), open], None),
    ] {
        assert_eq!(unconditional_beside_conditional(&trust(&statements)), told);
    }
}
