//! `trust`: roles that several clusters have.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Options, Pace, Role};
use crate::support::{ACCOUNT, Bench, REGION};

mod attached;
mod copied;
mod many;

pub use copied::{COPY, blue};

const DATA: &str = "arn:aws:iam::111122223333:role/data";

/// Another cluster's issuer in the place of demo's, in a role of a stack and in one by hand.
pub const RETARGET: &str = "trust retarget --from-issuer https://oidc.eks.eu-west-1.amazonaws.com/id/FORMER --to-cluster demo --all --approve --parallel 1";

/// The cluster demo was made again, and its roles trust the issuer of before.
pub fn rebuilt(pace: Pace) -> Bench {
    let bench = Bench::with(Options {
        pace,
        ..Options::default()
    });
    let now = bench.issuer();
    let former = "oidc.eks.eu-west-1.amazonaws.com/id/FORMER";
    bench.sandbox.world().clusters[0].issuer = Some(format!("https://{former}"));
    bench.associate();
    bench.create("web/api");
    by_hand(
        &bench,
        "data",
        json!([{
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{former}")},
            "Condition": {"StringEquals": {format!("{former}:sub"): "system:serviceaccount:web:job"}},
        }]),
    );
    bench.sandbox.world().clusters[0].issuer = Some(format!("https://{now}"));
    bench.associate();
    bench.calls();
    bench
}

/// The clusters demo and green, each with its provider, and a role that lets in EC2 alone.
fn two_clusters() -> Bench {
    let options = Options {
        clusters: vec!["demo".to_owned(), "green".to_owned()],
        ..Options::default()
    };
    let bench = Bench::with(options);
    bench.associate();
    bench.arrange("associate-oidc-provider --cluster green --approve");
    put_data(&bench);
    bench.calls();
    bench
}

/// The role data, by hand, which lets in EC2 alone.
pub fn put_data(bench: &Bench) {
    by_hand(
        bench,
        "data",
        json!([{
            "Sid": "Nodes",
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"},
        }]),
    );
}

fn by_hand(bench: &Bench, name: &str, statements: Value) {
    let trust = json!({"Version": "2012-10-17", "Statement": statements});
    let role = Role::new("aws", ACCOUNT, "/", name, trust);
    bench.account(|account| account.roles.insert(role.name.clone(), role));
}

fn trust_of(bench: &Bench, name: &str) -> Value {
    bench.account(|account| account.roles[name].trust.clone())
}

