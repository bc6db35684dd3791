//! `doctor`'s flags, as users type them.

use insta::assert_snapshot;

use super::healthy;
use crate::support::Bench;

/// One run after the other: the words, and what came of them.
fn each(bench: &Bench, lines: &[&str]) -> String {
    let told = lines.iter().map(|line| {
        let told = bench.run(&format!("doctor {line}"));
        format!("$ irsactl doctor {line}\n{told}\n")
    });
    bench.steady(&told.collect::<String>())
}

#[test]
fn a_service_account_is_named_in_each_usual_way() {
    let bench = healthy();
    assert_snapshot!(each(&bench, &[
        "-c demo web/api",
        "-c demo api -n web",
        "-c demo web/api -n web",
        "-c demo web/api -n other",
        "-c demo -n web",
        "-c demo api",
        "-c demo web/nothing",
        "-c demo nowhere/api",
        "-c demo web/a/b",
        "-c demo",
        "web/api",
        "",
    ]), @r#"
    $ irsactl doctor -c demo web/api
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo api -n web
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo web/api -n web
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo web/api -n other
    [stderr]
    error: --namespace other and NAME web/api contradict each other
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo -n web
    [stderr]
    error: --namespace is that of a service account, which must be named too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo api
    [stdout]
    default/api: 1 problem
      pods: none runs

    problem: there is no ServiceAccount default/api [service-account]
      fix: irsactl create iamserviceaccount --cluster demo default/api --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      3 checks hold
    [exit 1]

    $ irsactl doctor -c demo web/nothing
    [stdout]
    web/nothing: 1 problem
      pods: none runs

    problem: there is no ServiceAccount web/nothing [service-account]
      fix: irsactl create iamserviceaccount --cluster demo web/nothing --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      3 checks hold
    [exit 1]

    $ irsactl doctor -c demo nowhere/api
    [stdout]
    nowhere/api: 1 problem
      pods: none runs

    problem: there is no namespace nowhere [service-account]
      fix: kubectl create namespace nowhere   # in cluster demo
      fix: irsactl create iamserviceaccount --cluster demo nowhere/api --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      3 checks hold
    [exit 1]

    $ irsactl doctor -c demo web/a/b
    [stderr]
    error: "a/b" is no service account name: at most 253 lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo
    [stdout]
    cluster demo: healthy
      11 checks hold
    [stderr]
    note: its service accounts are not looked at: `irsactl doctor --cluster demo --all` does that
    [exit 0]

    $ irsactl doctor web/api
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl doctor --cluster <CLUSTER> <NAME>

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor 
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl doctor --cluster <CLUSTER> [NAME]

    For more information, try '--help'.
    [exit 2]
    "#);
}

#[test]
fn a_workload_or_pod_leads_to_its_service_account() {
    let bench = healthy();
    let pod = {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_stateful_set("web", "db", "api", 1);
        api.run_daemon_set("web", "log", "api");
        api.run_rollout("web", "canary", "api", 1);
        api.run_job("web", "once", "api");
        api.run_pod("web", "bare", "api");
        api.run_deployment("web", "plain", "default", 1);
        api.run_pod("web", "other", "other");
        api.put_object(
            serde_json::json!({
                "apiVersion": "batch/v1", "kind": "CronJob",
                "metadata": {"namespace": "web", "name": "nightly"},
                "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": {
                    "serviceAccountName": "api",
                    "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
                }}}}},
            }),
            "kubectl",
        );
        api.pods("web")
            .into_iter()
            .find(|name| name.starts_with("api-"))
            .expect("a pod")
            .to_owned()
    };
    assert_snapshot!(each(&bench, &[
        "-c demo --workload web/deploy/api",
        "-c demo --workload web/sts/db",
        "-c demo --workload web/ds/log",
        "-c demo --workload web/rollouts/canary",
        "-c demo --workload web/job/once",
        "-c demo --workload web/cj/nightly",
        "-c demo --pod web/bare",
        "-c demo --workload web/deploy/plain",
        "-c demo --workload web/deploy/gone",
        "-c demo --workload web/svc/api",
        "-c demo --workload api",
        "-c demo --pod api",
        "-c demo --pod web/gone",
        "-c demo web/api --pod web/other",
        "-c demo web/api --workload shop/deploy/api",
    ]), @r#"
    $ irsactl doctor -c demo --workload web/deploy/api
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo --workload web/sts/db
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo --workload web/ds/log
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo --workload web/rollouts/canary
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo --workload web/job/once
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo --workload web/cj/nightly
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: none runs
      22 checks hold
    [exit 0]

    $ irsactl doctor -c demo --pod web/bare
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1
      38 checks hold
    [exit 0]

    $ irsactl doctor -c demo --workload web/deploy/plain
    [stdout]
    web/default: 1 problem
      pods: 1

    problem: ServiceAccount web/default has no role annotation [role-annotation]
      serviceAccountName
        wanted: a service account with a role
        found:  default
      fix: kubectl set serviceaccount deployment/plain SERVICE_ACCOUNT --namespace web   # in cluster demo; SERVICE_ACCOUNT: one that has a role

      13 checks hold
    [exit 1]

    $ irsactl doctor -c demo --workload web/deploy/gone
    [stderr]
    error: there is no deployment web/gone
    hint: look what there is: `kubectl get deployments --namespace web`
    [exit 1]

    $ irsactl doctor -c demo --workload web/svc/api
    [stderr]
    error: invalid value 'web/svc/api' for '--workload <NAMESPACE/KIND/NAME>': "svc" is no kind of workload: deploy, sts, ds, rollout, rs, job, cronjob and pod are

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo --workload api
    [stderr]
    error: invalid value 'api' for '--workload <NAMESPACE/KIND/NAME>': "api" is no `namespace/kind/name`, as web/deploy/api

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo --pod api
    [stderr]
    error: invalid value 'api' for '--pod <NAMESPACE/NAME>': "api" is no `namespace/name`

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo --pod web/gone
    [stderr]
    error: there is no pod web/gone
    hint: look what there is: `kubectl get pods --namespace web`
    [exit 1]

    $ irsactl doctor -c demo web/api --pod web/other
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1

    problem: pod web/other: its pods run as service account other [pod-service-account]
      serviceAccountName
        wanted: api
        found:  other
      hence: pod web/other: its pods were not given the role, and use that of their node [pod-role]
      hence: pod web/other: its pods do not know where their token is [pod-token-file]
      hence: pod web/other: its pods have no token for AWS [pod-token-volume]
      fix: create pod web/other again with serviceAccountName: api

      34 checks hold
    [exit 1]

    $ irsactl doctor -c demo web/api --workload shop/deploy/api
    [stderr]
    error: deployment shop/api and service account web/api are in different namespaces
    hint: see `--help`
    [exit 2]
    "#);
    let told = bench.run(&format!("doctor -c demo --pod web/{pod}"));
    assert_snapshot!(told.replace(&pod, "POD"), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1
      38 checks hold
    [exit 0]
    ");
}

#[test]
fn flags_that_make_no_sense_together_are_refused() {
    let bench = healthy();
    assert_snapshot!(each(&bench, &[
        "-c demo --all web/api",
        "-c demo --all --pod web/api",
        "-c demo --all --role-arn arn:aws:iam::111122223333:role/a",
        "-c demo --pod web/api --workload web/deploy/api",
        "-c demo web/api --approve",
        "-c demo web/api --wait-for-pods",
        "-c demo web/api --restart",
        "-c demo web/api --detailed-exitcode",
        "-c demo --can s3:GetObject=*",
        "-c demo web/api --can GetObject",
        "-c demo web/api --fix --wait-for-pods",
        "--role-arn arn:aws:iam::111122223333:role/a --fix",
        "--role-arn nonsense",
        "--role-arn arn:aws:iam::111122223333:role/a --pod web/api",
        "--role-arn arn:aws:iam::111122223333:role/a web/api",
        "--issuer-url https://issuer.example.com web/api",
        "--explain nothing",
        "-c demo web/api -o wide",
    ]), @r#"
    $ irsactl doctor -c demo --all web/api
    [stderr]
    error: the argument '--all' cannot be used with:
      [NAME]
      --name <NAME>
      --namespace <NAMESPACE>

    Usage: irsactl doctor --cluster <CLUSTER> --all [NAME]

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo --all --pod web/api
    [stderr]
    error: the argument '--all' cannot be used with '--pod <NAMESPACE/NAME>'

    Usage: irsactl doctor --cluster <CLUSTER> --all [NAME]

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo --all --role-arn arn:aws:iam::111122223333:role/a
    [stderr]
    error: the argument '--all' cannot be used with '--role-arn <ARN>'

    Usage: irsactl doctor --cluster <CLUSTER> --all [NAME]

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo --pod web/api --workload web/deploy/api
    [stderr]
    error: the argument '--pod <NAMESPACE/NAME>' cannot be used with '--workload <NAMESPACE/KIND/NAME>'

    Usage: irsactl doctor --cluster <CLUSTER> --pod <NAMESPACE/NAME> [NAME]

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo web/api --approve
    [stderr]
    error: --approve is about repairs: `--fix` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo web/api --wait-for-pods
    [stderr]
    error: --wait-for-pods is about repairs: `--fix` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo web/api --restart
    [stderr]
    error: --restart is about repairs: `--fix` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo web/api --detailed-exitcode
    [stderr]
    error: --detailed-exitcode is about repairs: `--fix` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo --can s3:GetObject=*
    [stderr]
    error: --can asks about a role: name a service account, or --role-arn
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo web/api --can GetObject
    [stderr]
    error: invalid value 'GetObject' for '--can <ACTION=ARN>': `GetObject` is no action such as `s3:GetObject` (without wildcards)

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor -c demo web/api --fix --wait-for-pods
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    nothing to repair
    [exit 0]

    $ irsactl doctor --role-arn arn:aws:iam::111122223333:role/a --fix
    [stderr]
    error: --fix is about a cluster: `--cluster` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor --role-arn nonsense
    [stderr]
    error: invalid value 'nonsense' for '--role-arn <ARN>': an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor --role-arn arn:aws:iam::111122223333:role/a --pod web/api
    [stderr]
    error: --pod is about a cluster: `--cluster` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor --role-arn arn:aws:iam::111122223333:role/a web/api
    [stderr]
    error: NAME is about a cluster: `--cluster` must be given too
    hint: see `--help`
    [exit 2]

    $ irsactl doctor --issuer-url https://issuer.example.com web/api
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl doctor --issuer-url <URL> --cluster <CLUSTER> <NAME>

    For more information, try '--help'.
    [exit 2]

    $ irsactl doctor --explain nothing
    [stderr]
    error: --explain "nothing": there is no such check: `irsactl doctor --explain` lists all
    hint: see `--help`
    [exit 2]

    $ irsactl doctor -c demo web/api -o wide
    [stderr]
    error: invalid value 'wide' for '--output <OUTPUT>'
      [possible values: table, json, yaml, name, markdown]

    For more information, try '--help'.
    [exit 2]
    "#);
}

#[test]
fn a_role_is_looked_at_by_itself() {
    let bench = healthy();
    let role = bench.role_arn();
    bench.account(|account| {
        let mut other = account.roles.values().next().expect("a role").clone();
        other.name = "node".to_owned();
        other.arn = "arn:aws:iam::111122223333:role/node".to_owned();
        other.tags.clear();
        other.trust = serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"},
        }]});
        account.roles.insert("node".to_owned(), other);
    });
    assert_snapshot!(each(&bench, &[
        &format!("--role-arn {role}"),
        &format!("-c demo --role-arn {role}"),
        "-c demo web/api --role-arn arn:aws:iam::111122223333:role/node",
        "--role-arn arn:aws:iam::111122223333:role/node",
        "--role-arn arn:aws:iam::111122223333:role/gone",
        "--role-arn arn:aws:iam::444455556666:role/theirs",
        "-c demo web/api --role-arn arn:aws:iam::444455556666:role/theirs",
    ]), @r#"
    $ irsactl doctor --role-arn arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stdout]
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: healthy
      7 checks hold
    [exit 0]

    $ irsactl doctor -c demo --role-arn arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stdout]
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: healthy
      11 checks hold
    [exit 0]

    $ irsactl doctor -c demo web/api --role-arn arn:aws:iam::111122223333:role/node
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/node
      pods: 2

    problem: the trust policy keeps web/api out: Statement[0] trusts a principal that is no identity provider [trust-policy]
      Statement[0]
        wanted: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  Service ec2.amazonaws.com
      Statement[0] allows another action than the one that pods call
        wanted: sts:AssumeRoleWithWebIdentity
        found:  sts:AssumeRole
                "Principal": {
                  "Service": "ec2.amazonaws.com"
                }
        +     },
        +     {
        +       "Action": [
        +         "sts:AssumeRoleWithWebIdentity"
        +       ],
        +       "Condition": {
        +         "StringEquals": {
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
        +         }
        +       },
        +       "Effect": "Allow",
        +       "Principal": {
        +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
        +       }
              }
            ],
            "Version": "2012-10-17"
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/api --role-arn arn:aws:iam::111122223333:role/node --fix --approve

      35 checks hold
    [exit 1]

    $ irsactl doctor --role-arn arn:aws:iam::111122223333:role/node
    [stdout]
    arn:aws:iam::111122223333:role/node: healthy
      6 checks hold
    [exit 0]

    $ irsactl doctor --role-arn arn:aws:iam::111122223333:role/gone
    [stdout]
    arn:aws:iam::111122223333:role/gone: 1 problem

    problem: there is no role gone [role-exists]
      role: arn:aws:iam::111122223333:role/gone

      1 check holds
    [exit 1]

    $ irsactl doctor --role-arn arn:aws:iam::444455556666:role/theirs
    [stdout]
    arn:aws:iam::444455556666:role/theirs: unknown: no check could be made
      0 checks hold
      unknown: role-exists, trust-narrow and 4 more: it is of account 444455556666, and these credentials are of 111122223333
    [exit 0]

    $ irsactl doctor -c demo web/api --role-arn arn:aws:iam::444455556666:role/theirs
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::444455556666:role/theirs
      pods: 2

    problem: the role is in account 444455556666, which has no provider for the cluster's issuer [trust-accounts]
      provider
        wanted: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  none
      hence: STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E [sts-accepts]
      fix: irsactl associate-oidc-provider --cluster demo --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E --approve --profile PROFILE   # PROFILE: one of account 444455556666

      23 checks hold
      unknown: role-exists, provider and 5 more: it is of account 444455556666, and these credentials are of 111122223333
    [exit 1]
    "#);
}

