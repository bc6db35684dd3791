//! The rows of `migrate scan`: every workload with its way today, and what stands in the way of another.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evidence::WayEvidence;
use super::intercept;
use super::obstacle::{of_agent, to_pod_identity};
use super::standing::counted_by_way;
use super::{MoveState, NODE_NETWORK, Obstacle};
use crate::model::{CommandLine, Way, Workload};
use crate::world::{Moving, MovingAccount, Pod, PodWay, TemplatedWorkload};

/// A workload, or a service account that nothing runs as.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoveRow {
    pub namespace: String,
    pub name: String,
    /// Kubernetes' word.
    pub kind: String,
    pub way: Option<PodWay>,
    /// How that is known.
    pub evidence: String,
    pub service_account: String,
    pub role_arn: Option<String>,
    pub state: Option<MoveState>,
    pub obstacles: Vec<String>,
    pub notes: Vec<String>,
    #[serde(skip)]
    pub next: Option<CommandLine>,
}

/// A row for each workload, and for each service account with a role that nothing runs as.
pub fn rows(moving: &Moving) -> Vec<MoveRow> {
    moving
        .accounts
        .iter()
        .flat_map(|account| of_account(moving, account))
        .collect()
}

/// What is known of a workload: what it makes its pods from, and those that run.
#[derive(Default)]
struct WorkloadPods<'a> {
    template: Option<&'a Pod>,
    pods: Vec<&'a Pod>,
}

impl WorkloadPods<'_> {
    fn is_on_host_network(&self) -> bool {
        self.pods.iter().any(|pod| pod.host_network)
    }
}

fn of_account(moving: &Moving, account: &MovingAccount) -> Vec<MoveRow> {
    let obstacles = match account.new_pods() {
        _ if by_interception(account) => intercept::held(moving, account),
        _ if intercept::is_given(moving, account) => Vec::new(),
        _ => to_pod_identity(moving, account),
    };
    let mut workloads: BTreeMap<&Workload, WorkloadPods<'_>> = BTreeMap::new();
    for TemplatedWorkload {
        state, template, ..
    } in account.workloads.as_found().into_iter().flatten()
    {
        let running = workloads.entry(&state.workload).or_default();
        running.template = Some(template);
    }
    for pod in account.alive() {
        workloads.entry(&pod.owner).or_default().pods.push(pod);
    }
    let none = Workload {
        namespace: account.name.namespace.to_string(),
        name: account.name.name.clone(),
        ..Workload::default()
    };
    let row = |workload: &Workload, kind: String, running: &WorkloadPods<'_>| {
        row(moving, account, &obstacles, workload, kind, running)
    };
    if workloads.is_empty() {
        let nothing = WorkloadPods::default();
        return vec![row(&none, "ServiceAccount".to_owned(), &nothing)];
    }
    let rows = workloads.iter();
    rows.map(|(workload, running)| {
        let mut other = running.pods.iter().filter_map(|pod| pod.other_kind.clone());
        let kind = other.next();
        let kind = kind.unwrap_or_else(|| format!("{:?}", workload.kind));
        row(workload, kind, running)
    })
    .collect()
}

fn row(
    moving: &Moving,
    account: &MovingAccount,
    obstacles: &[Obstacle],
    workload: &Workload,
    kind: String,
    running: &WorkloadPods<'_>,
) -> MoveRow {
    let evidence = way_evidence(moving, account, running);
    let by_others = is_by_others(account, workload);
    let obstacles = if by_others { &[] } else { obstacles };
    let state = account.state(moving).filter(|_| !by_others);
    let told = told_obstacles(account, obstacles, state);
    let brought = evidence.brought;
    let brought = brought.map(|it| format!("{it}: to be taken out once a role does the same"));
    let (vault, keys) = match evidence.way {
        Some(PodWay::Vault) => (brought, None),
        _ => (None, brought),
    };
    let host_network = running
        .is_on_host_network()
        .then(|| NODE_NETWORK.to_owned());
    MoveRow {
        namespace: workload.namespace.clone(),
        name: workload.name.clone(),
        kind,
        way: evidence.way,
        evidence: evidence.told,
        service_account: account.name.name.clone(),
        role_arn: account.role_arn.as_ref().map(ToString::to_string),
        state,
        obstacles: told.chain(keys).collect(),
        next: match &vault {
            Some(_) => Some(from_vault(moving, account)),
            None if by_others => None,
            None => next(moving, account, obstacles),
        },
        notes: vault.into_iter().chain(host_network).collect(),
    }
}

/// What its move lacks that nothing else keeps.
fn unproved(account: &MovingAccount, obstacles: &[Obstacle], state: MoveState) -> Option<String> {
    let is_to_move = state == MoveState::Old && account.new_pods() == Some(PodWay::Irsa);
    let is_unproved = is_to_move && obstacles.is_empty() && !account.has_running_pod();
    is_unproved.then(|| Obstacle::NoPod.told().0)
}

/// What others that run as it have is no matter of this one.
fn is_by_others(account: &MovingAccount, workload: &Workload) -> bool {
    let is_given = account.grants.iter().any(|it| it.workload == *workload);
    !is_given && by_interception(account)
}

