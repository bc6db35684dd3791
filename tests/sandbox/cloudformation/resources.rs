//! The resource handlers: AWS::IAM::Role and AWS::IAM::Policy, made through IAM's own rules, with
//! failures in the words of CloudFormation's events.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::authorization::check_handler;
use super::super::aws::{Refusal, token_of, uuid};
use super::super::iam::{News, Role};
use super::super::trust::one_or_many;
use super::super::world::Account;
use super::deployment::propagation;
use super::template::Declared;
use super::{Resource, Stack, associations, foreign};

const ROLE: [&str; 9] = [
    "AssumeRolePolicyDocument",
    "Description",
    "ManagedPolicyArns",
    "MaxSessionDuration",
    "Path",
    "PermissionsBoundary",
    "Policies",
    "RoleName",
    "Tags",
];

/// Creates a resource; the error is the reason of CREATE_FAILED.
pub fn create(
    declared: &Declared,
    properties: Value,
    stack: &Stack,
    account: &mut Account,
) -> Result<Resource, String> {
    let mut resource = Resource {
        kind: declared.kind.clone(),
        properties,
        order: stack.resources.len(),
        retained: declared.retained,
        ..Resource::default()
    };
    match declared.kind.as_str() {
        "AWS::IAM::Role" => {
            let name = role_name(declared, &resource.properties, stack);
            let role = wanted_role(&name, &declared.name, &resource.properties, stack)?;
            if account.role(&name).is_some() {
                return Err(taken(&name, account));
            }
            let mut actions = vec!["iam:CreateRole", "iam:TagRole", "iam:GetRole"];
            // A boundary is part of CreateRole's own request: no permission but that.
            let used = [
                ("iam:AttachRolePolicy", !role.attached.is_empty()),
                ("iam:PutRolePolicy", !role.inline.is_empty()),
            ];
            actions.extend(used.into_iter().filter(|(_, is)| *is).map(|(used, _)| used));
            check_handler(account, stack, &role.arn, &actions)
                .map_err(|refused| reason(&refused, stack))?;
            let wait = propagation(stack, account);
            let role = account
                .create_role(role)
                .map_err(|refused| reason(&refused, stack))?;
            role.news = Some(News { former: None, wait });
            note_role(&mut resource, role);
        }
        "AWS::IAM::Policy" => {
            put_policy(&resource.properties, &declared.name, stack, account)?;
            resource.physical_id = policy_id(&declared.name, stack);
            resource
                .attributes
                .insert("Id".to_owned(), resource.physical_id.clone());
        }
        kind => {
            let made = foreign::create(declared, &resource.properties, stack, account);
            let made = made.ok_or_else(|| {
                format!("Resource type {kind} is not known to the sandbox's CloudFormation")
            })?;
            (resource.physical_id, resource.attributes) =
                made.map_err(|refused| reason(&refused, stack))?;
        }
    }
    Ok(resource)
}

/// Changes a resource in place; the error is the reason of UPDATE_FAILED. Only what differs between
/// the template's old properties and the new ones is touched: what was changed by hand elsewhere
/// stays as it is.
pub fn update(
    old: &Resource,
    logical: &str,
    properties: Value,
    stack: &Stack,
    account: &mut Account,
) -> Result<Resource, String> {
    let mut resource = Resource {
        properties,
        ..old.clone()
    };
    if old.kind == "AWS::IAM::Policy" {
        put_policy(&resource.properties, logical, stack, account)?;
        withdraw_policy(&old.properties, &resource.properties, stack, account)?;
        return Ok(resource);
    }
    if old.kind == associations::KIND {
        (resource.physical_id, resource.attributes) =
            associations::update(old, &resource.properties, stack, account)
                .map_err(|refused| reason(&refused, stack))?;
    }
    if old.kind != "AWS::IAM::Role" {
        return Ok(resource);
    }
    let name = &old.physical_id;
    let Some(existing) = account.role(name).cloned() else {
        let message = format!("The role with name {name} cannot be found.");
        return Err(reason(&Refusal::new(404, "NoSuchEntity", message), stack));
    };
    let wanted = wanted_role(name, logical, &resource.properties, stack)?;
    let mut role = changed_role(existing.clone(), &wanted, old, &resource.properties);
    role.news = Some(News {
        former: Some(existing.trust.clone()),
        wait: propagation(stack, account),
    });
    check_handler(account, stack, &role.arn, &changes(&existing, &role))
        .map_err(|refused| reason(&refused, stack))?;
    note_role(&mut resource, &role);
    resource.tags = wanted.tags;
    account
        .replace_role(role)
        .map_err(|refused| reason(&refused, stack))?;
    Ok(resource)
}

