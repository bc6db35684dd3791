//! `delete iamserviceaccount`: the stack with its role, and the ServiceAccount where it is ours.

use super::{Context, Exit, Finished, Mode, Shown, asked, conclude, finish};
use crate::cli::{DeleteServiceAccount, Screen};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::observe::{self, StackState};
use crate::plan::delete::{self, Deletion, ForeignPolicies};
use crate::plan::{Ending, Plan};
use crate::progress::Running;

pub async fn run(
    args: DeleteServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = match args.dry_run {
        true => Mode::Show(Shown {
            detailed: args.detailed_exitcode,
            how: "run again without `--dry-run` to carry the plan out",
        }),
        false => Mode::Act,
    };
    let deletion = Deletion {
        cluster: args.cluster.cluster.clone(),
        name: asked::required_name(&args.name)?,
        foreign: if args.detach_foreign {
            ForeignPolicies::Detached
        } else {
            ForeignPolicies::Refused
        },
        service_role: args.cfn_role_arn.clone(),
        ending: if args.wait {
            Ending::Awaited
        } else {
            Ending::NotAwaited
        },
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    loop {
        let (stack, kubernetes) = tokio::try_join!(
            observe::stack_to_delete(&context.aws, &deletion.cluster, &deletion.name),
            kubernetes(&context, &args),
        )?;
        let kubernetes = kubernetes.as_ref();
        let observed = observe::deletion(
            &context.aws,
            kubernetes,
            &deletion.cluster,
            &deletion.name,
            stack,
        )
        .await?;
        let plan = Plan::one(delete::plan(&deletion, &observed));
        if plan.is_empty() && observed.stack == StackState::Absent {
            context.output.say(&format!(
                "nothing to delete: there is no IAM service account {}",
                deletion.name
            ));
        }
        match finish(&context, plan, mode, kubernetes).await? {
            Finished::Shown(exit) => return Ok(exit),
            Finished::Acted(outcomes) => return conclude(&context, outcomes),
            Finished::Waited => {}
        }
    }
}

/// The way to the cluster; a cluster that is gone has no ServiceAccount left to delete.
async fn kubernetes(
    context: &Context,
    args: &DeleteServiceAccount,
) -> Result<Option<Kubernetes>, Error> {
    if args.role_only {
        return Ok(None);
    }
    match context
        .cluster(&args.cluster.cluster, args.cluster.issuer_url.as_ref())
        .await
    {
        Ok(cluster) => context
            .kubernetes(&cluster, &args.kubernetes)
            .await
            .map(Some),
        Err(error @ Error::ClusterNotFound { .. }) => {
            context
                .output
                .warn(&format!("{error}: only the role is deleted"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
