//! What the Kubernetes API objects to, and what to do about it.

use super::ROLE_ONLY;
use crate::model::{ClusterName, CommandLine, ServiceAccountName};

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
    pub fn hints(self) -> Vec<String> {
        match self {
            Self::Quota => vec![
                "no right helps: raise the quota, or delete what is no longer needed; `kubectl get resourcequotas --all-namespaces` \
                 shows what is used"
                    .to_owned(),
                ROLE_ONLY.to_owned(),
            ],
            Self::Admission => vec![
                "no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or \
                 ask who runs the cluster"
                    .to_owned(),
                ROLE_ONLY.to_owned(),
            ],
            Self::Terminating => {
                vec!["run the same command again when the namespace is gone: it makes it anew".to_owned()]
            }
            Self::Value => vec!["change the value that the message names, and run the same command again".to_owned()],
            Self::Request => vec![
                "the server, or what stands before it, does not understand the request: check that it is a Kubernetes API of 1.22 or \
                 later: `kubectl version`"
                    .to_owned(),
                ROLE_ONLY.to_owned(),
            ],
        }
    }
}

pub fn forbidden_hints(operation: &str) -> Vec<String> {
    match operation {
        "list service accounts" => {
            vec!["this identity needs list on serviceaccounts".to_owned()]
        }
        right if is_right(right) => vec![format!(
            "allow this identity to {right}: with a Role or ClusterRole, and a binding of it"
        )],
        _ => vec![
            "this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces".to_owned(),
            ROLE_ONLY.to_owned(),
        ],
    }
}

/// Whether an operation is told in the words of RBAC: a verb and a resource.
fn is_right(operation: &str) -> bool {
    let mut words = operation.split(' ');
    let verb = words.next().unwrap_or_default();
    ["get", "list", "patch"].contains(&verb)
        && words.next().is_some_and(|resource| {
            resource
                .split('.')
                .next()
                .is_some_and(|it| it.ends_with('s'))
        })
}

pub fn unauthorized_hints(cluster: Option<&ClusterName>) -> Vec<String> {
    let Some(cluster) = cluster else {
        return vec!["check the context's credentials: `kubectl auth whoami`".to_owned()];
    };
    vec![
        format!(
            "map the identity to the cluster: `aws eks create-access-entry --cluster-name {cluster} --principal-arn ARN`, \
             with the ARN of `aws sts get-caller-identity`"
        ),
        ROLE_ONLY.to_owned(),
    ]
}

/// Of a ServiceAccount that finalizers hold.
pub fn held_hints(name: &ServiceAccountName) -> Vec<String> {
    let look = CommandLine::of(
        "kubectl get serviceaccount {} --namespace {} --output yaml",
        &[&name.name, &name.namespace],
    );
    vec![
        format!("whoever set its finalizers takes them away when their work is done: `{look}`"),
        "then run the same command again; `--timeout 1h` waits longer".to_owned(),
    ]
}
