//! `trust copy`: what service accounts of one cluster may assume, those of another may too.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{DATA, by_hand, trust_of};
use crate::sandbox::{Options, Pace};
use crate::support::{ACCOUNT, Bench};

/// All that blue has, for demo.
pub const COPY: &str =
    "trust copy --from-cluster blue --to-cluster demo --all --approve --parallel 1";
const ONE: &str = "trust copy web/api --from-cluster blue --to-cluster demo";
const ROLE: &str = "eks.amazonaws.com/role-arn";

/// A template that eksctl makes for a service account with one managed policy.
const OWN: &str = include_str!("../../eksctl/managed-policy.json");

/// The clusters demo and blue, each with its provider. In blue the role data is that of web/api and batch/job, and
/// web/own has one of its stack.
pub fn blue(pace: Pace) -> Bench {
    let bench = empty(pace);
    let claims = statement(&bench, |issuer| {
        json!({"StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): ["system:serviceaccount:batch:job", "system:serviceaccount:web:api"],
        }})
    });
    let nodes = json!({
        "Sid": "Nodes",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"},
    });
    by_hand(&bench, "data", json!([nodes, claims]));
    annotate(&bench, "web", "api", DATA);
    annotate(&bench, "batch", "job", DATA);
    // The first is the one whose issuer templates get.
    let swap = || bench.sandbox.world().clusters.swap(0, 1);
    swap();
    bench.stack_of("blue", "web/own", OWN, "CREATE_COMPLETE");
    swap();
    let own = bench.sandbox.world().role_of("web/own").arn.clone();
    annotate(&bench, "web", "own", &own);
    bench
}

/// Without any service account.
fn empty(pace: Pace) -> Bench {
    let bench = Bench::with(Options {
        clusters: vec!["blue".to_owned(), "demo".to_owned()],
        pace,
        ..Options::default()
    });
    bench.associate();
    bench.sandbox.world().clusters.swap(0, 1);
    bench.associate();
    bench
}

fn new() -> Bench {
    blue(Options::default().pace)
}

/// A ServiceAccount of blue.
fn annotate(bench: &Bench, namespace: &str, name: &str, role: &str) {
    let mut world = bench.sandbox.world();
    let api = world.api("blue");
    api.put_service_account(namespace, name, &[], &[(ROLE, role)], "kubectl");
}

fn issuer_of_blue(bench: &Bench) -> String {
    let issuer = bench.sandbox.world().clusters[1].issuer.clone();
    issuer.unwrap_or_default().replace("https://", "")
}

/// A statement for tokens of blue with those conditions.
fn statement(bench: &Bench, conditions: impl Fn(&str) -> Value) -> Value {
    let issuer = issuer_of_blue(bench);
    json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
        "Condition": conditions(&issuer),
    })
}

