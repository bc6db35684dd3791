//! Roles: trust policy, attached and inline policies, boundary, tags.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::Value;

use super::super::aws::{
    Caller, Parameters, Refusal, Xml, now, percent_encoded, timestamp_in_seconds, token_of,
};
use super::super::cloudformation::{Wait, settle};
use super::super::world::{Account, World};
use super::documents::{self, Purpose};
use super::policies::check_arn;
use super::{INLINE_SIZE, POLICIES_PER_ROLE, ROLES, TRUST_SIZE};
use super::{
    add_tags, check_name, check_path, check_tag, checked_tags, exists_already, invalid_input,
};
use super::{limit_exceeded, listed, no_such_entity, page_length};

/// A role of an account.
#[derive(Clone, Debug, Default)]
pub struct Role {
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    pub arn: String,
    /// `AROA…`; a role made anew under an old name has another.
    pub id: String,
    pub trust: Value,
    /// ARNs of managed policies, in the order of their attachment.
    pub attached: Vec<String>,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Value>,
    pub boundary: Option<String>,
    /// Seconds.
    pub max_session_duration: i64,
    /// Including CloudFormation's `aws:cloudformation:*`.
    pub tags: BTreeMap<String, String>,
    pub description: String,
    /// Milliseconds since 1970.
    pub created: i64,
    /// When, and in which region.
    pub last_used: Option<(i64, String)>,
    /// Actions that it called or tried to, each with when, in milliseconds since 1970, and in which region.
    pub uses: BTreeMap<String, (i64, String)>,
    /// Code and message with which the job of its last accessed details fails.
    pub report_failure: Option<(String, String)>,
    pub news: Option<News>,
}

/// What IAM has not told everywhere yet: IAM shows it, and STS judges by what was before.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
#[derive(Clone, Debug)]
pub struct News {
    /// The trust policy of before; `None`: there was no role.
    pub former: Option<Value>,
    pub wait: Wait,
}

impl Role {
    /// The trust policy by which STS judges now.
    pub fn trust_in_force(&self) -> Option<&Value> {
        match &self.news {
            Some(news) if !news.wait.is_over() => news.former.as_ref(),
            _ => Some(&self.trust),
        }
    }

    pub fn new(partition: &str, account: &str, path: &str, name: &str, trust: Value) -> Self {
        let created = now();
        let arn = format!("arn:{partition}:iam::{account}:role{path}{name}");
        Self {
            id: format!(
                "AROA{}",
                token_of(&["role", &arn, &created.to_string()], 17)
            ),
            arn,
            name: name.to_owned(),
            path: path.to_owned(),
            trust,
            max_session_duration: 3600,
            created,
            ..Self::default()
        }
    }

    pub(super) fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or_default()
    }
}

