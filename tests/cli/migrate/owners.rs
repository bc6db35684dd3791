//! What others set of a workload that a move changes: Helm, Argo CD, and whoever applies it.

use insta::assert_snapshot;
use serde_json::json;

use super::intercepted::{TO, annotated};
use super::patched::{PATCHED, of_default};
use crate::support::Bench;

/// Deployment web/api, by that field manager.
fn put_by(bench: &Bench, account: &str, manager: &str) {
    let role = json!({"iam.amazonaws.com/role": "web-api"});
    let workload = annotated("web", "api", account, &role);
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.objects
        .retain(|key, _| key.0 != "deployments" || key.1 != "web");
    api.objects
        .retain(|key, _| key.0 != "pods" || key.1 != "web");
    api.objects
        .retain(|key, _| key.0 != "replicasets" || key.1 != "web");
    api.put_object(workload, manager);
}

/// Who owns what of the Deployment's service account and annotations, as `MANAGER FIELD` lines.
fn owners(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let found = api.object("deployments", "web", "api").expect("there");
    let mut lines = Vec::new();
    let entries = found["metadata"]["managedFields"].as_array();
    for entry in entries.into_iter().flatten() {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let template = &entry["fieldsV1"]["f:spec"]["f:template"];
        if !template["f:spec"]["f:serviceAccountName"].is_null() {
            lines.push(format!("{manager} serviceAccountName"));
        }
        let keys = template["f:metadata"]["f:annotations"].as_object();
        let keys = keys.into_iter().flatten().filter(|(key, _)| *key != ".");
        lines.extend(keys.map(|(key, _)| format!("{manager} {key}")));
        let own = entry["fieldsV1"]["f:metadata"]["f:annotations"].as_object();
        let own = own.into_iter().flatten().filter(|(key, _)| *key != ".");
        lines.extend(own.map(|(key, _)| format!("{manager} own {key}")));
    }
    lines.join("\n")
}

#[test]
fn what_helm_or_argo_cd_set_is_taken_off_with_a_warning_that_says_where_it_comes_from() {
    for (manager, source) in [
        ("helm", "its chart's values (as podAnnotations)"),
        ("argocd-controller", "what Argo CD applies"),
        ("kustomize-controller", "what it applies"),
    ] {
        let bench = of_default();
        put_by(&bench, "default", manager);
        bench.arrange(&format!("{PATCHED} web/default --approve"));
        let told = bench.run(&format!("{TO} web/api --finish --approve"));
        let warning = format!(
            "warning: {manager} set spec.template.metadata.annotations[\"iam.amazonaws.com/role\"] of deployment web/api, and may put it back, which replaces its pods: take it out of {source}, and set spec.template.spec.serviceAccountName: api there\n"
        );
        assert!(told.contains(&warning), "{told}");
        assert!(!told.contains("have them the same"), "{told}");
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
}

/// What stays on the template by itself is told with who set it.
#[test]
fn an_annotation_that_helm_set_is_no_matter_of_a_patch() {
    let bench = super::intercepted::kube2iam();
    put_by(&bench, "api", "helm");
    bench.arrange(&format!("{TO} web/api --approve"));
    let told = bench.run(&format!("{TO} web/api --finish"));
    let note = "note: annotation iam.amazonaws.com/role of deployment web/api is of no use any more: take it out of its chart's values (as podAnnotations), from which helm set it\n";
    assert!(told.contains(note), "{told}");
}

/// Whoever applies the workload next need not take the field from irsactl.
#[test]
fn after_undo_irsactl_owns_nothing_of_the_workload() {
    let bench = of_default();
    put_by(&bench, "default", "kubectl");
    bench.arrange(&format!("{PATCHED} --all --approve"));
    assert_snapshot!(owners(&bench), @"
    kubectl f:iam.amazonaws.com/role
    irsactl serviceAccountName
    irsactl own f:irsactl/former-service-account
    ");
    // A controller writes between the two.
    let second = "kubernetes patch deployments of web/api from 2 times 1";
    let rule = format!("{second} error 409 Conflict changed");
    bench.sandbox.fault(&rule);
    bench.arrange(&format!("{TO} --all --undo --approve"));
    assert_snapshot!(owners(&bench), @"kubectl f:iam.amazonaws.com/role");
}
