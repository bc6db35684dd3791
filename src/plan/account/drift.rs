//! What was changed on a role behind CloudFormation's back, and the calls that undo it. CloudFormation
//! itself does not see it, and an update mends only what it changes anyway.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{Cluster, Lookup, PolicyArn, StackName};
use crate::plan::{Repair, Target, Track};
use crate::policy::{self, Difference, Item, others, pod_identity};
use crate::template::{self, Managed, ManagedPolicy, RoleEdits, RoleTemplate};
use crate::world::FoundStack;

/// A role as IAM tells it, with inline policies by their names there. What IAM does not tell is as the
/// template says.
#[derive(Clone, Debug)]
pub struct Live<'a> {
    role: RoleTemplate,
    /// Of the inline policies in its templates, by their names in IAM.
    names: BTreeMap<String, String>,
    /// Statements for EKS Pod Identity that were added by hand, and may be needed by associations.
    kept: Vec<Value>,
    stack: &'a StackName,
    cluster: &'a Cluster,
}

/// The role that a template asks for.
struct Wanted {
    /// With what only CloudFormation can work out as it is on the role, where it may be that.
    role: RoleTemplate,
    /// As the template has it.
    template: RoleTemplate,
    /// By what the value is of.
    unknown: Vec<(Item, template::Unknown)>,
}

/// What becomes of a role that was changed by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Mending {
    pub repairs: Vec<Repair>,
    /// What these change.
    pub differences: Vec<Difference>,
    /// What stays as it should not be.
    pub left: Vec<Difference>,
}

/// Whether a role differs from its stack's template.
pub fn is_changed(cluster: &Cluster, found: &FoundStack) -> bool {
    let Some(template) = &found.template else {
        return false;
    };
    // What it has to say is said where the account is planned.
    let mut track = Track::new(Target::Provider(cluster.issuer.clone()));
    let live = Live::of(&mut track, cluster, template, found);
    !live.drift(template).is_empty()
}

impl<'a> Live<'a> {
    /// The role of a stack. That its policies cannot be read is noted in the track as unknown.
    pub fn of(
        track: &mut Track,
        cluster: &'a Cluster,
        template: &RoleTemplate,
        found: &'a FoundStack,
    ) -> Self {
        let stack = &found.stack.name;
        let mut role = in_iam(stack, cluster, template);
        if let Lookup::Found(facts) = &found.role {
            role.trust.clone_from(&facts.trust);
            role.boundary = facts.boundary.clone().map(ManagedPolicy::Arn);
            role.max_session_duration = facts.max_session_duration;
        }
        match &found.policies {
            Lookup::Found(policies) => {
                role.managed = attached(found, template, &policies.managed);
                role.inline.clone_from(&policies.inline);
            }
            Lookup::Missing => {}
            Lookup::Unknown(message) => {
                track.unknown.push(format!(
                    "cannot tell whether the role's policies were changed by hand: {message}"
                ));
            }
        }
        Self {
            names: names(stack, template).collect(),
            kept: kept(found, &role.trust, &template.trust),
            role,
            stack,
            cluster,
        }
    }

    /// Its trust policy as IAM has it.
    pub fn trust(&self) -> &Value {
        &self.role.trust
    }

    /// What was added to its trust policy by hand, and is no drift.
    pub fn kept(&self) -> &[Value] {
        &self.kept
    }

    /// The same with what lets in every association as drift.
    pub fn narrowed(mut self) -> Self {
        self.kept.retain(|it| !pod_identity::is_unconditional(it));
        self
    }

    /// Whether the policy is attached to it, by its stack or by hand.
    pub fn has_managed(&self, arn: &PolicyArn) -> bool {
        self.role.managed.contains(&ManagedPolicy::Arn(arn.clone()))
    }

    /// By its name in the template or in IAM.
    pub fn has_inline(&self, name: &str) -> bool {
        let mut live = self.role.inline.keys();
        live.any(|full| full == name || self.short(full) == name)
    }

