//! Certificates: the authorities of the sandbox and what each TLS host sends. Apart from the
//! proxy because the chains, whole and broken, are what the thumbprint tests are about.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha1::{Digest, Sha1};

use super::world::World;

/// What certificates a TLS host sends, in the order of sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// Leaf and intermediate under the world's root, as most public hosts do.
    #[default]
    Public,
    /// Leaf, intermediate and the root itself.
    WithRoot,
    /// Leaf, lower and upper intermediate, as `oidc.eks.*` with its cross-signed root.
    TwoIntermediates,
    /// Leaf, upper and lower intermediate: TLS 1.3 allows it, and the last certificate is then
    /// not the top of the path.
    OutOfOrder,
    /// One certificate that nobody vouches for.
    SelfSigned,
    /// Leaf and root of a company's proxy that opens TLS.
    UnknownAuthority,
    /// As `Public`, but the leaf ran out in 2021.
    Expired,
    /// As `Public`, but the leaf is for another host.
    WrongHost,
}

/// A certificate authority: a root or an intermediate.
#[derive(Clone)]
pub struct Authority {
    der: CertificateDer<'static>,
    pem: String,
    issuer: Arc<Issuer<'static, KeyPair>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// A self-signed P-256 root, valid from 2020 to the end of 2049.
    pub fn new(common_name: &str) -> Self {
        let key = new_key();
        let parameters = authority_parameters(common_name);
        let certificate = parameters.self_signed(&key).expect("a root certificate");
        Self::from_parts(&certificate, parameters, key)
    }

    /// The certificate alone, as SSL_CERT_FILE and certificateAuthority.data hold it.
    pub fn pem(&self) -> String {
        self.pem.clone()
    }

    /// An authority under this one.
    pub fn intermediate(&self, common_name: &str) -> Self {
        let key = new_key();
        let parameters = authority_parameters(common_name);
        let certificate = parameters
            .signed_by(&key, &*self.issuer)
            .expect("an intermediate");
        Self::from_parts(&certificate, parameters, key)
    }

    /// A server's certificate and key for `host`, valid up to the first day of `until`.
    fn leaf(&self, host: &str, until: i32) -> (CertificateDer<'static>, KeyPair) {
        let key = new_key();
        let certificate = leaf_parameters(host, until)
            .signed_by(&key, &*self.issuer)
            .expect("a leaf certificate");
        (certificate.der().clone(), key)
    }

    fn from_parts(
        certificate: &rcgen::Certificate,
        parameters: CertificateParams,
        key: KeyPair,
    ) -> Self {
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Arc::new(Issuer::new(parameters, key)),
        }
    }
}

/// What one host sends, and the key it proves itself with.
#[derive(Debug)]
struct Identity {
    certificates: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

/// The identities shown so far. They are kept, by host and chain, so that a host's thumbprint is
/// the same at every handshake.
#[derive(Debug, Default)]
pub struct Identities {
    shown: Mutex<BTreeMap<(String, Chain), Arc<Identity>>>,
    corporate: OnceLock<Authority>,
}

impl Identities {
    fn of(&self, root: &Authority, host: &str, chain: &Chain) -> Arc<Identity> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown
            .entry((host.to_owned(), chain.clone()))
            .or_insert_with(|| Arc::new(self.make(root, host, chain)))
            .clone()
    }