impl Account {
    /// The role of that name, in whatever case.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(&name.to_lowercase())
    }

    /// Adds a role, with its attached and inline policies, by IAM's rules.
    ///
    /// # Errors
    /// IAM's; then nothing was added.
    pub fn create_role(&mut self, role: Role) -> Result<&mut Role, Refusal> {
        self.check_role(&role, None)?;
        let key = role.name.to_lowercase();
        if self.roles.contains_key(&key) {
            return Err(exists_already(format!(
                "Role with name {} already exists.",
                role.name
            )));
        }
        let limit = self.role_limit.unwrap_or(ROLES);
        if self.roles.len() >= limit {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for RolesPerAccount: {limit}"
            )));
        }
        let mut role = role;
        role.created -= self.role_age;
        Ok(self.roles.entry(key).or_insert(role))
    }

    /// Puts a changed role in the place of the old one of its name. Only what changed is checked,
    /// as if each change were a call of its own.
    ///
    /// # Errors
    /// IAM's; then nothing was changed.
    pub fn replace_role(&mut self, role: Role) -> Result<(), Refusal> {
        self.check_role(&role, self.role(&role.name))?;
        self.roles.insert(role.name.to_lowercase(), role);
        Ok(())
    }

    /// Removes a role that has no policies any more.
    ///
    /// # Errors
    /// NoSuchEntity, DeleteConflict.
    pub fn delete_role(&mut self, name: &str) -> Result<(), Refusal> {
        let role = self.role_mut(name)?;
        let conflict = |message: &str| Err(Refusal::new(409, "DeleteConflict", message));
        if !role.attached.is_empty() {
            return conflict("Cannot delete entity, must detach all policies first.");
        }
        if !role.inline.is_empty() {
            return conflict("Cannot delete entity, must delete policies first.");
        }
        self.roles.remove(&name.to_lowercase());
        Ok(())
    }

    /// Attaches a managed policy; one that is attached already is no error.
    ///
    /// # Errors
    /// NoSuchEntity, LimitExceeded, InvalidInput.
    pub fn attach_policy(&mut self, role: &str, arn: &str) -> Result<(), Refusal> {
        let mut changed = self.role_mut(role)?.clone();
        if !changed.attached.iter().any(|attached| attached == arn) {
            changed.attached.push(arn.to_owned());
        }
        self.replace_role(changed)
    }

    /// Puts an inline policy.
    ///
    /// # Errors
    /// NoSuchEntity, LimitExceeded, MalformedPolicyDocument.
    pub fn put_role_policy(
        &mut self,
        role: &str,
        name: &str,
        document: Value,
    ) -> Result<(), Refusal> {
        check_name("policyName", name, 128)?;
        let mut changed = self.role_mut(role)?.clone();
        changed.inline.insert(name.to_owned(), document);
        self.replace_role(changed)
    }

    fn role_mut(&mut self, name: &str) -> Result<&mut Role, Refusal> {
        let missing = || no_such_entity(format!("The role with name {name} cannot be found."));
        self.roles.get_mut(&name.to_lowercase()).ok_or_else(missing)
    }

    fn check_role(&self, role: &Role, old: Option<&Role>) -> Result<(), Refusal> {
        check_name("roleName", &role.name, 64)?;
        check_path(&role.path)?;
        if old.is_none_or(|old| old.trust != role.trust) {
            check_trust(&role.trust, role.partition())?;
        }
        check_description(&role.description)?;
        if !(3600..=43_200).contains(&role.max_session_duration) {
            let rule = "have value between 3600 and 43200";
            return Err(Refusal::constraint(
                "maxSessionDuration",
                &role.max_session_duration.to_string(),
                rule,
            ));
        }
        for (key, value) in role.tags.iter().filter(|(key, _)| !key.starts_with("aws:")) {
            check_tag(key, value)?;
        }
        let known = old.and_then(|old| old.boundary.as_ref());
        if let Some(boundary) = role.boundary.as_ref().filter(|new| known != Some(new)) {
            check_arn(boundary)?;
            if self.policy(role.partition(), boundary).is_none() {
                let message = format!("Scope ARN: {boundary} does not exist or is not attachable.");
                return Err(no_such_entity(message));
            }
        }
        self.check_policies(role, old)
    }

    fn check_policies(&self, role: &Role, old: Option<&Role>) -> Result<(), Refusal> {
        let known = old.map_or(&[][..], |old| &old.attached);
        let new = role.attached.iter().filter(|arn| !known.contains(arn));
        for arn in new {
            check_arn(arn)?;
            if self.policy(role.partition(), arn).is_none() {
                return Err(no_such_entity(format!(
                    "Policy {arn} does not exist or is not attachable."
                )));
            }
        }
        if role.attached.len() > POLICIES_PER_ROLE.max(known.len()) {
            let message = format!("Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}");
            return Err(limit_exceeded(message));
        }
        for (name, document) in &role.inline {
            check_name("policyName", name, 128)?;
            documents::check(document, Purpose::Permissions(role.partition()))?;
        }
        if role.inline.values().map(documents::size).sum::<usize>() > INLINE_SIZE {
            let message = format!(
                "Maximum policy size of {INLINE_SIZE} bytes exceeded for role {}",
                role.name
            );
            return Err(limit_exceeded(message));
        }
        Ok(())
    }
}

