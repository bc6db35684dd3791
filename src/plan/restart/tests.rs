use proptest::prelude::*;

use super::*;
use crate::model::Way;
use crate::plan::Target;
use crate::world::{
    Mount, POD_IDENTITY_VARIABLE, ProjectedToken, ROLE_VARIABLE, Rollout, SKIP_ANNOTATION,
    TOKEN_VARIABLE, TOKEN_VOLUME,
};

const ROLE: &str = "arn:aws:iam::111122223333:role/api";
const FILE: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

fn expected() -> Expected {
    Expected {
        service_account: "web/api".parse().unwrap(),
        cluster: "demo".parse().unwrap(),
        way: Way::Irsa,
        role: Role::Arn(ROLE.parse().unwrap()),
        audience: Some("sts.amazonaws.com".to_owned()),
        since: Some(100),
        parts_with_pod_identity: false,
        is_undone: false,
    }
}

fn container(name: &str) -> Container {
    Container {
        name: name.to_owned(),
        env: BTreeMap::from([
            (ROLE_VARIABLE.to_owned(), Some(ROLE.to_owned())),
            (TOKEN_VARIABLE.to_owned(), Some(FILE.to_owned())),
        ]),
        mounts: vec![Mount {
            volume: TOKEN_VOLUME.to_owned(),
            path: "/var/run/secrets/eks.amazonaws.com/serviceaccount".to_owned(),
            read_only: true,
            source: None,
        }],
        ..Container::default()
    }
}

/// A pod of Deployment "web/api" as the webhook makes it.
fn pod(name: &str) -> Pod {
    Pod {
        namespace: "web".to_owned(),
        name: name.to_owned(),
        phase: "Running".to_owned(),
        containers: vec![container("app")],
        tokens: vec![ProjectedToken {
            volume: TOKEN_VOLUME.to_owned(),
            audience: Some("sts.amazonaws.com".to_owned()),
            expiration: Some(86_400),
            path: "token".to_owned(),
        }],
        owner: workload(WorkloadKind::Deployment),
        ..Pod::default()
    }
}

fn workload(kind: WorkloadKind) -> Workload {
    Workload {
        kind,
        namespace: "web".to_owned(),
        name: "api".to_owned(),
    }
}

fn state() -> WorkloadState {
    WorkloadState {
        workload: workload(WorkloadKind::Deployment),
        service_account: "api".to_owned(),
        restarted: None,
        paused: false,
        on_delete: false,
        own_roles: BTreeSet::new(),
        skipped: false,
        rollout: Rollout::Over,
    }
}

fn without_role(name: &str) -> Pod {
    let mut pod = pod(name);
    pod.containers[0].env.clear();
    pod
}

/// What is lacking, as text.
fn seen(change: impl FnOnce(&mut Pod)) -> Vec<String> {
    let mut pod = pod("p");
    change(&mut pod);
    let stale = stale(&expected(), &[pod]);
    stale.iter().flat_map(|stale| told(&stale.pods)).collect()
}

