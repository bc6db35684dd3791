//! `get iamserviceaccount`: which rows there are, and what they tell.

mod formats;
mod wide;

use insta::assert_snapshot;

use crate::support::Bench;

const GET: &str = "get iamserviceaccount --cluster demo";
const MANAGED_POLICY: &str = include_str!("../eksctl/managed-policy.json");

#[test]
fn a_table_lists_the_service_accounts_of_the_cluster() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.create("kube-system/dns");
    assert_snapshot!(bench.run(GET), @"
    [stdout]
    NAMESPACE     NAME        ROLE ARN
    default       s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    kube-system   dns         arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-DAGLBR67EGTN
    [exit 0]
    ");
}

#[test]
fn a_table_needs_one_call() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.run(GET);
    assert_snapshot!(bench.calls(), @"cloudformation DescribeStacks");
}

#[test]
fn one_service_account_is_asked_for_by_its_stack_alone() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.run(&format!("{GET} default/s3-reader"));
    let calls = bench.sandbox.world().calls.clone();
    let asked: Vec<String> = calls
        .iter()
        .map(|call| format!("{call} {}", call.subject))
        .collect();
    assert_snapshot!(asked.join("\n"), @"cloudformation DescribeStacks eksctl-demo-addon-iamserviceaccount-default-s3-reader");
}

#[test]
fn a_cluster_without_any_is_told() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(GET), @"
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
    assert_snapshot!(bench.calls(), @"
    cloudformation DescribeStacks
    eks DescribeCluster
    kubernetes list serviceaccounts
    ");
}

#[test]
fn a_cluster_that_does_not_exist_is_a_failure() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("get iamserviceaccount --cluster dmeo"), @r#"
    [stderr]
    error: there is no EKS cluster "dmeo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmeo" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn what_is_left_of_a_deleted_cluster_is_listed() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.forget_cluster();
    assert_snapshot!(bench.run(GET), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

/// Three service accounts, two of them with the same name.
fn with_three() -> Bench {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "CREATE_COMPLETE");
    bench.eksctl_stack("apps/s3-reader", "CREATE_COMPLETE");
    bench.eksctl_stack("apps/writer", "CREATE_COMPLETE");
    bench
}

#[test]
fn a_name_finds_it_in_every_namespace() {
    let bench = with_three();
    assert_snapshot!(bench.run(&format!("{GET} s3-reader -o name")), @"
    [stdout]
    apps/s3-reader
    default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{GET} --name s3-reader -o name")), @"
    [stdout]
    apps/s3-reader
    default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_namespace_limits_the_list() {
    let bench = with_three();
    assert_snapshot!(bench.run(&format!("{GET} --namespace apps -o name")), @"
    [stdout]
    apps/s3-reader
    apps/writer
    [exit 0]
    ");
}

#[test]
fn a_name_and_a_namespace_find_one() {
    let bench = with_three();
    for line in [
        "apps/s3-reader",
        "s3-reader -n apps",
        "--name s3-reader --namespace apps",
    ] {
        assert_eq!(
            bench.run(&format!("{GET} {line} -o name")),
            "[stdout]\napps/s3-reader\n[exit 0]\n",
            "{line}"
        );
    }
}

#[test]
fn a_name_that_is_not_there_is_told() {
    let bench = with_three();
    assert_snapshot!(bench.run(&format!("{GET} nobody")), @r#"
    [stderr]
    error: cluster "demo" has no IAM service account "nobody"
    hint: list all of them: `irsactl get iamserviceaccount --cluster demo`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{GET} apps/nobody -o json")), @r#"
    [stderr]
    error: cluster "demo" has no IAM service account "nobody" in namespace "apps"
    hint: list all of them: `irsactl get iamserviceaccount --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn all_pages_are_read_and_the_rows_are_sorted() {
    let bench = Bench::associated();
    for name in ["web/b", "apps/z", "web/a", "apps/a", "default/m"] {
        bench.eksctl_stack(name, "CREATE_COMPLETE");
    }
    bench.sandbox.world().page_size = 2;
    assert_snapshot!(bench.run(&format!("{GET} -o name")), @"
    [stdout]
    apps/a
    apps/z
    default/m
    web/a
    web/b
    [exit 0]
    ");
    assert_snapshot!(bench.calls(), @"
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    ");
}

#[test]
fn broken_stacks_are_rows() {
    let bench = Bench::slow(u32::MAX);
    bench.eksctl_stack("default/failed", "ROLLBACK_COMPLETE");
    bench.eksctl_stack("default/going", "DELETE_FAILED");
    bench.eksctl_stack("default/coming", "CREATE_IN_PROGRESS");
    bench.eksctl_stack("default/good", "CREATE_COMPLETE");
    bench.eksctl_stack("default/gone", "DELETE_COMPLETE");
    assert_snapshot!(bench.run(GET), @"
    [stdout]
    NAMESPACE   NAME     ROLE ARN
    default     coming   -
    default     failed   -
    default     going    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-g-Role1-7COLJDUU65HV
    default     good     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-g-Role1-H4LCV3JRPQSB
    [exit 0]
    ");
}

#[test]
fn stacks_of_other_clusters_are_no_rows() {
    let bench = Bench::associated();
    bench.stack_of("demo-eu", "default/a", MANAGED_POLICY, "CREATE_COMPLETE");
    // Its name begins as one of "demo" does: only the tags tell.
    bench.stack_of(
        "demo-addon-iamserviceaccount-x",
        "default/b",
        MANAGED_POLICY,
        "CREATE_COMPLETE",
    );
    bench.stack_of("dem", "default/c", MANAGED_POLICY, "CREATE_COMPLETE");
    assert_snapshot!(bench.run(GET), @"
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
}

#[test]
fn other_stacks_of_the_cluster_are_no_rows() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "CREATE_COMPLETE");
    bench.eksctl_stack("default/other", "CREATE_COMPLETE");
    bench.account(|account| {
        account.stacks[1]
            .tags
            .remove("alpha.eksctl.io/iamserviceaccount-name");
    });
    assert_snapshot!(bench.run(&format!("{GET} -o name")), @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
}

#[test]
fn one_of_eksctls_two_cluster_tags_is_enough() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "CREATE_COMPLETE");
    bench.account(|account| {
        account.stacks[0]
            .tags
            .remove("alpha.eksctl.io/cluster-name");
    });
    assert_snapshot!(bench.run(&format!("{GET} -o name")), @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_stack_under_any_name_is_known_by_its_tags() {
    let bench = Bench::associated();
    bench.stack_named(
        "mine",
        "demo",
        "default/s3-reader",
        MANAGED_POLICY,
        "CREATE_COMPLETE",
    );
    assert_snapshot!(bench.run(&format!("{GET} -o name")), @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
}

#[test]
fn eksctls_spellings_are_understood() {
    let bench = with_three();
    for line in [
        "get iamserviceaccounts --cluster=demo -o name",
        "get irsa -c demo -o name --chunk-size 5",
        "get sa -c demo -r eu-west-1 -o name -v 3",
    ] {
        let result = bench.run(line);
        assert!(
            result.contains("apps/s3-reader\napps/writer\n"),
            "{line}: {result}"
        );
    }
}

#[test]
fn the_cluster_must_be_given() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("get iamserviceaccount"), @"
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl get iamserviceaccount --cluster <CLUSTER> [NAME]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_format_is_refused_before_any_call() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{GET} -o xml")), @"
    [stderr]
    error: invalid value 'xml' for '--output <OUTPUT>'
      [possible values: table, wide, json, yaml, name, markdown]
    hint: a similar value exists: 'yaml'

    For more information, try '--help'.
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}
