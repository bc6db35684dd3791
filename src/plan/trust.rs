//! Trust policies of roles that several clusters have: subjects of a cluster's tokens more or fewer, and the
//! provider of one cluster in the place of another's. The role's own document is the base, and nothing else in it
//! changes.

use serde_json::Value;

use super::migrate::Obstacle;
use super::trust_change::{TRUST, awaited, own_tags, trust_change, unlike_its_template};
use super::{Action, Reason, Target, Track};
use crate::asked::Deployment;
use crate::model::{Cluster, CommandLine, DEFAULT_AUDIENCE, Issuer, Lookup, RoleArn, Way};
use crate::policy::evaluate::Decision;
use crate::policy::subjects::{Subject, TokenProvider, lists, retargeted, with_subject, without};
use crate::policy::withdrawn::NotWithdrawn;
use crate::policy::{self, federated_principals};
use crate::world::{OidcProvider, OwningStack, RoleFacts, Stack, TrustingRole};

mod copy;
mod obstacle;
mod row;

pub use copy::{CopiedRole, NotCopied, copied, without_flag};
pub use obstacle::TrustObstacle;
pub use row::{TrustRow, rows};

/// What is asked of trust policies.
#[derive(Clone, Debug, PartialEq)]
pub enum TrustGoal {
    Add(Vec<Subject>),
    Remove(Vec<Subject>),
    /// The cluster's provider in the place of that of this issuer.
    Retarget(Issuer),
}

/// What it is asked of, and where.
pub struct TrustChange<'a> {
    pub goal: &'a TrustGoal,
    pub cluster: &'a Cluster,
    /// The cluster's.
    pub provider: &'a Lookup<OidcProvider>,
    /// Characters that a trust policy may have.
    pub quota: usize,
    pub deployment: Deployment,
}