#[test]
fn what_a_pod_lacks_is_told_by_what_it_has() {
    type Change = fn(&mut Pod);
    let cases: [(Change, &[&str]); 20] = [
        (|_| {}, &[]),
        (|pod| pod.containers[0].env.clear(), &["has no role"]),
        (
            |pod| {
                let other = Some("arn:aws:iam::111122223333:role/old".to_owned());
                pod.containers[0]
                    .env
                    .insert(ROLE_VARIABLE.to_owned(), other);
            },
            &["has role arn:aws:iam::111122223333:role/old"],
        ),
        (
            |pod| {
                pod.containers[0].env.insert(ROLE_VARIABLE.to_owned(), None);
            },
            &["has role from a Secret or ConfigMap"],
        ),
        (
            |pod| {
                let uri = Some("http://169.254.170.23/v1/credentials".to_owned());
                pod.containers[0].env = BTreeMap::from([(POD_IDENTITY_VARIABLE.to_owned(), uri)]);
            },
            &["has its credentials from EKS Pod Identity"],
        ),
        (
            |pod| {
                pod.containers[0].env.remove(TOKEN_VARIABLE);
            },
            &["has no token for the role"],
        ),
        (
            |pod| pod.containers[0].mounts.clear(),
            &["has no token for the role"],
        ),
        (|pod| pod.tokens.clear(), &["has no token for the role"]),
        (
            |pod| pod.containers[0].mounts[0].path = "/var/run/secrets/eks".to_owned(),
            &["has no token for the role"],
        ),
        (
            |pod| pod.tokens[0].audience = Some("other".to_owned()),
            &["has a token for audience \"other\""],
        ),
        (
            |pod| pod.tokens[0].audience = None,
            &["has a token for audience \"of the cluster\""],
        ),
        // What does not run lacks nothing.
        (
            |pod| {
                pod.containers[0].env.clear();
                pod.phase = "Succeeded".to_owned();
            },
            &[],
        ),
        (
            |pod| {
                pod.containers[0].env.clear();
                pod.terminating = true;
            },
            &[],
        ),
        (
            |pod| {
                pod.containers[0].env.clear();
                pod.containers[0].kind = ContainerKind::Init;
            },
            &[],
        ),
        (
            |pod| {
                pod.containers[0].env.clear();
                pod.containers[0].kind = ContainerKind::Sidecar;
            },
            &["has no role"],
        ),
        (
            |pod| {
                pod.containers[0].env.clear();
                let skipped = "proxy,app".to_owned();
                pod.annotations.insert(SKIP_ANNOTATION.to_owned(), skipped);
            },
            &[],
        ),
        // The webhook takes blanks for a part of the name.
        (
            |pod| {
                pod.containers[0].env.clear();
                let skipped = "proxy, app".to_owned();
                pod.annotations.insert(SKIP_ANNOTATION.to_owned(), skipped);
            },
            &["has no role"],
        ),
        // Windows: one path in the variable, another at the mount.
        (
            |pod| {
                let file = FILE.replace('/', "\\");
                let file = Some(format!("C:{file}"));
                pod.containers[0]
                    .env
                    .insert(TOKEN_VARIABLE.to_owned(), file);
            },
            &[],
        ),
        (
            |pod| {
                let file = Some("C:\\elsewhere\\token".to_owned());
                pod.containers[0]
                    .env
                    .insert(TOKEN_VARIABLE.to_owned(), file);
            },
            &["has no token for the role"],
        ),
        (
            |pod| {
                pod.containers[0].env.clear();
                pod.labels.insert(SKIP_LABEL.to_owned(), String::new());
            },
            &["is left alone for the label eks.amazonaws.com/skip-pod-identity-webhook"],
        ),
    ];
    for (index, (change, wanted)) in cases.into_iter().enumerate() {
        let wanted: Vec<String> = wanted
            .iter()
            .map(|lack| format!("pod p: container app {lack}"))
            .collect();
        assert_eq!(seen(change), wanted, "case {index}");
    }
}

#[test]
fn other_clusters_webhooks_have_an_audience_of_their_own() {
    let expected = Expected {
        audience: None,
        ..expected()
    };
    let mut pod = pod("p");
    pod.tokens[0].audience = Some("amazonaws.com".to_owned());
    assert_eq!(stale(&expected, &[pod]), []);
}

#[test]
fn no_pod_has_the_role_of_a_stack_that_is_yet_to_be_made() {
    let cluster = "demo".parse().unwrap();
    let name = "web/api".parse().unwrap();
    let expected = Expected {
        role: Role::OutputOf(crate::model::StackName::new(Way::Irsa, &cluster, &name)),
        ..expected()
    };
    assert_eq!(stale(&expected, &[pod("p")]).len(), 1);
}

/// What is planned for one workload: actions, warnings and notes.
fn planned(state: &WorkloadState, pods: &[Pod], ending: Ending) -> (Vec<String>, String) {
    let expected = expected();
    let mut track = Track::new(Target::ServiceAccount(expected.service_account.clone()));
    let stale = stale(&expected, pods);
    plan(
        &mut track,
        &expected,
        stale,
        std::slice::from_ref(state),
        ending,
    );
    let actions = track.actions.iter().map(ToString::to_string).collect();
    (actions, [track.warnings, track.notes].concat().join("\n"))
}

#[test]
fn a_workload_is_restarted_waited_for_or_told_about() {
    let restart = "restart deployment web/api";
    let wait = "wait for the new pods of deployment web/api";
    let at = |at: i64, rollout| WorkloadState {
        restarted: Some((at, "2026-01-01T00:00:00Z".to_owned())),
        rollout,
        ..state()
    };
    let underway = || Rollout::Underway("1 of 2".to_owned());
    let cases: [(WorkloadState, &[&str], &[&str], &str); 9] = [
        (state(), &[restart], &[restart, wait], ""),
        (at(99, Rollout::Over), &[restart], &[restart, wait], ""),
        (at(99, underway()), &[restart], &[restart, wait], ""),
        (at(100, underway()), &[], &[wait], "being restarted already"),
        (
            at(101, Rollout::Over),
            &[],
            &[wait],
            "its pods still lack the role",
        ),
        (
            at(101, Rollout::Failed("is degraded".to_owned())),
            &[],
            &[wait],
            "its rollout is degraded",
        ),
        (
            WorkloadState {
                paused: true,
                ..state()
            },
            &[],
            &[],
            "kubectl rollout resume deployment/api --namespace web",
        ),
        (
            WorkloadState {
                own_roles: BTreeSet::from(["app".to_owned()]),
                ..state()
            },
            &[],
            &[],
            "its own template sets AWS_ROLE_ARN (container app)",
        ),
        (
            WorkloadState {
                skipped: true,
                ..state()
            },
            &[],
            &[],
            "kubectl patch deployment/api --namespace web --type json --patch",
        ),
    ];
    for (state, at_once, awaited, text) in cases {
        let (actions, told) = planned(&state, &[without_role("p")], Ending::NotAwaited);
        assert_eq!(actions, at_once, "{state:?}");
        assert!(told.contains(text), "{told}");
        let (actions, _) = planned(&state, &[without_role("p")], Ending::Awaited);
        assert_eq!(actions, awaited, "{state:?}");
    }
}

