//! The account of a role, as a file says it.

use super::node::{YamlNode, YamlValue};
use super::values::value;
use super::{Problem, Problems, inside};
use crate::asked::fields;
use crate::model::{RoleAccount, RoleArn};

/// The account of the role, by one of the two ways to it.
pub fn role_account(node: &YamlNode, path: &str, problems: &mut Problems) -> Option<RoleAccount> {
    // What is no object is told as that.
    let found = node.field(fields::ROLE_ACCOUNT);
    let found = found.filter(|it| matches!(it.value, YamlValue::Map(_)))?;
    let profile = node.field(fields::ROLE_PROFILE).and_then(|it| it.text());
    let via: Option<RoleArn> = value(node, path, fields::ROLE_VIA, problems);
    let is_given = |field| node.field(field).is_some_and(|it| !it.is_null());
    let rule = match (profile, via) {
        _ if is_given(fields::ROLE_PROFILE) && is_given(fields::ROLE_VIA) => {
            "`profile` and `via` are two ways to one account: leave one of them out"
        }
        (Some(profile), None) if !profile.trim().is_empty() => {
            return Some(RoleAccount::Profile(profile.to_owned()));
        }
        (None, Some(via)) => return Some(RoleAccount::Via(via)),
        // What is wrong with it is told.
        (None, None) if is_given(fields::ROLE_VIA) => return None,
        _ => "`profile` or `via` must be set: the way to that account",
    };
    let path = inside(path, fields::ROLE_ACCOUNT.name());
    problems.push(Problem::new(found.place, &path, rule));
    None
}
