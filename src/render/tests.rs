use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::asked::Scope;
use crate::model::{MANAGED_BY, MANAGED_BY_LABEL, ROLE_ANNOTATION, RoleName, Way, shown_in_json};
use crate::plan::account::properties::{account, asked, cluster, config, hostile, maps, spec};
use crate::template::RoleTemplate;

mod reading;

use reading::{Hcl, calls, commands, hcl, unquoted};

fn demo(issuer: &str) -> Cluster {
    let issuer: Issuer = issuer.parse().unwrap();
    Cluster {
        name: "demo".parse().unwrap(),
        partition: partition(&issuer).unwrap_or("aws").to_owned(),
        account: "111122223333".to_owned(),
        issuer,
        has_roles_elsewhere: false,
        eks: None,
    }
}

fn plain_account(name: &str) -> IamServiceAccount {
    let role = RoleSpec::default();
    asked(name.parse().unwrap(), role, Default::default())
}

#[test]
fn an_issuer_of_eks_tells_its_partition() {
    for (host, wanted) in [
        ("oidc.eks.eu-west-1.amazonaws.com", Some("aws")),
        ("oidc.eks.us-gov-west-1.amazonaws.com", Some("aws-us-gov")),
        ("oidc.eks.cn-north-1.amazonaws.com.cn", Some("aws-cn")),
        ("oidc.eks.us-iso-east-1.c2s.ic.gov", Some("aws-iso")),
        ("oidc.eks.us-isob-east-1.sc2s.sgov.gov", Some("aws-iso-b")),
        ("oidc.eks.eu-isoe-west-1.cloud.adc-e.uk", Some("aws-iso-e")),
        ("oidc.eks.us-isof-south-1.csp.hci.ic.gov", Some("aws-iso-f")),
        ("oidc.eks.eusc-de-east-1.amazonaws.eu", Some("aws-eusc")),
        ("oidc.eks.eu-west-1.example.com", None),
        ("oidc.example.com", None),
        ("oidc.eks.", None),
    ] {
        let issuer: Issuer = format!("https://{host}/id/A").parse().unwrap();
        assert_eq!(partition(&issuer), wanted, "{host}");
    }
}

#[test]
fn functions_of_the_cluster_alone_become_values() {
    let cluster = demo("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A");
    for (value, wanted) in [
        (
            json!({"Fn::Sub": "arn:${AWS::Partition}:s3:::b"}),
            json!("arn:aws-cn:s3:::b"),
        ),
        (
            json!({"Fn::Sub": "${AWS::AccountId}/${ AWS::Region }/${AWS::URLSuffix}"}),
            json!("111122223333/cn-north-1/amazonaws.com.cn"),
        ),
        (
            json!({"Fn::Sub": "a/${!aws:username}/$b}"}),
            json!("a/${aws:username}/$b}"),
        ),
        (json!([{"Ref": "AWS::AccountId"}]), json!(["111122223333"])),
        (json!("${AWS::Partition}"), json!("${AWS::Partition}")),
        (
            json!({"Ref": "AWS::Region", "b": 1}),
            json!({"Ref": "AWS::Region", "b": 1}),
        ),
    ] {
        assert_eq!(plain(&value, &cluster), Ok(wanted), "{value}");
    }
    for value in [
        json!({"Fn::Sub": "${Bucket.Arn}"}),
        json!({"Fn::Sub": "${AWS::Partition"}),
        json!({"Fn::Sub": ["${A}", {"A": "b"}]}),
        json!({"Fn::GetAtt": ["Bucket", "Arn"]}),
        json!({"Ref": "Bucket"}),
        json!({"Ref": "AWS::StackName"}),
        json!("{{resolve:ssm:x}}"),
        json!({"Fn::Sub": "{{resolve:ssm:x}}"}),
    ] {
        let inside = json!({"Statement": [{"Resource": [value]}]});
        assert_eq!(plain(&inside, &cluster), Err(value.to_string()));
    }
    let elsewhere = demo("https://oidc.example.com");
    assert!(plain(&json!({"Ref": "AWS::Region"}), &elsewhere).is_err());
}

#[test]
fn stacks_of_the_same_name_are_told_apart() {
    let accounts = ["a-b/c", "a/b-c", "a/b"].map(plain_account);
    let stacks = stacks(&accounts, &demo("https://oidc.example.com"));
    let names: Vec<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "eksctl-demo-addon-iamserviceaccount-a-b-c",
            "eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c",
            "eksctl-demo-addon-iamserviceaccount-a-b"
        ]
    );
}

