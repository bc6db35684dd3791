//! What keeps a service account from a move. Nothing is opened by a move: who is not let in today is
//! not let in afterwards.

use super::intercept::Hold;
use super::{chain, trust};
use crate::model::{
    AGENT, AUDIENCE_ANNOTATION, ClusterName, CommandLine, DEFAULT_AUDIENCE, Fix, Lookup, RoleArn,
    ServiceAccountName, StackName, Way, Workload,
};
use crate::plan::by_target_role;
use crate::policy::evaluate::Decision;
use crate::policy::openings::{Opening, openings};
use crate::world::{
    Addon, AddonStatus, Container, ContainerKind, Moving, MovingAccount, Node, Pod, PodWay,
    ROLE_VARIABLE, RoleFacts, TOKEN_VARIABLE, TOKEN_VOLUME,
};

mod goal;
mod words;

pub use goal::to_goal;

/// The label that EKS puts on pods that it runs on Fargate.
const FARGATE: &str = "eks.amazonaws.com/fargate-profile";

/// Why a service account stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    /// There is no EKS Pod Identity elsewhere.
    NotEks,
    /// What must be known, and why it is not.
    Unknown(&'static str, String),
    /// Its role has a stack, which is not as it must be, or cannot be read.
    MakerUnknown(String),
    /// Neither an annotation nor an association names a role.
    NoRole,
    /// There is no such service account, and nothing that runs as one.
    Absent(Box<Absence>),
    /// The annotation holds something else.
    NoArn(String),
    RoleMissing(RoleArn),
    /// An association has no role of another account.
    OtherAccount {
        role: String,
        instead: Fix,
    },
    /// Its trust policy is not to be seen, nor to be changed, with the credentials of the cluster's account; and
    /// how it is let in there.
    ForeignRole(Box<RoleArn>, Option<Fix>),
    /// The annotation's role, and the association's; and what makes them one.
    TwoRoles(String, Box<RoleArn>, Vec<Fix>),
    /// Only a tag says that a move made its association, and who may tag it may have written that. The command
    /// names it.
    OnlyTagged(CommandLine),
    /// What gives its pods their role today keeps it.
    Intercepted(Box<Hold>),
    /// The role does not let its tokens in today.
    NotLetIn,
    /// Whether it does is known only at the call.
    Depends(Vec<String>),
    /// It is let in by a pattern that lets others in too.
    Wildcard(String),
    Audience(String),
    /// An EKS add-on gives it its role.
    Addon {
        addon: String,
        command: CommandLine,
    },
    Fargate(Workload),
    Windows(Workload),
    /// The application asks STS by itself: where, and how that is seen.
    AsksItself(Workload, String),
    SelfAssuming,
    Chained(RoleArn),
    /// Its policies, or a role that it assumes, ask for what only sessions by EKS Pod Identity have.
    SessionTag {
        role: Option<Box<RoleArn>>,
        key: String,
    },
    /// The cluster has no agent, or one in that status.
    Agent(ClusterName, Option<AddonStatus>),
    NoProvider(ClusterName, String),
    /// Its association has a role behind its role, or a session policy.
    NoEqual(&'static str),
    /// Nothing can be annotated.
    NoObject(Box<CommandLine>),
    /// No pod runs that a token could be bound to.
    NoPod,
    /// Its pods have not moved to the way yet.
    NotBegun(Way),
    /// What is to be undone is a move to that way.
    OtherMove(Way, CommandLine),
    /// Pods of these have the way of before, and what can be done about each.
    StillRuns(PodWay, Vec<Workload>, Vec<Fix>),
    /// A statement denies it.
    Denied,
    /// Its role is not as the template of its stack has it.
    Drifted(StackName, CommandLine),
    /// In characters that are no white space.
    TooLong {
        length: usize,
        quota: usize,
    },
}

impl Obstacle {
    /// Whether it is refused where it is not named too: what keeps all of them, whatever they are, and what
    /// cannot be told.
    pub fn is_never_skipped(&self) -> bool {
        match self {
            Self::Agent(..) | Self::NoProvider(..) | Self::Unknown(..) => true,
            Self::Intercepted(hold) => matches!(**hold, Hold::Rivals(_)),
            _ => false,
        }
    }
}

/// All that keeps an account from a way.
pub fn to(way: Way, moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    match way {
        Way::PodIdentity => to_pod_identity(moving, account),
        Way::Irsa => to_irsa(moving, account),
    }
}

/// All that keeps an account from the end of its move.
pub fn to_finish(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let mut found = to_close(moving, account);
    found.extend(account.two_roles(moving));
    found
}

/// All that keeps an account's role from losing what is for its association alone.
pub fn to_close(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let mut found = unread(moving, account);
    match &account.role_arn {
        Some(own) => found.extend(role_itself(moving, account, own).err()),
        None => found.extend(roleless(account)),
    }
    found
}

/// Without the agent on their nodes pods that start get no credentials. EKS Auto Mode has it built in.
pub fn of_agent(moving: &Moving) -> Option<Obstacle> {
    let eks = moving.cluster.eks.as_ref()?;
    if eks.facts.auto_mode {
        return None;
    }
    let name = moving.cluster.name.clone();
    match &moving.addons {
        Lookup::Found(addons) => {
            let mut addons = addons.iter();
            match addons.find(|addon| addon.name == AGENT) {
                Some(agent) if agent.status == AddonStatus::Active => None,
                agent => Some(Obstacle::Agent(name, agent.map(|it| it.status.clone()))),
            }
        }
        Lookup::Missing => Some(Obstacle::Agent(name, None)),
        // That is told as unread.
        Lookup::Unknown(_) => None,
    }
}

/// All that keeps an account from IRSA.
fn to_irsa(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let mut found = unread(moving, account);
    let Some(own) = &account.role_arn else {
        found.extend(roleless(account));
        return found;
    };
    if account.object == Lookup::Missing && account.joining().next().is_none() {
        found.push(no_object(account));
    }
    found.extend(of_addon(moving, account, own));
    found.extend(account.two_roles(moving));
    found.extend(role_itself(moving, account, own).err().map(|it| match it {
        Obstacle::ForeignRole(role, _) => {
            let instead = let_in_there(moving, account, &role);
            Obstacle::ForeignRole(role, Some(instead))
        }
        other => other,
    }));
    if let Some(association) = account.associated() {
        let target = association.target_role.as_ref().map(|_| "target role");
        let policy = association.policy.as_ref().map(|_| "session policy");
        found.extend(target.into_iter().chain(policy).map(Obstacle::NoEqual));
    }
    let arn = moving.cluster.provider_arn();
    match &moving.provider {
        Lookup::Found(provider) if provider.audiences.iter().any(|it| it == DEFAULT_AUDIENCE) => {}
        Lookup::Found(_) | Lookup::Missing => {
            found.push(Obstacle::NoProvider(moving.cluster.name.clone(), arn));
        }
        Lookup::Unknown(why) => found.push(Obstacle::Unknown(
            "whether the cluster has an IAM OIDC provider",
            why.clone(),
        )),
    }
    found
}

/// How a role of another account lets a service account in by IRSA.
fn let_in_there(moving: &Moving, account: &MovingAccount, role: &RoleArn) -> Fix {
    let create = CommandLine::of(
        "irsactl create iamserviceaccount {} --cluster {} --attach-role-arn {} --trust --role-profile PROFILE",
        &[&account.name, &moving.cluster.name, role],
    );
    Fix::by("have it let in there, by a profile of that account", create)
}

/// With the command that makes it.
pub fn no_object(account: &MovingAccount) -> Obstacle {
    let ServiceAccountName { namespace, name } = &account.name;
    let create = CommandLine::of(
        "kubectl create serviceaccount {} --namespace {}",
        &[name, namespace],
    );
    Obstacle::NoObject(Box::new(create))
}

/// Where nothing is of the name that was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Absence {
    cluster: ClusterName,
    name: ServiceAccountName,
    /// Whether the namespace has any service account.
    has_others: bool,
    /// What runs under the name of a workload, and as which service account.
    beside: Vec<(Workload, ServiceAccountName)>,
}