impl World {
    /// The role of a service account (`NAMESPACE/NAME`) of the first account, by the stack that
    /// has it in its tags: to attach policies by hand, to put inline ones, to edit the trust.
    ///
    /// # Panics
    /// When there is no such stack or it has no role: a mistake of the test.
    pub fn role_of(&mut self, service_account: &str) -> &mut Role {
        const TAG: &str = "alpha.eksctl.io/iamserviceaccount-name";
        settle(self);
        let id = &self.options.accounts[0];
        let account = self.accounts.get_mut(id).expect("the first account");
        let mut living = account
            .stacks
            .iter()
            .filter(|stack| stack.deleted.is_none());
        let stack = living.find(|stack| {
            stack
                .tags
                .get(TAG)
                .is_some_and(|tag| tag == service_account)
        });
        let mut resources = stack.into_iter().flat_map(|stack| stack.resources.values());
        let role = resources.find(|resource| resource.kind == "AWS::IAM::Role");
        let role = role.and_then(|role| account.roles.get_mut(&role.physical_id.to_lowercase()));
        role.unwrap_or_else(|| panic!("{service_account} has no role"))
    }
}

/// The rows of a list that a role has.
type Listing = fn(&Role) -> Vec<Xml>;

fn check_trust(trust: &Value, partition: &str) -> Result<(), Refusal> {
    documents::check(trust, Purpose::Trust(partition))?;
    if documents::size(trust) > TRUST_SIZE {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}"
        )));
    }
    Ok(())
}

/// At most 1,000 characters of tab, line ends and Latin-1.
fn check_description(text: &str) -> Result<(), Refusal> {
    let latin = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if text.chars().count() > 1000 {
        return Err(Refusal::constraint(
            "description",
            text,
            "have length less than or equal to 1000",
        ));
    }
    if text.chars().all(latin) {
        return Ok(());
    }
    let rule =
        r"satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*";
    Err(Refusal::constraint("description", text, rule))
}

/// The operations on roles; `None` for any other operation.
pub fn answer(
    account: &mut Account,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
    page_size: usize,
) -> Option<Result<Xml, Refusal>> {
    match action {
        "CreateRole" => return Some(create(account, caller, parameters)),
        "ListRoles" => return Some(list(account, parameters, page_size)),
        "GetRole" => {
            let role = named(account, parameters);
            return Some(role.map(|role| Xml::default().element("Role", description(role, true))));
        }
        _ => {}
    }
    let lists: Option<(&str, Listing)> = match action {
        "ListAttachedRolePolicies" => Some(("AttachedPolicies", attached)),
        "ListRolePolicies" => Some(("PolicyNames", |role| {
            role.inline.keys().map(|name| Xml::value(name)).collect()
        })),
        "ListRoleTags" => Some(("Tags", |role| {
            let pair = |(key, value): (&String, &String)| {
                Xml::default().text("Key", key).text("Value", value)
            };
            role.tags.iter().map(pair).collect()
        })),
        _ => None,
    };
    if let Some((name, members)) = lists {
        let role = named(account, parameters).map(|role| members(role));
        return Some(role.and_then(|members| listed(name, members, parameters, page_size)));
    }
    let change: fn(&mut Account, &str, &Parameters) -> Result<Xml, Refusal> = match action {
        "DeleteRole" => |account, name, _| account.delete_role(name).map(|()| Xml::default()),
        "UpdateAssumeRolePolicy" => update_trust,
        "UpdateRole" => update,
        "UpdateRoleDescription" => |account, name, parameters| {
            parameters.required("Description")?;
            update(account, name, parameters)?;
            let role = account.role_mut(name)?;
            Ok(Xml::default().element("Role", description(role, true)))
        },
        "AttachRolePolicy" => |account, name, parameters| {
            let arn = parameters.required("PolicyArn")?;
            account.attach_policy(name, arn).map(|()| Xml::default())
        },
        "DetachRolePolicy" => detach,
        "PutRolePolicy" => put_policy,
        "GetRolePolicy" => get_policy,
        "DeleteRolePolicy" => delete_policy,
        "PutRolePermissionsBoundary" => |account, name, parameters| {
            let boundary = parameters.required("PermissionsBoundary")?;
            set_boundary(account, name, Some(boundary))
        },
        "DeleteRolePermissionsBoundary" => |account, name, _| set_boundary(account, name, None),
        "TagRole" => |account, name, parameters| {
            add_tags(&mut account.role_mut(name)?.tags, parameters.tags()).map(|()| Xml::default())
        },
        "UntagRole" => untag,
        _ => return None,
    };
    let name = match parameters.required("RoleName") {
        Ok(name) => name.to_owned(),
        Err(refused) => return Some(Err(refused)),
    };
    let exists =
        check_name("roleName", &name, 64).and_then(|()| account.role_mut(&name).map(|_| ()));
    Some(exists.and_then(|()| change(account, &name, parameters)))
}

