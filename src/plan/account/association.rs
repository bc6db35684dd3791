//! The association's part of the plan: to make it, to bring it to its role and its terms, or to leave it
//! to its owner.

use crate::asked::{Agent, AssociationSpec, Goal, IamServiceAccount, OtherRole, Permissions};
use crate::model::{AGENT, Cluster, Lookup, Map, RoleArn, StackName};
use crate::plan::{Action, CreateAssociation, Reason, Role, Track, UpdateAssociation};
use crate::policy::pod_identity::{self, SessionTags, TrustedAssociation};
use crate::policy::{self, Difference, Item};
use crate::template::RoleEdits;
use crate::world::{
    Addon, AddonStatus, Association, AssociationTerms, ObservedAccount, ObservedAssociation,
    RoleFacts, StackState,
};

use super::stack_tags;

/// Everything that the association's part of a plan follows from.
#[derive(Clone, Copy)]
pub struct AssociationTask<'a> {
    pub goal: Goal,
    pub asked: &'a IamServiceAccount,
    pub spec: &'a AssociationSpec,
    pub cluster: &'a Cluster,
    pub observed: &'a ObservedAccount,
}

/// Without the agent on the nodes no pod gets anything from an association.
pub fn check_agent(
    track: &mut Track,
    spec: &AssociationSpec,
    cluster: &Cluster,
    observed: &ObservedAccount,
) {
    if cluster.eks.is_none() {
        return track.refuse(&cluster.name, Reason::NotEks);
    }
    match agent(cluster, observed) {
        Some(Lookup::Missing) if spec.agent == Agent::Required => {
            track.refuse(&cluster.name, Reason::NoAgent);
        }
        Some(Lookup::Unknown(why)) => track.unknown.push(format!(
            "whether the cluster has the EKS Pod Identity Agent cannot be told: {why}"
        )),
        Some(Lookup::Found(Addon { status, .. })) if *status != AddonStatus::Active => {
            track.warnings.push(format!(
                "the add-on {AGENT} is {status}: pods get no role from the association until it is ACTIVE"
            ));
        }
        _ => {}
    }
}

/// The track of the agent, where it is missing and to be installed.
pub fn plan_agent<'a>(
    cluster: &Cluster,
    accounts: impl IntoIterator<Item = (&'a IamServiceAccount, &'a ObservedAccount)>,
) -> Option<Track> {
    let mut accounts = accounts.into_iter();
    let is_missing = accounts.any(|(asked, observed)| {
        let spec = asked.association.as_ref();
        spec.is_some_and(|it| it.agent == Agent::Installed)
            && agent(cluster, observed) == Some(&Lookup::Missing)
    });
    is_missing.then(|| Track::of_agent(&cluster.name))
}

/// The add-on of the agent, which EKS Auto Mode does without.
fn agent<'a>(cluster: &Cluster, observed: &'a ObservedAccount) -> Option<&'a Lookup<Addon>> {
    let has_it_built_in = cluster.eks.as_ref().is_some_and(|eks| eks.facts.auto_mode);
    let agent = observed.association.as_ref()?.agent.as_ref();
    agent.filter(|_| !has_it_built_in)
}

/// An existing role is used as it is: it must let the association in already.
pub fn check_existing(
    track: &mut Track,
    arn: &RoleArn,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
    goal: Goal,
) {
    if arn.account() != cluster.account {
        let (arn, account) = (arn.clone(), cluster.account.clone());
        return track.refuse(&cluster.name, Reason::RoleOfOtherAccount { arn, account });
    }
    let association = observed.association.as_ref();
    let found = association.and_then(|it| it.found.as_ref());
    let terms = asked.association.as_ref().map(|spec| spec.terms(found));
    let is_untagged = terms.is_some_and(|terms| terms.disable_session_tags);
    let role = &observed.role;
    check_trust(track, arn, asked, cluster, role, is_untagged, goal);
}

/// A role whose trust policy is not irsactl's to change must let the association in.
fn check_trust(
    track: &mut Track,
    arn: &RoleArn,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    role: &Lookup<RoleFacts>,
    is_untagged: bool,
    goal: Goal,
) {
    let (Lookup::Found(role), Some(cluster_arn)) = (role, &cluster.arn()) else {
        return;
    };
    let account = &asked.name;
    let only = TrustedAssociation {
        account,
        cluster_arn,
    };
    let admission = pod_identity::lets_in(&role.trust, only, SessionTags::of(is_untagged));
    if !admission.lacking().is_empty() {
        let statement = pod_identity::statement(Some(only).filter(|_| !is_untagged));
        let arn = arn.clone();
        let is_update = goal == Goal::Update;
        let reason = Reason::NotTrusting {
            arn,
            statement,
            is_update,
        };
        track.refuse(&cluster.name, reason);
    }
}

