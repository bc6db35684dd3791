//! A cluster's managed node groups, arranged by a test: operations and members are those of botocore's `eks`
//! model; the messages are from memory.

use hyper::Method;
use serde_json::{Value, json};

use super::super::aws::{Caller, Parameters, Refusal};
use super::super::http::Request;
use super::super::world::World;
use super::{arn, missing, page, place};

/// The operation of a path behind `/clusters/NAME/node-groups`.
pub fn identify(method: &Method, rest: &[&str]) -> Option<&'static str> {
    match (method, rest) {
        (&Method::GET, []) => Some("ListNodegroups"),
        (&Method::GET, [_]) => Some("DescribeNodegroup"),
        _ => None,
    }
}

pub fn knows(operation: &str) -> bool {
    operation.contains("Nodegroup")
}

pub fn answer(
    world: &World,
    caller: &Caller,
    operation: &str,
    subject: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let query = Parameters::parse(&request.query);
    let (name, group) = subject.split_once('/').unwrap_or((subject, ""));
    let cluster = &world.clusters[place(world, caller, name)?];
    if operation == "ListNodegroups" {
        let names = cluster.node_groups.keys().map(|name| json!(name)).collect();
        return page("nodegroups", names, &query, world.page_size);
    }
    let Some(role) = cluster.node_groups.get(group) else {
        return Err(missing(format!("No node group found for name: {group}.")));
    };
    Ok(json!({"nodegroup": {
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
    }}))
}
