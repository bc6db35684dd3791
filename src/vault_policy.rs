//! The ACL policies of HashiCorp Vault, as far as they say who may have which credentials: read as Vault reads
//! them, and decided as it decides (hashicorp/vault 1.21, `vault/policy.go` and `vault/acl.go`).

use std::collections::{BTreeMap, BTreeSet};

mod hcl;

use hcl::{HclValue, ObjectItem};

/// What a policy may have beside a path (`parsePaths`).
const FIELDS: [&str; 11] = [
    "comment",
    "policy",
    "capabilities",
    "allowed_parameters",
    "denied_parameters",
    "required_parameters",
    "min_wrapping_ttl",
    "max_wrapping_ttl",
    "mfa_methods",
    "control_group",
    "subscribe_event_types",
];
const CAPABILITIES: [&str; 9] = [
    "deny",
    "create",
    "read",
    "update",
    "delete",
    "list",
    "sudo",
    "patch",
    "subscribe",
];
/// Of a newer Vault.
const RECOVER: &str = "recover";

/// Where rules hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PathPattern {
    Exact(String),
    /// What begins so.
    Prefix(String),
    /// With `+` for any one segment, and perhaps a `*` at its end.
    Segments(String),
}

impl PathPattern {
    fn of(path: &str) -> Result<Self, String> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.contains("+*") {
            return Err(format!("path \"{path}\" has +*"));
        }
        if path == "+" || path.contains("/+") || path.starts_with("+/") {
            return Ok(Self::Segments(path.to_owned()));
        }
        Ok(match path.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => Self::Exact(path.to_owned()),
        })
    }

    /// What stands before a template, as `{{identity.entity.id}}`: where it holds depends on who asks.
    fn before_template(&self) -> Option<&str> {
        let (Self::Exact(path) | Self::Prefix(path) | Self::Segments(path)) = self;
        path.split_once("{{").map(|(before, _)| before)
    }
}

/// What is given to whoever has a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct AclPermissions {
    capabilities: BTreeSet<String>,
    /// Whether a request must carry something.
    is_demanding: bool,
    /// Whether somebody else must agree each time.
    is_guarded: bool,
}

impl AclPermissions {
    fn denies(&self) -> bool {
        self.capabilities.contains("deny")
    }

    /// Together with another for the same place: a denial outdoes all else.
    fn add(&mut self, other: &Self) {
        if self.denies() {
            return;
        }
        if other.denies() {
            *self = other.clone();
            return;
        }
        self.capabilities.extend(other.capabilities.iter().cloned());
        self.is_demanding |= other.is_demanding;
        self.is_guarded |= other.is_guarded;
    }
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultPolicy {
    rules: Vec<(PathPattern, AclPermissions)>,
}

impl VaultPolicy {
    /// # Errors
    /// What of it is not known: then it says nothing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Vec::new();
        for item in hcl::parse(text)? {
            let (first, labels) = item.keys.split_first().ok_or("no key")?;
            match (first.as_str(), labels, &item.value) {
                ("name", [], _) => {}
                ("path", [path], HclValue::Object(fields)) => rules.push(rule(path, fields)?),
                // As JSON has it.
                ("path", [], HclValue::Object(paths)) => add_all(paths, &mut rules)?,
                ("path", [], HclValue::List(all)) => {
                    for one in all {
                        let HclValue::Object(paths) = one else {
                            return Err("a path that is no object".to_owned());
                        };
                        add_all(paths, &mut rules)?;
                    }
                }
                _ => return Err(format!("the field \"{first}\"")),
            }
        }
        Ok(Self { rules })
    }
}

fn add_all(
    paths: &[ObjectItem],
    rules: &mut Vec<(PathPattern, AclPermissions)>,
) -> Result<(), String> {
    for ObjectItem { keys, value } in paths {
        match (keys.as_slice(), value) {
            ([path], HclValue::Object(fields)) => rules.push(rule(path, fields)?),
            _ => return Err("a path that is no object".to_owned()),
        }
    }
    Ok(())
}

fn rule(path: &str, fields: &[ObjectItem]) -> Result<(PathPattern, AclPermissions), String> {
    let mut grant = AclPermissions::default();
    let mut seen = BTreeSet::new();
    for ObjectItem { keys, value } in fields {
        let name = keys[0].as_str();
        if !FIELDS.contains(&name) || !seen.insert(name) {
            return Err(format!("the field \"{name}\" of path \"{path}\""));
        }
        match (name, value) {
            ("capabilities", HclValue::List(all)) => {
                for one in all {
                    match one {
                        HclValue::Text(it) if is_capability(it) => {
                            grant.capabilities.insert(it.clone())
                        }
                        _ => return Err(format!("a capability of path \"{path}\"")),
                    };
                }
            }
            ("policy", HclValue::Text(word)) => {
                let all = of_old(word).ok_or(format!("the policy of path \"{path}\""))?;
                grant
                    .capabilities
                    .extend(all.iter().map(ToString::to_string));
            }
            ("capabilities" | "policy", _) => {
                return Err(format!("the field \"{name}\" of path \"{path}\""));
            }
            ("required_parameters", it) => grant.is_demanding = *it != HclValue::List(Vec::new()),
            ("mfa_methods" | "control_group", _) => grant.is_guarded = true,
            // Of what a request carries. Credentials are given to one that carries nothing.
            _ => {}
        }
    }
    if grant.denies() {
        grant.capabilities.retain(|it| it == "deny");
    }
    Ok((PathPattern::of(path)?, grant))
}

