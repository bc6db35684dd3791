//! What the world does not allow: told before the first write where that is possible, and mended by
//! the same command again.

use insta::assert_snapshot;
use serde_json::json;

use super::{CREATE, STACK, assert_settled, run_unchanging};
use crate::sandbox::{Access, Admission, ManagedPolicy, Options, Provider, Role};
use crate::support::{ACCOUNT, Bench};

const MINE: &str = "create iamserviceaccount app --cluster demo \
                    --attach-policy-arn arn:aws:iam::111122223333:policy/mine --approve";

fn mine() -> ManagedPolicy {
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
    ManagedPolicy::new("aws", ACCOUNT, "/", "mine", document)
}

#[test]
fn without_a_provider_nothing_is_made() {
    let bench = Bench::new();
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster demo --approve` first
    hint: or add `--associate-oidc-provider` to this command
    [exit 1]
    "#);
}

#[test]
fn a_provider_without_the_audience_is_told() {
    let bench = Bench::associated();
    let line = format!("{CREATE} --audience tokens.example.com");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E does not accept the audience "tokens.example.com"
    hint: add it: `irsactl associate-oidc-provider --cluster demo --audience tokens.example.com --approve`
    [exit 1]
    "#);
}

#[test]
fn a_provider_without_the_usual_audience_is_told_and_the_hint_mends_it() {
    let bench = Bench::new();
    let url = bench.sandbox.world().clusters[0]
        .issuer
        .clone()
        .expect("an issuer");
    bench.account(|account| {
        let thumbprint = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
        let provider = Provider::new("aws", ACCOUNT, &url, &["other"], &[thumbprint]);
        account.create_provider(provider).expect("a provider");
    });
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E does not accept the audience "sts.amazonaws.com"
    hint: add it: `irsactl associate-oidc-provider --cluster demo --audience sts.amazonaws.com --approve`
    [exit 1]
    "#);
    bench.run("associate-oidc-provider --cluster demo --audience sts.amazonaws.com --approve");
    assert!(bench.run(CREATE).ends_with("[exit 0]\n"));
}

#[test]
fn policies_that_do_not_exist_are_named_all_at_once() {
    let bench = Bench::associated();
    let line = "create iamserviceaccount app --cluster demo --approve \
                --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnly,arn:aws:iam::111122223333:policy/mine \
                --permissions-boundary arn:aws:iam::111122223333:policy/boundary";
    assert_snapshot!(run_unchanging(&bench, line), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    refused
    [stderr]
    error: default/app: policy arn:aws:iam::aws:policy/AmazonS3ReadOnly does not exist
    hint: did you mean `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`?
    error: default/app: policy arn:aws:iam::111122223333:policy/mine does not exist
    error: default/app: policy arn:aws:iam::111122223333:policy/boundary does not exist
    hint: look for its ARN: `aws iam list-policies --query 'Policies[].Arn'`
    [exit 1]
    ");
}

#[test]
fn the_policy_that_was_meant_is_named_by_its_path_and_case() {
    let bench = Bench::associated();
    for (wrong, right) in [
        (
            "AmazonEBSCSIDriverPolicy",
            "service-role/AmazonEBSCSIDriverPolicy",
        ),
        ("service-role/AmazonSQSFullAccess", "AmazonSQSFullAccess"),
        ("AmazonDynamoDbFullAccess", "AmazonDynamoDBFullAccess"),
    ] {
        let arn = "arn:aws:iam::aws:policy";
        let told = bench.run(&format!(
            "create iamserviceaccount app --cluster demo --attach-policy-arn {arn}/{wrong}"
        ));
        let wanted = format!(
            "error: default/app: policy {arn}/{wrong} does not exist\nhint: did you mean `{arn}/{right}`?\n"
        );
        assert!(told.contains(&wanted), "{told}");
        let line = format!(
            "create iamserviceaccount app --cluster demo --attach-policy-arn {arn}/{right}"
        );
        assert!(bench.run(&line).ends_with("[exit 0]\n"), "{right}");
    }
}

#[test]
fn policies_of_another_partition_are_refused() {
    let bench = Bench::associated();
    let line = CREATE.replace("arn:aws:iam", "arn:aws-cn:iam");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess is not of the cluster's partition "aws"
    hint: ARNs of this partition begin with `arn:aws:`
    [exit 1]
    "#);
}

#[test]
fn a_plan_that_cannot_be_carried_out_fails_too() {
    let bench = Bench::new();
    let line = CREATE.replace(" --approve", " --detailed-exitcode");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stderr]
    error: default/s3-reader: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster demo --approve` first
    hint: or add `--associate-oidc-provider` to this command
    [exit 1]
    "#);
}

