//! Session tags, which EKS Pod Identity sends to STS and IRSA does not: what asks for them is not allowed
//! any more on the other way (EKS User Guide, "Grant Pods access to AWS resources based on tags").

use serde_json::Value;

use super::Obstacle;
use crate::model::Lookup;
use crate::world::MovingAccount;

const TAGS: [&str; 6] = [
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-service-account",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
];

/// Of the session; and as the next role sees them, since they are transitive.
const KEYS: [&str; 2] = ["aws:PrincipalTag/", "aws:RequestTag/"];

/// What the role's own policies, and the roles that it assumes, ask of sessions by EKS Pod Identity.
pub fn obstacles(account: &MovingAccount) -> Vec<Obstacle> {
    if account.associated().is_none() || account.disables_session_tags() {
        return Vec::new();
    }
    let documents = account.documents.as_found().into_iter().flatten();
    let own = documents.filter_map(asked).map(|key| (None, key)).take(1);
    let next = account.next_roles.iter().filter_map(|(role, next)| {
        let Lookup::Found(facts) = next else {
            return None;
        };
        Some((Some(role.clone()), asked(&facts.trust)?))
    });
    let all = own.chain(next);
    all.map(|(role, key)| {
        let role = role.map(Box::new);
        Obstacle::SessionTag { role, key }
    })
    .collect()
}

/// The first that stands in a document: the key of a condition, or a variable. Keys have no case.
fn asked(document: &Value) -> Option<String> {
    let text = document.to_string().to_lowercase();
    let keys = KEYS
        .iter()
        .flat_map(|key| TAGS.map(|tag| format!("{key}{tag}")));
    let mut keys = keys.filter(|key| text.contains(&key.to_lowercase()));
    keys.next()
}
