//! What roles of Vault's AWS secrets engine allow, as a service account's role has it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::asked::Permissions;
use crate::model::{Lookup, PolicyArn};
use crate::policy::{PolicyDocument, statements};
use crate::template::RoleSpec;
use crate::world::{EngineRole, VaultWorld};

/// A user of IAM for each lease, with policies of its own.
const USER: &str = "iam_user";
/// A session of a role that is there.
const ASSUMED: &str = "assumed_role";

pub struct Mapped {
    pub found: Permissions,
    /// What is not in it.
    pub notes: Vec<String>,
}

/// Why there is no role that allows the same.
#[derive(Debug, Default)]
pub struct NotMapped {
    pub reasons: Vec<String>,
    /// What could not be read.
    pub unknown: Vec<String>,
}

impl NotMapped {
    fn because(reason: impl Into<String>) -> Self {
        Self {
            reasons: vec![reason.into()],
            unknown: Vec::new(),
        }
    }
}

/// What several roles allow together.
pub fn permissions(world: &VaultWorld, names: &BTreeSet<String>) -> Result<Mapped, NotMapped> {
    let mut roles = Vec::new();
    let mut not = NotMapped::default();
    for name in names {
        match world.engine_roles.get(name) {
            Some(Lookup::Found(role)) => roles.push((name.as_str(), role)),
            Some(Lookup::Unknown(why)) => {
                let told = format!("what {name} allows cannot be told: {why}");
                not.unknown.push(told);
            }
            // It is gone since it was listed.
            Some(Lookup::Missing) | None => {}
        }
    }
    for (name, role) in &roles {
        let kind = role.credential_type.as_str();
        not.reasons
            .extend(no_equal(kind).map(|why| format!("{name} {why}")));
    }
    if !not.reasons.is_empty() || !not.unknown.is_empty() {
        return Err(not);
    }
    match roles.as_slice() {
        [] => Err(NotMapped::default()),
        [(name, role)] if role.credential_type == ASSUMED => assumed(name, role),
        all if all.iter().all(|(_, role)| role.credential_type == USER) => users(all),
        all => {
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            Err(NotMapped::because(format!(
                "it has several of which one assumes a role, and a service account has one role: {}",
                names.join(", ")
            )))
        }
    }
}

/// Why a kind of credentials has no equal.
fn no_equal(kind: &str) -> Option<String> {
    match kind {
        USER | ASSUMED => None,
        "federation_token" | "session_token" => Some(format!(
            "gives a {kind}: it may do no more than Vault's own user, whose policies are not Vault's to tell"
        )),
        other => Some(format!("gives credentials of the kind \"{other}\"")),
    }
}

/// The role itself, where nothing makes its sessions less than that.
fn assumed(name: &str, role: &EngineRole) -> Result<Mapped, NotMapped> {
    let narrows = !role.policy_arns.is_empty()
        || !role.policy_document.is_empty()
        || !role.iam_groups.is_empty();
    if narrows {
        return Err(NotMapped::because(format!(
            "{name} narrows the sessions of its role by policies, and the role itself allows more"
        )));
    }
    if !role.session_tags.is_empty() {
        let keys: Vec<&str> = role.session_tags.keys().map(String::as_str).collect();
        return Err(NotMapped::because(format!(
            "{name} gives its sessions the tags {}, which sessions by IRSA do not have",
            keys.join(", ")
        )));
    }
    let [arn] = role.role_arns.as_slice() else {
        return Err(NotMapped::because(format!(
            "{name} lets its users choose among roles, and a service account has one: {}",
            role.role_arns.join(", ")
        )));
    };
    let found = arn
        .parse()
        .map_err(|rule| NotMapped::because(format!("the role \"{arn}\" of {name}: {rule}")))?;
    let external = (!role.external_id.is_empty())
        .then(|| "its role is assumed without an external ID then".to_owned());
    let trust = format!("{arn} must let it in: its trust policy is not changed by this file");
    Ok(Mapped {
        found: Permissions::Existing(found),
        notes: external.into_iter().chain([trust]).collect(),
    })
}

