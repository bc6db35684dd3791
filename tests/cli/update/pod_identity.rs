//! A role that EKS Pod Identity uses too: what an association needs is taken away by no command.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::drift::{APPLY, UPDATE_FILE, document};
use super::{
    STACK, UPDATE, assert_settled, by_hand, file, planned_and_done, reader, reader_file,
    run_unchanging, template,
};
use crate::support::{ACCOUNT, Bench, REGION, S3};

/// As eksctl's migration writes it into the stack's template.
fn of_pod_identity() -> Value {
    json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
    })
}

fn add(trust: &mut Value) {
    let statements = trust["Statement"].as_array_mut().expect("statements");
    statements.push(of_pod_identity());
}

/// default/s3-reader, and an association of web/other with its role.
fn associated() -> Bench {
    let bench = reader();
    reader_file(&bench);
    let role = bench.role_arn();
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    world.clusters[0].add_association("web", "other", &role);
    drop(world);
    bench
}

/// The statement stands in the template, too.
fn in_template() -> Bench {
    let bench = associated();
    by_hand(&bench, |role| add(&mut role.trust));
    let mut body = template(&bench);
    add(&mut body["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"]);
    bench
        .sandbox
        .world()
        .stack(ACCOUNT, REGION, STACK)
        .expect("the stack")
        .template = body.to_string();
    bench
}

/// Whether the role lets EKS Pod Identity in, and the subject that it lets in.
fn lets_in(bench: &Bench) -> String {
    let mut told = String::new();
    by_hand(bench, |role| {
        let trust = role.trust.to_string();
        let is_open = trust.contains("pods.eks.amazonaws.com");
        let subject = trust.split("system:serviceaccount:").nth(1);
        let subject = subject.and_then(|rest| rest.split('"').next());
        told = format!("{} {is_open}", subject.unwrap_or("?"));
    });
    told
}

/// The file asks for all of the namespace's names that start with `s3-`.
fn patterned(bench: &Bench) {
    let policies = format!("attachPolicyARNs: [\"{S3}\"]");
    file(bench, &[&policies, "subjectPattern: s3-*"]);
}

#[test]
fn what_the_template_lets_in_stays() {
    let bench = in_template();
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays
    [exit 0]
    "#);
    assert_settled(&bench, &format!("{APPLY} --repair-drift"));
    assert_settled(&bench, UPDATE_FILE);
    assert_settled(&bench, &format!("{UPDATE} --add-policy-arn {S3}"));
    assert_settled(&bench, "create iamserviceaccount -f ~/cluster.yaml");
    // Another trust policy has it too, whoever asks for it.
    patterned(&bench);
    assert_snapshot!(planned_and_done(&bench, APPLY), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
          +         },
          +         "StringLike": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                    }
                  },
                  "Effect": "Allow",
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_eq!(lets_in(&bench), "default:s3-* true");
    planned_and_done(&bench, &format!("{UPDATE} --subject-pattern s3-r*"));
    assert_eq!(lets_in(&bench), "default:s3-r* true");
}

