//! Roles in an account that was not looked at.

use crate::cli::GetServiceAccount;
use crate::model::{Cluster, Namespace, RoleArn, ServiceAccountName};
use crate::run::Context;

/// Where the annotated role lives, if that is another account than the one that was looked at. Whoever may
/// not read the ServiceAccount is told nothing.
pub async fn tell_elsewhere(
    context: &Context,
    args: &GetServiceAccount,
    cluster: &Cluster,
    namespace: &Namespace,
    name: &str,
) {
    let Ok(account) = ServiceAccountName::new(namespace.clone(), name) else {
        return;
    };
    let role = async {
        let kubernetes = context.kubernetes(cluster, &args.kubernetes).await.ok()?;
        let object = kubernetes.service_account(&account).await.ok()??;
        object.role()?.parse::<RoleArn>().ok()
    };
    if let Some(role) = role.await.filter(|role| role.account() != cluster.account) {
        context.output.note(&format!(
            "{account} has role {role} of account {}, and only account {} was looked at: `--role-profile PROFILE` or \
             `--role-via ROLE_ARN` looks there",
            role.account(),
            cluster.account
        ));
    }
}
