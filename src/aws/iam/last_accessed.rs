//! What a role used (GenerateServiceLastAccessedDetails, GetServiceLastAccessedDetails): a job makes the report,
//! which only who asked for it gets. Apart from the reads of what there is.

use aws_sdk_iam::types::{AccessAdvisorUsageGranularityType, JobStatusType, ServiceLastAccessed};
use aws_smithy_types::DateTime;

use super::super::{lookup, unusable};
use super::{Iam, MISSING, marker};
use crate::error::Error;
use crate::model::{Lookup, RoleArn};
use crate::pages::Pages;
use crate::policy::usage::{ActionUse, LastAccess, ServiceUse};

/// How far a job is.
pub enum UsageReport {
    InProgress,
    /// Of all services that the role's policies allow something of.
    Done(Vec<ServiceUse>),
    /// Why.
    Failed(String),
}

impl Iam {
    /// Has the report on a role begun, and tells the id of its job.
    pub async fn begin_usage_report(&self, role: &RoleArn) -> Result<Lookup<String>, Error> {
        const OPERATION: &str = "iam:GenerateServiceLastAccessedDetails";
        let call = self.0.generate_service_last_accessed_details();
        let call = call.granularity(AccessAdvisorUsageGranularityType::ActionLevel);
        let result = call.arn(role.to_string()).send().await;
        let answer = lookup(OPERATION, role.name(), MISSING, result)?;
        let id = answer.map(|answer| {
            let none = || unusable(OPERATION, role.name(), "it names no job".to_owned());
            answer.job_id.ok_or_else(none)
        });
        id.transpose()
    }

    /// The report of a job on that role, all pages.
    pub async fn usage_report(
        &self,
        role: &RoleArn,
        job: &str,
    ) -> Result<Lookup<UsageReport>, Error> {
        const OPERATION: &str = "iam:GetServiceLastAccessedDetails";
        let (mut services, mut pages) = (Vec::new(), Pages::default());
        let mut next: Option<String> = None;
        loop {
            let call = self.0.get_service_last_accessed_details().job_id(job);
            let result = call.set_marker(next.take()).send().await;
            let answer = match lookup(OPERATION, role.name(), MISSING, result)? {
                Lookup::Found(answer) => answer,
                Lookup::Missing => return Ok(Lookup::Missing),
                Lookup::Unknown(why) => return Ok(Lookup::Unknown(why)),
            };
            match answer.job_status {
                JobStatusType::InProgress => return Ok(Lookup::Found(UsageReport::InProgress)),
                JobStatusType::Completed => {}
                _ => {
                    let why = answer.error.map_or_else(
                        || format!("its job is {}", answer.job_status.as_str()),
                        |error| format!("{}: {}", error.code, error.message),
                    );
                    return Ok(Lookup::Found(UsageReport::Failed(why)));
                }
            }
            let after = marker(answer.is_truncated, answer.marker.as_deref()).map(str::to_owned);
            let followed = pages.go_on(after.as_deref());
            followed.map_err(|error| unusable(OPERATION, role.name(), error.to_string()))?;
            services.extend(answer.services_last_accessed.into_iter().map(service));
            if after.is_none() {
                return Ok(Lookup::Found(UsageReport::Done(services)));
            }
            next = after;
        }
    }
}

fn service(told: ServiceLastAccessed) -> ServiceUse {
    let actions = told.tracked_actions_last_accessed.unwrap_or_default();
    let actions = actions.into_iter().filter_map(|action| {
        Some(ActionUse {
            last: last(action.last_accessed_time, action.last_accessed_region),
            name: action.action_name?,
        })
    });
    ServiceUse {
        namespace: told.service_namespace,
        name: told.service_name,
        last: last(told.last_authenticated, told.last_authenticated_region),
        actions: actions.collect(),
    }
}

fn last(at: Option<DateTime>, region: Option<String>) -> Option<LastAccess> {
    let at = at?.secs();
    Some(LastAccess { at, region })
}
