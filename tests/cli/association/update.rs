//! `update podidentityassociation`: what is not named stays.

use insta::assert_snapshot;

use super::{STACK, association, by_hand, create, made, ready};
use crate::support::{ACCOUNT, Bench};

const UPDATE: &str = "update podidentityassociation web/api --cluster demo";

fn trust(bench: &Bench) -> String {
    bench.account(|account| {
        let mut roles = account.roles.values();
        let role = roles.find(|role| role.name.starts_with(&STACK[..20]));
        format!("{:#}", role.expect("the role").trust)
    })
}

#[test]
fn the_roles_policies_and_the_terms_are_changed() {
    let bench = made();
    let sqs = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    let line = format!("{UPDATE} --add-policy-arn {sqs} --disable-session-tags");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    ~ update stack eksctl-demo-podidentityrole-web-api
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
        ~ trust policy:
                    "sts:AssumeRole",
                    "sts:TagSession"
                  ],
          -       "Condition": {
          -         "StringEquals": {
          -           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
          -           "aws:RequestTag/kubernetes-namespace": "web",
          -           "aws:RequestTag/kubernetes-service-account": "api"
          -         }
          -       },
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "pods.eks.amazonaws.com"
    ~ update EKS Pod Identity association of service account web/api
        - session tags: sent
        + session tags: none
    [stderr]
    warning: the role lets in every association of the account that names it, as one without session tags needs it
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: the role lets in every association of the account that names it, as one without session tags needs it
    updated stack eksctl-demo-podidentityrole-web-api
    updated EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(association(&bench), @"eksctl-demo-podidentityrole-web-api target None tags false policy None");
    assert_snapshot!(bench.run(&format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: the role lets in every association of the account that names it, as one without session tags needs it
    [exit 0]
    ");
    bench.run(&format!("{UPDATE} --no-disable-session-tags --approve"));
    assert_snapshot!(association(&bench), @"eksctl-demo-podidentityrole-web-api target None tags true policy None");
}

#[test]
fn a_role_of_its_own_stack_stays_its_role() {
    let bench = made();
    let role = bench.sandbox.world().add_role_of_pods("other");
    assert_snapshot!(bench.run(&format!("{UPDATE} --role-arn {role} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/other
    [stderr]
    error: web/api (EKS Pod Identity): the association's role was made for it by stack "eksctl-demo-podidentityrole-web-api", and stays its role
    hint: delete the association with its role, then create it with the other: `irsactl delete podidentityassociation api --namespace web --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn a_role_without_a_stack_gives_way_to_the_named_one() {
    let bench = ready();
    let mut world = bench.sandbox.world();
    let [one, other] = ["one", "other"].map(|name| world.add_role_of_pods(name));
    world.clusters[0].add_association("web", "api", &one);
    drop(world);
    assert_snapshot!(bench.run(&format!("{UPDATE} --role-arn {other} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/other
    [stderr]
    updated EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(association(&bench), @"other target None tags true policy None");
    // Its terms can be changed without naming it.
    bench.run(&format!("{UPDATE} --disable-session-tags --approve"));
    assert_snapshot!(association(&bench), @"other target None tags false policy None");
    let sqs = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    assert_snapshot!(bench.run(&format!("{UPDATE} --add-policy-arn {sqs} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): the association's role arn:aws:iam::111122223333:role/other was made by no stack of irsactl or eksctl, so nothing of it is changed here
    hint: change it where it was made, or name another: `--role-arn ARN`
    [exit 1]
    ");
}

/// A condition on tags lets nobody in who sends none.
#[test]
fn a_role_that_asks_for_tags_is_opened_before_they_are_disabled() {
    let bench = made();
    bench.run(&format!("{UPDATE} --disable-session-tags --approve"));
    assert!(!trust(&bench).contains("RequestTag"), "{}", trust(&bench));
    // Of a role without a stack nothing is changed.
    let bench = ready();
    by_hand(&bench, "reader");
    bench.account(|account| {
        let role = account.roles.get_mut("reader").expect("the role");
        role.trust["Statement"][0]["Condition"] = serde_json::json!({
            "StringEquals": {"aws:RequestTag/kubernetes-namespace": "web"}
        });
    });
    assert_snapshot!(bench.run(&format!("{UPDATE} --disable-session-tags --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/reader
    [stderr]
    error: web/api (EKS Pod Identity): the trust policy of role arn:aws:iam::111122223333:role/reader does not let this association in
    hint: add this statement to it: `{"Action":["sts:AssumeRole","sts:TagSession"],"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"}}`
    hint: or name a role that does: `--role-arn ARN`
    [exit 1]
    "#);
}

/// EKS refuses both together, and the stack comes before the association.
#[test]
fn a_session_policy_beside_session_tags_is_refused_before_the_stack_is_touched() {
    let bench = made();
    let sqs = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    bench.calls();
    assert_snapshot!(bench.run(&format!("{UPDATE} --policy {policy} --add-policy-arn {sqs} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    error: web/api (EKS Pod Identity): a session policy is for sessions without tags, and those of this association have tags
    hint: send none, which lets any association that names the role in: `--disable-session-tags`
    [exit 1]
    ");
    assert!(!bench.calls().contains("ChangeSet"), "a stack was touched");
    bench.run(&format!(
        "{UPDATE} --policy {policy} --disable-session-tags --approve"
    ));
    bench.calls();
    assert_snapshot!(bench.run(&format!("{UPDATE} --disable-session-tags=false --add-policy-arn {sqs} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: the role lets in every association of the account that names it; `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust` lets in those that use it
    error: web/api (EKS Pod Identity): a session policy is for sessions without tags, and those of this association have tags
    hint: take the session policy away in the same run: `--no-policy`
    [exit 1]
    ");
    assert!(!bench.calls().contains("ChangeSet"), "a stack was touched");
    bench.run(&format!(
        "{UPDATE} --no-policy --no-disable-session-tags --approve"
    ));
    assert_snapshot!(association(&bench), @"eksctl-demo-podidentityrole-web-api target None tags true policy None");
}

/// Of a role that no stack made the trust policy is not changed.
#[test]
fn an_open_role_that_no_stack_made_is_told_and_not_called_restricted() {
    let bench = ready();
    by_hand(&bench, "reader");
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/reader
    [stderr]
    error: web/api (EKS Pod Identity): role arn:aws:iam::111122223333:role/reader lets in every association that names it, and irsactl does not change its trust policy: no stack of irsactl or eksctl made it
    hint: put this statement, and one like it for each other association that uses the role, in the place of the one without a condition: `{"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws:eks:eu-west-1:111122223333:cluster/demo","aws:RequestTag/kubernetes-namespace":"web","aws:RequestTag/kubernetes-service-account":"api"}},"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"}}`
    [exit 1]
    "#);
    bench.run(&format!("{UPDATE} --disable-session-tags --approve"));
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/reader
    [stderr]
    error: web/api (EKS Pod Identity): a narrower trust policy asks for session tags, and associations that use the role send none
      web/api
    hint: let it send them: `irsactl update podidentityassociation api --namespace web --cluster demo --no-disable-session-tags --approve`
    [exit 1]
    ");
}

/// Beside the statement that its template has for the association alone.
fn opened_by_hand(bench: &Bench) {
    bench.account(|account| {
        let mut roles = account.roles.values_mut();
        let role = roles.find(|role| role.name.starts_with(&STACK[..20]));
        let statements = role.expect("the role").trust["Statement"].as_array_mut();
        statements.expect("statements").push(serde_json::json!({
            "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }));
    });
}

#[test]
fn a_role_that_was_opened_by_hand_is_told_and_restricted() {
    let bench = made();
    let narrow = trust(&bench);
    opened_by_hand(&bench);
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: the role lets in every association of the account that names it; `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust` lets in those that use it
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: its role lets in every association of the account, and those of other clusters were not looked at: pods of any that use it lose it
    repaired role eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [exit 0]
    ");
    assert_eq!(trust(&bench), narrow);
    opened_by_hand(&bench);
    let repaired = bench.run(&format!("{UPDATE} --repair-drift --approve"));
    assert!(repaired.ends_with("[exit 0]\n"), "{repaired}");
    assert_eq!(trust(&bench), narrow);
}

#[test]
fn who_uses_a_role_by_what_was_added_by_hand_keeps_it() {
    let bench = made();
    opened_by_hand(&bench);
    let mut world = bench.sandbox.world();
    let role = world.clusters[0]
        .association("web", "api")
        .expect("it")
        .role
        .clone();
    world.clusters[0].add_association("jobs", "nightly", &role);
    drop(world);
    let before = trust(&bench);
    assert_snapshot!(bench.run(&format!("{UPDATE} --repair-drift --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): some that use the role are let in only by a statement that was added by hand, and lets in all
      jobs/nightly
    hint: let each of them in by a statement of its own: `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust --approve`
    [exit 1]
    ");
    assert_eq!(trust(&bench), before);
    bench.run(&format!("{UPDATE} --restrict-trust --approve"));
    let after = trust(&bench);
    assert_eq!(
        after.matches("kubernetes-service-account").count(),
        2,
        "{after}"
    );
    assert_eq!(
        after.matches("pods.eks.amazonaws.com").count(),
        2,
        "{after}"
    );
}

/// The way to what is asked for, which `--restrict-trust` leads away from.
#[test]
fn to_send_no_tags_the_hint_is_the_flag_for_it() {
    let bench = made();
    let told = bench.run(&format!("{} --disable-session-tags", create()));
    let hints: Vec<&str> = told
        .lines()
        .filter(|it| it.contains("irsactl update") || it.contains("warning"))
        .collect();
    assert_snapshot!(hints.join("\n"), @"
    warning: the role lets in every association of the account that names it, as one without session tags needs it
    hint: change the role: `irsactl update podidentityassociation api --namespace web --cluster demo --disable-session-tags`
    ");
}

#[test]
fn what_is_not_there_is_not_updated() {
    let bench = ready();
    assert_snapshot!(bench.run(&format!("{UPDATE} --disable-session-tags --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): cluster "demo" has no EKS Pod Identity association web/api to update
    hint: create it, with a policy that allows what it needs: `irsactl create podidentityassociation api --namespace web --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    "#);
}

