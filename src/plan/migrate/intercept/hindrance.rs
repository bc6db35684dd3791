//! What keeps a service account from leaving kube2iam or kiam. Whoever may write a template may write any
//! role into it: only what its pods are given today, by all that decides about it, may be given in another way.

use std::collections::BTreeSet;

use serde_json::Value;

use super::divided::Divided;
use super::split::Contradiction;
use crate::model::{CommandLine, Fix, Lookup, RoleArn, Workload};
use crate::plan::migrate::Obstacle;
use crate::policy::evaluate::{Decision, Principal, Request, evaluate};
use crate::policy::{statements, texts};
use crate::world::{Grant, Interception, Moving, MovingAccount, NoGrant, PodWay};

/// Why the pods of a service account stay with kube2iam or kiam.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// They are refused their role, and why.
    NotGiven(Workload, PodWay, String),
    /// They have it because nothing names another.
    DefaultRole(Workload, PodWay, RoleArn),
    /// The role does not let in who calls AWS for them.
    CallerNotLetIn(RoleArn, PodWay),
    /// It names no role for them.
    Nothing(PodWay),
    /// That is not what stands between pods and the instance metadata here.
    NotThere(PodWay),
    /// Nothing gives them a role that way any more, so that there is no way back.
    Finished(PodWay),
    /// Its annotation or association names that one, and they are given the other; the command that takes the
    /// annotation off.
    OtherRole(RoleArn, WorkloadRole, Option<CommandLine>),
    /// It would give one role to pods that have several, or none.
    Divided(Divided),
    /// A move made it for that workload, which runs as another one still, and why that cannot be changed.
    Unpatched(Workload, Option<String>),
    /// A workload says another thing than that one does of what it ran as before.
    Contradicted(Contradiction),
    /// Several may stand between pods and the instance metadata.
    Rivals(Vec<Workload>),
}

/// A workload with a role of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadRole {
    pub workload: Workload,
    pub role: RoleArn,
}

impl From<Hold> for Obstacle {
    fn from(hold: Hold) -> Self {
        Self::Intercepted(Box::new(hold))
    }
}

impl Hold {
    /// Why, and what can be done about it.
    pub fn told(&self) -> (String, Vec<Fix>) {
        match self {
            Self::NotGiven(workload, way, why) => (
                format!("{} gives {workload} no role today: {why}", way.word()),
                Vec::new(),
            ),
            Self::DefaultRole(workload, way, role) => (
                format!(
                    "{workload} has role {role} as the default of {}: nothing names it",
                    way.word()
                ),
                vec!["annotate its pods with the role that they need first".into()],
            ),
            Self::Nothing(way) => (format!("{} gives its pods no role", way.word()), Vec::new()),
            Self::NotThere(way) => (
                format!("no {} is found in the cluster", way.word()),
                Vec::new(),
            ),
            Self::Finished(way) => (
                format!(
                    "{} gives its pods no role any more, so that there is no way back",
                    way.word()
                ),
                Vec::new(),
            ),
            Self::OtherRole(named, WorkloadRole { workload, role }, off) => {
                let told = format!("it has role {named}, and {workload} is given {role} today");
                let off = off.as_ref();
                let off = off.map(|off| {
                    let why = "where its annotation is wrong, which anybody may have written";
                    Fix::by(format!("{why}, take it off"), off.clone())
                });
                (told, off.into_iter().collect())
            }
            Self::Divided(divided) => divided.told(),
            Self::Unpatched(workload, None) => (
                format!("it was made for {workload}, which does not run as it yet"),
                vec!["go on with `--patch-workloads`, or back with `--undo`".into()],
            ),
            Self::Unpatched(workload, Some(why)) => (
                format!("it was made for {workload}, which does not run as it: {why}"),
                vec![
                    "or go back: the same command with `--undo` and without `--patch-workloads`"
                        .into(),
                ],
            ),
            Self::Contradicted(contradiction) => contradiction.told(),
            Self::Rivals(all) => rivals_told(all),
            Self::CallerNotLetIn(caller, way) => (
                format!(
                    "its role's trust policy does not let in {caller} today, by which {} calls AWS",
                    way.word()
                ),
                Vec::new(),
            ),
        }
    }
}

/// What is to be done before any role that is given can be told.
fn rivals_told(all: &[Workload]) -> (String, Vec<Fix>) {
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    let told = format!(
        "which of {} gives pods their roles cannot be told: they run beside each other, and not with the same arguments",
        names.join(" and ")
    );
    let rules = CommandLine::of("iptables --table nat --list-rules PREROUTING", &[]);
    let look = Fix::by(
        "see on a node to whose port 169.254.169.254 leads, and take the others away",
        rules,
    );
    let take = all.iter().map(|it| {
        let command = CommandLine::of(
            "kubectl delete {} {} --namespace {}",
            &[&it.kind.word(), &it.name, &it.namespace],
        );
        Fix::by(format!("where {it} is of no use"), command)
    });
    (told, std::iter::once(look).chain(take).collect())
}

/// Whether an account's pods, or those that start without another way, have their role by kube2iam or kiam.
pub fn is_given(moving: &Moving, account: &MovingAccount) -> bool {
    !account.grants.is_empty() && obstacles(moving, account).is_empty()
}

