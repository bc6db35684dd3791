//! Input that cannot be carried out is refused before anything is changed.

use insta::assert_snapshot;

use super::{SQS, UPDATE, reader, rich, run_unchanging};
use crate::support::{Bench, S3};

/// A document of about that many characters.
fn long_document(length: usize) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{}"}}]}}"#,
        "a".repeat(length)
    )
}

#[test]
fn a_policy_that_does_not_exist_is_refused() {
    let bench = reader();
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --add-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcess --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: default/s3-reader: policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcess does not exist
    hint: did you mean `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`?
    hint: look for its ARN: `aws iam list-policies --query 'Policies[].Arn'`
    [exit 1]
    ");
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --permissions-boundary arn:aws:iam::444455556666:policy/theirs --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: default/s3-reader: policy arn:aws:iam::444455556666:policy/theirs is of another account than the cluster's, 111122223333
    hint: create a policy with the same document in the cluster's account
    [exit 1]
    ");
}

#[test]
fn more_managed_policies_than_the_quota_are_refused() {
    let bench = rich();
    let more: Vec<String> = [
        "SQSFullAccess",
        "SNSFullAccess",
        "SSMFullAccess",
        "DynamoDBFullAccess",
        "S3FullAccess",
        "RDSReadOnlyAccess",
        "Route53FullAccess",
        "EC2ReadOnlyAccess",
    ]
    .iter()
    .map(|name| format!("arn:aws:iam::aws:policy/Amazon{name}"))
    .collect();
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --add-policy-arn {} --approve", more.join(","))), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: default/s3-reader: the number of managed policies is 11, this account allows 10
    hint: ask for less, or raise the quota of IAM in Service Quotas
    [exit 1]
    ");
    // One goes, so that there is a place.
    let line = format!(
        "{UPDATE} --add-policy-arn {} --remove-policy-arn {S3}",
        more.join(",")
    );
    super::planned_and_done(&bench, &line);
}

#[test]
fn inline_policies_over_the_quota_are_refused_together_with_those_that_stay() {
    let bench = rich();
    bench.file("long.json", &long_document(9_600));
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --policy-document ~/long.json --well-known-policy awsLoadBalancerController")), @"
    [stderr]
    error: default/s3-reader: the inline policies would have 15223 characters together, IAM takes 10240 for one role
    hint: make a managed policy of them, and name it: `--add-policy-arn ARN`
    [exit 1]
    ");
    super::planned_and_done(&bench, &format!("{UPDATE} --policy-document ~/long.json"));
}

