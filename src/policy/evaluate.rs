//! Evaluates a policy document as IAM does, and keeps the trace: which statement, which element,
//! wanted against got. What cannot be known from outside of the call (where it comes from, when) is
//! neither true nor false but unknown.
//! Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements".

use serde_json::{Map, Value};

use super::texts;

mod compare;
mod condition;
mod operator;
mod request;
mod trace;

pub use compare::{glyphs, is_like, text_of};
pub use operator::{Operator, Quantifier};
pub use request::{Principal, Request};
pub use trace::{Decision, Effect, Element, ElementTrace, Evaluation, StatementTrace, Truth};

use compare::is_resource;

/// The action of the call that trades a service account's token for a role's credentials.
pub const WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// What the document says of the request. No document makes it fail: what is malformed is in the trace.
pub fn evaluate(document: &Value, request: &Request) -> Evaluation {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        other => return Evaluation::malformed(no_statements(document, other)),
    };
    // Without a version it is the older one, in which `${…}` is plain text.
    let variables = document.get("Version").and_then(Value::as_str) == Some(super::VERSION);
    let trace: Vec<StatementTrace> = statements
        .iter()
        .enumerate()
        .map(|(index, statement)| trace_of(index, statement, request, variables))
        .collect();
    Evaluation {
        decision: decision(&trace),
        malformed: None,
        trace,
    }
}

fn no_statements(document: &Value, statement: Option<&Value>) -> String {
    match (document, statement) {
        (Value::Object(_), None) => "the document has no Statement",
        (Value::Object(_), Some(Value::Array(_))) => "the document has an empty Statement",
        (Value::Object(_), Some(_)) => "Statement is neither an object nor a list",
        _ => "the document is no JSON object",
    }
    .to_owned()
}

/// An explicit deny outweighs every allow; what is unknown leaves the decision open where it could
/// turn it.
fn decision(trace: &[StatementTrace]) -> Decision {
    let find = |effect: Effect, outcome: Truth| {
        let of = move |statement: &&StatementTrace| {
            statement.effect == Some(effect) && statement.outcome == outcome
        };
        trace.iter().filter(of)
    };
    if let Some(denying) = find(Effect::Deny, Truth::Holds).next() {
        return Decision::ExplicitDeny {
            statement: denying.statement,
        };
    }
    let allowing = find(Effect::Allow, Truth::Holds).next();
    let open: Vec<_> = match allowing {
        Some(_) => find(Effect::Deny, Truth::Unknown).collect(),
        None => find(Effect::Allow, Truth::Unknown).collect(),
    };
    match (allowing, open.is_empty()) {
        (Some(allowing), true) => Decision::Allowed {
            statement: allowing.statement,
        },
        (None, true) => Decision::NotAllowed,
        (_, false) => {
            let keys = open.iter().flat_map(|statement| &statement.checks);
            let mut keys: Vec<String> = keys.flat_map(|check| check.depends.clone()).collect();
            keys.sort();
            keys.dedup();
            Decision::Depends {
                statements: open.iter().map(|statement| statement.statement).collect(),
                keys,
            }
        }
    }
}

fn trace_of(index: usize, statement: &Value, request: &Request, variables: bool) -> StatementTrace {
    let Some(object) = statement.as_object() else {
        return StatementTrace::new(index, None, None, vec![malformed("is no object")]);
    };
    let sid = object.get("Sid").and_then(Value::as_str).map(str::to_owned);
    // Case matters here (IAM User Guide, "Effect").
    let effect = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Some(Effect::Allow),
        Some("Deny") => Some(Effect::Deny),
        _ => None,
    };
    let mut checks = Vec::new();
    if effect.is_none() {
        let got = object.get("Effect").map(text_of).into_iter().collect();
        let wanted = vec!["Allow".to_owned(), "Deny".to_owned()];
        checks.push(ElementTrace::of(Element::Effect, wanted, got, Truth::Fails));
    }
    checks.push(principal(object, request));
    checks.push(action(object, request));
    checks.extend(resource(object, request, variables));
    checks.extend(condition::checks(object, request, variables));
    StatementTrace::new(index, sid, effect, checks)
}

fn malformed(what: &str) -> ElementTrace {
    let check = ElementTrace::of(Element::Statement, Vec::new(), Vec::new(), Truth::Fails);
    check.noted(what)
}

