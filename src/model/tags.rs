//! The tags, labels and annotations by which irsactl, eksctl and the webhook know what is whose.

/// CloudFormation's tag with the id of the stack that made a resource.
pub const STACK_ID_TAG: &str = "aws:cloudformation:stack-id";

/// The annotation that the EKS pod identity webhook reads the role from.
pub const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";
/// The one that it reads the audience of a pod's token from.
pub const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";
/// The label that marks a ServiceAccount as made by eksctl or irsactl, hence theirs to delete.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// Its value, in eksctl's world.
pub const MANAGED_BY: &str = "eksctl";
/// Stack tag: `<namespace>/<name>` of the service account. Makes a stack one of an IAM service account.
pub const SERVICE_ACCOUNT_TAG: &str = "alpha.eksctl.io/iamserviceaccount-name";
/// Stack tag: `<namespace>/<name>`, by which a stack is one of an EKS Pod Identity association. eksctl reads no
/// more of it than that it is there, and its migration writes wrong values (`kube/system-e2`).
pub const ASSOCIATION_TAG: &str = "alpha.eksctl.io/podidentityassociation-name";
/// Stack tags: the cluster, under both names that eksctl looks for.
pub const CLUSTER_TAGS: [&str; 2] = [
    "alpha.eksctl.io/cluster-name",
    "eksctl.cluster.k8s.io/v1alpha1/cluster-name",
];
/// Stack and provider tag: who made it.
pub const VERSION_TAG: &str = "alpha.eksctl.io/eksctl-version";
/// Cluster tag that eksctl reads before it deletes a cluster.
pub const OIDC_ENABLED_TAG: &str = "alpha.eksctl.io/cluster-oidc-enabled";

/// Tags that eksctl and irsactl keep their books by, and nobody asks for.
pub fn is_own_tag(key: &str) -> bool {
    key == MOVED_TAG
        || key.starts_with("alpha.eksctl.io/")
        || key.starts_with("eksctl.cluster.k8s.io/")
}

/// Tags that AWS gives by itself and takes from nobody (IAM guide, "Rules for tagging").
pub fn is_aws_tag(key: &str) -> bool {
    key.starts_with("aws:")
}

/// The tag of associations that a move made.
pub const MOVED_TAG: &str = "irsactl/moved-from";
/// What undoing a move needs of an association that is gone, in JSON, on its ServiceAccount.
pub const SAVED_ANNOTATION: &str = "irsactl/pod-identity-association";
/// The service account that a workload had before a move gave it one of its own, by name. On that one itself
/// the workload stands behind it, as `default deployment/api`.
pub const FORMER_ANNOTATION: &str = "irsactl/former-service-account";
