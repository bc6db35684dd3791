//! Stacks as `eksctl utils migrate-to-pod-identity` leaves them: a statement for EKS Pod Identity in the
//! template, and of the stack's tags the last one, its own and one with a wrong value
//! (`updateTrustPolicyForOwnedRole` in its `pkg/actions/podidentityassociation/tasks.go`; its `Status.Tags` has
//! but the last tag).

use insta::assert_snapshot;
use serde_json::json;

use super::drift::APPLY;
use super::{
    STACK, assert_settled, planned_and_done, reader, reader_file, run_unchanging, template,
};
use crate::support::{ACCOUNT, Bench, REGION};

/// Which of the stack's tags was the last one.
#[derive(Clone, Copy)]
enum Last {
    Name,
    Another,
}

/// default/s3-reader after eksctl's migration.
fn migrated(last: Last, removes_oidc: bool) -> Bench {
    let bench = reader();
    reader_file(&bench);
    let role = bench.role_arn();
    let mut body = template(&bench);
    let properties = &mut body["Resources"]["Role1"]["Properties"];
    let statements = properties["AssumeRolePolicyDocument"]["Statement"].as_array_mut();
    let statements = statements.expect("statements");
    if removes_oidc {
        statements.clear();
    }
    statements.push(json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
    }));
    let mut tags = vec![
        (
            "alpha.eksctl.io/podidentityassociation-name",
            "default/s3-reader",
        ),
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", "demo"),
        ("alpha.eksctl.io/eksctl-version", "0.231.0"),
    ];
    if matches!(last, Last::Name) && !removes_oidc {
        tags.insert(
            0,
            (
                "alpha.eksctl.io/iamserviceaccount-name",
                "default/s3-reader",
            ),
        );
    }
    let mut world = bench.sandbox.world();
    world.update_stack(ACCOUNT, REGION, STACK, &body.to_string(), &tags);
    world.clusters[0].add_association("default", "s3-reader", &role);
    let api = world.api("demo");
    if removes_oidc {
        let key = (
            "serviceaccounts".to_owned(),
            "default".to_owned(),
            "s3-reader".to_owned(),
        );
        let object = api.objects.get_mut(&key).expect("the ServiceAccount");
        object["metadata"]["annotations"] = json!({});
    }
    drop(world);
    bench.calls();
    bench
}

fn tags(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    let tags = stack.tags.iter();
    let tags: Vec<String> = tags.map(|(key, value)| format!("{key}={value}")).collect();
    tags.join("\n")
}

fn principals(bench: &Bench) -> String {
    let body = template(bench);
    let trust = &body["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"];
    let statements = trust["Statement"].as_array().expect("statements");
    let kinds = statements.iter().map(|it| it["Principal"].as_object());
    let kinds = kinds.flatten().flat_map(|kinds| kinds.keys().cloned());
    kinds.collect::<Vec<_>>().join(" ")
}

#[test]
fn migrated_stack_with_its_tag_is_as_asked() {
    let bench = migrated(Last::Name, false);
    for line in [APPLY, "create iamserviceaccount -f ~/cluster.yaml"] {
        assert_settled(&bench, line);
    }
    assert_eq!(principals(&bench), "Federated Service");
}