/// By which way its pods have their role today, as far as it can be told.
fn way_evidence(
    moving: &Moving,
    account: &MovingAccount,
    running: &WorkloadPods<'_>,
) -> WayEvidence {
    let mut evidence = WayEvidence::of(account, running.template, &running.pods);
    // It may have its role by what stands between pods and their nodes' metadata.
    if evidence.way == Some(PodWay::NodeRole)
        && !running.is_on_host_network()
        && moving.interception.unknown().is_some()
    {
        evidence.way = None;
    }
    evidence
}

/// What has no role at all has nothing to move.
fn told_obstacles(
    account: &MovingAccount,
    obstacles: &[Obstacle],
    state: Option<MoveState>,
) -> impl Iterator<Item = String> {
    let is_concerned = state.is_some() || !matches!(obstacles, [Obstacle::NoRole]);
    let told = obstacles.iter().map(|obstacle| obstacle.told().0);
    let unproved = state.and_then(|state| unproved(account, obstacles, state));
    told.filter(move |_| is_concerned).chain(unproved)
}

/// Whether kube2iam or kiam give some of its pods their role, and nothing else does.
fn by_interception(account: &MovingAccount) -> bool {
    let new = account.new_pods();
    matches!(new, Some(PodWay::Kube2iam | PodWay::Kiam))
}

/// The command that writes what Vault gives it as a config file.
fn from_vault(moving: &Moving, account: &MovingAccount) -> CommandLine {
    let cluster = &moving.cluster.name;
    let command = CommandLine::of("irsactl migrate to-irsa {}", &[&account.name]);
    let command = command.and("--cluster {} --from vault", &[cluster]);
    command.and("--write {}.yaml", &[cluster])
}

/// The command that brings it further; of an add-on's that is not one of ours.
fn next(moving: &Moving, account: &MovingAccount, obstacles: &[Obstacle]) -> Option<CommandLine> {
    let addon = obstacles.iter().find_map(|obstacle| match obstacle {
        Obstacle::Addon { command, .. } => Some(command.clone()),
        _ => None,
    });
    if addon.is_some() {
        return addon;
    }
    if !obstacles.is_empty() {
        return intercept::next_split(moving, account, obstacles);
    }
    if let Some(command) = intercept::next(moving, account) {
        return Some(command);
    }
    let command = |words: &str| {
        let command = CommandLine::of("irsactl migrate", &[]).and(words, &[&account.name]);
        command.and("--cluster {}", &[&moving.cluster.name])
    };
    let (former, verb) = match account.is_on_its_way(moving) {
        Some(Way::Irsa) => (PodWay::PodIdentity, "to-irsa"),
        _ => (PodWay::Irsa, "to-pod-identity"),
    };
    match account.state(moving)? {
        MoveState::Old if account.new_pods() == Some(PodWay::Irsa) => {
            Some(with_agent(moving, command("to-pod-identity {}")))
        }
        MoveState::Old => None,
        // Before the end all pods must have the new way.
        MoveState::Both
            if account.new_pods() == Some(PodWay::NodeRole)
                || account.alive().any(|pod| pod.way() == former) =>
        {
            Some(command(&format!("{verb} {{}}")))
        }
        MoveState::Both => Some(command(&format!("{verb} --finish {{}}"))),
        MoveState::New => None,
    }
}

/// The command that moves to EKS Pod Identity, with the agent where the cluster lacks it.
fn with_agent(moving: &Moving, command: CommandLine) -> CommandLine {
    match of_agent(moving) {
        Some(Obstacle::Agent(_, None)) => command.and("--install-agent", &[]),
        _ => command,
    }
}

/// Where a service account with a role stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoveStanding {
    pub namespace: String,
    pub name: String,
    pub state: Option<MoveState>,
    pub new_pods: Option<PodWay>,
    /// Those that run, counted by their way.
    pub pods: String,
    #[serde(rename = "roleARN")]
    pub role_arn: Option<String>,
    pub warnings: Vec<String>,
}

impl MovingAccount {
    /// An association outranks an annotation.
    fn role_of_pods(&self) -> Option<String> {
        let associated = self.associated().map(|it| &it.role);
        associated
            .or(self.role_arn.as_ref())
            .map(ToString::to_string)
    }
}

impl MoveStanding {
    /// `None` for those that have no role, nor may have one.
    pub fn of(moving: &Moving, account: &MovingAccount) -> Option<Self> {
        let has_none = account.role_arn.is_none() && account.saved().is_none();
        if has_none && account.new_pods() == Some(PodWay::NodeRole) {
            return None;
        }
        let pods = counted_by_way(account.alive());
        Some(Self {
            namespace: account.name.namespace.to_string(),
            name: account.name.name.clone(),
            state: account.state(moving),
            new_pods: account.new_pods(),
            pods,
            role_arn: account.role_of_pods(),
            warnings: account
                .lost_annotation(moving)
                .into_iter()
                .chain(account.doubt(moving))
                .chain(account.wide_trust())
                .collect(),
        })
    }

    /// For a table, all but the role.
    pub fn cells(&self) -> [String; 5] {
        let pods = match self.pods.as_str() {
            "" => "none",
            pods => pods,
        };
        [
            self.namespace.clone(),
            self.name.clone(),
            self.state.map_or("unknown", MoveState::word).to_owned(),
            self.new_pods.map_or("unknown", PodWay::word).to_owned(),
            pods.to_owned(),
        ]
    }
}
