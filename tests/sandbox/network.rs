//! EC2 (its own kind of Query): interface endpoints, security groups and instances to describe. All that
//! exists is arranged by the test, but what instances have, which clients may change; it is of the first account
//! and of the sandbox's region.

use serde_json::Value;

mod instances;

pub use instances::Instance;

use super::aws::{self, Caller, Parameters, Refusal, Xml, digest, uuid};
use super::http::Reply;
use super::world::World;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
/// That of every cluster.
const VPC: &str = "vpc-0a1b2c3d4e5f60001";
/// The cluster's security group.
const GROUP: &str = "sg-0a1b2c3d4e5f60001";

#[derive(Clone, Debug)]
pub struct Network {
    pub endpoints: Vec<VpcEndpoint>,
    pub groups: Vec<SecurityGroup>,
    pub instances: Vec<Instance>,
    /// That the account may use.
    pub regions: Vec<String>,
}

impl Default for Network {
    /// The security group that EKS makes for a cluster: its members reach each other, and everything.
    fn default() -> Self {
        let mut own = SecurityGroup::new(GROUP);
        own.ingress.push(Rule::all().with_group(GROUP));
        own.egress.push(Rule::all().with("0.0.0.0/0"));
        Self {
            endpoints: Vec::new(),
            groups: vec![own],
            instances: Vec::new(),
            regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
        }
    }
}

#[derive(Clone, Debug)]
pub struct VpcEndpoint {
    pub id: String,
    pub vpc: String,
    /// `com.amazonaws.eu-west-1.sts`.
    pub service: String,
    /// Interface or Gateway.
    pub kind: String,
    pub state: String,
    pub private_dns: bool,
    pub policy: Value,
    /// Ids of security groups.
    pub groups: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct SecurityGroup {
    pub id: String,
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
}

impl SecurityGroup {
    /// Without any rule.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ingress: Vec::new(),
            egress: Vec::new(),
        }
    }
}

/// A rule of a security group.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `tcp`, `udp`, or `-1` for all.
    pub protocol: String,
    /// The first and the last; `None` with all protocols.
    pub ports: Option<(u16, u16)>,
    pub cidrs: Vec<String>,
    pub groups: Vec<String>,
}

impl Rule {
    /// For nobody yet.
    pub fn of(protocol: &str, port: u16) -> Self {
        Self {
            protocol: protocol.to_owned(),
            ports: Some((port, port)),
            cidrs: Vec::new(),
            groups: Vec::new(),
        }
    }

    pub fn all() -> Self {
        Self {
            ports: None,
            ..Self::of("-1", 0)
        }
    }

    /// From or to this CIDR.
    pub fn with(mut self, cidr: &str) -> Self {
        self.cidrs.push(cidr.to_owned());
        self
    }

    /// From or to members of this group.
    pub fn with_group(mut self, group: &str) -> Self {
        self.groups.push(group.to_owned());
        self
    }
}

impl World {
    /// An interface endpoint of the clusters' VPC for a service (`sts`), with private DNS, a policy that
    /// allows everything, and a security group of its own that lets the VPC in.
    pub fn add_vpc_endpoint(&mut self, service: &str) -> &mut VpcEndpoint {
        let id = digest(&["endpoint", service])[..17].to_owned();
        let mut group = SecurityGroup::new(&format!("sg-{id}"));
        group.ingress.push(Rule::of("tcp", 443).with("10.0.0.0/8"));
        self.network.groups.push(group);
        self.network.endpoints.push(VpcEndpoint {
            id: format!("vpce-{id}"),
            vpc: VPC.to_owned(),
            service: format!("com.amazonaws.{}.{service}", self.options.region),
            kind: "Interface".to_owned(),
            state: "available".to_owned(),
            private_dns: true,
            policy: serde_json::json!({
                "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }],
            }),
            groups: vec![format!("sg-{id}")],
        });
        let endpoints = &mut self.network.endpoints;
        endpoints.last_mut().expect("the endpoint just added")
    }
}

/// EC2's words for what the other Query services say.
pub fn unknown_caller(refused: Refusal) -> Refusal {
    match refused.code.as_str() {
        "ExpiredToken" => Refusal::new(400, "RequestExpired", "Request has expired."),
        "InvalidClientTokenId" => Refusal::new(
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
        ),
        _ => refused,
    }
}

