//! Exec plugins of a kubeconfig: run once, with limits, and what they print is nobody's to see.

use insta::assert_snapshot;

use crate::support::Bench;

const PLAN: &str = "create iamserviceaccount a --cluster demo --well-known-policy externalDNS --associate-oidc-provider \
                    --kubeconfig ~/kubeconfig";
const TOKEN: &str = r#"echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "sandbox-admin"}}'"#;

/// A kubeconfig for "demo" with that program as its plugin.
fn with_exec(exec: &str) -> Bench {
    let bench = Bench::new();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let (head, _) = kubeconfig.split_once("    token:").expect("a token");
    let user = format!("    exec:\n      apiVersion: client.authentication.k8s.io/v1\n{exec}");
    bench.file("kubeconfig", &format!("{head}{user}\n"));
    bench
}

/// The same with a script of the shell.
fn with_script(script: &str) -> Bench {
    let bench = with_exec(
        "      command: sh\n      args: [plugin, first]\n      env: [{name: GIVEN, value: by the file}]\n      provideClusterInfo: true",
    );
    bench.file("plugin", script);
    bench
}

fn error(bench: &Bench) -> String {
    let result = bench.run_bounded(PLAN);
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    let line = result.lines().find(|line| line.starts_with("error: "));
    line.expect("an error").to_owned()
}

fn error_of(script: &str) -> String {
    error(&with_script(script))
}

#[test]
fn a_plugin_is_run_once_and_its_token_used() {
    let bench = with_script(&format!(
        "echo \"$1, $GIVEN\" >> ran; echo \"$KUBERNETES_EXEC_INFO\" > info; {TOKEN}"
    ));
    let result = bench.run_bounded(PLAN);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let read = |name| std::fs::read_to_string(bench.file("x", "").with_file_name(name));
    assert_eq!(read("ran").expect("it ran"), "first, by the file\n");
    let info = read("info").expect("it was told");
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["kind"], "ExecCredential");
    assert_eq!(info["apiVersion"], "client.authentication.k8s.io/v1");
    assert_eq!(info["spec"]["interactive"], false);
    let server = info["spec"]["cluster"]["server"].as_str();
    assert!(
        server.is_some_and(|server| server.starts_with("https://")),
        "{info}"
    );
    assert!(bench.calls().contains("kubernetes get serviceaccounts"));
}

/// How often the plugin was run that prints that, for a plan with one call to the API.
fn runs(script: &str) -> usize {
    let bench = with_script(&format!("echo run >> ran; {script}"));
    let result = bench.run_bounded(PLAN);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let ran = std::fs::read_to_string(bench.file("x", "").with_file_name("ran"));
    ran.expect("it ran").lines().count()
}

