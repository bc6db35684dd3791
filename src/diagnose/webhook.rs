//! The pod identity webhook: whether it is there, and whether it looks at the pods.

use super::{Finding, Scene, Verdict, known};
use crate::model::{CommandLine, Fix, Map, Namespace};
use crate::world::{Selector, Webhook, World};

/// Holds where the webhook is in the cluster and can act; a problem where there is none, and for each of
/// its defects. Does not apply where nothing was asked of Kubernetes.
pub fn present(world: &World) -> Verdict {
    let Some(kubernetes) = &world.kubernetes else {
        return Verdict::DoesNotApply;
    };
    let missing = || {
        Finding::problem("there is no pod identity webhook: no pod gets the role's environment")
            .because("no-webhook")
            .with("MutatingWebhookConfiguration", "pod-identity-webhook", "none")
            .fix(match world.health {
                Some(_) => "EKS puts it back with an update of the platform or version; until then ask AWS Support",
                None => "install amazon-eks-pod-identity-webhook (it needs cert-manager)",
            })
    };
    let webhooks = known!(kubernetes.webhooks, missing().into());
    let Some(webhook) = webhooks.first() else {
        return missing().into();
    };
    let found = defects(webhook);
    let target = webhook.url.as_deref().or(webhook.service.as_deref());
    Verdict::of(found, &webhook.name, target.unwrap_or_default())
}

/// Holds where the webhook's `namespaceSelector` takes the namespace; a problem where it passes over it.
/// Does not apply without a webhook or a ServiceAccount.
pub fn selection(scene: Scene<'_>) -> Verdict {
    let (Some(kubernetes), Some(name)) = (&scene.world.kubernetes, &scene.account.name) else {
        return Verdict::DoesNotApply;
    };
    let webhook = kubernetes.webhooks.as_found().and_then(|all| all.first());
    let (Some(webhook), Some(object)) = (webhook, scene.object()) else {
        return Verdict::DoesNotApply;
    };
    let namespace = &name.namespace;
    let selector = webhook.namespace_selector.as_ref();
    let Some(selector) = selector.filter(|selector| **selector != Selector::default()) else {
        return Verdict::holds("namespace", namespace.to_string());
    };
    let labels = known!(object.namespace, Verdict::DoesNotApply);
    if selector.matches(labels) {
        Verdict::holds("namespace", namespace.to_string())
    } else {
        let shown: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        Finding::problem(format!("the webhook passes over the namespace {namespace}"))
            .because("webhook-namespace")
            .with("namespace labels", selector.to_string(), shown.join(", "))
            .fix(label(namespace, selector, labels))
            .into()
    }
}

/// The namespace gets the labels that the selector wants.
fn label(namespace: &Namespace, selector: &Selector, labels: &Map) -> Fix {
    if !selector.match_expressions.is_empty() {
        return format!("label namespace {namespace} so that it has: {selector}").into();
    }
    let wanted = selector.match_labels.iter();
    let missing = wanted.filter(|(key, value)| labels.get(*key) != Some(value));
    let command = CommandLine::of("kubectl label namespace {} --overwrite", &[namespace]);
    let all = missing.fold(command, |command, (key, value)| {
        command.and("{}={}", &[key, value])
    });
    all.into()
}

/// What keeps a webhook from giving pods anything; an empty list is none.
pub fn defects(webhook: &Webhook) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = &webhook.name;
    if !webhook.on_pod_creation {
        found.push(
            Finding::problem(format!(
                "the webhook {name} is not about the creation of pods"
            ))
            .because("webhook-rules"),
        );
    }
    if webhook.url.is_none() && webhook.service.is_some() && !webhook.has_ca {
        found.push(
            Finding::problem(format!(
                "the webhook {name} has no CA: the API server cannot call it"
            ))
            .because("webhook-ca")
            .with("caBundle", "the CA of its service", "none"),
        );
    }
    if webhook.url.is_none() && webhook.service.is_none() {
        found.push(
            Finding::problem(format!(
                "the webhook {name} names neither a URL nor a service"
            ))
            .because("webhook-target"),
        );
    }
    found
}
