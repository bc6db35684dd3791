//! What was changed on the role of the account's own stack behind CloudFormation's back. It is told and
//! never mended by `--fix`: somebody may have meant it.

use serde_json::Value;

use super::association::{self, SERVICE};
use super::{Finding, Scene, Severity, Verdict, known, trust};
use crate::asked;
use crate::asked::{Drift, Goal};
use crate::model::{CommandLine, Fix, Lookup};
use crate::plan::{Action, Reason, Repair, Track, account};
use crate::policy::{Difference, Item};
use crate::world::{FoundStack, ObservedProvider, Phase};

impl<'a> Scene<'a> {
    /// What an update that asks for nothing does to the account's own stack and its role.
    pub(super) fn unasked_update(&self, drift: Drift) -> Option<Track> {
        let observed = self.account.observed.as_found()?;
        let cluster = self.world.cluster.as_ref()?;
        let asked = asked::unchanged(self.account.name.clone()?);
        let provider = ObservedProvider {
            provider: self.provider().cloned(),
            reading: None,
        };
        let goal = Goal::Update;
        Some(account::plan(
            goal, drift, &asked, cluster, observed, &provider,
        ))
    }

    /// The account's own stack, where its role is the one that the pods are to use.
    fn own_stack(&self) -> Option<&'a FoundStack> {
        let found = self.found_stack()?;
        let role = found.own_role()?;
        let of_identity = self.identity().map(|association| &association.role);
        let is_own = self.account.role_arn.as_ref() == Some(role) || of_identity == Some(role);
        (is_own && found.stack.phase() == Phase::Ready).then_some(found)
    }

    /// Undoes everything that was changed by hand.
    fn repair(&self) -> CommandLine {
        let update = self.irsactl("update iamserviceaccount");
        update.and("--repair-drift --approve", &[])
    }

    /// Gives policies back that the role's own stack gives it.
    pub(super) fn policies_given_back(&self) -> Option<CommandLine> {
        let template = self.own_stack()?.template.as_ref()?;
        let has_policies = !template.managed.is_empty() || !template.inline.is_empty();
        has_policies.then(|| self.repair())
    }
}

/// Holds where the role is as its own stack made it; a warning where it was changed by hand. Does not
/// apply without such a stack that is ready, where the role is gone or replaced, nor where all that was
/// changed is a trust policy of which another check tells.
pub fn drift(scene: Scene<'_>) -> Verdict {
    known!(scene.account.observed, Verdict::DoesNotApply);
    let (Some(found), Some(track)) = (scene.own_stack(), scene.unasked_update(Drift::Repaired))
    else {
        return Verdict::DoesNotApply;
    };
    if let Some(refusal) = track.refusals.first() {
        return match refusal.reason {
            // The checks of the role tell that.
            Reason::RoleGone { .. } | Reason::RoleReplaced { .. } => Verdict::DoesNotApply,
            _ => Verdict::Unknown(refusal.to_string()),
        };
    }
    let uncompared = track.unknown.first().cloned();
    let drifted = Drifted::of(scene, found, track);
    if drifted.has_any() {
        return drifted.finding(scene, found).into();
    }
    let unread = [found.role.unknown(), found.policies.unknown()];
    let unread = unread.into_iter().flatten().next();
    match unread.map(str::to_owned).or(uncompared) {
        Some(why) => Verdict::Unknown(why),
        None if drifted.is_trust_told => Verdict::DoesNotApply,
        None => Verdict::holds("role", "as its stack made it"),
    }
}

/// What was changed by hand and is to be told.
struct Drifted {
    repairs: Vec<Repair>,
    differences: Vec<Difference>,
    /// Inline policies that only CloudFormation can put back.
    left: Vec<Difference>,
    /// Whether the check of the trust policy tells of it.
    is_trust_told: bool,
    /// Whether the repair would take statements for Pod Identity away.
    takes_identity: bool,
    /// Whether an association of the account lives by these, as far as is known.
    has_identity: bool,
    /// Whether the pods get in only by what was changed in the trust policy.
    lets_pods_in: bool,
}

impl Drifted {
    fn of(scene: Scene<'_>, found: &FoundStack, track: Track) -> Self {
        let mut all = Self {
            repairs: Vec::new(),
            differences: Vec::new(),
            left: track.drift,
            is_trust_told: false,
            takes_identity: false,
            has_identity: has_identity(scene, found),
            lets_pods_in: false,
        };
        for action in track.actions {
            if let Action::RepairRole {
                repairs,
                differences,
                ..
            } = action
            {
                all.repairs.extend(repairs);
                all.differences.extend(differences);
            }
        }
        all.part_trust(scene, found);
        all
    }

