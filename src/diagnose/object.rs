//! The ServiceAccount: whether it exists, what its annotations say, who else writes it, and whether the
//! webhook looks at its pods.

use super::{Finding, Scene, Verdict, known};
use crate::asked::Conflicts;
use crate::model::{
    CommandLine, Lookup, Map, ROLE_ANNOTATION, ROLE_INFIX, RoleArn, ServiceAccountName,
};
use crate::plan::{Action, ObjectPresence, Role, ServiceAccountChange};
use crate::policy::{Difference, Item};
use crate::world::{ObjectHealth, Pod, Selector, ServiceAccount, ServiceAccountHistory};

impl<'a> Scene<'a> {
    pub(super) fn object(&self) -> Option<&'a ObjectHealth> {
        self.account.object.as_ref()
    }

    pub(super) fn found_object(&self) -> Option<&'a (ServiceAccount, ServiceAccountHistory)> {
        self.object()?.service_account.as_found()
    }

    /// The role of the annotation, as it stands there.
    pub(super) fn annotated(&self) -> Option<&'a str> {
        self.found_object()?.0.role()
    }

    /// Whether its pods are to use Pod Identity.
    pub(super) fn has_association(&self) -> bool {
        self.account
            .associations
            .as_found()
            .is_some_and(|all| !all.is_empty())
    }

    /// Whether the webhook is asked about a new pod like this one, as far as is known.
    pub(super) fn injects(&self, pod: &Pod) -> bool {
        let Some(kubernetes) = &self.world.kubernetes else {
            return true;
        };
        let webhook = match &kubernetes.webhooks {
            Lookup::Found(all) => all.first(),
            Lookup::Missing => None,
            Lookup::Unknown(_) => return true,
        };
        let labels = self.object().and_then(|object| object.namespace.as_found());
        let selects = |selector: &Option<Selector>, labels: Option<&Map>| match (selector, labels) {
            (Some(selector), Some(labels)) => selector.matches(labels),
            _ => true,
        };
        webhook.is_some_and(|webhook| {
            super::webhook::defects(webhook).is_empty()
                && selects(&webhook.namespace_selector, labels)
                && selects(&webhook.object_selector, Some(&pod.labels))
        })
    }

    /// `irsactl VERB` on the account, to be gone on with.
    pub(super) fn irsactl(&self, verb: &'static str) -> CommandLine {
        let command = CommandLine::of("irsactl", &[]).and(verb, &[]);
        let command = match &self.world.cluster {
            Some(cluster) => command.and("--cluster {}", &[&cluster.name]),
            None => command,
        };
        command.and("{}", &[&self.account.subject()])
    }

    /// The command that makes the account with a role.
    pub(super) fn creation(&self) -> CommandLine {
        let create = self.irsactl("create iamserviceaccount");
        create
            .and("--attach-policy-arn ARN --approve", &[])
            .remark("ARN: of a policy that allows what it needs")
    }
}

/// Holds where the ServiceAccount exists; a problem where it or its namespace does not, or where it is
/// being deleted. Does not apply to a role by itself.
pub fn service_account(scene: Scene<'_>) -> Verdict {
    let (Some(object), Some(name)) = (scene.object(), &scene.account.name) else {
        return Verdict::DoesNotApply;
    };
    let namespace = &name.namespace;
    if object.namespace == Lookup::Missing {
        return Finding::problem(format!("there is no namespace {namespace}"))
            .because("no-namespace")
            .fix(CommandLine::of("kubectl create namespace {}", &[namespace]))
            .fix(made(scene, name))
            .into();
    }
    let missing = match &scene.account.role_arn {
        // Made with `--role-only`: the object was left to a chart or to somebody, who would not take one
        // that is there already.
        Some(role) => Finding::problem(format!(
            "there is no ServiceAccount {name}, though it has a role"
        ))
        .because("no-service-account")
        .seen("role", role.to_string())
        .fix(CommandLine::of(
            "kubectl create serviceaccount {} --namespace {}",
            &[&name.name, namespace],
        ))
        .fix(annotate(name, &role.to_string())),
        None => Finding::problem(format!("there is no ServiceAccount {name}"))
            .because("no-service-account")
            .fix(made(scene, name)),
    };
    let (found, _) = known!(object.service_account, missing.into());
    if let Some(finalizers) = &found.held_by {
        return going(name, finalizers).into();
    }
    Verdict::holds("service account", name.to_string())
}

