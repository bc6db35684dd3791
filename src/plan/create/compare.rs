//! A ready stack against what is asked: its template, its tags, and the role as it is now, which may
//! have been edited behind CloudFormation's back.

use super::IamServiceAccount;
use crate::model::Cluster;
use crate::observe::{FoundStack, Lookup};
use crate::plan::{Refusal, Role, Track};
use crate::policy;
use crate::template::{self, Difference, RoleSpec, RoleTemplate};

/// A ready stack: is its role what is asked for?
pub fn compare(
    track: &mut Track,
    asked: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    found: &FoundStack,
) -> Option<Role> {
    let (cluster_name, name, stack) = (
        cluster.name.clone(),
        asked.name.clone(),
        found.stack.name.clone(),
    );
    let (Some(template), Some(arn)) = (&found.template, &found.stack.role_arn) else {
        track.refusals.push(Refusal::UnreadableTemplate { stack });
        return None;
    };
    let trust = match &found.role {
        // A role of the same name with another path is not the stack's.
        Lookup::Found(role) if role.arn == arn.to_string() => &role.trust,
        Lookup::Missing | Lookup::Found(_) => {
            track.refusals.push(Refusal::RoleGone {
                cluster: cluster_name,
                name,
                stack,
            });
            return None;
        }
        Lookup::Unknown(message) => {
            track.notes.push(format!(
                "cannot read the role's trust policy, the template's is compared: {message}"
            ));
            &template.trust
        }
    };
    let wanted = cluster.provider_arn();
    let principals = policy::federated_principals(trust);
    if let Some(other) = principals
        .first()
        .filter(|_| !principals.contains(&wanted.as_str()))
    {
        let found = (*other).to_owned();
        track.refusals.push(Refusal::OldIssuer {
            cluster: cluster_name,
            name,
            found,
            wanted,
        });
        return None;
    }
    let mut differences = differences(spec, cluster, asked, template);
    let wanted = template::trust(spec, cluster, &asked.name);
    if !policy::same(&wanted, trust) {
        let (asked, found) = (wanted.to_string(), trust.to_string());
        differences.push(Difference {
            item: "trust policy".to_owned(),
            asked,
            found,
        });
    }
    differences.extend(tag_differences(asked, found));
    if differences.is_empty() {
        differences = live_differences(track, template, found);
    }
    if !differences.is_empty() {
        track.refusals.push(Refusal::Differs {
            cluster: cluster_name,
            name,
            stack,
            differences,
        });
        return None;
    }
    Some(Role::Arn(arn.clone()))
}

fn differences(
    spec: &RoleSpec,
    cluster: &Cluster,
    asked: &IamServiceAccount,
    found: &RoleTemplate,
) -> Vec<Difference> {
    let rendered = template::render(spec, cluster, &asked.name);
    match RoleTemplate::read(&rendered.to_string(), &cluster.partition) {
        Some(wanted) => RoleTemplate::differences(&wanted, found),
        None => Vec::new(),
    }
}

fn tag_differences(asked: &IamServiceAccount, found: &FoundStack) -> Vec<Difference> {
    let tags = &found.stack.tags;
    asked
        .tags
        .iter()
        .filter(|(key, value)| tags.get(*key) != Some(value))
        .map(|(key, value)| Difference {
            item: format!("tag {key}"),
            asked: value.clone(),
            found: tags.get(key).cloned().unwrap_or_else(|| "none".to_owned()),
        })
        .collect()
}

/// What of the template the role has no longer. What it has beyond the template is only noted.
fn live_differences(
    track: &mut Track,
    template: &RoleTemplate,
    found: &FoundStack,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut compare = |item: &str, asked: &str, found: &str| {
        differences.push(Difference {
            item: format!("{item}, changed by hand"),
            asked: asked.to_owned(),
            found: found.to_owned(),
        });
    };
    if let Lookup::Found(role) = &found.role
        && role.boundary != template.boundary
    {
        let text =
            |boundary: &Option<String>| boundary.clone().unwrap_or_else(|| "none".to_owned());
        compare(
            "permissions boundary",
            &text(&template.boundary),
            &text(&role.boundary),
        );
    }
    let policies = match &found.policies {
        Lookup::Found(policies) => policies,
        Lookup::Missing => return differences,
        Lookup::Unknown(message) => {
            track.notes.push(format!(
                "cannot tell whether the role's policies were changed by hand: {message}"
            ));
            return differences;
        }
    };
    for arn in template
        .managed
        .iter()
        .filter(|arn| !policies.managed.contains(arn))
    {
        compare("managed policy", arn, "detached");
    }
    let own = |name: &String| format!("{}-{name}", found.stack.name);
    for name in template
        .inline
        .keys()
        .filter(|name| !policies.inline.contains(&own(name)))
    {
        compare("inline policy", name, "deleted");
    }
    let attached = policies
        .managed
        .iter()
        .filter(|arn| !template.managed.contains(*arn));
    let added = policies.inline.iter().filter(|name| {
        !template
            .inline
            .keys()
            .any(|own_name| own(own_name) == **name)
    });
    let foreign: Vec<&str> = attached.chain(added).map(String::as_str).collect();
    if !foreign.is_empty() {
        track.notes.push(format!(
            "the role has policies that were attached by hand: {}",
            foreign.join(", ")
        ));
    }
    differences
}
