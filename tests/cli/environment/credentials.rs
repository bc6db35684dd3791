//! Ways of signing in that fail: told by what the user knows of them, with a hint that fits.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use insta::assert_snapshot;

use super::{LIST, error};
use crate::support::Bench;

/// Without keys in the environment, and with AWS's file of the configuration.
fn bench(config: &str) -> Bench {
    let mut bench = Bench::new();
    bench.set("AWS_ACCESS_KEY_ID", "");
    bench.set("AWS_SECRET_ACCESS_KEY", "");
    bench.file(".aws/config", config);
    bench.file(
        ".aws/credentials",
        "[base]\naws_access_key_id = AKIA111122223333\naws_secret_access_key = sandbox-secret-key\n",
    );
    bench
}

#[test]
fn a_profile_that_is_not_there_is_told_with_the_files() {
    let mut bench = bench("[profile other]\nregion = eu-west-1\n");
    let told = bench.run(&format!("{LIST} --profile nosuch"));
    assert_snapshot!(told, @r#"
    [stderr]
    error: no usable AWS credentials: there is no profile "nosuch" in "~/.aws/config" and "~/.aws/credentials"
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    "#);
    bench.set("AWS_REGION", "");
    bench.set("AWS_DEFAULT_REGION", "");
    assert_eq!(bench.run(&format!("{LIST} --profile nosuch")), told);
    bench.set("AWS_PROFILE", "nosuch");
    bench.set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
    assert_snapshot!(error(&bench.run(LIST)), @r#"error: no usable AWS credentials: there is no profile "nosuch" in "~/.aws/config" and "/nonexistent/credentials" (not there)  [exit 4]"#);
    bench.set("AWS_PROFILE", "default");
    assert!(
        bench
            .run(&format!("{LIST} --region eu-west-1"))
            .contains("error: no usable AWS credentials: none in")
    );
    assert_eq!(bench.calls(), "");
}

/// With a program `aws` that does this.
fn with_aws(config: &str, script: &str) -> Bench {
    let mut bench = bench(config);
    let aws = bench.file("bin/aws", &format!("#!/bin/sh\n{script}\n"));
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&aws, executable).expect("a program");
    let folder = aws.parent().expect("a folder").display().to_string();
    bench.set("PATH", &format!("{folder}:/usr/bin:/bin"));
    bench
}

#[test]
fn a_session_of_aws_login_is_handed_on_by_aws() {
    let config = "[profile console]\nlogin_session = arn:aws:iam::111122223333:user/alice\nregion = eu-west-1\n\
                  [profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = console\n";
    let script = "test \"$*\" = 'configure export-credentials --profile console --format process' || exit 2\n\
                  echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA111122223333\", \"SecretAccessKey\": \"sandbox-secret-key\"}'";
    let bench = with_aws(config, script);
    for profile in ["console", "role"] {
        let told = bench.run(&format!("{LIST} --profile {profile}"));
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    let bench = with_aws(
        config,
        "echo 'Your session has expired: s3cret' >&2; exit 255",
    );
    assert_snapshot!(bench.run(&format!("{LIST} --profile console")), @r#"
    [stderr]
    error: no usable AWS credentials: the session of `aws login` of profile "console": `aws configure export-credentials` failed with exit status 255
    hint: sign in: `aws login --profile console`
    [exit 4]
    "#);
}

#[test]
fn a_file_of_a_token_that_is_missing_is_told_with_its_variable() {
    let mut web = bench(
        "[profile ci]\nrole_arn = arn:aws:iam::111122223333:role/ci\nweb_identity_token_file = /nonexistent/t\n",
    );
    assert_snapshot!(error(&web.run(&format!("{LIST} --profile ci"))), @r#"error: no usable AWS credentials: web_identity_token_file of profile "ci" names "/nonexistent/t", which cannot be read: No such file or directory (os error 2)  [exit 4]"#);
    web.set("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/ci");
    web.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token");
    assert_snapshot!(web.run(LIST), @r#"
    [stderr]
    error: no usable AWS credentials: AWS_WEB_IDENTITY_TOKEN_FILE names "/nonexistent/token", which cannot be read: No such file or directory (os error 2)
    hint: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's web_identity_token_file and role_arn: look what the token says by `irsactl whoami --token-file FILE`
    [exit 4]
    "#);
    let mut agent = bench("");
    agent.set(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "http://169.254.170.23/v1/credentials",
    );
    agent.set(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "/nonexistent/eks-token",
    );
    assert_snapshot!(agent.run(LIST), @r#"
    [stderr]
    error: no usable AWS credentials: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names "/nonexistent/eks-token", which cannot be read: No such file or directory (os error 2)
    hint: check them: `aws sts get-caller-identity`
    [exit 4]
    "#);
}

#[test]
fn each_way_of_signing_in_has_its_hint() {
    let config = "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = dev\n\
                  [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n\
                  [profile of-sso]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = sso\n\
                  [profile process]\ncredential_process = false\n\
                  [profile half]\naws_access_key_id = AKIA111122223333\n\
                  [profile loop]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = loop2\n\
                  [profile loop2]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = loop\n\
                  [profile nobody]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = none\n";
    let bench = bench(config);
    let mut all = String::new();
    for profile in ["sso", "of-sso", "process", "half", "loop", "nobody"] {
        let told = bench.run(&format!("{LIST} --profile {profile}"));
        all.push_str(told.strip_prefix("[stderr]\n").unwrap_or(&told));
    }
    assert_snapshot!(all, @r#"
    error: no usable AWS credentials: profile "sso" is not signed in: failed to load the cached SSO token
    hint: sign in: `aws sso login --profile sso`
    [exit 4]
    error: no usable AWS credentials: profile "sso" is not signed in: failed to load the cached SSO token
    hint: sign in: `aws sso login --profile sso`
    [exit 4]
    error: no usable AWS credentials: the credential_process of profile "process" failed with exit status 1
    hint: run it by hand; it is told by `aws configure get credential_process --profile process`
    [exit 4]
    error: no usable AWS credentials: of aws_access_key_id and aws_secret_access_key only one is set in profile "half"
    hint: check them: `aws sts get-caller-identity --profile half`
    hint: they are the keys of profile "half": set them anew by `aws configure --profile half`
    [exit 4]
    error: no usable AWS credentials: profile "loop2" names source_profile "loop", which leads back to it
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    error: no usable AWS credentials: profile "nobody" names source_profile "none", which is not there
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    "#);
    assert_eq!(bench.calls(), "");
}

/// The SDK's calls and the token for the cluster are signed with the same.
#[test]
fn a_credential_process_is_run_once() {
    let bench = bench("[profile process]\ncredential_process = sh process\n");
    let answer = r#"{"Version": 1, "AccessKeyId": "AKIA111122223333", "SecretAccessKey": "sandbox-secret-key"}"#;
    bench.file("process", &format!("echo run >> ran; echo '{answer}'"));
    let line = "create iamserviceaccount a --cluster demo --well-known-policy externalDNS --associate-oidc-provider \
                --approve --profile process";
    let result = bench.run(line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let ran = std::fs::read_to_string(bench.file("x", "").with_file_name("ran"));
    assert_eq!(ran.expect("it ran"), "run\n");
}

#[test]
fn a_role_that_cannot_be_assumed_is_told_in_awss_words() {
    let bench = bench(
        "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\n",
    );
    bench.sandbox.fault("sts AssumeRole deny");
    assert_snapshot!(error(&bench.run(&format!("{LIST} --profile role"))), @"error: no usable AWS credentials: AccessDenied: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: sts:AssumeRole because no identity-based policy allows the sts:AssumeRole action  [exit 4]");
}

#[test]
fn a_wrong_clock_is_told_as_one() {
    let bench = Bench::new();
    let message = "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)";
    bench.sandbox.fault(&format!(
        "cloudformation DescribeStacks error 403 SignatureDoesNotMatch {message}"
    ));
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: no usable AWS credentials: SignatureDoesNotMatch: Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)
    hint: this computer's clock is wrong: compare `date -u` with the time of day
    [exit 4]
    ");
}

const MFA: &str = "[profile mfa]\nrole_arn = arn:aws:iam::111122223333:role/deployer\nsource_profile = base\n\
                   mfa_serial = arn:aws:iam::111122223333:mfa/alice\n\
                   [profile below]\nrole_arn = arn:aws:iam::111122223333:role/other\nsource_profile = mfa\n";

#[test]
fn a_code_that_nobody_can_be_asked_for_is_told() {
    let bench = bench(MFA);
    assert_snapshot!(bench.run(&format!("{LIST} --profile mfa")), @r#"
    [stderr]
    error: no usable AWS credentials: profile "mfa" asks for an MFA code of arn:aws:iam::111122223333:mfa/alice (mfa_serial), and nobody gave one on a terminal
    hint: run this on a terminal, or hand a session on: `eval "$(aws configure export-credentials --profile mfa --format env)"`
    [exit 4]
    "#);
    assert_eq!(bench.calls(), "");
}

fn on_terminal(bench: &Bench, line: &str) -> Child {
    let irsactl = env!("CARGO_BIN_EXE_irsactl");
    bench
        .command_of("script")
        .args(["-qefc", &format!("exec {irsactl} {line}"), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script starts")
}

/// A run on a terminal on which a code is typed.
fn typed(bench: &Bench, line: &str, code: &str) -> String {
    let mut child = on_terminal(bench, line);
    let mut keyboard = child.stdin.take().expect("a keyboard");
    keyboard
        .write_all(format!("{code}\n").as_bytes())
        .expect("keys");
    bench.ended(child)
}

#[test]
fn nobody_waits_for_a_code_when_the_run_is_interrupted() {
    let bench = bench(MFA);
    let mut child = on_terminal(&bench, &format!("{LIST} --profile mfa"));
    let mut screen = child.stdout.take().expect("a screen");
    let mut told = Vec::new();
    while !told.ends_with(b"alice: ") {
        let mut byte = [0];
        screen.read_exact(&mut byte).expect("a question");
        told.extend(byte);
    }
    let keyboard = child.stdin.as_mut().expect("a keyboard");
    keyboard.write_all(b"\x03").expect("Ctrl-C");
    screen.read_to_end(&mut told).expect("the rest");
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("error: interrupted"), "{told}");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
}

#[test]
fn a_code_is_asked_for_on_a_terminal() {
    let bench = bench(MFA);
    for profile in ["mfa", "below"] {
        let told = typed(&bench, &format!("{LIST} --profile {profile}"), "123456");
        assert!(
            told.contains("MFA code of arn:aws:iam::111122223333:mfa/alice: "),
            "{told}"
        );
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    let told = typed(&bench, &format!("{LIST} --profile mfa"), "654321");
    assert!(
        told.contains(
            "role/deployer cannot be assumed: AccessDenied: MultiFactorAuthentication failed"
        ),
        "{told}"
    );
    assert!(told.ends_with("[exit 4]\n"), "{told}");
}

/// The SDK ends the program at an access key id that fits into no header, and at a bundle that holds no
/// authorities.
#[test]
fn what_the_sdk_takes_for_granted_is_looked_at_before() {
    let mut all = Vec::new();
    let control = "[default]\nregion = eu-west-1\naws_access_key_id = AK\u{1}\naws_secret_access_key = s3cret-key\n";
    all.push(error(&bench(control).run(LIST)));
    let keys = r#"{"Version": 1, "AccessKeyId": "AK\nIA", "SecretAccessKey": "s3cret-key"}"#;
    let process = bench("[default]\nregion = eu-west-1\ncredential_process = cat keys\n");
    process.file("keys", keys);
    all.push(error(&process.run(LIST)));
    let begin = "-----BEGIN CERTIFICATE-----\n";
    for bundle in [
        "",
        "x",
        &format!("{begin}AA"),
        &format!("{begin}AAAA\n-----END CERTIFICATE-----\n"),
    ] {
        let mut bench = Bench::new();
        let path = bench.file("bundle.pem", bundle).display().to_string();
        bench.set("AWS_CA_BUNDLE", &path);
        all.push(error(&bench.run(LIST)));
    }
    assert_snapshot!(all.join("\n"), @r#"
    error: cannot read "~/.aws/config": line 3 has control characters  [exit 2]
    error: no usable AWS credentials: an access key id or a session token has characters that no key has  [exit 4]
    error: cannot read the CA bundle "~/bundle.pem" of AWS_CA_BUNDLE: it holds no certificate  [exit 2]
    error: cannot read the CA bundle "~/bundle.pem" of AWS_CA_BUNDLE: it holds no certificate  [exit 2]
    error: cannot read the CA bundle "~/bundle.pem" of AWS_CA_BUNDLE: its PEM is cut off or damaged  [exit 2]
    error: cannot read the CA bundle "~/bundle.pem" of AWS_CA_BUNDLE: its certificate 1 is none of an authority  [exit 2]
    "#);
}

#[test]
fn credentials_that_have_expired_are_asked_for_once() {
    let bench = bench("[profile late]\ncredential_process = sh late\n");
    bench.file(
        "late",
        "echo >> ran; echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA111122223333\", \"SecretAccessKey\": \"sandbox-secret-key\", \
         \"Expiration\": \"2026-01-01T00:00:00Z\"}'\n",
    );
    let line =
        "create iamserviceaccount a --cluster demo --well-known-policy externalDNS --profile late";
    assert_snapshot!(bench.run(line), @r#"
    [stderr]
    error: no usable AWS credentials: the credential_process of profile "late" gave some that expired at 2026-01-01T00:00:00Z
    hint: run it by hand; it is told by `aws configure get credential_process --profile late`
    [exit 4]
    "#);
    let ran = bench.file("x", "").with_file_name("ran");
    assert_eq!(std::fs::read_to_string(ran).expect("it ran"), "\n");
    assert_eq!(bench.calls(), "");
}
