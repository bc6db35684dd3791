//! Kubeconfigs whose files, entries or fields are not what they should be.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

/// The error of a plan with a kubeconfig in which something is replaced.
fn broken(from: &str, to: &str) -> String {
    let bench = Bench::associated();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let begin = kubeconfig.find(from).expect("what is replaced");
    let end = begin + kubeconfig[begin..].find('\n').expect("a line");
    let broken = [&kubeconfig[..begin], to, &kubeconfig[end..]].concat();
    bench.file("kubeconfig", &broken);
    let told = bench.run(&format!(
        "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --dry-run --kubeconfig ~/kubeconfig"
    ));
    super::error(&told)
}

#[test]
fn what_is_wrong_is_named_by_file_entry_and_field() {
    let cluster = |to: &str| broken("certificate-authority-data:", to);
    let user = |to: &str| broken("token:", to);
    let all = [
        cluster("certificate-authority: nope.crt"),
        cluster("certificate-authority-data: \"-----BEGIN\""),
        cluster("certificate-authority-data: bm9uZQ=="),
        user("tokenFile: nope.txt"),
        user("client-certificate: nope.crt"),
        user("client-key: nope.key\n    client-certificate-data: bm9uZQ=="),
        user("client-certificate-data: s3cret!\n    client-key-data: bm9uZQ=="),
        user("client-certificate-data: bm9uZQ==\n    client-key-data: s3cret!"),
        user("client-certificate-data: bm9uZQ=="),
        broken("server:", "server: \"http:// nowhere\""),
        broken("current-context:", "current-context: other"),
        broken("current-context:", "preferences: {}"),
        broken("- name: demo\n  cluster", "- name: other"),
        broken("kind:", "kind: [Config"),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    error: cannot use the kubeconfig: cannot read certificate-authority of cluster "demo" in "~/kubeconfig", "~/nope.crt": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: certificate-authority-data of cluster "demo" in "~/kubeconfig" is no base64  [exit 1]
    error: cannot use the kubeconfig: certificate-authority-data of cluster "demo" in "~/kubeconfig" holds no certificate  [exit 1]
    error: cannot use the kubeconfig: cannot read tokenFile of user "demo" in "~/kubeconfig", "~/nope.txt": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: cannot read client-certificate of user "demo" in "~/kubeconfig", "~/nope.crt": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: cannot read client-key of user "demo" in "~/kubeconfig", "~/nope.key": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: client-certificate-data of user "demo" in "~/kubeconfig" is no base64  [exit 1]
    error: cannot use the kubeconfig: client-key-data of its user is no base64  [exit 1]
    error: cannot use the kubeconfig: client-key is missing: its user has the other half only  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig" is no URL: invalid uri character  [exit 1]
    error: cannot use the kubeconfig: current-context "other": "~/kubeconfig" has no such context; it has demo  [exit 1]
    error: cannot use the kubeconfig: "~/kubeconfig" has no current context: name one by `--context`  [exit 1]
    error: cannot use the kubeconfig: context "demo" in "~/kubeconfig" is of a cluster "demo", which is not there  [exit 1]
    error: cannot use the kubeconfig: it is no kubeconfig: look at line 2, column 7 of "~/kubeconfig"  [exit 1]
    "#);
}

const EVERY: [&str; 9] = [
    "create iamserviceaccount a --cluster demo --role-name r --attach-policy-arn arn:aws:iam::aws:policy/A --role-only --approve",
    "get iamserviceaccount --cluster demo",
    "get iamserviceaccount --cluster demo -o wide",
    "update iamserviceaccount a --cluster demo --add-policy-arn arn:aws:iam::aws:policy/A --approve",
    "delete iamserviceaccount a --cluster demo",
    "apply -f ~/file --approve",
    "export --cluster demo",
    "verify a --cluster demo",
    "doctor a --cluster demo",
];

#[test]
fn flags_that_name_nothing_are_refused_by_every_command_that_takes_them() {
    let bench = Bench::new();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    bench.file("kubeconfig", &kubeconfig);
    bench.file("file", "");
    let (no_file, no_context) = (
        "--kubeconfig ~/nope",
        "--kubeconfig ~/kubeconfig --context nope",
    );
    assert_snapshot!(bench.run(&format!("{} {no_file}", EVERY[1])), @r#"
    [stderr]
    error: --kubeconfig "~/nope": there is no such file
    hint: see `--help`
    [exit 2]
    "#);
    assert_snapshot!(bench.run(&format!("{} {no_context}", EVERY[1])), @r#"
    [stderr]
    error: --context "nope": "~/kubeconfig" has no such context; it has demo
    hint: see `--help`
    [exit 2]
    "#);
    let cut = kubeconfig.replace(
        "certificate-authority-data: ",
        "certificate-authority: nope/",
    );
    bench.file("cut", &cut);
    for flags in [no_file, no_context, "--kubeconfig ~/cut"] {
        let expected = bench.run(&format!("{} {flags}", EVERY[0]));
        for line in EVERY {
            assert_eq!(bench.run(&format!("{line} {flags}")), expected, "{line}");
        }
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn completion_says_nothing_of_them() {
    let bench = Bench::new();
    for flags in ["--kubeconfig ~/nope", "--context nope"] {
        let line = format!(
            "__complete -- irsactl create iamserviceaccount --cluster demo {flags} --name "
        );
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        words.retain(|word| word != "-");
        assert_eq!(bench.run_words(words, ""), "[exit 0]\n");
    }
}

#[test]
fn a_file_of_the_list_that_is_missing_is_none() {
    let mut bench = Bench::associated();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let there = bench.file("kubeconfig", &kubeconfig).display().to_string();
    bench.set("KUBECONFIG", &format!("/nonexistent:{there}"));
    let line = format!(
        "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --dry-run --context demo"
    );
    let told = bench.run(&line);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    bench.set("KUBECONFIG", "/nonexistent");
    assert_snapshot!(bench.run(&line), @r#"
    [stderr]
    error: cannot use the kubeconfig: there is no file "/nonexistent"
    hint: check it: `kubectl config view --minify --context demo`
    [exit 1]
    "#);
}
