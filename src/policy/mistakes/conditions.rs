//! Mistakes in a statement's conditions, each found where it is mended: keys first, then operators,
//! then values.

use serde_json::{Map, Value, json};

use super::principal::canonical;
use super::{ExpectedTrust, MistakeKind};
use crate::model::SUBJECT_PREFIX;
use crate::policy::evaluate::{Operator, Truth, evaluate, glyphs, is_like, text_of};

/// A mistake before its statement is known: kind, found, wanted.
type Mend = (MistakeKind, String, String);

/// A claim of the token that has a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Subject,
    Audience,
}

impl Claim {
    fn name(self) -> &'static str {
        match self {
            Self::Subject => "sub",
            Self::Audience => "aud",
        }
    }

    /// The claim of a condition key and the issuer before it, whatever that is.
    pub fn of(key: &str) -> Option<(&str, Self)> {
        let (issuer, claim) = key.rsplit_once(':')?;
        match claim.to_lowercase().as_str() {
            "sub" if issuer.contains('.') => Some((issuer, Self::Subject)),
            "aud" if issuer.contains('.') => Some((issuer, Self::Audience)),
            _ => None,
        }
    }
}

/// One operator, key and its values.
#[derive(Clone, Debug)]
struct ConditionEntry {
    operator: String,
    key: String,
    values: Vec<String>,
    /// As it was written, which stays where nothing is changed.
    written: Value,
}

pub(super) struct Conditions<'a> {
    entries: Vec<ConditionEntry>,
    version: &'a str,
    expected: &'a ExpectedTrust,
}

impl<'a> Conditions<'a> {
    /// `None` without conditions, and where they are none.
    pub(super) fn read(
        statement: &Map<String, Value>,
        version: &'a str,
        expected: &'a ExpectedTrust,
    ) -> Option<Self> {
        let mut entries = Vec::new();
        for (operator, keys) in statement.get("Condition")?.as_object()? {
            for (key, values) in keys.as_object()? {
                entries.push(ConditionEntry {
                    operator: operator.clone(),
                    key: key.clone(),
                    values: values_of(values),
                    written: values.clone(),
                });
            }
        }
        Some(Self {
            entries,
            version,
            expected,
        })
    }

    pub(super) fn write(&self) -> Value {
        let mut condition = Map::new();
        for entry in &self.entries {
            let values = match entry.values.as_slice() {
                values if values == values_of(&entry.written) => entry.written.clone(),
                [value] if !entry.written.is_array() => json!(value),
                values => json!(values),
            };
            condition
                .entry(&entry.operator)
                .or_insert_with(|| json!({}))
                .as_object_mut()
                .map(|keys| keys.insert(entry.key.clone(), values));
        }
        Value::Object(condition)
    }

    pub(super) fn mend(&mut self) -> Vec<Mend> {
        let mut found = self.mend_keys();
        found.extend(self.swap());
        for at in 0..self.entries.len() {
            if self.outcome(&self.entries[at]) == Truth::Holds {
                continue;
            }
            let claim = Claim::of(&self.entries[at].key).map(|(_, claim)| claim);
            if let Some((kind, wanted)) = self.mend_operator(at, claim.is_some()) {
                found.push((kind, self.entries[at].operator.clone(), wanted.to_owned()));
                if !self.take_operator(at, wanted)
                    || self.outcome(&self.entries[at]) == Truth::Holds
                {
                    continue;
                }
            }
            found.push(match claim {
                Some(Claim::Subject) => self.mend_subject(at),
                Some(Claim::Audience) => self.mend_audience(at),
                None => self.foreign(at),
            });
        }
        found
    }

    /// Gives an entry another operator, unless there is none to take or another entry of the same
    /// key has it: then one of both would be lost.
    fn take_operator(&mut self, at: usize, operator: &str) -> bool {
        let key = &self.entries[at].key;
        let is_taken = |entry: &ConditionEntry| entry.operator == operator && entry.key == *key;
        if operator.is_empty() || self.entries.iter().any(is_taken) {
            return false;
        }
        operator.clone_into(&mut self.entries[at].operator);
        true
    }

