use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RsaEncoding,
};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn bound() -> Value {
    json!({
        "iss": "https://oidc.example.com/id/A", "sub": "system:serviceaccount:web:app",
        "aud": ["sts.amazonaws.com"], "iat": NOW, "nbf": NOW, "exp": NOW + 600,
        "kubernetes.io": {
            "namespace": "web", "serviceaccount": { "name": "app", "uid": "1" },
            "pod": { "name": "app-1", "uid": "2" }, "node": { "name": "n", "uid": "3" },
        },
    })
}

fn with(changes: Value) -> Value {
    let mut claims = bound();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

/// Without a signature that holds.
fn token(claims: &Value) -> String {
    let header = encoded(&json!({ "alg": "RS256", "kid": "k" }));
    format!("{header}.{}.c2ln", encoded(claims))
}

#[test]
fn a_token_is_read_with_what_kubernetes_adds() {
    let read = decode(&format!(" {}\n", token(&bound()))).unwrap();
    assert_eq!(read.header.algorithm, "RS256");
    assert_eq!(read.header.key_id.as_deref(), Some("k"));
    let wanted = Claims {
        issuer: "https://oidc.example.com/id/A".to_owned(),
        subject: "system:serviceaccount:web:app".to_owned(),
        audiences: vec!["sts.amazonaws.com".to_owned()],
        issued_at: NOW,
        not_before: Some(NOW),
        expires_at: NOW + 600,
        namespace: Some("web".to_owned()),
        service_account: Some("app".to_owned()),
        pod: Some("app-1".to_owned()),
        node: Some("n".to_owned()),
    };
    assert_eq!(read.claims, wanted);
    let foreign = with(json!({ "kubernetes.io": null, "aud": "a", "exp": 1e9 + 0.5 }));
    let claims = decode(&token(&foreign)).unwrap().claims;
    assert_eq!((claims.pod, claims.expires_at), (None, 1_000_000_000));
    assert_eq!(claims.audiences, ["a"]);
}

#[test]
fn what_is_no_token_is_named() {
    let missing = |claim| Malformed::Missing {
        part: TokenPart::Claims,
        claim,
    };
    let legacy = json!({
        "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:web:app",
        "kubernetes.io/serviceaccount/service-account.name": "app",
    });
    let header = encoded(&json!({ "alg": "RS256" }));
    for (text, wanted) in [
        (" \n".to_owned(), Malformed::Empty),
        ("-----BEGIN X".to_owned(), Malformed::Other("PEM file")),
        ("{\"a\": 1}".to_owned(), Malformed::Other("JSON document")),
        (
            "k8s-aws-v1.aHR0cHM".to_owned(),
            Malformed::Other("bearer token of an EKS cluster's API"),
        ),
        ("x".repeat(LONGEST + 1), Malformed::TooLong),
        ("opaque".to_owned(), Malformed::Parts(1)),
        ("a.b.c.d.e".to_owned(), Malformed::Parts(5)),
        ("ä.b.c".to_owned(), Malformed::Base64(TokenPart::Header)),
        ("YQ.b.c".to_owned(), Malformed::Json(TokenPart::Header)),
        (
            format!("{header}.!.c"),
            Malformed::Base64(TokenPart::Claims),
        ),
        (
            format!("{header}.W10.c2ln"),
            Malformed::Json(TokenPart::Claims),
        ),
        (
            format!("{header}.{}.?", encoded(&bound())),
            Malformed::Base64(TokenPart::Signature),
        ),
        (
            format!("e30.{}.c2ln", encoded(&bound())),
            Malformed::Missing {
                part: TokenPart::Header,
                claim: "alg",
            },
        ),
        (token(&legacy), Malformed::Legacy),
        (token(&with(json!({ "aud": null }))), missing("aud")),
        (token(&with(json!({ "aud": [] }))), missing("aud")),
        (token(&with(json!({ "aud": [1] }))), missing("aud")),
        (token(&with(json!({ "exp": null }))), missing("exp")),
        (token(&with(json!({ "exp": "1" }))), missing("exp")),
        (token(&with(json!({ "iat": null }))), missing("iat")),
        (token(&with(json!({ "sub": 1 }))), missing("sub")),
        (token(&with(json!({ "iss": null }))), missing("iss")),
    ] {
        assert_eq!(decode(&text), Err(wanted), "{text}");
    }
}

#[test]
fn claims_are_judged_as_iam_judges_them() {
    let expected = ExpectedClaims {
        issuer: "https://oidc.example.com/id/A",
        subject: "system:serviceaccount:web:app",
        audience: "sts.amazonaws.com",
        pod: None,
        now: NOW,
    };
    let faults = |changes: Value, now: i64| {
        let claims = decode(&token(&with(changes))).unwrap().claims;
        let faults = check(&claims, ExpectedClaims { now, ..expected });
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        told.join("; ")
    };
    assert_eq!(faults(json!({}), NOW), "");
    // IAM's tolerance: five minutes at either end.
    assert_eq!(faults(json!({}), NOW + 899), "");
    assert_eq!(
        faults(json!({}), NOW + 900),
        "it expired at 2027-01-15T08:10:00Z, 5m ago"
    );
    assert_eq!(faults(json!({}), NOW - 300), "");
    assert_eq!(
        faults(json!({}), NOW - 301),
        "it is valid from 2027-01-15T08:00:00Z on, in 5m1s"
    );
    assert_eq!(
        faults(json!({ "nbf": null, "iat": NOW + 301 }), NOW),
        "it is valid from 2027-01-15T08:05:01Z on, in 5m1s"
    );
    assert_eq!(
        faults(
            json!({ "iss": "https://a", "sub": "b", "aud": ["c", "d"] }),
            NOW
        ),
        "its issuer is \"https://a\", wanted \"https://oidc.example.com/id/A\"; \
         its subject is \"b\", wanted \"system:serviceaccount:web:app\"; \
         its audience is \"c\", \"d\", wanted \"sts.amazonaws.com\""
    );
}

#[test]
fn a_token_must_be_bound_to_the_pod_that_it_was_asked_for() {
    let expected = ExpectedClaims {
        issuer: "https://oidc.example.com/id/A",
        subject: "system:serviceaccount:web:app",
        audience: "sts.amazonaws.com",
        pod: Some("app-1"),
        now: NOW,
    };
    let pod = |pod: Value| {
        let mut claims = bound();
        claims["kubernetes.io"]["pod"] = pod;
        let claims = decode(&token(&claims)).unwrap().claims;
        let faults = check(&claims, expected);
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        told.join("; ")
    };
    assert_eq!(pod(json!({ "name": "app-1" })), "");
    assert_eq!(
        pod(json!({ "name": "app-2" })),
        "it is bound to the pod \"app-2\", wanted \"app-1\""
    );
    assert_eq!(pod(json!(null)), "it is bound to no pod, wanted \"app-1\"");
}

#[test]
fn times_are_told_as_in_utc() {
    for (seconds, wanted) in [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800, "253402300800 s"),
        (-62_167_219_200, "0000-01-01T00:00:00Z"),
    ] {
        assert_eq!(utc(seconds), wanted);
    }
}

