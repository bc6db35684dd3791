//! The resources that the sandbox's API server knows.

/// One row of the discovery documents.
#[derive(Debug, PartialEq)]
pub struct Resource {
    /// Empty for the core group.
    pub group: &'static str,
    /// `v1`, but for the groups of others.
    pub at: &'static str,
    pub plural: &'static str,
    pub kind: &'static str,
    pub short: &'static str,
    pub namespaced: bool,
}

impl Resource {
    /// `v1` or `apps/v1`.
    pub fn version(&self) -> String {
        if self.group.is_empty() {
            self.at.to_owned()
        } else {
            format!("{}/{}", self.group, self.at)
        }
    }

    /// As it stands in messages: `deployments.apps`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Reviews are asked, not kept.
    pub fn is_review(&self) -> bool {
        self.group == "authorization.k8s.io"
    }
}

pub const RESOURCES: &[Resource] = &[
    resource("", "namespaces", "Namespace", "ns", false),
    resource("", "serviceaccounts", "ServiceAccount", "sa", true),
    resource("", "pods", "Pod", "po", true),
    resource("", "configmaps", "ConfigMap", "cm", true),
    resource("", "nodes", "Node", "no", false),
    resource("apps", "deployments", "Deployment", "deploy", true),
    resource("apps", "daemonsets", "DaemonSet", "ds", true),
    resource("apps", "statefulsets", "StatefulSet", "sts", true),
    resource("apps", "replicasets", "ReplicaSet", "rs", true),
    resource("batch", "jobs", "Job", "", true),
    resource("batch", "cronjobs", "CronJob", "cj", true),
    resource(
        "networking.k8s.io",
        "networkpolicies",
        "NetworkPolicy",
        "netpol",
        true,
    ),
    Resource {
        at: "v1alpha1",
        ..resource("argoproj.io", "rollouts", "Rollout", "ro", true)
    },
    resource(
        "karpenter.k8s.aws",
        "ec2nodeclasses",
        "EC2NodeClass",
        "ec2nc",
        false,
    ),
    resource("eks.amazonaws.com", "nodeclasses", "NodeClass", "", false),
    resource(
        "secrets-store.csi.x-k8s.io",
        "secretproviderclasses",
        "SecretProviderClass",
        "",
        true,
    ),
    Resource {
        at: "v1beta1",
        ..resource(
            "secrets.hashicorp.com",
            "vaultdynamicsecrets",
            "VaultDynamicSecret",
            "",
            true,
        )
    },
    Resource {
        at: "v1beta1",
        ..resource(
            "vpcresources.k8s.aws",
            "securitygrouppolicies",
            "SecurityGroupPolicy",
            "sgp",
            true,
        )
    },
    resource(
        "rbac.authorization.k8s.io",
        "rolebindings",
        "RoleBinding",
        "",
        true,
    ),
    resource(
        "rbac.authorization.k8s.io",
        "clusterrolebindings",
        "ClusterRoleBinding",
        "",
        false,
    ),
    resource(
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        "",
        false,
    ),
    resource(
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        "",
        false,
    ),
    resource(
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        "",
        false,
    ),
];

/// The version that a group is at here.
pub fn version_of(group: &str) -> &'static str {
    let mut resources = RESOURCES.iter();
    let first = resources.find(|resource| resource.group == group);
    first.map_or("v1", |resource| resource.at)
}

pub fn by_plural(group: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| resource.group == group && resource.plural == plural)
}

pub fn by_kind(version: &str, kind: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| resource.version() == version && resource.kind == kind)
}

const fn resource(
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short: &'static str,
    namespaced: bool,
) -> Resource {
    Resource {
        group,
        at: "v1",
        plural,
        kind,
        short,
        namespaced,
    }
}
