//! The trust policy: whether it lets the token in, what is wrong in it where it does not, and whether it
//! lets in more than that.

use serde_json::{Value, json};

use super::Severity::{self, Note, Warning};
use super::{Finding, Scene, Verdict, known};
use crate::asked::Drift;
use crate::model::{
    CLUSTER_TAGS, CommandLine, Issuer, Lookup, Namespace, ROLE_LOGICAL_ID, RoleArn,
    SERVICE_ACCOUNT_TAG, STACK_ID_TAG, issuer_of_provider,
};
use crate::plan::{Action, Repair};
use crate::policy::corrected::corrected;
use crate::policy::evaluate::{Decision, Evaluation, evaluate};
use crate::policy::mistakes::{ExpectedTrust, Mistake, MistakeKind, mistakes};
use crate::policy::openings::{Opening, allows_everything, openings};
use crate::policy::subjects::{Subject, TokenProvider, with_subject};
use crate::policy::{Difference, Item, Quotas, difference};
use crate::policy::{federated_principals, measure, same, statements};
use crate::proof::RefusalKind;
use crate::world::{RoleFacts, RoleHealth};

/// So much of the room for a trust policy may be taken, in percent.
const FULL: usize = 80;
/// Holds where the role is of the cluster's account, or STS accepted a token for it. In another account
/// it is a problem where STS finds no provider there, and else a note. Does not apply without a cluster
/// or a role.
pub fn accounts(scene: Scene<'_>) -> Verdict {
    let (Some(cluster), Some(arn)) = (&scene.world.cluster, &scene.account.role_arn) else {
        return Verdict::DoesNotApply;
    };
    if arn.account() == cluster.account {
        return Verdict::holds("account", arn.account());
    }
    let provider = cluster.issuer.provider_arn(arn.partition(), arn.account());
    if scene.is_accepted() {
        return Verdict::holds("provider", provider);
    }
    if scene.refusal() == Some(RefusalKind::NoProvider) {
        return Finding::problem(format!(
            "the role is in account {}, which has no provider for the cluster's issuer",
            arn.account()
        ))
        .because("no-provider-in-other-account")
        .with("provider", provider, "none")
        .fix(super::role::associate_elsewhere(cluster, arn))
        .into();
    }
    Finding::note(format!(
        "the role is in account {}, and is not looked at with credentials of {}",
        arn.account(),
        cluster.account
    ))
    .because("role-in-other-account")
    .seen("provider that it needs there", provider)
    .into()
}

/// The trust policy, with what it is to let in.
struct JudgedTrust<'a> {
    arn: &'a RoleArn,
    facts: &'a RoleFacts,
    expected: ExpectedTrust,
}

impl JudgedTrust<'_> {
    fn evaluation(&self) -> Evaluation {
        evaluate(&self.facts.trust, &self.expected.request())
    }
}

impl Scene<'_> {
    /// What the trust policy says of the token.
    pub(super) fn trust_decision(&self) -> Option<Decision> {
        Some(trust(*self)?.evaluation().decision)
    }

    /// Whether another trust policy in its place would keep the pods out that it lets in.
    pub(super) fn would_shut(&self, other: &Value) -> bool {
        trust(*self).is_some_and(|trust| {
            let other = evaluate(other, &trust.expected.request()).decision;
            let is_shut = matches!(other, Decision::NotAllowed | Decision::ExplicitDeny { .. });
            is_shut && trust.evaluation().is_allowed()
        })
    }
}