#[test]
fn what_may_not_be_looked_up_is_left_to_cloudformation() {
    let bench = Bench::associated();
    bench.sandbox.fault("iam GetPolicy deny");
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: cannot tell whether policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess exists: not allowed to call iam:GetPolicy: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetPolicy because no identity-based policy allows the iam:GetPolicy action
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_rolled_back_creation_tells_the_first_reason_and_is_replaced_when_that_is_mended() {
    let bench = Bench::associated();
    bench.sandbox.fault("iam GetPolicy times 1 deny");
    assert_snapshot!(bench.run(MINE), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    default     app    failed
    [stderr]
    note: cannot tell whether policy arn:aws:iam::111122223333:policy/mine exists: not allowed to call iam:GetPolicy: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetPolicy because no identity-based policy allows the iam:GetPolicy action
    error: stack "eksctl-demo-addon-iamserviceaccount-default-app" ended in ROLLBACK_COMPLETE: Role1 (AWS::IAM::Role): Resource handler returned message: "Policy arn:aws:iam::111122223333:policy/mine does not exist or is not attachable. (Service: Iam, Status Code: 404, Request ID: acb74bd5-f944-9dd6-250a-ff6090b1d004)"
    hint: mend the cause and run the same command again: a failed stack is replaced
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-app`
    [exit 1]
    "#);
    assert_snapshot!(bench.state(), @"stack eksctl-demo-addon-iamserviceaccount-default-app: ROLLBACK_COMPLETE, protected");
    bench.account(|account| {
        account.create_policy(mine()).expect("a policy");
    });
    assert_snapshot!(bench.run(MINE), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-F3OS7ZZL7PO5
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-default-app" is in ROLLBACK_COMPLETE: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-default-app
    created stack eksctl-demo-addon-iamserviceaccount-default-app
    created service account default/app
    [exit 0]
    "#);
    assert_settled(&bench, MINE);
}

#[test]
fn a_role_name_that_was_taken_meanwhile_is_told() {
    let bench = Bench::associated();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
    bench.account(|account| {
        let role = Role::new("aws", ACCOUNT, "/", "reader", trust);
        account.create_role(role).expect("a role");
    });
    bench.sandbox.fault("iam GetRole times 1 deny");
    let line = format!("{CREATE} --role-name reader");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in ROLLBACK_COMPLETE: Role1 (AWS::IAM::Role): reader already exists
    hint: mend the cause and run the same command again: a failed stack is replaced
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    bench.account(|account| account.delete_role("reader").expect("deleted"));
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/reader
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in ROLLBACK_COMPLETE: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    "#);
    assert_settled(&bench, &line);
}

#[test]
fn a_taken_role_name_is_told_before_a_broken_stack_is_deleted() {
    let bench = Bench::associated();
    super::add_eksctl_stack(
        &bench,
        "boundary-and-role-name",
        "default/s3-reader",
        "ROLLBACK_COMPLETE",
    );
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
    bench.account(|account| {
        let role = Role::new("aws", ACCOUNT, "/", "custom-role-name", trust);
        account.create_role(role).expect("a role");
    });
    let line = format!("{CREATE} --role-name custom-role-name");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in ROLLBACK_COMPLETE: it is deleted and created again
    error: default/s3-reader: role name "custom-role-name" is taken by arn:aws:iam::111122223333:role/custom-role-name
    hint: choose another `--role-name`, or leave it out
    hint: or use that role as it is: `--attach-role-arn arn:aws:iam::111122223333:role/custom-role-name`
    [exit 1]
    "#);
}

#[test]
fn without_rollback_the_failed_stack_stays_and_is_replaced() {
    let bench = Bench::associated();
    bench.sandbox.fault("iam GetPolicy times 1 deny");
    let line = format!("{MINE} --cfn-disable-rollback");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    default     app    failed
    [stderr]
    note: cannot tell whether policy arn:aws:iam::111122223333:policy/mine exists: not allowed to call iam:GetPolicy: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetPolicy because no identity-based policy allows the iam:GetPolicy action
    error: stack "eksctl-demo-addon-iamserviceaccount-default-app" ended in CREATE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Policy arn:aws:iam::111122223333:policy/mine does not exist or is not attachable. (Service: Iam, Status Code: 404, Request ID: acb74bd5-f944-9dd6-250a-ff6090b1d004)"
    hint: mend the cause and run the same command again: a failed stack is replaced
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-app`
    [exit 1]
    "#);
    assert_eq!(
        bench.stacks(),
        "eksctl-demo-addon-iamserviceaccount-default-app CREATE_FAILED\n"
    );
    bench.account(|account| {
        account.create_policy(mine()).expect("a policy");
    });
    assert!(bench.run(&line).ends_with("[exit 0]\n"));
    assert_settled(&bench, &line);
}

#[test]
fn a_cluster_that_does_not_exist_is_told_with_what_to_do() {
    let bench = Bench::associated();
    let line = CREATE.replace("--cluster demo", "--cluster dem");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stderr]
    error: there is no EKS cluster "dem" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dem" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn a_cluster_in_creation_is_told() {
    let bench = Bench::associated();
    bench.sandbox.world().clusters[0].status = "CREATING".to_owned();
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stderr]
    error: cluster "demo" is CREATING: it has no issuer or no Kubernetes API
    hint: wait for it: `aws eks wait cluster-active --name demo`
    [exit 1]
    "#);
}

