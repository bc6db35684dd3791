//! `apply`: a whole file is made true, whatever is found, and a second run has nothing to do.

mod prune;
mod states;
mod weather;

use insta::assert_snapshot;

use crate::file::{account, file_of};
use crate::support::Bench;

/// One track after the other, so that what is told of them has an order.
const APPLY: &str = "apply -f ~/cluster.yaml --approve --parallel 1";
pub const NOTHING: &str = "[stderr]\nnothing to do: all is as asked\n[exit 0]\n";

/// A file with one account of each kind.
fn of_all_kinds() -> String {
    let accounts = account("web", "api")
        + &account("web", "role")
        + "    roleOnly: true\n"
        + &account("default", "named")
        + "    roleName: Named\n    audience: vault\n    tags: {Team: web}\n"
        + "  - metadata: {name: dns, namespace: kube-system}\n    wellKnownPolicies: {externalDNS: true}\n"
        + "  - metadata: {name: hand, namespace: web, labels: {team: web}}\n"
        + "    attachRoleARN: arn:aws:iam::111122223333:role/by-hand\n";
    file_of(&accounts)
}

#[test]
fn an_empty_world_becomes_what_the_file_says() {
    let bench = Bench::new();
    bench.role_made_by_hand("by-hand");
    bench.file("cluster.yaml", &of_all_kinds());
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --detailed-exitcode"), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com, vault
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    + create stack eksctl-demo-addon-iamserviceaccount-web-role
        trusted: web/role, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create stack eksctl-demo-addon-iamserviceaccount-default-named
        trusted: default/named, audience vault
        role name: Named
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        tag: Team=web
    + create service account default/named
        role: known when stack eksctl-demo-addon-iamserviceaccount-default-named is ready
        label: app.kubernetes.io/managed-by=eksctl
        annotation: eks.amazonaws.com/audience=vault
        namespace: default, made where it is missing
    + create stack eksctl-demo-addon-iamserviceaccount-kube-system-dns
        trusted: kube-system/dns, audience sts.amazonaws.com
        inline policy PolicyExternalDNSChangeSet: allows route53:ChangeResourceRecordSets on arn:${AWS::Partition}:route53:::hostedzone/*
        inline policy PolicyExternalDNSHostedZones: allows route53:ListHostedZones, route53:ListResourceRecordSets, route53:ListTagsForResource on all resources
    + create service account kube-system/dns
        role: known when stack eksctl-demo-addon-iamserviceaccount-kube-system-dns is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: kube-system, made where it is missing
    + create service account web/hand
        role: arn:aws:iam::111122223333:role/by-hand
        label: app.kubernetes.io/managed-by=eksctl
        label: team=web
        namespace: web, made where it is missing
    [stderr]
    plan: 9 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_eq!(bench.changes(), "");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE     NAME    STATUS    ROLE ARN
    web           api     created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web           role    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-role-Role1-TSNHVVUSYIQU
    default       named   created   arn:aws:iam::111122223333:role/Named
    kube-system   dns     created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-DAGLBR67EGTN
    web           hand    changed   arn:aws:iam::111122223333:role/by-hand
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    created stack eksctl-demo-addon-iamserviceaccount-web-role
    created stack eksctl-demo-addon-iamserviceaccount-default-named
    created service account default/named
    created stack eksctl-demo-addon-iamserviceaccount-kube-system-dns
    created service account kube-system/dns
    created service account web/hand
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-web-api: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-web-role: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-default-named: CREATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-kube-system-dns: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/by-hand
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-DAGLBR67EGTN
      inline eksctl-demo-addon-iamserviceaccount-kube-system-dns-PolicyExternalDNSChangeSet
      inline eksctl-demo-addon-iamserviceaccount-kube-system-dns-PolicyExternalDNSHostedZones
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-role-Role1-TSNHVVUSYIQU
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/Named
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    namespace web
    service account default/named
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/audience=vault
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/Named
    service account kube-system/dns
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-DAGLBR67EGTN
    service account web/api
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    service account web/hand
      label app.kubernetes.io/managed-by=eksctl
      label team=web
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/by-hand
    ");
    bench.calls();
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE     NAME    STATUS      ROLE ARN
    web           api     unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web           role    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-role-Role1-TSNHVVUSYIQU
    default       named   unchanged   arn:aws:iam::111122223333:role/Named
    kube-system   dns     unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-DAGLBR67EGTN
    web           hand    unchanged   arn:aws:iam::111122223333:role/by-hand
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
}

#[test]
fn results_are_printed_in_every_format() {
    let bench = Bench::associated();
    bench.applied(&["web/api"]);
    bench.config_of(&["web/api", "web/worker"]);
    assert_snapshot!(bench.run(&format!("{APPLY} -q -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "status": "unchanged",
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                }
            },
            {
                "done": [],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU",
                "status": "unchanged",
                "target": {
                    "serviceAccount": "web/api"
                }
            },
            {
                "done": [
                    "created stack eksctl-demo-addon-iamserviceaccount-web-worker",
                    "created service account web/worker"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN",
                "status": "created",
                "target": {
                    "serviceAccount": "web/worker"
                }
            }
        ]
    }
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{APPLY} -o yaml")), @"
    [stdout]
    apiVersion: irsactl/v1
    kind: Result
    items:
    - done: []
      status: unchanged
      target:
        provider: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    - done: []
      roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      status: unchanged
      target:
        serviceAccount: web/api
    - done: []
      roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN
      status: unchanged
      target:
        serviceAccount: web/worker
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{APPLY} -o name")), @"
    [stdout]
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    web/api
    web/worker
    [exit 0]
    ");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 0,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": []
            },
            {
                "target": {
                    "serviceAccount": "web/api"
                },
                "actions": [],
                "role": {
                    "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU"
                }
            },
            {
                "target": {
                    "serviceAccount": "web/worker"
                },
                "actions": [],
                "role": {
                    "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN"
                }
            }
        ]
    }
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    "#);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o name"), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -q"), @"[exit 0]");
}

#[test]
fn lines_fit_the_screen_and_a_closed_pipe_is_no_error() {
    let bench = Bench::new();
    bench.config_of(&["web/api", "web/worker"]);
    let program = env!("CARGO_BIN_EXE_irsactl");
    let mut shell = bench.command_of("sh");
    let script =
        format!("{program} apply -f cluster.yaml -o json | head -1; {program} {APPLY} | head -1");
    shell.arg("-c").arg(script.replace("~/", ""));
    let output = shell.output().expect("a shell");
    assert_snapshot!(String::from_utf8_lossy(&output.stdout), @"
    {
    NAMESPACE   NAME     STATUS    ROLE ARN
    ");
    let long: Vec<String> = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.chars().count() > 80 && !line.contains("oidc"))
        .map(str::to_owned)
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn twelve_accounts_are_read_from_lists() {
    let bench = Bench::associated();
    let names: Vec<String> = (0..12).map(|number| format!("web/a{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    bench.applied(&names);
    bench.sandbox.world().page_size = 5;
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
    let calls = bench.sorted_calls();
    let count = |call: &str| calls.lines().filter(|line| *line == call).count();
    assert_eq!(count("cloudformation DescribeStacks"), 3, "{calls}");
    assert_eq!(count("kubernetes list serviceaccounts"), 1, "{calls}");
    assert_eq!(count("kubernetes get serviceaccounts"), 0, "{calls}");
    assert_eq!(count("iam GetPolicy"), 1, "{calls}");
    assert_eq!(count("iam GetRole"), 12, "{calls}");
    assert_eq!(count("cloudformation GetTemplate"), 12, "{calls}");
}

#[test]
fn who_may_not_list_service_accounts_reads_each() {
    let bench = Bench::associated();
    let names: Vec<String> = (0..12).map(|number| format!("web/a{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    bench.applied(&names);
    bench.sandbox.fault("kubernetes list serviceaccounts deny");
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
    let calls = bench.sorted_calls();
    let gets = calls
        .lines()
        .filter(|line| *line == "kubernetes get serviceaccounts");
    assert_eq!(gets.count(), 12, "{calls}");
}
