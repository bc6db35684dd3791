//! What the Kubernetes API objects to, and what to do about it.

use crate::model::{ClusterName, CommandLine, Fix, Right, ServiceAccountName};

/// Why the API refuses a write to somebody who has the right to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objection {
    /// A ResourceQuota of the namespace is used up.
    Quota,
    /// An admission webhook or policy is against it.
    Admission,
    /// The namespace is being deleted.
    Terminating,
    /// A value is not one that the field may have (422).
    Value,
    /// It is no request that this server understands (400).
    Request,
}

impl Objection {
    /// What to do about it; `--role-only` too, where that gets around it.
    pub fn hints(self) -> Vec<Fix> {
        match self {
            Self::Quota => vec![
                Fix::say("no right helps: raise the quota, or delete what is no longer needed; ")
                    .run("kubectl get resourcequotas --all-namespaces")
                    .and(" shows what is used"),
                Fix::role_only(),
            ],
            Self::Admission => vec![
                "no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or \
                 ask who runs the cluster"
                    .into(),
                Fix::role_only(),
            ],
            Self::Terminating => {
                vec!["run the same command again when the namespace is gone: it makes it anew".into()]
            }
            Self::Value => {
                vec!["change the value that the message names, and run the same command again".into()]
            }
            Self::Request => vec![
                Fix::by(
                    "the server, or what stands before it, does not understand the request: check that it is a Kubernetes API of 1.22 or \
                     later",
                    "kubectl version",
                ),
                Fix::role_only(),
            ],
        }
    }
}

/// Of a call that is denied (403): the right to ask for, and `--role-only` where that does without it.
pub fn forbidden_hints(right: &Right) -> Vec<Fix> {
    match (right.verb, right.resource) {
        ("list", "serviceaccounts") => {
            vec!["this identity needs list on serviceaccounts".into()]
        }
        ("get", "serviceaccounts") => vec![
            "allow this identity to get serviceaccounts".into(),
            Fix::by("what each command needs in the cluster", "irsactl permissions -o rbac"),
            Fix::role_only(),
        ],
        (_, "serviceaccounts") | ("create", "namespaces") => vec![
            "this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces".into(),
            Fix::role_only(),
        ],
        _ => vec![
            format!("allow this identity to {right}: with a Role or ClusterRole, and a binding of it")
                .into(),
        ],
    }
}

/// Of an identity that the cluster does not know (401). `None`: the access is that of a kubeconfig's
/// context.
pub fn unauthorized_hints(cluster: Option<&ClusterName>) -> Vec<Fix> {
    let Some(cluster) = cluster else {
        return vec![Fix::by(
            "check the context's credentials",
            "kubectl auth whoami",
        )];
    };
    let map = CommandLine::of(
        "aws eks create-access-entry --cluster-name {} --principal-arn ARN",
        &[cluster],
    );
    vec![
        Fix::by("map the identity to the cluster", map)
            .and(", with the ARN of ")
            .run("aws sts get-caller-identity"),
        Fix::role_only(),
    ]
}

/// Of a ServiceAccount that finalizers hold.
pub fn held_hints(name: &ServiceAccountName) -> Vec<Fix> {
    let look = CommandLine::of(
        "kubectl get serviceaccount {} --namespace {} --output yaml",
        &[&name.name, &name.namespace],
    );
    vec![
        Fix::by(
            "whoever set its finalizers takes them away when their work is done",
            look,
        ),
        "then run the same command again; `--timeout 1h` waits longer".into(),
    ]
}
