//! What a stack's template is with what is asked for in it, and the trust policy that follows from single
//! changes.

use serde_json::{Value, json};

use crate::asked::{IamServiceAccount, Permissions};
use crate::model::{Audience, Cluster, StackName, Way};
use crate::policy::pod_identity::{self, TrustedAssociation};
use crate::policy::subjects::Subject;
use crate::policy::{self, TrustTerms, others};
use crate::template::{self, RoleEdits, RoleTemplate};
use crate::world::{Associations, ObservedAccount, StackState};

/// The stack's template with what is asked for in it: the rest of it stays. `None`: its trust policy says
/// more than could be kept.
pub fn template(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    stack: &StackName,
    body: &Value,
    found: &RoleTemplate,
    using: &Associations,
) -> Option<Value> {
    let applied = |edits: &RoleEdits, trust| edits.applied(body, trust, stack, &cluster.partition);
    match &asked.permissions {
        Permissions::Role(spec) => {
            let trust = template::trust(spec, cluster, &asked.name);
            let trust = match asked.way() {
                Way::Irsa => trust,
                Way::PodIdentity => associated(&trust, asked, cluster, &found.trust),
            };
            Some(applied(&RoleEdits::declared(spec, found), Some(trust)))
        }
        Permissions::Edited(edits) => {
            let trust = match &asked.association {
                None => trust(edits, asked, cluster, &found.trust)?,
                Some(spec) if spec.disable_session_tags.as_set() == Some(&true) => {
                    Some(opened(asked, cluster, &found.trust))
                }
                Some(spec) if spec.restrict_trust => {
                    Some(restricted(asked, cluster, &found.trust, using))
                }
                Some(_) => None,
            };
            Some(applied(edits, trust))
        }
        Permissions::Existing(_) => None,
    }
}

/// A trust policy with the association let in as it is asked for. A statement that lets in every
/// association does that too, and stays; so does all that is about others.
fn associated(
    wanted: &Value,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    found: &Value,
) -> Value {
    let mut pods = others::of_pod_identity(found).into_iter();
    if pods.any(pod_identity::is_unconditional) {
        return found.clone();
    }
    replaced(wanted, asked, cluster, found)
}

/// The statements about the association give way to others.
fn replaced(by: &Value, asked: &IamServiceAccount, cluster: &Cluster, found: &Value) -> Value {
    let arn = cluster.arn();
    let is_for = |statement: &Value| {
        let account = &asked.name;
        arn.as_ref().is_some_and(|cluster_arn| {
            let only = TrustedAssociation {
                account,
                cluster_arn,
            };
            pod_identity::is_for(statement, only)
        })
    };
    let is_own = |it: &&Value| pod_identity::is_unconditional(it) || is_for(it);
    let mut trust = found.clone();
    let rest = policy::statements(found).filter(|it| !is_own(it));
    trust["Statement"] = rest.chain(policy::statements(by)).cloned().collect();
    if policy::same(&trust, found) {
        return found.clone();
    }
    trust
}

/// A trust policy that lets in an association without session tags, of which no condition can ask.
fn opened(asked: &IamServiceAccount, cluster: &Cluster, found: &Value) -> Value {
    let any = json!({ "Statement": [pod_identity::statement(None)] });
    associated(&any, asked, cluster, found)
}

/// A trust policy that lets in this association and the others that use the role, each by itself.
fn restricted(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    found: &Value,
    using: &Associations,
) -> Value {
    let arn = cluster.arn();
    let others = using.iter().map(|(name, _)| name);
    let others = others.filter(|name| **name != asked.name);
    let all = std::iter::once(&asked.name).chain(others);
    let statements = all.map(|account| {
        let only = arn.as_ref().map(|cluster_arn| TrustedAssociation {
            account,
            cluster_arn,
        });
        pod_identity::statement(only)
    });
    let statements: Vec<Value> = statements.collect();
    replaced(&json!({ "Statement": statements }), asked, cluster, found)
}

/// The trust policy after the changes (`Some(None)`: it stays as it is): another subject or audience,
/// or the cluster's present issuer in the place of its former one.
fn trust(
    edits: &RoleEdits,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    found: &Value,
) -> Option<Option<Value>> {
    let provider = cluster.provider_arn();
    let own = others::parted(found, &asked.name, &provider).own;
    let mut principals = policy::federated_principals(&own);
    principals.dedup();
    let is_present = principals.contains(&provider.as_str());
    let is_edited = edits.subject_pattern.is_some() || edits.audience.is_some();
    let trust = match (is_edited, principals.as_slice()) {
        (false, _) if is_present => return Some(None),
        // Only others are let in: whom nobody asked about stay.
        (false, []) => return Some(None),
        (true, _) => TrustTerms::read(&own, &asked.name).map(|known| {
            let pattern = edits.subject_pattern.clone().or(known.pattern);
            let audience = edits.audience.clone().unwrap_or(known.audience);
            let subject = Subject::of(&asked.name, pattern.as_ref());
            policy::trust_policy(&provider, &cluster.issuer, &subject, &audience)
        }),
        (false, [former]) => Some(policy::with_issuer(
            &own,
            former,
            &cluster.issuer,
            &provider,
        )),
        (false, _) => None,
    };
    trust.map(Some)
}

/// The audience that the role has and keeps. `None`: it cannot be told.
pub fn kept_audience(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
) -> Option<Audience> {
    let StackState::Found(found) = &observed.stack else {
        return None;
    };
    let trust = &found.template.as_ref()?.trust;
    let parted = others::parted(trust, &asked.name, &cluster.provider_arn());
    TrustTerms::read(&parted.own, &asked.name).map(|trust| trust.audience)
}
