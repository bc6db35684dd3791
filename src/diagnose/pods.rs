//! The pods: whether each container got what the webhook gives, and what outdoes it. Pods of one
//! workload that lack the same are told once.

use std::collections::BTreeMap;

use super::{Finding, Scene, Verdict, known};
use crate::model::{CommandLine, Fix, Lookup, Workload, WorkloadKind};
use crate::world::{Pod, ROLE_VARIABLE, SKIP_ANNOTATION, SKIP_LABEL, TOKEN_VARIABLE, TOKEN_VOLUME};

mod settings;

pub use settings::{
    automount, host_network, proxy, region, sdk_version, static_keys, token_readable, windows,
};

/// What stands before the webhook's own, in the words of a fix.
pub const ROLE_VARIABLES: &str = "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE";

impl<'a> Scene<'a> {
    /// The pods that run, or are about to.
    fn pods(&self) -> Option<Vec<&'a Pod>> {
        let pods = self.object()?.pods.as_found()?;
        Some(pods.iter().filter(|pod| pod.is_alive()).collect())
    }
}

/// What a judge says of each pod, told once for all pods of a workload that it says the same of.
fn judge(scene: Scene<'_>, holds: &str, mut each: impl FnMut(&Pod) -> Option<Finding>) -> Verdict {
    let Some(object) = scene.object() else {
        return Verdict::DoesNotApply;
    };
    let _ = known!(object.pods, Verdict::DoesNotApply);
    let pods = scene.pods().unwrap_or_default();
    if pods.is_empty() {
        return Verdict::DoesNotApply;
    }
    let mut told: BTreeMap<(&Workload, String), (Finding, Vec<&str>)> = BTreeMap::new();
    for pod in &pods {
        if let Some(finding) = each(pod) {
            let key = (&pod.owner, finding.text.clone());
            told.entry(key)
                .or_insert((finding, Vec::new()))
                .1
                .push(&pod.name);
        }
    }
    let found = told.into_iter().map(|((owner, _), (mut finding, names))| {
        finding.text = format!("{owner}: {}", finding.text);
        finding = finding.of(owner);
        if owner.kind != WorkloadKind::Pod {
            finding = finding.seen("pods", some(&names));
        }
        finding
    });
    Verdict::of(found.collect(), holds, format!("{} pods", pods.len()))
}

/// The first three of many names.
fn some(names: &[&str]) -> String {
    match names.len() {
        0..=3 => names.join(", "),
        count => format!("{} and {} more", names[..3].join(", "), count - 3),
    }
}

/// How a workload gets new pods.
pub fn restart(owner: &Workload) -> Fix {
    let Workload {
        kind,
        namespace,
        name,
    } = owner;
    match kind {
        WorkloadKind::Rollout => CommandLine::of(
            "kubectl argo rollouts restart {} --namespace {}",
            &[name, namespace],
        )
        .into(),
        kind if kind.can_restart() => CommandLine::of(
            "kubectl rollout restart {}/{} --namespace {}",
            &[&kind.word(), name, namespace],
        )
        .into(),
        WorkloadKind::Pod => {
            CommandLine::of("kubectl delete pod {} --namespace {}", &[name, namespace])
                .remark("and create it again")
                .into()
        }
        kind => format!(
            "create {} {namespace}/{name} again: it makes no new pods by itself",
            kind.word()
        )
        .into(),
    }
}

/// Holds where all pods run as the service account; a problem where they run as another. Does not apply
/// without pods.
pub fn service_account(scene: Scene<'_>) -> Verdict {
    let Some(name) = &scene.account.name else {
        return Verdict::DoesNotApply;
    };
    judge(scene, "run as the service account", |pod| {
        if pod.service_account == name.name {
            return None;
        }
        let is_default = pod.service_account == "default";
        let cause = if is_default {
            "default-service-account"
        } else {
            "other-service-account"
        };
        Some(
            Finding::problem(format!(
                "its pods run as service account {}",
                pod.service_account
            ))
            .because(cause)
            .with("serviceAccountName", &name.name, &pod.service_account)
            .fix(run_as(&pod.owner, &name.name)),
        )
    })
}

/// How the pods of a workload get another service account: kubectl sets that of Kubernetes' own kinds.
fn run_as(owner: &Workload, account: &str) -> Fix {
    use WorkloadKind::{DaemonSet, Deployment, StatefulSet};
    match owner.kind {
        Deployment | StatefulSet | DaemonSet => CommandLine::of(
            "kubectl set serviceaccount {}/{} {} --namespace {}",
            &[&owner.kind.word(), &owner.name, &account, &owner.namespace],
        )
        .into(),
        _ => with(owner, &format!("serviceAccountName: {account}")),
    }
}

