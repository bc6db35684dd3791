//! `migrate to-irsa --from vault --write FILE`: what HashiCorp Vault gives, as a config file for `apply`.
//! Nothing is changed anywhere.

use super::chosen::{ChosenAccounts, access};
use crate::cli::{Screen, ToIrsaArgs};
use crate::error::Error;
use crate::observe::{self, VaultMounts};
use crate::output::VaultRows;
use crate::plan::vault::{
    VaultChoice, VaultImport, VaultResult, import, is_of_cluster, managed_count,
};
use crate::policy::Quotas;
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::vault::Vault;

mod file;

use crate::model::Cluster;
use crate::world::VaultWorld;
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
        let text = "who answers for Vault is not verified: VAULT_SKIP_VERIFY";
        context.output.warn(text);
    }
    let (cluster, kubernetes) = access(&context, &moved.choice, &moved.kubernetes).await?;
    let world = observe::vault(&vault, mounts(args), &kubernetes).await?;
    let doubt = is_of_cluster(&world, &cluster).map_err(Error::Flags)?;
    if let Some(doubt) = doubt {
        context.output.warn(&doubt);
    }
    if let Some(why) = world.workloads.unknown() {
        let text = format!("what workloads need no more is not known: {why}");
        context.output.warn(&text);
    }
    let import = imported(&context, &world, &cluster, &chosen).await?;
    write(&context, path, &cluster, &import)?;
    for unknown in &import.unknown {
        context.output.warn(unknown);
    }
    for note in &import.notes {
        context.output.note(note);
    }
    let exit = exit(&import, &chosen);
    context.output.print(&VaultRows(import.rows))?;
    Ok(exit)
}

fn mounts(args: &ToIrsaArgs) -> VaultMounts<'_> {
    let auth = args.vault.vault_auth_mount.as_deref();
    VaultMounts {
        aws: args.vault.vault_aws_mount.as_deref().unwrap_or("aws"),
        auth: auth.unwrap_or("kubernetes"),
    }
}

/// The account's own quota is asked only where IAM's default would not do.
async fn imported(
    context: &Context,
    world: &VaultWorld,
    cluster: &Cluster,
    chosen: &ChosenAccounts,
) -> Result<VaultImport, Error> {
    let mut choice = VaultChoice {
        named: &chosen.names,
        includes: &|name| chosen.includes(name),
        cluster,
        quota: usize::MAX,
    };
    let found = import(world, &choice);
    let most = found.accounts.iter().map(managed_count).max().unwrap_or(0);
    choice.quota = Quotas::default().managed_policies;
    if most <= choice.quota {
        return Ok(found);
    }
    choice.quota = context.aws.iam.quotas().await?.managed_policies;
    Ok(import(world, &choice))
}

fn exit(import: &VaultImport, chosen: &ChosenAccounts) -> Exit {
    let mut results = import.rows.iter().map(|row| row.result);
    let is_unknown =
        !import.unknown.is_empty() || results.clone().any(|result| result == VaultResult::Unknown);
    let is_left = !chosen.names.is_empty() && results.any(|it| it != VaultResult::Written);
    if is_unknown || is_left {
        Exit::Unhealthy
    } else {
        Exit::Done
    }
}
