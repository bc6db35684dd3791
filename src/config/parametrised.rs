//! Ready-made policies with parameters, as a file has them: an object in the place of `true`.

use std::rc::Rc;

use super::node::{YamlNode, YamlValue};
use super::{Problem, Problems, inside};
use crate::policy::PolicyDocument;
use crate::template::PARAMETRISED;

/// Those that stand among the ready-made policies at a path, filled.
pub fn filled(
    named: Option<&Rc<YamlNode>>,
    path: &str,
    problems: &mut Problems,
) -> Vec<PolicyDocument> {
    let mut all = Vec::new();
    for policy in PARAMETRISED {
        let Some(node) = named.and_then(|named| named.at(policy.name())) else {
            continue;
        };
        let YamlValue::Map(entries) = &node.value else {
            continue;
        };
        let given = entries.iter().filter_map(|entry| {
            let (name, value) = (entry.name()?, entry.value.text()?);
            Some((name.to_owned(), value.to_owned()))
        });
        match policy.filled(&given.collect()) {
            Ok(document) => all.push(document),
            Err(rule) => {
                let path = inside(path, policy.name());
                problems.push(Problem::new(node.place, &path, rule));
            }
        }
    }
    all
}
