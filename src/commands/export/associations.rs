//! The EKS Pod Identity associations of a cluster, as a file would ask for them.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt};

use super::PARALLEL;
use super::stacks::surplus;
use crate::asked::IamServiceAccount;
use crate::asked::found::{self, FoundAccount};
use crate::error::Error;
use crate::model::{Cluster, Lookup, ServiceAccountName, StackName, Way};
use crate::observe::{self, Stacks};
use crate::run::Context;
use crate::world::{Phase, ServiceAccount, Stack};

/// The associations, but for those of add-ons. Who may not list them has none in the file, and is told so.
pub async fn associated(
    context: &Context,
    cluster: &Cluster,
    stacks: &Stacks,
    objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
) -> Result<Vec<IamServiceAccount>, Error> {
    if cluster.eks.is_none() {
        return Ok(Vec::new());
    }
    let found = observe::all_associations(&context.aws, &cluster.name, None).await;
    let found = match Lookup::unless_denied(found)? {
        Lookup::Unknown(why) => {
            let text = format!("EKS Pod Identity associations are left out: {why}");
            context.output.warn(&text);
            return Ok(Vec::new());
        }
        found => found.found().unwrap_or_default(),
    };
    let own = found.into_iter().filter(|(_, it)| it.owner.is_none());
    let reads = own.map(async |(name, association)| {
        // Another association's stack is described there, and its role is but named here.
        let names =
            [Way::PodIdentity, Way::Irsa].map(|way| StackName::both(way, &cluster.name, &name));
        let made = |stack: &&Stack| {
            let role = stack.role_arn.as_ref().map(ToString::to_string);
            role.as_deref() == Some(association.role.as_str())
                && stack.is_of(&cluster.name)
                && names.as_flattened().contains(&stack.name)
                // Of a role that is a service account's too, the stack is described there.
                && stack.service_account_among(&cluster.name, objects).is_none()
                && stack.phase() == Phase::Ready
        };
        let template = match stacks.listed().find(made) {
            Some(stack) => observe::whole_template(&context.aws, stack).await?,
            None => Lookup::Missing,
        };
        Ok::<_, Error>((name, association, template))
    });
    let reads = futures_util::stream::iter(reads.map(Box::pin)).buffered(PARALLEL);
    let reads: Vec<_> = reads.try_collect().await?;
    let mut all = Vec::new();
    for (name, association, template) in reads {
        let (found, object) = (template.as_found(), objects.get(&name));
        let template = found.map(|(template, _)| template);
        let FoundAccount {
            asked,
            lost,
            also_trusted,
        } = found::associated(&name, &association, template, cluster, object);
        if lost.is_empty() {
            let whose = format!("the association of {name}");
            if let Some((_, body)) = found {
                surplus(context, &whose, body, &asked);
            }
            all.push(asked);
            if !also_trusted.is_empty() {
                context.output.note(&format!(
                    "{whose}: its role also trusts {also_trusted}: that stays, and is no part of the file"
                ));
            }
        } else {
            let text = format!("the association of {name} is left out: {}", lost.join("; "));
            context.output.warn(&text);
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}
