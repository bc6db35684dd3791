//! `verify`: a token of the service account, judged, and exchanged for a session of its role.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Access, ManagedPolicy};
use crate::support::{ACCOUNT, Bench, assert_nothing_issued};

pub mod pod_identity;

const VERIFY: &str = "verify default/s3-reader --cluster demo";
const ASSUME: &str = "sts AssumeRoleWithWebIdentity";

/// With the service account default/s3-reader and its role.
pub fn made() -> Bench {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench
}

/// What follows a field's name, where it differs from run to run: Unix times.
pub fn timeless(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        // Account numbers have 12.
        match digits.len() {
            10 => out.push_str("TIME"),
            _ => out.push_str(&digits),
        }
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// Calls that are made side by side, in one order.
pub fn sorted(calls: &str) -> String {
    let mut calls: Vec<&str> = calls.lines().collect();
    calls.sort_unstable();
    calls.join("\n")
}

/// Makes the issuer publish other keys than those that it signs with.
fn publish(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut world = bench.sandbox.world();
    let issuer = world.clusters[0].issuer.clone().expect("an issuer");
    world.change_keys(&issuer, change);
}

/// Puts the ServiceAccount with these annotations.
fn annotate(bench: &Bench, annotations: &[(&str, &str)]) {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("default", "s3-reader", &[], annotations, "me");
}

#[test]
fn a_role_that_can_be_assumed_is_proven() {
    let bench = made();
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller      is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    [exit 0]
    ");
    assert_snapshot!(sorted(&bench.calls()), @"
    eks DescribeCluster
    eks ListPodIdentityAssociations
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/keys
    kubernetes create serviceaccounts/token
    kubernetes get serviceaccounts
    sts AssumeRoleWithWebIdentity
    sts GetCallerIdentity
    ");
}

#[test]
fn the_session_may_do_nothing_and_lives_shortly() {
    let bench = made();
    bench.run(VERIFY);
    let world = bench.sandbox.world();
    let call = world
        .calls
        .iter()
        .find(|call| call.operation == "AssumeRoleWithWebIdentity");
    let body = &call.expect("the call").body;
    assert!(body.contains("DurationSeconds=900"), "{body}");
    let session = world.sessions.values().next().expect("a session");
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
    ]});
    assert_eq!(session.policy, Some(deny));
    let request = world
        .calls
        .iter()
        .find(|call| call.operation == "create serviceaccounts/token");
    let body = &request.expect("the request of a token").body;
    assert!(body.contains("\"expirationSeconds\":600"), "{body}");
}

#[test]
fn the_proof_is_a_document_too() {
    let bench = made();
    assert_snapshot!(timeless(&bench.run(&format!("{VERIFY} -o json"))), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Proof",
        "proven": true,
        "cluster": "demo",
        "serviceAccount": "default/s3-reader",
        "way": "irsa",
        "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
        "audience": "sts.amazonaws.com",
        "steps": {
            "token": {
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
                }
            },
            "claimFaults": [],
            "signature": {
                "state": "verified",
                "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
            },
            "assumption": {
                "state": "assumed",
                "arn": "arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify",
                "tries": 1,
                "waited": 0
            }
        }
    }
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{VERIFY} -o name")), @"
    [stdout]
    arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    [exit 0]
    ");
}

#[test]
fn what_was_just_made_is_given_time() {
    let bench = made();
    bench.sandbox.fault(&format!(
        "{ASSUME} times 2 error 403 AccessDenied Not authorized to perform sts:AssumeRoleWithWebIdentity"
    ));
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK, at try 3 after 2s
    caller      is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    [stderr]
    default/s3-reader: not yet: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity; IAM may need up to 1m30s for what was just made, trying again
    [exit 0]
    ");
    let quiet = bench.run(&format!("{VERIFY} -q"));
    assert!(!quiet.contains("[stderr]"), "{quiet}");
}

#[test]
fn what_no_time_mends_is_given_up_after_three_looks_at_iam() {
    let bench = made();
    bench.sandbox.world().role_of("default/s3-reader").trust["Statement"][0]["Action"] =
        "sts:AssumeRole".into();
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        refused    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
    [stderr]
    default/s3-reader: not yet: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity; IAM may need up to 1m30s for what was just made, trying again
    error: default/s3-reader: STS still refuses the token after 2s, as the role's trust policy does not let it in: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    ");
    assert_eq!(bench.sandbox.count(ASSUME).calls, 3);
}

