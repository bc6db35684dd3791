//! The tokens of service accounts: JWTs, read and judged. Pure, so that every rule of IAM is a row of a
//! table; who issues a token and who takes it is elsewhere.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};

mod faults;
mod keys;
mod time;

pub use faults::{ClaimFault, ExpectedClaims, check};
pub use keys::{Keys, SignatureFault, verify_signature};
pub use time::{span, utc};

/// The longest token that STS takes (API of AssumeRoleWithWebIdentity), in characters.
pub const LONGEST: usize = 20_000;
/// The audience of the tokens that EKS Pod Identity exchanges.
pub const POD_IDENTITY_AUDIENCE: &str = "pods.eks.amazonaws.com";

/// The text of a token: whoever has it is the service account. It is never shown, not even by `Debug`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes any text: whether it is a token is not looked at.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the call that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a token says. That it is true is another matter: see [`verify_signature`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Token {
    pub header: Header,
    pub claims: Claims,
}

/// How the token was signed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// `RS256`, `ES256`, …
    pub algorithm: String,
    /// Which of the issuer's keys signed it.
    #[serde(rename = "keyID", skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// `JWT`, where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The claims that IAM or a reader looks at. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    pub issuer: String,
    pub subject: String,
    pub audiences: Vec<String>,
    pub issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    pub expires_at: i64,
    /// What Kubernetes adds; tokens of others have none of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl Claims {
    /// `NAMESPACE/NAME` of the service account, as Kubernetes tells it.
    pub fn account(&self) -> Option<String> {
        let (namespace, name) = (&self.namespace, &self.service_account);
        Some(format!("{}/{}", namespace.as_ref()?, name.as_ref()?))
    }

    /// Whether it is meant for EKS Pod Identity's agent, and not for STS.
    pub fn is_for_pod_identity(&self) -> bool {
        self.audiences.iter().any(|it| it == POD_IDENTITY_AUDIENCE)
    }
}

/// Why a text is no token that STS could take. Never quotes the text: a part of it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it is empty")]
    Empty,
    #[error("it is no text")]
    NotText,
    #[error("it is longer than any token that STS takes ({LONGEST} characters)")]
    TooLong,
    #[error("it is a {0}, not a service account's token")]
    Other(&'static str),
    #[error("a token has 3 parts with dots between them, this has {0}")]
    Parts(usize),
    #[error("its {0} is not in base64url")]
    Base64(TokenPart),
    #[error("its {0} is no JSON object")]
    Json(TokenPart),
    #[error("`{claim}` is missing in its {part}, or of the wrong type")]
    Missing {
        part: TokenPart,
        claim: &'static str,
    },
    /// Of a Secret of the kind `kubernetes.io/service-account-token`.
    #[error(
        "it is a token of a Secret, without audience and end, which STS refuses; the pod needs a projected token \
         (a volume of the kind serviceAccountToken, which the EKS webhook adds)"
    )]
    Legacy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPart {
    Header,
    Claims,
    Signature,
}

impl fmt::Display for TokenPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// Reads a token, whose signature is not looked at. White space around it does not count.
///
/// # Errors
/// What is wrong with the text.
pub fn decode(text: &str) -> Result<Token, Malformed> {
    let parts = Parts::of(text)?;
    let header = parts.read_header()?;
    let claims = object(parts.claims, TokenPart::Claims)?;
    bytes(parts.signature, TokenPart::Signature)?;
    Ok(Token {
        header,
        claims: read_claims(&claims)?,
    })
}

/// The three parts of a token, still encoded.
struct Parts<'a> {
    /// Header and claims with the dot between them: what is signed.
    signed: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, Malformed> {
        let text = text.trim();
        let other = if text.is_empty() {
            return Err(Malformed::Empty);
        } else if text.starts_with("-----BEGIN") {
            Some("PEM file")
        } else if text.starts_with('{') {
            Some("JSON document")
        } else if text.starts_with("k8s-aws-v1.") {
            Some("bearer token of an EKS cluster's API")
        } else {
            None
        };
        if let Some(other) = other {
            return Err(Malformed::Other(other));
        }
        if text.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(Malformed::Parts(parts.len()));
        };
        Ok(Self {
            signed: &text[..header.len() + 1 + claims.len()],
            header,
            claims,
            signature,
        })
    }

    fn read_header(&self) -> Result<Header, Malformed> {
        let header = object(self.header, TokenPart::Header)?;
        Ok(Header {
            algorithm: text_of(&header, "alg").ok_or(Malformed::Missing {
                part: TokenPart::Header,
                claim: "alg",
            })?,
            key_id: text_of(&header, "kid").filter(|id| !id.is_empty()),
            kind: text_of(&header, "typ"),
        })
    }
}

fn bytes(part: &str, which: TokenPart) -> Result<Vec<u8>, Malformed> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    let decoded = decoded.or_else(|_| URL_SAFE.decode(part));
    decoded.map_err(|_| Malformed::Base64(which))
}

fn object(part: &str, which: TokenPart) -> Result<Map<String, Value>, Malformed> {
    let bytes = bytes(part, which)?;
    serde_json::from_slice(&bytes).map_err(|_| Malformed::Json(which))
}

fn text_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

/// Kubernetes' own claims are nested under one name; those of legacy tokens lie flat.
fn read_claims(claims: &Map<String, Value>) -> Result<Claims, Malformed> {
    let lacks = |name: &str| !claims.contains_key(name);
    if lacks("aud") && lacks("exp") && !lacks("kubernetes.io/serviceaccount/service-account.name") {
        return Err(Malformed::Legacy);
    }
    let missing = |claim| Malformed::Missing {
        part: TokenPart::Claims,
        claim,
    };
    let text = |claim| text_of(claims, claim).ok_or(missing(claim));
    let time = |claim| seconds(claims.get(claim)).ok_or(missing(claim));
    let audiences = audiences(claims.get("aud")).ok_or(missing("aud"))?;
    let kubernetes = claims.get("kubernetes.io").and_then(Value::as_object);
    let name_of = |kind: &str| text_of(kubernetes?.get(kind)?.as_object()?, "name");
    Ok(Claims {
        issuer: text("iss")?,
        subject: text("sub")?,
        audiences,
        issued_at: time("iat")?,
        not_before: seconds(claims.get("nbf")),
        expires_at: time("exp")?,
        namespace: kubernetes.and_then(|claims| text_of(claims, "namespace")),
        service_account: name_of("serviceaccount"),
        pod: name_of("pod"),
        node: name_of("node"),
    })
}

/// One text or several (RFC 7519, 4.1.3); at least one.
fn audiences(claim: Option<&Value>) -> Option<Vec<String>> {
    let all: Option<Vec<String>> = match claim? {
        Value::Array(all) => all
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect(),
        one => one.as_str().map(|one| vec![one.to_owned()]),
    };
    all.filter(|all| !all.is_empty())
}

/// A NumericDate (RFC 7519, 2), which may have a fraction.
fn seconds(claim: Option<&Value>) -> Option<i64> {
    let claim = claim?;
    claim
        .as_i64()
        .or_else(|| Some(claim.as_f64()?.floor() as i64))
}

#[cfg(test)]
mod tests;