impl TrustChange<'_> {
    /// A track for a role.
    pub fn plan(&self, role: &TrustingRole) -> Track {
        let mut track = Track::new(Target::Role(Box::new(role.arn.clone())));
        match self.actions(role, &mut track.notes) {
            Ok(actions) => track.actions = actions,
            Err(obstacle) => {
                track.refuse(&self.cluster.name, Reason::TrustKept(Box::new(obstacle)));
            }
        }
        track
    }

    /// What changes its trust policy.
    ///
    /// # Errors
    /// What keeps it as it is.
    pub fn actions(
        &self,
        role: &TrustingRole,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Action>, TrustObstacle> {
        let facts = self.known(role)?;
        let changed = self.changed(&facts.trust, notes);
        // The stack's own service account is often the only one.
        if let (Err(TrustObstacle::NobodyLeft(_)), Lookup::Found(stack)) = (&changed, &role.stack) {
            self.stays_its_own(&role.arn, stack)?;
        }
        let changed = changed?;
        if policy::same(&changed, &facts.trust) {
            return Ok(Vec::new());
        }
        if let Some(foreign) = &role.foreign_stack {
            return Err(TrustObstacle::ForeignStack(foreign.clone()));
        }
        if !matches!(self.goal, TrustGoal::Remove(_)) {
            self.needs_provider()?;
        }
        let quota = self.quota;
        let length = policy::measure(&changed);
        if length > quota && length > policy::measure(&facts.trust) {
            return Err(Obstacle::TooLong { length, quota }.into());
        }
        if let Some(wait) = role.stack.as_found().and_then(|it| awaited(&it.stack)) {
            return Ok(vec![wait]);
        }
        let stack = self.maker(role, &facts.trust)?;
        let stack = stack.map(|stack| (stack, own_tags(&stack.stack.tags)));
        let (name, deployment) = (role.arn.name(), self.deployment.clone());
        let change = trust_change(name, stack, &facts.trust, &changed, deployment);
        Ok(vec![change])
    }

    /// The stack that made it, by which it is changed.
    fn maker<'r>(
        &self,
        role: &'r TrustingRole,
        trust: &Value,
    ) -> Result<Option<&'r OwningStack>, TrustObstacle> {
        let stack = match &role.stack {
            Lookup::Unknown(why) => return Err(Obstacle::MakerUnknown(why.clone()).into()),
            Lookup::Missing => return Ok(None),
            Lookup::Found(stack) => stack,
        };
        let repair = || repair(&stack.stack);
        if let Some(obstacle) = unlike_its_template(stack, trust, self.cluster, repair) {
            return Err(obstacle.into());
        }
        self.stays_its_own(&role.arn, stack)?;
        Ok(Some(stack))
    }

    /// The role, where it can be changed by whoever acts for this cluster's account.
    fn known<'a>(&self, role: &'a TrustingRole) -> Result<&'a RoleFacts, TrustObstacle> {
        if role.arn.account() != self.cluster.account {
            return Err(TrustObstacle::Elsewhere(Box::new(role.arn.clone())));
        }
        match &role.facts {
            Lookup::Found(facts) => Ok(facts),
            Lookup::Missing => Err(Obstacle::RoleMissing(role.arn.clone()).into()),
            Lookup::Unknown(why) => {
                Err(Obstacle::Unknown("whom its role trusts", why.clone()).into())
            }
        }
    }

    /// Nobody gets in by a provider that is not there.
    fn needs_provider(&self) -> Result<(), Obstacle> {
        let arn = self.cluster.provider_arn();
        match self.provider {
            Lookup::Found(it) if it.audiences.iter().any(|it| it == DEFAULT_AUDIENCE) => Ok(()),
            Lookup::Found(_) | Lookup::Missing => {
                Err(Obstacle::NoProvider(self.cluster.name.clone(), arn))
            }
            Lookup::Unknown(why) => Err(Obstacle::Unknown(
                "whether the cluster has an IAM OIDC provider",
                why.clone(),
            )),
        }
    }

    fn changed(&self, trust: &Value, notes: &mut Vec<String>) -> Result<Value, TrustObstacle> {
        let arn = self.cluster.provider_arn();
        let own = TokenProvider {
            arn: &arn,
            issuer: &self.cluster.issuer,
        };
        match self.goal {
            TrustGoal::Add(subjects) => added(trust, own, subjects, notes),
            TrustGoal::Remove(subjects) => removed(trust, own, subjects, notes),
            TrustGoal::Retarget(issuer) => {
                let former = issuer.provider_arn(&self.cluster.partition, &self.cluster.account);
                let from = TokenProvider {
                    arn: &former,
                    issuer,
                };
                if !federated_principals(trust).contains(&from.arn) {
                    notes.push(format!("it does not trust {issuer}"));
                    return Ok(trust.clone());
                }
                retargeted(trust, from, own).ok_or(TrustObstacle::BothProviders)
            }
        }
    }

    /// A stack's own service account stays in its role, and a stack its cluster's: what brings the role to what
    /// it is asked to be would undo anything else.
    fn stays_its_own(&self, role: &RoleArn, stack: &OwningStack) -> Result<(), TrustObstacle> {
        let stack = &stack.stack;
        match self.goal {
            TrustGoal::Remove(subjects) if stack.is_of(&self.cluster.name) => {
                let own = stack.account(Way::Irsa).map(Subject::Account);
                match own.filter(|own| subjects.contains(own)) {
                    Some(own) => {
                        let deletion = CommandLine::of(
                            "irsactl delete iamserviceaccount {} --cluster {}",
                            &[&own, &self.cluster.name],
                        );
                        let (stack, own) = (stack.name.clone(), own.to_string());
                        Err(TrustObstacle::OwnStack(stack, own, deletion))
                    }
                    None => Ok(()),
                }
            }
            // What changes it for its own cluster would turn it back.
            TrustGoal::Retarget(_) if !stack.is_of(&self.cluster.name) => {
                let of = stack.cluster().unwrap_or_default().to_owned();
                let account = stack.account(Way::Irsa).map(|it| it.to_string());
                let account = account.unwrap_or_else(|| "NAMESPACE/NAME".to_owned());
                let add = CommandLine::of("irsactl trust add", &[]).and(
                    "{} --cluster {} --role-arn {} --approve",
                    &[&account, &self.cluster.name, role],
                );
                Err(TrustObstacle::OtherClustersStack(
                    stack.name.clone(),
                    of,
                    add,
                ))
            }
            _ => Ok(()),
        }
    }
}

