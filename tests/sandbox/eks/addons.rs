//! A cluster's add-ons, arranged by a test or made by clients: operations and members are those of botocore's
//! `eks` model. Messages that users report name their place; the others are from memory.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use super::super::aws::{self, Caller, Parameters, Refusal, now};
use super::super::http::Request;
use super::super::world::{Cluster, World};
use super::associations::arn_of;
use super::{arn, body_of, invalid, missing, page, place, tags_of, time};

/// What there is to have: its version, its namespace, and the service accounts that may have roles by Pod
/// Identity, with the policies that are recommended. Names and policies as
/// <https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html> has them.
const KNOWN: [Known; 8] = [
    (
        "aws-ebs-csi-driver",
        "v1.50.1-eksbuild.1",
        "kube-system",
        &[(
            "ebs-csi-controller-sa",
            "service-role/AmazonEBSCSIDriverPolicy",
        )],
    ),
    (
        "aws-efs-csi-driver",
        "v2.1.12-eksbuild.1",
        "kube-system",
        &[(
            "efs-csi-controller-sa",
            "service-role/AmazonEFSCSIDriverPolicy",
        )],
    ),
    (
        "amazon-cloudwatch-observability",
        "v4.5.0-eksbuild.1",
        "amazon-cloudwatch",
        &[("cloudwatch-agent", "CloudWatchAgentServerPolicy")],
    ),
    ("coredns", "v1.12.4-eksbuild.1", "kube-system", &[]),
    (AGENT, "v1.3.4-eksbuild.1", "kube-system", &[]),
    ("kube-proxy", "v1.33.3-eksbuild.4", "kube-system", &[]),
    ("metrics-server", "v0.8.0-eksbuild.2", "kube-system", &[]),
    (
        "vpc-cni",
        "v1.20.2-eksbuild.1",
        "kube-system",
        &[("aws-node", "AmazonEKS_CNI_Policy")],
    ),
];

type Known = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The add-on that runs EKS Pod Identity's agent.
const AGENT: &str = "eks-pod-identity-agent";

/// An add-on of a cluster.
#[derive(Clone, Debug)]
pub struct Addon {
    pub name: String,
    pub version: String,
    /// ACTIVE unless a test says otherwise.
    pub status: String,
    pub service_account_role: Option<String>,
    /// ARNs.
    pub associations: Vec<String>,
    /// Codes and messages.
    pub issues: Vec<(String, String)>,
    pub tags: BTreeMap<String, String>,
    /// Milliseconds since 1970.
    pub created: i64,
    /// How many looks show the status before it becomes the next one: `None` is gone.
    next: Option<(u32, Option<String>)>,
}

impl Cluster {
    /// An add-on that is ACTIVE.
    pub fn add_addon(&mut self, name: &str) -> &mut Addon {
        self.addons.push(Addon {
            name: name.to_owned(),
            version: "v1.3.4-eksbuild.1".to_owned(),
            status: "ACTIVE".to_owned(),
            service_account_role: None,
            associations: Vec::new(),
            issues: Vec::new(),
            tags: BTreeMap::new(),
            created: 1_767_225_600_123,
            next: None,
        });
        self.addons.last_mut().expect("the add-on just added")
    }

    /// Whether the agent of EKS Pod Identity serves pods: its add-on does, or Auto Mode, which has it built in.
    pub fn has_agent(&self) -> bool {
        let serves = ["ACTIVE", "UPDATING", "DEGRADED"];
        let mut addons = self.addons.iter();
        let auto = self.extra.get("computeConfig");
        auto.is_some_and(|auto| auto["enabled"] == true)
            || addons.any(|addon| addon.name == AGENT && serves.contains(&addon.status.as_str()))
    }

    fn addon(&self, name: &str) -> Result<usize, Refusal> {
        let mut addons = self.addons.iter();
        addons
            .position(|addon| addon.name == name)
            .ok_or_else(|| missing(format!("No addon: {name} found in cluster: {}", self.name)))
    }
}

/// The operation of a path behind `/clusters/NAME/addons`.
pub fn identify(method: &Method, rest: &[&str]) -> Option<&'static str> {
    match (method, rest) {
        (&Method::GET, []) => Some("ListAddons"),
        (&Method::POST, []) => Some("CreateAddon"),
        (&Method::GET, [_]) => Some("DescribeAddon"),
        (&Method::DELETE, [_]) => Some("DeleteAddon"),
        (&Method::POST, [_, "update"]) => Some("UpdateAddon"),
        _ => None,
    }
}

