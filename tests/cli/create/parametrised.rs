//! Ready-made policies that need names of resources, by flags and by a file.

use insta::assert_snapshot;
use serde_json::Value;

use crate::file::file_of;
use crate::support::Bench;

const KARPENTER: &str = "create iamserviceaccount karpenter -n kube-system --cluster demo --well-known-policy karpenter --approve";

/// The inline policy of the only role, once the stack has made it.
fn document(bench: &Bench) -> Value {
    bench.account(|account| {
        let mut roles = account.roles.values();
        let role = roles.find(|role| !role.inline.is_empty()).expect("a role");
        assert_eq!(role.inline.len(), 1);
        role.inline.values().next().expect("a document").clone()
    })
}

fn statement<'a>(document: &'a Value, sid: &str) -> &'a Value {
    let statements = document["Statement"].as_array().expect("statements");
    let found = statements.iter().find(|it| it["Sid"] == sid);
    found.expect("the statement")
}

#[test]
fn the_names_stand_in_the_roles_policy() {
    let bench = Bench::associated();
    let told = bench.run(&format!("{KARPENTER} --with cluster-name=demo,queue=spot"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    let document = document(&bench);
    assert_eq!(
        statement(&document, "AllowInterruptionQueueActions")["Resource"],
        "arn:aws:sqs:eu-west-1:111122223333:spot"
    );
    assert_eq!(
        statement(&document, "AllowPassingInstanceRole")["Resource"],
        "arn:aws:iam::111122223333:role/KarpenterNodeRole-demo"
    );
    let tagged = statement(&document, "AllowScopedDeletion");
    assert_eq!(
        tagged["Condition"]["StringEquals"]["aws:ResourceTag/kubernetes.io/cluster/demo"],
        "owned"
    );
    let again = bench.run(&format!("{KARPENTER} --with cluster-name=demo,queue=spot"));
    assert!(again.contains("unchanged"), "{again}");
}

#[test]
fn a_file_has_an_object_in_the_place_of_true() {
    let bench = Bench::associated();
    let account = "  - metadata: {name: csi, namespace: kube-system}\n    wellKnownPolicies: {mountpointS3: {bucket: my-data}, externalDNS: false}\n";
    bench.file("cluster.yaml", &file_of(account));
    let told = bench.run("apply -f ~/cluster.yaml --approve");
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    let document = document(&bench);
    assert_eq!(
        statement(&document, "MountpointFullObjectAccess")["Resource"],
        "arn:aws:s3:::my-data/*"
    );
    let again = bench.run("apply -f ~/cluster.yaml --approve --detailed-exitcode");
    assert!(again.ends_with("[exit 0]\n"), "{again}");
}

#[test]
fn what_is_missing_or_wrong_is_told_before_any_call() {
    let bench = Bench::new();
    let lines = [
        KARPENTER.to_owned(),
        format!("{KARPENTER} --with cluster=demo"),
        format!("{KARPENTER} --with cluster-name=demo --with bucket=a"),
        format!("{KARPENTER} --with cluster-name=demo,cluster-name=other"),
        format!("{KARPENTER} --with cluster-name=*"),
        KARPENTER.replace("--well-known-policy karpenter", "--with cluster-name=demo"),
    ];
    let told: Vec<String> = lines.iter().map(|line| bench.run(line)).collect();
    assert_snapshot!(told.join("\n"), @r#"
    [stderr]
    error: --with: karpenter wants cluster-name (name of the cluster whose nodes it makes)
    hint: see `--help`
    [exit 2]

    [stderr]
    error: --with "cluster": there is no such parameter, but cluster-name (name of the cluster whose nodes it makes), node-role (name of the role of its nodes, with its path, else KarpenterNodeRole-CLUSTER-NAME), queue (name of the SQS queue that tells of interruptions, else CLUSTER-NAME)
    hint: see `--help`
    [exit 2]

    [stderr]
    error: --with "bucket": there is no such parameter, but cluster-name (name of the cluster whose nodes it makes), node-role (name of the role of its nodes, with its path, else KarpenterNodeRole-CLUSTER-NAME), queue (name of the SQS queue that tells of interruptions, else CLUSTER-NAME)
    hint: see `--help`
    [exit 2]

    [stderr]
    error: --with "cluster-name": is given twice
    hint: see `--help`
    [exit 2]

    [stderr]
    error: --with: cluster-name "*": a cluster's name has at most 100 letters, digits, `-` and `_`
    hint: see `--help`
    [exit 2]

    [stderr]
    error: the following required arguments were not provided:
      --well-known-policy <NAME>

    Usage: irsactl create iamserviceaccount --well-known-policy <NAME> --namespace <NAMESPACE> --cluster <CLUSTER> --with <PARAMETER=NAME> --approve[=<BOOL>] <NAME>

    For more information, try '--help'.
    [exit 2]
    "#);
    assert_eq!(bench.calls(), "");
}

#[test]
fn mistakes_in_a_file_are_told_with_their_place() {
    let bench = Bench::new();
    let policies = [
        "{mountpointS3: true}",
        "{mountpointS3: {}}",
        "{mountpointS3: {bucket: [a]}}",
        "{mountpointS3: {bucket: 'a*'}}",
        "{karpenter: {clusterName: demo}}",
    ];
    let told: Vec<String> = policies
        .iter()
        .map(|policies| {
            let account =
                format!("  - metadata: {{name: csi}}\n    wellKnownPolicies: {policies}\n");
            bench.file("cluster.yaml", &file_of(&account));
            bench.run("apply -f ~/cluster.yaml --approve")
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:8:39: iam.serviceAccounts[0] (default/csi).wellKnownPolicies.mountpointS3: an object of bucket (name of the bucket that is mounted) is wanted, this is the bool `true`
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]

    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:8:39: iam.serviceAccounts[0] (default/csi).wellKnownPolicies.mountpointS3: mountpointS3 wants bucket (name of the bucket that is mounted)
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]

    [stderr]
    error: ~/cluster.yaml is no valid config file: 2 problems
      ~/cluster.yaml:8:39: iam.serviceAccounts[0] (default/csi).wellKnownPolicies.mountpointS3: mountpointS3 wants bucket (name of the bucket that is mounted)
      ~/cluster.yaml:8:48: iam.serviceAccounts[0] (default/csi).wellKnownPolicies.mountpointS3.bucket: a text is wanted, this is a list
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]

    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:8:39: iam.serviceAccounts[0] (default/csi).wellKnownPolicies.mountpointS3: bucket "a*": a bucket's name has 3 to 63 lower-case letters, digits, `-` and `.`
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]

    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:8:36: iam.serviceAccounts[0] (default/csi).wellKnownPolicies.karpenter: karpenter has no parameter clusterName, but cluster-name (name of the cluster whose nodes it makes), node-role (name of the role of its nodes, with its path, else KarpenterNodeRole-CLUSTER-NAME), queue (name of the SQS queue that tells of interruptions, else CLUSTER-NAME)
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    "#);
    assert_eq!(bench.calls(), "");
}
