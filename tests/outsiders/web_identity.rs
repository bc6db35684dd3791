//! What a pod does, by the SDK that is in it: its token for the role's credentials. And what STS says
//! to tokens that are not right.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::shell::Shell;
use crate::support::{Bench, S3};

const AUDIENCE: &str = "sts.amazonaws.com";
const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E";

/// With a role for default/s3-reader.
fn shell() -> Shell {
    let shell = Shell::with_aws(Bench::associated());
    let created = shell.bench.run(&format!(
        "create iamserviceaccount s3-reader --cluster demo --role-name s3-reader --attach-policy-arn {S3} --approve"
    ));
    assert!(created.ends_with("[exit 0]\n"), "{created}");
    shell
}

/// The claims of a token of default/s3-reader, with some of them others.
fn claims(changed: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER,
        "sub": "system:serviceaccount:default:s3-reader",
        "aud": [AUDIENCE],
        "iat": 1_767_225_600,
        "exp": 4_102_444_800_u32,
    });
    for (claim, value) in changed.as_object().into_iter().flatten() {
        claims[claim] = value.clone();
    }
    claims
}

fn assume(shell: &Shell, token: &str) -> String {
    shell.bench.file("token", token);
    shell.run(
        "aws sts assume-role-with-web-identity --role-arn arn:aws:iam::111122223333:role/s3-reader \
         --role-session-name pod --web-identity-token file://token --output json \
         --query '[AssumedRoleUser.Arn, SubjectFromWebIdentityToken, Audience, Provider]'",
    )
}

#[test]
fn the_token_of_a_pod_is_exchanged_for_its_role() {
    let shell = shell();
    let token = shell
        .bench
        .sandbox
        .pod_token("demo", "default", "s3-reader", AUDIENCE);
    assert_snapshot!(assume(&shell, &token), @r#"
    [stdout]
    [
        "arn:aws:sts::111122223333:assumed-role/s3-reader/pod",
        "system:serviceaccount:default:s3-reader",
        "sts.amazonaws.com",
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
    ]
    [exit 0]
    "#);
}

#[test]
fn in_a_pod_the_sdk_finds_the_role_by_itself() {
    let mut shell = shell();
    let bench = &mut shell.bench;
    let token = bench
        .sandbox
        .pod_token("demo", "default", "s3-reader", AUDIENCE);
    let file = bench.file("token", &token).display().to_string();
    // What the pod identity webhook puts into the pod.
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/s3-reader"),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &file),
    ] {
        bench.set(name, value);
    }
    assert_snapshot!(shell.run("aws sts get-caller-identity --query '[Account, Arn]' --output json"), @r#"
    [stdout]
    [
        "111122223333",
        "arn:aws:sts::111122223333:assumed-role/s3-reader/pod"
    ]
    [exit 0]
    "#);
}

#[test]
fn a_token_that_does_not_fit_is_denied_with_its_reason() {
    let shell = shell();
    let token = |changed| shell.bench.sandbox.sign(&claims(changed));
    let other = "system:serviceaccount:default:other";
    assert_snapshot!(assume(&shell, &token(json!({"sub": other}))), @"
    [stderr]

    An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity
    [exit 255]
    ");
    assert_snapshot!(assume(&shell, &token(json!({"aud": ["other.example"]}))), @"
    [stderr]

    An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience
    [exit 255]
    ");
    assert_snapshot!(assume(&shell, &token(json!({"iss": "https://issuer.example"}))), @"
    [stderr]

    An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: No OpenIDConnect provider found in your account for https://issuer.example
    [exit 255]
    ");
    let expired = assume(
        &shell,
        &token(json!({"iat": 1_577_836_800, "exp": 1_577_840_400})),
    );
    let (error, _) = expired.split_once("date/time").expect(&expired);
    assert_snapshot!(error, @"
    [stderr]

    An error occurred (ExpiredTokenException) when calling the AssumeRoleWithWebIdentity operation: Token expired: current
    ");
    let (whole, others) = (token(json!({})), token(json!({"sub": other})));
    let (signed, _) = whole.rsplit_once('.').expect("a signature");
    let (_, signature) = others.rsplit_once('.').expect("a signature");
    assert_snapshot!(assume(&shell, &format!("{signed}.{signature}")), @"
    [stderr]

    An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: The web identity token that was passed could not be validated.
    [exit 255]
    ");
    assert_snapshot!(assume(&shell, "no.token"), @"
    [stderr]

    An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)
    [exit 255]
    ");
}