/// Holds where nothing keeps the webhook from the pods. A problem where a label does; of the annotation
/// that names containers to skip a warning where blanks are in it, else a note. Does not apply without
/// pods.
pub fn skipped(scene: Scene<'_>) -> Verdict {
    judge(scene, "not skipped", |pod| {
        if pod.is_skipped() {
            return Some(
                Finding::problem("a label keeps the webhook from its pods")
                    .because("skip-label")
                    .with("label", "none", SKIP_LABEL)
                    .fix(without_label(&pod.owner)),
            );
        }
        let names = pod.annotations.get(SKIP_ANNOTATION)?;
        if let Some(fixed) = misread(names) {
            return Some(
                Finding::warning(
                    "blanks in its annotation: the webhook takes them for parts of the names, and skips no such container",
                )
                .because("skipped-containers-blanks")
                .with(SKIP_ANNOTATION, &fixed, names)
                .fix(with(&pod.owner, &format!("{SKIP_ANNOTATION}: {fixed}"))),
            );
        }
        Some(
            Finding::note("some of its containers are left without the role on purpose")
                .because("skipped-containers")
                .seen(SKIP_ANNOTATION, names),
        )
    })
}

/// A list of containers without its blanks, which the webhook does not take away.
fn misread(names: &str) -> Option<String> {
    let fixed: Vec<&str> = names.split(',').map(str::trim).collect();
    let fixed = fixed.join(",");
    (fixed != names).then_some(fixed)
}

/// How the pods of a workload come to be without something: a pod by itself has no template.
pub fn without(owner: &Workload, what: &str) -> Fix {
    match owner.kind {
        WorkloadKind::Pod => format!("create {owner} again without {what}").into(),
        _ => format!("take {what} out of {owner}'s template").into(),
    }
}

/// The same of something that they are to have.
pub fn with(owner: &Workload, what: &str) -> Fix {
    match owner.kind {
        WorkloadKind::Pod => format!("create {owner} again with {what}").into(),
        _ => format!("set {what} in {owner}'s template").into(),
    }
}

/// How pods lose the label that keeps the webhook away.
fn without_label(owner: &Workload) -> Fix {
    let command = owner.without_template_label(SKIP_LABEL);
    match command {
        Some(command) => command.into(),
        None => without(owner, &format!("the label {SKIP_LABEL}")),
    }
}

/// Holds where no pod lacks the annotated role for being older than the annotation; a problem where one
/// does, and new pods would have it. Does not apply without an annotation, nor where it is not known when
/// that was set.
pub fn age(scene: Scene<'_>) -> Verdict {
    let set = scene
        .found_object()
        .and_then(|(_, history)| history.role_set.clone());
    let (Some((_, set)), Some(role)) = (set, scene.annotated()) else {
        return Verdict::DoesNotApply;
    };
    judge(scene, "younger than the annotation", |pod| {
        let mut all = pod.injected();
        let lacks = all.any(|container| {
            container.lacks_role(Some(role)).is_some() && !container.sets_itself()
        });
        let name = scene.account.name.as_ref();
        // It is not a restart that it needs, if the next one is given no more.
        let is_other = name.is_some_and(|name| name.name != pod.service_account);
        if is_other || !scene.injects(pod) {
            return None;
        }
        if pod.created > set || !lacks || scene.has_association() {
            return None;
        }
        let old = pod
            .injected()
            .find_map(|container| container.variable(ROLE_VARIABLE));
        let cause = match old {
            Some(_) => "old-role",
            None => "not-restarted",
        };
        Some(
            Finding::problem("its pods are older than the annotation: they must be restarted")
                .because(cause)
                .with(
                    "pod created",
                    format!("after {}", crate::token::utc(set)),
                    crate::token::utc(pod.created),
                )
                .fix(restart(&pod.owner)),
        )
    })
}

/// What the pod template itself sets cannot be told from what the webhook set, but for its value.
pub fn own_role(scene: Scene<'_>) -> Verdict {
    let Some(role) = scene.annotated() else {
        // Who may not read the service account does not know that it has no annotation.
        return match scene.object().map(|object| &object.service_account) {
            Some(Lookup::Unknown(why)) => Verdict::Unknown(why.clone()),
            _ => set_by_hand(scene),
        };
    };
    let set = scene
        .found_object()
        .and_then(|(_, history)| history.role_set.clone());
    judge(scene, "set by the webhook", |pod| {
        let is_new = set.as_ref().is_some_and(|(_, set)| pod.created > *set);
        let mut all = pod.injected();
        let own = all.find(|container| {
            let other = container
                .variable(ROLE_VARIABLE)
                .is_some_and(|has| has != role);
            other && is_new || container.sets_itself()
        })?;
        let found = own.env.get(ROLE_VARIABLE).cloned().flatten();
        Some(
            Finding::problem(format!(
                "container {} sets the role's variables by itself: the webhook leaves it alone",
                own.name
            ))
            .because("pre-set-environment")
            .with(
                ROLE_VARIABLE,
                role,
                found.as_deref().unwrap_or("from elsewhere, or not at all"),
            )
            // Whatever else is wrong, the variables must go.
            .following(&[])
            .fix(without(&pod.owner, ROLE_VARIABLES)),
        )
    })
}

