//! `disassociate-oidc-provider`: deletes the IAM OIDC provider of a cluster.

use super::{associate::place, file::ClusterPlace};
use crate::asked::TrustingRoles;
use crate::cli::{Disassociate, Screen};
use crate::error::Error;
use crate::model::{Issuer, Lookup, RoleArn};
use crate::observe::again;
use crate::output::{Format, Output};
use crate::plan::associate::plan_removal;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Observation, Rounds, conclude, finish};

/// Shows whether the provider would go, and with `--approve` deletes it. Roles that trust it are
/// respected unless `--force` is given.
pub async fn run(args: &mut Disassociate, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let trusting = if args.force {
        TrustingRoles::Ignored
    } else {
        TrustingRoles::Respected
    };
    let place = place_of(args, screen).await?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let context = context
        .with_roles(args.roles.named().as_ref(), &args.aws)
        .await?;
    let look = async |_: &Rounds| {
        let cluster = context.cluster(&place).await?;
        let arn = cluster.provider_arn();
        let iam = &context.aws.iam;
        let (provider, roles) = tokio::try_join!(iam.provider(&arn), iam.roles_trusting(&arn))?;
        let provider = again::provider(&context.aws, &arn, provider, &[]).await?;
        let is_deletion = provider.is_some() && trusting == TrustingRoles::Respected;
        let is_doubtful =
            |roles: &Lookup<Vec<RoleArn>>| is_deletion && *roles == Lookup::Found(Vec::new());
        let list = async || iam.roles_trusting(&arn).await;
        let roles = again::settled(&context.aws, &arn, roles, is_doubtful, list).await?;
        let track = plan_removal(&cluster, provider.as_ref(), &roles, trusting);
        Ok(Observation::of(track))
    };
    conclude(&context, finish(&context, mode, look).await?)
}

/// The cluster. With the dual-stack issuer too, which every other command refuses: who registered it by
/// mistake mends that by deleting it.
async fn place_of(args: &mut Disassociate, screen: Screen) -> Result<ClusterPlace, Error> {
    let right = args.cluster.issuer_url.as_ref();
    let Some(right) = right.and_then(Issuer::of_dual_stack) else {
        return place(&args.cluster, &mut args.aws, screen).await;
    };
    let registered = args.cluster.issuer_url.replace(right.clone());
    let place = place(&args.cluster, &mut args.aws, screen).await?;
    let output = Output {
        format: Format::Table,
        quiet: screen.quiet,
    };
    output.warn(&format!(
        "tokens of EKS say \"{right}\": this is about the provider of the dual-stack name alone"
    ));
    Ok(ClusterPlace {
        issuer: registered,
        ..place
    })
}
