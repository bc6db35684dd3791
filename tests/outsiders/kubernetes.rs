//! The API server, as kubectl uses it, with the sandbox's kubeconfig and with the aws CLI's.

use insta::assert_snapshot;

use crate::shell::{Shell, assert_installed};
use crate::support::{Bench, S3};

/// `create token` came with kubectl 1.24; Debian's is older and asks for one by hand.
const CREATE_TOKEN: &str = r#"if kubectl create --help | grep -q "^  token "
    then kubectl create token s3-reader --audience sts.amazonaws.com --duration 10m
    else kubectl create --raw /api/v1/namespaces/default/serviceaccounts/s3-reader/token -f request.json |
        sed 's/.*"token": *"\([^"]*\)".*/\1/'
    fi"#;
const TOKEN_REQUEST: &str = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
    "spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 600}}"#;

/// Debian's kubectl wants a schema to validate by (`/openapi/v2`), which the sandbox has not; the
/// later ones leave that to the server.
const APPLY: &str =
    "kubectl apply $(kubectl apply --help | grep -q strict || echo --validate=false) --server-side";

#[test]
fn kubectl_makes_and_deletes_namespaces_and_service_accounts() {
    let shell = Shell::with_kubectl(Bench::new());
    assert_snapshot!(shell.run("kubectl create namespace shop"), @"
    [stdout]
    namespace/shop created
    [exit 0]
    ");
    assert_snapshot!(shell.run("kubectl create serviceaccount cart --namespace shop"), @"
    [stdout]
    serviceaccount/cart created
    [exit 0]
    ");
    // What comes before it is another thing in each kubectl.
    assert_snapshot!(shell.output("kubectl create serviceaccount cart --namespace shop 2>&1 | grep -o 'serviceaccounts .*'"), @r#"serviceaccounts "cart" already exists"#);
    assert_snapshot!(shell.run("kubectl annotate serviceaccount cart --namespace shop eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/cart"), @"
    [stdout]
    serviceaccount/cart annotated
    [exit 0]
    ");
    assert_snapshot!(shell.run("kubectl get serviceaccount cart --namespace shop --output jsonpath='{.metadata.annotations}'"), @r#"
    [stdout]
    {"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/cart"}
    [exit 0]
    "#);
    assert_snapshot!(shell.run("kubectl delete serviceaccount cart --namespace shop --output name"), @"
    [stdout]
    serviceaccount/cart
    [exit 0]
    ");
    assert_snapshot!(shell.run("kubectl get serviceaccount cart --namespace shop"), @r#"
    [stderr]
    Error from server (NotFound): serviceaccounts "cart" not found
    [exit 1]
    "#);
    assert_snapshot!(shell.run("kubectl delete namespace shop --output name"), @"
    [stdout]
    namespace/shop
    [exit 0]
    ");
}

#[test]
fn server_side_apply_of_another_manager_conflicts() {
    let shell = Shell::with_kubectl(Bench::new());
    let manifest = |role: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: cart\n  namespace: default\n  \
             annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/{role}\n"
        )
    };
    shell.bench.file("one.yaml", &manifest("one"));
    shell.bench.file("two.yaml", &manifest("two"));
    assert_snapshot!(shell.run(&format!("{APPLY} --field-manager one -f one.yaml")), @"
    [stdout]
    serviceaccount/cart serverside-applied
    [exit 0]
    ");
    // After the first line comes advice, which is another one in each kubectl.
    assert_snapshot!(shell.run(&format!("{APPLY} --field-manager two -f two.yaml 2>&1 | head -n 1")), @r#"
    [stdout]
    error: Apply failed with 1 conflict: conflict with "one": .metadata.annotations.eks.amazonaws.com/role-arn
    [exit 0]
    "#);
    assert_snapshot!(shell.run(&format!("{APPLY} --field-manager two --force-conflicts -f two.yaml")), @"
    [stdout]
    serviceaccount/cart serverside-applied
    [exit 0]
    ");
    let state = "kubectl get serviceaccount cart \
        --output jsonpath='{.metadata.annotations} {.metadata.managedFields[*].manager}'";
    assert_snapshot!(shell.output(state), @r#"{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/two"} two"#);
}

/// kubectl waits for the end of a deletion, as irsactl does.
#[test]
fn kubectl_waits_for_finalizers() {
    let shell = Shell::with_kubectl(Bench::new());
    shell.output("kubectl create serviceaccount cart");
    let guard = r#"kubectl patch serviceaccount cart --type merge --patch '{"metadata": {"finalizers": FINALIZERS}}'"#;
    shell.output(&guard.replace("FINALIZERS", r#"["example.com/guard"]"#));
    shell.output("kubectl delete serviceaccount cart --wait=false");
    let state = "kubectl get serviceaccount cart --output jsonpath='{.metadata.finalizers} {.metadata.deletionGracePeriodSeconds}'";
    assert_snapshot!(shell.output(state), @r#"["example.com/guard"] 0"#);
    shell.output(&guard.replace("FINALIZERS", "[]"));
    assert_snapshot!(shell.run("kubectl get serviceaccount cart"), @r#"
    [stderr]
    Error from server (NotFound): serviceaccounts "cart" not found
    [exit 1]
    "#);
}

/// Each condition of kubectl's, in the words of the API server.
#[test]
fn writes_by_the_version_that_was_seen_are_refused_when_it_is_old() {
    let shell = Shell::with_kubectl(Bench::new());
    shell.output("kubectl create serviceaccount cart");
    let path = "/api/v1/namespaces/default/serviceaccounts/cart";
    for (name, precondition) in [
        ("uid", r#""uid": "other""#),
        ("version", r#""resourceVersion": "1""#),
    ] {
        let options = format!(
            r#"{{"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {{{precondition}}}}}"#
        );
        shell.bench.file(&format!("{name}.json"), &options);
    }
    let told = |line: &str| {
        let said = shell.output(&format!("{line} 2>&1 | head -n 1"));
        let from = said
            .find("Operation")
            .or(said.find("is invalid"))
            .unwrap_or(0);
        let uids = said[from..].split(['(', ')', '"']);
        let kept = uids.map(|part| if part.len() == 36 { "UID" } else { part });
        kept.collect::<Vec<_>>().join("|")
    };
    assert_snapshot!(told(&format!("kubectl delete --raw {path} -f uid.json")), @"Operation cannot be fulfilled on ServiceAccount |cart|: the UID in the precondition |other| does not match the UID in record |UID|. The object might have been deleted and then recreated");
    assert_snapshot!(told(&format!("kubectl delete --raw {path} -f version.json")), @"Operation cannot be fulfilled on ServiceAccount |cart|: the ResourceVersion in the precondition |1| does not match the ResourceVersion in record |36|. The object might have been modified");
    assert_snapshot!(told(r#"kubectl patch serviceaccount cart --type merge --patch '{"metadata": {"resourceVersion": "1"}}'"#), @"Operation cannot be fulfilled on serviceaccounts |cart|: the object has been modified; please apply your changes to the latest version and try again");
    assert_snapshot!(told(r#"kubectl patch serviceaccount cart --type merge --patch '{"metadata": {"uid": "other"}}'"#), @"is invalid: metadata.uid: Invalid value: |other|: field is immutable");
    shell.bench.file(
        "gone.yaml",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: gone\n  namespace: default\n  uid: other\n",
    );
    assert_snapshot!(told(&format!("{APPLY} -f gone.yaml")), @"Operation cannot be fulfilled on serviceaccounts |gone|: uid mismatch: the provided object specified uid other, and no existing object was found");
}

#[test]
fn a_token_that_kubectl_asked_for_is_exchanged_for_the_role() {
    let shell = Shell::with_aws(Shell::with_kubectl(Bench::associated()).bench);
    let created = shell.bench.run(&format!(
        "create iamserviceaccount s3-reader --cluster demo --role-name s3-reader --attach-policy-arn {S3} --approve"
    ));
    assert!(created.ends_with("[exit 0]\n"), "{created}");
    shell.bench.file("request.json", TOKEN_REQUEST);
    assert_snapshot!(shell.run(&format!(
        "aws sts assume-role-with-web-identity --role-arn arn:aws:iam::111122223333:role/s3-reader \
         --role-session-name pod --web-identity-token $({CREATE_TOKEN}) --query AssumedRoleUser.Arn"
    )), @r#"
    [stdout]
    "arn:aws:sts::111122223333:assumed-role/s3-reader/pod"
    [exit 0]
    "#);
}

#[test]
fn the_aws_cli_opens_the_cluster_to_kubectl() {
    let shell = Shell::with_aws(Bench::new());
    assert_installed("kubectl", "kubernetes-client");
    shell.output("aws eks update-kubeconfig --name demo");
    assert_snapshot!(shell.run("kubectl get namespaces --output name"), @"
    [stdout]
    namespace/default
    namespace/kube-node-lease
    namespace/kube-public
    namespace/kube-system
    [exit 0]
    ");
    assert_snapshot!(shell.run("kubectl auth can-i create serviceaccounts"), @"
    [stdout]
    yes
    [exit 0]
    ");
}

#[test]
fn only_a_token_of_the_aws_cli_for_this_cluster_is_believed() {
    let shell = Shell::with_aws(Shell::with_kubectl(Bench::new()).bench);
    let with_token_for = |cluster: &str, variables: &str| {
        shell.run(&format!(
            "kubectl config unset users.demo.token > unset && kubectl get namespaces --output name --token \
             $({variables} aws eks get-token --cluster-name {cluster} --query status.token --output text)"
        ))
    };
    let namespaces = with_token_for("demo", "");
    assert_snapshot!(namespaces, @"
    [stdout]
    namespace/default
    namespace/kube-node-lease
    namespace/kube-public
    namespace/kube-system
    [exit 0]
    ");
    // Signed for the real STS, as anyone's token is, and not for the sandbox's endpoint.
    let real = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true";
    assert_eq!(with_token_for("demo", real), namespaces);
    assert_snapshot!(with_token_for("other", ""), @"
    [stderr]
    error: You must be logged in to the server (Unauthorized)
    [exit 1]
    ");
    assert_snapshot!(with_token_for("demo", "AWS_SECRET_ACCESS_KEY=wrong"), @"
    [stderr]
    error: You must be logged in to the server (Unauthorized)
    [exit 1]
    ");
}

#[test]
fn kubectl_restarts_a_deployment_whose_pods_then_have_the_role() {
    let shell = Shell::with_kubectl(Bench::new());
    let environment = "kubectl get pods --namespace web \
        --output jsonpath='{range .items[*]}{.spec.containers[0].env[?(@.name==\"AWS_ROLE_ARN\")].value}{\"\\n\"}{end}'";
    {
        let mut world = shell.bench.sandbox.world();
        let api = world.api("demo");
        api.run_deployment("web", "api", "cart", 2);
        api.run_stateful_set("web", "db", "cart", 1);
        api.run_daemon_set("web", "agent", "cart");
    }
    assert_snapshot!(shell.output(environment), @"");
    shell.output(
        "kubectl annotate serviceaccount cart --namespace web eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/cart",
    );
    assert_snapshot!(shell.run("kubectl rollout restart deployment/api statefulset/db daemonset/agent --namespace web"), @"
    [stdout]
    deployment.apps/api restarted
    statefulset.apps/db restarted
    daemonset.apps/agent restarted
    [exit 0]
    ");
    // Each says it in its own words, and complains of watches that end.
    assert_snapshot!(shell.output("for it in deployment/api statefulset/db daemonset/agent; do \
        kubectl rollout status $it --namespace web --timeout 20s > log 2>&1 && echo $it; done"), @"
    deployment/api
    statefulset/db
    daemonset/agent
    ");
    assert_snapshot!(shell.output(environment), @"
    arn:aws:iam::111122223333:role/cart
    arn:aws:iam::111122223333:role/cart
    arn:aws:iam::111122223333:role/cart
    arn:aws:iam::111122223333:role/cart
    arn:aws:iam::111122223333:role/cart
    ");
    assert_snapshot!(shell.output("kubectl get pods --namespace web db-0 --output jsonpath='{.spec.volumes[1]}'"), @r#"{"name":"aws-iam-token","projected":{"sources":[{"serviceAccountToken":{"audience":"sts.amazonaws.com","expirationSeconds":86400,"path":"token"}}]}}"#);
}
