//! What `migrate scan` tells of the roles of nodes.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{ManagedPolicy, Role, World};
use crate::support::{ACCOUNT, Bench};

const WORKER: &str = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
const SCAN: &str = "migrate scan --cluster demo";

fn allow(actions: &[&str], resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": resource},
    ]})
}

/// A role of nodes with managed policies.
fn node_role(name: &str, attached: &[&str]) -> Role {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}},
    ]});
    let attached = attached.iter().map(|arn| (*arn).to_owned());
    Role {
        attached: attached.collect(),
        ..Role::new("aws", ACCOUNT, "/", name, trust)
    }
}

fn put_role(world: &mut World, role: Role) {
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    account.roles.insert(role.name.clone(), role);
}

/// A node on an instance of a profile whose role is called the same.
fn put_node(world: &mut World, node: &str, instance: &str, profile: &str) {
    world.api("demo").put_node(node, instance, &[]);
    let arn = format!("arn:aws:iam::{ACCOUNT}:instance-profile/{profile}");
    world.add_instance(instance).profile = Some(arn);
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    let names = (profile.to_owned(), profile.to_owned());
    account.instance_profiles.extend([names]);
}

/// A cluster with a node group that has no nodes, one of Karpenter, and nodes by hand, of kOps's kind: with
/// more than nodes need, and web/api on one of them that has nothing else.
pub fn with_node_roles() -> Bench {
    let bench = Bench::associated();
    put_node_roles(&mut bench.sandbox.world());
    bench.calls();
    bench
}

pub fn put_node_roles(world: &mut World) {
    let copy = ManagedPolicy::new(
        "aws",
        ACCOUNT,
        "/",
        "copy-of-worker",
        allow(&["ec2:DescribeInstances", "eks:DescribeCluster"], "*"),
    );
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    let arn = account.create_policy(copy).expect("a policy").arn.clone();
    put_role(world, node_role("workers", &[WORKER, &arn]));
    let s3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    let mut by_hand = node_role("by-hand", &[WORKER, s3]);
    let additional = allow(&["sqs:SendMessage", "ec2:DescribeVpcs"], "*");
    by_hand.inline.insert("additional".to_owned(), additional);
    put_role(world, by_hand);
    put_role(world, node_role("karpenter", &[WORKER]));
    let role = format!("arn:aws:iam::{ACCOUNT}:role/workers");
    let cluster = &mut world.clusters[0];
    cluster.node_groups.insert("workers".to_owned(), role);
    put_node(world, "by-hand-1", "i-0aaaaaaaaaaaaaaa1", "by-hand");
    put_node(world, "by-hand-2", "i-0aaaaaaaaaaaaaaa2", "by-hand");
    world.network.instances[1].hop_limit = 2;
    let api = world.api("demo");
    api.put_object(
        json!({
            "apiVersion": "karpenter.k8s.aws/v1",
            "kind": "EC2NodeClass",
            "metadata": {"name": "default"},
            "spec": {"role": "karpenter"},
        }),
        "helm",
    );
    put_pod(world, "on-node", "by-hand-1", "none");
}

/// A pod by itself in namespace shop, on a node.
fn put_pod(world: &mut World, name: &str, node: &str, account: &str) {
    let api = world.api("demo");
    api.run_pod("shop", name, account);
    let mut pod = api.object("pods", "shop", name).expect("a pod").clone();
    pod["spec"]["nodeName"] = node.into();
    api.put_object(pod, "scheduler");
}

