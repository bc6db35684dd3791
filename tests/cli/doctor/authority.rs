//! On whose word `doctor --fix` changes IAM: the account's own stack's and the command line's, and nobody
//! else's. What whoever may edit a ServiceAccount, a pod or a stack can write is told, and changes
//! nothing.

use serde_json::{Value, json};

use super::healthy;
use super::repairs::changes;
use crate::sandbox::{Chain, World};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const ADMIN: &str = "arn:aws:iam::111122223333:role/OrganizationAdmin";
const ALL: &str = "doctor --cluster demo --all --fix --restart --approve";
const MINE: &str = "doctor --cluster demo web/api --fix --approve";
const AUDIENCE: &str = "eks.amazonaws.com/audience";

/// A tenant who may edit what is in the namespace `tenant`, and a role that is not theirs.
fn with_tenant(annotations: &[(&str, &str)]) -> Bench {
    let bench = healthy();
    bench.role_made_by_hand("OrganizationAdmin");
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("tenant", "evil", &[], annotations, "kubectl");
    api.run_deployment("tenant", "evil", "evil", 1);
    drop(world);
    bench
}

/// All trust policies and client IDs of the account.
fn iam(bench: &Bench) -> Value {
    bench.account(|account| {
        let roles = account.roles.values();
        let roles: Vec<Value> = roles.map(|role| json!([role.name, role.trust])).collect();
        let providers = account.providers.values();
        let providers: Vec<Value> = providers
            .map(|it| json!([it.arn, it.client_ids, it.thumbprints]))
            .collect();
        json!([roles, providers])
    })
}

/// Runs all repairs, which must change nothing in IAM; what was changed elsewhere.
fn unmoved(bench: &Bench, line: &str) -> String {
    let before = iam(bench);
    bench.sandbox.world().calls.clear();
    let told = bench.run(line);
    assert_eq!(iam(bench), before, "{told}");
    let changed = changes(bench);
    assert!(
        !changed.contains("iam ") && !changed.contains("cloudformation "),
        "{told}{changed}"
    );
    changed
}

fn annotate(bench: &Bench, key: &str, value: &str) {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.annotate("web", "api", &[(key, value)], "kubectl");
    drop(world);
}

