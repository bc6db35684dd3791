//! Every field that can be given for a cluster's service accounts: what a config file and a command line
//! call it, what it holds and what it means. The reader of config files, the writer, the help of the
//! flags, the rules' messages, `explain` and the reference in `docs/` all take it from here.

use super::DeploymentMode;
use crate::model::Way;

use Kind::{
    Any, Bool, Constant, Document, Documents, Map, Object, Objects, OneOf, Seconds, Text, Texts,
    WellKnown,
};
use Presence::{Defaulted, LeftAlone, Optional, Required};

mod association;
mod kind;
mod role_account;

use association::*;
pub use association::{
    ASSOCIATIONS, CREATE_SERVICE_ACCOUNT, DISABLE_SESSION_TAGS, DOCUMENT_NAME, SESSION_POLICY,
    TARGET_ROLE, TRUST_ANY_ASSOCIATION,
};
pub use kind::{Bounds, Kind};
pub use role_account::{ROLE_ACCOUNT, ROLE_PROFILE, ROLE_VIA};

/// Who knows a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOrigin {
    Eksctl,
    /// irsactl alone: eksctl refuses a file with it.
    Own,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
    /// Without it, this holds, in Markdown.
    Defaulted(&'static str),
    /// eksctl's, and without effect here.
    LeftAlone,
}

/// One field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// From the beginning of the file; `[]` stands for each item of a list.
    pub path: &'static str,
    pub kind: Kind,
    pub origin: FieldOrigin,
    pub presence: Presence,
    pub flag: Option<&'static str>,
    /// What it means, by file or by flag, in Markdown.
    what: &'static str,
    /// What is to be added in a file.
    in_file: &'static str,
}

/// The path of what is said of each service account.
const ACCOUNT: &str = "iam.serviceAccounts[].";
/// The same of each EKS Pod Identity association.
const ASSOCIATION: &str = "iam.podIdentityAssociations[].";

impl Field {
    const fn new(path: &'static str, kind: Kind, presence: Presence, what: &'static str) -> Self {
        Self {
            path,
            kind,
            origin: FieldOrigin::Eksctl,
            presence,
            flag: None,
            what,
            in_file: "",
        }
    }

    const fn left_alone(path: &'static str, kind: Kind) -> Self {
        Self::new(path, kind, LeftAlone, "left alone")
    }

    const fn own(self) -> Self {
        Self {
            origin: FieldOrigin::Own,
            ..self
        }
    }

    const fn by_flag(self, flag: &'static str) -> Self {
        Self {
            flag: Some(flag),
            ..self
        }
    }

    const fn in_file(self, more: &'static str) -> Self {
        Self {
            in_file: more,
            ..self
        }
    }

    /// What a config file calls it: the path inside of its service account, or of the file.
    pub fn name(&self) -> &'static str {
        let mut lists = [ACCOUNT, ASSOCIATION].into_iter();
        lists
            .find_map(|list| self.path.strip_prefix(list))
            .unwrap_or(self.path)
    }

    /// The field that says the same of a service account's role on the other way.
    pub fn on(&'static self, way: Way) -> &'static Self {
        let same = SAME.iter().find(|(one, _)| one.path == self.path);
        match way {
            Way::Irsa => self,
            Way::PodIdentity => same.map_or(self, |(_, other)| other),
        }
    }

    /// What a command line calls it; where there is no flag, the file's word.
    pub fn flag(&self) -> &'static str {
        self.flag.unwrap_or_else(|| self.name())
    }

    /// The key in the object that it stands in.
    pub fn key(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }

    /// What it means in a file, in Markdown.
    pub fn meaning(&self) -> String {
        self.worded(self.in_file)
    }

    /// The help of its flag; `more` is what holds of that flag alone.
    pub fn help(&self, more: &str) -> String {
        capitalised(&self.worded(more).replace('`', ""))
    }

    fn worded(&self, more: &str) -> String {
        let what = self.what;
        match self.kind {
            Seconds(Bounds { least, most }) => format!("{what}, {least} to {most}{more}"),
            Constant(value) => format!("{what}: `{value}`{more}"),
            _ => format!("{what}{more}"),
        }
    }
}

