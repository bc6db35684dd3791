use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::model::{
    AUDIENCE_ANNOTATION, Cluster, ClusterFacts, EksCluster, Lookup, ROLE_ANNOTATION, RoleArn,
    SAVED_ANNOTATION, StackName, Way, Workload, WorkloadKind,
};
use crate::world::{
    Addon, AddonStatus, Association, Container, Mount, Moving, MovingAccount, Node,
    POD_IDENTITY_VARIABLE, Pod, PodWay, ProjectedToken, ROLE_VARIABLE, RoleFacts, RoleHistory,
    Rollout, ServiceAccount, Stack, StackStatus, TOKEN_VARIABLE, TOKEN_VOLUME, TemplatedWorkload,
    WorkloadState,
};

mod planted;

pub use planted::open;

pub const ROLE: &str = "arn:aws:iam::111122223333:role/api";
const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A";

pub fn cluster() -> Cluster {
    Cluster {
        name: "demo".parse().unwrap(),
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        issuer: format!("https://{ISSUER}").parse().unwrap(),
        has_roles_elsewhere: false,
        eks: Some(EksCluster {
            arn: "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
                .parse()
                .unwrap(),
            endpoint: String::new(),
            certificate_authority: String::new(),
            token_id: "demo".to_owned(),
            tags: BTreeMap::new(),
            facts: ClusterFacts::default(),
        }),
    }
}

pub fn statement(subject: &str) -> Value {
    json!({
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")},
        "Condition": {
            "StringEquals": {format!("{ISSUER}:aud"): "sts.amazonaws.com"},
            "StringLike": {format!("{ISSUER}:sub"): subject},
        },
    })
}

pub fn facts(arn: &str, statements: Vec<Value>) -> RoleFacts {
    RoleFacts {
        arn: arn.parse().unwrap(),
        trust: json!({"Version": "2012-10-17", "Statement": statements}),
        boundary: None,
        max_session_duration: None,
        tags: BTreeMap::new(),
        history: RoleHistory::default(),
    }
}

fn workload(kind: WorkloadKind) -> Workload {
    Workload {
        kind,
        namespace: "web".to_owned(),
        name: "api".to_owned(),
    }
}

pub fn pod(way: PodWay) -> Pod {
    let variables: &[&str] = match way {
        PodWay::Irsa => &[ROLE_VARIABLE, TOKEN_VARIABLE],
        PodWay::PodIdentity => &[POD_IDENTITY_VARIABLE],
        PodWay::Kube2iam | PodWay::Kiam | PodWay::Vault | PodWay::StaticKeys | PodWay::NodeRole => {
            &[]
        }
    };
    let file = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    let value = |variable: &str| match variable {
        ROLE_VARIABLE => ROLE.to_owned(),
        _ => file.to_owned(),
    };
    let env = variables.iter();
    let env = env.map(|it| ((*it).to_owned(), Some(value(it))));
    Pod {
        namespace: "web".to_owned(),
        name: "api-1".to_owned(),
        service_account: "api".to_owned(),
        phase: "Running".to_owned(),
        node: Some("node".to_owned()),
        containers: vec![Container {
            name: "app".to_owned(),
            env: env.collect(),
            mounts: vec![Mount {
                volume: TOKEN_VOLUME.to_owned(),
                path: "/var/run/secrets/eks.amazonaws.com/serviceaccount".to_owned(),
                read_only: true,
                source: None,
            }],
            ..Container::default()
        }],
        tokens: vec![ProjectedToken {
            volume: TOKEN_VOLUME.to_owned(),
            audience: Some("sts.amazonaws.com".to_owned()),
            expiration: None,
            path: "token".to_owned(),
        }],
        owner: workload(WorkloadKind::Deployment),
        ..Pod::default()
    }
}

pub fn templated() -> TemplatedWorkload {
    TemplatedWorkload {
        state: WorkloadState {
            workload: workload(WorkloadKind::Deployment),
            service_account: "api".to_owned(),
            restarted: None,
            paused: false,
            on_delete: false,
            own_roles: BTreeSet::new(),
            skipped: false,
            rollout: Rollout::Over,
        },
        template: Pod {
            containers: vec![Container::default()],
            ..Pod::default()
        },
        marks: Default::default(),
    }
}

