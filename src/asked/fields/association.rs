//! The fields of EKS Pod Identity associations; most say of a role what a service account's say.

use super::*;

pub const ASSOCIATIONS: &Field = &Field::new(
    "iam.podIdentityAssociations",
    Objects,
    Optional,
    "the EKS Pod Identity associations",
);

const fn of_association(field: &Field, path: &'static str) -> Field {
    Field { path, ..*field }
}

pub const ASSOCIATION_NAMESPACE: &Field = &Field {
    presence: Required,
    in_file: "",
    ..of_association(NAMESPACE, "iam.podIdentityAssociations[].namespace")
};
pub const ASSOCIATION_NAME: &Field =
    &of_association(NAME, "iam.podIdentityAssociations[].serviceAccountName");
pub const ASSOCIATION_ROLE_ARN: &Field =
    &of_association(ROLE_ARN, "iam.podIdentityAssociations[].roleARN");
pub const ASSOCIATION_ROLE_NAME: &Field =
    &of_association(ROLE_NAME, "iam.podIdentityAssociations[].roleName");
pub const ASSOCIATION_ROLE_PATH: &Field =
    &of_association(ROLE_PATH, "iam.podIdentityAssociations[].rolePath");
pub const ASSOCIATION_MAX_SESSION_DURATION: &Field = &of_association(
    MAX_SESSION_DURATION,
    "iam.podIdentityAssociations[].maxSessionDuration",
);
pub const ASSOCIATION_BOUNDARY: &Field = &of_association(
    BOUNDARY,
    "iam.podIdentityAssociations[].permissionsBoundaryARN",
);
pub const ASSOCIATION_MANAGED_POLICIES: &Field = &of_association(
    MANAGED_POLICIES,
    "iam.podIdentityAssociations[].permissionPolicyARNs",
);
pub const ASSOCIATION_INLINE_POLICY: &Field = &of_association(
    INLINE_POLICY,
    "iam.podIdentityAssociations[].permissionPolicy",
);
pub const ASSOCIATION_INLINE_POLICIES: &Field = &Field {
    what: "several inline policy documents, in place of `permissionPolicy`",
    ..of_association(
        INLINE_POLICIES,
        "iam.podIdentityAssociations[].permissionPolicies",
    )
};
pub const ASSOCIATION_WELL_KNOWN_POLICIES: &Field = &of_association(
    WELL_KNOWN_POLICIES,
    "iam.podIdentityAssociations[].wellKnownPolicies",
);
pub const ASSOCIATION_TAGS: &Field = &Field {
    in_file: ", and of the association",
    ..of_association(TAGS, "iam.podIdentityAssociations[].tags")
};
pub const ASSOCIATION_DEPLOYMENT_MODE: &Field = &of_association(
    DEPLOYMENT_MODE,
    "iam.podIdentityAssociations[].deploymentMode",
);
pub const DOCUMENT_NAME: &Field = &Field::new(
    "iam.podIdentityAssociations[].permissionPolicyName",
    Text,
    Defaulted("`Policy1`"),
    "what the inline policy is called behind the stack's name",
)
.by_flag("--permission-policy-name");
pub const CREATE_SERVICE_ACCOUNT: &Field = &Field::new(
    "iam.podIdentityAssociations[].createServiceAccount",
    Bool,
    FALSE,
    "make the ServiceAccount too, where it is missing",
)
.by_flag("--create-service-account");
pub const TARGET_ROLE: &Field = &Field::new(
    "iam.podIdentityAssociations[].targetRoleARN",
    Text,
    Optional,
    "role, of another account too, that the role assumes for the pods",
)
.by_flag("--target-role-arn");
pub const DISABLE_SESSION_TAGS: &Field = &Field::new(
    "iam.podIdentityAssociations[].disableSessionTags",
    Bool,
    FALSE,
    "send no session tags of the cluster, namespace, service account and pod; the role then lets in every association",
)
.by_flag("--disable-session-tags");
pub const SESSION_POLICY: &Field = &Field::new(
    "iam.podIdentityAssociations[].policy",
    Text,
    Optional,
    "session policy as JSON, which bounds the sessions; needs session tags to be disabled",
)
.by_flag("--policy");
pub const TRUST_ANY_ASSOCIATION: &Field = &Field::new(
    "iam.podIdentityAssociations[].trustAnyAssociation",
    Bool,
    FALSE,
    "let in every association of the account that names the role, as eksctl does",
)
.by_flag("--trust-any-association")
.own();

/// What is said of a role on either way.
pub const SAME: &[(&Field, &Field)] = &[
    (ACCOUNTS, ASSOCIATIONS),
    (NAMESPACE, ASSOCIATION_NAMESPACE),
    (NAME, ASSOCIATION_NAME),
    (ROLE_ARN, ASSOCIATION_ROLE_ARN),
    (ROLE_NAME, ASSOCIATION_ROLE_NAME),
    (ROLE_PATH, ASSOCIATION_ROLE_PATH),
    (MAX_SESSION_DURATION, ASSOCIATION_MAX_SESSION_DURATION),
    (BOUNDARY, ASSOCIATION_BOUNDARY),
    (MANAGED_POLICIES, ASSOCIATION_MANAGED_POLICIES),
    (INLINE_POLICY, ASSOCIATION_INLINE_POLICY),
    (INLINE_POLICIES, ASSOCIATION_INLINE_POLICIES),
    (WELL_KNOWN_POLICIES, ASSOCIATION_WELL_KNOWN_POLICIES),
    (TAGS, ASSOCIATION_TAGS),
    (DEPLOYMENT_MODE, ASSOCIATION_DEPLOYMENT_MODE),
];
