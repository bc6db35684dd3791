//! What is written is read as the same, whatever characters are in it.

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;
use crate::asked::{self, Given};
use crate::model::RoleAccount;
use crate::policy::PolicyDocument;
use crate::template::WELL_KNOWN;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(11),
        ..ProptestConfig::default()
    }
}

/// Texts that YAML takes for something else, or that end a scalar before its end.
fn hostile() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "yes",
        "No",
        "on",
        "y",
        "~",
        "null",
        "",
        "0x10",
        "007",
        "1_000",
        "1e3",
        ".inf",
        "1:30",
        "<<",
        "=",
        "2012-10-17",
        "- a",
        "a: b",
        "a #b",
        "#",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "`",
        "{",
        "}",
        "[",
        "]",
        ",",
        "? ",
        ":",
        "---",
        "...",
        "'",
        "\"",
        "\\",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{202e}",
        "\0",
        "\u{7f}",
        "\u{1f600}",
        "\u{fffe}",
        "${a}",
        "{{resolve:ssm:x}}",
    ]);
    let piece = prop_oneof![
        2 => odd.prop_map(str::to_owned),
        1 => "[a-z0-9]{1,8}",
        1 => "[ -~]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn taken<T: std::str::FromStr + std::fmt::Debug>(usual: &'static str) -> impl Strategy<Value = T> {
    usual.prop_filter_map("refused", |text: String| text.parse().ok())
}

fn map() -> impl Strategy<Value = Map> {
    let key = prop_oneof![
        3 => "[a-z0-9.]{0,8}/?[a-zA-Z0-9._-]{1,10}",
        1 => prop::sample::select(vec!["yes", "1", "007", "null", "1.5", "0x10", "no", "y"]).prop_map(str::to_owned),
        1 => hostile(),
    ];
    let value = prop_oneof![1 => "[a-zA-Z0-9]{1,8}", 1 => hostile()];
    btree_map(key, value, 0..4)
}

fn document() -> impl Strategy<Value = PolicyDocument> {
    let number = prop_oneof![
        any::<i64>().prop_map(serde_json::Value::from),
        (-1.0e9..1.0e9_f64).prop_map(|number| json!((number * 1024.0).round() / 1024.0)),
    ];
    (hostile(), hostile(), number).prop_filter_map("refused", |(key, value, number)| {
        let document = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["s3:Get*", "*"], "Resource": [format!("arn:aws:s3:::{value}"), "*"],
            "Condition": {"StringEquals": {key: [value, number, null, true, [], {}, [[1]]]}, "Bool": {}}
        }]});
        PolicyDocument::parse(&document.to_string()).ok()
    })
}

/// What may be given for a role.
fn role() -> impl Strategy<Value = Given> {
    let arn =
        || taken("arn:aws:iam::(aws|[0-9]{12}):policy/([!-~]{1,5}/)?[A-Za-z0-9+=,.@_-]{1,20}");
    let permissions = (
        vec(arn(), 0..4),
        vec(document(), 0..3),
        prop::sample::subsequence(WELL_KNOWN, 0..4),
        of(arn()),
    );
    let role = (
        of(taken("[A-Za-z0-9+=,.@_-]{1,64}")),
        of(taken("/([!-~]{1,10}/)?")),
        of(3600..43_200_u32),
        of(taken("[a-z0-9.*?-]{1,30}")),
    );
    (permissions, role, map()).prop_map(
        |((managed, inline, well_known, boundary), (name, path, duration, pattern), tags)| Given {
            bare: managed.is_empty() && inline.is_empty() && well_known.is_empty(),
            managed,
            inline,
            well_known,
            boundary,
            role_name: name,
            role_path: path,
            max_session_duration: duration,
            subject_pattern: pattern,
            tags,
            ..Given::new("default/x".parse().unwrap())
        },
    )
}

