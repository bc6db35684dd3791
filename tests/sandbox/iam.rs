//! IAM (Query): OIDC providers, roles, managed policies. The account's state and its rules are
//! methods of `Account` in the files below, so that CloudFormation makes its roles by the same
//! code and tests arrange the world with it; here are the shapes and the list of operations.

mod documents;
pub mod evaluate;
mod last_accessed;
mod policies;
mod profiles;
mod providers;
mod roles;
mod simulate;

pub use evaluate::{Decision, decision};
pub use last_accessed::{Report, SERVICES};
pub use policies::ManagedPolicy;
pub use providers::Provider;
pub use roles::{News, Role};

use std::collections::BTreeMap;

use super::aws::{self, Caller, Parameters, Refusal, Xml};
use super::world::{Account, World};

/// Quotas of an account that GetAccountSummary tells.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const POLICIES_PER_ROLE: usize = 10;
pub const TRUST_SIZE: usize = 2048;
pub const INLINE_SIZE: usize = 10_240;
pub const POLICY_SIZE: usize = 6144;
pub const PROVIDERS: usize = 100;
pub const ROLES: usize = 1000;

pub fn answer(
    world: &mut World,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    if action == "CreateOpenIDConnectProvider" {
        return providers::create(world, caller, parameters);
    }
    let page_size = world.page_size;
    let account = world.accounts.entry(caller.account.clone()).or_default();
    let answer = providers::answer(account, action, parameters)
        .or_else(|| profiles::answer(account, caller, action, parameters, page_size))
        .or_else(|| roles::answer(account, caller, action, parameters, page_size))
        .or_else(|| policies::answer(account, caller, action, parameters, page_size))
        .or_else(|| last_accessed::answer(account, caller, action, parameters, page_size));
    match (answer, action) {
        (Some(answer), _) => answer,
        (None, "GetAccountSummary") => Ok(account_summary(account)),
        (None, "SimulatePrincipalPolicy") => simulate::answer(account, parameters),
        (None, _) => {
            let message = format!("Could not find operation {action} for version 2010-05-08");
            Err(Refusal::new(400, "InvalidAction", message))
        }
    }
}

fn account_summary(account: &Account) -> Xml {
    let numbers = [
        ("AssumeRolePolicySizeQuota", TRUST_SIZE),
        ("AttachedPoliciesPerRoleQuota", POLICIES_PER_ROLE),
        ("Policies", account.policies.len()),
        ("PoliciesQuota", 1500),
        ("PolicySizeQuota", POLICY_SIZE),
        ("PolicyVersionsInUseQuota", 10_000),
        ("Providers", account.providers.len()),
        ("RolePolicySizeQuota", INLINE_SIZE),
        ("Roles", account.roles.len()),
        ("RolesQuota", account.role_limit.unwrap_or(ROLES)),
        ("VersionsPerPolicyQuota", 5),
    ];
    let entry = |all: Xml, (key, value): (&str, usize)| {
        all.element(
            "entry",
            Xml::default()
                .text("key", key)
                .text("value", &value.to_string()),
        )
    };
    let entries = numbers.into_iter().fold(Xml::default(), entry);
    Xml::default().element("SummaryMap", entries)
}

fn no_such_entity(message: impl Into<String>) -> Refusal {
    Refusal::new(404, "NoSuchEntity", message)
}

fn limit_exceeded(message: impl Into<String>) -> Refusal {
    Refusal::new(409, "LimitExceeded", message)
}

fn exists_already(message: impl Into<String>) -> Refusal {
    Refusal::new(409, "EntityAlreadyExists", message)
}

fn invalid_input(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidInput", message)
}

