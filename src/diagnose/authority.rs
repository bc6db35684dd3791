//! On whose word a role and its provider may be changed. Annotations, pods' volumes and tokens are
//! written by whoever may edit one namespace; what they say is told, never carried out on IAM. That word
//! is with the account's own stack, with IAM, and with the user's command line.

use super::Scene;
use crate::model::{Audience, CommandLine, DEFAULT_AUDIENCE, Lookup, ROLE_ANNOTATION, RoleArn};
use crate::policy::corrected::audiences;
use crate::world::{OidcProvider, RoleFacts, is_of_eks, token_audience};

/// To a command that nobody but the user may decide on.
pub(super) const FOR_THAT_AUDIENCE: &str = "only if its tokens are meant to be for that audience";

impl<'a> Scene<'a> {
    /// Whether the role is the account's own stack's, or the one that the user named.
    pub(super) fn may_change(self, role: &RoleArn) -> bool {
        let own = self.found_stack().and_then(|found| found.own_role());
        own == Some(role) || self.account.named_role.as_ref() == Some(role)
    }

    /// Whether the ServiceAccount has a role annotation that irsactl did not put there. Not where its stack is not
    /// known.
    pub(super) fn is_annotated_by_others(self) -> bool {
        let is_known = matches!(self.account.observed, Lookup::Found(_));
        let object = self.found_object().map(|(object, _)| object);
        object.filter(|_| is_known).is_some_and(|it| {
            it.role().is_some() && !it.applied_annotations.contains(ROLE_ANNOTATION)
        })
    }

    /// Whether an audience may be written into the role's trust policy, and made known to the provider.
    pub(super) fn may_admit(self, audience: &str) -> bool {
        let is_named = self.account.named_audience.as_ref().map(Audience::as_str) == Some(audience);
        let stack = self.found_stack();
        let template = stack.and_then(|found| Some(&found.template.as_ref()?.trust));
        let live = self.role_facts().map(|facts| &facts.trust);
        let mut trusts = template.into_iter().chain(live);
        let is_trusted = trusts.any(|trust| audiences(trust).contains(&audience));
        let is_default = if self.world.cluster.as_ref().is_none_or(is_of_eks) {
            audience == DEFAULT_AUDIENCE
        } else {
            self.provider()
                .is_some_and(|provider| provider.audiences == [audience])
        };
        is_named || is_trusted || is_default
    }

    /// The audience of the pods' tokens.
    pub(super) fn audience(self) -> &'a str {
        token_audience(
            self.account.named_audience.as_ref(),
            self.object(),
            self.provider(),
            self.world.cluster.as_ref(),
        )
    }

    /// Whether an audience is mistyped: `sts.amazonaws.com.cn`, `sts.amazon.com` and the like, where meant is
    /// STS's one. What the provider takes is meant, and so is any where another than EKS runs the
    /// cluster.
    pub(super) fn is_mistyped(self, audience: &str) -> bool {
        let known = self
            .provider()
            .map(|provider| provider.audiences.as_slice());
        let is_taken = known.is_some_and(|all| all.iter().any(|known| known == audience));
        let is_like_sts = audience.starts_with("sts.") || audience.contains("amazon");
        let is_of_eks = self.world.cluster.as_ref().is_none_or(is_of_eks);
        audience != DEFAULT_AUDIENCE && is_like_sts && !is_taken && is_of_eks
    }

    /// The audience of the pods' tokens without such a mistake: no trust policy is to repeat that.
    pub(super) fn meant_audience(self) -> &'a str {
        let asked = self.audience();
        if self.is_mistyped(asked) {
            DEFAULT_AUDIENCE
        } else {
            asked
        }
    }

    /// Whether a pod's token is for the audience that is wanted. Another webhook than EKS's has a default
    /// that is known only from what the provider takes.
    pub(super) fn is_taken_for(self, found: Option<&str>, wanted: &str) -> bool {
        let is_of_eks = self.world.cluster.as_ref().is_none_or(is_of_eks);
        let known = self.provider().map(|provider| &provider.audiences);
        let is_known =
            |found: &str| known.is_some_and(|all| all.iter().any(|known| known == found));
        found.is_some_and(|found| found == wanted || !is_of_eks && is_known(found))
    }

    /// The audiences with which tokens may be in use: those that the provider takes, and those of the
    /// running pods. No repair shuts one out.
    pub(super) fn audiences_in_use(self) -> Vec<String> {
        let pods = self.object().and_then(|object| object.pods.as_found());
        let running = pods.into_iter().flatten().filter(|pod| pod.is_alive());
        let of_pods = running
            .flat_map(|pod| &pod.tokens)
            .filter_map(|token| token.audience.clone());
        let known = self.provider().into_iter();
        let of_provider = known.flat_map(|provider| provider.audiences.clone());
        of_provider.chain(of_pods).collect()
    }

    pub(super) fn provider(self) -> Option<&'a OidcProvider> {
        self.account.role.as_ref()?.provider.as_found()
    }

    fn role_facts(self) -> Option<&'a RoleFacts> {
        self.account.role.as_ref()?.role.as_found()
    }

    /// The command that repairs a role on the user's word, with all that needs it named.
    pub(super) fn repair_command(self, role: &RoleArn, audience: &str) -> CommandLine {
        let mut command = self.irsactl("doctor");
        let is_own = self.found_stack().and_then(|found| found.own_role()) == Some(role);
        if !is_own {
            command = command.and("--role-arn {}", &[role]);
        }
        if self.account.named_audience.is_some() || !self.may_admit(audience) {
            command = command.and("--audience {}", &[&audience]);
        }
        let command = command.and("--fix --approve", &[]);
        if !self.may_change(role) {
            let name = self.account.subject();
            command.remark(format!("only if {name} is meant to have this role"))
        } else if !self.may_admit(audience) {
            command.remark(FOR_THAT_AUDIENCE)
        } else {
            command
        }
    }
}
