//! `usage`: what roles used of their permissions, as IAM tells, and the policy that would do.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Role, now};
use crate::support::{ACCOUNT, Bench};

mod many;

pub const FULL: &str = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
const DATA: &str = "arn:aws:iam::111122223333:role/data";

/// web/api with all of S3 since 400 days, of which it uses objects and lists buckets.
pub fn put_used(bench: &Bench) {
    bench.associate();
    bench.arrange(&format!(
        "create iamserviceaccount api --namespace web --cluster demo --attach-policy-arn {FULL} --approve"
    ));
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api");
    role.made(400);
    role.last_used = Some((now() - 60 * 60 * 1000, "eu-west-1".to_owned()));
    role.use_action("s3:ListAllMyBuckets", 5);
    role.use_action("s3:GetObject", 1);
    role.use_action("s3:GetBucketAcl", 120);
}

pub fn used() -> Bench {
    let bench = Bench::new();
    put_used(&bench);
    bench
}

/// The role data, by hand, with a managed and an inline policy.
pub fn put_data(bench: &Bench) {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}},
    ]});
    let mut role = Role::new("aws", ACCOUNT, "/", "data", trust);
    role.made(200);
    role.attached = vec!["arn:aws:iam::aws:policy/AmazonSQSFullAccess".to_owned()];
    let own = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sns:Publish", "sns:CreateTopic"], "Resource": "arn:aws:sns:eu-west-1:111122223333:a"},
    ]});
    role.inline = [("own".to_owned(), own)].into();
    role.use_action("sns:Publish", 2);
    bench.account(|account| account.roles.insert(role.name.clone(), role));
}

