//! Roles in an account that was not looked at.

use super::kubernetes_side::KubernetesSide;
use crate::model::{Lookup, Namespace, RoleArn, ServiceAccountName};
use crate::run::Context;

/// Where the annotated role lives, if that is another account than the one that was looked at. Whoever may
/// not read the ServiceAccounts is told nothing.
pub fn tell_elsewhere(
    context: &Context,
    side: &KubernetesSide,
    looked: &str,
    namespace: &Namespace,
    name: &str,
) {
    let Ok(account) = ServiceAccountName::new(namespace.clone(), name) else {
        return;
    };
    let Lookup::Found(object) = side.of(&account) else {
        return;
    };
    let role = object.role().and_then(|role| role.parse::<RoleArn>().ok());
    if let Some(role) = role.filter(|role| role.account() != looked) {
        context.output.note(&format!(
            "{account} has role {role} of account {}, and only account {looked} was looked at: `--role-profile PROFILE` or \
             `--role-via ROLE_ARN` looks there",
            role.account()
        ));
    }
}