    /// What one entry alone says of the expected call.
    fn outcome(&self, entry: &ConditionEntry) -> Truth {
        let statement = json!({
            "Effect": "Allow", "Principal": "*", "Action": "*",
            "Condition": { &entry.operator: { &entry.key: entry.values } }
        });
        let document = json!({ "Version": self.version, "Statement": statement });
        let trace = evaluate(&document, &self.expected.request()).trace;
        trace.first().map_or(Truth::Fails, |trace| trace.outcome)
    }

    fn key(&self, claim: Claim) -> String {
        format!("{}:{}", self.expected.issuer.host_and_path(), claim.name())
    }

    fn has(&self, claim: Claim) -> bool {
        let key = self.key(claim);
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.key.eq_ignore_ascii_case(&key))
    }

    /// Keys that fail because they are not the issuer's: renamed, or left out beside one that is.
    fn mend_keys(&mut self) -> Vec<Mend> {
        let mut found: Vec<Mend> = Vec::new();
        let mut at = 0;
        while at < self.entries.len() {
            let entry = &self.entries[at];
            let claim = Claim::of(&entry.key);
            let Some((issuer, claim)) = claim.filter(|_| self.outcome(entry) == Truth::Fails)
            else {
                at += 1;
                continue;
            };
            let wanted = self.key(claim);
            if entry.key.eq_ignore_ascii_case(&wanted) {
                at += 1;
                continue;
            }
            let is_beside = self.has(claim);
            let kind = self.key_fault(issuer, is_beside);
            found.push(match kind {
                MistakeKind::ConditionsOfSeveralClusters => {
                    let own = self.expected.issuer.host_and_path().to_owned();
                    (kind, issuer.to_owned(), own)
                }
                _ => (kind, entry.key.clone(), wanted.clone()),
            });
            if is_beside {
                self.entries.remove(at);
            } else {
                self.entries[at].key = wanted;
                at += 1;
            }
        }
        found.dedup();
        found
    }

    fn key_fault(&self, issuer: &str, is_beside: bool) -> MistakeKind {
        let bare = issuer
            .rsplit_once("oidc-provider/")
            .map_or(issuer, |(_, bare)| bare);
        let is_other = canonical(bare) != canonical(self.expected.issuer.host_and_path());
        if is_other && is_beside {
            MistakeKind::ConditionsOfSeveralClusters
        } else if bare != issuer {
            MistakeKind::ConditionKeyWithArn
        } else if issuer.to_lowercase().starts_with("http") && issuer.contains("://") {
            MistakeKind::ConditionKeyWithScheme
        } else if is_other {
            MistakeKind::ConditionKeyOfOtherCluster
        } else {
            MistakeKind::MisspeltConditionKey
        }
    }

    /// The failing condition on a claim, and whether one of its values is meant for the other claim.
    fn failing(&self, claim: Claim) -> Option<(usize, bool)> {
        let audience = self.expected.audience();
        let is_misplaced = |value: &String| match claim {
            Claim::Subject => value == audience.as_str(),
            Claim::Audience => value.starts_with(SUBJECT_PREFIX),
        };
        let of = |entry: &ConditionEntry| Claim::of(&entry.key).is_some_and(|(_, of)| of == claim);
        let mut entries = self.entries.iter();
        let at = entries.position(|entry| of(entry) && self.outcome(entry) == Truth::Fails)?;
        Some((at, self.entries[at].values.iter().any(is_misplaced)))
    }

    /// Audiences under `sub` and subjects under `aud` change places.
    fn swap(&mut self) -> Option<Mend> {
        let (subject, audience) = (self.failing(Claim::Subject), self.failing(Claim::Audience));
        let (at, wanted) = match (subject, audience) {
            (_, Some((at, true))) => (at, self.key(Claim::Subject)),
            (Some((at, true)), _) => (at, self.key(Claim::Audience)),
            _ => return None,
        };
        let ConditionEntry { key, values, .. } = &self.entries[at];
        let found = format!("{key}: {}", values.join(", "));
        match (subject, audience) {
            (Some((one, _)), Some((other, _))) => {
                let values = std::mem::take(&mut self.entries[one].values);
                self.entries[one].values =
                    std::mem::replace(&mut self.entries[other].values, values);
            }
            _ if !self.entries.iter().any(|entry| entry.key == wanted) => {
                self.entries[at].key.clone_from(&wanted);
            }
            _ => {}
        }
        Some((MistakeKind::AudienceAndSubjectSwapped, found, wanted))
    }

    /// What is wrong with the operator, and the one to take; nothing to take where the statement's
    /// meaning would be turned round.
    fn mend_operator(&self, at: usize, is_of_token: bool) -> Option<(MistakeKind, &'static str)> {
        let Ok(operator) = self.entries[at].operator.parse::<Operator>() else {
            return Some((MistakeKind::UnknownOperator, "StringEquals"));
        };
        if !is_of_token {
            None
        } else if operator.negated {
            Some((MistakeKind::NegatedCondition, ""))
        } else if operator.is_null() {
            Some((MistakeKind::NullCondition, ""))
        } else if !operator.compares_texts() {
            Some((MistakeKind::OperatorCannotMatch, "StringEquals"))
        } else {
            None
        }
    }

    fn mend_subject(&mut self, at: usize) -> Mend {
        let wanted = self.expected.subject.subject();
        let (kind, found) = subject_fault(&self.entries[at], self.expected);
        let is_one_namespace = stays_inside(&self.entries[at].values, self.expected);
        let operator = with_wildcards(&self.entries[at].operator);
        let is_dead = match kind {
            MistakeKind::WildcardInStringEquals
                if is_one_namespace && self.take_operator(at, &operator) =>
            {
                return (kind, found, wanted);
            }
            MistakeKind::WildcardInStringEquals => true,
            MistakeKind::SubjectWithoutPrefix => is_bare(&found, self.expected),
            _ => found.eq_ignore_ascii_case(&wanted),
        };
        // What matches nobody now is replaced, other subjects stay.
        if is_dead {
            self.entries[at].replace(&found, &wanted);
        } else {
            self.entries[at].values.push(wanted.clone());
        }
        (kind, found, wanted)
    }

    fn mend_audience(&mut self, at: usize) -> Mend {
        let wanted = self.expected.audience().to_string();
        let found = most_like(&self.entries[at].values, &wanted);
        let kind = if is_pattern(&found) && is_like(&glyphs(&found), &wanted) {
            MistakeKind::WildcardInStringEquals
        } else if self.expected.is_in_use(&found) {
            MistakeKind::OtherAudience
        } else if is_misspelt(&found, &wanted) {
            MistakeKind::MisspeltAudience
        } else {
            MistakeKind::OtherAudience
        };
        let entry = &mut self.entries[at];
        match kind {
            MistakeKind::OtherAudience => entry.values.push(wanted.clone()),
            _ => entry.replace(&found, &wanted),
        }
        (kind, found, wanted)
    }

    /// A key that is not of a token: of where the call comes from, or of nothing that it has.
    fn foreign(&self, at: usize) -> Mend {
        let entry = &self.entries[at];
        let kind = match self.outcome(entry) {
            Truth::Unknown => MistakeKind::DependsOnTheCall,
            _ => MistakeKind::KeyNeverPresent,
        };
        (kind, entry.key.clone(), String::new())
    }
}

