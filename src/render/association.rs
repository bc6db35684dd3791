//! An EKS Pod Identity association in the words of CloudFormation, Terraform and the aws CLI.

use serde_json::{Value, json};

use super::hcl::{Block, Expression};
use super::terraform::{label, object};
use crate::asked::{AssociationSpec, IamServiceAccount};
use crate::model::{Cluster, ROLE_LOGICAL_ID};
use crate::plan::account::stack_tags;

/// CloudFormation's resource beside the role `Role1`, whose stack's tags it gets. `None`: none is asked for.
pub fn resource(account: &IamServiceAccount, cluster: &Cluster) -> Option<Value> {
    let spec = account.association.as_ref()?;
    let mut properties = json!({
        "ClusterName": cluster.name,
        "Namespace": account.name.namespace,
        "ServiceAccount": account.name.name,
        "RoleArn": { "Fn::GetAtt": [ROLE_LOGICAL_ID, "Arn"] },
    });
    let names = ["TargetRoleArn", "DisableSessionTags", "Policy"];
    for (property, value) in terms(spec, names) {
        properties[property] = value;
    }
    Some(json!({ "Type": "AWS::EKS::PodIdentityAssociation", "Properties": properties }))
}

/// Terraform's resource; `role` is the ARN, or the reference to it.
pub fn block(account: &IamServiceAccount, cluster: &Cluster, role: Expression) -> Option<Block> {
    let spec = account.association.as_ref()?;
    let name = &account.name;
    let names = ["target_role_arn", "disable_session_tags", "policy"];
    let optional = terms(spec, names);
    let optional = optional.map(|(name, value)| (name, Expression::from(&value)));
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
    let spec = account.association.as_ref()?;
    let mut creation = json!({
        "clusterName": cluster.name,
        "namespace": account.name.namespace,
        "serviceAccount": account.name.name,
        "roleArn": role,
        "tags": stack_tags(account, cluster),
    });
    let names = ["targetRoleArn", "disableSessionTags", "policy"];
    for (member, value) in terms(spec, names) {
        creation[member] = value;
    }
    Some(creation)
}

/// Those of the terms that are asked for, by what the tool calls target role, session tags and policy.
fn terms(
    spec: &AssociationSpec,
    names: [&'static str; 3],
) -> impl Iterator<Item = (&'static str, Value)> {
    let terms = spec.terms(None);
    let values = [
        terms.target_role.map(|role| Value::from(role.to_string())),
        terms.disable_session_tags.then_some(Value::Bool(true)),
        terms.policy.map(Value::from),
    ];
    let pairs = names.into_iter().zip(values);
    pairs.filter_map(|(name, value)| Some((name, value?)))
}
