//! Each reason in words, and what mends it, side by side.

use super::Reason;
use crate::model::{
    AGENT, ClusterName, CommandLine, Fix, Lookup, ServiceAccountName, StackName, Way, listed,
    shown_as_value, shown_in_line,
};
use crate::plan::delete::refused_with;
use crate::plan::{Target, by_target_role};
use crate::policy::{Difference, indented};
use crate::template::{self, StackResource};
use crate::world::StackStatus;

mod association;

impl Reason {
    /// The reason in words, and what mends it: for this target of the cluster.
    pub fn told(&self, cluster: &ClusterName, target: &Target) -> (String, Vec<Fix>) {
        let about = About { cluster, target };
        match self {
            Self::NoProvider => (
                format!("cluster \"{cluster}\" has no IAM OIDC provider, so no pod of it could assume a role"),
                vec![
                    Fix::say("run ")
                        .run(about.associate().and("--approve", &[]))
                        .and(" first"),
                    "or add `--associate-oidc-provider` to this command".into(),
                ],
            ),
            Self::NoAudience { provider, audience } => (
                format!("IAM OIDC provider {provider} does not accept the audience \"{audience}\""),
                vec![Fix::by(
                    "add it",
                    about.associate().and("--audience {} --approve", &[audience]),
                )],
            ),
            Self::PolicyMissing { arn } => (
                format!("policy {arn} does not exist"),
                template::meant(arn)
                    .map(|near| format!("did you mean `{near}`?").into())
                    .into_iter()
                    .chain([listing("aws iam list-policies", "Policies[].Arn")])
                    .collect(),
            ),
            Self::OverQuota { what, asked, quota } => (
                format!("{what} is {asked}, this account allows {quota}"),
                vec!["ask for less, or raise the quota of IAM in Service Quotas".into()],
            ),
            Self::InlineTooLong { size, quota } => (
                format!("the inline policies would have {size} characters together, IAM takes {quota} for one role"),
                vec!["make a managed policy of them, and name it: `--add-policy-arn ARN`".into()],
            ),
            Self::OtherPartition { arn, partition } => (
                format!("{arn} is not of the cluster's partition \"{partition}\""),
                vec![format!("ARNs of this partition begin with `arn:{partition}:`").into()],
            ),
            Self::OtherAccount { arn, account } => (
                format!("policy {arn} is of another account than the cluster's, {account}"),
                vec!["create a policy with the same document in the cluster's account".into()],
            ),
            Self::RoleNameTaken { role, arn } => (
                format!("role name \"{role}\" is taken by {arn}"),
                vec![
                    "choose another `--role-name`, or leave it out".into(),
                    format!("or use that role as it is: `--attach-role-arn {arn}`").into(),
                ],
            ),
            Self::RoleMissing { arn } => (
                format!("role {arn} does not exist"),
                vec![listing("aws iam list-roles", "Roles[].Arn")],
            ),
            Self::Differs { stack, differences, by_hand, remedy } => {
                differs(stack, differences, *by_hand, remedy.as_ref())
            }
            Self::AnotherRole { differences } => (
                format!(
                    "a role cannot be renamed or moved, it would be another role (- is there, + is asked for){}",
                    indented(differences)
                ),
                vec![
                    "leave the role's name and path out: they stay as they are".into(),
                    Fix::by(
                        "or make the role anew, which pods then use only after a restart",
                        about.irsactl("delete"),
                    )
                    .and(", then create it"),
                ],
            ),
            Self::NamespaceGoing { namespace, left } => (
                format!("the namespace {namespace} is being deleted{}", listed(left)),
                vec![Fix::by(
                    "run the same command again when it is gone, which makes it anew",
                    CommandLine::of("kubectl wait --for delete namespace/{}", &[namespace]),
                )],
            ),
            Self::NotThere { stack } => (
                match stack {
                    None => about.nothing_to_update(),
                    Some((stack, status)) => {
                        format!("stack \"{stack}\" is in {status}: there is no role to update")
                    }
                },
                vec![
                    Fix::by(
                        "create it, with a policy that allows what it needs",
                        about.irsactl("create").and("--attach-policy-arn ARN --approve", &[]),
                    )
                    .and("; or by ")
                    .run("irsactl apply -f FILE"),
                ],
            ),
            Self::RoleByHand { role, is_elsewhere: true } => (
                format!("its role {role} is of account {}, where no stack was looked for", role.account()),
                vec!["say how that account is reached: `--role-profile NAME` or `--role-via ARN`".into()],
            ),
            Self::RoleByHand { role, is_elsewhere: false } => (
                format!("its role {role} was made by no stack of irsactl or eksctl for it, so nothing of it is changed here"),
                vec![
                    "change it where it was made".into(),
                    Fix::by(
                        "or give it a role of its own in the place of that one",
                        about.irsactl("create").and(
                            "--attach-policy-arn ARN --override-existing-serviceaccounts --approve",
                            &[],
                        ),
                    ),
                ],
            ),
            Self::OnPodIdentity => about.on_pod_identity(),
            Self::UnreadableTrust => (
                "its trust policy was written by hand, so that no part of it can be replaced".to_owned(),
                vec![
                    Fix::say(format!(
                        "leave `--subject-pattern` and `--audience` out, or describe {target} in a file and use "
                    ))
                    .run("irsactl apply -f FILE"),
                ],
            ),
            Self::Unmovable(obstacle) => obstacle.told(),
            Self::TrustKept(obstacle) => obstacle.told(),
            Self::NotLetIn(role, obstacle) => {
                let (text, fixes) = obstacle.told();
                (format!("role {} cannot let it in: {text}", role.name()), fixes)
            }
            Self::OldIssuer { found, wanted } => (
                format!(
                    "its role trusts another issuer, as if the cluster had been made again under its old name{}",
                    listed([format!("role trusts: {found}"), format!("cluster has: {wanted}")])
                ),
                vec![Fix::by("let it trust the present one", about.irsactl("update").and("--approve", &[]))],
            ),
            Self::OfOtherCluster { account, found, wanted } => (
                format!(
                    "in account {account} the role of that name may be another cluster's, which has the same name{}",
                    listed([
                        format!("role trusts: {}", found.as_deref().unwrap_or("nobody, or it is not known whom")),
                        format!("cluster has: {}", wanted.as_deref().unwrap_or("none, it is gone")),
                    ])
                ),
                vec![
                    "if it is this cluster's, from before the cluster was made anew, let its trust policy name the \
                     present issuer, with credentials of that account"
                        .into(),
                ],
            ),
            Self::RoleElsewhere { role, looked } => (
                format!(
                    "a stack of account {} made its role {role}, and only account {looked} was looked at",
                    role.account()
                ),
                vec![
                    Fix::by(
                        "delete it with a profile of that account",
                        about.irsactl("delete").and("--role-profile PROFILE", &[]),
                    )
                    .and(", or with a role of it by `--role-via ROLE_ARN`"),
                ],
            ),
            Self::RoleGone { stack } => (
                format!("the role of stack \"{stack}\" was deleted outside of CloudFormation"),
                vec![
                    Fix::by("make the role anew", about.irsactl("delete")).and(", then create it"),
                    Fix::by("or describe it in a file", "irsactl apply -f FILE").and(" does both"),
                ],
            ),
            Self::RoleReplaced { stack, arn } => (
                format!(
                    "the role of stack \"{stack}\" was deleted outside of CloudFormation, and {} has its name: a deletion of \
                     the stack would delete that one",
                    shown_as_value(&arn.to_string())
                ),
                vec!["give that role another name: make it again under one, delete it, and run this command again".into()],
            ),
            Self::DeleteFailed { stack, reason } => (
                format!("the deletion of stack \"{stack}\" failed: {}", shown_in_line(reason)),
                vec![
                    Fix::by("finish the deletion", about.irsactl("delete")),
                    "add `--detach-foreign` to it where policies were attached by hand".into(),
                ],
            ),
            Self::UpdateFailed { stack, status, reason } => (
                format!("an update of stack \"{stack}\" failed ({status}): {}", shown_in_line(reason)),
                vec![match status {
                    StackStatus::UpdateFailed => Fix::by(
                        "roll it back",
                        CommandLine::of("aws cloudformation rollback-stack --stack-name {}", &[stack]),
                    ),
                    _ => Fix::by("finish the roll-back", about.irsactl("update").and("--approve", &[])),
                }],
            ),
            Self::UnreadableTemplate { stack } => (
                format!("the template of stack \"{stack}\" is not one of eksctl or irsactl, so it cannot be compared"),
                vec![template_of(stack)],
            ),
            Self::ResourceTaken { stack, resource } => (
                format!("stack \"{stack}\" has a resource {resource} that is no policy of its role, under the name of one"),
                vec![template_of(stack)],
            ),
            Self::OtherRole { found, wanted } => (
                match wanted {
                    Some(wanted) => format!("the ServiceAccount has another role{}", sides(wanted, found)),
                    None => format!("the ServiceAccount already has the role {}", shown_as_value(found)),
                },
                vec![OVERRIDE.into()],
            ),
            Self::OtherValue { key, found, wanted } => (
                format!("the ServiceAccount has another value of {key}{}", sides(wanted, found)),
                vec![OVERRIDE.into()],
            ),
            Self::RoleOfNoStack { role } => (
                format!(
                    "the association's role {} was made by no stack of irsactl or eksctl, so nothing of it is changed here",
                    shown_as_value(&role.to_string())
                ),
                vec!["change it where it was made, or name another: `--role-arn ARN`".into()],
            ),
            Self::Untagged { accounts } => (
                format!(
                    "a narrower trust policy asks for session tags, and associations that use the role send none{}",
                    listed(accounts.iter().map(ToString::to_string))
                ),
                accounts.iter().map(|name| about.tagged(name)).collect(),
            ),
            Self::NotEks => (
                "EKS Pod Identity gives roles to pods of EKS clusters alone".to_owned(),
                vec![Fix::by("use an IAM service account", "irsactl create iamserviceaccount")],
            ),
            Self::NoAgent => (
                format!("cluster \"{cluster}\" has no EKS Pod Identity Agent, so no pod of it would get a role"),
                vec![
                    Fix::by(
                        "install it",
                        CommandLine::of(
                            "aws eks create-addon --cluster-name {} --addon-name {}",
                            &[cluster, &AGENT],
                        ),
                    ),
                    "or add `--install-agent` to this command".into(),
                ],
            ),
            Self::RoleOfOtherAccount { arn, account } => (
                format!("role {arn} is of another account than the cluster's, {account}: an association cannot name it"),
                match about.target.account() {
                    Some((_, name)) => vec![by_target_role(cluster, name, arn)],
                    None => Vec::new(),
                },
            ),
            Self::NotTrusting { arn, statement, is_update } => association::not_trusting(arn, statement, *is_update),
            Self::WideRole { arn, statement } => association::wide_role(arn, statement),
            Self::LetInByHand { accounts } => about.let_in_by_hand(accounts),
            Self::PolicyWithTags { is_there } => association::policy_with_tags(*is_there),
            Self::OwnedByAddon { owner } => about.owned_by_addon(owner),
            Self::OtherAssociationRole { found, wanted } => (
                match wanted {
                    Some(wanted) => format!("the association has another role{}", sides(wanted, &found.to_string())),
                    None => format!("the association already has the role {}", shown_as_value(&found.to_string())),
                },
                vec![
                    "replace it by adding `--override-existing` to `create podidentityassociation`, which takes a file too".into(),
                    Fix::by(
                        "or keep that role",
                        about.irsactl("create").and("--role-arn {}", &[found]),
                    ),
                ],
            ),
            Self::AssociationDiffers { change } => (
                format!(
                    "the association is not as asked (- is there, + is asked for){}",
                    indented(&change.differences)
                ),
                about.updated(change),
            ),
            Self::OwnRole { stack } => (
                format!("the association's role was made for it by stack \"{stack}\", and stays its role"),
                vec![Fix::by(
                    "delete the association with its role, then create it with the other",
                    about.irsactl("delete"),
                )],
            ),
            Self::StillTrusted { roles } => (
                format!("its IAM OIDC provider is still trusted by{}", listed(roles.iter().map(ToString::to_string))),
                vec!["delete those roles first, or go on without them: `--force`".into()],
            ),
            Self::TrustUnknown { message } => (
                format!("cannot tell whether roles still trust its IAM OIDC provider: {message}"),
                vec!["allow `iam:ListRoles` to this identity, or go on without the check: `--force`".into()],
            ),
            Self::ForeignPolicies { role, policies } => (
                format!(
                    "role \"{role}\" has policies that its stack did not attach, so its deletion would fail{}",
                    listed(policies)
                ),
                vec!["detach them in the same run: `--detach-foreign`".into()],
            ),
            Self::ForeignResources { stack, resources } => {
                (refused_with(stack, resources), about.all_deleted(resources))
            }
            Self::Associated { role, unknown: Some(why), .. } => (
                format!("role \"{role}\" trusts EKS Pod Identity, and whether an association uses it cannot be told: {why}"),
                vec![
                    "allow `eks:ListPodIdentityAssociations` and `eks:DescribePodIdentityAssociation` to this identity".into(),
                ],
            ),
            Self::Associated { role, associations, is_on_irsa, unknown: None } => {
                let names = associations.iter().map(|(name, it)| format!("{name} ({})", it.id));
                (
                    format!(
                        "role \"{role}\" is used by EKS Pod Identity associations, whose pods would lose it{}",
                        listed(names)
                    ),
                    associations.iter().flat_map(|(name, _)| about.without_association(name, *is_on_irsa)).collect(),
                )
            }
            Self::AssociationUnknown { why } => (
                format!(
                    "whether its ServiceAccount has an EKS Pod Identity association, whose pods would lose it, cannot be told: {why}"
                ),
                vec![
                    "allow `eks:ListPodIdentityAssociations` to this identity".into(),
                    Fix::by(
                        "or leave the ServiceAccount where it is",
                        about.irsactl("delete").and("--role-only", &[]),
                    ),
                ],
            ),
            Self::InTheMiddle => about.in_the_middle(),
            Self::NotTheStacks { role, why } => (
                format!(
                    "role \"{role}\" may not be the one that the stack made: {}",
                    shown_in_line(why)
                ),
                vec![Fix::by(
                    "look at it, and detach by hand what may go",
                    CommandLine::of("aws iam get-role --role-name {}", &[role]),
                )],
            ),
            Self::InstanceProfiles { role, profiles } => (
                format!(
                    "role \"{role}\" is in the instance profile {}, so its deletion would fail",
                    profiles.join(", ")
                ),
                profiles.iter().map(|profile| taken_out(profile, role)).collect(),
            ),
            Self::Underway(stack, status) => (
                format!("stack \"{stack}\" is {status} by another run"),
                vec!["run the same command again when that is over".into()],
            ),
            Self::OtherNamespace { namespaces } => about.elsewhere(namespaces),
        }
    }
}

