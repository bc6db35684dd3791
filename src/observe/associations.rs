//! EKS Pod Identity associations: that of one service account, and those that use a role.

use super::{PARALLEL, WantedAccount, gone};
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{AGENT, Cluster, ClusterName, Lookup, ServiceAccountName, Way};
use crate::waiting::try_side_by_side;
use crate::world::{Addon, Association, Associations, ObservedAssociation, StackState};

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
    match Lookup::unless_denied(listed)?.and_then(|listed| own(listed, account).into()) {
        Lookup::Found(id) => aws.eks.association(cluster.as_str(), &id).await,
        Lookup::Missing => Ok(Lookup::Missing),
        Lookup::Unknown(why) => Ok(Lookup::Unknown(why)),
    }
}

/// The id of the association of a service account.
fn own(listed: Vec<(ServiceAccountName, String)>, account: &ServiceAccountName) -> Option<String> {
    let own = listed.into_iter().find(|(name, _)| name == account);
    own.map(|(_, id)| id)
}

/// The association of a service account that is wanted on this way.
pub(super) async fn associated(
    aws: &Aws,
    cluster: &ClusterName,
    wanted: &WantedAccount<'_>,
) -> Result<Option<Association>, Error> {
    match wanted.way {
        Way::Irsa => Ok(None),
        Way::PodIdentity => one(aws, cluster, wanted.name).await,
    }
}

/// The same, where all must be known (ListPodIdentityAssociations, DescribePodIdentityAssociation).
///
/// # Errors
/// Access denied too.
pub async fn one(
    aws: &Aws,
    cluster: &ClusterName,
    name: &ServiceAccountName,
) -> Result<Option<Association>, Error> {
    let listed = aws.eks.associated(cluster.as_str(), Some(name)).await?;
    let Some(id) = listed.found().and_then(|listed| own(listed, name)) else {
        return Ok(None);
    };
    Ok(aws.eks.association(cluster.as_str(), &id).await?.found())
}

/// The associations of a cluster, or that of one service account: listed in pages, described side by side.
/// Missing: no such cluster.
///
/// # Errors
/// Access denied too.
pub async fn all(
    aws: &Aws,
    cluster: &ClusterName,
    only: Option<&ServiceAccountName>,
) -> Result<Lookup<Associations>, Error> {
    match aws.eks.associated(cluster.as_str(), only).await? {
        Lookup::Found(listed) => Ok(Lookup::Found(described(aws, cluster, listed).await?)),
        other => Ok(other.map(|_| Vec::new())),
    }
}

/// Those that a list has told, but for those that are gone since.
///
/// # Errors
/// Access denied too.
pub async fn described(
    aws: &Aws,
    cluster: &ClusterName,
    listed: Vec<(ServiceAccountName, String)>,
) -> Result<Associations, Error> {
    let found = listed.into_iter().map(async |(name, id)| {
        let found = aws.eks.association(cluster.as_str(), &id).await?;
        Ok::<_, Error>(found.found().map(|found| (name, found)))
    });
    let found = try_side_by_side(PARALLEL, found).await?;
    Ok(found.into_iter().flatten().collect())
}

/// What an association is decided by. Whether its role is there matters where no stack has that.
pub(super) async fn observed(
    aws: &Aws,
    cluster: &Cluster,
    found: Option<Association>,
    stack: &StackState,
) -> Result<ObservedAssociation, Error> {
    let role = found.as_ref().map(|it| &it.role);
    let is_known = |role| match stack {
        StackState::Found(found) => found.stack.role_arn.as_ref() == Some(role),
        StackState::Absent => false,
    };
    let foreign = role.filter(|role| !is_known(role) && role.account() == cluster.account);
    let role = match foreign {
        Some(role) => Some(gone::role(aws, role.name()).await?),
        None => None,
    };
    Ok(ObservedAssociation {
        found,
        role,
        agent: None,
    })
}

/// The add-on of the agent, where it matters to any.
pub(super) async fn agent(
    aws: &Aws,
    cluster: &ClusterName,
    wanted: &[WantedAccount<'_>],
) -> Option<Lookup<Addon>> {
    let is_wanted = wanted.iter().any(|it| it.agent);
    if !is_wanted {
        return None;
    }
    let found = aws.eks.addon(cluster.as_str(), AGENT).await;
    Some(Lookup::or_unknown(found.map(Lookup::from)))
}

/// The associations of a cluster that use a role (a name), whatever their service accounts are: a list
/// tells no roles (ListPodIdentityAssociations, DescribePodIdentityAssociation). Missing: no such cluster,
/// and associations go with their cluster.
pub async fn using(aws: &Aws, cluster: &ClusterName, role: &str) -> Lookup<Associations> {
    let found = Lookup::or_unknown(all(aws, cluster, None).await);
    found.map(|mut all| {
        // Roles of another account are no roles of an association: names are enough.
        all.retain(|(_, found)| found.role.name() == role);
        all
    })
}
