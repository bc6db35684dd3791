use super::*;

#[test]
fn fuzzed_discovery_documents_lead_to_public_hosts_or_nowhere() {
    let issuer: Issuer = "https://oidc.example.com/a".parse().unwrap();
    let corpus = [
        r#"{"issuer":"https://oidc.example.com/a","jwks_uri":"https://oidc.example.com/a/keys"}"#,
        r#"{"issuer":"https://oidc.example.com/a","jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks?a#b"}"#,
        r#"{"issuer":"https://oidc.example.com/a","jwks_uri":"https://2130706433/"}"#,
        "",
        &format!(
            r#"{{"issuer":"https://oidc.example.com/a","jwks_uri":"{}"}}"#,
            "\u{10ffff}".repeat(1_000)
        ),
        &format!(
            r#"{{"issuer":"{}","jwks_uri":""}}"#,
            "\u{feff}".repeat(1_000)
        ),
    ];
    crate::fuzz::texts(corpus, |text| {
        let Ok(discovery) = serde_json::from_str::<Discovery>(text) else {
            return;
        };
        match keys_host(&issuer, &discovery) {
            Ok(keys) => {
                assert_eq!(discovery.issuer, issuer.url());
                let host: Result<std::net::IpAddr, _> = keys.host().parse();
                assert!(host.is_err() || address::is_public(keys.host()), "{keys}");
            }
            Err(error) => assert!(error.to_string().len() < 2_000, "{error}"),
        }
    });
}
