//! Pod Identity associations: which service account of a cluster has which role by EKS Pod Identity.
//! Operations and members are those of botocore's `eks` model. Messages that users report name their place;
//! the others are from memory.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use super::super::aws::{Caller, Parameters, Refusal, digest, now};
use super::super::http::Request;
use super::super::iam::Role;
use super::super::trust;
use super::super::world::{Account, Cluster, World, partition};
use super::effect::Clock;
use super::{arn, body_of, invalid, page, place, tags_of, time};

/// A cluster has no more of them, and the quota cannot be raised.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html#pod-id-limits>,
/// <https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html>
const ASSOCIATIONS: usize = 5_000;
/// The service that assumes the roles of pods.
pub const PODS: &str = "pods.eks.amazonaws.com";

/// A Pod Identity association.
#[derive(Clone, Debug, Default)]
pub struct Association {
    /// `a-` and 17 letters and digits.
    pub id: String,
    pub namespace: String,
    pub service_account: String,
    pub role: String,
    pub target_role: Option<String>,
    /// EKS makes it with the first target role.
    pub external_id: Option<String>,
    pub session_tags_disabled: bool,
    /// A session policy.
    pub policy: Option<String>,
    /// ARN of an add-on.
    pub owner: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Milliseconds since 1970.
    pub created: i64,
    pub modified: i64,
    /// What was asked for with a `clientRequestToken`: the same asked again is no second association.
    request: Option<Value>,
}

impl Association {
    pub fn is_of(&self, namespace: &str, service_account: &str) -> bool {
        self.namespace == namespace && self.service_account == service_account
    }
}

impl Cluster {
    /// An association of a service account with the role of that ARN, in effect at once.
    pub fn add_association(
        &mut self,
        namespace: &str,
        service_account: &str,
        role: &str,
    ) -> &mut Association {
        let key = (namespace.to_owned(), service_account.to_owned());
        let count = self.associated.entry(key).or_default();
        *count += 1;
        // Each has an id of its own; that of the first depends on the names alone.
        let again = if *count > 1 {
            count.to_string()
        } else {
            String::new()
        };
        let mut parts = vec!["association", &self.arn, namespace, service_account];
        parts.extend(Some(again.as_str()).filter(|again| !again.is_empty()));
        let created = now();
        self.associations.push(Association {
            id: format!("a-{}", &digest(&parts)[..17]),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            role: role.to_owned(),
            created,
            modified: created,
            ..Association::default()
        });
        self.associations
            .last_mut()
            .expect("the association just added")
    }

    /// The association of a service account.
    pub fn association(&mut self, namespace: &str, name: &str) -> Option<&mut Association> {
        let mut all = self.associations.iter_mut();
        all.find(|one| one.is_of(namespace, name))
    }
}

impl World {
    /// A role of the default account with the trust policy that EKS Pod Identity needs, without conditions.
    /// Tells its ARN.
    pub fn add_role_of_pods(&mut self, name: &str) -> String {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": PODS},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }]});
        let id = self.options.accounts[0].clone();
        let partition = partition(&self.options.region);
        let role = Role::new(partition, &id, "/", name, trust);
        let arn = role.arn.clone();
        let account = self.accounts.entry(id).or_default();
        account.roles.insert(name.to_lowercase(), role);
        arn
    }
}

/// The operation of a path behind `/clusters/NAME/pod-identity-associations`.
pub fn identify(method: &Method, rest: &[&str]) -> Option<&'static str> {
    match (method, rest) {
        (&Method::GET, []) => Some("ListPodIdentityAssociations"),
        (&Method::POST, []) => Some("CreatePodIdentityAssociation"),
        (&Method::GET, [_]) => Some("DescribePodIdentityAssociation"),
        (&Method::POST, [_]) => Some("UpdatePodIdentityAssociation"),
        (&Method::DELETE, [_]) => Some("DeletePodIdentityAssociation"),
        _ => None,
    }
}

pub fn knows(operation: &str) -> bool {
    operation.contains("PodIdentityAssociation")
}

