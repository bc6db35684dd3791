//! `doctor`: what it says of worlds in which something is wrong, and what it mends.

use crate::support::Bench;

/// A service account web/api with its role, and a Deployment of two pods that carry it.
fn healthy() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

fn doctor(bench: &Bench) -> String {
    bench.steady(&bench.run("doctor --cluster demo web/api"))
}

#[test]
fn all_is_well() {
    let bench = healthy();
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      33 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [exit 0]
    ");
}

#[test]
fn pods_older_than_the_annotation_must_be_restarted() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_namespace("web");
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "api", "api", 2);
    bench.create("web/api");
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: deployment web/api: its pods are older than the annotation: they must be restarted [pod-age]
      pod created
        wanted: after 2026-11-22T09:38:30Z
        found:  2026-11-22T09:38:29Z
      pods: api-6df9a677b4-0002d, api-6df9a677b4-00030
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]
      fix: kubectl rollout restart deployment/api --namespace web

      29 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [exit 1]
    ");
}

#[test]
fn a_condition_key_with_its_scheme_is_named_and_corrected() {
    let bench = healthy();
    let issuer = bench.issuer();
    {
        let mut world = bench.sandbox.world();
        let role = world.role_of("web/api");
        let text = role.trust.to_string();
        let broken = text.replace(
            &format!("\"{issuer}:sub\""),
            &format!("\"https://{issuer}:sub\""),
        );
        role.trust = serde_json::from_str(&broken).expect("JSON");
    }
    insta::assert_snapshot!(doctor(&bench), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the trust policy does not let system:serviceaccount:web:api in: Statement[0] has a scheme in a condition key: "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub" is wanted [trust-policy]
      condition-key-with-scheme
        wanted: oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
        found:  https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/api --fix --approve

      31 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [stderr]
    note: web/api: not yet: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity; IAM may need up to 1m30s for what was just made, trying again
    [exit 1]
    "#);
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix"), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the trust policy does not let system:serviceaccount:web:api in: Statement[0] has a scheme in a condition key: "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub" is wanted [trust-policy]
      condition-key-with-scheme
        wanted: oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
        found:  https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/api --fix --approve

      31 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation

    --fix --approve would:
      repair role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        - trust policy: {"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub":"system:serviceaccount:web:api","oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud":"sts.amazonaws.com"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}
        + trust policy: {"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud":"sts.amazonaws.com","oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub":"system:serviceaccount:web:api"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}
    [stderr]
    note: web/api: not yet: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity; IAM may need up to 1m30s for what was just made, trying again
    [exit 1]
    "#);
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve"), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      33 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [stderr]
    note: web/api: not yet: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity; IAM may need up to 1m30s for what was just made, trying again
    repaired role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
}

#[test]
fn a_missing_provider_comes_first() {
    let bench = healthy();
    bench.account(|account| account.providers.clear());
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: account 111122223333 has no IAM OIDC provider for the cluster's issuer [provider]
      provider
        wanted: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  none
      hence: STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E [sts-accepts]
      fix: irsactl associate-oidc-provider --cluster demo --approve

      29 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [stderr]
    note: web/api: not yet: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E; IAM may need up to 1m30s for what was just made, trying again
    [exit 1]
    ");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve"), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      33 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [stderr]
    note: web/api: not yet: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E; IAM may need up to 1m30s for what was just made, trying again
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
}

#[test]
fn a_missing_annotation_is_mended() {
    let bench = healthy();
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .put_service_account("web", "api", &[], &[], "kubectl");
    drop(world);
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: 1 problem, 1 warning
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: ServiceAccount web/api has no role annotation [role-annotation]
      eks.amazonaws.com/role-arn
        wanted: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        found:  no such annotation
      fix: kubectl annotate serviceaccount api --namespace web --overwrite eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU

    warning: deployment web/api: container app has a role by its own template, and the service account has no annotation [pod-own-role]
      AWS_ROLE_ARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: api-6df9a677b4-0002d, api-6df9a677b4-00030
      fix: annotate the service account instead, and take the variables out of the template

      23 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: NotFoundException: the sandbox's EKS does not know this operation
      unknown: recorded-failures: cloudtrail:LookupEvents failed on arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: InvalidAction: Could not find operation  for version 2011-06-15
      unknown: metadata-hop-limit: ec2:DescribeInstances failed: InvalidAction: Could not find operation DescribeInstances for version 2011-06-15
      unknown: pod-identity-association: eks:ListPodIdentityAssociations failed on demo: NotFoundException: the sandbox's EKS does not know this operation
    [exit 1]
    ");
}
