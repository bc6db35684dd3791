//! The checks of pods, of what surrounds them, and of EKS Pod Identity.

use super::{Check, Judge, OF_INJECTION, association, pods, surroundings};

/// What keeps the webhook from giving a pod its environment, or what is told of the role in it.
const OF_ROLE: &[&str] = &[
    "webhook",
    "webhook-selection",
    "pod-age",
    "pod-own-role",
    "pod-role",
    "pod-skipped",
    "role-annotation",
    "service-account",
];

pub const CHECKS: &[Check] = &[
    Check {
        id: "pod-service-account",
        must: "the pods run as the service account",
        background: "`spec.serviceAccountName` of the workload's template decides; without it pods run as `default`. Charts have a value for it, often \
            `serviceAccount.name`.",
        needs: &["list pods"],
        follows: &["service-account"],
        judge: Judge::Pods(pods::service_account),
    },
    Check {
        id: "pod-skipped",
        must: "neither label nor annotation keeps the webhook from the pods",
        background: "The label eks.amazonaws.com/skip-pod-identity-webhook on a pod keeps the webhook away; the annotation eks.amazonaws.com/skip-containers names containers \
            that are left as they are, with commas and no blanks between them.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Pods(pods::skipped),
    },
    Check {
        id: "pod-age",
        must: "the pods are younger than the annotation",
        background: "The webhook acts when a pod is created. A pod that is older than the annotation, or than its last change, keeps the environment that it was \
            created with until it is restarted.",
        needs: &["list pods"],
        follows: &["service-account", "role-annotation"],
        judge: Judge::Pods(pods::age),
    },
    Check {
        id: "pod-own-role",
        must: "no container sets AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE by itself",
        background: "Where a container's template sets either of them, the webhook adds neither: the container goes by what it has, whatever the annotation says.",
        needs: &["list pods"],
        follows: &["service-account", "role-annotation"],
        judge: Judge::Pods(pods::own_role),
    },
    Check {
        id: "pod-role",
        must: "every container has AWS_ROLE_ARN with the annotated role",
        background: "SDKs take web identity when both AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are set. Without them they go on to the instance metadata, and the pod works \
            with the role of its node.",
        needs: &["list pods"],
        follows: OF_INJECTION,
        judge: Judge::Pods(pods::role),
    },
    Check {
        id: "pod-token-file",
        must: "every container has AWS_WEB_IDENTITY_TOKEN_FILE at the mounted token",
        background: "The webhook sets /var/run/secrets/eks.amazonaws.com/serviceaccount/token. The API server's own token (/var/run/secrets/kubernetes.io/…) has another \
            audience, and STS refuses it.",
        needs: &["list pods"],
        follows: OF_ROLE,
        judge: Judge::Pods(pods::token_file),
    },
    Check {
        id: "pod-token-volume",
        must: "the token's volume is mounted, with the right audience",
        background: "The projected volume aws-iam-token holds a token that the kubelet renews at 80 % of its life, or after a day. An application that reads it once stops \
            working when the first one expires (`ExpiredTokenException`): it must use an SDK that reads the file again.",
        needs: &["list pods"],
        follows: OF_ROLE,
        judge: Judge::Pods(pods::token_volume),
    },
    Check {
        id: "pod-region",
        must: "the containers know their region, and use the regional STS endpoint",
        background: "EKS sets AWS_REGION, AWS_DEFAULT_REGION and AWS_STS_REGIONAL_ENDPOINTS=regional. With `legacy`, older SDKs call the global endpoint, which a VPC \
            endpoint does not serve and other partitions do not have; the token is then refused with `No OpenIDConnect provider found`.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Pods(pods::region),
    },
    Check {
        id: "pod-static-keys",
        must: "no static keys or profile come before the role",
        background: "In the SDKs' chain AWS_ACCESS_KEY_ID comes first, and a profile (AWS_PROFILE, ~/.aws) comes before web identity in many of them. A Secret or ConfigMap \
            behind envFrom may hold them too.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Pods(pods::static_keys),
    },
    Check {
        id: "pod-token-readable",
        must: "the containers' users can read the token",
        background: "Before Kubernetes 1.19 a projected token belonged to root: containers of other users needed an fsGroup. Since then it is readable for the container's user.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Pods(pods::token_readable),
    },
    Check {
        id: "pod-windows",
        must: "pods on Windows say so by nodeSelector",
        background: "The webhook writes Windows' paths only where the pod's nodeSelector has kubernetes.io/os: windows (or beta.kubernetes.io/os); it looks at neither \
            spec.os nor affinity.",
        needs: &["list pods", "list nodes"],
        follows: &[],
        judge: Judge::Pods(pods::windows),
    },
    Check {
        id: "pod-host-network",
        must: "pods on the node's network are meant to be there",
        background: "IRSA works with hostNetwork, but such pods always reach the instance metadata, whatever its hop limit, and EKS Pod Identity does not serve them.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Pods(pods::host_network),
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
        background: "A SecurityGroupPolicy of the VPC CNI gives pods their own security groups; those must let out port 53 to the cluster's DNS, by UDP and for long answers by TCP, which is not looked at, and TCP 443 to STS.",
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
        background: "With HTTPS_PROXY the call to STS goes through the proxy, unless NO_PROXY names the endpoint. The Pod Identity agent (169.254.170.23, with IPv6 [fd00:ec2::23]) must be in NO_PROXY.",
        needs: &["list pods"],
        follows: &[],
        judge: Judge::Pods(pods::proxy),
    },
    Check {
        id: "pod-network-policy",
        must: "NetworkPolicies let the pods reach DNS and STS",
        background: "A pod that any NetworkPolicy with Egress selects may reach only what those policies allow: DNS (53) and STS's addresses (443), or the agent of Pod Identity \
            (80), must be among it. Only NetworkPolicies of Kubernetes are read, so this is a warning: the VPC CNI enforces none unless it is told to (enableNetworkPolicy), \
            policies of Cilium and Calico, by DNS names among them, may allow more, and pods may reach STS through a proxy within the cluster.",
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
        judge: Judge::Pods(pods::automount),
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
        judge: Judge::Pods(pods::sdk_version),
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
        background: "Pod Identity tags its sessions: without sts:TagSession the call is refused. Without a condition on the request's tags \
            kubernetes-namespace, kubernetes-service-account and eks-cluster-arn any association of the account can use the role.",
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
        id: "pod-identity-accepts",
        must: "EKS accepts the token of a running pod for the associated role",
        background: "The only full test: a token of the service account that is bound to one of its pods, and AssumeRoleForPodIdentity with it, as the agent on the node does. EKS \
            says the same of a role that is gone, that does not let it in, that lacks sts:TagSession, and that asks for other tags. The session is asked who it is, and dropped. \
            The agent is not needed for it. Without a running pod there is nothing to try with.",
        needs: &[
            "list pods",
            "create serviceaccounts/token",
            "eks-auth:AssumeRoleForPodIdentity",
        ],
        follows: &[
            "pod-identity-trust",
            "pod-identity-target",
            "pod-identity-session",
        ],
        judge: Judge::Account(association::accepted),
    },
    Check {
        id: "pod-identity-environment",
        must: "the pods have the environment of Pod Identity",
        background: "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials (IPv6: http://[fd00:ec2::23]/v1/credentials), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and the volume eks-pod-identity-token. A pod that \
            has the variables of web identity too goes by those. Not on Fargate, Windows or the node's network.",
        needs: &["list pods"],
        follows: &[
            "webhook",
            "webhook-selection",
            "pod-skipped",
            "pod-service-account",
        ],
        judge: Judge::Pods(association::environment),
    },
];