    /// The role after CloudFormation brought its stack from one template to another: it touches only
    /// what differs between the two.
    pub fn after_update(mut self, from: &RoleTemplate, to: &RoleTemplate) -> Self {
        self.names.extend(names(self.stack, to));
        let [from, to] = [from, to].map(|it| in_iam(self.stack, self.cluster, it));
        let role = &mut self.role;
        let [(old, _), (new, _)] = [&from, &to].map(|it| it.managed_in(&role.managed));
        role.managed
            .retain(|arn| !old.contains(arn) || new.contains(arn));
        role.managed.extend(new.difference(&old).cloned());
        role.inline
            .retain(|name, _| !from.inline.contains_key(name) || to.inline.contains_key(name));
        let changed = to.inline.into_iter().filter(|(name, document)| {
            let old = from.inline.get(name);
            old.is_none_or(|old| !policy::same(old, document))
        });
        role.inline.extend(changed);
        if from.boundary != to.boundary {
            role.boundary = to.boundary;
        }
        if from.max_session_duration != to.max_session_duration {
            role.max_session_duration = to.max_session_duration;
        }
        if !policy::same(&from.trust, &to.trust) {
            role.trust = to.trust;
        }
        self
    }

    /// What of the role cannot be compared with the template, where it may be that.
    pub fn unknown(&self, asked: &RoleTemplate) -> Vec<String> {
        let unknown = self.wanted(asked).unknown.into_iter();
        let told = unknown.map(|(item, it)| {
            let place = match it.place.as_str() {
                "" => String::new(),
                place => format!(" at {place}"),
            };
            let (function, found) = (&it.function, &it.found);
            let item = match &item {
                Item::InlinePolicy(_) => item.to_string(),
                Item::ManagedPolicy => format!("a {item}"),
                _ => format!("the {item}"),
            };
            format!(
                "cannot tell whether {item} was changed by hand{place}: only CloudFormation can work out {function}, the role has {found}"
            )
        });
        told.collect()
    }

    /// What still differs from the template.
    pub fn drift(&self, asked: &RoleTemplate) -> Vec<Difference> {
        self.differences(&self.wanted(asked).role, &self.role)
    }

    /// What is mended, of all that can be, and what is left.
    pub fn mending(&self, asked: &RoleTemplate, is_meant: impl Fn(&Repair) -> bool) -> Mending {
        let wanted = self.wanted(asked);
        let mut repairs = self.repairs(&wanted);
        repairs.retain(is_meant);
        let mut mended = self.role.clone();
        for repair in &repairs {
            mend(&mut mended, repair);
        }
        Mending {
            differences: self.differences(&mended, &self.role),
            left: self.differences(&wanted.role, &mended),
            repairs,
        }
    }

    /// The role as the template has it. Its name and its path cannot drift.
    fn wanted(&self, asked: &RoleTemplate) -> Wanted {
        let live = &self.role;
        let mut template = in_iam(self.stack, self.cluster, asked);
        template.role_name.clone_from(&live.role_name);
        template.path.clone_from(&live.path);
        template.trust = others::with(&template.trust, &self.kept);
        let mut role = template.clone();
        let mut unknown = Vec::new();
        let mut fill = |item: Item, wanted: &Value, live: &Value| {
            let (filled, places) = template::filled(wanted, live);
            unknown.extend(places.into_iter().map(|it| (item.clone(), it)));
            filled
        };
        for (name, document) in &mut role.inline {
            if let Some(live) = live.inline.get(name) {
                let item = Item::InlinePolicy(self.short(name).to_owned());
                *document = fill(item, document, live);
            }
        }
        role.trust = fill(Item::TrustPolicy, &role.trust, &live.trust);
        if let (Some(wanted), Some(live)) = (&role.boundary, &live.boundary) {
            let filled = fill(Item::PermissionsBoundary, &wanted.value(), &live.value());
            role.boundary = Some(ManagedPolicy::read(&filled, &self.cluster.partition));
        }
        let (managed, places) = template.managed_in(&live.managed);
        role.managed = managed;
        // Its place in a set means nothing.
        unknown.extend(places.into_iter().map(|it| {
            let place = String::new();
            (Item::ManagedPolicy, template::Unknown { place, ..it })
        }));
        Wanted {
            role,
            template,
            unknown,
        }
    }