fn trust(scene: Scene<'_>) -> Option<JudgedTrust<'_>> {
    let cluster = scene.world.cluster.as_ref()?;
    let (arn, health) = scene.role()?;
    Some(JudgedTrust {
        arn,
        facts: health.role.as_found()?,
        expected: ExpectedTrust {
            issuer: cluster.issuer.clone(),
            partition: arn.partition().to_owned(),
            account: arn.account().to_owned(),
            subject: scene.account.name.clone()?,
            audiences: vec![scene.meant_audience().parse().ok()?],
            audiences_in_use: scene.audiences_in_use(),
        },
    })
}

/// Holds where the trust policy lets the service account's token in. A problem where it keeps it out,
/// with the mistakes and what corrects them; a warning where it depends on the call. Does not apply to a
/// role by itself, nor to one that cannot be read.
pub fn policy(scene: Scene<'_>) -> Verdict {
    let Some(trust) = trust(scene) else {
        return Verdict::DoesNotApply;
    };
    let evaluation = trust.evaluation();
    match &evaluation.decision {
        Decision::Allowed { statement } => {
            Verdict::holds("trust policy", format!("Statement[{statement}] lets {} in", trust.expected.subject.subject()))
        }
        Decision::Depends { keys, .. } => Finding::warning(format!(
            "whether the trust policy lets the pods in depends on {}, which only the call itself tells",
            keys.join(" and ")
        ))
        .because("condition-on-call")
        .into(),
        Decision::NotAllowed | Decision::ExplicitDeny { .. } => shut(scene, &trust, &evaluation),
    }
}

/// The mistakes by name, and the corrected document.
fn shut(scene: Scene<'_>, trust: &JudgedTrust<'_>, evaluation: &Evaluation) -> Verdict {
    let document = &trust.facts.trust;
    let name = &trust.expected.subject;
    let mistakes = mistakes(document, &trust.expected);
    let Some(first) = mistakes.first() else {
        let finding = Finding::problem(format!("the trust policy keeps {name} out"));
        let lines = evaluation.lines().into_iter();
        let finding = finding.because("not-trusted");
        return lines
            .fold(finding, |finding, line| finding.seen("evaluation", line))
            .into();
    };
    let mut finding = Finding::problem(match first.kind {
        MistakeKind::MalformedDocument | MistakeKind::NoAllowingStatement => {
            first.kind.what().to_owned()
        }
        kind => format!(
            "the trust policy keeps {name} out: Statement[{}] {}",
            first.statement,
            kind.what()
        ),
    })
    .because(first.kind.name());
    let mut told = first.kind;
    for mistake in &mistakes {
        finding = compared(finding, mistake, mistake.kind == told);
        told = mistake.kind;
    }
    match corrected(document, &trust.expected) {
        Ok(new) => mended(scene, trust, finding, new),
        Err(undecided) => finding.fix(format!(
            "decide by hand whether Statement[{}] is meant so",
            undecided.mistake.statement
        )),
    }
    .into()
}

/// The values of a mistake, with what is wrong, unless that was just told.
fn compared(finding: Finding, mistake: &Mistake, is_told: bool) -> Finding {
    let place = format!("Statement[{}]", mistake.statement);
    let of = if is_told {
        place
    } else {
        format!("{place} {}", mistake.kind.what())
    };
    match (mistake.wanted.as_str(), mistake.found.as_str()) {
        ("", "") => finding,
        ("", found) => finding.seen(of, found),
        (wanted, "") => finding.with(of, wanted, "nothing"),
        (wanted, found) => finding.with(of, wanted, found),
    }
}

fn mended(scene: Scene<'_>, trust: &JudgedTrust<'_>, finding: Finding, new: Value) -> Finding {
    let old = &trust.facts.trust;
    let audience = scene.meant_audience();
    let mut finding = finding;
    finding.difference = difference(old, &new);
    let finding = match addition(scene, trust, &new) {
        Some(command) => finding.fix(command),
        None => finding,
    };
    if is_added_by_stack(scene, trust) {
        return finding;
    }
    let finding = finding.fix(scene.repair_command(trust.arn, audience));
    if !(scene.may_change(trust.arn) && scene.may_admit(audience)) {
        return finding;
    }
    // A stack whose template says the same mistake would bring it back with its next update.
    match scene.stack_update(old) {
        Some(update) => finding.mended_by(update),
        None => finding.mended_by(Action::RepairRole {
            role: trust.arn.name().to_owned(),
            differences: vec![Difference::of_documents(
                Item::TrustPolicy,
                Some(&new),
                Some(old),
            )],
            repairs: vec![Repair::SetTrust(new)],
        }),
    }
}

/// Whether the stack of another service account made the role in this account of AWS: its next update would turn
/// back what is changed behind it, and `trust add` changes it by that stack.
fn is_of_another_stack(scene: Scene<'_>, trust: &JudgedTrust<'_>) -> bool {
    let (Some(cluster), Lookup::Found(_)) = (&scene.world.cluster, &scene.account.observed) else {
        return false;
    };
    let tags = &trust.facts.tags;
    let of_cluster = CLUSTER_TAGS.iter().find_map(|tag| tags.get(*tag));
    let (Some(of_cluster), Some(account)) = (of_cluster, tags.get(SERVICE_ACCOUNT_TAG)) else {
        return false;
    };
    let is_own =
        of_cluster == cluster.name.as_str() && *account == trust.expected.subject.to_string();
    let is_here = !cluster.has_roles_elsewhere && trust.arn.account() == cluster.account;
    tags.contains_key(STACK_ID_TAG) && is_here && !is_own
}

/// The trust policy as `trust add` would make it.
fn added(trust: &JudgedTrust<'_>) -> Value {
    let expected = &trust.expected;
    let arn = (expected.issuer).provider_arn(&expected.partition, &expected.account);
    let provider = TokenProvider {
        arn: &arn,
        issuer: &expected.issuer,
    };
    let subject = Subject::Account(expected.subject.clone());
    with_subject(&trust.facts.trust, provider, &subject)
}

/// Whether `trust add` is all that helps, and helps.
fn is_added_by_stack(scene: Scene<'_>, trust: &JudgedTrust<'_>) -> bool {
    let lets_in = || evaluate(&added(trust), &trust.expected.request()).is_allowed();
    is_of_another_stack(scene, trust) && lets_in()
}

/// The command that lets it in, where nothing is wrong with a role but that it does not, or where its stack alone
/// changes it.
fn addition(scene: Scene<'_>, trust: &JudgedTrust<'_>, new: &Value) -> Option<CommandLine> {
    let is_alone = !scene.may_change(trust.arn) && same(&added(trust), new);
    (is_alone || is_added_by_stack(scene, trust)).then(|| {
        let subject = &trust.expected.subject;
        let command = scene.irsactl("trust add");
        let command = command.and("--role-arn {} --approve", &[trust.arn]);
        command.remark(format!("only if {subject} is meant to have this role"))
    })
}

/// Holds where the trust policy lets in nobody else; each kind of opening is a warning, and the smaller
/// ones a note. Does not apply without a role.
pub fn narrow(scene: Scene<'_>) -> Verdict {
    let Some((arn, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let facts = known!(health.role, Verdict::DoesNotApply);
    let Some(issuer) = issuer(scene, facts) else {
        return Verdict::DoesNotApply;
    };
    let name = scene.account.name.as_ref();
    let namespace = name.map_or_else(Namespace::default, |name| name.namespace.clone());
    let mut all = openings(&facts.trust, &issuer, &namespace);
    // Of a role by itself nobody knows whose namespaces are meant.
    let of_namespaces = [Opening::SeveralNamespaces, Opening::SeveralOfNamespace];
    all.retain(|opening| name.is_some() || !of_namespaces.contains(&opening.kind));
    let shut = shut_statements(scene);
    all.retain(|opening| !shut.contains(&opening.statement));
    let mut found: Vec<Finding> = Vec::new();
    for opening in all {
        let (severity, cause, text) = match opening.kind {
            Opening::SeveralOfNamespace => of_namespace(health),
            kind => told(kind),
        };
        let place = format!("Statement[{}]", opening.statement);
        match found.iter().position(|other| other.cause == Some(cause)) {
            Some(at) => {
                let other = found.remove(at).seen(place, opening.found);
                found.insert(at, other);
            }
            None => found.push(
                Finding::new(severity, format!("the trust policy {text}"))
                    .because(cause)
                    .seen(place, opening.found),
            ),
        }
    }
    Verdict::of(found, "trust policy", arn.name())
}

/// A pattern is mostly meant: it is dangerous where the role may do everything.
fn of_namespace(health: &RoleHealth) -> (Severity, &'static str, &'static str) {
    let managed = health.documents.values().filter_map(Lookup::as_found);
    let policies = health.policies.as_found().into_iter();
    let inline = policies.flat_map(|policies| policies.inline.values());
    if managed.chain(inline).any(allows_everything) {
        let text = "lets in several service accounts of the namespace, by a pattern, and the role may do everything";
        return (Severity::Warning, "several-may-do-everything", text);
    }
    told(Opening::SeveralOfNamespace)
}

/// Statements with a condition on a key that no token has: they let nobody in, whatever else they lack.
fn shut_statements(scene: Scene<'_>) -> Vec<usize> {
    let mistakes = trust(scene).map(|trust| mistakes(&trust.facts.trust, &trust.expected));
    let is_of_key = |mistake: &Mistake| {
        matches!(
            mistake.kind,
            MistakeKind::ConditionKeyWithScheme
                | MistakeKind::ConditionKeyWithArn
                | MistakeKind::MisspeltConditionKey
                | MistakeKind::ConditionKeyOfOtherCluster
                | MistakeKind::ConditionsOfSeveralClusters
        )
    };
    let mistakes = mistakes.unwrap_or_default().into_iter();
    let of_keys = mistakes.filter(is_of_key);
    of_keys.map(|mistake| mistake.statement).collect()
}

/// The cluster's issuer, or the one that a role by itself trusts first.
fn issuer(scene: Scene<'_>, facts: &RoleFacts) -> Option<Issuer> {
    if let Some(cluster) = &scene.world.cluster {
        return Some(cluster.issuer.clone());
    }
    let all = federated_principals(&facts.trust);
    let mut paths = all.iter().filter_map(|arn| issuer_of_provider(arn));
    paths.find_map(|path| format!("https://{path}").parse().ok())
}

fn told(opening: Opening) -> (Severity, &'static str, &'static str) {
    match opening {
        Opening::AnyPrincipal => (Warning, "any-principal", "lets anybody in: Principal \"*\""),
        Opening::NoSubject => (
            Warning,
            "no-subject",
            "lets every service account of the cluster in: no condition on sub",
        ),
        Opening::AnyServiceAccount => (
            Warning,
            "any-service-account",
            "lets every service account of the cluster in, by a pattern",
        ),
        Opening::AllButSome => (
            Warning,
            "all-but-some",
            "lets in all service accounts but those that it names",
        ),
        Opening::SeveralNamespaces => (
            Warning,
            "several-namespaces",
            "lets in service accounts of other namespaces, by a pattern",
        ),
        Opening::SeveralOfNamespace => (
            Note,
            "several-of-namespace",
            "lets in several service accounts of the namespace, by a pattern",
        ),
        Opening::NoAudience => (
            Warning,
            "no-audience",
            "takes tokens for any audience that the provider knows: no condition on aud",
        ),
        Opening::HoldsWithoutClaim => (
            Note,
            "holds-without-claim",
            "has a condition that holds for a token without the claim",
        ),
    }
}

/// Holds where less than 80 % of the characters that a trust policy may have are taken (the account's
/// quota, or IAM's default where that is not known); else a warning. Does not apply without a role.
pub fn size(scene: Scene<'_>) -> Verdict {
    let Some((_, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let facts = known!(health.role, Verdict::DoesNotApply);
    let room = health
        .quotas
        .as_found()
        .map_or(Quotas::default().trust, |quotas| quotas.trust);
    let size = measure(&facts.trust);
    let told = format!("{size} of {room} characters");
    if size * 100 < room * FULL {
        return Verdict::holds("trust policy", told);
    }
    Finding::warning(format!("the trust policy is nearly full: {told}"))
        .because("trust-nearly-full")
        .with("characters", format!("less than {}", room * FULL / 100), size.to_string())
        .fix("raise the quota L-C07B4B0D (Service Quotas, us-east-1), use --subject-pattern, or a role per cluster")
        .into()
}

/// Holds where Access Analyzer says nothing of the trust policy; what it says is a warning, and a
/// suggestion a note. Does not apply without a role.
pub fn valid(scene: Scene<'_>) -> Verdict {
    let Some((_, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let all = known!(health.analyzer, Verdict::DoesNotApply);
    let found = all.iter().map(|one| {
        let severity = match one.kind.as_str() {
            "ERROR" | "SECURITY_WARNING" | "WARNING" => Severity::Warning,
            _ => Severity::Note,
        };
        Finding::new(
            severity,
            format!("Access Analyzer: {} ({})", one.details, one.code),
        )
        .because("access-analyzer")
    });
    Verdict::of(found.collect(), "Access Analyzer", "no findings")
}

impl Scene<'_> {
    /// The change of the account's own stack that brings its trust policy to the cluster's issuer.
    /// CloudFormation replaces the whole policy: none, where that would take a statement away that
    /// somebody added.
    fn stack_update(self, live: &Value) -> Option<Action> {
        let found = self.found_stack()?;
        if found.own_role() != self.account.role_arn.as_ref() {
            return None;
        }
        let track = self.unasked_update(Drift::Told)?;
        let mut actions = track.actions.into_iter();
        let update = actions.find_map(|action| match action {
            Action::UpdateStack(update) => Some(update),
            _ => None,
        })?;
        let role = &update.template["Resources"][ROLE_LOGICAL_ID]["Properties"];
        let known = [
            &found.template.as_ref()?.trust,
            &role["AssumeRolePolicyDocument"],
        ];
        has_no_other_statements(live, known).then_some(Action::UpdateStack(update))
    }
}

/// Whether each statement of a policy stands in one of the others too.
fn has_no_other_statements(policy: &Value, others: [&Value; 2]) -> bool {
    let known: Vec<&Value> = others.into_iter().flat_map(statements).collect();
    let alone = |statement: &Value| json!({ "Statement": [statement] });
    statements(policy).all(|statement| {
        let mut known = known.iter();
        known.any(|other| same(&alone(other), &alone(statement)))
    })
}
