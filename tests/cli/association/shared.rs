//! `delete podidentityassociation` where others use the role too: its stack stays, and of the trust policy
//! exactly the statement for the deleted association goes.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{STACK, association, by_hand, made, ready};
use crate::arrange::side_by_side;
use crate::export::exported;
use crate::migrate::told;
use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench, REGION};

const DELETE: &str = "delete podidentityassociation web/api --cluster demo";
const IRSA: &str = "eksctl-demo-addon-iamserviceaccount-web-api";

/// web/api has its role on both ways, from the stack of an IAM service account.
fn on_both_ways() -> Bench {
    let bench = ready();
    bench.associate();
    bench.create("web/api");
    bench.arrange("migrate to-pod-identity --cluster demo web/api --no-proof --approve");
    bench
}

/// The statement that lets one association in.
fn statement(namespace: &str, name: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": name,
            "aws:RequestTag/eks-cluster-arn": format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"),
        }},
    })
}

fn of_ec2() -> Value {
    json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
}

/// Adds to the trust policy in the stack's template.
fn add_to_template(bench: &Bench, stack: &str, statement: Value) {
    let mut world = bench.sandbox.world();
    let body = world
        .stack(ACCOUNT, REGION, stack)
        .expect("the stack")
        .template
        .clone();
    let mut body: Value = serde_json::from_str(&body).expect("JSON");
    let trust = &mut body["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"];
    trust["Statement"]
        .as_array_mut()
        .expect("statements")
        .push(statement);
    world.update_stack(ACCOUNT, REGION, stack, &body.to_string(), &[]);
}

/// The role of the association that web/api has is that of jobs/nightly's association too.
fn of_two() -> Bench {
    let bench = made();
    add_to_template(&bench, STACK, statement("jobs", "nightly"));
    let mut world = bench.sandbox.world();
    let role = world.clusters[0]
        .association("web", "api")
        .expect("it")
        .role
        .clone();
    world.clusters[0].add_association("jobs", "nightly", &role);
    drop(world);
    bench
}

fn on_role<T>(bench: &Bench, change: impl FnOnce(&mut Role) -> T) -> T {
    bench.account(|account| change(account.roles.values_mut().next().expect("the role")))
}

/// Whom the role lets in, the associations, and the stacks.
fn sum(bench: &Bench) -> String {
    let trust = on_role(bench, |role| role.trust["Statement"].clone());
    let statements = trust.as_array().into_iter().flatten();
    let trusts: String = statements
        .map(|it| format!("trusts {}\n", told(it)))
        .collect();
    let world = bench.sandbox.world();
    let associations = world.clusters[0].associations.iter();
    let associations: String = associations
        .map(|it| format!("association {}\n", it.service_account))
        .collect();
    drop(world);
    format!("{trusts}{associations}{}", bench.stacks())
}

