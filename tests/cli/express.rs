//! Express mode: what is asked of CloudFormation, where it does not know the mode, and the proof in the end.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::sandbox::{Call, Express, Pace};
use crate::support::{Bench, S3};

const CREATE: &str =
    "create iamserviceaccount s3-reader --cluster demo --approve --attach-policy-arn";
const UPDATE: &str =
    "update iamserviceaccount s3-reader --cluster demo --approve --max-session-duration 7200";
const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";
const EXPRESS: &str = "--deployment-mode express";
const FILE: &str = "
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: demo, region: eu-west-1}
iam:
  withOIDC: true
  deploymentMode: express
  serviceAccounts:
  - metadata: {name: a}
    wellKnownPolicies: {autoScaler: true}
  - metadata: {name: b}
    wellKnownPolicies: {externalDNS: true}
    deploymentMode: standard
";

fn create() -> String {
    format!("{CREATE} {S3}")
}

/// The value of a parameter of a request.
fn parameter<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let mut parameters = call.body.split('&');
    parameters.find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
}

/// The service account's, by a stack's name or id.
fn name_of(stack: &str) -> &str {
    let name = stack.split('/').nth(1).unwrap_or(stack);
    name.rsplit('-').next().unwrap_or_default()
}

/// The requests that change stacks, each with what it says of its mode; in the order of their names.
fn modes(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let calls = std::mem::take(&mut world.calls).into_iter();
    let changing = [
        "CreateStack",
        "CreateChangeSet",
        "ExecuteChangeSet",
        "DeleteStack",
    ];
    let told = calls
        .filter(|call| changing.contains(&&*call.operation))
        .map(|call| {
            let said = [
                "DeploymentConfig.Mode",
                "DeploymentConfig.DisableRollback",
                "DisableRollback",
            ];
            let said =
                said.map(|name| parameter(&call, name).map(|value| format!(" {name}={value}")));
            let said: String = said.into_iter().flatten().collect();
            format!("{} {}{said}\n", name_of(&call.subject), call.operation)
        });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told.concat()
}

