//! Instance profiles, by which instances have a role: operations, members and errors are those of botocore's
//! `iam` model; the messages are from memory. All are of the path `/`.

use super::super::aws::{Caller, Parameters, Refusal, Xml, timestamp_in_seconds, token_of};
use super::super::world::Account;
use super::roles::description;
use super::{check_name, exists_already, limit_exceeded, listed, no_such_entity};

/// The operations on instance profiles; `None` for any other operation.
pub fn answer(
    account: &mut Account,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
    page_size: usize,
) -> Option<Result<Xml, Refusal>> {
    let answer = match action {
        "ListInstanceProfiles" => {
            let names = account.instance_profiles.keys();
            let all = names.map(|name| profile(account, caller, name)).collect();
            listed("InstanceProfiles", all, parameters, page_size)
        }
        "ListInstanceProfilesForRole" => of_role(account, caller, parameters, page_size),
        "CreateInstanceProfile" => create(account, caller, parameters),
        "GetInstanceProfile" => named(account, parameters)
            .map(|name| Xml::default().element("InstanceProfile", profile(account, caller, &name))),
        "AddRoleToInstanceProfile" => add(account, parameters),
        "RemoveRoleFromInstanceProfile" => remove(account, parameters),
        "DeleteInstanceProfile" => delete(account, parameters),
        _ => return None,
    };
    Some(answer)
}

/// The name of one that is there.
fn named(account: &Account, parameters: &Parameters) -> Result<String, Refusal> {
    let name = parameters.required("InstanceProfileName")?;
    if account.instance_profiles.contains_key(name) {
        return Ok(name.to_owned());
    }
    let message = format!("Instance Profile {name} cannot be found.");
    Err(no_such_entity(message))
}

/// With its role.
fn profile(account: &Account, caller: &Caller, name: &str) -> Xml {
    let role = account.instance_profiles.get(name);
    let role = role.and_then(|role| account.role(role));
    let role = role.map(|role| description(role, false));
    let (partition, id) = (caller.partition, &caller.account);
    let arn = format!("arn:{partition}:iam::{id}:instance-profile/{name}");
    let id = format!("AIPA{}", token_of(&["profile", &arn], 17));
    Xml::default()
        .text("Path", "/")
        .text("InstanceProfileName", name)
        .text("InstanceProfileId", &id)
        .text("Arn", &arn)
        .text("CreateDate", &timestamp_in_seconds(0))
        .list("Roles", role)
}

fn of_role(
    account: &Account,
    caller: &Caller,
    parameters: &Parameters,
    page_size: usize,
) -> Result<Xml, Refusal> {
    let role = role(account, parameters)?;
    let all = account.instance_profiles.iter();
    let its = all.filter(|(_, other)| **other == role);
    let its = its.map(|(name, _)| profile(account, caller, name));
    listed("InstanceProfiles", its.collect(), parameters, page_size)
}

/// The name of a role that is there.
fn role(account: &Account, parameters: &Parameters) -> Result<String, Refusal> {
    let name = parameters.required("RoleName")?;
    match account.role(name) {
        Some(role) => Ok(role.name.clone()),
        None => Err(no_such_entity(format!(
            "The role with name {name} cannot be found."
        ))),
    }
}

fn create(account: &mut Account, caller: &Caller, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("InstanceProfileName")?;
    check_name("instanceProfileName", name, 128)?;
    if account.instance_profiles.contains_key(name) {
        let message = format!("Instance Profile {name} already exists.");
        return Err(exists_already(message));
    }
    let none = String::new();
    account.instance_profiles.insert(name.to_owned(), none);
    Ok(Xml::default().element("InstanceProfile", profile(account, caller, name)))
}

/// It has one at most, and that is a quota which nobody raises.
fn add(account: &mut Account, parameters: &Parameters) -> Result<Xml, Refusal> {
    let (name, role) = (named(account, parameters)?, role(account, parameters)?);
    let has = account.instance_profiles.entry(name).or_default();
    if !has.is_empty() {
        let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
        return Err(limit_exceeded(message));
    }
    *has = role;
    Ok(Xml::default())
}

fn remove(account: &mut Account, parameters: &Parameters) -> Result<Xml, Refusal> {
    let (name, role) = (named(account, parameters)?, role(account, parameters)?);
    let has = account.instance_profiles.entry(name.clone()).or_default();
    if *has != role {
        let message = format!("Instance Profile {name} does not have role {role}.");
        return Err(no_such_entity(message));
    }
    has.clear();
    Ok(Xml::default())
}

fn delete(account: &mut Account, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = named(account, parameters)?;
    if !account.instance_profiles[&name].is_empty() {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(Refusal::new(409, "DeleteConflict", message));
    }
    account.instance_profiles.remove(&name);
    Ok(Xml::default())
}
