//! EKS (REST-JSON): clusters to describe and list, and tags; add-ons and Pod Identity associations in the
//! files beside. Clusters are arranged by the test (`World::add_cluster`); nothing here creates one.

mod addons;
mod associations;
mod effect;
mod node_groups;

pub use addons::Addon;
pub use associations::{Association, PODS, arn_of};
pub use effect::{Clock, Earlier};

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use super::aws::{self, Caller, Parameters, Refusal, percent_decoded};
use super::http::{Reply, Request};
use super::world::{Cluster, Service, World, partition};

/// The operation and its cluster or ARN.
pub fn identify(request: &Request) -> (&'static str, String) {
    let path = request.path.trim_end_matches('/');
    if let Some(arn) = path.strip_prefix("/tags/") {
        let operation = match request.method {
            Method::GET => "ListTagsForResource",
            Method::POST => "TagResource",
            Method::DELETE => "UntagResource",
            _ => "Unknown",
        };
        return (operation, percent_decoded(arn));
    }
    match path {
        "/addons/supported-versions" => return ("DescribeAddonVersions", String::new()),
        "/addons/configuration-schemas" => return ("DescribeAddonConfiguration", String::new()),
        _ => {}
    }
    match (&request.method, path.strip_prefix("/clusters")) {
        (&Method::GET, Some("")) => ("ListClusters", String::new()),
        (&Method::GET, Some(name)) if name.rfind('/') == Some(0) => {
            ("DescribeCluster", percent_decoded(&name[1..]))
        }
        (method, Some(inner)) => {
            in_cluster(method, inner).unwrap_or_else(|| ("Unknown", percent_decoded(path)))
        }
        _ => ("Unknown", percent_decoded(path)),
    }
}

/// The operation of a path behind `/clusters`, and the cluster, or cluster and thing.
fn in_cluster(method: &Method, path: &str) -> Option<(&'static str, String)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let [cluster, kind, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let operation = match *kind {
        "addons" => addons::identify(method, rest),
        "node-groups" => node_groups::identify(method, rest),
        "pod-identity-associations" => associations::identify(method, rest),
        _ => None,
    };
    let subject = match rest.first() {
        Some(thing) => format!("{cluster}/{thing}"),
        None => (*cluster).to_owned(),
    };
    Some((operation?, percent_decoded(&subject)))
}

pub fn answer(world: &mut World, caller: &Caller, request: &Request) -> Reply {
    let (operation, subject) = identify(request);
    let query = Parameters::parse(&request.query);
    let result = match operation {
        "DescribeCluster" => describe_cluster(world, caller, &subject),
        "ListClusters" => list_clusters(world, caller, &query),
        operation if addons::knows(operation) => {
            addons::answer(world, caller, operation, &subject, request)
        }
        operation if associations::knows(operation) => {
            associations::answer(world, caller, operation, &subject, request)
        }
        operation if node_groups::knows(operation) => {
            node_groups::answer(world, caller, operation, &subject, request)
        }
        "ListTagsForResource" => {
            tagged(world, caller, &subject).map(|tags| json!({ "tags": tags }))
        }
        "TagResource" => tag_resource(world, caller, &subject, request),
        "UntagResource" => tagged(world, caller, &subject).map(|tags| {
            for key in query.all("tagKeys") {
                tags.remove(&key);
            }
            json!({})
        }),
        _ => Err(Refusal::new(
            404,
            "NotFoundException",
            "the sandbox's EKS does not know this operation",
        )),
    };
    match result {
        Ok(body) => Reply::json(200, &body),
        Err(refused) => aws::refusal(
            Service::Eks,
            refused.status,
            &refused.code,
            &refused.message,
        ),
    }
}

/// The place of a cluster that the caller sees among the world's.
fn place(world: &World, caller: &Caller, name: &str) -> Result<usize, Refusal> {
    let mut clusters = world.clusters.iter();
    let found = clusters.position(|cluster| is_seen(cluster, caller) && cluster.name == name);
    found.ok_or_else(|| missing(format!("No cluster found for name: {name}.")))
}

fn describe_cluster(world: &World, caller: &Caller, name: &str) -> Result<Value, Refusal> {
    let cluster = &world.clusters[place(world, caller, name)?];
    Ok(json!({ "cluster": description(cluster) }))
}

/// A cluster as DescribeCluster shows it. A cluster in creation has no endpoint, authority and
/// issuer yet; a connected one (`connectorConfig`) never has.
fn description(cluster: &Cluster) -> Value {
    let mut body = json!({
        "name": cluster.name,
        "arn": cluster.arn,
        "createdAt": 1_767_225_600.123,
        "status": cluster.status,
        "tags": cluster.tags,
    });
    if !cluster.extra.contains_key("connectorConfig") {
        merge(&mut body, control_plane(cluster));
        if cluster.status != "CREATING" {
            let authority = STANDARD.encode(cluster.authority.pem());
            merge(
                &mut body,
                json!({
                    "endpoint": format!("https://{}", cluster.endpoint_host),
                    "certificateAuthority": { "data": authority },
                }),
            );
            if let Some(issuer) = &cluster.issuer {
                merge(
                    &mut body,
                    json!({ "identity": { "oidc": { "issuer": issuer } } }),
                );
            }
        }
    }
    merge(&mut body, Value::Object(cluster.extra.clone()));
    body
}

