//! Service account tokens: JWTs signed with the one key of the sandbox. Apart from the Kubernetes
//! API, which issues them, because the issuer publishes the key and STS verifies with it.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{self, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::world::World;

/// The claims of a verified token that STS looks at. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    pub issuer: String,
    pub subject: String,
    pub audience: Vec<String>,
    pub expires_at: i64,
    pub issued_at: i64,
    /// `kubernetes.io`: namespace, service account, pod.
    pub kubernetes: Value,
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// No JWT, or one without the claims that OIDC demands.
    Malformed,
    /// Nobody serves keys for that issuer.
    UnknownIssuer(String),
    BadSignature,
}

/// The pod that a token is bound to.
#[derive(Clone, Debug)]
pub struct Pod {
    pub name: String,
    pub uid: String,
    /// Of the node that it runs on, whose uid may not be known.
    pub node: Option<(String, Option<String>)>,
}

/// Signs a token for a service account, with the claims of a bound token as the API server makes
/// it. `seconds` may be negative: an expired token.
pub fn sign(
    issuer: &str,
    namespace: &str,
    name: &str,
    uid: &str,
    audiences: &[String],
    seconds: i64,
    pod: Option<&Pod>,
) -> String {
    let now = now();
    let mut kubernetes =
        json!({"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}});
    if let Some(pod) = pod {
        kubernetes["pod"] = json!({"name": pod.name, "uid": pod.uid});
        if let Some((name, uid)) = &pod.node {
            kubernetes["node"] = json!({"name": name});
            if let Some(uid) = uid {
                kubernetes["node"]["uid"] = uid.as_str().into();
            }
        }
    }
    sign_claims(&json!({
        "aud": audiences,
        "exp": now + seconds,
        "iat": now,
        "iss": issuer,
        "jti": token_id(&format!("{issuer} {namespace} {name} {uid} {audiences:?} {now}")),
        "kubernetes.io": kubernetes,
        "nbf": now,
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    }))
}

/// Signs any claims, for tokens that no API server would make.
pub fn sign_claims(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": key_id()});
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encode(&header), encode(claims));
    let mut signature = vec![0; KEY.public().modulus_len()];
    KEY.sign(
        &signature::RSA_PKCS1_SHA256,
        &ring::rand::SystemRandom::new(),
        text.as_bytes(),
        &mut signature,
    )
    .expect("an RSA signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Verifies signature and issuer. Expiry and audience are the caller's matter, as each is another
/// error of STS.
///
/// # Errors
/// Why the token is not believed.
pub fn verify(world: &World, jwt: &str) -> Result<Claims, Failure> {
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(Failure::Malformed);
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Failure::Malformed);
    let parse = |part: &str| serde_json::from_slice(&decode(part)?).map_err(|_| Failure::Malformed);
    let (header, payload): (Value, Value) = (parse(header)?, parse(payload)?);
    let claims = claims(&payload).ok_or(Failure::Malformed)?;
    if !world.knows_issuer(&claims.issuer) {
        return Err(Failure::UnknownIssuer(claims.issuer));
    }
    let signed = &jwt[..parts[0].len() + 1 + parts[1].len()];
    let key = UnparsedPublicKey::new(
        &signature::RSA_PKCS1_2048_8192_SHA256,
        KEY.public_key().as_ref(),
    );
    if header["alg"] != "RS256" || key.verify(signed.as_bytes(), &decode(signature)?).is_err() {
        return Err(Failure::BadSignature);
    }
    Ok(claims)
}

/// The issuer's JWKS.
pub fn key_set() -> Value {
    static KEY_SET: LazyLock<Value> = LazyLock::new(|| {
        let key = PublicKeyComponents::<Vec<u8>>::from(KEY.public_key());
        json!({"keys": [{
            "use": "sig",
            "kty": "RSA",
            "kid": key_id(),
            "alg": "RS256",
            "n": URL_SAFE_NO_PAD.encode(key.n),
            "e": URL_SAFE_NO_PAD.encode(key.e),
        }]})
    });
    KEY_SET.clone()
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

static KEY: LazyLock<KeyPair> = LazyLock::new(|| {
    let text: String = include_str!("signing-key.pem")
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    KeyPair::from_pkcs8(&STANDARD.decode(text).expect("a PEM file")).expect("an RSA key in PKCS#8")
});

fn claims(payload: &Value) -> Option<Claims> {
    let text = |name: &str| payload[name].as_str().map(str::to_owned);
    let audience = match &payload["aud"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => return None,
    };
    Some(Claims {
        issuer: text("iss")?,
        subject: text("sub")?,
        audience,
        expires_at: payload["exp"].as_i64()?,
        issued_at: payload["iat"].as_i64()?,
        kubernetes: payload["kubernetes.io"].clone(),
    })
}

/// Kubernetes names a key by the SHA-256 of its SubjectPublicKeyInfo
/// (`pkg/serviceaccount/jwt.go`, `keyIDFromPublicKey`).
fn key_id() -> String {
    const RSA_ENCRYPTION: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let bits = [&[0], KEY.public_key().as_ref()].concat();
    let info = der(0x30, &[&RSA_ENCRYPTION[..], &der(0x03, &bits)].concat());
    URL_SAFE_NO_PAD.encode(Sha256::digest(info))
}

/// A DER element of 256 to 65,535 bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .expect("a short element")
        .to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// A UUID that follows from `text`.
fn token_id(text: &str) -> String {
    let hex: String = Sha256::digest(text)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}