    fn differences(&self, asked: &RoleTemplate, found: &RoleTemplate) -> Vec<Difference> {
        let mut differences = RoleTemplate::differences(asked, found);
        for difference in &mut differences {
            if let Item::InlinePolicy(name) = &mut difference.item {
                *name = self.short(name).to_owned();
            }
        }
        differences
    }

    /// The calls that bring the role back.
    fn repairs(&self, wanted: &Wanted) -> Vec<Repair> {
        let live = &self.role;
        let Wanted {
            role: wanted,
            template,
            ..
        } = wanted;
        let mut repairs = Vec::new();
        // What bounds the role comes before what widens it.
        if wanted.boundary != live.boundary {
            repairs.extend(match &wanted.boundary {
                Some(policy) => policy.arn().cloned().map(Repair::SetBoundary),
                None => Some(Repair::RemoveBoundary),
            });
        }
        if !policy::same(&wanted.trust, &live.trust) && !template::has_holes(&template.trust) {
            repairs.push(Repair::SetTrust(wanted.trust.clone()));
        }
        let foreign = live.managed.difference(&wanted.managed);
        let foreign = foreign.filter_map(ManagedPolicy::arn);
        // Which of several is the template's own only CloudFormation knows.
        let foreign = foreign.filter(|arn| !template.may_have(arn));
        repairs.extend(foreign.map(|arn| Repair::Detach(arn.clone())));
        let names = live.inline.keys();
        let foreign = names.filter(|name| !wanted.inline.contains_key(*name));
        repairs.extend(foreign.map(|name| Repair::DeleteInline { name: name.clone() }));
        let lost = wanted.managed.difference(&live.managed);
        repairs.extend(lost.filter_map(|policy| Some(Repair::Attach(policy.arn()?.clone()))));
        repairs.extend(self.changed_inline(wanted, template));
        if duration(wanted) != duration(live) {
            repairs.push(Repair::SetSessionDuration(duration(wanted)));
        }
        repairs
    }

    /// The inline policies that the role lacks, or has with another document.
    fn changed_inline<'b>(
        &'b self,
        wanted: &'b RoleTemplate,
        template: &'b RoleTemplate,
    ) -> impl Iterator<Item = Repair> + 'b {
        let changed = wanted.inline.iter().filter(|(name, document)| {
            let live = self.role.inline.get(*name);
            live.is_none_or(|live| !policy::same(live, document))
                && !template::has_holes(&template.inline[*name])
        });
        changed.map(|(name, document)| Repair::PutInline {
            name: name.clone(),
            document: document.clone(),
        })
    }

    /// Whether a repair is of what single changes ask for: that holds then, whoever changed it before.
    pub fn is_named(&self, edits: &RoleEdits, repair: &Repair) -> bool {
        let well_known = || edits.well_known.iter().map(|policy| policy.entry());
        match repair {
            Repair::Attach(arn) => {
                let named = match &edits.managed {
                    Managed::Replaced(all) => all,
                    Managed::Changed { added, .. } => added,
                };
                let is_of = |name: &String| arn.aws_name() == Some(name);
                named.contains(arn) || well_known().any(|it| it.managed_policies.iter().any(is_of))
            }
            Repair::Detach(arn) => match &edits.managed {
                Managed::Replaced(_) => false,
                Managed::Changed { removed, .. } => removed.contains(arn),
            },
            Repair::PutInline { name, .. } => {
                let short = self.short(name);
                (edits.documents.is_some() && template::is_document(short))
                    || well_known().any(|entry| entry.policies.contains_key(short))
            }
            Repair::DeleteInline { name } => edits.removes(self.short(name), self.stack),
            Repair::SetTrust(_) => {
                let provider = self.cluster.provider_arn();
                let principals = policy::federated_principals(&self.role.trust);
                edits.subject_pattern.is_some()
                    || edits.audience.is_some()
                    || !principals.contains(&provider.as_str())
            }
            Repair::SetBoundary(_) | Repair::RemoveBoundary => {
                edits.boundary != template::Boundary::Kept
            }
            Repair::SetSessionDuration(_) => edits.max_session_duration.is_some(),
        }
    }

    /// An inline policy's name in the template.
    pub fn short<'n>(&'n self, name: &'n str) -> &'n str {
        if let Some(known) = self.names.get(name) {
            return known;
        }
        let rest = name.strip_prefix(self.stack.as_str());
        rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or(name)
    }
}

