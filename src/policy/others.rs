//! Whom a trust policy lets in beside one service account: EKS Pod Identity, other services and principals of
//! AWS, other identity providers, and other subjects of the same one.

use serde_json::Value;

use super::corrected::audiences;
use super::evaluate::{Request, Truth, evaluate};
use super::pod_identity::is_of_pod_identity;
use super::subjects::name_in_claim;
use super::withdrawn::{is_plain, without_value};
use super::{TrustTerms, VERSION, federated_principals, function, same, statements, texts};
use crate::model::{DEFAULT_AUDIENCE, Issuer, ServiceAccountName, issuer_of_provider};

/// A trust policy in two: what is a service account's own, and what others get in by.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitTrust {
    /// The document without what is others'.
    pub own: Value,
    pub others: Vec<Value>,
    /// The service account's provider: the cluster's, or the one of its former issuer.
    provider: String,
}

/// Parts a trust policy. `present` is the ARN of the cluster's provider. Another one is that of a former
/// issuer where it is the only one that lets the service account in, and the present one is not named: with
/// both there it is another cluster's.
pub fn parted(trust: &Value, account: &ServiceAccountName, present: &str) -> SplitTrust {
    let provider = provider(trust, account, present);
    let whose = TrustSplitter::of(trust, account, &provider);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    // Beside the service account's very name, a pattern is somebody else's.
    let is_named = |it: &Value| whose.is_own(it) && !whose.is_pattern(it);
    let is_named = statements(trust).any(is_named);
    for statement in statements(trust) {
        let (mine, rest) = if is_named && whose.is_pattern(statement) {
            (None, Some(statement.clone()))
        } else {
            whose.parts(statement)
        };
        own.extend(mine);
        others.extend(rest);
    }
    let mut document = trust.clone();
    if !others.is_empty() {
        document["Statement"] = own.into();
    }
    SplitTrust {
        own: document,
        others,
        provider,
    }
}

impl SplitTrust {
    /// The whole with another document in the place of what is the service account's own.
    pub fn with_own(&self, trust: &Value, own: &Value) -> Value {
        if same(&self.own, own) {
            trust.clone()
        } else {
            with(own, &self.others)
        }
    }

    /// Whom it lets in beside the service account, for people to read: each once.
    pub fn others_told(&self) -> String {
        let each = self.others.iter().flat_map(|it| told(it, &self.provider));
        listed(each.collect())
    }
}

fn provider(trust: &Value, account: &ServiceAccountName, present: &str) -> String {
    let named = federated_principals(trust);
    if named.contains(&present) {
        return present.to_owned();
    }
    let lets_in = |provider: &&str| {
        let whose = TrustSplitter::of(trust, account, provider);
        statements(trust).any(|statement| whose.is_own(statement))
    };
    let mut former: Vec<&str> = named.into_iter().filter(lets_in).collect();
    former.dedup();
    match former.as_slice() {
        [former] => (*former).to_owned(),
        _ => present.to_owned(),
    }
}

/// Tells what of a trust policy is about one service account's tokens of one provider.
struct TrustSplitter<'a> {
    account: &'a ServiceAccountName,
    provider: &'a str,
    issuer: Option<Issuer>,
    subject: String,
    /// Whatever audience they have.
    requests: Vec<Request>,
    version: &'a Value,
}

impl<'a> TrustSplitter<'a> {
    fn of(trust: &'a Value, account: &'a ServiceAccountName, provider: &'a str) -> Self {
        let path = issuer_of_provider(provider).unwrap_or_default();
        let subject = account.subject();
        let audiences = audiences(trust).into_iter();
        let requests = audiences
            .chain([DEFAULT_AUDIENCE, "zz-another"])
            .map(|it| Request::web_identity(provider, path, &subject, &[it.to_owned()]));
        Self {
            account,
            provider,
            issuer: format!("https://{path}").parse().ok(),
            requests: requests.collect(),
            subject,
            version: &trust["Version"],
        }
    }

    /// What of a statement is the service account's, and what is others'.
    fn parts(&self, statement: &Value) -> (Option<Value>, Option<Value>) {
        if !self.is_own(statement) {
            return (None, Some(statement.clone()));
        }
        let whole = (Some(statement.clone()), None);
        let Some(issuer) = &self.issuer else {
            return whole;
        };
        // A list of subjects, of which one is the service account's.
        let key = format!("{}:sub", issuer.host_and_path());
        let listed = statement["Condition"]["StringEquals"][&key].as_array();
        let is_listed = listed.is_some_and(|all| all.iter().any(|it| *it == self.subject));
        if !is_listed || !is_plain(statement, self.provider, issuer) {
            return whole;
        }
        let mut own = statement.clone();
        own["Condition"]["StringEquals"][&key] = self.subject.as_str().into();
        (Some(own), without_value(statement, &key, &self.subject))
    }

