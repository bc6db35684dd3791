//! What a real token proved, what CloudTrail recorded, and the lines of a screen on which all is well.

use super::{Evidence, Finding, Scene, Severity, Verdict, known};
use crate::model::{
    Arn, CommandLine, Fix, Lookup, RoleArn, ServiceAccountName, issuer_of_provider,
};
use crate::policy::evaluate::{Decision, Request, evaluate};
use crate::proof::{Assumption, Proof, RefusalKind, Signature, TokenRefusal};
use crate::token::{ClaimFault, SignatureFault, utc};
use crate::world::{Association, LastUse, RecordedFailure, RoleFacts};

/// What a refusal without a reason can come of: STS found the provider, and liked the token.
const OF_AUTHORIZATION: &[&str] = &["role-annotation", "role-exists", "trust-policy"];

impl Scene<'_> {
    /// Why STS refused the real token.
    pub(super) fn refusal(&self) -> Option<RefusalKind> {
        match &self.account.proof.as_ref()?.assumption {
            Assumption::Refused { refusal, .. } => Some(refusal.kind),
            Assumption::Assumed { .. }
            | Assumption::OtherRole { .. }
            | Assumption::Unreachable { .. }
            | Assumption::NotAllowed { .. }
            | Assumption::NotTried => None,
        }
    }

    /// Whether STS took the real token.
    pub(super) fn is_accepted(&self) -> bool {
        let proof = self.account.proof.as_ref();
        proof.is_some_and(|proof| matches!(proof.assumption, Assumption::Assumed { .. }))
    }
}

/// For so long after a change IAM may not know it everywhere, in seconds.
const PROPAGATION: i64 = 120;

/// Holds where the token that Kubernetes issued has the right claims, and the issuer's keys verify it; a
/// problem for each thing that is wrong. Does not apply where none was asked for.
pub fn token(scene: Scene<'_>) -> Verdict {
    let Some(proof) = &scene.account.proof else {
        return Verdict::DoesNotApply;
    };
    let token = known!(proof.token, Verdict::DoesNotApply);
    let mut found: Vec<Finding> = proof.claim_faults.iter().map(claim).collect();
    match &proof.signature {
        Signature::Fault { fault } => found.push(bad_signature(fault)),
        Signature::Unknown { why } if found.is_empty() => {
            return Verdict::Unknown(format!("the token's signature cannot be checked: {why}"));
        }
        Signature::Verified { .. } | Signature::Unknown { .. } => {}
    }
    let claims = &token.claims;
    let told = format!("{} for {}", claims.subject, claims.audiences.join(", "));
    Verdict::of(found, "token", told)
}

pub(super) fn bad_signature(fault: &SignatureFault) -> Finding {
    Finding::problem(format!("the token's signature does not hold: {fault}"))
        .because("bad-signature")
        .fix("publish the cluster's present keys at the issuer; on EKS ask AWS Support")
}

pub(super) fn claim(fault: &ClaimFault) -> Finding {
    let finding = Finding::problem(format!("the cluster's tokens do not fit: {fault}"));
    match fault {
        ClaimFault::Issuer { wanted, got } => finding
            .because("other-issuer")
            .with("iss", wanted, got)
            .fix("the API server's --service-account-issuer must be the issuer that IAM knows"),
        ClaimFault::Subject { wanted, got } => {
            finding.because("other-subject").with("sub", wanted, got)
        }
        ClaimFault::Audience { wanted, got } => {
            finding
                .because("other-audience")
                .with("aud", wanted, got.join(", "))
        }
        ClaimFault::Pod { wanted, got } => {
            finding
                .because("other-pod")
                .with("pod", wanted, got.as_deref().unwrap_or("none"))
        }
        ClaimFault::Expired { expires_at, now } => finding
            .because("expired-token")
            .with("exp", format!("after {}", utc(*now)), utc(*expires_at))
            .fix(compare_clocks()),
        ClaimFault::NotYetValid { valid_from, now } => finding
            .because("clock-skew")
            .with("nbf", format!("before {}", utc(*now)), utc(*valid_from))
            .fix(compare_clocks()),
    }
}

