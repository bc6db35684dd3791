//! IAM policy documents: the trust policy of a service account's role, and permission policies as
//! users hand them in. Pure: parse, build, compare, measure.

use serde_json::{Value, json};

use crate::model::{
    Audience, Issuer, SUBJECT_PREFIX, ServiceAccountName, SubjectPattern, issuer_of_provider,
};

pub mod admitted;
pub mod beyond;
pub mod corrected;
mod difference;
pub mod evaluate;
pub mod fetched;
mod grammar;
pub mod mistakes;
pub mod numbers;
pub mod openings;
pub mod others;
pub mod pod_identity;
pub mod subjects;
pub mod suggested;
mod unique;
pub mod usage;
pub mod withdrawn;
pub mod words;

pub use difference::{Difference, Item, difference, indented};
use grammar::check_document;
use subjects::{Subject, TokenProvider};
pub use unique::Unique;

/// IAM's quota for the inline policies of one role together, in characters that are no white space.
pub const INLINE_QUOTA: usize = 10_240;
/// As many managed policies a role can have where the quota is raised as far as it goes (10 by default).
pub const MANAGED_MAXIMUM: usize = 25;

/// Quotas of an account for its roles; these are IAM's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Managed policies of one role.
    pub managed_policies: usize,
    /// Length of a trust policy, in characters that are no white space.
    pub trust: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            managed_policies: 10,
            trust: 2_048,
        }
    }
}

/// How many roles an account has, and how many it may have (1,000 unless raised).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleCount {
    pub there: usize,
    pub quota: usize,
}

/// The present version of IAM's policy language.
pub const VERSION: &str = "2012-10-17";

/// A permission policy document that keeps IAM's grammar. Values may be CloudFormation functions
/// (`{"Fn::Sub": …}`), which only CloudFormation can judge.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDocument(Value);

impl PolicyDocument {
    /// # Errors
    /// What is wrong, and where in the document.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The byte order mark that editors of Windows write.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        check_characters(text)?;
        if let Some(fault) = numbers::fault(text) {
            return Err(fault);
        }
        let Unique(document) =
            serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
        check_document(&document)?;
        check_substitutions(&document)?;
        fetched::check(&document)?;
        // Once more, because `\u4e2d` in the text is another character in what is sent.
        check_characters(&document.to_string())?;
        Ok(Self(document))
    }

    /// The document as it was given.
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

/// The characters that IAM takes in a document (IAM API, `policyDocumentType`).
fn check_characters(text: &str) -> Result<(), String> {
    let taken = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    match text.chars().find(|&c| !taken(c)) {
        Some(odd) => Err(format!(
            "has the character {odd:?}, which IAM refuses (only U+0020 to U+00FF)"
        )),
        None => Ok(()),
    }
}

