//! The policy that keeps what was used of a role's permissions: today's policies cut down.
//!
//! What IAM knows of uses is not all. It tells of services; of actions it tells only those that it tracks,
//! which are management events of CloudTrail, and of them only what is allowed. So nothing is taken away that
//! may have been used unseen:
//!
//! 1. A service that was not used goes, whole, but for `iam:PassRole`, which IAM does not track. One that IAM
//!    does not tell of stays. `*` becomes the services that were used.
//! 2. Of a service that was used, an action that stands by its name goes where IAM tracks it and saw no use.
//!    What it does not track stays.
//! 3. A pattern (`s3:*`) stays, as nobody knows here what it all means. What IAM tracks of it, and saw no use
//!    of, is denied instead: that takes away just this.
//! 4. What AWS checks beside another call alone, as tags of what is made, stays.
//! 5. Who knows which untracked actions of a service are needed says so: the patterns of that service then
//!    become those, and what was seen.
//! 6. Statements that deny stay to the letter, and so do those that allow all but some (`NotAction`).
//!
//! Resources and conditions stay as they are. So the suggestion allows nothing that is not allowed today, and
//! all that was used; both are properties that are tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};

use super::evaluate::{glyphs, is_like};
use super::usage::{
    ActionUse, PASS_ROLE, Policies, ServiceUse, Window, allows, grants_action, is_checked_beside,
    is_denied, parts,
};
use super::{INLINE_QUOTA, VERSION, measure, statements, texts};

/// The Sid of the statement that denies.
const UNUSED: &str = "UnusedActions";

/// What comes of a role's policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// One policy in the place of all; `None`: nothing that is allowed was used.
    pub document: Option<Value>,
    pub remarks: BTreeSet<Remark>,
}

/// What is to be known of a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// `*` became the services that were used.
    Expanded,
    /// A pattern that stays, as not all of it is tracked.
    Pattern(String),
    /// A statement that allows all but some, of that policy.
    AllBut(String),
    /// A service that IAM does not tell of.
    NotTold(String),
    PassRole,
    /// A tracked action without a use, which AWS may check beside another call.
    Beside(String),
    /// An action that is to be kept, and is not allowed today.
    NotAllowed(String),
    /// So many unused actions of a service are not denied, as IAM's quota has no room for their names.
    NoRoom {
        service: String,
        actions: usize,
    },
    /// It is longer than the inline policies of a role may be.
    TooLong,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expanded => {
                f.write_str("all actions (*) became those of the services that were used")
            }
            Self::Pattern(pattern) => {
                let (service, _) = parts(pattern);
                write!(
                    f,
                    "{pattern} stays: IAM does not track all that it allows; name what is needed of {service} with --keep to cut it down"
                )
            }
            Self::AllBut(policy) => write!(
                f,
                "a statement of {policy} allows all but some actions (NotAction), and stays as it is"
            ),
            Self::NotTold(service) => write!(
                f,
                "IAM does not tell whether {service} was used: what is allowed of it stays"
            ),
            Self::PassRole => write!(f, "{PASS_ROLE} stays: IAM does not track it"),
            Self::Beside(action) => write!(
                f,
                "{action} stays: AWS may check it as a part of other calls, which IAM does not tell"
            ),
            Self::NotAllowed(action) => {
                write!(f, "{action} is not allowed today, and so is not added")
            }
            Self::NoRoom { service, actions } => write!(
                f,
                "{actions} actions of {service} that were not used stay allowed: IAM takes no policy that denies so many"
            ),
            Self::TooLong => write!(
                f,
                "it has more than {INLINE_QUOTA} characters, and is no inline policy: make it a managed policy, or several"
            ),
        }
    }
}

/// What is known of the use.
#[derive(Clone, Copy, Debug)]
pub struct KnownUse<'a> {
    pub services: &'a [ServiceUse],
    pub window: Window,
    /// Actions that the workload needs, by their names: of their services nothing else is used unseen.
    pub kept: &'a [String],
}

