//! Why a target is left alone: each reason in words, and the command that mends it.

use crate::model::{
    Audience, ClusterName, CommandLine, Lookup, Namespace, PolicyArn, RoleArn, RoleName,
    ServiceAccountName, StackName, listed, shown_as_value, shown_in_line,
};
use crate::plan::delete::refused_with;
use crate::policy::{Difference, indented};
use crate::template::{self, StackResource};

mod commands;

use commands::{await_deletion, command, delete, sides};

/// A reason to do nothing for a target. `cluster` and `name` fill the commands of the hints.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// There is no IAM OIDC provider, so that the role could not be assumed.
    NoProvider {
        cluster: ClusterName,
        name: ServiceAccountName,
    },
    /// The provider does not take the audience of the tokens.
    NoAudience {
        cluster: ClusterName,
        provider: String,
        audience: Audience,
    },
    PolicyMissing {
        arn: PolicyArn,
    },
    /// More than the account's quota allows.
    OverQuota {
        what: &'static str,
        asked: usize,
        quota: usize,
    },
    /// The inline policies together are longer than IAM takes anywhere.
    InlineTooLong {
        size: usize,
        quota: usize,
    },
    /// An ARN of another partition than the cluster's.
    OtherPartition {
        arn: String,
        partition: String,
    },
    /// A policy of another account than the cluster's: IAM attaches none.
    OtherAccount {
        arn: PolicyArn,
        account: String,
    },
    RoleNameTaken {
        role: RoleName,
        arn: String,
    },
    RoleMissing {
        arn: RoleArn,
    },
    Differs {
        stack: StackName,
        differences: Vec<Difference>,
        /// Its template is as asked, the role is not.
        by_hand: bool,
        /// What makes it as asked, where flags can say that.
        remedy: Option<CommandLine>,
    },
    /// Only another role could be so.
    AnotherRole {
        cluster: ClusterName,
        name: ServiceAccountName,
        differences: Vec<Difference>,
    },
    /// Nothing new can be made in the namespace.
    NamespaceGoing {
        namespace: Namespace,
        left: Vec<String>,
    },
    /// There is nothing to update. With the stack that cannot be, and its status.
    NotThere {
        cluster: ClusterName,
        name: ServiceAccountName,
        stack: Option<(StackName, String)>,
    },
    /// Its trust policy says more than irsactl could keep.
    UnreadableTrust {
        name: ServiceAccountName,
    },
    /// The role trusts another issuer: the cluster was made again under its old name.
    OldIssuer {
        cluster: ClusterName,
        name: ServiceAccountName,
        found: String,
        wanted: String,
    },
    /// The role was deleted, the stack that made it was not.
    RoleGone {
        cluster: ClusterName,
        name: ServiceAccountName,
        stack: StackName,
    },
    /// The role was deleted, and another one has its name.
    RoleReplaced {
        stack: StackName,
        arn: String,
    },
    DeleteFailed {
        cluster: ClusterName,
        name: ServiceAccountName,
        stack: StackName,
        reason: String,
    },
    UpdateFailed {
        cluster: ClusterName,
        name: ServiceAccountName,
        stack: StackName,
        status: String,
        reason: String,
    },
    UnreadableTemplate {
        stack: StackName,
    },
    /// A resource of the stack that is none of irsactl's has the name of one that is to be made.
    ResourceTaken {
        stack: StackName,
        resource: String,
    },
    OtherRole {
        name: ServiceAccountName,
        found: String,
        wanted: Option<String>,
    },
    /// A label or annotation that is asked for has another value.
    OtherValue {
        name: ServiceAccountName,
        key: String,
        found: String,
        wanted: String,
    },
    StillTrusted {
        roles: Vec<String>,
    },
    TrustUnknown {
        message: String,
    },
    ForeignPolicies {
        cluster: ClusterName,
        name: ServiceAccountName,
        role: String,
        policies: Vec<String>,
    },
    /// What a stack has beside the role would go with it.
    ForeignResources {
        cluster: ClusterName,
        name: ServiceAccountName,
        stack: StackName,
        resources: Lookup<Vec<StackResource>>,
    },
    /// EKS Pod Identity associations use the role, or why that is not known.
    Associated {
        cluster: ClusterName,
        role: String,
        associations: Vec<(ServiceAccountName, String)>,
        unknown: Option<String>,
    },
    /// Policies are not detached from a role that the stack did not make, or may not have made.
    NotTheStacks {
        role: String,
        why: String,
    },
    InstanceProfiles {
        role: String,
        profiles: Vec<String>,
    },
    /// Someone else is at work on what nobody asked to delete by its name.
    Underway(StackName, String),
    /// Nothing of that name here, but in other namespaces.
    OtherNamespace {
        cluster: ClusterName,
        name: ServiceAccountName,
        namespaces: Vec<String>,
    },
}

