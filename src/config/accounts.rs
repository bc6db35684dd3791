//! The service accounts of a config file: each one's values, then the rules between its fields, then
//! what may stand once in a file.

use std::collections::{BTreeMap, BTreeSet};

use super::check::short;
use super::node::{YamlNode, YamlValue};
use super::parametrised::filled;
use super::role_account::role_account;
use super::values::{bool, document, map, seconds, texts, value};
use super::{Problem, Problems, inside, missing};
use crate::asked::fields::{self, Field};
use crate::asked::{self, AssociationSpec, DeploymentMode, Given, IamServiceAccount, Rule, Scope};
use crate::model::{Map, Namespace, ServiceAccountName, Way};
use crate::policy::PolicyDocument;
use crate::template::{WELL_KNOWN, WellKnownPolicy};

/// The path of the accounts that get their roles on one way.
fn list_of(way: Way) -> &'static str {
    fields::ACCOUNTS.on(way).path
}

/// The accounts of one way that are good; what is wrong is put into `problems`.
pub fn read(
    way: Way,
    root: &YamlNode,
    common: &Common,
    problems: &mut Problems,
) -> Vec<IamServiceAccount> {
    let path = list_of(way);
    let Some(list) = root.at(path) else {
        return Vec::new();
    };
    let odd = with_problems(path, problems);
    let mut accounts = Vec::new();
    for (index, node) in list.items().iter().enumerate() {
        if matches!(node.value, YamlValue::Map(_)) {
            let path = format!("{path}[{index}]");
            let entry = AccountEntry {
                way,
                node,
                path: &path,
            };
            let account = account(entry, common, odd.contains(&index), problems);
            accounts.extend(account);
        }
    }
    if way == Way::Irsa {
        check_provider(root, list, problems);
    }
    check_once(way, list, problems);
    accounts
}

/// Puts the name of the account behind its index, where it has one: `iam.serviceAccounts[3] (web/api)`.
pub fn name_in(problems: &mut [Problem], root: &YamlNode) {
    for way in Way::ALL {
        let path = list_of(way);
        let list = root.at(path).map_or(&[][..], |list| list.items());
        for Problem { field, .. } in &mut *problems {
            let Some(index) = index_in(path, field) else {
                continue;
            };
            if let Some(node) = list.get(index) {
                let entry = format!("{path}[{index}]");
                *field = field.replacen(&entry, &named(way, index, node), 1);
            }
        }
    }
}

/// An account by its place, and by its name where it has one.
fn named(way: Way, index: usize, node: &YamlNode) -> String {
    let name = name_of(way, node).map(|name| format!(" ({name})"));
    format!("{}[{index}]{}", list_of(way), name.unwrap_or_default())
}

/// The index of the account that a path leads into.
fn index_in(list: &str, path: &str) -> Option<usize> {
    let rest = path.strip_prefix(list)?.strip_prefix('[')?;
    rest.split(']').next()?.parse().ok()
}

/// What an account is called, where that keeps the rules for names.
fn name_of(way: Way, node: &YamlNode) -> Option<ServiceAccountName> {
    let namespace = match node.field(fields::NAMESPACE.on(way)) {
        Some(namespace) => namespace.text()?.parse().ok()?,
        None if way == Way::PodIdentity => return None,
        None => Namespace::default(),
    };
    ServiceAccountName::new(namespace, node.field(fields::NAME.on(way))?.text()?).ok()
}

/// What a file says of all its accounts.
#[derive(Debug, Default)]
pub struct Common {
    /// Every stack gets them.
    pub tags: Map,
    deployment_mode: Option<DeploymentMode>,
}

impl Common {
    /// What the file says; what is wrong is put into `problems`.
    pub fn read(root: &YamlNode, problems: &mut Problems) -> Self {
        Self {
            tags: common_tags(root, problems),
            deployment_mode: value(root, "", fields::COMMON_DEPLOYMENT_MODE, problems),
        }
    }
}

fn common_tags(root: &YamlNode, problems: &mut Problems) -> Map {
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
fn check_once(way: Way, list: &YamlNode, problems: &mut Problems) {
    let [namespace_field, name_field, role_field] =
        [fields::NAMESPACE, fields::NAME, fields::ROLE_NAME].map(|field| field.on(way));
    let mut seen = BTreeMap::new();
    for (index, account) in list.items().iter().enumerate() {
        let text = |field| account.field(field).and_then(|node| node.text());
        let namespace = text(namespace_field).unwrap_or("default");
        let name = text(name_field).map(|name| format!("{namespace}/{name}"));
        let role = text(role_field).map(str::to_owned);
        let elsewhere = [fields::ROLE_PROFILE, fields::ROLE_VIA].map(text);
        for (field, value) in [(name_field, name), (role_field, role)] {
            let (Some(value), Some(node)) = (value, account.field(field)) else {
                continue;
            };
            let found = (named(way, index, account), node.place.line);
            // Names of roles are an account's own.
            let within = (field == role_field).then_some(elsewhere);
            let Some((first, line)) = seen.insert((field.path, within, value.clone()), found)
            else {
                continue;
            };
            let path = format!("{}[{index}].{}", list_of(way), field.name());
            let rule = format!(
                "{:?} stands twice; first in {first}, line {line}",
                short(&value)
            );
            problems.push(Problem::new(node.place, &path, rule));
        }
    }
}

/// One account of a list, and its path.
#[derive(Clone, Copy)]
struct AccountEntry<'a> {
    way: Way,
    node: &'a YamlNode,
    path: &'a str,
}

