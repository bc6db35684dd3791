//! The trust policies of the role that an association names, and of the one behind it.

use serde_json::{Value, json};

use super::on_association;
use crate::diagnose::{Finding, Scene, Verdict, known};
use crate::model::{Arn, DEFAULT_AUDIENCE, Fix, RoleArn};
use crate::plan::{Action, Repair};
use crate::policy::evaluate::{Principal, Request};
use crate::policy::pod_identity::{
    ACTIONS, AssociationAdmission, SessionTags, TrustedAssociation, lets_in, statement,
    unconditional_beside_conditional,
};
use crate::policy::texts;
use crate::policy::{Difference, Item, difference};
use crate::world::Association;

pub use crate::policy::pod_identity::SERVICE;

/// Holds where the trust policy of the association's role lets in this association and none of another
/// cluster. A problem where the role is gone or keeps it out; a warning or a note where it lets in others
/// too. Does not apply without an association, nor where that disables the tags that the role asks for:
/// `pod-identity-session` tells it.
pub fn trust(scene: Scene<'_>) -> Verdict {
    let (Some(association), Some(role)) = (scene.identity(), &scene.account.identity_role) else {
        return Verdict::DoesNotApply;
    };
    if lacks_tags(scene) {
        // The association is to blame, and told.
        return Verdict::DoesNotApply;
    }
    let name = association.role.name();
    let missing = || no_role(scene, association, name).into();
    let facts = known!(role.role, missing());
    let Some(trusted) = trusted(scene) else {
        return Verdict::DoesNotApply;
    };
    let admission = lets_in(&facts.trust, trusted, association.session_tags());
    let lacking = admission.lacking();
    let Some((_, first)) = lacking.first() else {
        return openness(scene, association, trusted, &facts.trust);
    };
    let finding = Finding::problem(format!(
        "the trust policy of {name} does not let Pod Identity in"
    ))
    .because("pod-identity-trust")
    .with(
        format!("allowed to {SERVICE}"),
        ACTIONS.join(", "),
        allowed(lacking.len()),
    );
    let lines = first.lines().into_iter();
    let finding = lines.fold(finding, |finding, line| finding.seen("evaluation", line));
    match corrected(&facts.trust, trusted, association.session_tags()) {
        Some(new) => mended(scene, &association.role, finding, &facts.trust, new),
        None => finding.fix("decide by hand: a statement of the policy denies it"),
    }
    .into()
}

fn no_role(scene: Scene<'_>, association: &Association, name: &str) -> Finding {
    Finding::problem(format!(
        "there is no role {name}, which the association names"
    ))
    .because("no-role")
    .seen("association", &association.id)
    .fix(Fix::by(
        "create the role, or name another by its ARN",
        on_association(scene, "update", association).and("--role-arn ARN", &[]),
    ))
}

/// What of both calls is allowed, where so many are not.
fn allowed(lacking: usize) -> &'static str {
    if lacking == 1 {
        "sts:AssumeRole"
    } else {
        "neither"
    }
}

/// The association, as a trust policy can name it.
fn trusted<'a>(scene: Scene<'a>) -> Option<TrustedAssociation<'a>> {
    Some(TrustedAssociation {
        account: scene.account.name.as_ref()?,
        cluster_arn: &scene.world.cluster.as_ref()?.eks.as_ref()?.arn,
    })
}

/// Whom a trust policy that lets the association in lets in beside it.
fn openness(
    scene: Scene<'_>,
    association: &Association,
    trusted: TrustedAssociation<'_>,
    trust: &Value,
) -> Verdict {
    let finding = if let Some(open) = unconditional_beside_conditional(trust) {
        Finding::warning(format!(
            "any association of the account can use the role: Statement[{open}] has no condition, and stands beside one that has"
        ))
        .because("unconditional-pod-identity-trust")
        .fix(format!(
            "take Statement[{open}] out of the trust policy, where no other association needs it: eksctl's migration appends one at each run"
        ))
    } else {
        let cluster_arn = Arn {
            resource: format!("{}-another", trusted.cluster_arn.resource),
            ..trusted.cluster_arn.clone()
        };
        let elsewhere = TrustedAssociation {
            cluster_arn: &cluster_arn,
            ..trusted
        };
        if !lets_in(trust, elsewhere, SessionTags::Sent).is_allowed() {
            return Verdict::holds("trust", SERVICE);
        }
        Finding::note("any cluster of the account can use the role: its trust names no cluster")
            .because("open-pod-identity-trust")
    };
    narrowing(scene, association, trusted, finding).into()
}

/// With what narrows the trust to the association.
fn narrowing(
    scene: Scene<'_>,
    association: &Association,
    trusted: TrustedAssociation<'_>,
    finding: Finding,
) -> Finding {
    match association.session_tags() {
        SessionTags::Sent => {
            let condition = &statement(Some(trusted))["Condition"];
            finding.fix(format!("add the condition to the statement: {condition}"))
        }
        SessionTags::Disabled => {
            let update = on_association(scene, "update", association);
            let update = update.and("--no-disable-session-tags", &[]);
            finding.fix(update.remark("then a condition on the tags can name the association"))
        }
    }
}

