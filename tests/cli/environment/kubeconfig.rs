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
    error: cannot use the kubeconfig: certificate-authority-data of cluster "demo" in "~/kubeconfig": it holds no certificate  [exit 1]
    error: cannot use the kubeconfig: cannot read tokenFile of user "demo" in "~/kubeconfig", "~/nope.txt": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: cannot read client-certificate of user "demo" in "~/kubeconfig", "~/nope.crt": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: cannot read client-key of user "demo" in "~/kubeconfig", "~/nope.key": No such file or directory (os error 2)  [exit 1]
    error: cannot use the kubeconfig: client-certificate-data of user "demo" in "~/kubeconfig" is no base64  [exit 1]
    error: cannot use the kubeconfig: client-key-data of user "demo" in "~/kubeconfig" is no base64  [exit 1]
    error: cannot use the kubeconfig: of client-certificate and client-key of user "demo" in "~/kubeconfig" one is missing  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": a URL such as `https://HOST:PORT` is wanted  [exit 1]
    error: cannot use the kubeconfig: current-context "other": "~/kubeconfig" has no such context; it has demo  [exit 1]
    error: cannot use the kubeconfig: "~/kubeconfig" has no current context: name one by `--context`  [exit 1]
    error: cannot use the kubeconfig: context "demo" in "~/kubeconfig" is of a cluster "demo", which is not there  [exit 1]
    error: cannot use the kubeconfig: it is no kubeconfig: look at line 3, column 16 of "~/kubeconfig"  [exit 1]
    "#);
}

