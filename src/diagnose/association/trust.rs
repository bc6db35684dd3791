//! The trust policies of the role that an association names, and of the one behind it.

use serde_json::{Value, json};

use super::on_association;
use crate::diagnose::{Finding, Scene, Verdict, known};
use crate::model::{DEFAULT_AUDIENCE, Fix, RoleArn};
use crate::plan::{Action, Repair};
use crate::policy::evaluate::{Decision, Principal, Request, evaluate};
use crate::policy::pod_identity::ACTIONS;
use crate::policy::texts;
use crate::policy::{Difference, Item, difference};
use crate::world::{Association, RoleHealth};

pub use crate::policy::pod_identity::SERVICE;

/// Which of both calls a role that another takes on for Pod Identity does not allow.
fn lacking(
    role: &RoleHealth,
    request: impl Fn(&str) -> Request,
) -> Option<(Vec<&'static str>, bool)> {
    let trust = &role.role.as_found()?.trust;
    let mut open = false;
    let lacking = ACTIONS.into_iter().filter(|action| {
        let decision = evaluate(trust, &request(action)).decision;
        open |= matches!(decision, Decision::Depends { .. });
        matches!(
            decision,
            Decision::NotAllowed | Decision::ExplicitDeny { .. }
        )
    });
    let lacking = lacking.collect();
    Some((lacking, open))
}

pub fn trust(scene: Scene<'_>) -> Verdict {
    let (Some(association), Some(role)) = (scene.identity(), &scene.account.identity_role) else {
        return Verdict::DoesNotApply;
    };
    if lacks_tags(scene) {
        // The association is to blame, and told.
        return Verdict::DoesNotApply;
    }
    let name = association.role.rsplit('/').next().unwrap_or_default();
    let missing = Finding::problem(format!(
        "there is no role {name}, which the association names"
    ))
    .because("no-role")
    .seen("association", &association.id)
    .fix(Fix::by(
        "create the role, or name another by its ARN",
        on_association(scene, "update", association).and("--role-arn ARN", &[]),
    ));
    let facts = known!(role.role, missing.into());
    let request = |action: &str| {
        let request = Request::new(action, Principal::Service(SERVICE.to_owned()), None);
        with_tags(request, scene, association)
    };
    let Some((lacking, _)) = lacking(role, request) else {
        return Verdict::DoesNotApply;
    };
    if lacking.is_empty() {
        let cluster = scene
            .world
            .cluster
            .as_ref()
            .and_then(|cluster| cluster.eks.as_ref());
        let elsewhere = cluster.map(|eks| {
            let other = eks
                .arn
                .to_string()
                .replace(":cluster/", ":cluster/another-");
            Request::new(
                "sts:AssumeRole",
                Principal::Service(SERVICE.to_owned()),
                None,
            )
            .with("aws:SourceArn", &[other])
        });
        let is_open =
            elsewhere.is_some_and(|request| evaluate(&facts.trust, &request).is_allowed());
        if !is_open {
            return Verdict::holds("trust", SERVICE);
        }
        return Finding::note(
            "any cluster of the account can use the role: its trust names no cluster",
        )
        .because("open-pod-identity-trust")
        .fix("add a condition ArnEquals aws:SourceArn with the cluster's ARN to the statement")
        .into();
    }
    let mut finding = Finding::problem(format!(
        "the trust policy of {name} does not let Pod Identity in"
    ))
    .because("pod-identity-trust")
    .with(
        format!("allowed to {SERVICE}"),
        ACTIONS.join(", "),
        match lacking.len() {
            1 => "sts:AssumeRole",
            _ => "neither",
        },
    );
    for line in evaluate(&facts.trust, &request(lacking[0])).lines() {
        finding = finding.seen("evaluation", line);
    }
    match corrected(scene, &facts.trust, request) {
        Some(new) => mended(scene, &association.role, finding, &facts.trust, new),
        None => finding.fix("decide by hand: a statement of the policy denies it"),
    }
    .into()
}

