//! A cluster's add-ons, which a test arranges.

use hyper::Method;
use serde_json::{Value, json};

use super::super::aws::{self, Caller, Parameters, Refusal};
use super::super::http::Request;
use super::super::world::{Cluster, World};
use super::{arn, missing, page, place};

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
        });
        self.addons.last_mut().expect("the add-on just added")
    }
}

/// The operation of a path behind `/clusters/NAME/addons`.
pub fn identify(method: &Method, name: Option<&str>) -> Option<&'static str> {
    match (method, name) {
        (&Method::GET, None) => Some("ListAddons"),
        (&Method::GET, Some(_)) => Some("DescribeAddon"),
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
    let (name, thing) = subject.split_once('/').unwrap_or((subject, ""));
    let cluster = &world.clusters[place(world, caller, name)?];
    if operation == "ListAddons" {
        let names = cluster.addons.iter().map(|addon| json!(addon.name));
        return page("addons", names.collect(), &query, world.page_size);
    }
    let addon = cluster.addons.iter().find(|addon| addon.name == thing);
    let gone = || missing(format!("No addon: {thing} found in cluster: {name}"));
    Ok(json!({ "addon": addon_of(cluster, addon.ok_or_else(gone)?) }))
}

fn addon_of(cluster: &Cluster, addon: &Addon) -> Value {
    let id = aws::uuid(&["addon", &cluster.arn, &addon.name]);
    let issue = |(code, message): &(String, String)| json!({ "code": code, "message": message });
    let mut body = json!({
        "addonName": addon.name,
        "clusterName": cluster.name,
        "status": addon.status,
        "addonVersion": addon.version,
        "health": { "issues": addon.issues.iter().map(issue).collect::<Vec<_>>() },
        "addonArn": arn(cluster, "addon", &format!("{}/{id}", addon.name)),
        "createdAt": 1_767_225_600.123,
        "modifiedAt": 1_767_225_600.123,
        "tags": {},
    });
    if let Some(role) = &addon.service_account_role {
        body["serviceAccountRoleArn"] = json!(role);
    }
    if !addon.associations.is_empty() {
        body["podIdentityAssociations"] = json!(addon.associations);
    }
    body
}
