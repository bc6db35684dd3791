//! The smallest change of a trust policy that lets a service account in and nobody else. Candidates
//! are evaluated before and after: none is taken that lets another in or shuts one out.

use std::cmp::Ordering;

use serde_json::Value;

use super::evaluate::{Decision, Request, evaluate, glyphs, is_like};
use super::mistakes::conditions::Claim;
use super::mistakes::{ExpectedTrust, Mistake, MistakeKind, canonical, mistakes, nearest};
use super::subjects::Subject;
use super::{federated_principals, statements, texts, trust_policy};
use crate::model::{SUBJECT_PREFIX, ServiceAccountName, issuer_of_provider};

/// A person must decide: what keeps the service account out may be meant to.
#[derive(Clone, Debug, PartialEq)]
pub struct Undecided {
    pub mistake: Mistake,
}

/// The trust policy with the service account let in: the statement that is evidently meant for it
/// mended, or one more statement. A policy that lets it in already comes back as it is.
///
/// # Errors
/// Where a denial, a condition on where the call comes from, or a condition that excludes the
/// service account would have to go.
pub fn corrected(trust: &Value, expected: &ExpectedTrust) -> Result<Value, Undecided> {
    let Some(first) = mistakes(trust, expected).into_iter().next() else {
        return Ok(trust.clone());
    };
    let decision = evaluate(trust, &expected.request()).decision;
    if decision != Decision::NotAllowed || first.kind == MistakeKind::MalformedDocument {
        return Err(Undecided { mistake: first });
    }
    if let Some(nearest) = nearest(trust, expected) {
        let has = |kinds: &[MistakeKind]| {
            let mut mistakes = nearest.mistakes.iter();
            mistakes
                .find(|mistake| kinds.contains(&mistake.kind))
                .cloned()
        };
        let is_of_others = has(&OF_OTHERS).is_some();
        if let Some(mistake) = has(&MEANT).filter(|_| !is_of_others) {
            return Err(Undecided { mistake });
        }
        let mended = with_statement(trust, nearest.statement, nearest.mended);
        if !is_of_others && lets_in_only(trust, &mended, expected) {
            return Ok(mended);
        }
    }
    let appended = with_another(trust, expected);
    if lets_in_only(trust, &appended, expected) {
        Ok(appended)
    } else {
        Err(Undecided { mistake: first })
    }
}

/// A statement with one of these is for somebody else.
const OF_OTHERS: [MistakeKind; 4] = [
    MistakeKind::MalformedStatement,
    MistakeKind::PrincipalIsNotFederated,
    MistakeKind::ProviderOfOtherCluster,
    MistakeKind::SubjectOfOtherServiceAccount,
];
/// These may be meant to keep the service account out.
const MEANT: [MistakeKind; 3] = [
    MistakeKind::NegatedCondition,
    MistakeKind::KeyNeverPresent,
    MistakeKind::DependsOnTheCall,
];

fn with_statement(trust: &Value, index: usize, statement: Value) -> Value {
    let mut trust = trust.clone();
    match &mut trust["Statement"] {
        Value::Array(statements) => statements[index] = statement,
        one => *one = statement,
    }
    trust
}

/// With one more statement, as a new role has it.
fn with_another(trust: &Value, expected: &ExpectedTrust) -> Value {
    let subject = Subject::Account(expected.subject.clone());
    let provider = expected.provider_arn();
    let new = trust_policy(&provider, &expected.issuer, &subject, &expected.audience());
    let all = statements(trust).chain(statements(&new)).cloned();
    let mut trust = trust.clone();
    trust["Statement"] = all.collect();
    trust
}

/// Whether the change lets the service account in, nobody else, and shuts nobody out.
fn lets_in_only(old: &Value, new: &Value, expected: &ExpectedTrust) -> bool {
    let wanted = expected.subject.subject();
    let may_gain = |probe: &Probe| {
        let is_meant =
            probe.subject == wanted || is_meant_by_pattern(old, expected, &probe.subject);
        let audiences = &probe.audiences;
        is_meant
            && probe.provider == expected.provider_arn()
            && audiences.iter().all(|audience| {
                *audience == expected.audience().to_string()
                    || expected
                        .audiences
                        .iter()
                        .any(|given| given.as_str() == audience)
            })
    };
    // Its own tokens with an audience that was misspelt, which nobody asks for.
    let may_lose = |probe: &Probe| {
        let mut audiences = probe.audiences.iter();
        probe.subject == wanted
            && probe.provider == expected.provider_arn()
            && !may_gain(probe)
            && !audiences.any(|audience| expected.is_in_use(audience))
    };
    keeps_other_principals(old, new, expected)
        && evaluate(new, &expected.request()).is_allowed()
        && probes(old, new, expected).iter().all(|probe| {
            let request = probe.request();
            let (was, is) = (rank(old, &request), rank(new, &request));
            match is.cmp(&was) {
                Ordering::Equal => true,
                Ordering::Greater => may_gain(probe),
                Ordering::Less => may_lose(probe),
            }
        })
}

/// Whether each statement that names somebody else than OIDC providers stands as it was: EKS Pod
/// Identity, accounts and roles, SAML.
fn keeps_other_principals(old: &Value, new: &Value, expected: &ExpectedTrust) -> bool {
    let is_oidc = |arn: &&str| {
        issuer_of_provider(arn).is_some()
            || canonical(arn) == canonical(expected.issuer.host_and_path())
    };
    let is_of_oidc = |statement: &&Value| {
        let principal = statement.get("Principal").and_then(Value::as_object);
        principal.is_some_and(|principal| {
            principal.keys().all(|kind| kind == "Federated")
                && principal.values().flat_map(texts).all(|arn| is_oidc(&arn))
        })
    };
    let mut others = statements(old).filter(|statement| !is_of_oidc(statement));
    others.all(|other| statements(new).any(|statement| statement == other))
}

