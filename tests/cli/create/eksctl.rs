//! Hand in hand with eksctl: what it made is kept, and what irsactl makes is what it would have made.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{
    CREATE, ROLE_ANNOTATION, STACK, add_eksctl_stack, add_stack, assert_settled, changed,
    eksctl_document, put_eksctl_service_account, template_of,
};
use crate::sandbox::ManagedPolicy;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}"#;

/// A document of `tests/eksctl`, its service account, and the flags that ask for the same.
const ALL: [(&str, &str, &str); 11] = [
    (
        "managed-policy",
        "default/s3-reader",
        "--attach-policy-arn S3",
    ),
    (
        "inline-policy",
        "default/s3-reader",
        "--policy-document ~/policy.json",
    ),
    (
        "boundary-and-role-name",
        "default/s3-reader",
        "--attach-policy-arn S3 --role-name custom-role-name \
         --permissions-boundary arn:aws:iam::111122223333:policy/boundary",
    ),
    (
        "subject-pattern",
        "default/app-base",
        "--attach-policy-arn S3 --subject-pattern app-*",
    ),
    (
        "auto-scaler",
        "kube-system/autoscaler",
        "--well-known-policy autoScaler",
    ),
    (
        "aws-load-balancer-controller",
        "kube-system/awsloadbalancercontroller",
        "--well-known-policy awsLoadBalancerController",
    ),
    (
        "external-dns",
        "kube-system/externaldns",
        "--well-known-policy externalDNS",
    ),
    (
        "cert-manager",
        "kube-system/certmanager",
        "--well-known-policy certManager",
    ),
    (
        "ebs-csi-controller",
        "kube-system/ebscsicontroller",
        "--well-known-policy ebsCSIController",
    ),
    (
        "efs-csi-controller",
        "kube-system/efscsicontroller",
        "--well-known-policy efsCSIController",
    ),
    (
        "image-builder",
        "kube-system/imagebuilder",
        "--well-known-policy imageBuilder",
    ),
];

fn bench() -> Bench {
    let bench = Bench::associated();
    bench.file("policy.json", DOCUMENT);
    bench.account(|account| {
        let document = serde_json::from_str(DOCUMENT).expect("a document");
        let boundary = ManagedPolicy::new("aws", ACCOUNT, "/", "boundary", document);
        account.create_policy(boundary).expect("a policy");
    });
    bench
}

fn create(account: &str, flags: &str) -> String {
    let flags = flags.replace("S3", S3);
    format!("create iamserviceaccount {account} --cluster demo {flags} --approve")
}

fn stack_name(account: &str) -> String {
    format!(
        "eksctl-demo-addon-iamserviceaccount-{}",
        account.replace('/', "-")
    )
}

/// As eksctl's, with the one difference in form that is ours.
fn with_an_array(mut template: Value) -> Value {
    let value = &mut template["Outputs"]["Role1"]["Value"];
    assert_eq!(*value, json!({ "Fn::GetAtt": "Role1.Arn" }));
    *value = json!({ "Fn::GetAtt": ["Role1", "Arn"] });
    template
}

#[test]
fn templates_are_eksctls_documents() {
    for (document, account, flags) in ALL {
        let bench = bench();
        let told = bench.run(&create(account, flags));
        assert!(told.ends_with("[exit 0]\n"), "{document}: {told}");
        let eksctls = serde_json::from_str(&eksctl_document(&bench, document)).expect("JSON");
        assert_eq!(
            template_of(&bench, &stack_name(account)),
            with_an_array(eksctls),
            "{document}"
        );
    }
}

#[test]
fn stacks_of_eksctl_are_as_asked() {
    for (document, account, flags) in ALL {
        let bench = bench();
        let role = add_eksctl_stack(&bench, document, account, "CREATE_COMPLETE");
        let (namespace, name) = account.split_once('/').expect("namespace/name");
        put_eksctl_service_account(&bench, namespace, name, &role);
        assert_settled(&bench, &create(account, flags));
    }
}

