//! A cluster's managed node groups, without any nodes of theirs: operations and members are those of botocore's `eks`
//! model; the messages are from memory.

use hyper::Method;
use serde_json::{Value, json};

use super::super::aws::{Caller, Parameters, Refusal};
use super::super::http::Request;
use super::super::world::{Cluster, World};
use super::{arn, missing, page, place};

/// The operation of a path behind `/clusters/NAME/node-groups`.
pub fn identify(method: &Method, rest: &[&str]) -> Option<&'static str> {
    match (method, rest) {
        (&Method::GET, []) => Some("ListNodegroups"),
        (&Method::POST, []) => Some("CreateNodegroup"),
        (&Method::GET, [_]) => Some("DescribeNodegroup"),
        (&Method::DELETE, [_]) => Some("DeleteNodegroup"),
        _ => None,
    }
}

pub fn knows(operation: &str) -> bool {
    operation.contains("Nodegroup")
}

pub fn answer(
    world: &mut World,
    caller: &Caller,
    operation: &str,
    subject: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let query = Parameters::parse(&request.query);
    let (name, group) = subject.split_once('/').unwrap_or((subject, ""));
    let (place, page_size) = (place(world, caller, name)?, world.page_size);
    let cluster = &mut world.clusters[place];
    if operation == "ListNodegroups" {
        let names = cluster.node_groups.keys().map(|name| json!(name)).collect();
        return page("nodegroups", names, &query, page_size);
    }
    if operation == "CreateNodegroup" {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = |member: &str| body[member].as_str().unwrap_or_default();
        let (group, role) = (text("nodegroupName"), text("nodeRole"));
        let groups = &mut cluster.node_groups;
        if groups.insert(group.to_owned(), role.to_owned()).is_some() {
            let message = format!("NodeGroup already exists with name {group}");
            return Err(Refusal::new(409, "ResourceInUseException", message));
        }
        return Ok(described(cluster, group, role));
    }
    let Some(role) = cluster.node_groups.get(group).cloned() else {
        return Err(missing(format!("No node group found for name: {group}.")));
    };
    if operation == "DeleteNodegroup" {
        cluster.node_groups.remove(group);
    }
    Ok(described(cluster, group, &role))
}

fn described(cluster: &Cluster, group: &str, role: &str) -> Value {
    json!({"nodegroup": {
        "nodegroupName": group,
        "nodegroupArn": arn(cluster, "nodegroup", &format!("{group}/0a1b2c3d")),
        "clusterName": cluster.name,
        "version": "1.33",
        "createdAt": 1_767_225_600.123,
        "status": "ACTIVE",
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        "instanceTypes": ["m7i.large"],
        "nodeRole": role,
        "health": {"issues": []},
        "tags": {},
    }})
}
