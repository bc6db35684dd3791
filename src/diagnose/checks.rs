//! The table of checks: each with a stable id, what must be true, the background that `--explain` tells,
//! and which other checks' failures explain its own. The order is that of the way of a request, from the
//! caller's credentials to the pod: of two failures the first is the likelier cause.

use super::{Scene, Verdict, association, cluster, object, pods, proof, role, surroundings, trust};
use crate::observe::health::World;

pub struct Check {
    pub id: &'static str,
    /// What must be true.
    pub must: &'static str,
    /// What it means, why it goes wrong, and what to do: for `--explain`.
    pub background: &'static str,
    /// The permissions that it needs; without them it is unknown.
    pub needs: &'static [&'static str],
    /// The checks whose failures explain a failure of this one.
    pub follows: &'static [&'static str],
    pub judge: Judge,
}

#[derive(Clone, Copy)]
pub enum Judge {
    /// Made once.
    Cluster(fn(&World) -> Verdict),
    /// Made for every service account or role.
    Account(fn(Scene<'_>) -> Verdict),
}

/// The check of that id.
pub fn check(id: &str) -> Option<&'static Check> {
    checks().iter().find(|check| check.id == id)
}

pub fn checks() -> &'static [Check] {
    CHECKS
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
        judge: Judge::Cluster(object::webhook),
    },
    Check {
        id: "webhook-selection",
        must: "the webhook selects the service account's namespace",
        background: "A namespaceSelector of the webhook's configuration may leave namespaces out by their labels. EKS's own takes all; a webhook of your own, or a changed one, \
            may not. Pods of a namespace that is left out start without the role.",
        needs: &["get mutatingwebhookconfigurations", "get namespaces"],
        follows: &["webhook"],
        judge: Judge::Account(object::webhook_selection),
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
        must: "no IAM OIDC provider is left of clusters that are gone",
        background: "Providers stay when clusters are deleted without `irsactl disassociate-oidc-provider`. They do no harm to others, but an account has room \
            for 100, and roles that still trust one are of no use.",
        needs: &["iam:ListOpenIDConnectProviders", "eks:ListClusters"],
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
            that were made for other services are accepted too. Wildcards in the namespace let in whoever may create a namespace of that name.",
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
    Check {
        id: "pod-service-account",
        must: "the pods run as the service account",
        background: "`spec.serviceAccountName` of the workload's template decides; without it pods run as `default`. Charts have a value for it, often \
            `serviceAccount.name`.",
        needs: &["list pods"],
        follows: &["service-account"],
        judge: Judge::Account(pods::service_account),
    },
    Check {
        id: "pod-skipped",
        must: "neither label nor annotation keeps the webhook from the pods",
        background: "The label eks.amazonaws.com/skip-pod-identity-webhook on a pod keeps the webhook away; the annotation eks.amazonaws.com/skip-containers names containers \
            that are left as they are.",
        needs: &["list pods"],
        follows: &["webhook"],
        judge: Judge::Account(pods::skipped),
    },
    Check {
        id: "pod-age",
        must: "the pods are younger than the annotation",
        background: "The webhook acts when a pod is created. A pod that is older than the annotation, or than its last change, keeps the environment that it was \
            created with until it is restarted.",
        needs: &["list pods"],
        follows: &["service-account", "role-annotation"],
        judge: Judge::Account(pods::age),
    },
    Check {
        id: "pod-own-role",
        must: "no container sets AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE by itself",
        background: "Where a container's template sets either of them, the webhook adds neither: the container goes by what it has, whatever the annotation says.",
        needs: &["list pods"],
        follows: &["service-account", "role-annotation"],
        judge: Judge::Account(pods::own_role),
    },
    Check {
        id: "pod-role",
        must: "every container has AWS_ROLE_ARN with the annotated role",
        background: "SDKs take web identity when both AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are set. Without them they go on to the instance metadata, and the pod works \
            with the role of its node.",
        needs: &["list pods"],
        follows: OF_INJECTION,
        judge: Judge::Account(pods::role),
    },
    Check {
        id: "pod-token-file",
        must: "every container has AWS_WEB_IDENTITY_TOKEN_FILE at the mounted token",
        background: "The webhook sets /var/run/secrets/eks.amazonaws.com/serviceaccount/token. The API server's own token (/var/run/secrets/kubernetes.io/…) has another \
            audience, and STS refuses it.",
        needs: &["list pods"],
        follows: &[
            "webhook",
            "webhook-selection",
            "pod-age",
            "pod-own-role",
            "pod-role",
            "pod-skipped",
            "role-annotation",
            "service-account",
        ],
        judge: Judge::Account(pods::token_file),
    },
    Check {
        id: "pod-token-volume",
        must: "the token's volume is mounted, with the right audience",
        background: "The projected volume aws-iam-token holds a token that the kubelet renews at 80 % of its life, or after a day. An application that reads it once stops \
            working when the first one expires (`ExpiredTokenException`): it must use an SDK that reads the file again.",
        needs: &["list pods"],
        follows: &[
            "webhook",
            "webhook-selection",
            "pod-age",
            "pod-own-role",
            "pod-role",
            "pod-skipped",
            "role-annotation",
            "service-account",
        ],
        judge: Judge::Account(pods::token_volume),
    },
    Check {
        id: "pod-region",
        must: "the containers know their region, and use the regional STS endpoint",
        background: "EKS sets AWS_REGION, AWS_DEFAULT_REGION and AWS_STS_REGIONAL_ENDPOINTS=regional. With `legacy`, older SDKs call the global endpoint, which a VPC \
            endpoint does not serve and other partitions do not have; the token is then refused with `No OpenIDConnect provider found`.",
        needs: &["list pods"],
        follows: &[
            "webhook",
            "webhook-selection",
            "pod-age",
            "pod-role",
            "role-annotation",
            "service-account",
        ],
        judge: Judge::Account(pods::region),
    },
    Check {
        id: "pod-static-keys",
        must: "no static keys or profile come before the role",
        background: "In the SDKs' chain AWS_ACCESS_KEY_ID comes first, and a profile (AWS_PROFILE, ~/.aws) comes before web identity in many of them. A Secret or ConfigMap \
            behind envFrom may hold them too.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Account(pods::static_keys),
    },
    Check {
        id: "pod-token-readable",
        must: "the containers' users can read the token",
        background: "Before Kubernetes 1.19 a projected token belonged to root: containers of other users needed an fsGroup. Since then it is readable for the container's user.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Account(pods::token_readable),
    },
    Check {
        id: "pod-windows",
        must: "pods on Windows say so by nodeSelector",
        background: "The webhook writes Windows' paths only where the pod's nodeSelector has kubernetes.io/os: windows.",
        needs: &["list pods", "list nodes"],
        follows: &[],
        judge: Judge::Account(pods::windows),
    },
    Check {
        id: "pod-host-network",
        must: "pods on the node's network are meant to be there",
        background: "IRSA works with hostNetwork, but such pods always reach the instance metadata, whatever its hop limit, and EKS Pod Identity does not serve them.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Account(pods::host_network),
    },
    Check {
        id: "metadata-hop-limit",
        must: "pods cannot fall back to the role of their node",
        background: "With a hop limit of 1 and IMDSv2 required, pods do not reach the instance metadata, and a missing role is an error at once. Otherwise they work \
            silently with the node's role: too much for some things and too little for others.",
        needs: &["list nodes", "ec2:DescribeInstances"],
        follows: &[],
        judge: Judge::Account(surroundings::metadata),
    },
    Check {
        id: "pod-security-groups",
        must: "security groups of the pods let DNS and HTTPS out",
        background: "A SecurityGroupPolicy of the VPC CNI gives pods their own security groups; those must let out UDP and TCP 53 to the cluster's DNS and TCP 443 to STS.",
        needs: &[
            "list securitygrouppolicies.vpcresources.k8s.aws",
            "ec2:DescribeSecurityGroups",
        ],
        follows: &[],
        judge: Judge::Account(surroundings::security_groups),
    },
    Check {
        id: "pod-proxy",
        must: "a proxy in the pods' environment lets them reach STS",
        background: "With HTTPS_PROXY the call to STS goes through the proxy, unless NO_PROXY names the endpoint. A Pod Identity agent (169.254.170.23) must be in NO_PROXY.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Account(pods::proxy),
    },
    Check {
        id: "pod-network-policy",
        must: "NetworkPolicies let the pods reach DNS and STS",
        background: "A pod that any NetworkPolicy with Egress selects may reach only what those policies allow: DNS (53) and STS's addresses (443) must be among it.",
        needs: &["list networkpolicies"],
        follows: &[],
        judge: Judge::Account(surroundings::network_policy),
    },
    Check {
        id: "automount",
        must: "automountServiceAccountToken: false is understood",
        background: "It keeps the API server's token out of the pod. The token for AWS is a volume of its own, which the webhook adds all the same: nothing is to be mended.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Account(pods::automount),
    },
    Check {
        id: "sdk-version",
        must: "the SDKs in the images know web identity",
        background: "Which SDK an image holds cannot be seen from outside. The first ones with IRSA: Java 2.10.11 and 1.11.704 (with the sts module on the class path), Go 1.23.13, \
            boto3 1.9.220, botocore 1.12.200, CLI 1.16.232, JavaScript 2.525.0 and 3.27.0, Ruby 3.58.0, C++ 1.7.174, .NET 3.3.659.1, PHP 3.110.7. With Pod Identity: Java \
            2.21.30 and 1.12.746, Go 1.47.11, boto3 1.34.41, CLI 1.30.0 and 2.15.0, JavaScript 2.1550.0 and 3.458.0, Ruby 3.188.0, C++ 1.11.263, .NET 3.7.734.0, PHP 3.287.1, \
            Kotlin 1.0.1, Rust 2024-03-13. An older one passes over the token and uses the node's role.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Account(pods::sdk_version),
    },
    Check {
        id: "pod-identity-association",
        must: "no Pod Identity association outdoes the annotation unseen",
        background: "Where a service account has both, the webhook gives new pods Pod Identity's environment and not the annotated role's. One EKS Pod Identity association exists per \
            service account; it takes effect for new pods.",
        needs: &[
            "eks:ListPodIdentityAssociations",
            "eks:DescribePodIdentityAssociation",
        ],
        follows: &[],
        judge: Judge::Account(association::association),
    },
    Check {
        id: "pod-identity-platform",
        must: "the cluster's platform version has Pod Identity",
        background: "At least 1.24 eks.13, 1.25 eks.10, 1.26 eks.9, 1.27 eks.8, 1.28 eks.4, 1.29 eks.1, 1.30 eks.2, 1.31 eks.4.",
        needs: &["eks:DescribeCluster"],
        follows: &[],
        judge: Judge::Account(association::platform),
    },
    Check {
        id: "pod-identity-agent",
        must: "the Pod Identity agent runs on the pods' nodes",
        background: "The add-on eks-pod-identity-agent is a DaemonSet on the nodes' network that answers on 169.254.170.23 and fd00:ec2::23, port 80. EKS Auto Mode has it built in.",
        needs: &["eks:DescribeAddon", "list daemonsets"],
        follows: &["pod-identity-platform"],
        judge: Judge::Account(association::agent),
    },
    Check {
        id: "pod-identity-endpoint",
        must: "nodes without a way to the internet have an endpoint for eks-auth",
        background: "The agent calls eks-auth.<region>. In a private VPC it needs an interface endpoint with private DNS, and the node's role eks-auth:AssumeRoleForPodIdentity, \
            which AmazonEKSWorkerNodePolicy has.",
        needs: &["ec2:DescribeVpcEndpoints"],
        follows: &[],
        judge: Judge::Account(association::endpoint),
    },
    Check {
        id: "pod-identity-trust",
        must: "the associated role trusts pods.eks.amazonaws.com with sts:AssumeRole and sts:TagSession",
        background: "Pod Identity tags its sessions: without sts:TagSession the call is refused. Without a condition on aws:SourceArn (the cluster's ARN) or on the request's tags any \
            cluster of the account can use the role.",
        needs: &["iam:GetRole"],
        follows: &[],
        judge: Judge::Account(association::trust),
    },
    Check {
        id: "pod-identity-target",
        must: "the target role trusts the associated role, with the association's external id",
        background: "With targetRoleArn the associated role assumes another one, mostly in another account: that one must allow it sts:AssumeRole and sts:TagSession, with \
            sts:ExternalId as the association has it.",
        needs: &["iam:GetRole"],
        follows: &["pod-identity-trust"],
        judge: Judge::Account(association::target),
    },
    Check {
        id: "pod-identity-session",
        must: "session policy and session tags of the association agree",
        background: "A session policy needs disableSessionTags; and without session tags, conditions on aws:RequestTag or aws:PrincipalTag never hold.",
        needs: &["eks:DescribePodIdentityAssociation"],
        follows: &[],
        judge: Judge::Account(association::session),
    },
    Check {
        id: "pod-identity-environment",
        must: "the pods have the environment of Pod Identity",
        background: "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and the volume eks-pod-identity-token. A pod that \
            has the variables of web identity too goes by those. Not on Fargate, Windows or the node's network.",
        needs: &["list pods"],
        follows: &[
            "webhook",
            "webhook-selection",
            "pod-skipped",
            "pod-service-account",
        ],
        judge: Judge::Account(association::environment),
    },
];