/// Each of them ended the program by a panic of a library, or was sent in clear.
#[test]
fn what_fits_into_no_request_is_named_by_its_field() {
    let cluster = |to: &str| broken("certificate-authority-data:", to);
    let user = |to: &str| broken("token:", to);
    let server = |to: &str| broken("server:", &format!("server: {to}"));
    let all = [
        user(r#"token: "s3cret\ns3cret""#),
        user(r#"token: "s3cret\u0000""#),
        user(r#"tokenFile: kubeconfig"#),
        user(r#"tokenFile: /dev/null"#),
        user(r#"as: "a\nb""#),
        user("as: a\n    as-groups: [a, \"a\\rb\"]"),
        user("as: a\n    as-user-extra: {scopes: [\"a\\nb\"]}"),
        user("as-groups: [a]"),
        user("as-uid: a"),
        server("demo:6443"),
        server("/k8s"),
        server("https://demo:99999"),
        server("http://demo.example.com:8080"),
        server("http://10.0.0.1"),
        server("http://127.0.0.1:8001\n    proxy-url: http://proxy.example.com:3128"),
        cluster("certificate-authority-data: \"\"\n    tls-server-name: \"a b\""),
        broken(
            "server:",
            "insecure-skip-tls-verify: true\n    server: https://demo",
        ),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    error: cannot use the kubeconfig: token of user "demo" in "~/kubeconfig" has several lines, or other characters that no token has  [exit 1]
    error: cannot use the kubeconfig: token of user "demo" in "~/kubeconfig" has several lines, or other characters that no token has  [exit 1]
    error: cannot use the kubeconfig: tokenFile of user "demo" in "~/kubeconfig" has several lines, or other characters that no token has  [exit 1]
    error: cannot use the kubeconfig: tokenFile of user "demo" in "~/kubeconfig" is empty  [exit 1]
    error: cannot use the kubeconfig: as of user "demo" in "~/kubeconfig" has several lines, or other characters that fit into no header  [exit 1]
    error: cannot use the kubeconfig: as-groups of user "demo" in "~/kubeconfig" has several lines, or other characters that fit into no header  [exit 1]
    error: cannot use the kubeconfig: as-user-extra of user "demo" in "~/kubeconfig" has several lines, or other characters that fit into no header  [exit 1]
    error: cannot use the kubeconfig: user "demo" in "~/kubeconfig" asks to act as a uid, groups or user-extra without a user (`as`)  [exit 1]
    error: cannot use the kubeconfig: user "demo" in "~/kubeconfig" asks to act as a uid, groups or user-extra without a user (`as`)  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": a URL such as `https://HOST:PORT` is wanted  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": a URL such as `https://HOST:PORT` is wanted  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": a URL such as `https://HOST:PORT` is wanted  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": `http://demo.example.com` would be sent credentials in clear: `https://` is wanted, or `http://` to this computer  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": `http://10.0.0.1` would be sent credentials in clear: `https://` is wanted, or `http://` to this computer  [exit 1]
    error: cannot use the kubeconfig: server of cluster "demo" in "~/kubeconfig": the proxy of its proxy-url would be sent credentials in clear: `https://` is wanted  [exit 1]
    error: cannot use the kubeconfig: tls-server-name of cluster "demo" in "~/kubeconfig" is no name of a host  [exit 1]
    error: cannot use the kubeconfig: cluster "demo" in "~/kubeconfig" has both a certificate-authority and insecure-skip-tls-verify  [exit 1]
    "#);
}

#[test]
fn a_token_may_end_with_a_line() {
    let bench = Bench::associated();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    bench.file("token", " sandbox-admin\r\n");
    for token in [r#"token: "sandbox-admin\n""#, "tokenFile: token"] {
        let kubeconfig = kubeconfig.replace("token: sandbox-admin", token);
        bench.file("kubeconfig", &kubeconfig);
        let told = bench.run(&format!(
            "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --dry-run --kubeconfig ~/kubeconfig"
        ));
        assert!(told.ends_with("[exit 0]\n"), "{token}: {told}");
        assert!(bench.calls().contains("kubernetes get"), "{token}");
    }
}

#[test]
fn a_file_of_windows_is_read() {
    let bench = Bench::associated();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let path = bench.file("kubeconfig", "");
    let units: Vec<u16> = std::iter::once(0xfeff)
        .chain(kubeconfig.encode_utf16())
        .collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let marked = ["\u{feff}", &kubeconfig].concat().into_bytes();
    let run = || bench.run(&format!("{} --kubeconfig ~/kubeconfig", EVERY[2]));
    for bytes in [&little, &big, &marked] {
        std::fs::write(&path, bytes).expect("a file");
        let told = run();
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    // Half a unit more.
    std::fs::write(&path, [little.as_slice(), b"x"].concat()).expect("a file");
    assert_snapshot!(super::error(&run()), @r#"error: cannot use the kubeconfig: cannot read "~/kubeconfig": it is no text  [exit 1]"#);
}

#[test]
fn the_endpoint_that_eks_tells_is_one_by_tls() {
    for (endpoint, rule) in [
        ("demo.example.com", "a URL such as"),
        ("http://demo.example.com", "in clear"),
    ] {
        let bench = Bench::associated();
        bench.sandbox.world().clusters[0]
            .extra
            .insert("endpoint".to_owned(), endpoint.into());
        let told = bench.run(&format!(
            "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --dry-run"
        ));
        let error = super::error(&told);
        assert!(
            error.contains(&format!("the cluster's endpoint \"{endpoint}\": ")),
            "{told}"
        );
        assert!(
            error.contains(rule) && error.ends_with("[exit 1]"),
            "{told}"
        );
        let words =
            "__complete -- irsactl create iamserviceaccount --cluster demo --name".split(' ');
        assert_eq!(bench.run_words(words.chain([""]), ""), "[exit 0]\n");
    }
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
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let server = kubeconfig.find("server: ").expect("a server");
    let end = server + kubeconfig[server..].find('\n').expect("a line");
    let no_scheme = [
        &kubeconfig[..server],
        "server: demo:6443",
        &kubeconfig[end..],
    ]
    .concat();
    bench.file("no-scheme", &no_scheme);
    bench.file(
        "lines",
        &kubeconfig.replace("token: sandbox-admin", r#"token: "s3cret\ns3cret""#),
    );
    for flags in [
        "--kubeconfig ~/nope",
        "--context nope",
        "--kubeconfig ~/no-scheme",
        "--kubeconfig ~/lines",
    ] {
        let line =
            format!("__complete -- irsactl create iamserviceaccount --cluster demo {flags} --name");
        let home = bench.file("x", "").with_file_name("").display().to_string();
        let words = line
            .split(' ')
            .map(|word| word.replace("~/", &home))
            .chain([String::new()]);
        assert_eq!(bench.run_words(words, ""), "[exit 0]\n", "{flags}");
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