/// As eksctl makes it: any association may use the role, and others do.
#[test]
fn an_open_role_is_restricted_to_those_that_use_it() {
    let bench = ready();
    bench.run(&format!("{} --trust-any-association --approve", create()));
    let role = bench.sandbox.world().clusters[0]
        .association("web", "api")
        .expect("it")
        .role
        .clone();
    bench.sandbox.world().clusters[0].add_association("jobs", "nightly", &role);
    assert_snapshot!(bench.run(&create()), @"
    [stderr]
    warning: the role lets in every association of the account that names it; `irsactl update podidentityassociation api --namespace web --cluster demo --restrict-trust` lets in those that use it
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: its role lets in every association of the account, and those of other clusters were not looked at: pods of any that use it lose it
    updated stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert_snapshot!(trust(&bench), @r#"
    {
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
        },
        {
          "Action": [
            "sts:AssumeRole",
            "sts:TagSession"
          ],
          "Condition": {
            "StringEquals": {
              "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
              "aws:RequestTag/kubernetes-namespace": "jobs",
              "aws:RequestTag/kubernetes-service-account": "nightly"
            }
          },
          "Effect": "Allow",
          "Principal": {
            "Service": "pods.eks.amazonaws.com"
          }
        }
      ],
      "Version": "2012-10-17"
    }
    "#);
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust")), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn who_uses_a_role_must_be_known_before_it_is_restricted() {
    let bench = ready();
    bench.run(&format!("{} --trust-any-association --approve", create()));
    bench
        .sandbox
        .fault("eks DescribePodIdentityAssociation from 2 deny");
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): role "eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY" trusts EKS Pod Identity, and whether an association uses it cannot be told: not allowed to call eks:DescribePodIdentityAssociation
    hint: allow `eks:ListPodIdentityAssociations` and `eks:DescribePodIdentityAssociation` to this identity
    [exit 1]
    "#);
    assert!(trust(&bench).contains(ACCOUNT) || !trust(&bench).contains("RequestTag"));
}

