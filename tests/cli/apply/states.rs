//! Worlds of mixed states: each account is made so, repaired or refused by itself.

use insta::assert_snapshot;

use super::{APPLY, NOTHING};
use crate::file::{account, file_of};
use crate::sandbox::{Options, Pace};
use crate::support::{Bench, S3};

fn stack(account: &str) -> String {
    format!(
        "eksctl-demo-addon-iamserviceaccount-{}",
        account.replace('/', "-")
    )
}

#[test]
fn each_account_of_a_mixed_world_is_made_true() {
    let bench = Bench::with(Options {
        pace: Pace::Polls(2),
        ..Options::default()
    });
    bench.associate();
    let all = [
        "web/equal",
        "web/other",
        "web/lost",
        "web/alone",
        "web/broken",
        "web/busy",
        "web/going",
        "web/new",
    ];
    bench.applied(&["web/equal", "web/other", "web/lost", "web/alone"]);
    bench.eksctl_stack("web/broken", "ROLLBACK_COMPLETE");
    bench.eksctl_stack("web/busy", "CREATE_IN_PROGRESS");
    bench.eksctl_stack("web/going", "DELETE_IN_PROGRESS");
    let lost = bench.role_of("web/lost").to_lowercase();
    bench.account(|account| account.roles.remove(&lost).expect("a role"));
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("web", "alone");
    let accounts = all.map(|name| {
        let (namespace, name) = name.split_once('/').expect("a namespace");
        let tags = if name == "other" {
            "    tags: {Team: web}\n    maxSessionDuration: 7200\n"
        } else {
            ""
        };
        account(namespace, name) + tags
    });
    bench.file("cluster.yaml", &file_of(&accounts.concat()));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-other
        - maximum session duration: 3600 seconds
        + maximum session duration: 7200 seconds
        + tag: Team=web
    - delete stack eksctl-demo-addon-iamserviceaccount-web-lost
    + create stack eksctl-demo-addon-iamserviceaccount-web-lost
        trusted: web/lost, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ~ annotate service account web/lost
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-lost is ready
    + create service account web/alone
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-alone-Role1-A4R4X4BVG5LF
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    - delete stack eksctl-demo-addon-iamserviceaccount-web-broken
    + create stack eksctl-demo-addon-iamserviceaccount-web-broken
        trusted: web/broken, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/broken
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-broken is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
      wait for stack eksctl-demo-addon-iamserviceaccount-web-busy (CREATE_IN_PROGRESS)
      wait for stack eksctl-demo-addon-iamserviceaccount-web-going (DELETE_IN_PROGRESS)
    + create stack eksctl-demo-addon-iamserviceaccount-web-new
        trusted: web/new, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/new
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-new is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    note: web/lost: the role of stack "eksctl-demo-addon-iamserviceaccount-web-lost" was deleted outside of CloudFormation: the stack is deleted and created again
    note: web/broken: stack "eksctl-demo-addon-iamserviceaccount-web-broken" is in ROLLBACK_COMPLETE: it is deleted and created again
    plan: 6 to create, 2 to change, 2 to delete, 2 to wait for
    what follows is planned when that is over
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(APPLY), @r#"
    [stdout]
    NAMESPACE   NAME     STATUS      ROLE ARN
    web         equal    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-equal-Role1-UCWPF5XH2XHC
    web         other    updated     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-other-Role1-LTLMUYUMIP7E
    web         lost     created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-lost-Role1-2RNPBTLQPAZU
    web         alone    changed     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-alone-Role1-A4R4X4BVG5LF
    web         broken   created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-broke-Role1-ZNYE4DW4QISX
    web         busy     changed     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-busy-Role1-PQ6MQWD73WQ3
    web         going    created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-going-Role1-IOR6Q2PGROHC
    web         new      created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-new-Role1-3FCF42POQGLX
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: web/lost: the role of stack "eksctl-demo-addon-iamserviceaccount-web-lost" was deleted outside of CloudFormation: the stack is deleted and created again
    note: web/broken: stack "eksctl-demo-addon-iamserviceaccount-web-broken" is in ROLLBACK_COMPLETE: it is deleted and created again
    updated stack eksctl-demo-addon-iamserviceaccount-web-other
    deleted stack eksctl-demo-addon-iamserviceaccount-web-lost
    created stack eksctl-demo-addon-iamserviceaccount-web-lost
    annotated service account web/lost
    created service account web/alone
    deleted stack eksctl-demo-addon-iamserviceaccount-web-broken
    created stack eksctl-demo-addon-iamserviceaccount-web-broken
    created service account web/broken
    waited for stack eksctl-demo-addon-iamserviceaccount-web-busy (CREATE_IN_PROGRESS)
    waited for stack eksctl-demo-addon-iamserviceaccount-web-going (DELETE_IN_PROGRESS)
    created stack eksctl-demo-addon-iamserviceaccount-web-new
    created service account web/new
    created service account web/busy
    created stack eksctl-demo-addon-iamserviceaccount-web-going
    created service account web/going
    [exit 0]
    "#);
    bench.calls();
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
    assert_eq!(bench.changes(), "");
}