impl Absence {
    /// Where it is known that there is nothing.
    pub fn of(moving: &Moving, account: &MovingAccount) -> Option<Self> {
        if !account.is_nothing() {
            return None;
        }
        let name = &account.name;
        let all = moving.known.iter();
        let here = all.filter(|(other, _)| other.namespace == name.namespace);
        let beside = here.clone().flat_map(|(other, workloads)| {
            let its = workloads.iter().filter(|it| it.name == name.name);
            its.map(|it| (it.clone(), other.clone()))
        });
        Some(Self {
            cluster: moving.cluster.name.clone(),
            beside: beside.collect(),
            has_others: here.count() > 0,
            name: name.clone(),
        })
    }
}

/// All that keeps an account from EKS Pod Identity.
pub fn to_pod_identity(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    if moving.cluster.eks.is_none() {
        return vec![Obstacle::NotEks];
    }
    let mut found = unread(moving, account);
    let Some(own) = &account.role_arn else {
        found.extend(roleless(account));
        return found;
    };
    found.extend(of_addon(moving, account, own));
    found.extend(account.two_roles(moving));
    found.extend(of_role(moving, account, own));
    let audience = account.object.as_found();
    let audience = audience.and_then(|object| object.annotations.get(AUDIENCE_ANNOTATION));
    if let Some(other) = audience.filter(|audience| *audience != DEFAULT_AUDIENCE) {
        found.push(Obstacle::Audience(other.clone()));
    }
    found.extend(of_pods(moving, account));
    found
}