#[test]
fn terraform_is_told_the_thumbprints_that_are_given() {
    use crate::asked::{ProviderSpec, Refresh, Thumbprints};
    let hex = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
    let mut account = plain_account("default/a");
    account.provider = Some(ProviderSpec {
        audiences: vec!["other".parse().unwrap()],
        thumbprints: Thumbprints::Given(vec![hex.parse().unwrap()]),
        refresh: Refresh::Told,
    });
    let cluster = demo("https://oidc.example.com");
    let text = terraform::configuration(&[account.clone()], &cluster).unwrap();
    assert!(
        text.contains(&format!("thumbprint_list = [\"{hex}\"]")),
        "{text}"
    );
    account.scope = Scope::RoleOnly;
    let script = aws_cli::script(&[account], &cluster).unwrap();
    let call = commands(calls(&script))
        .into_iter()
        .find(|words| words[0] == "provider");
    let creation: Value = serde_json::from_str(&call.unwrap()[1]).unwrap();
    assert_eq!(creation["ThumbprintList"], json!([hex]));
    assert_eq!(
        creation["ClientIDList"],
        json!(["other", "sts.amazonaws.com"])
    );
}

#[test]
fn several_accounts_are_in_one_text_with_one_provider() {
    let mut accounts = ["shop/cart", "shop/pay", "default/old"].map(plain_account);
    accounts[1].audience = "other".parse().unwrap();
    accounts[2].permissions =
        Permissions::Existing("arn:aws:iam::111122223333:role/old".parse().unwrap());
    let cluster = demo("https://oidc.example.com");
    let text = terraform::configuration(&accounts, &cluster).unwrap();
    let blocks = hcl(&text);
    let headers: Vec<&str> = blocks.iter().map(|(header, _)| header.as_str()).collect();
    assert_eq!(
        headers,
        [
            "data \"aws_iam_openid_connect_provider\" \"demo\"",
            "resource \"aws_iam_role\" \"shop__cart\"",
            "resource \"aws_iam_role\" \"shop__pay\"",
            "output \"role_arns\"",
        ]
    );
    let arns = blocks[3].1["value"].to_json("arn");
    assert_eq!(arns, json!({"shop/cart": "arn", "shop/pay": "arn"}));
    let script = aws_cli::script(&accounts, &cluster).unwrap();
    let calls = commands(calls(&script));
    let calls: Vec<&str> = calls.iter().map(|words| words[0].as_str()).collect();
    let whole = ["role", "service_account"];
    let first = ["need_cluster", "need_account", "need_provider"];
    let wanted = [first.as_slice(), &whole, &whole, &["service_account"]].concat();
    assert_eq!(calls, wanted);
    // Of a role without a name the ARN is not known.
    let problems = kubernetes::manifests(&accounts, Some(&cluster)).unwrap_err();
    let names: Vec<String> = problems
        .iter()
        .map(|problem| problem.account.to_string())
        .collect();
    assert_eq!(names, ["shop/cart", "shop/pay"]);
    assert_eq!(
        kubernetes::manifests(&accounts[2..], None).unwrap().len(),
        1
    );
}