#[test]
fn what_cannot_be_restarted_is_told_once() {
    let mut pods: Vec<Pod> = [WorkloadKind::Job, WorkloadKind::Pod, WorkloadKind::Other]
        .map(|kind| Pod {
            owner: workload(kind),
            ..without_role("p")
        })
        .into();
    pods.push(pods[0].clone());
    let (actions, told) = planned(&state(), &pods, Ending::Awaited);
    assert_eq!(actions, [""; 0]);
    assert_eq!(
        told,
        "these run without the role until someone makes them anew, as nothing does it for them: job web/api, pod \
         web/api, owner web/api (a job's pods have it from its next run on)"
    );
}

#[test]
fn what_goes_on_by_the_way_of_before_is_not_said_to_be_without_a_role() {
    let on_irsa = |kind| Pod {
        owner: workload(kind),
        ..pod("p")
    };
    let pods = [on_irsa(WorkloadKind::Job), on_irsa(WorkloadKind::Pod)];
    let expected = Expected {
        way: Way::PodIdentity,
        ..expected()
    };
    let mut track = Track::new(Target::ServiceAccount("web/api".parse().unwrap()));
    let stale = stale(&expected, &pods);
    plan(&mut track, &expected, stale, &[], Ending::Awaited);
    assert_eq!(
        track.notes,
        [
            "these go on with IRSA, which still works for them, until someone makes them anew, as nothing does it for \
             them: job web/api, pod web/api (a job's next run takes the new way)"
        ]
    );
}

#[test]
fn pods_with_the_label_are_told_apart_from_those_that_a_restart_helps() {
    let labelled = |pod: Pod| {
        let mut pod = pod;
        pod.labels.insert(SKIP_LABEL.to_owned(), "true".to_owned());
        pod
    };
    let of_job = Pod {
        owner: workload(WorkloadKind::Job),
        ..labelled(without_role("j"))
    };
    let pods = [labelled(without_role("p")), of_job.clone()];
    // The template has the label no more.
    let (actions, told) = planned(&state(), &pods, Ending::NotAwaited);
    assert_eq!(actions, ["restart deployment web/api"]);
    assert_eq!(
        told,
        "a restart would not give job web/api the role: the label eks.amazonaws.com/skip-pod-identity-webhook of its \
         pods keeps the webhook away: take it off, and make them anew"
    );
    let expected = expected();
    let mut track = Track::new(Target::ServiceAccount(expected.service_account.clone()));
    let old = Pod {
        owner: workload(WorkloadKind::StatefulSet),
        ..without_role("s")
    };
    track.stale = stale(&expected, &[of_job, old]);
    assert_eq!(
        left_notes([&track].into_iter()),
        [
            "these run without the role until they are restarted: statefulset web/api (1 pod); `--restart` does it",
            "these run without the role while their template has the label \
             eks.amazonaws.com/skip-pod-identity-webhook: job web/api (1 pod)"
        ]
    );
}

proptest! {
    #![proptest_config(crate::plan::account::properties::config())]

    /// Whatever runs: what has the role is left alone, what lacks it is restarted once, and once all
    /// have it there is nothing to do.
    #[test]
    fn exactly_what_lacks_the_role_is_restarted(lacking in prop::collection::vec((0..4_usize, any::<bool>()), 0..12)) {
        let name = |index: usize| format!("w{index}");
        let pods: Vec<Pod> = lacking.iter().enumerate().map(|(index, (owner, lacks))| Pod {
            owner: Workload { name: name(*owner), ..workload(WorkloadKind::Deployment) },
            ..if *lacks { without_role(&format!("p{index}")) } else { pod(&format!("p{index}")) }
        }).collect();
        let states: Vec<WorkloadState> = (0..4).map(|index| WorkloadState {
            workload: Workload { name: name(index), ..workload(WorkloadKind::Deployment) },
            ..state()
        }).collect();
        let expected = expected();
        let mut track = Track::new(Target::ServiceAccount(expected.service_account.clone()));
        plan(&mut track, &expected, stale(&expected, &pods), &states, Ending::NotAwaited);
        let restarted: Vec<&str> = track.actions.iter().map(|action| match action {
            Action::RestartWorkload(stale) => stale.workload.name.as_str(),
            other => panic!("{other}"),
        }).collect();
        let wanted: BTreeSet<String> = lacking.iter().filter(|(_, lacks)| *lacks).map(|(owner, _)| name(*owner)).collect();
        prop_assert_eq!(restarted, Vec::from_iter(wanted.iter().map(String::as_str)));
    }
}
