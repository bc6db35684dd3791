//! Certificate chains as servers sent them, and which of their certificates make thumbprints.

use serde::Serialize;
use sha1::{Digest, Sha1};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::model::Thumbprint;
use crate::network;
use crate::token::utc;

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// RFC 3339, UTC.
    pub not_before: String,
    pub not_after: String,
    /// SHA-1 of its DER bytes.
    pub sha1: Thumbprint,
    /// Why it counts for the thumbprint; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<&'static str>,
}

/// The chain of one host, leaf first, in the order in which it was sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chain {
    pub host: String,
    pub certificates: Vec<Certificate>,
}

impl Chain {
    /// # Errors
    /// When there is none, or one that is no X.509 certificate.
    pub fn parse(host: &str, sent: &[impl AsRef<[u8]>]) -> Result<Self, String> {
        let mut certificates = sent
            .iter()
            .enumerate()
            .map(|(index, der)| {
                certificate(der.as_ref())
                    .ok_or_else(|| format!("certificate {} is no X.509 certificate", index + 1))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() {
            return Err("it sent no certificate".to_owned());
        }
        let last = certificates.len() - 1;
        let top = top_of_path(&certificates);
        certificates[last].counts = Some(if last == 0 {
            "the only certificate sent"
        } else {
            "the last certificate sent"
        });
        if top != last {
            certificates[top].counts = Some("the top of the path that begins at the leaf");
        }
        Ok(Self {
            host: host.to_owned(),
            certificates,
        })
    }

    /// Reads a file of PEM certificates, as `openssl s_client -showcerts` prints them.
    ///
    /// # Errors
    /// When it holds none, or a broken one.
    pub fn from_pem(name: &str, pem: &[u8]) -> Result<Self, String> {
        let certificates = network::certificates(pem)?;
        if certificates.is_empty() {
            return Err("it holds no PEM certificate".to_owned());
        }
        Self::parse(name, &certificates)
    }

    /// SHA-1 of the certificates that count: the last one first.
    pub fn thumbprints(&self) -> Vec<Thumbprint> {
        self.certificates
            .iter()
            .rev()
            .filter(|c| c.counts.is_some())
            .map(|c| c.sha1.clone())
            .collect()
    }

    /// A warning, where the chain is out of order.
    pub fn warning(&self) -> Option<String> {
        (self.thumbprints().len() > 1).then(|| {
            format!(
                "{} sends its certificates out of order: the last one and the top of the path are both used",
                self.host
            )
        })
    }

    /// Who signed the top of what was sent.
    pub fn top_issuer(&self) -> Option<String> {
        self.certificates
            .last()
            .map(|certificate| certificate.issuer.clone())
    }
}

/// What the issuer's hosts told.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Chains of the issuer's host and, where it is another, of the host that serves the keys.
    Chains(Vec<Chain>),
    /// An EKS issuer that cannot be reached from here.
    Unreachable { host: String, cause: String },
}

impl Reading {
    /// The thumbprints for the provider: of each host its top certificate, no more than IAM's 5.
    /// `None`: IAM is to fetch them.
    pub fn thumbprints(&self) -> Option<Vec<Thumbprint>> {
        let Self::Chains(chains) = self else {
            return None;
        };
        let mut all = Vec::new();
        for thumbprint in chains.iter().flat_map(Chain::thumbprints) {
            if !all.contains(&thumbprint) {
                all.push(thumbprint);
            }
        }
        all.truncate(5);
        Some(all)
    }

    /// What the user should know of how they came about.
    pub fn warnings(&self) -> Vec<String> {
        match self {
            Self::Unreachable { host, cause } => vec![format!(
                "cannot reach the issuer's host {host} ({cause}), as inside a VPC with an EKS interface endpoint; \
                 the thumbprint is left out, and IAM fetches it itself"
            )],
            Self::Chains(chains) => chains.iter().filter_map(Chain::warning).collect(),
        }
    }
}

fn certificate(der: &[u8]) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    Some(Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_before: utc(parsed.validity().not_before.timestamp()),
        not_after: utc(parsed.validity().not_after.timestamp()),
        sha1: hex::encode(Sha1::digest(der)).parse().ok()?,
        counts: None,
    })
}

/// Follows the links from the leaf upwards, each certificate used once; where it ends is the top.
fn top_of_path(certificates: &[Certificate]) -> usize {
    let mut current = 0;
    let mut seen = vec![false; certificates.len()];
    loop {
        seen[current] = true;
        let next = (0..certificates.len()).find(|&index| {
            !seen[index] && certificates[index].subject == certificates[current].issuer
        });
        match next {
            Some(next) => current = next,
            None => return current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(subject: &str, issuer: &str) -> Certificate {
        Certificate {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            not_before: String::new(),
            not_after: String::new(),
            sha1: "a".repeat(40).parse().unwrap(),
            counts: None,
        }
    }

    #[test]
    fn the_top_is_found_in_any_order_and_with_loops() {
        for (links, top) in [
            (vec![("leaf", "a"), ("a", "b"), ("b", "root")], 2),
            (vec![("leaf", "a"), ("b", "root"), ("a", "b")], 1),
            (vec![("leaf", "leaf")], 0),
            (vec![("leaf", "a"), ("a", "leaf")], 1),
            (vec![("leaf", "gone"), ("a", "b")], 0),
        ] {
            let certificates: Vec<_> = links
                .iter()
                .map(|(subject, issuer)| link(subject, issuer))
                .collect();
            assert_eq!(top_of_path(&certificates), top, "{links:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_certificate_are_refused() {
        assert!(Chain::parse("h", &[""; 0]).is_err());
        assert!(Chain::parse("h", &[[0x30, 0x82]]).is_err());
        assert!(Chain::from_pem("f", b"").is_err());
        assert!(
            Chain::from_pem(
                "f",
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            )
            .is_err()
        );
    }

    /// PEM and DER of a chain of three.
    fn corpus() -> (Vec<u8>, Vec<Vec<u8>>) {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["oidc.example.com".to_owned(), "b.example.com".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let pem = format!("# text\n{0}{0}{0}", certificate.pem());
        (
            pem.into(),
            vec![certificate.der().to_vec(), Vec::new(), vec![0x30, 0x80]],
        )
    }

    /// What was read is as long as what was sent, and has a thumbprint.
    fn check(chain: &Chain, length: usize) {
        let text = serde_json::to_string(chain).unwrap();
        assert!(
            text.len() <= 500 + 20 * length,
            "{} of {length}",
            text.len()
        );
        assert!((1..=2).contains(&chain.thumbprints().len()));
        assert_eq!(chain.warning().is_some(), chain.thumbprints().len() == 2);
        assert!(chain.top_issuer().is_some());
    }

    #[test]
    fn fuzzed_certificates_are_read_or_refused() {
        let (_, corpus) = corpus();
        let leaf = corpus[0].as_slice();
        crate::fuzz::bytes(&corpus, |der| {
            let sent = [leaf, der];
            match Chain::parse("h", &sent) {
                Ok(chain) => check(&chain, leaf.len() + der.len()),
                Err(rule) => assert_eq!(rule, "certificate 2 is no X.509 certificate"),
            }
        });
    }

    #[test]
    fn fuzzed_pem_is_read_or_refused() {
        let (pem, _) = corpus();
        crate::fuzz::bytes(&[pem, b"".to_vec()], |pem| {
            match Chain::from_pem("f", pem) {
                Ok(chain) => check(&chain, pem.len()),
                Err(rule) => assert!(rule.len() < 100, "{rule}"),
            }
        });
    }
}
