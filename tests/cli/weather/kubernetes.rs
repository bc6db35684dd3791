//! The Kubernetes API: not known, not allowed, not reached. Told before AWS is changed.

use insta::assert_snapshot;

use super::create;
use crate::sandbox::{Access, Admission};
use crate::support::Bench;

/// Nothing was made in AWS.
fn assert_untouched(bench: &Bench) {
    assert_eq!(bench.stacks() + &bench.roles(), "");
    assert!(bench.account(|account| account.providers.is_empty()));
}

#[test]
fn an_identity_that_the_cluster_does_not_know_is_told() {
    let bench = Bench::new();
    bench.sandbox.world().api("demo").access = Access::Nobody;
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: the Kubernetes API of cluster "demo" does not know this AWS identity (401 Unauthorized)
    hint: map the identity to the cluster: `aws eks create-access-entry --cluster-name demo --principal-arn ARN`, with the ARN of `aws sts get-caller-identity`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_untouched(&bench);
}

#[test]
fn an_identity_without_rights_is_told() {
    let bench = Bench::new();
    bench.sandbox.world().api("demo").access = Access::NoRights;
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: the Kubernetes API refuses to read service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot get resource "serviceaccounts" in API group "" in the namespace "default"
    hint: allow this identity to get serviceaccounts
    hint: what each command needs in the cluster: `irsactl permissions -o rbac`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_untouched(&bench);
}

