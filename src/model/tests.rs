use super::*;

#[test]
fn names_follow_the_rules_of_their_apis() {
    let long = "a".repeat(64);
    for (good, name) in [
        (true, "demo"),
        (true, "1_a-B"),
        (false, ""),
        (false, "-a"),
        (true, "example.cluster.k8s.local"),
        (false, ".a"),
        (false, "ü"),
    ] {
        assert_eq!(name.parse::<ClusterName>().is_ok(), good, "cluster {name}");
    }
    for (good, name) in [
        (true, "kube-system"),
        (true, "0"),
        (false, "A"),
        (false, "a."),
        (false, "a-"),
        (false, &long),
    ] {
        assert_eq!(name.parse::<Namespace>().is_ok(), good, "namespace {name}");
    }
    for (good, name) in [
        (true, "s3-reader"),
        (true, "a.b-c.d"),
        (false, "a..b"),
        (false, ""),
        (false, "a/b"),
        (false, "a_b"),
    ] {
        assert_eq!(
            ServiceAccountName::new(Namespace::default(), name).is_ok(),
            good,
            "service account {name}"
        );
    }
    for (good, name) in [
        (true, "app+=,.@-_1"),
        (true, long.as_str()),
        (false, "a b"),
        (false, "a/b"),
        (false, ""),
    ] {
        assert_eq!(name.parse::<RoleName>().is_ok(), good, "role {name}");
    }
    for (good, path) in [
        (true, "/"),
        (true, "/team/a/"),
        (false, "team"),
        (false, "/team"),
        (false, "/te am/"),
    ] {
        assert_eq!(path.parse::<RolePath>().is_ok(), good, "path {path}");
    }
}

#[test]
fn audiences_are_those_that_arrive_in_a_trust_policy_as_they_are() {
    for (good, audience) in [
        (true, "https://vault.example.com/é?a=$b"),
        (false, "a b"),
        (false, "\u{4e2d}"),
        (false, "${aws:username}"),
        (false, "{{resolve:ssm:x}}"),
    ] {
        assert_eq!(audience.parse::<Audience>().is_ok(), good, "{audience}");
    }
}

#[test]
fn issuer_keeps_its_text_and_gives_its_parts() {
    let issuer: Issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"
        .parse()
        .unwrap();
    assert_eq!(issuer.host(), "oidc.eks.eu-west-1.amazonaws.com");
    assert_eq!(issuer.port(), 443);
    assert_eq!(
        issuer.host_and_path(),
        "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    );
    assert!(issuer.is_eks());
    assert_eq!(
        issuer.provider_arn("aws", "111122223333"),
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    );
    let other: Issuer = "https://example.com:8443/a/".parse().unwrap();
    assert_eq!(
        (other.host(), other.port(), other.is_eks()),
        ("example.com", 8443, false)
    );
    for bad in [
        "http://a",
        "https://",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://a:x",
        "a",
        "https://a b",
        "https://a/{{resolve:secretsmanager:x}}",
        "https://a/${AWS::AccountId}",
        "https://a/*",
        "https://a/$",
        "https://a/\"",
    ] {
        assert!(bad.parse::<Issuer>().is_err(), "{bad}");
    }
}

#[test]
fn thumbprints_are_taken_as_openssl_prints_them() {
    let hex = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
    let openssl = "9E:99:A4:8A:99:60:B1:49:26:BB:7F:3B:02:E2:2D:A2:B0:AB:72:80";
    assert_eq!(Thumbprint::lenient(openssl).unwrap().as_str(), hex);
    assert!(Thumbprint::lenient("9e99").is_err());
}

/// Whether a text is a value of that type; if it is, it prints as it was.
fn prints_back<T: FromStr<Err = String> + fmt::Display>(text: &str) -> bool {
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), text);
            assert!(!text.contains("{{"), "{text}");
            assert!(text.len() <= 2048, "{text}");
            true
        }
        Err(rule) => {
            assert!(rule.len() <= 500 + 8 * text.len(), "{rule}");
            false
        }
    }
}

#[test]
fn issuers_of_eks_that_no_token_names_are_told_with_the_right_one() {
    let right = "https://oidc.eks.eu-west-2.amazonaws.com/id/AB12";
    let fault = |url: &str| url.parse::<Issuer>().unwrap().fault();
    for url in [
        "https://oidc-eks.eu-west-2.api.aws/id/AB12",
        "https://oidc.eks.eu-west-2.amazonaws.com:443/id/AB12",
        "https://oidc.eks.eu-west-2.amazonaws.com/id/AB12/",
        "https://oidc.eks.eu-west-2.amazonaws.com/id/ab12",
        "https://OIDC.eks.eu-west-2.amazonaws.com/id/AB12",
        "https://oidc.eks.eu-west-2.amazonaws.com/AB12",
    ] {
        let told = format!("tokens of EKS say \"{right}\"");
        assert_eq!(fault(url), Some(told), "{url}");
    }
    for url in [
        "https://oidc.eks.eu-west-2.amazonaws.com",
        "https://oidc.eks.eu-west-2.amazonaws.com/id/AB12/keys",
    ] {
        let told = fault(url).unwrap();
        assert!(told.contains("/id/<32 hexadecimal digits>"), "{told}");
    }
    let china = fault("https://oidc-eks.cn-north-1.api.amazonwebservices.com.cn/id/A").unwrap();
    assert!(
        china.contains("oidc.eks.cn-north-1.amazonaws.com.cn/id/A"),
        "{china}"
    );
    for url in [
        right,
        "https://issuer.example.com:8443/a/",
        "https://oidc.eks.example.com/a/",
    ] {
        assert_eq!(fault(url), None, "{url}");
    }
}

#[test]
fn fuzzed_names_and_arns_are_refused_or_print_as_they_were() {
    let corpus = [
        "demo",
        "/team/a/",
        "default/s3-reader",
        "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
        "arn:aws-cn:iam::111122223333:role/team/a/reader",
        "https://oidc.eks.eu-west-1.amazonaws.com:8443/id/ABC",
        "9e99a48a9960b14926bb7f3b02e22da2b0ab7280",
        "s3-*",
        "arn:aws:iam::111122223333:policy/{{resolve:ssm:x}}/name",
    ];
    crate::fuzz::texts(corpus, |text| {
        prints_back::<ClusterName>(text);
        prints_back::<RoleName>(text);
        prints_back::<RolePath>(text);
        prints_back::<Namespace>(text);
        prints_back::<Audience>(text);
        prints_back::<SubjectPattern>(text);
        prints_back::<Thumbprint>(text);
        prints_back::<Arn>(text);
        prints_back::<PolicyArn>(text);
        if prints_back::<RoleArn>(text) {
            assert!(text.parse::<RoleArn>().unwrap().name().len() <= 64);
        }
        if prints_back::<Issuer>(text) {
            let issuer: Issuer = text.parse().unwrap();
            assert!(!issuer.host().is_empty() && issuer.url().starts_with("https://"));
        }
        if prints_back::<ServiceAccountName>(text) {
            let account: ServiceAccountName = text.parse().unwrap();
            let stack = StackName::new(Way::Irsa, &"demo".parse().unwrap(), &account);
            assert!(stack.as_str().len() <= 128, "{stack}");
        }
        if let Ok(thumbprint) = Thumbprint::lenient(text) {
            assert!(prints_back::<Thumbprint>(thumbprint.as_str()));
        }
    });
}
