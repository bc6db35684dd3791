//! The change of the trust policy of a role that there is: through the stack that made it, where one of
//! irsactl or eksctl did. Apart, because a move changes roles so, and a deletion from a role that stays.

use serde_json::Value;

use super::Action;
use super::account::update_of;
use super::migrate::{Obstacle, UpdateTrust};
use crate::asked::Deployment;
use crate::model::{Cluster, CommandLine, Map, ServiceAccountName, Way, is_aws_tag};
use crate::policy::{self, Difference, Item};
use crate::template;
use crate::world::{OwningStack, Phase, Stack};

/// Where the template of a role has its trust policy.
pub const TRUST: &str = "/Resources/Role1/Properties/AssumeRolePolicyDocument";
const ROLE_NAME: &str = "/Resources/Role1/Properties/RoleName";

/// The trust policy as the stack's template has it.
pub fn trust_of(stack: &OwningStack) -> Option<&Value> {
    stack.body.pointer(TRUST)
}

/// The tags of a stack that may be set.
pub fn own_tags(tags: &Map) -> Map {
    let own = tags.iter().filter(|(key, _)| !is_aws_tag(key));
    own.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The tags of a stack whose service account has gone over to a way for good.
pub fn tags_towards(tags: &Map, account: &ServiceAccountName, to: Way) -> Map {
    let mut tags = tags.clone();
    let name = account.to_string();
    if tags.get(to.other().tag()) == Some(&name) {
        tags.remove(to.other().tag());
        tags.insert(to.tag().to_owned(), name);
    }
    tags
}

/// For a stack that another run changes: what follows is planned afterwards.
pub fn awaited(stack: &Stack) -> Option<Action> {
    (stack.phase() == Phase::Busy).then(|| Action::await_stack(stack))
}

/// Why the template of a role is not written: what was changed by hand does not come into it unasked. `repair`
/// shows that.
pub fn unlike_its_template(
    stack: &OwningStack,
    live: &Value,
    cluster: &Cluster,
    repair: impl FnOnce() -> CommandLine,
) -> Option<Obstacle> {
    const UNCOMPARED: &str = "whether its role's trust policy is that of its stack's template";
    let why = match trust_of(stack).map(|own| template::plain(own, cluster)) {
        Some(Ok(own)) if policy::same(&own, live) => return None,
        Some(Ok(_)) => return Some(Obstacle::Drifted(stack.stack.name.clone(), repair())),
        Some(Err(why)) => why.to_string(),
        None => "the template has none".to_owned(),
    };
    Some(Obstacle::Unknown(UNCOMPARED, why))
}

/// By the stack that made the role, which then has these tags; else by IAM.
pub fn trust_change(
    role: &str,
    stack: Option<(&OwningStack, Map)>,
    seen: &Value,
    document: &Value,
    deployment: Deployment,
) -> Action {
    let item = Item::TrustPolicy;
    let trust = Difference::of_documents(item, Some(document), Some(seen));
    let trust = Some(trust).filter(|it| !it.is_empty());
    let mut differences: Vec<_> = trust.into_iter().collect();
    let Some((OwningStack { stack, body }, tags)) = stack else {
        return Action::UpdateTrust(UpdateTrust {
            role: role.to_owned(),
            seen: seen.clone(),
            document: document.clone(),
            differences,
        });
    };
    // Whose it is, where that is all.
    if differences.is_empty() {
        let (asked, found) = (pairs(&tags), pairs(&own_tags(&stack.tags)));
        differences.push(Difference::of(Item::Tag, asked, found));
    }
    let mut template = body.clone();
    if let Some(trust) = template.pointer_mut(TRUST) {
        *trust = document.clone();
    }
    let is_named = body.pointer(ROLE_NAME).is_some();
    let update = update_of(stack, template, tags, differences, is_named, deployment);
    Action::UpdateStack(update)
}

fn pairs(tags: &Map) -> Vec<String> {
    let pairs = tags.iter();
    pairs.map(|(key, value)| format!("{key}={value}")).collect()
}
