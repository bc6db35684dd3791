//! What `render` prints, judged by those whom it is for: cfn-lint, a shell, shellcheck, the aws CLI and
//! kubectl. A rendered script makes what `create` makes.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::python::program;
use crate::shell::Shell;
use crate::support::{Bench, S3};

const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E";
/// Texts that mean something to shells, HCL, YAML and CloudFormation, as far as IAM takes them.
pub const POLICY: &str = r##"{"Version": "2012-10-17", "Statement": [{"Sid": "Own", "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::app/${aws:PrincipalTag/team}/*",
    "Condition": {"StringLike": {"aws:PrincipalTag/x": ["it's \"%{if}\" $(id) `id` \\ é", "$${a}", "no", "#"]},
    "Bool": {"aws:SecureTransport": "true"}}}]}"##;
/// Every form of a role in one.
const WHOLE: [&str; 20] = [
    "--policy-document",
    "policy.json",
    "--attach-policy-arn",
    S3,
    "--well-known-policy",
    "certManager,ebsCSIController",
    "--role-name",
    "a+=,.@-_",
    "--role-path",
    r#"/a"b'${x}%{y}\/"#,
    "--max-session-duration",
    "7200",
    "--permissions-boundary",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "--subject-pattern",
    "s3-*",
    "--audience",
    "https://vault.example.com/é",
    "--tags",
    "team=Größe =@/x",
];

/// Renders default/s3-reader with what every form of it needs.
pub fn render(bench: &Bench, words: &[&str]) -> String {
    bench.file("policy.json", POLICY);
    let place = ["--cluster", "demo", "--issuer-url", ISSUER, "--quiet"];
    let mut command = bench.command();
    command
        .args(["render", "s3-reader"])
        .args(place)
        .args(words);
    if !words.contains(&"--account-id") {
        command.args(["--account-id", "111122223333"]);
    }
    let output = command.output().expect("irsactl runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The words of `WHOLE` with others behind them.
pub fn whole<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [WHOLE.as_slice(), more].concat()
}

/// Each well-known policy, and each kind of role.
fn kinds() -> Vec<Vec<String>> {
    let policies = std::fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/well-known-policies"
    ));
    let policies = policies.expect("policies").map(|file| {
        let path = file.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        vec![
            "--well-known-policy".to_owned(),
            name.expect("a name").to_owned(),
        ]
    });
    let inline = ["--policy-document", "policy.json"];
    let kinds = [whole(&[]), inline.to_vec(), vec!["--attach-policy-arn", S3]];
    let kinds = kinds.map(|words| words.into_iter().map(str::to_owned).collect());
    policies.chain(kinds).collect()
}

/// Renders each kind into a file.
fn files(bench: &Bench, ending: &str, more: &[&str]) -> Vec<PathBuf> {
    let kinds = kinds().into_iter().enumerate();
    let files = kinds.map(|(index, words)| {
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        bench.file(&format!("{index}.{ending}"), &render(bench, &words))
    });
    let files: Vec<PathBuf> = files.collect();
    assert!(files.len() > 20, "{files:?}");
    files
}

#[test]
fn cfn_lint_finds_nothing_in_templates() {
    let lint = program("cfn-lint");
    let bench = Bench::new();
    let files = files(&bench, "json", &[]);
    let output = Command::new(&lint)
        .args(&files)
        .output()
        .expect("cfn-lint runs");
    let findings = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{findings}");
    // It does look.
    let broken = render(&bench, &whole(&[])).replace("\"RoleName\"", "\"RolName\"");
    let broken = bench.file("broken.json", &broken);
    let output = Command::new(&lint)
        .arg(&broken)
        .output()
        .expect("cfn-lint runs");
    let findings = String::from_utf8_lossy(&output.stdout);
    assert!(
        findings.contains("E3002") && !output.status.success(),
        "{findings}"
    );
}

#[test]
fn shellcheck_finds_nothing_in_scripts() {
    let shellcheck = program("shellcheck");
    let bench = Bench::new();
    let files = files(
        &bench,
        "sh",
        &["--for", "aws-cli", "--associate-oidc-provider"],
    );
    let output = Command::new(&shellcheck)
        .args(&files)
        .output()
        .expect("shellcheck runs");
    let findings = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{findings}");
}

