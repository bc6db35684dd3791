//! `apply` of one file with all kinds of accounts, in bad weather.

mod alike;
mod faults;
mod foreign;
mod interruption;
mod killed;
mod objects;
mod together;

use std::collections::BTreeMap;

use serde_json::json;

use crate::sandbox::{Options, Pace, Role};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const APPLY: &str = "apply -f ~/cluster.yaml --prune --repair-drift --detach-foreign --approve";
const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
const OWNED: (&str, &str) = ("app.kubernetes.io/managed-by", "eksctl");

/// The accounts of the file that have a stack of their own, and what is found of it.
const STACKS: [(&str, &str); 8] = [
    ("equal", "CREATE_COMPLETE"),
    ("changed", "CREATE_COMPLETE"),
    ("gone", "CREATE_COMPLETE"),
    ("drifted", "UPDATE_COMPLETE"),
    ("bare", "CREATE_COMPLETE"),
    ("labelled", "CREATE_COMPLETE"),
    ("broken", "ROLLBACK_COMPLETE"),
    ("stuck", "UPDATE_ROLLBACK_FAILED"),
];

/// Name of the stack of `apps/NAME`.
fn stack(name: &str) -> String {
    format!("eksctl-demo-addon-iamserviceaccount-apps-{name}")
}

/// A config file with these accounts, one a line, in YAML's flow style.
pub fn file(bench: &Bench, accounts: &[String]) {
    let mut text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n\
                    metadata: {name: demo, region: eu-west-1}\n\
                    iam:\n  withOIDC: true\n  serviceAccounts:\n"
        .to_owned();
    for account in accounts {
        text.push_str(&format!("  - {account}\n"));
    }
    bench.file("cluster.yaml", &text);
}

/// An account of a file with one managed policy.
pub fn with_policy(namespace: &str, name: &str, policy: &str) -> String {
    format!(
        "{{metadata: {{namespace: {namespace}, name: {name}}}, attachPolicyARNs: [\"{policy}\"]}}"
    )
}

/// The cluster without its provider, the file, and each kind of account in its state before.
fn all_kinds(pace: Pace) -> Bench {
    let bench = Bench::with(Options {
        pace,
        ..Options::default()
    });
    let mut accounts = vec![
        with_policy("fresh", "new", S3),
        with_policy("apps", "changed", SQS),
        format!(
            "{{metadata: {{namespace: apps, name: attached}}, attachRoleARN: \"arn:aws:iam::{ACCOUNT}:role/shared\"}}"
        ),
        format!(
            "{{metadata: {{namespace: apps, name: role-only}}, roleOnly: true, attachPolicyARNs: [\"{S3}\"]}}"
        ),
        format!(
            "{{metadata: {{namespace: apps, name: labelled, labels: {{team: a}}, annotations: {{note: new}}}}, attachPolicyARNs: [\"{S3}\"]}}"
        ),
    ];
    for name in ["equal", "gone", "drifted", "bare", "broken", "stuck"] {
        accounts.push(with_policy("apps", name, S3));
    }
    file(&bench, &accounts);
    for (name, status) in STACKS {
        found(&bench, name, status);
    }
    found(&bench, "old", "CREATE_COMPLETE");
    disturb(&bench);
    bench
}

/// A stack as eksctl makes it, with its ServiceAccount where it has a role.
fn found(bench: &Bench, name: &str, status: &str) {
    bench.eksctl_stack(&format!("apps/{name}"), status);
    let mut world = bench.sandbox.world();
    let made = world.stack(ACCOUNT, REGION, &stack(name));
    let made = made.expect("the stack just made");
    made.termination_protection = name != "old";
    let Some(role) = made.outputs.get("Role1").cloned() else {
        return;
    };
    let annotations = [(ROLE_ARN, role.as_str())];
    let api = world.api("demo");
    api.put_service_account("apps", name, &[OWNED], &annotations, "eksctl");
}