/// No second stack, and no second role.
#[test]
fn migrated_stack_without_its_tag_gets_it_back() {
    let bench = migrated(Last::Another, false);
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
    assert_snapshot!(bench.run("get iamserviceaccount s3-reader --cluster demo -o name"), @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run("export --cluster demo"), @"
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
        - namespace: default
          serviceAccountName: s3-reader
          roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays, and is no part of the file
    [exit 0]
    ");
    assert_snapshot!(run_unchanging(&bench, "create iamserviceaccount -f ~/cluster.yaml --approve"), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays
    note: default/s3-reader: its stack has lost the tag alpha.eksctl.io/iamserviceaccount-name=default/s3-reader: `update` and `apply` put it back, while it has its role by IRSA
    [exit 0]
    ");
    assert_snapshot!(planned_and_done(&bench, APPLY), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + tag: alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(tags(&bench), @"
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=0.231.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    alpha.eksctl.io/podidentityassociation-name=default/s3-reader
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    ");
    assert_snapshot!(bench.stacks() + &bench.roles(), @"
    eksctl-demo-addon-iamserviceaccount-default-s3-reader UPDATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_eq!(principals(&bench), "Federated Service");
}

/// By flags nothing of the cluster is looked at: the template says whose the stack is.
#[test]
fn update_by_flags_puts_the_tag_back() {
    let bench = migrated(Last::Another, false);
    let line = "update iamserviceaccount s3-reader --cluster demo --max-session-duration 7200";
    assert_snapshot!(planned_and_done(&bench, line), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - maximum session duration: 3600 seconds
        + maximum session duration: 7200 seconds
        + tag: alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    [stderr]
    note: its role also trusts pods.eks.amazonaws.com: that stays
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert!(tags(&bench).contains("iamserviceaccount-name=default/s3-reader"));
}

#[test]
fn migrated_stack_without_oidc_is_still_its_own() {
    let bench = migrated(Last::Another, true);
    assert_snapshot!(bench.run("delete iamserviceaccount s3-reader --cluster demo"), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    note: the ServiceAccount default/s3-reader has an EKS Pod Identity association: it stays
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" is used by EKS Pod Identity associations, whose pods would lose it
      default/s3-reader (a-c40914bb16e5d4ac2)
    hint: where no pod of default/s3-reader needs the role by its association: `irsactl delete podidentityassociation default/s3-reader --cluster demo`
    [exit 1]
    "#);
    assert_eq!(bench.changes(), "");
    assert_snapshot!(planned_and_done(&bench, APPLY), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
            {
              "Statement": [
                {
          +       "Action": "sts:AssumeRoleWithWebIdentity",
          +       "Condition": {
          +         "StringEquals": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +       }
          +     },
          +     {
                  "Action": [
                    "sts:AssumeRole",
                    "sts:TagSession"
        + tag: alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    ~ annotate service account default/s3-reader
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: default/s3-reader: its role also trusts pods.eks.amazonaws.com: that stays
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_snapshot!(bench.stacks() + &bench.roles(), @"
    eksctl-demo-addon-iamserviceaccount-default-s3-reader UPDATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_eq!(principals(&bench), "Federated Service");
}

/// Somebody else's annotation says that the stack is his.
#[test]
fn stack_of_the_same_name_may_be_of_another() {
    let bench = migrated(Last::Another, true);
    let role = bench.role_arn();
    let annotations = [("eks.amazonaws.com/role-arn", role.as_str())];
    let put = |namespace: &str, name: &str, annotations: &[(&str, &str)]| {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.put_service_account(namespace, name, &[], annotations, "kubectl");
    };
    // The name of the stack could be this one's as well.
    put("default-s3", "reader", &[]);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has no tag alpha.eksctl.io/iamserviceaccount-name, and whose it is cannot be told: no ServiceAccount is annotated with its role, and it may be of default-s3/reader
    hint: if it is that of default/s3-reader, say so: `aws cloudformation update-stack --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader --use-previous-template --capabilities CAPABILITY_NAMED_IAM --tags Key=alpha.eksctl.io/cluster-name,Value=demo Key=alpha.eksctl.io/eksctl-version,Value=0.231.0 Key=alpha.eksctl.io/podidentityassociation-name,Value=default/s3-reader Key=eksctl.cluster.k8s.io/v1alpha1/cluster-name,Value=demo Key=alpha.eksctl.io/iamserviceaccount-name,Value=default/s3-reader --region eu-west-1`
    [exit 1]
    "#);
    put("default-s3", "reader", &annotations);
    let told = bench.run(APPLY);
    assert!(
        told.contains("create stack eksctl-demo-addon-iamserviceaccount-default-s3-reader-"),
        "{told}"
    );
}

/// Without the cluster's word, and with nobody let in by name, nothing is decided.
#[test]
fn stack_in_doubt_is_left_alone() {
    let bench = migrated(Last::Another, true);
    assert_snapshot!(run_unchanging(&bench, "delete iamserviceaccount s3-reader --cluster demo --role-only"), @r#"
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has no tag alpha.eksctl.io/iamserviceaccount-name, and whose it is cannot be told: the ServiceAccounts of the cluster were not looked at
    hint: if it is that of default/s3-reader, say so: `aws cloudformation update-stack --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader --use-previous-template --capabilities CAPABILITY_NAMED_IAM --tags Key=alpha.eksctl.io/cluster-name,Value=demo Key=alpha.eksctl.io/eksctl-version,Value=0.231.0 Key=alpha.eksctl.io/podidentityassociation-name,Value=default/s3-reader Key=eksctl.cluster.k8s.io/v1alpha1/cluster-name,Value=demo Key=alpha.eksctl.io/iamserviceaccount-name,Value=default/s3-reader`
    [exit 1]
    "#);
}

const DELETE: &str = "delete podidentityassociation default/s3-reader --cluster demo --approve";

/// The association went by other hands, and its stack is under the name of the service account's.
#[test]
fn stack_that_the_association_left_is_deleted() {
    let bench = migrated(Last::Another, true);
    bench.sandbox.world().clusters[0].associations.clear();
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: the role of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader lets in every association of the account, and those of other clusters were not looked at: pods of any that use it lose it
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn stack_of_the_service_account_too_is_not_left_of_the_association() {
    let bench = migrated(Last::Name, false);
    bench.sandbox.world().clusters[0].associations.clear();
    assert_snapshot!(run_unchanging(&bench, DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no EKS Pod Identity association default/s3-reader
    note: stack eksctl-demo-addon-iamserviceaccount-default-s3-reader stays, as its role is that of the IAM service account default/s3-reader too
    note: the ServiceAccount default/s3-reader stays, as it has a role annotation
    [exit 0]
    ");
}
