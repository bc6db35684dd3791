//! The rendered templates against the documents that eksctl sends.

use std::collections::BTreeSet;

use super::*;

fn cluster() -> Cluster {
    Cluster {
        name: "demo".parse().unwrap(),
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"
            .parse()
            .unwrap(),
        has_roles_elsewhere: false,
        eks: None,
    }
}

fn rendered(account: &str, spec: &RoleSpec) -> Value {
    {
        let stack = StackName::reported("s");
        render(spec, &cluster(), &account.parse().unwrap(), &stack)
    }
}

/// eksctl's document, with the one difference in form that is ours: `Fn::GetAtt` as an array.
fn eksctls(document: &str) -> Value {
    let mut template: Value = serde_json::from_str(document).unwrap();
    assert_eq!(
        template["Outputs"]["Role1"]["Value"]["Fn::GetAtt"],
        "Role1.Arn"
    );
    template["Outputs"]["Role1"]["Value"]["Fn::GetAtt"] = json!(["Role1", "Arn"]);
    template
}

fn s3() -> RoleSpec {
    RoleSpec {
        managed: vec![
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
                .parse()
                .unwrap(),
        ],
        ..RoleSpec::default()
    }
}

#[test]
fn roles_are_rendered_as_eksctl_renders_them() {
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}"#;
    let inline = RoleSpec {
        inline: vec![PolicyDocument::parse(document).unwrap()],
        ..RoleSpec::default()
    };
    let named = RoleSpec {
        boundary: Some("arn:aws:iam::111122223333:policy/boundary".parse().unwrap()),
        name: Some("custom-role-name".parse().unwrap()),
        ..s3()
    };
    let pattern = RoleSpec {
        subject_pattern: Some("app-*".parse().unwrap()),
        ..s3()
    };
    for (account, spec, document) in [
        (
            "default/s3-reader",
            s3(),
            include_str!("../../tests/eksctl/managed-policy.json"),
        ),
        (
            "default/s3-reader",
            inline,
            include_str!("../../tests/eksctl/inline-policy.json"),
        ),
        (
            "default/s3-reader",
            named,
            include_str!("../../tests/eksctl/boundary-and-role-name.json"),
        ),
        (
            "default/app-base",
            pattern,
            include_str!("../../tests/eksctl/subject-pattern.json"),
        ),
    ] {
        assert_eq!(rendered(account, &spec), eksctls(document));
    }
}

#[test]
fn well_known_policies_are_eksctls() {
    for (name, document) in [
        (
            "imageBuilder",
            include_str!("../../tests/eksctl/image-builder.json"),
        ),
        (
            "autoScaler",
            include_str!("../../tests/eksctl/auto-scaler.json"),
        ),
        (
            "awsLoadBalancerController",
            include_str!("../../tests/eksctl/aws-load-balancer-controller.json"),
        ),
        (
            "externalDNS",
            include_str!("../../tests/eksctl/external-dns.json"),
        ),
        (
            "certManager",
            include_str!("../../tests/eksctl/cert-manager.json"),
        ),
        (
            "ebsCSIController",
            include_str!("../../tests/eksctl/ebs-csi-controller.json"),
        ),
        (
            "efsCSIController",
            include_str!("../../tests/eksctl/efs-csi-controller.json"),
        ),
    ] {
        let spec = RoleSpec {
            well_known: vec![name.parse().unwrap()],
            ..RoleSpec::default()
        };
        let account = format!("kube-system/{}", name.to_lowercase());
        assert_eq!(rendered(&account, &spec), eksctls(document), "{name}");
    }
}

#[test]
fn every_well_known_policy_keeps_iams_grammar_and_its_own_names() {
    let mut names = BTreeSet::new();
    for policy in WELL_KNOWN {
        let entry = policy.entry();
        assert!(
            !entry.managed_policies.is_empty() || !entry.policies.is_empty(),
            "{}",
            policy.name()
        );
        for (name, document) in &entry.policies {
            PolicyDocument::parse(&document.to_string())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                name.starts_with("Policy") && name.chars().all(|c| c.is_ascii_alphanumeric()),
                "{name}"
            );
            assert!(names.insert(name.clone()), "{name} stands twice");
        }
    }
    assert_eq!(
        "EXTERNALDNS".parse::<WellKnownPolicy>().unwrap().name(),
        "externalDNS"
    );
    assert!("nothing".parse::<WellKnownPolicy>().is_err());
}

