//! What CloudFormation fetches into a role: no secret, whichever way a text comes in; everything else is
//! shown before it is approved.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::run_unchanging;
use crate::file::file_of;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const SECRET: &str = "{{resolve:secretsmanager:db}}";

fn document(resource: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource},
    ]})
    .to_string()
}

/// The flags of a command that take a value, each with what its value is called.
fn flags(help: &str) -> Vec<(&str, &str)> {
    let lines = help.lines().filter_map(|line| {
        let (flags, value) = line.trim().split_once(" <")?;
        let flag = flags.split_whitespace().last()?;
        flag.starts_with("--").then_some((flag, value))
    });
    lines.collect()
}

/// A flag that is new is tried too.
#[test]
fn no_flag_takes_a_secret_into_a_template() {
    let bench = Bench::associated();
    bench.file(
        "secret.json",
        &document(&json!(format!("arn:aws:s3:::{SECRET}"))),
    );
    for verb in ["create", "update"] {
        let help = bench.run(&format!("{verb} iamserviceaccount --help"));
        let flags = flags(&help);
        assert!(flags.len() > 20, "{help}");
        for (flag, value) in flags {
            let value = value.split('>').next().unwrap_or_default();
            let values = match value {
                "ARN" => vec![format!("arn:aws:iam::{ACCOUNT}:policy/{SECRET}/name")],
                "PATH" => vec![format!("/{SECRET}/")],
                "URL" => vec![format!("https://issuer.example.com/{SECRET}")],
                "FILE" => vec!["~/secret.json".to_owned()],
                _ => vec![
                    SECRET.to_owned(),
                    format!("k={SECRET}"),
                    format!("{SECRET}=v"),
                ],
            };
            for value in values {
                let told = bench.run(&format!(
                    "{verb} iamserviceaccount reader --cluster demo --attach-policy-arn {S3} --role-only --approve {flag} {value}"
                ));
                let world = bench.sandbox.world();
                let mut calls = world.calls.iter();
                let is_taken = calls.any(|call| call.body.contains("secretsmanager"));
                assert!(!is_taken, "{flag} {value}\n{told}");
            }
        }
    }
}

#[test]
fn no_field_of_a_file_takes_a_secret_into_a_template() {
    let bench = Bench::associated();
    let policy =
        document(&json!({"Fn::Join": ["", ["arn:aws:s3:::{{resolve:", "ssm-secure:db}}"]]}));
    for field in [
        format!("attachPolicy: {policy}"),
        format!("attachPolicies: [{policy}]"),
        format!("attachPolicyARNs: [\"arn:aws:iam::{ACCOUNT}:policy/{SECRET}/name\"]"),
        format!("permissionsBoundary: \"arn:aws:iam::{ACCOUNT}:policy/{SECRET}/name\""),
        format!("roleName: \"{SECRET}\""),
        format!("rolePath: \"/{SECRET}/\""),
        format!("subjectPattern: \"{SECRET}\""),
        format!("audience: \"{SECRET}\""),
        format!("tags: {{team: \"{SECRET}\"}}"),
        format!("tags: {{\"{SECRET}\": team}}"),
    ] {
        bench.file(
            "cluster.yaml",
            &file_of(&format!(
                "  - metadata: {{name: reader}}\n    wellKnownPolicies: {{externalDNS: true}}\n    {field}\n"
            )),
        );
        for line in [
            "apply -f ~/cluster.yaml --approve",
            "create iamserviceaccount -f ~/cluster.yaml --approve",
            "render -f ~/cluster.yaml",
        ] {
            let told = run_unchanging(&bench, line);
            assert!(told.contains("is no valid config file"), "{field}\n{told}");
            assert!(told.ends_with("[exit 2]\n"), "{field}\n{told}");
        }
    }
}

