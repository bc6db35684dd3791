//! From the flags of `update` to what is to change, and from the flags beside a config file to how
//! its accounts are carried out.

use super::{collected, documents, first, required_name};
use crate::asked::{
    self, Conflicts, Given, IamServiceAccount, Permissions, Rollback, Scope, fields,
};
use crate::cli::{Apply, CreateServiceAccount, EditArgs, Render, UpdateServiceAccount};
use crate::error::Error;
use crate::model::RoleArn;
use crate::template::{Boundary, Managed, RoleEdits};

/// How accounts are carried out, whatever is asked of them.
pub struct How {
    conflicts: Conflicts,
    service_role: Option<RoleArn>,
    rollback: Rollback,
}

impl How {
    pub fn creating(args: &CreateServiceAccount) -> Self {
        Self {
            conflicts: conflicts(args.account.object.override_existing_serviceaccounts),
            service_role: args.stack.cfn_role_arn.clone(),
            rollback: rollback(args.stack.cfn_disable_rollback),
        }
    }

    pub fn rendering(args: &Render) -> Self {
        Self {
            conflicts: conflicts(args.account.object.override_existing_serviceaccounts),
            service_role: None,
            rollback: Rollback::Enabled,
        }
    }

    pub fn updating(args: &UpdateServiceAccount) -> Self {
        Self {
            conflicts: conflicts(args.object.override_existing_serviceaccounts),
            service_role: args.cfn_role_arn.clone(),
            rollback: Rollback::Enabled,
        }
    }

    pub fn applying(args: &Apply) -> Self {
        Self {
            conflicts: conflicts(args.override_existing_serviceaccounts),
            service_role: args.stack.cfn_role_arn.clone(),
            rollback: rollback(args.stack.cfn_disable_rollback),
        }
    }

    fn one(&self, asked: IamServiceAccount) -> IamServiceAccount {
        IamServiceAccount {
            conflicts: self.conflicts,
            service_role: self.service_role.clone(),
            rollback: self.rollback,
            ..asked
        }
    }

    pub fn all(&self, asked: Vec<IamServiceAccount>) -> Vec<IamServiceAccount> {
        asked.into_iter().map(|asked| self.one(asked)).collect()
    }
}

fn conflicts(are_overridden: bool) -> Conflicts {
    if are_overridden {
        Conflicts::Overridden
    } else {
        Conflicts::Refused
    }
}

fn rollback(is_disabled: bool) -> Rollback {
    if is_disabled {
        Rollback::Disabled
    } else {
        Rollback::Enabled
    }
}

/// The changes that `update` is asked for.
pub async fn edited(args: &UpdateServiceAccount) -> Result<IamServiceAccount, Error> {
    let (edits, object) = (&args.edits, &args.object);
    let given = Given {
        bare: true,
        audience: edits.audience.clone().unwrap_or_default(),
        tags: collected(fields::TAGS, &edits.tags)?,
        labels: collected(fields::LABELS, &object.labels)?,
        annotations: collected(fields::ANNOTATIONS, &object.annotations)?,
        token_expiration: object.token_expiration,
        sts_regional_endpoints: object.sts_regional_endpoints,
        scope: if args.role_only {
            Scope::RoleOnly
        } else {
            Scope::Whole
        },
        ..Given::new(required_name(&args.name)?)
    };
    let asked = asked::service_account(given).map_err(first)?;
    let permissions = Permissions::Edited(role_edits(edits).await?);
    Ok(IamServiceAccount {
        permissions,
        ..asked
    })
}

async fn role_edits(asked: &EditArgs) -> Result<RoleEdits, Error> {
    let managed = if asked.attach_policy_arn.is_empty() {
        Managed::Changed {
            added: asked.add_policy_arn.clone(),
            removed: asked.remove_policy_arn.clone(),
        }
    } else {
        Managed::Replaced(asked.attach_policy_arn.clone())
    };
    if let Some(both) = asked
        .add_policy_arn
        .iter()
        .find(|arn| asked.remove_policy_arn.contains(arn))
    {
        return Err(Error::Flags(format!(
            "--add-policy-arn and --remove-policy-arn both name {both}"
        )));
    }
    let well_known = asked.well_known_policy.iter().map(|policy| policy.entry());
    let mut put: Vec<String> = well_known
        .flat_map(|entry| entry.policies.keys().cloned())
        .collect();
    put.extend((1..=asked.policy_document.len()).map(|number| format!("Policy{number}")));
    if let Some(both) = asked
        .remove_inline_policy
        .iter()
        .find(|name| put.contains(name))
    {
        return Err(Error::Flags(format!(
            "--remove-inline-policy {both} contradicts --policy-document or --well-known-policy, which sets it"
        )));
    }
    let boundary = match (&asked.permissions_boundary, asked.no_permissions_boundary) {
        (Some(arn), _) => Boundary::Set(arn.clone()),
        (None, true) => Boundary::Removed,
        (None, false) => Boundary::Kept,
    };
    Ok(RoleEdits {
        managed,
        documents: if asked.policy_document.is_empty() {
            None
        } else {
            Some(documents(&asked.policy_document).await?)
        },
        removed_inline: asked.remove_inline_policy.clone(),
        well_known: asked.well_known_policy.clone(),
        boundary,
        name: asked.role_name.clone(),
        path: asked.role_path.clone(),
        max_session_duration: asked.max_session_duration,
        subject_pattern: asked.subject_pattern.clone(),
        audience: asked.audience.clone(),
    })
}
