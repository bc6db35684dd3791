//! EKS (REST-JSON): clusters to describe and list, their tags; their add-ons and Pod Identity
//! associations in the file beside. Clusters are arranged by the test (`World::add_cluster`); nothing here
//! creates one.

mod addons;

pub use addons::{Addon, Association};

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
    match (&request.method, path.strip_prefix("/clusters")) {
        (&Method::GET, Some("")) => ("ListClusters", String::new()),
        (&Method::GET, Some(name)) if name.rfind('/') == Some(0) => {
            ("DescribeCluster", percent_decoded(&name[1..]))
        }
        (method, Some(inner)) => {
            addons::identify(method, inner).unwrap_or_else(|| ("Unknown", percent_decoded(path)))
        }
        _ => ("Unknown", percent_decoded(path)),
    }
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
        "ListTagsForResource" => {
            tagged(world, caller, &subject).map(|cluster| json!({ "tags": cluster.tags }))
        }
        "TagResource" => tag_resource(world, caller, &subject, request),
        "UntagResource" => tagged(world, caller, &subject).map(|cluster| {
            for key in query.all("tagKeys") {
                cluster.tags.remove(&key);
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

fn describe_cluster(world: &World, caller: &Caller, name: &str) -> Result<Value, Refusal> {
    let cluster = world
        .clusters
        .iter()
        .find(|cluster| is_seen(cluster, caller) && cluster.name == name);
    let Some(cluster) = cluster else {
        let message = format!("No cluster found for name: {name}.");
        return Err(Refusal::new(404, "ResourceNotFoundException", message));
    };
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
    let invalid = |message: String| Refusal::new(400, "InvalidParameterException", message);
    let wanted = query
        .number("maxResults")
        .map_err(|refused| invalid(refused.message))?;
    if wanted.is_some_and(|wanted| !(1..=100).contains(&wanted)) {
        return Err(invalid("maxResults must be between 1 and 100".to_owned()));
    }
    let size = wanted
        .and_then(|wanted| usize::try_from(wanted).ok())
        .unwrap_or(world.page_size);
    let clusters = world
        .clusters
        .iter()
        .filter(|cluster| is_seen(cluster, caller));
    let mut names: Vec<&str> = clusters.map(|cluster| cluster.name.as_str()).collect();
    names.sort_unstable();
    let (names, next) = aws::page(names, size, query.text("nextToken"))
        .map_err(|message| invalid(message.to_owned()))?;
    Ok(json!({ "clusters": names, "nextToken": next }))
}

fn tag_resource(
    world: &mut World,
    caller: &Caller,
    arn: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let bad = |message: &str| Refusal::new(400, "BadRequestException", message);
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| bad("the body is no JSON"))?;
    let tags = body["tags"]
        .as_object()
        .ok_or_else(|| bad("tags must not be null"))?;
    let cluster = tagged(world, caller, arn)?;
    for (key, value) in tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(bad(
                "aws: prefixed tag key names are not allowed for external use",
            ));
        }
        cluster
            .tags
            .insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    if cluster.tags.len() > 50 {
        return Err(bad(
            "One or more parameter has more than the maximum of 50 tags",
        ));
    }
    Ok(json!({}))
}

fn tagged<'a>(
    world: &'a mut World,
    caller: &Caller,
    arn: &str,
) -> Result<&'a mut Cluster, Refusal> {
    let missing = || {
        Refusal::new(
            404,
            "NotFoundException",
            format!("No resource found for arn: {arn}"),
        )
    };
    let mut clusters = world.clusters.iter_mut();
    clusters
        .find(|cluster| is_seen(cluster, caller) && cluster.arn == arn)
        .ok_or_else(missing)
}

fn is_seen(cluster: &Cluster, caller: &Caller) -> bool {
    cluster.is_eks && cluster.account == caller.account && cluster.region == caller.region
}
