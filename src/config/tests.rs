//! Whole files: what they ask for, and how their mistakes are told.

use super::*;
use crate::asked::{Permissions, Scope};
use crate::template::RoleSpec;

mod properties;

/// eksctl's example 13, as its users copy it, with the sections that are not irsactl's.
const EXAMPLE: &str = include_str!("tests/iamserviceaccounts.yaml");
/// Anchors, merge keys, and the fields that are irsactl's own.
const SHARED: &str = include_str!("tests/shared.yaml");

/// What is asked for, without what else stands in the file.
fn alone(config: ClusterConfig) -> ClusterConfig {
    let rest = Rest::default();
    ClusterConfig { rest, ..config }
}

fn good(text: &str) -> ClusterConfig {
    read("c.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn wrong(text: &str) -> String {
    read("c.yaml", text.as_bytes()).expect_err(text).to_string()
}

/// A file with these lines under `iam.serviceAccounts`; the first one is line 9.
fn with_accounts(accounts: &str) -> String {
    format!(
        "apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: demo
  region: eu-west-1
\
         iam:
  withOIDC: true
  serviceAccounts:
{accounts}"
    )
}

fn role(config: &ClusterConfig, index: usize) -> &RoleSpec {
    match &config.accounts[index].permissions {
        Permissions::Role(spec) => spec,
        other => panic!("{other:?}"),
    }
}

#[test]
fn eksctls_example_is_read_whole() {
    let config = good(EXAMPLE);
    assert_eq!(
        (config.cluster.as_str(), &*config.region, config.with_oidc),
        ("cluster-13", "us-west-2", Some(true))
    );
    let names: Vec<String> = config.accounts.iter().map(|a| a.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "backend-apps/s3-reader",
            "default/cache-access",
            "kube-system/cluster-autoscaler",
            "build/image-builder",
            "default/existing-role"
        ]
    );
    let reader = &config.accounts[0];
    assert_eq!(reader.labels["aws-usage"], "application");
    assert_eq!(reader.tags["Owner"], "John Doe");
    assert_eq!(reader.tags["Team"], "Some Team");
    assert_eq!(
        role(&config, 0).managed[0].to_string(),
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    );
    assert_eq!(role(&config, 2).well_known[0].name(), "autoScaler");
    let cache = role(&config, 1);
    assert_eq!(cache.managed.len(), 2);
    assert_eq!(
        role(&config, 3).inline[0].as_value()["Statement"][0]["Resource"],
        "*"
    );
    assert_eq!(
        role(&config, 3).name.as_ref().unwrap().as_str(),
        "eksctl-image-builder"
    );
    assert_eq!(config.accounts[3].scope, Scope::RoleOnly);
    assert!(
        matches!(&config.accounts[4].permissions, Permissions::Existing(arn) if arn.name() == "app")
    );
    assert!(config.accounts[4].tags.is_empty());
}

#[test]
fn anchors_merge_keys_and_own_fields_are_read() {
    let config = good(SHARED);
    assert_eq!(config.accounts.len(), 3);
    let a = role(&config, 0);
    assert_eq!(a.max_session_duration, Some(7_200));
    assert_eq!(a.path.as_ref().unwrap().as_str(), "/team/");
    assert_eq!(a.inline.len(), 2);
    assert_eq!(a.well_known.len(), 2);
    assert_eq!(config.accounts[0].audience.as_str(), "vault");
    assert_eq!(
        config.accounts[0].annotations["eks.amazonaws.com/token-expiration"],
        "3600"
    );
    assert_eq!(
        config.accounts[0].annotations["eks.amazonaws.com/sts-regional-endpoints"],
        "true"
    );
    assert_eq!(
        config.accounts[0].annotations["eks.amazonaws.com/audience"],
        "vault"
    );
    let b = role(&config, 1);
    assert_eq!(b.boundary, a.boundary);
    assert_eq!(b.max_session_duration, Some(3_600));
    assert_eq!(config.accounts[1].tags["env"], "test");
    assert_eq!(config.accounts[0].tags["env"], "prod");
    assert_eq!(role(&config, 2), &RoleSpec::default());
}