    /// Takes out what the checks of the trust policies tell, and what an association needs.
    fn part_trust(&mut self, scene: Scene<'_>, found: &FoundStack) {
        let wanted = self.repairs.iter().find_map(|repair| match repair {
            Repair::SetTrust(wanted) => Some(wanted),
            _ => None,
        });
        let (Some(wanted), Some(facts)) = (wanted, found.role.as_found()) else {
            return;
        };
        self.lets_pods_in = scene.would_shut(wanted);
        let [wanted, live] = [wanted, &facts.trust].map(without_identity);
        let rest = Difference::of_documents(Item::TrustPolicy, Some(&wanted), Some(&live));
        let whole = self
            .differences
            .iter()
            .position(|it| it.item == Item::TrustPolicy);
        let Some(whole) = whole.map(|index| self.differences.remove(index)) else {
            return;
        };
        self.takes_identity = rest.found != whole.found;
        self.is_trust_told = [trust::policy(scene), association::trust(scene)]
            .iter()
            .any(is_problem);
        let told = if self.has_identity { rest } else { whole };
        if !self.is_trust_told && !self.lets_pods_in && !told.is_empty() {
            self.differences.push(told);
        }
    }

    fn has_any(&self) -> bool {
        !self.differences.is_empty() || !self.left.is_empty()
    }

    fn finding(&self, scene: Scene<'_>, found: &FoundStack) -> Finding {
        let name = found.stack.role_arn.as_ref().map(|role| role.name());
        let mut finding = Finding::warning(format!(
            "role {} was changed by hand: its stack says otherwise",
            name.unwrap_or_default()
        ))
        .because("drift");
        let all = self.differences.iter().chain(&self.left);
        finding.difference = all.flat_map(Difference::lines).collect();
        let is_needed = self.lets_pods_in || self.takes_identity && self.has_identity;
        let finding = match (self.differences.is_empty(), self.takes_identity) {
            (true, _) => finding,
            (false, _) if is_needed => self.fixed_around_trust(scene, finding),
            (false, false) => finding.fix(scene.repair()),
            (false, true) => finding.fix(scene.repair().remark(format!(
                "not where a Pod Identity association needs the statement for {SERVICE}"
            ))),
        };
        let names = self.left.iter();
        let names = names.filter_map(|it| match &it.item {
            Item::InlinePolicy(name) => Some(name),
            _ => None,
        });
        names.fold(finding, |finding, name| {
            let update = scene.irsactl("update iamserviceaccount");
            let removal = update.and("--remove-inline-policy {} --approve", &[&name]);
            finding.fix(
                Fix::say(format!(
                    "only CloudFormation can work out {name}: take it out with "
                ))
                .run(removal)
                .and(", then put it in again"),
            )
        })
    }

    /// Each change by a flag of its own: `--repair-drift` would take what pods need of the trust policy.
    fn fixed_around_trust(&self, scene: Scene<'_>, finding: Finding) -> Finding {
        let update = scene.irsactl("update iamserviceaccount");
        let by_flags = self.repairs.iter().fold(update.clone(), with_flag);
        let finding = if by_flags == update {
            finding
        } else {
            finding.fix(by_flags.and("--approve", &[]))
        };
        let is_by_hand = |it: &&Difference| match it.item {
            Item::TrustPolicy => true,
            Item::InlinePolicy(_) => !it.asked.is_empty(),
            _ => false,
        };
        let by_hand = self.differences.iter().filter(is_by_hand);
        let by_hand: Vec<String> = by_hand.map(|it| it.item.to_string()).collect();
        if by_hand.is_empty() {
            return finding;
        }
        finding.fix(format!(
            "put back by hand: {}; --repair-drift would also take away what the pods need of the trust policy",
            by_hand.join(", ")
        ))
    }
}

/// With the flag that asks for the same as a repair, where there is one.
fn with_flag(update: CommandLine, repair: &Repair) -> CommandLine {
    match repair {
        Repair::Attach(arn) => update.and("--add-policy-arn {}", &[arn]),
        Repair::Detach(arn) => update.and("--remove-policy-arn {}", &[arn]),
        Repair::DeleteInline { name } => update.and("--remove-inline-policy {}", &[name]),
        Repair::SetBoundary(arn) => update.and("--permissions-boundary {}", &[arn]),
        Repair::RemoveBoundary => update.and("--no-permissions-boundary", &[]),
        Repair::SetSessionDuration(seconds) => update.and("--max-session-duration {}", &[seconds]),
        Repair::PutInline { .. } | Repair::SetTrust(_) => update,
    }
}

/// Whether the role is that of an association of the account; what is not known may be.
fn has_identity(scene: Scene<'_>, found: &FoundStack) -> bool {
    let role = found.stack.role_arn.as_ref();
    match &scene.account.associations {
        Lookup::Found(all) => all.iter().any(|it| Some(&it.role) == role),
        Lookup::Missing => false,
        Lookup::Unknown(_) => true,
    }
}

fn is_problem(verdict: &Verdict) -> bool {
    let Verdict::Found(findings) = verdict else {
        return false;
    };
    let mut all = findings.iter();
    all.any(|finding| finding.severity == Severity::Problem)
}

/// A trust policy without its statements for Pod Identity: the association's check judges these.
fn without_identity(trust: &Value) -> Value {
    let mut rest = trust.clone();
    let Some(all) = rest.get_mut("Statement") else {
        return rest;
    };
    let statements = match all.take() {
        Value::Array(statements) => statements,
        one => vec![one],
    };
    let is_other = |statement: &Value| {
        let service = &statement["Principal"]["Service"];
        let mut named = service.as_array().into_iter().flatten().chain([service]);
        !named.any(|name| name == SERVICE)
    };
    *all = statements.into_iter().filter(is_other).collect();
    rest
}
