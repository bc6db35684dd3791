//! What is refused names a way out: the command that mends it, and no name that is somebody else's.

use insta::assert_snapshot;
use serde_json::json;

use super::intercepted::{NODES, TO, annotated, kiam, kube2iam, put_role};
use super::patched::{PATCHED, of_default};
use crate::sandbox::Role;
use crate::support::Bench;

/// A Deployment of web with role web-NAME by kube2iam.
fn run(bench: &Bench, name: &str, account: &str) {
    let role = format!("web-{name}");
    put_role(bench, &role, &[NODES]);
    let role = json!({"iam.amazonaws.com/role": role});
    let mut world = bench.sandbox.world();
    let workload = annotated("web", name, account, &role);
    world.api("demo").run_workload(workload);
}

/// Says by hand what Deployment web/api ran as before, and what it runs as.
fn say(bench: &Bench, former: &str, account: &str, manager: &str) {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let found = api.object("deployments", "web", "api").expect("there");
    let mut found = found.clone();
    found["metadata"]["annotations"]["irsactl/former-service-account"] = former.into();
    found["spec"]["template"]["spec"]["serviceAccountName"] = account.into();
    api.put_object(found, manager);
}

#[test]
fn a_service_account_that_is_told_to_be_made_is_nobodys_yet() {
    let bench = kube2iam();
    for name in ["jobs", "taken", "used"] {
        run(&bench, name, "api");
    }
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.put_service_account("web", "taken", &[], &[], "somebody");
        api.put_service_account("web", "taken-aws", &[], &[], "somebody");
        // Whose service account is missing.
        let other = annotated("web", "other", "used", &json!({}));
        api.put_object(other, "somebody");
    }
    let told = bench.run(&format!("{TO} web/api"));
    let hints = told.lines().filter(|line| line.starts_with("hint: give"));
    let hints = hints.map(|line| line.split(", then").next().unwrap_or_default());
    assert_snapshot!(hints.collect::<Vec<_>>().join("\n"), @"
    hint: give deployment web/api one of its own: `kubectl create serviceaccount api-aws --namespace web`
    hint: give deployment web/jobs one of its own: `kubectl create serviceaccount jobs --namespace web`
    hint: give deployment web/taken one of its own (web/taken is there, and may be of others): `kubectl create serviceaccount taken-deployment --namespace web`
    hint: give deployment web/used one of its own (web/used is there, and may be of others): `kubectl create serviceaccount used-aws --namespace web`
    ");
}

#[test]
fn workloads_of_one_name_are_not_told_to_share_a_service_account() {
    let bench = of_default();
    {
        let mut world = bench.sandbox.world();
        let role = json!({"iam.amazonaws.com/role": "web-api"});
        let mut set = annotated("web", "api", "default", &role);
        set["kind"] = "StatefulSet".into();
        world.api("demo").run_workload(set);
    }
    let told = bench.run(&format!("{TO} web/default"));
    for account in ["api-deployment", "api-statefulset"] {
        let create = format!("`kubectl create serviceaccount {account} --namespace web`");
        assert!(told.contains(&create), "{told}");
    }
}

#[test]
fn what_was_asked_for_with_a_flag_is_not_told_to_be_asked_for_with_it() {
    let bench = of_default();
    run(&bench, "jobs", "default");
    {
        let mut world = bench.sandbox.world();
        let role = "arn:aws:iam::111122223333:role/web-api";
        let annotated = ("eks.amazonaws.com/role-arn", role);
        let api = world.api("demo");
        api.annotate("web", "default", &[annotated], "somebody");
    }
    let told = bench.run(&format!("{PATCHED} web/default"));
    assert!(!told.contains("with `--patch-workloads`"), "{told}");
    assert_snapshot!(told, @"
    [stderr]
    error: web/default: it has role arn:aws:iam::111122223333:role/web-api, and deployment web/jobs is given arn:aws:iam::111122223333:role/web-jobs today
    hint: where its annotation is wrong, which anybody may have written, take it off: `kubectl annotate serviceaccount default --namespace web eks.amazonaws.com/role-arn-`
    [exit 1]
    ");
    // Nothing of it is bound, and a template is newer than its pods.
    let bench = of_default();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let names: Vec<String> = api.pods("web").into_iter().map(str::to_owned).collect();
        for name in names {
            let mut pod = api.object("pods", "web", &name).expect("a pod").clone();
            pod["metadata"]["annotations"]["iam.amazonaws.com/role"] = "web-old".into();
            api.put_object(pod, "somebody");
        }
    }
    let told = bench.run(&format!("{PATCHED} web/default"));
    let why =
        "deployment web/api: its pods have another role than its template names: restart it first";
    assert!(told.contains(why), "{told}");
    assert!(!told.contains("with `--patch-workloads`"), "{told}");
}

