//! What the commands of `migrate` that only look have seen.

use super::chosen::{ChosenAccounts, access};
use crate::cli::{MoveReadArgs, Screen};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::Cluster;
use crate::observe::{MoveDepth, MoveObserver};
use crate::plan::migrate::{NodeRoleRow, node_role_rows};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::world::Moving;

/// What a command that only looks has seen, and where.
pub struct MoveObservation {
    pub context: Context,
    cluster: Cluster,
    kubernetes: Kubernetes,
    chosen: ChosenAccounts,
    pub moving: Moving,
    /// What was named, and of which there is nothing.
    missing: Vec<String>,
}

/// Reads, and tells what could not be read.
pub async fn look(
    args: &MoveReadArgs,
    screen: Screen,
    running: Running,
) -> Result<MoveObservation, Error> {
    let chosen = ChosenAccounts::of(&args.choice)?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let (cluster, kubernetes) = access(&context, &args.choice, &args.kubernetes).await?;
    let mut moving = chosen
        .look(&context, &cluster, &kubernetes, MoveDepth::All, None)
        .await;
    for unknown in &moving.unknown {
        context.output.warn(unknown);
    }
    if let Some(absence) = chosen.absence(&moving) {
        context.output.say(&absence);
    }
    let missing = chosen.missing(&moving);
    moving.accounts.retain(|it| !missing.contains(&it.name));
    let missing = missing.iter().map(ToString::to_string).collect();
    Ok(MoveObservation {
        missing,
        context,
        cluster,
        kubernetes,
        chosen,
        moving,
    })
}

impl MoveObservation {
    /// # Errors
    /// Where something was named that is not there.
    pub fn ended(&self) -> Result<Exit, Error> {
        if self.missing.is_empty() {
            return Ok(Exit::Done);
        }
        let names = self.missing.join(", ");
        Err(Error::NothingOfName(self.cluster.name.clone(), names))
    }

    /// Of the whole cluster, or not at all: the pods of a few service accounts are not all that has them.
    pub async fn node_roles(&self) -> Option<Vec<NodeRoleRow>> {
        if !self.chosen.is_all() {
            return None;
        }
        let observer = MoveObserver {
            aws: &self.context.aws,
            kubernetes: &self.kubernetes,
            cluster: &self.cluster,
        };
        let nodes = self.moving.nodes.as_found().map_or(&[][..], Vec::as_slice);
        let found = observer.roles_of_nodes(nodes).await;
        for unknown in &found.unknown {
            self.context.output.warn(unknown);
        }
        Some(node_role_rows(&self.moving, &found))
    }
}