/// The object alone, where an association has the role for it.
fn made(scene: Scene<'_>, name: &ServiceAccountName) -> CommandLine {
    if scene.identity().is_none() {
        return scene.creation();
    }
    CommandLine::of(
        "kubectl create serviceaccount {} --namespace {}",
        &[&name.name, &name.namespace],
    )
}

/// It works, until its finalizers are done.
fn going(name: &ServiceAccountName, finalizers: &[String]) -> Finding {
    Finding::problem(format!("ServiceAccount {name} is being deleted"))
        .because("being-deleted")
        .seen("held by", finalizers.join(", "))
        .fix(
            CommandLine::of(
                "kubectl wait --for delete {} --namespace {}",
                &[&format!("serviceaccount/{}", name.name), &name.namespace],
            )
            .remark("then make it anew"),
        )
}

/// The annotation of a ServiceAccount, and nothing else.
fn change(
    scene: Scene<'_>,
    name: &ServiceAccountName,
    role: &RoleArn,
    differences: Vec<Difference>,
) -> Action {
    let mut labels = Map::new();
    // An apply without what was applied before would take it away.
    let mut annotations = Map::new();
    let mut presence = ObjectPresence::Missing;
    if let Some((object, _)) = scene.found_object() {
        presence = ObjectPresence::Found(object.version.clone());
        let keep = |from: &Map, keys: &std::collections::BTreeSet<String>| -> Map {
            let kept = from.iter().filter(|(key, _)| keys.contains(*key));
            kept.map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        labels = keep(&object.labels, &object.applied_labels);
        annotations = keep(&object.annotations, &object.applied_annotations);
        annotations.remove(ROLE_ANNOTATION);
    }
    Action::ApplyServiceAccount(ServiceAccountChange {
        name: name.clone(),
        presence,
        role: Some(Role::Arn(role.clone())),
        labels,
        annotations,
        conflicts: Conflicts::Overridden,
        differences,
        defaults: None,
    })
}

/// Holds where the annotation is the ARN of the stack's role, or of any role where no stack made one. A
/// problem where it is missing, malformed, or has another account or path; a warning where it names
/// another role, or a key is like one of the webhook's. Does not apply where an association has the role
/// and no annotation is there.
pub fn annotation(scene: Scene<'_>) -> Verdict {
    let (Some(object), Some(name)) = (scene.object(), &scene.account.name) else {
        return Verdict::DoesNotApply;
    };
    let (object, _) = known!(object.service_account, Verdict::DoesNotApply);
    let mut found: Vec<Finding> = look_alikes(object).collect();
    let stack_role = scene.stack_role();
    match object.role() {
        None if scene.has_association() => return Verdict::DoesNotApply,
        None => found.insert(0, no_annotation(scene, name, object)),
        Some(text) => match text.parse::<RoleArn>() {
            Err(rule) => found.insert(0, malformed(scene, name, text, &rule)),
            Ok(role) => {
                let other = stack_role.filter(|other| **other != role);
                // With the random part that CloudFormation gives it, no other account has that name.
                let is_same = |other: &&RoleArn| {
                    other.name() == role.name() && role.name().contains(ROLE_INFIX)
                };
                if let Some(other) = other.filter(is_same) {
                    let finding = Finding::problem(
                        "the role annotation has another account or path than the role",
                    )
                    .because("other-account");
                    found.insert(0, mended(scene, name, finding, other, Some(text)));
                } else if let Some(other) = other {
                    found.insert(
                        0,
                        Finding::warning(
                            "the annotation names another role than the account's stack made",
                        )
                        .because("other-role")
                        .with(ROLE_ANNOTATION, other.to_string(), text)
                        .fix(take_over(scene)),
                    );
                }
            }
        },
    }
    Verdict::of(found, ROLE_ANNOTATION, object.role().unwrap_or_default())
}

/// The annotation gets the role of the account's stack.
pub(super) fn take_over(scene: Scene<'_>) -> CommandLine {
    let update = scene.irsactl("update iamserviceaccount");
    update.and("--override-existing-serviceaccounts --approve", &[])
}

/// Its pods get another service account than `default`.
fn set_account(scene: Scene<'_>, name: &ServiceAccountName) -> CommandLine {
    let pods = scene.object().and_then(|object| object.pods.as_found());
    let owner = pods.and_then(|pods| Some(&pods.first()?.owner));
    let of = owner.map_or("deployment/NAME".to_owned(), |owner| {
        format!("{}/{}", owner.kind.word(), owner.name)
    });
    CommandLine::of(
        "kubectl set serviceaccount {} SERVICE_ACCOUNT --namespace {}",
        &[&of, &name.namespace],
    )
    .remark("SERVICE_ACCOUNT: one that has a role")
}

fn no_annotation(scene: Scene<'_>, name: &ServiceAccountName, object: &ServiceAccount) -> Finding {
    let finding = Finding::problem(format!("ServiceAccount {name} has no role annotation"))
        .because("no-annotation");
    // Where a look-alike has it, the author meant that one.
    let meant = object
        .annotations
        .iter()
        .filter(|(key, _)| is_look_alike(key))
        .find_map(|(_, value)| value.parse::<RoleArn>().ok());
    let role = scene.stack_role().cloned().or(meant);
    match role {
        Some(role) => mended(scene, name, finding, &role, None),
        // Nobody means `default` to have one: whose pods run as it left serviceAccountName out.
        None if name.name == "default" => finding
            .with(
                "serviceAccountName",
                "a service account with a role",
                "default",
            )
            .fix(set_account(scene, name)),
        None => finding
            .with(ROLE_ANNOTATION, "the ARN of a role", "no such annotation")
            .fix(scene.creation()),
    }
}

fn malformed(scene: Scene<'_>, name: &ServiceAccountName, text: &str, rule: &str) -> Finding {
    let finding = Finding::problem(format!("the role annotation is no ARN of a role: {rule}"))
        .because("malformed-arn");
    let stripped: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !"\"'\\".contains(*c))
        .collect();
    let meant = stripped.replace("::::", "::").parse::<RoleArn>().ok();
    match scene.stack_role().cloned().or(meant) {
        Some(role) => mended(scene, name, finding, &role, Some(text)),
        None => finding
            .with(
                ROLE_ANNOTATION,
                "arn:aws:iam::ACCOUNT:role/NAME",
                format!("{text:?}"),
            )
            .fix(annotate(name, "ARN").remark("ARN: of a role, as arn:aws:iam::ACCOUNT:role/NAME")),
    }
}

