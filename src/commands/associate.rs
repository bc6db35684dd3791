//! `associate-oidc-provider`: makes or mends the IAM OIDC provider of a cluster.

use super::{Context, Exit, Finished, Mode, conclude, finish};
use crate::cli::{Associate, ClusterOrPosition, Screen};
use crate::error::Error;
use crate::issuer::{self, Reading};
use crate::model::{Cluster, ClusterName};
use crate::observe::{ObservedProvider, OidcProvider};
use crate::plan::Plan;
use crate::plan::associate::{self, ProviderSpec, Refresh, Thumbprints};
use crate::progress::Running;

pub async fn run(args: Associate, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let spec = asked(&args)?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let cluster = context
        .cluster(&name(&args.cluster)?, args.cluster.issuer_url.as_ref())
        .await?;
    let provider = context.aws.iam.provider(&cluster.provider_arn()).await?;
    let observed = observe(&context, &cluster, provider, &spec).await?;
    let plan = Plan::one(associate::plan(&spec, &cluster, &observed));
    match finish(&context, plan, mode, None).await? {
        Finished::Shown(exit) => Ok(exit),
        Finished::Acted(outcomes) => conclude(&context, outcomes),
        Finished::Waited => Ok(Exit::Done),
    }
}

fn asked(args: &Associate) -> Result<ProviderSpec, Error> {
    let given = &args.thumbprint.thumbprint;
    if given.len() > 5 {
        return Err(Error::Flags(format!(
            "--thumbprint is given {} times: a provider has at most 5",
            given.len()
        )));
    }
    let thumbprints = match (given.is_empty(), args.thumbprint.no_thumbprint) {
        (false, _) => Thumbprints::Given(given.clone()),
        (true, true) => Thumbprints::LeftToIam,
        (true, false) => Thumbprints::Read,
    };
    let refresh = if args.refresh_thumbprint {
        Refresh::Updated
    } else {
        Refresh::Told
    };
    Ok(ProviderSpec {
        audience: args.audience.clone(),
        thumbprints,
        refresh,
    })
}

/// The cluster's name. Clusters that are not EKS are tagged by their issuer's host without one.
pub fn name(args: &ClusterOrPosition) -> Result<ClusterName, Error> {
    if let Some(name) = args.cluster.as_ref().or(args.position.as_ref()) {
        return Ok(name.clone());
    }
    let host = args
        .issuer_url
        .as_ref()
        .map(|issuer| issuer.host().replace('.', "-"))
        .unwrap_or_default();
    host.parse()
        .map_err(|_| Error::Flags("--cluster must be set".to_owned()))
}

/// Reads the issuer's chain, where the thumbprints are to come from it. A provider that exists is good
/// without them, so that a failure then matters only to a refresh.
pub async fn observe(
    context: &Context,
    cluster: &Cluster,
    provider: Option<OidcProvider>,
    spec: &ProviderSpec,
) -> Result<ObservedProvider, Error> {
    let needed = provider.is_none() || spec.refresh == Refresh::Updated;
    let reading = match spec.thumbprints {
        Thumbprints::Given(_) | Thumbprints::LeftToIam => None,
        Thumbprints::Read => match read(context, cluster, provider.is_some()).await {
            Ok(reading) => Some(reading),
            Err(error) if needed => return Err(error),
            Err(error) => {
                context.output.note(&format!(
                    "the provider's thumbprint was not compared: {error}"
                ));
                None
            }
        },
    };
    Ok(ObservedProvider { provider, reading })
}

/// Only a new provider can be made without thumbprints: IAM then fetches them itself.
async fn read(context: &Context, cluster: &Cluster, exists: bool) -> Result<Reading, Error> {
    match issuer::read(&cluster.issuer, context.intervals).await? {
        Reading::Unreachable { host, cause } if exists => {
            Err(Error::IssuerUnreachable { host, cause })
        }
        reading => Ok(reading),
    }
}
