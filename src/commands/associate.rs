//! `associate-oidc-provider`: makes or mends the IAM OIDC provider of a cluster.

use std::path::Path;

use super::file::{self, ClusterPlace};
use super::flags::Unread;
use super::provider;
use crate::asked::{ProviderSpec, Refresh, Thumbprints};
use crate::cli::{Associate, AwsArgs, ClusterOrPosition, Screen};
use crate::error::Error;
use crate::plan::associate;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Observation, Rounds, conclude, finish};

/// Shows how the provider would be made or mended, and with `--approve` does it. A file that says
/// `withOIDC: false` is refused.
pub async fn run(args: &mut Associate, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let mut spec = asked(args)?;
    let place = match &args.cluster.config_file {
        Some(path) => {
            let config = file::read(path, &mut args.aws, Unread::Told(screen)).await?;
            spec.audiences = match file::provider(&config) {
                Some(asked) => asked.audiences,
                None if config.with_oidc.is_none() => spec.audiences,
                None => return Err(not_enabled(path)),
            };
            file::place(&config, args.cluster.issuer_url.as_ref())?
        }
        None => place(&args.cluster, &mut args.aws, screen).await?,
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let context = context
        .with_roles(args.roles.named().as_ref(), &args.aws)
        .await?;
    let look = async |_: &Rounds| {
        let cluster = context.cluster(&place).await?;
        let found = context.aws.iam.provider(&cluster.provider_arn()).await?;
        let observed = provider::observe(&context, &cluster, found, &spec).await?;
        Ok(Observation::of(associate::plan(&spec, &cluster, &observed)))
    };
    conclude(&context, finish(&context, mode, look).await?)
}

fn not_enabled(path: &Path) -> Error {
    Error::Flags(format!(
        "iam.withOIDC is false in \"{}\": the file asks for no provider",
        path.display()
    ))
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
        audiences: vec![args.audience.clone()],
        thumbprints,
        refresh,
    })
}

/// The cluster. Clusters that are not EKS are tagged by their issuer's host without a name.
pub async fn place(
    args: &ClusterOrPosition,
    aws: &mut AwsArgs,
    screen: Screen,
) -> Result<ClusterPlace, Error> {
    let issuer = args.issuer_url.as_ref();
    if let Some(path) = &args.config_file {
        return file::place(&file::read(path, aws, Unread::Told(screen)).await?, issuer);
    }
    if let Some(name) = args.cluster.as_ref().or(args.position.as_ref()) {
        return ClusterPlace::new(Some(name), issuer);
    }
    let host = issuer.map(|issuer| issuer.host().replace('.', "-"));
    let name = host.and_then(|host| host.parse().ok());
    ClusterPlace::new(name.as_ref(), issuer)
}