const OVERRIDE: &str = "replace it by adding `--override-existing-serviceaccounts`";

/// What the commands of hints are about.
#[derive(Clone, Copy)]
struct About<'a> {
    cluster: &'a ClusterName,
    target: &'a Target,
}

impl About<'_> {
    fn nothing_to_update(self) -> String {
        let (way, name) = self.target.account().unzip();
        let what = way.unwrap_or_default().words();
        let name = name.map(ToString::to_string).unwrap_or_default();
        format!(
            "cluster \"{}\" has no {what} {name} to update",
            self.cluster
        )
    }

    fn associate(self) -> CommandLine {
        let words = "irsactl associate-oidc-provider --cluster {}";
        CommandLine::of(words, &[self.cluster])
    }

    /// About one service account's role, on its way.
    fn irsactl(self, verb: &str) -> CommandLine {
        let way = self.target.account().map_or(Way::Irsa, |(way, _)| way);
        let command = CommandLine::of("irsactl {} {}", &[&verb, &way.noun()]);
        let command = match self.target.account() {
            Some((_, name)) => command.and("{} --namespace {}", &[&name.name, &name.namespace]),
            None => command,
        };
        command.and("--cluster {}", &[self.cluster])
    }

    fn all_deleted(self, resources: &Lookup<Vec<StackResource>>) -> Vec<Fix> {
        let all = Fix::by(
            "delete all of it",
            self.irsactl("delete").and("--with-foreign-resources", &[]),
        );
        match resources {
            Lookup::Unknown(_) => vec!["allow that call to this identity".into(), all],
            Lookup::Found(_) | Lookup::Missing => vec![
                all,
                "to keep what is more than a change set, take it out of the stack first, with DeletionPolicy Retain".into(),
            ],
        }
    }

    fn elsewhere(self, namespaces: &[String]) -> (String, Vec<Fix>) {
        let all = namespaces.join(", ");
        match self.target.account() {
            Some((way, ServiceAccountName { namespace, name })) => {
                let meant = |other: &String| format!("did you mean `{other}/{name}`?").into();
                (
                    format!(
                        "there is no {} \"{name}\" in namespace \"{namespace}\", but in {all}",
                        way.words()
                    ),
                    namespaces.iter().map(meant).collect(),
                )
            }
            None => (format!("{} is in {all}", self.target), Vec::new()),
        }
    }
}

