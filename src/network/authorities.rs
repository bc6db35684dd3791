//! Certificate authorities that a user names, and the names that TLS asks servers for.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

/// The certificates of a PEM text, as DER.
///
/// # Errors
/// When one of them is broken; none at all is no error.
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    CertificateDer::pem_slice_iter(pem)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|_| "its PEM is cut off or damaged".to_owned())
}

/// The certificate authorities of a PEM text, as DER.
///
/// # Errors
/// None at all, or one that cannot be used.
pub fn authorities(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let all = certificates(pem)?;
    if all.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    let mut roots = rustls::RootCertStore::empty();
    for (number, der) in (1..).zip(&all) {
        let added = roots.add(der.as_slice().into());
        added.map_err(|_| format!("its certificate {number} is none of an authority"))?;
    }
    Ok(all)
}

/// Whether TLS can ask a server for that name.
pub fn is_server_name(text: &str) -> bool {
    ServerName::try_from(text).is_ok()
}
