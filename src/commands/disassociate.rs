//! `disassociate-oidc-provider`: deletes the IAM OIDC provider of a cluster.

use super::{Context, Exit, Finished, Mode, associate::name, conclude, finish};
use crate::cli::{Disassociate, Screen};
use crate::error::Error;
use crate::plan::Plan;
use crate::plan::associate::{Trusting, plan_removal};
use crate::progress::Running;

pub async fn run(args: Disassociate, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let trusting = if args.force {
        Trusting::Ignored
    } else {
        Trusting::Respected
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let cluster = context
        .cluster(&name(&args.cluster)?, args.cluster.issuer_url.as_ref())
        .await?;
    let arn = cluster.provider_arn();
    let (provider, roles) = tokio::try_join!(
        context.aws.iam.provider(&arn),
        context.aws.iam.roles_trusting(&arn)
    )?;
    let plan = Plan::one(plan_removal(&cluster, provider.as_ref(), &roles, trusting));
    match finish(&context, plan, mode, None).await? {
        Finished::Shown(exit) => Ok(exit),
        Finished::Acted(outcomes) => conclude(&context, outcomes),
        Finished::Waited => Ok(Exit::Done),
    }
}
