//! What policies give. The expected answers are those of Vault 1.21.4 (`POST sys/capabilities`).

use super::*;

fn access(policies: &[&str], path: &str) -> VaultAccess {
    let policies: Vec<VaultPolicy> = policies
        .iter()
        .map(|text| VaultPolicy::parse(text).expect(text))
        .collect();
    VaultAcl::of(&policies).gives(path)
}

fn read(path: &str) -> String {
    format!("path \"{path}\" {{ capabilities = [\"read\"] }}\n")
}

fn deny(path: &str) -> String {
    format!("path \"{path}\" {{ capabilities = [\"deny\"] }}\n")
}

#[test]
fn patterns_hold_where_vault_says() {
    for (pattern, path, is_given) in [
        ("aws/creds/a", "aws/creds/a", true),
        ("/aws/creds/a", "aws/creds/a", true),
        ("aws/creds/a", "aws/creds/ab", false),
        ("aws/creds/a*", "aws/creds/ab", true),
        ("aws/*", "aws/creds/a", true),
        ("*", "aws/creds/a", true),
        ("aws/creds/*a", "aws/creds/ba", false),
        ("aws/+/a", "aws/creds/a", true),
        ("aws/+/a", "aws/creds/b", false),
        ("aws/+", "aws/creds/a", false),
        ("+/creds/a", "aws/creds/a", true),
        ("aws/+/a*", "aws/creds/ab", true),
        ("aws/+/*", "aws/creds/ab", true),
        ("aws/+creds/a", "aws/creds/a", false),
    ] {
        let wanted = if is_given {
            VaultAccess::Given
        } else {
            VaultAccess::Refused
        };
        assert_eq!(access(&[&read(pattern)], path), wanted, "{pattern} {path}");
    }
}

#[test]
fn the_best_pattern_alone_decides() {
    let path = "aws/creds/a";
    for (better, worse) in [
        ("aws/creds/a", "aws/creds/a*"),
        ("aws/creds/*", "aws/*"),
        ("aws/creds/*", "aws/+/a"),
        ("aws/+/a", "+/creds/a"),
        ("aws/+/a", "aws/+/*"),
        ("aws/+/a", "aws/+/+"),
        ("aws/+/a*", "aws/+/*"),
        ("aws/+/a", "aws/*"),
    ] {
        let given = [read(better), deny(worse)].concat();
        assert_eq!(access(&[&given], path), VaultAccess::Given, "{given}");
        let refused = [deny(better), read(worse)].concat();
        assert_eq!(access(&[&refused], path), VaultAccess::Refused, "{refused}");
    }
}

#[test]
fn policies_add_up_and_a_denial_of_the_same_path_wins() {
    let (list, path) = (
        "path \"aws/creds/a\" { capabilities = [\"list\"] }",
        "aws/creds/a",
    );
    assert_eq!(access(&[list], path), VaultAccess::Refused);
    assert_eq!(access(&[list, &read(path)], path), VaultAccess::Given);
    for both in [[read(path), deny(path)], [deny(path), read(path)]] {
        assert_eq!(access(&[&both[0], &both[1]], path), VaultAccess::Refused);
    }
    let mixed = "path \"aws/creds/a\" { capabilities = [\"read\", \"deny\"] }";
    assert_eq!(access(&[mixed], path), VaultAccess::Refused);
}

#[test]
fn what_else_a_rule_asks_for() {
    let path = "aws/creds/a";
    let rule = |fields: &str| format!("path \"{path}\" {{ {fields} }}");
    for (fields, wanted) in [
        ("policy = \"write\"", true),
        ("policy = \"deny\"", false),
        (
            "capabilities = [\"update\"]\n required_parameters = [\"ttl\"]",
            true,
        ),
        (
            "capabilities = [\"read\"]\n denied_parameters = { \"*\" = [] }",
            true,
        ),
        ("capabilities = [\"create\", \"list\"]", false),
        ("", false),
    ] {
        let wanted = if wanted {
            VaultAccess::Given
        } else {
            VaultAccess::Refused
        };
        assert_eq!(access(&[&rule(fields)], path), wanted, "{fields}");
    }
    let demanding = rule("capabilities = [\"read\"]\n required_parameters = [\"ttl\"]");
    assert!(matches!(access(&[&demanding], path), VaultAccess::Open(_)));
    let guarded = rule("capabilities = [\"read\"]\n mfa_methods = [\"a\"]");
    assert!(matches!(access(&[&guarded], path), VaultAccess::Open(_)));
}

#[test]
fn templates_leave_open_what_they_may_be_about() {
    let policy = read("aws/creds/{{identity.entity.name}}");
    assert!(matches!(
        access(&[&policy], "aws/creds/a"),
        VaultAccess::Open(_)
    ));
    assert_eq!(access(&[&policy], "other/creds/a"), VaultAccess::Refused);
    let policy = read("+/creds/{{identity.entity.name}}");
    assert!(matches!(
        access(&[&policy], "aws/creds/a"),
        VaultAccess::Open(_)
    ));
}

#[test]
fn json_says_the_same() {
    let wanted = VaultPolicy::parse(&read("aws/creds/a")).unwrap();
    for text in [
        r#"{"path": {"aws/creds/a": {"capabilities": ["read"]}}}"#,
        r#"{"path": [{"aws/creds/a": {"capabilities": ["read"]}}]}"#,
    ] {
        assert_eq!(VaultPolicy::parse(text).unwrap(), wanted);
    }
}

#[test]
fn what_is_not_known_says_nothing() {
    for text in [
        "path \"a\" { capabilities = [\"reed\"] }",
        "path \"a\" { capabilities = \"read\" }",
        "path \"a\" { more = 1 }",
        "path \"a\" { capabilities = [\"read\"]\n capabilities = [\"deny\"] }",
        "path \"a/+*\" { capabilities = [\"read\"] }",
        "path = \"a\"",
        "pat \"a\" { capabilities = [\"read\"] }",
        "path \"a\" \"b\" { capabilities = [\"read\"] }",
        "path \"a\" { policy = \"all\" }",
        r#"{"path": {"a": {"capabilities": ["deny"]}, "a": {"capabilities": ["read"]}}}"#,
        r#"{"path": {"a": {"capabilities": ["deny"], "capabilities": ["read"]}}}"#,
    ] {
        assert!(VaultPolicy::parse(text).is_err(), "{text}");
    }
}

#[derive(serde::Deserialize)]
struct Decided {
    policies: Vec<String>,
    path: String,
    given: bool,
}

/// Random policies, and what a server of Vault 1.21.4 said of them (`POST sys/capabilities`).
#[test]
fn a_real_vault_decides_alike() {
    let all: Vec<Decided> = serde_json::from_str(include_str!("decided.json")).unwrap();
    assert!(all.len() > 100);
    for Decided {
        policies,
        path,
        given,
    } in all
    {
        let texts: Vec<&str> = policies.iter().map(String::as_str).collect();
        let is_given = access(&texts, &path) == VaultAccess::Given;
        assert_eq!(is_given, given, "{path}: {policies:#?}");
    }
}