#[test]
fn what_is_rendered_is_read_back_and_equal() {
    let spec = RoleSpec {
        well_known: vec![
            "externalDNS".parse().unwrap(),
            "imageBuilder".parse().unwrap(),
        ],
        path: Some("/team/".parse().unwrap()),
        max_session_duration: Some(7200),
        ..s3()
    };
    let read = RoleTemplate::read(&rendered("default/a", &spec), "aws-cn").unwrap();
    let power_user = "arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser";
    let power_user = ManagedPolicy::Arn(power_user.parse().unwrap());
    assert!(read.managed.contains(&power_user));
    assert_eq!(read.inline.len(), 2);
    assert_eq!(RoleTemplate::differences(&read, &read), []);
    let other = RoleTemplate::read(&rendered("default/a", &RoleSpec::default()), "aws-cn").unwrap();
    let items: Vec<_> = RoleTemplate::differences(&read, &other)
        .into_iter()
        .map(|d| d.item.to_string())
        .collect();
    assert_eq!(
        items,
        [
            "managed policy",
            "inline policy PolicyExternalDNSChangeSet",
            "inline policy PolicyExternalDNSHostedZones",
            "role path",
            "maximum session duration"
        ]
    );
    assert_eq!(RoleTemplate::read(&json!("Resources: {}"), "aws"), None);
}

#[test]
fn eksctls_template_is_read_like_ours() {
    let read = RoleTemplate::read(
        &serde_json::from_str(include_str!(
            "../../tests/eksctl/boundary-and-role-name.json"
        ))
        .unwrap(),
        "aws",
    )
    .unwrap();
    assert_eq!(read.role_name.as_deref(), Some("custom-role-name"));
    assert_eq!(
        read.boundary.map(|policy| policy.to_string()).as_deref(),
        Some("arn:aws:iam::111122223333:policy/boundary")
    );
    assert_eq!(read.managed.len(), 1);
}

#[test]
fn fuzzed_templates_are_read_as_what_they_are_or_not_at_all() {
    let corpus = [
        include_str!("../../tests/eksctl/managed-policy.json"),
        include_str!("../../templates/iamserviceaccount.json"),
        r#"{"Resources":{"Role1":{"Properties":{"AssumeRolePolicyDocument":{},"MaxSessionDuration":"7200","ManagedPolicyArns":[{"Fn::Sub":"arn:${AWS::Partition}:x"}]}}}}"#,
        "",
    ];
    crate::fuzz::texts(corpus, |text| {
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(read) = RoleTemplate::read(&body, "aws-cn") else {
            return;
        };
        assert_eq!(RoleTemplate::differences(&read, &read), []);
        let shown = serde_json::to_string(&read).unwrap();
        assert!(shown.len() <= 500 + 8 * text.len(), "{shown}");
        let other = RoleTemplate::default();
        for difference in RoleTemplate::differences(&read, &other) {
            assert!(difference.to_string().len() <= 500 + 8 * text.len());
        }
    });
}

#[test]
fn edits_take_no_other_resources_than_inline_policies() {
    let stack = crate::model::StackName::reported("s");
    let template = rendered("default/a", &s3());
    let nothing = RoleEdits::default();
    assert_eq!(nothing.applied(&template, None, &stack, "aws"), template);
    let edits = RoleEdits {
        removed_inline: ["Role1", "s-Role1", "Outputs", ""]
            .map(str::to_owned)
            .into(),
        ..RoleEdits::default()
    };
    assert_eq!(edits.applied(&template, None, &stack, "aws"), template);
}

#[test]
fn a_policy_is_the_same_as_a_text_and_as_a_function() {
    let stack = crate::model::StackName::reported("s");
    let spec = RoleSpec {
        well_known: vec!["imageBuilder".parse().unwrap()],
        ..RoleSpec::default()
    };
    let template = rendered("default/a", &spec);
    let arn = "arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser";
    let changed = |added: &[&str], removed: &[&str]| {
        let parsed = |all: &[&str]| all.iter().map(|arn| arn.parse().unwrap()).collect();
        let edits = RoleEdits {
            managed: Managed::Changed {
                added: parsed(added),
                removed: parsed(removed),
            },
            ..RoleEdits::default()
        };
        edits.applied(&template, None, &stack, "aws-cn")
    };
    assert_eq!(changed(&[arn], &[]), template);
    let read = RoleTemplate::read(&changed(&[], &[arn]), "aws-cn").unwrap();
    assert_eq!(read.managed, BTreeSet::new());
}
