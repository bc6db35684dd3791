//! Service accounts on their way between IRSA and EKS Pod Identity, and the commands that move them.

use super::scenarios::Scenario;
use super::worlds::{self, MINE, forgetting, refusing};
use crate::migrate::intercepted::kube2iam;
use crate::migrate::{annotated, by_hand};
use crate::sandbox::ManagedPolicy;
use crate::support::{ACCOUNT, Bench};

const FORTH: &str = "to-pod-identity web/api --cluster demo --approve";
const SPLIT: &str = "to-irsa --from kube2iam web/default --cluster demo --approve";
const BACK: &str = "to-irsa web/api --cluster demo --approve";

pub fn moves() -> Vec<Scenario> {
    let of = |line: &str, arrange| Scenario::new("migrate", line, arrange);
    let by_hand = |line: &str, arrange| of(line, arrange).narrowed("--role-name by-hand");
    let intercepted = |stage: &str, arrange| {
        let line = format!("{BACK} --from kube2iam {stage}");
        of(&line, arrange).narrowed("--role-name web-api")
    };
    let patched = |stage: &str, arrange| {
        let line = format!("{SPLIT} {stage}");
        of(&line, arrange).narrowed("--role-name web-api")
    };
    vec![
        of(BACK, finished),
        of(FORTH, of_a_stack),
        of(&format!("{FORTH} --install-agent"), without_agent),
        of(&format!("{FORTH} --finish"), moved),
        of(&format!("{FORTH} --undo"), moved),
        of(&format!("{FORTH} --undo"), finished),
        of(&format!("{BACK} --undo"), moved_back),
        of(FORTH, of_every_kind),
        of(FORTH, refused_change),
        of(FORTH, failed_change),
        by_hand(FORTH, crate::migrate::by_hand),
        by_hand(&format!("{FORTH} --finish"), moved_by_hand),
        by_hand(BACK, moved_by_hand),
        intercepted("", kube2iam),
        intercepted("--finish", begun),
        intercepted("--undo", begun),
        patched("--patch-workloads", split),
        patched("--finish", split_begun),
        patched("--undo", split_begun),
        Scenario::elsewhere("migrate", "to-pod-identity --all --cluster dema"),
    ]
}

/// web/api with the role of a stack that assumes others, and pods of every kind that can be restarted.
fn of_a_stack() -> Bench {
    let bench = annotated();
    bench.account(|account| {
        let document = worlds::document("sts:AssumeRole");
        let policy = ManagedPolicy::new("aws", ACCOUNT, "/", "mine", document);
        account.policies.insert(policy.arn.clone(), policy);
    });
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api");
    role.attached.push(MINE.to_owned());
    let inline = ("inline".to_owned(), worlds::document("s3:GetObject"));
    role.inline.extend([inline]);
    let api = world.api("demo");
    api.run_stateful_set("web", "db", "api", 1);
    api.run_daemon_set("web", "agent", "api");
    api.run_rollout("web", "canary", "api", 1);
    drop(world);
    bench
}

/// web/api on its way from kube2iam.
fn begun() -> Bench {
    let bench = kube2iam();
    bench.arrange(&format!("migrate {BACK} --from kube2iam"));
    bench
}

/// A Deployment and a CronJob of web/default, with a role by kube2iam.
fn split() -> Bench {
    let bench = crate::migrate::patched::of_default();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let template = serde_json::json!({
        "metadata": {"annotations": {"iam.amazonaws.com/role": "web-api"}},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]},
    });
    let job = serde_json::json!({"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}});
    api.put_object(
        serde_json::json!({
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"namespace": "web", "name": "nightly"},
            "spec": job,
        }),
        "kubectl",
    );
    drop(world);
    bench
}

fn split_begun() -> Bench {
    after(split(), &format!("{SPLIT} --patch-workloads"))
}

fn without_agent() -> Bench {
    let bench = annotated();
    bench.sandbox.world().clusters[0].addons.clear();
    bench
}

/// With pods that nothing restarts.
fn of_every_kind() -> Bench {
    let bench = annotated();
    worlds::run_every_kind(&bench, "web", "api");
    bench
}

fn moved() -> Bench {
    after(annotated(), FORTH)
}

fn finished() -> Bench {
    after(moved(), &format!("{FORTH} --finish"))
}

fn moved_back() -> Bench {
    after(finished(), BACK)
}

/// A change of the stack that CloudFormation refuses.
fn refused_change() -> Bench {
    refusing(annotated(), "eksctl-demo-addon-iamserviceaccount-web-api")
}

/// A role that is deleted while its stack is updated.
fn failed_change() -> Bench {
    forgetting(annotated())
}

fn moved_by_hand() -> Bench {
    after(by_hand(), FORTH)
}

fn after(bench: Bench, line: &str) -> Bench {
    bench.arrange(&format!("migrate {line}"));
    bench
}
