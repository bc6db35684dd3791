//! A trust policy without one service account: what a finished move or a deletion takes out of a role that
//! others use too. All else stays to the letter, and where that cannot be told for sure nothing is taken.

use serde_json::{Map, Value};

use super::corrected::audiences;
use super::evaluate::{Decision, Principal, Request, evaluate};
use super::pod_identity::{self, SessionTags, TrustedAssociation};
use super::{statements, texts};
use crate::model::{DEFAULT_AUDIENCE, Issuer, RoleArn, ServiceAccountName};

/// Why a person must decide. Statements are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWithdrawn {
    /// A pattern, a further condition, or somebody else's statement would still let it in.
    StillLetIn { statement: usize },
    /// Nobody else is let in, and IAM takes no policy without a statement: the role can be deleted.
    NothingLeft,
}

/// The trust policy without the service account among the subjects that tokens of the provider may have;
/// a statement goes with its last subject. One that does not let it in comes back as it is.
///
/// # Errors
/// Where the service account would still be let in, or nobody would.
pub fn without_subject(
    trust: &Value,
    provider_arn: &str,
    issuer: &Issuer,
    account: &ServiceAccountName,
) -> Result<Value, NotWithdrawn> {
    let subject = account.subject();
    let key = format!("{}:sub", issuer.host_and_path());
    let rest = rest(trust, |statement| {
        if is_plain(statement, provider_arn, issuer) {
            without_value(statement, &key, &subject)
        } else {
            Some(statement.clone())
        }
    })?;
    // Whatever audience its tokens are asked for, one that no statement names included.
    let further = [DEFAULT_AUDIENCE, "zz-another"];
    for audience in audiences(trust).into_iter().chain(further) {
        let issuer = issuer.host_and_path();
        let request = Request::web_identity(provider_arn, issuer, &subject, &[audience.to_owned()]);
        rest.shuts_out(&request)?;
    }
    Ok(rest.trust)
}

/// The trust policy without the statement that is for this association alone. One that does not let it in
/// comes back as it is.
///
/// # Errors
/// Where another statement, for any association or for several, still lets it in, or nobody is.
pub fn without_association(
    trust: &Value,
    association: TrustedAssociation<'_>,
) -> Result<Value, NotWithdrawn> {
    let rest = rest(trust, |statement| {
        let goes = pod_identity::is_for(statement, association);
        (!goes).then(|| statement.clone())
    })?;
    for tags in [SessionTags::Sent, SessionTags::Disabled] {
        let request = pod_identity::request(pod_identity::ACTIONS[0], association, tags);
        rest.shuts_out(&request)?;
    }
    Ok(rest.trust)
}

/// The trust policy without a role among the principals that statements allow something by their names; a
/// statement goes with its last principal.
///
/// # Errors
/// Where the role would still be let in, by its account or by a pattern, or nobody would.
pub fn without_role(trust: &Value, role: &RoleArn) -> Result<Value, NotWithdrawn> {
    let name = role.to_string();
    let rest = rest(trust, |statement| {
        let names_it = texts(&statement["Principal"]["AWS"]).contains(&name.as_str());
        if statement["Effect"] != "Allow" || !names_it {
            return Some(statement.clone());
        }
        let mut statement = statement.clone();
        let principal = statement.get_mut("Principal")?.as_object_mut()?;
        let is_gone = match principal.get_mut("AWS")? {
            Value::Array(names) => {
                names.retain(|other| other != &name);
                names.is_empty()
            }
            _ => true,
        };
        if is_gone {
            principal.remove("AWS");
        }
        let is_left = !principal.is_empty();
        is_left.then_some(statement)
    })?;
    rest.shuts_out(&Request::new("sts:AssumeRole", Principal::Aws(name), None))?;
    Ok(rest.trust)
}

/// What is left, each statement with its place in the whole.
struct RemainingStatements {
    trust: Value,
    places: Vec<usize>,
}

impl RemainingStatements {
    /// # Errors
    /// Where a call is still allowed, or may be.
    fn shuts_out(&self, request: &Request) -> Result<(), NotWithdrawn> {
        let by = match evaluate(&self.trust, request).decision {
            Decision::ExplicitDeny { .. } | Decision::NotAllowed => return Ok(()),
            Decision::Allowed { statement } => Some(statement),
            Decision::Depends { statements, .. } => statements.first().copied(),
        };
        let place = by.and_then(|by| self.places.get(by)).copied();
        Err(NotWithdrawn::StillLetIn {
            statement: place.unwrap_or_default(),
        })
    }
}

/// A trust policy with each statement as `keep` leaves it.
///
/// # Errors
/// Where nobody would be let in.
pub(super) fn kept(
    trust: &Value,
    keep: impl Fn(&Value) -> Option<Value>,
) -> Result<Value, NotWithdrawn> {
    Ok(rest(trust, keep)?.trust)
}

/// With each statement as `keep` leaves it.
fn rest(
    trust: &Value,
    keep: impl Fn(&Value) -> Option<Value>,
) -> Result<RemainingStatements, NotWithdrawn> {
    let kept = statements(trust).enumerate();
    let kept = kept.filter_map(|(place, statement)| Some((place, keep(statement)?)));
    let (places, kept): (Vec<usize>, Vec<Value>) = kept.unzip();
    if kept.is_empty() {
        return Err(NotWithdrawn::NothingLeft);
    }
    let mut trust = trust.clone();
    match &mut trust["Statement"] {
        Value::Array(statements) => *statements = kept,
        // One that stands without a list, and stays.
        one => *one = kept.into_iter().collect::<Vec<_>>().remove(0),
    }
    Ok(RemainingStatements { trust, places })
}

/// Whether a statement asks tokens of the provider for their subject and audience and for nothing else.
/// What it lists of subjects can be taken away one by one, and nobody else notices.
pub(super) fn is_plain(statement: &Value, provider_arn: &str, issuer: &Issuer) -> bool {
    let principal = statement["Principal"].as_object();
    let is_of_provider = principal.is_some_and(|principal| {
        let mut kinds = principal.iter();
        kinds.all(|(kind, names)| kind == "Federated" && texts(names).contains(&provider_arn))
    });
    let claims = ["sub", "aud"].map(|claim| format!("{}:{claim}", issuer.host_and_path()));
    let is_claim = |key: &String| claims.iter().any(|claim| claim.eq_ignore_ascii_case(key));
    let conditions = statement["Condition"].as_object();
    let asks_for_claims = conditions.into_iter().flatten().all(|(operator, keys)| {
        matches!(operator.as_str(), "StringEquals" | "StringLike")
            && keys
                .as_object()
                .is_some_and(|keys| keys.keys().all(is_claim))
    });
    statement["Effect"] == "Allow" && is_of_provider && asks_for_claims
}

/// A statement without one of the values that a condition takes; `None` without the last.
pub(super) fn without_value(statement: &Value, key: &str, gone: &str) -> Option<Value> {
    let mut statement = statement.clone();
    let conditions = statement
        .get_mut("Condition")
        .and_then(Value::as_object_mut);
    let entries = conditions.into_iter().flat_map(Map::values_mut);
    let entries = entries.filter_map(Value::as_object_mut).flatten();
    for (_, values) in entries.filter(|(given, _)| given.eq_ignore_ascii_case(key)) {
        match values {
            Value::Array(values) => {
                values.retain(|value| value != gone);
                if values.is_empty() {
                    return None;
                }
            }
            value if value == gone => return None,
            _ => {}
        }
    }
    Some(statement)
}

#[cfg(test)]
mod tests;
