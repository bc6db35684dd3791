//! Managed node groups, each with the role of its nodes.

use super::{Eks, MISSING};
use crate::aws::pages::{PagedList, filled};
use crate::aws::{failed, found};
use crate::error::Error;
use crate::waiting::try_side_by_side;

/// How many are described side by side.
const PARALLEL: usize = 8;

impl Eks {
    /// Their names, with the ARNs of their nodes' roles (ListNodegroups, DescribeNodegroup).
    ///
    /// # Errors
    /// Access denied too.
    pub async fn node_groups(&self, cluster: &str) -> Result<Vec<(String, String)>, Error> {
        let pages = self.client.list_nodegroups().cluster_name(cluster);
        let pages = PagedList::of(pages.into_paginator().send(), |page| {
            filled(page.next_token())
        });
        let names = pages.items(|page| page.nodegroups).await;
        let names = names.map_err(|error| failed("eks:ListNodegroups", cluster, error))?;
        let reads = names.into_iter();
        let reads = reads.map(|name| self.node_group(cluster, name));
        let all = try_side_by_side(PARALLEL, reads).await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// `None`: it is gone since it was listed.
    async fn node_group(
        &self,
        cluster: &str,
        name: String,
    ) -> Result<Option<(String, String)>, Error> {
        let call = self.client.describe_nodegroup().cluster_name(cluster);
        let result = call.nodegroup_name(&name).send().await;
        let answer = found("eks:DescribeNodegroup", &name, MISSING, result)?;
        let role = answer.and_then(|answer| answer.nodegroup?.node_role);
        Ok(role.map(|role| (name, role)))
    }
}
