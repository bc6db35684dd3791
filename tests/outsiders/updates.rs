//! Updates of stacks, as the aws CLI asks for them, looks at them and mends them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::NO_UPDATES;
use crate::shell::Shell;
use crate::support::{ACCOUNT, Bench, REGION};

const CHANGE_SET: &str = "aws cloudformation create-change-set --stack-name first --change-set-name next \
    --template-body file://next.json --capabilities CAPABILITY_NAMED_IAM --tags Key=team,Value=b \
    --client-token token-1 --query 'starts_with(Id, `arn:aws:cloudformation:`)'";
const WAIT: &str =
    "aws cloudformation wait change-set-create-complete --stack-name first --change-set-name next";
const EXECUTE: &str =
    "aws cloudformation execute-change-set --stack-name first --change-set-name next";
const STATUS: &str = "aws cloudformation describe-stacks --stack-name first --output text \
    --query 'Stacks[0].[StackStatus, StackStatusReason]'";
const UPDATE: &str = "aws cloudformation update-stack --stack-name first --template-body file://next.json \
    --capabilities CAPABILITY_NAMED_IAM --query 'starts_with(StackId, `arn:`)'";
const CONTINUE: &str = "aws cloudformation continue-update-rollback --stack-name first";

/// A role "uploader" with one managed policy of AWS.
fn role(policy: &str) -> Value {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
    json!({
        "Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {
            "RoleName": "uploader",
            "AssumeRolePolicyDocument": trust,
            "ManagedPolicyArns": [format!("arn:aws:iam::aws:policy/{policy}")],
        }}},
        "Outputs": {"Role1": {"Value": {"Fn::GetAtt": ["Role1", "Arn"]}}},
    })
}

/// The same with an inline policy that allows one action.
fn with_inline(mut template: Value, action: &str) -> Value {
    template["Resources"]["Policy1"] = json!({"Type": "AWS::IAM::Policy", "Properties": {
        "PolicyName": "inline",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*"}]},
        "Roles": [{"Ref": "Role1"}],
    }});
    template
}

/// A shell beside the stack "first", with the template of its next update in next.json.
fn shell(first: &Value, next: &Value) -> Shell {
    let shell = Shell::with_aws(Bench::new());
    shell.bench.sandbox.world().add_stack(
        ACCOUNT,
        REGION,
        "first",
        &first.to_string(),
        &[("team", "a"), ("old", "yes")],
        "CREATE_COMPLETE",
    );
    shell.bench.file("next.json", &next.to_string());
    shell
}

/// The events since the update began, oldest first.
fn events(shell: &Shell) -> String {
    let text = shell.output(
        "aws cloudformation describe-stack-events --stack-name first --output text \
         --query 'StackEvents[].[LogicalResourceId, ResourceStatus, ResourceStatusReason]'",
    );
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    let begun = lines
        .iter()
        .position(|line| line.contains("UPDATE_IN_PROGRESS"));
    lines.split_off(begun.expect("an update")).join("\n")
}

/// The role as IAM has it.
fn uploader(shell: &Shell) -> String {
    shell.bench.account(|account| {
        let role = account.role("uploader").expect("the role");
        let tags = role.tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
        let tags: Vec<String> = tags.map(|(key, value)| format!("{key}={value}")).collect();
        let inline: Vec<String> = role.inline.values().map(Value::to_string).collect();
        let (attached, tags, inline) =
            (role.attached.join("\n"), tags.join(" "), inline.join("\n"));
        format!("{attached}\n{tags}\n{inline}")
    })
}

