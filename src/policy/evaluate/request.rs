//! The request that a policy is asked about: who, what, on what, and the condition keys with it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::compare::{Pattern, PatternCharacter, glyphs};
use crate::policy::texts;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// ARN of an identity provider.
    Federated(String),
    /// ARN of a user, role or session.
    Aws(String),
    /// `pods.eks.amazonaws.com`
    Service(String),
}

/// What is asked of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub action: String,
    pub principal: Principal,
    /// `None` for trust policies, whose resource is the role itself.
    pub resource: Option<String>,
    /// By their names in lower case: condition keys are not case-sensitive, their values are.
    context: BTreeMap<String, Vec<String>>,
}

/// What is known of a condition key's values in the request.
pub(super) enum KeyValues<'a> {
    Values(&'a [String]),
    Absent,
    Unknown,
}

/// Condition keys that no call of AssumeRoleWithWebIdentity has, by the beginning of their names.
/// It is not signed, so nothing is known of an AWS principal; the token of a Kubernetes service
/// account brings neither tags nor a source identity; and no service makes the call for another.
/// (IAM User Guide, "AWS global condition context keys", each key's "Availability"; there too: keys
/// of multi-factor authentication are "not present for federated identities".)
const ABSENT: [&str; 21] = [
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:multifactorauth",
    "aws:tokenissuetime",
    "aws:assumedroot",
    "aws:signinsessionarn",
    "aws:chatbotsourcearn",
    "aws:ec2instancesource",
    "aws:calledvia",
    "aws:sourceidentity",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorg",
    "aws:requesttag/",
    "aws:tagkeys",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
    "sts:externalid",
    "sts:awsservicename",
    "sts:requestcontext",
];
/// Those of them that a service does set when it assumes a role.
const OF_SERVICES: [&str; 5] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorg",
    "aws:principalservice",
    "aws:principalisawsservice",
];
/// Tags of a Pod Identity session that each pod has its own of.
const OF_PODS: [&str; 1] = ["aws:requesttag/kubernetes-pod-"];

impl Request {
    /// Without any condition key. `resource` is `None` for trust policies.
    pub fn new(action: &str, principal: Principal, resource: Option<&str>) -> Self {
        Self {
            action: action.to_owned(),
            principal,
            resource: resource.map(str::to_owned),
            context: BTreeMap::new(),
        }
    }

    /// AssumeRoleWithWebIdentity with a service account's token. `issuer` is host and path. Of the
    /// keys that are not of the token, one is certain: STS is reached by TLS only. That
    /// `aws:FederatedProvider` is there is documented, but its value was seen to be another than
    /// documented, so it stays unknown.
    pub fn web_identity(
        provider_arn: &str,
        issuer: &str,
        subject: &str,
        audiences: &[String],
    ) -> Self {
        let principal = Principal::Federated(provider_arn.to_owned());
        Self::new(super::WEB_IDENTITY, principal, None)
            .with(&format!("{issuer}:sub"), &[subject.to_owned()])
            .with(&format!("{issuer}:aud"), audiences)
            .with("aws:SecureTransport", &["true".to_owned()])
    }

    /// The same with one more condition key.
    #[must_use]
    pub fn with(mut self, key: &str, values: &[String]) -> Self {
        self.context.insert(key.to_lowercase(), values.to_vec());
        self
    }

    /// A key that is not given is absent where it cannot be there, and unknown where only the call
    /// itself can tell: where it comes from, when, and what its caller chose.
    pub(super) fn value(&self, key: &str) -> KeyValues<'_> {
        let key = key.to_lowercase();
        if let Some(values) = self.context.get(&key) {
            return match values.as_slice() {
                [] => KeyValues::Absent,
                values => KeyValues::Values(values),
            };
        }
        let begins = |names: &[&str]| names.iter().any(|name| key.starts_with(name));
        let of_the_call = key.starts_with("aws:") || key.starts_with("sts:");
        match self.principal {
            Principal::Aws(_) => KeyValues::Unknown,
            Principal::Service(_) if begins(&OF_SERVICES) => KeyValues::Unknown,
            Principal::Service(_) if begins(&OF_PODS) && self.is_tagged() => KeyValues::Unknown,
            _ if of_the_call && !begins(&ABSENT) => KeyValues::Unknown,
            _ => KeyValues::Absent,
        }
    }

    fn is_tagged(&self) -> bool {
        self.context.contains_key("aws:tagkeys")
    }

    /// A text of the policy as a pattern, its variables replaced: `${key}`, `${key, 'default'}`,
    /// and `${*}`, `${?}`, `${$}` for the characters themselves (IAM User Guide, "Variables and tags").
    ///
    /// # Errors
    /// A variable without a value: its key where that is not known here, `None` where there is none.
    pub(super) fn resolve(&self, text: &str, variables: bool) -> Result<Pattern, Option<String>> {
        let mut pattern = Vec::new();
        let mut rest = text;
        while let Some((before, (variable, after))) = variables
            .then(|| rest.split_once("${"))
            .flatten()
            .and_then(|(before, after)| Some((before, after.split_once('}')?)))
        {
            pattern.extend(glyphs(before));
            let value = self.variable(variable)?;
            pattern.extend(value.chars().map(PatternCharacter::Character));
            rest = after;
        }
        pattern.extend(glyphs(rest));
        Ok(pattern)
    }

    fn variable<'a>(&'a self, variable: &'a str) -> Result<&'a str, Option<String>> {
        if matches!(variable, "*" | "?" | "$") {
            return Ok(variable);
        }
        let (key, default) = match variable.split_once(',') {
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'');
                (key.trim(), default.and_then(|text| text.strip_suffix('\'')))
            }
            None => (variable, None),
        };
        match self.value(key) {
            KeyValues::Values([value]) => Ok(value),
            // A key of several values cannot be a variable.
            KeyValues::Values(_) | KeyValues::Absent => default.ok_or(None),
            KeyValues::Unknown => Err(Some(key.to_owned())),
        }
    }
}

impl Principal {
    /// Whether a `Principal` element names it. No wildcards but `*` alone, which is everybody, as
    /// is `{"AWS": "*"}` (IAM User Guide, "Principal").
    pub(super) fn is_named_by(&self, element: &Value) -> bool {
        let names = |kind: &str| element.get(kind).map(texts).unwrap_or_default();
        if element == "*" || names("AWS").contains(&"*") {
            return true;
        }
        match self {
            Self::Federated(name) => names("Federated").contains(&name.as_str()),
            Self::Service(name) => names("Service").contains(&name.as_str()),
            Self::Aws(name) => names("AWS").iter().any(|given| is_or_owns(given, name)),
        }
    }
}

/// `Federated arn:…`, as a policy names it.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Federated(name) => write!(f, "Federated {name}"),
            Self::Aws(name) => write!(f, "AWS {name}"),
            Self::Service(name) => write!(f, "Service {name}"),
        }
    }
}

/// An ARN is named by itself, and by its account: 12 digits or the ARN of its root.
fn is_or_owns(given: &str, arn: &str) -> bool {
    let account = arn.split(':').nth(4).filter(|account| !account.is_empty());
    let is_root = given.ends_with(":root") && given.split(':').nth(4) == account;
    given == arn || account.is_some() && (is_root || Some(given) == account)
}
