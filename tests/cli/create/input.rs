//! Bad input: one clear error that names the field, the value and the rule, before any call.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

/// Runs `create iamserviceaccount app --cluster demo …` with each set of flags; none may make a call.
fn refused(flags: &[&str]) -> String {
    let lines: Vec<String> = flags
        .iter()
        .map(|flags| format!("create iamserviceaccount app --cluster demo --approve {flags}"))
        .collect();
    refused_lines(&Bench::associated(), flags, &lines)
}

fn refused_lines(bench: &Bench, titles: &[&str], lines: &[String]) -> String {
    let mut text = String::new();
    for (title, line) in titles.iter().zip(lines) {
        let told = bench.run(line);
        assert!(told.ends_with("[exit 2]\n"), "{line}: {told}");
        assert_eq!(bench.calls(), "", "{line}: {told}");
        let told = told
            .trim_start_matches("[stderr]\n")
            .trim_end_matches("[exit 2]\n");
        text.push_str(&format!("$ {title}\n{told}"));
    }
    text
}

/// The same with the whole command line.
fn refused_names(names: &[&str]) -> String {
    let lines: Vec<String> = names
        .iter()
        .map(|name| format!("create iamserviceaccount {name} --attach-policy-arn {S3} --approve"))
        .collect();
    refused_lines(&Bench::associated(), names, &lines)
}

/// The same with policy documents.
fn refused_documents(documents: &[&str]) -> String {
    let bench = Bench::associated();
    let lines: Vec<String> = documents
        .iter()
        .enumerate()
        .map(|(index, document)| {
            bench.file(&format!("{index}.json"), document);
            format!("create iamserviceaccount app --cluster demo --policy-document ~/{index}.json --approve")
        })
        .collect();
    refused_lines(&bench, documents, &lines)
}