/// The annotation gets that role: by `--fix` only one that may be changed, as the text of an annotation
/// is no authority for writing another.
pub(super) fn mended(
    scene: Scene<'_>,
    name: &ServiceAccountName,
    finding: Finding,
    role: &RoleArn,
    former: Option<&str>,
) -> Finding {
    let former_text = former.map(str::to_owned);
    let difference = Difference::of(Item::RoleAnnotation, [role.to_string()], former_text);
    let finding = finding.with(
        ROLE_ANNOTATION,
        role.to_string(),
        former.map_or("no such annotation".to_owned(), |text| format!("{text:?}")),
    );
    let annotate = annotate(name, &role.to_string());
    if scene.may_change(role) {
        let change = change(scene, name, role, vec![difference]);
        finding.fix(annotate).mended_by(change)
    } else {
        finding.fix(annotate.remark(format!("only if {name} is meant to have this role")))
    }
}

fn annotate(name: &ServiceAccountName, role: &str) -> CommandLine {
    CommandLine::of(
        "kubectl annotate serviceaccount {} --namespace {} --overwrite {}={}",
        &[&name.name, &name.namespace, &ROLE_ANNOTATION, &role],
    )
}

/// Keys that are meant for the webhook, and that it does not read.
fn look_alikes(object: &ServiceAccount) -> impl Iterator<Item = Finding> {
    let alike = object
        .annotations
        .iter()
        .filter(|(key, _)| is_look_alike(key));
    alike.map(|(key, value)| {
        let wanted = match key.rsplit_once('/') {
            Some((_, name)) if KEYS.contains(&name) => format!("eks.amazonaws.com/{name}"),
            _ => ROLE_ANNOTATION.to_owned(),
        };
        Finding::warning(format!(
            "the annotation {key} is none that the webhook reads"
        ))
        .because("look-alike-annotation")
        .with("annotation", wanted, format!("{key}: {value}"))
    })
}

const KEYS: [&str; 4] = [
    "role-arn",
    "audience",
    "sts-regional-endpoints",
    "token-expiration",
];

fn is_look_alike(key: &str) -> bool {
    let Some((prefix, name)) = key.rsplit_once('/') else {
        return false;
    };
    let is_own = prefix == "eks.amazonaws.com" && KEYS.contains(&name);
    let (prefix, name) = (prefix.to_lowercase(), name.to_lowercase());
    let is_meant =
        prefix.contains("amazon") && (prefix.contains("eks") || prefix.starts_with("iam."));
    let known = [
        "rolearn",
        "role-arn",
        "role_arn",
        "role",
        "rolename",
        "role-name",
    ];
    !is_own && is_meant && (known.contains(&name.as_str()) || KEYS.contains(&name.as_str()))
}

