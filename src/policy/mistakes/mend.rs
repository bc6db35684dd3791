//! One statement as it should be, and what had to be mended in it.

use serde_json::{Map, Value, json};

use super::conditions::Conditions;
use super::{ExpectedTrust, MistakeKind, Nearest, mistake, principal};
use crate::policy::evaluate::{StatementTrace, evaluate};

pub(super) fn mend(
    index: usize,
    statement: &Value,
    version: &str,
    expected: &ExpectedTrust,
) -> Nearest {
    let trace = trace(statement, version, expected);
    let (mended, mut mistakes) = match (statement.as_object(), &trace) {
        (Some(object), Some(trace)) => {
            let mut object = object.clone();
            let mut mistakes = principal::mend(index, &mut object, &trace.checks, expected);
            mistakes.extend(mend_conditions(index, &mut object, version, expected));
            (Value::Object(object), mistakes)
        }
        _ => (statement.clone(), Vec::new()),
    };
    if mistakes.is_empty() {
        // Nothing that has a name.
        let check = trace.iter().flat_map(|trace| &trace.checks).next();
        let found = check.map_or_else(|| "is no object".to_owned(), ToString::to_string);
        mistakes.push(mistake(MistakeKind::MalformedStatement, index, &found, ""));
    }
    mistakes.sort_by_key(|mistake| mistake.kind);
    Nearest {
        statement: index,
        mended,
        mistakes,
    }
}

fn trace(statement: &Value, version: &str, expected: &ExpectedTrust) -> Option<StatementTrace> {
    let document = json!({ "Version": version, "Statement": [statement] });
    evaluate(&document, &expected.request()).trace.pop()
}

fn mend_conditions(
    index: usize,
    statement: &mut Map<String, Value>,
    version: &str,
    expected: &ExpectedTrust,
) -> Vec<super::Mistake> {
    let Some(mut conditions) = Conditions::read(statement, version, expected) else {
        return Vec::new();
    };
    let mistakes = conditions.mend();
    statement.insert("Condition".to_owned(), conditions.write());
    let each = mistakes.into_iter();
    each.map(|(kind, found, wanted)| mistake(kind, index, &found, &wanted))
        .collect()
}