#[test]
fn a_plugin_whose_token_has_ended_is_run_again() {
    let ends = |at: &str| {
        TOKEN.replace(
            r#""token""#,
            &format!(r#""expirationTimestamp": "{at}", "token""#),
        )
    };
    assert_eq!(runs(&ends("2999-01-01T00:00:00Z")), 1);
    assert_eq!(runs(&ends("2000-01-01T00:00:00Z")), 2);
}

#[test]
fn a_plugin_whose_token_is_refused_is_run_again() {
    let wrong = TOKEN.replace("sandbox-admin", "of-yesterday");
    let script = format!("if [ $(wc -l < ran) = 1 ]; then {wrong}; else {TOKEN}; fi");
    assert_eq!(runs(&script), 2);
}

#[test]
fn a_plugin_may_answer_in_yaml() {
    let bench = with_script("echo 'status:'; echo '  token: sandbox-admin'");
    assert!(bench.run_bounded(PLAN).ends_with("[exit 0]\n"));
}

/// The sandbox's API knows no client certificates: it is reached, and refuses.
#[test]
fn a_plugins_certificate_is_shown_to_the_api() {
    let key = rcgen::KeyPair::generate().expect("a key");
    let parameters = rcgen::CertificateParams::default();
    let certificate = parameters.self_signed(&key).expect("a certificate");
    let answer = serde_json::json!({ "status": {
        "clientCertificateData": certificate.pem(),
        "clientKeyData": key.serialize_pem(),
    } });
    let bench = with_script("cat answer");
    bench.file("answer", &answer.to_string());
    let told = error(&bench);
    assert!(told.contains("401 Unauthorized"), "{told}");
}

#[test]
fn a_plugin_that_does_wrong_is_told() {
    assert_snapshot!(error_of("echo '<html>'"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" printed something that is no ExecCredential"#);
    assert_snapshot!(error_of("exit 0"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" printed something that is no ExecCredential"#);
    assert_snapshot!(error_of("echo '{\"status\": {}}'"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" gave neither a token nor a certificate"#);
    assert_snapshot!(error_of("echo '{\"status\": {\"clientKeyData\": \"k\"}}'"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" gave a certificate without its key, or a key alone"#);
    assert_snapshot!(error_of("exit 7"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" failed with exit status 7"#);
    assert_snapshot!(error_of("kill -9 $$"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" was killed"#);
}

#[test]
fn a_plugin_that_prints_without_end_is_stopped() {
    assert_snapshot!(error_of("exec yes"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" printed more than 1 MiB"#);
    assert_snapshot!(error_of("exec yes '['"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" printed more than 1 MiB"#);
}

#[test]
fn a_plugin_that_prints_what_explodes_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{last}]\n"));
    }
    let bench = with_script("cat bomb");
    bench.file("bomb", &format!("{bomb}status: {{token: *a11}}\n"));
    assert_snapshot!(error(&bench), @r#"error: cannot use the kubeconfig: the exec plugin "sh" printed something that is no ExecCredential"#);
}

#[test]
fn a_plugin_that_hangs_is_not_waited_for() {
    assert_snapshot!(error_of("exec sleep 600"), @r#"error: cannot use the kubeconfig: the exec plugin "sh" did not end within 3 s"#);
}

#[test]
fn a_plugin_that_is_missing_is_told_with_the_hint() {
    let bench =
        with_exec("      command: no-such-plugin\n      installHint: get it from example.com");
    assert_snapshot!(error(&bench), @r#"error: cannot use the kubeconfig: the exec plugin "no-such-plugin" is not installed; get it from example.com"#);
    let bench = with_exec("      command: no-such-plugin");
    assert_snapshot!(error(&bench), @r#"error: cannot use the kubeconfig: the exec plugin "no-such-plugin" is not installed"#);
    assert_snapshot!(error(&with_exec("      args: []")), @"error: cannot use the kubeconfig: its exec plugin has no command");
}

#[test]
fn a_plugin_that_wants_a_terminal_is_told_that_there_is_none() {
    let bench = with_exec("      command: sh\n      interactiveMode: Always");
    assert_snapshot!(error(&bench), @r#"error: cannot use the kubeconfig: the exec plugin "sh" wants a terminal, and there is none"#);
}

#[test]
fn a_plugins_token_fits_into_a_header() {
    let bench = with_script(r#"printf %s '{"status": {"token": "sandbox-admin\n"}}'"#);
    assert!(bench.run_bounded(PLAN).ends_with("[exit 0]\n"));
    let several = r#"printf %s '{"status": {"token": "s3cret\ns3cret"}}'"#;
    assert_snapshot!(error_of(several), @r#"error: cannot use the kubeconfig: the exec plugin "sh" gave a token that has several lines, or other characters that no token has"#);
    assert_snapshot!(error_of(r#"printf %s '{"status": {"token": "\n"}}'"#), @r#"error: cannot use the kubeconfig: the exec plugin "sh" gave a token that is empty"#);
}

/// Its command would be run without any of a plugin's limits.
#[test]
fn auth_providers_of_old_are_refused_by_name_and_their_command_is_not_run() {
    let bench = Bench::new();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let (head, _) = kubeconfig.split_once("    token:").expect("a token");
    bench.file("plugin", "touch ran; exec sleep 600");
    let with = |provider: &str, config: &str| {
        let user = format!("    auth-provider:\n      name: {provider}\n      config:{config}\n");
        bench.file("kubeconfig", &format!("{head}{user}"));
    };
    let command = "\n        cmd-path: sh\n        cmd-args: plugin";
    let mut all = Vec::new();
    for (provider, config) in [
        ("gcp", command),
        ("azure", command),
        ("openstack", command),
        ("oidc", command),
        ("oidc", "\n        id-token: \"s3cret\\ns3cret\""),
    ] {
        with(provider, config);
        all.push(error(&bench));
    }
    assert_snapshot!(all.join("\n"), @r#"
    error: cannot use the kubeconfig: auth-provider "gcp" of user "demo" in "~/kubeconfig" is of a kind that kubectl has removed: use the exec plugin `gke-gcloud-auth-plugin` instead
    error: cannot use the kubeconfig: auth-provider "azure" of user "demo" in "~/kubeconfig" is of a kind that kubectl has removed: use the exec plugin `kubelogin` instead
    error: cannot use the kubeconfig: auth-provider "openstack" of user "demo" in "~/kubeconfig" is of a kind that kubectl has removed: use an exec plugin instead
    error: cannot use the kubeconfig: auth-provider "oidc" of user "demo" in "~/kubeconfig" has no id-token: sign in anew
    error: cannot use the kubeconfig: id-token of user "demo" in "~/kubeconfig" has several lines, or other characters that no token has
    "#);
    assert!(!bench.file("x", "").with_file_name("ran").exists());
    with("oidc", "\n        id-token: sandbox-admin");
    let result = bench.run_bounded(PLAN);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}
