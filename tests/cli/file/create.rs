//! `create -f`: what is missing is made, the provider first; what is there is left as it is.

use insta::assert_snapshot;

use super::{account, file_of};
use crate::support::{Bench, S3};

const CREATE: &str = "create iamserviceaccount -f ~/cluster.yaml --approve --parallel 1";

#[test]
fn the_provider_is_made_before_the_roles() {
    let bench = Bench::new();
    bench.config_of(&["web/api", "web/worker"]);
    assert_snapshot!(bench.run("create iamserviceaccount -f ~/cluster.yaml"), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    + create stack eksctl-demo-addon-iamserviceaccount-web-worker
        trusted: web/worker, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/worker
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-worker is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 5 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         worker   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    created stack eksctl-demo-addon-iamserviceaccount-web-worker
    created service account web/worker
    [exit 0]
    ");
    let changes = bench.changes();
    assert!(
        changes.starts_with("iam CreateOpenIDConnectProvider\n"),
        "{changes}"
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME     STATUS      ROLE ARN
    web         api      unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         worker   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-worke-Role1-5ZAJHEE2O6RN
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
}

#[test]
fn the_provider_gets_the_audiences_of_all_roles() {
    let bench = Bench::new();
    bench.role_made_by_hand("by-hand");
    let accounts = account("web", "api")
        + &account("web", "vault")
        + "    audience: vault\n"
        + &account("web", "sync")
        + "    audience: sync.example.com\n"
        + "  - metadata: {name: hand, namespace: web}\n"
        + "    attachRoleARN: arn:aws:iam::111122223333:role/by-hand\n    audience: other\n";
    bench.file("cluster.yaml", &file_of(&accounts));
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME    STATUS    ROLE ARN
    web         api     created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         vault   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-vault-Role1-AZ4VSSRLG5FG
    web         sync    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-sync-Role1-4W3PRNQDGLUE
    web         hand    changed   arn:aws:iam::111122223333:role/by-hand
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    created stack eksctl-demo-addon-iamserviceaccount-web-vault
    created service account web/vault
    created stack eksctl-demo-addon-iamserviceaccount-web-sync
    created service account web/sync
    created service account web/hand
    [exit 0]
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      audience: vault
      audience: sync.example.com
      audience: other
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn one_that_differs_is_refused_and_the_others_are_made() {
    let bench = Bench::associated();
    bench.applied(&["web/equal", "web/other"]);
    let accounts = account("web", "equal")
        + &account("web", "other").replace("S3ReadOnly", "DynamoDBReadOnly")
        + &account("web", "new");
    bench.file("cluster.yaml", &file_of(&accounts));
    assert_snapshot!(bench.run("create iamserviceaccount -f ~/cluster.yaml"), @r#"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-new
        trusted: web/new, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/new
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-new is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    error: web/other: the role of stack "eksctl-demo-addon-iamserviceaccount-web-other" is not as asked (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess
    hint: change the role: `irsactl update iamserviceaccount other --namespace web --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess --remove-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --region eu-west-1`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(CREATE), @r#"
    [stdout]
    NAMESPACE   NAME    STATUS      ROLE ARN
    web         equal   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-equal-Role1-UCWPF5XH2XHC
    web         other   refused
    web         new     created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-new-Role1-3FCF42POQGLX
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-new
    created service account web/new
    error: web/other: the role of stack "eksctl-demo-addon-iamserviceaccount-web-other" is not as asked (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess
    hint: change the role: `irsactl update iamserviceaccount other --namespace web --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess --remove-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --region eu-west-1`
    [exit 1]
    "#);
}

#[test]
fn every_field_reaches_the_role_and_the_service_account() {
    let bench = Bench::associated();
    bench.file(
        "cluster.yaml",
        &file_of(&format!(
            "  - metadata:
      name: api
      namespace: web
      labels: {{team: web}}
      annotations: {{example.com/owner: web team}}
    attachPolicyARNs: [{S3}]
    attachPolicy:
      Version: \"2012-10-17\"
      Statement: [{{Effect: Allow, Action: \"s3:Get*\", Resource: \"*\"}}]
    wellKnownPolicies: {{externalDNS: true}}
    permissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess
    roleName: Api
    rolePath: /web/
    maxSessionDuration: 7200
    subjectPattern: \"api-*\"
    tokenExpiration: 7200
    stsRegionalEndpoints: true
    tags: {{Team: web}}
"
        )),
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/web/Api
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-web-api: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/web/Api
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      inline eksctl-demo-addon-iamserviceaccount-web-api-Policy1
      inline eksctl-demo-addon-iamserviceaccount-web-api-PolicyExternalDNSChangeSet
      inline eksctl-demo-addon-iamserviceaccount-web-api-PolicyExternalDNSHostedZones
      boundary arn:aws:iam::aws:policy/PowerUserAccess
    namespace web
    service account web/api
      label app.kubernetes.io/managed-by=eksctl
      label team=web
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/web/Api
      annotation eks.amazonaws.com/sts-regional-endpoints=true
      annotation eks.amazonaws.com/token-expiration=7200
      annotation example.com/owner=web team
    ");
    let role = bench.sandbox.world().role_of("web/api").clone();
    assert_eq!(
        (role.path.as_str(), role.max_session_duration),
        ("/web/", 7200)
    );
    assert_eq!(role.tags.get("Team").map(String::as_str), Some("web"));
    assert!(
        role.trust
            .to_string()
            .contains("system:serviceaccount:web:api-*"),
        "{}",
        role.trust
    );
    let second = bench.run("apply -f ~/cluster.yaml --detailed-exitcode");
    assert_eq!(
        second,
        "[stderr]\nnothing to do: all is as asked\n[exit 0]\n"
    );
}

#[test]
fn role_only_and_existing_roles_have_one_side_each() {
    let bench = Bench::associated();
    bench.role_made_by_hand("by-hand");
    let accounts = account("web", "role")
        + "    roleOnly: true\n"
        + "  - metadata: {name: hand, namespace: web}\n"
        + "    attachRoleARN: arn:aws:iam::111122223333:role/by-hand\n";
    bench.file("cluster.yaml", &file_of(&accounts));
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         role   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-role-Role1-TSNHVVUSYIQU
    web         hand   changed   arn:aws:iam::111122223333:role/by-hand
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-role
    created service account web/hand
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-web-role: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/by-hand
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-role-Role1-TSNHVVUSYIQU
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    namespace web
    service account web/hand
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/by-hand
    ");
    assert_snapshot!(bench.run(CREATE), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         role   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-role-Role1-TSNHVVUSYIQU
    web         hand   unchanged   arn:aws:iam::111122223333:role/by-hand
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [exit 0]
    ");
}

#[test]
fn without_with_oidc_the_provider_is_no_part_of_the_plan() {
    let bench = Bench::new();
    bench.file(
        "cluster.yaml",
        &file_of(&account("web", "api")).replace("withOIDC: true", "withOIDC: false"),
    );
    assert_snapshot!(bench.run(CREATE), @"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:5:13: iam.withOIDC: must be `true`, because iam.serviceAccounts has accounts
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
}
