//! What of Vault becomes an entry, and what does not.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::asked::Permissions;
use crate::model::{ClusterFacts, EksCluster, Lookup, Map, WorkloadKind};
use crate::world::{EngineRole, Pod, Rollout, ServiceAccount, TemplatedWorkload, WorkloadState};

const POLICY: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

fn user(arns: &[&str]) -> EngineRole {
    EngineRole {
        credential_type: "iam_user".to_owned(),
        policy_arns: arns.iter().map(ToString::to_string).collect(),
        ..EngineRole::default()
    }
}

fn assumed(arns: &[&str]) -> EngineRole {
    EngineRole {
        credential_type: "assumed_role".to_owned(),
        role_arns: arns.iter().map(ToString::to_string).collect(),
        ..EngineRole::default()
    }
}

fn login(names: &[&str], namespaces: &[&str]) -> LoginRole {
    let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    LoginRole {
        names: texts(names),
        namespaces: texts(namespaces),
        token_policies: vec!["app".to_owned()],
        ..LoginRole::default()
    }
}

/// One login role with a policy that reads `aws/creds/a`, for `web/api`.
fn world() -> VaultWorld {
    let objects = ["web/api", "web/job", "db/api"].map(|name| {
        let name: ServiceAccountName = name.parse().expect("a name");
        (name, ServiceAccount::default())
    });
    let policy = "path \"aws/creds/a\" { capabilities = [\"read\"] }".to_owned();
    VaultWorld {
        aws_mount: "aws".to_owned(),
        auth_mount: "kubernetes".to_owned(),
        kubernetes_host: Lookup::Missing,
        engine_roles: BTreeMap::from([
            ("a".to_owned(), Lookup::Found(user(&[POLICY]))),
            ("b".to_owned(), Lookup::Found(user(&[]))),
        ]),
        static_roles: Lookup::Missing,
        login_roles: BTreeMap::from([("app".to_owned(), Lookup::Found(login(&["api"], &["web"])))]),
        policies: BTreeMap::from([("app".to_owned(), Lookup::Found(policy))]),
        objects: objects.into(),
        workloads: Lookup::Found(Vec::new()),
    }
}

const ENDPOINT: &str = "https://AAAA.gr7.eu-west-1.eks.amazonaws.com";

fn cluster() -> Cluster {
    Cluster {
        name: "demo".parse().expect("a name"),
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/A"
            .parse()
            .expect("an issuer"),
        has_roles_elsewhere: false,
        eks: Some(EksCluster {
            arn: "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
                .parse()
                .expect("an ARN"),
            endpoint: ENDPOINT.to_owned(),
            certificate_authority: String::new(),
            token_id: "demo".to_owned(),
            tags: Map::new(),
            facts: ClusterFacts::default(),
        }),
    }
}

fn imported(world: &VaultWorld, named: &[&str]) -> VaultImport {
    let named: Vec<ServiceAccountName> =
        named.iter().map(|it| it.parse().expect("a name")).collect();
    let includes = |name: &ServiceAccountName| named.is_empty() || named.contains(name);
    import(
        world,
        &VaultChoice {
            named: &named,
            includes: &includes,
            cluster: &cluster(),
            quota: 10,
        },
    )
}

fn results(import: &VaultImport) -> Vec<String> {
    let rows = import.rows.iter();
    rows.map(|row| {
        format!(
            "{}/{} {}: {}",
            row.namespace,
            row.name,
            row.result.word(),
            row.reasons.join("; ")
        )
    })
    .collect()
}

fn with_login(role: LoginRole) -> VaultWorld {
    let mut world = world();
    world
        .login_roles
        .insert("app".to_owned(), Lookup::Found(role));
    world
}

fn with_engine(role: EngineRole) -> VaultWorld {
    let mut world = world();
    world
        .engine_roles
        .insert("a".to_owned(), Lookup::Found(role));
    world
}

#[test]
fn what_a_policy_gives_becomes_an_entry() {
    let import = imported(&world(), &[]);
    assert_eq!(results(&import), ["web/api written: "]);
    assert_eq!(import.rows[0].engine_roles, ["a"]);
    assert_eq!(import.rows[0].login_roles, ["app"]);
    let [account] = import.accounts.as_slice() else {
        panic!("{import:?}");
    };
    let Permissions::Role(spec) = &account.permissions else {
        panic!("{account:?}");
    };
    assert_eq!(spec.managed[0].to_string(), POLICY);
}