#[test]
fn a_cluster_without_an_issuer_is_told() {
    let bench = Bench::associated();
    bench.sandbox.world().clusters[0].issuer = None;
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stderr]
    error: cluster "demo" has no OIDC issuer: EKS reports none
    hint: if it has an issuer that EKS does not tell, name it: `--issuer-url URL`
    [exit 1]
    "#);
}

#[test]
fn refused_calls_name_the_missing_permission() {
    let told: String = [
        "eks DescribeCluster",
        "cloudformation DescribeStacks",
        "iam GetOpenIDConnectProvider",
        "cloudformation CreateStack",
    ]
    .iter()
    .map(|call| {
        let bench = Bench::associated();
        bench.sandbox.fault(&format!("{call} deny"));
        let told = bench.run(CREATE);
        assert_eq!(
            (bench.stacks(), bench.roles()),
            Default::default(),
            "{told}"
        );
        format!("{call}\n{told}\n")
    })
    .collect();
    assert_snapshot!(told, @"
    eks DescribeCluster
    [stderr]
    error: not allowed to call eks:DescribeCluster on demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:DescribeCluster because no identity-based policy allows the eks:DescribeCluster action
    hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]

    cloudformation DescribeStacks
    [stderr]
    error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-default-s3-reader: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStacks because no identity-based policy allows the cloudformation:DescribeStacks action
    hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]

    iam GetOpenIDConnectProvider
    [stderr]
    error: not allowed to call iam:GetOpenIDConnectProvider on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetOpenIDConnectProvider because no identity-based policy allows the iam:GetOpenIDConnectProvider action
    hint: allow `iam:GetOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]

    cloudformation CreateStack
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: not allowed to call cloudformation:CreateStack on eksctl-demo-addon-iamserviceaccount-default-s3-reader: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:CreateStack because no identity-based policy allows the cloudformation:CreateStack action
    hint: allow `cloudformation:CreateStack` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
}

#[test]
fn a_token_that_a_deleted_stack_still_holds_is_left_out() {
    let bench = Bench::associated();
    bench.sandbox.fault(
        "cloudformation CreateStack times 1 error 400 TokenAlreadyExistsException already used",
    );
    let result = bench.run(CREATE);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let world = bench.sandbox.world();
    let tokens: Vec<bool> = world
        .calls
        .iter()
        .filter(|call| call.operation == "CreateStack")
        .map(|call| call.body.contains("ClientRequestToken="))
        .collect();
    assert_eq!(tokens, [true, false]);
}

/// Where CloudFormation remembers the token of a stack that was deleted, it answers with that stack.
#[test]
fn what_was_deleted_is_created_again_however_long_tokens_are_remembered() {
    let bench = Bench::associated();
    bench.account(|account| account.remembers_tokens = true);
    for _ in 0..3 {
        bench.arrange(CREATE);
        assert_eq!(bench.stacks().lines().count(), 1);
        bench.arrange("delete iamserviceaccount s3-reader --cluster demo");
        assert_eq!(bench.stacks(), "");
    }
    let ids = bench.account(|account| {
        account
            .stacks
            .iter()
            .map(|stack| stack.id.clone())
            .collect()
    });
    let ids: std::collections::BTreeSet<String> = ids;
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_full_quota_of_stacks_is_told() {
    let bench = Bench::associated();
    bench.account(|account| account.stack_limit = Some(0));
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: cloudformation:CreateStack failed on eksctl-demo-addon-iamserviceaccount-default-s3-reader: LimitExceededException: Limit for stack has been exceeded, the limit is 0
    hint: raise the quota in Service Quotas, or delete what is no longer needed
    [exit 1]
    ");
    let count = bench.sandbox.count("cloudformation CreateStack");
    assert_eq!(count.calls, 1, "no retry makes room");
}

#[test]
fn an_identity_that_the_cluster_does_not_know_is_told_before_anything_is_made() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").access = Access::Nobody;
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stderr]
    error: the Kubernetes API of cluster "demo" does not know this AWS identity (401 Unauthorized)
    hint: map the identity to the cluster: `aws eks create-access-entry --cluster-name demo --principal-arn ARN`, with the ARN of `aws sts get-caller-identity`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn an_identity_without_rights_is_told_before_anything_is_made() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").access = Access::NoRights;
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stderr]
    error: the Kubernetes API refuses to read service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot get resource "serviceaccounts" in API group "" in the namespace "default"
    hint: allow this identity to get serviceaccounts
    hint: what each command needs in the cluster: `irsactl permissions -o rbac`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn an_identity_that_may_only_read_is_told_and_may_still_ask_for_the_role_only() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").access = Access::only(&[("get", "serviceaccounts")]);
    assert_snapshot!(bench.run(CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: the Kubernetes API refuses to apply service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot patch resource "serviceaccounts" in API group "" in the namespace "default"
    hint: this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{CREATE} --role-only")), @"
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
    apply this ServiceAccount, as with `| kubectl apply -f -`:
    [exit 0]
    ");
}

#[test]
fn a_webhooks_refusal_leaves_the_stack_and_the_next_run_finishes() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").admission =
        Some(Admission::Webhook(400, "label team is missing".to_owned()));
    assert_snapshot!(bench.run(CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: cannot apply service account default/s3-reader: admission webhook "validate.sandbox.example.com" denied the request: label team is missing
    hint: no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or ask who runs the cluster
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_eq!(bench.stacks(), format!("{STACK} CREATE_COMPLETE\n"));
    bench.sandbox.world().api("demo").admission = None;
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created service account default/s3-reader
    [exit 0]
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn an_answer_that_was_lost_makes_no_second_stack() {
    let bench = Bench::associated();
    bench
        .sandbox
        .fault("cloudformation CreateStack times 1 half");
    let told = bench.run(CREATE);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_eq!(bench.stacks(), format!("{STACK} CREATE_COMPLETE\n"));
    let creations = bench.calls();
    let creations = creations
        .lines()
        .filter(|call| call.ends_with("CreateStack"));
    assert_eq!(creations.count(), 2);
}

#[test]
fn partitions_are_the_clusters() {
    let options = Options {
        region: "cn-north-1".to_owned(),
        ..Options::default()
    };
    let bench = Bench::with(options);
    bench.associate();
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess is not of the cluster's partition "aws-cn"
    hint: ARNs of this partition begin with `arn:aws-cn:`
    [exit 1]
    "#);
    let line = CREATE.replace("arn:aws:iam", "arn:aws-cn:iam");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws-cn:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-XYWTXCDZOSFX
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_settled(&bench, &line);
}
