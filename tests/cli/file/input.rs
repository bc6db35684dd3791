//! What is read as a config file: every form that eksctl's documentation shows, and everything that is
//! none. A file's mistakes are told before any call.

use insta::assert_snapshot;

use super::{account, file_of};
use crate::support::Bench;

/// eksctl's documented example, `examples/13-iamserviceaccounts.yaml`, with names that the sandbox knows.
const DOCUMENTED: &str = r#"---
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig

metadata:
  name: demo
  region: eu-west-1

iam:
  withOIDC: true
  serviceAccounts:
  - metadata:
      name: s3-reader
      # if no namespace is set, "default" will be used;
      # the namespace will be created if it doesn't exist already
      namespace: backend-apps
      labels: {aws-usage: "application"}
    attachPolicyARNs:
    - "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    tags:
      Owner: "John Doe"
      Team: "Some Team"
  - metadata:
      name: cache-access
      namespace: backend-apps
      labels: {aws-usage: "application"}
    attachPolicyARNs:
    - "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
    - "arn:aws:iam::aws:policy/PowerUserAccess"
  - metadata:
      name: cluster-autoscaler
      namespace: kube-system
      labels: {aws-usage: "cluster-ops"}
    wellKnownPolicies:
      autoScaler: true
    roleName: eksctl-cluster-autoscaler-role
    roleOnly: true
  - metadata:
      name: some-app
      namespace: default
    attachRoleARN: arn:aws:iam::111122223333:role/already-created-role-for-app
  - metadata:
      name: build-service
      namespace: ci-cd
    attachPolicy:
      Version: "2012-10-17"
      Statement:
      - Effect: Allow
        Action:
        - "autoscaling:DescribeAutoScalingGroups"
        - "ec2:DescribeLaunchTemplateVersions"
        Resource: '*'

nodeGroups:
  - name: "ng-1"
    tags:
      k8s.io/cluster-autoscaler/enabled: "owned"
    desiredCapacity: 1
"#;

/// Policies and the role that the documented example names.
fn with_documented() -> Bench {
    let bench = Bench::new();
    bench.file("cluster.yaml", DOCUMENTED);
    bench.role_made_by_hand("already-created-role-for-app");
    bench
}