#[test]
fn what_the_role_may_do_is_asked() {
    let bench = healthy();
    assert_snapshot!(each(&bench, &[
        "-c demo web/api --can s3:GetObject=arn:aws:s3:::bucket/key",
        "-c demo web/api --can s3:GetObject=arn:aws:s3:::bucket/key --can s3:PutObject=arn:aws:s3:::bucket/key --can sqs:SendMessage",
    ]), @"
    $ irsactl doctor -c demo web/api --can s3:GetObject=arn:aws:s3:::bucket/key
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      39 checks hold
    [exit 0]

    $ irsactl doctor -c demo web/api --can s3:GetObject=arn:aws:s3:::bucket/key --can s3:PutObject=arn:aws:s3:::bucket/key --can sqs:SendMessage
    [stdout]
    web/api: 2 problems
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: the role may not s3:PutObject on arn:aws:s3:::bucket/key [role-permissions]
      s3:PutObject
        wanted: allowed
        found:  no policy of the role allows it
      fix: irsactl update iamserviceaccount --cluster demo web/api --policy-document FILE --approve   # FILE: a policy that allows s3:PutObject

    problem: the role may not sqs:SendMessage [role-permissions]
      sqs:SendMessage
        wanted: allowed
        found:  no policy of the role allows it
      fix: irsactl update iamserviceaccount --cluster demo web/api --policy-document FILE --approve   # FILE: a policy that allows sqs:SendMessage

      38 checks hold
    [exit 1]
    ");
}

#[test]
fn machines_are_told_every_check() {
    let bench = healthy();
    bench.account(|account| account.providers.clear());
    let mut told = bench.run("doctor -c demo web/api -o json");
    told.truncate(9000);
    assert_snapshot!(told, @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Health",
        "cluster": {
            "subject": "cluster demo",
            "state": "healthy",
            "findings": [],
            "checks": [
                {
                    "check": "credentials",
                    "must": "the AWS credentials work, and the account is known",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "caller",
                            "found": "arn:aws:iam::111122223333:user/someone"
                        }
                    ]
                },
                {
                    "check": "cluster",
                    "must": "the cluster exists in this region, is active, and reports no health issues",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "demo",
                            "found": "Kubernetes 1.33, eks.9"
                        }
                    ]
                },
                {
                    "check": "issuer",
                    "must": "the cluster has an OIDC issuer",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "issuer",
                            "found": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                        }
                    ]
                },
                {
                    "check": "kubernetes-access",
                    "must": "the Kubernetes API can be reached, and knows this AWS identity",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "Kubernetes API",
                            "found": "1.33"
                        }
                    ]
                },
                {
                    "check": "discovery",
                    "must": "the issuer's discovery document can be read, and names the cluster's issuer",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "issuer",
                            "found": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                        }
                    ]
                },
                {
                    "check": "signing-keys",
                    "must": "the issuer publishes signing keys",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "keys",
                            "found": "1: icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
                        }
                    ]
                },
                {
                    "check": "webhook",
                    "must": "the pod identity webhook is there, and acts when pods are created",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "pod-identity-webhook",
                            "found": "https://127.0.0.1:23443/mutate"
                        }
                    ]
                },
                {
                    "check": "sts-region",
                    "must": "STS is active in the cluster's region",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "STS",
                            "found": "answers in eu-west-1"
                        }
                    ]
                },
                {
                    "check": "sts-endpoint",
                    "must": "an interface endpoint for STS in the cluster's VPC lets pods in",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "sts.eu-west-1",
                            "found": "no interface endpoint: pods need a way to the internet"
                        }
                    ]
                },
                {
                    "check": "all-service-accounts",
                    "must": "with --all: the stacks and the service accounts of the cluster can be listed",
                    "verdict": "doesNotApply"
                },
                {
                    "check": "dead-providers",
                    "must": "no IAM OIDC provider of EKS is left whose issuer is gone",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "IAM OIDC providers",
                            "found": "0 beside the cluster's"
                        }
                    ]
                },
                {
                    "check": "metadata-agents",
                    "must": "no kiam or kube2iam stands between pods and the instance metadata",
                    "verdict": "holds",
                    "evidence": [
                        {
                            "of": "agents",
                            "found": "none"
                        }
                    ]
                }
            ]
        },
        "accounts": [
            {
                "subject": "web/api",
                "state": "problem",
                "findings": [
                    {
                        "check": "provider",
                        "cause": "no-provider",
                        "severity": "problem",
                        "text": "account 111122223333 has no IAM OIDC provider for the cluster's issuer",
                        "evidence": [
                            {
                                "of": "provider",
                                "wanted": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                                "found": "none"
                            }
                        ],
                        "fix": [
                            "irsactl associate-oidc-provider --cluster demo --approve"
                        ],
                        "repairs": [
                            {
                                "action": "createOidcProvider",
                                "arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                                "url": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                                "audiences": [
                                    "sts.amazonaws.com"
                                ],
                                "thumbprints": [
                                    "2@oidc.eks.eu-west-1.amazonaws.com------"
                                ],
                                "tags": {
                                    "alpha.eksctl.io/cluster-name": "demo",
                                    "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0"
                                }
                            }
                        ],
                        "consequences": [
                            {
                                "check": "sts-accepts",
                                "cause": "no-provider",
                                "severity": "problem",
                                "text": "STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                                "evidence": [
                                    {
                                        "of": "role",
                                        "found": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU"
                                    }
                                ],
                                "fix": [
                                    "irsactl associate-oidc-provider --cluster demo --approve"
                                ]
                            }
                        ]
                    }
                ],
                "checks": [
                    {
                        "check": "webhook-selection",
                        "must": "the webhook selects the service account's namespace",
                        "verdict": "holds",
                        "evidence": [
                            {
                                "of": "namespace",
                                "found": "web"
                            }
                        ]
                    },
                    {
                        "check": "service-account",
                        "must": "the namespace and the ServiceAccount exist",
                        "verdict": "holds",
                        "evidence": [
                            {
                                "of": "service account",
                                "found": "web/api"
                            }
                        ]
                    },
                    {
                        "check": "stack",
                        "must": "the CloudFormation stack of the service account's role is ready",
                        "verdict": "holds",
                        "evidence": [
                            {
                                "of": "eksctl-demo-addon-iamserviceaccount-web-api",
                                "found": "CREATE_COMPLETE"
                            }
                        ]
                    },
                    {
                        "check": "role-annotation",
                        "must": "the ServiceAccount's annotation eks.amazonaws.com/rol
    "#);
    assert_snapshot!(each(&bench, &["-c demo web/api -o name", "-c demo --all -o name", "-c demo --all", "-c demo web/api -q"]), @"
    $ irsactl doctor -c demo web/api -o name
    [stdout]
    web/api
    [exit 1]

    $ irsactl doctor -c demo --all -o name
    [stdout]
    web/api
    [exit 1]

    $ irsactl doctor -c demo --all
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK      CAUSE
    web/api           problem   provider   account 111122223333 has no IAM OIDC provider for the cluster's issuer
    [exit 1]

    $ irsactl doctor -c demo web/api -q
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

      34 checks hold
    [exit 1]
    ");
}

#[test]
fn the_surroundings_fail_in_plain_words() {
    let mut bench = healthy();
    assert_snapshot!(each(&bench, &["-c dmo web/api"]), @r#"
    $ irsactl doctor -c dmo web/api
    [stderr]
    error: there is no EKS cluster "dmo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmo" is looked for in one only
    [exit 1]
    "#);
    bench.sandbox.world().clusters[0].status = "CREATING".to_owned();
    assert_snapshot!(each(&bench, &["-c demo web/api"]), @r#"
    $ irsactl doctor -c demo web/api
    [stderr]
    error: cluster "demo" is CREATING: it has no issuer or no Kubernetes API
    hint: wait for it: `aws eks wait cluster-active --name demo`
    [exit 1]
    "#);
    bench.sandbox.world().clusters[0].status = "ACTIVE".to_owned();
    bench.sandbox.fault("kubernetes * deny");
    assert_snapshot!(each(&bench, &["-c demo web/api", "-c demo --all", "-c demo --workload web/deploy/api"]), @"
    $ irsactl doctor -c demo web/api
    [stdout]
    cluster demo: healthy, as far as can be seen
      8 checks hold
      unknown: kubernetes-access: not allowed to read the version (the cluster's endpoint is public)
      unknown: webhook: not allowed to list mutatingwebhookconfigurations.admissionregistration.k8s.io
      unknown: metadata-agents: not allowed to list daemonsets.apps

    web/api: healthy, as far as can be seen
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      15 checks hold
      unknown: service-account, role-annotation and 2 more: not allowed to read service account web/api
      unknown: pod-service-account, pod-skipped and 4 more: not allowed to list pods in namespace web
      unknown: pod-security-groups: not allowed to list securitygrouppolicies.vpcresources.k8s.aws in namespace web
      unknown: pod-network-policy: not allowed to list networkpolicies.networking.k8s.io in namespace web
    [exit 0]

    $ irsactl doctor -c demo --all
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK                       CAUSE
    cluster demo      healthy   kubernetes-access, 3 more   unknown: not allowed to read the version (the cluster's endpoint is public)
    web/api           healthy   service-account, 11 more    unknown: not allowed to read service account web/api
    [exit 0]

    $ irsactl doctor -c demo --workload web/deploy/api
    [stderr]
    error: the Kubernetes API refuses to get deployments.apps api in namespace web: not allowed by the sandbox's fault rule
    hint: allow this identity to get deployments.apps api in namespace web: with a Role or ClusterRole, and a binding of it
    [exit 1]
    ");
    bench.sandbox.world().faults.clear();
    bench.set("AWS_ACCESS_KEY_ID", "");
    assert_snapshot!(each(&bench, &["-c demo web/api"]), @"
    $ irsactl doctor -c demo web/api
    [stderr]
    error: no usable AWS credentials: of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set
    hint: sign in (`aws login`, `aws sso login`), choose a profile (`--profile NAME`; `aws configure list-profiles`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    [exit 4]
    ");
}