#[test]
fn what_is_written_is_for_people_and_eksctl() {
    insta::assert_snapshot!(write(&good(SHARED)), @r#"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
      tags:
        "Größe": "1 + 1"
        env: prod
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: a
            namespace: team-a
            annotations:
              eks.amazonaws.com/sts-regional-endpoints: "true"
              eks.amazonaws.com/token-expiration: "3600"
          attachPolicies:
            - Statement:
                Action:
                  - "s3:Get*"
                  - "s3:List*"
                Effect: Allow
                Resource:
                  Fn::Sub: "arn:${AWS::Partition}:s3:::bucket/*"
              Version: "2012-10-17"
            - Statement:
                Action:
                  - "s3:Get*"
                  - "s3:List*"
                Effect: Allow
                Resource:
                  Fn::Sub: "arn:${AWS::Partition}:s3:::bucket/*"
              Version: "2012-10-17"
          wellKnownPolicies:
            externalDNS: true
            externalSecrets: true
          permissionsBoundary: arn:aws:iam::111122223333:policy/boundary
          rolePath: /team/
          maxSessionDuration: 7200
          audience: vault
        - metadata:
            name: b
            labels:
              app: "yes"
            annotations:
              eks.amazonaws.com/sts-regional-endpoints: "true"
              eks.amazonaws.com/token-expiration: "3600"
          attachPolicies:
            - Statement:
                Action:
                  - "s3:Get*"
                  - "s3:List*"
                Effect: Allow
                Resource:
                  Fn::Sub: "arn:${AWS::Partition}:s3:::bucket/*"
              Version: "2012-10-17"
            - Statement:
                Action:
                  - "s3:Get*"
                  - "s3:List*"
                Effect: Allow
                Resource:
                  Fn::Sub: "arn:${AWS::Partition}:s3:::bucket/*"
              Version: "2012-10-17"
          wellKnownPolicies:
            externalDNS: true
            externalSecrets: true
          permissionsBoundary: arn:aws:iam::111122223333:policy/boundary
          rolePath: /team/
          maxSessionDuration: 3600
          tags:
            env: test
          audience: vault
        - metadata:
            name: c
          attachPolicy: {}
    "#);
    let example = write(&good(EXAMPLE));
    let own = fields::FIELDS
        .iter()
        .filter(|field| field.origin == fields::Origin::Own);
    for field in own {
        assert!(!example.contains(field.key()), "{}", field.path);
    }
}

#[test]
fn json_windows_lines_and_further_documents_are_read() {
    let json = r#"{"apiVersion":"eksctl.io/v1alpha5","kind":"ClusterConfig",
	"metadata":{"name":"demo","region":"eu-west-1"},"iam":{"withOIDC":true,"serviceAccounts":[
	{"metadata":{"name":"a"},"attachPolicyARNs":["arn:aws:iam::aws:policy\/ReadOnlyAccess"]}]}}"#;
    assert_eq!(good(json).accounts.len(), 1);
    let pair = json.replace(
        "\"name\":\"a\"",
        r#""name":"a","annotations":{"a":"\ud83d\ude00"}"#,
    );
    assert_eq!(good(&pair).accounts[0].annotations["a"], "\u{1f600}");
    let windows = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    assert_eq!(good(&windows), good(EXAMPLE));
    let documents = format!("---\n{EXAMPLE}\n---\nkind: Other\n...\n{{");
    let read = good(&documents);
    assert_eq!(alone(read.clone()), alone(good(EXAMPLE)));
    assert!(read.rest.further.is_some() && good(EXAMPLE).rest.further.is_none());
    let minimal = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: a, region: eu-west-1}\n";
    assert_eq!(
        (good(minimal).with_oidc, good(minimal).accounts.len()),
        (None, 0)
    );
    assert_eq!(good(&format!("{minimal}iam:\n")), good(minimal));
    let comments = "# many\n".repeat(500) + minimal;
    assert_eq!(good(&comments), good(minimal));
}

