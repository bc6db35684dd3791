//! The field's names as types: what EKS, IAM, CloudFormation and Kubernetes call things, with the
//! rules that their APIs enforce. Apart from the rest so that a name that exists is a valid name.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

mod arn;
mod command_line;
mod encoded;
mod fix;
mod flags;
mod guess;
mod lookup;
mod partition;
mod right;
mod role_account;
mod shown;
mod signal;
mod stack_name;
mod tags;
mod way;
mod workload;

pub use arn::{Arn, PolicyArn, RoleArn, issuer_of_provider};
pub use command_line::{CommandLine, Connection, Flags, quoted};
pub use encoded::percent_encoded;
pub use fix::Fix;
pub use flags::{Days, Pairs, Timeout};
pub use guess::nearest;
pub use lookup::Lookup;
pub use partition::{PARTITIONS, Partition, partition_of, region_of_eks_host};
pub use right::Right;
pub use role_account::RoleAccount;
pub use shown::{
    is_command, is_hidden, listed, shown, shown_as_value, shown_in_json, shown_in_line,
    shown_in_quoted_yaml, visible,
};
pub use signal::Signal;
pub use stack_name::{ROLE_INFIX, ROLE_LOGICAL_ID, StackName};
pub use tags::{
    ASSOCIATION_TAG, AUDIENCE_ANNOTATION, CLUSTER_TAGS, FORMER_ANNOTATION, MANAGED_BY,
    MANAGED_BY_LABEL, MOVED_TAG, OIDC_ENABLED_TAG, ROLE_ANNOTATION, SAVED_ANNOTATION,
    SERVICE_ACCOUNT_TAG, STACK_ID_TAG, VERSION_TAG, is_aws_tag, is_own_tag,
};
pub use way::{Origin, Way};
pub use workload::{Workload, WorkloadKind};

/// Tags, labels or annotations: key to value, in the order of the keys.
pub type Map = BTreeMap<String, String>;

/// The audience of the tokens that pods exchange, in every AWS partition.
pub const DEFAULT_AUDIENCE: &str = "sts.amazonaws.com";
/// The add-on of the EKS Pod Identity Agent.
pub const AGENT: &str = "eks-pod-identity-agent";

/// So many EKS Pod Identity associations a cluster may have; no request raises that (EKS User Guide, "Learn
/// how EKS Pod Identity grants pods access to AWS services", Limits, and "View and manage Amazon EKS and
/// Fargate service quotas").
pub const ASSOCIATION_QUOTA: usize = 5_000;

/// What CloudFormation replaces wherever it stands in a template (its guide, "Dynamic references").
pub const DYNAMIC_REFERENCE: &str = "{{resolve:";
/// Stands in no name that becomes a part of a template.
const REFERENCE_START: &str = "{{";

/// Declares a checked string: `FromStr` applies the rule, `Display` gives the text back.
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $check:expr, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text, which keeps the rule of its kind.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err($rule.to_owned()) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_name!(
    /// Name of a cluster: EKS's are narrower ([`ClusterName::fault_in_eks`]), those of others are often
    /// DNS names (kOps: `example.cluster.k8s.local`). It is a tag's value too.
    ClusterName,
    |text| {
        (1..=253).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    },
    "a cluster name is 1 to 253 letters, digits, `-`, `_` and `.`, and starts with a letter or digit"
);

impl ClusterName {
    /// The rule where EKS has no cluster of such a name (EKS API: `^[0-9A-Za-z][A-Za-z0-9\-_]*$`, at
    /// most 100).
    pub fn fault_in_eks(&self) -> Option<&'static str> {
        (self.0.len() > 100 || self.0.contains('.')).then_some(
            "names of EKS clusters are 1 to 100 letters, digits, `-` and `_`; for a cluster that is \
             not EKS, add --issuer-url",
        )
    }
}

checked_name!(
    /// Code of a region, as `us-gov-west-1`: words, and a number in the end. It becomes a part of host
    /// names. An availability zone (`eu-west-1a`) is none.
    Region,
    |text| {
        let mut parts = text.split('-').rev();
        let number = parts.next().unwrap_or_default();
        let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        (1..=63).contains(&text.len())
            && (1..=2).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
            && parts.clone().count() >= 2
            && parts.all(is_word)
    },
    "a region such as `eu-west-1` is wanted"
);

checked_name!(
    /// Name of an IAM role (IAM API: `[\w+=,.@-]+`, at most 64).
    RoleName,
    |text| (1..=64).contains(&text.len()) && text.chars().all(is_iam_name_character),
    "a role name is 1 to 64 letters, digits and `_+=,.@-`"
);

checked_name!(
    /// Path of an IAM role (IAM API: `/` or `/…/` of printable ASCII, at most 512).
    RolePath,
    |text| {
        (1..=512).contains(&text.len())
            && text.starts_with('/')
            && text.ends_with('/')
            && text.bytes().all(|b| (0x21..=0x7e).contains(&b))
            && !text.contains(REFERENCE_START)
    },
    "a role path starts and ends with `/`, and is at most 512 printable ASCII characters without `{{`"
);

