//! Each flag of `create iamserviceaccount`: what it makes, and that the same flags again change nothing.

use insta::assert_snapshot;

use super::{CREATE, STACK, assert_settled, run_unchanging, template_of};
use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const GET: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const PUT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#;

/// Creates default/app with flags and returns what is there then; the same again changes nothing.
fn made(flags: &str) -> String {
    let bench = Bench::associated();
    made_on(&bench, flags)
}

fn made_on(bench: &Bench, flags: &str) -> String {
    bench.file("get.json", GET);
    bench.file("put.json", PUT);
    let line = format!("create iamserviceaccount app --cluster demo --approve {flags}");
    let told = bench.run(&line);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_settled(bench, &line);
    bench.state()
}

#[test]
fn policy_arns_may_be_repeated_and_separated_by_commas() {
    let flags = "--attach-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess,arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess \
                 --attach-policy-arn arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess \
                 --attach-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";
    assert_snapshot!(made(flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      policy arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
    ");
}

#[test]
fn policy_documents_become_inline_policies() {
    assert_snapshot!(made("--policy-document ~/get.json --policy-document ~/put.json"), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      inline eksctl-demo-addon-iamserviceaccount-default-app-Policy1
      inline eksctl-demo-addon-iamserviceaccount-default-app-Policy2
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
    ");
}

#[test]
fn a_policy_document_may_come_from_stdin() {
    let bench = Bench::associated();
    let line = "create iamserviceaccount app --cluster demo --policy-document - --approve";
    assert_snapshot!(bench.run_with(line, GET), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-app
    created service account default/app
    [exit 0]
    ");
    let policy = bench.account(|account| {
        let role = account.roles.values().next().expect("the role");
        role.inline.values().next().cloned().expect("a policy")
    });
    assert_eq!(
        policy,
        serde_json::from_str::<serde_json::Value>(GET).expect("JSON")
    );
    assert!(bench.run_with(line, GET).contains("unchanged"));
}

#[test]
fn each_well_known_policy_of_eksctl_gives_its_permissions() {
    let told: String = [
        "imageBuilder",
        "autoScaler",
        "awsLoadBalancerController",
        "externalDNS",
        "certManager",
        "ebsCSIController",
        "efsCSIController",
    ]
    .iter()
    .map(|name| {
        let bench = Bench::associated();
        made_on(&bench, &format!("--well-known-policy {name}"));
        bench.account(|account| {
            let role = account.roles.values().next().expect("the role");
            let mut text = format!("{name}\n");
            for arn in &role.attached {
                text.push_str(&format!("  {arn}\n"));
            }
            for (name, document) in &role.inline {
                let name = name.rsplit('-').next().unwrap_or_default();
                text.push_str(&format!(
                    "  {name}: {} statements, {} characters\n",
                    document["Statement"].as_array().map_or(1, Vec::len),
                    document.to_string().len()
                ));
            }
            text
        })
    })
    .collect();
    assert_snapshot!(told, @"
    imageBuilder
      arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser
    autoScaler
      PolicyAutoScaling: 2 statements, 561 characters
    awsLoadBalancerController
      PolicyAWSLoadBalancerController: 16 statements, 5196 characters
    externalDNS
      PolicyExternalDNSChangeSet: 1 statements, 147 characters
      PolicyExternalDNSHostedZones: 1 statements, 172 characters
    certManager
      PolicyCertManagerChangeSet: 1 statements, 147 characters
      PolicyCertManagerGetChange: 1 statements, 128 characters
      PolicyCertManagerHostedZones: 1 statements, 148 characters
    ebsCSIController
      arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy
    efsCSIController
      PolicyEFSCSIController: 4 statements, 639 characters
    ");
}

#[test]
fn all_kinds_of_policies_go_together() {
    let flags = format!(
        "--attach-policy-arn {S3} --policy-document ~/get.json --well-known-policy externalDNS,ebscsicontroller \
         --well-known-policies autoScaler"
    );
    assert_snapshot!(made(&flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      policy arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy
      inline eksctl-demo-addon-iamserviceaccount-default-app-Policy1
      inline eksctl-demo-addon-iamserviceaccount-default-app-PolicyAutoScaling
      inline eksctl-demo-addon-iamserviceaccount-default-app-PolicyExternalDNSChangeSet
      inline eksctl-demo-addon-iamserviceaccount-default-app-PolicyExternalDNSHostedZones
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
    ");
}

#[test]
fn a_permissions_boundary_bounds_the_role() {
    let flags = format!(
        "--attach-policy-arn {S3} --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess"
    );
    assert_snapshot!(made(&flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      boundary arn:aws:iam::aws:policy/PowerUserAccess
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
    ");
}

#[test]
fn a_role_has_the_asked_name_path_and_session() {
    let bench = Bench::associated();
    let flags = format!(
        "--attach-policy-arn {S3} --role-name reader --role-path /team/a/ --max-session-duration 7200"
    );
    assert_snapshot!(made_on(&bench, &flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/team/a/reader
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/team/a/reader
    ");
    let seconds = bench.account(|account| {
        let role = account.roles.get("reader").expect("the role");
        role.max_session_duration
    });
    assert_eq!(seconds, 7200);
}

#[test]
fn tags_are_the_stacks() {
    let bench = Bench::associated();
    let told = bench.run_words(
        CREATE.split(' ').filter(|word| !word.is_empty()).chain([
            "--tags",
            "team=payments,cost center=a b",
            "--tags",
            "mail=a@example.com",
        ]),
        "",
    );
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    let mut world = bench.sandbox.world();
    let tags = &world.stack(ACCOUNT, REGION, STACK).expect("the stack").tags;
    let tags: String = tags
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    assert_snapshot!(tags, @"
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    cost center=a b
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    mail=a@example.com
    team=payments
    ");
}

#[test]
fn labels_and_annotations_are_the_service_accounts() {
    let flags = format!(
        "--attach-policy-arn {S3} --labels tier=backend,empty= --labels example.com/a.b=C_1 --annotations owner=web,note=a=b"
    );
    assert_snapshot!(made(&flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      label empty=
      label example.com/a.b=C_1
      label tier=backend
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      annotation note=a=b
      annotation owner=web
    ");
}

#[test]
fn a_subject_pattern_is_in_the_trust_policy_and_not_in_the_service_account() {
    let bench = Bench::associated();
    let state = made_on(
        &bench,
        &format!("--attach-policy-arn {S3} --subject-pattern app-*"),
    );
    assert!(state.contains("service account default/app\n"), "{state}");
    let template = template_of(&bench, "eksctl-demo-addon-iamserviceaccount-default-app");
    let trust = &template["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"];
    assert_snapshot!(format!("{:#}", trust["Statement"][0]["Condition"]), @r#"
    {
      "StringEquals": {
        "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
      },
      "StringLike": {
        "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:app-*"
      }
    }
    "#);
}

#[test]
fn another_audience_is_in_the_trust_policy_and_in_the_annotation() {
    let bench = Bench::associated();
    bench.run("associate-oidc-provider --cluster demo --audience tokens.example.com --approve");
    let flags = format!("--attach-policy-arn {S3} --audience tokens.example.com");
    assert_snapshot!(made_on(&bench, &flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/audience=tokens.example.com
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
    ");
    let template = template_of(&bench, "eksctl-demo-addon-iamserviceaccount-default-app");
    let trust = &template["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"];
    assert_snapshot!(format!("{:#}", trust["Statement"][0]["Condition"]), @r#"
    {
      "StringEquals": {
        "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "tokens.example.com",
        "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:app"
      }
    }
    "#);
}

#[test]
fn settings_of_the_webhook_become_annotations() {
    let flags =
        format!("--attach-policy-arn {S3} --token-expiration 3600 --sts-regional-endpoints false");
    assert_snapshot!(made(&flags), @"
    stack eksctl-demo-addon-iamserviceaccount-default-app: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-NLTTJEO5KTLS
      annotation eks.amazonaws.com/sts-regional-endpoints=false
      annotation eks.amazonaws.com/token-expiration=3600
    ");
}

fn bench_with_a_role() -> Bench {
    let bench = Bench::associated();
    let trust = serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
    bench.account(|account| {
        let role = Role::new("aws", ACCOUNT, "/team/", "reader", trust);
        account.create_role(role).expect("a role");
    });
    bench
}

#[test]
fn an_existing_role_is_used_as_it_is() {
    let bench = bench_with_a_role();
    let line = "create iamserviceaccount app --cluster demo --approve \
                --attach-role-arn arn:aws:iam::111122223333:role/team/reader";
    assert_snapshot!(bench.run(line), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    changed   arn:aws:iam::111122223333:role/team/reader
    [stderr]
    created service account default/app
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    role arn:aws:iam::111122223333:role/team/reader
    service account default/app
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/team/reader
    ");
    assert_settled(&bench, line);
}

#[test]
fn a_role_that_does_not_exist_is_refused() {
    let bench = bench_with_a_role();
    for (arn, what) in [
        ("arn:aws:iam::111122223333:role/none", "no such name"),
        ("arn:aws:iam::111122223333:role/reader", "another path"),
    ] {
        let line = format!(
            "create iamserviceaccount app --cluster demo --approve --attach-role-arn {arn}"
        );
        let told = run_unchanging(&bench, &line);
        assert!(
            told.contains(&format!("error: default/app: role {arn} does not exist\n")),
            "{what}: {told}"
        );
        assert!(told.ends_with("[exit 1]\n"), "{what}: {told}");
    }
}

#[test]
fn a_role_of_another_account_is_taken_with_a_note() {
    let bench = Bench::associated();
    let line = "create iamserviceaccount app --cluster demo --approve \
                --attach-role-arn arn:aws:iam::444455556666:role/reader";
    assert_snapshot!(bench.run(line), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    changed   arn:aws:iam::444455556666:role/reader
    [stderr]
    note: role arn:aws:iam::444455556666:role/reader is of another account: whether it exists and trusts this cluster cannot be seen from here
    created service account default/app
    [exit 0]
    ");
    assert_settled(&bench, line);
}

#[test]
fn role_only_prints_the_service_account_and_makes_none() {
    let bench = Bench::associated();
    let line = format!("{CREATE} --role-only --labels tier=backend --token-expiration 3600");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      annotations:
        eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        eks.amazonaws.com/token-expiration: "3600"
      labels:
        app.kubernetes.io/managed-by: eksctl
        tier: backend
      name: s3-reader
      namespace: default
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    apply this ServiceAccount, as with `| kubectl apply -f -`:
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{line} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "annotations": {
                "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                "eks.amazonaws.com/token-expiration": "3600"
            },
            "labels": {
                "app.kubernetes.io/managed-by": "eksctl",
                "tier": "backend"
            },
            "name": "s3-reader",
            "namespace": "default"
        }
    }
    [stderr]
    apply this ServiceAccount, as with `| kubectl apply -f -`:
    [exit 0]
    "#);
    let calls = bench.calls();
    assert!(!calls.contains("kubernetes"), "{calls}");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ");
}

#[test]
fn the_provider_is_made_on_request() {
    let bench = Bench::new();
    let line = format!("{CREATE} --associate-oidc-provider");
    assert_snapshot!(bench.run(&line.replace("--approve", "")), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    + create stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        trusted: default/s3-reader, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account default/s3-reader
        role: known when stack eksctl-demo-addon-iamserviceaccount-default-s3-reader is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: default, made where it is missing
    [stderr]
    plan: 3 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_settled(&bench, &line);
}

#[test]
fn the_audience_is_added_on_request() {
    let bench = Bench::associated();
    let line = format!("{CREATE} --associate-oidc-provider --audience tokens.example.com");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    added audience "tokens.example.com" to IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    "#);
    assert_settled(&bench, &line);
}

#[test]
fn cloudformation_works_as_the_asked_role() {
    let bench = Bench::associated();
    let line = format!("{CREATE} --cfn-role-arn arn:aws:iam::111122223333:role/cloudformation");
    assert!(bench.run(&line).ends_with("[exit 0]\n"));
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    assert_eq!(
        stack.role_arn.as_deref(),
        Some("arn:aws:iam::111122223333:role/cloudformation")
    );
}

#[test]
fn a_name_is_given_in_any_form() {
    let bench = Bench::associated();
    let rest = format!("--cluster demo --attach-policy-arn {S3} --approve");
    assert!(
        bench
            .run(&format!("create iamserviceaccount web/app {rest}"))
            .ends_with("[exit 0]\n")
    );
    for name in [
        "web/app",
        "app --namespace web",
        "app -n web",
        "--name app --namespace=web",
        "--name web/app",
        "web/app --namespace web",
    ] {
        assert_settled(&bench, &format!("create iamserviceaccount {name} {rest}"));
    }
}

#[test]
fn the_noun_has_its_short_forms() {
    let bench = Bench::associated();
    assert!(bench.run(CREATE).ends_with("[exit 0]\n"));
    for noun in ["iamserviceaccounts", "irsa", "sa"] {
        assert_settled(&bench, &CREATE.replace("iamserviceaccount", noun));
    }
}

#[test]
fn approval_has_its_forms() {
    for (form, acts) in [
        ("", false),
        ("--approve", true),
        ("--yes", true),
        ("--approve=true", true),
        ("--approve=false", false),
        ("--dry-run", false),
    ] {
        let bench = Bench::associated();
        let told = bench.run(&CREATE.replace("--approve", form));
        assert!(told.ends_with("[exit 0]\n"), "{form}: {told}");
        assert_eq!(!bench.stacks().is_empty(), acts, "{form}: {told}");
    }
}

#[test]
fn an_eksctl_command_needs_only_the_programs_name_changed() {
    let bench = Bench::associated();
    let line = format!(
        "-v 4 create iamserviceaccount --name s3-reader --namespace default --cluster demo --region eu-west-1 \
         --role-name reader --attach-policy-arn {S3} --tags team=payments --override-existing-serviceaccounts \
         --timeout 25m0s --color false --cfn-disable-rollback=false --role-only=false --approve"
    );
    let told = bench.run(&line);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/reader
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/reader
    ");
}
