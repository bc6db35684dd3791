//! What keeps a service account from a move, in words, with what mends it.

use super::{Absence, Obstacle};
use crate::model::{AGENT, ClusterName, CommandLine, DEFAULT_AUDIENCE, Fix, Workload};
use crate::world::AddonStatus;

impl Obstacle {
    /// Why, and what can be done about it.
    pub fn told(&self) -> (String, Vec<Fix>) {
        match self {
            Self::NotEks => ("the cluster is not one of EKS".to_owned(), Vec::new()),
            Self::Unknown(what, why) => (
                format!("{what} cannot be told: {why}"),
                vec![Fix::by("if a right is missing, all that a move needs", "irsactl permissions --for migrate")],
            ),
            Self::MakerUnknown(why) => (format!("what made its role cannot be told: {why}"), Vec::new()),
            Self::NoRole => ("it has no role".to_owned(), Vec::new()),
            Self::NoArn(text) => (
                format!("its annotation is no ARN of a role: \"{text}\""),
                Vec::new(),
            ),
            Self::RoleMissing(role) => (format!("role {role} does not exist"), Vec::new()),
            Self::OtherAccount { role, instead } => (
                format!("role {role} is of another account, and an association takes one of the cluster's"),
                vec![instead.clone()],
            ),
            Self::TwoRoles(annotated, associated, fixes) => (
                format!("its annotation names {annotated}, and its association {associated}"),
                fixes.clone(),
            ),
            Self::OnlyTagged(command) => (
                "only a tag says that a move made its association".to_owned(),
                vec![Fix::by("where a move did, name it", command.clone())],
            ),
            Self::Intercepted(hold) => hold.told(),
            Self::NotLetIn => (
                "the role's trust policy does not let it in today".to_owned(),
                Vec::new(),
            ),
            Self::Depends(keys) => (
                format!("whether its role lets it in depends on {}", keys.join(", ")),
                Vec::new(),
            ),
            Self::Wildcard(found) => (
                format!("its role lets it in by a pattern: {found}; an association is for one service account"),
                Vec::new(),
            ),
            Self::Audience(audience) => (
                format!("its pods have tokens for the audience \"{audience}\", which may be meant for more than AWS"),
                Vec::new(),
            ),
            Self::Addon { addon, command } => (
                format!("add-on {addon} gives it its role"),
                vec![Fix::by("let the add-on associate it", command.clone())],
            ),
            Self::Fargate(workload) => (
                format!("{workload} runs on Fargate, where there is no EKS Pod Identity"),
                Vec::new(),
            ),
            Self::Windows(workload) => (
                format!("{workload} runs on Windows, where there is no EKS Pod Identity"),
                Vec::new(),
            ),
            Self::AsksItself(workload, how) => (
                format!("{workload} calls AssumeRoleWithWebIdentity itself: {how}"),
                Vec::new(),
            ),
            Self::Agent(cluster, status) => agent_told(cluster, status.as_ref()),
            Self::NoProvider(cluster, arn) => (
                format!("there is no IAM OIDC provider {arn}, or it does not take the audience {DEFAULT_AUDIENCE}"),
                vec![Fix::by(
                    "make it, or mend it",
                    CommandLine::of("irsactl associate-oidc-provider --cluster {} --approve", &[cluster]),
                )],
            ),
            Self::NoEqual(what) => (
                format!("its association has a {what}, which has no equal in IRSA: its pods could do other things"),
                Vec::new(),
            ),
            Self::NoObject(create) => (
                "there is no such ServiceAccount".to_owned(),
                vec![Fix::by("make it", (**create).clone())],
            ),
            Self::Absent(absence) => absence.told(),
            Self::ForeignRole(role, instead) => (
                format!("role {role} is of another account: a move neither sees its trust policy nor changes it"),
                instead.iter().cloned().collect(),
            ),
            Self::NoPod => (
                "no pod runs as it, so that nothing can be proved".to_owned(),
                vec!["scale a workload up that runs as it, or go on without a proof: `--no-proof`".into()],
            ),
            Self::NotBegun(way) => (
                format!("its new pods do not have {way} yet"),
                vec!["run the same command without `--finish` first".into()],
            ),
            Self::OtherMove(way, command) => (
                format!("it is on its way to {way}, which the other command undoes"),
                vec![Fix::by("undo that", command.clone())],
            ),
            Self::StillRuns(way, workloads, fixes) => {
                let names: Vec<String> = workloads.iter().map(Workload::to_string).collect();
                let told = format!("pods of these have {} still: {}", way.word(), names.join(", "));
                (told, fixes.clone())
            }
            Self::Denied => (
                "a statement of its role's trust policy denies it the new way".to_owned(),
                Vec::new(),
            ),
            Self::Drifted(stack, command) => (
                format!("its role's trust policy was changed by hand, and is not as the template of stack \"{stack}\" has it"),
                vec![Fix::by("see what would be undone, to bring the two together first", command.clone())],
            ),
            Self::TooLong { length, quota } => (
                format!("its role's trust policy would have {length} characters, this account allows {quota}"),
                vec!["raise the quota of IAM in Service Quotas, or take out what is of no use any more".into()],
            ),
            Self::SelfAssuming => (
                "its role assumes itself, and its trust policy does not allow itself sts:TagSession".to_owned(),
                Vec::new(),
            ),
            Self::Chained(role) => (
                format!("its role assumes {role}, whose trust policy does not allow it sts:TagSession"),
                Vec::new(),
            ),
            Self::SessionTag { role, key } => (
                match role {
                    None => format!("its role's policies ask for {key}, which sessions by IRSA do not have"),
                    Some(role) => format!("its role assumes {role}, which asks for {key}, and sessions by IRSA do not have that"),
                },
                vec!["write the policy without the tag first: what it allows would be allowed no more".into()],
            ),
        }
    }
}

