//! What the token of a running pod proved at EKS.

use crate::diagnose::proof::{bad_signature, claim};
use crate::diagnose::{Finding, Scene, Verdict};
use crate::proof::{Assumption, Cause, RefusalKind, TokenRefusal};

/// Holds where EKS gave the role for the token of a running pod; a problem where it refuses the token or
/// gives another role, or the token itself is wrong. Does not apply where no token was tried.
pub fn accepted(scene: Scene<'_>) -> Verdict {
    let Some(proof) = &scene.account.identity_proof else {
        return Verdict::DoesNotApply;
    };
    let cause = match (proof.cause(), &proof.assumption) {
        (Some(cause), _) => cause,
        (None, Assumption::Assumed { arn, .. }) => {
            return Verdict::holds("assumed", arn.to_string());
        }
        (None, _) => return Verdict::DoesNotApply,
    };
    match cause {
        Cause::Claims(faults) => Verdict::of(faults.iter().map(claim).collect(), "token", ""),
        Cause::Signature(fault) => bad_signature(&fault).into(),
        Cause::Refused { refusal, .. } => refused(scene, &refusal).into(),
        Cause::OtherRole { got, wanted } => Finding::problem("its pods get another role")
            .because("other-role")
            .with("session of", wanted.to_string(), got.to_string())
            .fix(again(scene))
            .into(),
        Cause::NoToken { why, .. }
        | Cause::Unreachable { why, .. }
        | Cause::MayNotExchange(why)
        | Cause::SignatureUnknown(why) => Verdict::Unknown(why),
        // Without a running pod there is nothing to try with.
        _ => Verdict::DoesNotApply,
    }
}

fn refused(scene: Scene<'_>, refusal: &TokenRefusal) -> Finding {
    let finding = Finding::problem(format!("EKS refuses the token of a running pod: {refusal}"));
    match refusal.kind {
        RefusalKind::NotAuthorized => of_target(scene, finding)
            .because("not-authorized-by-eks")
            .fix(again(scene))
            .fix("else ask the administrators of the organisation: a service or resource control policy may deny sts:AssumeRole or sts:TagSession"),
        RefusalKind::NoAssociation => {
            let finding = finding.because("no-association").following(&[]);
            finding.fix(again(scene))
        },
        _ => finding.because("refused-by-eks").following(&[]),
    }
}

/// What nothing else tells: whether the association's role may assume the target role, and whether one of
/// another account lets it.
fn of_target(scene: Scene<'_>, finding: Finding) -> Finding {
    match scene.identity().and_then(|it| it.target_role.as_ref()) {
        Some(target) => finding.fix(format!(
            "let the association's role into {target}, and allow it sts:AssumeRole and sts:TagSession on that"
        )),
        None => finding,
    }
}

fn again(scene: Scene<'_>) -> crate::model::CommandLine {
    scene
        .irsactl("verify")
        .remark("in a minute, if the role or the association was just changed")
}
