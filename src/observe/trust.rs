//! Roles whose trust policies are to be changed, each with the stack that made it.

use super::owner::owner;
use super::{PARALLEL, again};
use crate::aws::Aws;
use crate::model::{Cluster, Lookup, RoleArn, STACK_ID_TAG};
use crate::waiting::side_by_side;
use crate::world::{AttachedRole, Phase, RoleFacts, ServiceAccount, TrustingRole};

/// In their order.
pub async fn trusting_roles(
    aws: &Aws,
    account: &str,
    roles: impl IntoIterator<Item = RoleArn>,
) -> Vec<TrustingRole> {
    let reads = roles.into_iter().map(async |arn| {
        if arn.account() == account {
            let read = async || aws.iam.role(arn.name()).await;
            let facts = Lookup::or_unknown(again::unless_missing(aws, arn.name(), read).await);
            seen(aws, arn, facts).await
        } else {
            unseen(arn)
        }
    });
    side_by_side(PARALLEL, reads).await
}

/// The role that a ServiceAccount is annotated with, where irsactl or eksctl wrote that.
pub async fn attached(
    aws: &Aws,
    cluster: &Cluster,
    object: &ServiceAccount,
) -> Option<Box<AttachedRole>> {
    let arn: RoleArn = object.role()?.parse().ok()?;
    if !object.is_given_role() {
        return None;
    }
    let role = if arn.account() == cluster.account {
        let facts = Lookup::or_unknown(aws.iam.role(arn.name()).await);
        seen(aws, arn, facts).await
    } else {
        unseen(arn)
    };
    let cluster = cluster.clone();
    Some(Box::new(AttachedRole { cluster, role }))
}

fn unseen(arn: RoleArn) -> TrustingRole {
    TrustingRole {
        arn,
        facts: Lookup::Missing,
        stack: Lookup::Missing,
        foreign_stack: None,
    }
}

/// Another role may have the name, under another path.
pub(super) fn of_arn(facts: Lookup<RoleFacts>, arn: &RoleArn) -> Lookup<RoleFacts> {
    match facts {
        Lookup::Found(facts) if facts.arn != *arn => Lookup::Missing,
        facts => facts,
    }
}

async fn seen(aws: &Aws, arn: RoleArn, facts: Lookup<RoleFacts>) -> TrustingRole {
    let facts = of_arn(facts, &arn);
    let mut stack = owner(aws, facts.as_found()).await;
    let mut foreign_stack = None;
    if stack == Lookup::Missing
        && let Some(id) = facts
            .as_found()
            .and_then(|facts| facts.tags.get(STACK_ID_TAG))
    {
        // Whoever may tag roles cannot write this tag: it is CloudFormation's own.
        match Lookup::of(aws.cloudformation.stack(id).await) {
            Lookup::Found(Some(found)) if found.phase() != Phase::Gone => {
                foreign_stack = Some(found.name.to_string());
            }
            Lookup::Found(_) | Lookup::Missing => {}
            Lookup::Unknown(why) => stack = Lookup::Unknown(why),
        }
    }
    TrustingRole {
        arn,
        facts,
        stack,
        foreign_stack,
    }
}
