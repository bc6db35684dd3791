use super::*;
use crate::model::WorkloadKind;

const BASE: &str = "arn:aws:iam::123456789012:role/";

fn agent(kind: AgentKind, tag: &str, words: &[&str]) -> MetadataAgent {
    let words = words.iter().map(|text| crate::world::Argument {
        is_whole: !text.contains("$("),
        text: (*text).to_owned(),
    });
    MetadataAgent {
        kind,
        workload: Workload {
            kind: WorkloadKind::DaemonSet,
            namespace: "kube-system".to_owned(),
            name: "iam".to_owned(),
        },
        tag: Some(tag.to_owned()),
        arguments: words.collect(),
        is_on_nodes: true,
    }
}

fn works(agents: &[MetadataAgent]) -> Interceptor {
    let discovered = Lookup::Found(BASE.to_owned());
    interceptor(agents, &discovered)
        .found()
        .expect("it is read")
}

fn kube2iam(words: &[&str]) -> Interceptor {
    works(&[agent(AgentKind::Kube2iam, "0.11", words)])
}

fn kiam(tag: &str, words: &[&str]) -> Interceptor {
    let server = agent(AgentKind::KiamServer, tag, words);
    works(&[agent(AgentKind::Kiam, tag, &["agent"]), server])
}

/// What a pod with these annotations gets in namespace web with that annotation.
fn given(interceptor: &Interceptor, pod: &[(&str, &str)], namespace: &str) -> Option<Grant> {
    let map = |pairs: &[(&str, &str)]| -> Map {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        pairs.collect()
    };
    let key = match &interceptor.permission {
        AllowedRoles::Any => "none",
        AllowedRoles::Listed { key, .. } | AllowedRoles::Matched { key, .. } => key,
    };
    let annotations = [("web".to_owned(), map(&[(key, namespace)]))];
    let interception = Interception {
        interceptor: interceptor.clone(),
        node_roles: Lookup::Missing,
        callers: Lookup::Missing,
        users: Lookup::Missing,
        namespaces: Lookup::Found(annotations.into()),
    };
    let pod = Pod {
        annotations: map(pod),
        ..Pod::default()
    };
    interception.grant(&Workload::default(), &pod, "web")
}

fn role(interceptor: &Interceptor, asked: &str, namespace: &str) -> Result<String, NoGrant> {
    let key = interceptor.role_key.as_str();
    let grant = given(interceptor, &[(key, asked)], namespace).expect("it is annotated");
    grant.role.map(|role| role.to_string())
}

/// `TestExtractRoleARN` of kube2iam.
#[test]
fn kube2iam_takes_the_annotation_before_the_default() {
    let base = format!("--base-role-arn={BASE}");
    let plain = kube2iam(&[&base]);
    let default = kube2iam(&[&base, "--default-role", "explicit-default-role"]);
    let other = "arn:aws:iam::999999999999:role/explicit-arn";
    for (interceptor, pod, wanted) in [
        (&plain, &[][..], None),
        (
            &plain,
            &[(ROLE_KEY, "explicit-role")],
            Some(format!("{BASE}explicit-role")),
        ),
        (&default, &[], Some(format!("{BASE}explicit-default-role"))),
        (
            &default,
            &[(ROLE_KEY, "something")],
            Some(format!("{BASE}something")),
        ),
        (&default, &[(ROLE_KEY, other)], Some(other.to_owned())),
        (
            &default,
            &[("x", "something")],
            Some(format!("{BASE}explicit-default-role")),
        ),
    ] {
        let role = given(interceptor, pod, "").map(|grant| grant.role.expect("a role").to_string());
        assert_eq!(role, wanted, "{pod:?}");
    }
}

