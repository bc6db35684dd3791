//! Resources that others put beside the role: a bucket, which is nothing but its name here, a managed
//! policy and a role's own policy, which cannot be changed in place, but for what they do not show; and
//! Pod Identity associations (beside).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::aws::{Refusal, token_of};
use super::super::iam::ManagedPolicy;
use super::super::trust::one_or_many;
use super::super::world::Account;
use super::template::Declared;
use super::{Resource, Stack, associations};

/// A physical id and attributes.
pub type Made = (String, BTreeMap<String, String>);

/// Makes one: its physical id (what `Ref` gives, as the resources' pages say) and its attributes. `None`:
/// of a type that the sandbox does not know.
pub fn create(
    declared: &Declared,
    properties: &Value,
    stack: &Stack,
    account: &mut Account,
) -> Option<Result<Made, Refusal>> {
    let name = |key: &str| match properties[key].as_str() {
        Some(name) => name.to_owned(),
        None => {
            let suffix = token_of(&[key, &stack.id, &declared.name], 12);
            format!("{}-{}-{suffix}", stack.name, declared.name)
        }
    };
    match declared.kind.as_str() {
        "AWS::S3::Bucket" => {
            let name = name("BucketName").to_lowercase();
            let arn = format!("arn:{}:s3:::{name}", stack.partition());
            Some(Ok((name, BTreeMap::from([("Arn".to_owned(), arn)]))))
        }
        "AWS::IAM::ManagedPolicy" => {
            let (partition, document) = (stack.partition(), properties["PolicyDocument"].clone());
            let name = name("ManagedPolicyName");
            let policy = ManagedPolicy::new(partition, &stack.account, "/", &name, document);
            let arn = policy.arn.clone();
            let made = account.create_policy(policy).map(|_| ());
            let made = made.and_then(|()| {
                let roles = roles(properties);
                roles
                    .iter()
                    .try_for_each(|role| account.attach_policy(role, &arn))
            });
            Some(made.map(|()| (arn.clone(), BTreeMap::from([("PolicyArn".to_owned(), arn)]))))
        }
        associations::KIND => Some(associations::create(properties, stack, account)),
        "AWS::IAM::RolePolicy" => {
            let (role, name) = (&properties["RoleName"], &properties["PolicyName"]);
            let [role, name] = [role, name].map(|it| it.as_str().unwrap_or_default());
            let document = properties["PolicyDocument"].clone();
            let made = account.put_role_policy(role, name, document);
            Some(made.map(|()| (format!("{name}|{role}"), BTreeMap::new())))
        }
        _ => None,
    }
}

/// Deletes one; of roles that are gone nothing is left to take it from.
pub fn delete(resource: &Resource, account: &mut Account) {
    match resource.kind.as_str() {
        "AWS::IAM::ManagedPolicy" => {
            for role in roles(&resource.properties) {
                if let Some(role) = account.roles.get_mut(&role.to_lowercase()) {
                    role.attached.retain(|arn| *arn != resource.physical_id);
                }
            }
            account.policies.remove(&resource.physical_id);
        }
        associations::KIND => associations::delete(resource, account),
        "AWS::IAM::RolePolicy" => {
            let properties = &resource.properties;
            let role = properties["RoleName"].as_str().unwrap_or_default();
            let name = properties["PolicyName"].as_str().unwrap_or_default();
            if let Some(role) = account.roles.get_mut(&role.to_lowercase()) {
                role.inline.remove(name);
            }
        }
        _ => {}
    }
}

fn roles(properties: &Value) -> Vec<String> {
    let roles = one_or_many(&properties["Roles"]).into_iter();
    roles.filter_map(Value::as_str).map(str::to_owned).collect()
}