/// With a statement that lets Pod Identity of this cluster in, or with the action that one lacks.
fn corrected(scene: Scene<'_>, trust: &Value, request: impl Fn(&str) -> Request) -> Option<Value> {
    let is_right = |new: &Value| {
        let mut all = ACTIONS.iter();
        all.all(|action| evaluate(new, &request(action)).is_allowed())
    };
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
    let eks = scene.world.cluster.as_ref()?.eks.as_ref()?;
    let mut with_statement = trust.clone();
    let statements = with_statement["Statement"].as_array_mut()?;
    statements.push(json!({
        "Effect": "Allow",
        "Action": ACTIONS,
        "Principal": {"Service": SERVICE},
        "Condition": {"ArnEquals": {"aws:SourceArn": eks.arn.to_string()}},
    }));
    is_right(&with_statement).then_some(with_statement)
}

fn mended(scene: Scene<'_>, role: &str, finding: Finding, old: &Value, new: Value) -> Finding {
    let mut finding = finding;
    finding.difference = difference(old, &new);
    let Ok(role) = role.parse::<RoleArn>() else {
        return finding;
    };
    let finding = finding.fix(scene.repair_command(&role, DEFAULT_AUDIENCE));
    if !scene.may_change(&role) {
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
    disables && facts.is_some_and(|role| role.trust.to_string().contains("aws:RequestTag/"))
}

/// With the session tags that the association brings.
fn with_tags(request: Request, scene: Scene<'_>, association: &Association) -> Request {
    let cluster = scene.world.cluster.as_ref();
    let mut request = request;
    if let Some(cluster) = cluster {
        request = request.with("aws:SourceAccount", std::slice::from_ref(&cluster.account));
        if let Some(eks) = &cluster.eks {
            request = request.with("aws:SourceArn", &[eks.arn.to_string()]);
        }
    }
    let (Some(name), false) = (&scene.account.name, association.session_tags_disabled) else {
        return request;
    };
    if let Some(cluster) = cluster {
        request = request.with(
            "aws:RequestTag/eks-cluster-name",
            &[cluster.name.to_string()],
        );
        if let Some(eks) = &cluster.eks {
            request = request.with("aws:RequestTag/eks-cluster-arn", &[eks.arn.to_string()]);
        }
    }
    request
        .with(
            "aws:RequestTag/kubernetes-namespace",
            &[name.namespace.to_string()],
        )
        .with(
            "aws:RequestTag/kubernetes-service-account",
            std::slice::from_ref(&name.name),
        )
}

pub fn target(scene: Scene<'_>) -> Verdict {
    let Some(association) = scene.identity() else {
        return Verdict::DoesNotApply;
    };
    let (Some(target), Some(role)) = (&association.target_role, &scene.account.target_role) else {
        return Verdict::DoesNotApply;
    };
    let missing = Finding::problem(format!("there is no target role {target}"))
        .because("no-target-role")
        .seen("association", &association.id)
        .fix(Fix::by(
            "create the role, or name another by its ARN",
            on_association(scene, "update", association).and("--target-role-arn ARN", &[]),
        ));
    let facts = known!(role.role, missing.into());
    let external = association.external_id.as_ref();
    let request = |action: &str| {
        Request::new(action, Principal::Aws(association.role.clone()), None)
            .with("sts:ExternalId", association.external_id.as_slice())
    };
    let Some((lacking, _)) = lacking(role, request) else {
        return Verdict::DoesNotApply;
    };
    if lacking.is_empty() {
        return Verdict::holds("target role", target);
    }
    let mut finding = Finding::problem("the target role does not let the association's role in")
        .because("target-trust")
        .with(
            format!("allowed to {}", association.role),
            ACTIONS.join(", "),
            match lacking.len() {
                1 => "sts:AssumeRole",
                _ => "neither",
            },
        )
        .seen(
            "external id of the association",
            external.map_or("none", String::as_str),
        );
    for line in evaluate(&facts.trust, &request(lacking[0])).lines() {
        finding = finding.seen("evaluation", line);
    }
    finding
        .fix(format!(
            "let {} in by the trust policy of {target}, with {}{}",
            association.role,
            ACTIONS.join(" and "),
            external.map_or(String::new(), |id| format!(
                ", where sts:ExternalId is {id}"
            )),
        ))
        .into()
}
