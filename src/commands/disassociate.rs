//! `disassociate-oidc-provider`: deletes the IAM OIDC provider of a cluster.

use super::{Context, Exit, Look, Mode, Rounds, associate::place, conclude, finish};
use crate::cli::{Disassociate, Screen};
use crate::error::Error;
use crate::plan::associate::{Trusting, plan_removal};
use crate::progress::Running;

pub async fn run(args: &mut Disassociate, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let trusting = if args.force {
        Trusting::Ignored
    } else {
        Trusting::Respected
    };
    let place = place(&args.cluster, &mut args.aws, screen)?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let look = async |_: &Rounds| {
        let cluster = context.cluster(&place).await?;
        let arn = cluster.provider_arn();
        let (provider, roles) = tokio::try_join!(
            context.aws.iam.provider(&arn),
            context.aws.iam.roles_trusting(&arn)
        )?;
        let track = plan_removal(&cluster, provider.as_ref(), &roles, trusting);
        Ok(Look::of(track))
    };
    conclude(&context, finish(&context, mode, look).await?)
}
