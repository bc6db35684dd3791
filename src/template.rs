//! The CloudFormation template of a service account's role: rendered from what is asked, and read
//! back from a stack to compare. The fixed parts and the well-known policies are files under
//! `templates/`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::{
    Audience, Cluster, PolicyArn, ROLE_LOGICAL_ID, RoleName, RolePath, ServiceAccountName,
    StackName, SubjectPattern, is_iam_name_character,
};
use crate::policy::pod_identity::{self, TrustedAssociation};
use crate::policy::subjects::Subject;
use crate::policy::{self, PolicyDocument};

mod aws_policies;
mod edit;
mod fetched;
mod foreign;
mod functions;
mod holes;
mod managed;
mod manifest;
mod parametrised;
mod role;

pub use aws_policies::meant;
pub use edit::{Boundary, Managed, RoleEdits, is_document};
pub use fetched::{fetched_secrets, fetched_values};
pub use foreign::{StackResource, beyond, is_own, removed, resources, touched, undeclared};
pub use functions::plain;
pub use holes::{Unknown, filled, has_holes};
pub use managed::ManagedPolicy;
pub use manifest::{annotated, manifest};
pub use parametrised::{NamedPolicy, PARAMETRISED, ParametrisedPolicy};
pub use role::RoleTemplate;

/// The role that is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleSpec {
    pub managed: Vec<PolicyArn>,
    pub inline: Vec<PolicyDocument>,
    pub well_known: Vec<WellKnownPolicy>,
    pub boundary: Option<PolicyArn>,
    pub name: Option<RoleName>,
    pub path: Option<RolePath>,
    /// Seconds, 3600 to 43200 (IAM API).
    pub max_session_duration: Option<u32>,
    pub subject_pattern: Option<SubjectPattern>,
    pub audience: Audience,
    /// eksctl's `permissionPolicyName`: what the one inline document is called.
    pub document_name: Option<DocumentName>,
    pub trusted: Trusted,
}

/// Whom a role lets in for its service account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trusted {
    /// Bearers of the cluster's tokens.
    #[default]
    Tokens,
    /// EKS Pod Identity, for the service account's association alone.
    ThisAssociation,
    /// EKS Pod Identity, for every association of the account that names the role.
    AnyAssociation,
}

/// What an inline document is called behind the stack's name; as a logical id it keeps its letters and
/// digits only, as in eksctl.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentName(String);

impl DocumentName {
    /// The document's logical id in the template.
    pub fn id(&self) -> String {
        self.0.chars().filter(char::is_ascii_alphanumeric).collect()
    }
}

impl fmt::Display for DocumentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DocumentName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = Self(text.to_owned());
        let id = name.id();
        if id.is_empty() {
            Err("must have a letter or a digit".to_owned())
        } else if id == ROLE_LOGICAL_ID {
            Err("is the role's own name in the template".to_owned())
        } else if !text.chars().all(is_iam_name_character) {
            Err("is made of letters, digits and `+=,.@_-`".to_owned())
        } else {
            Ok(name)
        }
    }
}

/// What CloudFormation must be told that the template makes: named roles need the stronger word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Capability {
    #[serde(rename = "CAPABILITY_IAM")]
    Iam,
    #[serde(rename = "CAPABILITY_NAMED_IAM")]
    NamedIam,
}

impl RoleSpec {
    /// The weaker word is enough, unless the role has a name.
    pub fn capability(&self) -> Capability {
        if self.name.is_some() {
            Capability::NamedIam
        } else {
            Capability::Iam
        }
    }

    /// The role's ARN, as far as it can be known before the role is made: with its name.
    pub fn arn(&self, cluster: &Cluster) -> Option<String> {
        let name = self.name.as_ref()?;
        let path = self.path.as_ref().map_or("/", |path| path.as_str());
        let (partition, account) = (&cluster.partition, &cluster.account);
        Some(format!("arn:{partition}:iam::{account}:role{path}{name}"))
    }

