//! `create iamserviceaccount --attach-role-arn --trust`, `trust: true` in a file, and what becomes of such
//! service accounts afterwards.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{DATA, put_data, trust_of, two_clusters};
use crate::support::Bench;

/// Creates with the role data, whose trust policy is to let it in.
fn create(name: &str) -> String {
    format!(
        "create iamserviceaccount {name} --cluster demo --attach-role-arn {DATA} --trust --approve"
    )
}

fn with_data() -> Bench {
    let bench = Bench::associated();
    put_data(&bench);
    bench.calls();
    bench
}

/// A file that asks for these, each with the role data.
fn file_of(bench: &Bench, names: &[&str]) {
    let entries: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({
                "metadata": {"namespace": "web", "name": name},
                "attachRoleARN": DATA,
                "trust": true,
            })
        })
        .collect();
    let config = json!({
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": "demo", "region": "eu-west-1"},
        "iam": {"withOIDC": true, "serviceAccounts": entries},
    });
    bench.file("roles.yaml", &config.to_string());
}

#[test]
fn a_role_that_there_is_lets_the_service_account_in_before_it_is_annotated() {
    let bench = with_data();
    let told = bench.run(&create("web/api").replace(" --approve", ""));
    assert!(
        told.contains("update the trust policy of role data")
            && told.contains("system:serviceaccount:web:api"),
        "{told}"
    );
    assert_snapshot!(bench.run(&create("web/api")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/data
    [stderr]
    updated the trust policy of role data
    created service account web/api
    [exit 0]
    ");
    assert_snapshot!(bench.run(&create("web/api")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/data
    [exit 0]
    ");
    assert_snapshot!(bench.run("get iamserviceaccount web/api --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   ROLE ARN
    web         api    arn:aws:iam::111122223333:role/data
    [exit 0]
    ");
    bench.create("web/own");
    let listed = bench.run("get iamserviceaccount --cluster demo -o wide");
    let row = listed.lines().find(|line| line.contains(DATA));
    assert!(
        row.is_some_and(|row| row.ends_with("annotated")),
        "{listed}"
    );
}

#[test]
fn several_of_a_file_may_have_one_role_and_the_failure_of_one_stops_no_other() {
    let bench = with_data();
    file_of(
        &bench,
        &["api", "job", "cart", "mail", "shop", "view", "zoo"],
    );
    bench.sandbox.world().api("demo").put_service_account(
        "web",
        "api",
        &[],
        &[(
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/other",
        )],
        "helm",
    );
    bench.befall(
        "kubernetes patch serviceaccounts of web/job",
        "times 1 error 500 InternalError so",
    );
    let told = bench.run("apply -f ~/roles.yaml --approve");
    assert!(told.contains("[exit 1]"), "{told}");
    let told = bench.run("apply -f ~/roles.yaml --approve");
    assert!(told.contains("web         api    refused"), "{told}");
    let names = bench.run("trust list --all");
    assert!(
        names.contains("web/cart,web/job,web/mail,web/shop,web/view,web/zoo"),
        "{names}"
    );
    file_of(&bench, &["job", "cart", "mail", "shop", "view", "zoo"]);
    let told = bench.run("apply -f ~/roles.yaml --detailed-exitcode");
    assert!(told.contains("[exit 0]"), "{told}");
}

#[test]
fn a_deletion_takes_its_own_subject_out_of_the_role_and_nothing_else() {
    let bench = with_data();
    let before = trust_of(&bench, "data");
    bench.arrange(&create("web/api"));
    bench.arrange(&create("web/job"));
    assert_snapshot!(bench.run("delete iamserviceaccount web/job --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         job    deleted
    [stderr]
    updated the trust policy of role data
    deleted service account web/job
    [exit 0]
    ");
    let left = bench.run("trust list --all");
    assert!(left.contains("   web/api   "), "{left}");
    bench.arrange("delete iamserviceaccount web/api --cluster demo");
    assert_eq!(trust_of(&bench, "data"), before);
    assert!(bench.account(|account| account.roles.contains_key("data")));
}

#[test]
fn who_may_only_annotate_service_accounts_changes_no_role() {
    let bench = with_data();
    bench.arrange(&create("web/api"));
    bench.arrange(&format!(
        "trust add shop/* --cluster demo --role-arn {DATA} --approve"
    ));
    let before = trust_of(&bench, "data");
    let label = ("app.kubernetes.io/managed-by", "eksctl");
    for (namespace, name) in [("web", "evil"), ("shop", "evil")] {
        let mut world = bench.sandbox.world();
        let annotation = ("eks.amazonaws.com/role-arn", DATA);
        world
            .api("demo")
            .put_service_account(namespace, name, &[label], &[annotation], "kubectl");
        drop(world);
        let told = bench.run(&format!(
            "delete iamserviceaccount {namespace}/{name} --cluster demo"
        ));
        assert!(told.contains("[exit 0]"), "{told}");
        assert_eq!(trust_of(&bench, "data"), before);
    }
}

#[test]
fn what_a_deletion_cannot_take_out_is_told() {
    let bench = Bench::associated();
    let issuer = bench.issuer();
    super::by_hand(
        &bench,
        "data",
        json!([{
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{issuer}")},
            "Condition": {"StringEquals": {
                format!("{issuer}:aud"): "sts.amazonaws.com",
                format!("{issuer}:sub"): "system:serviceaccount:web:api",
            }},
        }]),
    );
    bench.arrange(&create("web/api"));
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    warning: the trust policy of role data stays as it is: without web/api it would let nobody in, and IAM takes no trust policy without a statement
    deleted service account web/api
    [exit 0]
    ");
}

#[test]
fn where_a_role_cannot_let_it_in_nothing_is_annotated() {
    let bench = with_data();
    let before = bench.state();
    let mut told = String::new();
    for rest in [
        "--attach-role-arn arn:aws:iam::444455556666:role/data --trust",
        "--attach-role-arn arn:aws:iam::111122223333:role/none --trust",
        "--attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --trust",
        "--attach-role-arn arn:aws:iam::111122223333:role/data --trust --audience other",
    ] {
        told.push_str(&bench.run(&format!(
            "create iamserviceaccount web/api --cluster demo {rest} --approve"
        )));
    }
    assert_snapshot!(told, @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::444455556666:role/data
    [stderr]
    note: role arn:aws:iam::444455556666:role/data is of another account: whether it exists and trusts this cluster cannot be seen from here
    error: web/api: role data cannot let it in: it is of account 444455556666, which is not looked at for it
    [exit 1]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/none
    [stderr]
    error: web/api: role arn:aws:iam::111122223333:role/none does not exist
    hint: look for its ARN: `aws iam list-roles --query 'Roles[].Arn'`
    [exit 1]
    [stderr]
    error: --trust is for the role of --attach-role-arn: one that is made lets its service account in
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --trust lets in tokens for sts.amazonaws.com, and --audience asks for others
    hint: see `--help`
    [exit 2]
    ");
    assert_eq!(bench.state(), before);
}

#[test]
fn doctor_tells_how_a_role_that_there_is_lets_it_in() {
    let bench = two_clusters();
    bench.arrange(&format!(
        "create iamserviceaccount web/api --cluster demo --attach-role-arn {DATA} --approve"
    ));
    let told = bench.run("doctor --cluster demo");
    assert!(
        told.contains("`irsactl doctor --cluster demo --all` does that"),
        "{told}"
    );
    let told = bench.run("doctor --cluster demo --all");
    assert!(
        told.contains("the trust policy keeps web/api out"),
        "{told}"
    );
    let fix = format!("fix: irsactl trust add --cluster demo web/api --role-arn {DATA} --approve");
    let told = bench.run("doctor web/api --cluster demo");
    assert!(told.contains(&fix), "{told}");
}