#[test]
fn several_names_and_namespaces_are_all_of_them() {
    let role = login(&["api", "job"], &["web", "db"]);
    let import = imported(&with_login(role), &[]);
    let wanted = ["db/api written: ", "web/api written: ", "web/job written: "];
    assert_eq!(results(&import), wanted);
    assert_eq!(
        import.notes,
        ["role app of auth method kubernetes lets in what the cluster does not have: db/job"]
    );
}

#[test]
fn a_pattern_gives_nobody_a_role_who_is_not_named() {
    for role in [
        login(&["*"], &["web"]),
        login(&["a*"], &["*"]),
        login(&["api"], &["w*"]),
    ] {
        let world = with_login(role);
        let import = imported(&world, &[]);
        assert!(import.rows.is_empty(), "{import:?}");
        assert!(import.notes[0].contains("by patterns"), "{import:?}");
        let named = imported(&world, &["web/api"]);
        assert_eq!(results(&named), ["web/api written: "]);
        let other = imported(&world, &["web/nobody"]);
        assert!(other.accounts.is_empty(), "{other:?}");
    }
}

#[test]
fn a_pattern_adds_nothing_to_what_a_name_has() {
    let mut world = world();
    let policy = "path \"aws/creds/b\" { capabilities = [\"read\"] }".to_owned();
    world
        .policies
        .insert("wide".to_owned(), Lookup::Found(policy));
    let wide = LoginRole {
        token_policies: vec!["wide".to_owned()],
        ..login(&["*"], &["*"])
    };
    world
        .login_roles
        .insert("wide".to_owned(), Lookup::Found(wide));
    assert_eq!(imported(&world, &[]).rows[0].engine_roles, ["a"]);
    assert_eq!(
        imported(&world, &["web/api"]).rows[0].engine_roles,
        ["a", "b"]
    );
}

#[test]
fn a_selector_leaves_it_open() {
    let role = LoginRole {
        selector: "{\"matchLabels\":{\"a\":\"b\"}}".to_owned(),
        ..login(&["api"], &[])
    };
    let import = imported(&with_login(role), &["web/api"]);
    assert_eq!(import.rows[0].result, VaultResult::Unknown);
    assert!(import.accounts.is_empty());
}

#[test]
fn what_has_no_equal_is_left_out_with_the_reason() {
    let session = |kind: &str| EngineRole {
        credential_type: kind.to_owned(),
        ..user(&[POLICY])
    };
    let one = "arn:aws:iam::111122223333:role/one";
    let narrowed = EngineRole {
        policy_arns: vec![POLICY.to_owned()],
        ..assumed(&[one])
    };
    let tagged = EngineRole {
        session_tags: Map::from([("team".to_owned(), "a".to_owned())]),
        ..assumed(&[one])
    };
    let grouped = EngineRole {
        iam_groups: vec!["ops".to_owned()],
        ..user(&[])
    };
    for (role, reason) in [
        (session("federation_token"), "gives a federation_token"),
        (session("session_token"), "gives a session_token"),
        (session("iam_user,federation_token"), "of the kind"),
        (assumed(&[one, one]), "choose among roles"),
        (assumed(&["nonsense"]), "the role \"nonsense\""),
        (narrowed, "narrows the sessions"),
        (tagged, "the tags team"),
        (grouped, "comes from IAM groups"),
        (user(&["nonsense"]), "the policy \"nonsense\""),
    ] {
        let import = imported(&with_engine(role), &[]);
        assert!(import.accounts.is_empty(), "{import:?}");
        assert_eq!(import.rows[0].result, VaultResult::Skipped);
        let told = import.rows[0].reasons.join("; ");
        assert!(told.contains(reason), "{told}");
    }
    let import = imported(&with_engine(assumed(&[one])), &[]);
    let existing = Permissions::Existing(one.parse().expect("an ARN"));
    assert_eq!(import.accounts[0].permissions, existing);
}

#[test]
fn what_is_denied_to_users_is_not_given_to_a_role() {
    let with = |effect: &str| {
        let statement = json!({
            "Effect": effect, "Action": "iam:*", "Resource": "*",
            "Condition": {"StringLike": {"aws:Username": "vault-*"}},
        });
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let role = EngineRole {
            policy_document: document.to_string(),
            ..user(&[POLICY])
        };
        imported(&with_engine(role), &[])
    };
    assert!(with("Deny").accounts.is_empty());
    let allowed = with("Allow");
    assert!(
        allowed.rows[0].notes[0].contains("asks who calls"),
        "{allowed:?}"
    );
}