/// Cuts the policies of a role down.
pub fn suggested(policies: &Policies, known: KnownUse<'_>) -> Suggestion {
    let mut cut = Cut {
        known,
        remarks: BTreeSet::new(),
        unused: BTreeMap::new(),
    };
    let mut kept: Vec<Value> = Vec::new();
    for (source, document) in policies {
        let is_present = document.get("Version").is_some_and(|it| it == VERSION);
        for statement in statements(document) {
            let statement = cut.statement(statement, &source.to_string());
            kept.extend(statement.map(|it| if is_present { it } else { literal(it) }));
        }
    }
    for action in known.kept {
        let mut documents = policies.iter().map(|(_, document)| document);
        if !documents.any(|document| grants_action(document, action)) {
            cut.remarks.insert(Remark::NotAllowed(action.clone()));
        }
    }
    if !kept.iter().filter_map(Value::as_object).any(allows) {
        return Suggestion {
            document: None,
            remarks: cut.remarks,
        };
    }
    let kept = distinct(kept);
    let document = cut.denying(&kept);
    if measure(&document) > INLINE_QUOTA {
        cut.remarks.insert(Remark::TooLong);
    }
    Suggestion {
        document: Some(document),
        remarks: cut.remarks,
    }
}

struct Cut<'a> {
    known: KnownUse<'a>,
    remarks: BTreeSet<Remark>,
    /// What the patterns that stay allow and was not used, by services.
    unused: BTreeMap<String, BTreeSet<String>>,
}

impl Cut<'_> {
    /// What is left of a statement.
    fn statement(&mut self, statement: &Value, policy: &str) -> Option<Value> {
        let Some(object) = statement.as_object().filter(|it| allows(it)) else {
            return Some(statement.clone());
        };
        let Some(actions) = object.get("Action") else {
            self.remarks.insert(Remark::AllBut(policy.to_owned()));
            return Some(statement.clone());
        };
        let before = texts(actions);
        let mut left: Vec<String> = Vec::new();
        for pattern in &before {
            for action in self.pattern(pattern) {
                if !left.contains(&action) {
                    left.push(action);
                }
            }
        }
        if left == before {
            return Some(statement.clone());
        }
        let mut rest = object.clone();
        rest.insert("Action".to_owned(), left.iter().cloned().collect());
        (!left.is_empty()).then_some(Value::Object(rest))
    }

    /// What is left of an action or a pattern.
    fn pattern(&mut self, pattern: &str) -> Vec<String> {
        let (service, name) = parts(pattern);
        if !has_wildcard(service) {
            return self.of_service(service, name, pattern);
        }
        self.remarks.insert(Remark::Expanded);
        let is_meant = glyphs(&service.to_lowercase());
        let services = self.known.services.iter();
        let services = services.filter(|it| is_like(&is_meant, &it.namespace.to_lowercase()));
        let mut left = Vec::new();
        for service in services {
            let namespace = service.namespace.as_str();
            left.extend(self.of_service(namespace, name, &service.action(name)));
        }
        let is_meant = glyphs(&format!("{service}:{name}").to_lowercase());
        let kept = self.known.kept.iter();
        let kept = kept.filter(|it| self.known.service(parts(it).0).is_none());
        left.extend(
            kept.filter(|it| is_like(&is_meant, &it.to_lowercase()))
                .cloned(),
        );
        // It may be used where nothing else of its service is, and where IAM does not tell of that.
        let pass_role = PASS_ROLE.to_lowercase();
        let has = |it: &String| is_like(&glyphs(&it.to_lowercase()), &pass_role);
        if !left.iter().any(has) {
            left.extend(self.pass_role(pattern));
        }
        left
    }

    fn of_service(&mut self, service: &str, name: &str, pattern: &str) -> Vec<String> {
        let Some(found) = self.known.service(service) else {
            self.remarks.insert(Remark::NotTold(service.to_owned()));
            return vec![pattern.to_owned()];
        };
        let kept = self.known.kept_of(service);
        if kept.is_empty() && !self.known.window.has(found.last.as_ref()) {
            return self.pass_role(pattern);
        }
        if !has_wildcard(name) {
            return self.named(found, name, pattern, &kept);
        }
        let is_meant = glyphs(&name.to_lowercase());
        let tracked = found.actions.iter();
        let tracked = tracked.filter(|action| is_like(&is_meant, &action.name.to_lowercase()));
        let (needed, unused): (Vec<_>, Vec<_>) =
            tracked.partition(|action| self.known.may_need(action));
        if kept.is_empty() {
            self.remarks.insert(Remark::Pattern(pattern.to_owned()));
            let unused = unused.into_iter().map(|it| found.action(&it.name));
            let known = self.unused.entry(found.namespace.clone()).or_default();
            known.extend(unused);
            return vec![pattern.to_owned()];
        }
        let kept = kept.into_iter();
        let kept = kept.filter(|action| is_like(&is_meant, &parts(action).1.to_lowercase()));
        let mut left = Vec::new();
        for action in needed {
            left.push(self.needed(found, action));
        }
        left.extend(kept.cloned());
        left.extend(self.pass_role(pattern));
        left
    }

    /// An action that stands by its name.
    fn named(
        &mut self,
        found: &ServiceUse,
        name: &str,
        action: &str,
        kept: &[&String],
    ) -> Vec<String> {
        if let [pass_role] = self.pass_role(action).as_slice() {
            return vec![pass_role.clone()];
        }
        let mut tracked = found.actions.iter();
        let tracked = tracked.find(|it| it.name.eq_ignore_ascii_case(name));
        let is_kept = kept.iter().any(|it| it.eq_ignore_ascii_case(action));
        let stays = match tracked {
            Some(tracked) if !is_kept && self.known.may_need(tracked) => {
                self.needed(found, tracked);
                true
            }
            Some(_) => is_kept,
            None => kept.is_empty() || is_kept,
        };
        stays.then(|| action.to_owned()).into_iter().collect()
    }

    /// An action that stays, by its name.
    fn needed(&mut self, found: &ServiceUse, action: &ActionUse) -> String {
        let name = found.action(&action.name);
        if !self.known.window.has(action.last.as_ref()) {
            self.remarks.insert(Remark::Beside(name.clone()));
        }
        name
    }

    /// The action that IAM never tells of, where the pattern allows it.
    fn pass_role(&mut self, pattern: &str) -> Vec<String> {
        if !is_like(&glyphs(&pattern.to_lowercase()), &PASS_ROLE.to_lowercase()) {
            return Vec::new();
        }
        self.remarks.insert(Remark::PassRole);
        vec![PASS_ROLE.to_owned()]
    }

    /// The policy with a statement that denies what was not used, as far as there is room for it.
    fn denying(&mut self, kept: &[Value]) -> Value {
        for actions in self.unused.values_mut() {
            actions.retain(|action| !is_denied(kept, action));
        }
        loop {
            let actions: BTreeSet<&String> = self.unused.values().flatten().collect();
            let mut all = kept.to_vec();
            if !actions.is_empty() {
                let mut deny = json!({ "Effect": "Deny", "Action": actions, "Resource": "*" });
                if !kept
                    .iter()
                    .any(|it| it.get("Sid").is_some_and(|sid| sid == UNUSED))
                {
                    deny["Sid"] = UNUSED.into();
                }
                all.push(deny);
            }
            let document = json!({ "Version": VERSION, "Statement": all });
            let longest = self.unused.iter().max_by_key(|(_, actions)| actions.len());
            let longest = longest.map(|(service, actions)| (service.clone(), actions.len()));
            match longest {
                Some((service, actions)) if actions > 0 && measure(&document) > INLINE_QUOTA => {
                    self.unused.remove(&service);
                    self.remarks.insert(Remark::NoRoom { service, actions });
                }
                _ => return document,
            }
        }
    }
}

