//! How mistakes are told.

use super::*;

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
