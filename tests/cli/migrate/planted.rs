//! What somebody with fewer rights has planted (annotations, templates, a changed role): no move believes it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{ACCOUNT, BACK, REGION, TO, annotated, role_of, start, sum};
use crate::support::Bench;

const SAVED: &str = "irsactl/pod-identity-association";

/// web/api is annotated with a role of others, which lets in any association, as eksctl writes it.
fn with_foreign_role(saved: &str) -> Bench {
    let bench = Bench::associated();
    {
        let mut world = bench.sandbox.world();
        let role = world.add_role_of_pods("payments");
        let annotations = [
            ("eks.amazonaws.com/role-arn", role.as_str()),
            (SAVED, saved),
        ];
        let api = world.api("demo");
        api.put_service_account("web", "api", &[], &annotations, "kubectl");
    }
    start(&bench);
    bench
}

#[test]
fn an_annotation_with_a_role_of_others_opens_nothing() {
    for command in [
        format!("{BACK} --all"),
        format!("{BACK} --all --undo"),
        format!("{BACK} web/api"),
        format!("{BACK} web/api --undo"),
        format!("{TO} --all"),
        format!("{TO} --all --undo"),
        format!("{TO} web/api"),
        format!("{TO} web/api --undo"),
    ] {
        let bench = with_foreign_role("{}");
        let before = sum(&bench);
        let told = bench.run(&format!("{command} --approve"));
        assert_eq!(sum(&bench), before, "{command}: {told}");
        assert_eq!(bench.changes(), "", "{command}");
    }
    let bench = with_foreign_role("{}");
    assert_snapshot!(bench.run(&format!("{BACK} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/payments
    [stderr]
    warning: role arn:aws:iam::111122223333:role/payments lets in any association that names it, by a statement for pods.eks.amazonaws.com without a condition
    error: web/api: the role's trust policy does not let it in today
    [exit 1]
    ");
}

#[test]
fn tags_of_ours_are_not_taken_from_an_annotation() {
    let bench = annotated();
    let saved = r#"{"tags": {"team": "payments", "alpha.eksctl.io/cluster-name": "other", "irsactl/moved-from": "vault"}}"#;
    let api = |bench: &Bench| {
        let mut world = bench.sandbox.world();
        let annotation = (SAVED, saved);
        world
            .api("demo")
            .apply_annotations("web", "api", &[annotation], "kubectl");
    };
    api(&bench);
    let status = bench.run("migrate status --cluster demo");
    assert!(
        status.contains("web         api    OLD     irsa"),
        "{status}"
    );
    bench.arrange(&format!("{BACK} --all --undo --approve"));
    assert_eq!(bench.changes(), "");
    bench.arrange(&format!("{TO} web/api --approve"));
    let tags = bench.sandbox.world().clusters[0].associations[0]
        .tags
        .clone();
    assert_eq!(tags.get("team"), None, "{tags:?}");
    assert_eq!(tags["alpha.eksctl.io/cluster-name"], "demo");
    assert_eq!(tags["irsactl/moved-from"], "irsa");
}

/// A stack with eksctl's tags, whose output names one role, and whose `Role1` is another.
#[test]
fn the_role_that_is_called_role1_is_not_changed_for_another() {
    let bench = Bench::associated();
    let issuer = bench.issuer();
    let trust = |principal: Value, action: &str, condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition,
        }]})
    };
    let nodes = trust(
        json!({"Service": "ec2.amazonaws.com"}),
        "sts:AssumeRole",
        json!({}),
    );
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
    let own = trust(
        json!({"Federated": provider}),
        "sts:AssumeRoleWithWebIdentity",
        json!({"StringEquals": {
            format!("{issuer}:sub"): "system:serviceaccount:web:api",
            format!("{issuer}:aud"): "sts.amazonaws.com",
        }}),
    );
    let role = |name: &str, trust: &Value| json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, "AssumeRolePolicyDocument": trust}});
    let template = json!({
        "Resources": {"Role1": role("nodes", &nodes), "MyRole": role("mine", &own)},
        "Outputs": {"Role1": {"Value": {"Fn::GetAtt": ["MyRole", "Arn"]}}},
    });
    let tags = [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("alpha.eksctl.io/iamserviceaccount-name", "web/api"),
    ];
    {
        let mut world = bench.sandbox.world();
        let name = "eksctl-demo-addon-iamserviceaccount-web-api";
        let template = template.to_string();
        world.add_stack(ACCOUNT, REGION, name, &template, &tags, "CREATE_COMPLETE");
        let role = format!("arn:aws:iam::{ACCOUNT}:role/mine");
        let annotations = [("eks.amazonaws.com/role-arn", role.as_str())];
        let api = world.api("demo");
        api.put_service_account("web", "api", &[], &annotations, "kubectl");
    }
    start(&bench);
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/mine
    [stderr]
    error: web/api: what made its role cannot be told: stack "eksctl-demo-addon-iamserviceaccount-web-api" has it as MyRole, not as Role1
    [exit 1]
    "#);
    let world = bench.sandbox.world();
    let trusts = |name: &str| world.accounts[ACCOUNT].roles[name].trust.clone();
    assert_eq!((trusts("nodes"), trusts("mine")), (nodes, own));
}

#[test]
fn what_was_added_to_a_role_by_hand_does_not_come_into_its_template() {
    let bench = annotated();
    {
        let mut world = bench.sandbox.world();
        let statements = role_of(&mut world).trust["Statement"].as_array_mut();
        statements.expect("statements").push(json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "sts:AssumeRole",
        }));
    }
    let before = sum(&bench);
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    error: web/api: its role's trust policy was changed by hand, and is not as the template of stack "eksctl-demo-addon-iamserviceaccount-web-api" has it
    hint: see what would be undone, to bring the two together first: `irsactl update iamserviceaccount web/api --cluster demo --repair-drift`
    [exit 1]
    "#);
    assert_eq!(sum(&bench), before);
}

/// Pods have it: that somebody may not prove it is no reason to take it from them.
#[test]
fn an_association_that_pods_have_is_not_taken_by_who_may_not_prove_it() {
    let bench = annotated();
    let api = |bench: &Bench| bench.sandbox.world().clusters[0].associations.len();
    bench.arrange(&format!("{TO} web/api --approve"));
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        // It is made before the restart: its pods have the way of before.
        api.run_deployment("web", "second", "api", 1);
        let pods = api.objects.iter_mut();
        let pods = pods.filter(|(key, _)| key.0 == "pods" && key.2.starts_with("second-"));
        for (_, pod) in pods {
            pod["spec"]["containers"][0]["env"] = json!([
                {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/r"},
                {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"},
            ]);
        }
    }
    bench
        .sandbox
        .fault("eks-auth AssumeRoleForPodIdentity deny");
    let told = bench.run(&format!("{TO} web/api --approve"));
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    assert_eq!(api(&bench), 1, "{told}");
}

#[test]
fn a_pattern_that_still_lets_it_in_is_told_at_the_end() {
    let bench = super::by_hand();
    bench.arrange(&format!("{TO} web/api --approve"));
    let key = format!("{}:sub", bench.issuer());
    {
        let mut world = bench.sandbox.world();
        let statements = role_of(&mut world).trust["Statement"].as_array_mut();
        let statements = statements.expect("statements");
        let mut wide = statements[0].clone();
        wide["Condition"] = json!({"StringLike": {key: "system:serviceaccount:web:*"}});
        statements.push(wide);
    }
    let told = bench.run(&format!("{TO} web/api --finish --approve"));
    let wanted = "warning: role by-hand still lets it in by the way of before";
    assert!(told.contains(wanted), "{told}");
}