pub fn knows(operation: &str) -> bool {
    operation.contains("Addon")
}

pub fn answer(
    world: &mut World,
    caller: &Caller,
    operation: &str,
    subject: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let query = Parameters::parse(&request.query);
    match operation {
        "DescribeAddonVersions" => return versions(&query, world.page_size),
        "DescribeAddonConfiguration" => return configuration(&query),
        _ => {}
    }
    let (name, thing) = subject.split_once('/').unwrap_or((subject, ""));
    let at = place(world, caller, name)?;
    match operation {
        "ListAddons" => {
            let names = world.clusters[at].addons.iter();
            let names = names.map(|addon| json!(addon.name)).collect();
            page("addons", names, &query, world.page_size)
        }
        "CreateAddon" => create(world, at, &body_of(request)?),
        "UpdateAddon" => update(world, at, thing, &body_of(request)?),
        "DeleteAddon" => delete(world, at, thing, query.text("preserve") == Some("true")),
        _ => describe(&mut world.clusters[at], thing),
    }
}

/// Every look brings the next status nearer.
fn describe(cluster: &mut Cluster, name: &str) -> Result<Value, Refusal> {
    let at = cluster.addon(name)?;
    match cluster.addons[at].next.take() {
        Some((0, None)) => {
            cluster.addons.remove(at);
            cluster.addon(name)?;
        }
        Some((0, Some(status))) => {
            if name == AGENT && status == "ACTIVE" {
                cluster.api.put_agent();
            }
            cluster.addons[at].status = status;
        }
        Some((looks, next)) => cluster.addons[at].next = Some((looks - 1, next)),
        None => {}
    }
    Ok(json!({ "addon": addon_of(cluster, &cluster.addons[at]) }))
}

/// That it exists: <https://github.com/aws/eks-hybrid/pull/316>.
fn create(world: &mut World, at: usize, body: &Value) -> Result<Value, Refusal> {
    let name = body["addonName"].as_str().unwrap_or_default();
    let (_, latest, ..) = known(name)?;
    if world.clusters[at].addon(name).is_ok() {
        let message = "Addon already exists.";
        return Err(Refusal::new(409, "ResourceInUseException", message));
    }
    let tags = tags_of(&body["tags"]).map_err(invalid)?;
    let (looks, outcome) = (world.addon_looks, world.addon_outcome.clone());
    let owned = own(world, at, name, &body["podIdentityAssociations"])?;
    let cluster = &mut world.clusters[at];
    let addon = cluster.add_addon(name);
    addon.version = body["addonVersion"].as_str().unwrap_or(latest).to_owned();
    addon.service_account_role = body["serviceAccountRoleArn"].as_str().map(str::to_owned);
    addon.tags = tags;
    addon.associations = owned;
    addon.created = now();
    addon.status = "CREATING".to_owned();
    addon.next = Some((looks, Some(outcome)));
    Ok(json!({ "addon": addon_of(cluster, &cluster.addons[cluster.addon(name)?]) }))
}

fn update(world: &mut World, at: usize, name: &str, body: &Value) -> Result<Value, Refusal> {
    let which = world.clusters[at].addon(name)?;
    let (looks, outcome) = (world.addon_looks, world.addon_outcome.clone());
    let asked = &body["podIdentityAssociations"];
    if !asked.is_null() {
        let owned = own(world, at, name, asked)?;
        world.clusters[at].addons[which].associations = owned;
    }
    let addon = &mut world.clusters[at].addons[which];
    if let Some(role) = body["serviceAccountRoleArn"].as_str() {
        addon.service_account_role = Some(role.to_owned()).filter(|role| !role.is_empty());
    }
    if let Some(version) = body["addonVersion"].as_str() {
        version.clone_into(&mut addon.version);
    }
    addon.status = "UPDATING".to_owned();
    addon.next = Some((looks, Some(outcome)));
    let id = aws::uuid(&["update", name, &world.next_serial().to_string()]);
    let update = json!({
        "id": id, "status": "InProgress", "type": "AddonUpdate", "params": [], "errors": [],
        "createdAt": time(now()),
    });
    Ok(json!({ "update": update }))
}

/// Its associations go with it: <https://github.com/aws/eks-hybrid/pull/747>.
fn delete(world: &mut World, at: usize, name: &str, preserve: bool) -> Result<Value, Refusal> {
    let which = world.clusters[at].addon(name)?;
    if !preserve {
        own(world, at, name, &json!([]))?;
    }
    let looks = world.addon_looks;
    let cluster = &mut world.clusters[at];
    cluster.addons[which].status = "DELETING".to_owned();
    cluster.addons[which].next = Some((looks, None));
    Ok(json!({ "addon": addon_of(cluster, &cluster.addons[which]) }))
}