#[test]
fn an_annotation_gets_nobody_a_role() {
    let bench = with_tenant(&[("eks.amazonaws.com/role-arn", ADMIN)]);
    assert_eq!(unmoved(&bench, ALL), "");
    insta::assert_snapshot!(bench.steady(&bench.run("doctor --cluster demo tenant/evil --fix")), @r#"
    [stdout]
    tenant/evil: 1 problem, 1 warning
      role: arn:aws:iam::111122223333:role/OrganizationAdmin
      pods: 1

    problem: the trust policy keeps tenant/evil out: Statement[0] trusts a principal that is no identity provider [trust-policy]
      Statement[0]
        wanted: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  AWS 111122223333
      Statement[0] allows another action than the one that pods call
        wanted: sts:AssumeRoleWithWebIdentity
        found:  sts:AssumeRole
                "Principal": {
                  "AWS": "111122223333"
                }
        +     },
        +     {
        +       "Action": [
        +         "sts:AssumeRoleWithWebIdentity"
        +       ],
        +       "Condition": {
        +         "StringEquals": {
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:tenant:evil"
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
      fix: irsactl trust add --cluster demo tenant/evil --role-arn arn:aws:iam::111122223333:role/OrganizationAdmin --approve   # only if tenant/evil is meant to have this role
      fix: irsactl doctor --cluster demo tenant/evil --role-arn arn:aws:iam::111122223333:role/OrganizationAdmin --fix --approve   # only if tenant/evil is meant to have this role

    warning: role OrganizationAdmin has no policies: it may do nothing [role-policies]
      fix: aws iam attach-role-policy --role-name OrganizationAdmin --policy-arn ARN   # ARN: of a policy that allows what it needs

      33 checks hold
    [stderr]
    nothing that is safe to repair: what was found is for a person
    [exit 1]
    "#);
    // Nor does a provider come to be for it.
    bench.account(|account| account.providers.clear());
    assert_eq!(
        unmoved(&bench, "doctor --cluster demo tenant/evil --fix --approve"),
        ""
    );
}

#[test]
fn the_annotation_of_another_role_is_no_word_for_it() {
    let bench = with_tenant(&[]);
    annotate(&bench, "eks.amazonaws.com/role-arn", ADMIN);
    assert_eq!(unmoved(&bench, MINE), "");
    for text in ["iam.amazonaws.com/role-arn", "eks.amazon.com/role-arn"] {
        let bench = with_tenant(&[(text, ADMIN)]);
        assert_eq!(unmoved(&bench, ALL), "", "{text}");
    }
    let quoted = format!("\"{ADMIN}\"");
    let bench = with_tenant(&[("eks.amazonaws.com/role-arn", quoted.as_str())]);
    assert_eq!(unmoved(&bench, ALL), "");
}

#[test]
fn an_audience_of_an_annotation_is_admitted_nowhere() {
    for audience in ["https://kubernetes.default.svc", "vault", "sts.example.com"] {
        let bench = healthy();
        annotate(&bench, AUDIENCE, audience);
        assert_eq!(unmoved(&bench, ALL), "", "{audience}");
        // The provider takes it for others: so does the role not.
        bench.account(|account| {
            let mut providers = account.providers.values_mut();
            let provider = providers.next().expect("a provider");
            provider.client_ids.push(audience.to_owned());
        });
        assert_eq!(unmoved(&bench, ALL), "", "{audience}");
    }
}

#[test]
fn an_audience_is_admitted_on_the_users_word() {
    let bench = healthy();
    annotate(&bench, AUDIENCE, "vault");
    insta::assert_snapshot!(bench.steady(&bench.run("doctor --cluster demo web/api")), @r#"
    [stdout]
    web/api: 3 problems
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the provider does not know the audience "vault" of the pods' tokens [provider-audience]
      audiences
        wanted: vault
        found:  sts.amazonaws.com
      hence: STS refuses the token: InvalidIdentityToken: Incorrect token audience [sts-accepts]
      fix: kubectl annotate serviceaccount api --namespace web eks.amazonaws.com/audience-   # in cluster demo; its tokens are for sts.amazonaws.com then
      fix: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E --client-id vault   # only if its tokens are meant to be for that audience

    problem: the trust policy keeps web/api out: Statement[0] has another audience than the token [trust-policy]
      Statement[0]
        wanted: vault
        found:  sts.amazonaws.com
                ],
                "Condition": {
                  "StringEquals": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": [
        +             "sts.amazonaws.com",
        +             "vault"
        +           ],
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
                  }
                },
      fix: irsactl doctor --cluster demo web/api --audience vault --fix --approve   # only if its tokens are meant to be for that audience

    problem: deployment web/api: its pods' tokens are for another audience [pod-token-volume]
      audience
        wanted: vault
        found:  sts.amazonaws.com
      pods: api-6df9a677b4-0002d, api-6df9a677b4-00030
      fix: kubectl rollout restart deployment/api --namespace web   # in cluster demo

      34 checks hold
    [exit 1]
    "#);
    let told = bench.run("doctor --cluster demo web/api --audience vault --fix --approve");
    insta::assert_snapshot!(changes(&bench), @"
    iam AddClientIDToOpenIDConnectProvider
    iam UpdateAssumeRolePolicy
    ");
    assert!(told.contains("proved: STS accepts its token"), "{told}");
}

/// What the stack's own template says is the user's word of before.
#[test]
fn an_audience_of_the_own_stack_is_made_known() {
    let bench = Bench::associated();
    bench.arrange("associate-oidc-provider --cluster demo --audience vault --approve");
    bench.arrange(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --audience vault --approve",
    );
    bench.account(|account| {
        let mut providers = account.providers.values_mut();
        providers.next().expect("a provider").client_ids = vec!["sts.amazonaws.com".to_owned()];
    });
    let told = bench.run(MINE);
    assert!(told.contains("added audience \"vault\""), "{told}");
}

#[test]
fn a_role_is_repaired_on_the_users_word_for_one_account() {
    let bench = with_tenant(&[("eks.amazonaws.com/role-arn", ADMIN)]);
    let before = iam(&bench);
    let line = format!("doctor --cluster demo tenant/evil --role-arn {ADMIN} --fix");
    assert_eq!(unmoved(&bench, &line), "");
    let told = bench.run(&format!("{line} --approve"));
    assert!(told.contains("repaired role OrganizationAdmin"), "{told}");
    assert_ne!(iam(&bench), before);
    insta::assert_snapshot!(changes(&bench), @"iam UpdateAssumeRolePolicy");
    // Whose pods these are says who may edit them.
    let refused = bench.run(&format!(
        "doctor --cluster demo --workload tenant/deploy/evil --role-arn {ADMIN} --fix"
    ));
    insta::assert_snapshot!(refused, @"
    [stderr]
    error: --fix changes the role of --role-arn for one service account: name it too
    hint: see `--help`
    [exit 2]
    ");
}

/// Whoever may make stacks may tag them, and put any ARN into an output.
#[test]
fn a_stack_says_nothing_of_a_role_that_it_did_not_make() {
    let bench = with_tenant(&[]);
    let template = json!({
        "Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
            ]
        }}}},
        "Outputs": {"Role1": {"Value": ADMIN}},
    });
    let name = "eksctl-demo-addon-iamserviceaccount-tenant-evil";
    let tags = [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("alpha.eksctl.io/iamserviceaccount-name", "tenant/evil"),
    ];
    let status = "CREATE_COMPLETE";
    bench
        .sandbox
        .world()
        .add_stack(ACCOUNT, REGION, name, &template.to_string(), &tags, status);
    assert_eq!(unmoved(&bench, ALL), "");
    for verb in ["update", "create"] {
        let line = format!(
            "{verb} iamserviceaccount tenant/evil --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve"
        );
        assert_eq!(unmoved(&bench, &line), "");
    }
}