fn differs(
    stack: &StackName,
    differences: &[Difference],
    by_hand: bool,
    remedy: Option<&CommandLine>,
) -> (String, Vec<Fix>) {
    let (how, what) = if by_hand {
        ("was changed by hand", "undo that")
    } else {
        ("is not as asked", "change the role")
    };
    let hint = match remedy {
        Some(remedy) => Fix::by(what, remedy.clone()),
        None => Fix::say("no flag takes that back: describe the role in a file, ")
            .run("irsactl apply -f FILE")
            .and(" makes it so"),
    };
    let text = format!(
        "the role of stack \"{stack}\" {how} (- is there, + is asked for){}",
        indented(differences)
    );
    (text, vec![hint])
}

fn listing(list: &str, query: &str) -> Fix {
    let list = CommandLine::of(list, &[]).and("--query {}", &[&query]);
    Fix::by("look for its ARN", list)
}

fn template_of(stack: &StackName) -> Fix {
    let read = "aws cloudformation get-template --stack-name {}";
    Fix::by("look at it", CommandLine::of(read, &[stack]))
}

fn taken_out(profile: &str, role: &str) -> Fix {
    let words =
        "aws iam remove-role-from-instance-profile --instance-profile-name {} --role-name {}";
    Fix::by("take it out", CommandLine::of(words, &[&profile, &role]))
}

/// What is asked for beside what is there.
fn sides(asked: &str, found: &str) -> String {
    let [asked, found] = [asked, found].map(shown_as_value);
    listed([format!("asked: {asked}"), format!("found: {found}")])
}
