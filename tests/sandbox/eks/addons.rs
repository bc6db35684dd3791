//! A cluster's add-ons, which a test arranges, and its Pod Identity associations, which clients make too.

use hyper::Method;
use serde_json::{Value, json};

use super::super::aws::{self, Caller, Parameters, Refusal, digest, now, percent_decoded};
use super::super::http::Request;
use super::super::world::{Cluster, World, partition};
use super::is_seen;

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

/// A Pod Identity association.
#[derive(Clone, Debug, Default)]
pub struct Association {
    /// `a-` and 17 letters and digits.
    pub id: String,
    pub namespace: String,
    pub service_account: String,
    pub role: String,
    pub target_role: Option<String>,
    pub external_id: Option<String>,
    pub session_tags_disabled: bool,
    /// A session policy.
    pub policy: Option<String>,
    /// ARN of an add-on.
    pub owner: Option<String>,
    /// Milliseconds since 1970.
    pub created: i64,
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

    /// An association of a service account with the role of that ARN.
    pub fn add_association(
        &mut self,
        namespace: &str,
        service_account: &str,
        role: &str,
    ) -> &mut Association {
        let parts = ["association", &self.arn, namespace, service_account];
        self.associations.push(Association {
            id: format!("a-{}", &digest(&parts)[..17]),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            role: role.to_owned(),
            created: now(),
            ..Association::default()
        });
        self.associations
            .last_mut()
            .expect("the association just added")
    }
}

/// The operation and its subject of a path behind `/clusters`: the cluster, or cluster and thing.
pub fn identify(method: &Method, path: &str) -> Option<(&'static str, String)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (operation, subject) = match (method, parts.as_slice()) {
        (&Method::GET, [cluster, "addons"]) => ("ListAddons", (*cluster).to_owned()),
        (&Method::GET, [cluster, "addons", name]) => ("DescribeAddon", format!("{cluster}/{name}")),
        (&Method::GET, [cluster, "pod-identity-associations"]) => {
            ("ListPodIdentityAssociations", (*cluster).to_owned())
        }
        (&Method::POST, [cluster, "pod-identity-associations"]) => {
            ("CreatePodIdentityAssociation", (*cluster).to_owned())
        }
        (&Method::GET, [cluster, "pod-identity-associations", id]) => {
            ("DescribePodIdentityAssociation", format!("{cluster}/{id}"))
        }
        (&Method::DELETE, [cluster, "pod-identity-associations", id]) => {
            ("DeletePodIdentityAssociation", format!("{cluster}/{id}"))
        }
        _ => return None,
    };
    Some((operation, percent_decoded(&subject)))
}

pub fn knows(operation: &str) -> bool {
    operation.contains("Addon") || operation.contains("PodIdentityAssociation")
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
    let page_size = world.page_size;
    let mut clusters = world.clusters.iter_mut();
    let cluster = clusters.find(|cluster| is_seen(cluster, caller) && cluster.name == name);
    let Some(cluster) = cluster else {
        return Err(missing(format!("No cluster found for name: {name}.")));
    };
    match operation {
        "ListAddons" => {
            let names = cluster.addons.iter().map(|addon| json!(addon.name));
            page("addons", names.collect(), &query, page_size)
        }
        "DescribeAddon" => {
            let addon = cluster.addons.iter().find(|addon| addon.name == thing);
            let gone = || missing(format!("No addon: {thing} found in cluster: {name}"));
            Ok(json!({ "addon": addon_of(cluster, addon.ok_or_else(gone)?) }))
        }
        "ListPodIdentityAssociations" => {
            let is_wanted = |association: &&Association| {
                let is =
                    |key: &str, value: &str| query.text(key).is_none_or(|wanted| wanted == value);
                is("namespace", &association.namespace)
                    && is("serviceAccount", &association.service_account)
            };
            let found = cluster.associations.iter().filter(is_wanted);
            let summaries = found.map(|association| summary(cluster, association));
            page("associations", summaries.collect(), &query, page_size)
        }
        "CreatePodIdentityAssociation" => create(cluster, request),
        _ => one(cluster, operation, thing),
    }
}

/// Describes or deletes an association.
fn one(cluster: &mut Cluster, operation: &str, id: &str) -> Result<Value, Refusal> {
    let at = cluster.associations.iter().position(|one| one.id == id);
    let at = at.ok_or_else(|| {
        missing(format!(
            "No association found for ID: {id} in cluster: {}",
            cluster.name
        ))
    })?;
    let association = cluster.associations[at].clone();
    if operation == "DeletePodIdentityAssociation" {
        cluster.associations.remove(at);
    }
    Ok(json!({ "association": whole(cluster, &association) }))
}

fn create(cluster: &mut Cluster, request: &Request) -> Result<Value, Refusal> {
    let invalid = |message: &str| Refusal::new(400, "InvalidParameterException", message);
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| invalid("the body is no JSON"))?;
    let text = |name: &str| {
        let value = body[name].as_str().map(str::to_owned);
        value.ok_or_else(|| invalid(&format!("{name} must not be null")))
    };
    let (namespace, account) = (text("namespace")?, text("serviceAccount")?);
    let role = text("roleArn")?;
    let mut known = cluster.associations.iter();
    if known.any(|one| one.namespace == namespace && one.service_account == account) {
        let message = format!(
            "Association already exists: {account} in namespace {namespace} is already associated"
        );
        return Err(Refusal::new(409, "ResourceInUseException", message));
    }
    let optional = |name: &str| body[name].as_str().map(str::to_owned);
    let association = cluster.add_association(&namespace, &account, &role);
    association.target_role = optional("targetRoleArn");
    association.policy = optional("policy");
    association.session_tags_disabled = body["disableSessionTags"].as_bool().unwrap_or_default();
    let association = association.clone();
    Ok(json!({ "association": whole(cluster, &association) }))
}

fn missing(message: String) -> Refusal {
    Refusal::new(404, "ResourceNotFoundException", message)
}

fn page(
    name: &str,
    all: Vec<Value>,
    query: &Parameters,
    page_size: usize,
) -> Result<Value, Refusal> {
    let invalid = |message: &str| Refusal::new(400, "InvalidParameterException", message);
    let wanted = query
        .number("maxResults")
        .map_err(|refused| invalid(&refused.message))?;
    let size = wanted.and_then(|wanted| usize::try_from(wanted).ok());
    let (shown, next) =
        aws::page(all, size.unwrap_or(page_size), query.text("nextToken")).map_err(invalid)?;
    Ok(json!({ name: shown, "nextToken": next }))
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

fn summary(cluster: &Cluster, association: &Association) -> Value {
    let mut body = json!({
        "clusterName": cluster.name,
        "namespace": association.namespace,
        "serviceAccount": association.service_account,
        "associationArn": arn(cluster, "podidentityassociation", &association.id),
        "associationId": association.id,
    });
    if let Some(owner) = &association.owner {
        body["ownerArn"] = json!(owner);
    }
    body
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times of this century in milliseconds are exact"
)]
fn whole(cluster: &Cluster, association: &Association) -> Value {
    let mut body = summary(cluster, association);
    body["roleArn"] = json!(association.role);
    body["tags"] = json!({});
    body["createdAt"] = json!(association.created as f64 / 1000.0);
    body["modifiedAt"] = body["createdAt"].clone();
    body["disableSessionTags"] = json!(association.session_tags_disabled);
    let optional = [
        ("targetRoleArn", &association.target_role),
        ("externalId", &association.external_id),
        ("policy", &association.policy),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    body
}
