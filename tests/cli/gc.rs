//! `gc`: what dead clusters left, and what only looks like it.

use std::time::{SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Options, Pace, Provider, Role, World};
use crate::support::{ACCOUNT, Bench, REGION, S3};

/// 400 days ago, in milliseconds since 1970.
fn long_ago() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = i64::try_from(passed.expect("after 1970").as_millis()).expect("a time");
    now - 400 * 24 * 60 * 60 * 1000 - 60 * 60 * 1000
}

/// Host and path of an issuer of EKS that no cluster has.
fn dead_issuer(region: &str, id: &str) -> String {
    format!("oidc.eks.{region}.amazonaws.com/id/{id}")
}

fn arn(issuer: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")
}

fn web(issuer: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": arn(issuer)},
        "Condition": {"StringEquals": {format!("{issuer}:sub"): "system:serviceaccount:web:api"}},
    })
}

fn pods() -> Value {
    json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
    })
}

/// The old stack of a service account of a cluster, or with the tag of an association.
fn put_stack(bench: &Bench, place: (&str, &str), account: &str, tag: &str, statements: &[Value]) {
    let (region, cluster) = place;
    let infix = tag.split('-').next().expect("a kind");
    let name = format!(
        "eksctl-{cluster}-addon-{infix}-{}",
        account.replace('/', "-")
    );
    let name = name.replace("-addon-podidentityassociation-", "-podidentityrole-");
    put_named_stack(
        bench,
        region,
        &name,
        &[
            ("alpha.eksctl.io/cluster-name", cluster),
            (&format!("alpha.eksctl.io/{tag}"), account),
        ],
        statements,
    );
}

fn put_named_stack(
    bench: &Bench,
    region: &str,
    name: &str,
    tags: &[(&str, &str)],
    statements: &[Value],
) {
    let template = template(statements);
    let mut world = bench.sandbox.world();
    let stack = world.add_stack(ACCOUNT, region, name, &template, tags, "CREATE_COMPLETE");
    stack.created = long_ago();
    stack.termination_protection = true;
    let role = stack.resources["Role1"].physical_id.to_lowercase();
    let account = world.accounts.get_mut(ACCOUNT).expect("the account");
    account.roles.get_mut(&role).expect("the role").created = long_ago();
}

/// As eksctl makes it, with a managed policy and an inline one.
fn template(statements: &[Value]) -> String {
    let read = json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"});
    json!({
        "Resources": {
            "Role1": {"Type": "AWS::IAM::Role", "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": statements},
                "ManagedPolicyArns": [S3],
            }},
            "Policy1": {"Type": "AWS::IAM::Policy", "Properties": {
                "PolicyName": {"Fn::Sub": "${AWS::StackName}-Policy1"},
                "Roles": [{"Ref": "Role1"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [read]},
            }},
        },
        "Outputs": {"Role1": {"Value": {"Fn::GetAtt": "Role1.Arn"}}},
    })
    .to_string()
}

fn put_provider(bench: &Bench, issuer: &str) {
    let url = format!("https://{issuer}");
    let mut provider = Provider::new("aws", ACCOUNT, &url, &["sts.amazonaws.com"], &[]);
    provider.created = long_ago();
    bench.account(|account| account.providers.insert(provider.arn.clone(), provider));
}

fn put_role(bench: &Bench, path: &str, name: &str, statements: &[Value]) {
    let trust = json!({"Version": "2012-10-17", "Statement": statements});
    let mut role = Role::new("aws", ACCOUNT, path, name, trust);
    role.created = long_ago();
    bench.account(|account| account.roles.insert(role.name.to_lowercase(), role));
}

const OF_ACCOUNT: &str = "iamserviceaccount-name";
const OF_ASSOCIATION: &str = "podidentityassociation-name";