impl ConditionEntry {
    fn replace(&mut self, old: &str, new: &str) {
        for value in self.values.iter_mut().filter(|value| *value == old) {
            new.clone_into(value);
        }
    }
}

/// One value or a list of them, as texts.
fn values_of(values: &Value) -> Vec<String> {
    match values {
        Value::Array(values) => values.iter().map(text_of).collect(),
        value => vec![text_of(value)],
    }
}

fn is_pattern(value: &str) -> bool {
    value.contains(['*', '?'])
}

fn most_like(values: &[String], wanted: &str) -> String {
    let distance = |value: &&String| strsim::levenshtein(value, wanted);
    let found = values.iter().min_by_key(distance);
    found.cloned().unwrap_or_default()
}

fn subject_fault(entry: &ConditionEntry, expected: &ExpectedTrust) -> (MistakeKind, String) {
    let wanted = expected.subject.subject();
    let mut patterns = entry.values.iter().filter(|value| is_pattern(value));
    if let Some(pattern) = patterns.find(|value| is_like(&glyphs(value), &wanted)) {
        return (MistakeKind::WildcardInStringEquals, pattern.clone());
    }
    if let Some(bare) = entry.values.iter().find(|value| is_bare(value, expected)) {
        return (MistakeKind::SubjectWithoutPrefix, bare.clone());
    }
    let found = most_like(&entry.values, &wanted);
    let Some((namespace, name)) = found
        .strip_prefix(SUBJECT_PREFIX)
        .and_then(|rest| rest.split_once(':'))
    else {
        return (MistakeKind::SubjectWithoutPrefix, found);
    };
    let same_namespace = is_like(&glyphs(namespace), expected.subject.namespace.as_str());
    let same_name = is_like(&glyphs(name), &expected.subject.name);
    let kind = match (same_namespace, same_name) {
        (false, true) => MistakeKind::SubjectOfOtherNamespace,
        (true, _) => MistakeKind::SubjectOfOtherName,
        (false, false) => MistakeKind::SubjectOfOtherServiceAccount,
    };
    (kind, found)
}