/// Pods with a role though their service account names none: the webhook's, of a time when it did, or
/// their template's own.
fn set_by_hand(scene: Scene<'_>) -> Verdict {
    if scene.has_association() {
        return Verdict::DoesNotApply;
    }
    judge(scene, "set by nobody", |pod| {
        let mut all = pod.injected();
        let container = all.find(|container| container.env.contains_key(ROLE_VARIABLE))?;
        if pod.webhooks_token().is_some() {
            return Some(
                Finding::problem("its pods have the role only until they are replaced")
                    .because("injected-earlier"),
            );
        }
        let role = container
            .variable(ROLE_VARIABLE)
            .unwrap_or("from elsewhere");
        Some(
            Finding::warning(format!(
                "container {} has a role by its own template, and the service account has no annotation",
                container.name
            ))
            .because("role-without-annotation")
            .seen(ROLE_VARIABLE, role)
            .fix(format!(
                "annotate the service account instead, and {}",
                without(&pod.owner, ROLE_VARIABLES)
            )),
        )
    })
}

/// Holds where every container has the annotated role in `AWS_ROLE_ARN`; a problem where one has none, or
/// another. Does not apply without an annotation, nor with an association.
pub fn role(scene: Scene<'_>) -> Verdict {
    let Some(role) = scene.annotated().filter(|_| !scene.has_association()) else {
        return Verdict::DoesNotApply;
    };
    judge(scene, ROLE_VARIABLE, |pod| {
        let mut all = pod.injected();
        let lacking = all.find(|container| container.lacks_role(Some(role)).is_some())?;
        let found = lacking.variable(ROLE_VARIABLE);
        let (cause, text) = match found {
            None => (
                "not-injected",
                "its pods were not given the role, and use that of their node",
            ),
            Some(_) => (
                "other-role",
                "its pods have another role than the annotation names",
            ),
        };
        Some(
            Finding::problem(text)
                .because(cause)
                .with(
                    format!("{ROLE_VARIABLE} of {}", lacking.words()),
                    role,
                    found.unwrap_or("none"),
                )
                .fix(restart(&pod.owner)),
        )
    })
}

/// Holds where every container looks for its token where the webhook mounts it; a problem where one does
/// not. Does not apply without an annotation, nor with an association.
pub fn token_file(scene: Scene<'_>) -> Verdict {
    if scene.annotated().is_none() || scene.has_association() {
        return Verdict::DoesNotApply;
    }
    judge(scene, TOKEN_VARIABLE, |pod| {
        let mut all = pod.injected();
        let lacking = all.find(|container| !container.has_token_file())?;
        let found = lacking.variable(TOKEN_VARIABLE).unwrap_or("none");
        Some(
            Finding::problem("its pods do not know where their token is")
                .because("no-token-file")
                .with(
                    format!("{TOKEN_VARIABLE} of {}", lacking.words()),
                    pod.token_file(),
                    found,
                )
                .fix(restart(&pod.owner)),
        )
    })
}

/// Holds where the webhook's token is for the right audience and mounted in every container; a problem
/// where it is not, or there is none. Does not apply without an annotation, nor with an association.
pub fn token_volume(scene: Scene<'_>) -> Verdict {
    if scene.annotated().is_none() || scene.has_association() {
        return Verdict::DoesNotApply;
    }
    let audience = scene.audience();
    judge(scene, &format!("volume {TOKEN_VOLUME}"), |pod| {
        let Some(token) = pod.webhooks_token() else {
            return Some(
                Finding::problem("its pods have no token for AWS")
                    .because("no-token-volume")
                    .with("volume", TOKEN_VOLUME, "none")
                    .fix(restart(&pod.owner)),
            );
        };
        if !scene.is_taken_for(token.audience.as_deref(), audience) {
            return Some(
                Finding::problem("its pods' tokens are for another audience")
                    .because("other-audience")
                    .with(
                        "audience",
                        audience,
                        token.audience.as_deref().unwrap_or("the API server's"),
                    )
                    .fix(restart(&pod.owner)),
            );
        }
        let mut all = pod.injected();
        let lacking = all.find(|container| !container.mounts_token())?;
        Some(
            Finding::problem(format!("{} does not mount the token", lacking.words()))
                .because("token-not-mounted")
                .fix(restart(&pod.owner)),
        )
    })
}
