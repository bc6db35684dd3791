//! Where policies allow more than one service account needs: trust policies that let others in, and
//! permissions that are everything.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::evaluate::{
    Effect, Element, Operator, Quantifier, Request, Truth, evaluate, glyphs, is_like,
};
use super::mistakes::canonical;
use super::mistakes::conditions::Claim;
use super::{statements, texts};
use crate::model::{Issuer, Namespace, SUBJECT_PREFIX, issuer_of_provider};

/// What a trust policy leaves open. The widest stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    /// `Principal: "*"`
    AnyPrincipal,
    /// All service accounts of the cluster, as nothing asks for a subject.
    NoSubject,
    /// The same by a pattern: `system:serviceaccount:*:*`.
    AnyServiceAccount,
    /// All but those that `StringNotEquals` and its like name.
    AllButSome,
    /// A wildcard in the namespace, or the service accounts of another one by wildcard.
    SeveralNamespaces,
    /// Several service accounts of the own namespace, by a wildcard.
    SeveralOfNamespace,
    /// Tokens for any audience that the provider takes.
    NoAudience,
    /// `ForAllValues` or `IfExists` on a claim: it holds for a request without that claim.
    HoldsWithoutClaim,
}

/// What a permission policy allows that is more than any service account needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WidePermission {
    /// All actions on all resources.
    Everything,
    /// `NotAction`: all but some on all resources.
    EverythingBut,
    /// All actions of a service on all resources.
    WholeService,
}

/// Fits behind `Statement[0] `.
impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnyPrincipal => "trusts everybody",
            Self::NoSubject => {
                "lets in all service accounts of the cluster, as it asks for no subject"
            }
            Self::AnyServiceAccount => "lets in all service accounts of the cluster",
            Self::AllButSome => "lets in all service accounts of the cluster but some",
            Self::SeveralNamespaces => "lets in service accounts of other namespaces by wildcard",
            Self::SeveralOfNamespace => "lets in service accounts of its namespace by wildcard",
            Self::NoAudience => "lets in tokens for any audience",
            Self::HoldsWithoutClaim => "has a condition that a request without the claim meets",
        })
    }
}

/// Fits behind `Statement[0] `.
impl fmt::Display for WidePermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everything => "allows all actions on all resources",
            Self::EverythingBut => "allows all actions but some on all resources",
            Self::WholeService => "allows all actions of a service on all resources",
        })
    }
}

/// `Statement[0] lets in all service accounts of the cluster: "system:serviceaccount:*:*"`
impl<Kind: fmt::Display> fmt::Display for Located<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Statement[{}] {}: \"{}\"",
            self.statement, self.kind, self.found
        )
    }
}

/// An opening, where it is, and what is written there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Located<Kind> {
    pub kind: Kind,
    /// Counted from 0.
    pub statement: usize,
    pub found: String,
}

/// What the statements that let in tokens of the issuer, or everybody, leave open. `namespace` is that of the
/// service account: a list of names in it is nobody else's business.
pub fn openings(trust: &Value, issuer: &Issuer, namespace: &Namespace) -> Vec<Located<Opening>> {
    let mut all = Vec::new();
    for (index, statement) in statements(trust).enumerate() {
        let Some(statement) = statement.as_object() else {
            continue;
        };
        let is_for_tokens = is_for_tokens_of(statement, issuer);
        let is_for_all = is_anybody(statement) && is_unconditional(statement);
        if !is_for_tokens && !is_for_all {
            continue;
        }
        let mut found = if is_for_tokens {
            in_conditions(statement, issuer, namespace)
        } else {
            Vec::new()
        };
        if is_anybody(statement) {
            found.push((Opening::AnyPrincipal, "*".to_owned()));
        }
        found.sort();
        all.extend(found.into_iter().map(|(kind, found)| Located {
            kind,
            statement: index,
            found,
        }));
    }
    all
}

/// Whether it lets in all of its principals, by whatever call.
fn is_unconditional(statement: &Map<String, Value>) -> bool {
    let condition = statement.get("Condition").and_then(Value::as_object);
    statement.get("Effect").is_some_and(|it| it == "Allow") && condition.is_none_or(Map::is_empty)
}

fn is_anybody(statement: &Map<String, Value>) -> bool {
    let principal = statement.get("Principal").unwrap_or(&Value::Null);
    let aws = principal.get("AWS").map(texts).unwrap_or_default();
    principal == "*" || aws.contains(&"*")
}

/// Whether a statement allows AssumeRoleWithWebIdentity to a provider of the issuer, whatever its
/// conditions are.
fn is_for_tokens_of(statement: &Map<String, Value>, issuer: &Issuer) -> bool {
    let providers = statement
        .get("Principal")
        .and_then(|principal| principal.get("Federated"));
    let providers = providers.map(texts).unwrap_or_default();
    let own = providers.iter().find(|provider| {
        let path = issuer_of_provider(provider).unwrap_or_default();
        canonical(path) == canonical(issuer.host_and_path())
    });
    let provider = own
        .copied()
        .unwrap_or("arn:aws:iam::000000000000:oidc-provider/none");
    let request = Request::web_identity(provider, issuer.host_and_path(), "", &[]);
    let document = json!({ "Statement": statement });
    let trace = evaluate(&document, &request).trace;
    trace.iter().any(|trace| {
        let mut checks = trace.checks.iter();
        let mut holds = checks
            .by_ref()
            .filter(|check| check.element != Element::Condition);
        trace.effect == Some(Effect::Allow) && holds.all(|check| check.outcome == Truth::Holds)
    })
}

/// One condition on a claim of the issuer's tokens.
struct ClaimCondition<'a> {
    operator: Operator,
    claim: Claim,
    values: Vec<&'a str>,
    /// As it is written, for people.
    text: String,
}