/// What the cluster old left: a stack with a policy by hand, that of an association, and the provider.
pub fn put_dead_cluster(bench: &Bench) {
    let issuer = dead_issuer(REGION, "DEAD");
    put_provider(bench, &issuer);
    put_stack(
        bench,
        (REGION, "old"),
        "web/api",
        OF_ACCOUNT,
        &[web(&issuer)],
    );
    put_stack(
        bench,
        (REGION, "old"),
        "shop/cart",
        OF_ASSOCIATION,
        &[pods()],
    );
    bench.account(|account| {
        let mut roles = account.roles.values();
        let role = roles
            .find(|role| role.name.contains("old-addon"))
            .expect("the role");
        let name = role.name.clone();
        account
            .attach_policy(&name, "arn:aws:iam::aws:policy/ReadOnlyAccess")
            .expect("attached");
    });
}

/// The cluster demo with web/api, and what the cluster old left: a stack with a policy by hand, that of an
/// association, and the provider.
pub fn with_a_dead_cluster(pace: Pace) -> Bench {
    let bench = Bench::with(Options {
        pace,
        ..Options::default()
    });
    bench.associate();
    bench.create("web/api");
    put_dead_cluster(&bench);
    bench.calls();
    bench
}

/// The same, with an inline policy by hand too.
pub fn dead() -> Bench {
    let bench = with_a_dead_cluster(Pace::Polls(0));
    bench.account(|account| {
        let mut roles = account.roles.values_mut();
        let role = roles.find(|role| role.name.contains("old-addon"));
        let role = role.expect("the role");
        role.inline.insert(
            "by-hand".to_owned(),
            json!({"Version": "2012-10-17", "Statement": []}),
        );
    });
    bench
}

/// The same, a role that gets a policy when its stack is deleted, and a stack that was never made.
pub fn dead_in_part() -> Bench {
    let bench = with_a_dead_cluster(Pace::Polls(0));
    let attach = |world: &mut World| {
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        for role in account.roles.values_mut() {
            if role.name.contains("podidentityrole") {
                role.attached
                    .push("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
            }
        }
    };
    bench
        .sandbox
        .before("cloudformation DeleteStack", 1, attach);
    let tags = [
        ("alpha.eksctl.io/cluster-name", "old"),
        ("alpha.eksctl.io/iamserviceaccount-name", "web/failed"),
    ];
    let name = "eksctl-old-addon-iamserviceaccount-web-failed";
    let template = template(&[web(&dead_issuer(REGION, "DEAD"))]);
    let mut world = bench.sandbox.world();
    let failed = world.add_stack(ACCOUNT, REGION, name, &template, &tags, "ROLLBACK_COMPLETE");
    failed.created = long_ago();
    drop(world);
    bench
}

/// The dead cluster's world, for looks only.
pub fn dead_at_once() -> Bench {
    with_a_dead_cluster(Pace::Polls(0))
}

/// demo has an association without a ServiceAccount, and an annotation that names a role that is gone.
pub fn with_loose_ends() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api").arn.clone();
    world.clusters[0].add_association("web", "nobody", &role);
    world.clusters[0].add_association("web", "api", &role);
    let gone = format!("arn:aws:iam::{ACCOUNT}:role/gone");
    let annotations = [("eks.amazonaws.com/role-arn", gone.as_str())];
    let api = world.api("demo");
    api.put_service_account("web", "stale", &[], &annotations, "helm");
    drop(world);
    bench.calls();
    bench
}