fn is_capability(text: &str) -> bool {
    CAPABILITIES.contains(&text) || text == RECOVER
}

/// What the words of before stand for.
fn of_old(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "deny" => &["deny"],
        "read" => &["read", "list"],
        "write" => &["create", "read", "update", "delete", "list"],
        "sudo" => &["create", "read", "update", "delete", "list", "sudo"],
        _ => return None,
    })
}

/// What a token with policies may do at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultAccess {
    Given,
    Refused,
    /// Why it cannot be told.
    Open(String),
}

/// What several policies say together.
#[derive(Debug)]
pub struct VaultAcl {
    rules: BTreeMap<PathPattern, AclPermissions>,
}

impl VaultAcl {
    /// A path that several of them have is given what each of them gives, and nothing where one denies
    /// it.
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a VaultPolicy>) -> Self {
        let mut acl = Self {
            rules: BTreeMap::new(),
        };
        for policy in policies {
            for (pattern, grant) in &policy.rules {
                let known = acl.rules.entry(pattern.clone());
                known
                    .and_modify(|it| it.add(grant))
                    .or_insert_with(|| grant.clone());
            }
        }
        acl
    }

    /// Whether credentials are had at a path: by `read`, or by `update`.
    pub fn gives(&self, path: &str) -> VaultAccess {
        let mut before = self.rules.keys().filter_map(PathPattern::before_template);
        let template = before.find(|before| path.starts_with(literal(before)));
        if template.is_some() {
            return VaultAccess::Open("a path of its policies depends on who asks".to_owned());
        }
        let Some(grant) = self.grant(path) else {
            return VaultAccess::Refused;
        };
        let has = |capability: &str| grant.capabilities.contains(capability);
        let is_given = has("update") || has("read");
        if is_given && grant.is_demanding && !has("update") {
            VaultAccess::Open("a request for it must carry parameters".to_owned())
        } else if is_given && grant.is_guarded {
            VaultAccess::Open("somebody else must agree to it each time".to_owned())
        } else if is_given {
            VaultAccess::Given
        } else {
            VaultAccess::Refused
        }
    }

    /// The rule of the pattern that fits best, and no other.
    fn grant(&self, path: &str) -> Option<&AclPermissions> {
        if let Some(grant) = self.rules.get(&PathPattern::Exact(path.to_owned())) {
            return Some(grant);
        }
        let fitting = self
            .rules
            .iter()
            .filter_map(|(pattern, grant)| Some((fit(pattern, path)?, grant)));
        let best = fitting.max_by(|(one, _), (other, _)| one.cmp(other));
        best.map(|(_, grant)| grant)
    }
}

/// What of a pattern is no wildcard.
fn literal(before: &str) -> &str {
    before.split_once('+').map_or(before, |(it, _)| it)
}

/// How well a pattern fits, the best is the greatest: how far it goes without a wildcard, that it has an end,
/// how few segments are open, how long it is, and its text (`CheckAllowedFromNonExactPaths`).
type Fit = (usize, bool, std::cmp::Reverse<usize>, usize, String);

fn fit(pattern: &PathPattern, path: &str) -> Option<Fit> {
    let whole = match pattern {
        PathPattern::Exact(_) => return None,
        PathPattern::Prefix(prefix) => {
            let fit = (
                prefix.len(),
                false,
                std::cmp::Reverse(0),
                prefix.len(),
                prefix.clone(),
            );
            return path.starts_with(prefix.as_str()).then_some(fit);
        }
        PathPattern::Segments(whole) => whole,
    };
    let (wanted, is_prefix) = match whole.strip_suffix('*') {
        Some(wanted) => (wanted, true),
        None => (whole.as_str(), false),
    };
    let segments: Vec<&str> = path.split('/').collect();
    let parts: Vec<&str> = wanted.split('/').collect();
    let has_length = segments.len() == parts.len() || is_prefix && segments.len() > parts.len();
    let last = parts.len() - 1;
    let fits = |(index, (part, segment)): (usize, (&&str, &&str))| {
        *part == "+" || part == segment || is_prefix && index == last && segment.starts_with(part)
    };
    let all_fit = parts.iter().zip(&segments).enumerate().all(fits);
    let open = parts.iter().filter(|part| **part == "+").count();
    let first = whole.find('+').unwrap_or(whole.len());
    let fit = (
        first,
        !is_prefix,
        std::cmp::Reverse(open),
        wanted.len(),
        wanted.to_owned(),
    );
    (has_length && all_fit).then_some(fit)
}

#[cfg(test)]
mod tests;
