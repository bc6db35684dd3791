//! The programs that stand between pods and the instance metadata, and give pods roles by their annotations.

use crate::model::Workload;

/// kube2iam, kiam, or kiam's server, as the workload that runs it describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataAgent {
    pub kind: AgentKind,
    /// A DaemonSet; of kiam's server it may be a Deployment.
    pub workload: Workload,
    /// The tag of its image.
    pub tag: Option<String>,
    /// Command and arguments of its container.
    pub arguments: Vec<Argument>,
    /// Whether pods that it makes now run on the nodes' network. Whoever may run such pods has the nodes'
    /// roles anyhow; a DaemonSet that only says so may be of anybody.
    pub is_on_nodes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentKind {
    Kube2iam,
    /// Which answers pods.
    Kiam,
    /// Which kiam's agents ask, and which calls AWS.
    KiamServer,
}

impl AgentKind {
    /// As it is told in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kube2iam => "kube2iam",
            Self::Kiam => "kiam",
            Self::KiamServer => "kiam's server",
        }
    }
}

/// A word of a command line, with the variables that are known in the place of `$(NAME)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    pub text: String,
    /// Whether nothing in it stands for what is only known where it runs.
    pub is_whole: bool,
}
