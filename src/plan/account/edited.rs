//! What a stack's template is with what is asked for in it, and the trust policy that follows from single
//! changes.

use serde_json::Value;

use crate::asked::{IamServiceAccount, Permissions};
use crate::model::{Audience, Cluster, StackName};
use crate::policy::{self, Trust, TrustedSubject, others};
use crate::template::{self, RoleEdits, RoleTemplate};
use crate::world::{ObservedAccount, StackState};

/// The stack's template with what is asked for in it: the rest of it stays. `None`: its trust policy says
/// more than could be kept.
pub fn template(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    stack: &StackName,
    body: &Value,
    found: &RoleTemplate,
) -> Option<Value> {
    let applied = |edits: &RoleEdits, trust| edits.applied(body, trust, stack, &cluster.partition);
    match &asked.permissions {
        Permissions::Role(spec) => {
            let trust = template::trust(spec, cluster, &asked.name);
            Some(applied(&RoleEdits::declared(spec, found), Some(trust)))
        }
        Permissions::Edited(edits) => {
            let trust = trust(edits, asked, cluster, &found.trust)?;
            Some(applied(edits, trust))
        }
        Permissions::Existing(_) => None,
    }
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
    let principals = policy::federated_principals(found);
    let is_present = principals.contains(&provider.as_str());
    let is_edited = edits.subject_pattern.is_some() || edits.audience.is_some();
    let trust = match (is_edited, principals.as_slice()) {
        (false, _) if is_present => return Some(None),
        (true, _) => Trust::read(&others::without(found), &asked.name).map(|known| {
            let pattern = edits.subject_pattern.clone().or(known.pattern);
            let audience = edits.audience.clone().unwrap_or(known.audience);
            let subject = match &pattern {
                Some(pattern) => TrustedSubject::Pattern(&asked.name, pattern),
                None => TrustedSubject::Account(&asked.name),
            };
            policy::trust_policy(&provider, &cluster.issuer, &subject, &audience)
        }),
        (false, [former]) => Some(policy::with_issuer(
            found,
            former,
            &cluster.issuer,
            &provider,
        )),
        (false, _) => None,
    };
    trust.map(Some)
}

/// The audience that the role has and keeps. `None`: it cannot be told.
pub fn kept_audience(asked: &IamServiceAccount, observed: &ObservedAccount) -> Option<Audience> {
    let StackState::Found(found) = &observed.stack else {
        return None;
    };
    let trust = &found.template.as_ref()?.trust;
    Trust::read(&others::without(trust), &asked.name).map(|trust| trust.audience)
}
