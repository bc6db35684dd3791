//! The audience that the tokens of a service account's pods are for. Apart because the proof asks for it
//! before all is looked at, and the checks afterwards.

use super::{ObjectHealth, OidcProvider, Pod};
use crate::model::{AUDIENCE_ANNOTATION, Audience, Cluster, DEFAULT_AUDIENCE};

/// Whether EKS runs the cluster, hence its webhook too, whose default audience is known.
pub fn is_of_eks(cluster: &Cluster) -> bool {
    cluster.eks.is_some() || cluster.issuer.is_eks()
}

/// The user's word, then the annotation, then the webhook's default.
pub fn token_audience<'a>(
    named: Option<&'a Audience>,
    object: Option<&'a ObjectHealth>,
    provider: Option<&'a OidcProvider>,
    cluster: Option<&Cluster>,
) -> &'a str {
    let found = object.and_then(|object| object.service_account.as_found());
    let annotated = found.and_then(|(object, _)| object.annotations.get(AUDIENCE_ANNOTATION));
    let annotated = annotated.filter(|text| !text.is_empty());
    if let Some(said) = named
        .map(Audience::as_str)
        .or(annotated.map(String::as_str))
    {
        return said;
    }
    let pods = object.and_then(|object| object.pods.as_found());
    let pods = pods.map_or(&[][..], Vec::as_slice);
    match cluster {
        Some(cluster) => default_audience(cluster, pods, provider),
        None => DEFAULT_AUDIENCE,
    }
}

/// What the cluster's webhook takes where nobody says an audience. That of EKS is STS's; that of another
/// is a flag of its own (kOps: `--token-audience=amazonaws.com`), which the youngest of the account's pods
/// shows, and where there is none the only client ID of the provider.
fn default_audience<'a>(
    cluster: &Cluster,
    pods: &'a [Pod],
    provider: Option<&'a OidcProvider>,
) -> &'a str {
    if is_of_eks(cluster) {
        return DEFAULT_AUDIENCE;
    }
    let alive = pods.iter().filter(|pod| pod.is_alive());
    let youngest = alive.max_by_key(|pod| pod.created);
    let of_pod = youngest.and_then(Pod::aws_audience);
    let of_provider = match provider.map(|provider| provider.audiences.as_slice()) {
        Some([only]) => Some(only.as_str()),
        _ => None,
    };
    of_pod.or(of_provider).unwrap_or(DEFAULT_AUDIENCE)
}
