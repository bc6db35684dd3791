//! The service accounts of a config file: each one's values, then the rules between its fields, then
//! what may stand once in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde_json::Value as Json;

use super::check::{number, short};
use super::node::{YamlNode, YamlValue};
use super::{Problem, Problems, inside, missing, value};
use crate::asked::fields::{self, Field, Kind};
use crate::asked::{self, Given, IamServiceAccount, Rule, Scope};
use crate::model::{Map, Namespace, ServiceAccountName};
use crate::policy::PolicyDocument;
use crate::template::{WELL_KNOWN, WellKnownPolicy};

/// The path of the accounts.
const LIST: &str = fields::ACCOUNTS.path;

/// The accounts that are good; what is wrong is put into `problems`.
pub fn read(root: &YamlNode, tags: &Map, problems: &mut Problems) -> Vec<IamServiceAccount> {
    let Some(list) = root.at(LIST) else {
        return Vec::new();
    };
    let odd = with_problems(problems);
    let mut accounts = Vec::new();
    for (index, node) in list.items().iter().enumerate() {
        if matches!(node.value, YamlValue::Map(_)) {
            let path = format!("{LIST}[{index}]");
            let account = account(node, &path, tags, odd.contains(&index), problems);
            accounts.extend(account);
        }
    }
    check_provider(root, list, problems);
    check_once(list, problems);
    accounts
}

/// Puts the name of the account behind its index, where it has one: `iam.serviceAccounts[3] (web/api)`.
pub fn name_in(problems: &mut [Problem], root: &YamlNode) {
    let list = root.at(LIST).map_or(&[][..], |list| list.items());
    for Problem { field, .. } in problems {
        let Some(index) = index_in(field) else {
            continue;
        };
        if let Some(node) = list.get(index) {
            let entry = format!("{LIST}[{index}]");
            *field = field.replacen(&entry, &named(index, node), 1);
        }
    }
}

/// An account by its place, and by its name where it has one.
fn named(index: usize, node: &YamlNode) -> String {
    let name = name_of(node).map(|name| format!(" ({name})"));
    format!("{LIST}[{index}]{}", name.unwrap_or_default())
}

/// The index of the account that a path leads into.
fn index_in(path: &str) -> Option<usize> {
    let rest = path.strip_prefix(LIST)?.strip_prefix('[')?;
    rest.split(']').next()?.parse().ok()
}

/// What an account is called, where that keeps the rules for names.
fn name_of(node: &YamlNode) -> Option<ServiceAccountName> {
    let namespace = match node.field(fields::NAMESPACE) {
        Some(namespace) => namespace.text()?.parse().ok()?,
        None => Namespace::default(),
    };
    ServiceAccountName::new(namespace, node.field(fields::NAME)?.text()?).ok()
}

/// The tags that every stack gets.
pub fn common_tags(root: &YamlNode, problems: &mut Problems) -> Map {
    let tags = map(root, fields::COMMON_TAGS);
    for rule in asked::common_tags(&tags) {
        let (place, path) = spot(root, fields::COMMON_TAGS, rule.key());
        problems.push(Problem::new(place, &path, rule.told(Field::name)));
    }
    tags
}

/// eksctl's rule: roles for service accounts need the provider, and the file must say so.
fn check_provider(root: &YamlNode, list: &YamlNode, problems: &mut Problems) {
    let said = root.field(fields::WITH_OIDC);
    let is_on = said.is_some_and(|node| !matches!(node.value, YamlValue::Bool(false)));
    if !is_on && !list.items().is_empty() {
        let place = said.map_or(list.place, |node| node.place);
        let rule = "must be `true`, because iam.serviceAccounts has accounts";
        problems.push(Problem::new(place, fields::WITH_OIDC.name(), rule));
    }
}

/// No account and no name of a role may stand twice.
fn check_once(list: &YamlNode, problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for (index, account) in list.items().iter().enumerate() {
        let text = |field| account.field(field).and_then(|node| node.text());
        let namespace = text(fields::NAMESPACE).unwrap_or("default");
        let name = text(fields::NAME).map(|name| format!("{namespace}/{name}"));
        let role = text(fields::ROLE_NAME).map(str::to_owned);
        for (field, value) in [(fields::NAME, name), (fields::ROLE_NAME, role)] {
            let (Some(value), Some(node)) = (value, account.field(field)) else {
                continue;
            };
            let found = (named(index, account), node.place.line);
            let Some((first, line)) = seen.insert((field.path, value.clone()), found) else {
                continue;
            };
            let path = format!("{LIST}[{index}].{}", field.name());
            let rule = format!(
                "{:?} stands twice; first in {first}, line {line}",
                short(&value)
            );
            problems.push(Problem::new(node.place, &path, rule));
        }
    }
}