/// Why it is not known what stands between pods and the instance metadata.
pub fn unknown(moving: &Moving, why: &str) -> Obstacle {
    if moving.rivals.is_empty() {
        let what = "what kube2iam or kiam gives its pods";
        return Obstacle::Unknown(what, why.to_owned());
    }
    Hold::Rivals(moving.rivals.clone()).into()
}

/// All that keeps an account's pods where they are, but for what is about the other way.
pub fn obstacles(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let interception = match &moving.interception {
        Lookup::Found(interception) => interception,
        Lookup::Missing => return Vec::new(),
        Lookup::Unknown(why) => return vec![unknown(moving, why)],
    };
    let mut found = Vec::new();
    let mut add = |obstacle: Obstacle| {
        if !found.contains(&obstacle) {
            found.push(obstacle);
        }
    };
    // An annotation of a ServiceAccount, which anybody may have written, says nothing of what it has today.
    if account.grants.is_empty() {
        add(Hold::Nothing(interception.interceptor.way).into());
    }
    account.grants.iter().filter_map(ungiven).for_each(&mut add);
    if let Lookup::Found(facts) = &account.role {
        not_let_in(interception, account, &facts.trust).for_each(add);
    }
    found
}

/// Why nobody else may give the workload what it is given today.
fn ungiven(grant: &Grant) -> Option<Obstacle> {
    let (workload, way) = (grant.workload.clone(), grant.way);
    match &grant.role {
        Ok(role) if grant.annotation.is_none() => {
            Some(Hold::DefaultRole(workload, way, role.clone()).into())
        }
        Ok(_) => None,
        Err(NoGrant::Refused(why)) => Some(Hold::NotGiven(workload, way, why.clone()).into()),
        Err(NoGrant::Unknown(why)) => {
            let what = "which role its pods are given";
            Some(Obstacle::Unknown(what, why.clone()))
        }
    }
}

/// The callers of the pods' roles that the role does not let in, or that nobody knows.
fn not_let_in<'a>(
    interception: &'a Interception,
    account: &'a MovingAccount,
    trust: &'a Value,
) -> impl Iterator<Item = Obstacle> + 'a {
    // Where pods run, theirs are the nodes that count.
    let runs = |workload: &Workload| {
        let mut grants = account.grants.iter();
        grants.any(|grant| grant.workload == *workload && grant.node.is_some())
    };
    let grants = account.grants.iter();
    let grants = grants.filter(move |grant| grant.node.is_some() || !runs(&grant.workload));
    let callers = grants.map(|grant| callers(interception, grant));
    callers.flat_map(move |callers| {
        let way = interception.interceptor.way;
        let callers = match callers {
            Ok(callers) => callers,
            Err(why) => return vec![Obstacle::Unknown("who calls AWS for its pods", why)],
        };
        let judged = callers.into_iter().filter_map(|caller| {
            match evaluate(trust, &call(&caller)).decision {
                Decision::Allowed { statement } if names(trust, statement, &caller) => None,
                // Its account is let in, which leaves it to its policies.
                Decision::Allowed { .. } => {
                    Some(Obstacle::Depends(vec![format!("the policies of {caller}")]))
                }
                Decision::Depends { keys, .. } => Some(Obstacle::Depends(keys)),
                Decision::NotAllowed | Decision::ExplicitDeny { .. } => {
                    Some(Hold::CallerNotLetIn(caller, way).into())
                }
            }
        });
        judged.collect()
    })
}

/// Whether a statement of a trust policy names a role itself.
fn names(trust: &Value, statement: usize, caller: &RoleArn) -> bool {
    let statement = statements(trust).nth(statement);
    let named = statement.map(|it| texts(&it["Principal"]["AWS"]));
    named.is_some_and(|named| named.contains(&caller.to_string().as_str()))
}

/// sts:AssumeRole by a role that calls for pods.
fn call(caller: &RoleArn) -> Request {
    Request::new("sts:AssumeRole", Principal::Aws(caller.to_string()), None)
}

/// Those that call for the pods of a grant: of one that runs its node's, else those of all nodes, on any of
/// which one may start.
fn callers(interception: &Interception, grant: &Grant) -> Result<BTreeSet<RoleArn>, String> {
    match &interception.callers {
        Lookup::Found(callers) => return Ok(callers.clone()),
        Lookup::Unknown(why) => return Err(why.clone()),
        Lookup::Missing => {}
    }
    let roles = match &interception.node_roles {
        Lookup::Found(roles) => roles,
        Lookup::Missing => return Err("the cluster has no nodes".to_owned()),
        Lookup::Unknown(why) => return Err(why.clone()),
    };
    let callers: BTreeSet<RoleArn> = match &grant.node {
        Some(node) => roles.get(node).cloned().into_iter().collect(),
        None => roles.values().cloned().collect(),
    };
    if callers.is_empty() {
        return Err("the role of its node is not found".to_owned());
    }
    Ok(callers)
}

/// All that call for pods, as far as they are known.
pub fn callers_of_all(interception: &Interception) -> BTreeSet<RoleArn> {
    if let Lookup::Found(callers) = &interception.callers {
        return callers.clone();
    }
    let roles = interception.node_roles.as_found().into_iter().flatten();
    roles.map(|(_, role)| role.clone()).collect()
}
