//! Stacks in which others have put more than the role: it stays in every change, and goes with the stack
//! only where that is asked for.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Bench, REGION, S3};

const STACK: &str = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";
const APPLY: &str = "apply -f ~/cluster.yaml";
const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";

fn allow(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

/// `~/cluster.yaml` with default/s3-reader: what is put under it, a line each.
fn file(bench: &Bench, lines: &[&str]) {
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    let account = format!("  - metadata: {{name: s3-reader, namespace: default}}\n{lines}");
    bench.file("cluster.yaml", &crate::file::file_of(&account));
}

fn template(bench: &Bench) -> Value {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    serde_json::from_str(&stack.template).expect("a JSON template")
}

/// Changes the stack as somebody else would, through CloudFormation.
fn change(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut changed = template(bench);
    change(&mut changed);
    let mut world = bench.sandbox.world();
    world.update_stack(ACCOUNT, REGION, STACK, &changed.to_string(), &[]);
}

/// default/s3-reader of a file, with all that others may put into its stack.
fn extended() -> Bench {
    let bench = Bench::associated();
    file(
        &bench,
        &[
            &format!("attachPolicyARNs: [{S3}]"),
            "wellKnownPolicies: {externalDNS: true}",
        ],
    );
    bench.arrange(&format!("{APPLY} --approve"));
    change(&bench, |template| {
        let resources = &mut template["Resources"];
        let role = json!({"Ref": "Role1"});
        resources["Bucket"] = json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"});
        resources["Queue"] =
            json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}});
        resources["Managed"] = json!({
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": allow("sqs:*"), "Roles": [role]}
        });
        resources["Extra"] = json!({
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": {"Fn::Sub": "${AWS::StackName}-Extra"},
                "Roles": [role],
                "PolicyDocument": allow("sns:*")
            }
        });
        resources["Role1"]["DeletionPolicy"] = "Retain".into();
        resources["Role1"]["Properties"]["Description"] = "of the readers".into();
        template["Outputs"]["Bucket"] = json!({"Value": {"Ref": "Bucket"}});
        template["Parameters"] = json!({"Name": {"Type": "String", "Default": "queue"}});
    });
    bench
}

/// Where two documents differ, by path.
fn differing(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    let (Value::Object(one_map), Value::Object(other_map)) = (one, other) else {
        if one != other {
            found.push(path.to_owned());
        }
        return;
    };
    let keys: std::collections::BTreeSet<_> = one_map.keys().chain(other_map.keys()).collect();
    for key in keys {
        differing(&one[key], &other[key], &format!("{path}/{key}"), found);
    }
}

/// What a line changes in the template, with its plan.
fn changed_by(bench: &Bench, line: &str) -> String {
    let before = template(bench);
    let plan = bench.run(line);
    let done = bench.run(&format!("{line} --approve"));
    assert!(done.ends_with("[exit 0]\n"), "{done}");
    let mut found = Vec::new();
    differing(&before, &template(bench), "", &mut found);
    let again = bench.run(&format!("{line} --detailed-exitcode"));
    assert!(again.contains("nothing to do: all is as asked"), "{again}");
    format!("{plan}changed: {}", found.join(" "))
}

