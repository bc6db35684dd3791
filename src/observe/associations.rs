//! Which EKS Pod Identity associations use a role, and which one a service account has.

use futures_util::{StreamExt, TryStreamExt};

use super::PARALLEL;
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{ClusterName, Lookup, ServiceAccountName};
use crate::world::{Association, Associations};

/// The association of a service account, of which EKS allows one. Missing: it has none. Unknown: whether it
/// has one.
///
/// # Errors
/// Those of the reads; also that one that is there may not be read.
pub async fn association(
    aws: &Aws,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Lookup<Association>, Error> {
    let listed = aws.eks.associated(cluster.as_str(), Some(account)).await;
    let own = Lookup::unless_denied(listed)?.and_then(|listed| {
        let own = listed.into_iter().find(|(name, _)| name == account);
        own.map(|(_, id)| id).into()
    });
    match own {
        Lookup::Found(id) => aws.eks.association(cluster.as_str(), &id).await,
        Lookup::Missing => Ok(Lookup::Missing),
        Lookup::Unknown(why) => Ok(Lookup::Unknown(why)),
    }
}

/// The associations of a cluster that use a role (a name), whatever their service accounts are: a list
/// tells no roles (ListPodIdentityAssociations, DescribePodIdentityAssociation). Missing: no such cluster,
/// and associations go with their cluster.
pub async fn using(aws: &Aws, cluster: &ClusterName, role: &str) -> Lookup<Associations> {
    let listed = match Lookup::or_unknown(aws.eks.associated(cluster.as_str(), None).await) {
        Lookup::Found(listed) => listed,
        other => return other,
    };
    let found = listed.into_iter().map(async |(name, id)| {
        match Lookup::or_unknown(aws.eks.association(cluster.as_str(), &id).await) {
            // Roles of another account are no roles of an association: names are enough.
            Lookup::Found(found) => {
                let is_this = found.role.rsplit('/').next() == Some(role);
                Ok(is_this.then_some((name, id)))
            }
            Lookup::Missing => Ok(None),
            Lookup::Unknown(why) => Err(why),
        }
    });
    let found = futures_util::stream::iter(found).buffered(PARALLEL);
    match found.try_collect::<Vec<_>>().await {
        Ok(found) => Lookup::Found(found.into_iter().flatten().collect()),
        Err(why) => Lookup::Unknown(why),
    }
}
