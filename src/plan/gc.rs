//! What dead clusters left, and what of it goes. Dead is what is proved dead: the region answered and does
//! not have the cluster, and the issuer's host answered and does not have the issuer. Nothing that hangs on
//! what lives, or on what is not known, is touched.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::{Action, Target, Track, delete};
use crate::model::{
    CLUSTER_TAGS, ClusterName, Connection, Lookup, RoleArn, ServiceAccountName, Way,
};
use crate::policy::pod_identity::is_of_pod_identity;
use crate::policy::{federated_principals, statements};
use crate::token::span;
use crate::world::{
    Associations, LastUse, RoleHistory, Stack, Survey, SurveyedProvider, SurveyedRole,
    SurveyedStack,
};

mod leftover;
mod standing;
#[cfg(test)]
mod tests;

pub use leftover::{Disposition, Leftover, RoleUse, judged, loose_ends};
use standing::{Admitted, IssuerFate, RoleLiveness, admitted, fate, standing};
pub use standing::{issuer_of, region_of_issuer};

/// Where a stack is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackPlace {
    pub name: String,
    pub region: String,
}

/// A stack that may be of a dead cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedStack<'a> {
    pub region: &'a str,
    pub stack: &'a Stack,
    pub way: Way,
    pub cluster: ClusterName,
    pub account: ServiceAccountName,
    pub disposition: Disposition,
}

/// The way, cluster and service account of a stack that irsactl or eksctl made for one, by its tags, where
/// its name is as they say.
pub fn owner(stack: &Stack) -> Option<(Way, ClusterName, ServiceAccountName)> {
    let cluster: ClusterName = stack.cluster()?.parse().ok()?;
    Way::ALL.into_iter().find_map(|way| {
        let account = stack.account(way)?;
        delete::is_named_for(stack, way, &cluster, &account)
            .then(|| (way, cluster.clone(), account))
    })
}

/// Whether it is to be judged: its tags are those of a service account or an association, and name no cluster
/// that there is.
pub fn is_candidate<'a>(stack: &Stack, mut clusters: impl Iterator<Item = &'a String>) -> bool {
    let is_named = |cluster: &String| {
        let mut tags = CLUSTER_TAGS.iter();
        tags.any(|tag| stack.tags.get(*tag) == Some(cluster))
    };
    owner(stack).is_some() && !clusters.any(is_named)
}

/// Whether EKS Pod Identity is let in.
pub fn lets_pod_identity_in(trust: &Value) -> bool {
    statements(trust).any(is_of_pod_identity)
}

/// The stacks of clusters that are not there, in the order of regions and names. Those of clusters that are
/// not EKS's are none of them.
pub fn stacks(survey: &Survey, older_than: i64) -> Vec<JudgedStack<'_>> {
    let all = survey.regions.iter().flat_map(|(region, read)| {
        let all = read.stacks.iter();
        all.filter(|it| is_candidate(&it.stack, read.clusters.keys()))
            .map(move |it| (region.as_str(), it))
    });
    let judged = all.filter_map(|(region, found)| judged_stack(survey, region, found, older_than));
    judged.collect()
}

/// `None`: it is someone else's.
fn judged_stack<'a>(
    survey: &Survey,
    region: &'a str,
    found: &'a SurveyedStack,
    older_than: i64,
) -> Option<JudgedStack<'a>> {
    let (way, cluster, account) = owner(&found.stack)?;
    let changed = found.stack.changed;
    let mut leftover = Leftover {
        cluster: Some(cluster.to_string()),
        age_in_days: changed.map(|millis| days(survey, millis / 1000)),
        role_used: found.history.as_found().map(|it| used(survey, it)),
        ..Leftover::default()
    };
    let disposition = match judge(survey, region, way, found, older_than) {
        RoleLiveness::Foreign => return None,
        RoleLiveness::Alive(why) => Disposition::Stays(Leftover { why, ..leftover }),
        RoleLiveness::Dead => {
            let gone = format!("cluster {cluster} is not in {region}");
            leftover.why = match way {
                Way::Irsa => format!("{gone}, and its issuer is gone"),
                Way::PodIdentity => {
                    format!("{gone}, and no association of a cluster that was read has its role")
                }
            };
            Disposition::Goes(leftover)
        }
    };
    Some(JudgedStack {
        region,
        stack: &found.stack,
        way,
        cluster,
        account,
        disposition,
    })
}

