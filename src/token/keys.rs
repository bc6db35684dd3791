//! An issuer's published keys (JWKS, RFC 7517), and a token's signature against them.

use std::fmt;

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Header, Malformed, Parts, TokenPart, bytes};

/// More keys than IAM takes of an issuer (100).
const MOST: usize = 1_000;

/// The keys of an issuer. Those of kinds that no token of a service account is signed with are kept by
/// their name.
#[derive(Clone, Debug)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    /// Of keys that are for one algorithm only.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    /// Modulus and exponent, big-endian.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Other,
}

/// A key as it is published (RFC 7518, 6).
#[derive(Deserialize)]
struct Published {
    kty: String,
    kid: Option<Value>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a JWKS document. A key that cannot be used is no error: another may be meant.
    ///
    /// # Errors
    /// What is wrong with the document, as a fragment that follows its name.
    pub fn parse(document: &[u8]) -> Result<Self, String> {
        let document: Value =
            serde_json::from_slice(document).map_err(|_| "is no JSON".to_owned())?;
        let keys = document.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("has no list of `keys`")?;
        if keys.len() > MOST {
            return Err(format!("has more than {MOST} keys"));
        }
        let read = keys
            .iter()
            .filter_map(|key| Published::deserialize(key).ok());
        Ok(Self(read.map(Key::of).collect()))
    }

    /// Of all keys, also of kinds that no token is signed with.
    pub fn ids(&self) -> KeyIds {
        let known: Vec<String> = self.0.iter().filter_map(|key| key.id.clone()).collect();
        KeyIds {
            without_kid: self.0.len() - known.len(),
            known,
        }
    }

    /// The key that the header names; without a name, every one that fits.
    fn named(&self, header: &Header) -> Vec<&Key> {
        let fits = |key: &&Key| match (&header.key_id, &key.id) {
            (Some(wanted), Some(id)) => wanted == id,
            (Some(_), None) => false,
            (None, _) => true,
        };
        self.0.iter().filter(fits).collect()
    }
}

/// By what an issuer's keys can be told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyIds {
    pub known: Vec<String>,
    /// Number of keys that no token can name.
    pub without_kid: usize,
}

/// As in `2284XXXX4a40, and 2 keys without a kid`.
impl fmt::Display for KeyIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.join(", ");
        let without = match self.without_kid {
            1 => "1 key without a kid".to_owned(),
            count => format!("{count} keys without a kid"),
        };
        match (self.known.is_empty(), self.without_kid) {
            (true, 0) => f.write_str("none"),
            (true, _) => write!(f, "{without}, by which STS finds a token's key"),
            (false, 0) => f.write_str(&known),
            (false, _) => write!(f, "{known}, and {without}"),
        }
    }
}

impl Key {
    fn of(key: Published) -> Self {
        let part = |text: &Option<String>| bytes(text.as_ref()?, TokenPart::Signature).ok();
        let point = |length: usize| {
            let (x, y) = (part(&key.x)?, part(&key.y)?);
            let is_whole = x.len() == length && y.len() == length;
            is_whole.then(|| [vec![4], x, y].concat())
        };
        let material = match (key.kty.as_str(), key.crv.as_deref()) {
            ("RSA", _) => part(&key.n).zip(part(&key.e)).map(|(n, e)| Material::Rsa {
                n: without_zeros(n),
                e: without_zeros(e),
            }),
            ("EC", Some("P-256")) => point(32).map(Material::P256),
            ("EC", Some("P-384")) => point(48).map(Material::P384),
            _ => None,
        };
        let kid = key.kid.as_ref().and_then(Value::as_str);
        Self {
            material: material.unwrap_or(Material::Other),
            // An empty one names nothing.
            id: kid.filter(|id| !id.is_empty()).map(str::to_owned),
            algorithm: key.alg,
        }
    }

