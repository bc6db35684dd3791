//! CloudFormation's functions that need nothing but the cluster, put into plain values: for what knows
//! no functions, which is IAM and every tool but CloudFormation.

use serde_json::Value;

use crate::model::{Cluster, DYNAMIC_REFERENCE, PARTITIONS, Partition};
use crate::policy;

/// A value in which functions of CloudFormation that need nothing but the cluster are worked out; the
/// first of the others is the error.
pub fn plain(value: &Value, cluster: &Cluster) -> Result<Value, String> {
    let value = worked_out(value, cluster);
    match first_function(&value) {
        Some(function) => Err(function.to_string()),
        None => Ok(value),
    }
}

/// The same with the others as they are.
pub fn worked_out(value: &Value, cluster: &Cluster) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| worked_out(item, cluster)).collect(),
        Value::Object(members) => match policy::function(value) {
            Some((name, argument)) => {
                let text = function(name, argument, cluster);
                text.map_or_else(|| value.clone(), Value::String)
            }
            None => {
                let members = members.iter();
                members
                    .map(|(key, member)| (key.clone(), worked_out(member, cluster)))
                    .collect()
            }
        },
        value => value.clone(),
    }
}

/// The first function in a value, or a text with a dynamic reference.
pub fn first_function(value: &Value) -> Option<&Value> {
    match value {
        Value::String(text) if text.contains(DYNAMIC_REFERENCE) => Some(value),
        Value::Array(items) => items.iter().find_map(first_function),
        Value::Object(_) if policy::function(value).is_some() => Some(value),
        Value::Object(members) => members.values().find_map(first_function),
        _ => None,
    }
}

fn function(name: &str, argument: &Value, cluster: &Cluster) -> Option<String> {
    let text = argument.as_str()?;
    match name {
        "Ref" => pseudo_parameter(text, cluster),
        "Fn::Sub" if !text.contains(DYNAMIC_REFERENCE) => substituted(text, cluster),
        _ => None,
    }
}

/// `${Name}` is replaced, `${!Name}` is `${Name}` itself (CloudFormation User Guide, `Fn::Sub`).
fn substituted(text: &str, cluster: &Cluster) -> Option<String> {
    let mut pieces = text.split("${");
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}')?;
        match name.strip_prefix('!') {
            Some(literal) => result.push_str(&format!("${{{literal}}}")),
            None => result.push_str(&pseudo_parameter(name.trim(), cluster)?),
        }
        result.push_str(rest);
    }
    Some(result)
}

fn pseudo_parameter(name: &str, cluster: &Cluster) -> Option<String> {
    let is_own = |known: &&Partition| known.name == cluster.partition;
    match name {
        "AWS::Partition" => Some(cluster.partition.clone()),
        "AWS::AccountId" => Some(cluster.account.clone()),
        "AWS::URLSuffix" => Some(PARTITIONS.iter().find(is_own)?.suffix.to_owned()),
        "AWS::Region" => Some(cluster.issuer.eks_region()?.to_owned()),
        _ => None,
    }
}