pub fn answer(
    world: &mut World,
    caller: &Caller,
    operation: &str,
    subject: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let (name, id) = subject.split_once('/').unwrap_or((subject, ""));
    let at = place(world, caller, name)?;
    let whole =
        |cluster: &Cluster, one: &Association| json!({ "association": whole(cluster, one) });
    match operation {
        "ListPodIdentityAssociations" => list(
            &world.clusters[at],
            &Parameters::parse(&request.query),
            world.page_size,
        ),
        "CreatePodIdentityAssociation" => {
            let (cluster, account, clock) = world.cluster_and_account(at);
            let one = cluster.associate(account, clock, &body_of(request)?)?;
            Ok(whole(cluster, &one))
        }
        "UpdatePodIdentityAssociation" => {
            let (cluster, account, clock) = world.cluster_and_account(at);
            let which = find(cluster, id)?;
            check_owner(&cluster.associations[which])?;
            let one = cluster.reassociate(account, clock, which, &body_of(request)?)?;
            Ok(whole(cluster, &one))
        }
        "DeletePodIdentityAssociation" => {
            let (cluster, _, clock) = world.cluster_and_account(at);
            let one = cluster.associations[find(cluster, id)?].clone();
            check_owner(&one)?;
            cluster.release(clock, std::slice::from_ref(&one.id));
            Ok(whole(cluster, &one))
        }
        _ => {
            let cluster = &world.clusters[at];
            Ok(whole(cluster, &cluster.associations[find(cluster, id)?]))
        }
    }
}

fn list(cluster: &Cluster, query: &Parameters, page_size: usize) -> Result<Value, Refusal> {
    let is = |key: &str, value: &str| query.text(key).is_none_or(|wanted| wanted == value);
    let wanted = cluster.associations.iter().filter(|one| {
        is("namespace", &one.namespace) && is("serviceAccount", &one.service_account)
    });
    let summaries = wanted.map(|one| summary(cluster, one));
    page("associations", summaries.collect(), query, page_size)
}

/// The length's message: <https://github.com/aws-samples/eks-workshop-v2/issues/882>.
fn find(cluster: &Cluster, id: &str) -> Result<usize, Refusal> {
    if id.chars().count() != 19 {
        return Err(invalid(
            "The parameter associationId should be 19 characters long.",
        ));
    }
    let mut all = cluster.associations.iter();
    all.position(|one| one.id == id).ok_or_else(|| {
        let message = format!(
            "No association found for ID: {id} in cluster: {}",
            cluster.name
        );
        Refusal::new(404, "ResourceNotFoundException", message)
    })
}

impl World {
    /// A cluster, the account that it is of, and the time.
    pub fn cluster_and_account(&mut self, at: usize) -> (&mut Cluster, &Account, Clock) {
        let clock = self.clock();
        let cluster = &mut self.clusters[at];
        let account = self.accounts.entry(cluster.account.clone()).or_default();
        (cluster, account, clock)
    }

    /// The role of that ARN, of any account.
    pub fn role(&self, arn: &str) -> Option<&Role> {
        self.accounts.get(arn.split(':').nth(4)?)?.role_by_arn(arn)
    }
}

impl Account {
    /// The role of exactly that ARN.
    pub fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        let role = self.role(arn.rsplit('/').next()?)?;
        Some(role).filter(|role| role.arn == arn)
    }
}

impl Cluster {
    /// CreatePodIdentityAssociation, for its own clients and for CloudFormation.
    ///
    /// # Errors
    /// EKS's refusal.
    pub fn associate(
        &mut self,
        account: &Account,
        clock: Clock,
        body: &Value,
    ) -> Result<Association, Refusal> {
        let text = |name: &str| {
            let value = body[name].as_str().filter(|value| !value.is_empty());
            value.ok_or_else(|| invalid(format!("The parameter {name} must not be null or empty.")))
        };
        let (namespace, name) = (text("namespace")?, text("serviceAccount")?);
        let role = text("roleArn")?;
        if let Some(same) = self.asked_before(body)? {
            return Ok(same);
        }
        self.check_free(clock, namespace, name)?;
        self.check_role(account, role)?;
        let tags = tags_of(&body["tags"]).map_err(invalid)?;
        change(&mut Association::default(), body)?;
        self.changes_after(clock);
        let one = self.add_association(namespace, name, role);
        one.tags = tags;
        one.request = Some(body.clone());
        change(one, body)?;
        let id = one.id.clone();
        Ok(self.with_external_id(&id))
    }

