//! `create podidentityassociation`: a row of its table each.

use insta::assert_snapshot;
use serde_json::json;

use super::{AGENT, STACK, association, by_hand, calls_of, create, made, owned, ready};
use crate::support::{ACCOUNT, Bench, S3};

#[test]
fn the_plan_is_what_is_carried_out() {
    let bench = ready();
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_eq!(association(&bench), "none");
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(association(&bench), @"eksctl-demo-podidentityrole-web-api target None tags true policy None");
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [exit 0]
    ");
}

/// As eksctl's but for the condition: the template and the tags, and what the association is tagged with.
#[test]
fn the_stack_and_its_tags_are_eksctls() {
    let bench = made();
    let body = bench.account(|account| {
        let mut stacks = account.stacks.iter();
        let stack = stacks.find(|stack| stack.name == STACK).expect("the stack");
        let body: serde_json::Value = serde_json::from_str(&stack.template).expect("JSON");
        format!("{body:#}\n{:#?}", stack.tags)
    });
    assert_snapshot!(body, @r#"
    {
      "AWSTemplateFormatVersion": "2010-09-09",
      "Description": "IAM role for pod identity association [created and managed by eksctl]",
      "Outputs": {
        "Role1": {
          "Value": {
            "Fn::GetAtt": [
              "Role1",
              "Arn"
            ]
          }
        }
      },
      "Resources": {
        "Role1": {
          "Properties": {
            "AssumeRolePolicyDocument": {
              "Statement": [
                {
                  "Action": [
                    "sts:AssumeRole",
                    "sts:TagSession"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
                      "aws:RequestTag/kubernetes-namespace": "web",
                      "aws:RequestTag/kubernetes-service-account": "api"
                    }
                  },
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "pods.eks.amazonaws.com"
                  }
                }
              ],
              "Version": "2012-10-17"
            },
            "ManagedPolicyArns": [
              "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
            ]
          },
          "Type": "AWS::IAM::Role"
        }
      }
    }
    {
        "alpha.eksctl.io/cluster-name": "demo",
        "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0",
        "alpha.eksctl.io/podidentityassociation-name": "web/api",
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo",
    }
    "#);
    let tags = bench.sandbox.world().clusters[0]
        .association("web", "api")
        .map(|found| found.tags.clone());
    assert_snapshot!(format!("{tags:#?}"), @r#"
    Some(
        {
            "alpha.eksctl.io/cluster-name": "demo",
            "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0",
            "alpha.eksctl.io/podidentityassociation-name": "web/api",
            "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo",
        },
    )
    "#);
}

