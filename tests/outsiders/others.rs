//! What the sandbox lets others do between a client's calls, and how it counts these.

use insta::assert_snapshot;
use serde_json::json;

use crate::shell::Shell;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const ROLE: &str = "eks.amazonaws.com/role-arn";

fn template(policy: &str) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
    let properties = json!({"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [policy]});
    json!({"Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": properties}}})
        .to_string()
}

#[test]
fn somebody_else_is_faster_with_a_stack() {
    let shell = Shell::with_aws(Bench::new());
    let ours = template(S3);
    shell.bench.file("template.json", &ours);
    let sandbox = &shell.bench.sandbox;
    sandbox.before("cloudformation CreateStack of first", 1, move |world| {
        world.add_stack(ACCOUNT, REGION, "first", &ours, &[], "CREATE_COMPLETE");
    });
    let create = "aws cloudformation create-stack --stack-name first --template-body file://template.json \
        --capabilities CAPABILITY_IAM";
    assert_snapshot!(shell.run(create), @"
    [stderr]

    An error occurred (AlreadyExistsException) when calling the CreateStack operation: Stack [first] already exists
    [exit 255]
    ");
    shell.bench.file(
        "template.json",
        &template("arn:aws:iam::aws:policy/SecurityAudit"),
    );
    shell.output(
        "aws cloudformation create-change-set --stack-name first --change-set-name next \
        --template-body file://template.json --capabilities CAPABILITY_IAM",
    );
    let theirs = template("arn:aws:iam::aws:policy/ReadOnlyAccess");
    sandbox.before("cloudformation ExecuteChangeSet", 1, move |world| {
        world.update_stack(ACCOUNT, REGION, "first", &theirs, &[]);
    });
    assert_snapshot!(shell.run("aws cloudformation execute-change-set --stack-name first --change-set-name next"), @"
    [stderr]

    An error occurred (InvalidChangeSetStatus) when calling the ExecuteChangeSet operation: ChangeSet [arn:aws:cloudformation:eu-west-1:111122223333:changeSet/next/f1f91feb-f305-7e48-780d-99dd00a283b1] cannot be executed in its current execution status of [OBSOLETE]
    [exit 255]
    ");
}

#[test]
fn two_buckets_throttle_and_are_counted() {
    let shell = Shell::with_aws(Bench::new());
    let sandbox = &shell.bench.sandbox;
    sandbox.fault("cloudformation * throttle 0/3");
    sandbox.fault("cloudformation ListStacks throttle 0/1");
    sandbox.world().keeps_calls = false;
    let list = "aws cloudformation list-stacks --query StackSummaries --output text";
    assert_snapshot!(shell.run(list), @"[exit 0]");
    assert_snapshot!(shell.run(list), @"
    [stderr]

    An error occurred (Throttling) when calling the ListStacks operation (reached max retries: 0): Rate exceeded
    [exit 255]
    ");
    assert_snapshot!(shell.run("aws cloudformation describe-stacks --query Stacks --output text"), @"[exit 0]");
    assert_snapshot!(shell.run("aws cloudformation describe-stacks --query Stacks --output text"), @"
    [stderr]

    An error occurred (Throttling) when calling the DescribeStacks operation (reached max retries: 0): Rate exceeded
    [exit 255]
    ");
    assert_snapshot!(format!("{:?}", sandbox.count("cloudformation *")), @"Count { calls: 4, throttled: 2 }");
    assert_snapshot!(format!("{:?}", sandbox.count("cloudformation ListStacks")), @"Count { calls: 2, throttled: 1 }");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn another_manager_writes_a_service_account_between_two_calls() {
    let shell = Shell::with_kubectl(Bench::new());
    let sandbox = &shell.bench.sandbox;
    let manifest = json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "reader", "namespace": "default", "annotations": {ROLE: "ours"}}});
    shell.bench.file("account.json", &manifest.to_string());
    let apply = "kubectl apply --server-side --field-manager irsactl -f account.json";
    assert_snapshot!(shell.run(apply), @"
    [stdout]
    serviceaccount/reader serverside-applied
    [exit 0]
    ");
    let call = "kubernetes apply serviceaccounts of default/reader";
    sandbox.before(call, 1, |world| {
        let api = world.api("demo");
        api.annotate("default", "reader", &[(ROLE, "theirs")], "helm");
    });
    assert_snapshot!(shell.run(apply), @r#"
    [stderr]
    error: Apply failed with 1 conflict: conflict with "helm" using v1: .metadata.annotations.eks.amazonaws.com/role-arn
    Please review the fields above--they currently have other managers. Here
    are the ways you can resolve this warning:
    * If you intend to manage all of these fields, please re-run the apply
      command with the `--force-conflicts` flag.
    * If you do not intend to manage all of the fields, please edit your
      manifest to remove references to the fields that should keep their
      current managers.
    * You may co-own fields by updating your manifest to match the existing
      value; in this case, you'll become the manager if the other manager(s)
      stop managing the field (remove it from their configuration).
    See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
    [exit 1]
    "#);
    sandbox.before_every(call, |world| {
        let api = world.api("demo");
        api.apply_annotations("default", "reader", &[(ROLE, "argo's")], "argocd");
    });
    assert_snapshot!(shell.run(&format!("{apply} --force-conflicts")), @"
    [stdout]
    serviceaccount/reader serverside-applied
    [exit 0]
    ");
    assert_snapshot!(shell.run(apply), @r#"
    [stderr]
    error: Apply failed with 1 conflict: conflict with "argocd": .metadata.annotations.eks.amazonaws.com/role-arn
    Please review the fields above--they currently have other managers. Here
    are the ways you can resolve this warning:
    * If you intend to manage all of these fields, please re-run the apply
      command with the `--force-conflicts` flag.
    * If you do not intend to manage all of the fields, please edit your
      manifest to remove references to the fields that should keep their
      current managers.
    * You may co-own fields by updating your manifest to match the existing
      value; in this case, you'll become the manager if the other manager(s)
      stop managing the field (remove it from their configuration).
    See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
    [exit 1]
    "#);
}

#[test]
fn a_role_is_edited_by_hand() {
    let bench = Bench::associated();
    let made = bench.run(&format!(
        "create iamserviceaccount reader --cluster demo --attach-policy-arn {S3} --approve"
    ));
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/reader");
    role.attached.clear();
    let action = &mut role.trust["Statement"][0]["Action"];
    assert_eq!(*action, json!(["sts:AssumeRoleWithWebIdentity"]));
    *action = json!("sts:AssumeRole");
    let name = role.name.clone();
    let role = world.accounts[ACCOUNT].role(&name).expect("the role");
    assert_eq!(
        (role.attached.len(), &role.trust["Statement"][0]["Action"]),
        (0, &json!("sts:AssumeRole"))
    );
}
