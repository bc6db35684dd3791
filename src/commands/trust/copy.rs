//! `trust copy`: the service accounts of one cluster get the roles that those of another have. What is asked for
//! is what the look at the other cluster says, each time anew; all else is the work of `create`.

use crate::asked::{
    Drift, Goal, IamServiceAccount, Permissions, Restart, RoleTrust, Scope, unchanged,
};
use crate::cli::{KubernetesArgs, Screen, TrustCopy};
use crate::commands::file::ClusterPlace;
use crate::commands::flags::conflicts;
use crate::commands::reconcile::{Task, restart};
use crate::error::Error;
use crate::model::ServiceAccountName;
use crate::plan::trust::CopiedRole;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Observation, Rounds, conclude, finish};

mod judged;

use judged::CopySelection;

/// Both clusters are reached by EKS: a kubeconfig's context would be that of one of them.
const BY_EKS: KubernetesArgs = KubernetesArgs {
    kubeconfig: None,
    context: None,
};

/// A copy that is asked for.
struct CopyTask<'a> {
    args: &'a TrustCopy,
    from: ClusterPlace,
    to: ClusterPlace,
    restart: Restart,
}

/// Shows what `create` would do in the other cluster, and with `--approve` does it. From a cluster to
/// itself it refuses.
pub async fn run(args: &TrustCopy, screen: Screen, running: Running) -> Result<Exit, Error> {
    let task = CopyTask {
        args,
        from: ClusterPlace::checked("--from-cluster", &args.from_cluster, None)?,
        to: ClusterPlace::checked("--to-cluster", &args.to_cluster, None)?,
        restart: restart::asked(args.restart, false)?,
    };
    if args.from_cluster == args.to_cluster {
        let text = "--from-cluster and --to-cluster are the same: there is nothing to copy";
        return Err(Error::Flags(text.to_owned()));
    }
    let change = &args.change;
    let context = Context::new(&change.aws, change.output.into(), screen, running).await?;
    let context = context.with_parallel(change.parallel);
    let look = async |round: &Rounds| task.look(&context, round).await;
    let finished = finish(&context, Mode::of(change.approval), look).await?;
    conclude(&context, finished)
}

impl CopyTask<'_> {
    async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let judged = CopySelection::read(context, &self.from, self.named(round)).await?;
        let mut look = self.look_at(context, round, &judged).await?;
        judged.add_to(&mut look);
        Ok(look)
    }

    /// `None`: all of them. What was to be copied, and is not let in any more when it is looked at once more, is
    /// refused as if it were named.
    fn named(&self, round: &Rounds) -> Option<Vec<ServiceAccountName>> {
        let Some(open) = &round.open else {
            return (!self.args.all).then(|| self.args.names.clone());
        };
        let accounts = open.iter().filter_map(|(_, target)| target.account());
        Some(accounts.map(|(_, name)| name.clone()).collect())
    }

    /// What `create --attach-role-arn --trust` would do in the other cluster.
    async fn look_at(
        &self,
        context: &Context,
        round: &Rounds,
        judged: &CopySelection,
    ) -> Result<Observation, Error> {
        let accounts = judged.copied.iter();
        let task = Task {
            goal: Goal::Create,
            drift: Drift::Told,
            restart: self.restart,
            place: self.to.clone(),
            kubernetes: &BY_EKS,
            accounts: accounts.map(|(name, it)| self.asked(name, it)).collect(),
            provider: None,
            is_elsewhere: false,
            prune: Vec::new(),
        };
        task.look(context, round).await
    }

    fn asked(&self, name: &ServiceAccountName, copied: &CopiedRole) -> IamServiceAccount {
        IamServiceAccount {
            permissions: Permissions::Existing(copied.role.clone()),
            trust: RoleTrust::Extended,
            scope: Scope::Whole,
            conflicts: conflicts(self.args.override_existing_serviceaccounts),
            deployment_mode: self.args.change.deployment.deployment_mode,
            ..unchanged(name.clone())
        }
    }
}
