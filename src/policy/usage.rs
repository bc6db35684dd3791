//! What a role used of its permissions, as IAM's last accessed information tells it (IAM User Guide, "Refine
//! permissions in AWS using last accessed information"), and which policies grant that. It is of attempts,
//! denied ones too; what was done in the last four hours may not be in it yet; it goes 400 days back.

use std::fmt;

use serde_json::{Map, Value};

use super::evaluate::{glyphs, is_like};
use super::{statements, texts};
use crate::model::PolicyArn;

/// As many days back IAM knows of uses, and less in younger regions.
pub const TRACKING_DAYS: i64 = 400;
/// The one action that IAM's information leaves out wholly (IAM User Guide, "Things to know about last
/// accessed information": PassRole).
pub const PASS_ROLE: &str = "iam:PassRole";

/// The last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastAccess {
    /// Seconds since 1970.
    pub at: i64,
    /// Where it was, if IAM says so.
    pub region: Option<String>,
}

/// A service that a role's policies allow something of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceUse {
    /// As actions begin, `s3`.
    pub namespace: String,
    /// As people know it, `Amazon S3`.
    pub name: String,
    /// `None`: not within the tracking period.
    pub last: Option<LastAccess>,
    /// The allowed actions that IAM tracks; what is not among them may be used unseen.
    pub actions: Vec<ActionUse>,
}

/// An action that IAM tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionUse {
    /// Without its service, `CreateBucket`.
    pub name: String,
    /// `None`: not within the tracking period.
    pub last: Option<LastAccess>,
}

impl ServiceUse {
    /// An action as policies have it.
    pub fn action(&self, name: &str) -> String {
        format!("{}:{name}", self.namespace)
    }
}

/// Which uses count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Seconds since 1970.
    pub now: i64,
    pub days: i64,
}

impl Window {
    /// Its first moment, in seconds since 1970.
    pub fn begin(self) -> i64 {
        self.now - self.days * 24 * 60 * 60
    }

    /// Whether a use lies in it. `None`, never used, does not.
    pub fn has(self, last: Option<&LastAccess>) -> bool {
        last.is_some_and(|last| last.at >= self.begin())
    }

    /// Whether something was made within it, so that it cannot be said that it was not used.
    pub fn is_young(self, created: i64) -> bool {
        created > self.begin()
    }

    /// That nothing was used in it.
    pub fn unused(self) -> String {
        match self.days {
            1 => "not in 1 day".to_owned(),
            days => format!("not in {days} days"),
        }
    }

    /// Whole days from that moment (seconds since 1970) until now; 0 for one that is yet to come.
    pub fn days_since(self, at: i64) -> i64 {
        (self.now - at).max(0) / (24 * 60 * 60)
    }
}

/// A policy of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicySource {
    Managed(PolicyArn),
    Inline(String),
}

/// As people know it.
impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Managed(arn) => {
                let arn = arn.to_string();
                f.write_str(arn.rsplit('/').next().unwrap_or(&arn))
            }
            Self::Inline(name) => write!(f, "inline policy {name}"),
        }
    }
}

/// A role's policies.
pub type Policies = Vec<(PolicySource, Value)>;

/// Whether a document allows something of a service, whatever other documents deny.
pub fn grants_service(document: &Value, namespace: &str) -> bool {
    let namespace = namespace.to_lowercase();
    let is_of = |pattern: &str| is_like(&glyphs(parts(pattern).0), &namespace);
    granted(document, is_of, |pattern| {
        is_of(pattern) && parts(pattern).1 == "*"
    })
}

/// Whether a document allows an action, whatever other documents deny.
pub fn grants_action(document: &Value, action: &str) -> bool {
    let action = action.to_lowercase();
    let is_it = |pattern: &str| is_like(&glyphs(pattern), &action);
    granted(document, is_it, is_it)
}

/// By a statement that allows, one of whose patterns is meant, or none of those that it leaves out.
fn granted(
    document: &Value,
    is_meant: impl Fn(&str) -> bool,
    is_out: impl Fn(&str) -> bool,
) -> bool {
    let all = statements(document).filter_map(Value::as_object);
    all.filter(|statement| allows(statement)).any(|statement| {
        let has = |name: &str, is: &dyn Fn(&str) -> bool| {
            let patterns = statement.get(name).map(texts);
            patterns.map(|all| all.iter().any(|pattern| is(&pattern.to_lowercase())))
        };
        has("Action", &is_meant) == Some(true) || has("NotAction", &is_out) == Some(false)
    })
}

pub(super) fn allows(statement: &Map<String, Value>) -> bool {
    statement.get("Effect").is_some_and(|it| it == "Allow")
}

/// The service and the name of an action or a pattern of them; `*` is all of all.
pub(super) fn parts(pattern: &str) -> (&str, &str) {
    pattern.split_once(':').unwrap_or((pattern, "*"))
}

