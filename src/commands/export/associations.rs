//! The EKS Pod Identity associations of a cluster, as a file would ask for them.

use std::collections::BTreeMap;

use super::PARALLEL;
use super::stacks::described;
use crate::asked::IamServiceAccount;
use crate::asked::found;
use crate::error::Error;
use crate::model::{Cluster, ClusterName, Lookup, ServiceAccountName, StackName, Way};
use crate::observe::{self, Stacks};
use crate::run::Context;
use crate::waiting::try_side_by_side;
use crate::world::{Association, Phase, ServiceAccount, Stack};

/// The associations, but for those of add-ons. Who may not list them has none in the file, and is told so.
pub async fn associated(
    context: &Context,
    cluster: &Cluster,
    stacks: &Stacks,
    objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
) -> Result<Vec<IamServiceAccount>, Error> {
    let own = listed(context, cluster).await?.into_iter();
    let own = own.filter(|(_, it)| it.owner.is_none());
    let reads = own.map(async |(name, association)| {
        let made = |stack: &&Stack| is_its_own(stack, &cluster.name, &name, &association, objects);
        let template = match stacks.listed().find(made) {
            Some(stack) => observe::whole_template(&context.aws, stack).await?,
            None => Lookup::Missing,
        };
        Ok::<_, Error>((name, association, template))
    });
    let reads = try_side_by_side(PARALLEL, reads).await?;
    let mut all = Vec::new();
    for (name, association, template) in reads {
        let (read, object) = (template.as_found(), objects.get(&name));
        let template = read.map(|(template, _)| template);
        let found = found::associated(&name, &association, template, cluster, object);
        let whose = format!("the association of {name}");
        all.extend(described(
            context,
            &whose,
            read.map(|(_, body)| body),
            found,
        ));
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

async fn listed(
    context: &Context,
    cluster: &Cluster,
) -> Result<Vec<(ServiceAccountName, Association)>, Error> {
    if cluster.eks.is_none() {
        return Ok(Vec::new());
    }
    let found = observe::all_associations(&context.aws, &cluster.name, None).await;
    match Lookup::unless_denied(found)? {
        Lookup::Unknown(why) => {
            let text = format!("EKS Pod Identity associations are left out: {why}");
            context.output.warn(&text);
            Ok(Vec::new())
        }
        found => Ok(found.found().unwrap_or_default()),
    }
}

/// Whether a stack made the role for the association. Another association's stack is described there, and its
/// role is but named here.
fn is_its_own(
    stack: &Stack,
    cluster: &ClusterName,
    name: &ServiceAccountName,
    association: &Association,
    objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
) -> bool {
    let names = [Way::PodIdentity, Way::Irsa].map(|way| StackName::both(way, cluster, name));
    stack.role_arn.as_ref() == Some(&association.role)
        && stack.is_of(cluster)
        && names.as_flattened().contains(&stack.name)
        // Of a role that is a service account's too, the stack is described there.
        && stack.service_account_among(cluster, objects).is_none()
        && stack.phase() == Phase::Ready
}
