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
        let (stack, access) = tokio::try_join!(
            observe::stack_to_delete(&context.aws, &deletion.cluster, &deletion.name),
            access(&context, &args),
        )?;
        let kubernetes = match access {
            Access::Unneeded => None,
            Access::Ready(kubernetes) => Some(*kubernetes),
            // With nothing found and a cluster of a similar name, it is rather mistyped than gone.
            Access::Gone(error) if stack.is_none() && error.is_likely_mistyped() => {
                return Err(error);
            }
            Access::Gone(error) => {
                context
                    .output
                    .warn(&format!("{error}: only the role is deleted"));
                None
            }
        };
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

/// The way to the cluster.
enum Access {
    Unneeded,
    Ready(Box<Kubernetes>),
    /// There is no such cluster, so no ServiceAccount is left to delete.
    Gone(Error),
}

async fn access(context: &Context, args: &DeleteServiceAccount) -> Result<Access, Error> {
    if args.role_only {
        return Ok(Access::Unneeded);
    }
    let cluster = context.cluster(&args.cluster.cluster, args.cluster.issuer_url.as_ref());
    match cluster.await {
        Ok(cluster) => {
            let kubernetes = context.kubernetes(&cluster, &args.kubernetes).await?;
            Ok(Access::Ready(Box::new(kubernetes)))
        }
        Err(error @ Error::ClusterNotFound { .. }) => Ok(Access::Gone(error)),
        Err(error) => Err(error),
    }
}
