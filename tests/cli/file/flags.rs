//! Every flag of every command beside a config file: it contradicts the file and is refused, or it has
//! an effect. None is silently ignored.

use insta::assert_snapshot;

use crate::support::Bench;

/// Flags that say what the file says.
const ACCOUNT: [&str; 20] = [
    "--cluster demo",
    "--name api",
    "api",
    "--namespace web",
    "--attach-policy-arn arn:aws:iam::aws:policy/A",
    "--policy-document -",
    "--well-known-policy autoScaler",
    "--attach-role-arn arn:aws:iam::111122223333:role/r",
    "--permissions-boundary arn:aws:iam::aws:policy/A",
    "--role-name r",
    "--role-path /a/",
    "--max-session-duration 3600",
    "--subject-pattern a*",
    "--audience sts.amazonaws.com",
    "--tags a=b",
    "--role-only",
    "--labels a=b",
    "--annotations a=b",
    "--token-expiration 3600",
    "--sts-regional-endpoints true",
];

/// Each with the flags that are refused beside `-f`.
fn refused() -> Vec<(&'static str, Vec<&'static str>)> {
    let but = |left_out: &[&str], more: &[&'static str]| -> Vec<&'static str> {
        let flags = ACCOUNT.iter().filter(|flag| !left_out.contains(flag));
        flags.chain(more).copied().collect()
    };
    vec![
        (
            "associate-oidc-provider",
            vec!["--cluster demo", "demo", "--audience sts.amazonaws.com"],
        ),
        ("disassociate-oidc-provider", vec!["--cluster demo", "demo"]),
        (
            "create iamserviceaccount",
            but(
                &[],
                &["--associate-oidc-provider", "--trust", "--with bucket=data"],
            ),
        ),
        ("get iamserviceaccount", vec!["--cluster demo"]),
        (
            "update iamserviceaccount",
            but(
                &["--attach-role-arn arn:aws:iam::111122223333:role/r"],
                &[
                    "--add-policy-arn arn:aws:iam::aws:policy/A",
                    "--remove-policy-arn arn:aws:iam::aws:policy/A",
                    "--remove-inline-policy Policy1",
                    "--no-permissions-boundary",
                ],
            ),
        ),
        (
            "delete iamserviceaccount",
            vec!["--cluster demo", "--name api", "api", "--namespace web"],
        ),
        (
            "render",
            but(
                &[],
                &[
                    "--associate-oidc-provider",
                    "--override-existing-serviceaccounts",
                    "--with bucket=data",
                ],
            ),
        ),
    ]
}

#[test]
fn flags_that_say_what_the_file_says_are_refused() {
    let bench = Bench::new();
    bench.config_of(&["web/api"]);
    for (command, flags) in refused() {
        for flag in flags {
            let told = bench.run_with(&format!("{command} -f ~/cluster.yaml {flag}"), "{}");
            assert!(told.ends_with("[exit 2]\n"), "{command} {flag}: {told}");
            let name = flag.split(' ').next().expect("a flag");
            let name = if name.starts_with('-') { name } else { "[" };
            assert!(told.contains(name), "{command} {flag}: {told}");
            assert!(
                told.contains("cannot be used with"),
                "{command} {flag}: {told}"
            );
        }
    }
    assert_eq!(bench.calls(), "");
}

/// The flags of a command, from its help: what no table above or below knows is a new flag, whose
/// meaning beside a file must be decided.
fn flags_of(bench: &Bench, command: &str) -> Vec<String> {
    let help = bench.run(&format!("{command} --help"));
    let lines = help.lines().map(str::trim_start);
    let flags = lines.filter(|line| line.starts_with('-'));
    let names = flags.filter_map(|line| {
        line.split([' ', ',', '=', '[', '.', ';'])
            .find(|word| word.starts_with("--"))
    });
    names.map(str::to_owned).collect()
}

#[test]
fn every_flag_is_refused_or_has_an_effect_beside_a_file() {
    let bench = Bench::new();
    let common = "--config-file --approve --dry-run --detailed-exitcode --region --profile --timeout --output \
                  --quiet --verbose --color --help";
    let account = "--kubeconfig --context --parallel --issuer-url --include --exclude --cfn-role-arn --deployment-mode";
    let afterwards = "--verify --restart --wait-for-pods";
    let roles = "--role-profile --role-via";
    let thumbprint = "--issuer-url --thumbprint --no-thumbprint --refresh-thumbprint";
    for (command, flags) in refused() {
        let known: String = match command {
            "associate-oidc-provider" => format!("{common} {thumbprint} {roles}"),
            "disassociate-oidc-provider" => format!("{common} --issuer-url --force {roles}"),
            "create iamserviceaccount" => {
                format!(
                    "{common} {account} {afterwards} --cfn-disable-rollback --override-existing-serviceaccounts {roles}"
                )
            }
            "get iamserviceaccount" => {
                "--config-file --name --namespace --region --profile --timeout --output --quiet --verbose --color \
                 --help --kubeconfig --context --issuer-url --role-profile --role-via"
                    .to_owned()
            }
            "update iamserviceaccount" => {
                format!("{common} {account} {afterwards} --repair-drift --override-existing-serviceaccounts {roles}")
            }
            "delete iamserviceaccount" => {
                format!("{common} {account} --only-missing --role-only --detach-foreign --with-foreign-resources --wait {roles}")
            }
            _ => "--config-file --include --exclude --issuer-url --account-id --partition --for --output-dir --deployment-mode --quiet \
                  --verbose --color --help"
                .to_owned(),
        };
        let mut known: Vec<&str> = known.split_whitespace().collect();
        known.extend(flags.iter().filter_map(|flag| flag.split(' ').next()));
        for flag in flags_of(&bench, command) {
            assert!(
                known.contains(&flag.as_str()),
                "{command} {flag}: what does it mean beside -f?"
            );
        }
    }
}

#[test]
fn the_region_is_the_files() {
    let mut bench = Bench::associated();
    bench.config_of(&["web/api"]);
    let other = bench.run("apply -f ~/cluster.yaml --region us-east-1");
    assert_snapshot!(other, @"
    [stderr]
    error: --region us-east-1 and the config file, which says eu-west-1, contradict each other
    hint: see `--help`
    [exit 2]
    ");
    for command in [
        "associate-oidc-provider",
        "disassociate-oidc-provider",
        "create iamserviceaccount",
        "get iamserviceaccount",
        "update iamserviceaccount",
        "delete iamserviceaccount",
    ] {
        assert_eq!(
            bench.run(&format!("{command} -f ~/cluster.yaml -r us-east-1")),
            other,
            "{command}"
        );
    }
    assert_eq!(bench.calls(), "");
    let same = bench.run("apply -f ~/cluster.yaml --region eu-west-1");
    assert!(same.ends_with("[exit 0]\n"), "{same}");
    // As eksctl does, the file outranks the environment.
    bench.set("AWS_REGION", "us-east-1");
    assert_eq!(bench.run("apply -f ~/cluster.yaml"), same);
}

#[test]
fn hints_name_the_files_region() {
    let bench = Bench::new();
    bench.config_of(&["web/api"]);
    bench.arrange("associate-oidc-provider -f ~/cluster.yaml --approve");
    bench.eksctl_stack("web/api", "DELETE_FAILED");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --approve"), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: web/api: the deletion of stack "eksctl-demo-addon-iamserviceaccount-web-api" failed: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)"
    hint: finish the deletion: `irsactl delete iamserviceaccount api --namespace web --cluster demo --region eu-west-1`
    hint: add `--detach-foreign` to it where policies were attached by hand
    [exit 1]
    "#);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --profile missing"), @r#"
    [stderr]
    error: no usable AWS credentials: there is no profile "missing" in "~/.aws/config" (not there) and "~/.aws/credentials" (not there)
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    "#);
}

#[test]
fn a_file_is_given_once_and_filters_need_one() {
    let bench = Bench::new();
    bench.config_of(&["web/api"]);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -f ~/cluster.yaml"), @"
    [stderr]
    error: the argument '--config-file <FILE>' cannot be used multiple times

    Usage: irsactl apply [OPTIONS] --config-file <FILE>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run("delete sa api --cluster demo --only-missing"), @"
    [stderr]
    error: --only-missing chooses of a config file: `--config-file` must be set
    hint: see `--help`
    [exit 2]
    ");
    for line in [
        "create sa api --cluster demo --well-known-policy externalDNS --exclude a/*",
        "update sa api --cluster demo --max-session-duration 3600 --exclude a/*",
        "delete sa api --cluster demo --exclude a/*",
        "render api --cluster demo --well-known-policy externalDNS --exclude a/*",
    ] {
        assert_eq!(
            bench.run(line),
            "[stderr]\nerror: --exclude chooses of a config file: `--config-file` must be set\n\
             hint: see `--help`\n[exit 2]\n",
            "{line}"
        );
    }
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune-kube-system"), @"
    [stderr]
    error: the following required arguments were not provided:
      --prune

    Usage: irsactl apply --config-file <FILE> --prune --prune-kube-system

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run("apply"), @"
    [stderr]
    error: the following required arguments were not provided:
      --config-file <FILE>

    Usage: irsactl apply --config-file <FILE>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn get_filters_by_name_and_namespace() {
    let bench = Bench::associated();
    bench.applied(&["web/api", "web/worker", "batch/api"]);
    // As eksctl's: the file names the cluster, and all of it is listed.
    bench.config_of(&["web/api"]);
    assert_snapshot!(bench.run("get sa -f ~/cluster.yaml -o name"), @"
    [stdout]
    batch/api
    web/api
    web/worker
    [exit 0]
    ");
    assert_snapshot!(bench.run("get sa -f ~/cluster.yaml -o name --namespace web"), @"
    [stdout]
    web/api
    web/worker
    [exit 0]
    ");
    assert_snapshot!(bench.run("get sa api -f ~/cluster.yaml -o name"), @"
    [stdout]
    batch/api
    web/api
    [exit 0]
    ");
    assert_snapshot!(bench.run("get sa web/api -f ~/cluster.yaml -o name"), @"
    [stdout]
    web/api
    [exit 0]
    ");
}