checked_name!(
    /// Namespace (Kubernetes: DNS-1123 label, at most 63).
    Namespace,
    |text| text.len() <= 63 && is_dns_label(text),
    "a namespace is at most 63 lower-case letters, digits and `-`, and starts and ends with a letter or digit"
);

checked_name!(
    /// Audience of a token: a client ID of the IAM OIDC provider (IAM API: 1 to 255 characters). It
    /// stands in the trust policy too, where IAM takes no character above U+00FF and replaces
    /// `${…}`, and in a template, where CloudFormation replaces what begins with `{{`.
    Audience,
    |text| {
        (1..=255).contains(&text.chars().count())
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c > '\u{ff}')
            && !text.contains("${")
            && !text.contains(REFERENCE_START)
    },
    "an audience is 1 to 255 characters up to U+00FF without blanks, `${` and `{{`"
);

checked_name!(
    /// What replaces the service account's name in the trust policy's `sub` condition; `*` and `?`
    /// match as in IAM's `StringLike`.
    SubjectPattern,
    |text| {
        (1..=253).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.*?".contains(c))
    },
    "a subject pattern is a service account name in which `*` and `?` stand for other characters"
);

checked_name!(
    /// SHA-1 of a certificate's DER bytes: 40 hex digits (IAM API), kept in lower case.
    Thumbprint,
    |text| text.len() == 40 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
    "a thumbprint is 40 hexadecimal digits: the SHA-1 of a certificate"
);

impl Thumbprint {
    /// Takes what people paste: upper case and colons between the bytes too (`openssl x509 -fingerprint`).
    ///
    /// # Errors
    /// The rule, when it is not 40 hex digits.
    pub fn lenient(text: &str) -> Result<Self, String> {
        text.replace(':', "").to_ascii_lowercase().parse()
    }
}

impl Default for Audience {
    fn default() -> Self {
        Self(DEFAULT_AUDIENCE.to_owned())
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Namespace {
    /// Whether Kubernetes lets nobody delete it (admission plugin NamespaceLifecycle).
    pub fn is_lasting(&self) -> bool {
        ["default", "kube-system", "kube-public"].contains(&self.as_str())
    }
}

/// Characters of IAM's role and policy names.
pub fn is_iam_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// RFC 1123 label, without its length.
fn is_dns_label(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(edge) && text.ends_with(edge) && text.chars().all(|c| edge(c) || c == '-')
}

/// What the `sub` claims of all service accounts begin with (Kubernetes).
pub const SUBJECT_PREFIX: &str = "system:serviceaccount:";

/// A Kubernetes service account: namespace and name. Prints as `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAccountName {
    pub namespace: Namespace,
    /// DNS-1123 subdomain, at most 253.
    pub name: String,
}

impl ServiceAccountName {
    /// # Errors
    /// The rule of Kubernetes that `name` breaks.
    pub fn new(namespace: Namespace, name: &str) -> Result<Self, String> {
        if name.len() > 253 || !name.split('.').all(is_dns_label) {
            return Err(format!(
                "\"{name}\" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, \
                 starting and ending with a letter or digit"
            ));
        }
        Ok(Self {
            namespace,
            name: name.to_owned(),
        })
    }

    /// The `sub` claim of its tokens (Kubernetes).
    pub fn subject(&self) -> String {
        format!("{SUBJECT_PREFIX}{}:{}", self.namespace, self.name)
    }
}

impl fmt::Display for ServiceAccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl FromStr for ServiceAccountName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = text
            .split_once('/')
            .ok_or_else(|| format!("\"{text}\" is no `namespace/name`"))?;
        Self::new(namespace.parse()?, name)
    }
}