#[test]
fn spans_are_told_in_the_unit_that_fits() {
    for (seconds, wanted) in [
        (-5, "0s"),
        (0, "0s"),
        (600, "10m"),
        (172_799, "47h59m59s"),
        (172_800, "2 days"),
        (i64::MAX, "106751991167300 days"),
    ] {
        assert_eq!(span(seconds), wanted);
    }
}

/// The same key that the sandbox signs with.
fn rsa() -> ring::rsa::KeyPair {
    use base64::engine::general_purpose::STANDARD;
    let text: String = include_str!("../../tests/sandbox/signing-key.pem")
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    ring::rsa::KeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap()
}

/// A token and the published key that it is signed with.
fn by_rsa(algorithm: &str, encoding: &'static dyn RsaEncoding) -> (String, Value) {
    let key = rsa();
    let header = json!({ "alg": algorithm, "kid": "the-key" });
    let signed = format!("{}.{}", encoded(&header), encoded(&bound()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        encoding,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
    // Some publish the modulus with a zero in front.
    let n = [vec![0], public.n].concat();
    let published = json!({ "kty": "RSA", "kid": "the-key", "use": "sig",
        "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(public.e) });
    let signature = URL_SAFE_NO_PAD.encode(signature);
    (format!("{signed}.{signature}"), published)
}

fn by_point(algorithm: &str, curve: &str, how: &'static EcdsaSigningAlgorithm) -> (String, Value) {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(how, key.as_ref(), &random).unwrap();
    let header = json!({ "alg": algorithm, "kid": "the-key" });
    let signed = format!("{}.{}", encoded(&header), encoded(&bound()));
    let signature = key.sign(&random, signed.as_bytes()).unwrap();
    let (x, y) = {
        let point = &key.public_key().as_ref()[1..];
        point.split_at(point.len() / 2)
    };
    let published = json!({ "kty": "EC", "crv": curve, "kid": "the-key", "alg": algorithm,
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
    let signature = URL_SAFE_NO_PAD.encode(signature);
    (format!("{signed}.{signature}"), published)
}

fn keys(published: &[&Value]) -> Keys {
    Keys::parse(json!({ "keys": published }).to_string().as_bytes()).unwrap()
}

#[test]
fn signatures_hold_only_for_what_was_signed_by_that_key() {
    let (other, _) = by_rsa("RS256", &RSA_PKCS1_SHA512);
    for (token, key) in [
        by_rsa("RS256", &RSA_PKCS1_SHA256),
        by_rsa("RS384", &RSA_PKCS1_SHA384),
        by_rsa("RS512", &RSA_PKCS1_SHA512),
        by_point("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
        by_point("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
    ] {
        let broken = json!({ "kty": "oct", "k": "AA", "kid": "symmetric" });
        let known = keys(&[&broken, &json!(1), &key]);
        assert_eq!(verify_signature(&token, &known).as_deref(), Ok("the-key"));
        let wrong = Err(SignatureFault::Wrong {
            key: "the-key".to_owned(),
        });
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let changed = encoded(&with(json!({ "sub": "system:serviceaccount:web:admin" })));
        let changed = format!("{header}.{changed}.{signature}");
        assert_eq!(verify_signature(&changed, &known), wrong);
        let empty = format!("{signed}.");
        assert_eq!(verify_signature(&empty, &known), wrong);
    }
    let (_, key) = by_rsa("RS256", &RSA_PKCS1_SHA256);
    assert!(verify_signature(&other, &keys(&[&key])).is_err());
}

/// RFC 7515, A.3.
#[test]
fn the_example_of_the_standard_verifies() {
    let token = "eyJhbGciOiJFUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = json!({ "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    assert_eq!(
        verify_signature(token, &keys(&[&key])).as_deref(),
        Ok("without a kid")
    );
}

#[test]
fn a_signature_that_cannot_be_verified_says_why() {
    let (token, key) = by_rsa("RS256", &RSA_PKCS1_SHA256);
    let told = |token: &str, keys: &Keys| verify_signature(token, keys).unwrap_err().to_string();
    let mut rotated = key.clone();
    rotated["kid"] = "newer".into();
    assert_eq!(
        told(&token, &keys(&[&rotated])),
        "the issuer publishes no key \"the-key\" that it is signed with; it publishes newer"
    );
    assert!(told(&token, &keys(&[])).ends_with("it publishes none"));
    let mut nameless = key.clone();
    for kid in [json!(null), json!(""), json!(7)] {
        nameless["kid"] = kid;
        let told = told(&token, &keys(&[&nameless]));
        let wanted = "it publishes 1 key without a kid, by which STS finds a token's key";
        assert!(told.ends_with(wanted), "{told}");
    }
    assert!(
        told(&token, &keys(&[&rotated, &nameless, &nameless]))
            .ends_with("it publishes newer, and 2 keys without a kid")
    );
    let mut narrow = key;
    narrow["alg"] = "RS512".into();
    assert_eq!(
        told(&token, &keys(&[&narrow])),
        "the issuer's key \"the-key\" is none for RS256"
    );
    let unsigned = format!(
        "{}.{}.",
        encoded(&json!({ "alg": "none" })),
        encoded(&bound())
    );
    assert!(told(&unsigned, &keys(&[])).starts_with("it is signed by none, which is none of"));
    assert_eq!(told("", &keys(&[])), "it is empty");
}

#[test]
fn what_is_no_list_of_keys_is_named() {
    for (document, wanted) in [
        ("", "is no JSON"),
        ("[]", "has no list of `keys`"),
        ("{\"keys\": {}}", "has no list of `keys`"),
    ] {
        assert_eq!(Keys::parse(document.as_bytes()).unwrap_err(), wanted);
    }
    let many = json!({ "keys": vec![0; 1001] }).to_string();
    assert_eq!(
        Keys::parse(many.as_bytes()).unwrap_err(),
        "has more than 1000 keys"
    );
}

#[test]
fn a_secret_shows_nothing_of_its_text() {
    let secret = Secret::new("s3cret");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
}

#[test]
fn fuzzed_tokens_and_keys_are_refused_or_whole() {
    let (signed, key) = by_rsa("RS256", &RSA_PKCS1_SHA256);
    let document = json!({ "keys": [key] }).to_string();
    let claims = bound().to_string();
    let corpus = [
        signed.as_str(),
        &document,
        &claims,
        "..",
        "a.b.c",
        "",
        "-----BEGIN",
    ];
    let known = keys(&[&key]);
    crate::fuzz::texts(corpus, |text| {
        if let Ok(token) = decode(text) {
            assert!(!token.claims.audiences.is_empty());
            let expected = ExpectedClaims {
                issuer: "",
                subject: "",
                audience: "",
                pod: None,
                now: i64::MAX,
            };
            for fault in check(&token.claims, expected) {
                assert!(!fault.to_string().is_empty());
            }
        }
        let wrapped = format!("e30.{}.YQ", URL_SAFE_NO_PAD.encode(text));
        let header = format!(
            "{}.{}.YQ",
            encoded(&json!({ "alg": "RS256" })),
            URL_SAFE_NO_PAD.encode(text)
        );
        for text in [text, &wrapped, &header] {
            let told = decode(text).err().map(|error| error.to_string());
            // Nothing of the token itself, of which any long word could be a part.
            assert!(
                told.unwrap_or_default()
                    .split(' ')
                    .all(|word| word.len() < 25)
            );
        }
        if verify_signature(text, &known).is_ok() {
            assert_eq!(text.trim(), signed);
        }
        if let Ok(keys) = Keys::parse(text.as_bytes()) {
            let _ = verify_signature(&signed, &keys);
        }
    });
}