fn judge(
    survey: &Survey,
    region: &str,
    way: Way,
    found: &SurveyedStack,
    older_than: i64,
) -> RoleLiveness {
    let trust = match &found.trust {
        Lookup::Found(trust) => trust,
        Lookup::Missing => {
            return RoleLiveness::Alive("it has neither a role nor a template".to_owned());
        }
        Lookup::Unknown(why) => {
            return RoleLiveness::Alive(format!("whom its role lets in is not known: {why}"));
        }
    };
    let admitted = admitted(trust);
    match standing(survey, &admitted) {
        RoleLiveness::Dead => {}
        other => return other,
    }
    let needed = match way {
        _ if admitted.providers.is_empty() && !admitted.pod_identity => {
            Some("its role lets nobody in".to_owned())
        }
        Way::Irsa if admitted.pod_identity => {
            Some("its role lets EKS Pod Identity in too".to_owned())
        }
        Way::PodIdentity if admitted.pod_identity => users(region, &found.users),
        _ => None,
    };
    let changed = found.stack.changed.map(|millis| millis / 1000);
    let needed = needed.or_else(|| match &found.history {
        Lookup::Unknown(why) => Some(format!("when its role was last used is not known: {why}")),
        history => young(survey, older_than, changed, history.as_found()),
    });
    needed.map_or(RoleLiveness::Dead, RoleLiveness::Alive)
}

/// Why the role of an association may be needed.
fn users(region: &str, users: &Lookup<Associations>) -> Option<String> {
    match users {
        Lookup::Found(users) if users.is_empty() => None,
        Lookup::Found(users) => {
            let names: Vec<String> = users.iter().map(|(name, _)| name.to_string()).collect();
            Some(format!(
                "associations of clusters that there are use its role: {}",
                names.join(", ")
            ))
        }
        Lookup::Missing => Some(format!("the associations of {region} were not looked at")),
        Lookup::Unknown(why) => Some(format!(
            "whether associations of clusters that there are use its role is not known: {why}"
        )),
    }
}

/// Whole days since a time in seconds since 1970.
fn days(survey: &Survey, at: i64) -> i64 {
    (survey.now - at) / (24 * 60 * 60)
}

fn used(survey: &Survey, history: &RoleHistory) -> RoleUse {
    match &history.last_used {
        Some(LastUse { at, region }) => RoleUse::DaysAgo {
            days: days(survey, *at),
            region: region.clone(),
        },
        None => RoleUse::Never,
    }
}

/// That something was made, changed or used a short time ago, or nobody knows when. Times are seconds since
/// 1970.
fn young(
    survey: &Survey,
    older_than: i64,
    changed: Option<i64>,
    history: Option<&RoleHistory>,
) -> Option<String> {
    let Some(changed) = changed else {
        return Some("when it was made is not known".to_owned());
    };
    let is_young = |at: i64| survey.now - at < older_than;
    let used = history.and_then(|it| it.last_used.as_ref());
    if used.is_some_and(|used| is_young(used.at)) {
        return Some(format!(
            "its role was used within {}, by whomever",
            span(older_than)
        ));
    }
    let made = history.map_or(changed, |it| it.created.max(changed));
    is_young(made).then(|| format!("it was changed within {}", span(older_than)))
}

/// The providers that are of no cluster that there is. `going`: ARNs of roles that go before.
pub fn providers(survey: &Survey, older_than: i64, going: &BTreeSet<RoleArn>) -> Vec<Track> {
    let all = survey.providers.iter();
    all.filter_map(|provider| judged_provider(survey, provider, older_than, going))
        .collect()
}

/// `None`: it is of no cluster that is gone.
fn judged_provider(
    survey: &Survey,
    provider: &SurveyedProvider,
    older_than: i64,
    going: &BTreeSet<RoleArn>,
) -> Option<Track> {
    let issuer = issuer_of(&provider.arn, &survey.account)?;
    let fate = fate(survey, issuer);
    if matches!(
        fate,
        IssuerFate::Lives(..) | IssuerFate::Unread(_) | IssuerFate::NotEks
    ) {
        return None;
    }
    let created = provider.created.as_found().copied();
    let stay = trusting(survey, provider, going);
    let url = format!("https://{issuer}").parse().ok()?;
    let mut track = Track::new(Target::Provider(url));
    let why = fate.told(issuer).or_else(|| match &provider.created {
        Lookup::Unknown(why) => Some(format!("when it was made is not known: {why}")),
        _ if !stay.is_empty() => Some("its issuer is gone, and roles trust it still".to_owned()),
        _ => young(survey, older_than, created, None),
    });
    let leftover = Leftover {
        age_in_days: created.map(|at| days(survey, at)),
        hangs_on_it: stay,
        ..Leftover::default()
    };
    let Some(why) = why else {
        let arn = provider.arn.clone();
        track.actions.push(Action::DeleteOidcProvider { arn });
        let why = "its issuer is gone, and no role that stays trusts it".to_owned();
        return Some(judged(
            track,
            Disposition::Goes(Leftover { why, ..leftover }),
        ));
    };
    let disposition = Disposition::Stays(Leftover { why, ..leftover });
    Some(judged(track, disposition))
}