/// What others did to the accounts since.
fn disturb(bench: &Bench) {
    let mut world = bench.sandbox.world();
    let gone = world.role_of("apps/gone").name.clone();
    let drifted = world.role_of("apps/drifted");
    drifted.attached = vec!["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()];
    drifted.inline.insert(
        "by-hand".to_owned(),
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}),
    );
    let subject = &mut drifted.trust["Statement"][0]["Condition"];
    *subject = json!({});
    let old = world.role_of("apps/old");
    old.attached.push(SQS.to_owned());
    let account = world.accounts.get_mut(ACCOUNT).expect("the account");
    account.roles.remove(&gone.to_lowercase());
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    let shared = Role::new("aws", ACCOUNT, "/", "shared", trust);
    account.create_role(shared).expect("a role");
    let api = world.api("demo");
    api.delete_service_account("apps", "bare");
    api.apply_annotations("apps", "labelled", &[("note", "old")], "irsactl");
}

/// All that matters of what is left behind; the random ends of roles' names do not.
fn state(bench: &Bench) -> String {
    let mut text = bench.state() + &bench.providers();
    let issuer = bench.issuer();
    bench.account(|account| {
        for role in account.roles.values() {
            let trust = role.trust["Statement"]
                .to_string()
                .replace(&issuer, "ISSUER");
            text.push_str(&format!("trust of {}\n  {trust}\n", role.name));
        }
        for stack in account
            .stacks
            .iter()
            .filter(|stack| stack.deleted.is_none())
        {
            let sets = stack.change_sets.iter();
            for set in sets.filter(|set| set.execution_status != "EXECUTE_COMPLETE") {
                text.push_str(&format!("{} has change set {}\n", stack.name, set.name));
            }
        }
    });
    let mut lines: Vec<String> = text.lines().map(without_random_end).collect();
    // A role's policies and an object's labels stand under it: only whole blocks change places.
    let mut blocks: Vec<String> = Vec::new();
    for line in lines.drain(..) {
        match blocks.last_mut() {
            Some(block) if line.starts_with("  ") => block.push_str(&format!("{line}\n")),
            _ => blocks.push(format!("{line}\n")),
        }
    }
    blocks.sort();
    blocks.concat()
}

/// `…-Role1-XXXXXXXXXXXX` without its last part. An update may leave a stack in another good state
/// than a creation.
fn without_random_end(line: &str) -> String {
    let mut text = line.replace("UPDATE_ROLLBACK_COMPLETE", "COMPLETE");
    for status in ["CREATE_COMPLETE", "UPDATE_COMPLETE"] {
        text = text.replace(status, "COMPLETE");
    }
    match text.split_once("-Role1-") {
        Some((start, rest)) => {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
            format!("{start}-Role1{}", &rest[end.unwrap_or(rest.len())..])
        }
        None => text,
    }
}

/// The calls of a run so far that are about one thing, each as a fault rule names it, with how often.
fn calls(bench: &Bench) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for call in &bench.sandbox.world().calls {
        // An id has a part that no other run repeats.
        let subject = match call.subject.starts_with("arn:aws:cloudformation:") {
            true => call.subject.split('/').nth(1).unwrap_or_default(),
            false => &call.subject,
        };
        let of = match subject {
            "" => String::new(),
            subject => format!(" of {subject}"),
        };
        *calls.entry(format!("{call}{of}")).or_insert(0) += 1;
    }
    calls
}

/// Whether a call, as a fault rule names it, changes something.
fn is_write(call: &str) -> bool {
    let operation = call.split(' ').nth(1).unwrap_or_default();
    let reads = ["Describe", "Get", "List", "get", "list", "/"];
    !reads.iter().any(|read| operation.starts_with(read))
}

/// The rows of a result and the exit status, by which a run is compared with others.
fn rows(result: &str) -> String {
    let lines = result.lines().map(without_random_end);
    let blank = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let known = ["NAMESPACE", "fresh ", "apps ", "https://", "[exit"];
    let rows = lines.filter(|line| known.iter().any(|start| line.starts_with(start)));
    rows.map(|line| blank(&line) + "\n").collect()
}