impl Refusal {
    pub fn reason(&self) -> String {
        match self {
            Self::NoProvider { cluster, .. } => {
                format!(
                    "cluster \"{cluster}\" has no IAM OIDC provider, so no pod of it could assume a role"
                )
            }
            Self::NoAudience {
                provider, audience, ..
            } => {
                format!("IAM OIDC provider {provider} does not accept the audience \"{audience}\"")
            }
            Self::OverQuota { what, asked, quota } => {
                format!("{what} is {asked}, this account allows {quota}")
            }
            Self::InlineTooLong { size, quota } => format!(
                "the inline policies would have {size} characters together, IAM takes {quota} for one role"
            ),
            Self::PolicyMissing { arn } => format!("policy {arn} does not exist"),
            Self::OtherPartition { arn, partition } => {
                format!("{arn} is not of the cluster's partition \"{partition}\"")
            }
            Self::OtherAccount { arn, account } => {
                format!("policy {arn} is of another account than the cluster's, {account}")
            }
            Self::RoleNameTaken { role, arn } => format!("role name \"{role}\" is taken by {arn}"),
            Self::RoleMissing { arn } => format!("role {arn} does not exist"),
            Self::Differs {
                stack,
                differences,
                by_hand,
                ..
            } => {
                let how = match by_hand {
                    true => "was changed by hand",
                    false => "is not as asked",
                };
                format!(
                    "the role of stack \"{stack}\" {how} (- is there, + is asked for){}",
                    indented(differences)
                )
            }
            Self::AnotherRole { differences, .. } => format!(
                "a role cannot be renamed or moved, it would be another role (- is there, + is asked for){}",
                indented(differences)
            ),
            Self::NamespaceGoing { namespace, left } => {
                format!(
                    "the namespace {namespace} is being deleted{}",
                    listed(left.clone())
                )
            }
            Self::NotThere {
                cluster,
                name,
                stack: None,
            } => {
                format!("cluster \"{cluster}\" has no IAM service account {name} to update")
            }
            Self::NotThere {
                stack: Some((stack, status)),
                ..
            } => format!("stack \"{stack}\" is in {status}: there is no role to update"),
            Self::UnreadableTrust { .. } => {
                "its trust policy was written by hand, so that no part of it can be replaced"
                    .to_owned()
            }
            Self::OldIssuer { found, wanted, .. } => format!(
                "its role trusts another issuer, as if the cluster had been made again under its old name{}",
                listed([
                    format!("role trusts: {found}"),
                    format!("cluster has: {wanted}")
                ])
            ),
            Self::RoleGone { stack, .. } => {
                format!("the role of stack \"{stack}\" was deleted outside of CloudFormation")
            }
            Self::RoleReplaced { stack, arn } => format!(
                "the role of stack \"{stack}\" was deleted outside of CloudFormation, and {} has its name: a deletion of \
                 the stack would delete that one",
                shown_as_value(arn)
            ),
            Self::DeleteFailed { stack, reason, .. } => {
                format!(
                    "the deletion of stack \"{stack}\" failed: {}",
                    shown_in_line(reason)
                )
            }
            Self::UpdateFailed {
                stack,
                status,
                reason,
                ..
            } => {
                let reason = shown_in_line(reason);
                format!("an update of stack \"{stack}\" failed ({status}): {reason}")
            }
            Self::UnreadableTemplate { stack } => {
                format!(
                    "the template of stack \"{stack}\" is not one of eksctl or irsactl, so it cannot be compared"
                )
            }
            Self::ResourceTaken { stack, resource } => {
                format!(
                    "stack \"{stack}\" has a resource {resource} that is no policy of its role, under the name of one"
                )
            }
            Self::OtherRole {
                found,
                wanted: Some(wanted),
                ..
            } => {
                format!(
                    "the ServiceAccount has another role{}",
                    sides(wanted, found)
                )
            }
            Self::OtherRole {
                found,
                wanted: None,
                ..
            } => {
                let found = shown_as_value(found);
                format!("the ServiceAccount already has the role {found}")
            }
            Self::OtherValue {
                key, found, wanted, ..
            } => {
                format!(
                    "the ServiceAccount has another value of {key}{}",
                    sides(wanted, found)
                )
            }
            Self::StillTrusted { roles } => {
                format!("its IAM OIDC provider is still trusted by{}", listed(roles))
            }
            Self::TrustUnknown { message } => {
                format!("cannot tell whether roles still trust its IAM OIDC provider: {message}")
            }
            Self::ForeignPolicies { role, policies, .. } => format!(
                "role \"{role}\" has policies that its stack did not attach, so its deletion would fail{}",
                listed(policies)
            ),
            Self::ForeignResources {
                stack, resources, ..
            } => refused_with(stack, resources),
            Self::Associated {
                role,
                unknown: Some(why),
                ..
            } => format!(
                "role \"{role}\" trusts EKS Pod Identity, and whether an association uses it cannot be told: {why}"
            ),
            Self::Associated {
                role, associations, ..
            } => {
                let associations = associations.iter();
                let names = associations.map(|(name, id)| format!("{name} ({id})"));
                format!(
                    "role \"{role}\" is used by EKS Pod Identity associations, whose pods would lose it{}",
                    listed(names)
                )
            }
            Self::NotTheStacks { role, why } => {
                let why = shown_in_line(why);
                format!("role \"{role}\" may not be the one that the stack made: {why}")
            }
            Self::InstanceProfiles { role, profiles } => {
                format!(
                    "role \"{role}\" is in the instance profile {}, so its deletion would fail",
                    profiles.join(", ")
                )
            }
            Self::Underway(stack, status) => {
                format!("stack \"{stack}\" is {status} by another run")
            }
            Self::OtherNamespace {
                name, namespaces, ..
            } => format!(
                "there is no IAM service account \"{}\" in namespace \"{}\", but in {}",
                name.name,
                name.namespace,
                namespaces.join(", ")
            ),
        }
    }

