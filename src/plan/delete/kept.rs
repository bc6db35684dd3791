//! The role of an association that goes, where others use it too: it stays, and so does all that its trust
//! policy says but for what is for this association alone.

use serde_json::Value;

use crate::asked::Deletion;
use crate::model::{Arn, Lookup, ServiceAccountName, StackName, Way};
use crate::plan::trust_change::{own_tags, tags_towards, trust_change, trust_of};
use crate::plan::{Action, Track};
use crate::policy::pod_identity::TrustedAssociation;
use crate::policy::withdrawn::{NotWithdrawn, without_association};
use crate::policy::{self, subjects};
use crate::world::{
    AssociatedRole, FoundStack, ObservedDeletion, OwningStack, Phase, ServiceAccountState, Stack,
};

/// Who uses the role of an association's stack beside that.
pub struct OtherUsers {
    told: Vec<String>,
    /// Whether its own service account does, by its annotation.
    is_annotated: bool,
}

impl OtherUsers {
    /// Empty unless an association with a stack goes: only the roles of those are asked about.
    pub fn of(asked: &Deletion, found: Option<&FoundStack>, observed: &ObservedDeletion) -> Self {
        let mut users = Self {
            told: Vec::new(),
            is_annotated: false,
        };
        let Some(found) = found.filter(|_| asked.way == Way::PodIdentity) else {
            return users;
        };
        let foreign = observed.foreign.as_found();
        let using = foreign.and_then(|it| it.associations.as_found());
        let others = using.into_iter().flatten();
        let others = others.filter(|(name, _)| *name != asked.name);
        users.told = others.map(|(name, _)| name.to_string()).collect();
        let role = found.stack.role_arn.as_ref().map(ToString::to_string);
        users.is_annotated = match &observed.service_account {
            ServiceAccountState::Found(account) => {
                role.is_some() && account.role() == role.as_deref()
            }
            _ => false,
        };
        let tagged = found.stack.account(Way::Irsa);
        let own = || users.is_annotated.then(|| asked.name.clone());
        if let Some(account) = tagged.clone().or_else(own) {
            users.told.push(told_account(&account));
        } else if observed.service_account == ServiceAccountState::NotLooked
            && let Some(Lookup::Found(trust)) = foreign.map(|it| &it.trust)
            && subjects::lets_tokens_in(trust)
        {
            users.told.push(LET_IN.to_owned());
        }
        users.add_annotated(&observed.annotated, tagged.as_ref());
        users
    }

    fn add_annotated(
        &mut self,
        annotated: &Lookup<Vec<ServiceAccountName>>,
        tagged: Option<&ServiceAccountName>,
    ) {
        match annotated {
            Lookup::Found(others) => {
                let all = others.iter().filter(|it| tagged != Some(it));
                self.told.extend(all.map(told_account));
            }
            Lookup::Unknown(why) => {
                let told = format!("{LET_IN}, which cannot be told: {why}");
                self.told.push(told);
            }
            Lookup::Missing => {}
        }
    }

    /// Whether nobody else uses the role, so that its stack may go.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// That their stack stays.
    pub fn note(&self, track: &mut Track, stack: &StackName) {
        track.notes.push(format!(
            "stack {stack} stays, as its role is that of {} too",
            self.told.join(", ")
        ));
    }
}

const LET_IN: &str = "the IAM service accounts that its trust policy lets in";

fn told_account(name: &ServiceAccountName) -> String {
    format!("the IAM service account {name}")
}

/// What must be done before the association goes: a run that is cut off in between finds all of it again.
/// `is_there`: the association is.
pub fn withdrawal(
    track: &mut Track,
    asked: &Deletion,
    role: &AssociatedRole,
    users: &OtherUsers,
    is_there: bool,
) -> Option<Action> {
    let (owning, live) = match changeable(role) {
        Changeable::Trust(owning, live) => (owning, live),
        Changeable::Later(stack) => return Some(Action::await_stack(stack)),
        Changeable::No(text) => {
            track.warnings.push(text);
            return None;
        }
        Changeable::Others(text) => {
            track.notes.push(text);
            return None;
        }
        Changeable::Gone => return None,
    };
    let rest = match trust_without(asked, owning, live)? {
        Ok(rest) => rest,
        Err(why) => {
            let role = role.arn.name();
            let left = |why| format!("the trust policy of role {role} stays as it is: {why}");
            track.warnings.extend(is_there.then(|| left(told(why))));
            return None;
        }
    };
    if policy::same(&rest, live) {
        return None;
    }
    let mut tags = own_tags(&owning.stack.tags);
    if users.is_annotated {
        tags = tags_towards(&tags, &asked.name, Way::Irsa);
    }
    let (stack, deployment) = (Some((owning, tags)), asked.deployment.clone());
    let change = trust_change(role.arn.name(), stack, live, &rest, deployment);
    Some(change)
}

/// The trust policy without what lets the association in. `None`: the cluster's ARN is not known.
fn trust_without(
    asked: &Deletion,
    owning: &OwningStack,
    live: &Value,
) -> Option<Result<Value, NotWithdrawn>> {
    let cluster_arn = cluster_arn(asked, owning)?;
    let association = TrustedAssociation {
        account: &asked.name,
        cluster_arn: &cluster_arn,
    };
    // As the template has it, where nobody changed it since.
    let base = trust_of(owning).filter(|own| policy::same(own, live));
    Some(without_association(base.unwrap_or(live), association))
}

/// Whether the trust policy of a role can lose something.
enum Changeable<'a> {
    /// By this stack; and what it is now.
    Trust(&'a OwningStack, &'a Value),
    /// When this stack's operation is over.
    Later(&'a Stack),
    /// It should, and cannot.
    No(String),
    /// It is nobody's of irsactl or eksctl.
    Others(String),
    Gone,
}

fn changeable(role: &AssociatedRole) -> Changeable<'_> {
    let stays = |why: &str| format!("role {} stays as it is: {why}", role.arn.name());
    let live = match &role.trust {
        Lookup::Found(live) => live,
        Lookup::Missing => return Changeable::Gone,
        Lookup::Unknown(why) => return Changeable::No(stays(why)),
    };
    let owning = match &role.stack {
        Lookup::Found(owning) => owning,
        Lookup::Missing => {
            return Changeable::Others(stays("no stack of irsactl or eksctl made it"));
        }
        Lookup::Unknown(why) => return Changeable::No(stays(why)),
    };
    let stack = &owning.stack;
    match stack.phase() {
        Phase::Ready => Changeable::Trust(owning, live),
        Phase::Busy => Changeable::Later(stack),
        _ => Changeable::No(stays(&format!(
            "stack {} is in {}",
            stack.name, stack.status
        ))),
    }
}

fn told(why: NotWithdrawn) -> String {
    match why {
        NotWithdrawn::StillLetIn { statement } => format!(
            "statement {} lets the association in, and others with it",
            statement + 1
        ),
        NotWithdrawn::NothingLeft => {
            "it lets in nobody else, and IAM takes none without a statement".to_owned()
        }
    }
}

/// An association's role and the stack that made it are of the cluster's account.
fn cluster_arn(asked: &Deletion, owning: &OwningStack) -> Option<Arn> {
    let mut parts = owning.stack.id.split(':').skip(1);
    let (partition, _, region, account) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let arn = format!(
        "arn:{partition}:eks:{region}:{account}:cluster/{}",
        asked.cluster
    );
    arn.parse().ok()
}