    /// How many managed policies the role has.
    pub fn managed_count(&self) -> usize {
        managed_policies(self).len()
    }

    /// Inline documents by the name that CloudFormation puts behind the stack's name.
    pub fn inline_documents(&self) -> BTreeMap<String, Value> {
        let ids = document_ids(self.document_name.as_ref());
        let own = ids
            .zip(&self.inline)
            .map(|(id, document)| (id, document.as_value().clone()));
        let well_known = self
            .well_known
            .iter()
            .flat_map(|policy| policy.entry().policies.clone());
        own.chain(well_known).collect()
    }
}

/// The logical ids of documents that users hand in, in their order.
fn document_ids(name: Option<&DocumentName>) -> impl Iterator<Item = String> {
    let name = name.map(DocumentName::id);
    let numbered = (name.iter().count() + 1..).map(|number| format!("Policy{number}"));
    name.into_iter().chain(numbered)
}

/// The template's text for one role, as eksctl's apart from `Fn::GetAtt` in its array form.
pub fn render(
    spec: &RoleSpec,
    cluster: &Cluster,
    account: &ServiceAccountName,
    stack: &StackName,
) -> Value {
    let mut template: Value =
        serde_json::from_str(include_str!("../templates/iamserviceaccount.json"))
            .expect("a template of this program");
    template["Description"] = description(spec, account).into();
    let role = &mut template["Resources"][ROLE_LOGICAL_ID]["Properties"];
    role["AssumeRolePolicyDocument"] = trust(spec, cluster, account);
    for (property, value) in optional_properties(spec) {
        if let Some(value) = value {
            role[property] = value;
        }
    }
    for (id, document) in spec.inline_documents() {
        let name = spec.document_name.as_ref().filter(|name| name.id() == id);
        let name = name.map_or(id.as_str(), |name| name.0.as_str());
        template["Resources"][&id] = inline_resource(stack, name, &document);
    }
    template
}

fn description(spec: &RoleSpec, account: &ServiceAccountName) -> String {
    match spec.trusted {
        Trusted::Tokens => {
            format!("IAM role for serviceaccount \"{account}\" [created and managed by eksctl]")
        }
        Trusted::ThisAssociation | Trusted::AnyAssociation => {
            "IAM role for pod identity association [created and managed by eksctl]".to_owned()
        }
    }
}

fn optional_properties(spec: &RoleSpec) -> [(&'static str, Option<Value>); 5] {
    let managed = Some(managed_policies(spec)).filter(|managed| !managed.is_empty());
    let boundary = spec.boundary.as_ref();
    let name = spec.name.as_ref();
    let path = spec.path.as_ref();
    [
        ("ManagedPolicyArns", managed.map(Value::from)),
        (
            "PermissionsBoundary",
            boundary.map(|arn| arn.to_string().into()),
        ),
        ("RoleName", name.map(|name| name.as_str().into())),
        ("Path", path.map(|path| path.as_str().into())),
        (
            "MaxSessionDuration",
            spec.max_session_duration.map(Value::from),
        ),
    ]
}

fn inline_resource(stack: &StackName, name: &str, document: &Value) -> Value {
    let usual = format!("{stack}-{name}");
    let policy_name = match stack.policy_name(name) {
        known if known == usual => json!({ "Fn::Sub": format!("${{AWS::StackName}}-{name}") }),
        shortened => shortened.into(),
    };
    json!({
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": policy_name,
            "Roles": [{ "Ref": ROLE_LOGICAL_ID }],
            "PolicyDocument": document
        }
    })
}

/// A policy of AWS's, in whatever partition.
fn managed_reference(name: &str) -> Value {
    json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:iam::aws:policy/{name}") })
}

