//! `export`: the file that describes what exists, so that `export | apply -f -` has nothing to do.

use insta::assert_snapshot;

use crate::apply::NOTHING;
use crate::file::{account, file_of};
use crate::sandbox::ManagedPolicy;
use crate::support::{ACCOUNT, Bench, REGION, S3};

const EXPORT: &str = "export --cluster demo";

/// What a run wrote to stdout.
pub fn exported(bench: &Bench, told: &str) -> String {
    let text = told
        .strip_prefix("[stdout]\n")
        .unwrap_or_else(|| panic!("{told}"));
    let end = text
        .find("[stderr]\n")
        .or(text.find("[exit "))
        .expect("an end");
    let text = text[..end].to_owned();
    bench.file("exported.yaml", &text);
    text
}

/// Exports, and sees that the file has nothing to do.
fn round_trip(bench: &Bench, more: &str) -> String {
    let told = bench.run(&format!("{EXPORT} {more}"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    let text = exported(bench, &told);
    bench.calls();
    let applied = bench.run_with(&format!("apply -f - --detailed-exitcode {more}"), &text);
    assert_eq!(applied, NOTHING, "{told}");
    assert_eq!(bench.changes(), "");
    told
}

#[test]
fn eksctls_stacks_are_described() {
    let bench = Bench::associated();
    let document = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
    ]});
    let boundary = ManagedPolicy::new("aws", ACCOUNT, "/", "boundary", document);
    bench.account(|account| {
        account
            .create_policy(boundary)
            .map(|_| ())
            .expect("a policy");
    });
    for (account, template) in [
        (
            "kube-system/autoscaler",
            include_str!("../eksctl/auto-scaler.json"),
        ),
        (
            "kube-system/awsloadbalancercontroller",
            include_str!("../eksctl/aws-load-balancer-controller.json"),
        ),
        (
            "apps/boundary",
            include_str!("../eksctl/boundary-and-role-name.json"),
        ),
        (
            "kube-system/certmanager",
            include_str!("../eksctl/cert-manager.json"),
        ),
        (
            "kube-system/ebscsicontroller",
            include_str!("../eksctl/ebs-csi-controller.json"),
        ),
        (
            "kube-system/efscsicontroller",
            include_str!("../eksctl/efs-csi-controller.json"),
        ),
        (
            "kube-system/externaldns",
            include_str!("../eksctl/external-dns.json"),
        ),
        (
            "kube-system/imagebuilder",
            include_str!("../eksctl/image-builder.json"),
        ),
        ("apps/inline", include_str!("../eksctl/inline-policy.json")),
        (
            "apps/managed",
            include_str!("../eksctl/managed-policy.json"),
        ),
        (
            "default/app-base",
            include_str!("../eksctl/subject-pattern.json"),
        ),
    ] {
        bench.stack_of("demo", account, template, "CREATE_COMPLETE");
        let (namespace, name) = account.split_once('/').expect("a namespace");
        let mut world = bench.sandbox.world();
        let arn = world.role_of(account).arn.clone();
        world.api("demo").put_service_account(
            namespace,
            name,
            &[("app.kubernetes.io/managed-by", "eksctl")],
            &[("eks.amazonaws.com/role-arn", &arn)],
            "eksctl",
        );
    }
    assert_snapshot!(round_trip(&bench, ""), @r#"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: boundary
            namespace: apps
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
          permissionsBoundary: arn:aws:iam::111122223333:policy/boundary
          roleName: custom-role-name
        - metadata:
            name: inline
            namespace: apps
          attachPolicy:
            Statement:
              - Action:
                  - "s3:Get*"
                Effect: Allow
                Resource: "*"
            Version: "2012-10-17"
        - metadata:
            name: managed
            namespace: apps
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        - metadata:
            name: app-base
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
          subjectPattern: "app-*"
        - metadata:
            name: autoscaler
            namespace: kube-system
          wellKnownPolicies:
            autoScaler: true
        - metadata:
            name: awsloadbalancercontroller
            namespace: kube-system
          wellKnownPolicies:
            awsLoadBalancerController: true
        - metadata:
            name: certmanager
            namespace: kube-system
          wellKnownPolicies:
            certManager: true
        - metadata:
            name: ebscsicontroller
            namespace: kube-system
          wellKnownPolicies:
            ebsCSIController: true
        - metadata:
            name: efscsicontroller
            namespace: kube-system
          wellKnownPolicies:
            efsCSIController: true
        - metadata:
            name: externaldns
            namespace: kube-system
          wellKnownPolicies:
            externalDNS: true
        - metadata:
            name: imagebuilder
            namespace: kube-system
          wellKnownPolicies:
            imageBuilder: true
    [exit 0]
    "#);
}

