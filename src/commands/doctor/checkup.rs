//! What `doctor` looks at, and what comes of it.

use super::reports::Reports;
use super::subjects::Asked;
use super::{ClusterPlace, Context, Error, Report, cli, diagnose};
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Connection, Flags, Issuer};
use crate::observe::health::{Examined, HealthObserver, Proving, Shared};
use crate::policy::usage::Window;
use crate::world::{AccountHealth, World};

/// All that is asked of a run.
pub struct Checkup<'a> {
    pub context: &'a Context,
    pub aws: &'a cli::AwsArgs,
    pub kubernetes: &'a cli::KubernetesArgs,
    pub issuer_url: Option<&'a Issuer>,
    /// The flags on the account of the roles.
    pub roles: Flags,
    /// `None`: a role by itself.
    pub place: Option<&'a ClusterPlace>,
    pub asked: Asked,
    pub proving: Proving,
    /// Which uses of permissions count, where IAM is asked for them.
    pub usage: Option<Window>,
}

impl Checkup<'_> {
    /// Looks, and judges.
    pub async fn reports(&self) -> Result<Reports, Error> {
        let context = self.context;
        let cluster = match self.place {
            Some(place) => Some(context.cluster(place).await?),
            None => None,
        };
        let kubernetes = self.kubernetes(cluster.as_ref()).await?;
        let why = kubernetes.as_ref().err().map(ToString::to_string);
        let shared = Shared::default();
        let observer = HealthObserver {
            aws: &context.aws,
            shared: &shared,
            kubernetes: kubernetes
                .as_ref()
                .map_err(|_| why.as_deref().unwrap_or_default()),
            cluster: cluster.as_ref(),
            intervals: context.intervals,
            proving: self.proving,
            usage: self.usage,
            on_wait: &|not_yet| not_yet.tell_first(|text| context.output.note(text)),
        };
        let (mut world, subjects) = tokio::join!(observer.world(), self.asked.subjects(&observer));
        let (subjects, listed) = subjects?;
        world.listed = listed;
        let account = match &context.roles_account {
            Some(account) => account.clone(),
            None => account(cluster.as_ref(), &world)?,
        };
        let seen = observer.accounts(&subjects, &account).await;
        let (cluster, accounts) = self.judged(&world, &seen);
        Ok(Reports {
            cluster,
            accounts,
            world,
            seen,
            kubernetes: kubernetes.ok(),
        })
    }

    async fn kubernetes(
        &self,
        cluster: Option<&Cluster>,
    ) -> Result<Result<Kubernetes, Error>, Error> {
        let Some(cluster) = cluster else {
            return Ok(Err(Error::Flags("no cluster is named".to_owned())));
        };
        let is_led_to = |subject: &Examined| subject.name.is_none() && subject.of.is_some();
        match self.context.kubernetes(cluster, self.kubernetes).await {
            // Without it nobody knows what the pods run as.
            Err(error) if self.asked.subject().is_some_and(is_led_to) => Err(error),
            other => Ok(other),
        }
    }

    /// The reports of the cluster and of what was looked at.
    fn judged(&self, world: &World, seen: &[AccountHealth]) -> (Report, Vec<Report>) {
        let accounts = seen.iter().map(|it| diagnose::account(world, it));
        let mut accounts: Vec<Report> = accounts.collect();
        let mut cluster = diagnose::cluster(world);
        let given = Connection {
            roles: self.roles.clone(),
            cluster: world.cluster.as_ref().map(|it| it.name.to_string()),
            ..cli::connection(self.aws, Some(self.kubernetes), self.issuer_url)
        };
        for report in accounts.iter_mut().chain([&mut cluster]) {
            report.make_pasteable(&given);
        }
        (cluster, accounts)
    }
}

/// Of the credentials: that of the cluster, or the caller's own.
fn account(cluster: Option<&Cluster>, world: &World) -> Result<String, Error> {
    match (cluster, world.caller.as_found()) {
        (Some(cluster), _) => Ok(cluster.account.clone()),
        (None, Some(caller)) => Ok(caller.account.clone()),
        (None, None) => Err(Error::no_credentials(
            "the account of the caller is not known",
        )),
    }
}