#[test]
fn a_ready_cluster_is_asked_five_things_before_the_stack_is_made() {
    let bench = ready();
    assert_snapshot!(calls_of(&bench, &format!("{} --approve", create())), @"
    cloudformation DescribeStacks
    eks DescribeAddon
    eks DescribeCluster
    eks ListPodIdentityAssociations
    iam GetPolicy
    kubernetes list pods
    cloudformation CreateStack
    eks CreatePodIdentityAssociation
    ");
}

#[test]
fn the_agent_is_asked_for_installed_or_built_in() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): cluster "demo" has no EKS Pod Identity Agent, so no pod of it would get a role
    hint: install it: `aws eks create-addon --cluster-name demo --addon-name eks-pod-identity-agent`
    hint: or add `--install-agent` to this command
    [exit 1]
    "#);
    assert_eq!(association(&bench), "none");
    assert_snapshot!(bench.run(&format!("{} --install-agent --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    ADD-ON                               STATUS
    the EKS Pod Identity Agent of demo   created
    [stderr]
    installed add-on eks-pod-identity-agent in cluster demo
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    // EKS Auto Mode has it.
    let bench = Bench::new();
    bench.sandbox.world().clusters[0]
        .extra
        .insert("computeConfig".to_owned(), json!({"enabled": true}));
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn an_agent_that_is_not_ready_is_a_warning() {
    let bench = Bench::new();
    bench.sandbox.world().clusters[0].add_addon(AGENT).status = "CREATING".to_owned();
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    warning: the add-on eks-pod-identity-agent is CREATING: pods get no role from the association until it is ACTIVE
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn an_agent_that_fails_ends_it_before_anything_else() {
    let bench = Bench::new();
    bench.sandbox.world().addon_outcome = "CREATE_FAILED".to_owned();
    assert_snapshot!(bench.run(&format!("{} --install-agent --approve", create())), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    skipped
    ADD-ON                               STATUS
    the EKS Pod Identity Agent of demo   failed
    [stderr]
    skipped 1: without its agent no pod would get a role
    error: the add-on eks-pod-identity-agent of cluster "demo" is CREATE_FAILED
    hint: look at it: `aws eks describe-addon --cluster-name demo --addon-name eks-pod-identity-agent`
    [exit 1]
    "#);
    assert_eq!(bench.stacks(), "");
}

#[test]
fn another_role_is_replaced_only_where_that_is_asked_for() {
    let bench = ready();
    by_hand(&bench, "other");
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): the association already has the role arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing` to `create podidentityassociation`, which takes a file too
    hint: or keep that role: `irsactl create podidentityassociation api --namespace web --cluster demo --role-arn arn:aws:iam::111122223333:role/other`
    [exit 1]
    ");
    assert_eq!(bench.stacks(), "");
    assert_snapshot!(bench.run(&format!("{} --override-existing --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    updated EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(association(&bench), @"eksctl-demo-podidentityrole-web-api target None tags true policy None");
}

#[test]
fn an_association_by_hand_with_the_role_is_taken_as_it_is() {
    let bench = ready();
    let role = by_hand(&bench, "reader");
    let line = format!("create pia api -n web --cluster demo --role-arn {role} --approve");
    bench.calls();
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/reader
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
}

#[test]
fn an_existing_role_must_let_the_association_in() {
    let bench = ready();
    let role = bench.sandbox.world().add_role_of_pods("node");
    bench.account(|account| {
        let role = account.roles.get_mut("node").expect("the role");
        role.trust["Statement"][0]["Principal"] = json!({"Service": "ec2.amazonaws.com"});
    });
    let line = format!("create pia web/api --cluster demo --role-arn {role} --approve");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/node
    [stderr]
    error: web/api (EKS Pod Identity): the trust policy of role arn:aws:iam::111122223333:role/node does not let this association in
    hint: add this statement to it: `{"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws:eks:eu-west-1:111122223333:cluster/demo","aws:RequestTag/kubernetes-namespace":"web","aws:RequestTag/kubernetes-service-account":"api"}},"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"}}`
    hint: or leave `--role-arn` out: a role of its own is made
    [exit 1]
    "#);
    let missing = line.replace("role/node", "role/nobody");
    assert_snapshot!(bench.run(&missing), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/nobody
    [stderr]
    error: web/api (EKS Pod Identity): role arn:aws:iam::111122223333:role/nobody does not exist
    hint: look for its ARN: `aws iam list-roles --query 'Roles[].Arn'`
    [exit 1]
    ");
    let foreign = line.replace(ACCOUNT, "444455556666");
    assert_snapshot!(bench.run(&foreign), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::444455556666:role/node
    [stderr]
    note: role arn:aws:iam::444455556666:role/node is of another account: whether it exists and trusts this cluster cannot be seen from here
    error: web/api (EKS Pod Identity): role arn:aws:iam::444455556666:role/node is of another account than the cluster's, 111122223333: an association cannot name it
    hint: let a role of the cluster's account assume it for the pods: with `{"Statement":[{"Action":["sts:AssumeRole","sts:TagSession"],"Effect":"Allow","Resource":"arn:aws:iam::444455556666:role/node"}],"Version":"2012-10-17"}` in assume.json, `irsactl create podidentityassociation api --namespace web --cluster demo --policy-document assume.json --target-role-arn arn:aws:iam::444455556666:role/node`
    [exit 1]
    "#);
    assert_eq!(association(&bench), "none");
}

#[test]
fn a_role_of_another_account_is_the_target() {
    let bench = ready();
    let target = "arn:aws:iam::444455556666:role/data";
    bench.run(&format!(
        "{} --target-role-arn {target} --approve",
        create()
    ));
    assert_snapshot!(association(&bench), @r#"eksctl-demo-podidentityrole-web-api target Some("arn:aws:iam::444455556666:role/data") tags true policy None"#);
    // What differs beside the role is told, with the flags that change it.
    assert_snapshot!(bench.run(&create()), @"
    [stderr]
    error: web/api (EKS Pod Identity): the association is not as asked (- is there, + is asked for)
      - target role: arn:aws:iam::444455556666:role/data
    hint: change it: `irsactl update podidentityassociation api --namespace web --cluster demo --no-target-role --approve`
    [exit 1]
    ");
}

/// Whose ARN nobody knows, and `update` makes none.
#[test]
fn a_role_that_is_yet_to_be_made_is_no_flag_of_the_change() {
    let bench = ready();
    by_hand(&bench, "reader");
    let line = format!(
        "{} --target-role-arn arn:aws:iam::444455556666:role/data --tags \"note=a=b\" --override-existing",
        create()
    );
    assert_snapshot!(bench.run(&line), @r#"
    [stderr]
    error: web/api (EKS Pod Identity): the association is not as asked (- is there, + is asked for)
      - role: arn:aws:iam::111122223333:role/reader
      + role: that of stack eksctl-demo-podidentityrole-web-api
      + target role: arn:aws:iam::444455556666:role/data
      + tag: note=a=b
    hint: change it: `irsactl update podidentityassociation api --namespace web --cluster demo --target-role-arn arn:aws:iam::444455556666:role/data --tags '"note=a=b"' --approve`
    hint: then run the same command again
    [exit 1]
    "#);
}

#[test]
fn what_an_addon_owns_is_changed_there() {
    let bench = ready();
    owned(&bench);
    assert_snapshot!(bench.run(&format!("{} --override-existing --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): the association belongs to the add-on vpc-cni, which would put it back
    hint: change it there: `aws eks update-addon --cluster-name demo --addon-name vpc-cni --pod-identity-associations serviceAccount=api,roleArn=ARN`
    [exit 1]
    ");
}

#[test]
fn a_service_account_is_made_where_that_is_asked_for() {
    let bench = ready();
    bench.run(&format!("{} --create-service-account --approve", create()));
    assert_snapshot!(bench.service_account("web", "api"), @"labels: app.kubernetes.io/managed-by=eksctl");
}

#[test]
fn without_session_tags_the_role_lets_in_every_association() {
    let bench = ready();
    assert_snapshot!(bench.run(&format!("{} --disable-session-tags --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(association(&bench), @"eksctl-demo-podidentityrole-web-api target None tags false policy None");
}

#[test]
fn what_cannot_be_is_told_before_any_call() {
    let bench = ready();
    bench.calls();
    let line = format!("create pia api --cluster demo --attach-policy-arn {S3}");
    assert_snapshot!(bench.run(&line), @"
    [stderr]
    error: --namespace must be set, or NAME be NAMESPACE/NAME
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run("create pia web/api --cluster demo"), @"
    [stderr]
    error: one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set
    hint: see `--help`
    [exit 2]
    ");
    let session = r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
    let words = [
        "create",
        "pia",
        "web/api",
        "--cluster",
        "demo",
        "--attach-policy-arn",
        S3,
        "--policy",
        session,
    ];
    assert_snapshot!(bench.run_words(words, ""), @"
    [stderr]
    error: --policy is for sessions without tags: --disable-session-tags must be `true`
    hint: see `--help`
    [exit 2]
    ");
    let both = format!("{} --role-arn arn:aws:iam::{ACCOUNT}:role/r", create());
    assert_snapshot!(bench.run(&both), @"
    [stderr]
    error: the argument '--attach-policy-arn <ARN>' cannot be used with '--attach-role-arn <ARN>'

    Usage: irsactl create podidentityassociation --cluster <CLUSTER> --attach-policy-arn <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

/// Whatever code EKS gives it, rights are no question.
#[test]
fn that_eks_takes_no_role_of_another_account_is_told_with_the_way_around() {
    let told = |code: &str| {
        let bench = ready();
        let role = bench.sandbox.world().add_role_of_pods("node");
        bench.befall(
            "eks CreatePodIdentityAssociation",
            &format!("error {code} Cross-account pass role is not allowed."),
        );
        let line = format!(
            "create podidentityassociation web/api --cluster demo --role-arn {role} --approve"
        );
        bench.run(&line)
    };
    let denied = told("403 AccessDeniedException");
    assert_snapshot!(denied, @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/node
    [stderr]
    error: EKS refuses to associate web/api with arn:aws:iam::111122223333:role/node: Cross-account pass role is not allowed.
    hint: let a role of the cluster's account assume it for the pods: with `{"Statement":[{"Action":["sts:AssumeRole","sts:TagSession"],"Effect":"Allow","Resource":"arn:aws:iam::111122223333:role/node"}],"Version":"2012-10-17"}` in assume.json, `irsactl create podidentityassociation api --namespace web --cluster demo --policy-document assume.json --target-role-arn arn:aws:iam::111122223333:role/node`
    [exit 1]
    "#);
    assert_eq!(told("400 InvalidParameterException"), denied);
}

/// What the hint says is pasted.
#[test]
fn the_way_around_leads_to_an_association_with_a_target() {
    let bench = ready();
    let foreign = "arn:aws:iam::444455556666:role/data";
    let told = bench.run(&format!(
        "create podidentityassociation web/api --cluster demo --role-arn {foreign} --approve"
    ));
    let quoted: Vec<&str> = told.split('`').collect();
    let [_, policy, _, command, _] = quoted[..] else {
        panic!("{told}");
    };
    bench.file("assume.json", policy);
    let command = command.strip_prefix("irsactl ").expect("a command");
    let command = command.replace("assume.json", "~/assume.json");
    bench.arrange(&format!("{command} --approve"));
    assert_snapshot!(association(&bench), @r#"eksctl-demo-podidentityrole-web-api target Some("arn:aws:iam::444455556666:role/data") tags true policy None"#);
}

#[test]
fn tags_beside_a_role_are_those_of_the_association() {
    let bench = ready();
    let role = bench.sandbox.world().add_role_of_pods("reader");
    let tags = format!("--role-arn {role} --tags team=web --approve");
    bench.arrange(&format!(
        "create podidentityassociation web/api --cluster demo {tags}"
    ));
    let mut world = bench.sandbox.world();
    let found = world.clusters[0].association("web", "api").expect("it");
    assert_eq!(found.tags["team"], "web");
    drop(world);
    let refused = bench.run(&format!(
        "create iamserviceaccount web/api --cluster demo {tags}"
    ));
    assert!(refused.ends_with("[exit 2]\n"), "{refused}");
}