/// Whether a change is about the association alone, whose role no stack of its own has.
pub fn is_of_association_alone(
    asked: &IamServiceAccount,
    edits: &RoleEdits,
    observed: &ObservedAccount,
) -> bool {
    asked.association.is_some()
        && observed.stack == StackState::Absent
        && *edits == RoleEdits::default()
        && associated_role(observed).is_some()
}

/// The role that the association names.
pub fn associated_role(observed: &ObservedAccount) -> Option<RoleArn> {
    let found = observed.association.as_ref()?.found.as_ref()?;
    Some(found.role.clone())
}

impl AssociationTask<'_> {
    /// Makes or changes the association, by what is there; nothing where it is as asked. Refused is what
    /// belongs to an add-on, differs from what `create` asks, or EKS would not take.
    pub fn plan(self, track: &mut Track, observed: &ObservedAssociation, role: Role) {
        let name = &self.cluster.name;
        let Some(found) = &observed.found else {
            if self.goal == Goal::Update {
                return track.refuse(name, Reason::NotThere { stack: None });
            }
            let create = self.create(role);
            return track.actions.push(Action::CreateAssociation(create));
        };
        let terms = self.spec.terms(Some(found));
        if let Role::Arn(arn) = &role {
            self.check_restricted(track, arn, observed, &terms);
        }
        let change = self.change(found, role, terms);
        if change.differences.is_empty() {
            return;
        }
        if let Some(reason) = self.refusal(observed, found, &change) {
            return track.refuse(name, reason);
        }
        let is_other = change.differences.iter().any(|it| it.item != Item::Role);
        let change = Box::new(change);
        if is_other && self.goal == Goal::Create {
            return track.refuse(name, Reason::AssociationDiffers { change });
        }
        if let (Role::Arn(arn), Some(facts), true) = (
            &change.role,
            &observed.role,
            change.terms.disable_session_tags,
        ) {
            check_trust(track, arn, self.asked, self.cluster, facts, true, self.goal);
        }
        track.actions.push(Action::UpdateAssociation(change));
    }

    /// What makes it as asked.
    fn change(self, found: &Association, role: Role, terms: AssociationTerms) -> UpdateAssociation {
        let mut differences = differences(&role, &terms, found);
        let tags = missing_tags(self.asked, found);
        differences.extend(tags.iter().map(|(key, value)| {
            let former = found.tags.get(key).map(|value| format!("{key}={value}"));
            Difference::of(Item::Tag, [format!("{key}={value}")], former)
        }));
        UpdateAssociation {
            cluster: self.cluster.name.clone(),
            name: self.asked.name.clone(),
            seen: found.clone(),
            role,
            terms,
            tags,
            differences,
        }
    }

    /// Why it is changed by no command.
    fn refusal(
        self,
        observed: &ObservedAssociation,
        found: &Association,
        change: &UpdateAssociation,
    ) -> Option<Reason> {
        if let Some(owner) = &found.owner {
            let owner = owner.clone();
            return Some(Reason::OwnedByAddon { owner });
        }
        if change.terms.policy.is_some() && !change.terms.disable_session_tags {
            let is_there = found.policy.is_some();
            return Some(Reason::PolicyWithTags { is_there });
        }
        if let Some(stack) = self.own_stack(found, &change.role) {
            return Some(Reason::OwnRole { stack });
        }
        let has_other = change.differences.iter().any(|it| it.item == Item::Role);
        if has_other && !self.may_replace_role(observed, found) {
            let (found, wanted) = (found.role.clone(), self.wanted(&change.role));
            return Some(Reason::OtherAssociationRole { found, wanted });
        }
        None
    }

    /// The trust policy of a role that no stack has is not irsactl's to narrow.
    fn check_restricted(
        self,
        track: &mut Track,
        arn: &RoleArn,
        observed: &ObservedAssociation,
        terms: &AssociationTerms,
    ) {
        if !self.spec.restrict_trust || self.observed.stack != StackState::Absent {
            return;
        }
        let (account, cluster_arn) = (&self.asked.name, self.cluster.arn());
        let reason = match (&observed.role, &cluster_arn) {
            (Some(Lookup::Unknown(why)), _) => {
                return track.unknown.push(format!(
                    "whether role {arn} lets in every association cannot be told: {why}"
                ));
            }
            (Some(Lookup::Found(role)), Some(_))
                if pod_identity::is_wide(&role.trust) && terms.disable_session_tags =>
            {
                let accounts = vec![account.clone()];
                Reason::Untagged { accounts }
            }
            (Some(Lookup::Found(role)), Some(cluster_arn))
                if pod_identity::is_wide(&role.trust) =>
            {
                let only = TrustedAssociation {
                    account,
                    cluster_arn,
                };
                let (arn, statement) = (arn.clone(), pod_identity::statement(Some(only)));
                Reason::WideRole { arn, statement }
            }
            _ => return,
        };
        track.refuse(&self.cluster.name, reason);
    }

    fn create(self, role: Role) -> CreateAssociation {
        CreateAssociation {
            cluster: self.cluster.name.clone(),
            name: self.asked.name.clone(),
            role,
            terms: self.spec.terms(None),
            tags: stack_tags(self.asked, self.cluster),
        }
    }

    /// The stack that made the association's role for it, where another role is asked for by name.
    fn own_stack(self, found: &Association, role: &Role) -> Option<StackName> {
        let StackState::Found(stack) = &self.observed.stack else {
            return None;
        };
        let (is_named, own) = match (&self.asked.permissions, role) {
            (Permissions::Existing(arn), Role::Arn(_)) => (self.goal == Goal::Update, arn),
            _ => return None,
        };
        let made = stack.stack.role_arn.as_ref();
        let is_own = made.is_some_and(|made| *made == found.role && made != own);
        (is_named && is_own).then(|| stack.stack.name.clone())
    }

    /// Whether the association may name another role than it does: that is asked for, or its role was
    /// replaced or is gone.
    fn may_replace_role(self, observed: &ObservedAssociation, found: &Association) -> bool {
        let former = match &self.observed.stack {
            StackState::Found(stack) => stack.stack.role_arn.as_ref(),
            StackState::Absent => None,
        };
        let is_former = former.is_some_and(|former| *former == found.role);
        let is_named =
            self.goal == Goal::Update && matches!(self.asked.permissions, Permissions::Existing(_));
        self.spec.other_role == OtherRole::Replaced
            || observed.role == Some(Lookup::Missing)
            || is_former
            || is_named
    }

    /// The role's ARN, as far as it can be known now.
    fn wanted(self, role: &Role) -> Option<String> {
        match (role, &self.asked.permissions) {
            (Role::Arn(arn), _) => Some(arn.to_string()),
            (Role::OutputOf(_), Permissions::Role(spec)) => spec.arn(self.cluster),
            (Role::OutputOf(_), _) => None,
        }
    }
}