fn account(
    node: &YamlNode,
    path: &str,
    tags: &Map,
    is_odd: bool,
    problems: &mut Problems,
) -> Option<IamServiceAccount> {
    let before = problems.count;
    let name = service_account_name(node, path, problems);
    let mut given = given(node, path, name.clone(), problems);
    given.common_tags.clone_from(tags);
    // An empty document asks for a role without policies, as in eksctl.
    let is_empty =
        |node: &YamlNode| matches!(&node.value, YamlValue::Map(fields) if fields.is_empty());
    given.bare = node
        .field(fields::INLINE_POLICY)
        .is_some_and(|node| is_empty(node));
    // What could not be read, or has a wrong name, is not missing.
    let is_known = !is_odd && problems.count == before;
    match asked::service_account(given) {
        Ok(account) => name.map(|_| account),
        Err(broken) => {
            let broken = broken.iter();
            let broken = broken.filter(|rule| is_known || **rule != Rule::NoPermissions);
            broken.for_each(|rule| problems.push(problem(node, path, rule)));
            None
        }
    }
}

/// The accounts, by index, of which names or types are wrong.
fn with_problems(problems: &Problems) -> BTreeSet<usize> {
    let found = problems.found.iter();
    found
        .filter_map(|problem| index_in(&problem.field))
        .collect()
}

fn service_account_name(
    node: &YamlNode,
    path: &str,
    problems: &mut Problems,
) -> Option<ServiceAccountName> {
    let namespace = match node.field(fields::NAMESPACE) {
        Some(_) => value::<Namespace>(node, path, fields::NAMESPACE, problems)?,
        None => Namespace::default(),
    };
    let Some(found) = node.field(fields::NAME) else {
        if node
            .field(fields::OBJECT)
            .is_none_or(|node| matches!(node.value, YamlValue::Map(_)))
        {
            missing(node, path, fields::NAME, problems);
        }
        return None;
    };
    match ServiceAccountName::new(namespace, found.text()?) {
        Ok(name) => Some(name),
        Err(rule) => {
            problems.push(Problem::new(
                found.place,
                &inside(path, fields::NAME.name()),
                rule,
            ));
            None
        }
    }
}

/// What the file says of an account, each field by itself. Without a name it has some name, so that
/// the rest is judged too.
fn given(
    node: &YamlNode,
    path: &str,
    account: Option<ServiceAccountName>,
    problems: &mut Problems,
) -> Given {
    let some_name = || ServiceAccountName {
        namespace: Namespace::default(),
        name: String::new(),
    };
    Given {
        role_arn: value(node, path, fields::ROLE_ARN, problems),
        managed: texts(node, path, fields::MANAGED_POLICIES, problems),
        inline: documents(node, path, problems),
        well_known: well_known(node),
        boundary: value(node, path, fields::BOUNDARY, problems),
        role_name: value(node, path, fields::ROLE_NAME, problems),
        role_path: value(node, path, fields::ROLE_PATH, problems),
        max_session_duration: seconds(node, path, fields::MAX_SESSION_DURATION, problems),
        subject_pattern: value(node, path, fields::SUBJECT_PATTERN, problems),
        audience: value(node, path, fields::AUDIENCE, problems).unwrap_or_default(),
        tags: map(node, fields::TAGS),
        labels: map(node, fields::LABELS),
        annotations: map(node, fields::ANNOTATIONS),
        token_expiration: seconds(node, path, fields::TOKEN_EXPIRATION, problems),
        sts_regional_endpoints: bool(node, fields::STS_REGIONAL_ENDPOINTS),
        scope: if bool(node, fields::ROLE_ONLY) == Some(true) {
            Scope::RoleOnly
        } else {
            Scope::Whole
        },
        ..Given::new(account.unwrap_or_else(some_name))
    }
}

fn bool(node: &YamlNode, field: &Field) -> Option<bool> {
    node.field(field)?.bool()
}

/// Those that are switched on.
fn well_known(node: &YamlNode) -> Vec<WellKnownPolicy> {
    let named = node.field(fields::WELL_KNOWN_POLICIES);
    let is_on = |policy: &&WellKnownPolicy| {
        let switch = named.and_then(|named| named.at(policy.name()));
        switch.and_then(|switch| switch.bool()) == Some(true)
    };
    WELL_KNOWN.iter().filter(is_on).copied().collect()
}

/// A list of texts that keep a rule.
fn texts<T: FromStr<Err = String>>(
    node: &YamlNode,
    path: &str,
    field: &Field,
    problems: &mut Problems,
) -> Vec<T> {
    let items = node.field(field).map_or(&[][..], |node| node.items());
    let mut values = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.text().map(|text| (text, text.parse())) {
            None => {}
            Some((_, Ok(value))) => values.push(value),
            Some((text, Err(rule))) => {
                let path = format!("{path}.{}[{index}]", field.name());
                let rule = format!("{:?}: {rule}", short(text));
                problems.push(Problem::new(item.place, &path, rule));
            }
        }
    }
    values
}