/// Holds where STS gave the role for a real token; a problem where it refuses it, a note where it may
/// refuse only from here. Unknown where it cannot be asked; does not apply where no token was tried.
pub fn accepted(scene: Scene<'_>) -> Verdict {
    let (Some(proof), Some(role)) = (&scene.account.proof, &scene.account.role_arn) else {
        return Verdict::DoesNotApply;
    };
    match &proof.assumption {
        Assumption::Assumed { arn, .. } => Verdict::holds("assumed", arn.to_string()),
        Assumption::NotTried => match &proof.token {
            Lookup::Unknown(why) => Verdict::Unknown(why.clone()),
            Lookup::Found(_) | Lookup::Missing => Verdict::DoesNotApply,
        },
        Assumption::Unreachable { why, .. } | Assumption::NotAllowed { why } => {
            Verdict::Unknown(why.clone())
        }
        // STS gives the role that it is asked for.
        Assumption::OtherRole { arn, .. } => Verdict::Unknown(format!("it is {arn}")),
        Assumption::Refused { refusal, .. } => refused(scene, proof, role, refusal).into(),
    }
}

/// A refusal in words, with what it is most likely about where no other check has found anything.
fn refused(scene: Scene<'_>, proof: &Proof, role: &RoleArn, refusal: &TokenRefusal) -> Finding {
    let finding = Finding::problem(format!("STS refuses the token: {refusal}"))
        .seen("role", role.to_string())
        .following(explained_by(refusal.kind));
    match refusal.kind {
        RefusalKind::NotAuthorized => not_authorized(scene, proof, refusal, finding),
        RefusalKind::NoProvider => finding.because("no-provider").fix(associate(scene, "--approve")),
        RefusalKind::WrongAudience => finding.because("unknown-audience"),
        RefusalKind::ThumbprintMismatch => finding
            .because("thumbprint-mismatch")
            .fix(associate(scene, "--refresh-thumbprint --approve")),
        RefusalKind::NoKeys => finding
            .because("no-verification-key")
            .fix("AWS must reach the issuer's discovery document and keys over the public internet, within seconds"),
        RefusalKind::MissingClaim => finding
            .because("missing-claim")
            .fix("the token is no projected one: pods must use the volume aws-iam-token, and not the Secret of the service account"),
        RefusalKind::BadSignature => finding
            .because("bad-signature")
            .fix("the issuer's published keys are not those of the cluster: publish its present ones"),
        RefusalKind::Expired => finding.because("expired-token").fix(compare_clocks()),
        RefusalKind::IdpUnreachable => finding.because("issuer-unreachable").fix("run the same command again in a minute"),
        RefusalKind::IdpRejected => finding.because("rejected-claim"),
        RefusalKind::InvalidArn => finding.because("malformed-arn"),
        RefusalKind::DurationTooLong => finding.because("duration-too-long"),
        RefusalKind::RegionDisabled => finding
            .because("region-disabled")
            .fix(CommandLine::of("aws account enable-region --region-name {}", &[&scene.world.region])),
        RefusalKind::Throttled => finding
            .because("throttled")
            .fix("sessions must be cached: an SDK client for each request asks STS each time"),
        RefusalKind::PackedPolicyTooLarge => finding.because("packed-policy-too-large"),
        // Associations are EKS's.
        RefusalKind::NoAssociation | RefusalKind::Other => finding.because("other-refusal"),
    }
}

fn associate(scene: Scene<'_>, flags: &str) -> CommandLine {
    let name = scene
        .world
        .cluster
        .as_ref()
        .map(|cluster| cluster.name.to_string());
    CommandLine::of(
        "irsactl associate-oidc-provider --cluster {}",
        &[&name.unwrap_or_default()],
    )
    .and(flags, &[])
}

fn compare_clocks() -> Fix {
    Fix::by("compare the clocks", "date -u").and(" here and on the API server's machines")
}

/// The checks whose failures lead to such a refusal, by the order in which STS looks.
fn explained_by(kind: RefusalKind) -> &'static [&'static str] {
    match kind {
        RefusalKind::NotAuthorized => OF_AUTHORIZATION,
        RefusalKind::NoProvider => &["role-annotation", "provider", "trust-accounts"],
        RefusalKind::WrongAudience => &["provider-audience"],
        RefusalKind::ThumbprintMismatch => &["provider-thumbprint"],
        RefusalKind::NoKeys => &["cluster", "discovery", "signing-keys", "token"],
        RefusalKind::MissingClaim
        | RefusalKind::BadSignature
        | RefusalKind::Expired
        | RefusalKind::IdpRejected => &["token", "signing-keys"],
        RefusalKind::IdpUnreachable => &["discovery"],
        RefusalKind::InvalidArn => &["role-annotation"],
        RefusalKind::RegionDisabled => &["sts-region"],
        RefusalKind::DurationTooLong
        | RefusalKind::NoAssociation
        | RefusalKind::Throttled
        | RefusalKind::PackedPolicyTooLarge
        | RefusalKind::Other => &[],
    }
}