/// Denied, undecided, allowed.
fn rank(trust: &Value, request: &Request) -> u8 {
    match evaluate(trust, request).decision {
        Decision::Allowed { .. } => 2,
        Decision::Depends { .. } => 1,
        Decision::ExplicitDeny { .. } | Decision::NotAllowed => 0,
    }
}

/// A pattern of the old document inside of the one namespace, whose operator took it literally.
fn is_meant_by_pattern(old: &Value, expected: &ExpectedTrust, subject: &str) -> bool {
    let namespace = format!("{SUBJECT_PREFIX}{}:", expected.subject.namespace);
    let mut patterns = values(old).filter(|(_, value)| value.contains(['*', '?']));
    patterns.any(|(_, value)| value.starts_with(&namespace) && is_like(&glyphs(value), subject))
}

/// A call that somebody could make.
struct Probe {
    provider: String,
    subject: String,
    audiences: Vec<String>,
}

impl Probe {
    fn request(&self) -> Request {
        let issuer = issuer_of_provider(&self.provider).unwrap_or_default();
        Request::web_identity(&self.provider, issuer, &self.subject, &self.audiences)
    }
}

/// Stands for names that no document has.
const ANOTHER: &str = "zz-another";

/// Calls of everybody that the documents speak of, and of some that they do not.
fn probes(old: &Value, new: &Value, expected: &ExpectedTrust) -> Vec<Probe> {
    let mut subjects = subjects_around(&expected.subject);
    let mut audiences = vec![ANOTHER.to_owned(), expected.audience().to_string()];
    audiences.extend(expected.audiences_in_use.iter().cloned());
    for (claim, value) in values(old).chain(values(new)) {
        let sample = value.replace('*', ANOTHER).replace('?', "z");
        match claim {
            Claim::Subject => subjects.extend([value.to_owned(), sample]),
            Claim::Audience => audiences.extend([value.to_owned(), sample]),
        }
    }
    let own = expected.provider_arn();
    let mut providers = vec![own.clone()];
    let others = federated_principals(old).into_iter();
    let others = others.filter(|arn| is_of_another(arn, expected));
    providers.extend(others.map(str::to_owned));
    for all in [&mut subjects, &mut audiences, &mut providers] {
        all.sort();
        all.dedup();
    }
    let mut probes = Vec::new();
    for provider in &providers {
        // The cluster's tokens have no other subjects.
        let can_be = |subject: &&String| *provider != own || is_of_service_account(subject);
        for subject in subjects.iter().filter(can_be) {
            probes.extend(audiences.iter().map(|audience| Probe {
                provider: provider.clone(),
                subject: subject.clone(),
                audiences: vec![audience.clone()],
            }));
        }
    }
    probes
}

/// The service account, and others of its namespace, of its name, and of neither.
fn subjects_around(expected: &ServiceAccountName) -> Vec<String> {
    let ServiceAccountName { namespace, name } = expected;
    vec![
        expected.subject(),
        format!("{SUBJECT_PREFIX}{namespace}:{ANOTHER}"),
        format!("{SUBJECT_PREFIX}{ANOTHER}:{name}"),
        format!("{SUBJECT_PREFIX}{ANOTHER}:{ANOTHER}"),
    ]
}

/// A provider that can be there beside the cluster's own: one in another account or partition never
/// works for the role, and a wrongly written one is none.
fn is_of_another(arn: &str, expected: &ExpectedTrust) -> bool {
    let account = format!(
        "arn:{}:iam::{}:oidc-provider/",
        expected.partition, expected.account
    );
    let issuer = arn.strip_prefix(&account);
    issuer.is_some_and(|issuer| canonical(issuer) != canonical(expected.issuer.host_and_path()))
}

fn is_of_service_account(subject: &str) -> bool {
    let account = subject.strip_prefix(SUBJECT_PREFIX);
    let account = account.and_then(|account| account.split_once(':'));
    account.is_some_and(|(namespace, name)| {
        let account = format!("{namespace}/{name}").parse::<ServiceAccountName>();
        account.is_ok()
    })
}

/// The audiences that a trust policy names.
pub fn audiences(trust: &Value) -> Vec<&str> {
    let is_positive = |operator: &str| {
        let operator = operator.to_lowercase();
        operator.contains("string") && !operator.contains("not")
    };
    let conditions = statements(trust).filter_map(|statement| statement.get("Condition"));
    conditions
        .filter_map(Value::as_object)
        .flatten()
        .filter(|(operator, _)| is_positive(operator))
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .filter(|(key, _)| key.to_lowercase().ends_with(":aud"))
        .flat_map(|(_, values)| texts(values))
        .collect()
}

/// The values of all conditions on subjects and audiences.
fn values(trust: &Value) -> impl Iterator<Item = (Claim, &str)> {
    let conditions =
        statements(trust).filter_map(|statement| statement.get("Condition")?.as_object());
    let entries = conditions.flat_map(|condition| condition.values().filter_map(Value::as_object));
    entries.flatten().flat_map(|(key, values)| {
        let claim = Claim::of(key).map(|(_, claim)| claim);
        let values = texts(values).into_iter();
        values.filter_map(move |value| Some((claim?, value)))
    })
}

#[cfg(test)]
mod tests;
