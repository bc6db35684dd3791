//! `explain`: the fields of the config file, in words and as a JSON Schema.

use std::path::Path;

use insta::assert_snapshot;

use crate::support::Bench;

/// For editors, which take it from the project's repository.
const SCHEMA: &str = "docs/config-file.schema.json";

#[test]
fn the_file_is_explained_by_its_fields() {
    let told = Bench::new().run("explain config");
    let (read, left) = told.split_once("LEFT ALONE:\n").expect("both");
    assert_snapshot!(read, @"
    [stdout]
    KIND:       ClusterConfig
    VERSION:    eksctl.io/v1alpha5

    DESCRIPTION:
        A cluster and its IAM service accounts, in eksctl's words

    FIELDS:
      apiVersion <string> -required-
        Version of eksctl's schema: eksctl.io/v1alpha5

      kind <string> -required-
        Kind of the file: ClusterConfig

      metadata <Object> -required-
        The cluster

      iam <Object>
        What irsactl makes
    ");
    assert!(left.contains("  addons <any>\n") && left.contains("  vpc <any>\n"));
}

#[test]
fn a_field_is_explained_with_its_default_and_its_flag() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("explain config.iam.serviceAccounts.maxSessionDuration"), @"
    [stdout]
    KIND:       ClusterConfig
    VERSION:    eksctl.io/v1alpha5

    FIELD: maxSessionDuration <integer>

    DESCRIPTION:
        Longest session in seconds, 3600 to 43200
        Default: 3600
        Flag: --max-session-duration
        irsactl's own: eksctl refuses a file with it
    [exit 0]
    ");
    let by_message = bench.run("explain config.iam.serviceAccounts[3].maxSessionDuration");
    let by_path = bench.run("explain config.iam.serviceAccounts.maxSessionDuration");
    assert_eq!(by_message, by_path);
}

#[test]
fn the_well_known_policies_are_fields_too() {
    let told = Bench::new().run("explain config.iam.serviceAccounts.wellKnownPolicies");
    assert_snapshot!(told.split("\n\n").take(5).collect::<Vec<_>>().join("\n\n"), @"
    [stdout]
    KIND:       ClusterConfig
    VERSION:    eksctl.io/v1alpha5

    FIELD: wellKnownPolicies <map[string]boolean>

    DESCRIPTION:
        Ready-made policy of a common add-on by its name; eksctl knows the first seven
        Default: all false
        Flag: --well-known-policy

    FIELDS:
      imageBuilder <boolean>
        Push and pull container images in ECR

      autoScaler <boolean>
        Cluster Autoscaler: resize Auto Scaling groups
    ");
    let names = Bench::new().run("explain config.iam.serviceAccounts.wellKnownPolicies -o name");
    let folders = ["well-known-policies", "parametrised-policies"];
    let files = folders.map(|folder| {
        let files = std::fs::read_dir(format!("templates/{folder}"));
        files.expect("the policies").count()
    });
    // The parameters of a policy are fields of its own.
    let names = names.lines().filter_map(|name| {
        let (_, name) = name.split_once(".wellKnownPolicies.")?;
        (!name.contains('.')).then_some(name)
    });
    assert_eq!(names.count(), files.iter().sum::<usize>());
}

#[test]
fn all_fields_are_named_with_their_types() {
    assert_snapshot!(Bench::new().run("explain config.metadata --recursive"), @"
    [stdout]
    KIND:       ClusterConfig
    VERSION:    eksctl.io/v1alpha5

    FIELD: metadata <Object>

    DESCRIPTION:
        The cluster

    FIELDS:
      name <string> -required-
      region <string> -required-
      tags <map[string]string>
      version <string>
      forceUpdateVersion <boolean>
      rollbackConfig <any>
      annotations <map[string]string>
    [exit 0]
    ");
    let told = Bench::new().run("explain config --recursive");
    let deepest = "      metadata <Object> -required-\n        name <string> -required-\n";
    assert!(told.contains(deepest), "{told}");
}

#[test]
fn a_field_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let bench = Bench::new();
    let told: String = [
        "config.iam.serviceAccounts.rolename",
        "config.roleName",
        "iam.withOIDC",
        "config.nothingLikeIt",
        "pods",
    ]
    .map(|field| bench.run(&format!("explain {field}")))
    .concat();
    assert_snapshot!(told, @r#"
    [stderr]
    error: FIELD "config.iam.serviceAccounts.rolename": config.iam.serviceAccounts has no field `rolename`; did you mean `config.iam.serviceAccounts.roleName`?
    hint: see `--help`
    [exit 2]
    [stderr]
    error: FIELD "config.roleName": config has no field `roleName`; did you mean `config.iam.serviceAccounts.roleName`?
    hint: see `--help`
    [exit 2]
    [stderr]
    error: FIELD "iam.withOIDC": `config` is explained, and what is in it; did you mean `config.iam.withOIDC`?
    hint: see `--help`
    [exit 2]
    [stderr]
    error: FIELD "config.nothingLikeIt": config has no field `nothingLikeIt`
    hint: see `--help`
    [exit 2]
    [stderr]
    error: FIELD "pods": `config` is explained, and what is in it
    hint: see `--help`
    [exit 2]
    "#);
}

/// `UPDATE=1` writes it.
#[test]
fn the_schema_for_editors_is_what_explain_prints() {
    let told = Bench::new().run("explain config -o json");
    let schema = told.strip_prefix("[stdout]\n");
    let schema = schema.and_then(|schema| schema.strip_suffix("[exit 0]\n"));
    let schema = schema.expect(&told);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, schema).expect("the schema is written");
        return;
    }
    let kept = std::fs::read_to_string(path).expect("the schema");
    assert_eq!(kept, schema, "{SCHEMA} (UPDATE=1 rewrites it)");
}
