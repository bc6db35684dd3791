//! `delete podidentityassociation`: the association, and what was made for it alone.

use insta::assert_snapshot;

use super::{association, by_hand, create, made, owned, ready};
use crate::support::S3;

const DELETE: &str = "delete podidentityassociation web/api --cluster demo";

#[test]
fn the_association_its_stack_and_its_service_account_go() {
    let bench = ready();
    bench.run(&format!("{} --create-service-account --approve", create()));
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @"
    [stdout]
    - delete EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    - delete stack eksctl-demo-podidentityrole-web-api
    - delete service account web/api
    [stderr]
    plan: 0 to create, 0 to change, 3 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted EKS Pod Identity association of service account web/api
    deleted stack eksctl-demo-podidentityrole-web-api
    deleted service account web/api
    [exit 0]
    ");
    assert_eq!(
        (association(&bench).as_str(), bench.stacks().as_str()),
        ("none", "")
    );
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    absent
    [stderr]
    nothing to delete: there is no EKS Pod Identity association web/api
    [exit 0]
    ");
}

/// As eksctl makes it.
#[test]
fn a_role_that_associations_of_other_clusters_may_use_is_told_before_it_goes() {
    let bench = ready();
    bench.run(&format!("{} --trust-any-association --approve", create()));
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @"
    [stdout]
    - delete EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    - delete stack eksctl-demo-podidentityrole-web-api
    [stderr]
    note: the role of stack eksctl-demo-podidentityrole-web-api lets in every association of the account, and those of other clusters were not looked at: pods of any that use it lose it
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn a_stack_without_its_association_goes_too() {
    let bench = made();
    bench.sandbox.world().clusters[0].associations.clear();
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
fn a_role_that_no_stack_made_stays() {
    let bench = ready();
    by_hand(&bench, "reader");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: role reader stays as it is: no stack of irsactl or eksctl made it
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_eq!(bench.roles(), "reader\n");
}

#[test]
fn a_stack_that_others_use_stays() {
    let bench = made();
    let mut world = bench.sandbox.world();
    let role = world.clusters[0]
        .association("web", "api")
        .expect("it")
        .role
        .clone();
    world.clusters[0].add_association("jobs", "nightly", &role);
    drop(world);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    warning: the trust policy of role eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY stays as it is: it lets in nobody else, and IAM takes none without a statement
    note: stack eksctl-demo-podidentityrole-web-api stays, as its role is that of jobs/nightly too
    deleted EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_eq!(association(&bench), "none");
}

#[test]
fn an_annotated_service_account_stays() {
    let bench = ready();
    bench.associate();
    bench.run(&format!(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn {S3} --approve"
    ));
    bench.run(&format!("{} --approve", create()));
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: the ServiceAccount web/api stays, as it has a role annotation
    deleted EKS Pod Identity association of service account web/api
    deleted stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert!(bench.service_account("web", "api").contains("role-arn"));
}

#[test]
fn what_an_addon_owns_is_deleted_there() {
    let bench = ready();
    owned(&bench);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): the association belongs to the add-on vpc-cni, which would put it back
    hint: change it there: `aws eks update-addon --cluster-name demo --addon-name vpc-cni --pod-identity-associations serviceAccount=api,roleArn=ARN`
    [exit 1]
    ");
    assert_ne!(association(&bench), "none");
}

#[test]
fn an_iam_service_account_does_not_go_from_under_an_association() {
    let bench = ready();
    bench.associate();
    bench.run(&format!(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn {S3} --approve"
    ));
    let role = bench.role_arn();
    bench.sandbox.world().clusters[0].add_association("web", "api", &role);
    bench.account(|account| {
        let role = account.roles.values_mut().next().expect("the role");
        let statements = role.trust["Statement"].as_array_mut().expect("statements");
        statements.push(serde_json::json!({
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }));
    });
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo"), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    note: the ServiceAccount web/api has an EKS Pod Identity association: it stays
    error: web/api: role "eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU" is used by EKS Pod Identity associations, whose pods would lose it
      web/api (a-c88ffc65c1c760c9f)
    hint: where no pod of web/api needs the role by its association: `irsactl delete podidentityassociation web/api --cluster demo`
    hint: or to keep the association, and the role without IRSA: `irsactl migrate to-pod-identity web/api --cluster demo --finish --approve`
    [exit 1]
    "#);
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
}
