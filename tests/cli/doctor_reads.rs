//! What `doctor` reads of AWS: whatever is denied or breaks is unknown, by its permission, and hides
//! nothing else.

use crate::arrange::side_by_side;
use crate::sandbox::{Event, Rule, SecurityGroup};
use crate::support::{ACCOUNT, Bench, REGION};

/// A world in which every read has something to find: web/api with its role and two pods.
fn whole() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    let role = world.role_of("web/api").arn.clone();
    let cluster = &mut world.clusters[0];
    cluster.add_addon("vpc-cni");
    cluster.add_addon("eks-pod-identity-agent");
    cluster.add_association("web", "other", &role);
    world.add_vpc_endpoint("sts");
    world.add_vpc_endpoint("eks-auth");
    drop(world);
    bench
}

fn doctor(bench: &Bench) -> String {
    bench.steady(&bench.run("doctor --cluster demo web/api"))
}

/// What is unknown, what else is told of, and how it ends.
fn unknown(text: &str) -> String {
    let told = ["unknown", "problem", "warning", "checks hold", "[exit"];
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| told.iter().any(|word| line.contains(word)));
    lines.map(|line| format!("  {line}\n")).collect()
}

/// The same under each of the rules, one after the other.
fn under(rules: &[&str]) -> String {
    let run = |rule: &&str| {
        let bench = whole();
        let hangs = *rule == "kubernetes * hang";
        let bench = if hangs { bench.impatient() } else { bench };
        bench.sandbox.fault(rule);
        format!("{rule}\n{}", unknown(&doctor(&bench)))
    };
    side_by_side(2, rules, run).concat()
}

