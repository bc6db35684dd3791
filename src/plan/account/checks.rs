//! What must hold before a role is made or used: it, its policies and the account's quotas.

use super::edited;
use crate::asked::{IamServiceAccount, Permissions};
use crate::model::{Cluster, Lookup, PolicyArn, RoleArn, ServiceAccountName};
use crate::plan::{Action, Plan, Reason, Track};
use crate::policy::openings::{allows_everything, openings};
use crate::policy::{self, INLINE_QUOTA, PolicyDocument, Quotas, RoleCount};
use crate::template::{self, RoleTemplate};
use crate::world::{Associations, ObservedAccount, RoleFacts, StackState};

/// An existing role: GetRole knows only names, and only those of the own account.
pub fn check_role(track: &mut Track, arn: &RoleArn, cluster: &Cluster, found: &Lookup<RoleFacts>) {
    if arn.partition() != cluster.partition {
        track.refuse(
            &cluster.name,
            Reason::OtherPartition {
                arn: arn.to_string(),
                partition: cluster.partition.clone(),
            },
        );
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
        Lookup::Found(found) if found.arn == *arn => {}
        Lookup::Found(_) | Lookup::Missing => {
            track.refuse(&cluster.name, Reason::RoleMissing { arn: arn.clone() });
        }
    }
}

/// Refuses policies, and ARNs in inline ones, of another partition or account, and policies that do not
/// exist. That it cannot be told whether one exists is a note.
pub fn check_policies(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
) {
    let documents: &[PolicyDocument] = match &asked.permissions {
        Permissions::Role(spec) => &spec.inline,
        Permissions::Edited(edits) => edits.documents.as_deref().unwrap_or_default(),
        Permissions::Existing(_) => &[],
    };
    for reason in foreign_arns(documents, cluster) {
        track.refuse(&cluster.name, reason);
    }
    for (arn, lookup) in &observed.policies {
        if let Some(reason) = foreign_policy(arn, cluster) {
            track.refuse(&cluster.name, reason);
            continue;
        }
        match lookup {
            Lookup::Missing => {
                track.refuse(&cluster.name, Reason::PolicyMissing { arn: arn.clone() });
            }
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
pub fn foreign_policy(arn: &PolicyArn, cluster: &Cluster) -> Option<Reason> {
    if arn.partition() != cluster.partition {
        return Some(Reason::OtherPartition {
            arn: arn.to_string(),
            partition: cluster.partition.clone(),
        });
    }
    let is_ours = arn.account() == "aws" || arn.account() == cluster.account;
    (!is_ours).then(|| Reason::OtherAccount {
        arn: arn.clone(),
        account: cluster.account.clone(),
    })
}

/// What IAM would refuse in inline documents, or what would never match there.
pub fn foreign_arns(documents: &[PolicyDocument], cluster: &Cluster) -> Vec<Reason> {
    let arns = documents
        .iter()
        .flat_map(|document| policy::arns_beyond(document.as_value(), &cluster.partition));
    let reasons = arns.map(|arn| Reason::OtherPartition {
        arn: arn.to_owned(),
        partition: cluster.partition.clone(),
    });
    reasons.collect()
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
            let body = edited::template(asked, cluster, stack, body, role, &Associations::new())?;
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

/// Refuses more managed policies, a longer trust policy or longer inline policies than IAM takes. An
/// existing role is not measured.
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
            track.refuse(&cluster.name, Reason::OverQuota { what, asked, quota });
        }
    }
    if sizes.inline > INLINE_QUOTA {
        track.refuse(
            &cluster.name,
            Reason::InlineTooLong {
                size: sizes.inline,
                quota: INLINE_QUOTA,
            },
        );
    }
}

/// From so many new roles on the account's quota of roles is asked for first: fewer are told soon
/// enough by the failure itself.
const MANY: usize = 10;

/// By how many roles a plan makes an account richer, where they are many.
pub fn many_new_roles(plan: &Plan) -> Option<usize> {
    let count = |wanted: fn(&Action) -> bool| plan.actions().filter(|it| wanted(it)).count();
    let made = count(|action| matches!(action, Action::CreateStack(_)));
    let gone = count(|action| matches!(action, Action::DeleteStack { .. }));
    Some(made.saturating_sub(gone)).filter(|new| *new >= MANY)
}

/// Refuses all accounts that need a new role, where the account has no room for all of them: half a
/// file would be rolled back one by one.
pub fn check_role_count(plan: &mut Plan, cluster: &Cluster, new: usize, count: RoleCount) {
    let asked = count.there + new;
    if asked <= count.quota {
        return;
    }
    for track in &mut plan.tracks {
        if track
            .actions
            .iter()
            .any(|action| matches!(action, Action::CreateStack(_)))
        {
            track.actions.clear();
            track.refuse(
                &cluster.name,
                Reason::OverQuota {
                    what: "the number of roles of this account, with the new ones,",
                    asked,
                    quota: count.quota,
                },
            );
        }
    }
}

/// AWS's own policies that allow everything, or let whoever has them take everything.
const ALMIGHTY: [&str; 3] = ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"];

/// Warns of a role that may do everything and lets in more than its service account.
pub fn warn_of_width(track: &mut Track, name: &ServiceAccountName, cluster: &Cluster) {
    let templates = track.actions.iter().filter_map(|action| match action {
        Action::CreateStack(create) => Some(&create.template),
        Action::UpdateStack(update) => Some(&update.template),
        _ => None,
    });
    let roles = templates.filter_map(|body| RoleTemplate::read(body, &cluster.partition));
    let warnings = roles.filter_map(|role| {
        let open = openings(&role.trust, &cluster.issuer, &name.namespace);
        let open = open.first()?;
        let managed = role.managed.iter();
        let managed = managed.filter(|policy| ALMIGHTY.iter().any(|name| policy.is_aws(name)));
        let inline = role.inline.iter();
        let inline = inline.filter(|(_, document)| allows_everything(document));
        let inline = inline.map(|(name, _)| name.clone());
        let almighty = managed.map(ToString::to_string).chain(inline).next()?;
        Some(format!(
            "the role may do everything ({almighty}), and its trust policy {}: \"{}\"",
            open.kind, open.found
        ))
    });
    let warnings: Vec<String> = warnings.collect();
    track.warnings.extend(warnings);
}