/// The service account itself, without or with another prefix: `web:api`, `web/api`,
/// `serviceaccount:web:api`.
fn is_bare(value: &str, expected: &ExpectedTrust) -> bool {
    let value = value.trim().replace('/', ":").to_lowercase();
    let account = expected.subject.to_string().replace('/', ":");
    match value.strip_suffix(&account) {
        Some("") => true,
        Some(before) => {
            value != expected.subject.subject() && before.ends_with(':') && {
                let words = before.trim_end_matches(':').split(':');
                words.into_iter().all(|word| {
                    ["system", "serviceaccount", "serviceaccounts", "sa", "k8s"].contains(&word)
                })
            }
        }
        None => false,
    }
}

/// Whether the patterns among the values match service accounts of the one namespace only.
fn stays_inside(values: &[String], expected: &ExpectedTrust) -> bool {
    let namespace = format!("{SUBJECT_PREFIX}{}:", expected.subject.namespace);
    let mut patterns = values.iter().filter(|value| is_pattern(value));
    patterns.all(|value| value.starts_with(&namespace))
}

/// `StringEquals` and its like with wildcards, with what stands before and behind it.
fn with_wildcards(operator: &str) -> String {
    let (before, name) = operator
        .rsplit_once(':')
        .map_or(("", operator), |(_, name)| {
            (&operator[..operator.len() - name.len()], name)
        });
    let if_exists = if name.to_lowercase().ends_with("ifexists") {
        "IfExists"
    } else {
        ""
    };
    format!("{before}StringLike{if_exists}")
}

/// Forms in which people write STS's audience, and what differs from the wanted one in a letter or
/// two.
fn is_misspelt(found: &str, wanted: &str) -> bool {
    let bare = found.trim().trim_end_matches('/').to_lowercase();
    let bare = bare
        .rsplit_once("://")
        .map_or(bare.as_str(), |(_, bare)| bare);
    let is_sts = bare.starts_with("sts.") && bare.contains("amazon") || bare == "amazonaws.com";
    strsim::levenshtein(found, wanted) <= 2
        || bare == wanted
        || is_sts && wanted == crate::model::DEFAULT_AUDIENCE
}
