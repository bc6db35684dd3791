//! Stacks, as the aws CLI makes, awaits and deletes them.

use insta::assert_snapshot;

use crate::shell::Shell;
use crate::support::Bench;

const TEMPLATE: &str = r#"{
  "Description": "a role",
  "Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]},
    "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}}},
  "Outputs": {"Role1": {"Value": {"Fn::GetAtt": ["Role1", "Arn"]}}}
}"#;
const CREATE: &str = "aws cloudformation create-stack --stack-name first --template-body file://template.json \
    --capabilities CAPABILITY_IAM --tags Key=a,Value=b --query 'starts_with(StackId, `arn:aws:cloudformation:`)'";
const STATUS: &str = "aws cloudformation describe-stacks --stack-name first --output json \
    --query 'Stacks[0].[StackName, StackStatus, Description, Capabilities, Tags, Outputs]'";
const EVENTS: &str = "aws cloudformation describe-stack-events --stack-name first --output text \
    --query 'StackEvents[].[LogicalResourceId, ResourceStatus, ResourceStatusReason]'";

fn shell(template: &str) -> Shell {
    let shell = Shell::with_aws(Bench::new());
    shell.bench.file("template.json", template);
    shell
}

#[test]
fn the_aws_cli_makes_a_stack_awaits_it_and_deletes_it() {
    let shell = shell(TEMPLATE);
    assert_snapshot!(shell.run(&CREATE.replace("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")), @"
    [stderr]

    An error occurred (InsufficientCapabilitiesException) when calling the CreateStack operation: Requires capabilities : [CAPABILITY_IAM]
    [exit 255]
    ");
    assert_snapshot!(shell.run(CREATE), @"
    [stdout]
    true
    [exit 0]
    ");
    assert_snapshot!(shell.run("aws cloudformation wait stack-create-complete --stack-name first"), @"[exit 0]");
    assert_snapshot!(shell.run(STATUS), @r#"
    [stdout]
    [
        "first",
        "CREATE_COMPLETE",
        "a role",
        [
            "CAPABILITY_IAM"
        ],
        [
            {
                "Key": "a",
                "Value": "b"
            }
        ],
        [
            {
                "OutputKey": "Role1",
                "OutputValue": "arn:aws:iam::111122223333:role/first-Role1-7YO6YDLKDEK5"
            }
        ]
    ]
    [exit 0]
    "#);
    assert_snapshot!(shell.run(EVENTS), @"
    [stdout]
    first	CREATE_COMPLETE	None
    Role1	CREATE_COMPLETE	None
    Role1	CREATE_IN_PROGRESS	Resource creation Initiated
    Role1	CREATE_IN_PROGRESS	None
    first	CREATE_IN_PROGRESS	User Initiated
    [exit 0]
    ");
    assert_snapshot!(shell.run(CREATE), @"
    [stderr]

    An error occurred (AlreadyExistsException) when calling the CreateStack operation: Stack [first] already exists
    [exit 255]
    ");
    assert_snapshot!(shell.run("aws cloudformation delete-stack --stack-name first"), @"[exit 0]");
    assert_snapshot!(shell.run("aws cloudformation wait stack-delete-complete --stack-name first"), @"[exit 0]");
    assert_snapshot!(shell.run(STATUS), @"
    [stderr]

    An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id first does not exist
    [exit 255]
    ");
}

#[test]
fn the_aws_cli_sees_a_creation_rolled_back() {
    let shell = shell(&TEMPLATE.replace("S3Read", "S3Raed"));
    shell.output(CREATE);
    assert_snapshot!(shell.run("aws cloudformation wait stack-create-complete --stack-name first"), @r#"
    [stderr]

    Waiter StackCreateComplete failed: Waiter encountered a terminal failure state: For expression "Stacks[].StackStatus" we matched expected path: "ROLLBACK_COMPLETE" at least once
    [exit 255]
    "#);
    assert_snapshot!(shell.run(EVENTS), @r#"
    [stdout]
    first	ROLLBACK_COMPLETE	None
    Role1	DELETE_COMPLETE	None
    Role1	DELETE_IN_PROGRESS	None
    first	ROLLBACK_IN_PROGRESS	The following resource(s) failed to create: [Role1]. Rollback requested by user.
    Role1	CREATE_FAILED	Resource handler returned message: "Policy arn:aws:iam::aws:policy/AmazonS3RaedOnlyAccess does not exist or is not attachable. (Service: Iam, Status Code: 404, Request ID: 6326b6cf-f9dc-00e8-310a-799700984914)" (RequestToken: 89406322-1d97-121d-4fc2-0ea7da1883e8, HandlerErrorCode: NotFound)
    Role1	CREATE_IN_PROGRESS	None
    first	CREATE_IN_PROGRESS	User Initiated
    [exit 0]
    "#);
}

#[test]
fn a_change_set_without_changes_fails_and_says_so() {
    let shell = shell(TEMPLATE);
    shell.output(CREATE);
    let create = "aws cloudformation create-change-set --stack-name first --change-set-name again \
        --template-body file://template.json --capabilities CAPABILITY_IAM --tags Key=a,Value=b \
        --query 'starts_with(Id, `arn:aws:cloudformation:`)'";
    assert_snapshot!(shell.run(create), @"
    [stdout]
    true
    [exit 0]
    ");
    assert_snapshot!(shell.run("aws cloudformation wait change-set-create-complete --stack-name first --change-set-name again"), @r#"
    [stderr]

    Waiter ChangeSetCreateComplete failed: Waiter encountered a terminal failure state: For expression "Status" we matched expected path: "FAILED"
    [exit 255]
    "#);
    assert_snapshot!(shell.run("aws cloudformation describe-change-set --stack-name first --change-set-name again --output json \
        --query '[Status, StatusReason, ExecutionStatus, Changes]'"), @r#"
    [stdout]
    [
        "FAILED",
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "UNAVAILABLE",
        []
    ]
    [exit 0]
    "#);
    assert_snapshot!(shell.run("aws cloudformation describe-change-set --stack-name first --change-set-name other"), @"
    [stderr]

    An error occurred (ChangeSetNotFound) when calling the DescribeChangeSet operation: ChangeSet [other] does not exist
    [exit 255]
    ");
    assert_snapshot!(shell.run("aws cloudformation update-stack --stack-name first --template-body file://template.json \
        --capabilities CAPABILITY_IAM --tags Key=a,Value=b"), @"
    [stderr]

    An error occurred (ValidationError) when calling the UpdateStack operation: No updates are to be performed.
    [exit 255]
    ");
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let shell = shell(TEMPLATE);
    shell.output(&format!("{CREATE} --enable-termination-protection"));
    assert_snapshot!(shell.run("aws cloudformation delete-stack --stack-name first"), @"
    [stderr]

    An error occurred (ValidationError) when calling the DeleteStack operation: Stack [first] cannot be deleted while TerminationProtection is enabled
    [exit 255]
    ");
    shell.output("aws cloudformation update-termination-protection --stack-name first --no-enable-termination-protection");
    assert_snapshot!(shell.run("aws cloudformation delete-stack --stack-name first"), @"[exit 0]");
}