/// The role as the actions of a track leave it, for whoever is planned next.
pub fn left_by(track: &Track, role: &mut TrustingRole) {
    let Lookup::Found(facts) = &mut role.facts else {
        return;
    };
    for action in &track.actions {
        match (action, &mut role.stack) {
            (Action::UpdateTrust(update), _) if update.role == role.arn.name() => {
                facts.trust.clone_from(&update.document);
            }
            (Action::UpdateStack(update), Lookup::Found(owning))
                if update.stack == owning.stack.name =>
            {
                owning.body.clone_from(&update.template);
                if let Some(trust) = owning.body.pointer(TRUST) {
                    facts.trust.clone_from(trust);
                }
            }
            _ => {}
        }
    }
}

/// The command that shows what of a role was changed by hand, for the cluster of its stack.
fn repair(stack: &Stack) -> CommandLine {
    let mut ways = Way::ALL.into_iter();
    let way = ways.find(|way| stack.account(*way).is_some());
    let way = way.unwrap_or_default();
    let name = stack.account(way);
    let name = name.map_or_else(|| "NAMESPACE/NAME".to_owned(), |it| it.to_string());
    let cluster = stack.cluster().unwrap_or("CLUSTER");
    let command = CommandLine::of("irsactl update", &[]).and(way.noun(), &[]);
    command.and("{} --cluster {} --repair-drift", &[&name, &cluster])
}

/// What a subject makes of a trust policy.
enum Step {
    Changed(Value),
    /// It is so already, in words.
    Idle(String),
}

/// The trust policy after a step for each subject. What is so already is told.
fn stepped(
    trust: &Value,
    subjects: &[Subject],
    notes: &mut Vec<String>,
    step: impl Fn(&Value, &Subject) -> Result<Step, TrustObstacle>,
) -> Result<Value, TrustObstacle> {
    let mut changed = trust.clone();
    for subject in subjects {
        match step(&changed, subject)? {
            Step::Changed(with) => changed = with,
            Step::Idle(told) => notes.push(told),
        }
    }
    Ok(changed)
}

fn added(
    trust: &Value,
    own: TokenProvider<'_>,
    subjects: &[Subject],
    notes: &mut Vec<String>,
) -> Result<Value, TrustObstacle> {
    let changed = stepped(trust, subjects, notes, |trust, subject| {
        let with = with_subject(trust, own, subject);
        Ok(if policy::same(&with, trust) {
            Step::Idle(format!("{subject} is let in already"))
        } else {
            Step::Changed(with)
        })
    })?;
    let denied = subjects.iter().any(|subject| match subject {
        Subject::Account(account) => {
            !matches!(own.decide(&changed, account), Decision::Allowed { .. })
        }
        Subject::Pattern(..) => false,
    });
    if denied {
        return Err(TrustObstacle::Denied);
    }
    Ok(changed)
}

fn removed(
    trust: &Value,
    own: TokenProvider<'_>,
    subjects: &[Subject],
    notes: &mut Vec<String>,
) -> Result<Value, TrustObstacle> {
    let still =
        |statement, subject: &Subject| TrustObstacle::StillLetIn(subject.to_string(), statement);
    stepped(trust, subjects, notes, |trust, subject| {
        let is_listed = lists(trust, own, subject);
        let lets_in = lets_all_in(trust, own, subject);
        if !is_listed && lets_in.is_none() {
            return Ok(Step::Idle(match subject {
                Subject::Account(_) => format!("{subject} is not let in"),
                Subject::Pattern(..) => format!("no statement has the pattern {subject}"),
            }));
        }
        let rest = without(trust, own, subject).map_err(|why| match why {
            NotWithdrawn::StillLetIn { statement } => still(statement, subject),
            NotWithdrawn::NothingLeft => TrustObstacle::NobodyLeft(subject.to_string()),
        })?;
        match lets_all_in(&rest, own, subject) {
            // Of the policy as it is now: what goes may shift it.
            Some(statement) => Err(still(lets_in.unwrap_or(statement), subject)),
            None => Ok(Step::Changed(rest)),
        }
    })
}

/// The statement, from 0, that lets in all that a subject is, or may.
fn lets_all_in(trust: &Value, own: TokenProvider<'_>, subject: &Subject) -> Option<usize> {
    let mut statement = None;
    for account in subject.examples() {
        statement = match own.decide(trust, &account) {
            Decision::NotAllowed | Decision::ExplicitDeny { .. } => return None,
            Decision::Allowed { statement } => Some(statement),
            Decision::Depends { statements, .. } => statements.first().copied(),
        };
    }
    statement
}