/// What IAM is asked for to make the one role of the other.
fn changes(old: &Role, new: &Role) -> Vec<&'static str> {
    let gone = |one: &Role, other: &Role| {
        let managed = one.attached.iter().any(|arn| !other.attached.contains(arn));
        let tags = one.tags.keys().any(|key| !other.tags.contains_key(key));
        let mut inline = one.inline.keys();
        (
            managed,
            inline.any(|name| !other.inline.contains_key(name)),
            tags,
        )
    };
    let (detached, deleted, untagged) = gone(old, new);
    let (attached, ..) = gone(new, old);
    let put = new.inline.iter();
    let put = put
        .filter(|(name, text)| old.inline.get(*name) != Some(text))
        .count();
    let is_tagged = new.tags.iter().any(|(k, v)| old.tags.get(k) != Some(v));
    let is_other =
        old.description != new.description || old.max_session_duration != new.max_session_duration;
    let bounded = old.boundary != new.boundary;
    [
        ("iam:UpdateAssumeRolePolicy", old.trust != new.trust),
        ("iam:UpdateRole", is_other),
        ("iam:AttachRolePolicy", attached),
        ("iam:DetachRolePolicy", detached),
        ("iam:PutRolePolicy", put > 0),
        ("iam:DeleteRolePolicy", deleted),
        ("iam:TagRole", is_tagged),
        ("iam:UntagRole", untagged),
        (
            "iam:PutRolePermissionsBoundary",
            bounded && new.boundary.is_some(),
        ),
        (
            "iam:DeleteRolePermissionsBoundary",
            bounded && new.boundary.is_none(),
        ),
        ("iam:GetRole", true),
    ]
    .into_iter()
    .filter(|(_, is)| *is)
    .map(|(action, _)| action)
    .collect()
}

fn changed_role(mut role: Role, wanted: &Role, old: &Resource, properties: &Value) -> Role {
    let differs = |key: &str| old.properties.get(key) != properties.get(key);
    if differs("AssumeRolePolicyDocument") {
        role.trust.clone_from(&wanted.trust);
    }
    if differs("Description") {
        role.description.clone_from(&wanted.description);
    }
    if differs("MaxSessionDuration") {
        role.max_session_duration = wanted.max_session_duration;
    }
    if differs("PermissionsBoundary") {
        role.boundary.clone_from(&wanted.boundary);
    }
    let (attached, inline) = policies_of(&old.properties);
    role.attached
        .retain(|arn| !attached.contains(arn) || wanted.attached.contains(arn));
    let new = wanted.attached.iter().filter(|arn| !attached.contains(arn));
    for arn in new {
        if !role.attached.contains(arn) {
            role.attached.push(arn.clone());
        }
    }
    role.inline
        .retain(|name, _| !inline.contains_key(name) || wanted.inline.contains_key(name));
    let new = wanted.inline.iter();
    let new = new.filter(|(name, document)| inline.get(*name) != Some(document));
    role.inline
        .extend(new.map(|(name, document)| (name.clone(), document.clone())));
    role.tags
        .retain(|key, _| !old.tags.contains_key(key) || wanted.tags.contains_key(key));
    let new = wanted.tags.iter();
    let new = new.filter(|(key, value)| old.tags.get(*key) != Some(value));
    role.tags
        .extend(new.map(|(key, value)| (key.clone(), value.clone())));
    role
}

/// Whether the change makes a new resource: a role's name and path, and whose an association is, cannot be
/// changed.
pub fn is_replaced(old: &Resource, properties: &Value) -> bool {
    let fixed = ["RoleName", "Path"].iter().chain(&associations::FIXED);
    let mut changed = fixed.filter(|name| old.properties.get(**name) != properties.get(**name));
    changed.any(|name| recreation(&old.kind, name) == "Always")
}

/// RequiresRecreation of a property, as change sets say it.
pub fn recreation(kind: &str, property: &str) -> &'static str {
    match (kind, property) {
        ("AWS::IAM::Role", "RoleName" | "Path") => "Always",
        (associations::KIND, property) if associations::FIXED.contains(&property) => "Always",
        _ => "Never",
    }
}

/// The tags that CloudFormation puts on a role: the template's, the stack's and its own.
pub fn role_tags(logical: &str, properties: &Value, stack: &Stack) -> BTreeMap<String, String> {
    let own = one_or_many(&properties["Tags"]).into_iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = own.map(|tag| (text(&tag["Key"]), text(&tag["Value"])));
    let system = [
        ("aws:cloudformation:stack-name", stack.name.as_str()),
        ("aws:cloudformation:stack-id", stack.id.as_str()),
        ("aws:cloudformation:logical-id", logical),
    ];
    let system = system.map(|(key, value)| (key.to_owned(), value.to_owned()));
    stack
        .tags
        .clone()
        .into_iter()
        .chain(own)
        .chain(system)
        .collect()
}

