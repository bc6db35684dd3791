//! Variables and keys of profiles that the SDK would panic at, or pass over.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use insta::assert_snapshot;

use super::{LIST, error};
use crate::support::Bench;

const EMPTY: [&str; 16] = [
    "AWS_RETRY_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_STS",
    "AWS_REGION",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
];

#[test]
fn an_empty_variable_is_not_set() {
    for name in EMPTY {
        let mut bench = Bench::new();
        bench.set_empty(name);
        assert!(
            bench.run(LIST).ends_with("[exit 0]\n"),
            "{name}: {}",
            bench.run(LIST)
        );
    }
    let mut bench = Bench::new();
    for name in EMPTY {
        bench.set_empty(name);
    }
    assert!(
        bench.run(LIST).ends_with("[exit 0]\n"),
        "{}",
        bench.run(LIST)
    );
}

#[test]
fn keys_come_from_a_profile_where_variables_are_empty() {
    let mut bench = Bench::new();
    bench.file(
        ".aws/credentials",
        "[default]\naws_access_key_id = AKIA111122223333\naws_secret_access_key = sandbox-secret-key\n",
    );
    bench.file(".aws/config", "[default]\nregion = eu-west-1\n");
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ] {
        bench.set_empty(name);
    }
    assert!(
        bench.run(LIST).ends_with("[exit 0]\n"),
        "{}",
        bench.run(LIST)
    );
}