/// CloudFormation replaces a trust policy whole; what somebody added to it stays.
#[test]
fn a_statement_that_somebody_added_outlives_the_repairs() {
    let pods = json!({
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    });
    let breaks: [fn(&mut World); 2] = [
        |world| {
            let text = world.role_of("web/api").trust.to_string();
            let broken = text.replace("web:api", "web/api");
            world.role_of("web/api").trust = serde_json::from_str(&broken).expect("JSON");
        },
        // The cluster was made again.
        |world| {
            let issuer =
                "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
            world.clusters[0].issuer = Some(issuer.to_owned());
        },
    ];
    for breaks in breaks {
        let bench = healthy();
        let mut world = bench.sandbox.world();
        breaks(&mut world);
        let statements = world.role_of("web/api").trust["Statement"].as_array_mut();
        statements.expect("statements").push(pods.clone());
        drop(world);
        bench.associate();
        let told = bench.run(MINE);
        assert!(told.contains("proved: STS accepts its token"), "{told}");
        let mut world = bench.sandbox.world();
        let trust = &world.role_of("web/api").trust;
        assert!(
            trust["Statement"]
                .as_array()
                .expect("statements")
                .contains(&pods),
            "{trust:#}"
        );
    }
}

/// Whoever may create a pod writes who owns it, and the label that tells its Deployment's name.
fn planted(owner: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": "web", "name": format!("evil-{kind}").to_lowercase(),
            "labels": {"pod-template-hash": "5d8"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": kind, "name": owner, "controller": true, "uid": "5d8",
            }],
        },
        "spec": {
            "serviceAccountName": "api",
            "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
        },
        "status": {"phase": "Running"},
    })
}

/// Only the template of a workload tells whose pods it makes.
#[test]
fn a_pod_restarts_no_workload_of_another_service_account() {
    let bench = healthy();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.run_deployment("web", "payments", "payments", 2);
    api.run_stateful_set("web", "ledger", "default", 1);
    api.put_object(planted("payments-5d8", "ReplicaSet"), "kubectl");
    api.put_object(planted("ledger", "StatefulSet"), "kubectl");
    drop(world);
    let create = format!(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn {S3} --restart --approve"
    );
    let mut told = String::new();
    for line in [
        "doctor --cluster demo web/api --fix --restart --approve",
        create.as_str(),
        "update iamserviceaccount web/api --cluster demo --tags a=b --restart --wait --approve",
    ] {
        bench.sandbox.world().calls.clear();
        let run = bench.run(line);
        let changed = changes(&bench);
        assert!(!changed.contains("kubernetes patch"), "{run}{changed}");
        let (_, stderr) = run.split_once("[stderr]").unwrap_or_default();
        told.push_str(stderr);
    }
    insta::assert_snapshot!(told, @"
    warning: deployment web/payments is not restarted: its own template makes pods of service account payments, and of api only a pod that names it as its owner is there: evil-replicaset
    warning: statefulset web/ledger is not restarted: its own template makes pods of service account default, and of api only a pod that names it as its owner is there: evil-statefulset
    nothing that is safe to repair: what was found is for a person
    [exit 1]

    warning: deployment web/payments is not restarted: its own template makes pods of service account payments, and of api only a pod that names it as its owner is there: evil-replicaset
    warning: statefulset web/ledger is not restarted: its own template makes pods of service account default, and of api only a pod that names it as its owner is there: evil-statefulset
    [exit 0]

    warning: deployment web/payments is not restarted: its own template makes pods of service account payments, and of api only a pod that names it as its owner is there: evil-replicaset
    warning: statefulset web/ledger is not restarted: its own template makes pods of service account default, and of api only a pod that names it as its owner is there: evil-statefulset
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    [exit 0]
    ");
}

/// kOps runs its webhook with `--token-audience=amazonaws.com`.
#[test]
fn another_webhooks_audience_is_no_mistake() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    let issuer = world.add_issuer("oidc.example.com", "", Chain::default());
    world.clusters[0].issuer = Some(issuer.clone());
    world.api("demo").controllers.token_audience = Some("amazonaws.com".to_owned());
    let kubeconfig = world.kubeconfig("demo");
    drop(world);
    bench.file("kubeconfig", &kubeconfig);
    let place = format!("--cluster demo --issuer-url {issuer}");
    bench.arrange(&format!(
        "associate-oidc-provider {place} --audience amazonaws.com --approve"
    ));
    let place = format!("{place} --kubeconfig ~/kubeconfig");
    bench.arrange(&format!(
        "create iamserviceaccount web/api {place} --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --audience amazonaws.com --approve"
    ));
    // Its webhook gives the audience, and no annotation.
    let role = bench.role_arn();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let annotation = [("eks.amazonaws.com/role-arn", role.as_str())];
    api.put_service_account("web", "api", &[], &annotation, "kubectl");
    api.run_deployment("web", "api", "api", 2);
    drop(world);
    let line = format!("doctor {place} web/api --fix --restart --approve");
    assert_eq!(unmoved(&bench, &line), "");
    insta::assert_snapshot!(bench.run(&format!("doctor {place} web/api")), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      37 checks hold
    [exit 0]
    ");
    // The trust policy broken otherwise is mended, and goes on taking that audience.
    let mut world = bench.sandbox.world();
    let trust = world.role_of("web/api").trust.to_string();
    let broken = trust.replace("web:api", "web/api");
    world.role_of("web/api").trust = serde_json::from_str(&broken).expect("JSON");
    drop(world);
    bench.arrange(&line);
    let mut world = bench.sandbox.world();
    let mended = world.role_of("web/api").trust.to_string();
    assert!(
        mended.contains("\"oidc.example.com:aud\":\"amazonaws.com\""),
        "{mended}"
    );
    assert!(mended.contains("system:serviceaccount:web:api"), "{mended}");
}

#[test]
fn an_output_of_a_stack_that_makes_no_role_gives_nobody_one() {
    let bench = healthy();
    bench.role_made_by_hand("OrganizationAdmin");
    let name = "eksctl-demo-addon-iamserviceaccount-tenant-evil";
    let template = json!({
        "Resources": {"Other": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}},
            ]},
        }}},
        "Outputs": {"Role1": {"Value": ADMIN}},
    });
    let tags = [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("alpha.eksctl.io/iamserviceaccount-name", "tenant/evil"),
    ];
    let mut world = bench.sandbox.world();
    let template = template.to_string();
    world.add_stack(ACCOUNT, REGION, name, &template, &tags, "CREATE_COMPLETE");
    let api = world.api("demo");
    api.put_service_account("tenant", "evil", &[], &[], "kubectl");
    drop(world);
    let told = bench.run("doctor --cluster demo tenant/evil");
    assert!(!told.contains("OrganizationAdmin"), "{told}");
    assert!(told.contains("no such annotation"), "{told}");
}