impl Absence {
    /// That there is nothing, and what is there.
    pub fn words(&self) -> String {
        let Self {
            cluster,
            name,
            has_others,
            beside,
        } = self;
        if !has_others {
            let namespace = &name.namespace;
            return format!("cluster \"{cluster}\" has nothing in a namespace {namespace}");
        }
        let told = format!(
            "cluster \"{cluster}\" has no service account {name}, and nothing runs as one of that name"
        );
        let beside = beside
            .iter()
            .map(|(it, as_what)| format!("; {it} runs as {as_what}"));
        told + &beside.collect::<String>()
    }

    fn told(&self) -> (String, Vec<Fix>) {
        let list = CommandLine::of("irsactl migrate scan --cluster {}", &[&self.cluster]);
        let list = if self.has_others {
            list.and("--namespace {}", &[&self.name.namespace])
        } else {
            list
        };
        (self.words(), vec![Fix::by("list all of them", list)])
    }
}

/// What a status of the agent's add-on, or that it is missing, means.
fn agent_told(cluster: &ClusterName, status: Option<&AddonStatus>) -> (String, Vec<Fix>) {
    let told = match status {
        Some(status) => format!("add-on {AGENT}, by which pods get their credentials, is {status}"),
        None => {
            format!("the cluster lacks the add-on {AGENT}, by which pods get their credentials")
        }
    };
    let (why, words) = match status {
        None => ("install it", "create-addon"),
        Some(AddonStatus::Creating | AddonStatus::Updating) => ("wait for it", "wait addon-active"),
        Some(_) => ("look at it", "describe-addon"),
    };
    let command = CommandLine::of("aws eks", &[]).and(words, &[]);
    let command = command.and("--cluster-name {} --addon-name {}", &[cluster, &AGENT]);
    let flag = "or add `--install-agent` to this command";
    let flag = status.is_none().then(|| flag.into());
    let hints = std::iter::once(Fix::by(why, command)).chain(flag);
    (told, hints.collect())
}
