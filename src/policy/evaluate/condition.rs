//! A statement's conditions: all operators and all their keys must hold.

use serde_json::{Map, Value};

use super::compare::{Pattern, glyphs, text_of};
use super::operator::{Operator, Quantifier};
use super::request::{KeyValues, Request};
use super::trace::{Element, ElementTrace, Truth};

pub(super) fn checks(
    statement: &Map<String, Value>,
    request: &Request,
    variables: bool,
) -> Vec<ElementTrace> {
    let condition = match statement.get("Condition") {
        None => return Vec::new(),
        Some(Value::Object(condition)) => condition,
        Some(_) => return vec![malformed("Condition", "is not operator → key → value")],
    };
    let mut checks = Vec::new();
    for (name, keys) in condition {
        match (name.parse::<Operator>(), keys) {
            (Err(why), _) => checks.push(malformed(name, &why)),
            (Ok(operator), Value::Object(keys)) => {
                for (key, wanted) in keys {
                    let entry = KeyCondition {
                        name,
                        operator,
                        key,
                        variables,
                    };
                    checks.push(entry.check(wanted, request));
                }
            }
            (Ok(_), _) => checks.push(malformed(name, "is not key → value")),
        }
    }
    checks
}

fn malformed(operator: &str, why: &str) -> ElementTrace {
    let mut check = ElementTrace::of(Element::Condition, Vec::new(), Vec::new(), Truth::Fails);
    check.operator = Some(operator.to_owned());
    check.noted(why)
}

/// One operator and key.
struct KeyCondition<'a> {
    name: &'a str,
    operator: Operator,
    key: &'a str,
    variables: bool,
}

/// A value of the policy: a pattern, or the key that it cannot be resolved without.
type WantedPattern = Result<Pattern, Option<String>>;

impl KeyCondition<'_> {
    fn check(&self, wanted: &Value, request: &Request) -> ElementTrace {
        let texts: Vec<String> = match wanted {
            Value::Array(values) => values.iter().map(text_of).collect(),
            value => vec![text_of(value)],
        };
        let got = request.value(self.key);
        let mut check = ElementTrace::of(
            Element::Condition,
            texts.clone(),
            match got {
                KeyValues::Values(values) => values.to_vec(),
                KeyValues::Absent | KeyValues::Unknown => Vec::new(),
            },
            Truth::Fails,
        );
        check.operator = Some(self.name.to_owned());
        check.key = Some(self.key.to_owned());
        check.negated = self.operator.negated;
        let patterns: Vec<WantedPattern> = texts
            .iter()
            .map(|text| self.pattern(text, request))
            .collect();
        check.outcome = match got {
            _ if self.operator.is_null() => is_null(&texts, &got),
            KeyValues::Unknown => Truth::Unknown,
            KeyValues::Absent => self.operator.without_value(),
            KeyValues::Values(values) => self.holds(&patterns, values),
        };
        if check.outcome == Truth::Unknown {
            check.depends = match got {
                KeyValues::Unknown => vec![self.key.to_owned()],
                _ => patterns.into_iter().filter_map(unresolved).collect(),
            };
        }
        check
    }

    fn pattern(&self, text: &str, request: &Request) -> WantedPattern {
        let variables = self.variables && self.operator.takes_variables();
        if variables {
            request.resolve(text, true).map_err(|key| {
                // A variable without a value makes the text match nothing. Whether a negated
                // operator then holds is not documented.
                key.or_else(|| self.operator.negated.then(|| text.to_owned()))
            })
        } else {
            Ok(glyphs(text))
        }
    }

    fn holds(&self, wanted: &[WantedPattern], values: &[String]) -> Truth {
        let matches = |value: &String| {
            let each = wanted.iter().map(|wanted| match wanted {
                Ok(pattern) => Truth::from(self.operator.matches(pattern, value)),
                Err(Some(_)) => Truth::Unknown,
                Err(None) => Truth::Fails,
            });
            let any = Truth::any(each);
            if self.operator.negated {
                any.negated()
            } else {
                any
            }
        };
        let each = values.iter().map(matches);
        // IAM asks for a qualifier where a key has several values. Without one, any of them may
        // match, and none of them may where the operator is negated.
        match (self.operator.quantifier, self.operator.negated) {
            (Quantifier::All, _) | (Quantifier::One, true) => Truth::all(each),
            (Quantifier::Any, _) | (Quantifier::One, false) => Truth::any(each),
        }
    }
}

fn unresolved(wanted: WantedPattern) -> Option<String> {
    wanted.err().flatten()
}

/// `true`: the key is not there; `false`: it is.
fn is_null(wanted: &[String], got: &KeyValues<'_>) -> Truth {
    let is = |text: &str| {
        let mut wanted = wanted.iter();
        Truth::from(wanted.any(|wanted| wanted.eq_ignore_ascii_case(text)))
    };
    match got {
        KeyValues::Values(_) => is("false"),
        KeyValues::Absent => is("true"),
        KeyValues::Unknown => match (is("true"), is("false")) {
            (Truth::Holds, Truth::Holds) => Truth::Holds,
            (Truth::Fails, Truth::Fails) => Truth::Fails,
            _ => Truth::Unknown,
        },
    }
}
