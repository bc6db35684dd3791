//! `migrate`: how service accounts move between the ways on which their pods get credentials.

use crate::cli::{self, Migrate, MoveArgs, MoveLook, Screen};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Origin, Way};
use crate::observe::{MoveDepth, MoveSight};
use crate::output::{MoveRows, MoveStates};
use crate::plan::migrate::{MoveBreadth, NodeRoleRow, node_role_rows, rows};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::world::Moving;

mod chosen;
mod flags;
mod task;
mod vault;

use chosen::{ChosenAccounts, access};
use task::MoveTask;

pub async fn run(args: &Migrate, screen: Screen, running: Running) -> Result<Exit, Error> {
    match args {
        Migrate::Scan(args) => {
            let seen = look(args, screen, running).await?;
            let node_roles = seen.node_roles().await;
            seen.context.output.print(&MoveRows {
                rows: rows(&seen.moving),
                node_roles,
                connection: cli::connection(
                    &args.aws,
                    Some(&args.kubernetes),
                    args.choice.issuer_url.as_ref(),
                ),
            })?;
            Ok(Exit::Done)
        }
        Migrate::Status(args) => {
            let Seen {
                context, moving, ..
            } = look(args, screen, running).await?;
            let states = MoveStates::of(&moving);
            for warning in states.warnings() {
                context.output.warn(&warning);
            }
            context.output.print(&states)?;
            Ok(Exit::Done)
        }
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

/// eksctl's command, which knows no names.
pub async fn move_all(args: &MoveArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mut task = MoveTask::of_chosen(args, Way::PodIdentity)?;
    if args.choice.names.is_empty() {
        task.goal.scope = MoveBreadth::All;
    }
    task.run(screen, running).await
}

/// What a command that only looks has seen, and where.
struct Seen {
    context: Context,
    cluster: Cluster,
    kubernetes: Kubernetes,
    chosen: ChosenAccounts,
    moving: Moving,
}

/// Reads, and tells what could not be read.
async fn look(args: &MoveLook, screen: Screen, running: Running) -> Result<Seen, Error> {
    let chosen = ChosenAccounts::of(&args.choice)?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let (cluster, kubernetes) = access(&context, &args.choice, &args.kubernetes).await?;
    let moving = chosen
        .look(&context, &cluster, &kubernetes, MoveDepth::All, None)
        .await;
    for unknown in &moving.unknown {
        context.output.warn(unknown);
    }
    if let Some(absence) = chosen.absence(&moving) {
        context.output.say(&absence);
    }
    Ok(Seen {
        context,
        cluster,
        kubernetes,
        chosen,
        moving,
    })
}

impl Seen {
    /// Of the whole cluster, or not at all: the pods of a few service accounts are not all that has them.
    async fn node_roles(&self) -> Option<Vec<NodeRoleRow>> {
        if !self.chosen.is_all() {
            return None;
        }
        let sight = MoveSight {
            aws: &self.context.aws,
            kubernetes: &self.kubernetes,
            cluster: &self.cluster,
        };
        let nodes = self.moving.nodes.as_found().map_or(&[][..], Vec::as_slice);
        let found = sight.roles_of_nodes(nodes).await;
        for unknown in &found.unknown {
            self.context.output.warn(unknown);
        }
        Some(node_role_rows(&self.moving, &found))
    }
}