/// The trust policy that is asked for.
pub fn trust(spec: &RoleSpec, cluster: &Cluster, account: &ServiceAccountName) -> Value {
    let arn = cluster.arn();
    let only = arn.as_ref().map(|cluster_arn| TrustedAssociation {
        account,
        cluster_arn,
    });
    let only = match spec.trusted {
        Trusted::Tokens => return tokens_trust(spec, cluster, account),
        Trusted::ThisAssociation => only,
        Trusted::AnyAssociation => None,
    };
    json!({ "Version": policy::VERSION, "Statement": [pod_identity::statement(only)] })
}

fn tokens_trust(spec: &RoleSpec, cluster: &Cluster, account: &ServiceAccountName) -> Value {
    let subject = Subject::of(account, spec.subject_pattern.as_ref());
    policy::trust_policy(
        &cluster.provider_arn(),
        &cluster.issuer,
        &subject,
        &spec.audience,
    )
}

fn managed_policies(spec: &RoleSpec) -> Vec<Value> {
    let own = spec.managed.iter().map(|arn| Value::from(arn.to_string()));
    let well_known = spec
        .well_known
        .iter()
        .flat_map(|policy| &policy.entry().managed_policies);
    own.chain(well_known.map(|name| managed_reference(name)))
        .collect()
}

/// One of the policies that come with the program, by its name in eksctl's config file (or in its manner).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WellKnownPolicy(&'static str);

/// What a policy consists of. Its file also says what it is for and who usually has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueEntry {
    /// The add-on, and what it is allowed.
    pub description: String,
    /// Names of AWS's managed policies, with their path.
    #[serde(default)]
    pub managed_policies: Vec<String>,
    /// Inline documents by policy name.
    #[serde(default)]
    pub policies: Map<String, Value>,
}

macro_rules! well_known {
    ($($name:literal),* $(,)?) => {
        static CATALOGUE: LazyLock<BTreeMap<&'static str, CatalogueEntry>> = LazyLock::new(|| {
            [$(($name, include_str!(concat!("../templates/well-known-policies/", $name, ".json")))),*]
                .into_iter()
                .map(|(name, text)| (name, serde_json::from_str(text).expect("a policy of this program")))
                .collect()
        });
        /// Every well-known policy: eksctl's seven first, in its order, then our own.
        pub const WELL_KNOWN: &[WellKnownPolicy] = &[$(WellKnownPolicy($name)),*];
    };
}

well_known!(
    "imageBuilder",
    "autoScaler",
    "awsLoadBalancerController",
    "externalDNS",
    "certManager",
    "ebsCSIController",
    "efsCSIController",
    "adotContainerLogs",
    "adotPrometheus",
    "adotXray",
    "amazonManagedPrometheus",
    "cloudWatchAgent",
    "ebsCSIControllerV2",
    "efsCSIDriver",
    "externalSecrets",
    "fluentBit",
    "fsxCSIController",
    "gatewayAPIController",
    "nodeTerminationHandler",
    "s3FilesCSIDriver",
    "vpcCNI",
    "vpcCNIIPv6",
);

/// The names of all of them.
pub fn well_known_names() -> Vec<&'static str> {
    WELL_KNOWN.iter().map(|policy| policy.name()).collect()
}

impl WellKnownPolicy {
    /// As flags and files have it (`wellKnownPolicies`).
    pub fn name(self) -> &'static str {
        self.0
    }

    /// What it stands for: managed policies and inline documents.
    pub fn entry(self) -> &'static CatalogueEntry {
        &CATALOGUE[self.0]
    }
}

impl FromStr for WellKnownPolicy {
    type Err = String;

    /// Without regard to case, as eksctl.
    fn from_str(text: &str) -> Result<Self, String> {
        WELL_KNOWN
            .iter()
            .find(|policy| policy.0.eq_ignore_ascii_case(text))
            .copied()
            .ok_or_else(|| {
                format!(
                    "the well-known policies are {}",
                    well_known_names().join(", ")
                )
            })
    }
}

#[cfg(test)]
mod tests;
