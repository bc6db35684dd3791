//! The command line itself: help, version, and what is said to mistakes.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

/// All commands that are not hidden, each as the words after `irsactl`: those that a help names, and those
/// below them.
pub fn commands(bench: &Bench) -> Vec<String> {
    let mut all = Vec::new();
    collect(bench, "", &mut all);
    assert!(all.len() > 20, "{all:?}");
    all
}

fn collect(bench: &Bench, command: &str, all: &mut Vec<String>) {
    all.push(command.to_owned());
    let help = help(bench, command);
    let paragraphs = help.split("\n\n");
    let lists = paragraphs.filter_map(|paragraph| paragraph.split_once("ommands:\n"));
    let lines = lists.flat_map(|(_, lines)| lines.lines());
    // What is indented more goes on from the line above.
    for line in lines.filter(|line| !line.starts_with("   ")) {
        let name = line.split_whitespace().next().expect("a name");
        collect(bench, format!("{command} {name}").trim_start(), all);
    }
}

/// The long help of a command, on a terminal of 100 columns or of what `COLUMNS` says.
pub fn help(bench: &Bench, command: &str) -> String {
    let text = bench.run(&format!("{command} --help"));
    let text = text.strip_prefix("[stdout]\n").expect(&text);
    text.strip_suffix("[exit 0]\n").expect(text).to_owned()
}

#[test]
fn no_line_of_help_is_wider_than_the_terminal() {
    let mut bench = Bench::new();
    let commands = commands(&bench);
    for columns in [80, 100, 200] {
        bench.set("COLUMNS", &columns.to_string());
        for command in &commands {
            let text = help(&bench, command);
            // The line of the usage is not wrapped.
            for line in text.lines().filter(|line| !line.starts_with("Usage")) {
                let limit = columns.min(100);
                assert!(
                    line.chars().count() <= limit,
                    "{command} at {columns}: {line}"
                );
            }
        }
    }
}