#[test]
fn an_identity_that_may_only_read_is_told_when_it_writes() {
    let bench = Bench::new();
    bench.sandbox.world().api("demo").access = Access::only(&[("get", "serviceaccounts")]);
    assert_snapshot!(bench.run(&create()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: the Kubernetes API refuses to apply service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot patch resource "serviceaccounts" in API group "" in the namespace "default"
    hint: this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

#[test]
fn a_webhooks_refusal_is_told_in_its_words() {
    let bench = Bench::new();
    bench.sandbox.world().api("demo").admission = Some(Admission::Webhook(
        400,
        "a team label is missing".to_owned(),
    ));
    assert_snapshot!(bench.run(&create()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: cannot apply service account default/s3-reader: admission webhook "validate.sandbox.example.com" denied the request: a team label is missing
    hint: no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or ask who runs the cluster
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    // The next run needs only the ServiceAccount.
    bench.sandbox.world().api("demo").admission = None;
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created service account default/s3-reader
    [exit 0]
    ");
}

/// The error and the hints of a creation that is refused so.
fn refused(admission: Admission) -> String {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").admission = Some(admission);
    let result = bench.run(&create());
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    let told = ["error: ", "hint: "];
    let lines = result.lines();
    let lines = lines.filter(|line| told.iter().any(|word| line.starts_with(word)));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_no_right_helps_against_is_told_apart_from_rights() {
    assert_snapshot!(refused(Admission::Quota), @r#"
    error: cannot apply service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: exceeded quota: few, requested: count/serviceaccounts=1, used: count/serviceaccounts=5, limited: count/serviceaccounts=5
    hint: no right helps: raise the quota, or delete what is no longer needed; `kubectl get resourcequotas --all-namespaces` shows what is used
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    "#);
    assert_snapshot!(refused(Admission::Policy("a team label is missing".to_owned())), @r#"
    error: cannot apply service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: ValidatingAdmissionPolicy 'team.example.com' with binding 'team.example.com' denied request: a team label is missing
    hint: no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or ask who runs the cluster
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    "#);
    assert_snapshot!(refused(Admission::Webhook(403, "a team label is missing".to_owned())), @r#"
    error: cannot apply service account default/s3-reader: admission webhook "validate.sandbox.example.com" denied the request: a team label is missing
    hint: no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or ask who runs the cluster
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    "#);
}

#[test]
fn a_value_or_a_request_that_the_api_does_not_take_is_told_with_what_to_do() {
    let told = |effect: &str| {
        let bench = Bench::associated();
        bench.befall("kubernetes apply serviceaccounts", effect);
        let result = bench.run(&create());
        let from = result.find("error: ").expect("an error");
        result[from..].to_owned()
    };
    assert_snapshot!(told("error 422 Invalid ServiceAccount \"s3-reader\" is invalid: metadata.labels: Invalid value: \"-\""), @r#"
    error: cannot apply service account default/s3-reader: ServiceAccount "s3-reader" is invalid: metadata.labels: Invalid value: "-" (422)
    hint: change the value that the message names, and run the same command again
    [exit 1]
    "#);
    assert_snapshot!(told("error 400 BadRequest the body is no ServiceAccount"), @"
    error: cannot apply service account default/s3-reader: the body is no ServiceAccount (400)
    hint: the server, or what stands before it, does not understand the request: check that it is a Kubernetes API of 1.22 or later: `kubectl version`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    ");
}

/// More than a page of ServiceAccounts.
fn crowd() -> Bench {
    let bench = super::made();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    for number in 0..501 {
        api.put_service_account("crowd", &format!("a{number:03}"), &[], &[], "kubectl");
    }
    drop(world);
    bench
}

#[test]
fn a_list_that_ends_in_the_middle_is_begun_anew() {
    let bench = crowd();
    let lists = "kubernetes list serviceaccounts";
    bench
        .sandbox
        .before(lists, 2, |world| world.api("demo").compact());
    let result = bench.run(super::GET);
    assert!(result.contains(" annotated"), "{result}");
    assert_eq!(bench.calls().matches(lists).count(), 4);
}

#[test]
fn a_list_that_always_ends_in_the_middle_is_told() {
    let bench = crowd();
    let lists = "kubernetes list serviceaccounts";
    bench
        .sandbox
        .before_every(lists, |world| world.api("demo").compact());
    assert_snapshot!(bench.run(super::GET), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   AmazonS3ReadOnlyAccess   unknown
    [stderr]
    warning: the Kubernetes side is not known: cannot list service accounts: The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter. (410)
    [exit 0]
    ");
}

/// How often the ServiceAccount is applied, where each time the API answers with that.
fn applies(effect: &str) -> usize {
    let bench = Bench::associated();
    bench.befall("kubernetes apply serviceaccounts", effect);
    let result = bench.run(&create());
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    let calls = bench.calls();
    calls.lines().filter(|call| call.contains("apply")).count()
}

#[test]
fn a_call_that_fails_is_made_three_times() {
    assert_eq!(
        applies("error 500 InternalError etcdserver: leader changed"),
        3
    );
    assert_eq!(applies("reset"), 3);
    assert_eq!(applies("half"), 3);
}

#[test]
fn a_call_to_a_busy_api_is_made_six_times() {
    assert_eq!(applies("throttle"), 6);
}

#[test]
fn a_call_that_is_refused_is_made_once() {
    assert_eq!(applies("deny"), 1);
    assert_eq!(
        applies("error 422 Invalid metadata.labels: Invalid value"),
        1
    );
}

#[test]
fn a_webhook_that_does_not_answer_is_told_at_once() {
    let effect = "error 500 InternalError Internal error occurred: failed calling webhook \"team.example.com\": \
                  context deadline exceeded";
    assert_eq!(applies(effect), 1);
}

#[test]
fn a_private_endpoint_that_is_not_reached_is_told() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    let host = world.clusters[0].endpoint_host.clone();
    world.unreachable.push(host);
    drop(world);
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": the proxy could not reach the host
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_untouched(&bench);
}

#[test]
fn without_kubernetes_the_role_can_be_made() {
    let bench = Bench::new();
    bench.sandbox.world().api("demo").access = Access::Nobody;
    assert_snapshot!(bench.run(&format!("{} --role-only", create())), @"
    [stdout]
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      annotations:
        eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      labels:
        app.kubernetes.io/managed-by: eksctl
      name: s3-reader
      namespace: default
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    apply this ServiceAccount, as with `| kubectl apply -f -`:
    [exit 0]
    ");
}

#[test]
fn another_clusters_certificate_is_refused() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    world.add_cluster("other", "111122223333", "eu-west-1");
    // DescribeCluster tells the endpoint of "other" with the authority of "demo".
    let host = world.clusters[1].endpoint_host.clone();
    world.clusters.swap(0, 1);
    world.clusters[1].endpoint_host = host;
    drop(world);
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": its TLS certificate is not trusted: its signature is wrong
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_untouched(&bench);
}
