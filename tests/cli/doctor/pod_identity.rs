//! Pod Identity: an association in the annotation's place, or beside it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Role, World};
use crate::support::{ACCOUNT, Bench};

const ROLE: &str = "arn:aws:iam::111122223333:role/pods";
const CLUSTER: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

/// What Pod Identity asks of a role's trust policy, for this cluster only.
fn trust() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": CLUSTER}},
    }]})
}

fn put_role(world: &mut World, name: &str, trust: Value) {
    let role = Role::new("aws", ACCOUNT, "/", name, trust);
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    account.roles.insert(name.to_owned(), role);
}

/// Lets the association's role assume another.
fn may_assume(world: &mut World, target: &str) {
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    let role = account.roles.get_mut("pods").expect("a role");
    role.inline.insert(
        "target".to_owned(),
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": target,
        }]}),
    );
}

/// web/api with an association only, and a Deployment of two pods that carry it.
fn healthy() -> Bench {
    before_pods(|_| ())
}

/// The same with something arranged before the pods are made.
fn before_pods(arrange: impl FnOnce(&mut World)) -> Bench {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    put_role(&mut world, "pods", trust());
    let cluster = &mut world.clusters[0];
    cluster.add_addon("eks-pod-identity-agent");
    cluster.add_association("web", "api", ROLE);
    world.api("demo").put_agent();
    arrange(&mut world);
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

fn doctor(bench: &Bench) -> String {
    super::without_pod_names(&bench.run("doctor --cluster demo web/api"))
}

/// What doctor says when one thing of the healthy world is otherwise.
fn with(change: impl FnOnce(&mut World)) -> String {
    let bench = healthy();
    change(&mut bench.sandbox.world());
    doctor(&bench)
}

fn change_pods(world: &mut World, change: impl Fn(&mut Value)) {
    let objects = world.api("demo").objects.iter_mut();
    let pods = objects.filter(|(key, _)| key.0 == "pods" && key.1 == "web");
    pods.for_each(|(_, pod)| change(pod));
}

fn set_variable(world: &mut World, name: &str, value: &str) {
    change_pods(world, |pod| {
        let variables = pod["spec"]["containers"][0]["env"].as_array_mut();
        variables
            .expect("variables")
            .push(json!({"name": name, "value": value}));
    });
}

fn change_agent(world: &mut World, change: impl Fn(&mut Value)) {
    let key = (
        "daemonsets".to_owned(),
        "kube-system".to_owned(),
        "eks-pod-identity-agent".to_owned(),
    );
    change(world.api("demo").objects.get_mut(&key).expect("the agent"));
}

fn association(world: &mut World) -> &mut crate::sandbox::Association {
    &mut world.clusters[0].associations[0]
}

#[test]
fn an_association_alone_is_healthy() {
    let bench = healthy();
    assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2
      19 checks hold
    [exit 0]
    ");
    assert_snapshot!(bench.run("doctor --cluster demo --all"), @"
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK   CAUSE
    web/api           healthy
    [exit 0]
    ");
}

#[test]
fn an_annotation_beside_an_association_is_told() {
    let both = |role: &'static str| {
        with(move |world| {
            let annotations = [("eks.amazonaws.com/role-arn", role)];
            let api = world.api("demo");
            api.put_service_account("web", "api", &[], &annotations, "kubectl");
        })
    };
    assert_snapshot!(both("arn:aws:iam::111122223333:role/another"), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    warning: the service account has an annotation and a Pod Identity association with another role: new pods take the association's [pod-identity-association]
      role
        wanted: arn:aws:iam::111122223333:role/another
        found:  arn:aws:iam::111122223333:role/pods
      fix: kubectl annotate serviceaccount api --namespace web eks.amazonaws.com/role-arn-   # in cluster demo; to keep the association
      fix: aws eks delete-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f   # to keep the annotation

      21 checks hold
    [exit 0]
    ");
    assert_snapshot!(both(ROLE), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    note: the service account has both an annotation and a Pod Identity association: new pods take the association's [pod-identity-association]
      association: a-c88ffc65c1c760c9f
      fix: kubectl annotate serviceaccount api --namespace web eks.amazonaws.com/role-arn-   # in cluster demo

      21 checks hold
    [exit 0]
    ");
}

#[test]
fn the_agent_must_run() {
    assert_snapshot!(with(|world| {
        world.clusters[0].addons.clear();
        let key = ("daemonsets".to_owned(), "kube-system".to_owned(), "eks-pod-identity-agent".to_owned());
        world.api("demo").objects.remove(&key);
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the Pod Identity agent does not run in the cluster [pod-identity-agent]
      add-on
        wanted: eks-pod-identity-agent
        found:  none
      fix: aws eks create-addon --cluster-name demo --addon-name eks-pod-identity-agent

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| change_agent(world, |it| {
        it["status"] = json!({"desiredNumberScheduled": 2, "numberReady": 1});
    })), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the Pod Identity agent is not ready on all nodes [pod-identity-agent]
      ready
        wanted: 2
        found:  1
      fix: kubectl logs daemonset/eks-pod-identity-agent --namespace kube-system   # in cluster demo; port 80 taken, or no IPv6?

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        change_agent(world, |it| it["spec"]["template"]["spec"]["hostNetwork"] = false.into());
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the Pod Identity agent is not on the node's network [pod-identity-agent]
      hostNetwork
        wanted: true
        found:  false
      fix: aws eks update-addon --cluster-name demo --addon-name eks-pod-identity-agent --resolve-conflicts OVERWRITE

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        world.clusters[0].addons[0].status = "DEGRADED".to_owned();
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the add-on eks-pod-identity-agent is not active [pod-identity-agent]
      add-on
        wanted: ACTIVE
        found:  DEGRADED
      fix: aws eks describe-addon --cluster-name demo --addon-name eks-pod-identity-agent

      18 checks hold
    [exit 1]
    ");
}

#[test]
fn auto_mode_has_the_agent_built_in() {
    assert_snapshot!(with(|world| {
        let cluster = &mut world.clusters[0];
        cluster.addons.clear();
        cluster.extra.insert("computeConfig".to_owned(), json!({"enabled": true}));
        let key = ("daemonsets".to_owned(), "kube-system".to_owned(), "eks-pod-identity-agent".to_owned());
        world.api("demo").objects.remove(&key);
    }), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2
      19 checks hold
    [exit 0]
    ");
}

#[test]
fn the_platform_must_have_pod_identity() {
    let with_platform = |version: &'static str, platform: &'static str| {
        with(move |world| {
            let extra = &mut world.clusters[0].extra;
            extra.insert("version".to_owned(), version.into());
            extra.insert("platformVersion".to_owned(), platform.into());
        })
    };
    assert_snapshot!(with_platform("1.28", "eks.3"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the cluster's platform version has no Pod Identity [pod-identity-platform]
      platform
        wanted: eks.4 of 1.28, or a later version
        found:  1.28 eks.3
      fix: aws eks update-cluster-version --name demo --kubernetes-version 1.29

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with_platform("1.23", "eks.20"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the cluster's platform version has no Pod Identity [pod-identity-platform]
      platform
        wanted: Kubernetes 1.24 or later
        found:  1.23 eks.20
      fix: aws eks update-cluster-version --name demo --kubernetes-version 1.24

      18 checks hold
    [exit 1]
    ");
}

#[test]
fn the_trust_policy_must_let_pod_identity_in() {
    let trusting = |change: fn(&mut Value)| {
        with(move |world| {
            let mut trust = trust();
            change(&mut trust["Statement"][0]);
            put_role(world, "pods", trust);
        })
    };
    assert_snapshot!(trusting(|it| it["Action"] = "sts:AssumeRole".into()), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the trust policy of pods does not let Pod Identity in [pod-identity-trust]
      allowed to pods.eks.amazonaws.com
        wanted: sts:AssumeRole, sts:TagSession
        found:  sts:AssumeRole
      evaluation: Statement[0]: Action: wanted "sts:AssumeRole", got "sts:TagSession"
          {
            "Statement": [
              {
        -       "Action": "sts:AssumeRole",
        +       "Action": [
        +         "sts:AssumeRole",
        +         "sts:TagSession"
        +       ],
                "Condition": {
                  "ArnEquals": {
                    "aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: irsactl doctor --cluster demo web/api --role-arn arn:aws:iam::111122223333:role/pods --fix --approve   # only if web/api is meant to have this role

      17 checks hold
    [exit 1]
    "#);
    assert_snapshot!(trusting(|it| it["Principal"] = json!({"Service": "eks.amazonaws.com"})), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the trust policy of pods does not let Pod Identity in [pod-identity-trust]
      allowed to pods.eks.amazonaws.com
        wanted: sts:AssumeRole, sts:TagSession
        found:  neither
      evaluation: Statement[0]: Principal: wanted "Service eks.amazonaws.com", got "Service pods.eks.amazonaws.com"
                "Principal": {
                  "Service": "eks.amazonaws.com"
                }
        +     },
        +     {
        +       "Action": [
        +         "sts:AssumeRole",
        +         "sts:TagSession"
        +       ],
        +       "Condition": {
        +         "StringEquals": {
        +           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
        +           "aws:RequestTag/kubernetes-namespace": "web",
        +           "aws:RequestTag/kubernetes-service-account": "api"
        +         }
        +       },
        +       "Effect": "Allow",
        +       "Principal": {
        +         "Service": "pods.eks.amazonaws.com"
        +       }
              }
            ],
            "Version": "2012-10-17"
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: irsactl doctor --cluster demo web/api --role-arn arn:aws:iam::111122223333:role/pods --fix --approve   # only if web/api is meant to have this role

      17 checks hold
    [exit 1]
    "#);
    assert_snapshot!(trusting(|it| {
        it["Condition"]["ArnEquals"]["aws:SourceArn"] = CLUSTER.replace("demo", "other").into();
    }), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the trust policy of pods does not let Pod Identity in [pod-identity-trust]
      allowed to pods.eks.amazonaws.com
        wanted: sts:AssumeRole, sts:TagSession
        found:  neither
      evaluation: Statement[0]: ArnEquals aws:SourceArn: wanted "arn:aws:eks:eu-west-1:111122223333:cluster/other", got "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
                "Principal": {
                  "Service": "pods.eks.amazonaws.com"
                }
        +     },
        +     {
        +       "Action": [
        +         "sts:AssumeRole",
        +         "sts:TagSession"
        +       ],
        +       "Condition": {
        +         "StringEquals": {
        +           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
        +           "aws:RequestTag/kubernetes-namespace": "web",
        +           "aws:RequestTag/kubernetes-service-account": "api"
        +         }
        +       },
        +       "Effect": "Allow",
        +       "Principal": {
        +         "Service": "pods.eks.amazonaws.com"
        +       }
              }
            ],
            "Version": "2012-10-17"
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: irsactl doctor --cluster demo web/api --role-arn arn:aws:iam::111122223333:role/pods --fix --approve   # only if web/api is meant to have this role

      17 checks hold
    [exit 1]
    "#);
    assert_snapshot!(trusting(|it| {
        it["Condition"] = json!({"StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop"}});
    }), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the trust policy of pods does not let Pod Identity in [pod-identity-trust]
      allowed to pods.eks.amazonaws.com
        wanted: sts:AssumeRole, sts:TagSession
        found:  neither
      evaluation: Statement[0]: StringEquals aws:RequestTag/kubernetes-namespace: wanted "shop", got "web"
                "Principal": {
                  "Service": "pods.eks.amazonaws.com"
                }
        +     },
        +     {
        +       "Action": [
        +         "sts:AssumeRole",
        +         "sts:TagSession"
        +       ],
        +       "Condition": {
        +         "StringEquals": {
        +           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
        +           "aws:RequestTag/kubernetes-namespace": "web",
        +           "aws:RequestTag/kubernetes-service-account": "api"
        +         }
        +       },
        +       "Effect": "Allow",
        +       "Principal": {
        +         "Service": "pods.eks.amazonaws.com"
        +       }
              }
            ],
            "Version": "2012-10-17"
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: irsactl doctor --cluster demo web/api --role-arn arn:aws:iam::111122223333:role/pods --fix --approve   # only if web/api is meant to have this role

      17 checks hold
    [exit 1]
    "#);
    assert_snapshot!(trusting(|it| it["Condition"] = json!({})), @r#"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    note: any cluster of the account can use the role: its trust names no cluster [pod-identity-trust]
      fix: add the condition to the statement: {"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws:eks:eu-west-1:111122223333:cluster/demo","aws:RequestTag/kubernetes-namespace":"web","aws:RequestTag/kubernetes-service-account":"api"}}

      18 checks hold
    [exit 0]
    "#);
}

/// eksctl's migration, run again, appends its statement to a trust policy that names the association.
#[test]
fn an_open_statement_beside_a_narrow_one_is_told() {
    let beside = |tags_disabled: bool| {
        with(move |world| {
            let mut trust = trust();
            let open = json!({
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Principal": {"Service": "pods.eks.amazonaws.com"},
            });
            trust["Statement"]
                .as_array_mut()
                .expect("statements")
                .push(open);
            put_role(world, "pods", trust);
            association(world).session_tags_disabled = tags_disabled;
        })
    };
    assert_snapshot!(beside(false), @r#"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    warning: any association of the account can use the role: Statement[1] has no condition, and stands beside one that has [pod-identity-trust]
      fix: take Statement[1] out of the trust policy, where no other association needs it: eksctl's migration appends one at each run
      fix: add the condition to the statement: {"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws:eks:eu-west-1:111122223333:cluster/demo","aws:RequestTag/kubernetes-namespace":"web","aws:RequestTag/kubernetes-service-account":"api"}}

      18 checks hold
    [exit 0]
    "#);
    assert_snapshot!(beside(true), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    warning: any association of the account can use the role: Statement[1] has no condition, and stands beside one that has [pod-identity-trust]
      fix: take Statement[1] out of the trust policy, where no other association needs it: eksctl's migration appends one at each run
      fix: aws eks update-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f --no-disable-session-tags   # then a condition on the tags can name the association

      18 checks hold
    [exit 0]
    ");
}

/// Conditions on tags never hold for an association that sends none.
#[test]
fn without_session_tags_no_condition_on_them_is_proposed() {
    assert_snapshot!(with(|world| {
        association(world).session_tags_disabled = true;
        let mut trust = trust();
        trust["Statement"][0]["Principal"] = json!({"Service": "eks.amazonaws.com"});
        put_role(world, "pods", trust);
    }), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the trust policy of pods does not let Pod Identity in [pod-identity-trust]
      allowed to pods.eks.amazonaws.com
        wanted: sts:AssumeRole, sts:TagSession
        found:  neither
      evaluation: Statement[0]: Principal: wanted "Service eks.amazonaws.com", got "Service pods.eks.amazonaws.com"
                "Principal": {
                  "Service": "eks.amazonaws.com"
                }
        +     },
        +     {
        +       "Action": [
        +         "sts:AssumeRole",
        +         "sts:TagSession"
        +       ],
        +       "Effect": "Allow",
        +       "Principal": {
        +         "Service": "pods.eks.amazonaws.com"
        +       }
              }
            ],
            "Version": "2012-10-17"
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: irsactl doctor --cluster demo web/api --role-arn arn:aws:iam::111122223333:role/pods --fix --approve   # only if web/api is meant to have this role

      17 checks hold
    [exit 1]
    "#);
}

#[test]
fn the_role_of_an_association_must_exist() {
    assert_snapshot!(with(|world| {
        let account = world.accounts.get_mut(ACCOUNT).expect("an account");
        account.roles.remove("pods");
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: there is no role pods, which the association names [pod-identity-trust]
      association: a-c88ffc65c1c760c9f
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: create the role, or name another by its ARN: `aws eks update-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f --role-arn ARN`

      17 checks hold
    [exit 1]
    ");
}

/// A role for it would be one of IRSA.
#[test]
fn a_lost_service_account_is_made_anew_without_a_role() {
    let told = with(|world| {
        world.api("demo").delete_service_account("web", "api");
    });
    let lines: Vec<&str> = told
        .lines()
        .filter(|it| it.contains("ServiceAccount web/api") || it.contains("fix:"))
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    problem: there is no ServiceAccount web/api [service-account]
      fix: kubectl create serviceaccount api --namespace web   # in cluster demo
    ");
}

#[test]
fn a_target_role_must_let_the_first_role_in() {
    let targeted = |asked: &'static str, external: Option<&'static str>| {
        with(move |world| {
            put_role(
                world,
                "target",
                json!({"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Principal": {"AWS": ROLE},
                    "Condition": {"StringEquals": {"sts:ExternalId": asked}},
                }]}),
            );
            let association = association(world);
            association.target_role = Some("arn:aws:iam::111122223333:role/target".to_owned());
            association.external_id = external.map(str::to_owned);
            may_assume(world, "arn:aws:iam::111122223333:role/target");
        })
    };
    assert_snapshot!(targeted("one", Some("one")), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/target/eks-demo-api-6df9a67-UUID
      pods: 2
      20 checks hold
    [exit 0]
    ");
    assert_snapshot!(targeted("one", Some("two")), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the target role does not let the association's role in [pod-identity-target]
      allowed to arn:aws:iam::111122223333:role/pods
        wanted: sts:AssumeRole, sts:TagSession
        found:  neither
      external id of the association: two
      evaluation: Statement[0]: StringEquals sts:ExternalId: wanted "one", got "two"
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: let arn:aws:iam::111122223333:role/pods in by the trust policy of arn:aws:iam::111122223333:role/target, with sts:AssumeRole and sts:TagSession, where sts:ExternalId is two

      18 checks hold
    [exit 1]
    "#);
    assert_snapshot!(targeted("one", None), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the target role does not let the association's role in [pod-identity-target]
      allowed to arn:aws:iam::111122223333:role/pods
        wanted: sts:AssumeRole, sts:TagSession
        found:  neither
      external id of the association: none
      evaluation: Statement[0]: StringEquals sts:ExternalId: wanted "one", got nothing
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: let arn:aws:iam::111122223333:role/pods in by the trust policy of arn:aws:iam::111122223333:role/target, with sts:AssumeRole and sts:TagSession

      18 checks hold
    [exit 1]
    "#);
    assert_snapshot!(with(|world| {
        association(world).target_role = Some("arn:aws:iam::111122223333:role/gone".to_owned());
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: there is no target role arn:aws:iam::111122223333:role/gone [pod-identity-target]
      association: a-c88ffc65c1c760c9f
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: create the role, or name another by its ARN: `aws eks update-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f --target-role-arn ARN`

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        association(world).target_role = Some("arn:aws:iam::444455556666:role/theirs".to_owned());
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: let the association's role into arn:aws:iam::444455556666:role/theirs, and allow it sts:AssumeRole and sts:TagSession on that
      fix: irsactl verify --cluster demo web/api   # in a minute, if the role or the association was just changed
      fix: else ask the administrators of the organisation: a service or resource control policy may deny sts:AssumeRole or sts:TagSession

      18 checks hold
      unknown: pod-identity-target: it is of account 444455556666, and these credentials are of 111122223333
    [exit 1]
    ");
}

#[test]
fn session_tags_and_session_policy_must_agree() {
    assert_snapshot!(with(|world| association(world).policy = Some("{}".to_owned())), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the association has a session policy, which needs its session tags disabled [pod-identity-session]
      disableSessionTags
        wanted: true
        found:  false
      fix: aws eks update-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f --disable-session-tags

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        let mut trust = trust();
        trust["Statement"][0]["Condition"] =
            json!({"StringEquals": {"aws:RequestTag/kubernetes-namespace": "web"}});
        put_role(world, "pods", trust);
        association(world).session_tags_disabled = true;
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      pods: 2

    problem: the role asks for session tags, which the association disables [pod-identity-session]
      disableSessionTags
        wanted: false
        found:  true
      hence: EKS refuses the token of a running pod: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role. [pod-identity-accepts]
      fix: aws eks update-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f --no-disable-session-tags

      16 checks hold
    [exit 1]
    ");
}

#[test]
fn pods_where_pod_identity_does_not_serve_are_told() {
    let on = |labels: &'static [(&str, &str)]| {
        with(move |world| {
            let api = world.api("demo");
            api.put_node("elsewhere", "i-0123456789abcdef0", labels);
            change_pods(world, |pod| pod["spec"]["nodeName"] = "elsewhere".into());
        })
    };
    assert_snapshot!(on(&[("eks.amazonaws.com/compute-type", "fargate")]), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: deployment web/api: its pods run on Fargate, which Pod Identity does not serve [pod-identity-environment]
      fix: aws eks delete-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f
      fix: irsactl create iamserviceaccount --cluster demo web/api --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(on(&[("kubernetes.io/os", "windows")]), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: deployment web/api: its pods run on Windows, which Pod Identity does not serve [pod-identity-environment]
      fix: aws eks delete-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f
      fix: irsactl create iamserviceaccount --cluster demo web/api --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        change_pods(world, |pod| pod["spec"]["hostNetwork"] = true.into());
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: deployment web/api: its pods are on the node's network, which Pod Identity does not serve [pod-host-network]
      pods: api-HASH, api-HASH
      fix: aws eks delete-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f
      fix: irsactl create iamserviceaccount --cluster demo web/api --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      18 checks hold
    [exit 1]
    ");
}

#[test]
fn pods_must_have_the_variables_and_no_others() {
    let bench = before_pods(|world| world.api("demo").controllers.webhook_is_down = true);
    assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: deployment web/api: its pods were not given Pod Identity: they must be restarted [pod-identity-environment]
      AWS_CONTAINER_CREDENTIALS_FULL_URI of app
        wanted: http://169.254.170.23/v1/credentials
        found:  none
      fix: kubectl rollout restart deployment/api --namespace web   # in cluster demo

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        set_variable(world, "AWS_ROLE_ARN", ROLE);
        set_variable(world, "AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
    }), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    warning: deployment web/api: container app has the variables of web identity, which come before Pod Identity [pod-identity-environment]
      fix: take AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE out of deployment web/api's template

      18 checks hold
    [exit 0]
    ");
    assert_snapshot!(with(|world| set_variable(world, "AWS_ACCESS_KEY_ID", "AKIA")), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: deployment web/api: container app has AWS_ACCESS_KEY_ID, which comes before the role [pod-static-keys]
      pods: api-HASH, api-HASH
      fix: take AWS_ACCESS_KEY_ID out of deployment web/api's template

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        set_variable(world, "HTTP_PROXY", "http://proxy:3128");
        set_variable(world, "NO_PROXY", "10.0.0.0/8");
    }), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: deployment web/api: container app asks a proxy for the Pod Identity agent [pod-proxy]
      NO_PROXY
        wanted: 169.254.170.23
        found:  10.0.0.0/8
      proxy: http://proxy:3128
      pods: api-HASH, api-HASH
      fix: set NO_PROXY: 10.0.0.0/8,169.254.170.23,[fd00:ec2::23] in deployment web/api's template

      18 checks hold
    [exit 1]
    ");
    assert_snapshot!(with(|world| {
        set_variable(world, "HTTP_PROXY", "http://proxy:3128");
        set_variable(world, "NO_PROXY", "10.0.0.0/8,169.254.170.23");
    }), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2
      19 checks hold
    [exit 0]
    ");
}

/// What lets pods out to these blocks, and to DNS.
fn network_policy(blocks: &[Value]) -> Value {
    let to: Vec<Value> = blocks
        .iter()
        .map(|block| json!({"ipBlock": block}))
        .collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"namespace": "web", "name": "out"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [
            {"ports": [{"protocol": "UDP", "port": 53}]},
            {"to": to, "ports": [{"protocol": "TCP", "port": 80}]},
        ]},
    })
}

#[test]
fn network_policies_must_let_pods_reach_the_agent() {
    let under = |blocks: &[Value]| {
        let policy = network_policy(blocks);
        with(|world| world.api("demo").put_object(policy, "kubectl"))
    };
    assert_snapshot!(under(&[json!({"cidr": "10.0.0.0/8"})]), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    warning: deployment web/api: NetworkPolicies do not let its pods reach 169.254.170.23 (port 80) [pod-network-policy]
      NetworkPolicies: out
      not looked at: whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium and Calico; proxies within the cluster
      fix: kubectl edit networkpolicy out --namespace web   # in cluster demo; allow egress to 169.254.170.23 (port 80)

      18 checks hold
    [exit 0]
    ");
    assert_snapshot!(under(&[json!({"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]})]), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    warning: deployment web/api: NetworkPolicies do not let its pods reach 169.254.170.23 (port 80) [pod-network-policy]
      NetworkPolicies: out
      not looked at: whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium and Calico; proxies within the cluster
      fix: kubectl edit networkpolicy out --namespace web   # in cluster demo; allow egress to 169.254.170.23 (port 80)

      18 checks hold
    [exit 0]
    ");
    assert_snapshot!(under(&[json!({"cidr": "169.254.170.23/32"})]), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2
      19 checks hold
    [exit 0]
    ");
}

#[test]
fn on_ipv6_clusters_the_agent_has_another_address() {
    let of_ipv6 = |change: &dyn Fn(&mut World)| {
        let bench = before_pods(|world| {
            let network = json!({"ipFamily": "ipv6", "serviceIpv6Cidr": "fd30:1b2c::/108"});
            let extra = &mut world.clusters[0].extra;
            extra.insert("kubernetesNetworkConfig".to_owned(), network);
            world.api("demo").ipv6 = true;
        });
        change(&mut bench.sandbox.world());
        bench
    };
    let bench = of_ipv6(&|_| ());
    assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2
      19 checks hold
    [exit 0]
    ");
    bench.run("doctor --cluster demo web/api --fix --restart --approve");
    assert!(
        !bench.calls().contains("patch"),
        "healthy pods are restarted"
    );
    let under = |block: Value| {
        let policy = network_policy(&[block]);
        let change =
            move |world: &mut World| world.api("demo").put_object(policy.clone(), "kubectl");
        super::told(&doctor(&of_ipv6(&change)))
    };
    assert_snapshot!(under(json!({"cidr": "0.0.0.0/0"})), @"
    warning: deployment web/api: NetworkPolicies do not let its pods reach fd00:ec2::23 (port 80) [pod-network-policy]
      NetworkPolicies: out
      not looked at: whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium and Calico; proxies within the cluster
      fix: kubectl edit networkpolicy out --namespace web   # in cluster demo; allow egress to fd00:ec2::23 (port 80)

      18 checks hold
    [exit 0]
    ");
    assert_snapshot!(under(json!({"cidr": "::/0", "except": ["fd00:ec2::/32"]})), @"
    warning: deployment web/api: NetworkPolicies do not let its pods reach fd00:ec2::23 (port 80) [pod-network-policy]
      NetworkPolicies: out
      not looked at: whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium and Calico; proxies within the cluster
      fix: kubectl edit networkpolicy out --namespace web   # in cluster demo; allow egress to fd00:ec2::23 (port 80)

      18 checks hold
    [exit 0]
    ");
    for block in ["::/0", "fd00:ec2::23/128"] {
        assert!(
            under(json!({"cidr": block})).contains("19 checks hold"),
            "{block}"
        );
    }
    let with_proxy = |exceptions: &'static str| {
        super::told(&doctor(&of_ipv6(&|world| {
            set_variable(world, "HTTP_PROXY", "http://proxy:3128");
            set_variable(world, "NO_PROXY", exceptions);
        })))
    };
    assert_snapshot!(with_proxy("169.254.170.23"), @"
    problem: deployment web/api: container app asks a proxy for the Pod Identity agent [pod-proxy]
      NO_PROXY
        wanted: fd00:ec2::23
        found:  169.254.170.23
      proxy: http://proxy:3128
      pods: api-HASH, api-HASH
      fix: set NO_PROXY: 169.254.170.23,[fd00:ec2::23] in deployment web/api's template

      18 checks hold
    [exit 1]
    ");
    for exceptions in ["[fd00:ec2::23]", "10.0.0.0/8, fd00:ec2::23"] {
        assert!(
            with_proxy(exceptions).contains("19 checks hold"),
            "{exceptions}"
        );
    }
    let not_given = before_pods(|world| {
        let network = json!({"ipFamily": "ipv6"});
        let extra = &mut world.clusters[0].extra;
        extra.insert("kubernetesNetworkConfig".to_owned(), network);
        world.api("demo").controllers.webhook_is_down = true;
    });
    assert_snapshot!(super::told(&doctor(&not_given)), @"
    problem: deployment web/api: its pods were not given Pod Identity: they must be restarted [pod-identity-environment]
      AWS_CONTAINER_CREDENTIALS_FULL_URI of app
        wanted: http://[fd00:ec2::23]/v1/credentials
        found:  none
      fix: kubectl rollout restart deployment/api --namespace web   # in cluster demo

      18 checks hold
    [exit 1]
    ");
}

#[test]
fn fixes_carry_region_and_profile() {
    let bench = healthy();
    {
        let mut world = bench.sandbox.world();
        let annotations = [(
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/another",
        )];
        let api = world.api("demo");
        api.put_service_account("web", "api", &[], &annotations, "kubectl");
    }
    let told = bench.run("doctor --cluster demo web/api --region eu-west-1");
    let fixes = told
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("fix:"));
    assert_snapshot!(fixes.collect::<Vec<_>>().join("\n"), @"
    fix: kubectl annotate serviceaccount api --namespace web eks.amazonaws.com/role-arn-   # in cluster demo; to keep the association
    fix: aws eks delete-pod-identity-association --cluster-name demo --association-id a-c88ffc65c1c760c9f --region eu-west-1   # to keep the annotation
    ");
    let bench = healthy();
    bench.sandbox.world().clusters[0].addons.clear();
    let key = (
        "daemonsets".to_owned(),
        "kube-system".to_owned(),
        "eks-pod-identity-agent".to_owned(),
    );
    bench.sandbox.world().api("demo").objects.remove(&key);
    assert_snapshot!(bench.run("doctor --cluster demo web/api --region eu-west-1"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the Pod Identity agent does not run in the cluster [pod-identity-agent]
      add-on
        wanted: eks-pod-identity-agent
        found:  none
      fix: aws eks create-addon --cluster-name demo --addon-name eks-pod-identity-agent --region eu-west-1

      18 checks hold
    [exit 1]
    ");
}

#[test]
fn the_trust_policy_is_repaired_and_pods_get_their_role() {
    let bench = healthy();
    {
        let mut world = bench.sandbox.world();
        let mut trust = trust();
        trust["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"] =
            CLUSTER.replace("demo", "other").into();
        put_role(&mut world, "pods", trust);
    }
    // The association names the role, and only the user's word changes it.
    bench.run("doctor --cluster demo web/api --fix --approve");
    assert_eq!(super::repairs::changes(&bench), "");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/pods");
    let line = format!("doctor --cluster demo web/api --role-arn {role} --fix --approve");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2
      19 checks hold
    [stderr]
    repaired role pods
    [exit 0]
    ");
    assert_snapshot!(super::repairs::changes(&bench), @"iam UpdateAssumeRolePolicy");
}

#[test]
fn what_the_associated_role_may_do_is_asked() {
    let bench = healthy();
    assert_snapshot!(bench.run("doctor --cluster demo web/api --can s3:GetObject"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/pods, by Pod Identity association a-c88ffc65c1c760c9f
      proved: EKS accepts a pod's token: arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-6df9a67-UUID
      pods: 2

    problem: the role may not s3:GetObject [role-permissions]
      s3:GetObject
        wanted: allowed
        found:  no policy of the role allows it
      fix: irsactl update iamserviceaccount --cluster demo web/api --policy-document FILE --approve   # FILE: a policy that allows s3:GetObject

      19 checks hold
    [exit 1]
    ");
}
