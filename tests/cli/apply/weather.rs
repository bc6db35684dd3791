//! What fails for one account does not stop the others; what fails for all is told once.

use insta::assert_snapshot;

use super::APPLY;
use crate::sandbox::{Options, Pace};
use crate::support::Bench;

#[test]
fn one_account_that_cannot_be_looked_at_is_named_and_the_others_are_done() {
    let bench = Bench::associated();
    bench.config_of(&["web/api", "web/worker", "batch/job"]);
    bench
        .sandbox
        .fault("kubernetes get serviceaccounts of web/worker deny");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    + create stack eksctl-demo-addon-iamserviceaccount-batch-job
        trusted: batch/job, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account batch/job
        role: known when stack eksctl-demo-addon-iamserviceaccount-batch-job is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: batch, made where it is missing
    [stderr]
    plan: 4 to create, 0 to change, 0 to delete
    error: web/worker: the Kubernetes API refuses to read service account web/worker: not allowed by the sandbox's fault rule
    hint: allow this identity to get serviceaccounts
    hint: what each command needs in the cluster: `irsactl permissions -o rbac`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    ");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         worker   failed
    batch       job      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-batch-job-Role1-AXMTTQQC4WL5
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    created stack eksctl-demo-addon-iamserviceaccount-batch-job
    created service account batch/job
    error: web/worker: the Kubernetes API refuses to read service account web/worker: not allowed by the sandbox's fault rule
    hint: allow this identity to get serviceaccounts
    hint: what each command needs in the cluster: `irsactl permissions -o rbac`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    ");
    assert_snapshot!(bench.stacks(), @"
    eksctl-demo-addon-iamserviceaccount-web-api CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-batch-job CREATE_COMPLETE
    ");
}

#[test]
fn where_all_fail_each_is_named() {
    let bench = Bench::associated();
    bench.config_of(&["web/api", "web/worker", "batch/job"]);
    bench.sandbox.fault("cloudformation DescribeStacks deny");
    assert_snapshot!(bench.run(&APPLY.replace("apply", "create sa")), @"
    [stdout]
    NAMESPACE   NAME     STATUS   ROLE ARN
    web         api      failed
    web         worker   failed
    batch       job      failed
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-web-api: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStacks because no identity-based policy allows the cloudformation:DescribeStacks action
      so for 3: web/api, web/worker, batch/job
    hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    [exit 1]
    ");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME     STATUS   ROLE ARN
    web         api      failed
    web         worker   failed
    batch       job      failed
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-web-api: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStacks because no identity-based policy allows the cloudformation:DescribeStacks action
      so for 3: web/api, web/worker, batch/job
    hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    [exit 1]
    ");
}

#[test]
fn without_its_provider_nothing_is_begun() {
    let bench = Bench::new();
    bench.config_of(&["web/api", "web/worker"]);
    bench.sandbox.fault("iam CreateOpenIDConnectProvider deny");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      skipped
    web         worker   skipped
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   failed
    [stderr]
    skipped 2: without its provider no role can be assumed
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:CreateOpenIDConnectProvider because no identity-based policy allows the iam:CreateOpenIDConnectProvider action
    hint: allow `iam:CreateOpenIDConnectProvider` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    [exit 1]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn a_busy_stack_does_not_lead_past_the_failed_provider() {
    let bench = Bench::with(Options {
        pace: Pace::Polls(2),
        ..Options::default()
    });
    bench.eksctl_stack("web/busy", "DELETE_IN_PROGRESS");
    bench.config_of(&["web/api", "web/busy"]);
    bench.sandbox.fault("iam CreateOpenIDConnectProvider deny");
    let told = bench.run(APPLY);
    assert!(told.contains("iam:CreateOpenIDConnectProvider"), "{told}");
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    assert_eq!(bench.changes(), "iam CreateOpenIDConnectProvider\n");
}

#[test]
fn a_stack_that_fails_is_named_and_the_others_are_made() {
    let bench = Bench::associated();
    bench.config_of(&["web/api", "web/worker"]);
    let stack = "eksctl-demo-addon-iamserviceaccount-web-api";
    bench.sandbox.fault(&format!(
        "cloudformation CreateStack of {stack} error 400 LimitExceededException no more"
    ));
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      failed
    web         worker   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-worker
    created service account web/worker
    error: web/api: cloudformation:CreateStack failed on eksctl-demo-addon-iamserviceaccount-web-api: LimitExceededException: no more
    hint: raise the quota in Service Quotas, or delete what is no longer needed
    [exit 1]
    ");
}