/// As the beginning of a sentence.
pub fn capitalised(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// The fields of an object, by its path.
pub fn of(parent: &str) -> impl Iterator<Item = &'static Field> {
    let fields = FIELDS.iter().copied();
    fields.filter(move |field| field.parent() == parent)
}

/// Longest session of a role in seconds (IAM API).
pub const SESSION_SECONDS: Bounds = Bounds {
    least: 3_600,
    most: 43_200,
};
/// Lifetime of a pod's token in seconds: Kubernetes' least, the webhook's most.
pub const TOKEN_SECONDS: Bounds = Bounds {
    least: 600,
    most: 86_400,
};

/// `apiVersion` of the files that are read.
pub const VERSION: &str = "eksctl.io/v1alpha5";
/// And their `kind`.
pub const CLUSTER_CONFIG: &str = "ClusterConfig";

const FALSE: Presence = Defaulted("`false`");
const BY_PROOF: Presence =
    Defaulted("`express` where the run proves the role in the end, else `standard`");

pub const API_VERSION: &Field = &Field::new(
    "apiVersion",
    Constant(VERSION),
    Required,
    "version of eksctl's schema",
);
pub const KIND: &Field = &Field::new(
    "kind",
    Constant(CLUSTER_CONFIG),
    Required,
    "kind of the file",
);
pub const CLUSTER: &Field = &Field::new("metadata", Object, Required, "the cluster");
pub const CLUSTER_NAME: &Field =
    &Field::new("metadata.name", Text, Required, "name of the cluster").by_flag("--cluster");
pub const REGION: &Field =
    &Field::new("metadata.region", Text, Required, "AWS region").by_flag("--region");
