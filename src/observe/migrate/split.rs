//! Workloads with service accounts of their own, on the way there and back.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::Objects;
use super::{ByName, MoveObserver, MoveScope};
use crate::model::{Lookup, ServiceAccountName, Workload};
use crate::observe::associations::described;
use crate::plan::migrate::{Runs, Splitting, Successors, rejoin, split};
use crate::world::{Association, Interception, PodDefaults};

/// What pods have of the service accounts of before.
pub fn inherited(
    successors: &Successors,
    objects: &Objects,
) -> BTreeMap<ServiceAccountName, PodDefaults> {
    let objects = objects.accounts.as_found();
    let defaults = successors.iter().filter_map(|(name, former)| {
        let former = objects?.get(former)?;
        Some((name.clone(), former.defaults.clone()))
    });
    defaults.collect()
}

/// `None`: something of it is not known.
fn runs(objects: &mut Objects) -> Option<Runs<'_>> {
    let Objects {
        accounts: Lookup::Found(objects),
        pods: Lookup::Found(pods),
        workloads: Lookup::Found(workloads),
    } = objects
    else {
        return None;
    };
    Some(Runs {
        objects,
        pods,
        workloads,
    })
}

impl MoveObserver<'_> {
    /// Puts workloads to the service accounts that they are to have, where all that says so is known.
    pub(super) async fn regrouped(
        &self,
        scope: &MoveScope<'_>,
        interception: &Lookup<Interception>,
        objects: &mut Objects,
        associations: &mut ByName<Association>,
    ) -> (Successors, BTreeMap<Workload, String>) {
        let nothing = || (Successors::new(), BTreeMap::new());
        let Lookup::Found(interception) = interception else {
            return nothing();
        };
        let bindings = match scope.splits {
            Some(_) => Lookup::of(self.kubernetes.rights_bindings().await),
            None => Lookup::Missing,
        };
        let Some(mut runs) = runs(objects) else {
            return nothing();
        };
        let mut successors = rejoin(&mut runs);
        let unsplit = match scope.splits {
            Some(name) => {
                let splitting = Splitting {
                    name,
                    includes: scope.includes_part,
                    bindings: &bindings,
                };
                split(&mut runs, interception, &splitting, &mut successors)
            }
            None => BTreeMap::new(),
        };
        self.associate(scope, &successors, associations).await;
        (successors, unsplit)
    }

    /// The associations of those that nobody named.
    async fn associate(
        &self,
        scope: &MoveScope<'_>,
        successors: &Successors,
        associations: &mut ByName<Association>,
    ) {
        let is_new = |(name, former): &(&ServiceAccountName, &ServiceAccountName)| {
            !(scope.includes)(name) && (scope.includes_part)(former, name)
        };
        let names: BTreeSet<_> = successors
            .iter()
            .filter(is_new)
            .map(|(name, _)| name)
            .collect();
        if names.is_empty() || self.cluster.eks.is_none() {
            return;
        }
        let cluster = &self.cluster.name;
        for name in names {
            let read = async {
                let listed = self
                    .aws
                    .eks
                    .associated(cluster.as_str(), Some(name))
                    .await?;
                let mut listed = listed.found().unwrap_or_default();
                listed.retain(|(found, _)| found == name);
                described(self.aws, cluster, listed).await
            };
            match (Lookup::of(read.await), &mut *associations) {
                (Lookup::Found(found), Lookup::Found(all)) => all.extend(found),
                (Lookup::Unknown(why), all) => *all = Lookup::Unknown(why),
                _ => {}
            }
        }
    }
}