    /// UpdatePodIdentityAssociation of the association at that place.
    ///
    /// # Errors
    /// EKS's refusal.
    pub fn reassociate(
        &mut self,
        account: &Account,
        clock: Clock,
        at: usize,
        body: &Value,
    ) -> Result<Association, Refusal> {
        let members = ["roleArn", "targetRoleArn", "disableSessionTags", "policy"];
        if members.iter().all(|member| body[*member].is_null()) {
            let message = "At least one of roleArn, targetRoleArn, disableSessionTags and policy must be given.";
            return Err(invalid(message));
        }
        if let Some(role) = body["roleArn"].as_str() {
            self.check_role(account, role)?;
        }
        let mut changed = self.associations[at].clone();
        change(&mut changed, body)?;
        changed.modified = now();
        let id = changed.id.clone();
        self.changes_after(clock);
        self.associations[at] = changed;
        Ok(self.with_external_id(&id))
    }

    /// An association that an add-on owns, made or changed.
    ///
    /// # Errors
    /// EKS's refusal.
    pub fn associate_for(
        &mut self,
        account: &Account,
        clock: Clock,
        owner: &str,
        body: &Value,
    ) -> Result<(), Refusal> {
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("serviceAccount"));
        let mut known = self.associations.iter();
        let known =
            known.position(|one| one.is_of(namespace, name) && one.owner.as_deref() == Some(owner));
        if let Some(at) = known {
            return self.reassociate(account, clock, at, body).map(|_| ());
        }
        let id = self.associate(account, clock, body)?.id;
        let mut all = self.associations.iter_mut();
        let made = all.find(|one| one.id == id).expect("the association");
        made.owner = Some(owner.to_owned());
        Ok(())
    }

    /// Takes associations away, whoever owns them.
    pub fn release(&mut self, clock: Clock, ids: &[String]) {
        if !ids.is_empty() {
            self.changes_after(clock);
            self.associations.retain(|one| !ids.contains(&one.id));
        }
    }

    /// What was made for a request with the same token (API reference, `clientRequestToken`).
    fn asked_before(&self, body: &Value) -> Result<Option<Association>, Refusal> {
        let token = &body["clientRequestToken"];
        let mut all = self.associations.iter();
        let same = all.find(|one| {
            let known = one.request.as_ref();
            known.is_some_and(|known| !token.is_null() && known["clientRequestToken"] == *token)
        });
        if same.is_some_and(|same| same.request.as_ref() != Some(body)) {
            let message = "The clientRequestToken was used with other parameters.";
            return Err(invalid(message));
        }
        Ok(same.cloned())
    }

    /// One association a service account, and not more than the quota. An association that was just deleted is
    /// still in the way until that took effect: <https://github.com/aws-controllers-k8s/community/issues/2684>.
    /// The first message: <https://github.com/eksctl-io/eksctl/issues/7753>.
    fn check_free(&self, clock: Clock, namespace: &str, name: &str) -> Result<(), Refusal> {
        let mut known = self.associations.iter().chain(self.in_effect(clock.calls));
        if let Some(known) = known.find(|one| one.is_of(namespace, name)) {
            let message = format!("Association already exists: {}", known.id);
            return Err(Refusal::new(409, "ResourceInUseException", message));
        }
        let limit = self.association_limit.unwrap_or(ASSOCIATIONS);
        if self.associations.len() >= limit {
            let message = format!(
                "Your cluster has reached the maximum of {limit} pod identity associations."
            );
            return Err(Refusal::new(400, "ResourceLimitExceededException", message));
        }
        Ok(())
    }

    /// A role of the cluster's account, which is there, whose trust policy names the service with both
    /// actions; its conditions are not looked at. The messages of a missing role (`podIdentityAssociationResource`
    /// of hashicorp/terraform-provider-aws) and of the trust policy (its issue 41483) are reported; the code of
    /// the foreign role is from memory.
    fn check_role(&self, account: &Account, arn: &str) -> Result<(), Refusal> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "iam", "", of, resource] = parts.as_slice() else {
            return Err(invalid(format!("Invalid role ARN: {arn}")));
        };
        if !resource.starts_with("role/") {
            return Err(invalid(format!("Invalid role ARN: {arn}")));
        }
        if *of != self.account {
            return Err(invalid("Cross-account pass role is not allowed."));
        }
        let Some(role) = account.role_by_arn(arn) else {
            return Err(invalid("Role provided in the request does not exist."));
        };
        if names_pods(&role.trust) {
            return Ok(());
        }
        Err(invalid(
            "Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.",
        ))
    }

    /// The association of that id, which has an external id if it has a target role.
    fn with_external_id(&mut self, id: &str) -> Association {
        let parts = ["external id", &self.arn, id];
        let external = digest(&parts)[..32].to_owned();
        let mut all = self.associations.iter_mut();
        let one = all.find(|one| one.id == id).expect("the association");
        match one.target_role {
            Some(_) => one.external_id = one.external_id.take().or(Some(external)),
            None => one.external_id = None,
        }
        one.clone()
    }
}

