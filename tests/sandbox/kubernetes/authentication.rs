//! Who calls: the bearer token, checked as `aws-iam-authenticator` does (`pkg/token/token.go`).
//! It sends the presigned URL in the token to STS; the sandbox checks the signature itself.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use sha2::{Digest, Sha256};

use super::super::http::Request;
use super::super::token::now;
use super::super::world::{Cluster, dns_suffix, partition};
use super::authorization::Access;
use super::route::pairs;

/// The token of the sandbox's kubeconfigs, as clusters outside EKS have.
pub const STATIC_TOKEN: &str = "sandbox-admin";

/// The secret key of every credential of the sandbox.
const SECRET_KEY: &str = "sandbox-secret-key";
const PREFIX: &str = "k8s-aws-v1.";
const LONGEST: usize = 4096;
/// How long a presigned URL of STS lives, whatever its X-Amz-Expires says.
const LIFETIME: i64 = 15 * 60;
const PARAMETERS: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

#[derive(Debug)]
pub struct User {
    pub name: String,
}

/// The caller; `None` for a token that is not believed or an identity that is not mapped, which
/// EKS does not tell apart.
pub fn user(cluster: &Cluster, request: &Request) -> Option<User> {
    let token = request
        .header("authorization")?
        .strip_prefix("Bearer ")?
        .trim();
    let name = if token == STATIC_TOKEN {
        "kubernetes-admin".to_owned()
    } else {
        let account = account(cluster, token)?;
        if account != cluster.account {
            return None;
        }
        format!(
            "arn:{}:iam::{account}:user/someone",
            partition(&cluster.region)
        )
    };
    (cluster.api.access != Access::Nobody).then_some(User { name })
}

/// The account whose credentials made the token.
fn account(cluster: &Cluster, token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?).ok()?;
    let signed = Presigned::parse(&url)?;
    signed.check_form(cluster)?;
    signed.check_time()?;
    signed.check_signature(cluster)?;
    // The access key of an account's user, as `aws.rs` has it.
    let key = &signed.credential[0];
    let account = key.strip_prefix("AKIA").or(key.strip_prefix("ASIA"));
    account.map(str::to_owned)
}

/// A presigned URL in its parts.
struct Presigned<'a> {
    loopback: bool,
    host: &'a str,
    query: &'a str,
    /// By lower-case name.
    parameters: Vec<(String, String)>,
    /// Access key, date, region, service, `aws4_request`.
    credential: Vec<String>,
}

impl<'a> Presigned<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (host, query) = rest.split_once("/?")?;
        // AWS knows no such host; clients of the sandbox may sign for the endpoint they use.
        let loopback = ["127.0.0.1", "localhost"].contains(&host.split(':').next()?);
        if scheme != "https" && !loopback {
            return None;
        }
        let parameters: Vec<(String, String)> = pairs(query)
            .map(|(name, value)| (name.to_lowercase(), value.into_owned()))
            .collect();
        let credential = parameters
            .iter()
            .find(|(name, _)| name == "x-amz-credential")?;
        let credential: Vec<String> = credential.1.split('/').map(str::to_owned).collect();
        (credential.len() == 5).then_some(Self {
            loopback,
            host,
            query,
            parameters,
            credential,
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.parameter("x-amz-signedheaders")
            .unwrap_or("")
            .split(';')
    }

    /// What the authenticator checks before it asks STS, and the scope that STS checks.
    fn check_form(&self, cluster: &Cluster) -> Option<()> {
        let mut names: Vec<&str> = self
            .parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        let expires: u32 = self.parameter("x-amz-expires")?.parse().ok()?;
        let holds = names.windows(2).all(|pair| pair[0] != pair[1])
            && names.iter().all(|name| PARAMETERS.contains(name))
            && self.parameter("action")? == "GetCallerIdentity"
            && self.parameter("version")? == "2011-06-15"
            && self.parameter("x-amz-algorithm")? == "AWS4-HMAC-SHA256"
            && expires <= 900
            && self.signed_headers().any(|header| header == "host")
            && self.signed_headers().any(|header| header == "x-k8s-aws-id")
            && self.credential[3..] == ["sts", "aws4_request"]
            && self.host_fits(cluster);
        holds.then_some(())
    }

    /// STS of the cluster's partition; a regional host only takes its own region's signature.
    fn host_fits(&self, cluster: &Cluster) -> bool {
        let (partition, region) = (partition(&cluster.region), &self.credential[2]);
        let suffix = dns_suffix(partition);
        self.loopback
            || self.host == format!("sts.{region}.{suffix}")
            || self.host == format!("sts-fips.{region}.{suffix}")
            || (partition == "aws" && self.host == "sts.amazonaws.com" && region == "us-east-1")
    }

    fn check_time(&self) -> Option<()> {
        let date = self.parameter("x-amz-date")?;
        let part = |from, to| date.get(from..to);
        let text = format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(0, 4)?,
            part(4, 6)?,
            part(6, 8)?,
            part(9, 11)?,
            part(11, 13)?,
            part(13, 15)?
        );
        let signed_at = DateTime::from_str(&text, Format::DateTime).ok()?.secs();
        let holds = (now() - signed_at).abs() <= LIFETIME && date.starts_with(&self.credential[1]);
        holds.then_some(())
    }

    /// Signature Version 4 over the request that the authenticator would send, with this
    /// cluster's name in the header: a token for another cluster fails here.
    fn check_signature(&self, cluster: &Cluster) -> Option<()> {
        let mut query: Vec<&str> = self.query.split('&').collect();
        query.retain(|pair| !pair.starts_with("X-Amz-Signature="));
        query.sort_unstable();
        let mut headers = String::new();
        for header in self.signed_headers() {
            let value = match header {
                "host" => self.host,
                "x-k8s-aws-id" => cluster_id(cluster),
                _ => return None,
            };
            headers.push_str(&format!("{header}:{value}\n"));
        }
        let canonical = format!(
            "GET\n/\n{}\n{headers}\n{}\n{}",
            query.join("&"),
            self.parameter("x-amz-signedheaders")?,
            hex(&Sha256::digest(b"")),
        );
        let scope = &self.credential[1..];
        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.parameter("x-amz-date")?,
            scope.join("/"),
            hex(&Sha256::digest(canonical)),
        );
        let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
        for part in scope.iter().chain([&text]) {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
            key = tag.as_ref().to_vec();
        }
        (hex(&key) == self.parameter("x-amz-signature")?).then_some(())
    }
}

/// A local cluster on an Outpost goes by its id, every other by its name.
fn cluster_id(cluster: &Cluster) -> &str {
    cluster
        .extra
        .get("id")
        .and_then(|id| id.as_str())
        .unwrap_or(&cluster.name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