fn create(account: &mut Account, caller: &Caller, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("RoleName")?;
    check_name("roleName", name, 64)?;
    let path = parameters.text("Path").unwrap_or("/");
    let trust = parameters.required("AssumeRolePolicyDocument")?;
    let trust = documents::parse(trust, Purpose::Trust(caller.partition))?;
    let mut role = Role::new(caller.partition, &caller.account, path, name, trust);
    role.description = parameters
        .text("Description")
        .unwrap_or_default()
        .to_owned();
    role.max_session_duration = parameters.number("MaxSessionDuration")?.unwrap_or(3600);
    role.boundary = parameters.text("PermissionsBoundary").map(str::to_owned);
    role.tags = checked_tags(parameters.tags())?;
    role.news = Some(News {
        former: None,
        wait: Wait::new(account.propagation, role.created),
    });
    let role = account.create_role(role)?;
    Ok(Xml::default().element("Role", description(role, true)))
}

/// ListRoles shows neither tags nor the boundary. The marker is the name to go on after, so that
/// roles that come and go shift no page.
fn list(account: &Account, parameters: &Parameters, page_size: usize) -> Result<Xml, Refusal> {
    let prefix = parameters.text("PathPrefix").unwrap_or("/");
    let size = page_length(parameters, page_size)?;
    let after = match parameters.text("Marker") {
        None => Bound::Unbounded,
        Some(marker) => match marker.strip_prefix("after-") {
            Some(name) => Bound::Excluded(name.to_owned()),
            None => return Err(Refusal::validation("Invalid Marker.")),
        },
    };
    let roles = account.roles.range((after, Bound::Unbounded));
    let roles = roles.filter(|(_, role)| role.path.starts_with(prefix));
    let mut shown: Vec<(&String, &Role)> = roles.take(size + 1).collect();
    let more = shown.len() > size;
    shown.truncate(size);
    let last = shown.last().filter(|_| more);
    let marker = last.map(|(key, _)| format!("after-{key}"));
    let members = shown.iter().map(|(_, role)| description(role, false));
    Ok(Xml::default()
        .list("Roles", members)
        .text("IsTruncated", if more { "true" } else { "false" })
        .optional("Marker", marker.as_deref()))
}

fn named<'a>(account: &'a mut Account, parameters: &Parameters) -> Result<&'a mut Role, Refusal> {
    let name = parameters.required("RoleName")?;
    check_name("roleName", name, 64)?;
    account.role_mut(name)
}

pub(super) fn description(role: &Role, whole: bool) -> Xml {
    let described = (!role.description.is_empty()).then_some(role.description.as_str());
    let xml = Xml::default()
        .text("Path", &role.path)
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", &role.arn)
        .text("CreateDate", &timestamp_in_seconds(role.created))
        .text(
            "AssumeRolePolicyDocument",
            &percent_encoded(&role.trust.to_string()),
        )
        .optional("Description", described)
        .text("MaxSessionDuration", &role.max_session_duration.to_string());
    if !whole {
        return xml;
    }
    let xml = match &role.boundary {
        Some(arn) => {
            let boundary = Xml::default()
                .text("PermissionsBoundaryType", "Policy")
                .text("PermissionsBoundaryArn", arn);
            xml.element("PermissionsBoundary", boundary)
        }
        None => xml,
    };
    let xml = if role.tags.is_empty() {
        xml
    } else {
        xml.tags(&role.tags)
    };
    let last_used = role.last_used.as_ref().map(|(at, region)| {
        Xml::default()
            .text("LastUsedDate", &timestamp_in_seconds(*at))
            .text("Region", region)
    });
    xml.element("RoleLastUsed", last_used.unwrap_or_default())
}

