//! What `doctor` looks at, and what comes of it.

use super::subjects::Asked;
use super::{ClusterPlace, Context, Error, Exit, Report, Severity, cli, diagnose};
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Connection, Flags, Issuer};
use crate::observe::health::{Examined, Proving, Shared, Sight};
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

/// What was seen, and what is to be thought of it.
pub struct Reports {
    pub world: World,
    pub seen: Vec<AccountHealth>,
    pub cluster: Report,
    pub accounts: Vec<Report>,
    /// For repairs.
    pub kubernetes: Option<Kubernetes>,
}

impl Reports {
    /// `Unhealthy` with a problem, and with `--strict` with a warning too.
    pub fn exit(&self, args: &cli::Doctor) -> Exit {
        let count = |severity| {
            let accounts = self.accounts.iter().map(|report| report.count(severity));
            accounts.sum::<usize>() + self.cluster.count(severity)
        };
        if count(Severity::Problem) > 0 || args.strict && count(Severity::Warning) > 0 {
            Exit::Unhealthy
        } else {
            Exit::Done
        }
    }
}

impl Checkup<'_> {
    /// Looks, and judges.
    pub async fn reports(&self) -> Result<Reports, Error> {
        let context = self.context;
        let cluster = match self.place {
            Some(place) => Some(context.cluster(place).await?),
            None => None,
        };
        let kubernetes = match &cluster {
            Some(cluster) => context.kubernetes(cluster, self.kubernetes).await,
            None => Err(Error::Flags("no cluster is named".to_owned())),
        };
        let is_led_to = |subject: &Examined| subject.name.is_none() && subject.of.is_some();
        let kubernetes = match kubernetes {
            // Without it nobody knows what the pods run as.
            Err(error) if self.asked.subject().is_some_and(is_led_to) => return Err(error),
            other => other,
        };
        let why = kubernetes.as_ref().err().map(ToString::to_string);
        let shared = Shared::default();
        let sight = Sight {
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
        let (mut world, subjects) = tokio::join!(sight.world(), self.asked.subjects(&sight));
        let (subjects, listed) = subjects?;
        world.listed = listed;
        let account = match &context.roles_account {
            Some(account) => account.clone(),
            None => account(cluster.as_ref(), &world)?,
        };
        let seen = sight.accounts(&subjects, &account).await;
        let accounts = seen.iter().map(|it| diagnose::account(&world, it));
        let mut accounts: Vec<Report> = accounts.collect();
        let mut of_cluster = diagnose::cluster(&world);
        let given = Connection {
            roles: self.roles.clone(),
            ..cli::connection(self.aws, Some(self.kubernetes), self.issuer_url)
        };
        for report in accounts.iter_mut().chain([&mut of_cluster]) {
            report.make_pasteable(&given);
        }
        Ok(Reports {
            cluster: of_cluster,
            accounts,
            world,
            seen,
            kubernetes: kubernetes.ok(),
        })
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
