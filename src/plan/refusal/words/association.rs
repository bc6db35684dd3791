//! The words and hints about associations.

use serde_json::Value;

use super::About;
use crate::model::{
    CommandLine, Fix, Pairs, RoleArn, SAVED_ANNOTATION, ServiceAccountName, Way, listed,
    shown_as_value,
};
use crate::plan::{Role, UpdateAssociation};
use crate::policy::Item;

impl About<'_> {
    /// The change of an association, by its flags. `update` makes no role: where a stack is to make one, `create`
    /// replaces it after that.
    pub(super) fn updated(self, change: &UpdateAssociation) -> Vec<Fix> {
        let terms = &change.terms;
        let items = change.differences.iter().map(|difference| &difference.item);
        let command = items.fold(self.irsactl("update"), |command, item| match item {
            Item::Role => match &change.role {
                Role::Arn(arn) => command.and("--role-arn {}", &[arn]),
                Role::OutputOf(_) => command,
            },
            Item::TargetRole => match &terms.target_role {
                Some(target) => command.and("--target-role-arn {}", &[target]),
                None => command.and("--no-target-role", &[]),
            },
            Item::SessionPolicy => match &terms.policy {
                Some(policy) => command.and("--policy {}", &[policy]),
                None => command.and("--no-policy", &[]),
            },
            Item::SessionTags => {
                command.and("--disable-session-tags={}", &[&terms.disable_session_tags])
            }
            // Each tag by itself, below; of roles and of ServiceAccounts an association has nothing else.
            _ => command,
        });
        let command = change.tags.iter().fold(command, |command, (key, value)| {
            let pair = Pairs::flag(&format!("{key}={value}"));
            command.and("--tags {}", &[&pair])
        });
        let changed = Fix::by("change it", command.and("--approve", &[]));
        match change.role {
            Role::Arn(_) => vec![changed],
            Role::OutputOf(_) => vec![changed, "then run the same command again".into()],
        }
    }

    /// A command for this account, by its namespace and name.
    fn by_whole_name(self, words: &str) -> CommandLine {
        let account = self.target.account().map(|(_, name)| name);
        let name: &dyn std::fmt::Display = account.map_or(&"NAMESPACE/NAME", |name| name);
        CommandLine::of(words, &[]).and("{} --cluster {}", &[name, self.cluster])
    }

    pub(super) fn on_pod_identity(self) -> (String, Vec<Fix>) {
        let command = |words: &str| self.by_whole_name(words);
        (
            "its role lets in EKS Pod Identity alone, and its ServiceAccount has no annotation: it is no IAM service account any more".to_owned(),
            vec![
                Fix::by("it is changed as an association", command("irsactl update podidentityassociation")),
                Fix::by("or lead it back to IRSA", command("irsactl migrate to-irsa")),
            ],
        )
    }

    /// Takes off what a move has saved.
    fn without_saved(self) -> CommandLine {
        let command = CommandLine::of("kubectl annotate serviceaccount", &[]);
        let command = match self.target.account() {
            Some((_, name)) => command.and("{} --namespace {}", &[&name.name, &name.namespace]),
            None => command,
        };
        command.and(&format!("{SAVED_ANNOTATION}-"), &[])
    }

    pub(super) fn in_the_middle(self) -> (String, Vec<Fix>) {
        let command = |flags: &str| {
            self.by_whole_name("irsactl migrate to-irsa")
                .and(flags, &[])
        };
        (
            "it is on its way from EKS Pod Identity to IRSA, and its role is the association's still".to_owned(),
            vec![
                Fix::by("finish the move, then delete it", command("--finish --approve")),
                Fix::by("or take the move back", command("--undo --approve")),
                Fix::by("or where there was no move", self.without_saved()),
            ],
        )
    }

    pub(super) fn tagged(self, ServiceAccountName { namespace, name }: &ServiceAccountName) -> Fix {
        let command = "irsactl update podidentityassociation {} --namespace {} --cluster {} --no-disable-session-tags --approve";
        Fix::by(
            "let it send them",
            CommandLine::of(command, &[name, namespace, self.cluster]),
        )
    }

    pub(super) fn let_in_by_hand(self, accounts: &[ServiceAccountName]) -> (String, Vec<Fix>) {
        (
            format!(
                "some that use the role are let in only by a statement that was added by hand, and lets in all{}",
                listed(accounts.iter().map(ToString::to_string))
            ),
            vec![Fix::by(
                "let each of them in by a statement of its own",
                self.irsactl("update")
                    .and("--restrict-trust --approve", &[]),
            )],
        )
    }

    pub(super) fn owned_by_addon(self, owner: &str) -> (String, Vec<Fix>) {
        // arn:aws:eks:REGION:ACCOUNT:addon/CLUSTER/NAME/ID
        let addon = owner.rsplit('/').nth(1).unwrap_or("NAME");
        let account = self.target.account().map_or("NAME", |(_, name)| &name.name);
        (
            format!(
                "the association belongs to the add-on {}, which would put it back",
                shown_as_value(addon)
            ),
            vec![Fix::by(
                "change it there",
                CommandLine::of(
                    "aws eks update-addon --cluster-name {} --addon-name {} --pod-identity-associations {}",
                    &[
                        self.cluster,
                        &addon,
                        &format!("serviceAccount={account},roleArn=ARN"),
                    ],
                ),
            )],
        )
    }

    /// Either way goes with its own command. Of one service account IRSA can go alone.
    pub(super) fn without_association(
        self,
        name: &ServiceAccountName,
        is_on_irsa: bool,
    ) -> Vec<Fix> {
        let delete = "irsactl delete podidentityassociation {} --cluster {}";
        let finish = "irsactl migrate to-pod-identity {} --cluster {} --finish --approve";
        let mut hints = vec![Fix::by(
            format!("where no pod of {name} needs the role by its association"),
            CommandLine::of(delete, &[name, self.cluster]),
        )];
        if is_on_irsa && self.target.account() == Some((Way::Irsa, name)) {
            hints.push(Fix::by(
                "or to keep the association, and the role without IRSA",
                CommandLine::of(finish, &[name, self.cluster]),
            ));
        }
        hints
    }
}

pub(super) fn not_trusting(
    arn: &RoleArn,
    statement: &Value,
    is_update: bool,
) -> (String, Vec<Fix>) {
    let other = if is_update {
        "or name a role that does: `--role-arn ARN`"
    } else {
        "or leave `--role-arn` out: a role of its own is made"
    };
    (
        format!("the trust policy of role {arn} does not let this association in"),
        vec![
            format!("add this statement to it: `{statement}`").into(),
            other.into(),
        ],
    )
}

pub(super) fn wide_role(arn: &RoleArn, statement: &Value) -> (String, Vec<Fix>) {
    (
        format!(
            "role {arn} lets in every association that names it, and irsactl does not change its trust policy: no stack of \
             irsactl or eksctl made it"
        ),
        vec![format!(
            "put this statement, and one like it for each other association that uses the role, in the place of the one \
             without a condition: `{statement}`"
        ).into()],
    )
}

/// By what this run asks for, where the policy is there; else by the policy that it asks for.
pub(super) fn policy_with_tags(is_there: bool) -> (String, Vec<Fix>) {
    let hint = if is_there {
        "take the session policy away in the same run: `--no-policy`"
    } else {
        "send none, which lets any association that names the role in: `--disable-session-tags`"
    };
    (
        "a session policy is for sessions without tags, and those of this association have tags"
            .to_owned(),
        vec![hint.into()],
    )
}
