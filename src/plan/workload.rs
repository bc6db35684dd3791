//! Changes of workloads as data.

use serde::Serialize;

use crate::asked::Conflicts;
use crate::model::Workload;

/// A server-side apply that gives the pods of a workload another service account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadMove {
    #[serde(flatten)]
    pub workload: Workload,
    /// Of the workload that was seen.
    pub uid: String,
    /// By its name.
    pub service_account: String,
    /// The one of before, as it is kept on the workload until the move is finished. `None`: nothing is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
    pub conflicts: Conflicts,
}

/// A merge patch that takes annotations off the template of a workload's pods, and off the workload what a
/// move kept there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadParting {
    #[serde(flatten)]
    pub workload: Workload,
    /// Of the workload that was seen.
    pub uid: String,
    /// Keys.
    pub annotations: Vec<String>,
}