fn check_owner(association: &Association) -> Result<(), Refusal> {
    let Some(owner) = &association.owner else {
        return Ok(());
    };
    let id = &association.id;
    let message =
        format!("Association {id} is owned by {owner}. Use the add-on to change or delete it.");
    Err(Refusal::new(400, "InvalidRequestException", message))
}

/// Whether statements allow the service both actions, whatever their conditions.
fn names_pods(policy: &Value) -> bool {
    let statements = trust::one_or_many(&policy["Statement"]);
    let allows = |action: &str| {
        statements.iter().any(|statement| {
            let services = trust::one_or_many(&statement["Principal"]["Service"]);
            statement["Effect"] == "Allow"
                && services.into_iter().any(|service| service == PODS)
                && trust::names_action(statement, action)
        })
    };
    allows("sts:AssumeRole") && allows("sts:TagSession")
}

/// Sets what can be changed too. An empty text takes target role or policy away.
fn change(association: &mut Association, body: &Value) -> Result<(), Refusal> {
    let given = |name: &str| body[name].as_str().map(str::to_owned);
    if let Some(role) = given("roleArn") {
        association.role = role;
    }
    if let Some(target) = given("targetRoleArn") {
        if !target.is_empty() && !target.contains(":role/") {
            return Err(invalid(format!("Invalid role ARN: {target}")));
        }
        association.target_role = Some(target).filter(|target| !target.is_empty());
    }
    if let Some(disabled) = body["disableSessionTags"].as_bool() {
        association.session_tags_disabled = disabled;
    }
    if let Some(policy) = given("policy") {
        association.policy = Some(policy).filter(|policy| !policy.is_empty());
    }
    check_policy(association)
}

/// A session policy: JSON of at most 2,048 characters (STS), and only without session tags (API reference,
/// `policy`).
fn check_policy(association: &Association) -> Result<(), Refusal> {
    let Some(policy) = &association.policy else {
        return Ok(());
    };
    if !association.session_tags_disabled {
        return Err(invalid(
            "disableSessionTags must be set to true when policy is specified.",
        ));
    }
    let is_document = serde_json::from_str::<Value>(policy)
        .is_ok_and(|policy| !trust::one_or_many(&policy["Statement"]).is_empty());
    if !is_document || policy.chars().count() > 2048 {
        return Err(invalid("The parameter policy is no valid session policy."));
    }
    Ok(())
}

/// `arn:…:podidentityassociation/CLUSTER/ID`.
pub fn arn_of(cluster: &Cluster, association: &Association) -> String {
    arn(cluster, "podidentityassociation", &association.id)
}

fn summary(cluster: &Cluster, association: &Association) -> Value {
    let mut body = json!({
        "clusterName": cluster.name,
        "namespace": association.namespace,
        "serviceAccount": association.service_account,
        "associationArn": arn_of(cluster, association),
        "associationId": association.id,
    });
    if let Some(owner) = &association.owner {
        body["ownerArn"] = json!(owner);
    }
    body
}

fn whole(cluster: &Cluster, association: &Association) -> Value {
    let mut body = summary(cluster, association);
    body["roleArn"] = json!(association.role);
    body["tags"] = json!(association.tags);
    body["createdAt"] = time(association.created);
    body["modifiedAt"] = time(association.modified);
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