#[test]
fn what_somebody_sets_back_in_the_middle_is_told_with_who_does() {
    let bench = of_default();
    bench.arrange(&format!("{PATCHED} --all --approve"));
    say(&bench, "default", "default", "helm");
    let before = bench.state();
    let told = bench.run(&format!("{PATCHED} web/api --approve"));
    assert_snapshot!(told, @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: it was made for deployment web/api, which does not run as it: its serviceAccountName is set by helm, which would put it back: change it there
    hint: or go back: the same command with `--undo` and without `--patch-workloads`
    [exit 1]
    ");
    assert_eq!(bench.run(&format!("{TO} web/api --approve")), told);
    assert_eq!(bench.state(), before);
    bench.arrange(&format!("{TO} web/api --undo --approve"));
    assert_eq!(bench.service_account("web", "api"), "");
}

/// Either may have been written by who is not to say what the workload runs as.
#[test]
fn a_workload_and_a_service_account_that_contradict_each_other_are_told_with_what_mends_it() {
    let bench = of_default();
    bench.arrange(&format!("{PATCHED} --all --approve"));
    say(&bench, "king", "api", "kubectl");
    let before = bench.state();
    let told = bench.run(&format!("{TO} web/api --undo --approve"));
    assert_snapshot!(told, @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: annotation irsactl/former-service-account of deployment web/api says king, and that of service account web/api says default deployment/api: which one it ran as before cannot be told
    hint: where default is right: `kubectl annotate deployment/api --namespace web --overwrite irsactl/former-service-account=default`, then the same command again
    hint: where king is right: `kubectl annotate serviceaccount/api --namespace web --overwrite 'irsactl/former-service-account=king deployment/api'`, then the same command again
    [exit 1]
    ");
    assert_eq!(bench.state(), before);
    let finish = bench.run(&format!("{TO} web/api --finish"));
    let removal = "after this nothing reads it: `kubectl annotate deployment/api --namespace web irsactl/former-service-account-`";
    assert!(finish.contains(removal), "{finish}");
    // As the first hint has it.
    say(&bench, "default", "api", "kubectl");
    bench.arrange(&format!("{TO} web/api --undo --approve"));
    assert_eq!(bench.service_account("web", "api"), "");
}

#[test]
fn what_is_undone_twice_is_gone_and_told() {
    let bench = of_default();
    bench.arrange(&format!("{PATCHED} --all --approve"));
    bench.arrange(&format!("{TO} web/api --undo --approve"));
    assert_snapshot!(bench.run(&format!("{TO} web/api --undo --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged
    [stderr]
    note: cluster "demo" has no service account web/api, and nothing runs as one of that name; deployment web/api runs as web/default: there is nothing to undo
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{TO} web/api --finish --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    note: kube2iam is still needed by deployment web/api
    error: web/api: cluster "demo" has no service account web/api, and nothing runs as one of that name; deployment web/api runs as web/default
    hint: list all of them: `irsactl migrate scan --cluster demo --namespace web`
    [exit 1]
    "#);
}

#[test]
fn what_is_not_there_is_told_as_scan_tells_it() {
    let bench = super::annotated();
    for command in [
        "to-irsa",
        "to-pod-identity",
        "to-irsa --undo",
        "to-pod-identity --finish",
    ] {
        let told = bench.run(&format!("migrate {command} web/nope --cluster demo"));
        let why = "error: web/nope: cluster \"demo\" has no service account web/nope, and nothing runs as one of that name\n\
            hint: list all of them: `irsactl migrate scan --cluster demo --namespace web`\n[exit 1]\n";
        assert!(told.contains(why), "{told}");
        let told = bench.run(&format!("migrate {command} nope/api --cluster demo"));
        let why = "error: nope/api: cluster \"demo\" has nothing in a namespace nope\n\
            hint: list all of them: `irsactl migrate scan --cluster demo`\n[exit 1]\n";
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_service_account_that_is_missing_is_told_with_the_command_that_makes_it() {
    let bench = of_default();
    bench.arrange(&format!("{PATCHED} --all --approve"));
    let mut world = bench.sandbox.world();
    world.api("demo").delete_service_account("web", "api");
    drop(world);
    for stage in ["", "--undo"] {
        let told = bench.run(&format!("{TO} web/api {stage} --approve"));
        let why = "error: web/api: there is no such ServiceAccount\n\
            hint: make it: `kubectl create serviceaccount api --namespace web`\n";
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_role_of_another_account_is_no_matter_of_associations_on_the_way_to_irsa() {
    let mut bench = kube2iam();
    let far = "arn:aws:iam::444455556666:role/far";
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let role = json!({"iam.amazonaws.com/role": far});
        api.run_workload(annotated("web", "far", "far", &role));
        let allowed = json!({"iam.amazonaws.com/allowed-roles": format!("[\"{far}\"]")});
        let metadata = json!({"name": "web", "annotations": allowed});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        api.put_object(namespace, "kubectl");
        world.clusters[0].add_addon("eks-pod-identity-agent");
    }
    assert_snapshot!(bench.run(&format!("{TO} web/far")), @"
    [stderr]
    error: web/far: role arn:aws:iam::444455556666:role/far is of another account: a move neither sees its trust policy nor changes it
    hint: have it let in there, by a profile of that account: `irsactl create iamserviceaccount web/far --cluster demo --attach-role-arn arn:aws:iam::444455556666:role/far --trust --role-profile PROFILE`
    [exit 1]
    ");
    let told = bench.run("migrate to-pod-identity --cluster demo --from kube2iam web/far");
    assert!(
        told.contains("--target-role-arn arn:aws:iam::444455556666:role/far`"),
        "{told}"
    );
    for stage in ["--finish", "--undo"] {
        let told = bench.run(&format!("{TO} web/far {stage}"));
        assert!(!told.contains("association"), "{told}");
    }
    // As the hint has it.
    let config = bench.file(
        "aws/config",
        "[profile data]\naws_access_key_id = AKIA444455556666\naws_secret_access_key = sandbox-secret-key\n",
    );
    bench.set("AWS_CONFIG_FILE", &config.display().to_string());
    {
        let mut world = bench.sandbox.world();
        let account = world.accounts.get_mut("444455556666").expect("the account");
        let role = Role::new("aws", "444455556666", "/", "far", json!({"Statement": []}));
        account.roles.insert("far".to_owned(), role);
    }
    bench.arrange("associate-oidc-provider --cluster demo --role-profile data --approve");
    bench.arrange(&format!("create iamserviceaccount web/far --cluster demo --attach-role-arn {far} --trust --role-profile data --approve"));
    let annotated = bench.service_account("web", "far");
    assert!(annotated.contains(far), "{annotated}");
}

#[test]
fn of_two_that_may_give_roles_none_is_believed_and_both_are_told() {
    for (image, name) in [
        ("quay.io/uswitch/kiam:v4.2", "kiam-too"),
        ("jtblin/kube2iam:0.11.2", "kube2iam"),
    ] {
        let bench = kiam();
        {
            let mut world = bench.sandbox.world();
            let api = world.api("demo");
            let found = api.object("daemonsets", "kube-system", "kiam-agent");
            let mut other = found.expect("kiam's agent").clone();
            other["metadata"] = json!({"namespace": "kube-system", "name": name});
            let container = &mut other["spec"]["template"]["spec"]["containers"][0];
            container["image"] = image.into();
            container["args"] = json!(["--auto-discover-base-arn"]);
            api.run_workload(other);
            if name == "kiam-too" {
                // With a server of its own.
                let found = api.object("deployments", "kube-system", "kiam-server");
                let mut server = found.expect("kiam's server").clone();
                server["metadata"] = json!({"namespace": "kube-system", "name": "kiam-server-too"});
                api.put_object(server, "somebody");
            }
        }
        let before = bench.state();
        for which in ["web/api", "--all"] {
            let told = bench.run(&format!(
                "migrate to-irsa --cluster demo --from kiam {which} --approve"
            ));
            let why = format!(
                "which of daemonset kube-system/kiam-agent and daemonset kube-system/{name} gives pods their roles cannot be told"
            );
            assert!(told.contains(&why), "{told}");
            let delete = format!("`kubectl delete daemonset {name} --namespace kube-system`");
            assert!(told.contains(&delete), "{told}");
            assert!(!told.contains("if a right is missing"), "{told}");
            assert!(told.ends_with("[exit 1]\n"), "{told}");
        }
        assert_eq!(bench.state(), before);
        let told = bench.run("migrate scan --cluster demo --namespace web");
        assert!(told.contains("Deployment   unknown"), "{told}");
        assert!(!told.contains("node-role"), "{told}");
    }
}

#[test]
fn scan_names_the_command_for_pods_that_share_a_service_account() {
    let bench = of_default();
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @"
    [stdout]
    NAMESPACE   NAME   KIND         WAY        SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         api    Deployment   kube2iam   default           OLD     a service account has one role for all its pods, and others run, or may, as web/default: deployment web/api has arn:aws:iam::111122223333:role/web-api; next: irsactl migrate to-irsa web/default --cluster demo --from kube2iam --patch-workloads
    [exit 0]
    ");
    let told = bench.run("migrate scan --cluster demo --namespace web -o json");
    let command = r#""command": "irsactl migrate to-irsa web/default --cluster demo --from kube2iam --patch-workloads""#;
    assert!(told.contains(command), "{told}");
    bench.arrange(
        "migrate to-irsa web/default --cluster demo --from kube2iam --patch-workloads --approve",
    );
}

#[test]
fn where_neither_is_there_that_is_said_of_all() {
    let bench = super::annotated();
    for stage in ["--approve", "--finish --approve", "--undo"] {
        let told = bench.run(&format!("{TO} --all {stage}"));
        let note = "note: no kube2iam is found in the cluster\n";
        assert!(told.contains(note), "{told}");
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
}

/// What runs as the same service account without a role of that is no concern of it.
#[test]
fn scan_tells_a_workload_what_keeps_itself() {
    let bench = of_default();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_workload(annotated("web", "plain", "default", &json!({})));
        api.run_pod("web", "alone", "default");
        let mut keys = annotated("web", "keys", "default", &json!({}));
        let env = json!([{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]);
        keys["spec"]["template"]["spec"]["containers"][0]["env"] = env;
        api.run_workload(keys);
    }
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @"
    [stdout]
    NAMESPACE   NAME    KIND         WAY           SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         api     Deployment   kube2iam      default           OLD     a service account has one role for all its pods, and others run, or may, as web/default: deployment web/api has arn:aws:iam::111122223333:role/web-api, deployment web/keys has none, deployment web/plain has none, pod web/alone has none; next: irsactl migrate to-irsa web/default --cluster demo --from kube2iam --patch-workloads
    web         keys    Deployment   static-keys   default           -       AWS_ACCESS_KEY_ID in container app: to be taken out once a role does the same
    web         plain   Deployment   node-role     default           -
    web         alone   Pod          node-role     default           -
    [exit 0]
    ");
}

#[test]
fn one_workload_of_a_service_account_is_chosen_by_what_it_is_to_run_as() {
    for choice in [
        "--all --include web/api",
        "--all --exclude web/jobs",
        "web/api",
    ] {
        let bench = of_default();
        run(&bench, "jobs", "default");
        let told = bench.run(&format!("{PATCHED} {choice} --approve"));
        assert!(
            told.contains("moved deployment web/api to service account api\n"),
            "{told}"
        );
        assert!(!told.contains("moved deployment web/jobs"), "{told}");
        assert!(told.ends_with("[exit 0]\n"), "{told}");
        let told = bench.run(&format!("{PATCHED} {choice} --approve"));
        assert!(told.contains("unchanged"), "{told}");
        assert!(!told.contains("moved"), "{told}");
        bench.arrange(&format!("{TO} {choice} --undo --approve"));
        assert_eq!(bench.service_account("web", "api"), "");
        let told = bench.run(&format!("{PATCHED} --all --include web/default"));
        for name in ["api", "jobs"] {
            let step = format!("move deployment web/{name} to service account {name}\n");
            assert!(told.contains(&step), "{told}");
        }
    }
}
