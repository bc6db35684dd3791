//! Every field of a config file that means something here: the one list that the reader checks names
//! and types by, and that docs/config-file.md is compared with.

use crate::template::WELL_KNOWN;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Object,
    /// A list of objects.
    Objects,
    Text,
    /// A list of texts.
    Texts,
    Bool,
    /// A whole number of seconds.
    Seconds,
    /// Texts by name.
    Map,
    /// A policy document.
    Document,
    /// A list of policy documents.
    Documents,
    /// Bools by the names of well-known policies.
    WellKnown,
    /// Left alone.
    Any,
}

/// Who knows a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Eksctl,
    /// irsactl alone: eksctl refuses a file with it.
    Own,
}

/// A field by its path; `[]` stands for each item of a list.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the rest is for docs/config-file.md, which a test compares"
    )
)]
pub struct Field {
    pub path: &'static str,
    pub kind: Kind,
    pub origin: Origin,
    /// What holds without it, in words; empty where nothing does.
    pub default: &'static str,
    /// For the reference, in Markdown.
    pub what: &'static str,
}

impl Field {
    /// The field's own name.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }
}

/// The fields of an object, by its path.
pub fn of(parent: &str) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.parent() == parent)
}

/// The names that `wellKnownPolicies` takes.
pub fn well_known_names() -> Vec<&'static str> {
    WELL_KNOWN.iter().map(|policy| policy.name()).collect()
}

const fn field(path: &'static str, kind: Kind, default: &'static str, what: &'static str) -> Field {
    Field {
        path,
        kind,
        origin: Origin::Eksctl,
        default,
        what,
    }
}

const fn own(path: &'static str, kind: Kind, default: &'static str, what: &'static str) -> Field {
    Field {
        path,
        kind,
        origin: Origin::Own,
        default,
        what,
    }
}

/// The sections of eksctl's schema that are not irsactl's: accepted, and left alone.
pub const SECTIONS: [&str; 27] = [
    "accessConfig",
    "addons",
    "addonsConfig",
    "autoModeConfig",
    "availabilityZones",
    "capabilities",
    "cloudWatch",
    "controlPlaneScalingConfig",
    "fargateProfiles",
    "gitops",
    "iamIdentityMappings",
    "identityProviders",
    "karpenter",
    "kubeAPIServerConfig",
    "kubeControllerManagerConfig",
    "kubeSchedulerConfig",
    "kubernetesNetworkConfig",
    "localZones",
    "managedNodeGroups",
    "nodeGroups",
    "outpost",
    "privateCluster",
    "remoteNetworkConfig",
    "secretsEncryption",
    "upgradePolicy",
    "vpc",
    "zonalShiftConfig",
];