#[test]
fn where_iam_cannot_be_looked_at_it_is_given_time() {
    let bench = made();
    bench.sandbox.world().role_of("default/s3-reader").trust["Statement"][0]["Action"] =
        "sts:AssumeRole".into();
    bench.sandbox.fault("iam GetRole deny");
    let told = bench.run(VERIFY);
    let wanted = "STS still refuses the token after 1m30s, and what IAM has of it is not known (not allowed to call iam:GetRole: ";
    assert!(told.contains(wanted), "{told}");
    assert_eq!(bench.sandbox.count(ASSUME).calls, 43);
}

#[test]
fn a_role_that_iam_does_not_have_is_told() {
    for (account, wanted) in [
        (ACCOUNT, "as IAM has no role nobody: AccessDenied: "),
        // What another account has cannot be seen.
        ("444455556666", "STS still refuses the token after 1m30s: "),
    ] {
        let role = format!("arn:aws:iam::{account}:role/nobody");
        let told = made().run(&format!("{VERIFY} --role-arn {role}"));
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn a_missing_provider_is_named_with_the_command_that_makes_it() {
    let bench = made();
    bench.account(|account| account.providers.clear());
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        refused    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [stderr]
    default/s3-reader: not yet: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E; IAM may need up to 1m30s for what was just made, trying again
    error: default/s3-reader: STS still refuses the token after 2s, as IAM has no OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    hint: make the provider: `irsactl associate-oidc-provider --cluster demo --approve`
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    ");
}

#[test]
fn each_refusal_of_sts_is_told_as_it_is() {
    let bench = made();
    for (status, code, message, calls) in [
        (400, "InvalidIdentityToken", "Incorrect token audience", 43),
        (
            400,
            "InvalidIdentityToken",
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            1,
        ),
        (
            400,
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider",
            1,
        ),
        (
            400,
            "InvalidIdentityToken",
            "Missing a required claim: aud",
            1,
        ),
        (
            400,
            "InvalidIdentityToken",
            "The web identity token that was passed could not be validated.",
            1,
        ),
        (400, "ExpiredTokenException", "Token expired", 1),
        (400, "IDPCommunicationError", "Cannot reach it", 3),
        (403, "IDPRejectedClaim", "Revoked", 1),
        (400, "ValidationError", "Request ARN is invalid", 1),
        (
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            1,
        ),
        (
            403,
            "RegionDisabledException",
            "STS is not activated in this region",
            1,
        ),
        (400, "PackedPolicyTooLarge", "Too large", 1),
    ] {
        let before = bench.sandbox.count(ASSUME).calls;
        bench
            .sandbox
            .fault(&format!("{ASSUME} error {status} {code} {message}"));
        let told = bench.run(VERIFY);
        bench.sandbox.world().faults.clear();
        assert!(told.contains(&format!("{code}: {message}\n")), "{told}");
        assert!(told.contains("error: default/s3-reader: STS "), "{told}");
        assert!(told.ends_with("[exit 1]\n"), "{told}");
        assert!(
            told.contains(
                "hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`"
            ),
            "{told}"
        );
        assert_eq!(bench.sandbox.count(ASSUME).calls - before, calls, "{told}");
    }
}

#[test]
fn without_an_answer_of_sts_nothing_is_proven() {
    let bench = made();
    bench.sandbox.fault(&format!("{ASSUME} garbage"));
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        unknown    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: cannot reach AWS for sts:AssumeRoleWithWebIdentity: something else answers there (HTTP 200)
    [stderr]
    error: default/s3-reader: STS did not answer: cannot reach AWS for sts:AssumeRoleWithWebIdentity: something else answers there (HTTP 200)
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

#[test]
fn who_may_not_ask_for_tokens_is_told_the_right() {
    let bench = made();
    bench.sandbox.world().api("demo").access = Access::only(&[("get", "serviceaccounts")]);
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stdout]
    STEP    RESULT    DETAIL
    token   unknown   the Kubernetes API refuses to create a service account token of default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot create resource "serviceaccounts/token" in API group "" in the namespace "default"
    [stderr]
    error: default/s3-reader: no token to prove it with: the Kubernetes API refuses to create a service account token of default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot create resource "serviceaccounts/token" in API group "" in the namespace "default"
    hint: this identity needs create on serviceaccounts/token: `kubectl auth can-i create serviceaccounts/token`
    [exit 1]
    "#);
}

#[test]
fn an_audience_that_nobody_knows_is_asked_for_and_refused() {
    let bench = made();
    let role = bench
        .sandbox
        .world()
        .role_of("default/s3-reader")
        .arn
        .clone();
    annotate(
        &bench,
        &[
            ("eks.amazonaws.com/role-arn", &role),
            ("eks.amazonaws.com/audience", "my-audience"),
        ],
    );
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for my-audience, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        refused    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: InvalidIdentityToken: Incorrect token audience
    [stderr]
    default/s3-reader: not yet: InvalidIdentityToken: Incorrect token audience; IAM may need up to 1m30s for what was just made, trying again
    error: default/s3-reader: STS still refuses the token after 2s, as IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E does not know the audience "my-audience": InvalidIdentityToken: Incorrect token audience
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
    let told = bench.run(&format!("{VERIFY} --audience sts.amazonaws.com"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

#[test]
fn another_role_is_tried_in_the_place_of_its_own() {
    let bench = made();
    bench.create("other");
    let role = bench.sandbox.world().role_of("default/other").arn.clone();
    let told = bench.run(&format!("{VERIFY} --role-arn {role}"));
    assert!(
        told.contains(&format!("refused    {role}: AccessDenied: ")),
        "{told}"
    );
    annotate(&bench, &[]);
    let own = bench
        .sandbox
        .world()
        .role_of("default/s3-reader")
        .arn
        .clone();
    let told = bench.run(&format!("{VERIFY} --role-arn {own}"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

#[test]
fn a_key_that_the_issuer_does_not_publish_is_named() {
    let bench = made();
    publish(&bench, |keys| keys["keys"][0]["kid"] = "newer".into());
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stdout]
    STEP        RESULT    DETAIL
    token       issued    system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right     issuer, subject, audience, times
    signature   wrong     the issuer publishes no key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E" that it is signed with; it publishes newer
    role        refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements
    [stderr]
    error: default/s3-reader: the token's signature does not hold: the issuer publishes no key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E" that it is signed with; it publishes newer
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
}

/// As old scripts for clusters of one's own wrote it.
#[test]
fn a_key_without_a_kid_is_told_as_one() {
    let bench = made();
    let mut told = String::new();
    for kid in [json!(null), json!("")] {
        publish(&bench, |keys| keys["keys"][0]["kid"] = kid);
        let run = bench.run(VERIFY);
        let line = run.lines().find(|line| line.starts_with("signature"));
        told.push_str(line.unwrap_or(&run));
        told.push('\n');
    }
    assert_snapshot!(told, @r#"
    signature   wrong     the issuer publishes no key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E" that it is signed with; it publishes 1 key without a kid, by which STS finds a token's key
    signature   wrong     the issuer publishes no key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E" that it is signed with; it publishes 1 key without a kid, by which STS finds a token's key
    "#);
}

#[test]
fn a_signature_of_another_key_does_not_hold() {
    let bench = made();
    publish(&bench, |keys| {
        let n = keys["keys"][0]["n"].as_str().expect("a modulus");
        let other = format!("{}AAAA{}", &n[..100], &n[104..]);
        keys["keys"][0]["n"] = other.into();
    });
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stdout]
    STEP        RESULT    DETAIL
    token       issued    system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right     issuer, subject, audience, times
    signature   wrong     the signature is not that of the issuer's key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
    role        refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: InvalidIdentityToken: The web identity token that was passed could not be validated.
    [stderr]
    error: default/s3-reader: the token's signature does not hold: the signature is not that of the issuer's key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn keys_that_are_no_keys_leave_the_signature_to_sts() {
    let bench = made();
    publish(&bench, |keys| *keys = json!([]));
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP        RESULT    DETAIL
    token       issued    system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right     issuer, subject, audience, times
    signature   unknown   the issuer's list of keys https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/keys has no list of `keys`
    role        refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements
    [stderr]
    error: default/s3-reader: STS refuses the token: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    ");
}

#[test]
fn a_signature_that_cannot_be_checked_is_no_proof() {
    let bench = made();
    let host = "oidc.eks.eu-west-1.amazonaws.com";
    bench.sandbox.world().unreachable.push(host.to_owned());
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stdout]
    STEP        RESULT    DETAIL
    token       issued    system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right     issuer, subject, audience, times
    signature   unknown   cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    role        assumed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller      is        arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    [stderr]
    error: default/s3-reader: STS accepts the token, but its signature cannot be checked from here: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    hint: run it where the issuer's keys can be read: check the network, HTTPS_PROXY and NO_PROXY
    [exit 1]
    "#);
}

#[test]
fn a_token_that_is_not_what_was_asked_for_is_told_by_its_claims() {
    let bench = made();
    let claims = json!({
        "iss": "https://oidc.example.com", "sub": "system:serviceaccount:default:other",
        "aud": ["vault"], "iat": 1_000_000_000, "exp": 1_000_000_600,
    });
    let token = bench.sandbox.sign(&claims);
    bench.sandbox.world().api("demo").token = Some(token);
    let told = timeless(&bench.run(VERIFY));
    let told: String = told
        .split(' ')
        .map(|word| match word.parse::<u32>() {
            Ok(_) => "AGE ".to_owned(),
            Err(_) => format!("{word} "),
        })
        .collect();
    assert_snapshot!(told, @r#"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:other for vault, for 10m
    claims      wrong      its issuer is "https://oidc.example.com", wanted "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
    claims      wrong      its subject is "system:serviceaccount:default:other", wanted "system:serviceaccount:default:s3-reader"
    claims      wrong      its audience is "vault", wanted "sts.amazonaws.com"
    claims      wrong      it expired at 2001-09-09T01:56:40Z, AGE days ago
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        refused    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: ExpiredTokenException: Token expired: current date/time TIME must be before the expiration date/time TIME
    [stderr]
    error: default/s3-reader: the token is not as it should be: its issuer is "https://oidc.example.com", wanted "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"; its subject is "system:serviceaccount:default:other", wanted "system:serviceaccount:default:s3-reader"; its audience is "vault", wanted "sts.amazonaws.com"; it expired at 2001-09-09T01:56:40Z, AGE days ago
    hint: this computer's clock is wrong, or the API server's: `date -u`
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn what_is_no_token_is_not_quoted() {
    let bench = made();
    bench.sandbox.world().api("demo").token = Some("s3cret.opaque".to_owned());
    assert_snapshot!(bench.run(VERIFY), @"
    [stdout]
    STEP    RESULT    DETAIL
    token   unknown   what the cluster gave as a token cannot be read: a token has 3 parts with dots between them, this has 2
    [stderr]
    error: default/s3-reader: no token to prove it with: what the cluster gave as a token cannot be read: a token has 3 parts with dots between them, this has 2
    [exit 1]
    ");
}

#[test]
fn a_service_account_that_is_missing_or_has_no_role_is_told_how_to_get_one() {
    let bench = made();
    assert_snapshot!(bench.run("verify web/app --cluster demo"), @"
    [stderr]
    error: web/app: there is no such service account
    hint: make it, with its role: `irsactl create iamserviceaccount web/app --cluster demo --attach-policy-arn ARN --approve`
    [exit 1]
    ");
    annotate(&bench, &[("eks.amazonaws.com/role-arn", "")]);
    assert_snapshot!(bench.run(VERIFY), @"
    [stderr]
    error: default/s3-reader: the service account has no role: no annotation eks.amazonaws.com/role-arn
    hint: make it, with its role: `irsactl create iamserviceaccount default/s3-reader --cluster demo --attach-policy-arn ARN --approve`
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    ");
    annotate(
        &bench,
        &[("eks.amazonaws.com/role-arn", "\"arn:aws:iam::1:role/a\"")],
    );
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stderr]
    error: default/s3-reader: its annotation eks.amazonaws.com/role-arn is ""arn:aws:iam::1:role/a"": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
    let role = bench
        .sandbox
        .world()
        .role_of("default/s3-reader")
        .arn
        .clone();
    let broken = [
        ("eks.amazonaws.com/role-arn", role.as_str()),
        ("eks.amazonaws.com/audience", "a b"),
    ];
    annotate(&bench, &broken);
    assert_snapshot!(bench.run(VERIFY), @r#"
    [stderr]
    error: default/s3-reader: its annotation eks.amazonaws.com/audience is "a b": an audience is 1 to 255 characters up to U+00FF without blanks, `${` and `{{`
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn permissions_are_asked_of_iam() {
    let bench = made();
    assert_snapshot!(bench.run(&format!(
        "{VERIFY} --can s3:GetObject=arn:aws:s3:::bucket/key --can s3:ListAllMyBuckets"
    )), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller       is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    permission   allowed    s3:GetObject on arn:aws:s3:::bucket/key
    permission   allowed    s3:ListAllMyBuckets
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!(
        "{VERIFY} --can s3:GetObject=arn:aws:s3:::bucket/key --can s3:PutObject=arn:aws:s3:::bucket/key"
    )), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller       is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    permission   allowed    s3:GetObject on arn:aws:s3:::bucket/key
    permission   denied     s3:PutObject on arn:aws:s3:::bucket/key: no policy of the role allows it
    [stderr]
    error: default/s3-reader: its role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK is not shown to be allowed
      s3:PutObject on arn:aws:s3:::bucket/key: no policy of the role allows it
    hint: where a policy is missing, and a stack made the role: `irsactl update iamserviceaccount default/s3-reader --cluster demo --add-policy-arn ARN --approve`
    [exit 1]
    ");
}

#[test]
fn what_denies_a_permission_is_named() {
    let bench = made();
    let statement = |effect: &str, action: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": action, "Resource": "*"},
        ]})
    };
    bench.account(|account| {
        let boundary = ManagedPolicy::new(
            "aws",
            ACCOUNT,
            "/",
            "boundary",
            statement("Allow", "s3:Get*"),
        );
        account
            .create_policy(boundary)
            .map(|_| ())
            .expect("a policy");
        account.service_control_policy = Some(statement("Allow", "s3:*"));
    });
    {
        let mut world = bench.sandbox.world();
        let role = world.role_of("default/s3-reader");
        role.boundary = Some(format!("arn:aws:iam::{ACCOUNT}:policy/boundary"));
        role.inline
            .insert("deny".to_owned(), statement("Deny", "s3:GetObjectAcl"));
        role.inline
            .insert("allow".to_owned(), statement("Allow", "sqs:*"));
    }
    assert_snapshot!(bench.run(&format!(
        "{VERIFY} --can s3:GetObject --can s3:GetObjectAcl --can s3:ListBucket --can sqs:SendMessage --can s3:PutObject"
    )), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller       is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    permission   allowed    s3:GetObject
    permission   denied     s3:GetObjectAcl: a statement denies it
    permission   denied     s3:ListBucket: the permissions boundary does not allow it
    permission   denied     sqs:SendMessage: the permissions boundary does not allow it; the organisation's policies do not allow it
    permission   denied     s3:PutObject: the permissions boundary does not allow it
    [stderr]
    error: default/s3-reader: its role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK is not shown to be allowed
      s3:GetObjectAcl: a statement denies it
      s3:ListBucket: the permissions boundary does not allow it
      sqs:SendMessage: the permissions boundary does not allow it; the organisation's policies do not allow it
      s3:PutObject: the permissions boundary does not allow it
    hint: where a policy is missing, and a stack made the role: `irsactl update iamserviceaccount default/s3-reader --cluster demo --add-policy-arn ARN --approve`
    [exit 1]
    ");
    let told = bench.run(&format!("{VERIFY} --can s3:ListBucket -o json"));
    let start = told.find("\"permissions\"").expect("permissions");
    let end = told.find("[stderr]").expect("an end");
    assert_snapshot!(&told[start..end], @r#"
    "permissions": [
            {
                "action": "s3:ListBucket",
                "resource": "*",
                "decision": "denied",
                "by": [
                    "boundary"
                ]
            }
        ]
    }
    "#);
}

#[test]
fn what_only_a_real_call_has_is_no_denial() {
    let bench = made();
    let statement = |effect: &str, action: &str, condition: serde_json::Value| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": action, "Resource": "*", "Condition": condition},
        ]})
    };
    {
        let mut world = bench.sandbox.world();
        let role = world.role_of("default/s3-reader");
        let tagged = json!({"StringEquals": {"aws:PrincipalTag/team": "data"}});
        let elsewhere = json!({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}});
        role.inline
            .insert("a".to_owned(), statement("Allow", "sqs:*", tagged));
        role.inline
            .insert("b".to_owned(), statement("Deny", "s3:GetObject", elsewhere));
    }
    assert_snapshot!(bench.run(&format!(
        "{VERIFY} --can s3:ListBucket --can sqs:SendMessage=arn:aws:sqs:eu-west-1:111122223333:q --can s3:GetObject"
    )), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller       is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    permission   allowed    s3:ListBucket
    permission   depends    sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q: depends on aws:PrincipalTag/team, which only a real call has
    permission   depends    s3:GetObject: depends on aws:RequestedRegion, which only a real call has
    [stderr]
    error: default/s3-reader: its role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK is not shown to be allowed
      sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q: depends on aws:PrincipalTag/team, which only a real call has
      s3:GetObject: depends on aws:RequestedRegion, which only a real call has
    [exit 1]
    ");
    let told = bench.run(&format!("{VERIFY} --can sqs:SendMessage -o json"));
    let start = told.find("\"permissions\"").expect("permissions");
    let end = told.find("[stderr]").expect("an end");
    assert_snapshot!(&told[start..end], @r#"
    "permissions": [
            {
                "action": "sqs:SendMessage",
                "resource": "*",
                "decision": "depends",
                "keys": [
                    "aws:PrincipalTag/team"
                ]
            }
        ]
    }
    "#);
    assert_snapshot!(bench.run("doctor default/s3-reader --cluster demo --can sqs:SendMessage"), @r#"
    [stdout]
    default/s3-reader: 1 warning
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
      pods: none runs

    warning: role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK was changed by hand: its stack says otherwise [role-drift]
        - inline policy a: {"Action":"sqs:*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"data"}},"Effect":"Allow","Resource":"*"}
        - inline policy b: {"Action":"s3:GetObject","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}},"Effect":"Deny","Resource":"*"}
      fix: irsactl update iamserviceaccount --cluster demo default/s3-reader --repair-drift --approve

      21 checks hold
      unknown: role-permissions: whether the role may sqs:SendMessage depends on aws:PrincipalTag/team, which only a real call has
    [exit 0]
    "#);
}

#[test]
fn who_may_not_simulate_gets_the_proof_all_the_same() {
    let bench = made();
    bench.sandbox.fault("iam SimulatePrincipalPolicy deny");
    assert_snapshot!(bench.run(&format!("{VERIFY} --can s3:GetObject")), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    caller       is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    permission   unknown    s3:GetObject: not allowed to call iam:SimulatePrincipalPolicy: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:SimulatePrincipalPolicy because no identity-based policy allows the iam:SimulatePrincipalPolicy action
    [stderr]
    error: default/s3-reader: its role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK is not shown to be allowed
      s3:GetObject: not allowed to call iam:SimulatePrincipalPolicy: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:SimulatePrincipalPolicy because no identity-based policy allows the iam:SimulatePrincipalPolicy action
    [exit 1]
    ");
}

#[test]
fn mistyped_permissions_are_refused_before_any_call() {
    let bench = made();
    for can in ["s3", "s3:*", "s3:GetObject=bucket"] {
        let told = bench.run(&format!("{VERIFY} --can {can}"));
        assert!(told.ends_with("[exit 2]\n"), "{told}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn a_missing_cluster_is_told_before_anything_else() {
    let bench = made();
    let told = bench.run("verify s3-reader -n default --cluster nowhere");
    assert!(
        told.contains("there is no EKS cluster \"nowhere\""),
        "{told}"
    );
    assert!(told.ends_with("[exit 1]\n"), "{told}");
}

#[test]
#[should_panic(expected = "printed what was issued")]
fn a_printed_token_is_found() {
    let bench = made();
    let token = bench
        .sandbox
        .pod_token("demo", "default", "s3-reader", "sts.amazonaws.com");
    let (_, signature) = token.rsplit_once('.').expect("a signature");
    assert_nothing_issued(&signature.as_bytes()[200..264], &bench.sandbox.secrets());
}

#[test]
fn tokens_and_sessions_are_in_no_log() {
    let mut bench = made();
    bench.set("IRSACTL_LOG", "trace");
    for line in [
        VERIFY.to_owned(),
        format!("{VERIFY} -o json"),
        format!("{VERIFY} -v 4 -o yaml"),
    ] {
        let told = bench.run(&line);
        assert!(told.contains("AssumeRoleWithWebIdentity: 200"), "{told}");
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    for fault in [
        "half",
        "garbage",
        "error 500 InternalFailure Trouble",
        "reset",
    ] {
        bench.sandbox.fault(&format!("{ASSUME} {fault}"));
        bench.sandbox.fault(&format!(
            "kubernetes create serviceaccounts/token times 1 {fault}"
        ));
        let told = bench.run(&format!("{VERIFY} -v 4"));
        assert!(told.ends_with("[exit 1]\n"), "{told}");
        bench.sandbox.world().faults.clear();
    }
}