#[test]
fn a_role_by_hand_lets_in_service_accounts_of_two_clusters() {
    let bench = two_clusters();
    let add = format!("trust add web/api --role-arn {DATA}");
    assert_snapshot!(bench.run(&format!("{add} --cluster demo")), @r#"
    [stdout]
    ~ update the trust policy of role data
        ~ trust policy:
                    "Service": "ec2.amazonaws.com"
                  },
                  "Sid": "Nodes"
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
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    let before = trust_of(&bench, "data");
    assert_snapshot!(bench.run(&format!("{add} --cluster demo --approve")), @r"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/data   updated
    [stderr]
    updated the trust policy of role data
    [exit 0]
    ");
    assert_ne!(trust_of(&bench, "data"), before);
    assert_snapshot!(bench.run(&format!("{add} --cluster demo --approve")), @r"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/data   unchanged
    [stderr]
    note: web/api is let in already
    [exit 0]
    ");
    let more = format!("trust add web/api batch/job-* --role-arn {DATA} --cluster green --approve");
    assert_snapshot!(bench.run(&more), @r"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/data   updated
    [stderr]
    updated the trust policy of role data
    [exit 0]
    ");
    assert_snapshot!(bench.run("trust list --all"), @r"
    [stdout]
    ROLE   ISSUER                                                                         SUBJECTS              AUDIENCES           BESIDES   SIZE        ROOM FOR
    data   https://oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2   batch/job-*,web/api   sts.amazonaws.com   -         1456/2048   1 more
    data   https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   web/api               sts.amazonaws.com   -         1456/2048   1 more
    [exit 0]
    ");
    assert_snapshot!(bench.run("trust list --cluster green -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "TrustList",
        "items": [
            {
                "role": "data",
                "roleARN": "arn:aws:iam::111122223333:role/data",
                "provider": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2",
                "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2",
                "subjects": [
                    "batch/job-*",
                    "web/api"
                ],
                "audiences": [
                    "sts.amazonaws.com"
                ],
                "further": [],
                "size": 1456,
                "quota": 2048,
                "room": 1
            }
        ]
    }
    [exit 0]
    "#);
    let remove = format!("trust remove web/api --role-arn {DATA} --cluster demo --approve");
    assert_snapshot!(bench.run(&remove), @r"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/data   updated
    [stderr]
    updated the trust policy of role data
    [exit 0]
    ");
    assert_snapshot!(bench.run(&remove), @r"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/data   unchanged
    [stderr]
    note: web/api is not let in
    [exit 0]
    ");
    let trust = trust_of(&bench, "data").to_string();
    assert!(
        trust.contains("ec2.amazonaws.com") && trust.contains("job-*"),
        "{trust}"
    );
}

#[test]
fn a_role_of_a_stack_is_changed_by_its_stack() {
    let bench = two_clusters();
    bench.create("web/api");
    let role = bench.sandbox.world().role_of("web/api").arn.clone();
    let add = format!("trust add web/api --role-arn {role} --cluster green");
    assert_snapshot!(bench.run(&format!("{add} --approve")), @r"
    [stdout]
    ROLE ARN                                                                                        STATUS
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU   updated
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{add} --detailed-exitcode")), @"
    [stderr]
    note: web/api is let in already
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn a_stack_keeps_its_own_service_account_and_a_deletion_tells_whom_else_it_lets_in() {
    let bench = two_clusters();
    bench.create("web/api");
    let role = bench.sandbox.world().role_of("web/api").arn.clone();
    let keeps = || {
        let before = bench.roles();
        let told = bench.run(&format!(
            "trust remove web/api --role-arn {role} --cluster demo --approve"
        ));
        assert!(
            told.contains("is for web/api itself") && told.contains("[exit 1]"),
            "{told}"
        );
        assert_eq!(bench.roles(), before);
    };
    // Whether it is the only one or one of two.
    keeps();
    bench.arrange(&format!(
        "trust add web/api --role-arn {role} --cluster green --approve"
    ));
    keeps();
    let told = bench.run("delete iamserviceaccount web/api --cluster demo --dry-run");
    assert!(
        told.contains("warning: its role lets in others too, who lose it: web/api of"),
        "{told}"
    );
    bench.create("web/alone");
    let told = bench.run("delete iamserviceaccount web/alone --cluster demo --dry-run");
    assert!(!told.contains("lets in others"), "{told}");
}

#[test]
fn what_keeps_a_trust_policy_as_it_is() {
    let bench = two_clusters();
    let demo = bench.issuer();
    let statement = |subject: &str| {
        json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{demo}")},
            "Condition": {"StringLike": {
                format!("{demo}:aud"): "sts.amazonaws.com",
                format!("{demo}:sub"): subject,
            }},
        })
    };
    by_hand(
        &bench,
        "wide",
        json!([statement("system:serviceaccount:web:*")]),
    );
    by_hand(
        &bench,
        "alone",
        json!([statement("system:serviceaccount:web:api")]),
    );
    let mut denies = statement("system:serviceaccount:*");
    denies["Effect"] = json!("Deny");
    by_hand(
        &bench,
        "denies",
        json!([denies, {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"},
        }]),
    );
    let long: Vec<String> = (0..40)
        .map(|n| format!("system:serviceaccount:web:account-{n:04}"))
        .collect();
    let mut full = statement("x");
    full["Condition"]["StringLike"][format!("{demo}:sub")] = json!(long);
    by_hand(&bench, "full", json!([full]));
    let role = |name: &str| {
        format!("--role-arn arn:aws:iam::{ACCOUNT}:role/{name} --cluster demo --approve")
    };
    let before = bench.state();
    let mut told = String::new();
    for line in [
        format!("trust remove web/api {}", role("wide")),
        format!("trust remove web/z* {}", role("wide")),
        format!("trust remove web/api {}", role("alone")),
        format!("trust add web/api {}", role("denies")),
        format!("trust add shop/cart {}", role("full")),
        format!("trust add web/api {}", role("missing")),
        "trust add web/api --role-arn arn:aws:iam::444455556666:role/data --cluster demo --approve"
            .to_owned(),
        "trust list --role-arn arn:aws:iam::111122223333:role/missing".to_owned(),
    ] {
        told.push_str(&bench.run(&line));
    }
    assert_snapshot!(told, @"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/wide   refused
    [stderr]
    error: role wide: statement 0 (from 0) would still let web/api in: it is a pattern, or asks for more than subject and audience
    [exit 1]
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/wide   refused
    [stderr]
    error: role wide: statement 0 (from 0) would still let web/z* in: it is a pattern, or asks for more than subject and audience
    [exit 1]
    [stdout]
    ROLE ARN                               STATUS
    arn:aws:iam::111122223333:role/alone   refused
    [stderr]
    error: role alone: without web/api it would let nobody in, and IAM takes no trust policy without a statement
    hint: delete the role, where nobody needs it
    [exit 1]
    [stdout]
    ROLE ARN                                STATUS
    arn:aws:iam::111122223333:role/denies   refused
    [stderr]
    error: role denies: a statement of its trust policy denies that
    [exit 1]
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/full   refused
    [stderr]
    error: role full: its role's trust policy would have 2510 characters, this account allows 2048
    hint: raise the quota of IAM in Service Quotas, or take out what is of no use any more
    [exit 1]
    [stdout]
    ROLE ARN                                 STATUS
    arn:aws:iam::111122223333:role/missing   refused
    [stderr]
    error: role missing: role arn:aws:iam::111122223333:role/missing does not exist
    hint: list the roles that clusters' tokens are let into: `irsactl trust list --all`
    [exit 1]
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::444455556666:role/data   refused
    [stderr]
    error: role data: it is of account 444455556666, which is not looked at for it
    [exit 1]
    [stderr]
    error: there is no role arn:aws:iam::111122223333:role/missing
    hint: list the roles that clusters' tokens are let into: `irsactl trust list --all`
    [exit 1]
    ");
    assert_eq!(bench.state(), before);
}

#[test]
fn without_a_provider_nobody_would_get_in() {
    let bench = Bench::new();
    by_hand(
        &bench,
        "data",
        json!([{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"},
        }]),
    );
    assert_snapshot!(bench.run(&format!("trust add web/api --role-arn {DATA} --cluster demo --approve")), @r"
    [stdout]
    ROLE ARN                              STATUS
    arn:aws:iam::111122223333:role/data   refused
    [stderr]
    error: role data: there is no IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E, or it does not take the audience sts.amazonaws.com
    hint: make it, or mend it: `irsactl associate-oidc-provider --cluster demo --approve`
    [exit 1]
    ");
}

#[test]
fn a_role_of_somebody_elses_stack_is_left_to_it() {
    let bench = two_clusters();
    let template = json!({"Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {
        "RoleName": "platform",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"},
        }]},
    }}}});
    let template = template.to_string();
    let mut world = bench.sandbox.world();
    world.add_stack(
        ACCOUNT,
        REGION,
        "platform-roles",
        &template,
        &[],
        "CREATE_COMPLETE",
    );
    drop(world);
    let add = "trust add web/api --role-arn arn:aws:iam::111122223333:role/platform --cluster demo";
    assert_snapshot!(bench.run(&format!("{add} --approve")), @r#"
    [stdout]
    ROLE ARN                                  STATUS
    arn:aws:iam::111122223333:role/platform   refused
    [stderr]
    error: role platform: stack "platform-roles", which is none of irsactl's or eksctl's, made it, and would undo the change
    hint: change it in that stack's template
    [exit 1]
    "#);
}

#[test]
fn a_new_cluster_takes_the_place_of_an_old_one_in_all_roles() {
    let bench = two_clusters();
    bench.create("web/api");
    bench.arrange(&format!(
        "trust add web/other shop/* --role-arn {DATA} --cluster demo --approve"
    ));
    let old = bench.issuer();
    let retarget = format!("trust retarget --from-issuer https://{old} --to-cluster green");
    assert_snapshot!(bench.run(&format!("{retarget} --all")), @r#"
    [stdout]
    ~ update the trust policy of role data
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:other"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2:sub": "system:serviceaccount:web:other"
                    }
                  },
                  "Effect": "Allow",
                  "Principal": {
          -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2"
                  }
                },
                {
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2:aud": "sts.amazonaws.com"
                    },
                    "StringLike": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:shop:*"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2:sub": "system:serviceaccount:shop:*"
                    }
                  },
                  "Effect": "Allow",
                  "Principal": {
          -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1B9180CF0D81F113295BD104C30014C2"
                  }
                }
              ],
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    error: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: it is of stack "eksctl-demo-addon-iamserviceaccount-web-api" of cluster "demo", whose next update would turn it back
    hint: let the other cluster's in beside it: `irsactl trust add web/api --cluster green --role-arn arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU --approve`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{retarget} --all --approve")), @r#"
    [stdout]
    ROLE ARN                                                                                        STATUS
    arn:aws:iam::111122223333:role/data                                                             updated
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU   refused
    [stderr]
    updated the trust policy of role data
    error: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: it is of stack "eksctl-demo-addon-iamserviceaccount-web-api" of cluster "demo", whose next update would turn it back
    hint: let the other cluster's in beside it: `irsactl trust add web/api --cluster green --role-arn arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU --approve`
    [exit 1]
    "#);
    let trust = trust_of(&bench, "data").to_string();
    assert!(!trust.contains(&old), "{trust}");
    assert_snapshot!(bench.run(&format!("{retarget} --all --approve")), @r#"
    [stdout]
    ROLE ARN                                                                                        STATUS
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU   refused
    [stderr]
    error: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: it is of stack "eksctl-demo-addon-iamserviceaccount-web-api" of cluster "demo", whose next update would turn it back
    hint: let the other cluster's in beside it: `irsactl trust add web/api --cluster green --role-arn arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU --approve`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{retarget} --role-arn {DATA}")), @"
    [stderr]
    note: it does not trust https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn a_change_of_somebody_else_in_between_is_looked_at_again() {
    let bench = two_clusters();
    bench.sandbox.before("iam GetRole", 2, |world| {
        let account = world.accounts.get_mut(ACCOUNT).expect("an account");
        let role = account.roles.get_mut("data").expect("the role");
        let statements = role.trust["Statement"].as_array_mut().expect("statements");
        statements.push(json!({
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"},
        }));
    });
    let told = bench.run(&format!(
        "trust add web/api --role-arn {DATA} --cluster demo --approve"
    ));
    assert!(told.contains("[exit 0]"), "{told}");
    let trust = trust_of(&bench, "data").to_string();
    assert!(
        trust.contains("lambda.amazonaws.com") && trust.contains("web:api"),
        "{trust}"
    );
}

#[test]
fn what_is_not_said_right_is_told() {
    let bench = Bench::new();
    for line in [
        "trust",
        "trust list",
        "trust list --all --cluster demo",
        "trust add --role-arn arn:aws:iam::111122223333:role/data --cluster demo",
        "trust add web/api --cluster demo",
        "trust add api --role-arn arn:aws:iam::111122223333:role/data --cluster demo",
        "trust add */api --role-arn arn:aws:iam::111122223333:role/data --cluster demo",
        "trust add web/api --role-arn data --cluster demo",
        "trust retarget --from-issuer https://oidc.example.com --to-cluster demo",
        "trust retarget --from-issuer oidc --to-cluster demo --all",
    ] {
        let told = bench.run(line);
        assert!(told.contains("[exit 2]"), "{line}: {told}");
    }
    assert_eq!(bench.calls(), "");
}