/// One of an element and its `Not…` twin; `Err` says why there is neither one.
fn element<'a>(
    statement: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<(&'a Value, bool)>, String> {
    let negated = format!("Not{name}");
    match (statement.get(name), statement.get(&negated)) {
        (Some(_), Some(_)) => Err(format!("has both {name} and {negated}")),
        (Some(value), None) => Ok(Some((value, false))),
        (None, Some(value)) => Ok(Some((value, true))),
        (None, None) => Ok(None),
    }
}

fn principal(statement: &Map<String, Value>, request: &Request) -> ElementTrace {
    let got = vec![request.principal.to_string()];
    let check =
        |wanted, outcome| ElementTrace::of(Element::Principal, wanted, got.clone(), outcome);
    match element(statement, "Principal") {
        Err(both) => check(Vec::new(), Truth::Fails).noted(&both),
        Ok(Some((value, negated))) => {
            let outcome = Truth::from(request.principal.is_named_by(value) != negated);
            let mut check = check(principals(value), outcome);
            check.negated = negated;
            check
        }
        // A policy of a principal has resources and no principal; one of a resource the reverse.
        Ok(None) if has_resource(statement) => check(Vec::new(), Truth::Holds),
        Ok(None) => check(Vec::new(), Truth::Fails).noted("has no Principal"),
    }
}

/// `Federated arn:…` and so on, one text a principal.
fn principals(value: &Value) -> Vec<String> {
    let Some(kinds) = value.as_object() else {
        return vec![text_of(value)];
    };
    let each = |(kind, names): (&String, &Value)| {
        let names = texts(names).into_iter();
        names
            .map(|name| format!("{kind} {name}"))
            .collect::<Vec<_>>()
    };
    kinds.iter().flat_map(each).collect()
}

/// Neither the service's prefix nor the name are case-sensitive (IAM User Guide, "Action").
fn action(statement: &Map<String, Value>, request: &Request) -> ElementTrace {
    let asked = request.action.to_lowercase();
    let names = |action: &&str| is_like(&glyphs(&action.to_lowercase()), &asked);
    let got = vec![request.action.clone()];
    let check = |wanted, outcome| ElementTrace::of(Element::Action, wanted, got.clone(), outcome);
    match element(statement, "Action") {
        Err(both) => check(Vec::new(), Truth::Fails).noted(&both),
        Ok(None) => check(Vec::new(), Truth::Fails).noted("has no Action"),
        Ok(Some((value, negated))) => {
            let actions = texts(value);
            let outcome = Truth::from(actions.iter().any(names) != negated);
            let mut check = check(actions.into_iter().map(str::to_owned).collect(), outcome);
            check.negated = negated;
            check
        }
    }
}

fn has_resource(statement: &Map<String, Value>) -> bool {
    statement.contains_key("Resource") || statement.contains_key("NotResource")
}

/// Trust policies have no resource: it is the role itself.
fn resource(
    statement: &Map<String, Value>,
    request: &Request,
    variables: bool,
) -> Option<ElementTrace> {
    let got: Vec<String> = request.resource.iter().cloned().collect();
    let check = |wanted, outcome| ElementTrace::of(Element::Resource, wanted, got.clone(), outcome);
    let (value, negated) = match element(statement, "Resource") {
        Err(both) => return Some(check(Vec::new(), Truth::Fails).noted(&both)),
        Ok(found) => found?,
    };
    let wanted = texts(value);
    let mut depends = Vec::new();
    let named = wanted.iter().map(|wanted| {
        let pattern = match request.resolve(wanted, variables) {
            Ok(pattern) => pattern,
            Err(None) => return Truth::Fails,
            Err(Some(key)) => {
                depends.push(key);
                return Truth::Unknown;
            }
        };
        match &request.resource {
            Some(resource) => Truth::from(is_resource(&pattern, resource)),
            None if *wanted == "*" => Truth::Holds,
            None => {
                depends.push("the resource".to_owned());
                Truth::Unknown
            }
        }
    });
    let named = Truth::any(named.collect::<Vec<_>>());
    let outcome = if negated { named.negated() } else { named };
    let mut check = check(wanted.into_iter().map(str::to_owned).collect(), outcome);
    check.negated = negated;
    if outcome == Truth::Unknown {
        check.depends = depends;
    }
    Some(check)
}

#[cfg(test)]
mod tests;