    /// Whether a statement is about the service account's tokens, or may be.
    fn is_own(&self, statement: &Value) -> bool {
        if statement["Principal"]["Federated"].is_null() {
            return false;
        }
        // Only CloudFormation can say whom it is about.
        if has_functions(statement) || self.is_own_pattern(statement) {
            return true;
        }
        let mut document = serde_json::json!({ "Statement": [statement] });
        if !self.version.is_null() {
            document["Version"] = self.version.clone();
        }
        self.requests.iter().any(|request| {
            let mut trace = evaluate(&document, request).trace.into_iter();
            trace.any(|it| it.outcome != Truth::Fails)
        })
    }

    /// A pattern that was asked for need not match the name of the service account itself.
    fn is_own_pattern(&self, statement: &Value) -> bool {
        let alone = serde_json::json!({ "Version": VERSION, "Statement": [statement] });
        self.is_pattern(statement) && TrustTerms::read(&alone, self.account).is_some()
    }

    fn is_pattern(&self, statement: &Value) -> bool {
        let issuer = self.issuer.as_ref();
        issuer.is_some_and(|issuer| {
            let key = format!("{}:sub", issuer.host_and_path());
            let asks = !statement["Condition"]["StringLike"][&key].is_null();
            asks && is_plain(statement, self.provider, issuer)
        })
    }
}

fn has_functions(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(has_functions),
        Value::Object(members) => function(value).is_some() || members.values().any(has_functions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// `web/other`, with its issuer where that is another's; who is no service account as the policy names him.
fn told(statement: &Value, provider: &str) -> Vec<String> {
    let federated = texts(&statement["Principal"]["Federated"]);
    if federated.is_empty() {
        return principals_of(statement);
    }
    let conditions = statement["Condition"].as_object();
    let keys = conditions.into_iter().flatten();
    let keys = keys.filter_map(|(_, keys)| keys.as_object()).flatten();
    let subjects = keys.filter(|(key, _)| key.to_lowercase().ends_with(":sub"));
    let subjects: Vec<&str> = subjects.flat_map(|(_, values)| texts(values)).collect();
    if subjects.is_empty() {
        return federated.into_iter().map(str::to_owned).collect();
    }
    let other = federated.iter().find(|arn| **arn != provider);
    let of = other.and_then(|arn| arn.split_once("oidc-provider/"));
    let of = of.map_or(String::new(), |(_, issuer)| format!(" of {issuer}"));
    let subjects = subjects.into_iter();
    subjects
        .map(|it| format!("{}{of}", name_in_claim(it)))
        .collect()
}

/// Whether the tokens that a trust policy lets in are those of this one service account, of whatever issuer.
pub fn names_only(trust: &Value, account: &ServiceAccountName) -> bool {
    let tokens = statements(trust).filter(|it| !it["Principal"]["Federated"].is_null());
    let mut named = tokens
        .map(|it| it["Condition"]["StringEquals"].as_object())
        .peekable();
    let subject = account.subject();
    named.peek().is_some()
        && named.all(|keys| {
            let mut keys = keys.into_iter().flatten();
            keys.any(|(key, names)| key.ends_with(":sub") && texts(names) == [&subject])
        })
}

/// The statements that let EKS Pod Identity in.
pub fn of_pod_identity(trust: &Value) -> Vec<&Value> {
    statements(trust)
        .filter(|it| is_of_pod_identity(it))
        .collect()
}

/// Those of them that a role has and its template has not.
pub fn pod_identity_by_hand<'a>(live: &'a Value, template: &Value) -> Vec<&'a Value> {
    let mut found = of_pod_identity(live);
    found.retain(|statement| !statements(template).any(|known| same(known, statement)));
    found
}

/// A trust policy with further statements, where it does not have them yet.
pub fn with<'a>(trust: &Value, further: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut all: Vec<Value> = statements(trust).cloned().collect();
    let known = all.len();
    for statement in further {
        if !all.iter().any(|known| same(known, statement)) {
            all.push(statement.clone());
        }
    }
    let mut trust = trust.clone();
    if all.len() > known {
        trust["Statement"] = all.into();
    }
    trust
}

/// Whom statements let in that are no identity provider's, for people to read: each once.
pub fn principals<'a>(of: impl IntoIterator<Item = &'a Value>) -> String {
    listed(of.into_iter().flat_map(principals_of).collect())
}

fn principals_of(statement: &Value) -> Vec<String> {
    let principal = &statement["Principal"];
    let named = principal.as_object().into_iter().flatten();
    let named = named.flat_map(|(_, names)| texts(names));
    named.chain(principal.as_str()).map(str::to_owned).collect()
}

fn listed(mut all: Vec<String>) -> String {
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}

#[cfg(test)]
mod tests;
