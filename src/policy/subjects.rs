//! The subjects of a provider's tokens that a trust policy lets in: more of them, fewer, and the same of another
//! provider. All else stays to the letter: order, Sids, unknown keys, what others wrote.

use serde_json::{Value, json};

use super::evaluate::{Decision, Evaluation, Request, evaluate};
use super::withdrawn::{NotWithdrawn, is_plain, kept, without_subject, without_value};
use super::{federated_principals, others, statements, texts};
use crate::model::{
    DEFAULT_AUDIENCE, Issuer, Namespace, SUBJECT_PREFIX, ServiceAccountName, SubjectPattern,
};

mod admission;

pub use admission::Admission;

/// An IAM OIDC provider and the issuer of its tokens.
#[derive(Clone, Copy, Debug)]
pub struct TokenProvider<'a> {
    pub arn: &'a str,
    pub issuer: &'a Issuer,
}

impl TokenProvider<'_> {
    fn key(self, claim: &str) -> String {
        format!("{}:{claim}", self.issuer.host_and_path())
    }

    /// What a trust policy says of a token of the service account.
    pub fn decide(self, trust: &Value, account: &ServiceAccountName) -> Decision {
        self.evaluate(trust, account).decision
    }

    fn evaluate(self, trust: &Value, account: &ServiceAccountName) -> Evaluation {
        let request = Request::web_identity(
            self.arn,
            self.issuer.host_and_path(),
            &account.subject(),
            &[DEFAULT_AUDIENCE.to_owned()],
        );
        evaluate(trust, &request)
    }
}

/// Whose tokens are let in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Account(ServiceAccountName),
    /// Service accounts of a namespace, by a pattern.
    Pattern(Namespace, SubjectPattern),
}

impl Subject {
    /// The service account, or by the pattern those of its namespace.
    pub fn of(account: &ServiceAccountName, pattern: Option<&SubjectPattern>) -> Self {
        match pattern {
            Some(pattern) => Self::Pattern(account.namespace.clone(), pattern.clone()),
            None => Self::Account(account.clone()),
        }
    }

    /// As the claim `sub` has it.
    pub fn claim(&self) -> String {
        match self {
            Self::Account(account) => account.subject(),
            Self::Pattern(namespace, pattern) => {
                format!("{SUBJECT_PREFIX}{namespace}:{}", pattern.as_str())
            }
        }
    }

    /// Itself; of a pattern two service accounts that it means and nobody else is likely to.
    pub fn examples(&self) -> Vec<ServiceAccountName> {
        match self {
            Self::Account(account) => vec![account.clone()],
            Self::Pattern(namespace, pattern) => {
                let filled = ["zz-any", "0q0"].into_iter().map(|filling| {
                    let name = pattern.as_str().replace('*', filling).replace('?', "z");
                    ServiceAccountName::new(namespace.clone(), &name)
                });
                filled.filter_map(Result::ok).collect()
            }
        }
    }

    fn operator(&self) -> &'static str {
        match self {
            Self::Account(_) => "StringEquals",
            Self::Pattern(..) => "StringLike",
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = String;

    /// `NAMESPACE/NAME`, of which the name may be a pattern.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((namespace, name)) if name.contains(['*', '?']) => {
                Ok(Self::Pattern(namespace.parse()?, name.parse()?))
            }
            _ => Ok(Self::Account(text.parse()?)),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Pattern(namespace, pattern) => write!(f, "{namespace}/{}", pattern.as_str()),
        }
    }
}

/// The claim `sub` of a service account, or a pattern of it, as `NAMESPACE/NAME`; any other as it is.
pub fn name_in_claim(claim: &str) -> String {
    match claim.strip_prefix(SUBJECT_PREFIX) {
        Some(name) => name.replacen(':', "/", 1),
        None => claim.to_owned(),
    }
}

