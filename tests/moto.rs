//! irsactl against AWS stand-ins that nobody here wrote: moto for the main scenario, ministack for
//! its CloudFormation half. Neither has a Kubernetes API or an issuer that answers: those come from
//! the sandbox, through its proxy. What moto lacks is supplied by `moto/moto_server.py`, which lists
//! it; nothing is supplied to ministack, which has no reachable issuer: its test takes EKS from the
//! sandbox and nothing but EKS. It is known to drop a role's permissions boundary, which the text
//! below shows.
//!
//! An update of a role is ministack's alone: moto says that it is done, and changes nothing.
//!
//! Neither can show: a stack in progress or rolled back, partitions, whether a pod may take the role.
//! That is the sandbox's part. Not part of a plain `cargo test`: `.ci/run` names it.

mod python;
#[path = "sandbox/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than one scenario needs"
)]
mod sandbox;
#[path = "moto/server.rs"]
mod server;
#[path = "cli/support.rs"]
#[expect(dead_code, reason = "the bench is more than one scenario needs")]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::json;

use server::Server;
use support::{ACCOUNT, Bench, REGION, S3};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto");
const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
const BOUNDARY: &str = "arn:aws:iam::aws:policy/PowerUserAccess";
const DOCUMENT: &str = r#"{"Version": "2012-10-17", "Statement":
    [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::uploads/*"}]}"#;

/// A bench whose AWS is another's.
struct Elsewhere {
    bench: Bench,
    python: String,
    _server: Server,
}

impl Elsewhere {
    /// All of AWS is moto's, which describes the sandbox's cluster.
    fn moto() -> Self {
        let python = python::program("python");
        let mut bench = Bench::new();
        let cluster = {
            let world = bench.sandbox.world();
            let cluster = &world.clusters[0];
            json!({
                "account": ACCOUNT,
                "region": REGION,
                "name": cluster.name,
                "issuer": cluster.issuer,
                "endpoint": format!("https://{}", cluster.endpoint_host),
                "certificateAuthority": STANDARD.encode(cluster.authority.pem()),
            })
        };
        let server = start(&bench, &python, "moto_server.py", &cluster.to_string());
        bench.set("AWS_ENDPOINT_URL", &server.url());
        Self::with(bench, python, server)
    }

    /// IAM and CloudFormation are ministack's.
    fn ministack() -> Self {
        let python = python::program("python");
        let mut bench = Bench::new();
        let server = start(&bench, &python, "ministack_server.py", ACCOUNT);
        bench.set("AWS_ENDPOINT_URL_IAM", &server.url());
        bench.set("AWS_ENDPOINT_URL_CLOUDFORMATION", &server.url());
        Self::with(bench, python, server)
    }

    fn with(mut bench: Bench, python: String, server: Server) -> Self {
        bench.set("IRSACTL_INTERVALS", "0.2");
        bench.file("policy.json", DOCUMENT);
        Self {
            bench,
            python,
            _server: server,
        }
    }

    /// Runs irsactl; how long an action took is left out.
    fn run(&self, line: &str) -> String {
        let text = self.bench.run(line);
        let steady = text.lines().map(|line| match line.rsplit_once(" (") {
            Some((action, time)) if time.ends_with("s)") => format!("{action}\n"),
            _ => format!("{line}\n"),
        });
        steady.collect()
    }

    /// What is in the account and in the cluster.
    fn state(&self) -> String {
        let mut script = self.bench.command_of(&self.python);
        script.arg(format!("{SCRIPTS}/state.py"));
        let output = script.output().expect("the script runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let account = String::from_utf8_lossy(&output.stdout);
        format!(
            "{}[service account default/uploader]\n{}",
            self.bench.steady(&account),
            self.bench.service_account("default", "uploader")
        )
    }
}

fn start(bench: &Bench, python: &str, script: &str, argument: &str) -> Server {
    let mut command = bench.command_of(python);
    command.args([&format!("{SCRIPTS}/{script}"), argument]);
    Server::start(&mut command, &bench.sandbox.directory().join("server.log"))
}

fn create() -> String {
    format!(
        "create iamserviceaccount uploader --cluster demo --attach-policy-arn {S3} \
         --policy-document ~/policy.json --permissions-boundary {BOUNDARY} --role-name uploader --approve"
    )
}

#[test]
fn the_main_scenario_runs_against_moto() {
    let moto = Elsewhere::moto();
    let run = |line: &str| moto.run(line);
    assert_snapshot!(run("associate-oidc-provider --cluster demo --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    assert_snapshot!(run(&create()), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   created   arn:aws:iam::111122223333:role/uploader
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-uploader
    created service account default/uploader
    [exit 0]
    ");
    assert_snapshot!(moto.state(), @r#"
    provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audiences: sts.amazonaws.com
      thumbprints: 2@oidc.eks.eu-west-1.amazonaws.com------
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    stack eksctl-demo-addon-iamserviceaccount-default-uploader CREATE_COMPLETE
      protected: True
      outputs: Role1=arn:aws:iam::111122223333:role/uploader
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0 alpha.eksctl.io/iamserviceaccount-name=default/uploader eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    role arn:aws:iam::111122223333:role/uploader
      trust: {"Statement": [{"Action": ["sts:AssumeRoleWithWebIdentity"], "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com", "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:uploader"}}, "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}], "Version": "2012-10-17"}
      boundary: arn:aws:iam::aws:policy/PowerUserAccess
      managed: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      inline: eksctl-demo-addon-iamserviceaccount-default-uploader-Policy1 {"Statement": [{"Action": "s3:PutObject", "Effect": "Allow", "Resource": "arn:aws:s3:::uploads/*"}], "Version": "2012-10-17"}
    cluster demo
      tags: alpha.eksctl.io/cluster-oidc-enabled=true
    [service account default/uploader]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/uploader
    "#);
    assert_snapshot!(run("get iamserviceaccount --cluster demo -o wide"), @"
    [stdout]
    NAMESPACE   NAME       ROLE ARN                                  STATUS            STACK                                                  POLICIES                         SERVICE ACCOUNT
    default     uploader   arn:aws:iam::111122223333:role/uploader   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-uploader   AmazonS3ReadOnlyAccess,Policy1   annotated
    [exit 0]
    ");
    assert_snapshot!(run(&create()), @"
    [stdout]
    NAMESPACE   NAME       STATUS      ROLE ARN
    default     uploader   unchanged   arn:aws:iam::111122223333:role/uploader
    [exit 0]
    ");
    assert_snapshot!(run("disassociate-oidc-provider --cluster demo --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   refused
    [stderr]
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: its IAM OIDC provider is still trusted by
      arn:aws:iam::111122223333:role/uploader
    hint: delete those roles first, or go on without them: `--force`
    [exit 1]
    ");
    // moto does not know associations.
    let refused = run("delete iamserviceaccount uploader --cluster demo");
    assert!(refused.ends_with("--role-only`\n[exit 1]\n"), "{refused}");
    assert_snapshot!(run("delete iamserviceaccount uploader --cluster demo --role-only"), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-uploader
    [exit 0]
    ");
    assert_snapshot!(run("disassociate-oidc-provider --cluster demo --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    untagged cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [exit 0]
    ");
    assert_snapshot!(moto.state(), @"
    cluster demo
      tags: 
    [service account default/uploader]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/uploader
    ");
}

#[test]
fn a_role_with_a_generated_name_and_a_well_known_policy_comes_and_goes_at_moto() {
    let moto = Elsewhere::moto();
    let run = |line: &str| moto.run(line);
    run("associate-oidc-provider --cluster demo --approve");
    let create = "create iamserviceaccount uploader --cluster demo --well-known-policy ebsCSIController \
         --well-known-policy externalSecrets --approve";
    assert_snapshot!(run(create), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-u-Role1-EK5DPAFKNF7I
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-uploader
    created service account default/uploader
    [exit 0]
    ");
    assert_snapshot!(run(create), @"
    [stdout]
    NAMESPACE   NAME       STATUS      ROLE ARN
    default     uploader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-u-Role1-EK5DPAFKNF7I
    [exit 0]
    ");
    assert_snapshot!(run("get iamserviceaccount --cluster demo -o json"), @r#"
    [stdout]
    [
        {
            "attachPolicyARNs": [
                "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
            ],
            "inlinePolicies": {
                "PolicyExternalSecrets": {
                    "Statement": [
                        {
                            "Action": [
                                "secretsmanager:ListSecrets",
                                "secretsmanager:BatchGetSecretValue",
                                "ssm:DescribeParameters",
                                "tag:GetResources"
                            ],
                            "Effect": "Allow",
                            "Resource": "*"
                        },
                        {
                            "Action": [
                                "secretsmanager:GetResourcePolicy",
                                "secretsmanager:GetSecretValue",
                                "secretsmanager:DescribeSecret",
                                "secretsmanager:ListSecretVersionIds"
                            ],
                            "Effect": "Allow",
                            "Resource": {
                                "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:*:*:secret:*"
                            }
                        },
                        {
                            "Action": [
                                "ssm:GetParameter*"
                            ],
                            "Effect": "Allow",
                            "Resource": {
                                "Fn::Sub": "arn:${AWS::Partition}:ssm:*:*:parameter/*"
                            }
                        },
                        {
                            "Action": [
                                "kms:Decrypt"
                            ],
                            "Effect": "Allow",
                            "Resource": {
                                "Fn::Sub": "arn:${AWS::Partition}:kms:*:*:key/*"
                            }
                        }
                    ],
                    "Version": "2012-10-17"
                }
            },
            "metadata": {
                "name": "uploader",
                "namespace": "default"
            },
            "status": {
                "capabilities": [],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-u-Role1-EK5DPAFKNF7I",
                "stackID": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-uploader/c83d6d90-0b66-41b9-9de9-83f75c0ea00e",
                "stackName": "eksctl-demo-addon-iamserviceaccount-default-uploader",
                "stackStatus": "CREATE_COMPLETE",
                "tags": {
                    "alpha.eksctl.io/cluster-name": "demo",
                    "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0",
                    "alpha.eksctl.io/iamserviceaccount-name": "default/uploader",
                    "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                }
            },
            "wellKnownPolicies": {
                "autoScaler": false,
                "awsLoadBalancerController": false,
                "certManager": false,
                "ebsCSIController": true,
                "efsCSIController": false,
                "externalDNS": false,
                "externalSecrets": true,
                "imageBuilder": false
            }
        }
    ]
    [exit 0]
    "#);
    assert_snapshot!(run("delete iamserviceaccount uploader --cluster demo --role-only"), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-uploader
    [exit 0]
    ");
    assert_snapshot!(moto.state(), @"
    provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audiences: sts.amazonaws.com
      thumbprints: 2@oidc.eks.eu-west-1.amazonaws.com------
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster demo
      tags: alpha.eksctl.io/cluster-oidc-enabled=true
    [service account default/uploader]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-u-Role1-EK5DPAFKNF7I
    ");
}

#[test]
fn a_provider_without_the_audience_is_given_it_at_moto() {
    let moto = Elsewhere::moto();
    let run = |line: &str| moto.run(line);
    run("associate-oidc-provider --cluster demo --audience other.example --approve");
    assert_snapshot!(run("associate-oidc-provider --cluster demo --approve"), @r#"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   changed
    [stderr]
    added audience "sts.amazonaws.com" to IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    "#);
    assert_snapshot!(moto.state(), @"
    provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audiences: other.example sts.amazonaws.com
      thumbprints: 2@oidc.eks.eu-west-1.amazonaws.com------
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster demo
      tags: alpha.eksctl.io/cluster-oidc-enabled=true
    [service account default/uploader]
    ");
}

#[test]
fn stacks_and_roles_come_and_go_at_ministack() {
    let ministack = Elsewhere::ministack();
    let run = |line: &str| ministack.run(line);
    assert_snapshot!(run("associate-oidc-provider --cluster demo --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    assert_snapshot!(run(&create()), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   created   arn:aws:iam::111122223333:role/uploader
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-uploader
    created service account default/uploader
    [exit 0]
    ");
    assert_snapshot!(ministack.state(), @r#"
    provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audiences: sts.amazonaws.com
      thumbprints: 2@oidc.eks.eu-west-1.amazonaws.com------
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    stack eksctl-demo-addon-iamserviceaccount-default-uploader CREATE_COMPLETE
      protected: True
      outputs: Role1=arn:aws:iam::111122223333:role/uploader
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0 alpha.eksctl.io/iamserviceaccount-name=default/uploader eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    role arn:aws:iam::111122223333:role/uploader
      trust: {"Statement": [{"Action": ["sts:AssumeRoleWithWebIdentity"], "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com", "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:uploader"}}, "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}], "Version": "2012-10-17"}
      boundary: None
      managed: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      inline: eksctl-demo-addon-iamserviceaccount-default-uploader-Policy1 {"Statement": [{"Action": "s3:PutObject", "Effect": "Allow", "Resource": "arn:aws:s3:::uploads/*"}], "Version": "2012-10-17"}
    cluster demo
      tags: alpha.eksctl.io/cluster-oidc-enabled=true
    [service account default/uploader]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/uploader
    "#);
    assert_snapshot!(run("get iamserviceaccount --cluster demo -o wide"), @"
    [stdout]
    NAMESPACE   NAME       ROLE ARN                                  STATUS            STACK                                                  POLICIES                         SERVICE ACCOUNT
    default     uploader   arn:aws:iam::111122223333:role/uploader   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-uploader   AmazonS3ReadOnlyAccess,Policy1   annotated
    [exit 0]
    ");
    // ministack makes the role without its permissions boundary, and that is noticed.
    assert_snapshot!(run(&create()), @r#"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   refused
    [stderr]
    error: default/uploader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-uploader" was changed by hand (- is there, + is asked for)
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
    hint: undo that: `irsactl update iamserviceaccount uploader --namespace default --cluster demo --repair-drift --approve`
    [exit 1]
    "#);
    // It drops the boundary of an update too; all else of a change set it carries out.
    let update = format!(
        "update iamserviceaccount uploader --cluster demo --add-policy-arn {SQS} --remove-inline-policy Policy1 \
         --well-known-policy externalDNS --max-session-duration 7200 --subject-pattern up-* --tags team=data"
    );
    assert_snapshot!(run(&format!("{update} --approve")), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   updated   arn:aws:iam::111122223333:role/uploader
    [stderr]
    note: the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for)
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
    updated stack eksctl-demo-addon-iamserviceaccount-default-uploader
    [exit 0]
    ");
    assert_snapshot!(ministack.state(), @r#"
    provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audiences: sts.amazonaws.com
      thumbprints: 2@oidc.eks.eu-west-1.amazonaws.com------
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    stack eksctl-demo-addon-iamserviceaccount-default-uploader UPDATE_COMPLETE
      protected: True
      outputs: Role1=arn:aws:iam::111122223333:role/uploader
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0 alpha.eksctl.io/iamserviceaccount-name=default/uploader eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo team=data
    role arn:aws:iam::111122223333:role/uploader
      trust: {"Statement": [{"Action": ["sts:AssumeRoleWithWebIdentity"], "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"}, "StringLike": {"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:up-*"}}, "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}], "Version": "2012-10-17"}
      boundary: None
      managed: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess arn:aws:iam::aws:policy/AmazonSQSFullAccess
      inline: eksctl-demo-addon-iamserviceaccount-default-uploader-PolicyExternalDNSChangeSet {"Statement": [{"Action": ["route53:ChangeResourceRecordSets"], "Effect": "Allow", "Resource": "arn:aws:route53:::hostedzone/*"}], "Version": "2012-10-17"}
      inline: eksctl-demo-addon-iamserviceaccount-default-uploader-PolicyExternalDNSHostedZones {"Statement": [{"Action": ["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource"], "Effect": "Allow", "Resource": "*"}], "Version": "2012-10-17"}
    cluster demo
      tags: alpha.eksctl.io/cluster-oidc-enabled=true
    [service account default/uploader]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/uploader
    "#);
    assert_snapshot!(run(&update), @"
    [stderr]
    note: the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for)
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
    note: the role does not have inline policy Policy1
    nothing to do
    [exit 0]
    ");
    assert_snapshot!(run("update iamserviceaccount uploader --cluster demo --repair-drift --approve"), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   updated   arn:aws:iam::111122223333:role/uploader
    [stderr]
    repaired role uploader
    [exit 0]
    ");
    assert_snapshot!(ministack.state(), @r#"
    provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audiences: sts.amazonaws.com
      thumbprints: 2@oidc.eks.eu-west-1.amazonaws.com------
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    stack eksctl-demo-addon-iamserviceaccount-default-uploader UPDATE_COMPLETE
      protected: True
      outputs: Role1=arn:aws:iam::111122223333:role/uploader
      tags: alpha.eksctl.io/cluster-name=demo alpha.eksctl.io/eksctl-version=irsactl-0.1.0 alpha.eksctl.io/iamserviceaccount-name=default/uploader eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo team=data
    role arn:aws:iam::111122223333:role/uploader
      trust: {"Statement": [{"Action": ["sts:AssumeRoleWithWebIdentity"], "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"}, "StringLike": {"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:up-*"}}, "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}], "Version": "2012-10-17"}
      boundary: arn:aws:iam::aws:policy/PowerUserAccess
      managed: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess arn:aws:iam::aws:policy/AmazonSQSFullAccess
      inline: eksctl-demo-addon-iamserviceaccount-default-uploader-PolicyExternalDNSChangeSet {"Statement": [{"Action": ["route53:ChangeResourceRecordSets"], "Effect": "Allow", "Resource": "arn:aws:route53:::hostedzone/*"}], "Version": "2012-10-17"}
      inline: eksctl-demo-addon-iamserviceaccount-default-uploader-PolicyExternalDNSHostedZones {"Statement": [{"Action": ["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource"], "Effect": "Allow", "Resource": "*"}], "Version": "2012-10-17"}
    cluster demo
      tags: alpha.eksctl.io/cluster-oidc-enabled=true
    [service account default/uploader]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/uploader
    "#);
    assert_snapshot!(run("delete iamserviceaccount uploader --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME       STATUS    ROLE ARN
    default     uploader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-uploader
    deleted service account default/uploader
    [exit 0]
    ");
    assert_snapshot!(run("disassociate-oidc-provider --cluster demo --approve"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    untagged cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [exit 0]
    ");
    assert_snapshot!(ministack.state(), @"
    cluster demo
      tags: 
    [service account default/uploader]
    ");
}