    /// Commands that mend it, names filled in.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoProvider { cluster, .. } => vec![
                format!("run `irsactl associate-oidc-provider --cluster {cluster} --approve` first"),
                "or add `--associate-oidc-provider` to this command".to_owned(),
            ],
            Self::NoAudience { cluster, audience, .. } => vec![format!(
                "add it: `{}`",
                CommandLine::of(
                    "irsactl associate-oidc-provider --cluster {} --audience {} --approve",
                    &[cluster, audience]
                )
            )],
            Self::PolicyMissing { arn } => {
                let near = template::meant(arn).map(|near| format!("did you mean `{near}`?"));
                let list = "look for its ARN: `aws iam list-policies --query 'Policies[].Arn'`";
                near.into_iter().chain([list.to_owned()]).collect()
            }
            Self::OverQuota { .. } => {
                vec!["ask for less, or raise the quota of IAM in Service Quotas".to_owned()]
            }
            Self::InlineTooLong { .. } => vec![
                "make a managed policy of them, and name it: `--add-policy-arn ARN`".to_owned(),
            ],
            Self::OtherPartition { partition, .. } => vec![format!("ARNs of this partition begin with `arn:{partition}:`")],
            Self::OtherAccount { .. } => vec!["create a policy with the same document in the cluster's account".to_owned()],
            Self::RoleNameTaken { arn, .. } => vec![
                "choose another `--role-name`, or leave it out".to_owned(),
                format!("or use that role as it is: `--attach-role-arn {arn}`"),
            ],
            Self::RoleMissing { .. } => vec!["look for its ARN: `aws iam list-roles --query 'Roles[].Arn'`".to_owned()],
            Self::Differs { remedy: Some(remedy), by_hand, .. } => {
                let what = if *by_hand { "undo that" } else { "change the role" };
                vec![format!("{what}: `{remedy}`")]
            }
            Self::Differs { .. } => vec![
                "no flag takes that back: describe the role in a file, `irsactl apply -f FILE` makes it so".to_owned(),
            ],
            Self::OldIssuer { cluster, name, .. } => vec![format!(
                "let it trust the present one: {}",
                command("update", cluster, name, " --approve")
            )],
            Self::RoleGone { cluster, name, .. } => {
                vec![
                    format!("make the role anew: {}, then create it", delete(cluster, name)),
                    "or describe it in a file: `irsactl apply -f FILE` does both".to_owned(),
                ]
            }
            Self::RoleReplaced { .. } => vec![
                "give that role another name: make it again under one, delete it, and run this command again".to_owned(),
            ],
            Self::AnotherRole { cluster, name, .. } => vec![
                "leave the role's name and path out: they stay as they are".to_owned(),
                format!("or make the role anew, which pods then use only after a restart: {}, then create it", delete(cluster, name)),
            ],
            Self::NamespaceGoing { namespace, .. } => {
                vec![format!("run the same command again when it is gone, which makes it anew: {}", await_deletion(namespace))]
            }
            Self::NotThere { cluster, name, .. } => vec![format!(
                "create it, with a policy that allows what it needs: {}; or by `irsactl apply -f FILE`",
                command("create", cluster, name, " --attach-policy-arn ARN --approve")
            )],
            Self::UnreadableTrust { name } => vec![format!(
                "leave `--subject-pattern` and `--audience` out, or describe {name} in a file and use `irsactl apply -f FILE`"
            )],
            Self::DeleteFailed { cluster, name, .. } => vec![
                format!("finish the deletion: {}", delete(cluster, name)),
                "add `--detach-foreign` to it where policies were attached by hand".to_owned(),
            ],
            Self::UpdateFailed { stack, status, .. } if status == "UPDATE_FAILED" => {
                vec![format!("roll it back: `aws cloudformation rollback-stack --stack-name {stack}`")]
            }
            Self::UpdateFailed { cluster, name, .. } => vec![format!(
                "finish the roll-back: {}",
                command("update", cluster, name, " --approve")
            )],
            Self::UnreadableTemplate { stack } | Self::ResourceTaken { stack, .. } => {
                vec![format!("look at it: `aws cloudformation get-template --stack-name {stack}`")]
            }
            Self::OtherRole { .. } | Self::OtherValue { .. } => {
                vec!["replace it by adding `--override-existing-serviceaccounts`".to_owned()]
            }
            Self::StillTrusted { .. } => vec!["delete those roles first, or go on without them: `--force`".to_owned()],
            Self::TrustUnknown { .. } => {
                vec!["allow `iam:ListRoles` to this identity, or go on without the check: `--force`".to_owned()]
            }
            Self::ForeignPolicies { .. } => vec!["detach them in the same run: `--detach-foreign`".to_owned()],
            Self::ForeignResources { cluster, name, resources, .. } => {
                let allow = resources.unknown().map(|_| "allow that call to this identity".to_owned());
                let all = command("delete", cluster, name, " --with-foreign-resources");
                let keep = "to keep what is more than a change set, take it out of the stack first, with DeletionPolicy Retain".to_owned();
                let keep = Some(keep).filter(|_| allow.is_none());
                allow.into_iter().chain([format!("delete all of it: {all}")]).chain(keep).collect()
            }
            Self::Associated { unknown: Some(_), .. } => vec![
                "allow `eks:ListPodIdentityAssociations` and `eks:DescribePodIdentityAssociation` to this identity".to_owned(),
            ],
            Self::Associated { cluster, associations, .. } => associations
                .iter()
                .map(|(name, id)| {
                    let delete = CommandLine::of(
                        "aws eks delete-pod-identity-association --cluster-name {} --association-id {}",
                        &[cluster, id],
                    );
                    format!("where no pod of {name} needs the role: `{delete}`")
                })
                .collect(),
            Self::NotTheStacks { role, .. } => vec![format!(
                "look at it, and detach by hand what may go: `aws iam get-role --role-name {role}`"
            )],
            Self::InstanceProfiles { role, profiles } => profiles
                .iter()
                .map(|profile| {
                    let command = CommandLine::of(
                        "aws iam remove-role-from-instance-profile --instance-profile-name {} --role-name {}",
                        &[profile, role],
                    );
                    format!("take it out: `{command}`")
                })
                .collect(),
            Self::Underway(..) => vec!["run the same command again when that is over".to_owned()],
            Self::OtherNamespace { name, namespaces, .. } => namespaces.iter().map(|namespace| format!("did you mean `{namespace}/{}`?", name.name)).collect(),
        }
    }
}
