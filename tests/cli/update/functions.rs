//! Policies with values that only CloudFormation can work out: these cannot be compared, which is said;
//! all around them can, and nothing that was changed by hand hides behind them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::drift::{APPLY, UPDATE_FILE};
use super::{ADMINISTRATOR, POWER, STACK, UPDATE, by_hand, file, run_unchanging};
use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const POLICY: &str = r#"{Version: "2012-10-17", Statement: [
        {Effect: Allow, Action: "s3:GetObject", Resource: ["arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", "arn:aws:s3:::logs/*"]},
        {Effect: Deny, Action: "s3:*", Resource: {"Fn::Sub": "arn:aws:s3:::${AWS::StackName}/*"}}]}"#;

/// default/s3-reader with such a policy, as a file asks for it.
fn made() -> Bench {
    let bench = Bench::associated();
    file(
        &bench,
        &[
            &format!("attachPolicyARNs: [\"{S3}\"]"),
            &format!("attachPolicy: {POLICY}"),
        ],
    );
    bench.arrange(&format!("{APPLY} --approve"));
    bench
}

fn statements(role: &mut Role) -> &mut Vec<Value> {
    let document = role.inline.get_mut(&format!("{STACK}-Policy1"));
    let statements = document.expect("the policy")["Statement"].as_array_mut();
    statements.expect("a list")
}

#[test]
fn what_cannot_be_compared_is_never_said_to_be_as_asked() {
    let bench = made();
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --detailed-exitcode")), @r#"
    [stderr]
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    nothing to do
    [exit 3]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    [exit 0]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} -o markdown")), @r#"
    [stdout]
    **Plan: nothing to do**

    - **unknown**: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement&#91;0&#93;.Resource&#91;0&#93;&#58; only CloudFormation can work out "arn:aws:s3:&#58;&#58;&#123;&#123;resolve:ssm:/team/bucket&#125;&#125;/&#42;", the role has "arn:aws:s3:&#58;&#58;bucket/&#42;"
    - **unknown**: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement&#91;1&#93;.Resource: only CloudFormation can work out &#123;"Fn:&#58;Sub"&#58;"arn:aws:s3:&#58;&#58;&#36;&#123;AWS:&#58;StackName&#125;/&#42;"&#125;, the role has "arn:aws:s3:&#58;&#58;eksctl-demo-addon-iamserviceaccount-default-s3-reader/&#42;"
    [stderr]
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    nothing to do
    [exit 0]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 0,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": []
            },
            {
                "target": {
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [],
                "unknown": [
                    "cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out \"arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*\", the role has \"arn:aws:s3:::bucket/*\"",
                    "cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {\"Fn::Sub\":\"arn:aws:s3:::${AWS::StackName}/*\"}, the role has \"arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*\""
                ],
                "role": {
                    "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK"
                }
            }
        ]
    }
    [stderr]
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    nothing to do
    [exit 0]
    "#);
    for line in [
        UPDATE,
        UPDATE_FILE,
        "create iamserviceaccount -f ~/cluster.yaml",
        &format!("{APPLY} --repair-drift"),
    ] {
        let told = run_unchanging(&bench, &format!("{line} --detailed-exitcode"));
        assert!(told.contains("at Statement[0].Resource[0]"), "{told}");
        assert!(told.contains("at Statement[1].Resource"), "{told}");
        assert!(!told.contains("as asked"), "{told}");
        assert!(told.ends_with("[exit 3]\n"), "{told}");
    }
    let told = bench.run("doctor default/s3-reader --cluster demo");
    assert!(told.contains("only CloudFormation can work out"), "{told}");
    assert!(!told.contains("as its stack made it"), "{told}");
}