fn answer(bench: &Bench, line: &str) -> Value {
    let output = bench.command_line(&format!("{line} -o json")).output();
    let output = output.expect("irsactl runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_service_account_is_told_what_its_role_used() {
    let bench = used();
    bench.account(|account| account.report_looks = 2);
    assert_snapshot!(bench.run("usage web/api --cluster demo"), @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
    SERVICE OR ACTION           LAST USED                 ALLOWED BY
    s3                          1 day ago in eu-west-1    AmazonS3FullAccess
      s3:ListAllMyBuckets       5 days ago in eu-west-1   AmazonS3FullAccess
      11 tracked actions more   not in 90 days
      what IAM does not track   1 day ago in eu-west-1
    s3-object-lambda            not in 90 days            AmazonS3FullAccess
    [stderr]
    note: of attempts, denied ones too; up to four hours late, 400 days back; of actions only what IAM tracks
    [exit 0]
    ");
    assert_snapshot!(bench.run("usage web/api --cluster demo -o wide --since 180d --quiet"), @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
    SERVICE OR ACTION           LAST USED                   ALLOWED BY
    s3                          1 day ago in eu-west-1      AmazonS3FullAccess
      s3:CreateBucket           not in 180 days             AmazonS3FullAccess
      s3:DeleteBucket           not in 180 days             AmazonS3FullAccess
      s3:DeleteBucketPolicy     not in 180 days             AmazonS3FullAccess
      s3:GetBucketAcl           120 days ago in eu-west-1   AmazonS3FullAccess
      s3:GetBucketLocation      not in 180 days             AmazonS3FullAccess
      s3:GetBucketPolicy        not in 180 days             AmazonS3FullAccess
      s3:GetBucketVersioning    not in 180 days             AmazonS3FullAccess
      s3:ListAllMyBuckets       5 days ago in eu-west-1     AmazonS3FullAccess
      s3:PutBucketAcl           not in 180 days             AmazonS3FullAccess
      s3:PutBucketPolicy        not in 180 days             AmazonS3FullAccess
      s3:PutBucketTagging       not in 180 days             AmazonS3FullAccess
      s3:PutBucketVersioning    not in 180 days             AmazonS3FullAccess
      what IAM does not track   1 day ago in eu-west-1
    s3-object-lambda            not in 180 days             AmazonS3FullAccess
    [exit 0]
    ");
    assert_snapshot!(bench.run("usage web/api --cluster demo -o markdown --quiet"), @"
    [stdout]
    **role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old**

    | Service or action | Last used | Allowed by |
    | --- | --- | --- |
    | s3 | 1 day ago in eu-west-1 | AmazonS3FullAccess |
    | s3:ListAllMyBuckets | 5 days ago in eu-west-1 | AmazonS3FullAccess |
    | 11 tracked actions more | not in 90 days |  |
    | what IAM does not track | 1 day ago in eu-west-1 |  |
    | s3-object-lambda | not in 90 days | AmazonS3FullAccess |
    [exit 0]
    ");
    assert_snapshot!(bench.run("usage web/api --cluster demo -o name --quiet"), @"
    [stdout]
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
}

#[test]
fn a_policy_is_suggested_with_what_puts_it_in_place() {
    let bench = used();
    assert_snapshot!(bench.run("usage web/api --cluster demo --suggest --keep s3:GetObject --keep s3:PutObject --write policy.json"), @r#"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      policy:
        {
          "Statement": [
            {
              "Action": [
                "s3:ListAllMyBuckets",
                "s3:PutBucketTagging",
                "s3:GetObject",
                "s3:PutObject"
              ],
              "Effect": "Allow",
              "Resource": "*"
            }
          ],
          "Version": "2012-10-17"
        }
      what changes:
            "Statement": [
              {
                "Action": [
        -         "s3:*",
        -         "s3-object-lambda:*"
        +         "s3:ListAllMyBuckets",
        +         "s3:PutBucketTagging",
        +         "s3:GetObject",
        +         "s3:PutObject"
                ],
                "Effect": "Allow",
                "Resource": "*"
      to be known:
        s3:PutBucketTagging stays: AWS may check it as a part of other calls, which IAM does not tell
      in a config file, in the place of all other policies of the service account:
        apiVersion: eksctl.io/v1alpha5
        kind: ClusterConfig
        metadata:
          name: demo
          region: eu-west-1
        iam:
          withOIDC: true
          serviceAccounts:
            - metadata:
                name: api
                namespace: web
              attachPolicy:
                Statement:
                  - Action:
                      - s3:ListAllMyBuckets
                      - s3:PutBucketTagging
                      - s3:GetObject
                      - s3:PutObject
                    Effect: Allow
                    Resource: "*"
                Version: "2012-10-17"
      fix: irsactl update iamserviceaccount api --namespace web --cluster demo --policy-document policy.json --remove-policy-arn arn:aws:iam::aws:policy/AmazonS3FullAccess
    [stderr]
    wrote policy.json
    note: of attempts, denied ones too; up to four hours late, 400 days back; of actions only what IAM tracks
    [exit 0]
    "#);
    let again = bench.run("usage web/api --cluster demo --suggest --write policy.json");
    assert!(
        again.contains("error: cannot write \"policy.json\""),
        "{again}"
    );
    // What it says is what is done, and then there is nothing left to do.
    let told = answer(
        &bench,
        "usage web/api --cluster demo --suggest --keep s3:GetObject --keep s3:PutObject",
    );
    let commands = told["items"][0]["suggestion"]["commands"]
        .as_array()
        .expect("commands")
        .clone();
    assert_eq!(commands.len(), 2);
    let write = commands[0].as_str().expect("a command");
    let write = write.replacen("irsactl ", "", 1);
    let written = bench.run(&write);
    assert!(written.contains("wrote eksctl-demo-"), "{write}: {written}");
    let line = commands[1]
        .as_str()
        .expect("a command")
        .replacen("irsactl ", "", 1);
    let done = bench.run(&format!("{line} --approve"));
    assert!(done.contains("[exit 0]"), "{done}");
    assert!(bench.sandbox.world().role_of("web/api").attached.is_empty());
    assert_snapshot!(bench.run("usage web/api --cluster demo --suggest --keep s3:GetObject --keep s3:PutObject --quiet"), @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      no policy is suggested: there is nothing to take away: s3:PutBucketTagging stays: AWS may check it as a part of other calls, which IAM does not tell
    [exit 0]
    ");
    // Its config file is one that is read.
    let file = told["items"][0]["suggestion"]["configFile"]
        .as_str()
        .expect("a file");
    bench.file("entry.yaml", file);
    assert_snapshot!(bench.run("apply -f ~/entry.yaml"), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn without_a_word_on_what_is_not_tracked_patterns_stay_and_the_rest_is_denied() {
    let bench = used();
    assert_snapshot!(bench.run("usage web/api --cluster demo --suggest --quiet"), @r#"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      policy:
        {
          "Statement": [
            {
              "Action": [
                "s3:*"
              ],
              "Effect": "Allow",
              "Resource": "*"
            },
            {
              "Action": [
                "s3:CreateBucket",
                "s3:DeleteBucket",
                "s3:DeleteBucketPolicy",
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketPolicy",
                "s3:GetBucketVersioning",
                "s3:PutBucketAcl",
                "s3:PutBucketPolicy",
                "s3:PutBucketVersioning"
              ],
              "Effect": "Deny",
              "Resource": "*",
              "Sid": "UnusedActions"
            }
          ],
          "Version": "2012-10-17"
        }
      what changes:
            "Statement": [
              {
                "Action": [
        -         "s3:*",
        -         "s3-object-lambda:*"
        +         "s3:*"
                ],
                "Effect": "Allow",
                "Resource": "*"
        +     },
        +     {
        +       "Action": [
        +         "s3:CreateBucket",
        +         "s3:DeleteBucket",
        +         "s3:DeleteBucketPolicy",
        +         "s3:GetBucketAcl",
        +         "s3:GetBucketLocation",
        +         "s3:GetBucketPolicy",
        +         "s3:GetBucketVersioning",
        +         "s3:PutBucketAcl",
        +         "s3:PutBucketPolicy",
        +         "s3:PutBucketVersioning"
        +       ],
        +       "Effect": "Deny",
        +       "Resource": "*",
        +       "Sid": "UnusedActions"
              }
            ],
            "Version": "2012-10-17"
      to be known:
        s3:* stays: IAM does not track all that it allows; name what is needed of s3 with --keep to cut it down
      in a config file, in the place of all other policies of the service account:
        apiVersion: eksctl.io/v1alpha5
        kind: ClusterConfig
        metadata:
          name: demo
          region: eu-west-1
        iam:
          withOIDC: true
          serviceAccounts:
            - metadata:
                name: api
                namespace: web
              attachPolicy:
                Statement:
                  - Action:
                      - "s3:*"
                    Effect: Allow
                    Resource: "*"
                  - Action:
                      - s3:CreateBucket
                      - s3:DeleteBucket
                      - s3:DeleteBucketPolicy
                      - s3:GetBucketAcl
                      - s3:GetBucketLocation
                      - s3:GetBucketPolicy
                      - s3:GetBucketVersioning
                      - s3:PutBucketAcl
                      - s3:PutBucketPolicy
                      - s3:PutBucketVersioning
                    Effect: Deny
                    Resource: "*"
                    Sid: UnusedActions
                Version: "2012-10-17"
      fix: irsactl usage --role-arn arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU --since 90d --suggest --write eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU.json && irsactl update iamserviceaccount api --namespace web --cluster demo --policy-document eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU.json --remove-policy-arn arn:aws:iam::aws:policy/AmazonS3FullAccess
    [exit 0]
    "#);
}

#[test]
fn a_role_by_hand_is_told_by_its_arn() {
    let bench = Bench::new();
    put_data(&bench);
    assert_snapshot!(bench.run(&format!("usage --role-arn {DATA}")), @"
    [stdout]
    role data, 200 days old
    SERVICE OR ACTION           LAST USED                 ALLOWED BY
    sns                         2 days ago in eu-west-1   inline policy own
      1 tracked action more     not in 90 days
      what IAM does not track   2 days ago in eu-west-1
    sqs                         not in 90 days            AmazonSQSFullAccess
    [stderr]
    note: of attempts, denied ones too; up to four hours late, 400 days back; of actions only what IAM tracks
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("usage --role-arn {DATA} --suggest --region eu-west-1")), @r#"
    [stdout]
    role data, 200 days old
      policy:
        {
          "Statement": [
            {
              "Action": [
                "sns:Publish"
              ],
              "Effect": "Allow",
              "Resource": "arn:aws:sns:eu-west-1:111122223333:a"
            }
          ],
          "Version": "2012-10-17"
        }
      what changes:
            "Statement": [
              {
                "Action": [
        -         "sqs:*"
        -       ],
        -       "Effect": "Allow",
        -       "Resource": "*"
        -     },
        -     {
        -       "Action": [
        -         "sns:Publish",
        -         "sns:CreateTopic"
        +         "sns:Publish"
                ],
                "Effect": "Allow",
                "Resource": "arn:aws:sns:eu-west-1:111122223333:a"
      fix: irsactl usage --role-arn arn:aws:iam::111122223333:role/data --since 90d --suggest --write data.json --region eu-west-1 && aws iam put-role-policy --role-name data --policy-name UsedPermissions --policy-document file://data.json --region eu-west-1 && aws iam detach-role-policy --role-name data --policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess --region eu-west-1 && aws iam delete-role-policy --role-name data --policy-name own --region eu-west-1
    [stderr]
    note: of attempts, denied ones too; up to four hours late, 400 days back; of actions only what IAM tracks
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("usage --role-arn {DATA}x")), @"
    [stderr]
    error: there is no role arn:aws:iam::111122223333:role/datax
    hint: list the roles that clusters' tokens are let into: `irsactl trust list --all`
    [exit 1]
    ");
}

#[test]
fn all_of_a_cluster_have_their_roles_by_annotation_or_association() {
    let bench = used();
    put_data(&bench);
    bench.account(|account| account.roles.get_mut("data").expect("data").made(10));
    {
        let mut world = bench.sandbox.world();
        let elsewhere = [(
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::444455556666:role/other",
        )];
        let api = world.api("demo");
        api.apply_service_account("web", "far", &[], &elsewhere, "helm");
        let gone = [(
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/gone",
        )];
        api.apply_service_account("web", "lost", &[], &gone, "helm");
        world.clusters[0].add_association("web", "queue", DATA);
        world.clusters[0].add_association("web", "api", DATA);
    }
    assert_snapshot!(bench.run("usage --cluster demo --all"), @"
    [stdout]
    role data of web/api, web/queue, 10 days old
      note: it was made 10 days ago: what it does not use is not called unused before 90 days
    SERVICE OR ACTION           LAST USED                 ALLOWED BY
    sns                         2 days ago in eu-west-1   inline policy own
      1 tracked action more     not yet
      what IAM does not track   2 days ago in eu-west-1
    sqs                         not yet                   AmazonSQSFullAccess

    role gone of web/lost
      note: there is no such role

    role other of web/far
      note: it cannot be looked at: it is of account 444455556666, and these credentials are of 111122223333
    [stderr]
    note: of attempts, denied ones too; up to four hours late, 400 days back; of actions only what IAM tracks
    [exit 1]
    ");
    let bare = bench.run("usage default/default --cluster demo");
    assert_snapshot!(bare, @r#"
    [stderr]
    error: cluster "demo" has no IAM service account "default" in namespace "default"
    hint: list all of them: `irsactl get iamserviceaccount --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn the_role_of_an_association_is_changed_by_the_association() {
    let bench = Bench::new();
    bench.sandbox.world().clusters[0].add_addon("eks-pod-identity-agent");
    bench.arrange(&format!(
        "create podidentityassociation web/queue --cluster demo --attach-policy-arn {FULL} --approve"
    ));
    bench.account(|account| {
        let role = account.roles.values_mut().next().expect("a role");
        role.made(200);
        role.use_action("s3:GetObject", 3);
        role.use_action("s3-object-lambda:GetObject", 91);
    });
    let line = "usage web/queue --cluster demo --suggest --keep s3:GetObject";
    let told = answer(&bench, &format!("{line} --write queue.json"));
    let suggestion = &told["items"][0]["suggestion"];
    let file = suggestion["configFile"].as_str().expect("a file");
    assert!(!file.contains("createServiceAccount"), "{file}");
    let command = suggestion["commands"][0].as_str().expect("a command");
    assert_eq!(
        command,
        format!(
            "irsactl update podidentityassociation queue --namespace web --cluster demo \
             --policy-document queue.json --remove-policy-arn {FULL}"
        )
    );
    let done = bench.run(&format!("{} --approve", &command["irsactl ".len()..]));
    assert!(done.contains("[exit 0]"), "{done}");
    let again = bench.run(&format!("{line} --quiet"));
    assert!(again.contains("there is nothing to take away"), "{again}");
}

#[test]
fn reports_of_several_pages_are_read_to_their_end() {
    let bench = used();
    bench.account(|account| {
        let role = account.roles.values_mut().next().expect("a role");
        role.attached
            .push("arn:aws:iam::aws:policy/PowerUserAccess".to_owned());
    });
    bench.sandbox.world().page_size = 1;
    let told = answer(&bench, "usage web/api --cluster demo");
    let services = told["items"][0]["services"].as_array().expect("services");
    let names: Vec<&str> = services
        .iter()
        .filter_map(|it| it["service"].as_str())
        .collect();
    assert_eq!(names, ["dynamodb", "ec2", "s3", "s3-object-lambda", "sqs"]);
}

#[test]
fn what_iam_does_not_tell_is_not_called_unused() {
    let bench = used();
    let run = || bench.run("usage web/api --cluster demo --quiet");
    let fail = |failure: Option<(&str, &str)>| {
        let failure = failure.map(|(code, message)| (code.to_owned(), message.to_owned()));
        bench.sandbox.world().role_of("web/api").report_failure = failure;
    };
    fail(Some(("InternalError", "try again")));
    assert_snapshot!(run(), @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      note: its use is not known: IAM could not make the report on it: InternalError: try again
    [exit 1]
    ");
    let suggested = bench.run("usage web/api --cluster demo --suggest --quiet");
    assert_snapshot!(suggested, @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      note: its use is not known: IAM could not make the report on it: InternalError: try again
      no policy is suggested: IAM could not make the report on it: InternalError: try again
    [exit 1]
    ");
    fail(None);
    bench
        .sandbox
        .fault("iam GenerateServiceLastAccessedDetails times 1 deny");
    assert_snapshot!(run(), @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      note: its use is not known: not allowed to call iam:GenerateServiceLastAccessedDetails: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GenerateServiceLastAccessedDetails because no identity-based policy allows the iam:GenerateServiceLastAccessedDetails action
    [exit 1]
    ");
    bench
        .sandbox
        .fault("iam GetServiceLastAccessedDetails times 1 deny");
    assert_snapshot!(run(), @"
    [stdout]
    role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU of web/api, 400 days old
      note: its use is not known: not allowed to call iam:GetServiceLastAccessedDetails: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetServiceLastAccessedDetails because no identity-based policy allows the iam:GetServiceLastAccessedDetails action
    [exit 1]
    ");
}

#[test]
fn wrong_flags_are_told() {
    let bench = Bench::new();
    let lines = [
        "usage",
        "usage web/api",
        "usage --cluster demo",
        "usage api --cluster demo",
        "usage --all --role-arn arn:aws:iam::111122223333:role/a",
        "usage --cluster demo --all --since 500d",
        "usage --cluster demo --all --keep s3:GetObject",
        "usage --cluster demo --all --suggest --keep s3:*",
        "usage --cluster dema --all",
        "usage --cluster demo --all",
    ];
    let told: Vec<String> = lines
        .iter()
        .map(|line| format!("{line}\n{}", bench.run(line)))
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    usage
    [stderr]
    error: say which roles: NAMESPACE/NAME or `--all` of a `--cluster`, or `--role-arn`
    hint: see `--help`
    [exit 2]

    usage web/api
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl usage --cluster <CLUSTER> <NAMESPACE/NAME>...

    For more information, try '--help'.
    [exit 2]

    usage --cluster demo
    [stderr]
    error: say which roles: NAMESPACE/NAME or `--all` of a `--cluster`, or `--role-arn`
    hint: see `--help`
    [exit 2]

    usage api --cluster demo
    [stderr]
    error: NAMESPACE/NAME "api": "api" is no `namespace/name`
    hint: see `--help`
    [exit 2]

    usage --all --role-arn arn:aws:iam::111122223333:role/a
    [stderr]
    error: the argument '--all' cannot be used with '--role-arn <ARN>'

    Usage: irsactl usage --cluster <CLUSTER> --all [NAMESPACE/NAME]...

    For more information, try '--help'.
    [exit 2]

    usage --cluster demo --all --since 500d
    [stderr]
    error: invalid value '500d' for '--since <DAYS>': whole days are wanted, from `1d` to `400d`: IAM knows of no more

    For more information, try '--help'.
    [exit 2]

    usage --cluster demo --all --keep s3:GetObject
    [stderr]
    error: the following required arguments were not provided:
      --suggest

    Usage: irsactl usage --cluster <CLUSTER> --suggest --all --keep <ACTION> [NAMESPACE/NAME]...

    For more information, try '--help'.
    [exit 2]

    usage --cluster demo --all --suggest --keep s3:*
    [stderr]
    error: invalid value 's3:*' for '--keep <ACTION>': an action is wanted, as s3:GetObject, without wildcards

    For more information, try '--help'.
    [exit 2]

    usage --cluster dema --all
    [stderr]
    error: there is no EKS cluster "dema" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dema" is looked for in one only
    [exit 1]

    usage --cluster demo --all
    [stderr]
    no service account has a role
    [exit 0]
    "#);
    let two = "usage --role-arn arn:aws:iam::111122223333:role/a --role-arn arn:aws:iam::111122223333:role/b --suggest --write x.json";
    assert_snapshot!(bench.run(two), @"
    [stderr]
    error: --write is for the policy of one role: name one service account, or its role
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn doctor_warns_of_what_was_not_used_only_when_it_is_asked() {
    let bench = used();
    bench.run("doctor --cluster demo web/api");
    let asked = bench
        .sandbox
        .count("iam GenerateServiceLastAccessedDetails");
    assert_eq!(asked.calls, 0);
    let told = bench.run("doctor --cluster demo web/api --usage");
    let from = told.find("warning: the role may").expect("the warning");
    assert_snapshot!(&told[from..], @"
    warning: the role may use 1 service and 10 actions that it did not use in 90 days [role-usage]
      s3-object-lambda: allowed by AmazonS3FullAccess
      s3: CreateBucket, DeleteBucket, DeleteBucketPolicy, GetBucketAcl, GetBucketLocation, GetBucketPolicy and 4 more
      fix: irsactl usage web/api --cluster demo --suggest

    note: the policy arn:aws:iam::aws:policy/AmazonS3FullAccess allows a whole service on all resources [role-policies]
      Statement[0]: s3:*

    note: the policy arn:aws:iam::aws:policy/AmazonS3FullAccess allows a whole service on all resources [role-policies]
      Statement[0]: s3-object-lambda:*

      21 checks hold
    [exit 0]
    ");
    let strict = bench.run("doctor --cluster demo web/api --usage --strict");
    assert!(strict.ends_with("[exit 1]\n"), "{strict}");
    // As long back it is all used that IAM tracks, but for what never was.
    bench.sandbox.world().role_of("web/api").made(10);
    let young = bench.run("doctor --cluster demo web/api --usage --strict");
    assert!(!young.contains("may use"), "{young}");
    assert!(young.ends_with("[exit 0]\n"), "{young}");
    let denied = {
        bench
            .sandbox
            .fault("iam GenerateServiceLastAccessedDetails deny");
        bench.run("doctor --cluster demo web/api --usage")
    };
    assert!(
        denied.contains(
            "unknown: role-usage: not allowed to call iam:GenerateServiceLastAccessedDetails"
        ),
        "{denied}"
    );
}

/// What is pasted for one role must not put another's policy there, nor take anything away where a step fails.
#[test]
fn the_commands_of_two_roles_name_two_files_and_stop_where_one_fails() {
    let bench = used();
    let role = bench.role_arn();
    put_data(&bench);
    let told = bench.run(&format!(
        "usage --role-arn {role} --role-arn {DATA} --suggest --quiet"
    ));
    let fixes: Vec<&str> = told
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("fix: "))
        .collect();
    assert_eq!(fixes.len(), 2, "{told}");
    let files: Vec<&str> = fixes
        .iter()
        .filter_map(|fix| fix.split_once("--write ")?.1.split(' ').next())
        .collect();
    assert!(files.len() == 2 && files[0] != files[1], "{files:?}");
    for (fix, file) in fixes.iter().zip(files) {
        let steps: Vec<&str> = fix.split(" && ").collect();
        assert!(steps.len() > 1 && steps[1].contains(file), "{fix}");
    }
}

#[test]
fn why_nothing_is_suggested_is_told() {
    let bench = Bench::associated();
    put_data(&bench);
    let policy = |actions: Value| {
        let mut statement = json!({"Effect": "Allow", "Resource": "*"});
        let elements = statement.as_object_mut().expect("a statement");
        elements.extend(actions.as_object().expect("elements").clone());
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        bench.account(|account| {
            let role = account.roles.get_mut("data").expect("the role");
            role.attached.clear();
            role.inline = [("own".to_owned(), document)].into();
        });
    };
    let why = |flags: &str| {
        let told = bench.run(&format!("usage --role-arn {DATA} --suggest --quiet{flags}"));
        let why = told.lines().find(|line| line.contains("no policy"));
        why.unwrap_or(&told).trim_start().to_owned()
    };
    policy(json!({"NotAction": "iam:*"}));
    let all_but = why("");
    policy(json!({"Action": "s3:PutObject"}));
    let kept = why(" --keep s3:GetObject");
    assert_snapshot!([all_but, kept].join("\n"), @"
    no policy is suggested: there is nothing to take away: a statement of inline policy own allows all but some actions (NotAction), and stays as it is
    no policy is suggested: with --keep nothing that is allowed is left: s3:GetObject is not allowed today, and so is not added
    ");
}