    /// Whether the signature is this key's; `None` when it is no key for the algorithm.
    fn signed(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Option<bool> {
        if self.algorithm.as_ref().is_some_and(|own| own != algorithm) {
            return None;
        }
        let by_point = |algorithm: &'static EcdsaVerificationAlgorithm, point: &[u8]| {
            let key = UnparsedPublicKey::new(algorithm, point);
            key.verify(signed, signature).is_ok()
        };
        match (&self.material, Algorithm::of(algorithm)?) {
            (Material::Rsa { n, e }, Algorithm::Rsa(parameters)) => {
                let key = RsaPublicKeyComponents { n, e };
                Some(key.verify(parameters, signed, signature).is_ok())
            }
            (Material::P256(point), Algorithm::Es256) => {
                Some(by_point(&ECDSA_P256_SHA256_FIXED, point))
            }
            (Material::P384(point), Algorithm::Es384) => {
                Some(by_point(&ECDSA_P384_SHA384_FIXED, point))
            }
            _ => None,
        }
    }
}

/// The big-endian number as ring takes it.
fn without_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// Algorithms of IAM that are known here too (RFC 7518, 3.1).
enum Algorithm {
    Rsa(&'static RsaParameters),
    Es256,
    Es384,
}

impl Algorithm {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            _ => return None,
        })
    }
}

/// Why a signature proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum SignatureFault {
    /// The text is no token at all.
    Malformed { cause: String },
    /// An algorithm that is not known here.
    Algorithm { got: String },
    /// The issuer publishes no such key: it was rotated, or the issuer is another one.
    UnknownKey {
        wanted: Option<String>,
        #[serde(flatten)]
        published: KeyIds,
    },
    /// The key is for other algorithms than the token names.
    WrongKind { key: String, algorithm: String },
    /// The token was changed, or signed by another key of that name.
    Wrong { key: String },
}

impl From<Malformed> for SignatureFault {
    fn from(cause: Malformed) -> Self {
        Self::Malformed {
            cause: cause.to_string(),
        }
    }
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { cause } => f.write_str(cause),
            Self::Algorithm { got } => write!(
                f,
                "it is signed by {got}, which is none of RS256, RS384, RS512, ES256 and ES384"
            ),
            Self::UnknownKey {
                wanted: Some(wanted),
                published,
            } => write!(
                f,
                "the issuer publishes no key \"{wanted}\" that it is signed with; it publishes {published}"
            ),
            Self::UnknownKey {
                wanted: None,
                published,
            } => write!(
                f,
                "it names no key, and none of the issuer's fits: {published}"
            ),
            Self::WrongKind { key, algorithm } => {
                write!(f, "the issuer's key \"{key}\" is none for {algorithm}")
            }
            Self::Wrong { key } => {
                write!(f, "the signature is not that of the issuer's key \"{key}\"")
            }
        }
    }
}

/// Verifies a token's signature, and tells the id of the key that signed it.
///
/// # Errors
/// Why it does not hold.
pub fn verify_signature(text: &str, keys: &Keys) -> Result<String, SignatureFault> {
    let parts = Parts::of(text)?;
    let header = parts.read_header()?;
    let signature = bytes(parts.signature, TokenPart::Signature)?;
    let algorithm = header.algorithm.as_str();
    if Algorithm::of(algorithm).is_none() {
        return Err(SignatureFault::Algorithm {
            got: algorithm.chars().take(40).collect(),
        });
    }
    let name = |key: &Key| key.id.clone().unwrap_or_else(|| "without a kid".to_owned());
    let mut verdict = SignatureFault::UnknownKey {
        wanted: header.key_id.clone(),
        published: keys.ids(),
    };
    for key in keys.named(&header) {
        match key.signed(algorithm, parts.signed.as_bytes(), &signature) {
            Some(true) => return Ok(name(key)),
            Some(false) => verdict = SignatureFault::Wrong { key: name(key) },
            None if header.key_id.is_some() => {
                verdict = SignatureFault::WrongKind {
                    key: name(key),
                    algorithm: algorithm.to_owned(),
                };
            }
            None => {}
        }
    }
    Err(verdict)
}
