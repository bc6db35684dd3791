//! Add-ons, which have roles of their own, and one of which is Pod Identity's agent.

use super::{Eks, MISSING};
use crate::aws::pages::{PagedList, filled};
use crate::aws::{done, failed, found};
use crate::error::Error;
use crate::secrets::excerpt;
use crate::waiting::try_side_by_side;
use crate::world::Addon;
use aws_sdk_eks::types;

/// How many are described side by side.
const PARALLEL: usize = 8;
impl Eks {
    /// The add-ons of a cluster (ListAddons, DescribeAddon).
    ///
    /// # Errors
    /// Access denied too.
    pub async fn addons(&self, cluster: &str) -> Result<Vec<Addon>, Error> {
        let pages = self
            .client
            .list_addons()
            .cluster_name(cluster)
            .into_paginator();
        let pages = PagedList::of(pages.send(), |page| filled(page.next_token()));
        let names = pages.items(|page| page.addons).await;
        let names = names.map_err(|error| failed("eks:ListAddons", cluster, error))?;
        let reads = names.iter().map(|name| self.addon(cluster, name));
        let all = try_side_by_side(PARALLEL, reads).await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// DescribeAddon. `None`: the cluster has none of that name.
    ///
    /// # Errors
    /// Access denied too.
    pub async fn addon(&self, cluster: &str, name: &str) -> Result<Option<Addon>, Error> {
        let call = self
            .client
            .describe_addon()
            .cluster_name(cluster)
            .addon_name(name);
        let answer = found("eks:DescribeAddon", name, MISSING, call.send().await)?;
        Ok(answer.and_then(|answer| answer.addon).map(read_addon))
    }

    /// CreateAddon, in the version that EKS takes by default. One that exists by now is as good as one that
    /// was made. An agent that runs without an add-on is left as it is: then the add-on fails.
    ///
    /// # Errors
    /// Access denied too.
    pub async fn create_addon(&self, cluster: &str, name: &str) -> Result<(), Error> {
        let call = self.client.create_addon().cluster_name(cluster);
        let result = call.addon_name(name).send().await;
        done("eks:CreateAddon", name, &["ResourceInUseException"], result)
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
        status: addon.status.as_ref().map_or("", |it| it.as_str()).into(),
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
