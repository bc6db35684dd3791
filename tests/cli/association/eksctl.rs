//! Hand in hand with eksctl: the cases of its own tests of associations (`pkg/actions/podidentityassociation`,
//! `pkg/ctl/*/pod_identity_association_test.go`), in irsactl's words, and its documents compared with ours.

mod documents;

use insta::assert_snapshot;
use serde_json::{Value, json};

use documents::{add_eksctl_stack, example, made_by_eksctl};

use super::{association, by_hand, made, owned, ready};
use crate::migrate;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const UPDATE: &str = "update podidentityassociation web/api --cluster demo";
const DELETE: &str = "delete podidentityassociation web/api --cluster demo";
const POLICY: &str = r#"{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

/// Each that is wrong, with how the run ended.
fn errors(told: &str) -> String {
    let is_error = |line: &&str| line.starts_with("error: ") || line.starts_with("[exit");
    told.lines()
        .filter(is_error)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn file(bench: &Bench, entry: &Value) {
    let config = json!({
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": "demo", "region": REGION},
        "iam": {"podIdentityAssociations": [entry]},
    });
    bench.file("cluster.yaml", &config.to_string());
}

/// Each message of eksctl's validation of flags.
#[test]
fn flags_are_checked_before_any_call() {
    let bench = ready();
    bench.calls();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let told: String = [
        "create pia --namespace web --service-account-name api --role-arn ROLE",
        "create pia --cluster demo --service-account-name api --role-arn ROLE",
        "create pia --cluster demo --namespace web --role-arn ROLE",
        "create pia --cluster demo --namespace web --service-account-name api",
        "create pia --cluster demo --namespace web --service-account-name api --role-arn ROLE --permission-policy-arns S3",
        "create pia --cluster demo --namespace web --service-account-name api --role-arn ROLE --well-known-policies certManager",
        "create pia --cluster demo --namespace web --service-account-name api --well-known-policies invalid",
        "create pia --cluster demo --namespace web --service-account-name api --role-arn ROLE --policy POLICY",
        "create pia -f ~/none.yaml --cluster demo",
        "create pia -f ~/none.yaml --role-arn ROLE",
        "get pia --namespace web",
        "update pia --namespace web --service-account-name api --role-arn ROLE",
        "update pia --cluster demo --service-account-name api --role-arn ROLE",
        "update pia --cluster demo --namespace web --role-arn ROLE",
        "delete pia --namespace web --service-account-name api",
        "delete pia --cluster demo --service-account-name api",
        "delete pia --cluster demo --namespace web",
        "delete pia -f ~/none.yaml --namespace web",
    ]
    .iter()
    .map(|line| errors(&bench.run(&line.replace("ROLE", &role).replace("S3", S3).replace("POLICY", POLICY))))
    .collect();
    assert_snapshot!(told, @"
    error: the following required arguments were not provided:
    [exit 2]
    error: --namespace must be set, or NAME be NAMESPACE/NAME
    [exit 2]
    error: --name must be set: the name of the service account
    [exit 2]
    error: one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set
    [exit 2]
    error: the argument '--attach-role-arn <ARN>' cannot be used with '--attach-policy-arn <ARN>'
    [exit 2]
    error: the argument '--attach-role-arn <ARN>' cannot be used with '--well-known-policy <NAME>'
    [exit 2]
    error: invalid value 'invalid' for '--well-known-policy <NAME>'
    [exit 2]
    error: --policy is for sessions without tags: --disable-session-tags must be `true`
    [exit 2]
    error: the argument '--config-file <FILE>' cannot be used with '--cluster <CLUSTER>'
    [exit 2]
    error: the argument '--config-file <FILE>' cannot be used with:
    [exit 2]
    error: the following required arguments were not provided:
    [exit 2]
    error: the following required arguments were not provided:
    [exit 2]
    error: --namespace must be set, or NAME be NAMESPACE/NAME
    [exit 2]
    error: --name must be set: the name of the service account
    [exit 2]
    error: the following required arguments were not provided:
    [exit 2]
    error: --namespace must be set, or NAME be NAMESPACE/NAME
    [exit 2]
    error: --name must be set: the name of the service account
    [exit 2]
    error: the argument '--config-file <FILE>' cannot be used with:
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
    // In a file each field that is wrong, or cannot stand beside the role, is told at its place.
    file(
        &bench,
        &json!({"namespace": "web", "serviceAccountName": "api", "roleARN": role,
        "permissionPolicy": {"Statement": []}, "wellKnownPolicies": {"certManager": true}}),
    );
    assert_snapshot!(bench.run("create pia -f ~/cluster.yaml"), @"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 2 problems
      ~/cluster.yaml:1:108: iam.podIdentityAssociations[0] (web/api).permissionPolicy: has an empty Statement
      ~/cluster.yaml:1:217: iam.podIdentityAssociations[0] (web/api).wellKnownPolicies: wellKnownPolicies cannot be used with roleARN: an existing role is used as it is
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
}

/// `TestGetIAMResourcesStack`: eksctl looks at the ends of names, irsactl at the tags.
#[test]
fn a_stack_is_that_of_the_service_account_that_it_says() {
    let exact = "eksctl-demo-podidentityrole-service-service-account";
    let other = "eksctl-demo-podidentityrole-other-service-service-account";
    let migrated = "eksctl-demo-addon-iamserviceaccount-service-service-account";
    let migrated_other = "eksctl-demo-addon-iamserviceaccount-other-service-service-account";
    let named = |name: &str| {
        if name.contains("-other-") {
            "other-service/service-account"
        } else {
            "service/service-account"
        }
    };
    let left = |names: &[&str], account: &str| {
        let bench = ready();
        let (_, template) = example();
        for name in names {
            let mut template = template.clone();
            template["Resources"]["Role1"]["Properties"]["RoleName"] =
                json!(format!("r{}", name.len()));
            add_eksctl_stack(&bench, name, named(name), &template);
        }
        bench.arrange(&format!("delete {account} --cluster demo"));
        bench.stacks().replace(" CREATE_COMPLETE", "")
    };
    let account = "podidentityassociation service/service-account";
    assert_eq!(left(&[exact], account), "");
    assert_eq!(left(&[other], account), format!("{other}\n"));
    assert_eq!(left(&[other, exact], account), format!("{other}\n"));
    assert_eq!(
        left(
            &[exact, other],
            "podidentityassociation other-service/service-account"
        ),
        format!("{exact}\n")
    );
    // What eksctl's migration left of IRSA goes with either.
    assert_eq!(left(&[migrated], account), "");
    assert_eq!(
        left(&[migrated], "iamserviceaccount service/service-account"),
        ""
    );
    assert_eq!(
        left(&[migrated_other], account),
        format!("{migrated_other}\n")
    );
    // The same name, another service account: eksctl would take it.
    assert_eq!(
        left(&[exact], "podidentityassociation service-service/account"),
        format!("{exact}\n")
    );
}

/// `updater_test.go`.
#[test]
fn an_update_is_refused_where_eksctl_refuses_it() {
    let bench = ready();
    let mut told = errors(&bench.run(&format!("{UPDATE} --disable-session-tags --approve")));
    let bench = ready();
    owned(&bench);
    told += &errors(&bench.run(&format!("{UPDATE} --disable-session-tags --approve")));
    let bench = made();
    let role = bench.sandbox.world().add_role_of_pods("other");
    told += &errors(&bench.run(&format!("{UPDATE} --role-arn {role} --approve")));
    file(
        &bench,
        &json!({"namespace": "web", "serviceAccountName": "api", "roleName": "named", "permissionPolicyARNs": [S3]}),
    );
    told += &errors(&bench.run("update podidentityassociation -f ~/cluster.yaml --approve"));
    let bench = ready();
    by_hand(&bench, "reader");
    for line in ["--add-policy-arn S3", "--permissions-boundary S3"] {
        told += &errors(&bench.run(&format!("{UPDATE} {} --approve", line.replace("S3", S3))));
    }
    file(
        &bench,
        &json!({"namespace": "web", "serviceAccountName": "api", "permissionPolicyARNs": [S3]}),
    );
    told += &errors(&bench.run("update podidentityassociation -f ~/cluster.yaml --approve"));
    assert_snapshot!(told, @r#"
    error: web/api (EKS Pod Identity): cluster "demo" has no EKS Pod Identity association web/api to update
    [exit 1]
    error: web/api (EKS Pod Identity): the association belongs to the add-on vpc-cni, which would put it back
    [exit 1]
    error: web/api (EKS Pod Identity): the association's role was made for it by stack "eksctl-demo-podidentityrole-web-api", and stays its role
    [exit 1]
    error: web/api (EKS Pod Identity): a role cannot be renamed or moved, it would be another role (- is there, + is asked for)
    [exit 1]
    error: web/api (EKS Pod Identity): the association's role arn:aws:iam::111122223333:role/reader was made by no stack of irsactl or eksctl, so nothing of it is changed here
    [exit 1]
    error: web/api (EKS Pod Identity): the association's role arn:aws:iam::111122223333:role/reader was made by no stack of irsactl or eksctl, so nothing of it is changed here
    [exit 1]
    error: web/api (EKS Pod Identity): the association's role arn:aws:iam::111122223333:role/reader was made by no stack of irsactl or eksctl, so nothing of it is changed here
    [exit 1]
    "#);
    assert_snapshot!(association(&bench), @"reader target None tags true policy None");
}

#[test]
fn an_update_sends_what_differs_and_nothing_else() {
    let bench = made();
    file(
        &bench,
        &json!({"namespace": "web", "serviceAccountName": "api", "permissionPolicyARNs": [S3]}),
    );
    bench.calls();
    bench.arrange("update podidentityassociation -f ~/cluster.yaml --approve");
    assert_eq!(bench.changes(), "");
    // The role of the stack stays, as its output says.
    let target = "arn:aws:iam::444455556666:role/data";
    bench.arrange(&format!(
        "{UPDATE} --target-role-arn {target} --disable-session-tags --policy {POLICY} --approve"
    ));
    assert_snapshot!(association(&bench), @r#"eksctl-demo-podidentityrole-web-api target Some("arn:aws:iam::444455556666:role/data") tags false policy Some("{\"Statement\":[{\"Action\":\"s3:GetObject\",\"Effect\":\"Allow\",\"Resource\":\"*\"}]}")"#);
    bench.arrange(&format!("{UPDATE} --target-role-arn {target} --approve"));
    bench.calls();
    bench.arrange(&format!("{UPDATE} --target-role-arn {target} --approve"));
    assert_eq!(bench.changes(), "");
}

/// `deleter_test.go`.
#[test]
fn a_deletion_takes_what_is_left() {
    let bench = made_by_eksctl();
    bench.sandbox.world().clusters[0].associations.clear();
    bench.arrange(DELETE);
    assert_eq!(bench.stacks(), "");
    bench.calls();
    bench.arrange(DELETE);
    assert_eq!(bench.changes(), "");
    let bench = ready();
    owned(&bench);
    bench.calls();
    assert_snapshot!(errors(&bench.run(DELETE)), @"
    error: web/api (EKS Pod Identity): the association belongs to the add-on vpc-cni, which would put it back
    [exit 1]
    ");
    assert_eq!(bench.changes(), "");
}

/// `migrator_test.go`; who is let in at each end, and whether the annotation is there.
#[test]
fn a_migration_is_that_of_eksctl_proved() {
    let utils = "utils migrate-to-pod-identity --cluster demo --approve";
    let remove = format!("{utils} --remove-oidc-provider-trust-relationship");
    let state = |bench: &Bench| {
        let role = bench
            .account(|account| account.roles.values().next().cloned())
            .expect("a role");
        let statements = role.trust["Statement"]
            .as_array()
            .expect("statements")
            .iter();
        let trusted: Vec<String> = statements
            .map(|it| {
                it["Principal"]
                    .as_object()
                    .expect("who")
                    .keys()
                    .cloned()
                    .collect()
            })
            .collect();
        let annotated = bench.service_account("web", "api").contains("role-arn");
        let associated = bench.sandbox.world().clusters[0].associations.len();
        format!("trusts {trusted:?} annotated {annotated} associations {associated}\n")
    };
    // Without the agent eksctl installs it; irsactl says how, as everywhere.
    let bench = migrate::annotated();
    bench.sandbox.world().clusters[0].addons.clear();
    let told = bench.run(utils);
    assert!(
        told.contains("lacks the add-on eks-pod-identity-agent"),
        "{told}"
    );
    let mut states = state(&bench);
    // EKS Auto Mode has it.
    let auto = json!({"enabled": true});
    bench.sandbox.world().clusters[0]
        .extra
        .insert("computeConfig".to_owned(), auto);
    for bench in [bench, migrate::annotated(), migrate::by_hand()] {
        bench.calls();
        bench.arrange(utils);
        assert!(!bench.changes().contains("CreateAddon"));
        states += &state(&bench);
        bench.arrange(&remove);
        states += &state(&bench);
    }
    assert_snapshot!(states, @r#"
    trusts ["Federated"] annotated true associations 0
    trusts ["Federated", "Service"] annotated true associations 1
    trusts ["Service"] annotated false associations 1
    trusts ["Federated", "Service"] annotated true associations 1
    trusts ["Service"] annotated false associations 1
    trusts ["Federated", "Service"] annotated true associations 1
    trusts ["Federated", "Service"] annotated false associations 1
    "#);
}
