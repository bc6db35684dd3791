//! `migrate to-irsa --from vault --write FILE`: what HashiCorp Vault gives, as a config file for `apply`.
//! Nothing is changed anywhere.

use super::chosen::{ChosenAccounts, access};
use crate::cli::{Screen, ToIrsaArgs};
use crate::error::Error;
use crate::observe::{self, VaultMounts};
use crate::output::VaultRows;
use crate::plan::vault::{VaultChoice, VaultResult, import, is_of_cluster, managed_count};
use crate::policy::Quotas;
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::vault::Vault;

mod file;

use file::{checked, write};

/// Reads Vault and the cluster, writes the file and prints a row for each account. `Unhealthy` where
/// something is not known, or a named account is not in the file.
pub async fn run(args: &ToIrsaArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let path = checked(args)?;
    let moved = &args.moved;
    let chosen = ChosenAccounts::of(&moved.choice)?;
    let context = Context::new(&moved.aws, moved.output.into(), screen, running).await?;
    let vault = Vault::connect(context.intervals, context.aws.deadline).await?;
    if vault.is_unverified {
        context
            .output
            .warn("who answers for Vault is not verified: VAULT_SKIP_VERIFY");
    }
    let (cluster, kubernetes) = access(&context, &moved.choice, &moved.kubernetes).await?;
    let mounts = VaultMounts {
        aws: args.vault.vault_aws_mount.as_deref().unwrap_or("aws"),
        auth: args
            .vault
            .vault_auth_mount
            .as_deref()
            .unwrap_or("kubernetes"),
    };
    let world = observe::vault(&vault, mounts, &kubernetes).await?;
    let doubt = is_of_cluster(&world, &cluster).map_err(Error::Flags)?;
    if let Some(doubt) = doubt {
        context.output.warn(&doubt);
    }
    if let Some(why) = world.workloads.unknown() {
        context
            .output
            .warn(&format!("what workloads need no more is not known: {why}"));
    }
    let mut choice = VaultChoice {
        named: &chosen.names,
        includes: &|name| chosen.includes(name),
        cluster: &cluster,
        quota: usize::MAX,
    };
    let mut found = import(&world, &choice);
    let most = found.accounts.iter().map(managed_count).max().unwrap_or(0);
    // The account's own is asked only where IAM's default would not do.
    choice.quota = Quotas::default().managed_policies;
    if most > choice.quota {
        choice.quota = context.aws.iam.quotas().await?.managed_policies;
        found = import(&world, &choice);
    }
    let import = found;
    write(&context, path, &cluster, &import)?;
    let is_unknown = !import.unknown.is_empty()
        || import
            .rows
            .iter()
            .any(|row| row.result == VaultResult::Unknown);
    let is_left = !chosen.names.is_empty()
        && import
            .rows
            .iter()
            .any(|row| row.result != VaultResult::Written);
    let unknown = import.unknown.iter();
    unknown.for_each(|unknown| context.output.warn(unknown));
    let notes = import.notes.iter();
    notes.for_each(|note| context.output.note(note));
    context.output.print(&VaultRows(import.rows))?;
    if is_unknown || is_left {
        return Ok(Exit::Unhealthy);
    }
    Ok(Exit::Done)
}