/// Of a Job, which nobody restarts.
pub fn job_pod(way: PodWay) -> Pod {
    Pod {
        name: "once-1".to_owned(),
        owner: Workload {
            kind: WorkloadKind::Job,
            namespace: "web".to_owned(),
            name: "once".to_owned(),
        },
        ..pod(way)
    }
}

pub fn agent() -> Addon {
    Addon {
        name: "eks-pod-identity-agent".to_owned(),
        status: AddonStatus::Active,
        version: String::new(),
        issues: Vec::new(),
        service_account_role: None,
        pod_identity_associations: Vec::new(),
    }
}

pub fn stack() -> Stack {
    let name = "web/api".parse().unwrap();
    let tag = ("alpha.eksctl.io/iamserviceaccount-name", "web/api");
    Stack {
        name: StackName::new(Way::Irsa, &"demo".parse().unwrap(), &name),
        id: "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1".to_owned(),
        status: StackStatus::CreateComplete,
        reason: None,
        updated: None,
        changed: None,
        tags: [(tag.0.to_owned(), tag.1.to_owned())].into(),
        capabilities: Vec::new(),
        role_arn: Some(ROLE.parse().unwrap()),
        protected: true,
    }
}

/// An annotated service account of a Deployment with a pod, whose role lets it in.
pub fn annotated() -> MovingAccount {
    let annotation = (ROLE_ANNOTATION.to_owned(), ROLE.to_owned());
    MovingAccount {
        grants: Vec::new(),
        name: "web/api".parse().unwrap(),
        object: Lookup::Found(ServiceAccount {
            annotations: BTreeMap::from([annotation]),
            ..ServiceAccount::default()
        }),
        association: Lookup::Missing,
        role_arn: Some(ROLE.parse().unwrap()),
        role: Lookup::Found(facts(
            ROLE,
            vec![statement("system:serviceaccount:web:api")],
        )),
        stack: Lookup::Missing,
        documents: Lookup::Found(Vec::new()),
        next_roles: Vec::new(),
        inherits: Default::default(),
        pods: Lookup::Found(vec![pod(PodWay::Irsa)]),
        workloads: Lookup::Found(vec![templated()]),
    }
}

pub fn association() -> Association {
    Association {
        id: "a-1".to_owned(),
        ..Association::of(ROLE.parse().unwrap())
    }
}

pub fn moving(account: MovingAccount) -> Moving {
    Moving {
        interception: Lookup::Missing,
        cluster: cluster(),
        provider: Lookup::Missing,
        addons: Lookup::Found(Vec::new()),
        nodes: Lookup::Found(vec![Node {
            name: "node".to_owned(),
            instance: None,
            compute: "ec2".to_owned(),
            windows: false,
        }]),
        associations: Lookup::Missing,
        accounts: vec![account],
        rivals: Vec::new(),
        unsplit: BTreeMap::new(),
        known: BTreeMap::new(),
        unknown: Vec::new(),
    }
}

pub fn state(account: &MovingAccount) -> Option<MoveState> {
    account.state(&moving(account.clone()))
}

#[test]
fn how_far_a_move_is_follows_from_annotation_association_and_what_was_saved() {
    use MoveState::*;
    use PodWay::*;
    for (annotated_with, associated, saved, new_pods, wanted) in [
        (false, false, false, NodeRole, None),
        (true, false, false, Irsa, Some(Old)),
        (true, true, false, PodIdentity, Some(Both)),
        (false, true, false, PodIdentity, Some(New)),
        (true, false, true, Irsa, Some(Both)),
        (true, true, true, PodIdentity, Some(Both)),
    ] {
        let mut account = annotated();
        let Lookup::Found(object) = &mut account.object else {
            panic!("it is there");
        };
        if !annotated_with {
            object.annotations.clear();
        }
        if saved {
            let saved = (SAVED_ANNOTATION.to_owned(), "{}".to_owned());
            object.annotations.extend([saved]);
            open(&mut account);
        }
        if associated {
            account.association = Lookup::Found(association());
        }
        assert_eq!(
            (account.new_pods(), state(&account)),
            (Some(new_pods), wanted)
        );
    }
}