/// One role with the policies of all.
fn users(roles: &[(&str, &EngineRole)]) -> Result<Mapped, NotMapped> {
    let mut spec = RoleSpec::default();
    let mut not = NotMapped::default();
    let mut notes = Vec::new();
    for (name, role) in roles {
        add_policies(&mut spec, &mut not.reasons, name, role);
        notes.extend(told(name, role));
    }
    match common_boundary(roles) {
        Ok(boundary) => spec.boundary = boundary,
        Err(why) => not.reasons.push(why),
    }
    if spec.managed.is_empty() && spec.inline.is_empty() && not.reasons.is_empty() {
        not.reasons
            .push("all that it may do comes from IAM groups".to_owned());
    }
    if !not.reasons.is_empty() {
        not.reasons.extend(notes);
        return Err(not);
    }
    Ok(Mapped {
        found: Permissions::Role(spec),
        notes,
    })
}

fn add_policies(spec: &mut RoleSpec, reasons: &mut Vec<String>, name: &str, role: &EngineRole) {
    for arn in &role.policy_arns {
        match arn.parse::<PolicyArn>() {
            Ok(arn) if spec.managed.contains(&arn) => {}
            Ok(arn) => spec.managed.push(arn),
            Err(rule) => reasons.push(format!("the policy \"{arn}\" of {name}: {rule}")),
        }
    }
    if role.policy_document.is_empty() {
        return;
    }
    match PolicyDocument::parse(&role.policy_document) {
        Ok(document) if spec.inline.contains(&document) => {}
        Ok(document) if denies_users(document.as_value()) => reasons.push(format!(
            "the policy document of {name} denies by who calls ({}), and a role is another caller",
            OF_CALLERS.join(", ")
        )),
        Ok(document) => spec.inline.push(document),
        Err(rule) => reasons.push(format!("the policy document of {name} {rule}")),
    }
}

/// # Errors
/// Why one role cannot have it.
fn common_boundary(roles: &[(&str, &EngineRole)]) -> Result<Option<PolicyArn>, String> {
    let boundaries = roles.iter().map(|(_, role)| &role.permissions_boundary_arn);
    let boundaries: BTreeSet<&str> = boundaries.map(String::as_str).collect();
    let boundaries: Vec<&str> = boundaries.into_iter().collect();
    match boundaries.as_slice() {
        [""] => Ok(None),
        [one] => match one.parse() {
            Ok(arn) => Ok(Some(arn)),
            Err(rule) => Err(format!("the permissions boundary \"{one}\": {rule}")),
        },
        _ => Err("its roles have different permissions boundaries, and a role has one".to_owned()),
    }
}

/// Keys and variables that are of the caller itself (IAM User Guide, "AWS global condition context keys").
const OF_CALLERS: [&str; 4] = [
    "aws:username",
    "aws:userid",
    "aws:PrincipalType",
    "aws:PrincipalArn",
];

/// Whether something that is denied to a user might not be denied to a role.
fn denies_users(document: &Value) -> bool {
    let mut denials = statements(document).filter(|it| it["Effect"] == "Deny");
    denials.any(|it| is_of_callers(&it.to_string()))
}

/// Whether what is allowed depends on the caller itself.
fn is_of_callers(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut keys = OF_CALLERS.iter();
    keys.any(|key| text.contains(&key.to_ascii_lowercase()))
}

/// What a user has and no role.
fn told(name: &str, role: &EngineRole) -> Vec<String> {
    let groups = (!role.iam_groups.is_empty()).then(|| {
        format!(
            "what the IAM groups of {name} allow is not in it: {}",
            role.iam_groups.join(", ")
        )
    });
    let tags = (!role.iam_tags.is_empty()).then(|| {
        let keys: Vec<&str> = role.iam_tags.keys().map(String::as_str).collect();
        format!(
            "policies may ask for the tags that users of {name} have, and its role has not: {}",
            keys.join(", ")
        )
    });
    let callers = is_of_callers(&role.policy_document).then(|| {
        format!(
            "the policy document of {name} asks who calls, and a role is another caller: look at it"
        )
    });
    groups.into_iter().chain(tags).chain(callers).collect()
}
