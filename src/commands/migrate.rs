//! `migrate`: how service accounts move between the ways on which their pods get credentials.

use crate::cli::{self, Migrate, MoveArgs, MoveReadArgs, Screen};
use crate::error::Error;
use crate::model::{Origin, Way};
use crate::output::{MoveRows, MoveStates};
use crate::plan::Breadth;
use crate::plan::migrate::rows;
use crate::progress::Running;
use crate::run::Exit;

mod chosen;
mod flags;
mod seen;
mod task;
mod vault;

use seen::look;
use task::MoveTask;

/// `scan` and `status` only tell; a move is shown, and carried out with `--approve`. From Vault it writes
/// a file.
pub async fn run(args: &Migrate, screen: Screen, running: Running) -> Result<Exit, Error> {
    match args {
        Migrate::Scan(args) => scan(args, screen, running).await,
        Migrate::Status(args) => status(args, screen, running).await,
        Migrate::ToPodIdentity(args) => {
            MoveTask::of(args, Way::PodIdentity)?
                .run(screen, running)
                .await
        }
        Migrate::ToIrsa(args) if args.moved.from == Some(Origin::Vault) => {
            vault::run(args, screen, running).await
        }
        Migrate::ToIrsa(args) => {
            if let Some(flag) = args.vault.given() {
                return Err(Error::Flags(format!("{flag} goes with `--from vault`")));
            }
            let task = MoveTask::of(&args.moved, Way::Irsa)?;
            task.run(screen, running).await
        }
    }
}

async fn scan(args: &MoveReadArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let seen = look(args, screen, running).await?;
    let node_roles = seen.node_roles().await;
    let issuer = args.choice.issuer_url.as_ref();
    seen.context.output.print(&MoveRows {
        rows: rows(&seen.moving),
        node_roles,
        connection: cli::connection(&args.aws, Some(&args.kubernetes), issuer),
    })?;
    seen.ended()
}

async fn status(args: &MoveReadArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let seen = look(args, screen, running).await?;
    let states = MoveStates::of(&seen.moving);
    for warning in states.warnings() {
        seen.context.output.warn(&warning);
    }
    seen.context.output.print(&states)?;
    seen.ended()
}

/// eksctl's command, which knows no names.
pub async fn move_all(args: &MoveArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mut task = MoveTask::of_chosen(args, Way::PodIdentity)?;
    if args.choice.names.is_empty() {
        task.goal.scope = Breadth::All;
    }
    task.run(screen, running).await
}