#[test]
fn a_change_set_shows_each_property_and_changes_only_those() {
    let next = with_inline(role("AmazonS3FullAccess"), "s3:PutObject");
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &next);
    shell.output("aws iam attach-role-policy --role-name uploader --policy-arn arn:aws:iam::aws:policy/SecurityAudit");
    assert_snapshot!(shell.output(CHANGE_SET), @"true");
    assert_snapshot!(shell.run(WAIT), @"[exit 0]");
    assert_snapshot!(shell.output("aws cloudformation describe-change-set --stack-name first --change-set-name next \
        --include-property-values --output json --query '[Status, ExecutionStatus, Changes[].ResourceChange.\
        [Action, LogicalResourceId, Replacement, Scope, Details[].[Target, Evaluation, ChangeSource]]]'"), @r#"
    [
        "CREATE_COMPLETE",
        "AVAILABLE",
        [
            [
                "Modify",
                "Role1",
                "False",
                [
                    "Properties",
                    "Tags"
                ],
                [
                    [
                        {
                            "Attribute": "Properties",
                            "Name": "ManagedPolicyArns",
                            "RequiresRecreation": "Never",
                            "Path": "/Properties/ManagedPolicyArns",
                            "BeforeValue": "[\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"]",
                            "AfterValue": "[\"arn:aws:iam::aws:policy/AmazonS3FullAccess\"]",
                            "AttributeChangeType": "Modify"
                        },
                        "Static",
                        "DirectModification"
                    ],
                    [
                        {
                            "Attribute": "Tags",
                            "RequiresRecreation": "Never",
                            "Path": "/Properties/Tags",
                            "BeforeValue": "[{\"Key\":\"old\",\"Value\":\"yes\"},{\"Key\":\"team\",\"Value\":\"a\"}]",
                            "AfterValue": "[{\"Key\":\"team\",\"Value\":\"b\"}]",
                            "AttributeChangeType": "Modify"
                        },
                        "Static",
                        "DirectModification"
                    ]
                ]
            ],
            [
                "Add",
                "Policy1",
                null,
                [],
                []
            ]
        ]
    ]
    "#);
    let template = shell.output(
        "aws cloudformation get-template --stack-name first --change-set-name next \
        --query TemplateBody --output json",
    );
    assert_eq!(template.parse::<Value>().expect("JSON"), next);
    assert_snapshot!(shell.run(EXECUTE), @"[exit 0]");
    assert_snapshot!(shell.run("aws cloudformation wait stack-update-complete --stack-name first"), @"[exit 0]");
    assert_snapshot!(events(&shell), @"
    first	UPDATE_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_COMPLETE	None
    Policy1	CREATE_IN_PROGRESS	None
    Policy1	CREATE_IN_PROGRESS	Resource creation Initiated
    Policy1	CREATE_COMPLETE	None
    first	UPDATE_COMPLETE_CLEANUP_IN_PROGRESS	None
    first	UPDATE_COMPLETE	None
    ");
    assert_snapshot!(uploader(&shell), @r#"
    arn:aws:iam::aws:policy/SecurityAudit
    arn:aws:iam::aws:policy/AmazonS3FullAccess
    team=b
    {"Statement":[{"Action":"s3:PutObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}
    "#);
    assert_snapshot!(shell.output("aws cloudformation list-change-sets --stack-name first --output text \
        --query 'Summaries[].[ChangeSetName, Status, ExecutionStatus]'"), @"next	CREATE_COMPLETE	EXECUTE_COMPLETE");
}

#[test]
fn a_change_set_is_made_once_and_executed_once() {
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &role("AmazonS3FullAccess"));
    shell.output(CHANGE_SET);
    assert_snapshot!(shell.output(CHANGE_SET), @"true");
    assert_snapshot!(shell.run(&CHANGE_SET.replace("token-1", "token-2")), @"
    [stderr]

    An error occurred (AlreadyExistsException) when calling the CreateChangeSet operation: ChangeSet next cannot be created due to a mismatch with existing attribute ClientToken
    [exit 255]
    ");
    shell.bench.file(
        "next.json",
        &role("AmazonDynamoDBReadOnlyAccess").to_string(),
    );
    assert_snapshot!(shell.run(CHANGE_SET), @"
    [stderr]

    An error occurred (AlreadyExistsException) when calling the CreateChangeSet operation: ChangeSet next cannot be created due to a mismatch with existing attribute Template
    [exit 255]
    ");
    shell.output(&CHANGE_SET.replace("-name next", "-name other"));
    shell.output(&format!("{EXECUTE} --client-request-token a"));
    assert_snapshot!(shell.run(&format!("{EXECUTE} --client-request-token a")), @"[exit 0]");
    assert_snapshot!(shell.run(&EXECUTE.replace("-name next", "-name other")), @"
    [stderr]

    An error occurred (ChangeSetNotFound) when calling the ExecuteChangeSet operation: ChangeSet [other] does not exist
    [exit 255]
    ");
    assert_snapshot!(shell.run(EXECUTE), @"
    [stderr]

    An error occurred (InvalidChangeSetStatus) when calling the ExecuteChangeSet operation: ChangeSet [arn:aws:cloudformation:eu-west-1:111122223333:changeSet/next/f1f91feb-f305-7e48-780d-99dd00a283b1] cannot be executed in its current execution status of [EXECUTE_COMPLETE]
    [exit 255]
    ");
    assert_snapshot!(shell.run(&CHANGE_SET.replace("-name next", "-name 1st")), @"
    [stderr]

    An error occurred (ValidationError) when calling the CreateChangeSet operation: 1 validation error detected: Value '1st' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*
    [exit 255]
    ");
}

#[test]
fn another_update_makes_a_change_set_obsolete() {
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &role("AmazonS3FullAccess"));
    shell.output(CHANGE_SET);
    shell.output(UPDATE);
    assert_snapshot!(shell.run(EXECUTE), @"
    [stderr]

    An error occurred (InvalidChangeSetStatus) when calling the ExecuteChangeSet operation: ChangeSet [arn:aws:cloudformation:eu-west-1:111122223333:changeSet/next/f1f91feb-f305-7e48-780d-99dd00a283b1] cannot be executed in its current execution status of [OBSOLETE]
    [exit 255]
    ");
    assert_snapshot!(shell.run(UPDATE), @"
    [stderr]

    An error occurred (ValidationError) when calling the UpdateStack operation: No updates are to be performed.
    [exit 255]
    ");
}

#[test]
fn a_changed_stack_tag_is_a_change() {
    let first = role("AmazonS3ReadOnlyAccess");
    let shell = shell(&first, &first);
    shell.output(CHANGE_SET);
    shell.output(WAIT);
    shell.output(EXECUTE);
    shell.output("aws cloudformation wait stack-update-complete --stack-name first");
    assert_snapshot!(uploader(&shell), @"
    arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    team=b
    ");
    shell.bench.sandbox.world().no_changes = NO_UPDATES;
    shell.output(&CHANGE_SET.replace("-name next", "-name again"));
    assert_snapshot!(shell.output("aws cloudformation describe-change-set --stack-name first --change-set-name again \
        --output text --query '[Status, StatusReason, ExecutionStatus]'"), @"FAILED	No updates are to be performed.	UNAVAILABLE");
}

#[test]
fn a_failed_update_is_rolled_back() {
    let first = with_inline(role("AmazonS3ReadOnlyAccess"), "s3:GetObject");
    let next = with_inline(role("AmazonS3FullAccess"), "no action");
    let shell = shell(&first, &next);
    shell.output(CHANGE_SET);
    shell.output(EXECUTE);
    assert_snapshot!(shell.run("aws cloudformation wait stack-update-complete --stack-name first"), @r#"
    [stderr]

    Waiter StackUpdateComplete failed: Waiter encountered a terminal failure state: For expression "Stacks[].StackStatus" we matched expected path: "UPDATE_ROLLBACK_COMPLETE" at least once
    [exit 255]
    "#);
    assert_snapshot!(events(&shell), @r#"
    first	UPDATE_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_COMPLETE	None
    Policy1	UPDATE_IN_PROGRESS	None
    Policy1	UPDATE_FAILED	Resource handler returned message: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (Service: Iam, Status Code: 400, Request ID: dfa34f9c-c5df-7d25-bd62-123e4e42de18)" (RequestToken: b2bd8afa-6cbb-4987-e98e-842c157ec6c3, HandlerErrorCode: InvalidRequest)
    first	UPDATE_ROLLBACK_IN_PROGRESS	The following resource(s) failed to update: [Policy1]. 
    Policy1	UPDATE_IN_PROGRESS	None
    Policy1	UPDATE_COMPLETE	None
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_COMPLETE	None
    first	UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS	None
    first	UPDATE_ROLLBACK_COMPLETE	None
    "#);
    assert_snapshot!(uploader(&shell), @r#"
    arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    old=yes team=a
    {"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}
    "#);
    let template = shell.output(
        "aws cloudformation get-template --stack-name first --template-stage Original --query TemplateBody --output json",
    );
    assert_eq!(template.parse::<Value>().expect("JSON"), first);
    assert_snapshot!(shell.output("aws cloudformation describe-change-set --stack-name first --change-set-name next \
        --output text --query '[Status, ExecutionStatus]'"), @"CREATE_COMPLETE	EXECUTE_FAILED");
}

#[test]
fn a_rollback_that_fails_is_gone_on_with() {
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &role("NoSuchPolicy"));
    assert_snapshot!(shell.run(CONTINUE), @"
    [stderr]

    An error occurred (ValidationError) when calling the ContinueUpdateRollback operation: Stack:arn:aws:cloudformation:eu-west-1:111122223333:stack/first/e64bcaec-767b-6417-d7e8-5f8b9ee31d79 is in CREATE_COMPLETE state and can not be rolled back.
    [exit 255]
    ");
    let kept = shell.bench.account(|account| {
        let role = account.roles.remove("uploader");
        role.expect("the role")
    });
    shell.output(UPDATE);
    assert_snapshot!(shell.output(STATUS), @"UPDATE_ROLLBACK_FAILED	The following resource(s) failed to update: [Role1].");
    assert_snapshot!(shell.run(UPDATE), @"
    [stderr]

    An error occurred (ValidationError) when calling the UpdateStack operation: Stack:arn:aws:cloudformation:eu-west-1:111122223333:stack/first/e64bcaec-767b-6417-d7e8-5f8b9ee31d79 is in UPDATE_ROLLBACK_FAILED state and can not be updated.
    [exit 255]
    ");
    assert_snapshot!(shell.run(CHANGE_SET), @"
    [stderr]

    An error occurred (ValidationError) when calling the CreateChangeSet operation: Stack:arn:aws:cloudformation:eu-west-1:111122223333:stack/first/e64bcaec-767b-6417-d7e8-5f8b9ee31d79 is in UPDATE_ROLLBACK_FAILED state and can not be updated.
    [exit 255]
    ");
    assert_snapshot!(shell.run(&format!("{CONTINUE} --resources-to-skip Role2")), @"
    [stderr]

    An error occurred (ValidationError) when calling the ContinueUpdateRollback operation: ResourcesToSkip can only contain resources in UPDATE_FAILED state: [Role2]
    [exit 255]
    ");
    shell.output(CONTINUE);
    assert_snapshot!(shell.output(STATUS), @"UPDATE_ROLLBACK_FAILED	The following resource(s) failed to update: [Role1].");
    shell
        .bench
        .account(|account| account.roles.insert("uploader".to_owned(), kept));
    shell.output(CONTINUE);
    assert_snapshot!(shell.output(STATUS), @"UPDATE_ROLLBACK_COMPLETE	None");
    assert_snapshot!(events(&shell), @r#"
    first	UPDATE_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_FAILED	Resource handler returned message: "The role with name uploader cannot be found. (Service: Iam, Status Code: 404, Request ID: c65002f9-dadf-244a-56e3-f8ab2c0026be)" (RequestToken: b4d1ad04-d755-84d6-9277-2350a96890c3, HandlerErrorCode: NotFound)
    first	UPDATE_ROLLBACK_IN_PROGRESS	The following resource(s) failed to update: [Role1]. 
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_FAILED	Resource handler returned message: "The role with name uploader cannot be found. (Service: Iam, Status Code: 404, Request ID: 1a3aa8eb-0bbe-9900-a2e8-ee372c80f26d)" (RequestToken: 16d4570e-8501-d747-dae4-cf66f25b701c, HandlerErrorCode: NotFound)
    first	UPDATE_ROLLBACK_FAILED	The following resource(s) failed to update: [Role1]. 
    first	UPDATE_ROLLBACK_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_FAILED	Resource handler returned message: "The role with name uploader cannot be found. (Service: Iam, Status Code: 404, Request ID: 2e94b45e-e445-dcf4-f186-7da68d4191d4)" (RequestToken: 70843148-94b1-b97f-00e9-635eea01f8bc, HandlerErrorCode: NotFound)
    first	UPDATE_ROLLBACK_FAILED	The following resource(s) failed to update: [Role1]. 
    first	UPDATE_ROLLBACK_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_COMPLETE	None
    first	UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS	None
    first	UPDATE_ROLLBACK_COMPLETE	None
    "#);
}

#[test]
fn what_cannot_be_rolled_back_can_be_skipped() {
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &role("NoSuchPolicy"));
    {
        let mut world = shell.bench.sandbox.world();
        let stack = world.stack(ACCOUNT, REGION, "first").expect("the stack");
        stack.rollback_failure = Some("the test says no".to_owned());
    }
    shell.output(UPDATE);
    assert_snapshot!(shell.output(STATUS), @"UPDATE_ROLLBACK_FAILED	The following resource(s) failed to update: [Role1].");
    shell.output(&format!("{CONTINUE} --resources-to-skip Role1"));
    assert_snapshot!(shell.output(STATUS), @"UPDATE_ROLLBACK_COMPLETE	None");
    assert_snapshot!(shell.output("aws cloudformation describe-stack-resource --stack-name first --logical-resource-id Role1 \
        --query StackResourceDetail.ResourceStatus --output text"), @"UPDATE_COMPLETE");
}

#[test]
fn an_update_whose_failure_is_kept_is_rolled_back_on_request() {
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &role("NoSuchPolicy"));
    shell.output(&format!("{UPDATE} --disable-rollback"));
    assert_snapshot!(shell.output(STATUS), @"UPDATE_FAILED	The following resource(s) failed to update: [Role1].");
    shell.output("aws cloudformation rollback-stack --stack-name first");
    assert_snapshot!(shell.output(STATUS), @"UPDATE_ROLLBACK_COMPLETE	None");
}

#[test]
fn what_a_template_has_no_more_is_deleted() {
    let first = with_inline(role("AmazonS3ReadOnlyAccess"), "s3:GetObject");
    let shell = shell(&first, &role("AmazonS3ReadOnlyAccess"));
    shell.output(UPDATE);
    assert_snapshot!(events(&shell), @"
    first	UPDATE_IN_PROGRESS	User Initiated
    first	UPDATE_COMPLETE_CLEANUP_IN_PROGRESS	None
    Policy1	DELETE_IN_PROGRESS	None
    Policy1	DELETE_COMPLETE	None
    first	UPDATE_COMPLETE	None
    ");
    assert_snapshot!(uploader(&shell), @"
    arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    old=yes team=a
    ");
}

#[test]
fn another_role_name_makes_another_role() {
    let first = with_inline(role("AmazonS3ReadOnlyAccess"), "s3:GetObject");
    let mut next = first.clone();
    next["Resources"]["Role1"]["Properties"]["RoleName"] = "downloader".into();
    let shell = shell(&first, &next);
    assert_snapshot!(shell.run(&UPDATE.replace("NAMED_IAM", "IAM")), @"
    [stderr]

    An error occurred (InsufficientCapabilitiesException) when calling the UpdateStack operation: Requires capabilities : [CAPABILITY_NAMED_IAM]
    [exit 255]
    ");
    shell.output(CHANGE_SET);
    assert_snapshot!(shell.output("aws cloudformation describe-change-set --stack-name first --change-set-name next \
        --output json --query 'Changes[].ResourceChange.[LogicalResourceId, Replacement, Details[].[Target.Name, \
        Target.RequiresRecreation, Evaluation, CausingEntity]]'"), @r#"
    [
        [
            "Role1",
            "True",
            [
                [
                    "RoleName",
                    "Always",
                    "Static",
                    null
                ],
                [
                    null,
                    "Never",
                    "Static",
                    null
                ]
            ]
        ],
        [
            "Policy1",
            "False",
            [
                [
                    "Roles",
                    "Never",
                    "Dynamic",
                    "Role1"
                ]
            ]
        ]
    ]
    "#);
    shell.output(EXECUTE);
    assert_snapshot!(events(&shell), @"
    first	UPDATE_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	Requested update requires the creation of a new physical resource; hence creating one.
    Role1	UPDATE_COMPLETE	None
    Policy1	UPDATE_IN_PROGRESS	None
    Policy1	UPDATE_COMPLETE	None
    first	UPDATE_COMPLETE_CLEANUP_IN_PROGRESS	None
    Role1	DELETE_IN_PROGRESS	None
    Role1	DELETE_COMPLETE	None
    first	UPDATE_COMPLETE	None
    ");
    assert_snapshot!(shell.bench.roles(), @"downloader");
}

#[test]
fn a_named_role_cannot_move_to_another_path() {
    let mut next = role("AmazonS3ReadOnlyAccess");
    next["Resources"]["Role1"]["Properties"]["Path"] = "/teams/".into();
    let shell = shell(&role("AmazonS3ReadOnlyAccess"), &next);
    shell.output(UPDATE);
    assert_snapshot!(events(&shell), @"
    first	UPDATE_IN_PROGRESS	User Initiated
    Role1	UPDATE_IN_PROGRESS	Requested update requires the creation of a new physical resource; hence creating one.
    Role1	UPDATE_FAILED	CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename uploader and update the stack again.
    first	UPDATE_ROLLBACK_IN_PROGRESS	The following resource(s) failed to update: [Role1]. 
    Role1	UPDATE_IN_PROGRESS	None
    Role1	UPDATE_COMPLETE	None
    first	UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS	None
    first	UPDATE_ROLLBACK_COMPLETE	None
    ");
    assert_snapshot!(shell.bench.roles(), @"uploader");
}

#[test]
fn an_update_takes_its_time() {
    let bench = Bench::with(crate::sandbox::Options {
        pace: crate::sandbox::Pace::Polls(2),
        ..crate::sandbox::Options::default()
    });
    let shell = Shell::with_aws(bench);
    let first = role("AmazonS3ReadOnlyAccess").to_string();
    shell
        .bench
        .sandbox
        .world()
        .add_stack(ACCOUNT, REGION, "first", &first, &[], "CREATE_COMPLETE");
    shell
        .bench
        .file("next.json", &role("AmazonS3FullAccess").to_string());
    shell.output(CHANGE_SET);
    assert_snapshot!(shell.run(EXECUTE), @"
    [stderr]

    An error occurred (InvalidChangeSetStatus) when calling the ExecuteChangeSet operation: ChangeSet [arn:aws:cloudformation:eu-west-1:111122223333:changeSet/next/f1f91feb-f305-7e48-780d-99dd00a283b1] cannot be executed in its current status of [CREATE_PENDING]
    [exit 255]
    ");
    let describe = "aws cloudformation describe-change-set --stack-name first --change-set-name next \
        --output text --query Status";
    let seen: Vec<String> = (0..3).map(|_| shell.output(describe)).collect();
    assert_snapshot!(seen.join(" "), @"CREATE_PENDING CREATE_IN_PROGRESS CREATE_COMPLETE");
    shell.output(EXECUTE);
    assert_snapshot!(shell.run(UPDATE), @"
    [stderr]

    An error occurred (ValidationError) when calling the UpdateStack operation: Stack:arn:aws:cloudformation:eu-west-1:111122223333:stack/first/e64bcaec-767b-6417-d7e8-5f8b9ee31d79 is in UPDATE_IN_PROGRESS state and can not be updated.
    [exit 255]
    ");
    assert_snapshot!(shell.run("aws cloudformation delete-change-set --stack-name first --change-set-name next"), @"
    [stderr]

    An error occurred (InvalidChangeSetStatus) when calling the DeleteChangeSet operation: ChangeSet [arn:aws:cloudformation:eu-west-1:111122223333:changeSet/next/f1f91feb-f305-7e48-780d-99dd00a283b1] cannot be deleted in its current execution status of [EXECUTE_IN_PROGRESS]
    [exit 255]
    ");
    let seen: Vec<String> = (0..4).map(|_| shell.output(STATUS)).collect();
    assert_snapshot!(seen.join("\n"), @"
    UPDATE_IN_PROGRESS	User Initiated
    UPDATE_IN_PROGRESS	User Initiated
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS	None
    UPDATE_COMPLETE	None
    ");
}