#[test]
fn what_other_sdks_take_is_taken() {
    for (name, value) in [
        ("AWS_RETRY_MODE", "legacy"),
        ("AWS_RETRY_MODE", "Standard"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_USE_FIPS_ENDPOINT", "False"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
        ("AWS_SDK_UA_APP_ID", "not / usable"),
        ("AWS_DEFAULTS_MODE", "auto"),
    ] {
        let mut bench = Bench::new();
        bench.set(name, value);
        assert!(
            bench.run(LIST).ends_with("[exit 0]\n"),
            "{name}: {}",
            bench.run(LIST)
        );
    }
}

#[test]
fn a_bad_value_is_refused_by_its_variable() {
    let mut all = Vec::new();
    for (name, value) in [
        ("AWS_RETRY_MODE", "fast"),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_MAX_ATTEMPTS", "ten"),
        ("AWS_MAX_ATTEMPTS", "99999999999"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", " "),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", "/path"),
        ("AWS_ENDPOINT_URL_ACCESSANALYZER", "http://"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254"),
        ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1"),
        ("AWS_REGION", "us-west-2a"),
        ("AWS_REGION", " us-west-2"),
        ("AWS_REGION", "us-west-2\n"),
        ("AWS_CONFIG_FILE", "/"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/"),
        ("AWS_ACCESS_KEY_ID", "AKIA111122223333\nx"),
        ("AWS_SESSION_TOKEN", "s3cret\u{1}"),
        ("AWS_EXECUTION_ENV", "a\r"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "127.0.0.1:1"),
    ] {
        let mut bench = Bench::new();
        bench.set(name, value);
        all.push(error(&bench.run(LIST)));
        assert_eq!(bench.calls(), "", "{name}");
    }
    assert_snapshot!(all.join("\n"), @r#"
    error: AWS_RETRY_MODE: "fast" cannot be used: `standard` or `adaptive` is wanted  [exit 2]
    error: AWS_MAX_ATTEMPTS: "0" cannot be used: a number from 1 on is wanted  [exit 2]
    error: AWS_MAX_ATTEMPTS: "ten" cannot be used: a number from 1 on is wanted  [exit 2]
    error: AWS_MAX_ATTEMPTS: "99999999999" cannot be used: a number from 1 on is wanted  [exit 2]
    error: AWS_ENDPOINT_URL: a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: AWS_ENDPOINT_URL: a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: AWS_ENDPOINT_URL_CLOUDFORMATION: a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: AWS_ENDPOINT_URL_ACCESSANALYZER: a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: AWS_EC2_METADATA_SERVICE_ENDPOINT: a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: AWS_USE_FIPS_ENDPOINT: "yes" cannot be used: `true` or `false` is wanted  [exit 2]
    error: AWS_USE_DUALSTACK_ENDPOINT: "1" cannot be used: `true` or `false` is wanted  [exit 2]
    error: AWS_REGION: "us-west-2a" cannot be used: a region such as `eu-west-1` is wanted  [exit 2]
    error: AWS_REGION: " us-west-2" cannot be used: a region such as `eu-west-1` is wanted  [exit 2]
    error: AWS_REGION has several lines, or other control characters  [exit 2]
    error: cannot read "/" of AWS_CONFIG_FILE: Is a directory (os error 21)  [exit 2]
    error: cannot read "/" of AWS_SHARED_CREDENTIALS_FILE: Is a directory (os error 21)  [exit 2]
    error: AWS_ACCESS_KEY_ID has several lines, or other control characters  [exit 2]
    error: AWS_SESSION_TOKEN has several lines, or other control characters  [exit 2]
    error: AWS_EXECUTION_ENV has several lines, or other control characters  [exit 2]
    error: AWS_CONTAINER_CREDENTIALS_FULL_URI: a URL such as `https://HOST:PORT` is wanted  [exit 2]
    "#);
}

#[test]
fn a_variable_that_is_no_text_is_refused() {
    let bench = Bench::new();
    let mut command = bench.command_line(LIST);
    command.env("AWS_PROFILE", OsStr::from_bytes(b"\xff"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("irsactl starts");
    assert_snapshot!(error(&bench.ended(child)), @"error: AWS_PROFILE is no text in UTF-8  [exit 2]");
}

#[test]
fn a_bad_key_of_a_profile_is_refused_by_its_place() {
    let mut all = Vec::new();
    for key in [
        "retry_mode = fast",
        "max_attempts = 0",
        "endpoint_url = localhost:4566",
        "use_fips_endpoint = on",
        "region = eu-west-1a",
        "services = mine\n[services mine]\niam =\n  endpoint_url = localhost",
        "no key",
    ] {
        let mut bench = Bench::new();
        bench.set("AWS_REGION", "");
        bench.set("AWS_DEFAULT_REGION", "");
        let others = if key.starts_with("region") {
            ""
        } else {
            "region = eu-west-1\n"
        };
        bench.file(".aws/config", &format!("[profile ci]\n{others}{key}\n"));
        bench.set("AWS_PROFILE", "ci");
        all.push(error(&bench.run(LIST)));
        assert_eq!(bench.calls(), "", "{key}");
    }
    assert_snapshot!(all.join("\n"), @r#"
    error: retry_mode of profile "ci" in "~/.aws/config": "fast" cannot be used: `standard` or `adaptive` is wanted  [exit 2]
    error: max_attempts of profile "ci" in "~/.aws/config": "0" cannot be used: a number from 1 on is wanted  [exit 2]
    error: endpoint_url of profile "ci" in "~/.aws/config": a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: use_fips_endpoint of profile "ci" in "~/.aws/config": "on" cannot be used: `true` or `false` is wanted  [exit 2]
    error: region of profile "ci" in "~/.aws/config": "eu-west-1a" cannot be used: a region such as `eu-west-1` is wanted  [exit 2]
    error: endpoint_url of iam in services of profile "ci" in "~/.aws/config": a URL such as `https://HOST:PORT` is wanted  [exit 2]
    error: cannot read "~/.aws/config": line 3: Expected an '=' sign defining a property  [exit 2]
    "#);
}

#[test]
fn a_key_of_a_profile_without_a_value_is_not_set() {
    let mut bench = Bench::new();
    bench.file(
        ".aws/config",
        "[default]\nregion =\nendpoint_url =\nretry_mode = # none\nmax_attempts =\nservices = mine\n\
         [services mine]\ncloudformation =\n  endpoint_url =\niam =\n  endpoint_url =\n",
    );
    assert!(
        bench.run(LIST).ends_with("[exit 0]\n"),
        "{}",
        bench.run(LIST)
    );
    // AWS's own endpoints, through the proxy.
    bench.set("AWS_ENDPOINT_URL", "");
    assert!(
        bench.run(LIST).ends_with("[exit 0]\n"),
        "{}",
        bench.run(LIST)
    );
}

#[test]
fn a_region_is_a_region_wherever_it_comes_from() {
    let bench = Bench::new();
    for region in [
        "us-west-2a",
        "us-west-2 ",
        "US-WEST-2",
        "us_west_2",
        "",
        "west",
        "eu-west-1.evil.example",
    ] {
        let words = [
            "get",
            "iamserviceaccount",
            "--cluster",
            "demo",
            "--region",
            region,
        ];
        let told = bench.run_words(words, "");
        assert!(
            told.contains("a region such as `eu-west-1` is wanted"),
            "{told}"
        );
        assert!(told.ends_with("[exit 2]\n"), "{told}");
    }
    assert_eq!(bench.calls(), "");
}
