//! `--verify` of `create`, `update` and `apply`: the proof at the end.

use insta::assert_snapshot;

use super::CREATE;
use crate::sandbox::Access;
use crate::support::Bench;
use crate::verify::{sorted, timeless};

const ASSUME: &str = "sts AssumeRoleWithWebIdentity";
const FILE: &str = "
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: demo, region: eu-west-1}
iam:
  withOIDC: true
  serviceAccounts:
  - metadata: {name: a}
    wellKnownPolicies: {autoScaler: true}
  - metadata: {name: b}
    wellKnownPolicies: {externalDNS: true}
  - metadata: {name: c}
    wellKnownPolicies: {certManager: true}
    roleOnly: true
";

#[test]
fn what_was_made_is_proven() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{CREATE} --verify")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK

    NAMESPACE   NAME        VERIFIED   CALLER
    default     s3-reader   yes        arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK/irsactl-verify
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(sorted(&bench.calls()), @"
    cloudformation CreateStack
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    eks DescribeCluster
    eks DescribeCluster
    iam GetOpenIDConnectProvider
    iam GetPolicy
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/keys
    kubernetes apply serviceaccounts
    kubernetes create serviceaccounts/token
    kubernetes get serviceaccounts
    kubernetes get serviceaccounts
    sts AssumeRoleWithWebIdentity
    sts GetCallerIdentity
    ");
}

#[test]
fn what_is_unchanged_is_proven_too() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    let told = bench.run(&format!("{CREATE} --verify"));
    assert!(told.contains("unchanged"), "{told}");
    assert!(
        told.contains("s3-reader   yes        arn:aws:sts::"),
        "{told}"
    );
}

#[test]
fn iam_is_given_time_to_know_the_new_role() {
    let bench = Bench::associated();
    bench.sandbox.fault(&format!(
        "{ASSUME} times 3 error 400 InvalidIdentityToken No OpenIDConnect provider found in your account"
    ));
    let told = bench.run(&format!("{CREATE} --verify"));
    assert!(
        told.contains("default/s3-reader: not yet: InvalidIdentityToken"),
        "{told}"
    );
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_eq!(bench.sandbox.count(ASSUME).calls, 4);
}

