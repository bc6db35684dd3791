//! What must hold before a role is made or used: it, its policies and the account's quotas.

use super::{IamServiceAccount, Permissions, edited};
use crate::model::{Cluster, PolicyArn, RoleArn};
use crate::observe::{Lookup, ObservedAccount, RoleFacts, StackState};
use crate::plan::{Refusal, Track};
use crate::policy::{self, INLINE_QUOTA, Quotas};
use crate::template::{self, RoleTemplate};

/// An existing role: GetRole knows only names, and only those of the own account.
pub fn check_role(track: &mut Track, arn: &RoleArn, cluster: &Cluster, found: &Lookup<RoleFacts>) {
    if arn.partition() != cluster.partition {
        track.refusals.push(Refusal::OtherPartition {
            arn: arn.to_string(),
            partition: cluster.partition.clone(),
        });
        return;
    }
    if arn.account() != cluster.account {
        track.notes.push(format!(
            "role {arn} is of another account: whether it exists and trusts this cluster cannot be seen from here"
        ));
        return;
    }
    match found {
        Lookup::Unknown(message) => track
            .notes
            .push(format!("cannot tell whether role {arn} exists: {message}")),
        Lookup::Found(found) if found.arn == arn.to_string() => {}
        Lookup::Found(_) | Lookup::Missing => track
            .refusals
            .push(Refusal::RoleMissing { arn: arn.clone() }),
    }
}

pub fn check_policies(track: &mut Track, cluster: &Cluster, observed: &ObservedAccount) {
    for (arn, lookup) in &observed.policies {
        if let Some(refusal) = foreign_policy(arn, cluster) {
            track.refusals.push(refusal);
            continue;
        }
        match lookup {
            Lookup::Missing => track.refusals.push(Refusal::PolicyMissing {
                arn: arn.to_string(),
            }),
            Lookup::Unknown(message) => {
                track.notes.push(format!(
                    "cannot tell whether policy {arn} exists: {message}"
                ));
            }
            Lookup::Found(()) => {}
        }
    }
}

/// Why IAM would not attach a policy to a role of the cluster's account, wherever it is.
pub fn foreign_policy(arn: &PolicyArn, cluster: &Cluster) -> Option<Refusal> {
    if arn.partition() != cluster.partition {
        return Some(Refusal::OtherPartition {
            arn: arn.to_string(),
            partition: cluster.partition.clone(),
        });
    }
    let is_ours = arn.account() == "aws" || arn.account() == cluster.account;
    (!is_ours).then(|| Refusal::OtherAccount {
        arn: arn.to_string(),
        account: cluster.account.clone(),
    })
}

/// What IAM has quotas for.
struct Sizes {
    managed: usize,
    trust: usize,
    /// Of all documents together; 0 where none of them is touched.
    inline: usize,
}

/// Whether IAM's default quotas do, so that the account's own need not be asked for.
pub fn fits_default_quotas(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
) -> bool {
    let Some(sizes) = sizes(asked, cluster, observed) else {
        return true;
    };
    let quotas = Quotas::default();
    sizes.managed <= quotas.managed_policies && sizes.trust <= quotas.trust
}

fn sizes(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
) -> Option<Sizes> {
    match (&asked.permissions, &observed.stack) {
        (Permissions::Role(spec), _) => Some(Sizes {
            managed: spec.managed_count(),
            trust: policy::measure(&template::trust(spec, cluster, &asked.name)),
            // Judged without a call already.
            inline: 0,
        }),
        (Permissions::Edited(edits), StackState::Found(found)) => {
            let (body, role) = (found.body.as_ref()?, found.template.as_ref()?);
            let stack = &found.stack.name;
            let body = edited::template(edits, asked, cluster, stack, body, role)?;
            let role = RoleTemplate::read(&body, &cluster.partition)?;
            let plain = |document| template::plain(document, cluster);
            let inline = role.inline.values().map(|document| {
                let plain = plain(document);
                policy::measure(plain.as_ref().unwrap_or(document))
            });
            let is_touched = edits.documents.is_some() || !edits.well_known.is_empty();
            Some(Sizes {
                managed: role.managed.len(),
                trust: policy::measure(&role.trust),
                inline: if is_touched { inline.sum() } else { 0 },
            })
        }
        (Permissions::Existing(_), _) | (Permissions::Edited(_), StackState::Absent) => None,
    }
}

pub fn check_quotas(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
) {
    let Some(sizes) = sizes(asked, cluster, observed) else {
        return;
    };
    let quotas = observed.quotas;
    for (what, asked, quota) in [
        (
            "the number of managed policies",
            sizes.managed,
            quotas.managed_policies,
        ),
        ("the length of the trust policy", sizes.trust, quotas.trust),
    ] {
        if asked > quota {
            track
                .refusals
                .push(Refusal::OverQuota { what, asked, quota });
        }
    }
    if sizes.inline > INLINE_QUOTA {
        track.refusals.push(Refusal::InlineTooLong {
            size: sizes.inline,
            quota: INLINE_QUOTA,
        });
    }
}