/// What must be known before anything is changed.
fn unread(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let reads = [
        ("its ServiceAccount", account.object.unknown()),
        (
            "whether it has an association",
            account.association.unknown(),
        ),
        ("which pods run as it", account.pods.unknown()),
        ("which workloads run as it", account.workloads.unknown()),
        ("which add-ons the cluster has", moving.addons.unknown()),
    ];
    let unread = reads.into_iter();
    unread
        .filter_map(|(what, why)| Some(Obstacle::Unknown(what, why?.to_owned())))
        .collect()
}

/// Nothing names a role of it. What could not be read is told by itself.
fn roleless(account: &MovingAccount) -> Option<Obstacle> {
    let no_arn = account.annotation().map(str::to_owned);
    let no_arn = no_arn.map(Obstacle::NoArn);
    no_arn.or_else(|| account.new_pods().map(|_| Obstacle::NoRole))
}

fn of_addon(moving: &Moving, account: &MovingAccount, own: &RoleArn) -> Option<Obstacle> {
    let addons = moving.addons.as_found()?;
    let arn = own.to_string();
    let owner = account.associated().and_then(|it| it.owner.as_deref());
    let is_it = |addon: &&Addon| {
        let by_role = addon.service_account_role.as_ref() == Some(&arn);
        by_role || owner.is_some_and(|owner| owner.contains(&format!("/{}/", addon.name)))
    };
    let addon = &addons.iter().find(is_it)?.name;
    let command = CommandLine::of(
        "aws eks update-addon --cluster-name {} --addon-name {} --pod-identity-associations serviceAccount={},roleArn={}",
        &[&moving.cluster.name, addon, &account.name.name, own],
    );
    let addon = addon.clone();
    Some(Obstacle::Addon { addon, command })
}

/// GetRole knows only names, and only those of the own account.
fn role_itself<'a>(
    moving: &Moving,
    account: &'a MovingAccount,
    own: &RoleArn,
) -> Result<&'a RoleFacts, Obstacle> {
    match &account.role {
        _ if own.account() != moving.cluster.account => {
            Err(Obstacle::ForeignRole(Box::new(own.clone()), None))
        }
        Lookup::Found(facts) if facts.arn == *own => Ok(facts),
        Lookup::Found(_) | Lookup::Missing => Err(Obstacle::RoleMissing(own.clone())),
        Lookup::Unknown(why) => Err(Obstacle::Unknown("whom its role trusts", why.clone())),
    }
}