/// What a line asks of CloudFormation.
fn asked(bench: &Bench, line: &str) -> String {
    let result = bench.run(line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    modes(bench)
}

#[test]
fn standard_mode_says_nothing_of_modes() {
    let bench = Bench::associated();
    for line in [create(), UPDATE.to_owned(), DELETE.to_owned()] {
        let said = asked(&bench, &line);
        assert!(
            !said.is_empty() && !said.contains("DeploymentConfig"),
            "{said}"
        );
        let said = asked(&bench, &format!("{line} --deployment-mode standard"));
        assert!(!said.contains("DeploymentConfig"), "{said}");
    }
}

/// What becomes of a failure is said, because AWS's pages differ about the default.
#[test]
fn express_mode_is_asked_for_wherever_a_stack_is_changed() {
    let bench = Bench::associated();
    assert_snapshot!(asked(&bench, &format!("{} {EXPRESS}", create())), @"reader CreateStack DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=false");
    assert_snapshot!(asked(&bench, &format!("{UPDATE} {EXPRESS}")), @"
    reader CreateChangeSet DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=false
    reader ExecuteChangeSet
    ");
    assert_snapshot!(asked(&bench, &format!("{DELETE} {EXPRESS}")), @"reader DeleteStack DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=false");
    let line = format!("{} {EXPRESS} --cfn-disable-rollback", create());
    assert_snapshot!(asked(&bench, &line), @"reader CreateStack DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=true DisableRollback=true");
}

#[test]
fn what_is_proved_in_the_end_is_made_in_express_mode() {
    let bench = Bench::associated();
    assert!(asked(&bench, &format!("{} --verify", create())).contains("EXPRESS"));
    assert!(asked(&bench, &format!("{UPDATE} --verify")).contains("EXPRESS"));
    let standard = format!(
        "{} --verify --deployment-mode standard",
        create().replace("s3-reader", "b")
    );
    assert!(!asked(&bench, &standard).contains("EXPRESS"));
    // Without its ServiceAccount it is not proved.
    let file = bench.file(
        "file.yaml",
        &FILE
            .replace("  deploymentMode: express\n", "")
            .replace("    deploymentMode: standard", "    roleOnly: true"),
    );
    let said = asked(
        &bench,
        &format!("apply --approve --verify -f {}", file.display()),
    );
    assert_snapshot!(said, @"
    a CreateStack DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=false
    b CreateChangeSet
    b ExecuteChangeSet
    ");
}

#[test]
fn the_file_says_the_mode_of_all_and_of_each_and_the_flag_outranks_it() {
    let bench = Bench::new();
    let file = bench.file("file.yaml", FILE);
    let apply = format!("apply --approve -f {}", file.display());
    assert_snapshot!(asked(&bench, &apply), @"
    a CreateStack DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=false
    b CreateStack DisableRollback=false
    ");
    let bench = Bench::new();
    assert_snapshot!(asked(&bench, &format!("{apply} --deployment-mode standard")), @"
    a CreateStack DisableRollback=false
    b CreateStack DisableRollback=false
    ");
}

#[test]
fn the_plan_tells_the_mode() {
    let bench = Bench::associated();
    let dry = create().replace("--approve", "--dry-run");
    let plan = bench.run(&format!("{dry} {EXPRESS} -o yaml"));
    assert!(plan.contains("deploymentMode: express\n"), "{plan}");
    let plan = bench.run(&format!("{dry} -o yaml"));
    assert!(plan.contains("deploymentMode: standard\n"), "{plan}");
    assert_snapshot!(bench.run(&format!("{dry} {EXPRESS}")), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        trusted: default/s3-reader, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        deployment mode: express
    + create service account default/s3-reader
        role: known when stack eksctl-demo-addon-iamserviceaccount-default-s3-reader is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: default, made where it is missing
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.create("s3-reader");
    assert_snapshot!(bench.run(&format!("{DELETE} {EXPRESS} --dry-run")), @"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        deployment mode: express
    - delete service account default/s3-reader
    [stderr]
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn an_unknown_mode_is_refused() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{} --deployment-mode fast", create())), @"
    [stderr]
    error: invalid value 'fast' for '--deployment-mode <MODE>'
      [possible values: standard, express]

    For more information, try '--help'.
    [exit 2]
    ");
    let file = FILE.replace("deploymentMode: standard", "deploymentMode: fast");
    let file = bench.file(
        "file.yaml",
        &file.replace("deploymentMode: express", "deploymentMode: 1"),
    );
    let told = bench.run(&format!("apply --approve -f {}", file.display()));
    assert_snapshot!(bench.steady(&told), @r#"
    [stderr]
    error: ~/file.yaml is no valid config file: 2 problems
      ~/file.yaml:7:19: iam.deploymentMode: a text is wanted, this is the number `1`: put it into quotes
      ~/file.yaml:13:21: iam.serviceAccounts[1] (default/b).deploymentMode: "fast": it is one of standard, express
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    "#);
    assert_eq!(bench.changes(), "");
}

/// The note stands once, however many meet it at once.
#[test]
fn where_the_mode_is_unknown_stacks_are_changed_in_standard_mode() {
    let bench = Bench::new();
    bench.sandbox.world().express = Express::Refused;
    let file = bench.file(
        "file.yaml",
        &FILE.replace("    deploymentMode: standard\n", ""),
    );
    let result = bench.run(&format!("apply --approve -f {}", file.display()));
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let notes: Vec<&str> = result
        .lines()
        .filter(|line| line.starts_with("note: "))
        .collect();
    assert_snapshot!(notes.join("\n"), @"note: CloudFormation does not know express mode here, stacks are changed in standard mode: Unknown parameter: DeploymentConfig is not supported");
    let said = modes(&bench);
    assert!(said.matches("EXPRESS").count() <= 2, "{said}");
    assert_eq!(said.matches(" DisableRollback=false").count(), 2, "{said}");
    for line in [UPDATE, DELETE] {
        let line = line.replace("s3-reader", "a");
        let result = bench.run(&format!("{line} {EXPRESS}"));
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        assert_eq!(
            result
                .matches("note: CloudFormation does not know express mode")
                .count(),
            1,
            "{result}"
        );
    }
}

#[test]
fn an_endpoint_that_ignores_the_mode_is_only_slow() {
    let bench = Bench::slow(2);
    bench.associate();
    bench.sandbox.world().express = Express::Ignored;
    let result = bench.run(&format!("{} {EXPRESS} --cfn-disable-rollback", create()));
    assert!(
        result.ends_with("[exit 0]\n") && !result.contains("note: "),
        "{result}"
    );
    assert!(bench.sandbox.count("cloudformation DescribeStacks").calls >= 3);
}

/// In express mode too the next run finds what it can mend.
#[test]
fn a_creation_that_fails_leaves_what_standard_mode_leaves() {
    for (flag, status) in [
        ("", "ROLLBACK_COMPLETE"),
        ("--cfn-disable-rollback", "CREATE_FAILED"),
    ] {
        let bench = Bench::associated();
        let fails = "it is broken".to_owned();
        bench.account(|account| account.unmakable.insert("Role1".to_owned(), fails));
        let line = format!("{} {EXPRESS} {flag}", create());
        let result = bench.run(&line);
        assert!(result.contains("it is broken"), "{result}");
        assert!(bench.stacks().contains(status), "{}", bench.stacks());
        bench.account(|account| account.unmakable.clear());
        modes(&bench);
        let again = asked(&bench, &line);
        // What is made next may have the same name: the end of the deletion must be one.
        assert!(
            again.contains("DeleteStack\n")
                && again.contains("CreateStack DeploymentConfig.Mode=EXPRESS"),
            "{again}"
        );
    }
}

#[test]
fn a_change_that_fails_is_rolled_back() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    let fails = "it is broken".to_owned();
    bench.account(|account| account.unmakable.insert("Policy1".to_owned(), fails));
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#;
    bench.file("policy.json", policy);
    let line = "update iamserviceaccount s3-reader --cluster demo --approve --policy-document ~/policy.json";
    let result = bench.run(&format!("{line} {EXPRESS}"));
    assert!(result.contains("it is broken"), "{result}");
    assert!(
        bench.stacks().contains("UPDATE_ROLLBACK_COMPLETE"),
        "{}",
        bench.stacks()
    );
}

/// In standard mode the stack waits for IAM; in express mode the proof does.
#[test]
fn the_proof_waits_where_the_stack_does_not() {
    for (mode, wanted) in [("express", 4), ("standard", 1)] {
        let bench = Bench::slow(3);
        bench.associate();
        bench.sandbox.world().propagation = Pace::Polls(3);
        let result = bench.run(&format!("{} --verify --deployment-mode {mode}", create()));
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        assert!(result.contains("s3-reader   yes "), "{result}");
        let waits = result.contains("not yet: AccessDenied");
        assert_eq!(waits, mode == "express", "{result}");
        assert_eq!(
            bench.sandbox.count("sts AssumeRoleWithWebIdentity").calls,
            wanted
        );
        let polls = if mode == "express" { 2 } else { 5 };
        assert_eq!(
            bench.sandbox.count("cloudformation DescribeStacks").calls,
            polls,
            "{mode}"
        );
    }
}

/// A change set has its mode for good.
#[test]
fn a_change_set_that_express_mode_left_is_not_carried_out_in_standard_mode() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench
        .sandbox
        .fault("cloudformation ExecuteChangeSet times 10 error 400 ValidationError not now");
    let result = bench.run(&format!("{UPDATE} {EXPRESS}"));
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    bench.sandbox.world().faults.clear();
    modes(&bench);
    let said = asked(&bench, UPDATE);
    assert_eq!(said, "reader CreateChangeSet\nreader ExecuteChangeSet\n");
}

#[test]
fn a_move_opens_the_role_in_express_mode_and_closes_it_in_standard_mode() {
    let bench = crate::migrate::annotated();
    let line = "migrate to-pod-identity web/api --cluster demo --approve";
    bench.sandbox.world().propagation = Pace::Polls(2);
    assert_snapshot!(asked(&bench, line), @"
    api CreateChangeSet DeploymentConfig.Mode=EXPRESS DeploymentConfig.DisableRollback=false
    api ExecuteChangeSet
    ");
    assert_snapshot!(asked(&bench, &format!("{line} --finish")), @"
    api CreateChangeSet
    api ExecuteChangeSet
    ");
    let bench = crate::migrate::annotated();
    assert!(!asked(&bench, &format!("{line} --no-proof")).contains("EXPRESS"));
}

#[test]
fn the_command_for_a_rendered_stack_has_the_mode() {
    let bench = Bench::new();
    let file = bench.file("file.yaml", FILE);
    let line = format!(
        "render -f {} --issuer-url https://oidc.example.com --account-id 111122223333 --partition aws",
        file.display()
    );
    let config = "--deployment-config Mode=EXPRESS,DisableRollback=false";
    assert_eq!(bench.run(&line).matches(config).count(), 1);
    let all = bench.run(&format!("{line} {EXPRESS}"));
    assert_eq!(all.matches(config).count(), 2, "{all}");
}

/// Waiting is not work: two at a time are worked on, and all twelve stacks are under way.
#[test]
fn stacks_that_are_waited_for_leave_their_places_to_others() {
    let bench = Bench::slow(u32::MAX);
    bench.associate();
    let account = |number| {
        format!(
            "  - metadata: {{name: app-{number}}}\n    wellKnownPolicies: {{autoScaler: true}}\n"
        )
    };
    let (head, _) = FILE.split_once("  - metadata").expect("a list");
    let all: String = (0..12).map(account).collect();
    let head = head.replace("express", "standard");
    let file = bench.file("file.yaml", &format!("{head}{all}"));
    let line = format!("apply --approve --parallel 2 -f {}", file.display());
    let mut child = bench
        .command_line(&line)
        .stderr(Stdio::null())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        world.accounts[crate::support::ACCOUNT]
            .stacks
            .iter()
            .count()
            == 12
    });
    child.kill().expect("killed");
    child.wait().expect("dead");
}
