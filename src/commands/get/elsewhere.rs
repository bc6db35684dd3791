//! Roles in an account that was not looked at.

use super::kubernetes_side::KubernetesSide;
use crate::config::ClusterConfig;
use crate::model::{
    CommandLine, Connection, Lookup, Namespace, RoleAccount, RoleArn, ServiceAccountName,
};
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

/// Those of a config file whose roles live in an account that is not looked at.
pub fn tell_in_file(context: &Context, config: &ClusterConfig, looked: Option<&RoleAccount>) {
    let mut told = Vec::new();
    for account in config.accounts.iter().filter_map(|it| it.account.as_ref()) {
        if Some(account) == looked || told.contains(&account) {
            continue;
        }
        told.push(account);
        let command = CommandLine::of(
            "irsactl get iamserviceaccount --cluster {} --region {}",
            &[&config.cluster, &config.region],
        );
        let command = command.with(&Connection::of_roles_in_file(account.flags()));
        context.output.note(&format!(
            "the file has roles in the account of {account}, which is not looked at: `{command}` lists them"
        ));
    }
}