/// `TestCheckRoleForNamespace` of kube2iam, and what its code does beyond.
#[test]
fn kube2iam_compares_arns_with_what_the_namespace_lists() {
    let glob = kube2iam(&[
        "--base-role-arn",
        BASE,
        "--namespace-restrictions",
        "--default-role=default-role",
    ]);
    let regexp = kube2iam(&[
        "--base-role-arn",
        BASE,
        "--namespace-restrictions=true",
        "--default-role=default-role",
        "--namespace-restriction-format=RegExp",
    ]);
    let full = format!("{BASE}explicit-role");
    let in_path = format!("[\"{BASE}path/.*-role\"]");
    for (interceptor, asked, namespace, wanted) in [
        (&glob, "default-role", "", true),
        (&glob, "explicit-role", r#"["explicit-role"]"#, true),
        (&glob, "path/explicit-role", r#"["path/*"]"#, true),
        (&glob, "explicit-role", &format!("[\"{full}\"]"), true),
        (&glob, &full, r#"["explicit-role"]"#, true),
        (&glob, "test-role", &format!("[\"{full}\"]"), false),
        (&glob, "explicit-role", "", false),
        (
            &glob,
            "test-role",
            r#"["explicit-role", "explicit-role2"]"#,
            false,
        ),
        (&glob, "glob-role", r#"["explicit-role", "glob-*"]"#, true),
        (&glob, "explicit-role", "[]", false),
        (&regexp, "default-role", "", true),
        (&regexp, "explicit-role2", r#"["explicit-role"]"#, true),
        (&regexp, "path/explicit-role", r#"["path/.*"]"#, true),
        (&regexp, "path/explicit-role", &in_path, true),
        (&regexp, "test-role", r#"["explicit-role"]"#, false),
        (
            &regexp,
            "explicit-role",
            r#"["a{1,2}", "explicit-role"]"#,
            true,
        ),
    ] {
        let found = role(interceptor, asked, namespace);
        assert_eq!(found.is_ok(), wanted, "{asked} {namespace}: {found:?}");
        let is_refused = matches!(found, Err(NoGrant::Refused(_)));
        assert_eq!(is_refused, !wanted, "{asked} {namespace}");
    }
    for namespace in [r#"["a{1,2}"]"#, "explicit-role", r#"["a", 1]"#, "{}"] {
        let found = role(&regexp, "explicit-role", namespace);
        assert!(
            matches!(found, Err(NoGrant::Unknown(_))),
            "{namespace}: {found:?}"
        );
    }
}

#[test]
fn without_restrictions_every_namespace_has_every_role() {
    for words in [
        &["--auto-discover-base-arn"][..],
        &["--auto-discover-base-arn", "--namespace-restrictions=false"],
    ] {
        assert_eq!(role(&kube2iam(words), "a", ""), Ok(format!("{BASE}a")));
    }
}

#[test]
fn names_without_a_base_name_nothing() {
    for (interceptor, asked) in [
        (kube2iam(&[]), "a"),
        (kube2iam(&[]), ""),
        (kube2iam(&["--base-role-arn", BASE]), ""),
    ] {
        let found = role(&interceptor, asked, "");
        assert!(
            matches!(found, Err(NoGrant::Refused(_))),
            "{asked}: {found:?}"
        );
    }
}

#[test]
fn other_annotations_are_looked_at_where_the_command_line_says_so() {
    let interceptor = kube2iam(&[
        "--base-role-arn=arn:aws:iam::123456789012:role/path",
        "--iam-role-key=example.com/role",
        "--iam-external-id=example.com/id",
        "--namespace-key=example.com/roles",
        "--namespace-restrictions",
    ]);
    let pod = [
        ("example.com/role", "a"),
        ("example.com/id", "1"),
        (ROLE_KEY, "b"),
    ];
    let grant = given(&interceptor, &pod, r#"["a"]"#).expect("a role");
    assert_eq!(
        grant.role.expect("it is allowed").to_string(),
        format!("{BASE}path/a")
    );
    assert_eq!(grant.session, ["example.com/id"]);
    assert_eq!(given(&interceptor, &[(ROLE_KEY, "b")], "[]"), None);
}

/// `TestAddsPrefix` and those after it, and the tests of namespaces, of kiam.
#[test]
fn kiam_asks_for_the_namespaces_regular_expression() {
    let base = format!("--role-base-arn={BASE}");
    let strict = kiam("v4.2", &["server", &base]);
    let loose = kiam(
        "v4.2",
        &["server", &base, "--disable-strict-namespace-regexp"],
    );
    let old = kiam("v2.8", &["server", &base]);
    for (interceptor, asked, namespace, wanted) in [
        (&strict, "red-role", ".*", Ok("red-role")),
        (&strict, "/kiam/red-role", ".*", Ok("kiam/red-role")),
        (&strict, "red-role", "", Err(true)),
        // Behind a slash it is a name.
        (
            &strict,
            "/arn:aws:iam::999999999999:role/red-role",
            ".*",
            Ok("arn:aws:iam::999999999999:role/red-role"),
        ),
        (&strict, "red-role", "red-role", Err(true)),
        (&strict, "red-role", ".*role", Ok("red-role")),
        (
            &strict,
            "red-role",
            "arn:aws:iam::123456789012:role/red-.*",
            Ok("red-role"),
        ),
        (&loose, "red-role", "red-", Ok("red-role")),
        (&loose, "red-role", "blue-", Err(true)),
        (&old, "red-role", "^red.*$", Ok("red-role")),
        (&old, "red-role", "o", Err(false)),
        (&old, "red-role", "^arn:.*", Err(true)),
    ] {
        let found = role(interceptor, asked, namespace);
        let is_it = match (&found, wanted) {
            (Ok(role), Ok(name)) => *role == format!("{BASE}{name}"),
            (Err(NoGrant::Refused(_)), Err(is_sure)) => is_sure,
            (Err(NoGrant::Unknown(_)), Err(is_sure)) => !is_sure,
            _ => false,
        };
        assert!(is_it, "{asked} {namespace}: {found:?}");
    }
}

#[test]
fn a_version_of_kiam_that_nobody_knows_must_agree_with_every_other() {
    let latest = kiam("latest", &["server", "--role-base-arn", BASE]);
    assert_eq!(
        role(&latest, "red-role", ".*"),
        Ok(format!("{BASE}red-role"))
    );
    assert!(matches!(
        role(&latest, "red-role", "^red.*"),
        Err(NoGrant::Unknown(_))
    ));
    assert!(matches!(
        role(&latest, "red-role", "blue"),
        Err(NoGrant::Refused(_))
    ));
}

#[test]
fn who_calls_for_kiam_is_named_or_is_where_the_server_runs() {
    let named = kiam(
        "v3.6",
        &[
            "server",
            "--role-base-arn-autodetect",
            "--assume-role-arn=kiam-server",
        ],
    );
    let role = format!("{BASE}kiam-server").parse().expect("an ARN");
    assert_eq!(named.caller, AssumingPrincipal::Role(role));
    let server = kiam("v3.6", &["server", "--role-base-arn-autodetect"]);
    assert!(matches!(server.caller, AssumingPrincipal::Server(_)));
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let discovered = Lookup::Unknown("no".to_owned());
    let kind = AgentKind::Kube2iam;
    for agents in [
        vec![agent(kind, "1", &["--base-role-arn=$(BASE)"])],
        vec![agent(kind, "1", &["--auto-discover-base-arn"])],
        vec![agent(kind, "1", &["--namespace-restrictions=$(X)"])],
        vec![agent(kind, "1", &["sh", "-c", "kube2iam"])],
        vec![
            agent(kind, "1", &["--base-role-arn=a"]),
            agent(kind, "1", &[]),
        ],
        vec![agent(AgentKind::Kiam, "v4", &["agent"])],
    ] {
        let found = interceptor(&agents, &discovered);
        assert!(matches!(found, Lookup::Unknown(_)), "{agents:?}: {found:?}");
    }
    assert_eq!(interceptor(&[], &discovered), Lookup::Missing);
}

#[test]
fn pods_on_their_nodes_network_get_nothing() {
    let interceptor = kube2iam(&["--base-role-arn", BASE]);
    let interception = Interception {
        interceptor,
        node_roles: Lookup::Missing,
        callers: Lookup::Missing,
        users: Lookup::Missing,
        namespaces: Lookup::Missing,
    };
    let pod = Pod {
        host_network: true,
        annotations: [(ROLE_KEY.to_owned(), "a".to_owned())].into(),
        ..Pod::default()
    };
    assert_eq!(interception.grant(&Workload::default(), &pod, "web"), None);
}

/// Whoever may write a DaemonSet into a namespace of his own says nothing of what pods are given.
#[test]
fn what_does_not_run_on_the_nodes_decides_nothing() {
    let planted = |kind, tag: &str, words: &[&str]| {
        let mut agent = agent(kind, tag, words);
        agent.workload.namespace = "web".to_owned();
        agent.is_on_nodes = false;
        agent
    };
    let discovered = Lookup::Found(BASE.to_owned());
    let alone = [planted(AgentKind::Kube2iam, "1", &[])];
    assert_eq!(interceptor(&alone, &discovered), Lookup::Missing);
    let base = format!("--base-role-arn={BASE}");
    let real = agent(
        AgentKind::Kube2iam,
        "1",
        &[&base, "--namespace-restrictions"],
    );
    let beside = [planted(AgentKind::Kube2iam, "1", &[&base]), real.clone()];
    assert_eq!(
        interceptor(&beside, &discovered),
        interceptor(&[real], &discovered)
    );
    let (node, server) = (
        agent(AgentKind::Kiam, "v4", &[]),
        agent(AgentKind::KiamServer, "v4", &[]),
    );
    let other = planted(AgentKind::KiamServer, "v2", &["--role-base-arn=x"]);
    let beside = [node.clone(), other.clone(), server.clone()];
    assert_eq!(
        interceptor(&beside, &discovered),
        interceptor(&[node.clone(), server], &discovered)
    );
    assert!(matches!(
        interceptor(&[node, other], &discovered),
        Lookup::Unknown(_)
    ));
}