#[test]
fn apply_changes_what_is_asked_and_nothing_beside_it() {
    let bench = extended();
    file(
        &bench,
        &[
            &format!("attachPolicyARNs: [{S3}, {SQS}]"),
            "wellKnownPolicies: {externalDNS: true}",
        ],
    );
    assert_snapshot!(changed_by(&bench, APPLY), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    [stderr]
    note: default/s3-reader: its stack has more, which stays: Bucket (AWS::S3::Bucket), Managed (AWS::IAM::ManagedPolicy), Queue (AWS::S3::Bucket), inline policy Extra, Description of Role1, DeletionPolicy Retain of Role1, output Bucket, Parameters
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    changed: /Resources/Role1/Properties/ManagedPolicyArns
    ");
}

#[test]
fn apply_takes_back_what_irsactl_renders_and_is_no_longer_asked_for() {
    let bench = extended();
    file(&bench, &[&format!("attachPolicy: {}", allow("s3:*"))]);
    assert_snapshot!(changed_by(&bench, APPLY), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + inline policy Policy1: {"Action":"s3:*","Effect":"Allow","Resource":"*"}
        - inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":{"Fn::Sub":"arn:${AWS::Partition}:route53:::hostedzone/*"}}
        - inline policy PolicyExternalDNSHostedZones: {"Action":["route53:ListHostedZones","route53:ListResourceRecordSets","route53:ListTagsForResource"],"Effect":"Allow","Resource":"*"}
    [stderr]
    note: default/s3-reader: its stack has more, which stays: Bucket (AWS::S3::Bucket), Managed (AWS::IAM::ManagedPolicy), Queue (AWS::S3::Bucket), inline policy Extra, Description of Role1, DeletionPolicy Retain of Role1, output Bucket, Parameters
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    changed: /Resources/Policy1 /Resources/PolicyExternalDNSChangeSet /Resources/PolicyExternalDNSHostedZones /Resources/Role1/Properties/ManagedPolicyArns
    "#);
    file(&bench, &[&format!("attachPolicyARNs: [{S3}]")]);
    assert_snapshot!(changed_by(&bench, APPLY), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        - inline policy Policy1: {"Action":"s3:*","Effect":"Allow","Resource":"*"}
    [stderr]
    note: default/s3-reader: its stack has more, which stays: Bucket (AWS::S3::Bucket), Managed (AWS::IAM::ManagedPolicy), Queue (AWS::S3::Bucket), inline policy Extra, Description of Role1, DeletionPolicy Retain of Role1, output Bucket, Parameters
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    changed: /Resources/Policy1 /Resources/Role1/Properties/ManagedPolicyArns
    "#);
}

#[test]
fn update_and_create_tell_the_same() {
    let bench = extended();
    let line = format!("update iamserviceaccount s3-reader --cluster demo --add-policy-arn {SQS}");
    assert_snapshot!(changed_by(&bench, &line), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    [stderr]
    note: its stack has more, which stays: Bucket (AWS::S3::Bucket), Managed (AWS::IAM::ManagedPolicy), Queue (AWS::S3::Bucket), inline policy Extra, Description of Role1, DeletionPolicy Retain of Role1, output Bucket, Parameters
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    changed: /Resources/Role1/Properties/ManagedPolicyArns
    ");
    assert_snapshot!(bench.run(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --attach-policy-arn {SQS} \
         --well-known-policy externalDNS"
    )), @"
    [stderr]
    note: its stack has more, which stays: Bucket (AWS::S3::Bucket), Managed (AWS::IAM::ManagedPolicy), Queue (AWS::S3::Bucket), inline policy Extra, Description of Role1, DeletionPolicy Retain of Role1, output Bucket, Parameters
    nothing to do: all is as asked
    [exit 0]
    ");
}

/// Without a word they would get their defaults again.
#[test]
fn parameters_keep_their_values() {
    let bench = extended();
    let given = vec![("Name".to_owned(), "prod".to_owned())];
    {
        let mut world = bench.sandbox.world();
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        stack.parameters.clone_from(&given);
        let queue = stack.resources.get_mut("Queue").expect("the queue");
        queue.properties["BucketName"] = "prod".into();
    }
    bench.arrange(&format!(
        "update iamserviceaccount s3-reader --cluster demo --add-policy-arn {SQS} --approve"
    ));
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    assert_eq!(stack.parameters, given);
    assert_eq!(stack.resources["Queue"].properties["BucketName"], "prod");
}

/// Two policies of the role that its stack attaches are neither drift nor by hand.
#[test]
fn policies_of_the_stack_itself_are_not_by_hand() {
    let bench = extended();
    change(&bench, |template| {
        let managed = json!([S3, {"Ref": "Other"}]);
        template["Resources"]["Role1"]["Properties"]["ManagedPolicyArns"] = managed;
        template["Resources"]["Other"] = json!({
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": allow("kms:*")}
        });
        template["Resources"]["Extra"]["Properties"]["PolicyName"] = "own-name".into();
        let embedded = json!([{"PolicyName": "embedded", "PolicyDocument": allow("ssm:*")}]);
        template["Resources"]["Role1"]["Properties"]["Policies"] = embedded;
        template["Resources"]["Own"] = json!({
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "PolicyName": "another",
                "RoleName": {"Ref": "Role1"},
                "PolicyDocument": allow("ses:*")
            }
        });
    });
    let told = bench.run(&format!("{APPLY} --repair-drift --detailed-exitcode"));
    assert!(told.contains("nothing to do: all is as asked"), "{told}");
    let told = bench.run(&format!("{DELETE} --dry-run --with-foreign-resources"));
    assert!(
        told.ends_with("[exit 0]\n") && !told.contains("by hand"),
        "{told}"
    );
}

#[test]
fn a_resource_of_others_under_a_policys_name_is_refused() {
    let bench = extended();
    change(&bench, |template| {
        template["Resources"]["Policy1"] = json!({"Type": "AWS::S3::Bucket"});
    });
    file(&bench, &[&format!("attachPolicy: {}", allow("s3:*"))]);
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has a resource Policy1 (AWS::S3::Bucket) that is no policy of its role, under the name of one
    hint: look at it: `aws cloudformation get-template --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader --region eu-west-1`
    [exit 1]
    "#);
    assert_eq!(bench.state(), before);
}

#[test]
fn delete_tells_what_goes_too_and_refuses() {
    let bench = extended();
    let before = bench.state();
    assert_snapshot!(bench.steady(&bench.run(DELETE)), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has more than the role, which would be deleted with it
      Managed (AWS::IAM::ManagedPolicy arn:aws:iam::111122223333:policy/eksctl-demo-addon-iamserviceaccount-default-s3-reader-Managed-UTDS4JIXX63U)
      Queue (AWS::S3::Bucket queue)
    hint: delete all of it: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --with-foreign-resources`
    hint: to keep what is more than a change set, take it out of the stack first, with DeletionPolicy Retain
    [exit 1]
    "#);
    assert_eq!(bench.state(), before);
    let flag = format!("{DELETE} --with-foreign-resources");
    assert_snapshot!(bench.steady(&bench.run(&format!("{flag} --dry-run"))), @"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        goes too: Managed (AWS::IAM::ManagedPolicy arn:aws:iam::111122223333:policy/eksctl-demo-addon-iamserviceaccount-default-s3-reader-Managed-UTDS4JIXX63U)
        goes too: Queue (AWS::S3::Bucket queue)
    - delete service account default/s3-reader
    [stderr]
    note: of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader this stays, for its DeletionPolicy: Bucket (AWS::S3::Bucket eksctl-demo-addon-iamserviceaccount-default-s3-reader-bucket-crxusx76abux)
    note: of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader this stays, for its DeletionPolicy: Role1 (AWS::IAM::Role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK)
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.steady(&bench.run(&flag)), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader this stays, for its DeletionPolicy: Bucket (AWS::S3::Bucket eksctl-demo-addon-iamserviceaccount-default-s3-reader-bucket-crxusx76abux)
    note: of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader this stays, for its DeletionPolicy: Role1 (AWS::IAM::Role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK)
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
    let retained = bench.roles();
    assert!(retained.contains("Role1"), "{retained}");
}

#[test]
fn what_stays_needs_no_flag() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    change(&bench, |template| {
        let bucket = json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"});
        template["Resources"]["Bucket"] = bucket;
    });
    let told = bench.run(DELETE);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

#[test]
fn what_cannot_be_read_is_not_deleted_unasked() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.befall("cloudformation GetTemplate", "deny");
    // One of the two is enough.
    let told = bench.run(&format!("{DELETE} --dry-run"));
    assert!(
        told.contains("- delete stack") && told.ends_with("[exit 0]\n"),
        "{told}"
    );
    bench.befall("cloudformation DescribeStackResources", "deny");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    note: cannot tell whether policies were attached to the role by hand: not allowed to call cloudformation:GetTemplate: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:GetTemplate because no identity-based policy allows the cloudformation:GetTemplate action
    error: default/s3-reader: all that stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has would be deleted with it, and what that is cannot be told: not allowed to call cloudformation:DescribeStackResources: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStackResources because no identity-based policy allows the cloudformation:DescribeStackResources action
    hint: allow that call to this identity
    hint: delete all of it: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --with-foreign-resources`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{DELETE} --with-foreign-resources")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: cannot tell whether policies were attached to the role by hand: not allowed to call cloudformation:GetTemplate: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:GetTemplate because no identity-based policy allows the cloudformation:GetTemplate action
    note: whatever else stack eksctl-demo-addon-iamserviceaccount-default-s3-reader has goes too, and cannot be told: not allowed to call cloudformation:DescribeStackResources: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStackResources because no identity-based policy allows the cloudformation:DescribeStackResources action
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
}

#[test]
fn prune_refuses_it_too() {
    let bench = extended();
    file(&bench, &["roleName: other"]);
    let text = crate::file::file_of("").replace("serviceAccounts:\n", "serviceAccounts: []\n");
    bench.file("cluster.yaml", &text);
    let told = bench.run(&format!("{APPLY} --prune --approve"));
    assert!(
        told.contains("has more than the role") && told.ends_with("[exit 1]\n"),
        "{told}"
    );
    let told = bench.run(&format!(
        "{APPLY} --prune --with-foreign-resources --approve"
    ));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_eq!(bench.stacks(), "");
}

/// A broken stack is made anew, but not with what others have in it.
#[test]
fn a_broken_stack_is_not_replaced_with_what_others_have_in_it() {
    for line in [
        format!(
            "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --approve"
        ),
        format!("{APPLY} --approve"),
    ] {
        let bench = extended();
        {
            let mut world = bench.sandbox.world();
            let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
            stack.status = "CREATE_FAILED".to_owned();
        }
        let before = bench.state();
        let told = bench.run(&line);
        let lines = told.lines().filter(|line| !line.starts_with("default"));
        let told: String = lines.map(|line| format!("{line}\n")).collect();
        assert!(
            told.contains("Queue (AWS::S3::Bucket") && told.ends_with("[exit 1]\n"),
            "{told}"
        );
        assert_eq!(bench.state(), before, "{told}");
    }
}

/// Of a pipeline that makes its stacks by change sets, say.
#[test]
fn a_stack_that_awaits_the_approval_of_others_is_left_alone() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "REVIEW_IN_PROGRESS");
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    stack.await_approval("release-7");
    drop(world);
    file(&bench, &[&format!("attachPolicyARNs: [{S3}]")]);
    let create = format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --approve"
    );
    let refused = "\n  release-7 (a change set that awaits its execution)\n";
    for line in [&*create, "apply -f ~/cluster.yaml --approve", DELETE] {
        let told = bench.run(line);
        assert!(
            told.contains(refused) && told.ends_with("[exit 1]\n"),
            "{line}: {told}"
        );
        assert_eq!(
            bench.stacks(),
            format!("{STACK} REVIEW_IN_PROGRESS\n"),
            "{line}"
        );
    }
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has more than the role, which would be deleted with it
      release-7 (a change set that awaits its execution)
    hint: delete all of it: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --with-foreign-resources`
    hint: to keep what is more than a change set, take it out of the stack first, with DeletionPolicy Retain
    [exit 1]
    "#);
    bench.sandbox.fault("cloudformation ListChangeSets deny");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: all that stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" has would be deleted with it, and what that is cannot be told: not allowed to call cloudformation:ListChangeSets: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:ListChangeSets because no identity-based policy allows the cloudformation:ListChangeSets action
    hint: allow that call to this identity
    hint: delete all of it: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --with-foreign-resources`
    [exit 1]
    "#);
    let told = bench.run(&format!("{DELETE} --with-foreign-resources"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_eq!(bench.stacks(), "");
}

/// Another cluster to which the file is applied would lack it.
#[test]
fn export_tells_what_no_file_can_ask_for() {
    let bench = extended();
    // A policy of another's name would leave the account out.
    change(&bench, |template| {
        let resources = template["Resources"].as_object_mut().expect("resources");
        resources.remove("Extra");
    });
    let told = bench.run("export --cluster demo");
    let (_, told) = told.split_once("[stderr]").expect("notes");
    assert_snapshot!(told, @"
    note: default/s3-reader: its stack has more, which is no part of the file: Bucket (AWS::S3::Bucket), Managed (AWS::IAM::ManagedPolicy), Queue (AWS::S3::Bucket), Description of Role1, DeletionPolicy Retain of Role1, output Bucket, Parameters
    [exit 0]
    ");
}
