//! Rendered Terraform configuration, judged by python-hcl2 on every machine, and by terraform where it
//! is: its form, its values, and, where its AWS provider can be had, its resources.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::python::program;
use crate::render::{POLICY, render, whole};
use crate::support::Bench;

/// Says which resources and outputs python-hcl2 sees, one a line.
const READ: &str = "
import hcl2, sys
with open(sys.argv[1]) as file:
    document = hcl2.load(file)
for kind in ('data', 'resource', 'output'):
    for block in document.get(kind, []):
        for name, inner in block.items():
            labels = [name] + ([next(iter(inner))] if kind != 'output' else [])
            print(kind, *(label.strip('\"') for label in labels))
";

#[test]
fn python_hcl2_reads_the_configuration() {
    let python = program("python");
    let bench = Bench::new();
    let text = render(
        &bench,
        &whole(&["--for", "terraform", "--associate-oidc-provider"]),
    );
    let read = |text: &str| {
        let file = bench.file("main.tf", text);
        Command::new(&python)
            .args(["-c", READ])
            .arg(file)
            .output()
            .expect("python runs")
    };
    let output = read(&text);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @"
    resource aws_iam_openid_connect_provider demo
    resource aws_iam_role default__s3-reader
    resource aws_iam_role_policy default__s3-reader__Policy1
    resource aws_iam_role_policy default__s3-reader__PolicyCertManagerChangeSet
    resource aws_iam_role_policy default__s3-reader__PolicyCertManagerGetChange
    resource aws_iam_role_policy default__s3-reader__PolicyCertManagerHostedZones
    resource aws_iam_role_policy_attachment default__s3-reader
    output role_arns
    ");
    let broken = read(&text.replacen("jsonencode({", "jsonencode(", 1));
    assert!(!broken.status.success());
}

/// Terraform in a folder with a configuration.
fn terraform(folder: &Path, words: &[&str]) -> Output {
    // The provider is large: it is fetched once.
    let plugins = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terraform-plugins");
    std::fs::create_dir_all(&plugins).expect("a folder");
    let mut command = Command::new("terraform");
    let output = command
        .args(words)
        .current_dir(folder)
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("TF_PLUGIN_CACHE_DIR", &plugins)
        .env("CHECKPOINT_DISABLE", "1")
        .output();
    output.expect("terraform")
}

fn succeeded(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text
}

#[test]
#[ignore = "needs terraform"]
fn the_configuration_is_as_terraform_formats_it() {
    let bench = Bench::new();
    for more in [
        ["--for", "terraform"].as_slice(),
        &["--for", "terraform", "--associate-oidc-provider"],
    ] {
        let file = bench.file("tf/main.tf", &render(&bench, &whole(more)));
        let folder = file.parent().expect("a folder");
        let output = terraform(folder, &["fmt", "-check", "-diff"]);
        succeeded(&output);
    }
}

/// Every attribute as an output: terraform works values out without any provider.
fn as_output(text: &str) -> String {
    let begin = text.find("# The cluster's").expect("the first block");
    let end = text.find("output \"role_arns\"").expect("the last block");
    let mut blocks = text[begin..end].to_owned();
    for (reference, value) in [
        (
            "data.aws_iam_openid_connect_provider.demo.arn",
            "\"PROVIDER\"",
        ),
        ("aws_iam_role.default__s3-reader.name", "\"ROLE\""),
        ("each.value", "\"EACH\""),
    ] {
        blocks = blocks.replace(reference, value);
    }
    let lines = blocks.lines().map(|line| {
        let header = line
            .strip_prefix("resource ")
            .or(line.strip_prefix("data "));
        match header {
            Some(header) => format!(
                "{} = {{",
                header.trim_end_matches(" {").replace("\" \"", " ")
            ),
            None => line.to_owned(),
        }
    });
    let lines: Vec<String> = lines.collect();
    format!(
        "output \"all\" {{\n  value = {{\n{}\n  }}\n}}\n",
        lines.join("\n")
    )
}

#[test]
#[ignore = "needs terraform"]
fn terraform_reads_the_values_that_were_asked_for() {
    let bench = Bench::new();
    let text = as_output(&render(&bench, &whole(&["--for", "terraform"])));
    let file = bench.file("tf/main.tf", &text);
    let folder = file.parent().expect("a folder");
    let output = terraform(folder, &["apply", "-auto-approve", "-no-color"]);
    succeeded(&output);
    let values = terraform(folder, &["output", "-json", "all"]);
    let values: Value = serde_json::from_str(&succeeded(&values)).expect("JSON");
    let role = &values["aws_iam_role default__s3-reader"];
    assert_eq!(role["name"], "a+=,.@-_");
    assert_eq!(role["path"], r#"/a"b'${x}%{y}\/"#);
    assert_eq!(role["max_session_duration"], 7200);
    assert_eq!(role["tags"]["team"], "Größe =@/x");
    let document = |text: &Value| -> Value {
        serde_json::from_str(text.as_str().expect("a document")).expect("JSON")
    };
    let trust = document(&role["assume_role_policy"]);
    let issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E";
    let condition = json!({
        "StringEquals": {format!("{issuer}:aud"): "https://vault.example.com/é"},
        "StringLike": {format!("{issuer}:sub"): "system:serviceaccount:default:s3-*"},
    });
    assert_eq!(trust.pointer("/Statement/0/Condition"), Some(&condition));
    assert_eq!(
        trust.pointer("/Statement/0/Principal/Federated"),
        Some(&json!("PROVIDER"))
    );
    let policy = &values["aws_iam_role_policy default__s3-reader__Policy1"]["policy"];
    assert_eq!(
        document(policy),
        serde_json::from_str::<Value>(POLICY).expect("JSON")
    );
    let attached = &values["aws_iam_role_policy_attachment default__s3-reader"]["for_each"];
    assert_eq!(attached.as_array().map(Vec::len), Some(2), "{attached}");
}

#[test]
#[ignore = "needs terraform, and registry.terraform.io"]
fn terraform_validates_the_configuration() {
    let bench = Bench::new();
    for more in [
        ["--for", "terraform"].as_slice(),
        &["--for", "terraform", "--associate-oidc-provider"],
    ] {
        let file = bench.file("tf/main.tf", &render(&bench, &whole(more)));
        let folder = file.parent().expect("a folder");
        let init = ["init", "-backend=false", "-input=false", "-no-color"];
        let init = terraform(folder, &init);
        succeeded(&init);
        succeeded(&terraform(folder, &["validate", "-no-color"]));
    }
}