fn attached(role: &Role) -> Vec<Xml> {
    let pair = |arn: &String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        Xml::default()
            .text("PolicyName", name)
            .text("PolicyArn", arn)
    };
    role.attached.iter().map(pair).collect()
}

fn update_trust(
    account: &mut Account,
    name: &str,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let text = parameters.required("PolicyDocument")?;
    let wait = Wait::new(account.propagation, now());
    let role = account.role_mut(name)?;
    let trust = documents::parse(text, Purpose::Trust(role.partition()))?;
    check_trust(&trust, role.partition())?;
    role.news = Some(News {
        former: Some(std::mem::replace(&mut role.trust, trust)),
        wait,
    });
    Ok(Xml::default())
}

fn update(account: &mut Account, name: &str, parameters: &Parameters) -> Result<Xml, Refusal> {
    let mut role = account.role_mut(name)?.clone();
    if let Some(description) = parameters.text("Description") {
        role.description = description.to_owned();
    }
    if let Some(duration) = parameters.number("MaxSessionDuration")? {
        role.max_session_duration = duration;
    }
    account.replace_role(role).map(|()| Xml::default())
}

fn detach(account: &mut Account, name: &str, parameters: &Parameters) -> Result<Xml, Refusal> {
    let arn = parameters.required("PolicyArn")?;
    check_arn(arn)?;
    let role = account.role_mut(name)?;
    let Some(at) = role.attached.iter().position(|attached| attached == arn) else {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    };
    role.attached.remove(at);
    Ok(Xml::default())
}

fn put_policy(account: &mut Account, name: &str, parameters: &Parameters) -> Result<Xml, Refusal> {
    let policy = parameters.required("PolicyName")?;
    let text = parameters.required("PolicyDocument")?;
    let document = documents::parse(
        text,
        Purpose::Permissions(account.role_mut(name)?.partition()),
    )?;
    account
        .put_role_policy(name, policy, document)
        .map(|()| Xml::default())
}

fn get_policy(account: &mut Account, name: &str, parameters: &Parameters) -> Result<Xml, Refusal> {
    let policy = parameters.required("PolicyName")?;
    let role = account.role_mut(name)?;
    let document = role.inline.get(policy).ok_or_else(|| no_inline(policy))?;
    Ok(Xml::default()
        .text("RoleName", &role.name)
        .text("PolicyName", policy)
        .text("PolicyDocument", &percent_encoded(&document.to_string())))
}

fn delete_policy(
    account: &mut Account,
    name: &str,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let policy = parameters.required("PolicyName")?;
    let removed = account.role_mut(name)?.inline.remove(policy);
    removed
        .map(|_| Xml::default())
        .ok_or_else(|| no_inline(policy))
}

fn no_inline(policy: &str) -> Refusal {
    no_such_entity(format!(
        "The role policy with name {policy} cannot be found."
    ))
}

fn set_boundary(account: &mut Account, name: &str, boundary: Option<&str>) -> Result<Xml, Refusal> {
    let mut role = account.role_mut(name)?.clone();
    role.boundary = boundary.map(str::to_owned);
    account.replace_role(role).map(|()| Xml::default())
}

fn untag(account: &mut Account, name: &str, parameters: &Parameters) -> Result<Xml, Refusal> {
    let keys = parameters.list("TagKeys");
    if keys.is_empty() {
        return Err(invalid_input("TagKeys must not be empty."));
    }
    let role = account.role_mut(name)?;
    role.tags.retain(|key, _| !keys.contains(key));
    Ok(Xml::default())
}