#[test]
fn examples_stay_whole_on_a_narrow_terminal() {
    let mut bench = Bench::new();
    let mut seen = 0;
    for command in commands(&bench) {
        let mut examples = |columns| {
            bench.set("COLUMNS", columns);
            let text = help(&bench, &command);
            text.find("Examples:").map(|begin| text[begin..].to_owned())
        };
        let narrow = examples("80");
        assert_eq!(narrow, examples("100"), "{command}");
        seen += usize::from(narrow.is_some());
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn short_help_does_not_list_the_well_known_policies() {
    let bench = Bench::new();
    let text = bench.run("create iamserviceaccount -h");
    assert!(!text.contains("externalDNS,"), "{text}");
}

#[test]
fn version() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("--version"), @"
    [stdout]
    irsactl 0.1.0
    [exit 0]
    ");
    assert_eq!(bench.run("-V"), bench.run("--version"));
}

#[test]
fn help_needs_no_environment() {
    let bench = Bench::new();
    for flag in ["--version", "--help"] {
        let output = bench.command().env_clear().arg(flag).output();
        let output = output.expect("irsactl runs");
        assert!(output.status.success(), "{flag}");
        assert!(output.stderr.is_empty(), "{flag}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn help_whose_reader_goes_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let bench = Bench::new();
    let output = bench.command().arg("--help").stdout(writer).output();
    let output = output.expect("irsactl runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn without_what_is_to_be_done_the_short_help_is_shown() {
    let bench = Bench::new();
    for command in ["", "create", "get", "update", "delete", "utils"] {
        let asked = bench.run(&format!("{command} -h"));
        let untold = asked.replacen("[stdout]", "[stderr]", 1);
        let untold = untold.replace("[exit 0]", "[exit 2]");
        assert_eq!(bench.run(command), untold, "{command}");
    }
}

#[test]
fn an_unknown_command_is_told_with_a_like_one() {
    assert_snapshot!(Bench::new().run("asociate-oidc-provider"), @"
    [stderr]
    error: unrecognized subcommand 'asociate-oidc-provider'
    hint: some similar subcommands exist: 'disassociate-iam-oidc-provider', 'disassociate-oidc-provider', 'associate-iam-oidc-provider', 'associate-oidc-provider'

    Usage: irsactl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_noun_is_told() {
    assert_snapshot!(Bench::new().run("create iamserviceacount"), @"
    [stderr]
    error: unrecognized subcommand 'iamserviceacount'
    hint: some similar subcommands exist: 'iamserviceaccounts', 'iamserviceaccount'

    Usage: irsactl create [OPTIONS] <COMMAND>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_flag_is_told_with_a_like_one() {
    assert_snapshot!(Bench::new().run("create iamserviceaccount a --cluster demo --atach-policy-arn x"), @"
    [stderr]
    error: unexpected argument '--atach-policy-arn' found
    hint: a similar argument exists: '--attach-policy-arn'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --attach-policy-arn <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_missing_cluster_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount"), @"
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl get iamserviceaccount --cluster <CLUSTER> [NAME]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn associating_without_a_cluster_is_told() {
    assert_snapshot!(Bench::new().run("associate-oidc-provider"), @"
    [stderr]
    error: the following required arguments were not provided:
      <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    Usage: irsactl associate-oidc-provider <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_missing_name_is_told() {
    assert_snapshot!(Bench::new().run("create iamserviceaccount --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), @"
    [stderr]
    error: --name must be set: the name of the service account
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn a_bad_cluster_name_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster a.b"), @r#"
    [stderr]
    error: --cluster "a.b": names of EKS clusters are 1 to 100 letters, digits, `-` and `_`; for a cluster that is not EKS, add --issuer-url
    hint: see `--help`
    [exit 2]
    "#);
}

#[test]
fn a_bad_duration_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo --timeout 5y"), @"
    [stderr]
    error: invalid value '5y' for '--timeout <TIMEOUT>': a duration such as `90s`, `25m` or `1h30m` is wanted

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_duration_without_unit_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo --timeout 5"), @"
    [stderr]
    error: invalid value '5' for '--timeout <TIMEOUT>': a duration such as `90s`, `25m` or `1h30m` is wanted

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_bad_format_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo -o xml"), @"
    [stderr]
    error: invalid value 'xml' for '--output <OUTPUT>'
      [possible values: table, wide, json, yaml, name, markdown]
    hint: a similar value exists: 'yaml'

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo -q -v"), @"
    [stderr]
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: irsactl get iamserviceaccount --cluster <CLUSTER> --quiet [NAME]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_well_known_policy_is_told_with_all_names() {
    assert_snapshot!(Bench::new().run("create iamserviceaccount a --cluster demo --well-known-policy externalDns2"), @"
    [stderr]
    error: invalid value 'externalDns2' for '--well-known-policy <NAME>'
      [possible values: imageBuilder, autoScaler, awsLoadBalancerController, externalDNS, certManager, ebsCSIController, efsCSIController, adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus, cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets, fluentBit, fsxCSIController, gatewayAPIController, nodeTerminationHandler, s3FilesCSIDriver, vpcCNI, vpcCNIIPv6, karpenter, mountpointS3]
    hint: a similar value exists: 'externalDNS'

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_empty_cluster_name_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster="), @"
    [stderr]
    error: invalid value '' for '--cluster <CLUSTER>': a cluster name is 1 to 253 letters, digits, `-`, `_` and `.`, and starts with a letter or digit

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn well_known_policies_are_taken_in_any_case() {
    let bench = Bench::associated();
    let line = |names: &str| {
        bench.run(&format!(
            "create iamserviceaccount a --cluster demo --well-known-policy {names} -o json"
        ))
    };
    let wanted = line("externalDNS,certManager");
    assert!(wanted.ends_with("[exit 0]\n"), "{wanted}");
    assert_eq!(line("EXTERNALDNS,certmanager"), wanted);
}

#[test]
fn durations_have_units() {
    let bench = Bench::associated();
    for duration in ["90s", "25m", "1h30m", "2h"] {
        let text = bench.run(&format!(
            "get iamserviceaccount --cluster demo --timeout {duration}"
        ));
        assert!(text.ends_with("[exit 0]\n"), "{duration}: {text}");
    }
}

#[test]
fn eksctls_verbosity_is_understood() {
    let bench = Bench::associated();
    for flags in ["-v 3", "-v 4", "--verbose 5", "-v=4", "-v4", "--verbose=4"] {
        let text = bench.run(&format!("get iamserviceaccount --cluster demo {flags}"));
        assert!(text.ends_with("[exit 0]\n"), "{flags}: {text}");
    }
}

#[test]
fn nouns_have_short_and_plural_forms() {
    let bench = Bench::associated();
    let line = |noun: &str| {
        bench.run(&format!(
            "create {noun} a --cluster demo --attach-policy-arn {S3}"
        ))
    };
    let wanted = line("iamserviceaccount");
    for noun in ["iamserviceaccounts", "irsa", "sa"] {
        assert_eq!(line(noun), wanted, "{noun}");
    }
}
