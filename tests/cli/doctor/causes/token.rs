//! The token and STS: what is refused for another reason than the trust policy, and what CloudTrail
//! recorded of pods.

use serde_json::json;

use super::{Broken, broken, found, healthy};
use crate::arrange::side_by_side;
use crate::sandbox::{Chain, Event};
use crate::support::{ACCOUNT, Bench, REGION};

/// STS answers so, whatever it is sent.
fn refused(status: u16, code: &str, message: &str) -> Bench {
    let bench = healthy();
    bench.sandbox.fault(&format!(
        "sts AssumeRoleWithWebIdentity error {status} {code} {message}"
    ));
    bench
}

const NOT_AUTHORIZED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// The issuer serves that as its keys.
fn publishing(keys: &serde_json::Value) -> Bench {
    let bench = healthy();
    let issuer = bench.issuer();
    let (host, path) = issuer.split_once('/').expect("a path");
    let mut world = bench.sandbox.world();
    let host = world.issuer_hosts.get_mut(host).expect("the host");
    host.documents
        .insert(format!("/{path}/keys"), keys.to_string());
    drop(world);
    bench
}

#[test]
fn refusals_of_sts() {
    insta::assert_snapshot!(found(&[
        broken("a policy of the organisation", || refused(403, "AccessDenied", NOT_AUTHORIZED)),
        broken("a role of the last minute", || {
            let bench = refused(403, "AccessDenied", NOT_AUTHORIZED);
            bench.sandbox.world().role_of("web/api").created += 3_600_000;
            bench
        }),
        broken("AWS cannot reach the issuer", || {
            refused(400, "IDPCommunicationError", "Error communicating with the identity provider")
        }),
        broken("the issuer's claims are rejected", || {
            refused(403, "IDPRejectedClaim", "The identity provider reported a failure")
        }),
        broken("the region is off", || {
            let bench = healthy();
            bench.sandbox.fault(
                "sts * error 403 RegionDisabledException STS is not activated in this region",
            );
            bench
        }),
        broken("AWS does not trust the issuer's authority", || {
            let bench = healthy();
            let issuer = bench.issuer();
            let (host, _) = issuer.split_once('/').expect("a path");
            let mut world = bench.sandbox.world();
            world.issuer_hosts.get_mut(host).expect("the host").chain = Chain::SelfSigned;
            drop(world);
            bench
        }),
        broken("no keys", || publishing(&json!({"keys": []}))),
        broken("a key without a kid", || {
            publishing(&json!({"keys": [{
                "use": "sig", "kty": "RSA", "alg": "RS256", "n": "AQAB", "e": "AQAB",
            }]}))
        }),
        broken("keys that are other ones", || {
            publishing(&json!({"keys": [{
                "use": "sig", "kty": "RSA", "kid": "other", "alg": "RS256", "n": "AQAB", "e": "AQAB",
            }]}))
        }),
        broken("STS throttles", || refused(400, "Throttling", "Rate exceeded")),
    ]), @"
    a policy of the organisation: problem sts-accepts/organisation-policy | by hand
    a role of the last minute: problem sts-accepts/propagation | by hand
    AWS cannot reach the issuer: problem sts-accepts/issuer-unreachable | by hand
    the issuer's claims are rejected: problem sts-accepts/rejected-claim | by hand
    the region is off: problem sts-region/region-disabled, cluster: problem sts-region/region-disabled | by hand
    AWS does not trust the issuer's authority: problem provider-thumbprint/thumbprint-mismatch, cluster: note discovery/issuer-unreachable-from-here | by hand
    no keys: problem signing-keys/no-verification-key, cluster: problem signing-keys/no-verification-key | by hand
    a key without a kid: problem signing-keys/key-without-kid, cluster: problem signing-keys/key-without-kid | by hand
    keys that are other ones: problem token/bad-signature | by hand
    STS throttles: problem sts-accepts/throttled | by hand
    ");
}

/// What CloudTrail has of a pod's call.
fn recorded(code: &str, message: &str, subject: &str) -> Bench {
    let bench = healthy();
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api").arn.clone();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let at = i64::try_from(now.expect("after 1970").as_millis()).expect("a time");
    let record = json!({
        "userIdentity": {"type": "WebIdentityUser", "userName": subject},
        "awsRegion": REGION,
        "errorCode": code,
        "errorMessage": message,
        "requestParameters": {"roleArn": role, "roleSessionName": "botocore"},
    });
    world.trail.push(Event {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        name: "AssumeRoleWithWebIdentity".to_owned(),
        // The role is used by doctor itself: what is older would be history.
        at: at + 60_000,
        record,
    });
    drop(world);
    bench
}

#[test]
fn what_cloudtrail_recorded() {
    const OWN: &str = "system:serviceaccount:web:api";
    let all = [
        ("ExpiredTokenException", "Token must be expired", OWN),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            OWN,
        ),
        (
            "PackedPolicyTooLarge",
            "Packed size of session tags consumes 104% of the allotted space",
            OWN,
        ),
        (
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region",
            OWN,
        ),
        ("Throttling", "Rate exceeded", OWN),
        (
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT",
            OWN,
        ),
        ("AccessDenied", "An unknown error occurred", OWN),
        (
            "AccessDenied",
            "An unknown error occurred",
            "system:serviceaccount:web:default",
        ),
    ];
    let run = |(code, message, subject): &(&str, &str, &str)| {
        let told = format!("{code} of {subject}");
        super::line_of(&told, &|| recorded(code, message, subject), "web/api")
    };
    insta::assert_snapshot!(side_by_side(2, &all, run).concat(), @"
    ExpiredTokenException of system:serviceaccount:web:api: warning recorded-failures/expired-token | by hand
    ValidationError of system:serviceaccount:web:api: warning recorded-failures/duration-too-long | by hand
    PackedPolicyTooLarge of system:serviceaccount:web:api: warning recorded-failures/packed-policy-too-large | by hand
    SignatureDoesNotMatch of system:serviceaccount:web:api: warning recorded-failures/global-endpoint | by hand
    Throttling of system:serviceaccount:web:api: warning recorded-failures/throttled | by hand
    InvalidIdentityToken of system:serviceaccount:web:api: warning recorded-failures/not-a-token | by hand
    AccessDenied of system:serviceaccount:web:api: note recorded-failures/recorded-failure | by hand
    AccessDenied of system:serviceaccount:web:default: warning recorded-failures/recorded-failure | by hand
    ");
}

#[test]
fn ways_to_sts() {
    insta::assert_snapshot!(found(&[
        broken("the endpoint's policy is for the account's own callers", || {
            let bench = healthy();
            let mut world = bench.sandbox.world();
            world.add_vpc_endpoint("sts").policy = json!({"Statement": [{
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
                "Action": "*",
                "Resource": "*",
            }]});
            drop(world);
            bench
        }),
        broken("the endpoint's policy knows another action only", || {
            let bench = healthy();
            let mut world = bench.sandbox.world();
            world.add_vpc_endpoint("sts").policy = json!({"Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*",
            }]});
            drop(world);
            bench
        }),
        broken("the endpoint is still pending", || {
            let bench = healthy();
            bench.sandbox.world().add_vpc_endpoint("sts").state = "pending".to_owned();
            bench
        }),
    ]), @"
    the endpoint's policy is for the account's own callers: cluster: problem sts-endpoint/endpoint-policy | by hand
    the endpoint's policy knows another action only: cluster: problem sts-endpoint/endpoint-policy | by hand
    the endpoint is still pending: cluster: problem sts-endpoint/endpoint-not-available | by hand
    ");
}

