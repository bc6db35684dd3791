//! `verify`: proves that a service account can use its role.

use super::file::ClusterPlace;
use super::flags;
use super::proving::{self, Made, ProofOverride};
use crate::cli::{Screen, Verify};
use crate::error::Error;
use crate::model::RoleArn;
use crate::output::ProofView;
use crate::progress::Running;
use crate::proof::{Permission, SimulatedDecision, Simulation, not_allowed};
use crate::run::{Context, Exit};

/// Proves the role with a real token, and asks IAM's simulator for what `--can` names. What is not
/// proved, or not allowed, is a failure.
pub async fn run(args: &Verify, screen: Screen, running: Running) -> Result<Exit, Error> {
    let account = flags::required_name(&args.name)?;
    let place = ClusterPlace::new(Some(&args.cluster), args.issuer_url.as_ref())?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let context = context
        .with_roles(args.roles.named().as_ref(), &args.aws)
        .await?;
    let cluster = context.cluster(&place).await?;
    let kubernetes = context.kubernetes(&cluster, &args.kubernetes).await?;
    let instead = ProofOverride {
        way: args.way,
        role: args.role_arn.clone(),
        audience: args.audience.clone(),
    };
    let proven = proving::proven(
        &context,
        &kubernetes,
        &cluster,
        &account,
        &instead,
        Made::Before,
    )
    .await?;
    let mut verdicts = Vec::new();
    for asked in &args.can {
        verdicts.push(if proven.role.account() == cluster.account {
            context.aws.iam.simulate(&proven.role, asked).await?
        } else {
            elsewhere(asked, &proven.role)
        });
    }
    context.output.print(&ProofView {
        proven: &proven,
        verdicts: &verdicts,
    })?;
    let denied = not_allowed(&proven.role, &verdicts);
    let denied = denied.map(|cause| proving::unproven(&account, &cluster, cause));
    let errors = proven.failure().map(Error::from).into_iter().chain(denied);
    Error::all(errors.collect()).map_or(Ok(Exit::Done), Err)
}

/// IAM is asked in the account of the role.
fn elsewhere(asked: &Permission, role: &RoleArn) -> Simulation {
    Simulation {
        permission: asked.clone(),
        decision: SimulatedDecision::Unknown {
            why: format!(
                "the role is of account {}: `--role-profile` or `--role-via` leads there",
                role.account()
            ),
        },
    }
}
