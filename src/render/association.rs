//! An EKS Pod Identity association in the words of CloudFormation, Terraform and the aws CLI.

use serde_json::{Value, json};

use super::hcl::{Block, Expression};
use super::terraform::{label, object};
use crate::asked::IamServiceAccount;
use crate::model::Cluster;
use crate::plan::account::stack_tags;

/// CloudFormation's resource beside the role `Role1`, whose stack's tags it gets. `None`: none is asked for.
pub fn resource(account: &IamServiceAccount, cluster: &Cluster) -> Option<Value> {
    let terms = account.association.as_ref()?.terms(None);
    let mut properties = json!({
        "ClusterName": cluster.name,
        "Namespace": account.name.namespace,
        "ServiceAccount": account.name.name,
        "RoleArn": { "Fn::GetAtt": ["Role1", "Arn"] },
    });
    let target = terms
        .target_role
        .as_ref()
        .map(|role| json!(role.to_string()));
    for (property, value) in [
        ("TargetRoleArn", target),
        (
            "DisableSessionTags",
            terms.disable_session_tags.then_some(Value::Bool(true)),
        ),
        ("Policy", terms.policy.map(Value::from)),
    ] {
        if let Some(value) = value {
            properties[property] = value;
        }
    }
    Some(json!({ "Type": "AWS::EKS::PodIdentityAssociation", "Properties": properties }))
}

/// Terraform's resource; `role` is the ARN, or the reference to it.
pub fn block(account: &IamServiceAccount, cluster: &Cluster, role: Expression) -> Option<Block> {
    let terms = account.association.as_ref()?.terms(None);
    let name = &account.name;
    let optional = [
        (
            "target_role_arn",
            terms
                .target_role
                .map(|role| Expression::text(role.to_string())),
        ),
        (
            "disable_session_tags",
            terms
                .disable_session_tags
                .then(|| Expression::Bare("true".to_owned())),
        ),
        ("policy", terms.policy.map(Expression::text)),
    ];
    let optional = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let first = [
        ("cluster_name", Expression::text(cluster.name.as_str())),
        ("namespace", Expression::text(name.namespace.as_str())),
        ("service_account", Expression::text(name.name.as_str())),
        ("role_arn", role),
    ];
    let tags = ("tags", object(&super::role_tags(account, cluster)));
    Some(Block {
        comment: String::new(),
        header: format!(
            "resource \"aws_eks_pod_identity_association\" \"{}\"",
            label(account.way(), name)
        ),
        attributes: first.into_iter().chain(optional).chain([tags]).collect(),
    })
}

/// CreatePodIdentityAssociation's input.
pub fn creation(account: &IamServiceAccount, cluster: &Cluster, role: &str) -> Option<Value> {
    let terms = account.association.as_ref()?.terms(None);
    let mut creation = json!({
        "clusterName": cluster.name,
        "namespace": account.name.namespace,
        "serviceAccount": account.name.name,
        "roleArn": role,
        "tags": stack_tags(account, cluster),
    });
    let target = terms
        .target_role
        .as_ref()
        .map(|role| json!(role.to_string()));
    for (member, value) in [
        ("targetRoleArn", target),
        (
            "disableSessionTags",
            terms.disable_session_tags.then_some(Value::Bool(true)),
        ),
        ("policy", terms.policy.map(Value::from)),
    ] {
        if let Some(value) = value {
            creation[member] = value;
        }
    }
    Some(creation)
}
