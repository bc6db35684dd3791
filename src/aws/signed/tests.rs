//! What is sent, by the rules of AWS's signatures, and what is understood.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::http::StatusCode;
use ring::hmac;
use sha2::{Digest, Sha256};

use super::super::fail_fast::Reached;
use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SERVICE: Service = Service {
    name: "ec2",
    id: "EC2",
    version: "2016-11-15",
    hosts: Hosts::AsConfigured,
};

/// Keeps what is sent, and gives one answer.
#[derive(Clone, Debug)]
struct Wire {
    sent: Arc<Mutex<Vec<HttpRequest>>>,
    status: u16,
    body: &'static str,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.sent.lock().unwrap().push(request);
        let status = StatusCode::try_from(self.status).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.body))))
    }
}

/// A call that is answered so: its result and the only request.
fn call(status: u16, body: &'static str) -> (Result<String, Error>, HttpRequest) {
    let sent = Arc::default();
    let wire = Wire {
        sent: Arc::clone(&sent),
        status,
        body,
    };
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some("token".into()), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(aws_config::identity::IdentityCache::no_cache())
        .http_client(http_client_fn(move |_, _| {
            SharedHttpConnector::new(wire.clone())
        }))
        .build();
    let request = SignedRequest {
        path: "/".into(),
        content_type: "application/x-www-form-urlencoded",
        target: None,
        body: "Action=DescribeInstances&Version=2016-11-15".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let signed = Signed::new(
        &config,
        "eu-west-1",
        &SERVICE,
        None,
        FailFast(Reached::default()),
    );
    let read = |text: &str| text.starts_with('<').then(|| text.to_owned());
    let result = runtime
        .unwrap()
        .block_on(signed.call("DescribeInstances", "i-1", request, read));
    let mut sent = std::mem::take(&mut *sent.lock().unwrap());
    assert_eq!(sent.len(), 1);
    (result, sent.remove(0))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// Signature version 4, as the IAM user guide tells to make it ("Create a signed AWS API request").
fn signature(request: &HttpRequest, signed_headers: &str, scope: &str) -> String {
    let header = |name: &str| request.headers().get(name).unwrap().trim();
    let lines: String = signed_headers
        .split(';')
        .map(|name| format!("{name}:{}\n", header(name)))
        .collect();
    let body = hex(&Sha256::digest(request.body().bytes().unwrap()));
    let canonical = format!("POST\n/\n\n{lines}\n{signed_headers}\n{body}");
    let date = header("x-amz-date");
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| keyed(&key, part));
    hex(&keyed(&key, &to_sign))
}

#[test]
fn a_call_is_signed_by_the_rules() {
    let (result, mut request) = call(200, "<A/>");
    assert_eq!(result.unwrap(), "<A/>");
    assert_eq!(request.uri(), "https://ec2.eu-west-1.amazonaws.com/");
    assert_eq!(request.headers().get("x-amz-security-token"), Some("token"));
    request
        .headers_mut()
        .insert("host", "ec2.eu-west-1.amazonaws.com");
    let authorization = request.headers().get("authorization").unwrap().to_owned();
    let parts: Vec<&str> = authorization.split(", ").collect();
    let [credential, headers, signed] = parts.as_slice() else {
        panic!("{authorization}");
    };
    let scope = credential
        .strip_prefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
        .unwrap();
    let (date, rest) = scope.split_once('/').unwrap();
    assert!(
        request
            .headers()
            .get("x-amz-date")
            .unwrap()
            .starts_with(date)
    );
    assert_eq!(rest, "eu-west-1/ec2/aws4_request");
    let headers = headers.strip_prefix("SignedHeaders=").unwrap();
    for wanted in ["content-type", "host", "x-amz-date", "x-amz-security-token"] {
        assert!(headers.split(';').any(|name| name == wanted), "{headers}");
    }
    let expected = format!("Signature={}", signature(&request, headers, scope));
    assert_eq!(*signed, expected);
}

#[test]
fn refusals_and_strange_answers_are_told_as_of_every_call() {
    let xml = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>\
               </Errors><RequestID>1</RequestID></Response>";
    for (status, body, told) in [
        (
            403,
            xml,
            "not allowed to call ec2:DescribeInstances on i-1: no",
        ),
        (
            400,
            r#"{"__type":"com.amazonaws#AccessDeniedException","Message":"no"}"#,
            "not allowed to call ec2:DescribeInstances on i-1: no",
        ),
        (
            400,
            "<Response><Errors><Error><Code>InvalidVpcId</Code><Message>bad</Message></Error></Errors></Response>",
            "ec2:DescribeInstances failed on i-1: InvalidVpcId: bad",
        ),
        (
            401,
            "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>",
            "no usable AWS credentials: AuthFailure: no",
        ),
    ] {
        assert_eq!(call(status, body).0.unwrap_err().to_string(), told);
    }
}

#[test]
fn json_errors_are_named_by_the_header_or_the_body() {
    for (kind, body, code) in [
        (
            Some("ThrottlingException:http://x/"),
            "{}",
            "ThrottlingException",
        ),
        (
            None,
            r#"{"__type":"a.b#AccessDeniedException","message":"no"}"#,
            "AccessDeniedException",
        ),
        (
            None,
            r#"{"code":"ValidationException"}"#,
            "ValidationException",
        ),
    ] {
        let refused = refusal(kind, body).unwrap();
        assert_eq!(refused.code(), Some(code), "{body}");
    }
    for body in ["", "{}", "<html></html>", "no"] {
        assert!(refusal(None, body).is_none(), "{body}");
    }
}

#[test]
fn hosts_follow_the_rules_of_sts() {
    for (sts, expected) in [
        (
            "https://sts.eu-west-1.amazonaws.com",
            "https://ec2.eu-west-1.amazonaws.com",
        ),
        (
            "https://sts-fips.us-east-1.amazonaws.com",
            "https://ec2-fips.us-east-1.amazonaws.com",
        ),
        (
            "https://sts.cn-north-1.amazonaws.com.cn",
            "https://ec2.cn-north-1.amazonaws.com.cn",
        ),
        (
            "https://sts.eu-west-1.api.aws",
            "https://ec2.eu-west-1.api.aws",
        ),
    ] {
        assert_eq!(beside_sts(sts, "ec2"), expected);
    }
}

/// As botocore's endpoint rules of `eks-auth` have them.
#[tokio::test]
async fn a_service_of_dual_stack_alone_has_those_hosts_in_every_partition() {
    for (region, plain, fips) in [
        (
            "eu-west-1",
            "eks-auth.eu-west-1.api.aws",
            "eks-auth-fips.eu-west-1.api.aws",
        ),
        (
            "us-east-1",
            "eks-auth.us-east-1.api.aws",
            "eks-auth-fips.us-east-1.api.aws",
        ),
        (
            "us-gov-west-1",
            "eks-auth.us-gov-west-1.api.aws",
            "eks-auth-fips.us-gov-west-1.api.aws",
        ),
        (
            "cn-north-1",
            "eks-auth.cn-north-1.api.amazonwebservices.com.cn",
            "eks-auth-fips.cn-north-1.api.amazonwebservices.com.cn",
        ),
        (
            "eusc-de-east-1",
            "eks-auth.eusc-de-east-1.api.amazonwebservices.eu",
            "eks-auth-fips.eusc-de-east-1.api.amazonwebservices.eu",
        ),
        (
            "us-iso-east-1",
            "eks-auth.us-iso-east-1.api.aws.ic.gov",
            "eks-auth-fips.us-iso-east-1.api.aws.ic.gov",
        ),
        (
            "us-isob-east-1",
            "eks-auth.us-isob-east-1.api.aws.scloud",
            "eks-auth-fips.us-isob-east-1.api.aws.scloud",
        ),
    ] {
        for (is_fips, wanted) in [(false, plain), (true, fips)] {
            let host = host(region, "eks-auth", is_fips, true).await;
            assert_eq!(host, Ok(format!("https://{wanted}")));
        }
    }
}
