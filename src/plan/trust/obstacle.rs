//! What keeps a role's trust policy as it is.

use super::NotCopied;
use crate::model::{CommandLine, Fix, RoleArn, StackName};
use crate::plan::migrate::Obstacle;

/// Why a trust policy stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum TrustObstacle {
    /// What keeps moves too.
    Shared(Box<Obstacle>),
    /// A statement denies it, whatever is added.
    Denied,
    /// Somebody else's stack made the role, and would undo the change.
    ForeignStack(String),
    /// It is the stack's own service account.
    OwnStack(StackName, String, CommandLine),
    /// It is of another cluster's stack; what lets the cluster's own in beside.
    OtherClustersStack(StackName, String, CommandLine),
    /// The role is of an account that this run does not act in.
    Elsewhere(Box<RoleArn>),
    /// A pattern, a further condition or another statement, by its number from 0, would let it in still.
    StillLetIn(String, usize),
    /// IAM takes no trust policy without a statement.
    NobodyLeft(String),
    /// A statement asks for claims of both providers.
    BothProviders,
    /// It does not go to another cluster.
    NotCopied(Box<NotCopied>),
}

impl From<Obstacle> for TrustObstacle {
    fn from(obstacle: Obstacle) -> Self {
        Self::Shared(Box::new(obstacle))
    }
}

impl TrustObstacle {
    /// Why, and what can be done about it.
    pub fn told(&self) -> (String, Vec<Fix>) {
        let (text, fix): (String, Option<Fix>) = match self {
            Self::Shared(obstacle) => return shared_told(obstacle),
            Self::NotCopied(why) => return why.told(),
            Self::Denied => (
                "a statement of its trust policy denies that".to_owned(),
                None,
            ),
            Self::ForeignStack(stack) => (
                format!(
                    "stack \"{stack}\", which is none of irsactl's or eksctl's, made it, and would undo the change"
                ),
                Some("change it in that stack's template".into()),
            ),
            Self::OwnStack(stack, account, deletion) => (
                format!(
                    "it is of stack \"{stack}\", which is for {account} itself, and would let it in again"
                ),
                Some(Fix::by(
                    "delete that IAM service account, where its role is of no use any more",
                    deletion.clone(),
                )),
            ),
            Self::OtherClustersStack(stack, cluster, add) => (
                format!(
                    "it is of stack \"{stack}\" of cluster \"{cluster}\", whose next update would turn it back"
                ),
                Some(Fix::by("let the other cluster's in beside it", add.clone())),
            ),
            Self::Elsewhere(role) => (
                format!(
                    "it is of account {}, which is not looked at for it",
                    role.account()
                ),
                None,
            ),
            Self::StillLetIn(subject, statement) => (
                format!(
                    "statement {statement} (from 0) would still let {subject} in: it is a pattern, or asks for more than subject and audience"
                ),
                None,
            ),
            Self::NobodyLeft(subject) => (
                format!(
                    "without {subject} it would let nobody in, and IAM takes no trust policy without a statement"
                ),
                Some("delete the role, where nobody needs it".into()),
            ),
            Self::BothProviders => (
                "a statement of its trust policy asks for claims of both providers".to_owned(),
                None,
            ),
        };
        (text, fix.into_iter().collect())
    }
}

/// What is an obstacle of a move too, with what helps here.
fn shared_told(obstacle: &Obstacle) -> (String, Vec<Fix>) {
    let (text, fixes) = obstacle.told();
    match obstacle {
        Obstacle::Unknown(..) | Obstacle::MakerUnknown(_) => {
            let rights = "run the same command again; all rights that it needs";
            let fix = Fix::by(rights, "irsactl permissions --for trust");
            (text, vec![fix])
        }
        Obstacle::RoleMissing(_) => {
            let list = "list the roles that clusters' tokens are let into";
            (text, vec![Fix::by(list, "irsactl trust list --all")])
        }
        _ => (text, fixes),
    }
}