/// Whom the role lets in today. Once it is associated, nothing asks for that any more.
fn of_role(moving: &Moving, account: &MovingAccount, own: &RoleArn) -> Vec<Obstacle> {
    let facts = match role_itself(moving, account, own) {
        Ok(facts) => facts,
        Err(Obstacle::ForeignRole(..)) => {
            return vec![Obstacle::OtherAccount {
                role: own.to_string(),
                instead: by_target_role(&moving.cluster.name, &account.name, own),
            }];
        }
        Err(obstacle) => return vec![obstacle],
    };
    let mut found = Vec::new();
    if account.associated().is_none() && account.grants.is_empty() {
        found.extend(of_token(moving, account, facts));
    }
    found.extend(chain::obstacles(account, own, facts));
    found
}

fn of_token(moving: &Moving, account: &MovingAccount, facts: &RoleFacts) -> Option<Obstacle> {
    let (cluster, name) = (&moving.cluster, &account.name);
    let statement = match trust::of_token(&facts.trust, cluster, name).decision {
        Decision::Allowed { statement } => statement,
        Decision::Depends { keys, .. } => return Some(Obstacle::Depends(keys)),
        Decision::NotAllowed | Decision::ExplicitDeny { .. } => return Some(Obstacle::NotLetIn),
    };
    let opening = openings(&facts.trust, &cluster.issuer, &name.namespace).into_iter();
    let mut opening = opening.filter(|it| it.statement == statement);
    let is_wide = |kind: Opening| !matches!(kind, Opening::NoAudience | Opening::HoldsWithoutClaim);
    let wide = opening.find(|it| is_wide(it.kind))?;
    Some(Obstacle::Wildcard(wide.found))
}

fn of_pods(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let mut found: Vec<Obstacle> = Vec::new();
    let nodes = moving.nodes.as_found().map_or(&[][..], Vec::as_slice);
    let workloads = account.workloads.as_found().into_iter().flatten();
    let templates = workloads.map(|it| (&it.state.workload, &it.template, true));
    let pods = account.alive().map(|pod| (&pod.owner, pod, false));
    for (workload, pod, is_template) in templates.chain(pods) {
        let mut add = |obstacle: Obstacle| {
            if !found.contains(&obstacle) {
                found.push(obstacle);
            }
        };
        of_place(workload, pod, nodes)
            .into_iter()
            .for_each(&mut add);
        if let Some(how) = asks_itself(pod, is_template) {
            add(Obstacle::AsksItself(workload.clone(), how));
        }
    }
    found
}

/// That there is no agent where a pod runs. One that is not scheduled yet tells by itself what it can.
pub fn of_place(workload: &Workload, pod: &Pod, nodes: &[Node]) -> Vec<Obstacle> {
    let mut nodes = nodes.iter();
    let node = nodes.find(|node| Some(&node.name) == pod.node.as_ref());
    let of_node = |is: fn(&Node) -> bool| node.is_some_and(is);
    let is_on_fargate =
        pod.labels.contains_key(FARGATE) || of_node(|node| node.compute == "fargate");
    let is_on_windows = pod.windows || of_node(|node| node.windows);
    let fargate = is_on_fargate.then(|| Obstacle::Fargate(workload.clone()));
    let windows = is_on_windows.then(|| Obstacle::Windows(workload.clone()));
    fargate.into_iter().chain(windows).collect()
}

/// What the webhook gives a pod stands in no template.
fn asks_itself(pod: &Pod, is_template: bool) -> Option<String> {
    let sets = |container: &&Container| {
        let has = |variable: &str| container.env.contains_key(variable);
        let has_any = has(ROLE_VARIABLE) || has(TOKEN_VARIABLE);
        container.kind != ContainerKind::Init && has_any && (is_template || container.sets_itself())
    };
    if let Some(container) = pod.containers.iter().find(sets) {
        return Some(format!(
            "container {} sets {ROLE_VARIABLE} or {TOKEN_VARIABLE}",
            container.name
        ));
    }
    let mut tokens = pod.tokens.iter();
    let own = tokens.find(|token| {
        token.audience.as_deref() == Some(DEFAULT_AUDIENCE) && token.volume != TOKEN_VOLUME
    })?;
    Some(format!("volume {} has a token for AWS", own.volume))
}
