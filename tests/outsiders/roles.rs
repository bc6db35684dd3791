//! What a repair of a role needs, as the aws CLI does it, and what IAM says to what is wrong.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::shell::Shell;
use crate::support::{ACCOUNT, Bench};

const READ: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const AUDIT: &str = "arn:aws:iam::aws:policy/SecurityAudit";

fn trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}]})
}

/// A shell beside a role "uploader" without policies.
fn shell() -> Shell {
    let shell = Shell::with_aws(Bench::new());
    let trust = trust("ec2.amazonaws.com");
    shell.bench.file("trust.json", &trust.to_string());
    shell.output(
        "aws iam create-role --role-name uploader --assume-role-policy-document file://trust.json",
    );
    shell
}

/// `aws iam OPERATION --role-name uploader …`.
fn iam(shell: &Shell, operation: &str, more: &str) -> String {
    shell.run(&format!("aws iam {operation} --role-name uploader {more}"))
}

#[test]
fn managed_policies_are_attached_and_detached() {
    let shell = shell();
    let attach = |arn: &str| iam(&shell, "attach-role-policy", &format!("--policy-arn {arn}"));
    let detach = |arn: &str| iam(&shell, "detach-role-policy", &format!("--policy-arn {arn}"));
    assert_snapshot!(attach(READ), @"[exit 0]");
    assert_snapshot!(attach(READ), @"[exit 0]");
    assert_snapshot!(attach("arn:aws:iam::aws:policy/Missing"), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the AttachRolePolicy operation: Policy arn:aws:iam::aws:policy/Missing does not exist or is not attachable.
    [exit 255]
    ");
    assert_snapshot!(iam(&shell, "list-attached-role-policies", "--output text"), @"
    [stdout]
    ATTACHEDPOLICIES	arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess	AmazonS3ReadOnlyAccess
    [exit 0]
    ");
    assert_snapshot!(detach(READ), @"[exit 0]");
    assert_snapshot!(detach(READ), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the DetachRolePolicy operation: Policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess was not found.
    [exit 255]
    ");
    shell.bench.account(|account| {
        let role = account.roles.get_mut("uploader").expect("the role");
        role.attached = (0..10)
            .map(|number| format!("arn:aws:iam::{ACCOUNT}:policy/p{number}"))
            .collect();
    });
    assert_snapshot!(attach(AUDIT), @"
    [stderr]

    An error occurred (LimitExceeded) when calling the AttachRolePolicy operation: Cannot exceed quota for PoliciesPerRole: 10
    [exit 255]
    ");
    assert_snapshot!(shell.run(&format!("aws iam attach-role-policy --role-name nobody --policy-arn {READ}")), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the AttachRolePolicy operation: The role with name nobody cannot be found.
    [exit 255]
    ");
}

#[test]
fn inline_policies_are_put_read_and_deleted() {
    let shell = shell();
    let file = |action: &str, length: usize| {
        let resource = format!("arn:aws:s3:::{}", "a".repeat(length));
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": resource}]});
        shell.bench.file("policy.json", &document.to_string());
    };
    let put = "--policy-name inline --policy-document file://policy.json";
    file("s3:GetObject", 6);
    assert_snapshot!(iam(&shell, "put-role-policy", put), @"[exit 0]");
    assert_snapshot!(iam(&shell, "get-role-policy", "--policy-name inline --query PolicyDocument.Statement --output json"), @r#"
    [stdout]
    [
        {
            "Action": "s3:GetObject",
            "Effect": "Allow",
            "Resource": "arn:aws:s3:::aaaaaa"
        }
    ]
    [exit 0]
    "#);
    assert_snapshot!(iam(&shell, "list-role-policies", "--output text"), @"
    [stdout]
    POLICYNAMES	inline
    [exit 0]
    ");
    file("GetObject", 6);
    assert_snapshot!(iam(&shell, "put-role-policy", put), @"
    [stderr]

    An error occurred (MalformedPolicyDocument) when calling the PutRolePolicy operation: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.
    [exit 255]
    ");
    file("s3:GetObject", 10_240);
    assert_snapshot!(iam(&shell, "put-role-policy", put), @"
    [stderr]

    An error occurred (LimitExceeded) when calling the PutRolePolicy operation: Maximum policy size of 10240 bytes exceeded for role uploader
    [exit 255]
    ");
    shell.bench.file("policy.json", "{");
    assert_snapshot!(iam(&shell, "put-role-policy", put), @"
    [stderr]

    An error occurred (MalformedPolicyDocument) when calling the PutRolePolicy operation: This policy contains invalid Json
    [exit 255]
    ");
    assert_snapshot!(iam(&shell, "delete-role-policy", "--policy-name inline"), @"[exit 0]");
    assert_snapshot!(iam(&shell, "delete-role-policy", "--policy-name inline"), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the DeleteRolePolicy operation: The role policy with name inline cannot be found.
    [exit 255]
    ");
    assert_snapshot!(iam(&shell, "get-role-policy", "--policy-name inline"), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the GetRolePolicy operation: The role policy with name inline cannot be found.
    [exit 255]
    ");
}

#[test]
fn a_trust_policy_is_replaced() {
    let shell = shell();
    let update = |document: &Value| {
        shell.bench.file("trust.json", &document.to_string());
        iam(
            &shell,
            "update-assume-role-policy",
            "--policy-document file://trust.json",
        )
    };
    assert_snapshot!(update(&trust("lambda.amazonaws.com")), @"[exit 0]");
    assert_snapshot!(iam(&shell, "get-role", "--query Role.AssumeRolePolicyDocument.Statement[0].Principal --output json"), @r#"
    [stdout]
    {
        "Service": "lambda.amazonaws.com"
    }
    [exit 0]
    "#);
    let mut nobody = trust("lambda.amazonaws.com");
    nobody["Statement"][0]["Principal"] = json!({"Federated": "nobody"});
    assert_snapshot!(update(&nobody), @r#"
    [stderr]

    An error occurred (MalformedPolicyDocument) when calling the UpdateAssumeRolePolicy operation: Invalid principal in policy: "FEDERATED":"nobody"
    [exit 255]
    "#);
    let mut long = trust("lambda.amazonaws.com");
    long["Statement"][0]["Condition"] =
        json!({"StringEquals": {"sts:ExternalId": "a".repeat(2048)}});
    assert_snapshot!(update(&long), @"
    [stderr]

    An error occurred (LimitExceeded) when calling the UpdateAssumeRolePolicy operation: Cannot exceed quota for ACLSizePerRole: 2048
    [exit 255]
    ");
}

#[test]
fn a_boundary_is_set_and_taken_away() {
    let shell = shell();
    let boundary = "--query Role.PermissionsBoundary.PermissionsBoundaryArn --output text";
    let put = format!("--permissions-boundary {AUDIT}");
    assert_snapshot!(iam(&shell, "put-role-permissions-boundary", &put), @"[exit 0]");
    assert_snapshot!(iam(&shell, "get-role", boundary), @"
    [stdout]
    arn:aws:iam::aws:policy/SecurityAudit
    [exit 0]
    ");
    let put = "--permissions-boundary arn:aws:iam::aws:policy/Missing";
    assert_snapshot!(iam(&shell, "put-role-permissions-boundary", put), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the PutRolePermissionsBoundary operation: Scope ARN: arn:aws:iam::aws:policy/Missing does not exist or is not attachable.
    [exit 255]
    ");
    assert_snapshot!(iam(&shell, "delete-role-permissions-boundary", ""), @"[exit 0]");
    assert_snapshot!(iam(&shell, "get-role", boundary), @"
    [stdout]
    None
    [exit 0]
    ");
}

#[test]
fn description_and_session_duration_are_changed() {
    let shell = shell();
    let shown = "--query Role.[Description,MaxSessionDuration] --output text";
    assert_snapshot!(iam(&shell, "update-role", "--max-session-duration 7200 --description first"), @"[exit 0]");
    assert_snapshot!(iam(&shell, "update-role-description", &format!("--description second {shown}")), @"
    [stdout]
    second	7200
    [exit 0]
    ");
    assert_snapshot!(iam(&shell, "update-role", "--max-session-duration 60"), @"
    [stderr]

    Parameter validation failed:
    Invalid value for parameter MaxSessionDuration, value: 60, valid min value: 3600
    [exit 255]
    ");
    assert_snapshot!(iam(&shell, "update-role", "--max-session-duration 43201"), @"
    [stderr]

    An error occurred (ValidationError) when calling the UpdateRole operation: 1 validation error detected: Value '43201' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200
    [exit 255]
    ");
    assert_snapshot!(iam(&shell, "get-role", shown), @"
    [stdout]
    second	7200
    [exit 0]
    ");
}

#[test]
fn tags_are_added_and_removed() {
    let shell = shell();
    assert_snapshot!(iam(&shell, "tag-role", "--tags Key=team,Value=a Key=Stage,Value=b"), @"[exit 0]");
    assert_snapshot!(iam(&shell, "untag-role", "--tag-keys team missing"), @"[exit 0]");
    assert_snapshot!(iam(&shell, "list-role-tags", "--query Tags --output text"), @"
    [stdout]
    Stage	b
    [exit 0]
    ");
    assert_snapshot!(iam(&shell, "tag-role", "--tags Key=aws:team,Value=a"), @"
    [stderr]

    An error occurred (InvalidInput) when calling the TagRole operation: aws: prefixed tag key names are not allowed for external use.
    [exit 255]
    ");
    let many: Vec<String> = (0..50).map(|at| format!("Key=k{at},Value=v")).collect();
    assert_snapshot!(iam(&shell, "tag-role", &format!("--tags {}", many.join(" "))), @"
    [stderr]

    An error occurred (LimitExceeded) when calling the TagRole operation: The number of tags has reached the maximum limit.
    [exit 255]
    ");
}