/// Any JSON, with hostile texts in it.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        hostile().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(hostile(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts of what means something to HCL and to a shell.
fn quotable() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "$",
        "%",
        "{",
        "}",
        "\"",
        "\\",
        "'",
        "\n",
        "\r",
        "\t",
        "\0",
        "`",
        "a",
        "é",
        "\u{202e}",
        "\u{10ffff}",
        "!",
    ]);
    prop_oneof![
        4 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_itself_between_the_quotes_of_hcl(text in quotable()) {
        let quoted = hcl::quoted(&text);
        prop_assert!(!quoted.contains('\n'));
        let rest = quoted.strip_prefix('"').unwrap();
        prop_assert_eq!(unquoted(rest), (text, ""));
    }

    #[test]
    fn any_text_is_itself_between_the_quotes_of_a_shell(text in quotable()) {
        let line = format!("command {} b\n", crate::model::quoted(&text));
        prop_assert_eq!(commands(&line), [["command", text.as_str(), "b"]]);
    }

    #[test]
    fn any_json_is_itself_as_an_expression_of_hcl(value in json_value()) {
        let block = hcl::Block {
            comment: String::new(),
            header: "locals".to_owned(),
            attributes: vec![("value", hcl::Expression::from(&value))],
        };
        let blocks = hcl(&block.to_string());
        prop_assert_eq!(&blocks[0].1["value"], &Hcl::from(&value));
    }

    /// A template that is printed and read is the role that was asked for.
    #[test]
    fn a_template_is_read_as_it_was_rendered(spec in spec(), cluster in cluster(), name in account()) {
        let account = asked(name, spec.clone(), Default::default());
        let stack = stacks(&[account], &cluster).remove(0);
        let text = crate::output::json(&stack.template).unwrap();
        let read = RoleTemplate::read(&serde_json::from_str(&text).unwrap(), &cluster.partition).expect("a template");
        prop_assert_eq!(&read.inline, &spec.inline_documents());
        prop_assert_eq!(read.trust, template::trust(&spec, &cluster, &stack.account));
        prop_assert_eq!(read.role_name, spec.name.map(|name| name.to_string()));
        prop_assert_eq!(read.path, spec.path.map(|path| path.to_string()));
        prop_assert_eq!(read.boundary.is_some(), spec.boundary.is_some());
        prop_assert_eq!(read.max_session_duration, spec.max_session_duration.map(u64::from));
    }

    /// Manifests keep every label and annotation, whatever is in them.
    #[test]
    fn a_manifest_is_read_as_it_was_rendered(
        spec in spec(), cluster in cluster(), name in account(), maps in maps(), role in "[a-z]{1,9}",
    ) {
        let spec = RoleSpec { name: Some(role.parse::<RoleName>().unwrap()), ..spec };
        let arn = spec.arn(&cluster).unwrap();
        let account = asked(name.clone(), spec, maps.clone());
        let manifests = kubernetes::manifests(&[account], Some(&cluster)).unwrap();
        let text = crate::output::yaml(&manifests[0]).unwrap();
        let read: Value = serde_saphyr::from_str(&text).expect(&text);
        let [mut labels, mut annotations, _] = maps;
        labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
        annotations.insert(ROLE_ANNOTATION.to_owned(), arn);
        prop_assert_eq!(read, json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": name.name, "namespace": name.namespace,
                "labels": labels, "annotations": annotations,
            },
        }));
    }

    /// Terraform is told each part of the role, and no other.
    #[test]
    fn terraform_is_read_as_it_was_rendered(
        spec in spec(), cluster in cluster(), name in account(), maps in maps(),
    ) {
        let account = asked(name.clone(), spec.clone(), maps);
        let inline = match inline_policies(&account, &spec, &cluster) {
            Ok(inline) => inline,
            Err(problem) => {
                prop_assert_eq!(terraform::configuration(&[account], &cluster), Err(vec![problem]));
                return Ok(());
            }
        };
        let blocks = hcl(&terraform::configuration(std::slice::from_ref(&account), &cluster).unwrap());
        let of = |kind: &str| {
            let kind = format!("resource \"{kind}\"");
            let blocks = blocks.iter().filter(|(header, _)| header.starts_with(&kind));
            blocks.map(|(_, block)| block).collect::<Vec<_>>()
        };
        let roles = of("aws_iam_role");
        let [role] = roles.as_slice() else { panic!("{blocks:?}") };
        let trust = role["assume_role_policy"].to_json(&cluster.provider_arn());
        prop_assert_eq!(trust, template::trust(&spec, &cluster, &name));
        prop_assert_eq!(role["tags"].to_json(""), json!(role_tags(&account, &cluster)));
        for (key, value) in [
            ("name", spec.name.as_ref().map(|name| json!(name.as_str()))),
            ("path", spec.path.as_ref().map(|path| json!(path.as_str()))),
            ("max_session_duration", spec.max_session_duration.map(Value::from)),
            ("permissions_boundary", spec.boundary.as_ref().map(|arn| json!(arn))),
        ] {
            prop_assert_eq!(role.get(key).map(|value| value.to_json("")), value);
        }
        if let Some(prefix) = role.get("name_prefix") {
            let prefix = prefix.to_json("");
            prop_assert!(prefix.as_str().is_some_and(|prefix| prefix.len() <= 38), "{}", prefix);
        }
        let policies: BTreeMap<String, Value> = of("aws_iam_role_policy").into_iter().map(|policy| {
            (policy["name"].to_json("").as_str().unwrap().to_owned(), policy["policy"].to_json(""))
        }).collect();
        prop_assert_eq!(policies, inline);
        let attached = of("aws_iam_role_policy_attachment");
        let attached = attached.first().map(|block| block["for_each"].to_json(""));
        let wanted = managed_policies(&spec, &cluster);
        prop_assert_eq!(attached, (!wanted.is_empty()).then(|| json!(wanted)));
    }

    /// The script's calls have each part of the role, and no other.
    #[test]
    fn a_script_is_read_as_it_was_rendered(
        spec in spec(), cluster in cluster(), name in account(), maps in maps(),
    ) {
        let account = asked(name.clone(), spec.clone(), maps);
        let Ok(inline) = inline_policies(&account, &spec, &cluster) else { return Ok(()) };
        let script = aws_cli::script(std::slice::from_ref(&account), &cluster).unwrap();
        let calls = commands(calls(&script));
        let of = |name: &str| calls.iter().filter(|words| words[0] == name).collect::<Vec<_>>();
        let roles = of("role");
        let [role] = roles.as_slice() else { panic!("{calls:?}") };
        let role_name = spec.name.as_ref().map_or(role_name(Way::Irsa, &name, &cluster), ToString::to_string);
        let mut wanted = vec![
            "role".to_owned(),
            role_name.clone(),
            name.to_string(),
            shown_in_json(&template::trust(&spec, &cluster, &name).to_string()),
            "--tags".to_owned(),
            shown_in_json(&aws_cli::tag_list(&role_tags(&account, &cluster)).to_string()),
        ];
        for (flag, value) in [
            ("--path", spec.path.as_ref().map(ToString::to_string)),
            ("--max-session-duration", spec.max_session_duration.map(|seconds| seconds.to_string())),
            ("--permissions-boundary", spec.boundary.as_ref().map(ToString::to_string)),
        ] {
            wanted.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        }
        prop_assert_eq!(*role, &wanted);
        let policies: BTreeMap<String, Value> = of("inline_policy").into_iter().map(|words| {
            assert_eq!(words[1], role_name);
            (words[2].clone(), serde_json::from_str(&words[3]).unwrap())
        }).collect();
        prop_assert_eq!(policies, inline);
        let attached: BTreeSet<String> =
            of("managed_policy").into_iter().map(|words| words[2].clone()).collect();
        prop_assert_eq!(attached, managed_policies(&spec, &cluster));
        let manifest: Value = serde_json::from_str(&of("service_account")[0][3]).unwrap();
        prop_assert_eq!(&manifest["metadata"]["labels"], &match account.labels.is_empty() {
            true => Value::Null,
            false => json!(account.labels),
        });
        let mut annotations = account.annotations.clone();
        let named = RoleSpec { name: role_name.parse().ok(), ..spec };
        annotations.insert(ROLE_ANNOTATION.to_owned(), named.arn(&cluster).unwrap());
        prop_assert_eq!(&manifest["metadata"]["annotations"], &json!(annotations));
    }

    /// No two service accounts share what must be theirs alone.
    #[test]
    fn names_made_for_roles_are_good_and_distinct(
        cluster in cluster(), one in account(), other in account(),
    ) {
        prop_assert!(role_name(Way::Irsa, &one, &cluster).parse::<RoleName>().is_ok());
        let label = terraform::label(Way::Irsa, &one);
        prop_assert!(label.starts_with(|c: char| c.is_ascii_lowercase() || c == '_'));
        prop_assert!(label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        if one != other {
            prop_assert_ne!(label, terraform::label(Way::Irsa, &other));
            prop_assert_ne!(role_name(Way::Irsa, &one, &cluster), role_name(Way::Irsa, &other, &cluster));
        }
    }
}

#[test]
fn labels_that_look_alike_are_distinct() {
    let names = ["a-b/c", "a/b-c", "a/b.c", "a/b", "0a/b", "a/0.b"];
    let labels = names.map(|name| terraform::label(Way::Irsa, &name.parse().unwrap()));
    assert_eq!(
        labels,
        ["a-b__c", "a__b-c", "a__b_c", "a__b", "_0a__b", "a__0_b"]
    );
}
