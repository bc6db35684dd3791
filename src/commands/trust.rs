//! `trust`: which clusters' service accounts roles let in, told and changed.

use crate::asked::Deployment;
use crate::cli::{Screen, Trust, TrustChangeArgs, TrustNames, TrustRetarget};
use crate::commands::file::ClusterPlace;
use crate::error::Error;
use crate::model::{Cluster, ClusterName, Issuer, Lookup, RoleArn};
use crate::observe::trusting_roles;
use crate::plan::Target;
use crate::plan::trust::{TrustChange, TrustGoal};
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Observation, Rounds, conclude, finish};

mod copy;
mod list;
mod names;

use names::subjects;

/// `list` only tells; the others show what they would change, and with `--approve` change it.
pub async fn run(args: &Trust, screen: Screen, running: Running) -> Result<Exit, Error> {
    match args {
        Trust::List(args) => list::run(args, screen, running).await,
        Trust::Add(args) => {
            let goal = TrustGoal::Add(subjects(args)?);
            named(args, goal).run(screen, running).await
        }
        Trust::Remove(args) => {
            let goal = TrustGoal::Remove(subjects(args)?);
            named(args, goal).run(screen, running).await
        }
        Trust::Copy(args) => copy::run(args, screen, running).await,
        Trust::Retarget(args) => retarget(args).run(screen, running).await,
    }
}

/// A change of trust policies.
struct TrustTask<'a> {
    goal: TrustGoal,
    cluster: &'a ClusterName,
    issuer: Option<&'a Issuer>,
    roles: &'a [RoleArn],
    args: &'a TrustChangeArgs,
}

fn named(args: &TrustNames, goal: TrustGoal) -> TrustTask<'_> {
    TrustTask {
        goal,
        cluster: &args.cluster,
        issuer: args.issuer_url.as_ref(),
        roles: &args.role_arn,
        args: &args.change,
    }
}

/// Without named roles it is about all that trust the issuer.
fn retarget(args: &TrustRetarget) -> TrustTask<'_> {
    TrustTask {
        goal: TrustGoal::Retarget(args.from_issuer.clone()),
        cluster: &args.to_cluster,
        issuer: args.issuer_url.as_ref(),
        roles: &args.role_arn,
        args: &args.change,
    }
}

impl TrustTask<'_> {
    async fn run(self, screen: Screen, running: Running) -> Result<Exit, Error> {
        let args = self.args;
        let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
        let context = context.with_parallel(args.parallel);
        let mode = Mode::of(args.approval);
        let look = async |round: &Rounds| self.look(&context, round).await;
        let finished = finish(&context, mode, look).await;
        conclude(&context, finished?)
    }

    async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let place = ClusterPlace::new(Some(self.cluster), self.issuer)?;
        let cluster = context.cluster(&place).await?;
        let arn = cluster.provider_arn();
        let iam = &context.aws.iam;
        let provider = async {
            let found = iam.provider(&arn).await;
            Ok(Lookup::or_unknown(found.map(Lookup::from)))
        };
        let (provider, quotas, roles) =
            tokio::try_join!(provider, iam.quotas(), self.roles(context, &cluster))?;
        let change = TrustChange {
            goal: &self.goal,
            cluster: &cluster,
            provider: &provider,
            quota: quotas.trust,
            deployment: Deployment {
                service_role: None,
                mode: self.args.deployment.deployment_mode.unwrap_or_default(),
            },
        };
        let mut look = Observation::default();
        let roles = roles.into_iter();
        let roles = roles.filter(|role| round.includes(&Target::Role(Box::new(role.clone()))));
        for role in trusting_roles(&context.aws, &cluster.account, roles).await {
            look.add(
                Target::Role(Box::new(role.arn.clone())),
                Ok(change.plan(&role)),
            );
        }
        if look.order.is_empty() && round.past == 0 {
            context
                .output
                .note("no role of this account trusts that issuer");
        }
        Ok(look)
    }

    /// Those that are named, or that trust the issuer.
    async fn roles(&self, context: &Context, cluster: &Cluster) -> Result<Vec<RoleArn>, Error> {
        let mut roles = match &self.goal {
            TrustGoal::Retarget(issuer) if self.roles.is_empty() => {
                let former = issuer.provider_arn(&cluster.partition, &cluster.account);
                list::trusting(context, &former).await?
            }
            _ => self.roles.to_vec(),
        };
        roles.sort();
        roles.dedup();
        Ok(roles)
    }
}
