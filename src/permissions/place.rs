//! Where the permissions are to hold, and the ARNs that say so. What is not named is `*`.

use super::PermissionResource;
use crate::model::{ClusterName, Issuer, ROLE_INFIX, RoleArn, StackName, Way, partition_of};

/// CloudFormation cuts the stack's name in a role's: `<stack>-Role1-<12 characters>` are 64 at most.
const STACK_IN_ROLE: usize = 64 - ROLE_INFIX.len() - 12;

/// What narrows the permissions down.
#[derive(Clone, Debug, Default)]
pub struct PermissionScope {
    pub cluster: Option<ClusterName>,
    /// Of a cluster that is not EKS.
    pub issuer: Option<Issuer>,
    pub region: Option<String>,
    pub account: Option<String>,
    /// Pattern of the names of roles that are asked for by `--role-name`.
    pub role_name: Option<String>,
    /// As `/team/`.
    pub role_path: Option<String>,
    /// That CloudFormation works as.
    pub service_role: Option<RoleArn>,
}

impl PermissionScope {
    /// The ARN patterns of what a permission is on: one, but for what a service account has on either way.
    pub fn resources(&self, on: PermissionResource) -> Vec<String> {
        let region = self.region.as_deref().unwrap_or("*");
        let account = self.account.as_deref().unwrap_or("*");
        let of_region = partition_of(region);
        let (partition, suffix) = (of_region.name, of_region.suffix);
        let cluster = self.cluster.as_ref().map_or("*", ClusterName::as_str);
        let iam = format!("arn:{partition}:iam::{account}");
        let stacks = format!("arn:{partition}:cloudformation:{region}:{account}:stack");
        let associations = format!("arn:{partition}:eks:{region}:{account}:podidentityassociation");
        let one = match on {
            PermissionResource::Stacks => {
                let prefixes = self.stack_prefixes();
                return prefixes.map(|it| format!("{stacks}/{it}*/*")).into();
            }
            PermissionResource::Roles => {
                let path = self.role_path.as_deref().unwrap_or("/");
                let roles = self.roles().into_iter();
                return roles
                    .map(|role| format!("{iam}:role{path}{role}"))
                    .collect();
            }
            PermissionResource::Associations => format!("{associations}/{cluster}/*"),
            PermissionResource::Cluster => {
                format!("arn:{partition}:eks:{region}:{account}:cluster/{cluster}")
            }
            PermissionResource::Provider => match &self.issuer {
                Some(issuer) => format!("{iam}:oidc-provider/{}", issuer.host_and_path()),
                None => format!("{iam}:oidc-provider/oidc.eks.{region}.{suffix}/id/*"),
            },
            PermissionResource::AnyRole | PermissionResource::AssociatedRole => {
                format!("{iam}:role/*")
            }
            PermissionResource::ServiceRole => self
                .service_role
                .as_ref()
                .map_or_else(|| "*".to_owned(), ToString::to_string),
            PermissionResource::Any => "*".to_owned(),
        };
        vec![one]
    }

    fn roles(&self) -> Vec<String> {
        if let Some(name) = &self.role_name {
            return vec![name.clone()];
        }
        let kept = self.stack_prefixes().map(|prefix| {
            let kept: String = prefix.chars().take(STACK_IN_ROLE).collect();
            format!("{kept}*")
        });
        kept.into()
    }

    fn stack_prefixes(&self) -> [String; 2] {
        Way::ALL.map(|way| match &self.cluster {
            Some(cluster) => StackName::prefix(way, cluster),
            None => format!("eksctl-*-{}-", way.stack_infix()),
        })
    }
}

/// # Errors
/// What a region's name looks like.
pub fn check_region(text: &str) -> Result<String, &'static str> {
    let is_name = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if text.contains('-') && is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("a region is written as eu-west-1")
    }
}