#[test]
fn what_a_service_account_of_one_cluster_may_assume_that_of_another_may_too() {
    let bench = new();
    let before = bench.state();
    assert_snapshot!(bench.run(ONE), @r#"
    [stdout]
    ~ update the trust policy of role data
        ~ trust policy:
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/31A56F27C47771999C8CD21DBAC9F70D"
                  }
          +     },
          +     {
          +       "Action": "sts:AssumeRoleWithWebIdentity",
          +       "Condition": {
          +         "StringEquals": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +       }
                }
              ],
              "Version": "2012-10-17"
    + create service account web/api
        role: arn:aws:iam::111122223333:role/data
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_eq!(bench.state(), before);
    assert_snapshot!(bench.run(&format!("{ONE} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/data
    [stderr]
    updated the trust policy of role data
    created service account web/api
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("web", "api"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/data
    ");
    assert_snapshot!(bench.run("trust list --cluster demo"), @"
    [stdout]
    ROLE   ISSUER                                                                         SUBJECTS   AUDIENCES           BESIDES   SIZE        ROOM FOR
    data   https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   web/api    sts.amazonaws.com   -         1039/2048   2 more
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{ONE} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/data
    [exit 0]
    ");
    let token = bench.run("verify web/api --cluster demo");
    assert!(token.ends_with("[exit 0]\n"), "{token}");
}

#[test]
fn all_of_a_cluster_are_copied_through_the_stacks_that_made_their_roles() {
    let bench = new();
    assert_snapshot!(bench.run(COPY), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    batch       job    updated   arn:aws:iam::111122223333:role/data
    web         api    updated   arn:aws:iam::111122223333:role/data
    web         own    updated   arn:aws:iam::111122223333:role/eksctl-blue-addon-iamserviceaccount-web-own-Role1-STIT6SL7HYWH
    [stderr]
    warning: web/own: role eksctl-blue-addon-iamserviceaccount-web-own-Role1-STIT6SL7HYWH is of stack "eksctl-blue-addon-iamserviceaccount-web-own", and goes when that is deleted
    updated the trust policy of role data
    created service account batch/job
    updated the trust policy of role data
    created service account web/api
    updated stack eksctl-blue-addon-iamserviceaccount-web-own
    created service account web/own
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{COPY} --detailed-exitcode").replace(" --approve", "")), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    let stack = bench.run("update iamserviceaccount web/own --cluster blue --repair-drift");
    assert!(stack.contains("nothing to do"), "{stack}");
}

#[test]
fn the_plan_as_json_has_every_byte() {
    let bench = new();
    let printed = bench.run(&format!("{ONE} -o json"));
    let json = printed
        .strip_prefix("[stdout]\n")
        .and_then(|it| it.split_once("\n[stderr]"));
    let plan: Value = serde_json::from_str(json.expect("a plan").0).expect("JSON");
    let actions = &plan["tracks"][0]["actions"];
    let subject = "system:serviceaccount:web:api";
    assert!(actions[0].to_string().contains(subject), "{plan}");
    assert!(actions[1].to_string().contains(DATA), "{plan}");
    let told = bench.run(&format!("{ONE} --detailed-exitcode"));
    assert!(told.ends_with("[exit 3]\n"), "{told}");
}

/// Whoever may annotate ServiceAccounts in one cluster plants no grant in another.
#[test]
fn an_annotation_alone_grants_nothing() {
    let bench = new();
    annotate(&bench, "web", "evil", DATA);
    let before = (bench.state(), trust_of(&bench, "data"));
    assert_snapshot!(bench.run(&ONE.replace("web/api", "web/evil --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         evil   refused
    [stderr]
    error: web/evil: role data does not let it in from cluster "blue" today, whatever its ServiceAccount there says
    hint: see why: `irsactl doctor web/evil --cluster blue`
    [exit 1]
    "#);
    assert_eq!((bench.state(), trust_of(&bench, "data")), before);
    assert_snapshot!(bench.run(COPY), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    batch       job    updated   arn:aws:iam::111122223333:role/data
    web         api    updated   arn:aws:iam::111122223333:role/data
    web         evil   skipped
    web         own    updated   arn:aws:iam::111122223333:role/eksctl-blue-addon-iamserviceaccount-web-own-Role1-STIT6SL7HYWH
    [stderr]
    warning: web/own: role eksctl-blue-addon-iamserviceaccount-web-own-Role1-STIT6SL7HYWH is of stack "eksctl-blue-addon-iamserviceaccount-web-own", and goes when that is deleted
    note: web/evil: skipped: role data does not let it in from cluster "blue" today, whatever its ServiceAccount there says
    updated the trust policy of role data
    created service account batch/job
    updated the trust policy of role data
    created service account web/api
    updated stack eksctl-blue-addon-iamserviceaccount-web-own
    created service account web/own
    [exit 0]
    "#);
    let trust = trust_of(&bench, "data").to_string();
    assert!(
        trust.contains("web:api") && !trust.contains("evil"),
        "{trust}"
    );
    assert_eq!(bench.service_account("web", "evil"), "");
}

#[test]
fn what_keeps_a_role_from_being_copied() {
    let bench = new();
    let claims = |issuer: &str| {
        json!({"StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): "system:serviceaccount:web:api",
        }})
    };
    let from_office = statement(&bench, |issuer| {
        let mut all = claims(issuer);
        all["IpAddress"] = json!({"aws:SourceIp": "203.0.113.0/24"});
        all
    });
    let by_tls = statement(&bench, |issuer| {
        let mut all = claims(issuer);
        all["Bool"] = json!({"aws:SecureTransport": "true"});
        all
    });
    let mut denies = statement(&bench, claims);
    denies["Effect"] = json!("Deny");
    by_hand(&bench, "office", json!([from_office]));
    by_hand(&bench, "secure", json!([by_tls]));
    by_hand(&bench, "denied", json!([statement(&bench, claims), denies]));
    let before = bench.state();
    let mut told = String::new();
    for role in ["office", "secure", "denied", "none"] {
        annotate(
            &bench,
            "web",
            "api",
            &format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        );
        told.push_str(&bench.run(&format!("{ONE} --approve")));
    }
    for text in ["arn:aws:iam::444455556666:role/data", "data", ""] {
        annotate(&bench, "web", "api", text);
        told.push_str(&bench.run(&format!("{ONE} --approve")));
    }
    let mut world = bench.sandbox.world();
    let vault = [(ROLE, DATA), ("eks.amazonaws.com/audience", "vault")];
    world
        .api("blue")
        .put_service_account("web", "api", &[], &vault, "kubectl");
    drop(world);
    told.push_str(&bench.run(&format!("{ONE} --approve")));
    assert_snapshot!(told, @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: whether role office lets it in from cluster "blue" depends on aws:SourceIp, by statement 0 (from 0): a copy would lose that
    hint: see what the role asks for: `irsactl trust list --role-arn arn:aws:iam::111122223333:role/office`
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: statement 0 (from 0) of role secure lets it in from cluster "blue" on other terms than subject and audience, which a copy would lose
    hint: see what the role asks for: `irsactl trust list --role-arn arn:aws:iam::111122223333:role/secure`
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: role denied does not let it in from cluster "blue" today, whatever its ServiceAccount there says
    hint: see why: `irsactl doctor web/api --cluster blue`
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: role arn:aws:iam::111122223333:role/none, which its ServiceAccount in cluster "blue" names, does not exist
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: role arn:aws:iam::444455556666:role/data is of account 444455556666, and this run acts in the clusters'
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: what its ServiceAccount in cluster "blue" names is no ARN of a role: data
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: its ServiceAccount in cluster "blue" names no role
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: its tokens in cluster "blue" are for vault, and only those for sts.amazonaws.com are let in
    [exit 1]
    "#);
    assert_eq!(bench.state(), before);
}

#[test]
fn a_pattern_lets_in_the_one_name_that_is_copied() {
    let bench = empty(Options::default().pace);
    let any = statement(&bench, |issuer| {
        json!({
            "StringEquals": {format!("{issuer}:aud"): "sts.amazonaws.com"},
            "StringLike": {format!("{issuer}:sub"): "system:serviceaccount:web:*"},
        })
    });
    by_hand(&bench, "data", json!([any]));
    annotate(&bench, "web", "api", DATA);
    assert_snapshot!(bench.run(&format!("{ONE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/data
    [stderr]
    note: role data lets in web/* of cluster "blue": what is copied is for web/api alone
    updated the trust policy of role data
    created service account web/api
    [exit 0]
    "#);
    let listed = bench.run("trust list --cluster demo");
    assert!(listed.contains("   web/api   "), "{listed}");
}

#[test]
fn the_service_account_is_made_or_annotated_as_create_does() {
    let bench = new();
    let other = [(ROLE, "arn:aws:iam::111122223333:role/other")];
    let helm = [("app.kubernetes.io/managed-by", "Helm")];
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &other, "helm");
    api.put_service_account("batch", "job", &helm, &[], "helm");
    drop(world);
    let before = trust_of(&bench, "data");
    assert_snapshot!(bench.run(&format!("{ONE} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/data
    [stderr]
    error: web/api: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/data
      found: arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
    assert_eq!(trust_of(&bench, "data"), before);
    assert_snapshot!(bench.run(&format!("{ONE} batch/job --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    batch       job    updated   arn:aws:iam::111122223333:role/data
    web         api    refused   arn:aws:iam::111122223333:role/data
    [stderr]
    updated the trust policy of role data
    annotated service account batch/job
    error: web/api: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/data
      found: arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
    assert_snapshot!(bench.service_account("batch", "job"), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/data
    ");
    let told = bench.run(&format!(
        "{ONE} --override-existing-serviceaccounts --approve"
    ));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert!(bench.service_account("web", "api").contains(DATA));
}

#[test]
fn one_that_is_not_there_stops_no_other() {
    let bench = new();
    assert_snapshot!(bench.run(&format!("{ONE} web/none --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/data
    web         none   refused
    [stderr]
    updated the trust policy of role data
    created service account web/api
    error: web/none: cluster "blue" has no such ServiceAccount
    hint: list those that have a role: `irsactl get iamserviceaccount --cluster blue`
    [exit 1]
    "#);
    bench.befall(
        "kubernetes get serviceaccounts of batch/job",
        "times 9 error 500 InternalError so",
    );
    let told =
        bench.run("trust copy web/own batch/job --from-cluster blue --to-cluster demo --approve");
    assert!(told.contains("web         own    updated"), "{told}");
    assert!(
        told.contains("batch       job    failed") && told.ends_with("[exit 1]\n"),
        "{told}"
    );
}

#[test]
fn associations_are_left_alone_and_told() {
    let bench = new();
    let mut world = bench.sandbox.world();
    world.clusters[1].add_association("web", "api", DATA);
    world.clusters[1].add_association("web", "queue", DATA);
    drop(world);
    assert_snapshot!(bench.run(COPY), @r#"
    [stdout]
    NAMESPACE   NAME    STATUS    ROLE ARN
    batch       job     updated   arn:aws:iam::111122223333:role/data
    web         api     updated   arn:aws:iam::111122223333:role/data
    web         own     updated   arn:aws:iam::111122223333:role/eksctl-blue-addon-iamserviceaccount-web-own-Role1-STIT6SL7HYWH
    web         queue   skipped
    [stderr]
    warning: web/own: role eksctl-blue-addon-iamserviceaccount-web-own-Role1-STIT6SL7HYWH is of stack "eksctl-blue-addon-iamserviceaccount-web-own", and goes when that is deleted
    note: web/api: an EKS Pod Identity association of cluster "blue" gives its pods their role, and is not copied
    note: web/queue: skipped: in cluster "blue" it has its role by an EKS Pod Identity association, and those are not copied
    updated the trust policy of role data
    created service account batch/job
    updated the trust policy of role data
    created service account web/api
    updated stack eksctl-blue-addon-iamserviceaccount-web-own
    created service account web/own
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&ONE.replace("web/api", "web/queue")), @r#"
    [stderr]
    error: web/queue: in cluster "blue" it has its role by an EKS Pod Identity association, and those are not copied
    hint: see which role that is: `irsactl get podidentityassociation --cluster blue`
    [exit 1]
    "#);
    let count = bench.sandbox.world().clusters[0].associations.len();
    assert_eq!(count, 0);
}

#[test]
fn clusters_that_are_not_there_or_one_and_the_same_are_told() {
    let bench = new();
    let demo = bench.issuer();
    bench.account(|account| account.providers.retain(|arn, _| !arn.ends_with(&demo)));
    let mut told = String::new();
    for line in [
        "trust copy --all --from-cluster demo --to-cluster demo",
        "trust copy --all --from-cluster bleu --to-cluster demo",
        "trust copy --all --from-cluster blue --to-cluster dema",
        "trust copy --all --from-cluster demo --to-cluster blue",
        "trust copy web/api --from-cluster blue --to-cluster demo --approve",
        "trust copy --from-cluster blue --to-cluster demo",
        "trust copy web/* --from-cluster blue --to-cluster demo",
        "trust copy web/api --all --from-cluster blue --to-cluster demo",
    ] {
        told.push_str(&bench.run(line));
    }
    assert_snapshot!(told, @r#"
    [stderr]
    error: --from-cluster and --to-cluster are the same: there is nothing to copy
    hint: see `--help`
    [exit 2]
    [stderr]
    error: there is no EKS cluster "bleu" in eu-west-1
    hint: did you mean `--cluster blue`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "bleu" is looked for in one only
    [exit 1]
    [stderr]
    error: there is no EKS cluster "dema" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dema" is looked for in one only
    [exit 1]
    [stderr]
    note: no service account of cluster "demo" has a role
    nothing to do: all is as asked
    [exit 0]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/data
    [stderr]
    error: web/api: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster demo --approve` first
    [exit 1]
    [stderr]
    error: the following required arguments were not provided:
      <NAMESPACE/NAME>...

    Usage: irsactl trust copy --from-cluster <NAME> --to-cluster <NAME> <NAMESPACE/NAME>...

    For more information, try '--help'.
    [exit 2]
    [stderr]
    error: invalid value 'web/*' for '[NAMESPACE/NAME]...': "*" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit

    For more information, try '--help'.
    [exit 2]
    [stderr]
    error: the argument '[NAMESPACE/NAME]...' cannot be used with '--all'

    Usage: irsactl trust copy --from-cluster <NAME> --to-cluster <NAME> <NAMESPACE/NAME>...

    For more information, try '--help'.
    [exit 2]
    "#);
}

/// So many that what there is of them is listed, in namespaces of which one's name begins as the other's.
#[test]
fn many_with_one_role_are_copied_one_after_the_other() {
    let bench = empty(Options::default().pace);
    let names = ["web", "web-b"].into_iter();
    let names = names.flat_map(|it| (0..6).map(move |number| format!("{it}/app-{number}")));
    let names: Vec<String> = names.collect();
    let claims = names.iter().map(|it| it.replace('/', ":"));
    let claims: Vec<String> = claims
        .map(|it| format!("system:serviceaccount:{it}"))
        .collect();
    let one = statement(
        &bench,
        |issuer| json!({"StringEquals": {format!("{issuer}:sub"): claims}}),
    );
    by_hand(&bench, "data", json!([one]));
    for name in &names {
        let (namespace, name) = name.split_once('/').expect("a namespace");
        annotate(&bench, namespace, name, DATA);
    }
    let line = COPY.replace(" --parallel 1", "");
    let told = bench.run(&line);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_eq!(told.matches("   updated   ").count(), 12, "{told}");
    let trust = trust_of(&bench, "data");
    let added = &trust["Statement"][1]["Condition"]["StringEquals"];
    assert!(
        added.to_string().matches("system:serviceaccount:").count() == 12,
        "{trust}"
    );
    let again = bench.run(&format!(
        "{} {}",
        line.replace("--all", ""),
        names.join(" ")
    ));
    assert_eq!(again.matches("   unchanged   ").count(), 12, "{again}");
}

#[test]
fn running_pods_are_restarted_where_that_is_asked_for() {
    let bench = new();
    let told = bench.run(&format!("{ONE} --wait-for-pods"));
    assert!(
        told.contains("give both") && told.ends_with("[exit 2]\n"),
        "{told}"
    );
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &[], "kubectl");
    api.run_deployment("web", "api", "api", 1);
    drop(world);
    let told = bench.run(&format!("{ONE} --restart --approve"));
    assert!(told.contains("restarted deployment web/api"), "{told}");
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

/// What is carried out was seen: another look tells that blue's lost it.
#[test]
fn what_is_taken_away_meanwhile_is_not_copied() {
    let bench = new();
    bench.sandbox.before("iam GetRole", 3, |world| {
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        let role = account.roles.get_mut("data").expect("the role");
        let statements = role.trust["Statement"].as_array_mut().expect("statements");
        statements.truncate(1);
    });
    assert_snapshot!(bench.run(&format!("{ONE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: role data does not let it in from cluster "blue" today, whatever its ServiceAccount there says
    hint: see why: `irsactl doctor web/api --cluster blue`
    [exit 1]
    "#);
    assert_eq!(bench.service_account("web", "api"), "");
    let trust = trust_of(&bench, "data").to_string();
    assert!(!trust.contains("web:api"), "{trust}");
}
