//! What is found, and what `create` makes of it: a test for each row of that table.

use insta::assert_snapshot;
use serde_json::json;

use super::{
    CREATE, ROLE_ANNOTATION, STACK, add_eksctl_stack, add_stack, assert_settled, changed,
    put_eksctl_service_account, run_unchanging, slow,
};
use crate::sandbox::{Role, World};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const OTHER_ROLE: &str = "arn:aws:iam::111122223333:role/other";

/// A ready stack of eksctl's and its service account: all as `CREATE` asks.
fn made_by_eksctl() -> (Bench, String) {
    let bench = Bench::associated();
    let role = add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "CREATE_COMPLETE",
    );
    put_eksctl_service_account(&bench, "default", "s3-reader", &role);
    (bench, role)
}

#[test]
fn nothing_there_everything_is_made() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn all_as_asked_is_unchanged() {
    let (bench, _) = made_by_eksctl();
    assert_snapshot!(run_unchanging(&bench, CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

#[test]
fn other_managed_policies_are_refused() {
    let bench = Bench::associated();
    let template = changed(&bench, "managed-policy", |template| {
        template["Resources"]["Role1"]["Properties"]["ManagedPolicyArns"] =
            json!(["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]);
    });
    let role = add_stack(&bench, &template, "default/s3-reader", "CREATE_COMPLETE");
    put_eksctl_service_account(&bench, "default", "s3-reader", &role);
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not as asked (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    hint: change the role: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --remove-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess`
    [exit 1]
    "#);
}

#[test]
fn other_inline_policies_are_refused() {
    let bench = Bench::associated();
    let role = add_eksctl_stack(
        &bench,
        "inline-policy",
        "default/s3-reader",
        "CREATE_COMPLETE",
    );
    put_eksctl_service_account(&bench, "default", "s3-reader", &role);
    bench.file(
        "policy.json",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Put*","Resource":"*"}]}"#,
    );
    let line = "create iamserviceaccount s3-reader --cluster demo --policy-document ~/policy.json --approve";
    assert_snapshot!(run_unchanging(&bench, line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not as asked (- is there, + is asked for)
      ~ inline policy Policy1:
          {
            "Statement": [
              {
        -       "Action": "s3:Get*",
        +       "Action": "s3:Put*",
                "Effect": "Allow",
                "Resource": "*"
              }
    hint: change the role: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --policy-document FILE`
    [exit 1]
    "#);
}

#[test]
fn an_inline_policy_that_means_the_same_is_the_same() {
    let bench = Bench::associated();
    let role = add_eksctl_stack(
        &bench,
        "inline-policy",
        "default/s3-reader",
        "CREATE_COMPLETE",
    );
    put_eksctl_service_account(&bench, "default", "s3-reader", &role);
    bench.file(
        "policy.json",
        r#"{"Statement":{"Resource":["*"],"Action":"s3:Get*","Effect":"Allow"},"Version":"2012-10-17"}"#,
    );
    assert_settled(
        &bench,
        "create iamserviceaccount s3-reader --cluster demo --policy-document ~/policy.json --approve",
    );
}

#[test]
fn another_boundary_is_refused() {
    let (bench, _) = made_by_eksctl();
    let line = format!("{CREATE} --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not as asked (- is there, + is asked for)
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
    hint: change the role: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess`
    [exit 1]
    "#);
}

#[test]
fn a_trust_policy_edited_by_hand_is_refused() {
    let (bench, _) = made_by_eksctl();
    bench.account(|account| {
        let role = account.roles.values_mut().next().expect("the role");
        let text = role
            .trust
            .to_string()
            .replace("default:s3-reader", "default:*");
        role.trust = serde_json::from_str(&text).expect("a trust policy");
    });
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was changed by hand (- is there, + is asked for)
      ~ trust policy:
                "Condition": {
                  "StringEquals": {
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
                  }
                },
                "Effect": "Allow",
    hint: undo that: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --repair-drift --approve`
    [exit 1]
    "#);
}

#[test]
fn a_trust_policy_in_another_form_is_the_same() {
    let (bench, _) = made_by_eksctl();
    bench.account(|account| {
        let role = account.roles.values_mut().next().expect("the role");
        let action = &mut role.trust["Statement"][0]["Action"];
        assert!(action.is_array());
        *action = json!("sts:AssumeRoleWithWebIdentity");
    });
    assert_settled(&bench, CREATE);
}

#[test]
fn other_tags_are_refused() {
    let (bench, _) = made_by_eksctl();
    let line = format!("{CREATE} --tags team=payments");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not as asked (- is there, + is asked for)
      + tag: team=payments
    hint: change the role: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --tags team=payments`
    [exit 1]
    "#);
}

#[test]
fn other_role_settings_are_refused_one_by_one() {
    let (bench, _) = made_by_eksctl();
    let line = format!(
        "{CREATE} --role-name reader --role-path /team/ --max-session-duration 7200 --subject-pattern s3-*"
    );
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not as asked (- is there, + is asked for)
      + role name: reader
      - role path: /
      + role path: /team/
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      ~ trust policy:
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                  "StringEquals": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
        +         },
        +         "StringLike": {
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                  }
                },
                "Effect": "Allow",
    hint: change the role: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --max-session-duration 7200 --subject-pattern 's3-*' --audience sts.amazonaws.com`
    [exit 1]
    "#);
}

#[test]
fn a_role_of_the_old_issuer_is_refused() {
    let (bench, _) = made_by_eksctl();
    bench.sandbox.world().clusters[0].issuer = Some(
        "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF".to_owned(),
    );
    bench.associate();
    assert_snapshot!(run_unchanging(&bench, CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: its role trusts another issuer, as if the cluster had been made again under its old name
      role trusts: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      cluster has: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF
    hint: let it trust the present one: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --approve`
    [exit 1]
    ");
}

#[test]
fn a_role_whose_trust_cannot_be_read_is_judged_by_its_template() {
    let (bench, _) = made_by_eksctl();
    bench.sandbox.fault("iam GetRole deny");
    assert_snapshot!(run_unchanging(&bench, CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: cannot read the role's trust policy, the template's is compared: not allowed to call iam:GetRole: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetRole because no identity-based policy allows the iam:GetRole action
    [exit 0]
    ");
}

#[test]
fn a_role_deleted_by_hand_is_told() {
    let (bench, _) = made_by_eksctl();
    bench.account(|account| account.roles.clear());
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was deleted outside of CloudFormation
    hint: make the role anew: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo`, then create it
    hint: or describe it in a file: `irsactl apply -f FILE` does both
    [exit 1]
    "#);
}

#[test]
fn what_the_hint_for_a_deleted_role_says_mends_it() {
    let (bench, _) = made_by_eksctl();
    bench.account(|account| account.roles.clear());
    assert_snapshot!(
        bench.run("delete iamserviceaccount s3-reader --namespace default --cluster demo"),
        @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    "
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn a_creation_that_was_rolled_back_is_replaced() {
    let bench = Bench::associated();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "ROLLBACK_COMPLETE",
    );
    assert_snapshot!(bench.run(&CREATE.replace("--approve", "--dry-run")), @r#"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    + create stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        trusted: default/s3-reader, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account default/s3-reader
        role: known when stack eksctl-demo-addon-iamserviceaccount-default-s3-reader is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: default, made where it is missing
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in ROLLBACK_COMPLETE: it is deleted and created again
    plan: 2 to create, 0 to change, 1 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in ROLLBACK_COMPLETE: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    "#);
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn every_broken_stack_is_replaced() {
    for status in [
        "ROLLBACK_COMPLETE",
        "CREATE_FAILED",
        "ROLLBACK_FAILED",
        "REVIEW_IN_PROGRESS",
    ] {
        let bench = Bench::associated();
        add_eksctl_stack(&bench, "managed-policy", "default/s3-reader", status);
        let told = bench.run(CREATE);
        let wanted = format!(
            "note: stack \"{STACK}\" is in {status}: it is deleted and created again\ndeleted stack {STACK}\ncreated stack {STACK}\ncreated service account default/s3-reader\n[exit 0]\n"
        );
        assert!(told.ends_with(&wanted), "{status}: {told}");
        assert_eq!(
            bench.stacks(),
            format!("{STACK} CREATE_COMPLETE\n"),
            "{status}"
        );
        assert_settled(&bench, CREATE);
    }
}

#[test]
fn a_failed_deletion_is_refused_with_its_first_reason() {
    let bench = Bench::associated();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "DELETE_FAILED",
    );
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the deletion of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)"
    hint: finish the deletion: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo`
    hint: add `--detach-foreign` to it where policies were attached by hand
    [exit 1]
    "#);
}

#[test]
fn a_failed_update_is_refused() {
    let bench = Bench::associated();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "UPDATE_ROLLBACK_FAILED",
    );
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: an update of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed (UPDATE_ROLLBACK_FAILED): CloudFormation gives no reason
    hint: finish the roll-back: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --approve`
    [exit 1]
    "#);
}

#[test]
fn a_rolled_back_update_counts_as_ready() {
    let bench = Bench::associated();
    let role = add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "UPDATE_ROLLBACK_COMPLETE",
    );
    put_eksctl_service_account(&bench, "default", "s3-reader", &role);
    assert_settled(&bench, CREATE);
}

#[test]
fn a_creation_under_way_is_waited_for() {
    let bench = slow();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "CREATE_IN_PROGRESS",
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    created service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.changes(), "kubernetes apply serviceaccounts\n");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn an_operation_under_way_is_shown_in_the_plan() {
    let bench = slow();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "CREATE_IN_PROGRESS",
    );
    assert_snapshot!(bench.run(&CREATE.replace("--approve", "--detailed-exitcode")), @"
    [stdout]
      wait for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    [stderr]
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    what follows is planned when that is over
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_eq!(bench.changes(), "");
}

#[test]
fn a_creation_under_way_that_fails_is_replaced() {
    let bench = slow();
    let template = changed(&bench, "managed-policy", |template| {
        template["Resources"]["Role1"]["Properties"]["ManagedPolicyArns"] =
            json!(["arn:aws:iam::aws:policy/NotThere"]);
    });
    add_stack(&bench, &template, "default/s3-reader", "CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    note: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in ROLLBACK_COMPLETE: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    "#);
    assert_settled(&bench, CREATE);
}

#[test]
fn a_deletion_under_way_is_waited_for_and_created_anew() {
    let bench = slow();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "DELETE_IN_PROGRESS",
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (DELETE_IN_PROGRESS)
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn a_wait_ends_with_the_timeout() {
    let bench = Bench::associated();
    add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "ROLLBACK_IN_PROGRESS",
    );
    let line = format!("{CREATE} --timeout 5s");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: the operation of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" did not end within 5s
    hint: what was begun goes on by itself: the same command again goes on from there; `--timeout 1h` waits longer
    [exit 1]
    "#);
}

#[test]
fn a_stack_name_that_is_taken_gives_way_to_a_hashed_one() {
    let bench = Bench::associated();
    let create = |name: &str| {
        format!("create iamserviceaccount {name} --cluster demo --attach-policy-arn {S3} --approve")
    };
    assert_snapshot!(bench.run(&create("a-b/c")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    a-b         c      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-a-b-c-Role1-DFTALLEHR3HQ
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-a-b-c
    created service account a-b/c
    [exit 0]
    ");
    assert_snapshot!(bench.run(&create("a/b-c")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    a           b-c    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-a-b-c-846-Role1-KXT2GWTVJROT
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c
    created service account a/b-c
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-a-b-c: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-a-b-c-846-Role1-KXT2GWTVJROT
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-a-b-c-Role1-DFTALLEHR3HQ
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    namespace a
    namespace a-b
    service account a/b-c
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-a-b-c-846-Role1-KXT2GWTVJROT
    service account a-b/c
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-a-b-c-Role1-DFTALLEHR3HQ
    ");
    assert_settled(&bench, &create("a-b/c"));
    assert_settled(&bench, &create("a/b-c"));
}

#[test]
fn a_hashed_stack_is_found_after_the_other_left_the_name() {
    let bench = Bench::associated();
    let create = |name: &str| {
        format!("create iamserviceaccount {name} --cluster demo --attach-policy-arn {S3} --approve")
    };
    bench.run(&create("a-b/c"));
    bench.run(&create("a/b-c"));
    let told = bench.run("delete iamserviceaccount a-b/c --cluster demo");
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_settled(&bench, &create("a/b-c"));
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c CREATE_COMPLETE");
}

#[test]
fn names_that_cloudformation_refuses_get_a_hashed_stack() {
    let bench = Bench::associated();
    let create = |name: &str| {
        format!("create iamserviceaccount {name} --cluster demo --attach-policy-arn {S3} --approve")
    };
    let long = "very-".repeat(20) + "long";
    for name in ["web.api", &long] {
        let told = bench.run(&create(name));
        assert!(told.ends_with("[exit 0]\n"), "{told}");
        assert_settled(&bench, &create(name));
    }
    assert_snapshot!(bench.stacks(), @"
    eksctl-demo-addon-iamserviceaccount-default-web-api-a38e175d CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-default-very-very-very-very-very-very-very-very-very-very-very-very-very-very-very-8def3c24 CREATE_COMPLETE
    ");
}

#[test]
fn a_missing_service_account_is_made_again() {
    let (bench, _) = made_by_eksctl();
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("default", "s3-reader");
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn a_missing_namespace_is_made_first() {
    let bench = Bench::associated();
    let line = format!("{CREATE} --namespace web");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    web         s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-s3-re-Role1-DUMGTVOUJWSC
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-s3-reader
    created service account web/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-web-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-s3-re-Role1-DUMGTVOUJWSC
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    namespace web
    service account web/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-s3-re-Role1-DUMGTVOUJWSC
    ");
    assert_settled(&bench, &line);
}

#[test]
fn a_service_account_without_the_annotation_gets_it_and_keeps_the_rest() {
    let (bench, _) = made_by_eksctl();
    bench.sandbox.world().api("demo").put_service_account(
        "default",
        "s3-reader",
        &[("app", "reader")],
        &[("owner", "payments")],
        "kubectl-client-side-apply",
    );
    let line = format!("{CREATE} --labels tier=backend");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    annotated service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app=reader
      label tier=backend
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      annotation owner=payments
    ");
    assert_settled(&bench, &line);
}

#[test]
fn a_service_account_of_helm_stays_helms() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_service_account(
        "default",
        "s3-reader",
        &[("app.kubernetes.io/managed-by", "Helm")],
        &[("meta.helm.sh/release-name", "reader")],
        "helm",
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    annotated service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    annotations: meta.helm.sh/release-name=reader
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn a_service_account_with_another_role_is_refused() {
    let (bench, _) = made_by_eksctl();
    put_eksctl_service_account(&bench, "default", "s3-reader", OTHER_ROLE);
    assert_snapshot!(run_unchanging(&bench, CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: default/s3-reader: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      found: arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
}

#[test]
fn a_service_account_with_another_role_is_refused_before_a_stack_is_made() {
    let bench = Bench::associated();
    put_eksctl_service_account(&bench, "default", "s3-reader", OTHER_ROLE);
    assert_snapshot!(run_unchanging(&bench, CREATE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the ServiceAccount already has the role arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
}

#[test]
fn another_role_is_replaced_on_request() {
    let (bench, _) = made_by_eksctl();
    put_eksctl_service_account(&bench, "default", "s3-reader", OTHER_ROLE);
    let line = format!("{CREATE} --override-existing-serviceaccounts");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    annotated service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_settled(&bench, CREATE);
}

#[test]
fn a_label_with_another_value_is_refused_and_replaced_on_request() {
    let (bench, role) = made_by_eksctl();
    bench.sandbox.world().api("demo").put_service_account(
        "default",
        "s3-reader",
        &[("tier", "frontend")],
        &[(ROLE_ANNOTATION, &role)],
        "helm",
    );
    let line = format!("{CREATE} --labels tier=backend");
    assert_snapshot!(run_unchanging(&bench, &line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: default/s3-reader: the ServiceAccount has another value of tier
      asked: backend
      found: frontend
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{line} --override-existing-serviceaccounts")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    annotated service account default/s3-reader
    [exit 0]
    ");
    assert_settled(&bench, &line);
}

#[test]
fn what_irsactl_applied_itself_it_changes_without_being_told_twice() {
    let bench = Bench::associated();
    bench.run(&format!(
        "{CREATE} --labels tier=frontend --annotations owner=web"
    ));
    let line = format!("{CREATE} --labels tier=backend");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    annotated service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    labels: tier=backend
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    annotations: owner=web
    ");
    assert_settled(&bench, &line);
}

/// Server-side apply tells who shares a field; only what was asked for goes over that.
#[test]
fn a_label_that_another_tool_applies_too_is_not_taken_by_force() {
    let bench = Bench::associated();
    bench.run(&format!("{CREATE} --labels tier=frontend"));
    let labels = [("tier", "frontend")];
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.apply_service_account("default", "s3-reader", &labels, &[], "argocd");
    drop(world);
    let line = format!("{CREATE} --labels tier=backend");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: cannot apply service account default/s3-reader: other tools own the same fields: Apply failed with 1 conflict: conflict with "argocd": .metadata.labels.tier
    hint: take the fields over by adding `--override-existing-serviceaccounts`
    [exit 1]
    "#);
    let object = bench.service_account("default", "s3-reader");
    assert!(object.contains("tier=frontend"), "{object}");
    bench.arrange(&format!("{line} --override-existing-serviceaccounts"));
    let object = bench.service_account("default", "s3-reader");
    assert!(object.contains("tier=backend"), "{object}");
}

#[test]
fn a_policy_attached_to_the_role_by_hand_does_not_disturb() {
    let (bench, _) = made_by_eksctl();
    bench.account(|account| {
        let role = account
            .roles
            .values()
            .next()
            .expect("the role")
            .name
            .clone();
        let attached =
            account.attach_policy(&role, "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess");
        attached.expect("attached");
    });
    assert_settled(&bench, CREATE);
}

#[test]
fn a_stack_whose_template_is_foreign_is_refused() {
    let bench = Bench::associated();
    let template = changed(&bench, "managed-policy", |template| {
        let role = template["Resources"]["Role1"].take();
        template["Resources"] = json!({ "Reader": role });
        template["Outputs"] = json!({});
    });
    add_stack(&bench, &template, "default/s3-reader", "CREATE_COMPLETE");
    assert_snapshot!(run_unchanging(&bench, CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the template of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not one of eksctl or irsactl, so it cannot be compared
    hint: look at it: `aws cloudformation get-template --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

#[test]
fn a_stack_deleted_while_it_was_created_is_told() {
    let bench = slow();
    let delete = |world: &mut World| {
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        "DELETE_COMPLETE".clone_into(&mut stack.status);
        stack.deleted = Some(0);
    };
    bench
        .sandbox
        .before("cloudformation DescribeStacks", 3, delete);
    assert_snapshot!(bench.run(CREATE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_COMPLETE: User Initiated
    hint: mend the cause and run the same command again: a failed stack is replaced
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

#[test]
fn a_role_made_by_hand_under_the_asked_name_is_not_taken_over() {
    let bench = Bench::associated();
    bench.account(|account| {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
        let role = Role::new("aws", "111122223333", "/team/", "Reader", trust);
        account.create_role(role).expect("a role");
    });
    let line = format!("{CREATE} --role-name reader");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role name "reader" is taken by arn:aws:iam::111122223333:role/team/Reader
    hint: choose another `--role-name`, or leave it out
    hint: or use that role as it is: `--attach-role-arn arn:aws:iam::111122223333:role/team/Reader`
    [exit 1]
    "#);
}