fn seconds(node: &YamlNode, path: &str, field: &Field, problems: &mut Problems) -> Option<u32> {
    let found = node.field(field)?;
    let (YamlValue::Number(text), Kind::Seconds(bounds)) = (&found.value, field.kind) else {
        return None;
    };
    let number = text.parse().ok();
    let number = number.filter(|number| bounds.contain(*number));
    if number.is_none() {
        let rule = format!(
            "`{}`: {} to {} seconds are wanted",
            short(text),
            bounds.least,
            bounds.most
        );
        problems.push(Problem::new(found.place, &inside(path, field.name()), rule));
    }
    number
}

/// The texts of a mapping; null is the empty text, as to eksctl.
fn map(node: &YamlNode, field: &Field) -> Map {
    let entries = node.field(field).map_or(&[][..], |node| node.entries());
    entries
        .iter()
        .filter_map(|entry| match &entry.value.value {
            YamlValue::Text(text) => Some((entry.name()?.to_owned(), text.clone())),
            YamlValue::Null => Some((entry.name()?.to_owned(), String::new())),
            _ => None,
        })
        .collect()
}

/// The policy documents, of `attachPolicy` or of `attachPolicies`.
fn documents(node: &YamlNode, path: &str, problems: &mut Problems) -> Vec<PolicyDocument> {
    let one = node.field(fields::INLINE_POLICY);
    let several = node.field(fields::INLINE_POLICIES);
    if let (Some(one), Some(_)) = (one, several) {
        let rule = "cannot be used with attachPolicies: put all documents there";
        problems.push(Problem::new(
            one.place,
            &inside(path, fields::INLINE_POLICY.name()),
            rule,
        ));
    }
    let one = one
        .filter(|node| !node.entries().is_empty())
        .map(|node| (inside(path, fields::INLINE_POLICY.name()), node));
    let several = several.map_or(&[][..], |node| node.items());
    let several = several.iter().enumerate().map(|(index, node)| {
        (
            format!("{path}.{}[{index}]", fields::INLINE_POLICIES.name()),
            node,
        )
    });
    one.into_iter()
        .chain(several)
        .filter(|(_, node)| matches!(node.value, YamlValue::Map(_)))
        .filter_map(|(path, node)| document(node, &path, problems))
        .collect()
}

fn document(node: &YamlNode, path: &str, problems: &mut Problems) -> Option<PolicyDocument> {
    // What is no JSON has been told already.
    let json = json(node)?;
    match PolicyDocument::parse(&json.to_string()) {
        Ok(document) => Some(document),
        Err(rule) => {
            problems.push(Problem::new(node.place, path, rule));
            None
        }
    }
}

/// A tree as JSON, if it is that.
fn json(node: &YamlNode) -> Option<Json> {
    Some(match &node.value {
        YamlValue::Null => Json::Null,
        YamlValue::Bool(value) => Json::Bool(*value),
        YamlValue::Number(text) => Json::Number(number(text)?),
        YamlValue::Text(text) => Json::String(text.clone()),
        YamlValue::List(items) => {
            let items = items.iter().map(|item| json(item));
            Json::Array(items.collect::<Option<_>>()?)
        }
        YamlValue::Map(entries) => {
            let mut object = serde_json::Map::new();
            for entry in entries {
                object.insert(entry.name()?.to_owned(), json(&entry.value)?);
            }
            Json::Object(object)
        }
        YamlValue::Merge | YamlValue::Tagged(_) => return None,
    })
}

/// A broken rule at the place of its field.
fn problem(node: &YamlNode, path: &str, rule: &Rule) -> Problem {
    let has = |field| node.field(field).is_some();
    let field = match rule {
        // None of them is there.
        Rule::NoPermissions => return Problem::new(node.place, path, rule.told(Field::name)),
        Rule::WithRole(fields::INLINE_POLICY) | Rule::InlineTooLong(_)
            if !has(fields::INLINE_POLICY) =>
        {
            fields::INLINE_POLICIES
        }
        Rule::TooManyManaged(_) if !has(fields::MANAGED_POLICIES) => fields::WELL_KNOWN_POLICIES,
        rule => rule.field(),
    };
    let (place, inner) = spot(node, field, rule.key());
    Problem::new(place, &format!("{path}.{inner}"), rule.told(Field::name))
}

/// The place and path of a field, or of an entry of it.
fn spot(node: &YamlNode, field: &Field, key: Option<&str>) -> (super::Place, String) {
    let found = node.field(field);
    let entries = found.map_or(&[][..], |node| node.entries());
    match entries
        .iter()
        .find(|entry| key.is_some() && entry.name() == key)
    {
        Some(entry) => (
            entry.key.place,
            inside(field.name(), key.unwrap_or_default()),
        ),
        None => (
            found.map_or(node.place, |node| node.place),
            field.name().to_owned(),
        ),
    }
}
