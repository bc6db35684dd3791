//! `whoami`: what a token says, in a pod or a CI job.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Bench;
use crate::verify::{made, timeless};

/// The token of a pod of the service account, in its file; as the EKS webhook sets up a pod's
/// environment, without any credentials.
fn in_pod(bench: &mut Bench) -> String {
    let role = bench
        .sandbox
        .world()
        .role_of("default/s3-reader")
        .arn
        .clone();
    let token = bench
        .sandbox
        .pod_token("demo", "default", "s3-reader", "sts.amazonaws.com");
    let file = bench.file("token", &token);
    bench.set("AWS_WEB_IDENTITY_TOKEN_FILE", &file.display().to_string());
    bench.set("AWS_ROLE_ARN", &role);
    bench.set("AWS_ACCESS_KEY_ID", "");
    bench.set("AWS_SECRET_ACCESS_KEY", "");
    role
}

/// Without what differs from run to run.
fn steady(told: &str) -> String {
    let told: String = timeless(told)
        .split_inclusive('\n')
        .map(
            |line| match line.split_once("20").filter(|_| line.contains("Z, ")) {
                Some((name, rest)) if rest.contains(" ago") => format!("{name}TIME, AGE ago\n"),
                Some((name, _)) => format!("{name}TIME, in AGE\n"),
                None => line.to_owned(),
            },
        )
        .collect();
    told
}

/// A token of other makers.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://token.actions.githubusercontent.com", "sub": "repo:octo/app:ref:refs/heads/main",
        "aud": "sts.amazonaws.com", "iat": 1_000_000_000, "exp": 4_000_000_000_u64,
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