#[test]
fn what_a_dead_cluster_left_is_shown_and_then_deleted() {
    let bench = with_a_dead_cluster(Pace::Polls(0));
    assert_snapshot!(bench.run("gc"), @r#"
    [stdout]
    - delete stack eksctl-old-podidentityrole-shop-cart
        why: cluster old is not in eu-west-1, and no association of a cluster that was read has its role
        age: 400 days; role used: not within the 400 days that IAM tells
      leave stack eksctl-old-addon-iamserviceaccount-web-api of eu-west-1, as told below
        why: cluster old is not in eu-west-1, and its issuer is gone
        age: 400 days; role used: not within the 400 days that IAM tells
      leave https://oidc.eks.eu-west-1.amazonaws.com/id/DEAD
        why: its issuer is gone, and roles trust it still
        age: 400 days
        hangs on it: arn:aws:iam::111122223333:role/eksctl-old-addon-iamserviceaccount-web-api-Role1-EEJBS62IPW7M
    [stderr]
    plan: 0 to create, 0 to change, 1 to delete
    error: stack eksctl-old-addon-iamserviceaccount-web-api of eu-west-1: role "eksctl-old-addon-iamserviceaccount-web-api-Role1-EEJBS62IPW7M" has policies that its stack did not attach, so its deletion would fail
      arn:aws:iam::aws:policy/ReadOnlyAccess
    hint: detach them in the same run: `--detach-foreign`
    [exit 1]
    "#);
    assert_eq!(bench.changes(), "");
    assert_snapshot!(bench.run("gc --detach-foreign -o json --detailed-exitcode"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 1,
            "delete": 3,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "stack": {
                        "name": "eksctl-old-podidentityrole-shop-cart",
                        "region": "eu-west-1"
                    }
                },
                "actions": [
                    {
                        "action": "deleteStack",
                        "stack": "eksctl-old-podidentityrole-shop-cart",
                        "id": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-old-podidentityrole-shop-cart/126c7f71-c710-0f16-88e6-ce4763bc05e8",
                        "liftProtection": true,
                        "deploymentMode": "standard",
                        "ending": "awaited"
                    }
                ],
                "leftover": {
                    "why": "cluster old is not in eu-west-1, and no association of a cluster that was read has its role",
                    "cluster": "old",
                    "ageInDays": 400,
                    "roleUsed": "never"
                }
            },
            {
                "target": {
                    "stack": {
                        "name": "eksctl-old-addon-iamserviceaccount-web-api",
                        "region": "eu-west-1"
                    }
                },
                "actions": [
                    {
                        "action": "detachPolicies",
                        "role": "eksctl-old-addon-iamserviceaccount-web-api-Role1-EEJBS62IPW7M",
                        "managed": [
                            "arn:aws:iam::aws:policy/ReadOnlyAccess"
                        ],
                        "inline": []
                    },
                    {
                        "action": "deleteStack",
                        "stack": "eksctl-old-addon-iamserviceaccount-web-api",
                        "id": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-old-addon-iamserviceaccount-web-api/d2ca8964-eb74-bee7-ab03-f5f6c1acb43f",
                        "liftProtection": true,
                        "deploymentMode": "standard",
                        "ending": "awaited"
                    }
                ],
                "leftover": {
                    "why": "cluster old is not in eu-west-1, and its issuer is gone",
                    "cluster": "old",
                    "ageInDays": 400,
                    "roleUsed": "never"
                }
            },
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/DEAD"
                },
                "actions": [
                    {
                        "action": "deleteOidcProvider",
                        "arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/DEAD"
                    }
                ],
                "leftover": {
                    "why": "its issuer is gone, and no role that stays trusts it",
                    "ageInDays": 400
                }
            }
        ]
    }
    [stderr]
    plan: 0 to create, 1 to change, 3 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_snapshot!(bench.run("gc --detach-foreign -o markdown"), @r"
    [stdout]
    **Plan: 0 to create, 1 to change, 3 to delete**

    |  | Action | Details |
    | --- | --- | --- |
    | - | **delete stack eksctl-old-podidentityrole-shop-cart** |  |
    | &#126; | detach arn:aws:iam:&#58;aws:policy/ReadOnlyAccess from role eksctl-old-addon-iamserviceaccount-web-api-Role1-EEJBS62IPW7M |  |
    | - | **delete stack eksctl-old-addon-iamserviceaccount-web-api** |  |
    | - | **delete IAM OIDC provider arn:aws:iam:&#58;111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/DEAD** |  |

    - left over: stack eksctl-old-podidentityrole-shop-cart of eu-west-1: why: cluster old is not in eu-west-1, and no association of a cluster that was read has its role<br>age: 400 days; role used: not within the 400 days that IAM tells
    - left over: stack eksctl-old-addon-iamserviceaccount-web-api of eu-west-1: why: cluster old is not in eu-west-1, and its issuer is gone<br>age: 400 days; role used: not within the 400 days that IAM tells
    - left over: https://oidc.eks.eu-west-1.amazonaws.com/id/DEAD: why: its issuer is gone, and no role that stays trusts it<br>age: 400 days
    [stderr]
    plan: 0 to create, 1 to change, 3 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.calls();
    assert_snapshot!(bench.run("gc --detach-foreign --approve --parallel 1"), @r"
    [stdout]
    REGION      STACK                                        STATUS
    eu-west-1   eksctl-old-podidentityrole-shop-cart         deleted
    eu-west-1   eksctl-old-addon-iamserviceaccount-web-api   deleted
    PROVIDER                                           STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/DEAD   deleted
    [stderr]
    deleted stack eksctl-old-podidentityrole-shop-cart
    detached arn:aws:iam::aws:policy/ReadOnlyAccess from role eksctl-old-addon-iamserviceaccount-web-api-Role1-EEJBS62IPW7M
    deleted stack eksctl-old-addon-iamserviceaccount-web-api
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/DEAD
    [exit 0]
    ");
    assert_snapshot!(bench.changes(), @r"
    cloudformation UpdateTerminationProtection
    cloudformation DeleteStack
    iam DetachRolePolicy
    cloudformation UpdateTerminationProtection
    cloudformation DeleteStack
    iam DeleteOpenIDConnectProvider
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-web-api CREATE_COMPLETE");
    assert_snapshot!(bench.run("gc --detach-foreign --approve"), @r"
    [stderr]
    nothing to delete
    [exit 0]
    ");
    assert_snapshot!(bench.run("gc"), @r"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

/// Its role may trust others by now, and be in use: only the role itself tells.
#[test]
fn a_stack_that_does_not_name_its_role_stays() {
    let bench = Bench::associated();
    let issuer = dead_issuer(REGION, "DEAD");
    put_stack(
        &bench,
        (REGION, "old"),
        "web/api",
        "iamserviceaccount-name",
        &[web(&issuer)],
    );
    bench.account(|account| {
        let mut stacks = account.stacks.iter_mut();
        let old = stacks.find(|stack| stack.name.starts_with("eksctl-old-"));
        let old = old.expect("the stack");
        let mut template: Value = serde_json::from_str(&old.template).expect("JSON");
        let members = template.as_object_mut().expect("an object");
        members.remove("Outputs");
        old.template = template.to_string();
        old.outputs.clear();
    });
    assert_snapshot!(bench.run("gc --approve"), @r"
    [stderr]
    nothing to delete
    [exit 0]
    ");
    assert!(
        bench
            .stacks()
            .contains("eksctl-old-addon-iamserviceaccount-web-api CREATE_COMPLETE")
    );
}

#[test]
fn where_no_issuer_answers_none_is_called_gone() {
    let bench = with_a_dead_cluster(Pace::Polls(0));
    bench.sandbox.fault("issuer * error 403 Forbidden blocked");
    let told = bench.run("gc --detach-foreign --approve");
    assert!(
        told.contains("eksctl-old-podidentityrole-shop-cart"),
        "{told}"
    );
    assert_eq!(bench.providers().matches("/DEAD").count(), 2);
    assert!(bench.stacks().contains("eksctl-old-addon"), "{told}");
}

#[test]
fn what_of_a_cluster_names_nothing_is_told_and_left() {
    let bench = with_loose_ends();
    assert_snapshot!(bench.run("gc --cluster demo --approve"), @r"
    [stderr]
    nothing to delete
    [exit 0]
    ");
    assert_snapshot!(bench.run("gc --cluster demo"), @r"
    [stdout]
      leave web/nobody (EKS Pod Identity)
        why: the cluster has no ServiceAccount of that name
        hangs on it: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        hint: if none is to come, delete it: `irsactl delete podidentityassociation nobody --namespace web --cluster demo`
      leave web/stale
        why: its annotation names arn:aws:iam::111122223333:role/gone, which is gone
        hint: see what mends it: `irsactl doctor stale --namespace web --cluster demo`
    [stderr]
    nothing to do
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
}

/// 30 clusters in four regions, of which one may not be read; every second is dead. 600 roles, and what only
/// looks left over.
fn large() -> Bench {
    let regions = ["eu-west-1", "us-east-1", "ap-south-1", "sa-east-1"];
    let bench = Bench::with(Options {
        clusters: Vec::new(),
        ..Options::default()
    });
    {
        let mut world = bench.sandbox.world();
        world.keeps_past = false;
        world.network.regions = regions.map(str::to_owned).into();
        world.disabled_regions = vec!["sa-east-1".to_owned()];
        for region in regions {
            let host = format!("oidc.eks.{region}.amazonaws.com");
            world.add_cluster("host", ACCOUNT, region);
            assert!(world.issuer_hosts.contains_key(&host));
        }
    }
    for number in 0..30 {
        let region = regions[number % 4];
        let cluster = format!("c{number}");
        let issuer = if (number / 4) % 2 == 0 {
            dead_issuer(region, &format!("DEAD{number}"))
        } else {
            let mut world = bench.sandbox.world();
            let issuer = world.add_cluster(&cluster, ACCOUNT, region).issuer.clone();
            issuer
                .expect("an issuer")
                .trim_start_matches("https://")
                .to_owned()
        };
        put_provider(&bench, &issuer);
        for account in ["web/api", "web/job"] {
            put_stack(
                &bench,
                (region, &cluster),
                account,
                OF_ACCOUNT,
                &[web(&issuer)],
            );
        }
        put_stack(
            &bench,
            (region, &cluster),
            "shop/cart",
            OF_ASSOCIATION,
            &[pods()],
        );
    }
    look_alikes(&bench);
    for number in 0..500 {
        let ec2 = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}});
        put_role(&bench, "/", &format!("node-{number}"), &[ec2]);
    }
    bench.calls();
    bench
}

/// Of the dead cluster c0 in name, tag or trust, and yet not its own.
fn look_alikes(bench: &Bench) {
    let dead = dead_issuer("eu-west-1", "DEAD0");
    let living = {
        let mut world = bench.sandbox.world();
        let theirs = world.add_cluster("theirs", "444455556666", "eu-west-1");
        let theirs = theirs.issuer.clone().expect("an issuer");
        theirs.trim_start_matches("https://").to_owned()
    };
    put_provider(bench, &living);
    let c0 = ("alpha.eksctl.io/cluster-name", "c0");
    let of = |account: &'static str| [c0, ("alpha.eksctl.io/iamserviceaccount-name", account)];
    let name = |account: &str| format!("eksctl-c0-addon-iamserviceaccount-web-{account}");
    put_named_stack(bench, REGION, &name("untagged"), &[], &[web(&dead)]);
    put_named_stack(
        bench,
        REGION,
        &name("living"),
        &of("web/living"),
        &[web(&living)],
    );
    put_named_stack(
        bench,
        REGION,
        &name("both"),
        &of("web/both"),
        &[web(&dead), web(&living)],
    );
    put_named_stack(
        bench,
        REGION,
        &name("pods"),
        &of("web/pods"),
        &[web(&dead), pods()],
    );
    put_named_stack(bench, REGION, "eksctl-c0-nodegroup-a", &[c0], &[web(&dead)]);
    put_named_stack(bench, REGION, "mine", &of("web/mine"), &[web(&dead)]);
    let own = "store.s3.eu-west-1.amazonaws.com/kops";
    put_provider(bench, own);
    put_named_stack(bench, REGION, &name("kops"), &of("web/kops"), &[web(own)]);
    let silent = dead_issuer("eu-west-1", "SILENT");
    put_provider(bench, &silent);
    put_named_stack(
        bench,
        REGION,
        &name("silent"),
        &of("web/silent"),
        &[web(&silent)],
    );
    bench
        .sandbox
        .fault("issuer /id/SILENT/.well-known/openid-configuration error 503 Unavailable later");
    put_role(bench, "/team/", "data", &[web(&dead)]);
    // Being made again under its old name.
    let mut world = bench.sandbox.world();
    let creating = world.add_cluster("c8", ACCOUNT, "eu-west-1");
    creating.status = "CREATING".to_owned();
    creating.issuer = None;
}

#[test]
fn of_a_large_account_exactly_what_is_dead_goes() {
    let bench = large();
    let shown = bench.run("gc --all-regions");
    let lines =
        |text: &str, start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(bench.changes(), "");
    assert_snapshot!(rows_left(&shown), @r"
    [stdout]
      leave stack eksctl-c0-addon-iamserviceaccount-web-silent of eu-west-1
        why: whether oidc.eks.eu-west-1.amazonaws.com/id/SILENT is gone is not known, as its host did not say so twice
        age: 400 days; role used: not within the 400 days that IAM tells
      leave stack eksctl-c0-addon-iamserviceaccount-web-pods of eu-west-1
        why: its role lets EKS Pod Identity in too
        age: 400 days; role used: not within the 400 days that IAM tells
      leave stack eksctl-c0-addon-iamserviceaccount-web-both of eu-west-1
        why: oidc.eks.eu-west-1.amazonaws.com/id/5958ACDA4AC28C6450F52FECAB2D2553 answers: it may be of another account's cluster
        age: 400 days; role used: not within the 400 days that IAM tells
      leave stack eksctl-c0-addon-iamserviceaccount-web-living of eu-west-1
        why: oidc.eks.eu-west-1.amazonaws.com/id/5958ACDA4AC28C6450F52FECAB2D2553 answers: it may be of another account's cluster
        age: 400 days; role used: not within the 400 days that IAM tells
      leave https://oidc.eks.eu-west-1.amazonaws.com/id/5958ACDA4AC28C6450F52FECAB2D2553
        why: oidc.eks.eu-west-1.amazonaws.com/id/5958ACDA4AC28C6450F52FECAB2D2553 answers: it may be of another account's cluster
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-addon-iamserviceaccount-web-both-Role1-FRGXZ7YO2ZPQ
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-addon-iamserviceaccount-web-living-Role1-UHTX77ZN7PLP
      leave https://oidc.eks.eu-west-1.amazonaws.com/id/DEAD0
        why: its issuer is gone, and roles trust it still
        age: 400 days
        hangs on it: arn:aws:iam::111122223333:role/team/data
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-addon-iamserviceaccount-web-both-Role1-FRGXZ7YO2ZPQ
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-addon-iamserviceaccount-web-pods-Role1-IFAX5HKJIBRT
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-addon-iamserviceaccount-web-untagge-Role1-AI3KJLXJSEKT
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-nodegroup-a-Role1-TT34UKTBG7MV
        hangs on it: arn:aws:iam::111122223333:role/mine-Role1-ZXR242ONNWYN
      leave https://oidc.eks.eu-west-1.amazonaws.com/id/DEAD8
        why: its issuer is gone, and roles trust it still
        age: 400 days
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c8-addon-iamserviceaccount-web-api-Role1-W5DDHGF5V226
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c8-addon-iamserviceaccount-web-job-Role1-7DCPSA4OWOG4
      leave https://oidc.eks.eu-west-1.amazonaws.com/id/SILENT
        why: whether oidc.eks.eu-west-1.amazonaws.com/id/SILENT is gone is not known, as its host did not say so twice
        hangs on it: arn:aws:iam::111122223333:role/eksctl-c0-addon-iamserviceaccount-web-silent-Role1-PL6H2NN4O3RB
      leave role data
        why: it trusts only issuers that are gone; roles of others are only told
        age: 400 days; role used: not within the 400 days that IAM tells
      leave role eksctl-c0-addon-iamserviceaccount-web-untagge-Role1-AI3KJLXJSEKT
        why: it trusts only issuers that are gone; roles of others are only told
        age: 400 days; role used: not within the 400 days that IAM tells
      leave role eksctl-c0-nodegroup-a-Role1-TT34UKTBG7MV
        why: it trusts only issuers that are gone; roles of others are only told
        age: 400 days; role used: not within the 400 days that IAM tells
      leave role mine-Role1-ZXR242ONNWYN
        why: it trusts only issuers that are gone; roles of others are only told
        age: 400 days; role used: not within the 400 days that IAM tells
    [stderr]
    plan: 0 to create, 0 to change, 43 to delete
    error: region sa-east-1 was not read, so that nothing of it is touched: no usable AWS credentials: UnrecognizedClientException: The security token included in the request is invalid.
    hint: what is to be allowed in each region: `irsactl permissions --for gc`
    [exit 1]
    ");
    assert_eq!(
        (
            lines(&shown, "- delete stack"),
            lines(&shown, "- delete IAM")
        ),
        (33, 10)
    );
    let before = bench.account(|account| account.roles.len());
    let done = bench.run("gc --all-regions --approve");
    assert_snapshot!(done.lines().filter(|line| !line.contains("deleted")).collect::<Vec<_>>().join("\n"), @r"
    [stdout]
    REGION       STACK                                        STATUS
    PROVIDER                                              STATUS
    [stderr]
    error: region sa-east-1 was not read, so that nothing of it is touched: no usable AWS credentials: UnrecognizedClientException: The security token included in the request is invalid.
    hint: what is to be allowed in each region: `irsactl permissions --for gc`
    [exit 1]
    ");
    let after = bench.account(|account| account.roles.len());
    assert_eq!(before - after, 33);
    assert_snapshot!(bench.stacks().lines().filter(|line| line.contains("-c0-") || line.contains("-c1-")).collect::<Vec<_>>().join("\n"), @r"
    eksctl-c0-addon-iamserviceaccount-web-untagged CREATE_COMPLETE
    eksctl-c0-addon-iamserviceaccount-web-living CREATE_COMPLETE
    eksctl-c0-addon-iamserviceaccount-web-both CREATE_COMPLETE
    eksctl-c0-addon-iamserviceaccount-web-pods CREATE_COMPLETE
    eksctl-c0-nodegroup-a CREATE_COMPLETE
    eksctl-c0-addon-iamserviceaccount-web-kops CREATE_COMPLETE
    eksctl-c0-addon-iamserviceaccount-web-silent CREATE_COMPLETE
    ");
    bench.calls();
    let again = bench.run("gc --all-regions --approve");
    assert_eq!(bench.changes(), "");
    assert_snapshot!(again, @r"
    [stderr]
    nothing to delete
    error: region sa-east-1 was not read, so that nothing of it is touched: no usable AWS credentials: UnrecognizedClientException: The security token included in the request is invalid.
    hint: what is to be allowed in each region: `irsactl permissions --for gc`
    [exit 1]
    ");
}

/// What stays and why, without ages; and what is said at the end.
fn rows_left(shown: &str) -> String {
    let mut text = String::new();
    let mut is_left = false;
    for line in shown.lines() {
        if !line.starts_with("    ") {
            is_left = line.starts_with("  leave") || !line.starts_with(['-', ' ']);
        }
        if is_left {
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

#[test]
fn a_role_that_is_said_to_be_gone_once_is_looked_for_again() {
    let bench = dead_at_once();
    // By hand it lets in a cluster that lives, and its template does not say so.
    let trust = json!({"Version": "2012-10-17", "Statement": [web(&bench.issuer())]});
    bench.account(|account| {
        let mut roles = account.roles.values_mut();
        let role = roles.find(|role| role.name.contains("old-addon"));
        role.expect("the role").trust = trust;
    });
    let role = "iam GetRole times 1 error 404 NoSuchEntity not yet";
    bench.sandbox.fault(role);
    let told = bench.run("gc --dry-run");
    assert!(!told.contains("delete stack eksctl-old-addon"), "{told}");
    assert!(told.contains("GetRole"), "{told}");
}

#[test]
fn a_role_that_cannot_be_read_is_no_role_that_is_gone() {
    let bench = with_loose_ends();
    bench.sandbox.fault("iam GetRole deny");
    let told = bench.run("gc --cluster demo --dry-run");
    assert!(
        told.contains("2 ServiceAccounts name is not known"),
        "{told}"
    );
}