#[test]
fn every_field_survives() {
    let bench = Bench::new();
    bench.role_made_by_hand("by-hand");
    let accounts = format!(
        "  - metadata:
      name: api
      namespace: web
      labels: {{team: web, \"on\": \"true\"}}
      annotations: {{example.com/owner: \"web: team # 1\", example.com/n: \"1\"}}
    attachPolicyARNs: [{S3}]
    attachPolicies:
    - Version: \"2012-10-17\"
      Statement: [{{Effect: Allow, Action: \"s3:Get*\", Resource: \"*\"}}]
    - Version: \"2012-10-17\"
      Statement: [{{Effect: Deny, Action: [\"s3:Delete*\"], Resource: \"*\", Condition: {{Bool: {{\"aws:SecureTransport\": \"false\"}}}}}}]
    wellKnownPolicies: {{externalDNS: true, ebsCSIController: true}}
    permissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess
    roleName: Api
    rolePath: /web/
    maxSessionDuration: 7200
    subjectPattern: \"api-*\"
    audience: vault
    tokenExpiration: 7200
    stsRegionalEndpoints: true
    tags: {{Team: web, Cost: \"0x1\"}}
  - metadata: {{name: role, namespace: web}}
    attachPolicy: {{}}
    roleOnly: true
  - metadata: {{name: hand}}
    attachRoleARN: arn:aws:iam::111122223333:role/by-hand
    audience: hand
"
    );
    bench.file("cluster.yaml", &file_of(&accounts));
    bench.arrange("apply -f ~/cluster.yaml --approve");
    assert_snapshot!(round_trip(&bench, ""), @r#"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: hand
          attachRoleARN: arn:aws:iam::111122223333:role/by-hand
          audience: hand
        - metadata:
            name: api
            namespace: web
            labels:
              "on": "true"
              team: web
            annotations:
              eks.amazonaws.com/sts-regional-endpoints: "true"
              eks.amazonaws.com/token-expiration: "7200"
              example.com/n: "1"
              example.com/owner: "web: team # 1"
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
          attachPolicies:
            - Statement:
                - Action: "s3:Get*"
                  Effect: Allow
                  Resource: "*"
              Version: "2012-10-17"
            - Statement:
                - Action:
                    - "s3:Delete*"
                  Condition:
                    Bool:
                      aws:SecureTransport: "false"
                  Effect: Deny
                  Resource: "*"
              Version: "2012-10-17"
          wellKnownPolicies:
            externalDNS: true
            ebsCSIController: true
          permissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess
          roleName: Api
          rolePath: /web/
          maxSessionDuration: 7200
          subjectPattern: "api-*"
          tags:
            Cost: "0x1"
            Team: web
          audience: vault
        - metadata:
            name: role
            namespace: web
          attachPolicy: {}
          roleOnly: true
    [exit 0]
    "#);
}

#[test]
fn adopted_service_accounts_keep_what_is_theirs() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_service_account(
        "web",
        "api",
        &[
            ("app.kubernetes.io/managed-by", "Helm"),
            ("chart", "api-1.2"),
        ],
        &[("meta.helm.sh/release-name", "api")],
        "helm",
    );
    bench.create("web/api");
    assert_snapshot!(round_trip(&bench, ""), @"
    [stdout]
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
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    [exit 0]
    ");
}

#[test]
fn what_a_file_cannot_describe_is_told_and_left_out() {
    let bench = Bench::associated();
    bench.applied(&[
        "web/good",
        "web/broken",
        "web/by-hand",
        "web/denied",
        "web/unfit",
    ]);
    let template = include_str!("../eksctl/managed-policy.json");
    let stack = |name: &str| format!("eksctl-demo-addon-iamserviceaccount-web-{name}");
    let issuer = bench.issuer();
    {
        let mut world = bench.sandbox.world();
        let audience = [("eks.amazonaws.com/audience", "vault")];
        world
            .api("demo")
            .annotate("web", "unfit", &audience, "kubectl");
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        let broken = account
            .stacks
            .iter_mut()
            .find(|found| found.name == stack("broken"))
            .expect("a stack");
        broken.status = "UPDATE_ROLLBACK_FAILED".to_owned();
        let by_hand = template
            .replace(
                "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
                &issuer,
            )
            .replace(
                "system:serviceaccount:default:s3-reader",
                "system:serviceaccount:*:api",
            );
        world.update_stack(ACCOUNT, REGION, &stack("by-hand"), &by_hand, &[]);
    }
    bench.sandbox.fault(&format!(
        "cloudformation GetTemplate of {} deny",
        stack("denied")
    ));
    let told = bench.run(EXPORT);
    assert_snapshot!(told, @r#"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: good
            namespace: web
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    [stderr]
    warning: web/broken is left out: stack "eksctl-demo-addon-iamserviceaccount-web-broken" is in UPDATE_ROLLBACK_FAILED
    warning: web/by-hand is left out: its trust policy was written by hand
    warning: web/denied is left out: not allowed to call cloudformation:GetTemplate: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:GetTemplate because no identity-based policy allows the cloudformation:GetTemplate action
    warning: web/unfit is left out: its tokens are for the audience vault, its role trusts sts.amazonaws.com
    [exit 0]
    "#);
    let text = exported(&bench, &told);
    assert_eq!(
        bench.run_with("apply -f - --detailed-exitcode", &text),
        NOTHING
    );
}

#[test]
fn nothing_there_is_a_file_too() {
    let bench = Bench::new();
    assert_snapshot!(round_trip(&bench, ""), @"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
    assert_snapshot!(bench.run("export --cluster dmeo"), @r#"
    [stderr]
    error: there is no EKS cluster "dmeo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmeo" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn a_service_account_that_is_gone_is_not_asked_for() {
    let bench = Bench::associated();
    bench.applied(&["web/api"]);
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("web", "api");
    assert_snapshot!(round_trip(&bench, ""), @"
    [stdout]
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
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
          roleOnly: true
    [exit 0]
    ");
}

#[test]
fn denied_reads_are_errors_that_say_what_is_needed() {
    let bench = Bench::associated();
    bench.file("cluster.yaml", &file_of(&account("web", "api")));
    bench.arrange("apply -f ~/cluster.yaml --approve");
    bench
        .sandbox
        .fault("cloudformation DescribeStacks times 1 deny");
    assert_snapshot!(bench.run(EXPORT), @"
    [stderr]
    error: not allowed to call cloudformation:DescribeStacks: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStacks because no identity-based policy allows the cloudformation:DescribeStacks action
    hint: allow `cloudformation:DescribeStacks` on `*` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
    bench.sandbox.fault("kubernetes list serviceaccounts deny");
    assert_snapshot!(bench.run(EXPORT), @"
    [stderr]
    error: the Kubernetes API refuses to list service accounts: not allowed by the sandbox's fault rule
    hint: this identity needs list on serviceaccounts
    [exit 1]
    ");
}

#[test]
fn a_cluster_that_is_not_eks_is_described() {
    let bench = Bench::new();
    let issuer = format!("https://{}", bench.issuer());
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let path = bench.file("kubeconfig", &kubeconfig).display().to_string();
    bench.config_of(&["web/api"]);
    let place = format!("--issuer-url {issuer} --kubeconfig {path}");
    bench.arrange(&format!("apply -f ~/cluster.yaml --approve {place}"));
    let told = round_trip(&bench, &place);
    assert!(told.contains("name: api"), "{told}");
    let calls = bench.calls();
    assert!(!calls.contains("eks "), "{calls}");
}
