//! From the flags of `update` to what is to change, and from the flags beside a config file to how
//! its accounts are carried out.

use super::{associated_name, collected, documents, first, required_name};
use crate::asked::{
    self, Agent, AssociationSpec, Conflicts, Deployment, DeploymentMode, Drift, Given,
    IamServiceAccount, OtherRole, Permissions, Rollback, Scope, ValueChange, fields,
};
use crate::cli::{
    Apply, CreateAssociationArgs, CreateServiceAccount, DeploymentArgs, EditArgs, ReconcileArgs,
    Render, UpdateAssociationArgs, UpdateServiceAccount,
};
use crate::error::Error;
use crate::model::{RoleAccount, RoleArn, Way};
use crate::template::{Boundary, Managed, RoleEdits};

/// How accounts are carried out, whatever is asked of them.
#[derive(Default)]
pub struct SharedTerms {
    other_role: OtherRole,
    agent: Agent,
    conflicts: Conflicts,
    stacks: StackTerms,
    rollback: Rollback,
    /// Where the roles of what names no account live.
    account: Option<RoleAccount>,
}

/// How CloudFormation works, as far as flags say.
#[derive(Default)]
struct StackTerms {
    service_role: Option<RoleArn>,
    mode: Option<DeploymentMode>,
    /// The mode for what is proved in the end, where neither flag nor file says one.
    proven: DeploymentMode,
}

impl StackTerms {
    /// AWS advises against express mode where the resources must be ready when the run ends: a proof says
    /// that they are, which the end of CloudFormation's own wait only makes likely.
    fn of(args: &DeploymentArgs, run: &ReconcileArgs) -> Self {
        Self {
            service_role: args.cfn_role_arn.clone(),
            mode: args.mode.deployment_mode,
            proven: if run.verify {
                DeploymentMode::Express
            } else {
                DeploymentMode::Standard
            },
        }
    }

    fn mode(&self, asked: &IamServiceAccount) -> Option<DeploymentMode> {
        let usual = asked.can_be_proven().then_some(self.proven);
        self.mode.or(asked.deployment_mode).or(usual)
    }
}

impl SharedTerms {
    /// By the flags of `create iamserviceaccount`.
    pub fn creating(args: &CreateServiceAccount) -> Self {
        Self {
            conflicts: conflicts(args.account.object.override_existing_serviceaccounts),
            stacks: StackTerms::of(&args.stack.deployment, &args.run),
            rollback: rollback(args.stack.cfn_disable_rollback),
            account: args.roles.named(),
            ..Self::default()
        }
    }

    /// By those of `render`, which carries out nothing: only what becomes of other values of a
    /// ServiceAccount.
    pub fn rendering(args: &Render) -> Self {
        Self {
            conflicts: conflicts(args.account.object.override_existing_serviceaccounts),
            ..Self::default()
        }
    }

    /// By those of `update iamserviceaccount`; what becomes of a creation that fails is not among them.
    pub fn updating(args: &UpdateServiceAccount) -> Self {
        Self {
            conflicts: conflicts(args.object.override_existing_serviceaccounts),
            stacks: StackTerms::of(&args.deployment, &args.run),
            account: args.roles.named(),
            ..Self::default()
        }
    }

    /// By those of `apply`, for both ways.
    pub fn applying(args: &Apply) -> Self {
        Self {
            conflicts: conflicts(args.override_existing_serviceaccounts),
            stacks: StackTerms::of(&args.stack.deployment, &args.run),
            rollback: rollback(args.stack.cfn_disable_rollback),
            account: args.roles.named(),
            ..Self::default()
        }
    }

    /// By those of `create podidentityassociation`, with what becomes of another role and of a missing
    /// agent.
    pub fn associating(args: &CreateAssociationArgs) -> Self {
        Self {
            other_role: if args.override_existing {
                OtherRole::Replaced
            } else {
                OtherRole::Refused
            },
            agent: if args.install_agent {
                Agent::Installed
            } else {
                Agent::Required
            },
            stacks: StackTerms::of(&args.stack.deployment, &args.run),
            rollback: rollback(args.stack.cfn_disable_rollback),
            ..Self::default()
        }
    }

    /// By those of `update podidentityassociation`, which only say how CloudFormation works.
    pub fn updating_associations(args: &UpdateAssociationArgs) -> Self {
        Self {
            stacks: StackTerms::of(&args.deployment, &args.run),
            ..Self::default()
        }
    }