pub fn answer(world: &mut World, caller: &Caller, parameters: &Parameters) -> Reply {
    let action = parameters.text("Action").unwrap_or_default();
    let changed = instances::changed(world, caller, action, parameters);
    match changed.unwrap_or_else(|| described(world, caller, action, parameters)) {
        Ok(inner) => {
            let id = uuid(&["request", &world.calls.len().to_string()]);
            let body = Xml::default().text("requestId", &id).and(inner).into_text();
            let text = format!("<{action}Response xmlns=\"{NAMESPACE}\">{body}</{action}Response>");
            Reply::new(200, "text/xml;charset=UTF-8", text)
        }
        Err(refused) => refusal(refused.status, &refused.code, &refused.message),
    }
}

pub fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let error = Xml::default().text("Code", code).text("Message", message);
    let body = Xml::default()
        .element("Errors", Xml::default().element("Error", error))
        .text("RequestID", &uuid(&["refusal", code, message]));
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let text = format!("{head}<Response>{}</Response>", body.into_text());
    Reply::new(status, "text/xml;charset=UTF-8", text)
}

/// Something to describe: its id, what filters ask of it, how it is shown.
struct Item {
    id: String,
    properties: Vec<(&'static str, String)>,
    xml: Xml,
}

/// An operation: where its list is, how its ids are asked for, what is said of one that is not there.
struct Listing {
    element: &'static str,
    ids: &'static str,
    not_found: &'static str,
    items: Vec<Item>,
}

fn listing(world: &World, caller: &Caller, action: &str) -> Option<Listing> {
    let owner = &caller.account;
    let network = &world.network;
    if action == "DescribeRegions" {
        return Some(regions(network));
    }
    let mut listing = match action {
        "DescribeVpcEndpoints" => Listing {
            element: "vpcEndpointSet",
            ids: "VpcEndpointId",
            not_found: "InvalidVpcEndpointId.NotFound",
            items: network.endpoints.iter().map(endpoint).collect(),
        },
        "DescribeSecurityGroups" => Listing {
            element: "securityGroupInfo",
            ids: "GroupId",
            not_found: "InvalidGroup.NotFound",
            items: network.groups.iter().map(|one| group(one, owner)).collect(),
        },
        "DescribeInstances" => Listing {
            element: "reservationSet",
            ids: "InstanceId",
            not_found: "InvalidInstanceID.NotFound",
            items: network
                .instances
                .iter()
                .map(|one| instances::item(one, owner))
                .collect(),
        },
        "DescribeIamInstanceProfileAssociations" => Listing {
            element: "iamInstanceProfileAssociationSet",
            ids: "AssociationId",
            not_found: "InvalidAssociationID.NotFound",
            items: network
                .instances
                .iter()
                .filter_map(instances::association)
                .collect(),
        },
        _ => return None,
    };
    if *owner != world.options.accounts[0] || caller.region != world.options.region {
        listing.items.clear();
    }
    Some(listing)
}

/// The same from wherever it is asked: without `AllRegions` those that are enabled for the account (EC2 API
/// Reference, "DescribeRegions").
fn regions(network: &Network) -> Listing {
    let item = |name: &String| Item {
        id: name.clone(),
        properties: Vec::new(),
        xml: Xml::default()
            .text("regionName", name)
            .text("regionEndpoint", &format!("ec2.{name}.amazonaws.com"))
            .text("optInStatus", "opt-in-not-required"),
    };
    Listing {
        element: "regionInfo",
        ids: "RegionName",
        not_found: "InvalidParameterValue",
        items: network.regions.iter().map(item).collect(),
    }
}

fn described(
    world: &World,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let Some(listing) = listing(world, caller, action) else {
        let message = format!("The action {action} is not valid for this web service.");
        return Err(Refusal::new(400, "InvalidAction", message));
    };
    let ids = numbered(parameters, listing.ids);
    if let Some(id) = ids
        .iter()
        .find(|id| !listing.items.iter().any(|item| item.id == **id))
    {
        let message = format!("The ID '{id}' does not exist");
        return Err(Refusal::new(400, listing.not_found, message));
    }
    let filters = filters(parameters)?;
    let is_asked = |item: &Item| {
        let mut filters = filters.iter();
        (ids.is_empty() || ids.contains(&item.id))
            && filters.all(|(name, values)| {
                let mut properties = item.properties.iter();
                properties.any(|(known, value)| known == name && values.contains(value))
            })
    };
    let items = listing.items.into_iter().filter(is_asked);
    let size = parameters.number("MaxResults")?;
    let size = size.and_then(|size| usize::try_from(size).ok());
    let size = size.unwrap_or(world.page_size);
    let (items, next) = aws::page(
        items.map(|item| item.xml).collect(),
        size,
        parameters.text("NextToken"),
    )
    .map_err(|message| Refusal::new(400, "InvalidNextToken", message))?;
    Ok(Xml::default()
        .element(listing.element, set(items))
        .optional("nextToken", next.as_deref()))
}

/// `KEY.1`, `KEY.2`, …
fn numbered(parameters: &Parameters, key: &str) -> Vec<String> {
    let at = |number: usize| parameters.text(&format!("{key}.{number}"));
    (1..).map_while(at).map(str::to_owned).collect()
}

/// What the filters of these operations may be called here.
const FILTERS: [&str; 6] = [
    "group-id",
    "instance-id",
    "service-name",
    "vpc-endpoint-id",
    "vpc-endpoint-type",
    "vpc-id",
];

/// `Filter.N.Name` and `Filter.N.Value.M`.
fn filters(parameters: &Parameters) -> Result<Vec<(String, Vec<String>)>, Refusal> {
    let mut filters = Vec::new();
    for number in 1.. {
        let Some(name) = parameters.text(&format!("Filter.{number}.Name")) else {
            break;
        };
        let values = numbered(parameters, &format!("Filter.{number}.Value"));
        if !FILTERS.contains(&name) || values.is_empty() {
            let message = format!("The filter '{name}' is invalid");
            return Err(Refusal::new(400, "InvalidParameterValue", message));
        }
        if values.len() > 200 {
            let message = format!(
                "The maximum number of filter values is 200, not {}",
                values.len()
            );
            return Err(Refusal::new(400, "FilterLimitExceeded", message));
        }
        filters.push((name.to_owned(), values));
    }
    Ok(filters)
}

/// `<item>…</item>` each.
fn set(items: impl IntoIterator<Item = Xml>) -> Xml {
    let items = items.into_iter();
    items.fold(Xml::default(), |all, one| all.element("item", one))
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn endpoint(one: &VpcEndpoint) -> Item {
    let group = |id: &String| {
        Xml::default()
            .text("groupId", id)
            .text("groupName", "endpoints")
    };
    let xml = Xml::default()
        .text("vpcEndpointId", &one.id)
        .text("vpcEndpointType", &one.kind)
        .text("vpcId", &one.vpc)
        .text("serviceName", &one.service)
        .text("state", &one.state)
        .text("policyDocument", &one.policy.to_string())
        .element("subnetIdSet", set([Xml::value("subnet-0a1b2c3d4e5f60001")]))
        .element("groupSet", set(one.groups.iter().map(group)))
        .text("privateDnsEnabled", flag(one.private_dns))
        .text("creationTimestamp", "2026-01-01T00:00:00.123Z");
    Item {
        id: one.id.clone(),
        properties: vec![
            ("vpc-id", one.vpc.clone()),
            ("service-name", one.service.clone()),
            ("vpc-endpoint-id", one.id.clone()),
            ("vpc-endpoint-type", one.kind.clone()),
        ],
        xml,
    }
}

fn group(one: &SecurityGroup, owner: &str) -> Item {
    let rules = |rules: &[Rule]| set(rules.iter().map(|one| rule(one, owner)));
    let xml = Xml::default()
        .text("ownerId", owner)
        .text("groupId", &one.id)
        .text("groupName", &one.id)
        .text("groupDescription", "arranged")
        .text("vpcId", VPC)
        .element("ipPermissions", rules(&one.ingress))
        .element("ipPermissionsEgress", rules(&one.egress));
    Item {
        id: one.id.clone(),
        properties: vec![("group-id", one.id.clone()), ("vpc-id", VPC.to_owned())],
        xml,
    }
}

fn rule(one: &Rule, owner: &str) -> Xml {
    let (from, to) = one.ports.map_or((None, None), |(from, to)| {
        (Some(from.to_string()), Some(to.to_string()))
    });
    let (v6, v4): (Vec<&String>, Vec<&String>) =
        one.cidrs.iter().partition(|cidr| cidr.contains(':'));
    let group = |id: &String| Xml::default().text("userId", owner).text("groupId", id);
    Xml::default()
        .text("ipProtocol", &one.protocol)
        .optional("fromPort", from.as_deref())
        .optional("toPort", to.as_deref())
        .element("groups", set(one.groups.iter().map(group)))
        .element(
            "ipRanges",
            set(v4
                .into_iter()
                .map(|cidr| Xml::default().text("cidrIp", cidr))),
        )
        .element(
            "ipv6Ranges",
            set(v6
                .into_iter()
                .map(|cidr| Xml::default().text("cidrIpv6", cidr))),
        )
        .element("prefixListIds", Xml::default())
}