/// Holds where no one else is known to manage the ServiceAccount. A warning where an EKS add-on has
/// another role for it; a note where a tool manages it (Helm, Argo CD, Flux, OLM) and something else set
/// the annotation.
pub fn owner(scene: Scene<'_>) -> Verdict {
    let Some(object) = scene.object() else {
        return Verdict::DoesNotApply;
    };
    let (object, history) = known!(object.service_account, Verdict::DoesNotApply);
    let mut found = Vec::new();
    if let Some(addon) = addon_of(scene) {
        found.push(addon);
    }
    for (tool, place) in managers(object) {
        // Set by the tool itself, it stays.
        let own = tool.to_lowercase().replace(' ', "");
        let set_by = history.role_set.as_ref();
        if set_by.is_some_and(|(manager, _)| !manager.to_lowercase().contains(&own)) {
            found.push(
                Finding::note(format!(
                    "{tool} manages the ServiceAccount, and may take the annotation away: set it in {place}"
                ))
                .because("managed-elsewhere")
                .seen("field managers", history.managers.join(", ")),
            );
        }
    }
    let who = history
        .role_set
        .as_ref()
        .map_or("nobody", |(who, _)| who.as_str());
    Verdict::of(found, "annotation set by", who)
}

/// The tools that manage the ServiceAccount, by their marks, and where each is told what it has.
fn managers(object: &ServiceAccount) -> Vec<(&'static str, &'static str)> {
    let (labels, annotations) = (&object.labels, &object.annotations);
    let managed_by = labels.get("app.kubernetes.io/managed-by");
    let has_label = |is: &dyn Fn(&String) -> bool| labels.keys().any(is);
    let mut found = Vec::new();
    if managed_by.is_some_and(|tool| tool == "Helm") {
        let values = "the chart's values, often serviceAccount.annotations";
        found.push(("Helm", values));
    }
    if annotations.contains_key("argocd.argoproj.io/tracking-id") {
        found.push(("Argo CD", "the manifests in its repository"));
    }
    if has_label(&|key| key.contains(".toolkit.fluxcd.io/")) {
        found.push(("Flux", "the manifests in its repository"));
    }
    if has_label(&|key| key.starts_with("operators.coreos.com/")) {
        found.push(("OLM", "the operator's subscription"));
    }
    found
}

/// An EKS add-on whose service account this is, with a role of its own idea.
fn addon_of(scene: Scene<'_>) -> Option<Finding> {
    let health = scene.world.health.as_ref()?;
    let role = scene.annotated()?;
    let name = scene.account.name.as_ref()?;
    let addons = health.addons.as_found()?.iter();
    let mut mine =
        addons.filter(|addon| addon_account(&addon.name) == Some(name.to_string().as_str()));
    let addon = mine.next()?;
    let wanted = addon.service_account_role.as_deref();
    (wanted != Some(role)).then(|| {
        let cluster = scene
            .world
            .cluster
            .as_ref()
            .map(|cluster| cluster.name.to_string());
        Finding::warning(format!(
            "the EKS add-on {} manages this ServiceAccount with {}",
            addon.name,
            if wanted.is_some() {
                "another role"
            } else {
                "no role"
            }
        ))
        .because("managed-by-addon")
        .with("serviceAccountRoleArn", role, wanted.unwrap_or("none"))
        .fix(CommandLine::of(
            "aws eks update-addon --cluster-name {} --addon-name {} --service-account-role-arn {}",
            &[&cluster.unwrap_or_default(), &addon.name, &role],
        ))
    })
}

/// The service account of an add-on (EKS User Guide, "AWS add-ons").
fn addon_account(addon: &str) -> Option<&'static str> {
    match addon {
        "vpc-cni" => Some("kube-system/aws-node"),
        "aws-ebs-csi-driver" => Some("kube-system/ebs-csi-controller-sa"),
        "aws-efs-csi-driver" => Some("kube-system/efs-csi-controller-sa"),
        "aws-mountpoint-s3-csi-driver" => Some("kube-system/s3-csi-driver-sa"),
        "amazon-cloudwatch-observability" => Some("amazon-cloudwatch/cloudwatch-agent"),
        _ => None,
    }
}
