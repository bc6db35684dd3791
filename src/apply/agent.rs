//! The add-on of the EKS Pod Identity Agent: made, and waited for.

use std::cell::RefCell;
use std::time::Duration;

use super::Worker;
use crate::error::Error;
use crate::model::{AGENT, ClusterName};
use crate::waiting::polled;
use crate::world::AddonStatus;

impl Worker<'_> {
    pub(super) async fn install_agent(
        &self,
        cluster: &ClusterName,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let eks = &self.aws.eks;
        eks.create_addon(cluster.as_str(), AGENT).await?;
        let last = RefCell::new(AddonStatus::Creating);
        let look = async || {
            let found = eks.addon(cluster.as_str(), AGENT).await?;
            let Some(addon) = found else {
                return Ok(None);
            };
            status(&addon.status.to_string());
            last.replace(addon.status.clone());
            let failed = || Error::AgentFailed {
                cluster: cluster.clone(),
                status: addon.status.clone(),
                issues: addon.issues.clone(),
            };
            match addon.status {
                // Without nodes it is degraded, until there are some.
                AddonStatus::Active | AddonStatus::Degraded => Ok(Some(())),
                AddonStatus::CreateFailed
                | AddonStatus::UpdateFailed
                | AddonStatus::DeleteFailed => Err(failed()),
                _ => Ok(None),
            }
        };
        let least = || Duration::ZERO;
        let (intervals, deadline) = (self.aws.intervals, self.aws.deadline);
        let ended = polled(intervals, deadline, AGENT, least, look).await?;
        ended.ok_or_else(|| Error::AgentFailed {
            cluster: cluster.clone(),
            status: last.into_inner(),
            issues: Vec::new(),
        })
    }
}