    fn make(&self, root: &Authority, host: &str, chain: &Chain) -> Identity {
        let under = |authority: &Authority, name: &str, until, above: &[&Authority]| {
            let (leaf, key) = authority.leaf(name, until);
            let above = above.iter().map(|authority| authority.der.clone());
            Identity {
                certificates: std::iter::once(leaf).chain(above).collect(),
                key,
            }
        };
        let upper = root.intermediate(&format!("Sandbox Intermediate CA of {host}"));
        match chain {
            Chain::Public => under(&upper, host, WIDE, &[&upper]),
            Chain::WithRoot => under(&upper, host, WIDE, &[&upper, root]),
            Chain::Expired => under(&upper, host, 2021, &[&upper]),
            Chain::WrongHost => under(&upper, "another-host.example.net", WIDE, &[&upper]),
            Chain::TwoIntermediates => {
                let lower = upper.intermediate(&format!("Sandbox Issuing CA of {host}"));
                under(&lower, host, WIDE, &[&lower, &upper])
            }
            Chain::OutOfOrder => {
                let lower = upper.intermediate(&format!("Sandbox Issuing CA of {host}"));
                under(&lower, host, WIDE, &[&upper, &lower])
            }
            Chain::UnknownAuthority => {
                let corporate = self
                    .corporate
                    .get_or_init(|| Authority::new("Corporate TLS Inspection CA"));
                under(corporate, host, WIDE, &[corporate])
            }
            Chain::SelfSigned => {
                let key = new_key();
                let leaf = leaf_parameters(host, WIDE)
                    .self_signed(&key)
                    .expect("a certificate");
                Identity {
                    certificates: vec![leaf.der().clone()],
                    key,
                }
            }
        }
    }
}

impl World {
    /// The certificates that `host` sends, DER, in order; empty for a host the sandbox does not
    /// know.
    pub fn chain_of(&self, host: &str) -> Vec<Vec<u8>> {
        let Some(chain) = self.host_chain(host) else {
            return Vec::new();
        };
        let identity = self.identities.of(&self.root, &host.to_lowercase(), &chain);
        identity
            .certificates
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect()
    }

    /// The chain of an issuer host. The host of a cluster's issuer is known without being listed.
    pub fn host_chain(&self, host: &str) -> Option<Chain> {
        let host = host.to_lowercase();
        if let Some(listed) = self.issuer_hosts.get(&host) {
            return Some(listed.chain.clone());
        }
        self.clusters
            .iter()
            .filter_map(|cluster| cluster.issuer.as_deref())
            .any(|issuer| super::issuer::split(issuer).0 == host)
            .then(Chain::default)
    }

    /// What a host sends under an authority, and what is put behind it.
    pub fn tls_with(
        &self,
        authority: &Authority,
        host: &str,
        chain: &Chain,
        padding: &[Vec<u8>],
    ) -> Arc<ServerConfig> {
        let identity = self.identities.of(authority, &host.to_lowercase(), chain);
        let mut certificates = identity.certificates.clone();
        certificates.extend(padding.iter().cloned().map(CertificateDer::from));
        server_config(certificates, &identity.key)
    }

    /// What the proxy answers TLS with in the name of an issuer host.
    pub fn issuer_tls(&self, host: &str) -> Option<Arc<ServerConfig>> {
        let chain = self.host_chain(host)?;
        let identity = self.identities.of(&self.root, &host.to_lowercase(), &chain);
        Some(server_config(identity.certificates.clone(), &identity.key))
    }
}

/// SHA-1 of the last certificate that `host` sends, in lower-case hex: what IAM takes as the
/// provider's thumbprint when the client gives none.
pub fn thumbprint_of_top(world: &World, host: &str) -> Option<String> {
    world
        .chain_of(host)
        .last()
        .map(|certificate| thumbprint(certificate))
}

/// SHA-1 of a DER certificate in lower-case hex.
pub fn thumbprint(der: &[u8]) -> String {
    Sha1::digest(der)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// What an API server under `authority` answers TLS with: its leaf alone, as EKS does.
pub fn endpoint_tls(authority: &Authority, host: &str) -> Arc<ServerConfig> {
    let (leaf, key) = authority.leaf(host, WIDE);
    server_config(vec![leaf], &key)
}

/// The ring provider is named outright: a process default would depend on what else is linked in.
fn server_config(certificates: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .expect("a key that fits its certificate");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// The year at whose start certificates end.
const WIDE: i32 = 2050;

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key")
}

fn parameters(common_name: &str, until: i32) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, common_name);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn authority_parameters(common_name: &str) -> CertificateParams {
    let mut parameters = parameters(common_name, WIDE);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn leaf_parameters(host: &str, until: i32) -> CertificateParams {
    let mut parameters = parameters(host, until);
    let name = host.try_into().expect("host names are ASCII");
    parameters.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters
}
