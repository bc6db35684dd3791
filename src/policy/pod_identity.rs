//! The statement by which EKS Pod Identity is let in to a role: for one association, as AWS advises, or for
//! any, as eksctl writes it. Apart, because all that asks for it, judges it or takes it away must mean the same.
//! Source: EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity".

use serde_json::{Value, json};

use super::evaluate::{Decision, Evaluation, Principal, Request, evaluate};
use super::{same, statements, texts};
use crate::model::{Arn, RoleArn, ServiceAccountName};

/// Who takes on roles for the pods of EKS Pod Identity, in every partition.
pub const SERVICE: &str = "pods.eks.amazonaws.com";
/// Both that Pod Identity does to a role.
pub const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// What is told of a role that every association may use, before it is narrowed or goes: the account's
/// other clusters are not asked for theirs.
pub const OF_OTHER_CLUSTERS: &str = "lets in every association of the account, and those of other clusters were not looked at: pods of any that use it lose it";

/// The session tags that tell one association from another (EKS User Guide, "Grant Pods access to AWS
/// resources based on tags").
const NAMESPACE: &str = "aws:RequestTag/kubernetes-namespace";
const SERVICE_ACCOUNT: &str = "aws:RequestTag/kubernetes-service-account";
const CLUSTER_ARN: &str = "aws:RequestTag/eks-cluster-arn";
/// The others that each session has.
const CLUSTER_NAME: &str = "aws:RequestTag/eks-cluster-name";
const OF_THE_POD: [&str; 2] = ["kubernetes-pod-name", "kubernetes-pod-uid"];

/// What a role may be opened to: an association is one of a service account in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedAssociation<'a> {
    pub account: &'a ServiceAccountName,
    pub cluster_arn: &'a Arn,
}

/// Whether the sessions of an association have tags. A role that asks for tags is closed to those without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionTags {
    Sent,
    /// `disableSessionTags`
    Disabled,
}

impl SessionTags {
    /// By EKS's `disableSessionTags`.
    pub fn of(are_disabled: bool) -> Self {
        if are_disabled {
            Self::Disabled
        } else {
            Self::Sent
        }
    }
}

/// What a role must be allowed, for an association to go on from it to a target role.
pub fn may_assume(target: &RoleArn) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": ACTIONS, "Resource": target.to_string() }],
    })
}

/// The statement that lets one association in, or with `None` any of the account, which is what one without
/// session tags needs.
pub fn statement(only: Option<TrustedAssociation<'_>>) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": SERVICE },
        "Action": ACTIONS,
    });
    if let Some(TrustedAssociation {
        account,
        cluster_arn,
    }) = only
    {
        statement["Condition"] = json!({ "StringEquals": {
            NAMESPACE: account.namespace.as_str(),
            SERVICE_ACCOUNT: account.name,
            CLUSTER_ARN: cluster_arn,
        }});
    }
    statement
}

/// Whether a statement is the one for this association: it lets nobody else in.
pub fn is_for(given: &Value, association: TrustedAssociation<'_>) -> bool {
    is_like(given, &statement(Some(association)))
}

/// Whether a statement lets in any association that names the role, as eksctl's does.
pub fn is_unconditional(statement: &Value) -> bool {
    let has_condition = statement["Condition"]
        .as_object()
        .is_some_and(|condition| !condition.is_empty());
    is_of_pod_identity(statement) && !has_condition
}

/// Whether a trust policy lets in any association that names the role.
pub fn is_wide(trust: &Value) -> bool {
    statements(trust).any(is_unconditional)
}

/// Whether a statement lets EKS Pod Identity in, whatever its conditions are.
pub fn is_of_pod_identity(statement: &Value) -> bool {
    statement["Effect"] == "Allow" && texts(&statement["Principal"]["Service"]).contains(&SERVICE)
}

/// Equal but for its `Sid`, a mere name.
fn is_like(given: &Value, written: &Value) -> bool {
    let mut given = given.clone();
    if let Some(elements) = given.as_object_mut() {
        elements.remove("Sid");
    }
    same(&given, written)
}

/// What a trust policy says to the two calls that Pod Identity makes.
#[derive(Clone, Debug, PartialEq)]
pub struct AssociationAdmission {
    /// In the order of [`ACTIONS`].
    evaluations: [Evaluation; 2],
}

/// What the trust policy says of an association whose sessions have tags, or have none.
pub fn lets_in(
    trust: &Value,
    association: TrustedAssociation<'_>,
    tags: SessionTags,
) -> AssociationAdmission {
    AssociationAdmission::of(trust, |action| request(action, association, tags))
}

/// The statement that lets in any association, where it stands beside one with a condition: that one's
/// narrowness is worth nothing then. Counted from 0.
pub fn unconditional_beside_conditional(trust: &Value) -> Option<usize> {
    let open = |only: bool| {
        let all = statements(trust).enumerate();
        let mut mine = all.filter(|(_, it)| is_of_pod_identity(it));
        mine.find(|(_, it)| is_unconditional(it) == only)
    };
    open(false)?;
    open(true).map(|(place, _)| place)
}

impl AssociationAdmission {
    /// What a trust policy says to whoever makes both calls.
    pub fn of(trust: &Value, request: impl Fn(&str) -> Request) -> Self {
        Self {
            evaluations: ACTIONS.map(|action| evaluate(trust, &request(action))),
        }
    }

    /// Whether both calls are allowed.
    pub fn is_allowed(&self) -> bool {
        self.evaluations.iter().all(Evaluation::is_allowed)
    }

    /// The calls that are certainly not allowed, each with its evaluation.
    pub fn lacking(&self) -> Vec<(&'static str, &Evaluation)> {
        let each = ACTIONS.into_iter().zip(&self.evaluations);
        each.filter(|(_, evaluation)| {
            matches!(
                evaluation.decision,
                Decision::NotAllowed | Decision::ExplicitDeny { .. }
            )
        })
        .collect()
    }
}

/// One of the calls by which Pod Identity takes on a role. `aws:SourceArn` is the cluster's, not the
/// association's (seen by `terraform-aws-modules/terraform-aws-eks#3743` on a live cluster).
pub fn request(action: &str, association: TrustedAssociation<'_>, tags: SessionTags) -> Request {
    let TrustedAssociation {
        account,
        cluster_arn,
    } = association;
    let one = |text: &str| [text.to_owned()];
    let request = Request::new(action, Principal::Service(SERVICE.to_owned()), None)
        .with("aws:SourceAccount", &one(&cluster_arn.account))
        .with("aws:SourceArn", &one(&cluster_arn.to_string()));
    if tags == SessionTags::Disabled {
        return request;
    }
    let cluster = cluster_arn.resource.trim_start_matches("cluster/");
    let sent = [NAMESPACE, SERVICE_ACCOUNT, CLUSTER_ARN, CLUSTER_NAME].into_iter();
    let keys = sent.filter_map(|key| key.split_once('/').map(|(_, tag)| tag));
    let keys: Vec<String> = keys.chain(OF_THE_POD).map(str::to_owned).collect();
    request
        .with(NAMESPACE, &one(account.namespace.as_str()))
        .with(SERVICE_ACCOUNT, &one(&account.name))
        .with(CLUSTER_ARN, &one(&cluster_arn.to_string()))
        .with(CLUSTER_NAME, &one(cluster))
        .with("aws:TagKeys", &keys)
        .with("sts:TransitiveTagKeys", &keys)
}

#[cfg(test)]
mod tests;