#[test]
fn a_pods_token_is_told_offline() {
    let mut bench = made();
    in_pod(&mut bench);
    assert_snapshot!(steady(&bench.run("whoami")), @"
    [stdout]
    ISSUER            https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    SUBJECT           system:serviceaccount:default:s3-reader
    AUDIENCE          sts.amazonaws.com
    ISSUED            TIME, AGE ago
    EXPIRES           TIME, in AGE
    SIGNED BY         RS256, key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    SERVICE ACCOUNT   default/s3-reader
    ROLE              arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    BY PROVIDER       arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
    assert_snapshot!(steady(&bench.run("whoami -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Token",
        "header": {
            "algorithm": "RS256",
            "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
        },
        "claims": {
            "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
            "subject": "system:serviceaccount:default:s3-reader",
            "audiences": [
                "sts.amazonaws.com"
            ],
            "issuedAt": TIME,
            "notBefore": TIME,
            "expiresAt": TIME,
            "namespace": "default",
            "serviceAccount": "s3-reader"
        },
        "expired": false,
        "podIdentity": false,
        "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
        "providerARN": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
    }
    [exit 0]
    "#);
    assert_snapshot!(bench.run("whoami -o name"), @"
    [stdout]
    system:serviceaccount:default:s3-reader
    [exit 0]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn the_role_is_assumed_without_credentials() {
    let mut bench = made();
    let role = in_pod(&mut bench);
    assert_snapshot!(steady(&bench.run("whoami --assume")), @"
    [stdout]
    ISSUER            https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    SUBJECT           system:serviceaccount:default:s3-reader
    AUDIENCE          sts.amazonaws.com
    ISSUED            TIME, AGE ago
    EXPIRES           TIME, in AGE
    SIGNED BY         RS256, key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    SERVICE ACCOUNT   default/s3-reader
    ROLE              arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    BY PROVIDER       arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    CALLER            arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    [exit 0]
    ");
    assert_snapshot!(bench.calls(), @"
    sts AssumeRoleWithWebIdentity
    sts GetCallerIdentity
    ");
    bench.set("AWS_ROLE_ARN", "");
    let told = bench.run(&format!("whoami --role-arn {role} -o name"));
    assert!(told.contains("/irsactl-verify\n[exit 0]"), "{told}");
}

#[test]
fn a_role_that_may_not_be_assumed_is_refused_at_once() {
    let mut bench = made();
    in_pod(&mut bench);
    bench.sandbox.world().role_of("default/s3-reader").trust["Statement"][0]["Action"] =
        "sts:AssumeRole".into();
    assert_snapshot!(steady(&bench.run("whoami --assume")), @"
    [stdout]
    ISSUER            https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    SUBJECT           system:serviceaccount:default:s3-reader
    AUDIENCE          sts.amazonaws.com
    ISSUED            TIME, AGE ago
    EXPIRES           TIME, in AGE
    SIGNED BY         RS256, key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    SERVICE ACCOUNT   default/s3-reader
    ROLE              arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    BY PROVIDER       arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [stderr]
    error: default/s3-reader: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
    hint: find the cause: `irsactl doctor default/s3-reader --cluster NAME`
    [exit 1]
    ");
    assert_eq!(
        bench.sandbox.count("sts AssumeRoleWithWebIdentity").calls,
        1
    );
}

#[test]
fn what_is_needed_to_assume_is_told_by_its_flag() {
    let mut bench = made();
    in_pod(&mut bench);
    bench.set("AWS_ROLE_ARN", "");
    assert_snapshot!(bench.run("whoami --assume"), @"
    [stderr]
    error: --role-arn must be set with --assume, or AWS_ROLE_ARN: the role to assume
    hint: see `--help`
    [exit 2]
    ");
    bench.set("AWS_ROLE_ARN", "my-role");
    let told = bench.run("whoami");
    assert!(
        told.contains("warning: AWS_ROLE_ARN \"my-role\": an ARN is "),
        "{told}"
    );
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_snapshot!(bench.run("whoami --assume"), @r#"
    [stderr]
    error: AWS_ROLE_ARN "my-role": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted
    hint: see `--help`
    [exit 2]
    "#);
    bench.set("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/a");
    bench.set("AWS_REGION", "");
    bench.set("AWS_DEFAULT_REGION", "");
    assert_snapshot!(bench.run("whoami --assume"), @"
    [stderr]
    error: no AWS region is set
    hint: name it: `--region eu-west-1`, `export AWS_REGION=eu-west-1`, or `aws configure set region eu-west-1`
    [exit 2]
    ");
    bench.set("AWS_WEB_IDENTITY_TOKEN_FILE", "");
    assert_snapshot!(bench.run("whoami"), @"
    [stderr]
    error: --token-file must be set, or AWS_WEB_IDENTITY_TOKEN_FILE: the file of the token
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn a_token_of_others_is_read_from_stdin() {
    let bench = Bench::new();
    let token = bench.sandbox.sign(&claims(&json!({})));
    assert_snapshot!(steady(&bench.run_with("whoami --token-file -", &format!("{token}\n"))), @"
    [stdout]
    ISSUER            https://token.actions.githubusercontent.com
    SUBJECT           repo:octo/app:ref:refs/heads/main
    AUDIENCE          sts.amazonaws.com
    ISSUED            TIME, AGE ago
    EXPIRES           TIME, in AGE
    SIGNED BY         RS256, key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    ROLE              none: AWS_ROLE_ARN names no role
    [exit 0]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn the_pod_and_the_node_of_a_token_are_told() {
    let bench = Bench::new();
    let token = bench.sandbox.sign(&claims(&json!({ "kubernetes.io": {
        "namespace": "web", "serviceaccount": { "name": "app", "uid": "1" },
        "pod": { "name": "app-7d4", "uid": "2" }, "node": { "name": "ip-10-0-0-1", "uid": "3" },
    } })));
    let told = bench.run_with("whoami --token-file -", &token);
    for line in [
        "SERVICE ACCOUNT   web/app\n",
        "POD               app-7d4\n",
        "NODE              ip-10-0-0-1\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn an_expired_token_is_told_with_its_likely_cause() {
    let bench = Bench::new();
    let token = bench
        .sandbox
        .sign(&claims(&json!({ "exp": 1_000_000_600 })));
    assert_snapshot!(steady(&bench.run_with("whoami --token-file -", &token)), @"
    [stdout]
    ISSUER            https://token.actions.githubusercontent.com
    SUBJECT           repo:octo/app:ref:refs/heads/main
    AUDIENCE          sts.amazonaws.com
    ISSUED            TIME, AGE ago
    EXPIRED           TIME, AGE ago
    SIGNED BY         RS256, key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    ROLE              none: AWS_ROLE_ARN names no role
    [stderr]
    warning: the token has expired: the file is old, or the program read it once and keeps it; the kubelet renews the files of pods
    [exit 0]
    ");
}

#[test]
fn a_token_of_pod_identity_is_recognised() {
    let mut bench = made();
    let token = bench
        .sandbox
        .pod_token("demo", "default", "s3-reader", "pods.eks.amazonaws.com");
    let file = bench.file("eks-pod-identity-token", &token);
    bench.set(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        &file.display().to_string(),
    );
    assert_snapshot!(steady(&bench.run("whoami")), @"
    [stdout]
    ISSUER            https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    SUBJECT           system:serviceaccount:default:s3-reader
    AUDIENCE          pods.eks.amazonaws.com
    ISSUED            TIME, AGE ago
    EXPIRES           TIME, in AGE
    SIGNED BY         RS256, key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    SERVICE ACCOUNT   default/s3-reader
    ROLE              none: AWS_ROLE_ARN names no role
    [stderr]
    warning: the token is one of EKS Pod Identity (pods.eks.amazonaws.com): the agent of the node exchanges it, STS does not take it
    [exit 0]
    ");
}

#[test]
fn a_token_of_a_clusters_own_issuer_can_have_no_provider() {
    let bench = Bench::new();
    let token = bench
        .sandbox
        .sign(&claims(&json!({ "iss": "kubernetes/serviceaccount" })));
    let told = bench.run_with("whoami --token-file -", &token);
    assert!(
        told.contains("warning: the issuer is no https URL"),
        "{told}"
    );
}

#[test]
fn hostile_files_are_refused_and_not_quoted() {
    let bench = Bench::new();
    let legacy = bench.sandbox.sign(&json!({
        "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:a",
        "kubernetes.io/serviceaccount/service-account.name": "a",
    }));
    let token = bench.sandbox.sign(&claims(&json!({})));
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    let mut told = String::new();
    for (name, content) in [
        ("empty", String::new()),
        ("blank", " \n\n".to_owned()),
        ("pem", "-----BEGIN PRIVATE KEY-----\ns3cret\n".to_owned()),
        ("json", "{\"token\": \"s3cret\"}".to_owned()),
        ("bearer", "k8s-aws-v1.aHR0cHM6s3cret".to_owned()),
        ("opaque", "s3cret".to_owned()),
        ("two-parts", signed.to_owned()),
        ("encrypted", format!("{token}.a.b")),
        ("legacy", legacy),
        (
            "no-times",
            bench.sandbox.sign(&claims(&json!({ "iat": "now" }))),
        ),
        ("long", format!("{token}{}", "A".repeat(20_000))),
        ("10-mb", "s3cret.".repeat(10 << 20)),
    ] {
        bench.file(name, &content);
        told.push_str(&bench.run(&format!("whoami --token-file ~/{name} -v 4")));
    }
    std::fs::write(bench.file("binary", ""), [0, 159, 146, 150]).expect("a file");
    told.push_str(&bench.run("whoami --token-file ~/binary"));
    told.push_str(&bench.run("whoami --token-file ~/missing"));
    told.push_str(&bench.run("whoami --token-file ~/"));
    assert_snapshot!(told, @r#"
    [stderr]
    error: cannot read the token in "~/empty": it is empty
    [exit 2]
    [stderr]
    error: cannot read the token in "~/blank": it is empty
    [exit 2]
    [stderr]
    error: cannot read the token in "~/pem": it is a PEM file, not a service account's token
    [exit 2]
    [stderr]
    error: cannot read the token in "~/json": it is a JSON document, not a service account's token
    [exit 2]
    [stderr]
    error: cannot read the token in "~/bearer": it is a bearer token of an EKS cluster's API, not a service account's token
    [exit 2]
    [stderr]
    error: cannot read the token in "~/opaque": a token has 3 parts with dots between them, this has 1
    [exit 2]
    [stderr]
    error: cannot read the token in "~/two-parts": a token has 3 parts with dots between them, this has 2
    [exit 2]
    [stderr]
    error: cannot read the token in "~/encrypted": a token has 3 parts with dots between them, this has 5
    [exit 2]
    [stderr]
    error: cannot read the token in "~/legacy": it is a token of a Secret, without audience and end, which STS refuses; the pod needs a projected token (a volume of the kind serviceAccountToken, which the EKS webhook adds)
    [exit 2]
    [stderr]
    error: cannot read the token in "~/no-times": `iat` is missing in its claims, or of the wrong type
    [exit 2]
    [stderr]
    error: cannot read the token in "~/long": it is longer than any token that STS takes (20000 characters)
    [exit 2]
    [stderr]
    error: cannot read "~/10-mb": it is longer than 4 MiB
    [exit 2]
    [stderr]
    error: cannot read the token in "~/binary": it is no text
    [exit 2]
    [stderr]
    error: cannot read "~/missing": No such file or directory (os error 2)
    [exit 2]
    [stderr]
    error: cannot read "~/": Is a directory (os error 21)
    [exit 2]
    "#);
}

#[test]
fn claims_cannot_steer_the_terminal() {
    let bench = Bench::new();
    let token = bench.sandbox.sign(&claims(
        &json!({ "sub": "a\u{1b}[2Jb\nc", "aud": ["\u{7}"] }),
    ));
    let told = bench.run_with("whoami --token-file -", &token);
    assert!(!told.contains(['\u{1b}', '\u{7}']), "{told:?}");
    assert!(told.contains(r"a\u{1b}[2Jb\nc"), "{told:?}");
}

#[test]
fn tokens_are_in_no_log() {
    let mut bench = made();
    in_pod(&mut bench);
    bench.set("IRSACTL_LOG", "trace");
    for line in [
        "whoami -v 4",
        "whoami --assume -o json",
        "whoami --assume -o yaml",
    ] {
        let told = bench.run(line);
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    bench
        .sandbox
        .fault("sts AssumeRoleWithWebIdentity error 400 InvalidIdentityToken Trouble");
    let told = bench.run("whoami --assume -v 4");
    assert!(told.contains("InvalidIdentityToken: Trouble"), "{told}");
}
