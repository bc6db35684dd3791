//! What IAM would refuse of an entry, told before there is a file.

use crate::asked::{IamServiceAccount, Permissions};
use crate::model::{Cluster, ServiceAccountName};
use crate::plan::account::{foreign_arns, foreign_policy};
use crate::plan::{Reason, Target};
use crate::policy::{self, INLINE_QUOTA};

/// How many managed policies the role of an entry would have.
pub fn managed_count(account: &IamServiceAccount) -> usize {
    match &account.permissions {
        Permissions::Role(spec) => spec.managed_count(),
        Permissions::Existing(_) | Permissions::Edited(_) => 0,
    }
}

/// Why a role with these permissions cannot be made, or used. `quota`: of managed policies of one role.
pub fn beyond(
    permissions: &Permissions,
    name: &ServiceAccountName,
    cluster: &Cluster,
    quota: usize,
) -> Vec<String> {
    let mut reasons = Vec::new();
    match permissions {
        Permissions::Role(spec) => {
            let policies = spec.managed.iter().chain(&spec.boundary);
            reasons.extend(policies.filter_map(|policy| foreign_policy(policy, cluster)));
            reasons.extend(foreign_arns(&spec.inline, cluster));
            let asked = spec.managed_count();
            if asked > quota {
                let what = "the number of managed policies";
                reasons.push(Reason::OverQuota { what, asked, quota });
            }
            let size = spec.inline_documents().values().map(policy::measure).sum();
            if size > INLINE_QUOTA {
                let quota = INLINE_QUOTA;
                reasons.push(Reason::InlineTooLong { size, quota });
            }
        }
        Permissions::Existing(arn) if arn.partition() != cluster.partition => {
            reasons.push(Reason::OtherPartition {
                arn: arn.to_string(),
                partition: cluster.partition.clone(),
            });
        }
        Permissions::Existing(_) | Permissions::Edited(_) => {}
    }
    let target = Target::ServiceAccount(name.clone());
    let told = reasons.iter();
    told.map(|it| it.told(&cluster.name, &target).0).collect()
}