/// Makes the add-on's associations those that are asked for; tells their ARNs. The message of a service
/// account that it does not have: <https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3520>.
fn own(world: &mut World, at: usize, name: &str, asked: &Value) -> Result<Vec<String>, Refusal> {
    let (_, _, namespace, accounts) = known(name)?;
    let asked: Vec<&Value> = asked.as_array().into_iter().flatten().collect();
    let account = |one: &Value| {
        one["serviceAccount"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for one in &asked {
        let account = account(one);
        if !accounts.iter().any(|(known, _)| *known == account) {
            return Err(invalid(format!(
                "Service account {account} in pod identity configuration is not supported for addon {name}"
            )));
        }
    }
    let owner = arn_of_addon(&world.clusters[at], name);
    let old = world.clusters[at].associations.iter();
    let old: Vec<String> = old
        .filter(|one| one.owner.as_ref() == Some(&owner))
        .filter(|old| !asked.iter().any(|one| account(one) == old.service_account))
        .map(|one| one.id.clone())
        .collect();
    let (cluster, account, clock) = world.cluster_and_account(at);
    cluster.release(clock, &old);
    for one in &asked {
        let mut body = json!({"namespace": namespace});
        body["serviceAccount"] = one["serviceAccount"].clone();
        body["roleArn"] = one["roleArn"].clone();
        cluster.associate_for(account, clock, &owner, &body)?;
    }
    let owned = cluster.associations.iter();
    let owned = owned.filter(|one| one.owner.as_ref() == Some(&owner));
    Ok(owned.map(|one| arn_of(cluster, one)).collect())
}

fn known(name: &str) -> Result<&'static Known, Refusal> {
    let found = KNOWN.iter().find(|known| known.0 == name);
    found.ok_or_else(|| invalid(format!("Addon {name} specified is not supported")))
}

fn versions(query: &Parameters, page_size: usize) -> Result<Value, Refusal> {
    let wanted = query.text("addonName");
    let shown = KNOWN
        .iter()
        .filter(|known| wanted.is_none_or(|wanted| wanted == known.0));
    let shown = shown.map(|(name, version, namespace, _)| {
        let fits =
            json!([{"clusterVersion": "1.33", "defaultVersion": true, "platformVersions": ["*"]}]);
        let version = json!({"addonVersion": version, "compatibilities": fits});
        json!({
            "addonName": name, "type": "networking", "owner": "aws", "publisher": "eks",
            "defaultNamespace": namespace, "addonVersions": [version],
        })
    });
    page("addons", shown.collect(), query, page_size)
}

fn configuration(query: &Parameters) -> Result<Value, Refusal> {
    let (name, _, _, accounts) = known(query.text("addonName").unwrap_or_default())?;
    let recommended = accounts.iter().map(|(account, policy)| {
        let policy = format!("arn:aws:iam::aws:policy/{policy}");
        json!({"serviceAccount": account, "recommendedManagedPolicies": [policy]})
    });
    Ok(json!({
        "addonName": name,
        "addonVersion": query.text("addonVersion"),
        "configurationSchema": "{}",
        "podIdentityConfiguration": recommended.collect::<Vec<_>>(),
    }))
}

/// `arn:…:addon/CLUSTER/NAME/ID`.
pub fn arn_of_addon(cluster: &Cluster, name: &str) -> String {
    let id = aws::uuid(&["addon", &cluster.arn, name]);
    arn(cluster, "addon", &format!("{name}/{id}"))
}

fn addon_of(cluster: &Cluster, addon: &Addon) -> Value {
    let issue = |(code, message): &(String, String)| json!({ "code": code, "message": message });
    let mut body = json!({
        "addonName": addon.name,
        "clusterName": cluster.name,
        "status": addon.status,
        "addonVersion": addon.version,
        "health": { "issues": addon.issues.iter().map(issue).collect::<Vec<_>>() },
        "addonArn": arn_of_addon(cluster, &addon.name),
        "createdAt": time(addon.created),
        "modifiedAt": time(addon.created),
        "tags": addon.tags,
    });
    if let Some(role) = &addon.service_account_role {
        body["serviceAccountRoleArn"] = json!(role);
    }
    if !addon.associations.is_empty() {
        body["podIdentityAssociations"] = json!(addon.associations);
    }
    body
}
