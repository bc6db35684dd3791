use super::*;

#[test]
fn documents_are_held_to_iams_grammar() {
    let wrong = |text: &str| PolicyDocument::parse(text).expect_err(text);
    let statement =
        |inner: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{{inner}}}]}}"#);
    for (document, told) in [
        ("{".to_owned(), "is no JSON"),
        ("[]".to_owned(), "is no JSON object"),
        ("{}".to_owned(), "has no Statement"),
        (r#"{"Statement":[]}"#.to_owned(), "has an empty Statement"),
        (
            r#"{"version":"2012-10-17","Statement":[]}"#.to_owned(),
            "did you mean \"Version\"?",
        ),
        (
            r#"{"Version":"2012-10-18","Statement":[]}"#.to_owned(),
            "\"2012-10-17\" is wanted",
        ),
        (
            r#"{"Version":"2012-10-17","Version":"2012-10-17"}"#.to_owned(),
            "\"Version\" stands twice",
        ),
        (
            statement(r#""Effect":"allow","Action":"s3:*","Resource":"*""#),
            "Statement[0] needs Effect",
        ),
        (
            statement(r#""Effect":"Allow","Resource":"*""#),
            "needs Action or NotAction",
        ),
        (
            statement(r#""Effect":"Allow","Action":"s3:Get","NotAction":"s3:Put","Resource":"*""#),
            "has both Action",
        ),
        (
            statement(r#""Effect":"Allow","Action":"s3:Get""#),
            "needs Resource or NotResource",
        ),
        (
            statement(r#""Effect":"Allow","Action":"get","Resource":"*""#),
            "`service:Name` is wanted",
        ),
        (
            statement(r#""Effect":"Allow","Action":"s3:Get","Resource":"bucket""#),
            "an ARN or `*` is wanted",
        ),
        (
            statement(r#""Effect":"Allow","Action":[],"Resource":"*""#),
            "a list of texts",
        ),
        (
            statement(r#""Effect":"Allow","Action":"s3:Get","Resource":"*","Principal":"*""#),
            "only trust policies",
        ),
        (
            statement(r#""Effect":"Allow","Actions":"s3:Get","Resource":"*""#),
            "did you mean \"Action\"?",
        ),
        (
            statement(r#""Sid":"a b","Effect":"Allow","Action":"s3:Get","Resource":"*""#),
            "only letters and digits",
        ),
        (
            statement(
                r#""Effect":"Allow","Action":"s3:Get","Resource":"*","Condition":{"Bool":1}"#,
            ),
            "Condition",
        ),
        (
            statement("\"Effect\":\"Allow\",\"Action\":\"s3:Get\",\"Resource\":\"\u{4e2d}\""),
            "which IAM refuses",
        ),
        (
            statement(r#""Effect":"Allow","Action":"s3:Get","Resource":"arn:aws:s3:::\u4e2d""#),
            "which IAM refuses",
        ),
    ] {
        let error = wrong(&document);
        assert!(error.contains(told), "{document}: {error}");
    }
}

#[test]
fn functions_of_cloudformation_pass() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*",
        "Resource":[{"Fn::Sub":"arn:${AWS::Partition}:s3:::bucket/*"}]}}"#;
    assert!(PolicyDocument::parse(text).is_ok());
}

#[test]
fn documents_that_mean_the_same_are_the_same() {
    let one = json!({"Statement": [{"Action": ["b", "a"], "Effect": "Allow"}]});
    let other = json!({"Statement": {"Effect": "Allow", "Action": ["a", "b", "a"]}});
    assert!(same(&one, &other));
    assert!(!same(
        &one,
        &json!({"Statement": {"Effect": "Allow", "Action": "a"}})
    ));
}

#[test]
fn scalars_are_the_same_with_and_without_quotes() {
    let with = |value: Value| json!({"Condition": {"Bool": {"aws:SecureTransport": value}}});
    for (plain, quoted) in [
        (json!(true), "true"),
        (json!(false), "false"),
        (json!(3600), "3600"),
        (json!(-1), "-1"),
    ] {
        assert!(same(&with(plain.clone()), &with(json!(quoted))), "{plain}");
        assert!(same(&with(json!([plain])), &with(json!(quoted))));
    }
    assert!(!same(&with(json!(true)), &with(json!("false"))));
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 1.50}}}}"#;
    let error = PolicyDocument::parse(text).unwrap_err();
    assert!(error.contains("put it into quotes"), "{error}");
}

#[test]
fn trust_names_its_providers() {
    let issuer: Issuer = "https://example.com/a".parse().unwrap();
    let account: ServiceAccountName = "ns/app".parse().unwrap();
    let trust = trust_policy(
        "arn:p",
        &issuer,
        &Subject::Account(account.clone()),
        &Audience::default(),
    );
    assert_eq!(federated_principals(&trust), ["arn:p"]);
    assert_eq!(measure(&json!({"a": "b c"})), 10);
}

#[test]
fn fuzzed_documents_are_refused_or_mean_the_same_when_written_again() {
    let corpus = [
        include_str!("../../templates/well-known-policies/awsLoadBalancerController.json"),
        include_str!("../../templates/iamserviceaccount.json"),
        r#"{"Version":"2012-10-17","Statement":{"Sid":"A1","Effect":"Deny","NotAction":["s3:*"],"NotResource":{"Fn::Sub":"x"},"Condition":{"StringEquals":{"aws:a":["b"]}}}}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        "",
    ];
    crate::fuzz::texts(corpus, |text| match PolicyDocument::parse(text) {
        Ok(document) => {
            let written = document.as_value().to_string();
            assert!(measure(document.as_value()) <= 8 * text.len(), "{written}");
            let again = PolicyDocument::parse(&written).unwrap();
            assert!(same(document.as_value(), again.as_value()), "{written}");
            federated_principals(document.as_value());
        }
        Err(rule) => assert!(rule.len() <= 300 + 8 * text.len(), "{rule}"),
    });
}

#[test]
fn arns_of_another_partition_are_found_wherever_they_stand() {
    let document = serde_json::json!({"Statement": [
        {
            "Principal": {"AWS": "arn:aws-cn:iam::1:root"},
            "Resource": ["arn:aws:s3:::mine", "arn:aws-cn:s3:::theirs", "*"],
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws-us-gov:sns:::topic"}},
        },
        // What may mean the right one.
        {"Resource": ["arn:*:s3:::any", "arn:aws-??:s3:::any", {"Fn::Sub": "arn:${AWS::Partition}:s3:::own"}]},
    ]});
    let beyond = |partition: &str| {
        let mut found = arns_beyond(&document, partition);
        found.sort_unstable();
        found
    };
    assert_eq!(
        beyond("aws"),
        [
            "arn:aws-cn:iam::1:root",
            "arn:aws-cn:s3:::theirs",
            "arn:aws-us-gov:sns:::topic"
        ]
    );
    assert_eq!(
        beyond("aws-cn"),
        ["arn:aws-us-gov:sns:::topic", "arn:aws:s3:::mine"]
    );
}
