//! Whether a refusal of a token can pass at all: apart because it asks IAM, which a proof otherwise does not.

use serde_json::Value;

use crate::aws::Aws;
use crate::model::{Audience, Cluster, Lookup};
use crate::policy::evaluate::{Decision, Request, evaluate};
use crate::policy::pod_identity::{TrustedAssociation, lets_in};
use crate::proof::{RefusalCause, RefusalKind};
use crate::world::Association;

use super::{Assertion, ClaimedWay};

/// So many looks in a row must agree: what IAM tells may itself be some seconds old.
pub const LOOKS: u32 = 3;

/// What binds a role to the pods: a look at IAM is judged by it.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    pub cluster: &'a Cluster,
    /// By Pod Identity.
    pub association: Option<&'a Association>,
}

/// What IAM has that explains a refusal; `None` where it has all that lets the token in, or that of another
/// account would have to be seen.
pub async fn hindrance(
    aws: &Aws,
    binding: Binding<'_>,
    claim: Assertion<'_>,
    kind: RefusalKind,
) -> Option<RefusalCause> {
    // IAM tells of the roles of one's own account.
    if claim.role.account() != binding.cluster.account {
        return None;
    }
    let found = match (kind, claim.way) {
        (RefusalKind::NotAuthorized, _) => of_role(aws, binding, claim).await,
        (RefusalKind::NoProvider | RefusalKind::WrongAudience, ClaimedWay::Irsa { audience }) => {
            of_provider(aws, binding.cluster, audience).await
        }
        _ => return None,
    };
    match found {
        Lookup::Found(hindrance) => Some(RefusalCause::Hindrance(hindrance)),
        Lookup::Missing => None,
        Lookup::Unknown(why) => Some(RefusalCause::Unseen(why)),
    }
}

/// Missing: it is as it should be.
async fn of_provider(aws: &Aws, cluster: &Cluster, audience: &Audience) -> Lookup<String> {
    let arn = cluster.provider_arn();
    match Lookup::of(aws.iam.provider(&arn).await) {
        Lookup::Found(Some(provider)) if provider.audiences.contains(&audience.to_string()) => {
            Lookup::Missing
        }
        Lookup::Found(Some(_)) => Lookup::Found(format!(
            "IAM OIDC provider {arn} does not know the audience \"{audience}\""
        )),
        Lookup::Found(None) | Lookup::Missing => {
            Lookup::Found(format!("IAM has no OIDC provider {arn}"))
        }
        Lookup::Unknown(why) => Lookup::Unknown(why),
    }
}

/// Missing: it is as it should be, as far as can be told.
async fn of_role(aws: &Aws, binding: Binding<'_>, claim: Assertion<'_>) -> Lookup<String> {
    let role = claim.role;
    let facts = match Lookup::or_unknown(aws.iam.role(role.name()).await) {
        Lookup::Found(facts) => facts,
        Lookup::Missing => return Lookup::Found(format!("IAM has no role {}", role.name())),
        Lookup::Unknown(why) => return Lookup::Unknown(why),
    };
    // The name is one role's; the ARN may have been written with another path.
    if facts.arn != *role {
        return Lookup::Found(format!("the role of that name is {}", facts.arn));
    }
    if is_kept_out(&facts.trust, binding, claim) {
        Lookup::Found("the role's trust policy does not let it in".to_owned())
    } else {
        Lookup::Missing
    }
}

/// Certainly.
fn is_kept_out(trust: &Value, binding: Binding<'_>, claim: Assertion<'_>) -> bool {
    let cluster = binding.cluster;
    let ClaimedWay::Irsa { audience } = claim.way else {
        let (Some(cluster_arn), Some(association)) = (cluster.arn(), binding.association) else {
            return false;
        };
        let asked = TrustedAssociation {
            account: claim.account,
            cluster_arn: &cluster_arn,
        };
        // By a target role it may be that one that is not as it should be.
        let is_direct = association.target_role.is_none();
        return is_direct
            && !lets_in(trust, asked, association.session_tags())
                .lacking()
                .is_empty();
    };
    let request = Request::web_identity(
        &cluster.provider_arn(),
        cluster.issuer.host_and_path(),
        &claim.account.subject(),
        &[audience.to_string()],
    );
    let decision = evaluate(trust, &request).decision;
    matches!(
        decision,
        Decision::NotAllowed | Decision::ExplicitDeny { .. }
    )
}