#[test]
fn a_service_account_that_eksctl_lost_is_repaired() {
    for (document, account, flags) in ALL {
        let bench = bench();
        let role = add_eksctl_stack(&bench, document, account, "CREATE_COMPLETE");
        let told = bench.run(&create(account, flags));
        assert!(
            told.contains(&format!("created service account {account}\n")),
            "{told}"
        );
        assert_eq!(
            bench.changes(),
            "kubernetes apply serviceaccounts\n",
            "{document}"
        );
        let (namespace, name) = account.split_once('/').expect("namespace/name");
        let mut world = bench.sandbox.world();
        let annotation = world
            .api("demo")
            .annotation(namespace, name, ROLE_ANNOTATION);
        assert_eq!(annotation, Some(role.as_str()), "{document}");
    }
}

#[test]
fn stacks_carry_eksctls_tags_capability_and_protection() {
    let bench = bench();
    bench.run(&create(
        "default/s3-reader",
        "--attach-policy-arn S3 --tags team=payments",
    ));
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    let tags: String = stack
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    assert_snapshot!(tags, @"
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    team=payments
    ");
    assert_eq!(stack.capabilities, ["CAPABILITY_IAM"]);
    assert!(stack.termination_protection);
    assert!(stack.parameters.is_empty());
    assert_eq!(
        stack.description.as_deref(),
        Some("IAM role for serviceaccount \"default/s3-reader\" [created and managed by eksctl]")
    );
    let outputs: Vec<_> = stack.outputs.keys().collect();
    assert_eq!(outputs, ["Role1"]);
}

#[test]
fn a_role_name_needs_the_stronger_capability() {
    let bench = bench();
    bench.run(&format!("{CREATE} --role-name reader"));
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    assert_eq!(stack.capabilities, ["CAPABILITY_NAMED_IAM"]);
}

#[test]
fn tags_of_the_stack_reach_the_role() {
    let bench = bench();
    bench.run(&format!("{CREATE} --tags team=payments"));
    let tag = bench.account(|account| {
        let role = account.roles.values().next().expect("the role");
        role.tags.get("team").cloned()
    });
    assert_eq!(tag.as_deref(), Some("payments"));
}

#[test]
fn eksctls_tags_of_the_config_file_do_not_disturb() {
    let bench = bench();
    let role = add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "CREATE_COMPLETE",
    );
    put_eksctl_service_account(&bench, "default", "s3-reader", &role);
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    stack
        .tags
        .insert("environment".to_owned(), "production".to_owned());
    drop(world);
    assert_settled(&bench, CREATE);
}

#[test]
fn a_stack_with_either_of_eksctls_cluster_tags_is_the_clusters() {
    for tag in [
        "alpha.eksctl.io/cluster-name",
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name",
    ] {
        let bench = bench();
        let role = add_eksctl_stack(
            &bench,
            "managed-policy",
            "default/s3-reader",
            "CREATE_COMPLETE",
        );
        put_eksctl_service_account(&bench, "default", "s3-reader", &role);
        let mut world = bench.sandbox.world();
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        stack.tags.remove(tag);
        drop(world);
        assert_settled(&bench, CREATE);
    }
}

#[test]
fn well_known_policies_are_compared_by_meaning() {
    let bench = bench();
    let template = changed(&bench, "external-dns", |template| {
        let document = &mut template["Resources"]["PolicyExternalDNSChangeSet"]["Properties"]["PolicyDocument"];
        document["Statement"] = document["Statement"][0].take();
    });
    let role = add_stack(
        &bench,
        &template,
        "kube-system/externaldns",
        "CREATE_COMPLETE",
    );
    put_eksctl_service_account(&bench, "kube-system", "externaldns", &role);
    assert_settled(
        &bench,
        &create("kube-system/externaldns", "--well-known-policy externalDNS"),
    );
}

#[test]
fn the_service_account_is_as_eksctl_makes_it() {
    let bench = bench();
    bench.run(CREATE);
    let mut world = bench.sandbox.world();
    let object = world
        .api("demo")
        .service_account("default", "s3-reader")
        .expect("it");
    assert_eq!(
        object["metadata"]["labels"],
        json!({ "app.kubernetes.io/managed-by": "eksctl" })
    );
    let annotations = object["metadata"]["annotations"]
        .as_object()
        .expect("annotations");
    assert_eq!(annotations.keys().collect::<Vec<_>>(), [ROLE_ANNOTATION]);
    assert_eq!(object["metadata"]["managedFields"][0]["manager"], "irsactl");
    assert_eq!(object["metadata"]["managedFields"][0]["operation"], "Apply");
}