/// What a role may do and did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    /// Services, each with the policies that allow something of it.
    pub services: Vec<(String, Vec<String>)>,
    /// Tracked actions of services that were used, without these, by their services.
    pub actions: Vec<(String, Vec<String>)>,
}

/// What was not used, and can be taken away.
pub fn unused(policies: &Policies, services: &[ServiceUse], window: Window) -> Unused {
    let all: Vec<&Value> = policies.iter().flat_map(|(_, it)| statements(it)).collect();
    let mut unused = Unused::default();
    for service in services {
        let namespace = &service.namespace;
        let by: Vec<String> = policies
            .iter()
            .filter(|(_, document)| grants_seen(document, namespace))
            .map(|(source, _)| source.to_string())
            .collect();
        if by.is_empty() {
            continue;
        }
        if !window.has(service.last.as_ref()) {
            unused.services.push((namespace.clone(), by));
            continue;
        }
        let actions = service.actions.iter();
        let actions =
            actions.filter(|it| !window.has(it.last.as_ref()) && !is_checked_beside(&it.name));
        let actions = actions.filter(|it| {
            let action = service.action(&it.name);
            let is_granted = policies.iter().any(|(_, it)| grants_action(it, &action));
            is_granted && !is_denied(all.iter().copied(), &action)
        });
        let actions: Vec<String> = actions.map(|it| it.name.clone()).collect();
        if !actions.is_empty() {
            unused.actions.push((namespace.clone(), actions));
        }
    }
    unused
}

/// Whether a document allows something of a service whose use IAM would tell.
fn grants_seen(document: &Value, namespace: &str) -> bool {
    let namespace = namespace.to_lowercase();
    let is_of = |pattern: &str| is_like(&glyphs(parts(pattern).0), &namespace);
    let is_pass_role = |pattern: &str| pattern.eq_ignore_ascii_case(PASS_ROLE);
    granted(
        document,
        |pattern| is_of(pattern) && !is_pass_role(pattern),
        |pattern| is_of(pattern) && parts(pattern).1 == "*",
    )
}

/// What AWS checks as a part of another call may never be seen as a call of its own: above all the right to
/// tag, of who makes something with tags (Service Authorization Reference, "dependent actions").
pub(super) fn is_checked_beside(action: &str) -> bool {
    let action = action.to_lowercase();
    let signs = ["tag", "createtags", "addtags"];
    signs.iter().any(|sign| action.starts_with(sign)) || action.ends_with("tagging")
}

/// Whether a statement denies an action on everything already.
pub(super) fn is_denied<'a>(kept: impl IntoIterator<Item = &'a Value>, action: &str) -> bool {
    let action = action.to_lowercase();
    let kept = kept.into_iter().filter_map(Value::as_object);
    kept.filter(|it| it.get("Effect").is_some_and(|it| it == "Deny"))
        .filter(|it| !it.contains_key("Condition"))
        .filter(|it| {
            it.get("Resource")
                .map(texts)
                .is_some_and(|all| all.contains(&"*"))
        })
        .filter_map(|it| it.get("Action").map(texts))
        .flatten()
        .any(|pattern| is_like(&glyphs(&pattern.to_lowercase()), &action))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_grants_what_its_patterns_mean() {
        let of = |element: &str, actions: &[&str]| json!({"Statement": [{"Effect": "Allow", element: actions, "Resource": "*"}]});
        for (document, service, action) in [
            (of("Action", &["s3:*"]), true, true),
            (of("Action", &["*"]), true, true),
            (of("Action", &["S3:getobject"]), true, true),
            (of("Action", &["s3:List*"]), true, false),
            (of("Action", &["sqs:*"]), false, false),
            (of("NotAction", &["iam:*"]), true, true),
            (of("NotAction", &["s3:*"]), false, false),
            (of("NotAction", &["s3:Get*"]), true, false),
            (
                json!({"Statement": {"Effect": "Deny", "Action": "*"}}),
                false,
                false,
            ),
            (json!("odd"), false, false),
        ] {
            let told = (
                grants_service(&document, "s3"),
                grants_action(&document, "s3:GetObject"),
            );
            assert_eq!(told, (service, action), "{document}");
        }
    }

    #[test]
    fn a_window_has_what_is_not_older() {
        let day = 24 * 60 * 60;
        let window = Window {
            now: 100 * day,
            days: 90,
        };
        let at = |at| LastAccess { at, region: None };
        assert!(window.has(Some(&at(10 * day))));
        assert!(!window.has(Some(&at(10 * day - 1))));
        assert!(!window.has(None));
        assert!(window.is_young(10 * day + 1) && !window.is_young(10 * day));
        assert_eq!(window.days_since(98 * day + 1), 1);
    }
}