#[test]
fn names() {
    assert_snapshot!(refused_names(&[
        "--cluster demo",
        "App --cluster demo",
        "a_b --cluster demo",
        "a/b/c --cluster demo",
        "Web/app --cluster demo",
        "/app --cluster demo",
        "web/ --cluster demo",
        "app --name app --cluster demo",
        "web/app --namespace api --cluster demo",
        "app --namespace a.b --cluster demo",
        "app",
        "app --cluster -demo",
        "app --cluster de.mo",
        "app more --cluster demo",
    ]), @r#"
    $ --cluster demo
    error: --name must be set: the name of the service account
    hint: see `--help`
    $ App --cluster demo
    error: "App" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit
    hint: see `--help`
    $ a_b --cluster demo
    error: "a_b" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit
    hint: see `--help`
    $ a/b/c --cluster demo
    error: "b/c" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit
    hint: see `--help`
    $ Web/app --cluster demo
    error: NAME "Web": a namespace is at most 63 lower-case letters, digits and `-`, and starts and ends with a letter or digit
    hint: see `--help`
    $ /app --cluster demo
    error: NAME "": a namespace is at most 63 lower-case letters, digits and `-`, and starts and ends with a letter or digit
    hint: see `--help`
    $ web/ --cluster demo
    error: "" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit
    hint: see `--help`
    $ app --name app --cluster demo
    error: the argument '[NAME]' cannot be used with '--name <NAME>'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --attach-policy-arn <ARN> --approve[=<BOOL>] <NAME>

    For more information, try '--help'.
    $ web/app --namespace api --cluster demo
    error: --namespace api and NAME web/app contradict each other
    hint: see `--help`
    $ app --namespace a.b --cluster demo
    error: invalid value 'a.b' for '--namespace <NAMESPACE>': a namespace is at most 63 lower-case letters, digits and `-`, and starts and ends with a letter or digit

    For more information, try '--help'.
    $ app
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl create iamserviceaccount --attach-policy-arn <ARN> --approve[=<BOOL>] --cluster <CLUSTER> <NAME>

    For more information, try '--help'.
    $ app --cluster -demo
    error: unexpected argument '-d' found

    Usage: irsactl create iamserviceaccount [OPTIONS] [NAME]

    For more information, try '--help'.
    $ app --cluster de.mo
    error: --cluster "de.mo": names of EKS clusters are 1 to 100 letters, digits, `-` and `_`; for a cluster that is not EKS, add --issuer-url
    hint: see `--help`
    $ app more --cluster demo
    error: unexpected argument 'more' found

    Usage: irsactl create iamserviceaccount [OPTIONS] [NAME]

    For more information, try '--help'.
    "#);
}

#[test]
fn arns() {
    assert_snapshot!(refused(&[
        "--attach-policy-arn AmazonS3ReadOnlyAccess",
        "--attach-policy-arn arn:aws:iam::aws:role/x",
        "--attach-policy-arn arn:aws:iam::12345:policy/x",
        "--attach-policy-arn arn:amazon:iam::aws:policy/x",
        "--attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess,",
        "--attach-policy-arn=",
        "--attach-role-arn arn:aws:iam::111122223333:user/x",
        "--attach-role-arn reader",
        "--attach-policy-arn arn:aws:iam::aws:policy/x --permissions-boundary boundary",
        "--attach-policy-arn arn:aws:iam::aws:policy/x --cfn-role-arn cfn",
    ]), @"
    $ --attach-policy-arn AmazonS3ReadOnlyAccess
    error: invalid value 'AmazonS3ReadOnlyAccess' for '--attach-policy-arn <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted

    For more information, try '--help'.
    $ --attach-policy-arn arn:aws:iam::aws:role/x
    error: invalid value 'arn:aws:iam::aws:role/x' for '--attach-policy-arn <ARN>': an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted

    For more information, try '--help'.
    $ --attach-policy-arn arn:aws:iam::12345:policy/x
    error: invalid value 'arn:aws:iam::12345:policy/x' for '--attach-policy-arn <ARN>': `12345` is neither `aws` nor an account of 12 digits

    For more information, try '--help'.
    $ --attach-policy-arn arn:amazon:iam::aws:policy/x
    error: invalid value 'arn:amazon:iam::aws:policy/x' for '--attach-policy-arn <ARN>': `amazon` is no AWS partition; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted

    For more information, try '--help'.
    $ --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess,
    error: invalid value '' for '--attach-policy-arn <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted

    For more information, try '--help'.
    $ --attach-policy-arn=
    error: invalid value '' for '--attach-policy-arn <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted

    For more information, try '--help'.
    $ --attach-role-arn arn:aws:iam::111122223333:user/x
    error: invalid value 'arn:aws:iam::111122223333:user/x' for '--attach-role-arn <ARN>': an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted

    For more information, try '--help'.
    $ --attach-role-arn reader
    error: invalid value 'reader' for '--attach-role-arn <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted

    For more information, try '--help'.
    $ --attach-policy-arn arn:aws:iam::aws:policy/x --permissions-boundary boundary
    error: invalid value 'boundary' for '--permissions-boundary <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` is wanted

    For more information, try '--help'.
    $ --attach-policy-arn arn:aws:iam::aws:policy/x --cfn-role-arn cfn
    error: invalid value 'cfn' for '--cfn-role-arn <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted

    For more information, try '--help'.
    ");
}

#[test]
fn role_settings() {
    assert_snapshot!(refused(&[
        "--well-known-policy autoscaler --role-name a/b",
        "--well-known-policy autoscaler --role-path team",
        "--well-known-policy autoscaler --max-session-duration 60",
        "--well-known-policy autoscaler --subject-pattern App*",
        "--well-known-policy autoscaler --audience=",
        "--well-known-policy autoscaler --token-expiration 60",
        "--well-known-policy autoscaler --sts-regional-endpoints maybe",
        "--well-known-policy route53",
        "--well-known-policy autoscaler --timeout 5",
        "--well-known-policy autoscaler --parallel 0",
        "--well-known-policy autoscaler --parallel 65",
        "--well-known-policy autoscaler -o xml",
    ]), @"
    $ --well-known-policy autoscaler --role-name a/b
    error: invalid value 'a/b' for '--role-name <NAME>': a role name is 1 to 64 letters, digits and `_+=,.@-`

    For more information, try '--help'.
    $ --well-known-policy autoscaler --role-path team
    error: invalid value 'team' for '--role-path <PATH>': a role path starts and ends with `/`, and is at most 512 printable ASCII characters without `{{`

    For more information, try '--help'.
    $ --well-known-policy autoscaler --max-session-duration 60
    error: invalid value '60' for '--max-session-duration <SECONDS>': a whole number from 3600 to 43200 is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler --subject-pattern App*
    error: invalid value 'App*' for '--subject-pattern <PATTERN>': a subject pattern is a service account name in which `*` and `?` stand for other characters

    For more information, try '--help'.
    $ --well-known-policy autoscaler --audience=
    error: invalid value '' for '--audience <NAME>': an audience is 1 to 255 characters up to U+00FF without blanks, `${` and `{{`

    For more information, try '--help'.
    $ --well-known-policy autoscaler --token-expiration 60
    error: invalid value '60' for '--token-expiration <SECONDS>': a whole number from 600 to 86400 is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler --sts-regional-endpoints maybe
    error: invalid value 'maybe' for '--sts-regional-endpoints <BOOL>'
      [possible values: true, false]

    For more information, try '--help'.
    $ --well-known-policy route53
    error: invalid value 'route53' for '--well-known-policy <NAME>'
      [possible values: imageBuilder, autoScaler, awsLoadBalancerController, externalDNS, certManager, ebsCSIController, efsCSIController, adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus, cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets, fluentBit, fsxCSIController, gatewayAPIController, nodeTerminationHandler, s3FilesCSIDriver, vpcCNI, vpcCNIIPv6, karpenter, mountpointS3]

    For more information, try '--help'.
    $ --well-known-policy autoscaler --timeout 5
    error: invalid value '5' for '--timeout <TIMEOUT>': a duration such as `90s`, `25m` or `1h30m` is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler --parallel 0
    error: invalid value '0' for '--parallel <N>': a whole number from 1 to 64 is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler --parallel 65
    error: invalid value '65' for '--parallel <N>': a whole number from 1 to 64 is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler -o xml
    error: invalid value 'xml' for '--output <OUTPUT>'
      [possible values: table, json, yaml, name, markdown]
    hint: a similar value exists: 'yaml'

    For more information, try '--help'.
    ");
}

#[test]
fn tags() {
    assert_snapshot!(refused(&[
        "--well-known-policy autoscaler --tags team",
        "--well-known-policy autoscaler --tags =a",
        "--well-known-policy autoscaler --tags team=a,team=b",
        "--well-known-policy autoscaler --tags aws:team=a",
        "--well-known-policy autoscaler --tags alpha.eksctl.io/cluster-name=other",
        "--well-known-policy autoscaler --tags team=a;b",
        "--well-known-policy autoscaler --tags team=",
    ]), @r#"
    $ --well-known-policy autoscaler --tags team
    error: invalid value 'team' for '--tags <TAGS>': `key=value` is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler --tags =a
    error: invalid value '=a' for '--tags <TAGS>': `=a` has no key

    For more information, try '--help'.
    $ --well-known-policy autoscaler --tags team=a,team=b
    error: --tags "team": has two values, "a" and "b"
    hint: see `--help`
    $ --well-known-policy autoscaler --tags aws:team=a
    error: --tags "aws:team": keys that begin with `aws:` are reserved
    hint: see `--help`
    $ --well-known-policy autoscaler --tags alpha.eksctl.io/cluster-name=other
    error: --tags "alpha.eksctl.io/cluster-name": this tag is set by irsactl
    hint: see `--help`
    $ --well-known-policy autoscaler --tags team=a;b
    error: --tags "team": a value is 1 to 256 letters, digits, blanks and `_.:/=+-@`
    hint: see `--help`
    $ --well-known-policy autoscaler --tags team=
    error: --tags "team": a value is 1 to 256 letters, digits, blanks and `_.:/=+-@`
    hint: see `--help`
    "#);
}

#[test]
fn annotations_and_flags_that_contradict_each_other() {
    assert_snapshot!(refused(&[
        "--well-known-policy autoscaler --annotations eks.amazonaws.com/audience=vault",
        "--well-known-policy autoscaler --annotations eks.amazonaws.com/audience=vault --audience nomad",
        "--well-known-policy autoscaler --annotations eks.amazonaws.com/token-expiration=600 --token-expiration 900",
    ]), @"
    $ --well-known-policy autoscaler --annotations eks.amazonaws.com/audience=vault
    error: --annotations eks.amazonaws.com/audience is set by irsactl: use --audience vault
    hint: see `--help`
    $ --well-known-policy autoscaler --annotations eks.amazonaws.com/audience=vault --audience nomad
    error: --annotations eks.amazonaws.com/audience=vault contradicts --audience, which says nomad
    hint: see `--help`
    $ --well-known-policy autoscaler --annotations eks.amazonaws.com/token-expiration=600 --token-expiration 900
    error: --annotations eks.amazonaws.com/token-expiration=600 contradicts --token-expiration, which says 900
    hint: see `--help`
    ");
}

#[test]
fn too_many_tags() {
    let tags: Vec<String> = (0..47).map(|number| format!("t{number}=a")).collect();
    let flags = format!("--well-known-policy autoscaler --tags {}", tags.join(","));
    let told = refused(&[&flags]);
    assert_snapshot!(told.lines().skip(1).collect::<Vec<_>>().join("\n"), @r#"
    error: --tags "47 tags": a stack has at most 50 tags, 4 of them irsactl's
    hint: see `--help`
    "#);
}

#[test]
fn labels_and_annotations() {
    assert_snapshot!(refused(&[
        "--well-known-policy autoscaler --labels tier",
        "--well-known-policy autoscaler --labels tier=a/b",
        "--well-known-policy autoscaler --labels -tier=a",
        "--well-known-policy autoscaler --labels a/b/c=d",
        "--well-known-policy autoscaler --labels app.kubernetes.io/managed-by=Helm",
        "--well-known-policy autoscaler --annotations a!=b",
        "--well-known-policy autoscaler --annotations eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/x",
        "--well-known-policy autoscaler --annotations owner=a --annotations owner=b",
    ]), @r#"
    $ --well-known-policy autoscaler --labels tier
    error: invalid value 'tier' for '--labels <LABELS>': `key=value` is wanted

    For more information, try '--help'.
    $ --well-known-policy autoscaler --labels tier=a/b
    error: --labels "tier": a value is at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit
    hint: see `--help`
    $ --well-known-policy autoscaler --labels -tier=a
    error: unexpected argument '-t' found

    Usage: irsactl create iamserviceaccount [OPTIONS] [NAME]

    For more information, try '--help'.
    $ --well-known-policy autoscaler --labels a/b/c=d
    error: --labels "a/b/c": a key is `name` or `dns.prefix/name`; the name has at most 63 letters, digits, `-`, `_` and `.`
    hint: see `--help`
    $ --well-known-policy autoscaler --labels app.kubernetes.io/managed-by=Helm
    error: --labels "app.kubernetes.io/managed-by": this label is set by irsactl: it marks what it may delete
    hint: see `--help`
    $ --well-known-policy autoscaler --annotations a!=b
    error: --annotations "a!": a key is `name` or `dns.prefix/name`; the name has at most 63 letters, digits, `-`, `_` and `.`
    hint: see `--help`
    $ --well-known-policy autoscaler --annotations eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/x
    error: --annotations eks.amazonaws.com/role-arn is set by irsactl: use --attach-role-arn
    hint: see `--help`
    $ --well-known-policy autoscaler --annotations owner=a --annotations owner=b
    error: --annotations "owner": has two values, "a" and "b"
    hint: see `--help`
    "#);
}

#[test]
fn policy_documents() {
    assert_snapshot!(refused_documents(&[
        "",
        "{",
        "[]",
        "{}",
        r#"{"Version":"2012-10-17"}"#,
        r#"{"Version":"2012-10-18","Statement":[]}"#,
        r#"{"Version":"2012-10-17","Statements":[]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"s3:Get*","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"Get","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Principal":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Effect":"Deny"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"bucket"}]}"#,
    ]), @r#"
    $ 
    error: --policy-document "~/0.json": is no JSON: EOF while parsing a value at line 1 column 0
    hint: see `--help`
    $ {
    error: --policy-document "~/1.json": is no JSON: EOF while parsing an object at line 1 column 1
    hint: see `--help`
    $ []
    error: --policy-document "~/2.json": is no JSON object
    hint: see `--help`
    $ {}
    error: --policy-document "~/3.json": has no Statement
    hint: see `--help`
    $ {"Version":"2012-10-17"}
    error: --policy-document "~/4.json": has no Statement
    hint: see `--help`
    $ {"Version":"2012-10-18","Statement":[]}
    error: --policy-document "~/5.json": Version is "2012-10-18": "2012-10-17" is wanted
    hint: see `--help`
    $ {"Version":"2012-10-17","Statements":[]}
    error: --policy-document "~/6.json": has the unknown element "Statements"; did you mean "Statement"?
    hint: see `--help`
    $ {"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"s3:Get*","Resource":"*"}]}
    error: --policy-document "~/7.json": Statement[0] needs Effect "Allow" or "Deny"
    hint: see `--help`
    $ {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"Get","Resource":"*"}]}
    error: --policy-document "~/8.json": Statement[0] has the action "Get": `service:Name` is wanted
    hint: see `--help`
    $ {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*"}]}
    error: --policy-document "~/9.json": Statement[0] needs Resource or NotResource
    hint: see `--help`
    $ {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Principal":"*"}]}
    error: --policy-document "~/10.json": Statement[0] has Principal, which only trust policies have
    hint: see `--help`
    $ {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Effect":"Deny"}]}
    error: --policy-document "~/11.json": is no JSON: the key "Effect" stands twice at line 1 column 105
    hint: see `--help`
    $ {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"bucket"}]}
    error: --policy-document "~/12.json": Statement[0] has the resource "bucket": an ARN or `*` is wanted
    hint: see `--help`
    "#);
}

#[test]
fn policy_documents_that_are_too_long() {
    let bench = Bench::associated();
    let resource = "arn:aws:s3:::".to_owned() + &"a".repeat(6_000);
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":"{resource}"}}]}}"#
    );
    bench.file("long.json", &document);
    let line = "create iamserviceaccount app --cluster demo --policy-document ~/long.json --policy-document ~/long.json --approve";
    assert_snapshot!(bench.run(line), @"
    [stderr]
    error: the inline policies have 12216 characters together, IAM takes 10240 for one role; make a managed policy of them and use --attach-policy-arn
    hint: see `--help`
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn policy_documents_that_cannot_be_read() {
    assert_snapshot!(refused(&[
        "--policy-document ~/none.json",
        "--policy-document ~/",
        "--policy-document - --policy-document -",
    ]), @r#"
    $ --policy-document ~/none.json
    error: cannot read "~/none.json": No such file or directory (os error 2)
    $ --policy-document ~/
    error: cannot read "~/": Is a directory (os error 21)
    $ --policy-document - --policy-document -
    error: --policy-document - is given twice: stdin can be read once
    hint: see `--help`
    "#);
}

#[test]
fn flags_that_contradict_each_other() {
    assert_snapshot!(refused(&[
        "",
        "--permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess",
        "--attach-role-arn arn:aws:iam::111122223333:role/x --well-known-policy autoscaler",
        "--attach-role-arn arn:aws:iam::111122223333:role/x --role-name y",
        "--attach-role-arn arn:aws:iam::111122223333:role/x --tags a=b",
        "--attach-role-arn arn:aws:iam::111122223333:role/x --role-only",
        "--well-known-policy autoscaler --dry-run",
        "--well-known-policy autoscaler --no-such-flag",
    ]), @"
    $ 
    error: one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set
    hint: see `--help`
    $ --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess
    error: one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set
    hint: see `--help`
    $ --attach-role-arn arn:aws:iam::111122223333:role/x --well-known-policy autoscaler
    error: the argument '--attach-role-arn <ARN>' cannot be used with '--well-known-policy <NAME>'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --approve[=<BOOL>] --attach-role-arn <ARN> <NAME>

    For more information, try '--help'.
    $ --attach-role-arn arn:aws:iam::111122223333:role/x --role-name y
    error: the argument '--attach-role-arn <ARN>' cannot be used with '--role-name <NAME>'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --approve[=<BOOL>] --attach-role-arn <ARN> <NAME>

    For more information, try '--help'.
    $ --attach-role-arn arn:aws:iam::111122223333:role/x --tags a=b
    error: the argument '--attach-role-arn <ARN>' cannot be used with '--tags <TAGS>'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --approve[=<BOOL>] --attach-role-arn <ARN> <NAME>

    For more information, try '--help'.
    $ --attach-role-arn arn:aws:iam::111122223333:role/x --role-only
    error: --role-only cannot be used with --attach-role-arn: there would be nothing to do
    hint: see `--help`
    $ --well-known-policy autoscaler --dry-run
    error: the argument '--approve[=<BOOL>]' cannot be used with '--dry-run'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --approve[=<BOOL>] --well-known-policy <NAME> <NAME>

    For more information, try '--help'.
    $ --well-known-policy autoscaler --no-such-flag
    error: unexpected argument '--no-such-flag' found

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --approve[=<BOOL>] --well-known-policy <NAME> <NAME>

    For more information, try '--help'.
    ");
}

#[test]
fn more_policies_than_a_role_can_have() {
    let arns: Vec<String> = (0..26)
        .map(|number| format!("arn:aws:iam::111122223333:policy/p{number}"))
        .collect();
    let told = refused(&[&format!("--attach-policy-arn {}", arns.join(","))]);
    assert_snapshot!(told.lines().skip(1).collect::<Vec<_>>().join("\n"), @"
    error: 26 managed policies are asked for, IAM attaches at most 25 to one role (10 unless the quota is raised); make one policy of several
    hint: see `--help`
    ");
}