#[test]
fn names_that_do_not_exist_are_told_with_the_nearest_one() {
    let text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetdata: {}\nnodegroups: []\n\
        metadata:\n  name: demo\n  zone: a\n  region: eu-west-1\n  region: eu-west-2\niam:\n  withOidc: true\n  \
        serviceaccounts: []\n  withOIDC: true\n  serviceAccounts:\n  - metadata: {name: a, labels: {a: b, a: c}}\n    \
        attachPolicyArns: []\n    \"attach\\npolicy\": {}\n    7: x\n    wellKnownPolicies: {externalDns: true, other: true}\n";
    insta::assert_snapshot!(wrong(text), @r#"
    c.yaml is no valid config file: 12 problems
      c.yaml:3:1: metdata: there is no such field; did you mean `metadata`?
      c.yaml:4:1: nodegroups: there is no such field; did you mean `nodeGroups`?
      c.yaml:7:3: metadata.zone: there is no such field
      c.yaml:9:3: metadata.region: stands twice; first on line 8
      c.yaml:11:3: iam.withOidc: there is no such field; did you mean `withOIDC`?
      c.yaml:12:3: iam.serviceaccounts: there is no such field; did you mean `serviceAccounts`?
      c.yaml:15:40: iam.serviceAccounts[0] (default/a).metadata.labels.a: stands twice; first on line 15
      c.yaml:16:5: iam.serviceAccounts[0] (default/a).attachPolicyArns: there is no such field; did you mean `attachPolicyARNs`?
      c.yaml:17:5: iam.serviceAccounts[0] (default/a)["attach\npolicy"]: there is no such field; did you mean `attachPolicy`?
      c.yaml:18:5: iam.serviceAccounts[0] (default/a): a key is the number `7`: put it into quotes
      c.yaml:19:25: iam.serviceAccounts[0] (default/a).wellKnownPolicies.externalDns: there is no such well-known policy; did you mean `externalDNS`?
      c.yaml:19:44: iam.serviceAccounts[0] (default/a).wellKnownPolicies.other: there is no such well-known policy; there are imageBuilder, autoScaler, awsLoadBalancerController, externalDNS, certManager, ebsCSIController, efsCSIController, adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus, cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets, fluentBit, fsxCSIController, gatewayAPIController, nodeTerminationHandler, s3FilesCSIDriver, vpcCNI, vpcCNIIPv6
    "#);
}

#[test]
fn values_of_another_type_are_told() {
    let text = "apiVersion: 1\nkind: ClusterConfig\nmetadata:\n  name: 7\n  region: no\n  version: 1.29\n  tags: [a]\n\
        iam:\n  withOIDC: \"true\"\n  serviceAccounts:\n  - a\n  - null\n  - metadata: {name: 12, labels: {app: yes, n: 0x10}}\n    \
        attachPolicyARNs: arn:aws:iam::aws:policy/A\n    wellKnownPolicies: {externalDNS: \"true\"}\n  - metadata: []\n    \
        attachPolicyARNs: [1, ~]\n    tokenExpiration: \"600\"\n  - metadata: {name: a}\n    attachPolicy:\n      Statement:\n        \
        Effect: Allow\n        Action: s3:*\n        Resource: !Sub \"arn:x\"\n        Condition: {StringEquals: {aws:SourceAccount: 012345678901}}\n";
    insta::assert_snapshot!(wrong(text), @r#"
    c.yaml is no valid config file: 19 problems
      c.yaml:1:13: apiVersion: a text is wanted, this is the number `1`: put it into quotes
      c.yaml:4:9: metadata.name: a text is wanted, this is the number `7`: put it into quotes
      c.yaml:5:11: metadata.region: a text is wanted, this is the bool `false`: put it into quotes
      c.yaml:6:12: metadata.version: a text is wanted, this is the number `1.29`: put it into quotes
      c.yaml:7:9: metadata.tags: an object of texts is wanted, this is a list
      c.yaml:9:13: iam.withOIDC: `true` or `false` is wanted, this is the text "true": leave the quotes out
      c.yaml:11:5: iam.serviceAccounts[0]: an object is wanted, this is the text "a"
      c.yaml:12:5: iam.serviceAccounts[1]: an object is wanted, this is null
      c.yaml:13:22: iam.serviceAccounts[2].metadata.name: a text is wanted, this is the number `12`: put it into quotes
      c.yaml:13:40: iam.serviceAccounts[2].metadata.labels.app: a text is wanted, this is the bool `true`: put it into quotes
      c.yaml:13:45: iam.serviceAccounts[2].metadata.labels: a key is the bool `false`: put it into quotes
      c.yaml:14:23: iam.serviceAccounts[2].attachPolicyARNs: a list of texts is wanted, this is the text "arn:aws:iam::aws:policy/A": put `[` and `]` around it
      c.yaml:15:38: iam.serviceAccounts[2].wellKnownPolicies.externalDNS: `true` or `false` is wanted, this is the text "true": leave the quotes out
      c.yaml:16:15: iam.serviceAccounts[3].metadata: an object is wanted, this is a list
      c.yaml:17:24: iam.serviceAccounts[3].attachPolicyARNs[0]: a text is wanted, this is the number `1`: put it into quotes
      c.yaml:17:27: iam.serviceAccounts[3].attachPolicyARNs[1]: a text is wanted, this is null
      c.yaml:18:22: iam.serviceAccounts[3].tokenExpiration: a number of seconds is wanted, this is the text "600": leave the quotes out
      c.yaml:24:24: iam.serviceAccounts[4] (default/a).attachPolicy.Statement.Resource: is a value with the tag `!Sub`: JSON has none
      c.yaml:25:55: iam.serviceAccounts[4] (default/a).attachPolicy.Statement.Condition.StringEquals["aws:SourceAccount"]: `012345678901` is a number to YAML, and another one in JSON: put it into quotes
    "#);
    insta::assert_snapshot!(wrong("[]"), @"
    c.yaml is no valid config file: 1 problem
      c.yaml:1:1: an object is wanted, this is a list
    ");
}

#[test]
fn values_that_break_a_rule_are_told() {
    let text = with_accounts(
        "  - metadata: {name: A, namespace: kube_system}\n    attachPolicyARNs: [\"\", ReadOnlyAccess]\n    roleName: a b\n    \
         rolePath: team\n    permissionsBoundary: x\n    subjectPattern: A\n    audience: a b\n    maxSessionDuration: 60\n    \
         tokenExpiration: 1e3\n  - metadata:\n      labels: {app.kubernetes.io/managed-by: Helm, ok: \"-\"}\n      annotations:\n        \
         eks.amazonaws.com/role-arn: x\n        eks.amazonaws.com/token-expiration: \"900\"\n    tokenExpiration: 600\n    \
         attachPolicy: {Statement: foo}\n    tags:\n      aws:x: \"1\"\n      empty:\n",
    );
    insta::assert_snapshot!(wrong(&text), @r#"
    c.yaml is no valid config file: 18 problems
      c.yaml:9:36: iam.serviceAccounts[0].metadata.namespace: "kube_system": a namespace is at most 63 lower-case letters, digits and `-`, and starts and ends with a letter or digit
      c.yaml:10:24: iam.serviceAccounts[0].attachPolicyARNs[0]: "": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted
      c.yaml:10:28: iam.serviceAccounts[0].attachPolicyARNs[1]: "ReadOnlyAccess": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted
      c.yaml:11:15: iam.serviceAccounts[0].roleName: "a b": a role name is 1 to 64 letters, digits and `_+=,.@-`
      c.yaml:12:15: iam.serviceAccounts[0].rolePath: "team": a role path starts and ends with `/`, and is at most 512 printable ASCII characters without `{{`
      c.yaml:13:26: iam.serviceAccounts[0].permissionsBoundary: "x": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted
      c.yaml:14:21: iam.serviceAccounts[0].subjectPattern: "A": a subject pattern is a service account name in which `*` and `?` stand for other characters
      c.yaml:15:15: iam.serviceAccounts[0].audience: "a b": an audience is 1 to 255 characters up to U+00FF without blanks, `${` and `{{`
      c.yaml:16:25: iam.serviceAccounts[0].maxSessionDuration: `60`: 3600 to 43200 seconds are wanted
      c.yaml:17:22: iam.serviceAccounts[0].tokenExpiration: `1e3`: 600 to 86400 seconds are wanted
      c.yaml:18:5: iam.serviceAccounts[1].metadata.name: must be set
      c.yaml:19:16: iam.serviceAccounts[1].metadata.labels["app.kubernetes.io/managed-by"]: this label is set by irsactl: it marks what it may delete
      c.yaml:19:52: iam.serviceAccounts[1].metadata.labels.ok: a value is at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit
      c.yaml:21:9: iam.serviceAccounts[1].metadata.annotations["eks.amazonaws.com/role-arn"]: metadata.annotations eks.amazonaws.com/role-arn is set by irsactl: use attachRoleARN
      c.yaml:22:9: iam.serviceAccounts[1].metadata.annotations["eks.amazonaws.com/token-expiration"]: metadata.annotations eks.amazonaws.com/token-expiration=900 contradicts tokenExpiration, which says 600
      c.yaml:24:19: iam.serviceAccounts[1].attachPolicy: Statement is neither an object nor a list
      c.yaml:26:7: iam.serviceAccounts[1].tags["aws:x"]: keys that begin with `aws:` are reserved
      c.yaml:27:7: iam.serviceAccounts[1].tags.empty: a value is 1 to 256 letters, digits, blanks and `_.:/=+-@`
    "#);
}

#[test]
fn a_mistake_brings_no_further_ones() {
    let text = with_accounts(
        "  - metadata: {name: a}\n    attachRoleARN: arn:aws:iam::111122223333:role/r\n    tokenExpiration: 1\n  \
         - metadata: {name: b}\n    attachPolicyARNs: [x]\n  - metadata: {name: b, labels: [a]}\n    attachRoleARN: r\n",
    );
    insta::assert_snapshot!(wrong(&text), @r#"
    c.yaml is no valid config file: 5 problems
      c.yaml:11:22: iam.serviceAccounts[0] (default/a).tokenExpiration: `1`: 600 to 86400 seconds are wanted
      c.yaml:13:24: iam.serviceAccounts[1] (default/b).attachPolicyARNs[0]: "x": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted
      c.yaml:14:22: iam.serviceAccounts[2] (default/b).metadata.name: "default/b" stands twice; first in iam.serviceAccounts[1] (default/b), line 12
      c.yaml:14:33: iam.serviceAccounts[2] (default/b).metadata.labels: an object of texts is wanted, this is a list
      c.yaml:15:20: iam.serviceAccounts[2] (default/b).attachRoleARN: "r": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted
    "#);
}

#[test]
fn fields_that_contradict_each_other_are_told() {
    let text = with_accounts(
        "  - metadata: {name: a}\n  - metadata: {name: b}\n    attachRoleARN: arn:aws:iam::111122223333:role/r\n    roleOnly: true\n    \
         roleName: r\n    attachPolicies: [{}]\n    attachPolicy: {}\n    tags: {a: b}\n  - metadata: {name: c, namespace: default}\n    \
         attachPolicy: {}\n    roleName: same\n  - metadata: {name: c}\n    attachPolicyARNs: [arn:aws:iam::aws:policy/A]\n    roleName: same\n  \
         - metadata: {name: d}\n    attachPolicyARNs: []\n    wellKnownPolicies: {externalDNS: false}\n",
    );
    insta::assert_snapshot!(wrong(&text), @r#"
    c.yaml is no valid config file: 10 problems
      c.yaml:9:5: iam.serviceAccounts[0] (default/a): one of attachPolicyARNs, attachPolicy, wellKnownPolicies and attachRoleARN must be set
      c.yaml:12:15: iam.serviceAccounts[1] (default/b).roleOnly: roleOnly cannot be used with attachRoleARN: there would be nothing to do
      c.yaml:13:15: iam.serviceAccounts[1] (default/b).roleName: roleName cannot be used with attachRoleARN: an existing role is used as it is
      c.yaml:14:22: iam.serviceAccounts[1] (default/b).attachPolicies[0]: has no Statement
      c.yaml:15:19: iam.serviceAccounts[1] (default/b).attachPolicy: attachPolicy cannot be used with attachRoleARN: an existing role is used as it is
      c.yaml:15:19: iam.serviceAccounts[1] (default/b).attachPolicy: cannot be used with attachPolicies: put all documents there
      c.yaml:16:11: iam.serviceAccounts[1] (default/b).tags: tags cannot be used with attachRoleARN: an existing role is used as it is
      c.yaml:20:22: iam.serviceAccounts[3] (default/c).metadata.name: "default/c" stands twice; first in iam.serviceAccounts[2] (default/c), line 17
      c.yaml:22:15: iam.serviceAccounts[3] (default/c).roleName: "same" stands twice; first in iam.serviceAccounts[2] (default/c), line 19
      c.yaml:23:5: iam.serviceAccounts[4] (default/d): one of attachPolicyARNs, attachPolicy, wellKnownPolicies and attachRoleARN must be set
    "#);
}

#[test]
fn sizes_are_held_to() {
    let arns: Vec<String> = (0..26)
        .map(|n| format!("arn:aws:iam::aws:policy/P{n}"))
        .collect();
    let statement = |size: usize| {
        let resource = "x".repeat(size);
        format!(
            "{{Statement: {{Effect: Allow, Action: \"*\", Resource: \"arn:aws:s3:::{resource}\"}}}}"
        )
    };
    let text = with_accounts(&format!(
        "  - metadata: {{name: a}}\n    attachPolicyARNs: [{}]\n  - metadata: {{name: b}}\n    attachPolicy: {}\n  \
         - metadata: {{name: c}}\n    attachPolicies: [{}, {}]\n",
        arns.join(", "),
        statement(10_300),
        statement(6_000),
        statement(6_000)
    ));
    insta::assert_snapshot!(wrong(&text), @"
    c.yaml is no valid config file: 3 problems
      c.yaml:10:23: iam.serviceAccounts[0] (default/a).attachPolicyARNs: 26 managed policies are asked for, IAM attaches at most 25 to one role (10 unless the quota is raised); make one policy of several
      c.yaml:12:19: iam.serviceAccounts[1] (default/b).attachPolicy: the inline policies have 10372 characters together, IAM takes 10240 for one role; make a managed policy of them and use attachPolicyARNs
      c.yaml:14:21: iam.serviceAccounts[2] (default/c).attachPolicies: the inline policies have 12144 characters together, IAM takes 10240 for one role; make a managed policy of them and use attachPolicyARNs
    ");
}

#[test]
fn the_cluster_and_the_provider_must_be_said() {
    insta::assert_snapshot!(wrong("iam: {serviceAccounts: [{metadata: {name: a}, attachPolicy: {}}]}"), @"
    c.yaml is no valid config file: 4 problems
      c.yaml:1:1: apiVersion: must be set
      c.yaml:1:1: kind: must be set
      c.yaml:1:1: metadata: must be set
      c.yaml:1:24: iam.withOIDC: must be `true`, because iam.serviceAccounts has accounts
    ");
    let old = "apiVersion: eksctl.io/v1alpha4\nkind: Cluster\nmetadata: {name: -a, region: \"a.b\", tags: {aws:x: a}}\n\
        iam:\n  withOIDC: no\n  serviceAccounts: [{metadata: {name: a}, attachPolicy: {}}]\n";
    insta::assert_snapshot!(wrong(old), @r#"
    c.yaml is no valid config file: 6 problems
      c.yaml:1:13: apiVersion: is "eksctl.io/v1alpha4": "eksctl.io/v1alpha5" is wanted
      c.yaml:2:7: kind: is "Cluster": "ClusterConfig" is wanted
      c.yaml:3:18: metadata.name: "-a": a cluster name is 1 to 253 letters, digits, `-`, `_` and `.`, and starts with a letter or digit
      c.yaml:3:30: metadata.region: "a.b": a region such as `eu-west-1` is wanted
      c.yaml:3:44: metadata.tags["aws:x"]: keys that begin with `aws:` are reserved
      c.yaml:5:13: iam.withOIDC: must be `true`, because iam.serviceAccounts has accounts
    "#);
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    for text in ["", "# nothing\n", "---\n...\n", "~"] {
        assert!(
            wrong(text).ends_with("c.yaml:1:1: the file is empty"),
            "{}",
            wrong(text)
        );
    }
    insta::assert_snapshot!(wrong("a: [b\nc: d"), @"
    c.yaml is no valid config file: 1 problem
      c.yaml:2:2: is no YAML: illegal placement of ':' indicator
    ");
    insta::assert_snapshot!(wrong("a:\n\t- b"), @"
    c.yaml is no valid config file: 1 problem
      c.yaml:2:2: is no YAML: tabs disallowed within this context (block indentation)
    ");
    insta::assert_snapshot!(wrong("a: b: c"), @"
    c.yaml is no valid config file: 1 problem
      c.yaml:1:5: is no YAML: mapping values are not allowed in this context
    ");
    insta::assert_snapshot!(
        read("c.yaml", b"a: \xe9\n").expect_err("no UTF-8"),
        @"
    c.yaml is no valid config file: 1 problem
      c.yaml:1:4: is no UTF-8 text
    "
    );
}

#[test]
fn a_file_with_one_mistake_a_line_is_told_in_part() {
    let many: String = (0..300).map(|n| format!("x{n}: 1\n")).collect();
    let told = wrong(&many);
    assert_eq!(told.lines().count(), 102, "{told}");
    assert!(told.ends_with("and 203 more"), "{told}");
    let more = many.replace("x", "y") + &many.repeat(10);
    let told = wrong(&more);
    assert!(
        told.starts_with("c.yaml is no valid config file: 1000 problems or more\n"),
        "{told}"
    );
}

#[test]
fn the_pages_example_has_every_field_that_is_read() {
    let page = include_str!("../../docs/config-file.md");
    let mut blocks = page.split("```yaml\n").skip(1);
    let example = blocks.next().and_then(|block| block.split("```").next());
    let example = example.expect("an example");
    assert!(!good(example).accounts.is_empty());
    for field in fields::FIELDS {
        let is_there = field.presence == fields::Presence::LeftAlone
            || example.contains(&format!("{}:", field.key()));
        assert!(is_there, "{}", field.path);
    }
}

#[test]
fn a_filter_selects_of_a_file() {
    let accounts = good(EXAMPLE).accounts;
    let names = |include: &[&str], exclude: &[&str]| {
        let globs = |globs: &[&str]| {
            globs
                .iter()
                .map(|glob| (*glob).to_owned())
                .collect::<Vec<_>>()
        };
        let filter = Filter::new(&globs(include), &globs(exclude))?;
        let names = filter.select(accounts.clone())?.into_iter();
        let names: Vec<String> = names.map(|account| account.name.to_string()).collect();
        Ok::<_, String>(names.join(" "))
    };
    assert_eq!(
        names(&["default/*"], &[]).unwrap(),
        "default/cache-access default/existing-role"
    );
    assert_eq!(
        names(&["*"], &["{default,build}/*", "kube*"]).unwrap(),
        "backend-apps/s3-reader"
    );
    assert_eq!(names(&["build/*"], &["*"]).unwrap(), "");
    assert_eq!(
        names(&["x/*", "y"], &[]).unwrap_err(),
        "--include x/*,y: no service account matches"
    );
    assert_eq!(
        names(&[], &["{a"]).unwrap_err(),
        "\"{a\" is no glob: `{` has no `}`"
    );
    let node = with_accounts(
        "  - metadata: {name: aws-node, namespace: kube-system}
    attachPolicy: {}
",
    );
    let node = good(&node).accounts;
    assert_eq!(Filter::default().select(node).unwrap().len(), 1);
}

#[test]
fn fuzzed_files_are_refused_or_written_as_the_same() {
    let corpus = [
        EXAMPLE,
        SHARED,
        "\u{feff}apiVersion: eksctl.io/v1alpha5\r\nkind: ClusterConfig\r\nmetadata: {name: a, region: eu-west-1}\r\n",
        "a: &a [*a]\nb: {<<: *a}\n",
        "{\"apiVersion\":\"eksctl.io/v1alpha5\",\"kind\":\"ClusterConfig\",\"metadata\":{\"name\":\"a\",\"region\":\"b\"}}",
        "%YAML 1.1\n---\n!!map {? [a, b] : !!str 1, \"<<\": 2}\n...\n---\n",
        "a:\n\t- |2-\n  text\n- >+\n\n folded\n",
    ];
    crate::fuzz::bytes(
        &corpus.map(|text| text.as_bytes().to_vec()),
        |bytes| match read("c.yaml", bytes) {
            Ok(config) => assert_eq!(alone(good(&write(&config))), alone(config)),
            Err(invalid) => {
                assert!(!invalid.problems.is_empty());
                assert!(invalid.problems.is_sorted());
                let told = invalid.to_string();
                assert!(told.len() <= 50_000 + 20 * bytes.len(), "{}", told.len());
            }
        },
    );
}

#[test]
fn fields_at_the_wrong_level_and_unexpanded_values_are_told_as_such() {
    let file = r#"apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: "${CLUSTER}", region: "{{ .Values.region }}"}
withOIDC: true
iam:
  withOIDC: true
  serviceAccounts:
    - metadata:
        name: ${NAME:-app}
        attachPolicyARNs: ["arn:aws:iam::aws:policy/A"]
      labels: {a: b}
      annotations: {a: b}
      wellKnownPolicies: {nothingLikeIt: true}
      attachPolicy:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Action: "s3:GetObject", Resource: {Fn::Sub: "arn:${AWS::Partition}:s3:::b/${aws:username}"}, Odd: 1}
"#;
    let error = read("c.yaml", file.as_bytes()).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    c.yaml is no valid config file: 9 problems
      c.yaml:3:18: metadata.name: "${CLUSTER}": a cluster name is 1 to 253 letters, digits, `-`, `_` and `.`, and starts with a letter or digit; `${…}` is not expanded: run envsubst first
      c.yaml:3:40: metadata.region: "{{ .Values.region }}": a region such as `eu-west-1` is wanted; `{{…}}` is not expanded: run helm template first
      c.yaml:4:1: withOIDC: there is no such field; it belongs under `iam`
      c.yaml:9:15: iam.serviceAccounts[0].metadata.name: "${NAME:-app}" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit; `${…}` is not expanded: run envsubst first
      c.yaml:10:9: iam.serviceAccounts[0].metadata.attachPolicyARNs: there is no such field; it belongs beside `metadata`, not under it
      c.yaml:11:7: iam.serviceAccounts[0].labels: there is no such field; it belongs under `metadata`
      c.yaml:12:7: iam.serviceAccounts[0].annotations: there is no such field; it belongs under `metadata`
      c.yaml:13:27: iam.serviceAccounts[0].wellKnownPolicies.nothingLikeIt: there is no such well-known policy; there are imageBuilder, autoScaler, awsLoadBalancerController, externalDNS, certManager, ebsCSIController, efsCSIController, adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus, cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets, fluentBit, fsxCSIController, gatewayAPIController, nodeTerminationHandler, s3FilesCSIDriver, vpcCNI, vpcCNIIPv6
      c.yaml:15:9: iam.serviceAccounts[0].attachPolicy: Statement[0] has the unknown element "Odd"
    "#);
}