/// STS gives no reason. Where the trust policy lets the token in, what is left stands outside of it.
fn not_authorized(
    scene: Scene<'_>,
    proof: &Proof,
    refusal: &TokenRefusal,
    finding: Finding,
) -> Finding {
    let Some(health) = scene.account.role.as_ref() else {
        return finding.because("not-authorized");
    };
    let Some(facts) = health.role.as_found() else {
        let finding = finding.because("not-authorized");
        let arn = scene.account.role_arn.as_ref();
        return match arn.filter(|_| health.role != Lookup::Missing) {
            Some(arn) => finding.fix(look_at_role(scene, arn)),
            None => finding,
        };
    };
    if let Some(Decision::Depends { keys, .. }) = scene.trust_decision() {
        return Finding {
            severity: Severity::Note,
            text: format!(
                "STS refuses the token from here, where {} may be another than the pods'",
                keys.join(" and ")
            ),
            ..finding
        }
        .because("condition-on-call");
    }
    if trusted(scene, proof).unwrap_or(false) {
        beyond_the_trust(scene, facts, refusal, finding)
    } else {
        finding.because("not-authorized")
    }
}

/// What refuses a token that the role trusts.
fn beyond_the_trust(
    scene: Scene<'_>,
    facts: &RoleFacts,
    refusal: &TokenRefusal,
    finding: Finding,
) -> Finding {
    let verify = scene.irsactl("verify");
    if scene.world.now - facts.history.created < PROPAGATION {
        return finding
            .because("propagation")
            .seen("role created", utc(facts.history.created))
            .fix(verify.remark("in a minute: not all of IAM may know the role yet"));
    }
    Finding {
        text: "STS refuses the token, though all that can be seen lets it in".to_owned(),
        ..finding
    }
    .because("organisation-policy")
    .seen("STS", refusal.to_string())
    .fix(verify.remark("in a minute, if the role or its trust was just changed"))
    .fix("else ask the administrators of the organisation: a service or resource control policy may deny sts:AssumeRoleWithWebIdentity")
}

fn look_at_role(scene: Scene<'_>, arn: &RoleArn) -> CommandLine {
    let look = scene.irsactl("doctor");
    look.and("--role-profile PROFILE", &[]).remark(format!(
        "looks at the role, which must exist and trust the service account; PROFILE: one of account {}",
        arn.account()
    ))
}

/// Whether the trust policy lets the very token in.
fn trusted(scene: Scene<'_>, proof: &Proof) -> Option<bool> {
    let cluster = scene.world.cluster.as_ref()?;
    let (arn, health) = scene.role()?;
    let facts = health.role.as_found()?;
    let claims = &proof.token.as_found()?.claims;
    let request = Request::web_identity(
        &cluster.issuer.provider_arn(arn.partition(), arn.account()),
        cluster.issuer.host_and_path(),
        &claims.subject,
        &claims.audiences,
    );
    Some(evaluate(&facts.trust, &request).is_allowed())
}

