//! The role and its provider, and what the role may do.

use super::{Finding, Scene, Severity, Verdict, known};
use crate::asked::{ProviderSpec, Refresh, Thumbprints};
use crate::model::{
    AUDIENCE_ANNOTATION, Audience, Cluster, CommandLine, Fix, Lookup, RoleArn, STACK_ID_TAG,
    Thumbprint,
};
use crate::plan::{Action, associate};
use crate::policy::openings::{Located, WidePermission, wide_permissions};
use crate::proof::{RefusalKind, SimulatedDecision};
use crate::world::{
    FoundStack, ObservedProvider, Phase, Reading, RoleHealth, StackState, is_of_eks,
};

impl<'a> Scene<'a> {
    pub(super) fn found_stack(&self) -> Option<&'a FoundStack> {
        match &self.account.observed.as_found()?.stack {
            StackState::Found(found) => Some(found),
            StackState::Absent => None,
        }
    }

    /// The role that the account's own stack made.
    pub(super) fn stack_role(&self) -> Option<&'a RoleArn> {
        self.found_stack()?.likely_role()
    }

    pub(super) fn role(&self) -> Option<(&'a RoleArn, &'a RoleHealth)> {
        Some((self.account.role_arn.as_ref()?, self.account.role.as_ref()?))
    }
}

/// Holds where the stack is ready, or gone. A problem where it is being deleted, or its creation or
/// deletion failed; a warning where an update failed, a note while an operation goes on. Does not apply
/// without a stack.
pub fn stack(scene: Scene<'_>) -> Verdict {
    let observed = known!(scene.account.observed, Verdict::DoesNotApply);
    let StackState::Found(found) = &observed.stack else {
        return Verdict::DoesNotApply;
    };
    let stack = &found.stack;
    let severity = match stack.phase() {
        Phase::Ready | Phase::Gone => {
            return Verdict::holds(stack.name.to_string(), stack.status.to_string());
        }
        Phase::UpdateFailed => Severity::Warning,
        Phase::Busy => Severity::Note,
        Phase::Deleting | Phase::Broken | Phase::DeleteFailed => Severity::Problem,
    };
    let text = format!("stack {} is {}", stack.name, stack.status);
    let mut finding = Finding::new(severity, text).because("stack-not-ready");
    if let Some(reason) = found.failure.as_ref().or(stack.reason.as_ref()) {
        finding = finding.seen("reason", reason);
    }
    match stack.phase() {
        Phase::Broken => finding.fix(
            scene
                .creation()
                .remark("replaces the failed stack; ARN: of a policy that allows what it needs"),
        ),
        Phase::UpdateFailed => finding.fix(
            scene
                .irsactl("update iamserviceaccount")
                .and("--approve", &[]),
        ),
        Phase::DeleteFailed => {
            let delete = scene.irsactl("delete iamserviceaccount");
            finding.fix(delete.and("--detach-foreign", &[]))
        }
        _ => finding,
    }
    .into()
}