pub const COMMON_TAGS: &Field = &Field::new(
    "metadata.tags",
    Map,
    Optional,
    "tags of every stack; an account's own tag of the same key outranks one",
);
pub const IAM: &Field = &Field::new("iam", Object, Optional, "what irsactl makes");
pub const WITH_OIDC: &Field = &Field::new(
    "iam.withOIDC",
    Bool,
    FALSE,
    "the cluster's IAM OIDC provider is wanted; must be `true` where there are service accounts",
);
pub const ACCOUNTS: &Field = &Field::new(
    "iam.serviceAccounts",
    Objects,
    Optional,
    "the IAM service accounts",
);
pub const COMMON_DEPLOYMENT_MODE: &Field = &Field::new(
    "iam.deploymentMode",
    OneOf(&DeploymentMode::WORDS),
    BY_PROOF,
    "whether CloudFormation waits until IAM knows a role everywhere, `standard`, or not, `express`",
)
.by_flag("--deployment-mode")
.own()
.in_file("; an account's own outranks it");
pub const OBJECT: &Field = &Field::new(
    "iam.serviceAccounts[].metadata",
    Object,
    Required,
    "the Kubernetes ServiceAccount",
);
pub const NAME: &Field = &Field::new(
    "iam.serviceAccounts[].metadata.name",
    Text,
    Required,
    "name of the service account",
)
.by_flag("--name");
pub const NAMESPACE: &Field = &Field::new(
    "iam.serviceAccounts[].metadata.namespace",
    Text,
    Defaulted("`default`"),
    "namespace of the service account",
)
.by_flag("--namespace")
.in_file(", made where it is missing");
pub const LABELS: &Field = &Field::new(
    "iam.serviceAccounts[].metadata.labels",
    Map,
    Optional,
    "labels",
)
.by_flag("--labels")
.in_file(" of the ServiceAccount");
pub const ANNOTATIONS: &Field = &Field::new(
    "iam.serviceAccounts[].metadata.annotations",
    Map,
    Optional,
    "annotations",
)
.by_flag("--annotations")
.in_file(" of the ServiceAccount, without the role's");
pub const MANAGED_POLICIES: &Field = &Field::new(
    "iam.serviceAccounts[].attachPolicyARNs",
    Texts,
    Optional,
    "ARN of a managed policy",
)
.by_flag("--attach-policy-arn")
.in_file(" each");
pub const INLINE_POLICY: &Field = &Field::new(
    "iam.serviceAccounts[].attachPolicy",
    Document,
    Optional,
    "inline policy document",
)
.by_flag("--policy-document")
.in_file("; `{}` asks for a role without policies");
pub const INLINE_POLICIES: &Field = &Field::new(
    "iam.serviceAccounts[].attachPolicies",
    Documents,
    Optional,
    "several inline policy documents, in place of `attachPolicy`",
)
.own();
pub const WELL_KNOWN_POLICIES: &Field = &Field::new(
    "iam.serviceAccounts[].wellKnownPolicies",
    WellKnown,
    Defaulted("all `false`"),
    "ready-made policy of a common add-on",
)
.by_flag("--well-known-policy")
.in_file(" by its name; eksctl knows the first seven");
pub const ROLE_ARN: &Field = &Field::new(
    "iam.serviceAccounts[].attachRoleARN",
    Text,
    Optional,
    "use an existing role as it is; no stack is made",
)
.by_flag("--attach-role-arn")
.in_file(", and no field for a role is allowed beside it");
pub const TRUST: &Field = &Field::new(
    "iam.serviceAccounts[].trust",
    Bool,
    FALSE,
    "let the service account into the existing role, by the role's trust policy",
)
.by_flag("--trust")
.own();
pub const BOUNDARY: &Field = &Field::new(
    "iam.serviceAccounts[].permissionsBoundary",
    Text,
    Optional,
    "ARN of the policy that bounds the role's permissions",
)
.by_flag("--permissions-boundary");
pub const ROLE_NAME: &Field = &Field::new(
    "iam.serviceAccounts[].roleName",
    Text,
    Defaulted("CloudFormation makes one"),
    "name of the role",
)
.by_flag("--role-name");
pub const ROLE_PATH: &Field = &Field::new(
    "iam.serviceAccounts[].rolePath",
    Text,
    Defaulted("`/`"),
    "path of the role",
)
.by_flag("--role-path")
.own();
pub const ROLE_ONLY: &Field = &Field::new(
    "iam.serviceAccounts[].roleOnly",
    Bool,
    FALSE,
    "make the role only",
)
.by_flag("--role-only")
.in_file("; the ServiceAccount is left to someone else");
pub const TAGS: &Field = &Field::new(
    "iam.serviceAccounts[].tags",
    Map,
    Optional,
    "tags of the stack and the role",
)
.by_flag("--tags");
pub const SUBJECT_PATTERN: &Field = &Field::new(
    "iam.serviceAccounts[].subjectPattern",
    Text,
    Defaulted("the name"),
    "trust all service accounts of the namespace whose names match, as `app-*`",
)
.by_flag("--subject-pattern");
pub const MAX_SESSION_DURATION: &Field = &Field::new(
    "iam.serviceAccounts[].maxSessionDuration",
    Seconds(SESSION_SECONDS),
    Defaulted("`3600`"),
    "longest session in seconds",
)
.by_flag("--max-session-duration")
.own();
pub const AUDIENCE: &Field = &Field::new(
    "iam.serviceAccounts[].audience",
    Text,
    Defaulted("`sts.amazonaws.com`"),
    "audience of the tokens",
)
.by_flag("--audience")
.own();
pub const TOKEN_EXPIRATION: &Field = &Field::new(
    "iam.serviceAccounts[].tokenExpiration",
    Seconds(TOKEN_SECONDS),
    Defaulted("the webhook's: `86400`"),
    "lifetime of the pods' tokens in seconds",
)
.by_flag("--token-expiration")
.own();
pub const STS_REGIONAL_ENDPOINTS: &Field = &Field::new(
    "iam.serviceAccounts[].stsRegionalEndpoints",
    Bool,
    Defaulted("the webhook's"),
    "whether pods use the regional STS endpoint",
)
.by_flag("--sts-regional-endpoints")
.own();

pub const DEPLOYMENT_MODE: &Field = &Field {
    path: "iam.serviceAccounts[].deploymentMode",
    in_file: "",
    ..*COMMON_DEPLOYMENT_MODE
};

