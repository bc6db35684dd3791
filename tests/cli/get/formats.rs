//! The documents for machines.

use insta::assert_snapshot;

use super::GET;
use crate::support::Bench;

#[test]
fn json_has_eksctls_shape_and_more() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    assert_snapshot!(bench.run(&format!("{GET} -o json")), @r#"
    [stdout]
    [
        {
            "attachPolicyARNs": [
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
            ],
            "inlinePolicies": {},
            "metadata": {
                "name": "s3-reader",
                "namespace": "default"
            },
            "status": {
                "capabilities": [
                    "CAPABILITY_IAM"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                "stackID": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20",
                "stackName": "eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                "stackStatus": "CREATE_COMPLETE",
                "tags": {
                    "alpha.eksctl.io/cluster-name": "demo",
                    "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0",
                    "alpha.eksctl.io/iamserviceaccount-name": "default/s3-reader",
                    "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                }
            },
            "wellKnownPolicies": {
                "autoScaler": false,
                "awsLoadBalancerController": false,
                "certManager": false,
                "ebsCSIController": false,
                "efsCSIController": false,
                "externalDNS": false,
                "imageBuilder": false
            }
        }
    ]
    [exit 0]
    "#);
}

#[test]
fn yaml_says_the_same() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    assert_snapshot!(bench.run(&format!("{GET} -o yaml")), @"
    [stdout]
    - attachPolicyARNs:
      - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      inlinePolicies: {}
      metadata:
        name: s3-reader
        namespace: default
      status:
        capabilities:
        - CAPABILITY_IAM
        roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        stackID: arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20
        stackName: eksctl-demo-addon-iamserviceaccount-default-s3-reader
        stackStatus: CREATE_COMPLETE
        tags:
          alpha.eksctl.io/cluster-name: demo
          alpha.eksctl.io/eksctl-version: irsactl-0.1.0
          alpha.eksctl.io/iamserviceaccount-name: default/s3-reader
          eksctl.cluster.k8s.io/v1alpha1/cluster-name: demo
      wellKnownPolicies:
        autoScaler: false
        awsLoadBalancerController: false
        certManager: false
        ebsCSIController: false
        efsCSIController: false
        externalDNS: false
        imageBuilder: false
    [exit 0]
    ");
}

#[test]
fn a_name_is_a_line_that_delete_takes() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    let names = bench.run(&format!("{GET} -o name"));
    assert_snapshot!(names, @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
    let name = names.lines().nth(1).expect("a name");
    bench.arrange(&format!("delete iamserviceaccount {name} --cluster demo"));
}

#[test]
fn an_empty_list_is_an_empty_list_in_every_format() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{GET} -o json")), @"
    [stdout]
    []
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{GET} -o yaml")), @"
    [stdout]
    []
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{GET} -o name")), @"
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
}

#[test]
fn well_known_policies_are_recognised_in_eksctls_stacks() {
    let bench = Bench::associated();
    for (name, template, wanted) in [
        (
            "default/a",
            include_str!("../../eksctl/image-builder.json"),
            "imageBuilder",
        ),
        (
            "default/b",
            include_str!("../../eksctl/auto-scaler.json"),
            "autoScaler",
        ),
        (
            "default/c",
            include_str!("../../eksctl/aws-load-balancer-controller.json"),
            "awsLoadBalancerController",
        ),
        (
            "default/d",
            include_str!("../../eksctl/external-dns.json"),
            "externalDNS",
        ),
        (
            "default/e",
            include_str!("../../eksctl/cert-manager.json"),
            "certManager",
        ),
        (
            "default/f",
            include_str!("../../eksctl/ebs-csi-controller.json"),
            "ebsCSIController",
        ),
        (
            "default/g",
            include_str!("../../eksctl/efs-csi-controller.json"),
            "efsCSIController",
        ),
    ] {
        bench.stack_of("demo", name, template, "CREATE_COMPLETE");
        let result = bench.run(&format!("{GET} {name} -o json"));
        let on: Vec<&str> = result
            .lines()
            .filter(|line| line.ends_with(": true") || line.ends_with(": true,"))
            .collect();
        assert_eq!(on.len(), 1, "{result}");
        assert!(on[0].contains(&format!("\"{wanted}\"")), "{wanted}: {on:?}");
    }
}

#[test]
fn broken_stacks_tell_their_status_and_reason() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/failed", "ROLLBACK_COMPLETE");
    bench.eksctl_stack("default/going", "DELETE_FAILED");
    assert_snapshot!(bench.run(&format!("{GET} -o json")), @r#"
    [stdout]
    [
        {
            "attachPolicyARNs": [
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
            ],
            "inlinePolicies": {},
            "metadata": {
                "name": "failed",
                "namespace": "default"
            },
            "status": {
                "capabilities": [
                    "CAPABILITY_IAM"
                ],
                "roleARN": null,
                "stackID": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-failed/0ecaa8ea-ff00-148f-b987-858daeb77d33",
                "stackName": "eksctl-demo-addon-iamserviceaccount-default-failed",
                "stackStatus": "ROLLBACK_COMPLETE",
                "tags": {
                    "alpha.eksctl.io/cluster-name": "demo",
                    "alpha.eksctl.io/eksctl-version": "0.231.0",
                    "alpha.eksctl.io/iamserviceaccount-name": "default/failed",
                    "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                }
            },
            "wellKnownPolicies": {
                "autoScaler": false,
                "awsLoadBalancerController": false,
                "certManager": false,
                "ebsCSIController": false,
                "efsCSIController": false,
                "externalDNS": false,
                "imageBuilder": false
            }
        },
        {
            "attachPolicyARNs": [
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
            ],
            "inlinePolicies": {},
            "metadata": {
                "name": "going",
                "namespace": "default"
            },
            "status": {
                "capabilities": [
                    "CAPABILITY_IAM"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-g-Role1-7COLJDUU65HV",
                "stackID": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-going/64138e7a-9037-b1d7-a84b-31494843e1b7",
                "stackName": "eksctl-demo-addon-iamserviceaccount-default-going",
                "stackStatus": "DELETE_FAILED",
                "stackStatusReason": "The following resource(s) failed to delete: [Role1]. ",
                "tags": {
                    "alpha.eksctl.io/cluster-name": "demo",
                    "alpha.eksctl.io/eksctl-version": "0.231.0",
                    "alpha.eksctl.io/iamserviceaccount-name": "default/going",
                    "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                }
            },
            "wellKnownPolicies": {
                "autoScaler": false,
                "awsLoadBalancerController": false,
                "certManager": false,
                "ebsCSIController": false,
                "efsCSIController": false,
                "externalDNS": false,
                "imageBuilder": false
            }
        }
    ]
    [exit 0]
    "#);
}

#[test]
fn boundary_and_role_name_are_told() {
    let bench = Bench::associated();
    bench.stack_of(
        "demo",
        "default/s3-reader",
        &include_str!("../../eksctl/boundary-and-role-name.json")
            .replace(
                "arn:aws:iam::111122223333:policy/",
                "arn:aws:iam::aws:policy/",
            )
            .replace("policy/boundary", "policy/PowerUserAccess"),
        "CREATE_COMPLETE",
    );
    assert_snapshot!(bench.run(&format!("{GET} -o json")), @r#"
    [stdout]
    [
        {
            "attachPolicyARNs": [
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
            ],
            "inlinePolicies": {},
            "metadata": {
                "name": "s3-reader",
                "namespace": "default"
            },
            "permissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess",
            "roleName": "custom-role-name",
            "status": {
                "capabilities": [
                    "CAPABILITY_NAMED_IAM"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/custom-role-name",
                "stackID": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20",
                "stackName": "eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                "stackStatus": "CREATE_COMPLETE",
                "tags": {
                    "alpha.eksctl.io/cluster-name": "demo",
                    "alpha.eksctl.io/eksctl-version": "0.231.0",
                    "alpha.eksctl.io/iamserviceaccount-name": "default/s3-reader",
                    "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                }
            },
            "wellKnownPolicies": {
                "autoScaler": false,
                "awsLoadBalancerController": false,
                "certManager": false,
                "ebsCSIController": false,
                "efsCSIController": false,
                "externalDNS": false,
                "imageBuilder": false
            }
        }
    ]
    [exit 0]
    "#);
}

#[test]
fn structured_formats_read_the_templates_and_nothing_of_kubernetes() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.run(&format!("{GET} -o json"));
    assert_snapshot!(bench.calls(), @"
    cloudformation DescribeStacks
    cloudformation GetTemplate
    ");
}

#[test]
fn what_a_denied_template_would_tell_is_left_out() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.sandbox.fault("cloudformation GetTemplate deny");
    assert_snapshot!(bench.run(&format!("{GET} -o json")), @r#"
    [stdout]
    [
        {
            "metadata": {
                "name": "s3-reader",
                "namespace": "default"
            },
            "status": {
                "capabilities": [
                    "CAPABILITY_IAM"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                "stackID": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20",
                "stackName": "eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                "stackStatus": "CREATE_COMPLETE",
                "tags": {
                    "alpha.eksctl.io/cluster-name": "demo",
                    "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0",
                    "alpha.eksctl.io/iamserviceaccount-name": "default/s3-reader",
                    "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                }
            }
        }
    ]
    [stderr]
    warning: the roles' policies are not known: not allowed to call cloudformation:GetTemplate: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:GetTemplate because no identity-based policy allows the cloudformation:GetTemplate action
    [exit 0]
    "#);
    let yaml = bench.run(&format!("{GET} -o yaml"));
    assert!(!yaml.contains("wellKnownPolicies"), "{yaml}");
    assert!(yaml.ends_with("[exit 0]\n"), "{yaml}");
}
