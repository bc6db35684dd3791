//! What a deletion makes of roles in another account than the one that was looked at, and of stacks there
//! that may be another cluster's. Apart, as nothing else of it asks in which account it works.

use super::Reason;
use crate::asked::{Deletion, KnownBy, SearchedAccount};
use crate::model::{RoleArn, StackName, Way};
use crate::policy::federated_principals;
use crate::template::RoleTemplate;
use crate::world::{
    FoundStack, ObservedDeletion, Phase, ServiceAccount, ServiceAccountState, Stack,
};

/// Why nothing of it may go: the stack is not known to be this cluster's, or a stack in an account that was
/// not looked at made the role.
pub fn refusal(
    asked: &Deletion,
    found: Option<&FoundStack>,
    observed: &ObservedDeletion,
) -> Option<Reason> {
    if let Some(reason) = found.and_then(|found| of_other_cluster(asked, found, observed)) {
        return Some(reason);
    }
    let (role, looked) = elsewhere(asked, observed)?;
    // Only the stack goes then.
    if asked.known_by == KnownBy::Stack && found.is_some() {
        return None;
    }
    is_of_stack(asked, &role).then(|| Reason::RoleElsewhere {
        role,
        looked: looked.to_owned(),
    })
}

/// A role that no stack of ours made stays, whoever has the annotation.
pub fn warning(asked: &Deletion, observed: &ObservedDeletion) -> Option<String> {
    let by_name = asked.known_by == KnownBy::Name;
    let (role, looked) = elsewhere(asked, observed).filter(|_| by_name)?;
    let account = role.account();
    Some(format!(
        "its role {role} stays: account {account} was not looked at, only {looked}"
    ))
}

/// The annotated role, where nothing but a stack tells of the service account and another one made that role: the
/// stack may be anybody's who can make stacks.
pub fn other_role<'a>(
    asked: &Deletion,
    object: &'a ServiceAccount,
    stack: Option<&Stack>,
) -> Option<&'a str> {
    let role = object.role().filter(|_| asked.known_by == KnownBy::Stack)?;
    let is_made = match &stack?.role_arn {
        Some(made) => *made == *role,
        // What failed to be deleted may tell nothing.
        None => role.parse().is_ok_and(|role| is_of_stack(asked, &role)),
    };
    (!is_made).then_some(role)
}

/// Clusters of two accounts may have one name. What tells them apart is the issuer that the role trusts.
fn of_other_cluster(
    asked: &Deletion,
    found: &FoundStack,
    observed: &ObservedDeletion,
) -> Option<Reason> {
    let SearchedAccount::Other { account, provider } = &asked.looked else {
        return None;
    };
    if matches!(found.stack.phase(), Phase::Gone | Phase::Deleting) {
        return None;
    }
    let trust = observed
        .foreign
        .as_found()
        .and_then(|it| it.trust.as_found());
    let trusted = trust.map(federated_principals).unwrap_or_default();
    let is_own = provider.as_ref().is_some_and(|provider| {
        let in_template = template_trusts(found, provider);
        match asked.known_by {
            KnownBy::Name => trusted.contains(&provider.as_str()) || in_template,
            // Nobody named it: both say so, and of nobody else.
            KnownBy::Stack => {
                in_template && !trusted.is_empty() && trusted.iter().all(|it| it == provider)
            }
        }
    });
    (!is_own).then(|| Reason::OfOtherCluster {
        account: account.clone(),
        found: trusted
            .iter()
            .find(|it| provider.as_deref() != Some(**it))
            .or(trusted.first())
            .map(|it| (*it).to_owned()),
        wanted: provider.clone(),
    })
}

/// Whether the template of the stack has its role trust the provider.
fn template_trusts(found: &FoundStack, provider: &str) -> bool {
    let partition = provider.split(':').nth(1).unwrap_or_default();
    let body = found.body.as_ref();
    let template = body.and_then(|body| RoleTemplate::read(body, partition));
    template.is_some_and(|it| federated_principals(&it.trust).contains(&provider))
}

/// The annotated role, where it is of another account than the one that was looked at, and that one.
fn elsewhere<'a>(asked: &'a Deletion, observed: &ObservedDeletion) -> Option<(RoleArn, &'a str)> {
    let looked = match &asked.looked {
        SearchedAccount::Own(account) | SearchedAccount::Other { account, .. } => account,
        SearchedAccount::Any => return None,
    };
    let ServiceAccountState::Found(object) = &observed.service_account else {
        return None;
    };
    let role: RoleArn = object.role()?.parse().ok()?;
    let is_asked = asked.way == Way::Irsa && role.account() != looked;
    is_asked.then_some((role, looked))
}

/// Whether a stack of the account may have made the role.
fn is_of_stack(asked: &Deletion, role: &RoleArn) -> bool {
    let names = StackName::both(asked.way, &asked.cluster, &asked.name);
    names.iter().any(|name| name.may_have_named(role))
}
