//! ServiceAccount manifests, with the labels and annotations that irsactl would apply. Namespaces are
//! not among them: who deletes by the same file would delete all that is in them.

use serde_json::Value;

use super::Unrenderable;
use crate::asked::{IamServiceAccount, Permissions, Scope};
use crate::model::{Cluster, MANAGED_BY, MANAGED_BY_LABEL, Way};
use crate::template;

/// The cluster tells the ARNs of named roles; existing ones need none.
///
/// # Errors
/// The accounts whose role's ARN cannot be known before it is made.
pub fn manifests(
    accounts: &[IamServiceAccount],
    cluster: Option<&Cluster>,
) -> Result<Vec<Value>, Vec<Unrenderable>> {
    let mut manifests = Vec::new();
    let mut problems = Vec::new();
    let whole = accounts
        .iter()
        .filter(|account| account.scope == Scope::Whole);
    for account in whole {
        if account.way() == Way::PodIdentity {
            manifests.push(manifest(account, None));
            continue;
        }
        match role_arn(account, cluster) {
            Some(arn) => manifests.push(manifest(account, Some(&arn))),
            None => problems.push(unknown_role(account)),
        }
    }
    if problems.is_empty() {
        Ok(manifests)
    } else {
        Err(problems)
    }
}

/// The ServiceAccount as irsactl makes it where there is none.
fn manifest(account: &IamServiceAccount, role: Option<&str>) -> Value {
    let mut labels = account.labels.clone();
    labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
    let annotations = match role {
        Some(role) => template::annotated(&account.annotations, role),
        None => account.annotations.clone(),
    };
    template::manifest(&account.name, &labels, &annotations)
}

fn role_arn(account: &IamServiceAccount, cluster: Option<&Cluster>) -> Option<String> {
    match &account.permissions {
        Permissions::Existing(arn) => Some(arn.to_string()),
        Permissions::Role(spec) => spec.arn(cluster?),
        Permissions::Edited(_) => None,
    }
}

fn unknown_role(account: &IamServiceAccount) -> Unrenderable {
    Unrenderable {
        account: account.name.clone(),
        cause: "the ARN of its role is not known before the role is made".to_owned(),
        hint: "name the role (`--role-name NAME`), or put the ARN of the role that was made: `--attach-role-arn ARN`"
            .into(),
    }
}