impl Serialize for ServiceAccountName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The OIDC issuer of a cluster: an https URL, exactly as the tokens' `iss` claim has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    /// As the claim `iss` has it, with `https://`.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// Host and path, as in provider ARNs and condition keys: the URL without `https://`.
    pub fn host_and_path(&self) -> &str {
        self.0.strip_prefix("https://").unwrap_or(&self.0)
    }

    /// The host without port.
    pub fn host(&self) -> &str {
        self.authority().split(':').next().unwrap_or_default()
    }

    /// 443 where the URL names none.
    pub fn port(&self) -> u16 {
        self.authority()
            .split_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .unwrap_or(443)
    }

    fn authority(&self) -> &str {
        self.host_and_path().split('/').next().unwrap_or_default()
    }

    /// Whether EKS runs this issuer's host, under either of its names.
    pub fn is_eks(&self) -> bool {
        self.eks_region().is_some()
    }

    /// The region of the EKS that runs this issuer's host.
    pub fn eks_region(&self) -> Option<&str> {
        region_of_eks_host(self.host())
    }

    /// What is wrong with an issuer of EKS that no token names: with the dual-stack host, a port, a
    /// final slash, or the id in lower case. IAM takes it, and STS then knows no provider for a token.
    pub fn fault(&self) -> Option<String> {
        let right = self.form_of_eks()?;
        (right != self.0).then(|| format!("tokens of EKS say \"{right}\""))
    }

    /// The issuer of EKS as its tokens name it, where this one has the dual-stack host and differs by
    /// nothing else.
    pub fn of_dual_stack(&self) -> Option<Self> {
        let right = self.form_of_eks()?.parse::<Self>().ok()?;
        let dual = format!("https://{}", self.host());
        let with_this_host = right
            .0
            .replacen(&format!("https://{}", right.host()), &dual, 1);
        (self.host().starts_with("oidc-eks.") && with_this_host == self.0).then_some(right)
    }

    /// An issuer of EKS as its tokens name it.
    fn form_of_eks(&self) -> Option<String> {
        let host = self.host().to_lowercase();
        let region = region_of_eks_host(&host)?;
        let (_, path) = self.host_and_path().split_once('/').unwrap_or_default();
        let path = path.trim_matches('/');
        let id = path.strip_prefix("id/").unwrap_or(path).to_uppercase();
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
        let id = if is_id {
            &id
        } else {
            "<32 hexadecimal digits>"
        };
        let suffix = partition_of(region).suffix;
        Some(format!("https://oidc.eks.{region}.{suffix}/id/{id}"))
    }

    /// The IAM OIDC provider's ARN for this issuer in an account.
    pub fn provider_arn(&self, partition: &str, account: &str) -> String {
        format!(
            "arn:{partition}:iam::{account}:oidc-provider/{}",
            self.host_and_path()
        )
    }
}

impl FromStr for Issuer {
    type Err = String;

    /// IAM's rules for a provider's URL: `https://`, at most 255 characters, no query or fragment. Of the
    /// characters of a path (RFC 3986, section 3.3) without those that mean more in a trust policy, where
    /// it becomes a principal and condition keys (`*`, `$`).
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "an issuer is an `https://` URL of at most 255 characters without query or fragment; its path \
                    consists of letters, digits and `-._~%!&'()+,;=:/`";
        let Some(rest) = text.strip_prefix("https://") else {
            return Err(rule.to_owned());
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let good = text.len() <= 255
            && !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
            && port.parse::<u16>().is_ok()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._~%!&'()+,;=:/".contains(c));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(rule.to_owned())
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a cluster before anything else is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    pub name: ClusterName,
    /// Where its IAM resources live.
    pub partition: String,
    pub account: String,
    pub issuer: Issuer,
    /// That account is another than the cluster's: its stacks may be those of another cluster of that name.
    pub has_roles_elsewhere: bool,
    /// `None` for clusters that are not EKS (`--issuer-url`).
    pub eks: Option<EksCluster>,
}

impl Cluster {
    /// The ARN of an EKS cluster; where EKS was not asked, by the region in its issuer.
    pub fn arn(&self) -> Option<Arn> {
        if let Some(eks) = &self.eks {
            return Some(eks.arn.clone());
        }
        let region = self.issuer.eks_region()?;
        let (partition, account, name) = (&self.partition, &self.account, &self.name);
        let arn = format!("arn:{partition}:eks:{region}:{account}:cluster/{name}");
        arn.parse().ok()
    }

    /// Of the provider of its issuer, in the account of its roles; whether that exists is not said.
    pub fn provider_arn(&self) -> String {
        self.issuer.provider_arn(&self.partition, &self.account)
    }
}

/// What DescribeCluster adds: the way to the Kubernetes API.
#[derive(Clone, Debug, PartialEq)]
pub struct EksCluster {
    pub arn: Arn,
    /// `https://…` of the Kubernetes API.
    pub endpoint: String,
    /// Base64 of the PEM of the API's certificate authority.
    pub certificate_authority: String,
    /// What the token names the cluster by: the id of a local cluster on Outposts, else the name.
    pub token_id: String,
    pub tags: Map,
    pub facts: ClusterFacts,
}

/// What else DescribeCluster tells: what bears on whether pods have their roles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterFacts {
    /// Kubernetes' `1.31`.
    pub version: String,
    /// EKS's `eks.4`.
    pub platform_version: String,
    pub vpc: Option<String>,
    /// What the control plane and, unless told otherwise, the nodes have.
    pub security_group: Option<String>,
    pub public_endpoint: bool,
    pub private_endpoint: bool,
    pub public_cidrs: Vec<String>,
    /// CONFIG_MAP, API_AND_CONFIG_MAP or API.
    pub authentication_mode: Option<String>,
    /// Pods and services have IPv6 addresses only.
    pub ipv6: bool,
    /// EKS Auto Mode, which brings the Pod Identity agent with it.
    pub auto_mode: bool,
    /// Codes and messages of `health.issues`.
    pub issues: Vec<String>,
}

#[cfg(test)]
mod tests;