/// The asked tags that an association does not have. Whoever gave it others keeps them.
fn missing_tags(asked: &IamServiceAccount, found: &Association) -> Map {
    let mut missing = asked.tags.clone();
    missing.retain(|key, value| found.tags.get(key) != Some(value));
    missing
}

/// What is asked of an association and is not so.
fn differences(role: &Role, terms: &AssociationTerms, found: &Association) -> Vec<Difference> {
    let asked = match role {
        Role::Arn(arn) => arn.to_string(),
        Role::OutputOf(stack) => format!("that of stack {stack}"),
    };
    let tags = |are_disabled| if are_disabled { "none" } else { "sent" }.to_owned();
    let target = terms.target_role.as_ref().map(ToString::to_string);
    let parsed = |text: &Option<String>| {
        let text = text.as_ref()?;
        let json = serde_json::from_str(text);
        Some(json.unwrap_or_else(|_| text.as_str().into()))
    };
    let [policy, former] = [&terms.policy, &found.policy].map(parsed);
    let is_same = match (&policy, &former) {
        (Some(one), Some(other)) => policy::same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let policies = [&terms.policy, &found.policy].map(|it| it.clone().filter(|_| !is_same));
    let [policy, former] = policies;
    let mut differences = vec![
        Difference::of(Item::Role, [asked], [found.role.to_string()]),
        Difference::of(
            Item::TargetRole,
            target,
            found.target_role.as_ref().map(ToString::to_string),
        ),
        Difference::of(
            Item::SessionTags,
            [tags(terms.disable_session_tags)],
            [tags(found.session_tags_disabled)],
        ),
        Difference::of(Item::SessionPolicy, policy, former),
    ];
    differences.retain(|difference| !difference.is_empty());
    differences
}
