//! The main job once through.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

#[test]
fn from_a_bare_cluster_to_a_role_and_back() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("associate-oidc-provider --cluster demo --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    let create = format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --approve"
    );
    assert_snapshot!(bench.run(&create), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run("delete iamserviceaccount s3-reader --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(
        (bench.stacks(), bench.roles()),
        (String::new(), String::new())
    );
}