#[test]
fn the_role_of_another_accounts_stack_is_changed_by_that() {
    let bench = healthy();
    let role = bench.sandbox.world().role_of("web/api").arn.clone();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let annotation = [("eks.amazonaws.com/role-arn", role.as_str())];
    api.put_service_account("tenant", "guest", &[], &annotation, "kubectl");
    drop(world);
    let doctor = format!("doctor --cluster demo tenant/guest --role-arn {role}");
    let told = bench.run(&format!("{doctor} --fix --approve"));
    assert!(told.contains("nothing that is safe to repair"), "{told}");
    let line = format!("trust add --cluster demo tenant/guest --role-arn {role} --approve");
    assert!(told.contains(&format!("fix: irsactl {line}")), "{told}");
    assert!(!told.contains("--fix --approve"), "{told}");
    // Whose it is may not be known, and for another audience that is not all.
    let blind = bench.copy();
    blind.sandbox.fault("cloudformation * deny");
    for told in [
        blind.run(&doctor),
        bench.run(&format!("{doctor} --audience vault")),
    ] {
        assert!(told.contains("--fix --approve"), "{told}");
    }
    // It is the stack that is changed, so that nothing is drift.
    let added = bench.run(&line);
    assert!(added.contains("updated stack"), "{added}");
    let told = bench.run("doctor --cluster demo web/api");
    assert!(!told.contains("changed by hand"), "{told}");
}

#[test]
fn a_role_that_is_gone_is_replaced_whoever_named_it() {
    let bench = healthy();
    let mut world = bench.sandbox.world();
    let gone = [(
        "eks.amazonaws.com/role-arn",
        "arn:aws:iam::111122223333:role/Gone",
    )];
    world
        .api("demo")
        .put_service_account("tenant", "left", &[], &gone, "kubectl");
    drop(world);
    let told = bench.run("doctor --cluster demo tenant/left");
    let line = "create iamserviceaccount --cluster demo tenant/left --attach-policy-arn ARN --override-existing-serviceaccounts --approve";
    assert!(told.contains(&format!("fix: irsactl {line}")), "{told}");
    assert!(!told.contains("delete iamserviceaccount"), "{told}");
    let created = bench.run(&line.replace("ARN", S3));
    assert!(created.ends_with("[exit 0]\n"), "{created}");
}