#[test]
fn nobody_logs_in_with_the_policy_root() {
    let role = LoginRole {
        token_policies: vec!["root".to_owned(), "app".to_owned()],
        ..login(&["api"], &["web"])
    };
    assert!(imported(&with_login(role), &[]).accounts.is_empty());
}

#[test]
fn what_is_unknown_is_in_no_entry() {
    let unknown = || "denied".to_owned();
    let mut policy = world();
    policy
        .policies
        .insert("app".to_owned(), Lookup::Unknown(unknown()));
    let mut text = world();
    text.policies
        .insert("app".to_owned(), Lookup::Found("path {".to_owned()));
    let mut engine = world();
    engine
        .engine_roles
        .insert("a".to_owned(), Lookup::Unknown(unknown()));
    for world in [policy, text, engine] {
        let import = imported(&world, &[]);
        assert!(import.accounts.is_empty(), "{import:?}");
        assert_eq!(import.rows[0].result, VaultResult::Unknown);
    }
    let mut logins = world();
    logins
        .login_roles
        .insert("app".to_owned(), Lookup::Unknown(unknown()));
    assert!(imported(&logins, &[]).unknown[0].contains("cannot be told: denied"));
}

#[test]
fn who_has_a_role_or_is_not_there_is_left_out() {
    let mut bound = world();
    let name: ServiceAccountName = "web/api".parse().expect("a name");
    let object = bound.objects.get_mut(&name).expect("an object");
    let role = "arn:aws:iam::111122223333:role/own";
    object
        .annotations
        .insert("eks.amazonaws.com/role-arn".to_owned(), role.to_owned());
    let wanted = format!("web/api skipped: it has a role already: {role}");
    assert_eq!(results(&imported(&bound, &[])), [wanted]);
    let mut gone = world();
    gone.objects.remove(&name);
    let wanted = "web/api skipped: the cluster has no such ServiceAccount";
    assert_eq!(results(&imported(&gone, &["web/api"])), [wanted]);
    let wanted = "web/job skipped: Vault gives it no credentials of aws";
    assert_eq!(results(&imported(&world(), &["web/job"])), [wanted]);
}

#[test]
fn several_roles_are_one_with_the_policies_of_all() {
    let mut world = world();
    let other = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
    let b = EngineRole {
        policy_document: document.to_string(),
        permissions_boundary_arn: String::new(),
        ..user(&[other, POLICY])
    };
    world
        .engine_roles
        .insert("b".to_owned(), Lookup::Found(b.clone()));
    let policy = "path \"aws/creds/*\" { capabilities = [\"read\"] }".to_owned();
    world
        .policies
        .insert("app".to_owned(), Lookup::Found(policy));
    let import = imported(&world, &[]);
    let Permissions::Role(spec) = &import.accounts[0].permissions else {
        panic!("{import:?}");
    };
    assert_eq!((spec.managed.len(), spec.inline.len()), (2, 1));
    let bounded = EngineRole {
        permissions_boundary_arn: POLICY.to_owned(),
        ..b
    };
    world
        .engine_roles
        .insert("b".to_owned(), Lookup::Found(bounded));
    let import = imported(&world, &[]);
    assert!(
        import.rows[0].reasons[0].contains("different permissions boundaries"),
        "{import:?}"
    );
}

fn workload(annotations: &[(&str, &str)]) -> TemplatedWorkload {
    let annotations = annotations
        .iter()
        .map(|(key, value)| (format!("vault.hashicorp.com/{key}"), (*value).to_owned()));
    TemplatedWorkload {
        state: WorkloadState {
            workload: Workload {
                kind: WorkloadKind::Deployment,
                namespace: "web".to_owned(),
                name: "api".to_owned(),
            },
            service_account: "api".to_owned(),
            restarted: None,
            paused: false,
            on_delete: false,
            own_roles: Default::default(),
            skipped: false,
            rollout: Rollout::Over,
        },
        template: Pod {
            annotations: annotations.collect(),
            ..Pod::default()
        },
        marks: Default::default(),
    }
}