#[test]
fn what_nodes_may_beyond_what_they_need_is_told_with_what_has_nothing_else() {
    let bench = with_node_roles();
    assert_snapshot!(bench.run(SCAN), @"
    [stdout]
    NAMESPACE     NAME         KIND        WAY         SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    kube-system   aws-node     DaemonSet   node-role   aws-node          -
    kube-system   kube-proxy   DaemonSet   node-role   kube-proxy        -
    shop          on-node      Pod         node-role   none              -

    NODE ROLE                                  FROM                       NODES   REACHED BY   WORKLOADS WITH NOTHING ELSE   BEYOND WHAT NODES NEED
    arn:aws:iam::111122223333:role/by-hand     instance profile by-hand   2       all pods     pod shop/on-node              AmazonS3ReadOnlyAccess allows s3-object-lambda:Get*, s3-object-lambda:List*, s3:Describe*, s3:Get*, s3:List* on all resources; inline policy additional allows sqs:SendMessage on all resources
    arn:aws:iam::111122223333:role/karpenter   EC2NodeClass default       0       -            -                             nothing
    arn:aws:iam::111122223333:role/workers     node group workers         0       -            -                             nothing
    [exit 0]
    ");
    let json = bench.run(&format!("{SCAN} -o json"));
    let part = json.split_once("\"nodeRoles\"").expect("node roles").1;
    assert_snapshot!(part, @r#"
    : [
            {
                "roleArn": "arn:aws:iam::111122223333:role/by-hand",
                "sources": [
                    "instance profile by-hand"
                ],
                "nodes": 2,
                "reachedBy": "all-pods",
                "beyond": [
                    {
                        "policy": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
                        "inWords": [
                            "allows s3-object-lambda:Get*, s3-object-lambda:List*, s3:Describe*, s3:Get*, s3:List* on all resources"
                        ],
                        "statements": [
                            {
                                "Action": [
                                    "s3-object-lambda:Get*",
                                    "s3-object-lambda:List*",
                                    "s3:Describe*",
                                    "s3:Get*",
                                    "s3:List*"
                                ],
                                "Effect": "Allow",
                                "Resource": [
                                    "*"
                                ]
                            }
                        ]
                    },
                    {
                        "policy": "inline policy additional",
                        "inWords": [
                            "allows sqs:SendMessage on all resources"
                        ],
                        "statements": [
                            {
                                "Action": [
                                    "sqs:SendMessage"
                                ],
                                "Effect": "Allow",
                                "Resource": [
                                    "*"
                                ]
                            }
                        ]
                    }
                ],
                "workloads": [
                    "pod shop/on-node"
                ],
                "notes": []
            },
            {
                "roleArn": "arn:aws:iam::111122223333:role/karpenter",
                "sources": [
                    "EC2NodeClass default"
                ],
                "nodes": 0,
                "reachedBy": null,
                "beyond": [],
                "workloads": [],
                "notes": []
            },
            {
                "roleArn": "arn:aws:iam::111122223333:role/workers",
                "sources": [
                    "node group workers"
                ],
                "nodes": 0,
                "reachedBy": null,
                "beyond": [],
                "workloads": [],
                "notes": []
            }
        ]
    }
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{SCAN} -o markdown --exclude kube-system/*")), @"
    [stdout]
    | Namespace | Name | Kind | Way | Service account | State | Obstacles | Command |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | shop | on-node | Pod | node-role | none |  |  |  |

    | Node role | From | Nodes | Reached by | Workloads with nothing else | Beyond what nodes need |
    | --- | --- | --- | --- | --- | --- |
    | arn:aws:iam:&#58;111122223333:role/by-hand | instance profile by-hand | 2 | all pods | pod shop/on-node | AmazonS3ReadOnlyAccess allows s3-object-lambda:Get&#42;, s3-object-lambda:List&#42;, s3:Describe&#42;, s3:Get&#42;, s3:List&#42; on all resources<br>inline policy additional allows sqs:SendMessage on all resources |
    | arn:aws:iam:&#58;111122223333:role/karpenter | EC2NodeClass default | 0 | - |  | nothing |
    | arn:aws:iam:&#58;111122223333:role/workers | node group workers | 0 | - |  | nothing |
    [exit 0]
    ");
}

#[test]
fn of_each_role_and_each_policy_iam_is_asked_once() {
    let bench = with_node_roles();
    bench.run(SCAN);
    let calls = bench.calls();
    let count = |call: &str| calls.lines().filter(|line| *line == call).count();
    assert_eq!(count("eks DescribeNodegroup"), 1);
    assert_eq!(count("ec2 DescribeInstances"), 1);
    assert_eq!(count("iam GetInstanceProfile"), 1);
    assert_eq!(count("iam GetRole"), 3);
    assert_eq!(count("iam ListAttachedRolePolicies"), 3);
    // Six that AWS names, and two more.
    assert_eq!(count("iam GetPolicyVersion"), 8);
}

#[test]
fn a_part_of_the_cluster_says_nothing_of_its_nodes() {
    let bench = with_node_roles();
    for part in ["shop/none", "--namespace shop", "--include shop/*"] {
        let told = bench.run(&format!("{SCAN} {part} -o json"));
        assert!(!told.contains("nodeRoles"), "{told}");
    }
    let calls = bench.calls();
    assert!(!calls.contains("ListNodegroups"), "{calls}");
}

#[test]
fn what_may_not_be_read_of_nodes_is_told_and_hides_nothing_else() {
    let bench = with_node_roles();
    for denied in [
        "eks ListNodegroups",
        "ec2 DescribeInstances",
        "iam GetPolicyVersion",
    ] {
        bench.befall(denied, "error 403 AccessDenied no");
    }
    bench.befall("kubernetes list nodeclasses", "error 403 Forbidden no");
    assert_snapshot!(bench.run(SCAN), @"
    [stdout]
    NAMESPACE     NAME         KIND        WAY         SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    kube-system   aws-node     DaemonSet   node-role   aws-node          -
    kube-system   kube-proxy   DaemonSet   node-role   kube-proxy        -
    shop          on-node      Pod         node-role   none              -

    NODE ROLE                                  FROM                   NODES   REACHED BY   WORKLOADS WITH NOTHING ELSE   BEYOND WHAT NODES NEED
    arn:aws:iam::111122223333:role/karpenter   EC2NodeClass default   0       -            -                             its policies are not known: not allowed to call iam:GetPolicyVersion: no; what nodes need is not known: not allowed to call iam:GetPolicyVersion: no
    [stderr]
    warning: node groups are not known: not allowed to call eks:ListNodegroups
    warning: what nodes are made from are not known: not allowed to list nodeclasses.eks.amazonaws.com
    warning: instances of nodes are not known: not allowed to call ec2:DescribeInstances
    [exit 0]
    ");
    let bench = with_node_roles();
    bench.befall("iam GetInstanceProfile", "error 403 AccessDenied no");
    bench.befall("iam ListAttachedRolePolicies", "error 403 AccessDenied no");
    assert_snapshot!(bench.run(&format!("{SCAN} --exclude */*")), @"
    [stdout]
    NODE ROLE                                  FROM                   NODES   REACHED BY   WORKLOADS WITH NOTHING ELSE   BEYOND WHAT NODES NEED
    arn:aws:iam::111122223333:role/karpenter   EC2NodeClass default   0       -            -                             its policies are not known: not allowed to call iam:ListAttachedRolePolicies: no
    arn:aws:iam::111122223333:role/workers     node group workers     0       -            -                             its policies are not known: not allowed to call iam:ListAttachedRolePolicies: no
    [stderr]
    no service accounts found
    warning: roles of instance profiles are not known: not allowed to call iam:GetInstanceProfile: no
    [exit 0]
    ");
}