#[test]
fn a_proof_that_fails_is_the_runs_failure_and_not_that_of_the_role() {
    let bench = Bench::associated();
    bench.sandbox.fault(&format!(
        "{ASSUME} error 400 InvalidIdentityToken Couldn't retrieve verification key from your identity provider"
    ));
    assert_snapshot!(bench.run(&format!("{CREATE} --verify")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK

    NAMESPACE   NAME        VERIFIED   CALLER
    default     s3-reader   no         -
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    error: default/s3-reader: STS refuses the token: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    ");
    assert_snapshot!(timeless(&bench.run(&format!("{CREATE} --verify -o json"))), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "errors": [
                    "default/s3-reader: STS refuses the token: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider"
                ],
                "proof": {
                    "assumption": {
                        "code": "InvalidIdentityToken",
                        "kind": "noKeys",
                        "message": "Couldn't retrieve verification key from your identity provider",
                        "state": "refused",
                        "tries": 1,
                        "waited": 0
                    },
                    "claimFaults": [],
                    "proven": false,
                    "signature": {
                        "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E",
                        "state": "verified"
                    },
                    "token": {
                        "claims": {
                            "audiences": [
                                "sts.amazonaws.com"
                            ],
                            "expiresAt": TIME,
                            "issuedAt": TIME,
                            "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                            "namespace": "default",
                            "notBefore": TIME,
                            "serviceAccount": "s3-reader",
                            "subject": "system:serviceaccount:default:s3-reader"
                        },
                        "header": {
                            "algorithm": "RS256",
                            "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
                        }
                    }
                },
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                "status": "unchanged",
                "target": {
                    "serviceAccount": "default/s3-reader"
                }
            }
        ]
    }
    [stderr]
    error: default/s3-reader: STS refuses the token: InvalidIdentityToken: Couldn't retrieve verification key from your identity provider
    hint: find the cause: `irsactl doctor default/s3-reader --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn each_account_of_a_file_is_proven_by_itself() {
    let bench = Bench::new();
    bench.file("cluster.yaml", FILE);
    bench.sandbox.fault(&format!(
        "{ASSUME} times 1 error 403 IDPRejectedClaim Revoked"
    ));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --approve --verify --parallel 1"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     a      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-RJDJTEYI54FK
    default     b      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-b-Role1-FETGEBAU3JIM
    default     c      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-c-Role1-U3J7TX4MLH4P
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created

    NAMESPACE   NAME   VERIFIED   CALLER
    default     a      no         -
    default     b      yes        arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-default-b-Role1-FETGEBAU3JIM/irsactl-verify
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-default-a
    created service account default/a
    created stack eksctl-demo-addon-iamserviceaccount-default-b
    created service account default/b
    created stack eksctl-demo-addon-iamserviceaccount-default-c
    error: default/a: STS refuses the token: IDPRejectedClaim: Revoked
    hint: find the cause: `irsactl doctor default/a --cluster demo --region eu-west-1`
    [exit 1]
    ");
}

#[test]
fn what_failed_is_not_proven() {
    let bench = Bench::associated();
    bench.sandbox.fault("cloudformation CreateStack deny");
    let told = bench.run(&format!("{CREATE} --verify"));
    assert!(!told.contains("VERIFIED"), "{told}");
    assert_eq!(bench.sandbox.count(ASSUME).calls, 0);
}

#[test]
fn an_update_is_proven_with_what_it_left() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    let told = bench.run(
        "update iamserviceaccount s3-reader --cluster demo --max-session-duration 7200 --approve --verify",
    );
    assert!(
        told.contains("s3-reader   yes        arn:aws:sts::"),
        "{told}"
    );
}

#[test]
fn without_the_right_to_make_tokens_all_else_is_done() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").access = Access::only(&[
        ("get", "serviceaccounts"),
        ("patch", "serviceaccounts"),
        ("create", "serviceaccounts"),
    ]);
    let told = bench.run(&format!("{CREATE} --verify"));
    assert!(told.contains("created"), "{told}");
    assert!(
        told.contains("hint: this identity needs create on serviceaccounts/token"),
        "{told}"
    );
    assert!(told.ends_with("[exit 1]\n"), "{told}");
}

#[test]
fn a_cluster_that_is_gone_by_then_leaves_the_summary() {
    let bench = Bench::associated();
    bench.sandbox.fault("eks DescribeCluster from 2 deny");
    assert_snapshot!(bench.run(&format!("{CREATE} --verify")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK

    NAMESPACE   NAME        VERIFIED   CALLER
    default     s3-reader   no         -
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    error: not allowed to call eks:DescribeCluster on demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:DescribeCluster because no identity-based policy allows the eks:DescribeCluster action
    hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
}

#[test]
fn a_plan_and_a_role_alone_cannot_be_proven() {
    let bench = Bench::associated();
    let plan = CREATE.replace(" --approve", "");
    assert_snapshot!(bench.run(&format!("{plan} --verify")), @"
    [stderr]
    error: the following required arguments were not provided:
      --approve[=<BOOL>]

    Usage: irsactl create iamserviceaccount --approve[=<BOOL>] --cluster <CLUSTER> --attach-policy-arn <ARN> --verify <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("{CREATE} --verify --role-only")), @"
    [stderr]
    error: --verify asks Kubernetes for a token, and --role-only does without Kubernetes
    hint: see `--help`
    [exit 2]
    ");
    let told = bench.run("delete iamserviceaccount a --cluster demo --verify");
    assert!(told.ends_with("[exit 2]\n"), "{told}");
}
