//! The API server, as kubectl uses it, with the sandbox's kubeconfig and with the aws CLI's.

use insta::assert_snapshot;

use crate::shell::{Shell, installed};
use crate::support::{Bench, S3};

#[test]
fn kubectl_makes_and_deletes_namespaces_and_service_accounts() {
    let Some(shell) = Shell::with_kubectl(Bench::new()) else {
        return;
    };
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
    assert_snapshot!(shell.run("kubectl create serviceaccount cart --namespace shop"), @r#"
    [stderr]
    error: failed to create serviceaccount: serviceaccounts "cart" already exists
    [exit 1]
    "#);
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
    assert_snapshot!(shell.run("kubectl delete serviceaccount cart --namespace shop"), @r#"
    [stdout]
    serviceaccount "cart" deleted
    [exit 0]
    "#);
    assert_snapshot!(shell.run("kubectl get serviceaccount cart --namespace shop"), @r#"
    [stderr]
    Error from server (NotFound): serviceaccounts "cart" not found
    [exit 1]
    "#);
    assert_snapshot!(shell.run("kubectl delete namespace shop"), @r#"
    [stdout]
    namespace "shop" deleted
    [exit 0]
    "#);
}

#[test]
fn server_side_apply_of_another_manager_conflicts() {
    let Some(shell) = Shell::with_kubectl(Bench::new()) else {
        return;
    };
    let manifest = |role: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: cart\n  namespace: default\n  \
             annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/{role}\n"
        )
    };
    shell.bench.file("one.yaml", &manifest("one"));
    shell.bench.file("two.yaml", &manifest("two"));
    assert_snapshot!(shell.run("kubectl apply --server-side --field-manager one -f one.yaml"), @"
    [stdout]
    serviceaccount/cart serverside-applied
    [exit 0]
    ");
    assert_snapshot!(shell.run("kubectl apply --server-side --field-manager two -f two.yaml"), @r#"
    [stderr]
    error: Apply failed with 1 conflict: conflict with "one": .metadata.annotations.eks.amazonaws.com/role-arn
    Please review the fields above--they currently have other managers. Here
    are the ways you can resolve this warning:
    * If you intend to manage all of these fields, please re-run the apply
      command with the `--force-conflicts` flag.
    * If you do not intend to manage all of the fields, please edit your
      manifest to remove references to the fields that should keep their
      current managers.
    * You may co-own fields by updating your manifest to match the existing
      value; in this case, you'll become the manager if the other manager(s)
      stop managing the field (remove it from their configuration).
    See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
    [exit 1]
    "#);
    assert_snapshot!(shell.run("kubectl apply --server-side --field-manager two --force-conflicts -f two.yaml"), @"
    [stdout]
    serviceaccount/cart serverside-applied
    [exit 0]
    ");
    assert_snapshot!(shell.run("kubectl get serviceaccount cart --output yaml --show-managed-fields | grep -e manager: -e role-arn:"), @"
    [stdout]
        eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/two
              f:eks.amazonaws.com/role-arn: {}
        manager: two
    [exit 0]
    ");
}

#[test]
fn a_token_that_kubectl_asked_for_is_exchanged_for_the_role() {
    let Some(shell) =
        Shell::with_kubectl(Bench::associated()).and_then(|shell| Shell::with_aws(shell.bench))
    else {
        return;
    };
    let created = shell.bench.run(&format!(
        "create iamserviceaccount s3-reader --cluster demo --role-name s3-reader --attach-policy-arn {S3} --approve"
    ));
    assert!(created.ends_with("[exit 0]\n"), "{created}");
    assert_snapshot!(shell.run(
        "aws sts assume-role-with-web-identity --role-arn arn:aws:iam::111122223333:role/s3-reader --role-session-name pod \
         --web-identity-token $(kubectl create token s3-reader --audience sts.amazonaws.com --duration 10m) \
         --query AssumedRoleUser.Arn"), @r#"
    [stdout]
    "arn:aws:sts::111122223333:assumed-role/s3-reader/pod"
    [exit 0]
    "#);
}

#[test]
fn the_aws_cli_opens_the_cluster_to_kubectl() {
    let Some(shell) = Shell::with_aws(Bench::new()) else {
        return;
    };
    if installed("kubectl", "kubernetes-client").is_none() {
        return;
    }
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
fn a_token_of_the_aws_cli_for_another_cluster_is_not_believed() {
    let Some(shell) =
        Shell::with_kubectl(Bench::new()).and_then(|shell| Shell::with_aws(shell.bench))
    else {
        return;
    };
    let with_token_for = |cluster: &str| {
        shell.run(&format!(
            "kubectl config unset users.demo.token > unset && kubectl get namespaces --output name \
             --token $(aws eks get-token --cluster-name {cluster} --query status.token --output text)"
        ))
    };
    assert_snapshot!(with_token_for("demo"), @"
    [stdout]
    namespace/default
    namespace/kube-node-lease
    namespace/kube-public
    namespace/kube-system
    [exit 0]
    ");
    assert_snapshot!(with_token_for("other"), @"
    [stderr]
    error: You must be logged in to the server (Unauthorized)
    [exit 1]
    ");
}
