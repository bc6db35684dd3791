//! What eksctl sends for an association, and what irsactl sends: compared as JSON, and managed by each other.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::super::{STACK, association, ready};
use super::{DELETE, UPDATE, file};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const POWER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";
/// The tags of an association that eksctl does not send.
const ONLY_OURS: [&str; 3] = [
    "alpha.eksctl.io/cluster-name",
    "alpha.eksctl.io/eksctl-version",
    "eksctl.cluster.k8s.io/v1alpha1/cluster-name",
];

/// What eksctl's own example of a role has that can be asked for, and the template that eksctl sends for it.
pub(super) fn example() -> (Value, Value) {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}],
    });
    let entry = json!({
        "namespace": "web",
        "serviceAccountName": "api",
        "roleName": "pod-identity-role-app-cache",
        "permissionsBoundaryARN": POWER,
        "permissionPolicyARNs": [S3],
        "permissionPolicyName": "PodIdentityPolicy",
        "permissionPolicy": document,
        "wellKnownPolicies": {"autoScaler": true},
        "tags": {"team": "web"},
    });
    let scaler: Value =
        serde_json::from_str(include_str!("../../../eksctl/auto-scaler.json")).expect("JSON");
    // `NewIAMRoleResourceSetForPodIdentity` and `AddAllResources` of eksctl's pkg/cfn/builder/iam.go.
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "IAM role for pod identity association [created and managed by eksctl]",
        "Resources": {
            "PodIdentityPolicy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyName": {"Fn::Sub": "${AWS::StackName}-PodIdentityPolicy"},
                    "Roles": [{"Ref": "Role1"}],
                    "PolicyDocument": document,
                },
            },
            "PolicyAutoScaling": scaler["Resources"]["PolicyAutoScaling"],
            "Role1": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": "pod-identity-role-app-cache",
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Effect": "Allow",
                            "Action": ["sts:AssumeRole", "sts:TagSession"],
                            "Principal": {"Service": "pods.eks.amazonaws.com"},
                        }],
                    },
                    "ManagedPolicyArns": [S3],
                    "PermissionsBoundary": POWER,
                },
            },
        },
        "Outputs": {"Role1": {"Value": {"Fn::GetAtt": "Role1.Arn"}}},
    });
    (entry, template)
}

/// A stack of eksctl's for a service account: its name, its tags (`IAMRoleCreator.Create`), and its role's ARN.
pub(super) fn add_eksctl_stack(
    bench: &Bench,
    name: &str,
    account: &str,
    template: &Value,
) -> String {
    let tags = [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", "demo"),
        ("alpha.eksctl.io/eksctl-version", "0.231.0"),
        ("team", "web"),
        ("alpha.eksctl.io/podidentityassociation-name", account),
    ];
    let mut template = template.clone();
    // CloudFormation takes both forms, the sandbox the other.
    template["Outputs"]["Role1"]["Value"] = json!({"Fn::GetAtt": ["Role1", "Arn"]});
    let mut world = bench.sandbox.world();
    let stack = world.add_stack(
        ACCOUNT,
        REGION,
        name,
        &template.to_string(),
        &tags,
        "CREATE_COMPLETE",
    );
    stack.termination_protection = true;
    stack.outputs["Role1"].clone()
}

/// The same with its association, which eksctl gives the tags of the file and the service account's name.
pub(super) fn made_by_eksctl() -> Bench {
    let bench = ready();
    let (entry, template) = example();
    file(&bench, &entry);
    let role = add_eksctl_stack(&bench, STACK, "web/api", &template);
    let mut world = bench.sandbox.world();
    let made = world.clusters[0].add_association("web", "api", &role);
    for (key, value) in [
        ("team", "web"),
        ("alpha.eksctl.io/podidentityassociation-name", "web/api"),
    ] {
        made.tags.insert(key.to_owned(), value.to_owned());
    }
    drop(world);
    bench
}

