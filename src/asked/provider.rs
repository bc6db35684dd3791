//! The IAM OIDC provider as it is asked for.

use crate::model::{Audience, Cluster, Lookup, Thumbprint};
use crate::world::OidcProvider;

/// The provider as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderSpec {
    pub audiences: Vec<Audience>,
    pub thumbprints: Thumbprints,
    pub refresh: Refresh,
}

impl ProviderSpec {
    /// The audiences that a provider does not take yet.
    pub fn lacking(&self, found: &OidcProvider) -> impl Iterator<Item = &Audience> {
        let knows = |audience: &Audience| {
            found
                .audiences
                .iter()
                .any(|known| known == audience.as_str())
        };
        self.audiences
            .iter()
            .filter(move |audience| !knows(audience))
    }

    /// The provider as it is when the plan for it is carried out.
    pub fn fulfilled(&self, cluster: &Cluster, found: Option<OidcProvider>) -> OidcProvider {
        let mut provider = found.unwrap_or_else(|| OidcProvider {
            arn: cluster.provider_arn(),
            audiences: Vec::new(),
            thumbprints: Vec::new(),
            created: Lookup::Found(0),
        });
        let lacking: Vec<String> = self.lacking(&provider).map(ToString::to_string).collect();
        provider.audiences.extend(lacking);
        provider
    }
}

/// Where the thumbprints come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Thumbprints {
    /// The TLS chains of the issuer's hosts.
    Read,
    Given(Vec<Thumbprint>),
    /// Nowhere: IAM fetches them itself.
    LeftToIam,
}

/// What to do with an existing provider's other thumbprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    Told,
    Updated,
}

/// Whether roles that still trust the provider matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustingRoles {
    Respected,
    Ignored,
}
