//! The table of checks: each with a stable id, what must be true, the background that `--explain` tells,
//! and which other checks' failures explain its own. The order is that of the way of a request, from the
//! caller's credentials to the pod: of two failures the first is the likelier cause.

use serde::Serialize;

use super::{
    Scene, Verdict, association, cluster, drift, object, pods, proof, role, surroundings, trust,
    usage, webhook,
};
use crate::world::World;

#[path = "checks/pods.rs"]
mod of_pods;

#[derive(Serialize)]
pub struct Check {
    #[serde(rename = "check")]
    pub id: &'static str,
    /// What must be true.
    pub must: &'static str,
    /// What it means, why it goes wrong, and what to do: for `--explain`.
    pub background: &'static str,
    /// The permissions that it needs; without them it is unknown.
    pub needs: &'static [&'static str],
    /// The checks whose failures explain a failure of this one.
    pub follows: &'static [&'static str],
    #[serde(skip)]
    pub judge: Judge,
}

#[derive(Clone, Copy)]
pub enum Judge {
    /// Made once.
    Cluster(fn(&World) -> Verdict),
    /// Made for every service account or role.
    Account(fn(Scene<'_>) -> Verdict),
    /// The same of the pods that it has now: what is wrong with them may end with them.
    Pods(fn(Scene<'_>) -> Verdict),
}

/// The check of that id.
pub fn check(id: &str) -> Option<&'static Check> {
    checks().find(|check| check.id == id)
}

/// All checks in the order of the table; those of pods, their surroundings and Pod Identity are last.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().chain(of_pods::CHECKS)
}

/// What keeps a token from being accepted.
const OF_TRUST: &[&str] = &[
    "role-annotation",
    "role-exists",
    "provider",
    "provider-audience",
    "trust-policy",
    "trust-accounts",
];
/// What keeps the webhook from giving a pod its environment.
const OF_INJECTION: &[&str] = &[
    "service-account",
    "role-annotation",
    "webhook",
    "webhook-selection",
    "pod-service-account",
    "pod-skipped",
    "pod-age",
    "pod-own-role",
];

const CHECKS: &[Check] = &[
    Check {
        id: "credentials",
        must: "the AWS credentials work, and the account is known",
        background: "Every other check is made with these credentials (sts:GetCallerIdentity needs no permission). They are yours, not the pod's: \
            what a pod may do follows from its role alone. Without usable credentials nothing can be looked at, and the run ends with exit status 4.",
        needs: &[],
        follows: &[],
        judge: Judge::Cluster(cluster::credentials),
    },
    Check {
        id: "cluster",
        must: "the cluster exists in this region, is active, and reports no health issues",
        background: "A cluster that is being created has no issuer yet; one that failed or is being deleted serves no keys, so that no token of its \
            service accounts can be verified. A cluster of the same name in another region, or one that was rebuilt, has another issuer.",
        needs: &["eks:DescribeCluster"],
        follows: &[],
        judge: Judge::Cluster(cluster::cluster),
    },
    Check {
        id: "issuer",
        must: "the cluster has an OIDC issuer",
        background: "Tokens of service accounts name the issuer of their cluster (`iss`). EKS gives every cluster one, but local clusters on Outposts and \
            connected clusters have none that AWS could reach; for clusters that are not EKS, --issuer-url names it, and it must be public.",
        needs: &["eks:DescribeCluster"],
        follows: &["cluster"],
        judge: Judge::Cluster(cluster::issuer),
    },
    Check {
        id: "kubernetes-access",
        must: "the Kubernetes API can be reached, and knows this AWS identity",
        background: "irsactl reads service accounts and pods there. A private endpoint answers only inside of the VPC; 401 means that the IAM identity has \
            no access entry (nor a line in aws-auth), 403 that it is known and has no RBAC right. Pods do not need any of this: it only limits what doctor sees.",
        needs: &["eks:DescribeCluster", "get /version"],
        follows: &["cluster"],
        judge: Judge::Cluster(cluster::kubernetes_access),
    },
    Check {
        id: "discovery",
        must: "the issuer's discovery document can be read, and names the cluster's issuer",
        background: "STS reads <issuer>/.well-known/openid-configuration from AWS's side, so a failure here is for information: inside a VPC with an EKS \
            interface endpoint and private DNS the issuer's name does not resolve. For an issuer of your own it must be public, with an exact `issuer`.",
        needs: &[],
        follows: &["issuer"],
        judge: Judge::Cluster(cluster::discovery),
    },
    Check {
        id: "signing-keys",
        must: "the issuer publishes signing keys",
        background: "STS verifies a token with the keys behind `jwks_uri`. EKS rotates its key every seven days and keeps older ones, so that several keys are \
            normal. Where there are none, or the document cannot be read by AWS, every token is refused with `Couldn't retrieve verification key`.",
        needs: &[],
        follows: &["issuer", "discovery"],
        judge: Judge::Cluster(cluster::signing_keys),
    },
    Check {
        id: "webhook",
        must: "the pod identity webhook is there, and acts when pods are created",
        background: "The webhook gives pods of an annotated service account AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the token's volume, when they are \
            created and never later. It fails open: without it pods start all the same, and use the node's role. On EKS AWS runs it; only its \
            MutatingWebhookConfiguration `pod-identity-webhook` is in the cluster. Where that was deleted, AWS restores it with a platform update.",
        needs: &["get mutatingwebhookconfigurations"],
        follows: &["kubernetes-access"],
        judge: Judge::Cluster(webhook::present),
    },
    Check {
        id: "webhook-selection",
        must: "the webhook selects the service account's namespace",
        background: "A namespaceSelector of the webhook's configuration may leave namespaces out by their labels. EKS's own takes all; a webhook of your own, or a changed one, \
            may not. Pods of a namespace that is left out start without the role.",
        needs: &["get mutatingwebhookconfigurations", "get namespaces"],
        follows: &["webhook"],
        judge: Judge::Account(webhook::selection),
    },
    Check {
        id: "sts-region",
        must: "STS is active in the cluster's region",
        background: "Pods call sts.<region>.amazonaws.com. Regions that must be enabled for the account answer only then, and otherwise with `RegionDisabledException`.",
        needs: &[],
        follows: &[],
        judge: Judge::Cluster(cluster::sts_region),
    },
    Check {
        id: "sts-endpoint",
        must: "an interface endpoint for STS in the cluster's VPC lets pods in",
        background: "Pods call sts.<region>.amazonaws.com. In a VPC without a way to the internet an interface \
            endpoint for STS is needed, with private DNS, a security group that lets 443 in, and a policy that allows sts:AssumeRoleWithWebIdentity to \
            anonymous callers: the call is unsigned, so that a policy which asks for a principal of your account or organisation refuses it.",
        needs: &["ec2:DescribeVpcEndpoints", "ec2:DescribeSecurityGroups"],
        follows: &[],
        judge: Judge::Cluster(cluster::sts_endpoint),
    },
    Check {
        id: "all-service-accounts",
        must: "with --all: the stacks and the service accounts of the cluster can be listed",
        background: "`--all` looks at each service account that has a role by its stack or by its annotation. Where one of the two lists may not be read, \
            those that are only in the other are looked at, and there may be more.",
        needs: &[
            "cloudformation:ListStacks",
            "cloudformation:DescribeStacks",
            "list serviceaccounts",
        ],
        follows: &["kubernetes-access"],
        judge: Judge::Cluster(cluster::all_service_accounts),
    },
    Check {
        id: "dead-providers",
        must: "no IAM OIDC provider of EKS is left whose issuer is gone",
        background: "Providers stay when clusters are deleted without `irsactl disassociate-oidc-provider`. They do no harm, but an account has room for 100. Those of \
            clusters in other regions and accounts look the same from here: one is called dead only if EKS answers that it has no such issuer, no role trusts \
            it, and it is older than a day.",
        needs: &[
            "iam:ListOpenIDConnectProviders",
            "iam:GetOpenIDConnectProvider",
            "iam:ListRoles",
        ],
        follows: &[],
        judge: Judge::Cluster(cluster::dead_providers),
    },
    Check {
        id: "metadata-agents",
        must: "no kiam or kube2iam stands between pods and the instance metadata",
        background: "Both answer pods in the place of the instance metadata service with a role of their own, by the annotation `iam.amazonaws.com/role`. Web \
            identity comes earlier in the SDKs' chain, so that both can live together while you move; but a pod without IRSA then gets that role.",
        needs: &["list daemonsets"],
        follows: &[],
        judge: Judge::Cluster(cluster::metadata_agents),
    },
    Check {
        id: "service-account",
        must: "the namespace and the ServiceAccount exist",
        background: "A pod names its service account; a pod of one that does not exist is not created at all. A chart may create it under another name than the \
            one that the role was made for.",
        needs: &["get serviceaccounts", "get namespaces"],
        follows: &["kubernetes-access"],
        judge: Judge::Account(object::service_account),
    },
    Check {
        id: "stack",
        must: "the CloudFormation stack of the service account's role is ready",
        background: "irsactl and eksctl make each role by a stack. One whose creation failed has no role; one whose update failed has the role as it was. The \
            first failed event of the stack names the cause.",
        needs: &["cloudformation:DescribeStacks"],
        follows: &[],
        judge: Judge::Account(role::stack),
    },
    Check {
        id: "role-annotation",
        must: "the ServiceAccount's annotation eks.amazonaws.com/role-arn is the ARN of its role",
        background: "The webhook reads that annotation and no other: `eks.amazon.com/…`, `iam.amazonaws.com/role` and the like are passed over, and a value \
            that is no role ARN is only logged on AWS's side. With blanks or quotes in it STS answers `Request ARN is invalid`.",
        needs: &["get serviceaccounts"],
        follows: &["service-account", "kubernetes-access", "stack"],
        judge: Judge::Account(object::annotation),
    },
    Check {
        id: "service-account-owner",
        must: "nobody will take the annotation away again",
        background: "Helm, OLM, Argo CD, Flux and EKS add-ons apply their own idea of a ServiceAccount, and remove what it does not have. Set the role where \
            the object comes from: the chart's values, the add-on's serviceAccountRoleArn.",
        needs: &["get serviceaccounts", "eks:ListAddons", "eks:DescribeAddon"],
        follows: &["service-account"],
        judge: Judge::Account(object::owner),
    },
    Check {
        id: "role-exists",
        must: "the role exists, with exactly the ARN of the annotation",
        background: "Role names differ by case and path in the ARN: `role/team/app` is not `role/app`. To a role that does not exist, STS answers the same \
            `Not authorized` as to one that does not trust the token.",
        needs: &["iam:GetRole"],
        follows: &["role-annotation", "stack"],
        judge: Judge::Account(role::exists),
    },
    Check {
        id: "provider",
        must: "the IAM OIDC provider of the cluster's issuer exists in the account of the role",
        background: "STS looks for the token's `iss` among the OIDC providers of the role's account: a role of another account needs a provider there. Its URL \
            must be exactly the issuer. Without it STS answers `No OpenIDConnect provider found in your account`. It is not the cluster's \"identity provider \
            configuration\", which is about people who sign in.",
        needs: &["iam:GetOpenIDConnectProvider"],
        follows: &["issuer"],
        judge: Judge::Account(role::provider),
    },
    Check {
        id: "provider-audience",
        must: "the provider knows the audience of the tokens",
        background: "The audience is sts.amazonaws.com in every partition, China too, unless the annotation eks.amazonaws.com/audience says otherwise. What is not \
            among the provider's client IDs is refused with `Incorrect token audience`.",
        needs: &["iam:GetOpenIDConnectProvider"],
        follows: &["provider"],
        judge: Judge::Account(role::audience_known),
    },
    Check {
        id: "provider-thumbprint",
        must: "the provider's thumbprints are well-formed, and match a private issuer's chain",
        background: "AWS checks the issuer's certificate against its own trusted authorities first, and looks at thumbprints only where that fails. For EKS another \
            thumbprint than today's is therefore nothing to mend; for an issuer with a private authority it is refused.",
        needs: &["iam:GetOpenIDConnectProvider"],
        follows: &["provider"],
        judge: Judge::Account(role::thumbprint),
    },
    Check {
        id: "trust-accounts",
        must: "provider and role belong to one account",
        background: "A role can trust only a provider of its own account. For a role elsewhere: create the same provider there, or let the pod assume a role here that \
            may assume the other one.",
        needs: &[],
        follows: &["role-annotation"],
        judge: Judge::Account(trust::accounts),
    },
    Check {
        id: "trust-policy",
        must: "the role's trust policy lets the service account's token in",
        background: "STS compares the token's `iss` with the principal, and `sub` and `aud` with the conditions whose keys are the issuer without https://. All \
            operators and all keys of a statement must hold; values of one key are alternatives; one statement is enough, and a Deny outdoes them all. STS \
            never tells which part failed. irsactl evaluates the document as IAM does, and names the part.",
        needs: &["iam:GetRole"],
        follows: &["role-exists"],
        judge: Judge::Account(trust::policy),
    },
    Check {
        id: "trust-narrow",
        must: "the trust policy lets in no more than the service account",
        background: "Without a condition on `sub` every pod of the cluster can take the role; `system:serviceaccount:*:*` says the same. Without one on `aud`, tokens \
            that were made for other services are accepted too. Wildcards in the namespace let in whoever may create a namespace of that name; a pattern \
            of names lets in whoever may create a service account that matches it.",
        needs: &["iam:GetRole"],
        follows: &[],
        judge: Judge::Account(trust::narrow),
    },
    Check {
        id: "trust-size",
        must: "the trust policy has room to grow",
        background: "A trust policy may have 2,048 characters, white space apart, unless the account's quota L-C07B4B0D was raised: about four clusters, or thirty \
            service accounts of one. Beyond that: wildcards in names, a role per cluster, or Pod Identity.",
        needs: &["iam:GetRole", "iam:GetAccountSummary"],
        follows: &[],
        judge: Judge::Account(trust::size),
    },
    Check {
        id: "trust-valid",
        must: "IAM Access Analyzer finds nothing wrong in the trust policy",
        background: "A second opinion by AWS's own validator of policies (access-analyzer:ValidatePolicy; nothing is created). It judges the grammar and knows risky \
            forms; whether a token fits it does not know.",
        needs: &["access-analyzer:ValidatePolicy"],
        follows: &["trust-policy"],
        judge: Judge::Account(trust::valid),
    },
    Check {
        id: "role-drift",
        must: "the role is as its stack made it",
        background: "What is changed on a role by hand, CloudFormation does not see: policies attached or detached, inline policies, the boundary, the longest session, \
            the trust policy. Pods may well work with it, until an update of the stack changes the same. `irsactl update iamserviceaccount --repair-drift` undoes \
            all of it; --fix leaves it, as somebody may have meant it. What keeps pods out is told by trust-policy; a statement that a Pod Identity \
            association needs is no drift.",
        needs: &[
            "cloudformation:GetTemplate",
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
        ],
        follows: &[],
        judge: Judge::Account(drift::drift),
    },
    Check {
        id: "role-policies",
        must: "the role has permissions, and not all of them",
        background: "A role without any policy can be assumed and may do nothing. A boundary limits what policies give; what both allow is left. A policy that allows \
            every action on every resource makes each pod an administrator of the account.",
        needs: &[
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
        ],
        follows: &["role-exists"],
        judge: Judge::Account(role::policies),
    },
    Check {
        id: "role-permissions",
        must: "the role may do what `--can` names",
        background: "IAM's policy simulator judges the role's policies and boundary (iam:SimulatePrincipalPolicy). Policies of the resource, of KMS keys, of VPC endpoints \
            and most of the organisation's are not in it.",
        needs: &["iam:SimulatePrincipalPolicy"],
        follows: &["role-exists"],
        judge: Judge::Account(role::permissions),
    },
    Check {
        id: "role-used",
        must: "the role was used",
        background: "IAM keeps when and in which region a role was last used, some hours late. A role that was never used, while its pods run, tells that they go by \
            other credentials: the node's role, static keys.",
        needs: &["iam:GetRole"],
        follows: &[],
        judge: Judge::Account(role::used),
    },
    Check {
        id: "role-usage",
        must: "what the role may do was used in the last 90 days (asked with `--usage`)",
        background: "IAM tells when a role last used each service that its policies allow, and of many services each action that changes or lists something (last \
            accessed information). It is of attempts, denied ones too, comes up to four hours late, and goes 400 days back, less in younger regions. What was granted \
            a short time ago looks unused; a role that is younger than `--since` is never said not to use something. `irsactl usage --suggest` tells the policy that \
            would do. One job a role, of some seconds: so it is asked only with --usage.",
        needs: &[
            "iam:GenerateServiceLastAccessedDetails",
            "iam:GetServiceLastAccessedDetails",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
        ],
        follows: &["role-exists"],
        judge: Judge::Account(usage::used),
    },
    Check {
        id: "token",
        must: "Kubernetes issues a token with the right issuer, audience and subject",
        background: "doctor asks Kubernetes for a token of the service account, as a pod gets it (TokenRequest, 10 minutes), compares its claims, and verifies its \
            signature with the issuer's keys. The token is never shown.",
        needs: &["create serviceaccounts/token"],
        follows: &["service-account", "kubernetes-access", "signing-keys"],
        judge: Judge::Account(proof::token),
    },
    Check {
        id: "sts-accepts",
        must: "STS accepts a real token of the service account for the role",
        background: "The only full test: the unsigned AssumeRoleWithWebIdentity with a real token and a session policy that denies everything, so that the session is \
            harmless. AccessDenied is about the role and its trust; InvalidIdentityToken about the provider and the token. Where everything else holds and \
            STS still refuses, an organisation's policy (SCP, RCP) or a trust of the last minute is left.",
        needs: &["create serviceaccounts/token"],
        follows: &[
            "role-annotation",
            "role-exists",
            "provider",
            "provider-audience",
            "provider-thumbprint",
            "trust-policy",
            "trust-accounts",
            "token",
            "signing-keys",
            "discovery",
            "sts-region",
        ],
        judge: Judge::Account(proof::accepted),
    },
    Check {
        id: "recorded-failures",
        must: "CloudTrail recorded no failed attempt to assume the role",
        background: "CloudTrail keeps failed AssumeRoleWithWebIdentity calls of the last 90 days, 5 to 15 minutes late, with the real subject of the token. That a key could \
            not be fetched is not recorded.",
        needs: &["cloudtrail:LookupEvents"],
        follows: OF_TRUST,
        judge: Judge::Account(proof::recorded),
    },
];
