//! Where AWS's calls go, which carry credentials: each variable and each key that names it. Kubernetes'
//! addresses are tried with its kubeconfig.

use super::{LIST, error};
use crate::support::Bench;

const CLEAR: &str = "http://aws.example.com:4566";

/// The services that are called, as variables and as profiles name them.
const SERVICES: [&str; 10] = [
    "eks",
    "eks_auth",
    "iam",
    "cloudformation",
    "sts",
    "ec2",
    "cloudtrail",
    "accessanalyzer",
    "sso",
    "sso-oidc",
];

/// All doors: a variable, or AWS's file of the configuration; and what names it in the error.
fn doors(url: &str) -> Vec<(String, String, String)> {
    let mut doors = vec![(
        "AWS_ENDPOINT_URL".to_owned(),
        String::new(),
        "AWS_ENDPOINT_URL".to_owned(),
    )];
    let file = |config: &str| format!("[default]\nregion = eu-west-1\n{config}");
    doors.push((
        String::new(),
        file(&format!("endpoint_url = {url}\n")),
        "endpoint_url of profile \"default\" in \"~/.aws/config\"".to_owned(),
    ));
    for service in SERVICES {
        let name = format!(
            "AWS_ENDPOINT_URL_{}",
            service.to_uppercase().replace('-', "_")
        );
        doors.push((name.clone(), String::new(), name));
        let section = format!("[services mine]\n{service} =\n  endpoint_url = {url}\n");
        doors.push((
            String::new(),
            file(&format!("services = mine\n{section}")),
            format!(
                "endpoint_url of {service} in services of profile \"default\" in \"~/.aws/config\""
            ),
        ));
    }
    doors
}

fn at(url: &str, (variable, config, _): &(String, String, String)) -> Bench {
    let mut bench = Bench::new();
    if !variable.is_empty() {
        bench.set(variable, url);
    }
    bench.file(".aws/config", config);
    bench
}

#[test]
fn credentials_go_nowhere_in_clear() {
    for door in doors(CLEAR) {
        let mut bench = at(CLEAR, &door);
        let told = bench.run(LIST);
        let place = &door.2;
        let wanted = format!(
            "error: {place}: `http://aws.example.com` would be sent credentials in clear: `https://` is wanted, \
             or `http://` to this computer  [exit 2]"
        );
        assert_eq!(error(&told), wanted, "{told}");
        bench.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        let told = error(&bench.run(LIST));
        assert!(!told.contains("in clear"), "{place}: {told}");
    }
}

#[test]
fn endpoints_by_tls_and_on_this_computer_are_taken() {
    for url in [
        "https://aws.invalid",
        "http://127.0.0.2:1",
        "http://[::1]:1",
        "http://localhost:1",
    ] {
        for door in doors(url) {
            let told = error(&at(url, &door).run(LIST));
            assert!(!told.contains("is wanted"), "{url} by {}: {told}", door.2);
        }
    }
}

#[test]
fn endpoints_of_services_that_are_not_called_are_not_looked_at() {
    let mut bench = Bench::new();
    bench.set("AWS_ENDPOINT_URL_S3", "http://minio.example.com:9000");
    let told = bench.run(LIST);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}