/// A page of a list operation: `MaxItems` (1–1000) and `Marker` in, `IsTruncated` and `Marker` out.
fn listed(
    name: &str,
    members: Vec<Xml>,
    parameters: &Parameters,
    page_size: usize,
) -> Result<Xml, Refusal> {
    let size = page_length(parameters, page_size)?;
    let (members, next) = aws::page(members, size, parameters.text("Marker"))
        .map_err(|_| Refusal::validation("Invalid Marker."))?;
    Ok(Xml::default()
        .list(name, members)
        .text("IsTruncated", if next.is_some() { "true" } else { "false" })
        .optional("Marker", next.as_deref()))
}

/// `MaxItems`, or as long as pages are.
fn page_length(parameters: &Parameters, page_size: usize) -> Result<usize, Refusal> {
    let wanted = parameters.number("MaxItems")?;
    if let Some(wanted) = wanted.filter(|wanted| !(1..=1000).contains(wanted)) {
        let rule = "have value between 1 and 1000";
        return Err(Refusal::constraint("maxItems", &wanted.to_string(), rule));
    }
    let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
    Ok(wanted.unwrap_or(page_size).max(1))
}

/// Letters, digits and `+=,.@_-`, at most `longest`: role and policy names.
fn check_name(member: &str, name: &str, longest: usize) -> Result<(), Refusal> {
    if name.is_empty() || name.chars().count() > longest {
        let (bound, word) = if name.is_empty() {
            (1, "greater")
        } else {
            (longest, "less")
        };
        let rule = format!("have length {word} than or equal to {bound}");
        return Err(Refusal::constraint(member, name, &rule));
    }
    if name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c))
    {
        return Ok(());
    }
    Err(Refusal::validation(format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: \
         +=,.@_-"
    )))
}

/// `/` or `/…/` of printable ASCII, at most 512.
fn check_path(path: &str) -> Result<(), Refusal> {
    let printable = path.chars().all(|c| ('!'..='\u{7f}').contains(&c));
    if path.starts_with('/') && path.ends_with('/') && printable && path.len() <= 512 {
        return Ok(());
    }
    Err(Refusal::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// Tags as IAM takes them: keys unique without regard to case, 50 at most, `aws:` reserved.
fn checked_tags(tags: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Refusal> {
    let mut checked = BTreeMap::new();
    for (key, value) in tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid_input(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
        check_tag(&key, &value)?;
        let key_in_lower_case = key.to_lowercase();
        if checked
            .keys()
            .any(|other: &String| other.to_lowercase() == key_in_lower_case)
        {
            let message =
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(invalid_input(message));
        }
        checked.insert(key, value);
    }
    if checked.len() > 50 {
        return Err(limit_exceeded(
            "The number of tags has reached the maximum limit.",
        ));
    }
    Ok(checked)
}

/// One tag's lengths and characters: letters, separators, digits of any script, `_.:/=+-@`.
fn check_tag(key: &str, value: &str) -> Result<(), Refusal> {
    let allowed = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
    };
    let rule = |text: &str, longest: usize| {
        if text.chars().count() > longest {
            Some(format!("have length less than or equal to {longest}"))
        } else if !allowed(text) {
            Some(r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+".to_owned())
        } else {
            None
        }
    };
    if key.is_empty() {
        let rule = "have length greater than or equal to 1";
        return Err(Refusal::constraint("tags.1.member.key", key, rule));
    }
    if let Some(rule) = rule(key, 128) {
        return Err(Refusal::constraint("tags.1.member.key", key, &rule));
    }
    match rule(value, 256) {
        Some(rule) => Err(Refusal::constraint("tags.1.member.value", value, &rule)),
        None => Ok(()),
    }
}

/// A tag operation adds `new` to `tags`.
fn add_tags(
    tags: &mut BTreeMap<String, String>,
    new: Vec<(String, String)>,
) -> Result<(), Refusal> {
    let new = checked_tags(new)?;
    let total = tags.keys().filter(|key| !new.contains_key(*key)).count() + new.len();
    if total > 50 {
        return Err(limit_exceeded(
            "The number of tags has reached the maximum limit.",
        ));
    }
    tags.extend(new);
    Ok(())
}