/// The ARNs of the roles that trust it, and stay.
fn trusting(
    survey: &Survey,
    provider: &SurveyedProvider,
    going: &BTreeSet<RoleArn>,
) -> Vec<String> {
    let trusting = survey.roles.iter();
    let trusting = trusting.filter(|role| trusts(role, &provider.arn));
    let stay = trusting.filter(|it| !going.contains(&it.arn));
    stay.map(|it| it.arn.to_string()).collect()
}

fn trusts(role: &SurveyedRole, provider: &str) -> bool {
    federated_principals(&role.trust).contains(&provider)
}

/// Roles that trust dead issuers only, and are of no stack of ours: they are others', and told.
pub fn roles(survey: &Survey, older_than: i64) -> Vec<Track> {
    let own: BTreeSet<&RoleArn> = survey
        .regions
        .values()
        .flat_map(|read| &read.own_roles)
        .collect();
    let dead = survey.roles.iter().filter(|role| {
        let admitted = admitted(&role.trust);
        !own.contains(&role.arn) && is_dead(survey, &admitted)
    });
    dead.filter_map(|role| {
        let arn = role.arn.clone();
        let history = role.history.as_found();
        let created = history.map(|it| it.created);
        if history.is_some() && young(survey, older_than, created, history).is_some() {
            return None;
        }
        let leftover = Leftover {
            age_in_days: created.map(|at| days(survey, at)),
            role_used: history.map(|it| used(survey, it)),
            ..Leftover::of("it trusts only issuers that are gone; roles of others are only told")
        };
        let track = Track::new(Target::Role(Box::new(arn)));
        Some(judged(track, Disposition::Stays(leftover)))
    })
    .collect()
}

fn is_dead(survey: &Survey, admitted: &Admitted<'_>) -> bool {
    let has_others = admitted.pod_identity || admitted.providers.is_empty();
    !has_others && standing(survey, admitted) == RoleLiveness::Dead
}

/// Whether a role may be of no use, so that more of it must be known.
pub fn may_be_left(survey: &Survey, role: &SurveyedRole) -> bool {
    is_dead(survey, &admitted(&role.trust))
}

/// Whether an issuer is proved dead.
pub fn is_dead_issuer(survey: &Survey, issuer: &str) -> bool {
    fate(survey, issuer) == IssuerFate::Dead
}

/// Regions of providers that nothing is told of, as they were not read.
pub fn unread(survey: &Survey) -> BTreeSet<String> {
    let issuers = survey.providers.iter();
    let issuers = issuers.filter_map(|it| issuer_of(&it.arn, &survey.account));
    let unread = issuers.filter_map(|issuer| match fate(survey, issuer) {
        IssuerFate::Unread(region) => Some(region),
        _ => None,
    });
    unread.collect()
}

/// A stack, as a plan knows it.
pub fn target(stack: &JudgedStack<'_>) -> Target {
    Target::Stack(Box::new(StackPlace {
        name: stack.stack.name.to_string(),
        region: stack.region.to_owned(),
    }))
}

/// The deletion of a stack that is judged, as it was planned. What is more than its own end is not done:
/// something of its cluster is there again.
///
/// `region`: the flags by which a command reaches it.
pub fn deletion(stack: &JudgedStack<'_>, mut planned: Track, region: &Connection) -> Track {
    planned.target = target(stack);
    for refusal in &mut planned.refusals {
        let hints = std::mem::take(&mut refusal.hints).into_iter();
        refusal.hints = hints.map(|hint| hint.with(region)).collect();
    }
    let is_its_end = |action: &Action| match action {
        Action::DeleteStack { id, .. } | Action::AwaitStack { id, .. } => *id == stack.stack.id,
        Action::DetachPolicies { .. } => true,
        _ => false,
    };
    let is_whole = planned.actions.iter().all(is_its_end);
    let disposition = match stack.disposition.clone() {
        Disposition::Goes(leftover) if !is_whole => Disposition::Stays(Leftover {
            why: "something of its cluster is there again".to_owned(),
            ..leftover
        }),
        disposition => disposition,
    };
    judged(planned, disposition)
}