/// The trust policy with a subject more: in the statement that asks for nothing but subject and audience, or in
/// a new one behind all others. One that lets it in already comes back as it is.
pub fn with_subject(trust: &Value, provider: TokenProvider<'_>, subject: &Subject) -> Value {
    if lists(trust, provider, subject) {
        return trust.clone();
    }
    if let Subject::Account(account) = subject
        && matches!(provider.decide(trust, account), Decision::Allowed { .. })
    {
        return trust.clone();
    }
    let (operator, key) = (subject.operator(), provider.key("sub"));
    let is_ours = |statement: &&Value| is_ours(statement, provider, operator);
    let Some(place) = statements(trust).position(|it| is_ours(&it)) else {
        let new = statement(provider, subject, DEFAULT_AUDIENCE);
        return others::with(trust, [&new]);
    };
    let mut trust = trust.clone();
    let statement = match &mut trust["Statement"] {
        Value::Array(all) => &mut all[place],
        one => one,
    };
    let subjects = &mut statement["Condition"][operator][&key];
    let listed = texts(subjects).into_iter().map(Value::from);
    *subjects = listed.chain([subject.claim().into()]).collect();
    trust
}

/// A statement for one subject, as eksctl writes it.
pub(super) fn statement(provider: TokenProvider<'_>, subject: &Subject, audience: &str) -> Value {
    let (aud, sub) = (provider.key("aud"), provider.key("sub"));
    let condition = match subject {
        Subject::Account(_) => {
            json!({"StringEquals": {aud: audience, sub: subject.claim()}})
        }
        Subject::Pattern(..) => json!({
            "StringEquals": {aud: audience},
            "StringLike": {sub: subject.claim()},
        }),
    };
    json!({
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": condition,
        "Effect": "Allow",
        "Principal": {"Federated": provider.arn},
    })
}

/// Whether a statement lets in tokens of this provider alone, for the usual audience and by listed subjects, and
/// asks for nothing else.
fn is_ours(statement: &Value, provider: TokenProvider<'_>, operator: &str) -> bool {
    let (aud, sub) = (provider.key("aud"), provider.key("sub"));
    let known = ["Sid", "Action", "Condition", "Effect", "Principal"];
    let members = statement.as_object();
    let is_known = members.is_some_and(|it| it.keys().all(|key| known.contains(&key.as_str())));
    let conditions = &statement["Condition"];
    let count = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let has_shape = match operator {
        "StringEquals" => count(conditions) == 1 && count(&conditions["StringEquals"]) == 2,
        _ => {
            count(conditions) == 2
                && count(&conditions["StringEquals"]) == 1
                && count(&conditions["StringLike"]) == 1
        }
    };
    is_known
        && has_shape
        && is_plain(statement, provider.arn, provider.issuer)
        && texts(&statement["Principal"]["Federated"]) == [provider.arn]
        && texts(&statement["Action"]) == ["sts:AssumeRoleWithWebIdentity"]
        && texts(&conditions["StringEquals"][&aud]) == [DEFAULT_AUDIENCE]
        && !texts(&conditions[operator][&sub]).is_empty()
}

/// Whether a subject stands in a statement that asks for nothing but subject and audience.
pub fn lists(trust: &Value, provider: TokenProvider<'_>, subject: &Subject) -> bool {
    let (operator, key) = (subject.operator(), provider.key("sub"));
    let mut ours = statements(trust).filter(|it| is_ours(it, provider, operator));
    let claim = subject.claim();
    ours.any(|it| texts(&it["Condition"][operator][&key]).contains(&claim.as_str()))
}

/// The trust policy without a subject. One that does not let it in comes back as it is.
///
/// # Errors
/// Where it would still be let in, or nobody would.
pub fn without(
    trust: &Value,
    provider: TokenProvider<'_>,
    subject: &Subject,
) -> Result<Value, NotWithdrawn> {
    let Subject::Pattern(..) = subject else {
        let Subject::Account(account) = subject else {
            return Ok(trust.clone());
        };
        return without_subject(trust, provider.arn, provider.issuer, account);
    };
    let key = provider.key("sub");
    kept(trust, |statement| {
        let is_pattern = !statement["Condition"]["StringLike"].is_null();
        if is_pattern && is_plain(statement, provider.arn, provider.issuer) {
            without_value(statement, &key, &subject.claim())
        } else {
            Some(statement.clone())
        }
    })
}