/// `${AWS::Partition}` and its like are replaced in `Fn::Sub` alone: elsewhere IAM would get them as they
/// are. IAM's own variables (`${aws:username}`) have one colon.
fn check_substitutions(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if text.contains("${AWS::") => Err(format!(
            "has the text \"{text}\", in which CloudFormation replaces nothing: use `Fn::Sub`"
        )),
        Value::Array(values) => values.iter().try_for_each(check_substitutions),
        Value::Object(members) => members.iter().try_for_each(|(key, member)| {
            check_substitutions(&Value::from(key.as_str()))?;
            match (key.as_str(), member) {
                ("Fn::Sub", Value::String(_)) => Ok(()),
                // A text, and the names that are replaced in it.
                ("Fn::Sub", Value::Array(parts)) => {
                    parts.iter().skip(1).try_for_each(check_substitutions)
                }
                (_, member) => check_substitutions(member),
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// The ARNs of a document that are of another partition than the one: in resources, principals and
/// conditions, wherever a text is one.
pub fn arns_beyond<'a>(document: &'a Value, partition: &str) -> Vec<&'a str> {
    match document {
        Value::String(text) => {
            let other = text
                .strip_prefix("arn:")
                .and_then(|rest| rest.split(':').next());
            // A pattern, or a function's, may mean the right one.
            let is_other =
                other.is_some_and(|other| other != partition && !other.contains(['*', '?', '$']));
            is_other.then_some(text.as_str()).into_iter().collect()
        }
        Value::Array(values) => values
            .iter()
            .flat_map(|value| arns_beyond(value, partition))
            .collect(),
        Value::Object(members) => members
            .values()
            .flat_map(|member| arns_beyond(member, partition))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The name and the argument of one of CloudFormation's functions.
pub fn function(value: &Value) -> Option<(&str, &Value)> {
    let mut members = value.as_object()?.iter();
    let (name, argument) = members.next().filter(|_| members.next().is_none())?;
    let is_one = name == "Ref" || name.starts_with("Fn::");
    is_one.then_some((name, argument))
}

/// The trust policy of a service account's role, as eksctl writes it.
pub fn trust_policy(
    provider_arn: &str,
    issuer: &Issuer,
    subject: &Subject,
    audience: &Audience,
) -> Value {
    let provider = TokenProvider {
        arn: provider_arn,
        issuer,
    };
    let statement = subjects::statement(provider, subject, audience.as_str());
    json!({"Version": VERSION, "Statement": [statement]})
}

/// What a trust policy of eksctl's or irsactl's form asks of a token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrustTerms {
    pub audience: Audience,
    /// `None`: one service account alone.
    pub pattern: Option<SubjectPattern>,
}

impl TrustTerms {
    /// Reads the trust policy of a service account's role; `None` when it says anything else.
    pub fn read(trust: &Value, account: &ServiceAccountName) -> Option<Self> {
        let (issuer, audience, subject) = conditions(trust)?;
        let namespace = format!("{SUBJECT_PREFIX}{}:", account.namespace);
        let pattern = if subject == account.subject() {
            None
        } else {
            Some(subject.strip_prefix(&namespace)?.parse().ok()?)
        };
        let read = Self {
            audience: audience.parse().ok()?,
            pattern,
        };
        let provider = *federated_principals(trust).first()?;
        let issuer: Issuer = format!("https://{issuer}").parse().ok()?;
        let subject = Subject::of(account, read.pattern.as_ref());
        // Only what would be written the same has been understood.
        let written = trust_policy(provider, &issuer, &subject, &read.audience);
        same(&written, trust).then_some(read)
    }
}

/// The issuer (host and path), the audience and the subject of a trust policy's only statement.
fn conditions(trust: &Value) -> Option<(&str, &str, &str)> {
    let condition = statements(trust).next()?.get("Condition")?.as_object()?;
    let mut all = condition.values().filter_map(Value::as_object).flatten();
    let (key, audience) = all.find(|(key, _)| key.ends_with(":aud"))?;
    let mut all = condition.values().filter_map(Value::as_object).flatten();
    let (_, subject) = all.find(|(key, _)| key.ends_with(":sub"))?;
    Some((
        key.strip_suffix(":aud")?,
        texts(audience).first()?,
        texts(subject).first()?,
    ))
}

/// A trust policy with another issuer in the place of the one of `former`, a provider's ARN.
pub fn with_issuer(trust: &Value, former: &str, issuer: &Issuer, provider: &str) -> Value {
    let path = issuer_of_provider(former);
    match trust {
        Value::String(text) if text == former => provider.into(),
        Value::Array(values) => values
            .iter()
            .map(|value| with_issuer(value, former, issuer, provider))
            .collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| {
                let claim = path.and_then(|path| key.strip_prefix(path)?.strip_prefix(':'));
                let key = match claim {
                    Some(claim) => format!("{}:{claim}", issuer.host_and_path()),
                    None => key.clone(),
                };
                (key, with_issuer(value, former, issuer, provider))
            })
            .collect(),
        value => value.clone(),
    }
}

/// The identity providers that a trust policy names as principals.
pub fn federated_principals(trust: &Value) -> Vec<&str> {
    statements(trust)
        .filter_map(|statement| statement.get("Principal")?.get("Federated"))
        .flat_map(texts)
        .collect()
}

/// The statements of a document, of which one may stand without a list.
pub fn statements(document: &Value) -> impl Iterator<Item = &Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => &[],
    }
    .iter()
}

/// A text or a list of texts, as a list.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// Whether two documents mean the same to IAM: one text and a list of that text are equal, the order
/// inside of lists does not matter, and quotes around `true` and numbers are optional (IAM User Guide,
/// "Grammar of the IAM JSON policy language"). CloudFormation hands every scalar on as a text.
pub fn same(one: &Value, other: &Value) -> bool {
    normal(one) == normal(other)
}

/// A document in pieces that can be compared one by one: its statements, each in one form whatever
/// its writer, and what stands beside them.
fn parts(document: &Value) -> Vec<String> {
    let beside = document.as_object().into_iter().flatten();
    let beside = beside
        .filter(|(key, value)| !(*key == "Statement" || *key == "Version" && *value == VERSION))
        .map(|(key, value)| format!("{key} {value}"));
    statements(document)
        .map(|statement| normal(statement).to_string())
        .chain(beside)
        .collect()
}

fn normal(value: &Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.iter().map(normal).collect();
            values.sort_by_key(Value::to_string);
            values.dedup();
            if values.len() == 1 {
                values.remove(0)
            } else {
                Value::Array(values)
            }
        }
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), normal(value)))
            .collect(),
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Null | Value::String(_) => value.clone(),
    }
}

/// Its length as IAM counts it for quotas: white space is free.
pub fn measure(document: &Value) -> usize {
    document
        .to_string()
        .chars()
        .filter(|c| !c.is_whitespace())
        .count()
}

#[cfg(test)]
mod tests;