#[test]
fn what_cannot_be_read_is_no_state() {
    let unknown = || "denied".to_owned();
    let mut account = annotated();
    account.association = Lookup::Unknown(unknown());
    assert_eq!(state(&account), None);
    let mut account = annotated();
    account.object = Lookup::Unknown(unknown());
    assert_eq!(state(&account), None);
}

pub type Change = fn(&mut Moving, &mut MovingAccount);

pub fn set_trust(account: &mut MovingAccount, statements: Vec<Value>) {
    account.role = Lookup::Found(facts(ROLE, statements));
}

pub fn first_template(account: &mut MovingAccount, change: impl Fn(&mut Pod)) {
    if let Lookup::Found(workloads) = &mut account.workloads {
        change(&mut workloads[0].template);
    }
}

pub fn first_pod(account: &mut MovingAccount, change: impl Fn(&mut Pod)) {
    if let Lookup::Found(pods) = &mut account.pods {
        change(&mut pods[0]);
    }
}

pub const NEXT: &str = "arn:aws:iam::111122223333:role/next";

pub fn assumed(actions: &[&str]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Principal": {"AWS": ROLE}})
}

#[test]
fn each_reason_to_stay_is_told() {
    let cases: [(Change, &[&str]); 22] = [
        (|_, _| (), &[]),
        (
            |moving, _| moving.cluster.eks = None,
            &["the cluster is not one of EKS"],
        ),
        (
            |_, account| {
                account.role_arn = Some("arn:aws:iam::444455556666:role/api".parse().unwrap());
            },
            &["role arn:aws:iam::444455556666:role/api is of another account"],
        ),
        (
            |_, account| account.role_arn = None,
            &["its annotation is no ARN of a role"],
        ),
        (
            |_, account| account.role = Lookup::Missing,
            &["role arn:aws:iam::111122223333:role/api does not exist"],
        ),
        (
            |_, account| account.role = Lookup::Unknown("denied".to_owned()),
            &["whom its role trusts cannot be told: denied"],
        ),
        (
            |_, account| account.pods = Lookup::Unknown("denied".to_owned()),
            &["which pods run as it cannot be told: denied"],
        ),
        (
            |_, account| set_trust(account, vec![statement("system:serviceaccount:web:other")]),
            &["the role's trust policy does not let it in today"],
        ),
        (
            |_, account| {
                let mut from = statement("system:serviceaccount:web:api");
                from["Condition"]["IpAddress"] = json!({"aws:SourceIp": "10.0.0.0/8"});
                set_trust(account, vec![from]);
            },
            &["whether its role lets it in depends on aws:SourceIp"],
        ),
        (
            |_, account| set_trust(account, vec![statement("system:serviceaccount:web:*")]),
            &["its role lets it in by a pattern: system:serviceaccount:web:*"],
        ),
        (
            |_, account| {
                if let Lookup::Found(object) = &mut account.object {
                    let audience = (AUDIENCE_ANNOTATION.to_owned(), "vault".to_owned());
                    object.annotations.extend([audience]);
                }
            },
            &["its pods have tokens for the audience \"vault\""],
        ),
        (
            |moving, _| {
                moving.addons = Lookup::Found(vec![Addon {
                    name: "vpc-cni".to_owned(),
                    status: AddonStatus::Active,
                    version: String::new(),
                    issues: Vec::new(),
                    service_account_role: Some(ROLE.to_owned()),
                    pod_identity_associations: Vec::new(),
                }]);
            },
            &["add-on vpc-cni gives it its role"],
        ),
        (
            |_, account| {
                account.association = Lookup::Found(Association {
                    role: NEXT.parse().unwrap(),
                    ..association()
                });
            },
            &["its annotation names arn:aws:iam::111122223333:role/api, and its association"],
        ),
        (
            |moving, _| {
                if let Lookup::Found(nodes) = &mut moving.nodes {
                    nodes[0].compute = "fargate".to_owned();
                }
            },
            &["deployment web/api runs on Fargate"],
        ),
        (
            |_, account| first_template(account, |pod| pod.windows = true),
            &["deployment web/api runs on Windows"],
        ),
        (
            |moving, account| {
                if let Lookup::Found(nodes) = &mut moving.nodes {
                    nodes[0].windows = true;
                }
                first_pod(account, |pod| {
                    pod.labels.insert(
                        "eks.amazonaws.com/fargate-profile".to_owned(),
                        "all".to_owned(),
                    );
                });
            },
            &[
                "deployment web/api runs on Fargate",
                "deployment web/api runs on Windows",
            ],
        ),
        (
            |_, account| {
                first_template(account, |pod| {
                    pod.containers[0]
                        .env
                        .insert(ROLE_VARIABLE.to_owned(), Some(ROLE.to_owned()));
                });
            },
            &["deployment web/api calls AssumeRoleWithWebIdentity itself: container"],
        ),
        (
            |_, account| {
                first_template(account, |pod| {
                    pod.tokens.push(ProjectedToken {
                        volume: "own".to_owned(),
                        audience: Some("sts.amazonaws.com".to_owned()),
                        expiration: None,
                        path: "token".to_owned(),
                    });
                });
            },
            &["deployment web/api calls AssumeRoleWithWebIdentity itself: volume own"],
        ),
        (
            |_, account| {
                let own = statement("system:serviceaccount:web:api");
                set_trust(account, vec![own, assumed(&["sts:AssumeRole"])]);
            },
            &["its role assumes itself"],
        ),
        (
            |_, account| {
                let own = statement("system:serviceaccount:web:api");
                set_trust(
                    account,
                    vec![own, assumed(&["sts:AssumeRole", "sts:TagSession"])],
                );
            },
            &[],
        ),
        (
            |_, account| {
                let next = facts(NEXT, vec![assumed(&["sts:AssumeRole"])]);
                account.next_roles = vec![(NEXT.parse().unwrap(), Lookup::Found(next))];
            },
            &["its role assumes arn:aws:iam::111122223333:role/next"],
        ),
        (
            |_, account| {
                let next = facts(NEXT, vec![assumed(&["sts:*"])]);
                account.next_roles = vec![(NEXT.parse().unwrap(), Lookup::Found(next))];
            },
            &[],
        ),
    ];
    for (index, (change, wanted)) in cases.into_iter().enumerate() {
        let mut account = annotated();
        let mut moving = moving(account.clone());
        change(&mut moving, &mut account);
        moving.accounts = vec![account];
        let rows = rows(&moving);
        let [row] = rows.as_slice() else {
            panic!("case {index}: {rows:?}");
        };
        assert_eq!(row.obstacles.len(), wanted.len(), "case {index}: {row:?}");
        for (found, wanted) in row.obstacles.iter().zip(wanted) {
            assert!(found.starts_with(wanted), "case {index}: {found}");
        }
    }
}

#[test]
fn the_roles_that_policies_let_assume_are_those_that_are_named() {
    let document = json!({"Statement": [
        {"Effect": "Allow", "Action": ["s3:*", "sts:assumerole"], "Resource": [NEXT, "*", "arn:aws:iam::*:role/x"]},
        {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/denied"},
        {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": ROLE},
    ]});
    let next: RoleArn = NEXT.parse().unwrap();
    assert_eq!(next_roles(&[document]), BTreeSet::from([next]));
}

#[test]
fn the_way_of_a_workload_is_that_of_most_of_its_pods() {
    let mut account = annotated();
    account.association = Lookup::Found(association());
    account.pods = Lookup::Found(vec![
        pod(PodWay::Irsa),
        pod(PodWay::Irsa),
        pod(PodWay::PodIdentity),
    ]);
    let rows = rows(&moving(account));
    assert_eq!(rows[0].way, Some(PodWay::Irsa));
    assert_eq!(
        rows[0].evidence,
        "1 pod has pod-identity: AWS_CONTAINER_CREDENTIALS_FULL_URI in container app; \
         2 pods have irsa: AWS_ROLE_ARN in container app; \
         new ones go by association a-1"
    );
}