/// Holds where CloudTrail has no failed attempt by a token of this cluster since the role was last used;
/// else up to five findings, one for each code and subject. Does not apply without a role.
pub fn recorded(scene: Scene<'_>) -> Verdict {
    let Some((_, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let failures = known!(health.failures, Verdict::DoesNotApply);
    let last_use = health
        .role
        .as_found()
        .and_then(|role| role.history.last_used.as_ref());
    // What failed before the role last worked is history.
    let is_recent =
        |failure: &&RecordedFailure| last_use.is_none_or(|last: &LastUse| failure.at > last.at);
    let mut told: Vec<&RecordedFailure> = Vec::new();
    let is_ours = |failure: &&RecordedFailure| is_of_cluster(scene, failure);
    for failure in failures.iter().filter(is_recent).filter(is_ours) {
        let same = |other: &&RecordedFailure| {
            (&other.code, &other.subject) == (&failure.code, &failure.subject)
        };
        if !told.iter().any(same) {
            told.push(failure);
        }
    }
    let accepts = scene.is_accepted();
    let found = told
        .into_iter()
        .take(5)
        .map(|failure| recorded_failure(scene, failure, accepts));
    Verdict::of(
        found.collect(),
        "CloudTrail",
        "no failed attempt since it last worked",
    )
}

/// Whether the token was one of this cluster: its issuer's provider is named, or none is.
fn is_of_cluster(scene: Scene<'_>, failure: &RecordedFailure) -> bool {
    let (Some(cluster), Some(provider)) = (&scene.world.cluster, &failure.provider) else {
        return true;
    };
    let issuer = issuer_of_provider(provider).unwrap_or(provider);
    issuer == cluster.issuer.host_and_path()
}

fn recorded_failure(scene: Scene<'_>, failure: &RecordedFailure, accepts: bool) -> Finding {
    let known = known_failure(failure);
    let (cause, meaning) = known.unwrap_or(("recorded-failure", "a pod was refused"));
    let kind = RefusalKind::of(&failure.code, &failure.message);
    let subject = failure.subject.as_deref().unwrap_or("not told");
    let own = scene.account.name.as_ref();
    let own = own.map(ServiceAccountName::subject);
    let is_same = own.as_deref() == failure.subject.as_deref();
    let severity = if accepts && is_same && known.is_none() {
        Severity::Note
    } else {
        Severity::Warning
    };
    let text = format!("{meaning} ({}: {})", failure.code, failure.message);
    let at = format!("{} in {}", utc(failure.at), failure.region);
    let finding = Finding::new(severity, text).because(cause).seen("at", at);
    let finding = match &own {
        Some(own) if own != subject => finding.with("sub", own, subject),
        _ => finding.seen("sub", subject),
    };
    // Refused for the same reason as the token that was tried here, or for one of its own.
    let finding = finding.following(match known {
        None if own.is_some() && is_same => explained_by(kind),
        _ => &[],
    });
    match kind {
        RefusalKind::DurationTooLong => finding.fix(
            scene
                .irsactl("update iamserviceaccount")
                .and("--max-session-duration 43200 --approve", &[]),
        ),
        _ => finding,
    }
}

/// What the pod did wrong, by a cause and in words.
fn known_failure(failure: &RecordedFailure) -> Option<(&'static str, &'static str)> {
    let code = failure.code.as_str();
    let known = match code.strip_suffix("Exception").unwrap_or(code) {
        "ExpiredToken" => (
            "expired-token",
            "a pod sent an expired token: it reads the file once, or its clock is wrong",
        ),
        "Throttling" | "Throttled" => (
            "throttled",
            "STS throttled a pod: it asks for a session again and again",
        ),
        "ValidationError" if failure.message.contains("DurationSeconds") => (
            "duration-too-long",
            "a pod asked for a longer session than the role allows",
        ),
        "PackedPolicyTooLarge" => (
            "packed-policy-too-large",
            "the session's policies and tags are too large together",
        ),
        "SignatureDoesNotMatch" => (
            "global-endpoint",
            "a call was signed for another region than its endpoint's",
        ),
        "InvalidIdentityToken" if failure.message.contains("JWT") => (
            "not-a-token",
            "a pod sent what is no token: AWS_WEB_IDENTITY_TOKEN_FILE names another file",
        ),
        _ => return None,
    };
    Some(known)
}

/// What is worth a line where all is well.
pub fn summary(scene: Scene<'_>) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let mut tell = |of: &str, found: String| {
        lines.push(Evidence {
            of: of.to_owned(),
            wanted: None,
            found,
        });
    };
    if let Some(association) = scene.identity() {
        let Association { id, role, .. } = association;
        tell("role", format!("{role}, by Pod Identity association {id}"));
    } else if let Some(role) = &scene.account.role_arn
        && scene.account.name.is_some()
    {
        tell("role", role.to_string());
    }
    if let Some(arn) = assumed(scene.account.proof.as_ref()) {
        tell("proved", format!("STS accepts its token: {arn}"));
    }
    if let Some(arn) = assumed(scene.account.identity_proof.as_ref()) {
        tell("proved", format!("EKS accepts a pod's token: {arn}"));
    }
    let pods = scene.object().and_then(|object| object.pods.as_found());
    if let Some(pods) = pods {
        let alive = pods.iter().filter(|pod| pod.is_alive()).count();
        let told = match alive {
            0 => "none runs".to_owned(),
            count => count.to_string(),
        };
        tell("pods", told);
    }
    lines
}

fn assumed(proof: Option<&Proof>) -> Option<&Arn> {
    match &proof?.assumption {
        Assumption::Assumed { arn, .. } => Some(arn),
        _ => None,
    }
}