#[test]
fn documents_with_secrets_are_refused_with_place_and_reason() {
    let bench = Bench::associated();
    let mut told = String::new();
    for resource in [
        json!(["*", "arn:aws:s3:::{{resolve:ssm-secure:db}}"]),
        json!({"Fn::Sub": "arn:aws:s3:::{{resolve:${Service}:db}}"}),
        json!({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}),
    ] {
        let line = "create iamserviceaccount reader --cluster demo --policy-document - --approve";
        told += &bench.run_with(line, &document(&resource));
    }
    assert_snapshot!(told, @r#"
    [stderr]
    error: --policy-document "-": Statement[0].Resource[1] has "arn:aws:s3:::{{resolve:ssm-secure:db}}": a secret in a policy can be read by all who may read the policy
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --policy-document "-": Statement[0].Resource has "arn:aws:s3:::{{resolve:${Service}:db}}": a secret in a policy can be read by all who may read the policy
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --policy-document "-": Statement[0].Resource has Fn::Transform, by which CloudFormation takes in what is not seen here
    hint: see `--help`
    [exit 2]
    "#);
    assert_eq!(bench.changes(), "");
}

#[test]
fn an_issuer_is_no_text_for_cloudformation_or_iam_to_replace() {
    let bench = Bench::associated();
    for path in ["{{resolve:ssm:x}}", "${AWS::AccountId}", "*"] {
        let told = run_unchanging(
            &bench,
            &format!(
                "create iamserviceaccount reader --cluster demo --attach-policy-arn {S3} --issuer-url https://example.com/{path} --role-only --approve"
            ),
        );
        assert!(told.contains("an issuer is an `https://` URL"), "{told}");
        assert!(told.ends_with("[exit 2]\n"), "{told}");
    }
}

#[test]
fn what_else_cloudformation_fetches_is_shown() {
    let bench = Bench::associated();
    let resources = json!([
        "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${AWS::StackName}/*"},
    ]);
    bench.file("policy.json", &document(&resources));
    let line = "create iamserviceaccount reader --cluster demo --policy-document ~/policy.json --role-only";
    assert_snapshot!(run_unchanging(&bench, line), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-default-reader
        trusted: default/reader, audience sts.amazonaws.com
        inline policy Policy1: allows s3:GetObject on arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*, arn:${AWS::Partition}:s3:::${AWS::StackName}/*
        fetched by CloudFormation: inline policy Policy1, Statement[0].Resource[0]: SSM parameter /team/bucket
    [stderr]
    plan: 1 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.arrange(&format!("{line} --approve"));
    let more = "update iamserviceaccount reader --cluster demo --max-session-duration 7200";
    let told = run_unchanging(&bench, more);
    assert!(
        told.contains("fetched by CloudFormation: inline policy Policy1, Statement[0].Resource[0]: SSM parameter /team/bucket"),
        "{told}"
    );
}

/// What stands in a stack's own template stays there, and is told.
#[test]
fn a_secret_in_a_stack_s_own_template_is_told() {
    let bench = Bench::associated();
    bench.arrange(&format!(
        "create iamserviceaccount reader --cluster demo --attach-policy-arn {S3} --approve"
    ));
    {
        let mut world = bench.sandbox.world();
        let name = "eksctl-demo-addon-iamserviceaccount-default-reader";
        let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
        let mut body: Value = serde_json::from_str(&stack.template).expect("JSON");
        let policy: Value = serde_json::from_str(&document(&json!(SECRET))).expect("JSON");
        body["Resources"]["Policy1"] = json!({"Type": "AWS::IAM::Policy", "Properties": {
            "PolicyName": "p", "Roles": [{"Ref": "Role1"}], "PolicyDocument": policy,
        }});
        stack.template = body.to_string();
    }
    let told =
        bench.run("update iamserviceaccount reader --cluster demo --max-session-duration 7200");
    assert!(
        told.contains(&format!("Policy1, Statement[0].Resource has \"{SECRET}\"")),
        "{told}"
    );
}

/// In both inputs, with its place and as it is written there.
#[test]
fn numbers_that_would_change_are_refused() {
    let bench = Bench::associated();
    let mut told = String::new();
    for number in ["107000000000000000001", "1.10", "18446744073709551616"] {
        let text = format!(
            "{{\"Version\": \"2012-10-17\", \"Statement\": [{{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\",\n  \
             \"Condition\": {{\"StringEquals\": {{\"aws:SourceAccount\": {number}}}}}}}]}}"
        );
        let line = "create iamserviceaccount reader --cluster demo --policy-document - --approve";
        told += &bench.run_with(line, &text);
        bench.file(
            "cluster.yaml",
            &file_of(&format!(
                "  - metadata: {{name: reader}}\n    attachPolicy: {text}\n"
            )),
        );
        told += &bench.run("apply -f ~/cluster.yaml --approve");
    }
    assert_snapshot!(told, @r#"
    [stderr]
    error: --policy-document "-": has the number 107000000000000000001 at line 2 column 55, which would be written as another text: put it into quotes
    hint: see `--help`
    [exit 2]
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:55: iam.serviceAccounts[0] (default/reader).attachPolicy.Statement[0].Condition.StringEquals["aws:SourceAccount"]: `107000000000000000001` is a number to YAML, and another one in JSON: put it into quotes
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    [stderr]
    error: --policy-document "-": has the number 1.10 at line 2 column 55, which would be written as another text: put it into quotes
    hint: see `--help`
    [exit 2]
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:55: iam.serviceAccounts[0] (default/reader).attachPolicy.Statement[0].Condition.StringEquals["aws:SourceAccount"]: `1.10` is a number to YAML, and another one in JSON: put it into quotes
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    [stderr]
    error: --policy-document "-": has the number 18446744073709551616 at line 2 column 55, which would be written as another text: put it into quotes
    hint: see `--help`
    [exit 2]
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:55: iam.serviceAccounts[0] (default/reader).attachPolicy.Statement[0].Condition.StringEquals["aws:SourceAccount"]: `18446744073709551616` is a number to YAML, and another one in JSON: put it into quotes
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    "#);
    assert_eq!(bench.changes(), "");
}