#[test]
fn the_printed_command_makes_the_stack_that_create_makes() {
    let shell = Shell::with_aws(Bench::associated());
    shell.bench.file("policy.json", POLICY);
    let words = whole(&[]);
    let place = ["--cluster", "demo"];
    let render = [
        "render",
        "s3-reader",
        "--issuer-url",
        ISSUER,
        "--account-id",
        "111122223333",
    ];
    let output = shell
        .bench
        .command()
        .args(render)
        .args(place)
        .args(&words)
        .args(["--output-dir", "it's stacks"])
        .output();
    let output = output.expect("irsactl runs");
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    let (_, command) = text.split_once(":\n").expect(&text);
    let made = shell.run(command);
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    shell.output("aws cloudformation wait stack-create-complete --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader");
    let create =
        "create iamserviceaccount s3-reader --role-only --associate-oidc-provider --approve";
    let create: Vec<&str> = create.split(' ').collect();
    let found = shell
        .bench
        .run_words([create.as_slice(), &place, &words].concat(), "");
    assert!(
        found.ends_with("[exit 0]\n") && !found.contains("created"),
        "{found}"
    );
}

/// With the aws CLI and kubectl; without `--validate=false` old ones of kubectl want a schema that the
/// sandbox has not.
fn shell(bench: Bench) -> Shell {
    let shell = Shell::with_aws(Shell::with_kubectl(bench).bench);
    let kubectl = shell.output("command -v kubectl");
    let path = shell.output("echo \"$PATH\"");
    let mut shell = shell;
    shell.bench.file(
        "bin/kubectl",
        &format!(
            "#!/bin/sh\ncase $1 in create | apply) set -- \"$@\" --validate=false ;; esac\nexec {kubectl} \"$@\"\n"
        ),
    );
    shell.output("chmod +x bin/kubectl");
    let home = shell.bench.file("x", "").with_file_name("bin");
    shell
        .bench
        .set("PATH", &format!("{}:{path}", home.display()));
    shell
}

/// The one role, without what is another's in each world: names, tags of CloudFormation, the version.
fn role(bench: &Bench) -> Value {
    bench.account(|account| {
        assert_eq!(account.roles.len(), 1, "{:?}", account.roles.keys());
        let role = account.roles.values().next().expect("a role");
        let mut attached = role.attached.clone();
        attached.sort();
        let stack = "eksctl-demo-addon-iamserviceaccount-default-s3-reader-";
        let inline = role.inline.iter();
        let inline = inline.map(|(name, document)| (name.replace(stack, ""), document.clone()));
        let mut tags = role.tags.clone();
        tags.retain(|key, _| !key.starts_with("aws:") && key != "alpha.eksctl.io/eksctl-version");
        json!({
            "arn": role.arn, "trust": role.trust, "attached": attached, "boundary": role.boundary,
            "seconds": role.max_session_duration, "tags": tags,
            "inline": inline.collect::<serde_json::Map<_, _>>(),
        })
    })
}