/// With a statement that lets this association in, or with the action that one lacks.
fn corrected(trust: &Value, trusted: TrustedAssociation<'_>, tags: SessionTags) -> Option<Value> {
    let is_right = |new: &Value| lets_in(new, trusted, tags).is_allowed();
    let mut with_action = trust.clone();
    for statement in with_action["Statement"].as_array_mut()? {
        // None that denies or excludes, and none that is for others too.
        if statement["Principal"] == json!({ "Service": SERVICE }) && statement["Effect"] == "Allow"
        {
            let had = texts(&statement["Action"]).into_iter().map(str::to_owned);
            let had: Vec<String> = had.collect();
            let lacking = ACTIONS.into_iter().map(str::to_owned);
            let lacking = lacking.filter(|action| !had.contains(action));
            statement["Action"] = had.iter().cloned().chain(lacking).collect();
        }
    }
    if is_right(&with_action) {
        return Some(with_action);
    }
    // Without session tags no condition on them holds.
    let only = match tags {
        SessionTags::Sent => Some(trusted),
        SessionTags::Disabled => None,
    };
    let mut with_statement = trust.clone();
    let statements = with_statement["Statement"].as_array_mut()?;
    statements.push(statement(only));
    is_right(&with_statement).then_some(with_statement)
}

fn mended(scene: Scene<'_>, role: &RoleArn, finding: Finding, old: &Value, new: Value) -> Finding {
    let mut finding = finding;
    finding.difference = difference(old, &new);
    let finding = finding.fix(scene.repair_command(role, DEFAULT_AUDIENCE));
    if !scene.may_change(role) {
        return finding;
    }
    finding.mended_by(Action::RepairRole {
        role: role.name().to_owned(),
        differences: vec![Difference::of_documents(
            Item::TrustPolicy,
            Some(&new),
            Some(old),
        )],
        repairs: vec![Repair::SetTrust(new)],
    })
}

/// Whether the role asks for session tags that the association disables.
pub fn lacks_tags(scene: Scene<'_>) -> bool {
    let disables = scene
        .identity()
        .is_some_and(|association| association.session_tags_disabled);
    let role = scene.account.identity_role.as_ref();
    let facts = role.and_then(|role| role.role.as_found());
    let asks = |trust: &Value| {
        let without = trusted(scene).map(|it| lets_in(trust, it, SessionTags::Disabled));
        let lets_in = without.is_some_and(|it| it.is_allowed());
        trust.to_string().contains("aws:RequestTag/") && !lets_in
    };
    disables && facts.is_some_and(|role| asks(&role.trust))
}

/// Holds where the target role lets the association's role in, with the association's external id; a
/// problem where it does not, or does not exist. Does not apply to an association without a target role.
pub fn target(scene: Scene<'_>) -> Verdict {
    let Some(association) = scene.identity() else {
        return Verdict::DoesNotApply;
    };
    let (Some(target), Some(role)) = (&association.target_role, &scene.account.target_role) else {
        return Verdict::DoesNotApply;
    };
    let missing = || no_target_role(scene, association, target).into();
    let facts = known!(role.role, missing());
    let external = association.external_id.as_deref();
    let request = |action: &str| {
        Request::new(action, Principal::Aws(association.role.to_string()), None)
            .with("sts:ExternalId", association.external_id.as_slice())
    };
    let admission = AssociationAdmission::of(&facts.trust, request);
    let lacking = admission.lacking();
    let Some((_, first)) = lacking.first() else {
        return Verdict::holds("target role", target.to_string());
    };
    let finding = Finding::problem("the target role does not let the association's role in")
        .because("target-trust")
        .with(
            format!("allowed to {}", association.role),
            ACTIONS.join(", "),
            allowed(lacking.len()),
        )
        .seen("external id of the association", external.unwrap_or("none"));
    let lines = first.lines().into_iter();
    let finding = lines.fold(finding, |finding, line| finding.seen("evaluation", line));
    let only = external.map(|id| format!(", where sts:ExternalId is {id}"));
    finding
        .fix(format!(
            "let {} in by the trust policy of {target}, with {}{}",
            association.role,
            ACTIONS.join(" and "),
            only.unwrap_or_default(),
        ))
        .into()
}

fn no_target_role(scene: Scene<'_>, association: &Association, target: &RoleArn) -> Finding {
    Finding::problem(format!("there is no target role {target}"))
        .because("no-target-role")
        .seen("association", &association.id)
        .fix(Fix::by(
            "create the role, or name another by its ARN",
            on_association(scene, "update", association).and("--target-role-arn ARN", &[]),
        ))
}