#[test]
fn what_the_agent_is_told_of_aws_alone_is_useless_then() {
    let aws = [
        ("agent-inject", "true"),
        ("role", "app"),
        ("agent-inject-secret-aws", "aws/creds/a"),
        ("agent-inject-file-aws", "x"),
    ];
    let mut world = world();
    world.workloads = Lookup::Found(vec![workload(&aws)]);
    let drops = &imported(&world, &[]).rows[0].drops;
    assert_eq!(drops[0].annotations.len(), 4);
    let mut skipped = world.clone();
    let federated = EngineRole {
        credential_type: "federation_token".to_owned(),
        ..user(&[POLICY])
    };
    skipped
        .engine_roles
        .insert("a".to_owned(), Lookup::Found(federated));
    assert!(imported(&skipped, &[]).rows[0].drops.is_empty());
    for also in [
        ("agent-configmap", "mine"),
        ("agent-inject-template-x", "{{ with secret }}"),
    ] {
        let with = [aws.as_slice(), &[also]].concat();
        world.workloads = Lookup::Found(vec![workload(&with)]);
        let drops = &imported(&world, &[]).rows[0].drops;
        assert_eq!(drops[0].annotations.len(), 2, "{also:?}");
    }
    let other_role = [
        ("role", "other"),
        ("agent-inject-secret-aws", "aws/creds/a"),
    ];
    world.workloads = Lookup::Found(vec![workload(&other_role)]);
    assert!(imported(&world, &[]).rows[0].drops.is_empty());
    let mixed = [
        aws.as_slice(),
        &[("agent-inject-secret-db", "database/creds/a")],
    ]
    .concat();
    world.workloads = Lookup::Found(vec![workload(&mixed)]);
    let drops = &imported(&world, &[]).rows[0].drops;
    let wanted = ["agent-inject-file-aws", "agent-inject-secret-aws"];
    assert_eq!(
        drops[0].annotations,
        wanted.map(|it| format!("vault.hashicorp.com/{it}"))
    );
    let other = [("agent-inject-secret-x", "prod-aws/creds/a")];
    world.workloads = Lookup::Found(vec![workload(&other)]);
    assert!(imported(&world, &[]).rows[0].drops.is_empty());
}

#[test]
fn what_iam_would_refuse_is_told_and_not_written() {
    let of = |role: EngineRole| {
        let mut world = world();
        world
            .engine_roles
            .insert("a".to_owned(), Lookup::Found(role));
        results(&imported(&world, &[]))
    };
    let own = |number: usize| format!("arn:aws:iam::111122223333:policy/p{number}");
    let policies: Vec<String> = (0..11).map(own).collect();
    let many: Vec<&str> = policies.iter().map(String::as_str).collect();
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{}"}}]}}"#,
        "x".repeat(10_240)
    );
    let document = |text: &str| EngineRole {
        policy_document: text.to_owned(),
        ..user(&[])
    };
    let elsewhere = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws-cn:s3:::b/*"}]}"#;
    for (role, wanted) in [
        (user(&many[..10]), "written"),
        (
            user(&many),
            "the number of managed policies is 11, this account allows 10",
        ),
        (
            document(&long),
            "characters together, IAM takes 10240 for one role",
        ),
        (
            user(&["arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess"]),
            "is not of the cluster's partition",
        ),
        (
            document(elsewhere),
            "arn:aws-cn:s3:::b/* is not of the cluster's partition",
        ),
        (
            user(&["arn:aws:iam::444455556666:policy/p"]),
            "is of another account than the cluster's",
        ),
    ] {
        let told = of(role).join("; ");
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn the_auth_method_of_another_cluster_is_refused() {
    let (endpoint, cluster) = (ENDPOINT, cluster());
    let mut world = world();
    world.kubernetes_host = Lookup::Found(format!("{endpoint}:443/"));
    assert_eq!(is_of_cluster(&world, &cluster), Ok(None));
    world.kubernetes_host =
        Lookup::Found("https://0A1B.gr7.eu-west-1.eks.amazonaws.com".to_owned());
    assert!(is_of_cluster(&world, &cluster).is_err());
    for unclear in [
        Lookup::Missing,
        Lookup::Unknown("x".to_owned()),
        Lookup::Found("https://kubernetes.default.svc".to_owned()),
    ] {
        world.kubernetes_host = unclear;
        assert!(is_of_cluster(&world, &cluster).is_ok_and(|it| it.is_some()));
    }
}