#[test]
fn a_script_makes_what_create_makes_and_can_run_again() {
    let shell = shell(Bench::new());
    let object = [
        "--labels",
        "team=a",
        "--annotations",
        "example.com/odd=it's $(id) \"${x}\"\n`id`\\ é",
    ];
    let words = whole(&object);
    let script = render(
        &shell.bench,
        &[
            words.as_slice(),
            &["--for", "aws-cli", "--associate-oidc-provider"],
        ]
        .concat(),
    );
    shell.bench.file("make.sh", &script);
    let first = shell.run("sh make.sh");
    assert!(first.ends_with("[exit 0]\n"), "{first}");
    let (made, object_made) = (
        role(&shell.bench),
        shell.bench.service_account("default", "s3-reader"),
    );
    let second = shell.run("sh make.sh");
    assert!(
        second.ends_with("[exit 0]\n") && !second.contains("created"),
        "{second}"
    );
    assert_eq!(role(&shell.bench), made);
    assert_eq!(
        shell.bench.service_account("default", "s3-reader"),
        object_made
    );

    let bench = Bench::new();
    bench.file("policy.json", POLICY);
    let create = [
        "create",
        "iamserviceaccount",
        "s3-reader",
        "--cluster",
        "demo",
        "--approve",
    ];
    let created = bench.run_words(
        [create.as_slice(), &["--associate-oidc-provider"], &words].concat(),
        "",
    );
    assert!(created.ends_with("[exit 0]\n"), "{created}");
    let resolved = serde_json::to_string(&role(&bench)).expect("JSON");
    assert_eq!(
        made,
        serde_json::from_str::<Value>(&resolved).expect("JSON")
    );
    assert_eq!(object_made, bench.service_account("default", "s3-reader"));
    // And irsactl takes it up where the script left it.
    let audiences = |bench: &Bench| {
        bench.account(|account| {
            account
                .providers
                .values()
                .map(|provider| provider.client_ids.clone())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(audiences(&shell.bench), audiences(&bench));
}

#[test]
fn the_role_of_a_script_takes_the_tokens_of_its_service_account() {
    let shell = shell(Bench::associated());
    let script = render(
        &shell.bench,
        &["--attach-policy-arn", S3, "--for", "aws-cli"],
    );
    shell.bench.file("make.sh", &script);
    let made = shell.run("sh make.sh");
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    let token = shell
        .bench
        .sandbox
        .pod_token("demo", "default", "s3-reader", "sts.amazonaws.com");
    shell.bench.file("token", &token);
    let arn = shell.output(
        "kubectl get serviceaccount s3-reader -o jsonpath='{.metadata.annotations.eks\\.amazonaws\\.com/role-arn}'",
    );
    let assumed = shell.output(&format!(
        "aws sts assume-role-with-web-identity --role-arn {arn} --role-session-name pod \
         --web-identity-token file://token --query AssumedRoleUser.Arn --output text"
    ));
    assert!(
        assumed.starts_with("arn:aws:sts::111122223333:assumed-role/demo-default-s3-reader-"),
        "{assumed}"
    );
}

#[test]
fn a_script_mends_its_own_role_and_leaves_those_of_others() {
    let shell = shell(Bench::associated());
    let words = [
        "--attach-policy-arn",
        S3,
        "--role-name",
        "reader",
        "--role-only",
        "--for",
        "aws-cli",
    ];
    shell.bench.file("make.sh", &render(&shell.bench, &words));
    shell.output("sh make.sh");
    let whole = role(&shell.bench);
    shell.bench.account(|account| {
        let role = account.roles.values_mut().next().expect("a role");
        role.attached.clear();
        role.trust["Statement"][0]["Condition"] = json!({});
    });
    assert_ne!(role(&shell.bench), whole);
    shell.output("sh make.sh");
    assert_eq!(role(&shell.bench), whole);
    // Another service account's, someone's, a stack's.
    let refused = |shell: &Shell| {
        let before = role(&shell.bench);
        let run = shell.run("sh make.sh");
        assert_eq!(role(&shell.bench), before);
        run
    };
    let tag = |key: &str, value: &str| {
        shell.bench.account(|account| {
            let role = account.roles.values_mut().next().expect("a role");
            role.tags.insert(key.to_owned(), value.to_owned());
        });
    };
    tag("alpha.eksctl.io/eksctl-version", "irsactl-0.1.0");
    insta::assert_snapshot!(refused(&shell), @"
    [stderr]
    role reader is there, and is not this script's (cluster, service account, stack: demo default/s3-reader irsactl-0.1.0)
    [exit 1]
    ");
    tag("alpha.eksctl.io/iamserviceaccount-name", "default/other");
    insta::assert_snapshot!(refused(&shell), @"
    [stderr]
    role reader is there, and is not this script's (cluster, service account, stack: demo default/other irsactl-0.1.0)
    [exit 1]
    ");
    shell.bench.account(|account| {
        let role = account.roles.values_mut().next().expect("a role");
        role.tags.clear();
    });
    insta::assert_snapshot!(refused(&shell), @"
    [stderr]
    role reader is there, and is not this script's (cluster, service account, stack: null null null)
    [exit 1]
    ");
}

#[test]
fn a_script_stops_where_it_has_no_business() {
    let shell = shell(Bench::new());
    let words = ["--attach-policy-arn", S3, "--for", "aws-cli"];
    shell.bench.file("make.sh", &render(&shell.bench, &words));
    insta::assert_snapshot!(shell.run("sh make.sh"), @"
    [stderr]
    there is no arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: run `irsactl associate-oidc-provider` first
    [exit 1]
    ");
    let elsewhere = [words.as_slice(), &["--account-id", "444455556666"]].concat();
    shell
        .bench
        .file("make.sh", &render(&shell.bench, &elsewhere));
    insta::assert_snapshot!(shell.run("sh make.sh"), @"
    [stderr]
    these credentials are of account 111122223333, not 444455556666
    [exit 1]
    ");
    assert_eq!(shell.bench.changes(), "");
}

#[test]
fn a_script_runs_whole_or_not_at_all() {
    let shell = shell(Bench::associated());
    let script = render(
        &shell.bench,
        &["--attach-policy-arn", S3, "--for", "aws-cli"],
    );
    shell.bench.file("make.sh", &script);
    // A pipe that breaks, wherever that is: nothing of it runs.
    let last = script.rfind("main").expect("a last line");
    for end in [script.len() / 2, last, last + 3] {
        shell.bench.file("cut.sh", &script[..end]);
        shell.run("sh < cut.sh");
        assert_eq!(shell.bench.changes(), "", "{}", &script[..end]);
    }
    // A program that reads its stdin takes nothing of the script.
    let greedy = script.replace("need_account() {\n", "need_account() {\n  cat >/dev/null\n");
    assert_ne!(greedy, script);
    shell.bench.file("greedy.sh", &greedy);
    let made = shell.run("cat greedy.sh | sh");
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    assert!(
        shell
            .bench
            .service_account("default", "s3-reader")
            .contains("role-arn=")
    );
}

#[test]
fn a_script_stops_where_kubectl_means_another_cluster() {
    let shell = shell(Bench::associated());
    let words = ["--attach-policy-arn", S3, "--for", "aws-cli"];
    let script = render(&shell.bench, &words);
    shell.bench.file("make.sh", &script);
    let other = Some("https://oidc.example.com".to_owned());
    let issuer = std::mem::replace(&mut shell.bench.sandbox.world().clusters[0].issuer, other);
    let issuer = issuer.expect("an issuer");
    let run = shell.run("sh make.sh");
    let wanted = format!("kubectl's context is not of cluster demo: its issuer is not {issuer}");
    assert!(
        run.contains(&wanted) && run.ends_with("[exit 1]\n"),
        "{run}"
    );
    assert_eq!(shell.bench.changes(), "");
}

#[test]
fn a_script_leaves_a_service_account_of_others_theirs() {
    let shell = shell(Bench::associated());
    let words = [
        "--attach-policy-arn",
        S3,
        "--role-name",
        "reader",
        "--for",
        "aws-cli",
    ];
    shell.bench.file("make.sh", &render(&shell.bench, &words));
    shell.output("kubectl create serviceaccount s3-reader && kubectl label serviceaccount s3-reader app.kubernetes.io/managed-by=Helm");
    let made = shell.run("sh make.sh");
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    insta::assert_snapshot!(shell.bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/reader
    ");
    // Another role is not replaced but on demand.
    shell.output("kubectl annotate --overwrite serviceaccount s3-reader eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/other");
    let conflict = shell.run("sh make.sh");
    assert!(
        conflict.ends_with("[exit 1]\n") && conflict.contains("conflict"),
        "{conflict}"
    );
    let words = [words.as_slice(), &["--override-existing-serviceaccounts"]].concat();
    shell.bench.file("make.sh", &render(&shell.bench, &words));
    let made = shell.run("sh make.sh");
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    let object = shell.bench.service_account("default", "s3-reader");
    assert!(object.contains("role/reader"), "{object}");
}

#[test]
fn kubectl_takes_the_manifest() {
    let shell = shell(Bench::associated());
    let odd = "example.com/odd=it's: \"${x}\" #no\n- `id` é";
    let words = [
        "--attach-policy-arn",
        S3,
        "--role-name",
        "reader",
        "--annotations",
        odd,
    ];
    let manifest = render(
        &shell.bench,
        &[words.as_slice(), &["--for", "kubernetes"]].concat(),
    );
    shell.bench.file("account.yaml", &manifest);
    shell.output("kubectl apply --server-side -f account.yaml");
    insta::assert_snapshot!(shell.bench.service_account("default", "s3-reader"), @r#"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/reader
    annotations: example.com/odd=it's: "${x}" #no
    - `id` é
    "#);
}