/// Deletes a resource; what is gone already is fine. The policies of the template go with the
/// role, any others make IAM refuse. The error is the reason of DELETE_FAILED.
pub fn delete(resource: &Resource, stack: &Stack, account: &mut Account) -> Result<(), String> {
    if resource.kind == "AWS::IAM::Policy" {
        return withdraw_policy(&resource.properties, &Value::Null, stack, account);
    }
    if resource.kind != "AWS::IAM::Role" {
        foreign::delete(resource, account);
        return Ok(());
    }
    let Some(role) = account.role(&resource.physical_id) else {
        return Ok(());
    };
    let mut role = role.clone();
    let (attached, inline) = policies_of(&resource.properties);
    // The schema's `handlers` of AWS::IAM::Role name these for every deletion.
    let mut actions = vec![
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:DeleteRole",
    ];
    if role.attached.iter().any(|arn| attached.contains(arn)) {
        actions.push("iam:DetachRolePolicy");
    }
    if role.inline.keys().any(|name| inline.contains_key(name)) {
        actions.push("iam:DeleteRolePolicy");
    }
    check_handler(account, stack, &role.arn, &actions)
        .map_err(|refused| reason(&refused, stack))?;
    role.attached.retain(|arn| !attached.contains(arn));
    role.inline.retain(|name, _| !inline.contains_key(name));
    account.roles.insert(role.name.to_lowercase(), role);
    account
        .delete_role(&resource.physical_id)
        .map_err(|refused| reason(&refused, stack))
}

/// The physical id that a failed resource had got, if any.
pub fn intended_id(declared: &Declared, properties: &Value, stack: &Stack) -> String {
    match declared.kind.as_str() {
        "AWS::IAM::Role" => role_name(declared, properties, stack),
        "AWS::IAM::Policy" => policy_id(&declared.name, stack),
        _ => String::new(),
    }
}

/// RoleName, or one made as CloudFormation does: stack name, logical id and twelve characters,
/// the stack name cut so that all fits into 64.
fn role_name(declared: &Declared, properties: &Value, stack: &Stack) -> String {
    if let Some(name) = properties["RoleName"].as_str() {
        return name.to_owned();
    }
    let turn = stack.events.len().to_string();
    let suffix = token_of(&["role name", &stack.id, &declared.name, &turn], 12);
    let logical: String = declared.name.chars().take(24).collect();
    let room = 64 - logical.len() - suffix.len() - 2;
    let stack_name: String = stack.name.chars().take(room).collect();
    format!("{stack_name}-{logical}-{suffix}")
}

fn policy_id(logical: &str, stack: &Stack) -> String {
    let cut = |text: &str| text.chars().take(5).collect::<String>();
    format!(
        "{}-{}-{}",
        cut(&stack.name),
        cut(logical),
        token_of(&["policy id", &stack.id, logical], 12)
    )
}

fn wanted_role(
    name: &str,
    logical: &str,
    properties: &Value,
    stack: &Stack,
) -> Result<Role, String> {
    let invalid = |what: String| {
        format!("Properties validation failed for resource {logical} with message:\n#: {what}")
    };
    let members = properties
        .as_object()
        .ok_or_else(|| invalid("expected type: JSONObject".to_owned()))?;
    if let Some(unknown) = members.keys().find(|key| !ROLE.contains(&key.as_str())) {
        return Err(invalid(format!(
            "extraneous key [{unknown}] is not permitted"
        )));
    }
    let trust = match members.get("AssumeRolePolicyDocument") {
        None => {
            return Err(invalid(
                "required key [AssumeRolePolicyDocument] not found".to_owned(),
            ));
        }
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(document) => document.clone(),
    };
    let text = |key: &str| members.get(key).and_then(Value::as_str);
    let path = text("Path").unwrap_or("/");
    let mut role = Role::new(stack.partition(), &stack.account, path, name, trust);
    role.id = format!(
        "AROA{}",
        token_of(
            &["role id", &stack.id, name, &stack.events.len().to_string()],
            17
        )
    );
    role.description = text("Description").unwrap_or_default().to_owned();
    role.boundary = text("PermissionsBoundary").map(str::to_owned);
    if let Some(duration) = members.get("MaxSessionDuration") {
        let number = duration
            .as_i64()
            .or_else(|| duration.as_str()?.parse().ok());
        role.max_session_duration = number.unwrap_or_default();
    }
    (role.attached, role.inline) = policies_of(properties);
    role.tags = role_tags(logical, properties, stack);
    Ok(role)
}