#[test]
fn what_is_sent_is_what_eksctl_sends() {
    let bench = ready();
    let (entry, eksctls) = example();
    file(&bench, &entry);
    bench.arrange("create podidentityassociation -f ~/cluster.yaml --approve");
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("eksctl's name");
    let mut template: Value = serde_json::from_str(&stack.template).expect("JSON");
    // Ours on purpose: the form that every parser takes, and who may come, by the tags of the request.
    let output = &mut template["Outputs"]["Role1"]["Value"];
    assert_eq!(output.take(), json!({"Fn::GetAtt": ["Role1", "Arn"]}));
    *output = json!({"Fn::GetAtt": "Role1.Arn"});
    let trust = &mut template["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"];
    let statement = trust["Statement"][0].as_object_mut().expect("a statement");
    assert_eq!(
        statement.remove("Condition"),
        Some(json!({"StringEquals": {
            "aws:RequestTag/eks-cluster-arn": format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"),
            "aws:RequestTag/kubernetes-namespace": "web",
            "aws:RequestTag/kubernetes-service-account": "api",
        }}))
    );
    assert_eq!(template, eksctls);
    assert_eq!(stack.capabilities, ["CAPABILITY_NAMED_IAM"]);
    assert!(stack.termination_protection && stack.parameters.is_empty());
    // Ours on purpose: the version is irsactl's own.
    let version = stack.tags.remove("alpha.eksctl.io/eksctl-version");
    assert_eq!(version.as_deref(), Some(crate::support::VERSION));
    assert_eq!(
        json!(stack.tags),
        json!({
            "alpha.eksctl.io/cluster-name": "demo",
            "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo",
            "alpha.eksctl.io/podidentityassociation-name": "web/api",
            "team": "web",
        })
    );
    let role = stack.outputs["Role1"].clone();
    // `createPodIdentityAssociationTask.Do` of eksctl's tasks.go; the tags of the cluster are ours on purpose.
    let found = world.clusters[0].association("web", "api").expect("it");
    for tag in ONLY_OURS {
        assert!(found.tags.remove(tag).is_some(), "{tag}");
    }
    assert_eq!(
        json!({
            "namespace": found.namespace,
            "serviceAccount": found.service_account,
            "roleArn": found.role,
            "tags": found.tags,
            "targetRoleArn": found.target_role,
            "disableSessionTags": found.session_tags_disabled,
            "policy": found.policy,
        }),
        json!({
            "namespace": "web",
            "serviceAccount": "api",
            "roleArn": role,
            "tags": {"team": "web", "alpha.eksctl.io/podidentityassociation-name": "web/api"},
            "targetRoleArn": null,
            "disableSessionTags": false,
            "policy": null,
        })
    );
}

#[test]
fn what_eksctl_made_is_as_asked_updated_and_deleted() {
    let bench = made_by_eksctl();
    bench.calls();
    assert_snapshot!(bench.run("create podidentityassociation -f ~/cluster.yaml --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/pod-identity-role-app-cache
    [stderr]
    warning: the role lets in every association of the account that names it; `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust` lets in those that use it
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stderr]
    warning: the role lets in every association of the account that names it; `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust` lets in those that use it
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{UPDATE} --add-policy-arn {POWER} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/pod-identity-role-app-cache
    [stderr]
    warning: the role lets in every association of the account that names it; `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust` lets in those that use it
    note: its stack has more, which stays: inline policy PodIdentityPolicy
    updated stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    let (_, mut eksctls) = example();
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    let template: Value = serde_json::from_str(&stack.template).expect("JSON");
    eksctls["Outputs"]["Role1"]["Value"] = json!({"Fn::GetAtt": ["Role1", "Arn"]});
    eksctls["Resources"]["Role1"]["Properties"]["ManagedPolicyArns"] = json!([S3, POWER]);
    assert_eq!(template, eksctls);
    drop(world);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: the role of stack eksctl-demo-podidentityrole-web-api lets in every association of the account, and those of other clusters were not looked at: pods of any that use it lose it
    deleted EKS Pod Identity association of service account web/api
    deleted stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert_eq!(
        (association(&bench).as_str(), bench.stacks().as_str()),
        ("none", "")
    );
}