impl<'a> KnownUse<'a> {
    fn service(self, namespace: &str) -> Option<&'a ServiceUse> {
        let mut services = self.services.iter();
        services.find(|it| it.namespace.eq_ignore_ascii_case(namespace))
    }

    /// Whether an action that IAM tracks was used, or may have been without a trace.
    fn may_need(self, action: &ActionUse) -> bool {
        self.window.has(action.last.as_ref()) || is_checked_beside(&action.name)
    }

    fn kept_of(self, namespace: &str) -> Vec<&'a String> {
        let kept = self.kept.iter();
        kept.filter(|it| parts(it).0.eq_ignore_ascii_case(namespace))
            .collect()
    }
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// A statement of the older version of the policy language, in which `${…}` is plain text, in the words of
/// the present one.
fn literal(statement: Value) -> Value {
    match statement {
        Value::String(text) => Value::String(text.replace("${", "${$}{")),
        Value::Array(values) => values.into_iter().map(literal).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            let members = members.map(|(key, value)| (key, literal(value)));
            Value::Object(members.collect())
        }
        other => other,
    }
}

/// Each statement once, and each Sid: several policies may have the same.
fn distinct(statements: Vec<Value>) -> Vec<Value> {
    let bare = |statement: &Value| {
        let mut bare = statement.clone();
        bare.as_object_mut()
            .map(|it: &mut Map<_, _>| it.remove("Sid"));
        bare
    };
    let mut all: Vec<Value> = Vec::new();
    for statement in statements {
        if all.iter().any(|it| bare(it) == bare(&statement)) {
            continue;
        }
        let sid = statement.get("Sid").filter(|sid| *sid != "");
        let is_known = sid.is_some_and(|sid| all.iter().any(|it| it.get("Sid") == Some(sid)));
        all.push(if is_known {
            bare(&statement)
        } else {
            statement
        });
    }
    all
}

#[cfg(test)]
mod tests;