fn note_role(resource: &mut Resource, role: &Role) {
    resource.physical_id.clone_from(&role.name);
    resource.tags.clone_from(&role.tags);
    resource.attributes = BTreeMap::from([
        ("Arn".to_owned(), role.arn.clone()),
        ("RoleId".to_owned(), role.id.clone()),
    ]);
}

/// Managed policies and inline policies of a role's properties.
fn policies_of(properties: &Value) -> (Vec<String>, BTreeMap<String, Value>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut attached: Vec<String> = Vec::new();
    for arn in one_or_many(&properties["ManagedPolicyArns"])
        .into_iter()
        .map(text)
    {
        if !attached.contains(&arn) {
            attached.push(arn);
        }
    }
    let inline = one_or_many(&properties["Policies"]).into_iter();
    let inline = inline.map(|policy| (text(&policy["PolicyName"]), document_of(policy)));
    (attached, inline.collect())
}

fn document_of(policy: &Value) -> Value {
    match &policy["PolicyDocument"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        document => document.clone(),
    }
}

fn put_policy(
    properties: &Value,
    logical: &str,
    stack: &Stack,
    account: &mut Account,
) -> Result<(), String> {
    let name = properties["PolicyName"].as_str().unwrap_or_default();
    let roles = one_or_many(&properties["Roles"]);
    if roles.is_empty() {
        return Err(format!(
            "Resource handler returned message: \"At least one of [Groups,Roles,Users] must be non-empty.\" \
             (RequestToken: {}, HandlerErrorCode: InvalidRequest)",
            uuid(&["handler", &stack.id, logical])
        ));
    }
    for role in roles.into_iter().filter_map(Value::as_str) {
        let document = document_of(properties);
        if let Some(known) = account.role(role).map(|role| role.arn.clone()) {
            let actions = ["iam:PutRolePolicy", "iam:GetRolePolicy"];
            check_handler(account, stack, &known, &actions)
                .map_err(|refused| reason(&refused, stack))?;
        }
        account
            .put_role_policy(role, name, document)
            .map_err(|refused| reason(&refused, stack))?;
    }
    Ok(())
}

/// Takes an inline policy from the roles that have it by the old properties alone.
fn withdraw_policy(
    old: &Value,
    new: &Value,
    stack: &Stack,
    account: &mut Account,
) -> Result<(), String> {
    let name = old["PolicyName"].as_str().unwrap_or_default();
    let same_name = old["PolicyName"] == new["PolicyName"];
    let kept = one_or_many(&new["Roles"]);
    for role in one_or_many(&old["Roles"]) {
        let key = role.as_str().unwrap_or_default().to_lowercase();
        if same_name && kept.contains(&role) {
            continue;
        }
        let Some(arn) = account.roles.get(&key).map(|role| role.arn.clone()) else {
            continue;
        };
        check_handler(account, stack, &arn, &["iam:DeleteRolePolicy"])
            .map_err(|refused| reason(&refused, stack))?;
        if let Some(role) = account.roles.get_mut(&key) {
            role.inline.remove(name);
        }
    }
    Ok(())
}

fn taken(name: &str, account: &Account) -> String {
    let owner = account.stacks.iter().find(|stack| {
        stack.deleted.is_none()
            && stack
                .resources
                .values()
                .any(|resource| resource.physical_id.eq_ignore_ascii_case(name))
    });
    match owner {
        Some(owner) => format!("{name} already exists in stack {}", owner.id),
        None => format!("{name} already exists"),
    }
}

/// An error of IAM, or of EKS, whose codes end otherwise, as a resource handler reports it.
fn reason(refused: &Refusal, stack: &Stack) -> String {
    let service = if refused.code.ends_with("Exception") {
        "Eks"
    } else {
        "Iam"
    };
    let handler_code = match refused.code.as_str() {
        "NoSuchEntity" | "ResourceNotFoundException" => "NotFound",
        "EntityAlreadyExists" | "ResourceInUseException" => "AlreadyExists",
        "LimitExceeded" | "ResourceLimitExceededException" => "ServiceLimitExceeded",
        "AccessDenied" => "AccessDenied",
        _ => "InvalidRequest",
    };
    let id = |what: &str| uuid(&[what, &stack.id, &stack.events.len().to_string()]);
    format!(
        "Resource handler returned message: \"{} (Service: {service}, Status Code: {}, Request ID: {})\" \
         (RequestToken: {}, HandlerErrorCode: {handler_code})",
        refused.message,
        refused.status,
        id("request"),
        id("token")
    )
}