impl<'a> AccountEntry<'a> {
    fn field(self, field: &'static Field) -> Option<&'a YamlNode> {
        self.node.field(field.on(self.way)).map(|node| &**node)
    }
}

fn account(
    entry: AccountEntry<'_>,
    common: &Common,
    is_odd: bool,
    problems: &mut Problems,
) -> Option<IamServiceAccount> {
    let before = problems.count;
    let name = service_account_name(entry, problems);
    let mut given = given(entry, name.clone(), problems);
    given.common_tags.clone_from(&common.tags);
    // An empty document asks for a role without policies, as in eksctl.
    let is_empty =
        |node: &YamlNode| matches!(&node.value, YamlValue::Map(fields) if fields.is_empty());
    given.bare = entry.field(fields::INLINE_POLICY).is_some_and(is_empty);
    // What could not be read, or has a wrong name, is not missing.
    let is_known = !is_odd && problems.count == before;
    match asked::service_account(given) {
        Ok(mut account) => {
            account.deployment_mode = account.deployment_mode.or(common.deployment_mode);
            name.map(|_| account)
        }
        Err(broken) => {
            let broken = broken.iter();
            let broken = broken.filter(|rule| is_known || **rule != Rule::NoPermissions);
            broken.for_each(|rule| problems.push(problem(entry, rule)));
            None
        }
    }
}

/// The accounts, by index, of which names or types are wrong.
fn with_problems(list: &str, problems: &Problems) -> BTreeSet<usize> {
    let found = problems.found.iter();
    found
        .filter_map(|problem| index_in(list, &problem.field))
        .collect()
}

fn service_account_name(
    entry: AccountEntry<'_>,
    problems: &mut Problems,
) -> Option<ServiceAccountName> {
    let AccountEntry { way, node, path } = entry;
    let namespace_field = fields::NAMESPACE.on(way);
    let namespace = match (node.field(namespace_field), way) {
        (Some(_), _) => value::<Namespace>(node, path, namespace_field, problems),
        (None, Way::Irsa) => Some(Namespace::default()),
        (None, Way::PodIdentity) => {
            missing(node, path, namespace_field, problems);
            None
        }
    };
    let Some(found) = entry.field(fields::NAME) else {
        let object = entry.field(fields::OBJECT);
        if object.is_none_or(|node| matches!(node.value, YamlValue::Map(_))) {
            missing(node, path, fields::NAME.on(way), problems);
        }
        return None;
    };
    match ServiceAccountName::new(namespace?, found.text()?) {
        Ok(name) => Some(name),
        Err(rule) => {
            let path = inside(path, fields::NAME.on(way).name());
            problems.push(Problem::new(found.place, &path, rule));
            None
        }
    }
}

/// What the file says of an account, each field by itself. Without a name it has some name, so that
/// the rest is judged too.
fn given(
    entry: AccountEntry<'_>,
    account: Option<ServiceAccountName>,
    problems: &mut Problems,
) -> Given {
    let AccountEntry { way, node, path } = entry;
    let policies = fields::WELL_KNOWN_POLICIES.on(way);
    let some_name = || ServiceAccountName {
        namespace: Namespace::default(),
        name: String::new(),
    };
    let given = Given {
        role_arn: value(node, path, fields::ROLE_ARN.on(way), problems),
        managed: texts(node, path, fields::MANAGED_POLICIES.on(way), problems),
        inline: [
            documents(entry, problems),
            filled(
                node.field(policies),
                &inside(path, policies.name()),
                problems,
            ),
        ]
        .concat(),
        well_known: well_known(entry),
        boundary: value(node, path, fields::BOUNDARY.on(way), problems),
        role_name: value(node, path, fields::ROLE_NAME.on(way), problems),
        role_path: value(node, path, fields::ROLE_PATH.on(way), problems),
        max_session_duration: seconds(node, path, fields::MAX_SESSION_DURATION.on(way), problems),
        deployment_mode: value(node, path, fields::DEPLOYMENT_MODE.on(way), problems),
        tags: map(node, fields::TAGS.on(way)),
        ..Given::new(account.unwrap_or_else(some_name))
    };
    match way {
        Way::Irsa => by_annotation(given, node, path, problems),
        Way::PodIdentity => by_association(given, node, path, problems),
    }
}

fn by_annotation(given: Given, node: &YamlNode, path: &str, problems: &mut Problems) -> Given {
    Given {
        subject_pattern: value(node, path, fields::SUBJECT_PATTERN, problems),
        audience: value(node, path, fields::AUDIENCE, problems).unwrap_or_default(),
        labels: map(node, fields::LABELS),
        annotations: map(node, fields::ANNOTATIONS),
        token_expiration: seconds(node, path, fields::TOKEN_EXPIRATION, problems),
        sts_regional_endpoints: bool(node, fields::STS_REGIONAL_ENDPOINTS),
        account: role_account(node, path, problems),
        trust: bool(node, fields::TRUST).unwrap_or_default().into(),
        scope: if bool(node, fields::ROLE_ONLY) == Some(true) {
            Scope::RoleOnly
        } else {
            Scope::Whole
        },
        ..given
    }
}

fn by_association(given: Given, node: &YamlNode, path: &str, problems: &mut Problems) -> Given {
    let policy = node.field(fields::SESSION_POLICY).and_then(|found| {
        let parsed = PolicyDocument::parse(found.text()?);
        let path = inside(path, fields::SESSION_POLICY.name());
        parsed
            .map_err(|rule| problems.push(Problem::new(found.place, &path, rule)))
            .ok()
    });
    Given {
        document_name: value(node, path, fields::DOCUMENT_NAME, problems),
        trust_any_association: bool(node, fields::TRUST_ANY_ASSOCIATION) == Some(true),
        scope: if bool(node, fields::CREATE_SERVICE_ACCOUNT) == Some(true) {
            Scope::Whole
        } else {
            Scope::RoleOnly
        },
        association: Some(AssociationSpec::declared(
            value(node, path, fields::TARGET_ROLE, problems),
            bool(node, fields::DISABLE_SESSION_TAGS),
            policy,
        )),
        ..given
    }
}

/// Those that are switched on.
fn well_known(entry: AccountEntry<'_>) -> Vec<WellKnownPolicy> {
    let named = entry.field(fields::WELL_KNOWN_POLICIES);
    let is_on = |policy: &&WellKnownPolicy| {
        let switch = named.and_then(|named| named.at(policy.name()));
        switch.and_then(|switch| switch.bool()) == Some(true)
    };
    WELL_KNOWN.iter().filter(is_on).copied().collect()
}

/// The policy documents, of `attachPolicy` or of `attachPolicies`.
fn documents(entry: AccountEntry<'_>, problems: &mut Problems) -> Vec<PolicyDocument> {
    let AccountEntry { way, path, .. } = entry;
    let [one_field, several_field] =
        [fields::INLINE_POLICY, fields::INLINE_POLICIES].map(|field| field.on(way));
    let one = entry.field(one_field);
    let several = entry.field(several_field);
    if let (Some(one), Some(_)) = (one, several) {
        let several = several_field.name();
        let rule = format!("cannot be used with {several}: put all documents there");
        let path = inside(path, one_field.name());
        problems.push(Problem::new(one.place, &path, rule));
    }
    let one = one
        .filter(|node| !node.entries().is_empty())
        .map(|node| (inside(path, one_field.name()), node));
    let several = several.map_or(&[][..], |node| node.items());
    let several = several
        .iter()
        .enumerate()
        .map(|(index, node)| (format!("{path}.{}[{index}]", several_field.name()), &**node));
    one.into_iter()
        .chain(several)
        .filter(|(_, node)| matches!(node.value, YamlValue::Map(_)))
        .filter_map(|(path, node)| document(node, &path, problems))
        .collect()
}

/// A broken rule at the place of its field.
fn problem(entry: AccountEntry<'_>, rule: &Rule) -> Problem {
    let AccountEntry { way, node, path } = entry;
    let has = |field| entry.field(field).is_some();
    let text = rule.told(|field| field.on(way).name());
    let field = match rule {
        // None of them is there.
        Rule::NoPermissions => return Problem::new(node.place, path, text),
        Rule::WithRole(fields::INLINE_POLICY) | Rule::InlineTooLong(_)
            if !has(fields::INLINE_POLICY) =>
        {
            fields::INLINE_POLICIES
        }
        Rule::TooManyManaged(_) if !has(fields::MANAGED_POLICIES) => fields::WELL_KNOWN_POLICIES,
        rule => rule.field(),
    };
    let (place, inner) = spot(node, field.on(way), rule.key());
    Problem::new(place, &format!("{path}.{inner}"), text)
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