#[test]
fn eksctls_documented_example_is_made_whole() {
    let bench = with_documented();
    assert_snapshot!(bench.run("create iamserviceaccount -f ~/cluster.yaml --approve --parallel 1"), @"
    [stdout]
    NAMESPACE      NAME                 STATUS    ROLE ARN
    backend-apps   s3-reader            created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-6ZTZSHTGZ5MX
    backend-apps   cache-access         created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-DW6KQV5ZBO5B
    kube-system    cluster-autoscaler   created   arn:aws:iam::111122223333:role/eksctl-cluster-autoscaler-role
    default        some-app             changed   arn:aws:iam::111122223333:role/already-created-role-for-app
    ci-cd          build-service        created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-ci-cd-bui-Role1-6GZVRIK4PSB2
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-backend-apps-s3-reader
    created service account backend-apps/s3-reader
    created stack eksctl-demo-addon-iamserviceaccount-backend-apps-cache-access
    created service account backend-apps/cache-access
    created stack eksctl-demo-addon-iamserviceaccount-kube-system-cluster-autoscaler
    created service account default/some-app
    created stack eksctl-demo-addon-iamserviceaccount-ci-cd-build-service
    created service account ci-cd/build-service
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-backend-apps-s3-reader: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-backend-apps-cache-access: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-kube-system-cluster-autoscaler: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-ci-cd-build-service: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/already-created-role-for-app
    role arn:aws:iam::111122223333:role/eksctl-cluster-autoscaler-role
      inline eksctl-demo-addon-iamserviceaccount-kube-system-cluster-autoscaler-PolicyAutoScaling
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-6ZTZSHTGZ5MX
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-DW6KQV5ZBO5B
      policy arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess
      policy arn:aws:iam::aws:policy/PowerUserAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-ci-cd-bui-Role1-6GZVRIK4PSB2
      inline eksctl-demo-addon-iamserviceaccount-ci-cd-build-service-Policy1
    namespace backend-apps
    namespace ci-cd
    service account backend-apps/cache-access
      label app.kubernetes.io/managed-by=eksctl
      label aws-usage=application
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-DW6KQV5ZBO5B
    service account backend-apps/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      label aws-usage=application
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-6ZTZSHTGZ5MX
    service account ci-cd/build-service
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-ci-cd-bui-Role1-6GZVRIK4PSB2
    service account default/some-app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/already-created-role-for-app
    ");
    let second =
        bench.run("create iamserviceaccount -f ~/cluster.yaml --approve --detailed-exitcode");
    assert_snapshot!(second, @"
    [stdout]
    NAMESPACE      NAME                 STATUS      ROLE ARN
    backend-apps   s3-reader            unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-6ZTZSHTGZ5MX
    backend-apps   cache-access         unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-backend-a-Role1-DW6KQV5ZBO5B
    kube-system    cluster-autoscaler   unchanged   arn:aws:iam::111122223333:role/eksctl-cluster-autoscaler-role
    default        some-app             unchanged   arn:aws:iam::111122223333:role/already-created-role-for-app
    ci-cd          build-service        unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-ci-cd-bui-Role1-6GZVRIK4PSB2
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [exit 0]
    ");
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        "[stderr]\nnothing to do: all is as asked\n[exit 0]\n"
    );
}

#[test]
fn json_and_stdin_are_read_as_yaml_is() {
    let bench = Bench::associated();
    let json = r#"{"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig",
        "metadata": {"name": "demo", "region": "eu-west-1"},
        "iam": {"withOIDC": true, "serviceAccounts": [
            {"metadata": {"name": "api", "namespace": "web"},
             "attachPolicyARNs": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}}"#;
    let yaml = file_of(&account("web", "api"));
    let bom = format!("\u{feff}{}", yaml.replace('\n', "\r\n"));
    for command in ["create iamserviceaccount", "apply"] {
        bench.file("cluster.json", json);
        bench.file("cluster.yaml", &yaml);
        let first = bench.run(&format!("{command} -f ~/cluster.yaml"));
        assert!(first.ends_with("[exit 0]\n"), "{first}");
        assert!(first.contains("create stack"), "{first}");
        assert_eq!(
            bench.run(&format!("{command} --config-file=~/cluster.json").replace("=~/", " ~/")),
            first
        );
        for text in [json, &yaml, &bom] {
            assert_eq!(bench.run_with(&format!("{command} -f -"), text), first);
        }
    }
}

#[test]
fn what_is_no_config_file_is_told_before_any_call() {
    let bench = Bench::new();
    bench.file("empty.yaml", "");
    bench.file("big.yaml", &"# padding\n".repeat(600_000));
    bench.file("list.yaml", "- a\n- b\n");
    std::fs::create_dir_all(bench.file("x", "").with_file_name("folder")).expect("a folder");
    std::fs::write(
        bench.file("binary", ""),
        [0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe],
    )
    .expect("a file");
    let file = "apply -f ~/";
    assert_snapshot!(bench.run(&format!("{file}missing.yaml")), @r#"
    [stderr]
    error: cannot read "~/missing.yaml": No such file or directory (os error 2)
    [exit 2]
    "#);
    assert_snapshot!(bench.run(&format!("{file}folder")), @r#"
    [stderr]
    error: cannot read "~/folder": Is a directory (os error 21)
    [exit 2]
    "#);
    assert_snapshot!(bench.run(&format!("{file}empty.yaml")), @"
    [stderr]
    error: ~/empty.yaml is no valid config file: 1 problem
      ~/empty.yaml:1:1: the file is empty
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("{file}big.yaml")), @r#"
    [stderr]
    error: cannot read "~/big.yaml": it is longer than 4 MiB
    [exit 2]
    "#);
    assert_snapshot!(bench.run(&format!("{file}binary")), @"
    [stderr]
    error: ~/binary is no valid config file: 1 problem
      ~/binary:1:6: is no UTF-8 text
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("{file}list.yaml")), @"
    [stderr]
    error: ~/list.yaml is no valid config file: 1 problem
      ~/list.yaml:1:1: an object is wanted, this is a list
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
    assert_snapshot!(bench.run_with("apply -f -", ""), @"
    [stderr]
    error: stdin is no valid config file: 1 problem
      stdin:1:1: the file is empty
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
    assert_snapshot!(bench.run_with("apply -f -", "metadata: {name: demo\n"), @"
    [stderr]
    error: stdin is no valid config file: 1 problem
      stdin:1:11: is no YAML: unclosed bracket '{'
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let bench = Bench::new();
    bench.file(
        "cluster.yaml",
        "apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: demo, Region: eu-west-1}
iam:
  withOIDC: yes
  serviceAccounts:
  - metadata: {name: Api, namespace: web}
    attachPolicyARN: [arn:aws:iam::aws:policy/A]
  - metadata: {name: b}
    attachPolicyARNs: [nonsense]
    wellKnownPolicies: {autoscaler: true}
  - metadata: {name: b}
    attachRoleARN: arn:aws:iam::111122223333:role/r
    roleName: r
",
    );
    let told = bench.run("apply -f ~/cluster.yaml --approve --parallel 1");
    assert_snapshot!(told, @r#"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 8 problems
      ~/cluster.yaml:3:11: metadata.region: must be set
      ~/cluster.yaml:3:24: metadata.Region: there is no such field; did you mean `region`?
      ~/cluster.yaml:7:22: iam.serviceAccounts[0].metadata.name: "Api" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit
      ~/cluster.yaml:8:5: iam.serviceAccounts[0].attachPolicyARN: there is no such field; did you mean `attachPolicyARNs`?
      ~/cluster.yaml:10:24: iam.serviceAccounts[1] (default/b).attachPolicyARNs[0]: "nonsense": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted
      ~/cluster.yaml:11:25: iam.serviceAccounts[1] (default/b).wellKnownPolicies.autoscaler: there is no such well-known policy; did you mean `autoScaler`?
      ~/cluster.yaml:12:22: iam.serviceAccounts[2] (default/b).metadata.name: "default/b" stands twice; first in iam.serviceAccounts[1] (default/b), line 9
      ~/cluster.yaml:14:15: iam.serviceAccounts[2] (default/b).roleName: roleName cannot be used with attachRoleARN: an existing role is used as it is
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    "#);
    for command in [
        "associate-oidc-provider",
        "disassociate-oidc-provider",
        "create iamserviceaccount",
        "get iamserviceaccount",
        "update iamserviceaccount",
        "delete iamserviceaccount",
        "render",
    ] {
        assert_eq!(
            bench.run(&format!("{command} -f ~/cluster.yaml")),
            told,
            "{command}"
        );
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn the_provider_and_the_cluster_come_from_the_file() {
    let bench = Bench::new();
    bench.config_of(&["web/api"]);
    assert_snapshot!(bench.run("associate-oidc-provider -f ~/cluster.yaml --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    bench.arrange("create iamserviceaccount -f ~/cluster.yaml --approve --parallel 1");
    assert_snapshot!(bench.run("get iamserviceaccount -f ~/cluster.yaml"), @"
    [stdout]
    NAMESPACE   NAME   ROLE ARN
    web         api    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
    assert_snapshot!(bench.run("disassociate-oidc-provider -f ~/cluster.yaml"), @"
    [stderr]
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: its IAM OIDC provider is still trusted by
      arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    hint: delete those roles first, or go on without them: `--force`
    [exit 1]
    ");
    let off = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n\
               metadata: {name: demo, region: eu-west-1}\niam: {withOIDC: false}\n";
    bench.file("off.yaml", off);
    assert_snapshot!(bench.run("associate-oidc-provider -f ~/off.yaml"), @r#"
    [stderr]
    error: iam.withOIDC is false in "~/off.yaml": the file asks for no provider
    hint: see `--help`
    [exit 2]
    "#);
}
