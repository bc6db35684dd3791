//! `trust copy`: the role of a service account of one cluster, for the one of that name in another. What the
//! ServiceAccount names is only a claim: whoever may annotate it can name any role. The role's trust policy
//! decides, and on no wider terms than it has.

use super::TrustObstacle;
use crate::model::{
    AUDIENCE_ANNOTATION, Cluster, ClusterName, CommandLine, DEFAULT_AUDIENCE, Fix, Lookup, Map,
    ROLE_ANNOTATION, RoleArn, ServiceAccountName, shown_as_value,
};
use crate::plan::{Action, Breadth, Idle, Reason, Target, Track};
use crate::policy::subjects::{Admission, TokenProvider};
use crate::world::{CopySource, ServiceAccount};

/// What another cluster's service account is to have.
#[derive(Clone, Debug, PartialEq)]
pub struct CopiedRole {
    pub role: RoleArn,
    /// What is not the same there.
    notes: Vec<String>,
}

/// Why a service account's role is not copied.
#[derive(Clone, Debug, PartialEq)]
pub struct NotCopied {
    from: ClusterName,
    name: ServiceAccountName,
    why: WhyNot,
}

#[derive(Clone, Debug, PartialEq)]
enum WhyNot {
    Absent,
    /// Nothing names a role; or only an association does.
    NoRole {
        is_associated: bool,
    },
    NoArn(String),
    OtherAccount(RoleArn),
    RoleMissing(RoleArn),
    RoleUnknown(RoleArn, String),
    Audience(String),
    Refused(RoleArn),
    /// The statement that lets it in asks for more, by its number from 0.
    OnTerms(RoleArn, usize),
    /// Whether it does hangs on these keys of these statements.
    Open(RoleArn, Vec<usize>, Vec<String>),
}

/// The role that the trust policy lets the service account into today.
///
/// # Errors
/// Why there is none, or none that is copied.
pub fn copied(from: &Cluster, source: &CopySource) -> Result<CopiedRole, Box<NotCopied>> {
    let not = |why| NotCopied::of(from, source, why);
    let is_associated = source.association.as_found().is_some();
    let (object, role) = named(from, source, is_associated)?;
    let trust = match &source.role {
        Lookup::Found(facts) => &facts.trust,
        Lookup::Missing => return Err(not(WhyNot::RoleMissing(role))),
        Lookup::Unknown(why) => return Err(not(WhyNot::RoleUnknown(role, why.clone()))),
    };
    let arn = from.provider_arn();
    let provider = TokenProvider {
        arn: &arn,
        issuer: &from.issuer,
    };
    let mut notes = Vec::new();
    match provider.admission(trust, &source.name) {
        Admission::Named => {}
        Admission::Among(pattern) => notes.push(format!(
            "role {} lets in {pattern} of cluster \"{}\": what is copied is for {} alone",
            role.name(),
            from.name,
            source.name
        )),
        Admission::OnTerms(statement) => return Err(not(WhyNot::OnTerms(role, statement))),
        Admission::Open { statements, keys } => {
            return Err(not(WhyNot::Open(role, statements, keys)));
        }
        Admission::Refused => return Err(not(WhyNot::Refused(role))),
    }
    notes.extend(left_behind(from, is_associated, &object.annotations));
    Ok(CopiedRole { role, notes })
}

/// The ServiceAccount, and the role of the cluster's account that it names.
fn named<'a>(
    from: &Cluster,
    source: &'a CopySource,
    is_associated: bool,
) -> Result<(&'a ServiceAccount, RoleArn), Box<NotCopied>> {
    let not = |why| NotCopied::of(from, source, why);
    let Some(object) = &source.object else {
        return Err(not(if is_associated {
            WhyNot::NoRole { is_associated }
        } else {
            WhyNot::Absent
        }));
    };
    let Some(text) = object.role() else {
        return Err(not(WhyNot::NoRole { is_associated }));
    };
    let Ok(role) = text.parse::<RoleArn>() else {
        return Err(not(WhyNot::NoArn(text.to_owned())));
    };
    if role.account() != from.account {
        return Err(not(WhyNot::OtherAccount(role)));
    }
    let audience = object.annotations.get(AUDIENCE_ANNOTATION);
    if let Some(other) = audience.filter(|it| *it != DEFAULT_AUDIENCE) {
        return Err(not(WhyNot::Audience(other.clone())));
    }
    Ok((object, role))
}

/// What the service account has there and does not get here.
fn left_behind(from: &Cluster, is_associated: bool, annotations: &Map) -> Vec<String> {
    let association = is_associated.then(|| {
        format!(
            "an EKS Pod Identity association of cluster \"{}\" gives its pods their role, and is not copied",
            from.name
        )
    });
    let copied = [ROLE_ANNOTATION, AUDIENCE_ANNOTATION];
    let others = annotations.keys().filter(|key| {
        let is_of_webhook = key.starts_with("eks.amazonaws.com/");
        is_of_webhook && !copied.contains(&key.as_str())
    });
    let annotations = others.map(|key| {
        format!(
            "annotation {key} of cluster \"{}\" is not copied",
            from.name
        )
    });
    association.into_iter().chain(annotations).collect()
}

