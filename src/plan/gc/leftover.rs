//! What is known of something that may be left over, in words.

use serde::Serialize;

use crate::model::{ClusterName, CommandLine, Fix};
use crate::plan::{Idle, Target, Track};
use crate::world::LooseEnds;

/// Why something is thought to be left over, or is not, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Since it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_in_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_used: Option<RoleUse>,
    /// What else needs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hangs_on_it: Vec<String>,
    /// What its user may do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Fix>,
}

/// When a role was last used: IAM tells up to 400 days of it, and is hours late (IAM User Guide, "Refine
/// permissions in AWS using last accessed information").
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RoleUse {
    /// In the time that IAM looks back.
    Never,
    DaysAgo {
        days: i64,
        region: String,
    },
}

impl Leftover {
    /// With a reason, and nothing else that is known.
    pub fn of(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            ..Self::default()
        }
    }

    /// One line a fact.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("why: {}", self.why)];
        let age = self.age_in_days.map(|days| format!("age: {days} days"));
        let used = self.role_used.as_ref().map(|used| match used {
            RoleUse::Never => "role used: not within the 400 days that IAM tells".to_owned(),
            RoleUse::DaysAgo { days, region } => format!("role used: {days} days ago in {region}"),
        });
        let told: Vec<String> = age.into_iter().chain(used).collect();
        if !told.is_empty() {
            lines.push(told.join("; "));
        }
        let hanging = self.hangs_on_it.iter();
        lines.extend(hanging.map(|it| format!("hangs on it: {it}")));
        lines.extend(self.hints.iter().map(|hint| format!("hint: {hint}")));
        lines
    }
}

/// What becomes of something that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Disposition {
    Goes(Leftover),
    Stays(Leftover),
}

/// A track with what is known of its target.
pub fn judged(mut track: Track, disposition: Disposition) -> Track {
    let leftover = match disposition {
        Disposition::Goes(leftover) => leftover,
        Disposition::Stays(leftover) => {
            track.actions.clear();
            track.is_other = true;
            track.idle = Idle::Skipped;
            leftover
        }
    };
    track.leftover = Some(Box::new(leftover));
    track
}

/// What of a living cluster names nothing: told, and left.
pub fn loose_ends(cluster: &ClusterName, ends: &LooseEnds) -> Vec<Track> {
    let associations = ends.associations.iter().map(|(name, role)| {
        let fix = CommandLine::of(
            "irsactl delete podidentityassociation {} --namespace {} --cluster {}",
            &[&name.name, &name.namespace, cluster],
        );
        let leftover = Leftover {
            hangs_on_it: vec![role.to_string()],
            hints: vec![Fix::by("if none is to come, delete it", fix)],
            ..Leftover::of("the cluster has no ServiceAccount of that name")
        };
        (Target::Association(name.clone()), leftover)
    });
    let annotations = ends.annotations.iter().map(|(name, role)| {
        let fix = CommandLine::of(
            "irsactl doctor {} --namespace {} --cluster {}",
            &[&name.name, &name.namespace, cluster],
        );
        let leftover = Leftover {
            hints: vec![Fix::by("see what mends it", fix)],
            ..Leftover::of(format!("its annotation names {role}, which is gone"))
        };
        (Target::ServiceAccount(name.clone()), leftover)
    });
    let all = associations.chain(annotations);
    all.map(|(target, leftover)| {
        let leftover = Leftover {
            cluster: Some(cluster.to_string()),
            ..leftover
        };
        judged(Track::new(target), Disposition::Stays(leftover))
    })
    .collect()
}
