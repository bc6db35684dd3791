//! The list of `get iamserviceaccount`.

use serde::Serialize;
use serde_json::{Value, json};

use super::cells::{Cell, Lines};
use super::{View, Width, columns, markdown};
use crate::model::Lookup;
use crate::template::{ManagedPolicy, RoleTemplate, WELL_KNOWN};
use crate::world::{ListedAccount, ServiceAccount};

/// The list of `get iamserviceaccount`.
pub struct Accounts(pub Vec<ListedAccount>);

fn listed(account: &ListedAccount) -> Value {
    let Some(stack) = &account.stack else {
        return json!({
            "metadata": { "name": account.name.name, "namespace": account.name.namespace },
            "attachRoleARN": account.role(),
            "status": { "roleARN": account.role() },
        });
    };
    let mut item = json!({
        "metadata": { "name": account.name.name, "namespace": account.name.namespace },
        "wellKnownPolicies": well_known(account.template.as_found()),
        "status": {
            "roleARN": stack.role_arn,
            "stackName": stack.name,
            "stackID": stack.id,
            "stackStatus": stack.status,
            "tags": stack.tags,
            "capabilities": stack.capabilities,
        }
    });
    if let Some(reason) = &stack.reason {
        item["status"]["stackStatusReason"] = reason.as_str().into();
    }
    if matches!(account.template, Lookup::Unknown(_))
        && let Some(item) = item.as_object_mut()
    {
        // What is not known is not told to be false.
        item.remove("wellKnownPolicies");
    }
    if let Lookup::Found(template) = &account.template {
        add_role(&mut item, template);
    }
    item
}

/// eksctl's seven names are always there.
fn well_known(template: Option<&RoleTemplate>) -> serde_json::Map<String, Value> {
    let policies = template.map(RoleTemplate::well_known);
    let all = WELL_KNOWN.iter().enumerate().map(|(index, policy)| {
        let has = policies.as_ref().is_some_and(|all| all.contains(policy));
        (index, policy.name(), has)
    });
    all.filter(|(index, _, has)| *index < 7 || *has)
        .map(|(_, name, has)| (name.to_owned(), has.into()))
        .collect()
}

fn add_role(item: &mut Value, template: &RoleTemplate) {
    item["attachPolicyARNs"] = json!(template.managed);
    item["inlinePolicies"] = json!(template.inline);
    let boundary = template.boundary.as_ref();
    for (field, value) in [
        ("permissionsBoundary", boundary.map(|it| json!(it))),
        ("roleName", template.role_name.as_ref().map(|it| json!(it))),
        ("rolePath", template.path.as_ref().map(|it| json!(it))),
    ] {
        if let Some(value) = value {
            item[field] = value;
        }
    }
}

impl View for Accounts {
    /// eksctl's shape, with fields added.
    fn document(&self) -> impl Serialize {
        self.0.iter().map(listed).collect::<Vec<_>>()
    }

    fn table(&self, width: Width) -> Lines {
        let names = |account: &ListedAccount| {
            vec![
                account.name.namespace.to_string().into(),
                account.name.name.as_str().into(),
                Cell::role(&account.role().unwrap_or_else(none)),
            ]
        };
        match width {
            Width::Normal => columns(&["NAMESPACE", "NAME", "ROLE ARN"], self.0.iter().map(names)),
            Width::Wide => {
                let rows = self.0.iter().map(|account| {
                    let mut row = names(account);
                    let [status, stack] = stack(account);
                    let more = [status, stack, policies(account), service_account(account)];
                    row.extend(more.map(Cell::from));
                    row
                });
                let header = [
                    "NAMESPACE",
                    "NAME",
                    "ROLE ARN",
                    "STATUS",
                    "STACK",
                    "POLICIES",
                    "SERVICE ACCOUNT",
                ];
                columns(&header, rows)
            }
        }
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return "No IAM service accounts found.\n".to_owned();
        }
        let rows = self.0.iter().map(|account| {
            let [status, stack] = stack(account);
            [
                account.name.to_string(),
                account.role().unwrap_or_else(none),
                status,
                stack,
            ]
            .map(|cell| markdown::text(&cell))
            .to_vec()
        });
        let header = ["Service account", "Role", "Status", "Stack"];
        markdown::table(&header, &rows.collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|account| account.name.to_string())
            .collect()
    }
}

fn none() -> String {
    "-".to_owned()
}

/// The status of its stack, and its name.
fn stack(account: &ListedAccount) -> [String; 2] {
    match &account.stack {
        Some(stack) => [stack.status.to_string(), stack.name.to_string()],
        None => [none(), none()],
    }
}

/// Short names of the managed policies, and names of the inline ones.
fn policies(account: &ListedAccount) -> String {
    let template = match &account.template {
        Lookup::Found(template) => template,
        Lookup::Missing => return "-".to_owned(),
        Lookup::Unknown(_) => return "unknown".to_owned(),
    };
    let managed = template.managed.iter().map(|policy| match policy {
        ManagedPolicy::Arn(arn) => arn.name().to_owned(),
        written => written.to_string(),
    });
    let all: Vec<String> = managed.chain(template.inline.keys().cloned()).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(",")
    }
}

/// How the Kubernetes side stands to the role.
fn service_account(account: &ListedAccount) -> String {
    let role = account.role();
    match &account.service_account {
        None | Some(Lookup::Unknown(_)) => "unknown".to_owned(),
        Some(Lookup::Missing) => "missing".to_owned(),
        Some(Lookup::Found(found)) => state(found, role.as_deref()).to_owned(),
    }
}

fn state(found: &ServiceAccount, role: Option<&str>) -> &'static str {
    match found.role() {
        _ if found.held_by.is_some() => "being deleted",
        None => "not annotated",
        Some(annotated) if Some(annotated) == role => "annotated",
        Some(_) => "another role",
    }
}