impl CopiedRole {
    /// Tells what whoever has the change carried out should know of it.
    pub fn tell(&self, track: &mut Track) {
        if track.actions.is_empty() {
            return;
        }
        track.notes.extend(self.notes.iter().cloned());
        let stack = track.actions.iter().find_map(|action| match action {
            Action::UpdateStack(update) => Some(&update.stack),
            _ => None,
        });
        if let Some(stack) = stack {
            let text = format!(
                "role {} is of stack \"{stack}\", and goes when that is deleted",
                self.role.name()
            );
            track.warnings.push(text);
        }
    }
}

impl NotCopied {
    /// Named, or not known, it is refused; of many it is skipped. Both are told.
    pub fn track(self, breadth: Breadth) -> Track {
        let mut track = Track::new(Target::ServiceAccount(self.name.clone()));
        let is_unknown = matches!(self.why, WhyNot::RoleUnknown(..));
        if breadth == Breadth::All && !is_unknown {
            track.notes.push(format!("skipped: {}", self.told().0));
            track.idle = Idle::Skipped;
            return track;
        }
        let from = self.from.clone();
        let reason = TrustObstacle::NotCopied(Box::new(self));
        track.refuse(&from, Reason::TrustKept(Box::new(reason)));
        track
    }

    fn of(from: &Cluster, source: &CopySource, why: WhyNot) -> Box<Self> {
        Box::new(Self {
            from: from.name.clone(),
            name: source.name.clone(),
            why,
        })
    }

    /// Why, and what can be done about it.
    pub fn told(&self) -> (String, Vec<Fix>) {
        let Self { from, name, why } = self;
        let of = |command: &str| CommandLine::of(command, &[from]);
        let (text, fix) = match why {
            WhyNot::Absent => (
                format!("cluster \"{from}\" has no such ServiceAccount"),
                Some(Fix::by(
                    "list those that have a role",
                    of("irsactl get iamserviceaccount --cluster {}"),
                )),
            ),
            WhyNot::NoRole { is_associated } => (
                if *is_associated {
                    format!(
                        "in cluster \"{from}\" it has its role by an EKS Pod Identity association, and those are not copied"
                    )
                } else {
                    format!("its ServiceAccount in cluster \"{from}\" names no role")
                },
                is_associated.then(|| {
                    Fix::by(
                        "see which role that is",
                        of("irsactl get podidentityassociation --cluster {}"),
                    )
                }),
            ),
            WhyNot::NoArn(text) => (
                format!(
                    "what its ServiceAccount in cluster \"{from}\" names is no ARN of a role: {}",
                    shown_as_value(text)
                ),
                None,
            ),
            WhyNot::OtherAccount(role) => (
                format!(
                    "role {role} is of account {}, and this run acts in the clusters'",
                    role.account()
                ),
                None,
            ),
            WhyNot::RoleMissing(role) => (
                format!(
                    "role {role}, which its ServiceAccount in cluster \"{from}\" names, does not exist"
                ),
                None,
            ),
            WhyNot::RoleUnknown(role, why) => (
                format!("whom role {} lets in cannot be told: {why}", role.name()),
                Some(Fix::by(
                    "run the same command again; all rights that it needs",
                    "irsactl permissions --for copy",
                )),
            ),
            WhyNot::Audience(audience) => (
                format!(
                    "its tokens in cluster \"{from}\" are for {}, and only those for {DEFAULT_AUDIENCE} are let in",
                    shown_as_value(audience)
                ),
                None,
            ),
            WhyNot::Refused(role) => (
                format!(
                    "role {} does not let it in from cluster \"{from}\" today, whatever its ServiceAccount there says",
                    role.name()
                ),
                Some(Fix::by(
                    "see why",
                    CommandLine::of("irsactl doctor {} --cluster {}", &[name, from]),
                )),
            ),
            WhyNot::OnTerms(role, statement) => (
                format!(
                    "statement {statement} (from 0) of role {} lets it in from cluster \"{from}\" on other terms than subject and audience, which a copy would lose",
                    role.name()
                ),
                Some(listed(role)),
            ),
            WhyNot::Open(role, statements, keys) => {
                let numbers: Vec<String> = statements.iter().map(ToString::to_string).collect();
                (
                    format!(
                        "whether role {} lets it in from cluster \"{from}\" depends on {}, by statement {} (from 0): a copy would lose that",
                        role.name(),
                        keys.join(", "),
                        numbers.join(", ")
                    ),
                    Some(listed(role)),
                )
            }
        };
        (text, fix.into_iter().collect())
    }
}

/// A missing provider is told without the flag by which `create` would make it.
pub fn without_flag(track: &mut Track) {
    let refusals = track.refusals.iter_mut();
    for refusal in refusals.filter(|it| it.reason == Reason::NoProvider) {
        refusal.hints.truncate(1);
    }
}

fn listed(role: &RoleArn) -> Fix {
    let list = CommandLine::of("irsactl trust list --role-arn {}", &[role]);
    Fix::by("see what the role asks for", list)
}

#[cfg(test)]
mod tests;