/// Each is seen by every command that looks at drift.
#[test]
fn no_change_by_hand_hides_behind_a_function() {
    let bench = made();
    let changes: [fn(&mut Role); 8] = [
        |role| statements(role)[0]["Action"] = json!("*"),
        |role| statements(role)[0]["Resource"] = json!("*"),
        |role| statements(role)[0]["Resource"][0] = json!("*"),
        |role| statements(role)[0]["Resource"][0] = json!("arn:aws:s3:::bucket/*/*?"),
        |role| {
            let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            statements(role).push(everything);
        },
        |role| {
            statements(role).pop();
        },
        |role| statements(role)[1]["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}}),
        |role| role.inline.clear(),
    ];
    let mut whole = None;
    for change in changes {
        by_hand(&bench, |role| {
            let whole = whole.get_or_insert_with(|| role.inline.clone());
            role.inline.clone_from(whole);
            change(role);
        });
        for line in [APPLY, UPDATE_FILE, UPDATE] {
            let told = run_unchanging(
                &bench,
                &format!("{line} --repair-drift --detailed-exitcode"),
            );
            assert!(told.contains("inline policy Policy1:"), "{told}");
            assert!(told.ends_with("[exit 3]\n"), "{told}");
        }
        let told = run_unchanging(&bench, &format!("{APPLY} --approve"));
        assert!(told.contains("changed outside of CloudFormation"), "{told}");
        assert!(told.ends_with("[exit 1]\n"), "{told}");
        let told = bench.run("doctor default/s3-reader --cluster demo");
        assert!(told.contains("was changed by hand"), "{told}");
    }
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --repair-drift --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   drifted   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    warning: what only CloudFormation can work out cannot be put back by calls to IAM: change it in the stack (take an inline policy out by `update` with `--remove-inline-policy NAME`, then put it in again)
    error: default/s3-reader: its role was changed outside of CloudFormation
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":["arn:aws:s3:::logs/*","arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*"]}
      + inline policy Policy1: {"Action":"s3:*","Effect":"Deny","Resource":{"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}}
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    "#);
}

#[test]
fn a_change_by_hand_is_shown_without_what_is_unknown() {
    let bench = made();
    by_hand(&bench, |role| statements(role)[0]["Action"] = json!("*"));
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --repair-drift --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   drifted   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    warning: default/s3-reader: what only CloudFormation can work out cannot be put back by calls to IAM: change it in the stack (take an inline policy out by `update` with `--remove-inline-policy NAME`, then put it in again)
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    error: default/s3-reader: its role was changed outside of CloudFormation
      ~ inline policy Policy1:
          {
            "Statement": [
              {
        -       "Action": "*",
        +       "Action": "s3:*",
        +       "Effect": "Deny",
        +       "Resource": "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
        +     },
        +     {
        +       "Action": "s3:GetObject",
                "Effect": "Allow",
                "Resource": [
                  "arn:aws:s3:::bucket/*",
                  "arn:aws:s3:::logs/*"
                ]
        -     },
        -     {
        -       "Action": "s3:*",
        -       "Effect": "Deny",
        -       "Resource": "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
              }
            ],
            "Version": "2012-10-17"
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    "#);
    let told = run_unchanging(
        &bench,
        "create iamserviceaccount -f ~/cluster.yaml --approve",
    );
    assert_snapshot!(told, @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: default/s3-reader: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was changed by hand (- is there, + is asked for)
      ~ inline policy Policy1:
          {
            "Statement": [
              {
        -       "Action": "*",
        +       "Action": "s3:*",
        +       "Effect": "Deny",
        +       "Resource": "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
        +     },
        +     {
        +       "Action": "s3:GetObject",
                "Effect": "Allow",
                "Resource": [
                  "arn:aws:s3:::bucket/*",
                  "arn:aws:s3:::logs/*"
                ]
        -     },
        -     {
        -       "Action": "s3:*",
        -       "Effect": "Deny",
        -       "Resource": "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
              }
            ],
            "Version": "2012-10-17"
    hint: undo that: `irsactl update iamserviceaccount s3-reader --namespace default --cluster demo --repair-drift --approve --region eu-west-1`
    [exit 1]
    "#);
}

/// A template that somebody wrote, with functions wherever the role can have them.
#[test]
fn functions_all_over_a_template_are_not_undone() {
    let bench = made();
    let boundary: &str = &format!("arn:aws:iam::111122223333:policy/{STACK}");
    {
        let mut world = bench.sandbox.world();
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        let mut body: Value = serde_json::from_str(&stack.template).expect("JSON");
        let role = &mut body["Resources"]["Role1"]["Properties"];
        role["PermissionsBoundary"] =
            json!({"Fn::Sub": "arn:aws:iam::111122223333:policy/${AWS::StackName}"});
        role["ManagedPolicyArns"] = json!([S3, {"Fn::Join": ["", ["arn:aws:iam::111122223333:policy/", {"Ref": "AWS::StackName"}]]}]);
        let trusted = json!({"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${AWS::StackName}"}}});
        let statements = role["AssumeRolePolicyDocument"]["Statement"].as_array_mut();
        statements.expect("a list").push(trusted);
        stack.template = body.to_string();
    }
    by_hand(&bench, |role| {
        role.boundary = Some(boundary.to_owned());
        role.attached.push(boundary.to_owned());
        let trusted = json!({"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": format!("arn:aws:iam::111122223333:role/{STACK}")}});
        let statements = role.trust["Statement"].as_array_mut();
        statements.expect("a list").push(trusted);
    });
    let told = run_unchanging(
        &bench,
        &format!("{UPDATE} --repair-drift --detailed-exitcode"),
    );
    assert_snapshot!(told, @r#"
    [stderr]
    note: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    note: cannot tell whether the trust policy was changed by hand at Statement[1].Principal.AWS: only CloudFormation can work out {"Fn::Sub":"arn:aws:iam::${AWS::AccountId}:role/${AWS::StackName}"}, the role has "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s3-reader"
    note: cannot tell whether the permissions boundary was changed by hand: only CloudFormation can work out {"Fn::Sub":"arn:aws:iam::111122223333:policy/${AWS::StackName}"}, the role has "arn:aws:iam::111122223333:policy/eksctl-demo-addon-iamserviceaccount-default-s3-reader"
    note: cannot tell whether a managed policy was changed by hand: only CloudFormation can work out {"Fn::Join":["",["arn:aws:iam::111122223333:policy/",{"Ref":"AWS::StackName"}]]}, the role has "arn:aws:iam::111122223333:policy/eksctl-demo-addon-iamserviceaccount-default-s3-reader"
    nothing to do
    [exit 3]
    "#);
    by_hand(&bench, |role| {
        role.boundary = Some(POWER.to_owned());
        role.attached.push(ADMINISTRATOR.to_owned());
        role.trust["Statement"][1]["Action"] = json!("sts:*");
    });
    assert_snapshot!(bench.run(&format!("{UPDATE} --repair-drift")), @r#"
    [stdout]
    ~ repair role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
      leave the role of default/s3-reader as it was changed by hand
        - permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        + permissions boundary: {"Fn::Sub":"arn:aws:iam::111122223333:policy/${AWS::StackName}"}
        ~ trust policy:
            {
              "Statement": [
                {
          -       "Action": "sts:*",
          +       "Action": "sts:AssumeRole",
                  "Effect": "Allow",
                  "Principal": {
                    "AWS": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s3-reader"
    [stderr]
    warning: what only CloudFormation can work out cannot be put back by calls to IAM: change it in the stack (take an inline policy out by `update` with `--remove-inline-policy NAME`, then put it in again)
    note: cannot tell whether inline policy Policy1 was changed by hand at Statement[0].Resource[0]: only CloudFormation can work out "arn:aws:s3:::{{resolve:ssm:/team/bucket}}/*", the role has "arn:aws:s3:::bucket/*"
    note: cannot tell whether inline policy Policy1 was changed by hand at Statement[1].Resource: only CloudFormation can work out {"Fn::Sub":"arn:aws:s3:::${AWS::StackName}/*"}, the role has "arn:aws:s3:::eksctl-demo-addon-iamserviceaccount-default-s3-reader/*"
    note: cannot tell whether the trust policy was changed by hand at Statement[1].Principal.AWS: only CloudFormation can work out {"Fn::Sub":"arn:aws:iam::${AWS::AccountId}:role/${AWS::StackName}"}, the role has "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s3-reader"
    note: cannot tell whether a managed policy was changed by hand: only CloudFormation can work out {"Fn::Join":["",["arn:aws:iam::111122223333:policy/",{"Ref":"AWS::StackName"}]]}, the role has "arn:aws:iam::111122223333:policy/eksctl-demo-addon-iamserviceaccount-default-s3-reader"
    plan: 0 to create, 1 to change, 0 to delete
    roles were changed outside of CloudFormation: `--repair-drift` undoes that
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}
