//! AWS::EKS::PodIdentityAssociation, made through EKS's own rules, in the clusters of the account.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-podidentityassociation.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::aws::Refusal;
use super::super::eks::{Association, arn_of};
use super::super::trust::one_or_many;
use super::super::world::{Account, Cluster};
use super::foreign::Made;
use super::{Resource, Stack};

pub const KIND: &str = "AWS::EKS::PodIdentityAssociation";
/// Properties whose change makes a new association.
pub const FIXED: [&str; 3] = ["ClusterName", "Namespace", "ServiceAccount"];

/// Makes one, which `Ref` gives the ARN of: the schema's primary identifier.
pub fn create(properties: &Value, stack: &Stack, account: &mut Account) -> Result<Made, Refusal> {
    with_cluster(properties, stack, account, |cluster, account| {
        let clock = account.clock;
        let one = cluster.associate(account, clock, &body(properties))?;
        Ok(made(cluster, &one))
    })
}

/// Changes one in place.
pub fn update(
    old: &Resource,
    properties: &Value,
    stack: &Stack,
    account: &mut Account,
) -> Result<Made, Refusal> {
    with_cluster(properties, stack, account, |cluster, account| {
        let clock = account.clock;
        let at = place(cluster, &old.physical_id)?;
        let mut asked = body(properties);
        // What the template no longer says goes.
        for name in ["targetRoleArn", "policy"] {
            if asked[name].is_null() {
                asked[name] = "".into();
            }
        }
        let one = cluster.reassociate(account, clock, at, &asked)?;
        cluster.associations[at].tags = tags(properties);
        Ok(made(cluster, &one))
    })
}

/// Deletes one; what is gone already is fine.
pub fn delete(old: &Resource, account: &mut Account) {
    let (clock, mut clusters) = (account.clock, std::mem::take(&mut account.clusters));
    for cluster in &mut clusters {
        if let Ok(at) = place(cluster, &old.physical_id) {
            let id = cluster.associations[at].id.clone();
            cluster.release(clock, &[id]);
        }
    }
    account.clusters = clusters;
}

/// Does something with the cluster, which is out of the account for that time.
fn with_cluster<T>(
    properties: &Value,
    stack: &Stack,
    account: &mut Account,
    act: impl FnOnce(&mut Cluster, &Account) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let mut clusters = std::mem::take(&mut account.clusters);
    let name = properties["ClusterName"].as_str().unwrap_or_default();
    let mut all = clusters.iter_mut();
    let found = all.find(|it| {
        it.is_eks && it.account == stack.account && it.region == stack.region && it.name == name
    });
    let done = match found {
        Some(cluster) => act(cluster, account),
        None => {
            let message = format!("No cluster found for name: {name}.");
            Err(Refusal::new(404, "ResourceNotFoundException", message))
        }
    };
    account.clusters = clusters;
    done
}

fn place(cluster: &Cluster, arn: &str) -> Result<usize, Refusal> {
    let mut all = cluster.associations.iter();
    all.position(|one| arn_of(cluster, one) == arn)
        .ok_or_else(|| {
            let message = format!("No association found for {arn}");
            Refusal::new(404, "ResourceNotFoundException", message)
        })
}

fn made(cluster: &Cluster, one: &Association) -> Made {
    let arn = arn_of(cluster, one);
    let mut attributes = BTreeMap::from([
        ("AssociationArn".to_owned(), arn.clone()),
        ("AssociationId".to_owned(), one.id.clone()),
    ]);
    attributes.extend(
        one.external_id
            .clone()
            .map(|id| ("ExternalId".to_owned(), id)),
    );
    (arn, attributes)
}

/// The request to EKS.
fn body(properties: &Value) -> Value {
    let mut body = json!({ "tags": tags(properties) });
    let members = [
        ("Namespace", "namespace"),
        ("ServiceAccount", "serviceAccount"),
        ("RoleArn", "roleArn"),
        ("TargetRoleArn", "targetRoleArn"),
        ("DisableSessionTags", "disableSessionTags"),
        ("Policy", "policy"),
    ];
    for (property, member) in members {
        body[member] = properties[property].clone();
    }
    if body["disableSessionTags"] == "true" {
        body["disableSessionTags"] = true.into();
    }
    body
}

fn tags(properties: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tags = one_or_many(&properties["Tags"]).into_iter();
    tags.map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
        .collect()
}
