//! The token that makes a repeated request one request. Apart because every request that has one
//! derives it the same way.

use sha2::{Digest, Sha256};

/// A ClientRequestToken (letters, digits, hyphens; at most 128): the same content, the same request.
pub fn token(content: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in content {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    format!("irsactl-{}", hex::encode(&digest.finalize()[..16]))
}