/// What is exported asks for what there is, of which the statement is no part.
#[test]
fn what_the_template_lets_in_hinders_no_export() {
    let bench = in_template();
    let exported = bench.run("export --cluster demo");
    assert_snapshot!(exported, @"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: s3-reader
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      podIdentityAssociations:
        - namespace: web
          serviceAccountName: other
          roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays, and is no part of the file
    [exit 0]
    ");
    let text = exported.strip_prefix("[stdout]\n");
    let text = text.and_then(|text| text.split_once("[stderr]\n"));
    bench.file("cluster.yaml", text.expect("a file and a note").0);
    assert_settled(&bench, APPLY);
}

#[test]
fn what_was_let_in_by_hand_stays_while_an_association_uses_the_role() {
    let bench = associated();
    by_hand(&bench, |role| add(&mut role.trust));
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --repair-drift --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com, by hand; that stays: EKS Pod Identity associations use the role: web/other
    [exit 0]
    "#);
    assert_settled(&bench, "create iamserviceaccount -f ~/cluster.yaml");
    // What else was changed is put back beside it.
    by_hand(&bench, |role| {
        let text = role.trust.to_string();
        role.trust = document(&text.replace(":default:s3-reader", ":default:*"));
    });
    planned_and_done(&bench, &format!("{APPLY} --repair-drift"));
    assert_eq!(lets_in(&bench), "default:s3-reader true");
    // And another trust policy has it.
    patterned(&bench);
    planned_and_done(&bench, APPLY);
    assert_eq!(lets_in(&bench), "default:s3-* true");
}

#[test]
fn what_was_let_in_by_hand_is_drift_when_no_association_uses_the_role() {
    let bench = associated();
    by_hand(&bench, |role| add(&mut role.trust));
    bench.sandbox.world().clusters[0].associations[0].role =
        "arn:aws:iam::111122223333:role/of-others".to_owned();
    let told = run_unchanging(&bench, &format!("{APPLY} --detailed-exitcode"));
    assert!(told.contains("roles were changed outside"), "{told}");
    bench.arrange(&format!("{APPLY} --repair-drift --approve"));
    assert_eq!(lets_in(&bench), "default:s3-reader false");
}

/// What is not known is not absent.
#[test]
fn what_was_let_in_by_hand_stays_where_associations_cannot_be_read() {
    let bench = associated();
    by_hand(&bench, |role| add(&mut role.trust));
    bench.sandbox.fault("eks ListPodIdentityAssociations deny");
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --repair-drift --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" trusts EKS Pod Identity, and whether an association uses it cannot be told: not allowed to call eks:ListPodIdentityAssociations
    hint: allow `eks:ListPodIdentityAssociations` and `eks:DescribePodIdentityAssociation` to this identity
    [exit 1]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --detailed-exitcode")), @"
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com, by hand; that stays: whether EKS Pod Identity associations use the role cannot be told: not allowed to call eks:ListPodIdentityAssociations
    nothing to do
    [exit 3]
    ");
    patterned(&bench);
    bench.arrange(&format!("{APPLY} --approve"));
    assert_eq!(lets_in(&bench), "default:s3-* true");
}

const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";

#[test]
fn a_role_that_an_association_uses_is_not_deleted() {
    let bench = in_template();
    assert_snapshot!(run_unchanging(&bench, DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" is used by EKS Pod Identity associations, whose pods would lose it
      web/other (a-50d5084747bba5bfe)
    hint: where no pod of web/other needs the role by its association: `irsactl delete podidentityassociation web/other --cluster demo`
    [exit 1]
    "#);
    // By whatever way it is deleted, and whoever let EKS Pod Identity in.
    let none = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\n\
                iam: {withOIDC: true, serviceAccounts: []}\n";
    bench.file("none.yaml", none);
    let by_hand_alone = associated();
    by_hand(&by_hand_alone, |role| add(&mut role.trust));
    for (bench, line) in [
        (&bench, "apply -f ~/none.yaml --prune --approve"),
        (
            &bench,
            "delete iamserviceaccount -f ~/cluster.yaml --approve",
        ),
        (
            &bench,
            "delete iamserviceaccount s3-reader --cluster demo --role-only",
        ),
        (
            &bench,
            "delete iamserviceaccount s3-reader --cluster demo --detach-foreign",
        ),
        (&by_hand_alone, DELETE),
    ] {
        let told = run_unchanging(bench, line);
        assert!(told.contains("is used by EKS Pod Identity"), "{told}");
        assert!(told.ends_with("[exit 1]\n"), "{told}");
    }
    bench.sandbox.world().clusters[0].associations.clear();
    bench.arrange(DELETE);
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_role_that_an_association_may_use_is_not_deleted() {
    let bench = in_template();
    bench
        .sandbox
        .fault("eks DescribePodIdentityAssociation deny");
    assert_snapshot!(run_unchanging(&bench, DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" trusts EKS Pod Identity, and whether an association uses it cannot be told: not allowed to call eks:DescribePodIdentityAssociation
    hint: allow `eks:ListPodIdentityAssociations` and `eks:DescribePodIdentityAssociation` to this identity
    [exit 1]
    "#);
    for unread in ["iam GetRole", "cloudformation GetTemplate"] {
        let bench = in_template();
        bench.sandbox.fault("eks ListPodIdentityAssociations deny");
        bench.sandbox.fault(&format!("{unread} deny"));
        let told = run_unchanging(&bench, DELETE);
        assert!(told.contains("cannot be told"), "{told}");
        assert!(told.ends_with("[exit 1]\n"), "{told}");
    }
    // Of a role that lets EKS Pod Identity in nowhere, only whether the ServiceAccount needs to stay is asked.
    let bench = reader();
    bench
        .sandbox
        .fault("eks DescribePodIdentityAssociation deny");
    bench.arrange(&format!("{DELETE} --dry-run"));
    bench.sandbox.fault("eks ListPodIdentityAssociations deny");
    bench.arrange(&format!("{DELETE} --role-only"));
}