#[test]
fn what_cannot_be_mended_is_refused_and_the_rest_is_done() {
    let bench = Bench::associated();
    bench.eksctl_stack("web/stuck", "DELETE_FAILED");
    bench.create("web/taken");
    bench.sandbox.world().api("demo").put_service_account(
        "web",
        "foreign",
        &[("team", "other"), ("app.kubernetes.io/managed-by", "Helm")],
        &[(
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/other",
        )],
        "helm",
    );
    let accounts = account("web", "stuck")
        + &account("web", "taken")
        + "    roleName: Another\n"
        + &account("web", "foreign")
            .replace("namespace: web", "namespace: web, labels: {team: mine}")
        + &account("web", "missing-policy").replace(S3, "arn:aws:iam::111122223333:policy/Missing")
        + &account("web", "new");
    bench.file("cluster.yaml", &file_of(&accounts));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @r#"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-new
        trusted: web/new, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/new
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-new is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    error: web/stuck: the deletion of stack "eksctl-demo-addon-iamserviceaccount-web-stuck" failed: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)"
    hint: finish the deletion: `irsactl delete iamserviceaccount stuck --namespace web --cluster demo --region eu-west-1`
    hint: add `--detach-foreign` to it where policies were attached by hand
    error: web/taken: a role cannot be renamed or moved, it would be another role (- is there, + is asked for)
      + role name: Another
    hint: leave the role's name and path out: they stay as they are
    hint: or make the role anew, which pods then use only after a restart: `irsactl delete iamserviceaccount taken --namespace web --cluster demo --region eu-west-1`, then create it
    error: web/foreign: the ServiceAccount already has the role arn:aws:iam::111122223333:role/other
    error: web/foreign: the ServiceAccount has another value of team
      asked: mine
      found: other
    error: web/missing-policy: policy arn:aws:iam::111122223333:policy/Missing does not exist
    hint: look for its ARN: `aws iam list-policies --query 'Policies[].Arn' --region eu-west-1`
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(APPLY), @r#"
    [stdout]
    NAMESPACE   NAME             STATUS    ROLE ARN
    web         stuck            refused
    web         taken            refused
    web         foreign          refused
    web         missing-policy   refused
    web         new              created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-new-Role1-3FCF42POQGLX
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-new
    created service account web/new
    error: web/stuck: the deletion of stack "eksctl-demo-addon-iamserviceaccount-web-stuck" failed: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)"
    hint: finish the deletion: `irsactl delete iamserviceaccount stuck --namespace web --cluster demo --region eu-west-1`
    hint: add `--detach-foreign` to it where policies were attached by hand
    error: web/taken: a role cannot be renamed or moved, it would be another role (- is there, + is asked for)
      + role name: Another
    hint: leave the role's name and path out: they stay as they are
    hint: or make the role anew, which pods then use only after a restart: `irsactl delete iamserviceaccount taken --namespace web --cluster demo --region eu-west-1`, then create it
    error: web/foreign: the ServiceAccount already has the role arn:aws:iam::111122223333:role/other
    error: web/foreign: the ServiceAccount has another value of team
      asked: mine
      found: other
    error: web/missing-policy: policy arn:aws:iam::111122223333:policy/Missing does not exist
    hint: look for its ARN: `aws iam list-policies --query 'Policies[].Arn' --region eu-west-1`
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    "#);
    assert!(
        bench.stacks().contains(&stack("web/new")),
        "{}",
        bench.stacks()
    );
    let overridden = bench.run(&format!(
        "{APPLY} --override-existing-serviceaccounts --include web/foreign"
    ));
    assert_snapshot!(overridden, @"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    web         foreign   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-forei-Role1-OX2664F5CJGQ
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-foreign
    annotated service account web/foreign
    [exit 0]
    ");
}

#[test]
fn what_left_the_file_is_taken_back_and_what_others_set_stays() {
    let bench = Bench::associated();
    let labels =
        "namespace: web, labels: {team: web, tier: front}, annotations: {example.com/a: \"1\"}";
    let before = account("web", "api").replace("namespace: web", labels);
    bench.file("cluster.yaml", &file_of(&before));
    bench.arrange(APPLY);
    bench.sandbox.world().api("demo").annotate(
        "web",
        "api",
        &[("example.com/theirs", "x")],
        "kubectl",
    );
    let after =
        account("web", "api").replace("namespace: web", "namespace: web, labels: {team: sre}");
    bench.file("cluster.yaml", &file_of(&after));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stdout]
    ~ annotate service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        - label: team=web
        + label: team=sre
        - label: tier=front
        - annotation: example.com/a=1
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    annotated service account web/api
    [exit 0]
    ");
    let role = bench.role_arn();
    assert_snapshot!(bench.service_account("web", "api").replace(&role, "ROLE"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    labels: team=sre
    annotations: eks.amazonaws.com/role-arn=ROLE
    annotations: example.com/theirs=x
    ");
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
}

#[test]
fn drift_is_told_and_mended_only_when_asked() {
    let bench = Bench::associated();
    bench.applied(&["web/api", "web/worker"]);
    let role = bench.attach_by_hand("web/api");
    let told = bench.run("apply -f ~/cluster.yaml --detailed-exitcode");
    assert_snapshot!(told, @"
    [stdout]
      leave the role of web/api as it was changed by hand
        - managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
    [stderr]
    roles were changed outside of CloudFormation: `--repair-drift` undoes that
    nothing was changed
    [exit 3]
    ");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME     STATUS      ROLE ARN
    web         api      drifted     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         worker   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: web/api: its role was changed outside of CloudFormation
      - managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    ");
    assert_eq!(bench.changes(), "");
    let mended = bench.run(&format!("{APPLY} --repair-drift"));
    assert_snapshot!(mended.replace(&role, "ROLE"), @"
    [stdout]
    NAMESPACE   NAME     STATUS      ROLE ARN
    web         api      updated     arn:aws:iam::111122223333:role/ROLE
    web         worker   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    repaired role ROLE
    [exit 0]
    ");
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
}