/// All of them, in the order of the reference.
pub const FIELDS: &[&Field] = &[
    API_VERSION,
    KIND,
    CLUSTER,
    CLUSTER_NAME,
    REGION,
    COMMON_TAGS,
    &Field::left_alone("metadata.version", Text),
    &Field::left_alone("metadata.forceUpdateVersion", Bool),
    &Field::left_alone("metadata.rollbackConfig", Any),
    &Field::left_alone("metadata.annotations", Map),
    IAM,
    WITH_OIDC,
    ACCOUNTS,
    ASSOCIATIONS,
    COMMON_DEPLOYMENT_MODE,
    &Field::left_alone("iam.serviceRoleARN", Text),
    &Field::left_alone("iam.serviceRolePermissionsBoundary", Text),
    &Field::left_alone("iam.fargatePodExecutionRoleARN", Text),
    &Field::left_alone("iam.fargatePodExecutionRolePermissionsBoundary", Text),
    &Field::left_alone("iam.vpcResourceControllerPolicy", Bool),
    OBJECT,
    NAME,
    NAMESPACE,
    LABELS,
    ANNOTATIONS,
    MANAGED_POLICIES,
    INLINE_POLICY,
    INLINE_POLICIES,
    WELL_KNOWN_POLICIES,
    ROLE_ARN,
    TRUST,
    ROLE_ACCOUNT,
    ROLE_PROFILE,
    ROLE_VIA,
    BOUNDARY,
    ROLE_NAME,
    ROLE_PATH,
    ROLE_ONLY,
    TAGS,
    SUBJECT_PATTERN,
    MAX_SESSION_DURATION,
    AUDIENCE,
    TOKEN_EXPIRATION,
    STS_REGIONAL_ENDPOINTS,
    DEPLOYMENT_MODE,
    &Field::left_alone("iam.serviceAccounts[].status", Any),
    ASSOCIATION_NAMESPACE,
    ASSOCIATION_NAME,
    CREATE_SERVICE_ACCOUNT,
    ASSOCIATION_MANAGED_POLICIES,
    ASSOCIATION_INLINE_POLICY,
    DOCUMENT_NAME,
    ASSOCIATION_INLINE_POLICIES,
    ASSOCIATION_WELL_KNOWN_POLICIES,
    ASSOCIATION_ROLE_ARN,
    ASSOCIATION_BOUNDARY,
    ASSOCIATION_ROLE_NAME,
    ASSOCIATION_ROLE_PATH,
    ASSOCIATION_MAX_SESSION_DURATION,
    ASSOCIATION_TAGS,
    TARGET_ROLE,
    DISABLE_SESSION_TAGS,
    SESSION_POLICY,
    TRUST_ANY_ASSOCIATION,
    ASSOCIATION_DEPLOYMENT_MODE,
    &Field::left_alone("accessConfig", Any),
    &Field::left_alone("addons", Any),
    &Field::left_alone("addonsConfig", Any),
    &Field::left_alone("autoModeConfig", Any),
    &Field::left_alone("availabilityZones", Any),
    &Field::left_alone("capabilities", Any),
    &Field::left_alone("cloudWatch", Any),
    &Field::left_alone("controlPlaneScalingConfig", Any),
    &Field::left_alone("fargateProfiles", Any),
    &Field::left_alone("gitops", Any),
    &Field::left_alone("iamIdentityMappings", Any),
    &Field::left_alone("identityProviders", Any),
    &Field::left_alone("karpenter", Any),
    &Field::left_alone("kubeAPIServerConfig", Any),
    &Field::left_alone("kubeControllerManagerConfig", Any),
    &Field::left_alone("kubeSchedulerConfig", Any),
    &Field::left_alone("kubernetesNetworkConfig", Any),
    &Field::left_alone("localZones", Any),
    &Field::left_alone("managedNodeGroups", Any),
    &Field::left_alone("nodeGroups", Any),
    &Field::left_alone("outpost", Any),
    &Field::left_alone("privateCluster", Any),
    &Field::left_alone("remoteNetworkConfig", Any),
    &Field::left_alone("secretsEncryption", Any),
    &Field::left_alone("upgradePolicy", Any),
    &Field::left_alone("vpc", Any),
    &Field::left_alone("zonalShiftConfig", Any),
];
