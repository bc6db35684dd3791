use super::*;

fn rule(text: &str) -> String {
    parse(text).expect_err(text).rule
}

#[test]
fn plain_scalars_mean_what_they_mean_to_eksctl() {
    let word = |text: &str| match plain(text) {
        YamlValue::Null => "null",
        YamlValue::Bool(true) => "true",
        YamlValue::Bool(false) => "false",
        YamlValue::Number(_) => "number",
        YamlValue::Text(_) => "text",
        _ => "other",
    };
    for (kind, texts) in [
        ("null", ["", "~", "null", "NULL"].as_slice()),
        ("true", &["yes", "On", "TRUE", "y"]),
        ("false", &["no", "off", "False", "N"]),
        (
            "number",
            &[
                "0",
                "-1",
                "+1",
                "007",
                "0x1F",
                "0o17",
                "0b10",
                "1_000",
                "1.5",
                ".5",
                "1.",
                "1e3",
                "-1.5E-3",
                ".inf",
                "-.INF",
                ".NaN",
                "012345678901",
                "1.29",
                "0_x1",
                "+0b1",
                "-0x1F",
                "1_",
                "1_.5",
                "+._5",
            ],
        ),
        (
            "text",
            &[
                "a",
                "1a",
                "-",
                "+",
                ".",
                "..",
                "0x",
                "0xg",
                "1e",
                "1:30",
                "2012-10-17",
                "nULL",
                "yEs",
                "inf",
                "nan",
                "_1",
                "1.2.3",
                "0b2",
                "é",
                "e3",
                "=",
                "._5",
                "1_x",
            ],
        ),
    ] {
        for text in texts {
            assert_eq!(word(text), kind, "{text}");
        }
    }
}

#[test]
fn aliases_and_merge_keys_stand_for_what_they_name() {
    let text = "base: &a {x: 1, v: two}\nother: &b\n  x: three\n  z: four\n\
                one:\n  <<: [*a, *b]\n  v: own\nalias: *a\n";
    let (root, _) = parse(text).unwrap().unwrap();
    assert_eq!(root.at("one.v").unwrap().text(), Some("own"));
    assert_eq!(root.at("one.z").unwrap().text(), Some("four"));
    assert!(matches!(&root.at("one.x").unwrap().value, YamlValue::Number(x) if x == "1"));
    assert_eq!(root.at("alias.v").unwrap().text(), Some("two"));
    assert_eq!(
        root.at("alias.v").unwrap().place,
        Place {
            line: 1,
            column: 20
        }
    );
    assert_eq!(
        rule("a: {<<: 1}"),
        "`<<` wants an object or a list of objects"
    );
    assert_eq!(
        rule("a: &a [*a]"),
        "an alias stands inside of what it means"
    );
    assert!(rule("a: *b").starts_with("is no YAML: "));
}

#[test]
fn bombs_and_wells_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let item = format!("*a{}", level - 1);
        let items = vec![item; 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(rule(&bomb).contains("more than 500000 values"));
    let mut merges = "a0: &a0 {x0: 1}\n".to_owned();
    for level in 1..2_000 {
        merges.push_str(&format!(
            "a{level}: &a{level}\n  <<: *a{}\n  x{level}: 1\n",
            level - 1
        ));
    }
    assert!(rule(&merges).contains("more than 500000 values"));
    for deep in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        (0..2_000).map(|depth| " ".repeat(depth) + "a:\n").collect(),
    ] {
        let told = rule(&deep);
        assert!(
            told.contains("inside of each other") || told.contains("is no YAML"),
            "{told}"
        );
    }
    let chain: String = (1..200)
        .map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1))
        .collect();
    assert!(rule(&format!("a0: &a0 1\n{chain}")).contains("inside of each other"));
}
