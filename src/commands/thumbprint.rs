//! `thumbprint`: the thumbprint of an issuer, read from its TLS connections or from a file.

use std::path::Path;

use super::{file::ClusterPlace, flags};
use crate::cli::{Screen, ThumbprintArgs};
use crate::error::Error;
use crate::issuer;
use crate::model::Issuer;
use crate::output::{Chains, Output};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::waiting::Intervals;
use crate::world::{Chain, Reading};

/// Prints the chain and its thumbprint, from a PEM file, the host of an issuer, or that of the cluster's.
pub async fn run(args: &ThumbprintArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let output = Output {
        format: args.output,
        quiet: screen.quiet,
    };
    let source = &args.source;
    let chains = match (&source.pem, &source.issuer_url, &source.cluster) {
        (Some(path), _, _) => vec![from_file(path).await?],
        (None, Some(issuer), _) => read(issuer, output).await?,
        (None, None, Some(cluster)) => {
            let context = Context::new(&args.aws, args.output, screen, running).await?;
            let cluster = context
                .cluster(&ClusterPlace::new(Some(cluster), None)?)
                .await?;
            read(&cluster.issuer, output).await?
        }
        (None, None, None) => {
            return Err(Error::Flags(
                "--cluster, --issuer-url or --pem must be set".to_owned(),
            ));
        }
    };
    output.print(&Chains(chains))?;
    Ok(Exit::Done)
}

async fn read(issuer: &Issuer, output: Output) -> Result<Vec<Chain>, Error> {
    let reading = issuer::read(issuer, Intervals::from_environment()).await?;
    match reading {
        Reading::Unreachable { host, cause } => Err(Error::IssuerUnreachable { host, cause }),
        Reading::Chains(chains) => {
            for warning in chains.iter().filter_map(Chain::warning) {
                output.warn(&warning);
            }
            Ok(chains)
        }
    }
}

async fn from_file(path: &Path) -> Result<Chain, Error> {
    let (what, bytes) = flags::read_file(path).await?;
    let name = what.trim_matches('"');
    Chain::from_pem(name, &bytes).map_err(|cause| Error::Read { what, cause })
}