/// The managed policies of a role as its template names them: those that the stack makes itself by their
/// references, or not at all where they attach themselves.
fn attached(
    found: &FoundStack,
    template: &RoleTemplate,
    arns: &[PolicyArn],
) -> BTreeSet<ManagedPolicy> {
    let named = |arn: &PolicyArn| {
        let mut own = found.own_policies();
        let Some((_, id)) = own.find(|(own, _)| own == arn) else {
            return Some(ManagedPolicy::Arn(arn.clone()));
        };
        let reference = ManagedPolicy::Written(serde_json::json!({ "Ref": id }));
        Some(reference).filter(|reference| template.managed.contains(reference))
    };
    arns.iter().filter_map(named).collect()
}

/// What of a trust policy is no drift, though its template does not have it: an association needs it, or
/// that is not known.
fn kept(found: &FoundStack, live: &Value, template: &Value) -> Vec<Value> {
    let is_needed = match &found.associations {
        Lookup::Found(using) => !using.is_empty(),
        Lookup::Missing => false,
        Lookup::Unknown(_) => true,
    };
    let by_hand = others::pod_identity_by_hand(live, template);
    by_hand.into_iter().filter(|_| is_needed).cloned().collect()
}

fn names(stack: &StackName, role: &RoleTemplate) -> impl Iterator<Item = (String, String)> {
    let names = role.inline.keys();
    names.map(|name| (role.name_in_iam(name, stack), name.clone()))
}

/// What a call makes of a role.
fn mend(role: &mut RoleTemplate, repair: &Repair) {
    match repair {
        Repair::Attach(arn) => {
            role.managed.insert(ManagedPolicy::Arn(arn.clone()));
        }
        Repair::Detach(arn) => {
            role.managed.remove(&ManagedPolicy::Arn(arn.clone()));
        }
        Repair::PutInline { name, document } => {
            role.inline.insert(name.clone(), document.clone());
        }
        Repair::DeleteInline { name } => {
            role.inline.remove(name);
        }
        Repair::SetTrust(trust) => role.trust.clone_from(trust),
        Repair::SetBoundary(arn) => role.boundary = Some(ManagedPolicy::Arn(arn.clone())),
        Repair::RemoveBoundary => role.boundary = None,
        Repair::SetSessionDuration(seconds) => {
            role.max_session_duration = Some(u64::from(*seconds));
        }
    }
}

/// Seconds; an hour unless set (IAM API).
fn duration(role: &RoleTemplate) -> u32 {
    let seconds = role.max_session_duration.unwrap_or(3600);
    u32::try_from(seconds).unwrap_or(3600)
}

/// A role as CloudFormation hands it to IAM: inline policies by the names that it gives them, and plain
/// values as far as those can be known.
fn in_iam(stack: &StackName, cluster: &Cluster, role: &RoleTemplate) -> RoleTemplate {
    let mut role = role.worked_out(cluster);
    let inline = std::mem::take(&mut role.inline).into_iter();
    role.inline = inline
        .map(|(name, document)| (role.name_in_iam(&name, stack), document))
        .collect();
    role
}