fn control_plane(cluster: &Cluster) -> Value {
    let partition = partition(&cluster.region);
    json!({
        "version": "1.33",
        "platformVersion": "eks.9",
        "roleArn": format!("arn:{partition}:iam::{}:role/{}-cluster", cluster.account, cluster.name),
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"],
            "securityGroupIds": [],
            "clusterSecurityGroupId": "sg-0a1b2c3d4e5f60001",
            "vpcId": "vpc-0a1b2c3d4e5f60001",
            "endpointPublicAccess": true,
            "endpointPrivateAccess": false,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": { "serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4" },
        "logging": { "clusterLogging": [] },
        "health": { "issues": [] },
        "accessConfig": { "authenticationMode": "API_AND_CONFIG_MAP" },
        "upgradePolicy": { "supportType": "EXTENDED" },
        "deletionProtection": false,
    })
}

fn merge(into: &mut Value, members: Value) {
    if let (Some(into), Value::Object(members)) = (into.as_object_mut(), members) {
        into.extend(members);
    }
}

fn list_clusters(world: &World, caller: &Caller, query: &Parameters) -> Result<Value, Refusal> {
    let clusters = world
        .clusters
        .iter()
        .filter(|cluster| is_seen(cluster, caller));
    let mut names: Vec<&str> = clusters.map(|cluster| cluster.name.as_str()).collect();
    names.sort_unstable();
    let names = names.into_iter().map(Value::from).collect();
    page("clusters", names, query, world.page_size)
}

/// A page of a list; every list of EKS takes 1 to 100 as `maxResults`.
fn page(
    name: &str,
    all: Vec<Value>,
    query: &Parameters,
    page_size: usize,
) -> Result<Value, Refusal> {
    let wanted = query
        .number("maxResults")
        .map_err(|refused| invalid(refused.message))?;
    if wanted.is_some_and(|wanted| !(1..=100).contains(&wanted)) {
        return Err(invalid("maxResults must be between 1 and 100"));
    }
    let size = wanted.and_then(|wanted| usize::try_from(wanted).ok());
    let (shown, next) =
        aws::page(all, size.unwrap_or(page_size), query.text("nextToken")).map_err(invalid)?;
    Ok(json!({ name: shown, "nextToken": next }))
}

fn tag_resource(
    world: &mut World,
    caller: &Caller,
    arn: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let bad = |message: &str| Refusal::new(400, "BadRequestException", message);
    let body = body_of(request).map_err(|refused| bad(&refused.message))?;
    if !body["tags"].is_object() {
        return Err(bad("tags must not be null"));
    }
    let tags = tagged(world, caller, arn)?;
    let mut changed = tags.clone();
    changed.extend(tags_of(&body["tags"]).map_err(bad)?);
    if changed.len() > 50 {
        return Err(bad(TOO_MANY_TAGS));
    }
    *tags = changed;
    Ok(json!({}))
}

const TOO_MANY_TAGS: &str = "One or more parameter has more than the maximum of 50 tags";

/// The tags of a request's body; none where it has none.
fn tags_of(tags: &Value) -> Result<BTreeMap<String, String>, &'static str> {
    let tags = tags.as_object().into_iter().flatten();
    let mut known = BTreeMap::new();
    for (key, value) in tags {
        let value = value.as_str().unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err("aws: prefixed tag key names are not allowed for external use");
        }
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
            return Err("A tag's key has 1 to 128 characters, its value at most 256");
        }
        known.insert(key.clone(), value.to_owned());
    }
    if known.len() > 50 {
        return Err(TOO_MANY_TAGS);
    }
    Ok(known)
}

/// The tags of the cluster, association or add-on with that ARN.
fn tagged<'a>(
    world: &'a mut World,
    caller: &Caller,
    arn: &str,
) -> Result<&'a mut BTreeMap<String, String>, Refusal> {
    let seen = world.clusters.iter_mut();
    for cluster in seen.filter(|cluster| is_seen(cluster, caller)) {
        if cluster.arn == arn {
            return Ok(&mut cluster.tags);
        }
        let mut ids = cluster.associations.iter();
        if let Some(at) = ids.position(|one| arn_of(cluster, one) == arn) {
            return Ok(&mut cluster.associations[at].tags);
        }
        let mut addons = cluster.addons.iter();
        if let Some(at) = addons.position(|one| addons::arn_of_addon(cluster, &one.name) == arn) {
            return Ok(&mut cluster.addons[at].tags);
        }
    }
    let message = format!("No resource found for arn: {arn}");
    Err(Refusal::new(404, "NotFoundException", message))
}

fn missing(message: String) -> Refusal {
    Refusal::new(404, "ResourceNotFoundException", message)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", message)
}

/// A request's body.
fn body_of(request: &Request) -> Result<Value, Refusal> {
    serde_json::from_slice(&request.body).map_err(|_| invalid("the body is no JSON"))
}

/// `arn:…:KIND/CLUSTER/…` of a thing in the cluster.
fn arn(cluster: &Cluster, kind: &str, rest: &str) -> String {
    let Cluster {
        region,
        account,
        name,
        ..
    } = cluster;
    let partition = partition(region);
    format!("arn:{partition}:eks:{region}:{account}:{kind}/{name}/{rest}")
}

/// Seconds since 1970 of milliseconds, as EKS writes times.
#[expect(
    clippy::cast_precision_loss,
    reason = "times of this century in milliseconds are exact"
)]
fn time(millis: i64) -> Value {
    json!(millis as f64 / 1000.0)
}

fn is_seen(cluster: &Cluster, caller: &Caller) -> bool {
    cluster.is_eks && cluster.account == caller.account && cluster.region == caller.region
}
