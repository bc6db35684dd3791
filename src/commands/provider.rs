//! What must be known of an IAM OIDC provider, and where needed of its issuer, before it is made or
//! mended.

use crate::asked::{ProviderSpec, Refresh, Thumbprints};
use crate::error::Error;
use crate::issuer;
use crate::model::Cluster;
use crate::run::Context;
use crate::world::{ObservedProvider, OidcProvider, Reading};

/// The provider as observed; its issuer is read only where it is to be made.
pub async fn observe_missing(
    context: &Context,
    cluster: &Cluster,
    provider: Option<OidcProvider>,
    spec: &ProviderSpec,
) -> Result<ObservedProvider, Error> {
    match provider {
        None => observe(context, cluster, None, spec).await,
        provider => Ok(ObservedProvider {
            provider,
            reading: None,
        }),
    }
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