/// What asks for tags would shut out who sends none.
#[test]
fn a_role_is_not_restricted_under_those_without_tags() {
    let bench = ready();
    bench.run(&format!("{} --disable-session-tags --approve", create()));
    let before = trust(&bench);
    assert_snapshot!(bench.run(&format!("{UPDATE} --restrict-trust --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api (EKS Pod Identity): a narrower trust policy asks for session tags, and associations that use the role send none
      web/api
    hint: let it send them: `irsactl update podidentityassociation api --namespace web --cluster demo --no-disable-session-tags --approve`
    [exit 1]
    ");
    assert_eq!(trust(&bench), before);
}

#[test]
fn asked_tags_reach_the_association_and_others_stay() {
    let bench = made();
    let tags = |bench: &Bench| {
        let mut world = bench.sandbox.world();
        let found = world.clusters[0].association("web", "api").expect("it");
        let tags = found.tags.iter().filter(|(key, _)| !key.contains("eksctl"));
        let tags: Vec<String> = tags.map(|(key, value)| format!("{key}={value}")).collect();
        tags.join(" ")
    };
    let mut world = bench.sandbox.world();
    let found = world.clusters[0].association("web", "api").expect("it");
    found.tags.insert("owner".to_owned(), "me".to_owned());
    found.tags.insert("team".to_owned(), "web".to_owned());
    drop(world);
    let line = format!("{UPDATE} --tags team=data,tier=1");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    ~ update stack eksctl-demo-podidentityrole-web-api
        + tag: team=data
        + tag: tier=1
    ~ update EKS Pod Identity association of service account web/api
        - tag: team=web
        + tag: team=data
        + tag: tier=1
    [stderr]
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.calls();
    assert_snapshot!(bench.run(&format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    updated stack eksctl-demo-podidentityrole-web-api
    updated EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    let calls = bench.calls();
    assert!(
        calls.contains("eks TagResource") && !calls.contains("UpdatePodIdentity"),
        "{calls}"
    );
    assert_eq!(tags(&bench), "owner=me team=data tier=1");
    assert_snapshot!(bench.run(&format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [exit 0]
    ");
    // A role by hand has no stack that could be tagged too.
    let bench = ready();
    by_hand(&bench, "reader");
    let file = format!(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: demo, region: eu-west-1}}\n\
         iam:\n  podIdentityAssociations:\n    - {{namespace: web, serviceAccountName: api, \
         roleARN: \"arn:aws:iam::{ACCOUNT}:role/reader\", tags: {{team: data}}}}\n"
    );
    bench.file("cluster.yaml", &file);
    bench.arrange("apply -f ~/cluster.yaml --approve");
    assert_eq!(tags(&bench), "team=data");
}