/// A run that ends well, then one that has nothing left to do.
fn assert_settled(bench: &Bench, line: &str) {
    bench.calls();
    let result = bench.run(line);
    let changes = bench.changes();
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(changes, "", "{result}");
}

#[test]
fn all_kinds_are_made_true_at_once_and_then_nothing_is_to_do() {
    let bench = all_kinds(Pace::Polls(0));
    let result: Vec<String> = bench
        .run(&format!("{APPLY} -q"))
        .lines()
        .map(without_random_end)
        .collect();
    insta::assert_snapshot!(result.join("\n"), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    fresh       new         created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-fresh-new-Role1
    apps        changed     updated     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps        attached    changed     arn:aws:iam::111122223333:role/shared
    apps        role-only   created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-role-Role1
    apps        labelled    changed     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-labe-Role1
    apps        equal       unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-equa-Role1
    apps        gone        created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-gone-Role1
    apps        drifted     updated     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-drif-Role1
    apps        bare        changed     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-bare-Role1
    apps        broken      created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-brok-Role1
    apps        stuck       changed     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-stuc-Role1
    apps        old         deleted
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [exit 0]
    ");
    insta::assert_snapshot!(state(&bench), @r#"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    namespace apps
    namespace fresh
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-bare-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-brok-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
      policy arn:aws:iam::aws:policy/AmazonSQSFullAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-drif-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-equa-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-gone-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-labe-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-role-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-stuc-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-fresh-new-Role1
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/shared
    service account apps/attached
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/shared
    service account apps/bare
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-bare-Role1
    service account apps/broken
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-brok-Role1
    service account apps/changed
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    service account apps/drifted
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-drif-Role1
    service account apps/equal
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-equa-Role1
    service account apps/gone
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-gone-Role1
    service account apps/labelled
      label app.kubernetes.io/managed-by=eksctl
      label team=a
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-labe-Role1
      annotation note=new
    service account apps/stuck
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-stuc-Role1
    service account fresh/new
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-fresh-new-Role1
    stack eksctl-demo-addon-iamserviceaccount-apps-bare: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-broken: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-changed: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-drifted: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-equal: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-gone: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-labelled: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-role-only: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-apps-stuck: COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-fresh-new: COMPLETE, protected
    trust of eksctl-demo-addon-iamserviceaccount-apps-bare-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:bare"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-brok-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:broken"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:changed"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-drif-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:drifted"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-equa-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:equal"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-gone-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:gone"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-labe-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:labelled"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-role-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:role-only"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-apps-stuc-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:apps:stuck"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of eksctl-demo-addon-iamserviceaccount-fresh-new-Role1
      [{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"ISSUER:aud":"sts.amazonaws.com","ISSUER:sub":"system:serviceaccount:fresh:new"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ISSUER"}}]
    trust of shared
      [{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}]
    "#);
    assert_settled(&bench, APPLY);
}

#[test]
fn two_accounts_that_make_one_stack_name_do_not_meet() {
    let bench = Bench::associated();
    file(
        &bench,
        &[with_policy("a-b", "c", S3), with_policy("a", "b-c", SQS)],
    );
    let plan = bench.run(&APPLY.replace("--approve", "--dry-run"));
    insta::assert_snapshot!(plan, @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-a-b-c
        trusted: a-b/c, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account a-b/c
        role: known when stack eksctl-demo-addon-iamserviceaccount-a-b-c is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: a-b, made where it is missing
    + create stack eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c
        trusted: a/b-c, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
    + create service account a/b-c
        role: known when stack eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: a, made where it is missing
    [stderr]
    plan: 4 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.arrange(APPLY);
    insta::assert_snapshot!(bench.stacks(), @"
    eksctl-demo-addon-iamserviceaccount-a-b-c CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c CREATE_COMPLETE
    ");
    assert_settled(&bench, APPLY);
    file(&bench, &[with_policy("a", "b-c", SQS)]);
    bench.arrange(APPLY);
    insta::assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c CREATE_COMPLETE");
    assert_settled(&bench, APPLY);
}