/// The trust policy with one provider in the place of another, wherever that is named. `None`: a statement asks
/// for claims of both.
pub fn retargeted(trust: &Value, from: TokenProvider<'_>, to: TokenProvider<'_>) -> Option<Value> {
    let mut trust = trust.clone();
    let all = match &mut trust["Statement"] {
        Value::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    };
    for statement in all {
        if !texts(&statement["Principal"]["Federated"]).contains(&from.arn) {
            continue;
        }
        let federated = &mut statement["Principal"]["Federated"];
        *federated = replaced(federated.take(), from, to);
        let Some(conditions) = statement
            .get_mut("Condition")
            .and_then(Value::as_object_mut)
        else {
            continue;
        };
        for keys in conditions.values_mut().filter_map(Value::as_object_mut) {
            for (key, value) in std::mem::take(keys) {
                if keys.insert(renamed(&key, from, to), value).is_some() {
                    return None;
                }
            }
        }
    }
    Some(trust)
}

/// The names of providers, with one in the place of another.
fn replaced(federated: Value, from: TokenProvider<'_>, to: TokenProvider<'_>) -> Value {
    let Value::Array(mut names) = federated else {
        return to.arn.into();
    };
    for name in &mut names {
        if name == from.arn {
            *name = to.arn.into();
        }
    }
    names.dedup();
    names.into()
}

/// A condition's key without regard to case, as IAM has it.
fn renamed(key: &str, from: TokenProvider<'_>, to: TokenProvider<'_>) -> String {
    let old = from.issuer.host_and_path();
    match key.get(..old.len()) {
        Some(start) if start.eq_ignore_ascii_case(old) && key[old.len()..].starts_with(':') => {
            format!("{}{}", to.issuer.host_and_path(), &key[old.len()..])
        }
        _ => key.to_owned(),
    }
}

/// Whether a trust policy lets tokens in, whosoever they are.
pub fn lets_tokens_in(trust: &Value) -> bool {
    !federated_principals(trust).is_empty()
}

/// Whom a trust policy lets in of a provider's tokens, as its statements say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// As the claim `sub` has them; `*` where a statement asks for none.
    pub subjects: Vec<String>,
    pub audiences: Vec<String>,
    /// What else is asked for, or denied.
    pub further: Vec<String>,
}

/// Of the provider with this ARN, and of statements for any principal. Each list is sorted, and has
/// nothing twice.
pub fn listed(trust: &Value, arn: &str) -> Listed {
    let mut all = Listed::default();
    for (place, statement) in statements(trust).enumerate() {
        let named = texts(&statement["Principal"]["Federated"]);
        let is_any = statement["Principal"] == "*" || named.contains(&"*");
        if statement["Effect"] == "Deny" && (is_any || named.contains(&arn)) {
            all.further.push(format!("statement {place} denies"));
        } else if is_any || named.contains(&arn) {
            all.add(place, statement);
        }
    }
    for list in [&mut all.subjects, &mut all.audiences, &mut all.further] {
        list.sort_unstable();
        list.dedup();
    }
    all
}

impl Listed {
    fn add(&mut self, place: usize, statement: &Value) {
        let conditions = statement["Condition"].as_object().into_iter().flatten();
        let mut asks_for_subject = false;
        for (operator, keys) in conditions {
            let is_positive = matches!(operator.as_str(), "StringEquals" | "StringLike");
            for (key, values) in keys.as_object().into_iter().flatten() {
                let (_, claim) = key.rsplit_once(':').unwrap_or_default();
                let into = match claim.to_ascii_lowercase().as_str() {
                    "sub" if is_positive => &mut self.subjects,
                    "aud" if is_positive => &mut self.audiences,
                    _ => {
                        self.further
                            .push(format!("statement {place}: {operator} {key}"));
                        continue;
                    }
                };
                asks_for_subject |= claim.eq_ignore_ascii_case("sub");
                into.extend(texts(values).into_iter().map(str::to_owned));
            }
        }
        if !asks_for_subject {
            self.subjects.push("*".to_owned());
        }
    }
}

/// How many characters a statement of its own takes, as IAM counts them, with the comma before it.
pub fn cost(provider: TokenProvider<'_>, subject: &Subject) -> usize {
    super::measure(&statement(provider, subject, DEFAULT_AUDIENCE)) + 1
}

#[cfg(test)]
mod tests;
