//! Add-ons, and the associations of Pod Identity: what else gives pods their roles.

use aws_sdk_eks::types;
use futures_util::{StreamExt, TryStreamExt};

use super::Eks;
use crate::aws::pages::{PagedList, filled};
use crate::aws::{failed, found, lookup};
use crate::error::Error;
use crate::model::{Lookup, ServiceAccountName};
use crate::secrets::excerpt;
use crate::world::{Addon, Association};

/// How many are described side by side.
const PARALLEL: usize = 8;
/// What EKS says of things that are not there.
const MISSING: &[&str] = &["ResourceNotFoundException"];

impl Eks {
    /// The add-ons of a cluster (ListAddons, DescribeAddon).
    ///
    /// # Errors
    /// Access denied too.
    pub async fn addons(&self, cluster: &str) -> Result<Vec<Addon>, Error> {
        let pages = self.0.list_addons().cluster_name(cluster).into_paginator();
        let pages = PagedList::of(pages.send(), |page| filled(page.next_token()));
        let names = pages.items(|page| page.addons).await;
        let names = names.map_err(|error| failed("eks:ListAddons", cluster, error))?;
        let all = futures_util::stream::iter(names)
            .map(|name| async move { self.addon(cluster, &name).await })
            .buffered(PARALLEL);
        all.try_filter_map(async |addon| Ok(addon))
            .try_collect()
            .await
    }

    /// `None`: removed since it was listed.
    async fn addon(&self, cluster: &str, name: &str) -> Result<Option<Addon>, Error> {
        let call = self
            .0
            .describe_addon()
            .cluster_name(cluster)
            .addon_name(name);
        let answer = found("eks:DescribeAddon", name, MISSING, call.send().await)?;
        Ok(answer.and_then(|answer| answer.addon).map(read_addon))
    }

    /// Service accounts with the ids of their associations, of which EKS allows one each
    /// (ListPodIdentityAssociations): of the whole cluster, or of one. Missing: no such cluster.
    ///
    /// # Errors
    /// Access denied too.
    pub async fn associated(
        &self,
        cluster: &str,
        only: Option<&ServiceAccountName>,
    ) -> Result<Lookup<Vec<(ServiceAccountName, String)>>, Error> {
        let pages = self
            .0
            .list_pod_identity_associations()
            .cluster_name(cluster)
            .set_namespace(only.map(|account| account.namespace.to_string()))
            .set_service_account(only.map(|account| account.name.clone()))
            .into_paginator();
        let pages = PagedList::of(pages.send(), |page| filled(page.next_token()));
        let listed = pages.items(|page| page.associations).await;
        let listed = lookup("eks:ListPodIdentityAssociations", cluster, MISSING, listed)?;
        let named = |one: types::PodIdentityAssociationSummary| {
            let namespace = one.namespace?.parse().ok()?;
            let name = ServiceAccountName::new(namespace, &one.service_account?).ok()?;
            Some((name, one.association_id?))
        };
        Ok(listed.map(|all| all.into_iter().filter_map(named).collect()))
    }

    /// DescribePodIdentityAssociation. Missing: deleted since it was listed.
    ///
    /// # Errors
    /// Access denied too.
    pub async fn association(&self, cluster: &str, id: &str) -> Result<Lookup<Association>, Error> {
        let call = self.0.describe_pod_identity_association();
        let result = call.cluster_name(cluster).association_id(id).send().await;
        let answer = found("eks:DescribePodIdentityAssociation", id, MISSING, result)?;
        let association = answer.and_then(|answer| answer.association);
        Ok(association.map(read_association).into())
    }
}

fn read_addon(addon: types::Addon) -> Addon {
    let issues = addon.health.map(|health| health.issues.unwrap_or_default());
    let issues = issues.unwrap_or_default();
    let told = |found: &types::AddonIssue| {
        let code = found.code().map_or("issue", |code| code.as_str());
        issue(code, found.message())
    };
    Addon {
        name: addon.addon_name.unwrap_or_default(),
        status: addon
            .status
            .map(|status| status.to_string())
            .unwrap_or_default(),
        version: addon.addon_version.unwrap_or_default(),
        issues: issues.iter().map(told).collect(),
        service_account_role: addon.service_account_role_arn,
        pod_identity_associations: addon.pod_identity_associations.unwrap_or_default(),
    }
}

/// `CODE: message`.
pub(super) fn issue(code: &str, message: Option<&str>) -> String {
    match message {
        Some(message) => format!("{code}: {}", excerpt(message)),
        None => code.to_owned(),
    }
}

fn read_association(association: types::PodIdentityAssociation) -> Association {
    Association {
        id: association.association_id.unwrap_or_default(),
        arn: association.association_arn.unwrap_or_default(),
        role: association.role_arn.unwrap_or_default(),
        target_role: association.target_role_arn,
        external_id: association.external_id,
        session_tags_disabled: association.disable_session_tags.unwrap_or_default(),
        policy: association.policy,
        owner: association.owner_arn,
    }
}
