//! CloudFormation's functions that need nothing but the cluster, put into plain values: for what knows
//! no functions, which is IAM and every tool but CloudFormation.

use serde_json::Value;

use crate::model::{Cluster, PARTITIONS};

/// A value in which functions of CloudFormation that need nothing but the cluster are worked out; the
/// first of the others is the error.
pub fn plain(value: &Value, cluster: &Cluster) -> Result<Value, String> {
    match value {
        Value::String(text) if text.contains("{{resolve:") => Err(value.to_string()),
        Value::Array(items) => items
            .iter()
            .map(|item| plain(item, cluster))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        Value::Object(members) => {
            let mut entries = members.iter();
            if let (Some((key, argument)), None) = (entries.next(), entries.next())
                && (key == "Ref" || key.starts_with("Fn::"))
            {
                let text = function(key, argument, cluster);
                return text.map(Value::String).ok_or_else(|| value.to_string());
            }
            let members = members.iter();
            members
                .map(|(key, member)| Ok((key.clone(), plain(member, cluster)?)))
                .collect::<Result<_, _>>()
                .map(Value::Object)
        }
        _ => Ok(value.clone()),
    }
}

fn function(name: &str, argument: &Value, cluster: &Cluster) -> Option<String> {
    let text = argument.as_str()?;
    match name {
        "Ref" => pseudo_parameter(text, cluster),
        "Fn::Sub" if !text.contains("{{resolve:") => substituted(text, cluster),
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
    let suffix = || {
        let mut known = PARTITIONS.iter();
        known.find(|(partition, _)| *partition == cluster.partition)
    };
    match name {
        "AWS::Partition" => Some(cluster.partition.clone()),
        "AWS::AccountId" => Some(cluster.account.clone()),
        "AWS::URLSuffix" => Some(suffix()?.1.to_owned()),
        "AWS::Region" => Some(cluster.issuer.eks_region()?.to_owned()),
        _ => None,
    }
}