pub const FIELDS: &[Field] = &[
    field("apiVersion", Kind::Text, "", "`eksctl.io/v1alpha5`"),
    field("kind", Kind::Text, "", "`ClusterConfig`"),
    field("metadata", Kind::Object, "", "the cluster"),
    field("metadata.name", Kind::Text, "", "name of the EKS cluster"),
    field("metadata.region", Kind::Text, "", "its AWS region"),
    field(
        "metadata.tags",
        Kind::Map,
        "none",
        "tags of every stack; an account's own tag of the same key outranks one",
    ),
    field("metadata.version", Kind::Text, "", "left alone"),
    field("metadata.forceUpdateVersion", Kind::Bool, "", "left alone"),
    field("metadata.rollbackConfig", Kind::Any, "", "left alone"),
    field("metadata.annotations", Kind::Map, "", "left alone"),
    field("iam", Kind::Object, "none", "this part is irsactl's"),
    field(
        "iam.withOIDC",
        Kind::Bool,
        "`false`",
        "the cluster's IAM OIDC provider is wanted; must be `true` where there are service accounts",
    ),
    field(
        "iam.serviceAccounts",
        Kind::Objects,
        "none",
        "the IAM service accounts",
    ),
    // Associations are another mechanism than roles for service accounts.
    field("iam.podIdentityAssociations", Kind::Any, "", "left alone"),
    field("iam.serviceRoleARN", Kind::Text, "", "left alone"),
    field(
        "iam.serviceRolePermissionsBoundary",
        Kind::Text,
        "",
        "left alone",
    ),
    field(
        "iam.fargatePodExecutionRoleARN",
        Kind::Text,
        "",
        "left alone",
    ),
    field(
        "iam.fargatePodExecutionRolePermissionsBoundary",
        Kind::Text,
        "",
        "left alone",
    ),
    field(
        "iam.vpcResourceControllerPolicy",
        Kind::Bool,
        "",
        "left alone",
    ),
    field(
        "iam.serviceAccounts[].metadata",
        Kind::Object,
        "",
        "the Kubernetes ServiceAccount",
    ),
    field(
        "iam.serviceAccounts[].metadata.name",
        Kind::Text,
        "",
        "its name",
    ),
    field(
        "iam.serviceAccounts[].metadata.namespace",
        Kind::Text,
        "`default`",
        "its namespace, made where it is missing",
    ),
    field(
        "iam.serviceAccounts[].metadata.labels",
        Kind::Map,
        "none",
        "its labels",
    ),
    field(
        "iam.serviceAccounts[].metadata.annotations",
        Kind::Map,
        "none",
        "its annotations, without the role's",
    ),
    field(
        "iam.serviceAccounts[].attachPolicyARNs",
        Kind::Texts,
        "none",
        "ARNs of managed policies",
    ),
    field(
        "iam.serviceAccounts[].attachPolicy",
        Kind::Document,
        "none",
        "an inline policy document; `{}` asks for a role without policies",
    ),
    own(
        "iam.serviceAccounts[].attachPolicies",
        Kind::Documents,
        "none",
        "several inline policy documents, in place of `attachPolicy`",
    ),
    field(
        "iam.serviceAccounts[].wellKnownPolicies",
        Kind::WellKnown,
        "all `false`",
        "ready-made policies by name; eksctl knows the first seven",
    ),
    field(
        "iam.serviceAccounts[].attachRoleARN",
        Kind::Text,
        "none",
        "an existing role, used as it is; no stack is made, and no field for a role is allowed beside it",
    ),
    field(
        "iam.serviceAccounts[].permissionsBoundary",
        Kind::Text,
        "none",
        "ARN of the policy that bounds the role's permissions",
    ),
    field(
        "iam.serviceAccounts[].roleName",
        Kind::Text,
        "CloudFormation makes one",
        "name of the role",
    ),
    own(
        "iam.serviceAccounts[].rolePath",
        Kind::Text,
        "`/`",
        "path of the role",
    ),
    field(
        "iam.serviceAccounts[].roleOnly",
        Kind::Bool,
        "`false`",
        "the role is made, the ServiceAccount is left to someone else",
    ),
    field(
        "iam.serviceAccounts[].tags",
        Kind::Map,
        "none",
        "tags of the stack and the role",
    ),
    field(
        "iam.serviceAccounts[].subjectPattern",
        Kind::Text,
        "the name",
        "all service accounts of the namespace whose names match are trusted",
    ),
    own(
        "iam.serviceAccounts[].maxSessionDuration",
        Kind::Seconds,
        "`3600`",
        "longest session of the role in seconds, 3600 to 43200",
    ),
    own(
        "iam.serviceAccounts[].audience",
        Kind::Text,
        "`sts.amazonaws.com`",
        "audience of the pods' tokens",
    ),
    own(
        "iam.serviceAccounts[].tokenExpiration",
        Kind::Seconds,
        "the webhook's: `86400`",
        "lifetime of the pods' tokens in seconds, 600 to 86400",
    ),
    own(
        "iam.serviceAccounts[].stsRegionalEndpoints",
        Kind::Bool,
        "the webhook's",
        "pods use the regional STS endpoint",
    ),
    field("iam.serviceAccounts[].status", Kind::Any, "", "left alone"),
];
