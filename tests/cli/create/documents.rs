//! Inline documents and the names that are made of others: what AWS would refuse is refused or made to
//! fit before anything is written.

use insta::assert_snapshot;

use super::{assert_settled, run_unchanging};
use crate::file::file_of;
use crate::sandbox::Options;
use crate::support::Bench;

const CREATE: &str =
    "create iamserviceaccount reader --cluster demo --policy-document ~/policy.json";

fn statement(inner: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:GetObject", {inner}}}]}}"#
    )
}

/// A cluster of the region's partition.
fn bench_in(region: &str) -> Bench {
    let options = Options {
        region: region.to_owned(),
        ..Options::default()
    };
    let bench = Bench::with(options);
    bench.associate();
    bench
}

#[test]
fn arns_of_another_partition_are_refused_wherever_they_stand() {
    let mut told = String::new();
    for (region, inner) in [
        ("us-gov-west-1", r#""Resource": "arn:aws:s3:::example/*""#),
        (
            "cn-north-1",
            r#""NotResource": ["arn:aws-cn:s3:::a", {"Fn::Sub": "arn:aws:s3:::${AWS::AccountId}"}]"#,
        ),
        (
            "eu-west-1",
            r#""Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": ["arn:aws-us-gov:iam::*:role/x"]}}"#,
        ),
    ] {
        let bench = bench_in(region);
        bench.file("policy.json", &statement(inner));
        told += &run_unchanging(&bench, &format!("{CREATE} --role-only --approve"));
        let update = CREATE.replace("create", "update");
        let partition = told.matches("is not of the cluster's partition").count();
        bench.file("policy2.json", &statement(r#""Resource": "*""#));
        bench.arrange(&format!(
            "{} --role-only --approve",
            CREATE.replace("policy.json", "policy2.json")
        ));
        let refused = run_unchanging(&bench, &format!("{update} --role-only --approve"));
        assert!(
            refused.contains("is not of the cluster's partition"),
            "{refused}"
        );
        assert!(partition > 0);
        let rendered = bench.run(&format!(
            "render --cluster demo reader --policy-document ~/policy.json --account-id 111122223333 \
             --issuer-url https://{}",
            bench.issuer()
        ));
        assert!(
            rendered.contains("is not of the cluster's partition"),
            "{rendered}"
        );
    }
    assert_snapshot!(told, @r#"
    [stderr]
    error: default/reader: arn:aws:s3:::example/* is not of the cluster's partition "aws-us-gov"
    hint: ARNs of this partition begin with `arn:aws-us-gov:`
    [exit 1]
    [stderr]
    error: default/reader: arn:aws:s3:::${AWS::AccountId} is not of the cluster's partition "aws-cn"
    hint: ARNs of this partition begin with `arn:aws-cn:`
    [exit 1]
    [stderr]
    error: default/reader: arn:aws-us-gov:iam::*:role/x is not of the cluster's partition "aws"
    hint: ARNs of this partition begin with `arn:aws:`
    [exit 1]
    "#);
}

#[test]
fn arns_of_the_partition_or_of_any_pass() {
    for (region, inner) in [
        (
            "us-gov-west-1",
            r#""Resource": ["arn:aws-us-gov:s3:::a", "arn:*:s3:::b", {"Fn::Sub": "arn:${AWS::Partition}:s3:::c"}]"#,
        ),
        (
            "eu-west-1",
            r#""Resource": "*", "Condition": {"StringLike": {"aws:userid": "arn:x", "s3:prefix": "${aws:username}/*"}}"#,
        ),
    ] {
        let bench = bench_in(region);
        bench.file("policy.json", &statement(inner).replace("arn:x", "x"));
        bench.arrange(&format!("{CREATE} --approve"));
        assert_settled(&bench, &format!("{CREATE} --approve"));
    }
}

#[test]
fn what_only_sub_replaces_is_refused_elsewhere() {
    let bench = Bench::associated();
    bench.file(
        "cluster.yaml",
        &file_of(
            "  - metadata: {name: reader, namespace: apps}\n    attachPolicy:\n      \
        Version: \"2012-10-17\"\n      Statement:\n      - {Effect: Allow, Action: s3:GetObject, \
        Resource: \"arn:${AWS::Partition}:s3:::example-${AWS::AccountId}/*\"}\n",
        ),
    );
    assert_snapshot!(run_unchanging(&bench, "apply -f ~/cluster.yaml --approve"), @r#"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:7: iam.serviceAccounts[0] (apps/reader).attachPolicy: has the text "arn:${AWS::Partition}:s3:::example-${AWS::AccountId}/*", in which CloudFormation replaces nothing: use `Fn::Sub`
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    "#);
    for inner in [
        r#""Resource": "*", "Condition": {"StringEquals": {"a:${AWS::Region}": "x"}}"#,
        r#""Resource": {"Fn::Join": [":", ["arn", "${AWS::Partition}"]]}"#,
        r#""Resource": {"Fn::Sub": ["${a}", {"a": "arn:${AWS::Partition}:s3:::x"}]}"#,
    ] {
        bench.file("policy.json", &statement(inner));
        let told = run_unchanging(&bench, &format!("{CREATE} --approve"));
        assert!(
            told.contains("use `Fn::Sub`") && told.ends_with("[exit 2]\n"),
            "{told}"
        );
    }
}

/// eksctl's names are kept wherever IAM takes them; longer ones are cut, and known again by every command.
#[test]
fn names_that_iam_would_refuse_are_cut() {
    let bench = Bench::associated();
    bench.file("policy.json", &statement(r#""Resource": "*""#));
    let named = "iamserviceaccount kube-system/aws-load-balancer-controller-of-the-platform-team-in-eu-west-1 \
                 --cluster demo";
    let create = format!(
        "create {named} --well-known-policy awsLoadBalancerController --policy-document ~/policy.json"
    );
    bench.arrange(&format!("{create} --approve"));
    let inline = |bench: &Bench| {
        let role = bench.account(|account| account.roles.values().next().expect("a role").clone());
        let names: Vec<String> = role
            .inline
            .keys()
            .map(|name| format!("{} {name}\n", name.len()))
            .collect();
        names.concat()
    };
    assert_snapshot!(inline(&bench), @"
    118 eksctl-demo-addon-iamserviceaccount-kube-system-aws-load-balancer-controller-of-the-platform-team-in-eu-west-1-Policy1
    128 eksctl-demo-addon-iamserviceaccount-kube-system-aws-load-balancer-controller-of-the-platform-team-in-eu-west-1-PolicyAW-e25b65c3
    ");
    assert_settled(&bench, &format!("{create} --approve"));
    // What was changed by hand is put back under the same name.
    bench.account(|account| {
        let role = account.roles.values_mut().next().expect("a role");
        for document in role.inline.values_mut() {
            document["Statement"][0]["Action"] = "iam:*".into();
        }
    });
    bench.arrange(&format!("update {named} --repair-drift --approve"));
    assert_settled(&bench, &format!("{create} --approve"));
    bench.arrange(&format!(
        "update {named} --remove-inline-policy PolicyAWSLoadBalancerController --approve"
    ));
    assert_eq!(inline(&bench).lines().count(), 1);
    // None of them is somebody's.
    bench.arrange(&format!("delete {named}"));
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

/// Namespace and name are a tag of the stack, and its owner is told by it: that cannot be cut.
#[test]
fn an_account_whose_name_is_no_tag_is_refused() {
    let bench = Bench::associated();
    let (namespace, name) = ("n".repeat(63), "a".repeat(193));
    let create = |name: &str| {
        run_unchanging(
            &bench,
            &format!(
                "create iamserviceaccount {namespace}/{name} --cluster demo --policy-document ~/policy.json --role-only --approve"
            ),
        )
    };
    bench.file("policy.json", &statement(r#""Resource": "*""#));
    assert_snapshot!(create(&name).replace(&name, "NAME").replace(&namespace, "NAMESPACE"), @"
    [stderr]
    error: namespace and name have 257 characters with the `/` between them; the stack's tag takes 256
    hint: see `--help`
    [exit 2]
    ");
    bench.file(
        "cluster.yaml",
        &file_of(&crate::file::account(&namespace, &name)),
    );
    let told = run_unchanging(&bench, "apply -f ~/cluster.yaml --approve");
    assert!(
        told.contains("metadata.name: namespace and name have 257 characters"),
        "{told}"
    );
    bench.arrange(&format!(
        "create iamserviceaccount {namespace}/{} --cluster demo --policy-document ~/policy.json --role-only --approve",
        &name[1..]
    ));
}