/// Holds where there is a role of exactly this ARN; a problem where there is none, or where path or case
/// differ. Does not apply where no role is known.
pub fn exists(scene: Scene<'_>) -> Verdict {
    let Some((arn, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let role = known!(health.role, missing(scene, arn).into());
    if role.arn != *arn {
        let finding =
            Finding::problem("the annotated ARN is not that of the role: path or case differ")
                .because("other-path");
        let former = arn.to_string();
        return match &scene.account.name {
            Some(name) if scene.annotated() == Some(&former) => {
                super::object::mended(scene, name, finding, &role.arn, Some(&former))
            }
            _ => finding
                .with("role ARN", role.arn.to_string(), former)
                .fix(format!("use {}", role.arn)),
        }
        .into();
    }
    Verdict::holds("role", role.arn.to_string())
}

fn missing(scene: Scene<'_>, arn: &RoleArn) -> Finding {
    let finding = Finding::problem(format!("there is no role {}", arn.name()))
        .because("no-role")
        .seen("role", arn.to_string());
    match scene.stack_role() {
        _ if scene.account.name.is_none() => finding,
        Some(other) if other != arn => {
            finding.fix(super::object::take_over(scene).remark(format!("to {other}")))
        }
        // `delete` leaves an annotation of somebody else's where it is.
        None if scene.is_annotated_by_others() => {
            let creation = scene.irsactl("create iamserviceaccount").and(
                "--attach-policy-arn ARN --override-existing-serviceaccounts --approve",
                &[],
            );
            finding.fix(creation.remark("ARN: of a policy that allows what it needs"))
        }
        _ => finding
            .fix(scene.irsactl("delete iamserviceaccount"))
            .fix(scene.creation()),
    }
}

/// The provider's ARN in the account of the role.
fn provider_arn(scene: Scene<'_>) -> Option<String> {
    let cluster = scene.world.cluster.as_ref()?;
    let (arn, _) = scene.role()?;
    Some(cluster.issuer.provider_arn(arn.partition(), arn.account()))
}

/// Holds where the account of the role has a provider for the cluster's issuer; a problem where it has
/// none. Does not apply without a cluster or a role.
pub fn provider(scene: Scene<'_>) -> Verdict {
    let (Some(cluster), Some((arn, health))) = (&scene.world.cluster, scene.role()) else {
        return Verdict::DoesNotApply;
    };
    let missing = || no_provider(scene, cluster, arn).into();
    let found = known!(health.provider, missing());
    Verdict::holds("provider", &found.arn)
}

fn no_provider(scene: Scene<'_>, cluster: &Cluster, arn: &RoleArn) -> Finding {
    let wanted = provider_arn(scene).unwrap_or_default();
    let finding = Finding::problem(format!(
        "account {} has no IAM OIDC provider for the cluster's issuer",
        arn.account()
    ))
    .because("no-provider")
    .with("provider", &wanted, "none");
    if arn.account() != cluster.account {
        return finding.fix(associate_elsewhere(cluster, arn));
    }
    let finding = finding.fix(CommandLine::of(
        "irsactl associate-oidc-provider --cluster {} --approve",
        &[&cluster.name],
    ));
    if !scene.may_change(arn) {
        return finding;
    }
    let audience = if scene.may_admit(scene.audience()) {
        audience(scene)
    } else {
        Audience::default()
    };
    let spec = ProviderSpec {
        audiences: vec![audience],
        thumbprints: Thumbprints::Read,
        refresh: Refresh::Told,
    };
    let observed = ObservedProvider {
        provider: None,
        reading: scene.world.reading.as_found().cloned(),
    };
    let track = associate::plan(&spec, cluster, &observed);
    let actions = track.actions.into_iter();
    actions.fold(finding, Finding::mended_by)
}

/// Makes the provider in the account of the role.
pub(super) fn associate_elsewhere(cluster: &Cluster, role: &RoleArn) -> CommandLine {
    CommandLine::of(
        "irsactl associate-oidc-provider --cluster {} --issuer-url {} --approve --profile PROFILE",
        &[&cluster.name, &cluster.issuer],
    )
    .remark(format!("PROFILE: one of account {}", role.account()))
}

fn audience(scene: Scene<'_>) -> Audience {
    scene.audience().parse().unwrap_or_default()
}

/// Holds where the provider takes the audience of the pods' tokens; a problem where it does not. Does not
/// apply without a provider.
pub fn audience_known(scene: Scene<'_>) -> Verdict {
    let (Some((arn, _)), Some(provider)) = (scene.role(), scene.provider()) else {
        return Verdict::DoesNotApply;
    };
    let wanted = scene.audience();
    let known = provider.audiences.join(", ");
    if provider.audiences.iter().any(|audience| audience == wanted) {
        return Verdict::holds("audiences", known);
    }
    let finding = Finding::problem(format!(
        "the provider does not know the audience \"{wanted}\" of the pods' tokens"
    ))
    .because("unknown-audience")
    .with("audiences", wanted, known);
    // A mistyped one is not made known.
    if scene.is_mistyped(wanted) {
        return finding.fix(usual_audience(scene)).into();
    }
    let addition = CommandLine::of(
        "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {} --client-id {}",
        &[&provider.arn, &wanted],
    );
    if !scene.may_admit(wanted) {
        return asked_by_annotation(scene, finding, addition).into();
    }
    let finding = finding.fix(addition);
    if !scene.may_change(arn) {
        return finding.into();
    }
    finding
        .mended_by(Action::AddAudience {
            provider: provider.arn.clone(),
            audience: audience(scene),
        })
        .into()
}

/// Whoever may edit the service account says which audience its tokens have, and the provider is all roles'.
fn asked_by_annotation(scene: Scene<'_>, finding: Finding, addition: CommandLine) -> Finding {
    let finding = match without_audience(scene) {
        Some(removal) => finding.fix(removal.remark("its tokens are for sts.amazonaws.com then")),
        None => finding,
    };
    finding.fix(addition.remark(super::authority::FOR_THAT_AUDIENCE))
}

fn usual_audience(scene: Scene<'_>) -> Fix {
    match without_audience(scene) {
        Some(removal) => removal
            .remark("it is sts.amazonaws.com in every partition")
            .into(),
        None => Fix::from("the audience is sts.amazonaws.com in every partition"),
    }
}

/// Takes off the annotation that says the audience. `None`: there is none, or another default than EKS's.
fn without_audience(scene: Scene<'_>) -> Option<CommandLine> {
    let (object, _) = scene.found_object()?;
    let name = scene.account.name.as_ref()?;
    let is_said = object.annotations.contains_key(AUDIENCE_ANNOTATION);
    let is_of_eks = scene.world.cluster.as_ref().is_none_or(is_of_eks);
    (is_said && is_of_eks).then(|| {
        CommandLine::of(
            "kubectl annotate serviceaccount {} --namespace {} {}-",
            &[&name.name, &name.namespace, &AUDIENCE_ANNOTATION],
        )
    })
}

/// Holds where one of the thumbprints is of the issuer's chain, or there is nothing to compare. A problem
/// where STS refused it; a warning where it is malformed, or another than that of an issuer that is not
/// EKS's; a note where it is another than EKS's. Does not apply without a provider.
pub fn thumbprint(scene: Scene<'_>) -> Verdict {
    let (Some(cluster), Some((_, health))) = (&scene.world.cluster, scene.role()) else {
        return Verdict::DoesNotApply;
    };
    let Some(provider) = health.provider.as_found() else {
        return Verdict::DoesNotApply;
    };
    let all = &provider.thumbprints;
    let bad = all.iter().find(|text| text.parse::<Thumbprint>().is_err());
    if let Some(bad) = bad {
        return Finding::warning("the provider has a thumbprint that is none")
            .because("malformed-thumbprint")
            .with("thumbprint", "40 hexadecimal digits", bad)
            .fix(refresh(cluster))
            .into();
    }
    let reading = scene.world.reading.as_found();
    let read = reading.and_then(Reading::thumbprints);
    if scene.refusal() == Some(RefusalKind::ThumbprintMismatch) {
        return thumbprint_mismatch(cluster, all, read.is_some()).into();
    }
    let is_known = |read: &Thumbprint| all.iter().any(|has| has == read.as_str());
    match read {
        Some(read) if !all.is_empty() && !read.iter().any(is_known) => {
            other_thumbprint(cluster, all, &read).into()
        }
        _ => Verdict::holds("thumbprints", all.join(", ")),
    }
}

fn thumbprint_mismatch(cluster: &Cluster, all: &[String], is_read: bool) -> Finding {
    let refresh = refresh(cluster);
    Finding::problem(
        "AWS does not trust the authority of the issuer's certificate, and the provider's thumbprint is another",
    )
    .because("thumbprint-mismatch")
    .seen("thumbprints", all.join(", "))
    .fix(if is_read {
        refresh
    } else {
        // A chain that is not trusted here either is not taken over unseen.
        refresh
            .and("--thumbprint HEX", &[])
            .remark("HEX: SHA-1 of the issuer's top certificate")
    })
}

fn refresh(cluster: &Cluster) -> CommandLine {
    CommandLine::of(
        "irsactl associate-oidc-provider --cluster {} --refresh-thumbprint --approve",
        &[&cluster.name],
    )
}

fn other_thumbprint(cluster: &Cluster, all: &[String], read: &[Thumbprint]) -> Finding {
    let read: Vec<&str> = read.iter().map(Thumbprint::as_str).collect();
    let finding = if cluster.issuer.is_eks() {
        Finding::note(
            "the provider has another thumbprint than the issuer's today; AWS trusts the issuer's authority without it",
        )
    } else {
        Finding::warning(
            "the provider has another thumbprint than the issuer's chain: where AWS does not trust its authority, tokens are refused",
        )
    };
    finding
        .because("other-thumbprint")
        .with("thumbprint", read.join(", "), all.join(", "))
        .fix(refresh(cluster))
}

/// Holds where the role has policies, and none is gone or too wide. A problem where its boundary is gone;
/// a warning without policies, for one that is gone, and for one that allows all or nearly; a note for
/// one that allows a whole service. Does not apply without a role.
pub fn policies(scene: Scene<'_>) -> Verdict {
    let Some((arn, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let policies = known!(health.policies, Verdict::DoesNotApply);
    if policies.managed.is_empty() && policies.inline.is_empty() {
        return no_permissions(scene, arn).into();
    }
    let documents = health.documents.iter();
    let managed = documents
        .clone()
        .filter_map(|(arn, document)| Some((arn.to_string(), document.as_found()?)));
    let inline = policies.inline.iter();
    let inline = inline.map(|(name, document)| (name.clone(), document));
    let mut found = Vec::new();
    for (policy, document) in managed.chain(inline) {
        let wide = wide_permissions(document).into_iter();
        found.extend(wide.map(|wide| too_wide(&policy, wide)));
    }
    let gone = documents.filter(|(_, document)| **document == Lookup::Missing);
    found.extend(gone.map(|(policy, _)| {
        Finding::warning(format!("the attached policy {policy} cannot be found"))
            .because("policy-gone")
    }));
    if health.boundary == Some(Lookup::Missing) {
        found.push(boundary_gone(scene));
    }
    let unread = health.documents.values().chain(&health.boundary);
    let why = unread.filter_map(Lookup::unknown).next();
    if let (true, Some(why)) = (found.is_empty(), why) {
        return Verdict::Unknown(why.to_owned());
    }
    let told = format!(
        "{} managed, {} inline",
        policies.managed.len(),
        policies.inline.len()
    );
    Verdict::of(found, "policies", told)
}

fn no_permissions(scene: Scene<'_>, arn: &RoleArn) -> Finding {
    let finding = Finding::warning(format!(
        "role {} has no policies: it may do nothing",
        arn.name()
    ))
    .because("no-permissions");
    let facts = scene.role().and_then(|(_, health)| health.role.as_found());
    let is_of_stack = facts.is_some_and(|it| it.tags.contains_key(STACK_ID_TAG));
    let addition = || {
        let command = if is_of_stack || scene.stack_role() == Some(arn) {
            scene
                .irsactl("update iamserviceaccount")
                .and("--add-policy-arn ARN --approve", &[])
        } else {
            CommandLine::of(
                "aws iam attach-role-policy --role-name {} --policy-arn ARN",
                &[&arn.name()],
            )
        };
        command.remark("ARN: of a policy that allows what it needs")
    };
    // Those that were taken away by hand need no other one.
    let given_back = scene.policies_given_back();
    finding.fix(given_back.unwrap_or_else(addition))
}

fn too_wide(policy: &str, wide: Located<WidePermission>) -> Finding {
    let (severity, text) = match wide.kind {
        WidePermission::Everything => (Severity::Warning, "allows everything"),
        WidePermission::EverythingBut => (Severity::Warning, "allows all but some actions"),
        WidePermission::WholeService => (Severity::Note, "allows a whole service"),
    };
    let text = format!("the policy {policy} {text} on all resources");
    Finding::new(severity, text)
        .because("wide-permissions")
        .seen(format!("Statement[{}]", wide.statement), wide.found)
}

fn boundary_gone(scene: Scene<'_>) -> Finding {
    let update = scene.irsactl("update iamserviceaccount");
    Finding::problem("the role's permissions boundary does not exist: nothing is allowed")
        .because("boundary-gone")
        .fix(update.and("--no-permissions-boundary --approve", &[]))
}

/// Holds where the simulator allows all that `--can` names; a problem for each that it denies, unknown
/// where that depends on what it does not know. Does not apply without `--can`.
pub fn permissions(scene: Scene<'_>) -> Verdict {
    let asked = &scene.account.simulated;
    if asked.is_empty() {
        return Verdict::DoesNotApply;
    }
    let mut found = Vec::new();
    let mut unknown = None;
    for one in asked {
        let permission = &one.permission;
        match &one.decision {
            SimulatedDecision::Allowed => {}
            SimulatedDecision::Unknown { why } => unknown = unknown.or(Some(why.clone())),
            SimulatedDecision::Depends { .. } => {
                let why = format!("whether the role may {permission} {}", one.reason());
                unknown = unknown.or(Some(why));
            }
            SimulatedDecision::Denied { .. } => found.push(
                Finding::problem(format!("the role may not {permission}"))
                    .because("not-allowed")
                    .with(&permission.action, "allowed", one.reason())
                    .fix(
                        scene
                            .irsactl("update iamserviceaccount")
                            .and("--policy-document FILE --approve", &[])
                            .remark(format!("FILE: a policy that allows {}", permission.action)),
                    ),
            ),
        }
    }
    if let (true, Some(why)) = (found.is_empty(), unknown) {
        return Verdict::Unknown(why);
    }
    let actions: Vec<String> = asked.iter().map(|one| one.permission.to_string()).collect();
    Verdict::of(found, "allowed", actions.join(", "))
}

/// Holds where the role was used, or is younger than a day; else a note. Does not apply without a role.
pub fn used(scene: Scene<'_>) -> Verdict {
    let Some((_, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let Some(role) = health.role.as_found() else {
        return Verdict::DoesNotApply;
    };
    match &role.history.last_used {
        Some(last) => Verdict::holds(
            "last used",
            format!("{} in {}", crate::token::utc(last.at), last.region),
        ),
        None if scene.world.now - role.history.created < 24 * 60 * 60 => {
            Verdict::holds("last used", "never; it is younger than a day")
        }
        None => Finding::note("the role was never used: its pods, if any, go by other credentials")
            .because("never-used")
            .seen("created", crate::token::utc(role.history.created))
            .into(),
    }
}