fn entries<'a>(statement: &'a Map<String, Value>, issuer: &Issuer) -> Vec<ClaimCondition<'a>> {
    let condition = statement.get("Condition").and_then(Value::as_object);
    let mut entries = Vec::new();
    for (name, keys) in condition.into_iter().flatten() {
        let Ok(operator) = name.parse::<Operator>() else {
            continue;
        };
        for (key, values) in keys.as_object().into_iter().flatten() {
            let own = Claim::of(key)
                .filter(|(prefix, _)| prefix.eq_ignore_ascii_case(issuer.host_and_path()));
            let Some((_, claim)) = own else { continue };
            entries.push(ClaimCondition {
                operator,
                claim,
                values: texts(values),
                text: format!("{name} {key}"),
            });
        }
    }
    entries
}

fn in_conditions(
    statement: &Map<String, Value>,
    issuer: &Issuer,
    namespace: &Namespace,
) -> Vec<(Opening, String)> {
    let entries = entries(statement, issuer);
    let of = |claim: Claim| entries.iter().filter(move |entry| entry.claim == claim);
    let key = |claim: &str| format!("{}:{claim}", issuer.host_and_path());
    let mut found = Vec::new();
    if !of(Claim::Audience).any(ClaimCondition::narrows) {
        found.push((Opening::NoAudience, key("aud")));
    }
    // All conditions must hold, so that the narrowest counts.
    let subjects = of(Claim::Subject).filter(|entry| entry.narrows());
    let widths = subjects.map(|entry| entry.width(namespace));
    let but = of(Claim::Subject).find(|entry| entry.operator.negated);
    found.extend(match (widths.min(), but) {
        (Some(Reach::Names), _) => None,
        (Some(Reach::OneNamespace(value)), _) => Some((Opening::SeveralOfNamespace, value)),
        (Some(Reach::SeveralNamespaces(value)), _) => Some((Opening::SeveralNamespaces, value)),
        (Some(Reach::Cluster(value)), _) => Some((Opening::AnyServiceAccount, value)),
        (None, Some(entry)) => Some((Opening::AllButSome, entry.text.clone())),
        (None, None) => Some((Opening::NoSubject, key("sub"))),
    });
    let without = entries.iter().filter(|entry| entry.holds_without_claim());
    found.extend(without.map(|entry| (Opening::HoldsWithoutClaim, entry.text.clone())));
    found
}

/// How many service accounts a condition lets in, with the widest of its values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Those that are named, one by one.
    Names,
    OneNamespace(String),
    SeveralNamespaces(String),
    Cluster(String),
}

impl ClaimCondition<'_> {
    /// Whether it asks for something at all.
    fn narrows(&self) -> bool {
        let is_open =
            |value: &&str| self.operator.takes_wildcards() && value.trim_matches('*').is_empty();
        let asks = self.operator.compares_texts() && !self.operator.negated;
        asks && (self.claim == Claim::Subject || !self.values.iter().any(is_open))
    }

    fn holds_without_claim(&self) -> bool {
        let is_loose = self.operator.if_exists || self.operator.quantifier == Quantifier::All;
        is_loose && !self.operator.negated
    }

    fn width(&self, namespace: &Namespace) -> Reach {
        let widths = self.values.iter().map(|value| {
            let wildcard = value.find(['*', '?']);
            match wildcard.filter(|_| self.operator.takes_wildcards()) {
                None => Reach::Names,
                Some(at) => width_of_pattern(value, &value[..at], namespace),
            }
        });
        widths.max().unwrap_or(Reach::Names)
    }
}

/// `fixed` is what stands before the first wildcard.
fn width_of_pattern(pattern: &str, fixed: &str, namespace: &Namespace) -> Reach {
    let anybody = format!("{SUBJECT_PREFIX}zz-another:zz-another");
    let given = fixed
        .strip_prefix(SUBJECT_PREFIX)
        .and_then(|rest| rest.split_once(':'));
    match given {
        Some((given, _)) if given == namespace.as_str() => Reach::OneNamespace(pattern.to_owned()),
        _ if is_like(&glyphs(pattern), &anybody) => Reach::Cluster(pattern.to_owned()),
        _ => Reach::SeveralNamespaces(pattern.to_owned()),
    }
}

/// Whether a permission policy allows all actions, or all but some, on all resources.
pub fn allows_everything(document: &Value) -> bool {
    let wide = wide_permissions(document);
    wide.iter()
        .any(|finding| finding.kind != WidePermission::WholeService)
}

/// What a permission policy allows on all resources: everything, or all of a service. Where a
/// condition stands it is narrower than it looks, and only what is everything is told.
pub fn wide_permissions(document: &Value) -> Vec<Located<WidePermission>> {
    let mut all = Vec::new();
    for (index, statement) in statements(document).enumerate() {
        let has = |element: &str| statement.get(element).map(texts).unwrap_or_default();
        let is_allow = statement
            .get("Effect")
            .is_some_and(|effect| effect == "Allow");
        if !is_allow || !has("Resource").contains(&"*") {
            continue;
        }
        let mut finding = |kind, found: &str| {
            all.push(Located {
                kind,
                statement: index,
                found: found.to_owned(),
            });
        };
        for action in has("Action") {
            match action.split_once(':') {
                None | Some(("*", "*")) if action.starts_with('*') => {
                    finding(WidePermission::Everything, action);
                }
                Some((_, "*")) if statement.get("Condition").is_none() => {
                    finding(WidePermission::WholeService, action);
                }
                _ => {}
            }
        }
        if statement.get("NotAction").is_some() {
            finding(WidePermission::EverythingBut, &has("NotAction").join(", "));
        }
    }
    all
}

#[cfg(test)]
mod tests;
