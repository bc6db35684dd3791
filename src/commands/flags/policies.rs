//! The policies that flags name beside managed ones: those that come with the program, and documents.

use super::documents;
use crate::cli::PermissionArgs;
use crate::error::Error;
use crate::model::Map;
use crate::policy::PolicyDocument;
use crate::template::{NamedPolicy, ParametrisedPolicy, WellKnownPolicy};

/// Those of AWS's add-ons that need nothing more than their name.
pub fn well_known(asked: &PermissionArgs) -> Vec<WellKnownPolicy> {
    let named = asked.well_known_policy.iter();
    let known = named.filter_map(|policy| match policy {
        NamedPolicy::WellKnown(policy) => Some(*policy),
        NamedPolicy::Parametrised(_) => None,
    });
    known.collect()
}

/// The documents of files, then those of policies with parameters.
pub async fn inline(asked: &PermissionArgs) -> Result<Vec<PolicyDocument>, Error> {
    let mut all = documents(&asked.policy_document).await?;
    let given = parameters(asked)?;
    let named = asked.well_known_policy.iter();
    let named = named.filter_map(|policy| match policy {
        NamedPolicy::Parametrised(policy) => Some(*policy),
        NamedPolicy::WellKnown(_) => None,
    });
    let mut named: Vec<ParametrisedPolicy> = named.collect();
    named.dedup();
    let is_of = |key: &String| {
        let mut named = named.iter();
        named.any(|it| it.form().parameters.contains_key(key))
    };
    if let Some(key) = given.keys().find(|key| !is_of(key)) {
        return Err(unknown_parameter(key, &named));
    }
    for policy in named {
        let own = given.iter();
        let own = own.filter(|(key, _)| policy.form().parameters.contains_key(*key));
        let own: Map = own
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let filled = policy.filled(&own);
        all.push(filled.map_err(|rule| Error::Flags(format!("--with: {rule}")))?);
    }
    Ok(all)
}

fn refused(value: &str, rule: String) -> Error {
    Error::usage("--with", value, rule)
}

fn parameters(asked: &PermissionArgs) -> Result<Map, Error> {
    let mut given = Map::new();
    for (key, value) in asked.with.iter().flat_map(|pairs| &pairs.0) {
        if given.insert(key.clone(), value.clone()).is_some() {
            return Err(refused(key, "is given twice".to_owned()));
        }
    }
    Ok(given)
}

fn unknown_parameter(key: &str, named: &[ParametrisedPolicy]) -> Error {
    let told: Vec<String> = named.iter().map(|policy| policy.told()).collect();
    let rule = match told.as_slice() {
        [] => "no policy with parameters is named".to_owned(),
        told => format!("there is no such parameter, but {}", told.join(", ")),
    };
    refused(key, rule)
}
