//! Whole files: what they ask for.

use super::*;
use crate::asked::{Permissions, Scope};
use crate::template::RoleSpec;

mod mistakes;
mod properties;

/// eksctl's example 13, as its users copy it, with the sections that are not irsactl's.
const EXAMPLE: &str = include_str!("tests/iamserviceaccounts.yaml");
/// Anchors, merge keys, and the fields that are irsactl's own.
const SHARED: &str = include_str!("tests/shared.yaml");

/// What is asked for, without what else stands in the file.
fn alone(config: ClusterConfig) -> ClusterConfig {
    let rest = FileRemainder::default();
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
        .filter(|field| field.origin == fields::FieldOrigin::Own);
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