#[test]
fn each_denied_read_is_unknown_and_names_its_permission() {
    insta::assert_snapshot!(under(&[
        "eks ListAddons deny",
        "eks DescribeAddon deny",
        "eks ListPodIdentityAssociations deny",
        "iam ListOpenIDConnectProviders deny",
        "iam GetOpenIDConnectProvider deny",
        "iam GetRole deny",
        "iam ListAttachedRolePolicies deny",
        "iam ListRolePolicies deny",
        "iam GetPolicy deny",
        "iam GetPolicyVersion deny",
        "iam GetAccountSummary deny",
        "ec2 DescribeVpcEndpoints deny",
        "ec2 DescribeSecurityGroups deny",
        "ec2 DescribeInstances deny",
        "cloudtrail LookupEvents deny",
        "access-analyzer ValidatePolicy deny",
    ]), @"
    eks ListAddons deny
      38 checks hold
      [exit 0]
    eks DescribeAddon deny
      38 checks hold
      [exit 0]
    eks ListPodIdentityAssociations deny
      37 checks hold
      unknown: pod-identity-association: not allowed to call eks:ListPodIdentityAssociations
      [exit 0]
    iam ListOpenIDConnectProviders deny
      10 checks hold
      unknown: dead-providers: not allowed to call iam:ListOpenIDConnectProviders
      38 checks hold
      [exit 0]
    iam GetOpenIDConnectProvider deny
      35 checks hold
      unknown: provider: not allowed to call iam:GetOpenIDConnectProvider
      [exit 0]
    iam GetRole deny
      30 checks hold
      unknown: role-exists, trust-narrow and 3 more: not allowed to call iam:GetRole: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetRole because no identity-based policy allows the iam:GetRole action
      [exit 0]
    iam ListAttachedRolePolicies deny
      36 checks hold
      unknown: role-drift, role-policies: not allowed to call iam:ListAttachedRolePolicies: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListAttachedRolePolicies because no identity-based policy allows the iam:ListAttachedRolePolicies action
      [exit 0]
    iam ListRolePolicies deny
      36 checks hold
      unknown: role-drift, role-policies: not allowed to call iam:ListRolePolicies: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListRolePolicies because no identity-based policy allows the iam:ListRolePolicies action
      [exit 0]
    iam GetPolicy deny
      37 checks hold
      unknown: role-policies: not allowed to call iam:GetPolicy: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetPolicy because no identity-based policy allows the iam:GetPolicy action
      [exit 0]
    iam GetPolicyVersion deny
      37 checks hold
      unknown: role-policies: not allowed to call iam:GetPolicyVersion: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetPolicyVersion because no identity-based policy allows the iam:GetPolicyVersion action
      [exit 0]
    iam GetAccountSummary deny
      38 checks hold
      [exit 0]
    ec2 DescribeVpcEndpoints deny
      10 checks hold
      unknown: sts-endpoint: not allowed to call ec2:DescribeVpcEndpoints
      38 checks hold
      [exit 0]
    ec2 DescribeSecurityGroups deny
      10 checks hold
      unknown: sts-endpoint: not allowed to call ec2:DescribeSecurityGroups
      38 checks hold
      [exit 0]
    ec2 DescribeInstances deny
      37 checks hold
      unknown: metadata-hop-limit: not allowed to call ec2:DescribeInstances
      [exit 0]
    cloudtrail LookupEvents deny
      37 checks hold
      unknown: recorded-failures: not allowed to call cloudtrail:LookupEvents
      [exit 0]
    access-analyzer ValidatePolicy deny
      37 checks hold
      unknown: trust-valid: not allowed to call access-analyzer:ValidatePolicy
      [exit 0]
    ");
}

#[test]
fn each_denied_read_of_stacks_is_unknown_too() {
    insta::assert_snapshot!(under(&[
        "cloudformation DescribeStacks deny",
        "cloudformation GetTemplate deny",
    ]), @"
    cloudformation DescribeStacks deny
      36 checks hold
      unknown: stack, role-drift: not allowed to call cloudformation:DescribeStacks
      [exit 0]
    cloudformation GetTemplate deny
      36 checks hold
      unknown: stack, role-drift: not allowed to call cloudformation:GetTemplate
      [exit 0]
    ");
}

#[test]
fn each_denied_right_is_unknown_and_names_itself() {
    insta::assert_snapshot!(under(&[
        "kubernetes get namespaces deny",
        "kubernetes get serviceaccounts deny",
        "kubernetes list pods deny",
        "kubernetes list nodes deny",
        "kubernetes get daemonsets deny",
        "kubernetes list daemonsets deny",
        "kubernetes list networkpolicies deny",
        "kubernetes list securitygrouppolicies deny",
        "kubernetes list mutatingwebhookconfigurations deny",
        "kubernetes create serviceaccounts/token deny",
    ]), @"
    kubernetes get namespaces deny
      38 checks hold
      [exit 0]
    kubernetes get serviceaccounts deny
      24 checks hold
      unknown: service-account, role-annotation and 2 more: not allowed to read service account web/api
      [exit 0]
    kubernetes list pods deny
      21 checks hold
      unknown: pod-service-account, pod-skipped and 14 more: not allowed to list pods in namespace web
      [exit 0]
    kubernetes list nodes deny
      36 checks hold
      unknown: pod-windows, metadata-hop-limit: not allowed to list nodes
      [exit 0]
    kubernetes get daemonsets deny
      38 checks hold
      [exit 0]
    kubernetes list daemonsets deny
      10 checks hold
      unknown: metadata-agents: not allowed to list daemonsets.apps
      38 checks hold
      [exit 0]
    kubernetes list networkpolicies deny
      37 checks hold
      unknown: pod-network-policy: not allowed to list networkpolicies.networking.k8s.io in namespace web
      [exit 0]
    kubernetes list securitygrouppolicies deny
      38 checks hold
      unknown: pod-security-groups: not allowed to list securitygrouppolicies.vpcresources.k8s.aws in namespace web
      [exit 0]
    kubernetes list mutatingwebhookconfigurations deny
      10 checks hold
      unknown: webhook: not allowed to list mutatingwebhookconfigurations.admissionregistration.k8s.io
      37 checks hold
      [exit 0]
    kubernetes create serviceaccounts/token deny
      36 checks hold
      unknown: token, sts-accepts: the Kubernetes API refuses to create a service account token of web/api: not allowed by the sandbox's fault rule
      [exit 0]
    ");
}

#[test]
fn an_api_that_does_not_answer_hides_nothing_of_aws() {
    insta::assert_snapshot!(under(&[
        "kubernetes * deny",
        "kubernetes * reset",
        "kubernetes * hang",
        "kubernetes * garbage",
    ]), @r#"
    kubernetes * deny
      8 checks hold
      unknown: kubernetes-access: not allowed to read the version (the cluster's endpoint is public)
      unknown: webhook: not allowed to list mutatingwebhookconfigurations.admissionregistration.k8s.io
      unknown: metadata-agents: not allowed to list daemonsets.apps
      15 checks hold
      unknown: service-account, role-annotation and 2 more: not allowed to read service account web/api
      unknown: pod-service-account, pod-skipped and 4 more: not allowed to list pods in namespace web
      unknown: pod-security-groups: not allowed to list securitygrouppolicies.vpcresources.k8s.aws in namespace web
      unknown: pod-network-policy: not allowed to list networkpolicies.networking.k8s.io in namespace web
      [exit 0]
    kubernetes * reset
      8 checks hold
      unknown: kubernetes-access: cannot read the version: cluster "demo": connection closed before message completed (the cluster's endpoint is public)
      unknown: webhook: cannot list mutatingwebhookconfigurations.admissionregistration.k8s.io: cluster "demo": connection closed before message completed
      unknown: metadata-agents: cannot list daemonsets.apps: cluster "demo": connection closed before message completed
      15 checks hold
      unknown: service-account, role-annotation and 2 more: cannot read service account web/api: cluster "demo": connection closed before message completed
      unknown: pod-service-account, pod-skipped and 4 more: cannot list pods in namespace web: cluster "demo": connection closed before message completed
      unknown: pod-security-groups: cannot list securitygrouppolicies.vpcresources.k8s.aws in namespace web: cluster "demo": connection closed before message completed
      unknown: pod-network-policy: cannot list networkpolicies.networking.k8s.io in namespace web: cluster "demo": connection closed before message completed
      [exit 0]
    kubernetes * hang
      8 checks hold
      unknown: kubernetes-access: cannot read the version: cluster "demo": no answer within 2s (the cluster's endpoint is public)
      unknown: webhook: cannot list mutatingwebhookconfigurations.admissionregistration.k8s.io: cluster "demo": no answer within 2s
      unknown: metadata-agents: cannot list daemonsets.apps: cluster "demo": no answer within 2s
      15 checks hold
      unknown: service-account, role-annotation and 2 more: cannot read service account web/api: cluster "demo": no answer within 2s
      unknown: pod-service-account, pod-skipped and 4 more: cannot list pods in namespace web: cluster "demo": no answer within 2s
      unknown: pod-security-groups: cannot list securitygrouppolicies.vpcresources.k8s.aws in namespace web: cluster "demo": no answer within 2s
      unknown: pod-network-policy: cannot list networkpolicies.networking.k8s.io in namespace web: cluster "demo": no answer within 2s
      [exit 0]
    kubernetes * garbage
      8 checks hold
      unknown: kubernetes-access: cannot read the version: cluster "demo": something else answers there (the cluster's endpoint is public)
      unknown: webhook: cannot list mutatingwebhookconfigurations.admissionregistration.k8s.io: cluster "demo": something else answers there
      unknown: metadata-agents: cannot list daemonsets.apps: cluster "demo": something else answers there
      15 checks hold
      unknown: service-account, role-annotation and 2 more: cannot read service account web/api: cluster "demo": something else answers there
      unknown: pod-service-account, pod-skipped and 4 more: cannot list pods in namespace web: cluster "demo": something else answers there
      unknown: pod-security-groups: cannot list securitygrouppolicies.vpcresources.k8s.aws in namespace web: cluster "demo": something else answers there
      unknown: pod-network-policy: cannot list networkpolicies.networking.k8s.io in namespace web: cluster "demo": something else answers there
      [exit 0]
    "#);
}

#[test]
fn all_goes_on_with_the_list_that_may_be_read() {
    let rules = [
        &[
            "cloudformation ListStacks deny",
            "cloudformation DescribeStacks deny",
        ][..],
        &["kubernetes list serviceaccounts deny"],
        &[
            "cloudformation DescribeStacks deny",
            "kubernetes list serviceaccounts deny",
        ],
    ];
    let told = rules.map(|rules| {
        let bench = whole();
        for rule in rules {
            bench.sandbox.fault(rule);
        }
        let told = bench.run("doctor --cluster demo --all");
        format!("{}\n{told}", rules.join(", "))
    });
    insta::assert_snapshot!(told.concat(), @"
    cloudformation ListStacks deny, cloudformation DescribeStacks deny
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK                  CAUSE
    cluster demo      healthy   all-service-accounts   unknown: not allowed to call cloudformation:DescribeStacks
    web/api           healthy   stack, 1 more          unknown: not allowed to call cloudformation:DescribeStacks
    web/other         problem   service-account        there is no ServiceAccount web/other
    [exit 1]
    kubernetes list serviceaccounts deny
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK                  CAUSE
    cluster demo      healthy   all-service-accounts   unknown: not allowed to list service accounts
    web/api           healthy
    web/other         problem   service-account        there is no ServiceAccount web/other
    [exit 1]
    cloudformation DescribeStacks deny, kubernetes list serviceaccounts deny
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK                  CAUSE
    cluster demo      healthy   all-service-accounts   unknown: not allowed to call cloudformation:DescribeStacks; not allowed to list service accounts
    web/other         problem   service-account        there is no ServiceAccount web/other
    [exit 1]
    ");
}

#[test]
fn strange_answers_are_unknown_and_hide_nothing() {
    insta::assert_snapshot!(under(&[
        "ec2 DescribeVpcEndpoints garbage",
        "ec2 DescribeVpcEndpoints half",
        "ec2 DescribeVpcEndpoints error 503 InternalError try later",
        "ec2 DescribeVpcEndpoints hang",
        "cloudtrail LookupEvents garbage",
        "cloudtrail LookupEvents reset",
        "access-analyzer ValidatePolicy garbage",
        "access-analyzer ValidatePolicy error 400 ValidationException no",
    ]), @"
    ec2 DescribeVpcEndpoints garbage
      10 checks hold
      unknown: sts-endpoint: cannot reach AWS for ec2:DescribeVpcEndpoints: something else answers there (HTTP 200)
      38 checks hold
      [exit 0]
    ec2 DescribeVpcEndpoints half
      10 checks hold
      unknown: sts-endpoint: cannot reach AWS for ec2:DescribeVpcEndpoints: connection closed before message completed
      38 checks hold
      [exit 0]
    ec2 DescribeVpcEndpoints error 503 InternalError try later
      10 checks hold
      unknown: sts-endpoint: ec2:DescribeVpcEndpoints failed on vpc-0a1b2c3d4e5f60001: InternalError: try later
      38 checks hold
      [exit 0]
    ec2 DescribeVpcEndpoints hang
      10 checks hold
      unknown: sts-endpoint: cannot reach AWS for ec2:DescribeVpcEndpoints: no answer in time, and doctor can do without
      37 checks hold
      unknown: metadata-hop-limit: cannot reach AWS for ec2:DescribeInstances: no answer in time, and doctor can do without
      [exit 0]
    cloudtrail LookupEvents garbage
      37 checks hold
      unknown: recorded-failures: cannot reach AWS for cloudtrail:LookupEvents: something else answers there (HTTP 200)
      [exit 0]
    cloudtrail LookupEvents reset
      37 checks hold
      unknown: recorded-failures: cannot reach AWS for cloudtrail:LookupEvents: connection closed before message completed
      [exit 0]
    access-analyzer ValidatePolicy garbage
      37 checks hold
      unknown: trust-valid: cannot reach AWS for access-analyzer:ValidatePolicy: something else answers there (HTTP 200)
      [exit 0]
    access-analyzer ValidatePolicy error 400 ValidationException no
      37 checks hold
      unknown: trust-valid: access-analyzer:ValidatePolicy failed: ValidationException: no
      [exit 0]
    ");
}

#[test]
fn throttling_costs_time_and_nothing_else() {
    insta::assert_snapshot!(under(&[
        "ec2 * times 3 throttle",
        "cloudtrail * times 3 throttle",
        "access-analyzer * times 3 throttle",
        "ec2 * times 1 error 503 ServiceUnavailable later",
    ]), @"
    ec2 * times 3 throttle
      38 checks hold
      [exit 0]
    cloudtrail * times 3 throttle
      38 checks hold
      [exit 0]
    access-analyzer * times 3 throttle
      38 checks hold
      [exit 0]
    ec2 * times 1 error 503 ServiceUnavailable later
      38 checks hold
      [exit 0]
    ");
}

/// doctor is run where the network is broken: what it can do without is not asked again and again.
#[test]
fn reads_that_doctor_can_do_without_have_two_attempts() {
    let services = [
        ("cloudtrail", "LookupEvents"),
        ("ec2", "DescribeVpcEndpoints"),
        ("access-analyzer", "ValidatePolicy"),
    ];
    side_by_side(3, &services, |(service, operation)| {
        for effect in ["error 500 InternalFailure oops", "reset", "hang"] {
            let bench = whole();
            bench
                .sandbox
                .fault(&format!("{service} {operation} {effect}"));
            bench.calls();
            let told = doctor(&bench);
            assert!(told.ends_with("[exit 0]\n"), "{service} {effect}: {told}");
            let calls = bench.calls();
            let name = format!("{service} {operation}");
            let asked = calls.lines().filter(|call| call.starts_with(&name)).count();
            let wanted = match effect {
                "hang" => 1..=2,
                _ => 2..=2,
            };
            assert!(wanted.contains(&asked), "{service} {effect}: {calls}");
        }
    });
}

#[test]
fn all_that_hangs_hides_nothing_else() {
    let bench = whole();
    for service in ["ec2", "cloudtrail", "access-analyzer"] {
        bench.sandbox.fault(&format!("{service} * hang"));
    }
    bench.calls();
    insta::assert_snapshot!(unknown(&doctor(&bench)), @"
    10 checks hold
    unknown: sts-endpoint: cannot reach AWS for ec2:DescribeVpcEndpoints: no answer in time, and doctor can do without
    35 checks hold
    unknown: trust-valid: cannot reach AWS for access-analyzer:ValidatePolicy: no answer in time, and doctor can do without
    unknown: recorded-failures: cannot reach AWS for cloudtrail:LookupEvents: no answer in time, and doctor can do without
    unknown: metadata-hop-limit: cannot reach AWS for ec2:DescribeInstances: no answer in time, and doctor can do without
    [exit 0]
    ");
    let calls = bench.calls();
    let is_hung = |call: &&str| {
        ["ec2 ", "cloudtrail ", "access-analyzer "]
            .iter()
            .any(|start| call.starts_with(start))
    };
    assert!(calls.lines().filter(is_hung).count() <= 4, "{calls}");
}

#[test]
fn pages_are_read_to_the_last() {
    let bench = whole();
    let before = unknown(&doctor(&bench));
    bench.sandbox.world().page_size = 1;
    assert_eq!(unknown(&doctor(&bench)), before);
}

#[test]
fn an_endpoint_that_lets_nobody_in_is_found() {
    let bench = whole();
    {
        let mut world = bench.sandbox.world();
        let group = world.network.endpoints[0].groups[0].clone();
        let mut shut = SecurityGroup::new(&group);
        shut.ingress.push(Rule::of("tcp", 80).with("0.0.0.0/0"));
        world.network.groups.retain(|known| known.id != group);
        world.network.groups.push(shut);
        world.network.endpoints[0].private_dns = false;
    }
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    cluster demo: 1 problem, 1 warning

    problem: no security group of the interface endpoint vpce-ca7d3e38118a8aab7 lets TCP 443 in [sts-endpoint]
      inbound TCP 443
        wanted: from the pods' subnets
        found:  from nowhere
      security groups: sg-ca7d3e38118a8aab7
      fix: aws ec2 authorize-security-group-ingress --group-id sg-ca7d3e38118a8aab7 --protocol tcp --port 443 --cidr CIDR   # CIDR: of the VPC

    warning: the interface endpoint vpce-ca7d3e38118a8aab7 has no private DNS: the name of com.amazonaws.eu-west-1.sts leads to its public address [sts-endpoint]
      private DNS
        wanted: enabled
        found:  disabled
      fix: aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-ca7d3e38118a8aab7 --private-dns-enabled

      10 checks hold

    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 1]
    ");
}

#[test]
fn what_cloudtrail_recorded_tells_the_real_subject() {
    let bench = whole();
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api").arn.clone();
    let at = world.trail.last().map_or(0, |event| event.at);
    drop(world);
    let at = at.max(now());
    let provider = |host: &str| format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{host}");
    let own = provider(&bench.issuer());
    let others = provider("oidc.eks.eu-west-1.amazonaws.com/id/OTHER");
    for (session, subject, role, provider) in [
        (
            "botocore",
            "system:serviceaccount:web:apii",
            Some(&role),
            &own,
        ),
        (
            "irsactl-verify",
            "system:serviceaccount:a:b",
            Some(&role),
            &own,
        ),
        // Of nobody's role, and of another cluster.
        ("botocore", "system:serviceaccount:no:role", None, &own),
        (
            "botocore",
            "system:serviceaccount:other:cluster",
            Some(&role),
            &others,
        ),
    ] {
        let record = serde_json::json!({
            "userIdentity": {
                "type": "WebIdentityUser", "userName": subject, "identityProvider": provider,
            },
            "awsRegion": REGION,
            "errorCode": "AccessDenied",
            "errorMessage": "An unknown error occurred",
            "requestParameters": { "roleArn": role, "roleSessionName": session },
        });
        bench.sandbox.world().trail.push(Event {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            name: "AssumeRoleWithWebIdentity".to_owned(),
            at,
            record,
        });
    }
    let told = doctor(&bench);
    let told: Vec<&str> = told
        .lines()
        .filter(|line| !line.trim().starts_with("at: "))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    warning: a pod was refused (AccessDenied: An unknown error occurred) [recorded-failures]
      sub
        wanted: system:serviceaccount:web:api
        found:  system:serviceaccount:web:apii

      37 checks hold
    [exit 0]
    ");
}

#[test]
fn a_provider_is_dead_only_if_its_issuer_is_gone_and_no_role_trusts_it() {
    let bench = whole();
    let eks = |region: &str, id: &str| format!("oidc.eks.{region}.amazonaws.com/id/{id}");
    let mut world = bench.sandbox.world();
    world.add_cluster("staging", ACCOUNT, REGION);
    // AWS's way of roles across accounts (EKS User Guide, "cross-account-access").
    world.add_cluster("theirs", "444455556666", REGION);
    let of_clusters = world
        .clusters
        .iter()
        .skip(1)
        .flat_map(|cluster| cluster.issuer.clone());
    let mut issuers: Vec<String> = of_clusters
        .map(|issuer| issuer.trim_start_matches("https://").to_owned())
        .collect();
    let role = world.role_of("web/api");
    let used = eks(REGION, "USED");
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{used}");
    let mut statement = role.trust["Statement"][0].clone();
    statement["Principal"]["Federated"] = arn.into();
    role.trust["Statement"]
        .as_array_mut()
        .expect("statements")
        .push(statement);
    drop(world);
    issuers.extend([
        eks(REGION, "DEAD"),
        eks(REGION, "YOUNG"),
        used,
        "oidc-eks.eu-west-1.api.aws/id/DUALSTACK".to_owned(),
        "oidc.eks.unreachable-1.amazonaws.com/id/ELSEWHERE".to_owned(),
        "token.actions.githubusercontent.com".to_owned(),
    ]);
    bench
        .sandbox
        .fault("issuer /id/DUALSTACK/.well-known/openid-configuration error 503 Unavailable later");
    for issuer in issuers {
        bench.account(|account| {
            let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
            let mut provider = account.providers.values().next().expect("one").clone();
            provider.arn.clone_from(&arn);
            provider.created = match issuer.contains("YOUNG") {
                true => now(),
                false => 0,
            };
            provider.url = issuer;
            account.providers.insert(arn, provider);
        });
    }
    insta::assert_snapshot!(doctor(&bench), @r#"
    [stdout]
    cluster demo: healthy

    note: the issuer of an IAM OIDC provider is gone, and no role trusts it [dead-providers]
      provider: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/DEAD
      fix: irsactl gc --region eu-west-1

    note: the issuer of an IAM OIDC provider is gone, and roles trust it still [dead-providers]
      provider: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/USED
      trusted by: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      fix: irsactl gc --region eu-west-1

      10 checks hold

    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    warning: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU was changed by hand: its stack says otherwise [role-drift]
        ~ trust policy:
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
          -     },
          -     {
          -       "Action": "sts:AssumeRoleWithWebIdentity",
          -       "Condition": {
          -         "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
          -         }
          -       },
          -       "Effect": "Allow",
          -       "Principal": {
          -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/USED"
          -       }
                }
              ],
              "Version": "2012-10-17"
      fix: irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve

      37 checks hold
    [exit 0]
    "#);
    // Where not even the cluster's own issuer is read, nothing is known of the others.
    bench.sandbox.fault("issuer * error 403 Forbidden no");
    let told = doctor(&bench);
    assert!(!told.contains("irsactl gc"), "{told}");
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let passed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(passed.expect("after 1970").as_millis()).expect("a time")
}