fn account() -> impl Strategy<Value = Given> {
    let existing = taken("arn:aws:iam::[0-9]{12}:role/[a-z]{1,5}").prop_map(|arn| Given {
        role_arn: Some(arn),
        ..Given::new("default/x".parse().unwrap())
    });
    let name = taken("([a-z]|[0-9]{1,3}|default)/([a-z]{1,3}|[0-9]{1,3}|yes|null|0x1f|1e3|a\\.b)");
    let object = (map(), map(), taken("[!-~]{1,20}|sts.amazonaws.com"));
    let seconds = (of(600..86_400_u32), of(any::<bool>()), any::<bool>());
    let permissions = prop_oneof![4 => role(), 1 => existing];
    let via = taken("arn:aws:iam::[0-9]{12}:role/[a-z]{1,5}").prop_map(RoleAccount::Via);
    let profile = hostile().prop_filter("blank", |it| !it.trim().is_empty());
    let elsewhere = of(prop_oneof![via, profile.prop_map(RoleAccount::Profile)]);
    (permissions, (name, elsewhere), object, seconds).prop_map(
        |(
            given,
            (name, account),
            (labels, annotations, audience),
            (expiration, regional, role_only),
        )| Given {
            name,
            account,
            labels,
            annotations,
            audience,
            token_expiration: expiration,
            sts_regional_endpoints: regional,
            scope: match role_only && given.role_arn.is_none() {
                true => Scope::RoleOnly,
                false => Scope::Whole,
            },
            ..given
        },
    )
}

/// A config of what may be asked for: what breaks a rule is left out.
fn cluster_config() -> impl Strategy<Value = ClusterConfig> {
    (
        taken("[A-Za-z0-9][A-Za-z0-9_-]{0,9}"),
        "[a-z]{2}-[a-z]{1,5}-[0-9]",
        map(),
        vec(account(), 0..4),
    )
        .prop_map(|(cluster, region, mut tags, accounts)| {
            tags.retain(|key, value| {
                asked::common_tags(&Map::from([(key.clone(), value.clone())])).is_empty()
            });
            let mut names = std::collections::BTreeSet::new();
            let accounts: Vec<_> = accounts
                .into_iter()
                .filter_map(|given| {
                    let mut given = Given {
                        common_tags: tags.clone(),
                        ..given
                    };
                    let good = |field: fn(&mut Given) -> &mut Map, given: &mut Given| {
                        let all = field(given).clone();
                        field(given).clear();
                        for (key, value) in all {
                            let mut one = given.clone();
                            field(&mut one).insert(key.clone(), value.clone());
                            if asked::service_account(one).is_ok() {
                                field(given).insert(key, value);
                            }
                        }
                    };
                    good(|given| &mut given.tags, &mut given);
                    good(|given| &mut given.labels, &mut given);
                    good(|given| &mut given.annotations, &mut given);
                    let role = given.role_name.as_ref().map(ToString::to_string);
                    let is_new = names.insert(given.name.to_string())
                        && role.is_none_or(|role| names.insert(role));
                    asked::service_account(given).ok().filter(|_| is_new)
                })
                .collect();
            let with_oidc = (!accounts.is_empty()).then_some(true);
            ClusterConfig {
                cluster,
                region,
                with_oidc,
                tags,
                accounts,
                associations: Vec::new(),
                rest: FileRemainder::default(),
            }
        })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_is_read_as_the_same(config in cluster_config()) {
        let text = write(&config);
        prop_assert_eq!(alone(good(&text)), config, "{}", text);
    }

    #[test]
    fn a_text_is_read_as_it_was_written(text in hostile(), long in 0..3_000_usize) {
        let mut config = good("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: a, region: eu-west-1}\n");
        // No rule is asked here: only what the writer and the reader of YAML do to a text.
        config.tags = Map::from([(text.clone() + &"k".repeat(long), text.clone())]);
        let (root, _) = node::parse(&write(&config)).unwrap().unwrap();
        let tags = root.at("metadata.tags").unwrap().entries();
        prop_assert_eq!(tags[0].name(), Some(&*(text.clone() + &"k".repeat(long))));
        prop_assert_eq!(tags[0].value.text(), Some(&*text));
    }
}