#[test]
fn what_can_only_be_inferred_is_said_so() {
    let told = [
        Broken {
            told: "",
            bench: || refused(403, "AccessDenied", NOT_AUTHORIZED),
            asked: "",
        },
        Broken {
            told: "",
            bench: || publishing(&json!({"keys": []})),
            asked: "",
        },
    ];
    let text = |broken: &Broken| (broken.bench)().run("doctor --cluster demo web/api");
    insta::assert_snapshot!(side_by_side(2, &told, text).join("\n"), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: STS refuses the token, though all that can be seen lets it in [sts-accepts]
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      STS: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
      fix: irsactl verify --cluster demo web/api   # in a minute, if the role or its trust was just changed
      fix: else ask the administrators of the organisation: a service or resource control policy may deny sts:AssumeRoleWithWebIdentity

      37 checks hold
    [exit 1]

    [stdout]
    cluster demo: 1 problem

    problem: the issuer publishes no signing keys: no token of it can be verified [signing-keys]
      fix: ask AWS Support: EKS serves them

      10 checks hold

    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the issuer publishes no signing keys: no token of it can be verified [signing-keys]
      hence: the token's signature does not hold: the issuer publishes no key "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E" that it is signed with; it publishes none [token]
      hence: STS refuses the token: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements [sts-accepts]

      36 checks hold
    [exit 1]
    "#);
}