#[test]
fn a_service_account_that_stays_on_irsa_keeps_its_stack() {
    let bench = on_both_ways();
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-api
        ~ trust policy:
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
          -     },
          -     {
          -       "Action": [
          -         "sts:AssumeRole",
          -         "sts:TagSession"
          -       ],
          -       "Condition": {
          -         "StringEquals": {
          -           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
          -           "aws:RequestTag/kubernetes-namespace": "web",
          -           "aws:RequestTag/kubernetes-service-account": "api"
          -         }
          -       },
          -       "Effect": "Allow",
          -       "Principal": {
          -         "Service": "pods.eks.amazonaws.com"
          -       }
                }
              ],
              "Version": "2012-10-17"
    - delete EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    note: stack eksctl-demo-addon-iamserviceaccount-web-api stays, as its role is that of the IAM service account web/api too
    note: the ServiceAccount web/api stays, as it has a role annotation
    plan: 0 to create, 1 to change, 1 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: stack eksctl-demo-addon-iamserviceaccount-web-api stays, as its role is that of the IAM service account web/api too
    note: the ServiceAccount web/api stays, as it has a role annotation
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    eksctl-demo-addon-iamserviceaccount-web-api UPDATE_COMPLETE
    "#);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    absent
    [stderr]
    nothing to delete: there is no EKS Pod Identity association web/api
    note: the ServiceAccount web/api stays, as it has a role annotation
    [exit 0]
    ");
    // The stack goes with the last.
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted service account web/api
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn where_irsa_goes_first_the_association_keeps_the_stack() {
    let bench = on_both_ways();
    let delete = "delete iamserviceaccount web/api --cluster demo";
    let refused = bench.run(delete);
    assert!(refused.ends_with("[exit 1]\n"), "{refused}");
    let hint = "migrate to-pod-identity web/api --cluster demo --finish --approve";
    assert!(refused.contains(hint), "{refused}");
    bench.arrange(&format!("{hint} --no-proof"));
    assert_snapshot!(bench.run(delete), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    note: the ServiceAccount web/api has an EKS Pod Identity association: it stays
    error: web/api: role "eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU" is used by EKS Pod Identity associations, whose pods would lose it
      web/api (a-c88ffc65c1c760c9f)
    hint: where no pod of web/api needs the role by its association: `irsactl delete podidentityassociation web/api --cluster demo`
    [exit 1]
    "#);
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api
    eksctl-demo-addon-iamserviceaccount-web-api UPDATE_COMPLETE
    "#);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted EKS Pod Identity association of service account web/api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted service account web/api
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn another_association_keeps_the_stack_and_takes_it_along_in_the_end() {
    let bench = of_two();
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of jobs/nightly too
    updated stack eksctl-demo-podidentityrole-web-api
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Service"] "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "jobs" "nightly"
    association nightly
    eksctl-demo-podidentityrole-web-api UPDATE_COMPLETE
    "#);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    absent
    [stderr]
    nothing to delete: there is no EKS Pod Identity association web/api
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of jobs/nightly too
    [exit 0]
    ");
    // Its stack is that of web/api, by its tags.
    let last = "delete podidentityassociation jobs/nightly --cluster demo";
    assert_snapshot!(bench.run(last), @"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    jobs        nightly   deleted
    [stderr]
    warning: the trust policy of role eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY stays as it is: it lets in nobody else, and IAM takes none without a statement
    deleted EKS Pod Identity association of service account jobs/nightly
    [exit 0]
    ");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn from_the_stack_of_another_association_only_its_statement_goes() {
    let bench = of_two();
    let other = "delete podidentityassociation jobs/nightly --cluster demo";
    assert_snapshot!(bench.run(other), @"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    jobs        nightly   deleted
    [stderr]
    updated stack eksctl-demo-podidentityrole-web-api
    deleted EKS Pod Identity association of service account jobs/nightly
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api
    eksctl-demo-podidentityrole-web-api UPDATE_COMPLETE
    "#);
    assert_ne!(association(&bench), "none");
}

#[test]
fn what_was_changed_by_hand_stays_as_it_is() {
    let bench = on_both_ways();
    on_role(&bench, |role| {
        let statements = role.trust["Statement"].as_array_mut();
        statements.expect("statements").push(of_ec2());
    });
    let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    let name = bench.role_name();
    bench.account(|account| account.attach_policy(&name, policy).expect("attached"));
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: stack eksctl-demo-addon-iamserviceaccount-web-api stays, as its role is that of the IAM service account web/api too
    note: the ServiceAccount web/api stays, as it has a role annotation
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    trusts ["Service"] 
    eksctl-demo-addon-iamserviceaccount-web-api UPDATE_COMPLETE
    "#);
    let attached = on_role(&bench, |role| role.attached.len());
    assert_eq!(attached, 2);
}

#[test]
fn a_statement_that_is_for_every_association_stays_and_is_told() {
    let bench = ready();
    bench.associate();
    bench.create("web/api");
    let mut open = statement("", "");
    open.as_object_mut()
        .expect("a statement")
        .remove("Condition");
    add_to_template(&bench, IRSA, open);
    let role = bench.role_arn();
    bench.sandbox.world().clusters[0].add_association("web", "api", &role);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    warning: the trust policy of role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU stays as it is: statement 2 lets the association in, and others with it
    note: stack eksctl-demo-addon-iamserviceaccount-web-api stays, as its role is that of the IAM service account web/api too
    note: the ServiceAccount web/api stays, as it has a role annotation
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    trusts ["Service"] 
    eksctl-demo-addon-iamserviceaccount-web-api UPDATE_COMPLETE
    "#);
}

#[test]
fn a_role_by_hand_stays_whole() {
    let bench = ready();
    by_hand(&bench, "reader");
    on_role(&bench, |role| {
        let statements = role.trust["Statement"].as_array_mut();
        statements
            .expect("statements")
            .push(statement("web", "api"));
    });
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: role reader stays as it is: no stack of irsactl or eksctl made it
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Service"] 
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    "#);
}

#[test]
fn what_no_file_says_of_the_role_is_told_by_export() {
    let bench = made();
    add_to_template(&bench, STACK, of_ec2());
    assert_snapshot!(bench.run("export --cluster demo"), @"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      podIdentityAssociations:
        - namespace: web
          serviceAccountName: api
          permissionPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    [stderr]
    note: the association of web/api: its role also trusts ec2.amazonaws.com: that stays, and is no part of the file
    [exit 0]
    ");
}

#[test]
fn of_a_role_that_is_gone_or_cannot_be_read_nothing_wrong_is_said() {
    let bench = ready();
    by_hand(&bench, "reader");
    bench.befall(
        "iam GetRole",
        "error 403 AccessDenied User is not authorized to perform: iam:GetRole",
    );
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @"
    [stdout]
    - delete EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/reader
    [stderr]
    warning: role reader stays as it is: not allowed to call iam:GetRole: User is not authorized to perform: iam:GetRole
    plan: 0 to create, 0 to change, 1 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
    bench.sandbox.world().faults.clear();
    bench.account(|account| account.roles.clear());
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
}

#[test]
fn a_role_from_the_stack_of_an_association_that_irsa_uses_by_now_stays_too() {
    let bench = made();
    bench.associate();
    let role = bench.role_arn();
    let issuer = bench.issuer();
    add_to_template(
        &bench,
        STACK,
        json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
            "Condition": {"StringEquals": {
                format!("{issuer}:aud"): "sts.amazonaws.com",
                format!("{issuer}:sub"): "system:serviceaccount:web:api",
            }},
        }),
    );
    let annotation = ("eks.amazonaws.com/role-arn", role.as_str());
    bench
        .sandbox
        .world()
        .api("demo")
        .put_service_account("web", "api", &[], &[annotation], "helm");
    // Who looks at no cluster does not know whether they use it.
    assert_snapshot!(bench.run(&format!("{DELETE} --role-only --dry-run")), @r#"
    [stdout]
    ~ update stack eksctl-demo-podidentityrole-web-api
        ~ trust policy:
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
          -     },
          -     {
          -       "Action": [
          -         "sts:AssumeRole",
          -         "sts:TagSession"
          -       ],
          -       "Condition": {
          -         "StringEquals": {
          -           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
          -           "aws:RequestTag/kubernetes-namespace": "web",
          -           "aws:RequestTag/kubernetes-service-account": "api"
          -         }
          -       },
          -       "Effect": "Allow",
          -       "Principal": {
          -         "Service": "pods.eks.amazonaws.com"
          -       }
                }
              ],
              "Version": "2012-10-17"
    - delete EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of the IAM service accounts that its trust policy lets in too
    plan: 0 to create, 1 to change, 1 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of the IAM service account web/api too
    note: the ServiceAccount web/api stays, as it has a role annotation
    updated stack eksctl-demo-podidentityrole-web-api
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    eksctl-demo-podidentityrole-web-api UPDATE_COMPLETE
    "#);
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: the ServiceAccount web/api was not made by irsactl or eksctl: it stays
    deleted stack eksctl-demo-podidentityrole-web-api
    removed eks.amazonaws.com/role-arn from service account web/api
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn a_stack_at_work_is_waited_for() {
    let bench = of_two();
    bench
        .sandbox
        .world()
        .stack(ACCOUNT, REGION, STACK)
        .expect("the stack")
        .status = "UPDATE_IN_PROGRESS".to_owned();
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @"
    [stdout]
      wait for stack eksctl-demo-podidentityrole-web-api (UPDATE_IN_PROGRESS)
    [stderr]
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of jobs/nightly too
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    what follows is planned when that is over
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn a_run_that_is_killed_at_any_write_is_made_up_for() {
    for arrange in [on_both_ways as fn() -> Bench, of_two] {
        let arranged = arrange();
        let undisturbed = arranged.copy();
        undisturbed.calls();
        undisturbed.run(DELETE);
        let end = sum(&undisturbed);
        let deaths = undisturbed.deaths();
        assert!(deaths.len() >= 4, "{deaths:?}");
        let wrong = side_by_side(4, &deaths, |death| {
            let bench = arranged.copy();
            bench.killed(DELETE, death);
            let result = bench.run(DELETE);
            let is_right = result.ends_with("[exit 0]\n") && sum(&bench) == end;
            (!is_right).then(|| format!("{death:?}: {result}{}", sum(&bench)))
        });
        let wrong: String = wrong.into_iter().flatten().collect();
        assert!(wrong.is_empty(), "{wrong}wanted:\n{end}");
    }
}

/// Its pods would lose the role, whose trust policy lets their tokens in.
#[test]
fn the_annotation_of_another_service_account_keeps_the_stack() {
    let bench = made();
    let issuer = bench.issuer();
    let subject = "system:serviceaccount:jobs:nightly";
    add_to_template(
        &bench,
        STACK,
        json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
            "Condition": {"StringEquals": {format!("{issuer}:sub"): subject}},
        }),
    );
    let role = on_role(&bench, |role| role.arn.clone());
    let annotation = ("eks.amazonaws.com/role-arn", role.as_str());
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .put_service_account("jobs", "nightly", &[], &[annotation], "helm");
    drop(world);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of the IAM service account jobs/nightly too
    updated stack eksctl-demo-podidentityrole-web-api
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "system:serviceaccount:jobs:nightly"
    eksctl-demo-podidentityrole-web-api UPDATE_COMPLETE
    "#);
}

/// Its own stack is not the one that it could be given by.
#[test]
fn a_role_from_the_stack_of_another_association_is_exported_by_its_arn() {
    let bench = of_two();
    bench.arrange(DELETE);
    let text = exported(&bench, &bench.run("export --cluster demo"));
    assert_snapshot!(text, @"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      podIdentityAssociations:
        - namespace: jobs
          serviceAccountName: nightly
          roleARN: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    ");
    let applied = bench.run_with("apply -f - --detailed-exitcode", &text);
    let nothing = "nothing to do: all is as asked\n[exit 0]\n";
    assert!(applied.ends_with(nothing), "{applied}");
}