    fn one(&self, mut asked: IamServiceAccount) -> IamServiceAccount {
        if let Some(association) = &mut asked.association {
            association.other_role = self.other_role;
            association.agent = self.agent;
        }
        IamServiceAccount {
            conflicts: self.conflicts,
            service_role: self.stacks.service_role.clone(),
            deployment_mode: self.stacks.mode(&asked),
            rollback: self.rollback,
            account: match asked.way() {
                Way::Irsa => asked.account.or_else(|| self.account.clone()),
                Way::PodIdentity => None,
            },
            ..asked
        }
    }

    /// The accounts with what the flags say. The mode of a flag comes before a file's, the account of a
    /// role after it.
    pub fn all(&self, asked: Vec<IamServiceAccount>) -> Vec<IamServiceAccount> {
        asked.into_iter().map(|asked| self.one(asked)).collect()
    }
}

/// How CloudFormation deletes a stack: the end of a deletion is nothing that a proof can tell, so that it
/// is the standard mode's unless a flag says otherwise.
pub fn deployment(args: &DeploymentArgs) -> Deployment {
    Deployment {
        service_role: args.cfn_role_arn.clone(),
        mode: args.mode.deployment_mode.unwrap_or_default(),
    }
}

/// `--repair-drift`.
pub fn drift(is_repaired: bool) -> Drift {
    if is_repaired {
        Drift::Repaired
    } else {
        Drift::Told
    }
}

/// `--override-existing-serviceaccounts`.
pub fn conflicts(are_overridden: bool) -> Conflicts {
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
        audience: args.tokens.audience.clone().unwrap_or_default(),
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
    let permissions = Permissions::Edited(RoleEdits {
        subject_pattern: args.tokens.subject_pattern.clone(),
        audience: args.tokens.audience.clone(),
        ..role_edits(edits).await?
    });
    Ok(IamServiceAccount {
        permissions,
        ..asked
    })
}

/// The changes that `update podidentityassociation` is asked for.
pub async fn edited_association(args: &UpdateAssociationArgs) -> Result<IamServiceAccount, Error> {
    let association = &args.association;
    let given = Given {
        bare: true,
        tags: collected(fields::TAGS, &args.edits.tags)?,
        scope: Scope::RoleOnly,
        association: Some(AssociationSpec {
            target_role: ValueChange::change(
                association.target_role_arn.clone(),
                args.no_target_role,
            ),
            disable_session_tags: if args.no_disable_session_tags {
                ValueChange::Set(false)
            } else {
                ValueChange::change(association.disable_session_tags, false)
            },
            policy: ValueChange::change(association.policy.clone(), args.no_policy),
            restrict_trust: args.restrict_trust,
            ..AssociationSpec::default()
        }),
        ..Given::new(associated_name(&args.name)?)
    };
    let asked = asked::service_account(given).map_err(first)?;
    let permissions = match &args.role_arn {
        Some(arn) => Permissions::Existing(arn.clone()),
        None => Permissions::Edited(role_edits(&args.edits).await?),
    };
    Ok(IamServiceAccount {
        permissions,
        ..asked
    })
}

async fn role_edits(asked: &EditArgs) -> Result<RoleEdits, Error> {
    check_contradictions(asked)?;
    let boundary = match (&asked.permissions_boundary, asked.no_permissions_boundary) {
        (Some(arn), _) => Boundary::Set(arn.clone()),
        (None, true) => Boundary::Removed,
        (None, false) => Boundary::Kept,
    };
    Ok(RoleEdits {
        managed: managed(asked),
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
        ..RoleEdits::default()
    })
}

fn managed(asked: &EditArgs) -> Managed {
    if asked.attach_policy_arn.is_empty() {
        Managed::Changed {
            added: asked.add_policy_arn.clone(),
            removed: asked.remove_policy_arn.clone(),
        }
    } else {
        Managed::Replaced(asked.attach_policy_arn.clone())
    }
}

/// Nothing is added and removed at once.
fn check_contradictions(asked: &EditArgs) -> Result<(), Error> {
    let mut added = asked.add_policy_arn.iter();
    if let Some(both) = added.find(|arn| asked.remove_policy_arn.contains(arn)) {
        return Err(Error::Flags(format!(
            "--add-policy-arn and --remove-policy-arn both name {both}"
        )));
    }
    let well_known = asked.well_known_policy.iter().map(|policy| policy.entry());
    let mut put: Vec<String> = well_known
        .flat_map(|entry| entry.policies.keys().cloned())
        .collect();
    put.extend((1..=asked.policy_document.len()).map(|number| format!("Policy{number}")));
    let mut removed = asked.remove_inline_policy.iter();
    if let Some(both) = removed.find(|name| put.contains(name)) {
        return Err(Error::Flags(format!(
            "--remove-inline-policy {both} contradicts --policy-document or --well-known-policy, which sets it"
        )));
    }
    Ok(())
}