#[test]
fn flags_that_contradict_each_other() {
    let bench = reader();
    let mut told = String::new();
    for line in [
        format!("{UPDATE} --add-policy-arn {SQS} --remove-policy-arn {SQS}"),
        format!("{UPDATE} --attach-policy-arn {SQS} --add-policy-arn {S3}"),
        format!("{UPDATE} --permissions-boundary {SQS} --no-permissions-boundary"),
        format!(
            "{UPDATE} --well-known-policy externalDNS --remove-inline-policy PolicyExternalDNSChangeSet"
        ),
        format!("{UPDATE} --policy-document - --remove-inline-policy Policy1"),
        format!("{UPDATE} --policy-document - --policy-document -"),
        "update iamserviceaccount --cluster demo".to_owned(),
        "update iamserviceaccount s3-reader".to_owned(),
        format!("{UPDATE} -f ~/cluster.yaml"),
        format!("{UPDATE} --attach-role-arn arn:aws:iam::111122223333:role/x"),
        format!("{UPDATE} --annotations eks.amazonaws.com/audience=vault"),
        format!("{UPDATE} --role-only --labels a=b"),
    ] {
        told += &format!("# {line}\n{}", bench.run_with(&line, super::GET));
    }
    assert_snapshot!(told, @"
    # update iamserviceaccount s3-reader --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess --remove-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    [stderr]
    error: --add-policy-arn and --remove-policy-arn both name arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    hint: see `--help`
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess --add-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    [stderr]
    error: the argument '--attach-policy-arn <ARN>' cannot be used with '--add-policy-arn <ARN>'

    Usage: irsactl update iamserviceaccount --cluster <CLUSTER> --attach-policy-arn <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --permissions-boundary arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess --no-permissions-boundary
    [stderr]
    error: the argument '--permissions-boundary <ARN>' cannot be used with '--no-permissions-boundary'

    Usage: irsactl update iamserviceaccount --cluster <CLUSTER> --permissions-boundary <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --well-known-policy externalDNS --remove-inline-policy PolicyExternalDNSChangeSet
    [stderr]
    error: --remove-inline-policy PolicyExternalDNSChangeSet contradicts --policy-document or --well-known-policy, which sets it
    hint: see `--help`
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --policy-document - --remove-inline-policy Policy1
    [stderr]
    error: --remove-inline-policy Policy1 contradicts --policy-document or --well-known-policy, which sets it
    hint: see `--help`
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --policy-document - --policy-document -
    [stderr]
    error: --policy-document - is given twice: stdin can be read once
    hint: see `--help`
    [exit 2]
    # update iamserviceaccount --cluster demo
    [stderr]
    error: --name must be set: the name of the service account
    hint: see `--help`
    [exit 2]
    # update iamserviceaccount s3-reader
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl update iamserviceaccount --cluster <CLUSTER> <NAME>

    For more information, try '--help'.
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo -f ~/cluster.yaml
    [stderr]
    error: the argument '--cluster <CLUSTER>' cannot be used with '--config-file <FILE>'

    Usage: irsactl update iamserviceaccount --cluster <CLUSTER> <NAME>

    For more information, try '--help'.
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --attach-role-arn arn:aws:iam::111122223333:role/x
    [stderr]
    error: unexpected argument '--attach-role-arn' found
    hint: a similar argument exists: '--attach-policy-arn'

    Usage: irsactl update iamserviceaccount --cluster <CLUSTER> --attach-policy-arn <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --annotations eks.amazonaws.com/audience=vault
    [stderr]
    error: --annotations eks.amazonaws.com/audience is set by irsactl: use --audience vault
    hint: see `--help`
    [exit 2]
    # update iamserviceaccount s3-reader --cluster demo --role-only --labels a=b
    [stderr]
    error: the argument '--role-only' cannot be used with '--labels <LABELS>'

    Usage: irsactl update iamserviceaccount --cluster <CLUSTER> --role-only <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_cluster_that_is_not_there() {
    let bench = reader();
    let line = UPDATE.replace("demo", "dmeo");
    assert_snapshot!(run_unchanging(&bench, &format!("{line} --add-policy-arn {SQS} --approve")), @r#"
    [stderr]
    error: there is no EKS cluster "dmeo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmeo" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn without_credentials() {
    let mut bench = Bench::associated();
    bench.set("AWS_ACCESS_KEY_ID", "");
    bench.set("AWS_SECRET_ACCESS_KEY", "");
    let told = run_unchanging(
        &bench,
        &format!("{UPDATE} --add-policy-arn {SQS} --approve"),
    );
    assert!(told.ends_with("[exit 4]\n"), "{told}");
}

#[test]
fn a_name_without_a_stack_is_refused_with_the_command_that_makes_it() {
    let bench = reader();
    let line = format!("{UPDATE} --add-policy-arn {SQS}").replace("s3-reader", "web/s3-raeder");
    assert_snapshot!(run_unchanging(&bench, &line), @r#"
    [stderr]
    error: web/s3-raeder: cluster "demo" has no IAM service account web/s3-raeder to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount s3-raeder --namespace web --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    "#);
}

#[test]
fn a_trust_policy_of_someones_own_cannot_be_edited_in_part() {
    let bench = Bench::associated();
    let template = include_str!("../../eksctl/managed-policy.json")
        .replace("\"StringEquals\"", "\"StringEqualsIgnoreCase\"");
    bench.stack_of("demo", "default/s3-reader", &template, "CREATE_COMPLETE");
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --subject-pattern s3-* --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: its trust policy was written by hand, so that no part of it can be replaced
    hint: leave `--subject-pattern` and `--audience` out, or describe default/s3-reader in a file and use `irsactl apply -f FILE`
    [exit 1]
    ");
    super::planned_and_done(&bench, &format!("{UPDATE} --add-policy-arn {SQS}"));
}

#[test]
fn a_role_that_no_stack_here_made_is_told_with_what_can_be_done() {
    let bench = reader();
    let mut told = String::new();
    for role in [
        "arn:aws:iam::111122223333:role/Data",
        "arn:aws:iam::444455556666:role/data",
    ] {
        let mut world = bench.sandbox.world();
        let annotation = [("eks.amazonaws.com/role-arn", role)];
        world
            .api("demo")
            .put_service_account("web", "data", &[], &annotation, "kubectl");
        drop(world);
        let line = format!("{UPDATE} --add-policy-arn {SQS}").replace("s3-reader", "web/data");
        told.push_str(&run_unchanging(&bench, &line));
    }
    assert_snapshot!(told, @"
    [stderr]
    error: web/data: its role arn:aws:iam::111122223333:role/Data was made by no stack of irsactl or eksctl for it, so nothing of it is changed here
    hint: change it where it was made
    hint: or give it a role of its own in the place of that one: `irsactl create iamserviceaccount data --namespace web --cluster demo --attach-policy-arn ARN --override-existing-serviceaccounts --approve`
    [exit 1]
    [stderr]
    error: web/data: its role arn:aws:iam::444455556666:role/data is of account 444455556666, where no stack was looked for
    hint: say how that account is reached: `--role-profile NAME` or `--role-via ARN`
    [exit 1]
    ");
}
