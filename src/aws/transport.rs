//! How an attempt of a call goes out: in the turn that the shared pace gives it, within its limit, with
//! an answer that is whole and not endless. The limits are here and not in the SDK, which would count
//! the waits of the pace.
//!
//! And the log of all that: operation, status and time, and nothing of what was said, so that no secret
//! can be in it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use http_body_util::{BodyExt, Limited};
use tokio::time::Instant;

use super::fail_fast::Reached;
use super::pace::{Pace, Passed, Turn};
use crate::error::SignIn;
use crate::secrets;

/// The most that an answer may hold: whoever answers in AWS's place could otherwise send until the
/// memory is full. The largest answers are a page of ListRoles and a template (460,800 bytes).
const LARGEST: usize = 8 << 20;
/// All attempts of a call together may take so many times as long as one.
const ATTEMPTS: u32 = 6;
/// AWS's codes for too many calls.
const THROTTLED: [&str; 9] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "PriorRequestNotComplete",
    "SlowDown",
];

/// What calls go by.
#[derive(Debug)]
pub struct CallTerms {
    pub pace: Pace,
    /// How long an attempt may take.
    pub limit: Duration,
    /// Is told of answers.
    pub reached: Reached,
    /// Is written on answers: the way by which their calls were signed.
    pub sign_in: SignIn,
}

/// An HTTP client whose calls go by the same terms.
pub fn paced(http: SharedHttpClient, terms: CallTerms) -> SharedHttpClient {
    let terms = Arc::new(terms);
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(Transport {
            inner: http.http_connector(settings, components),
            terms: terms.clone(),
        })
    })
}

/// Which call a request is an attempt of.
#[derive(Clone, Debug)]
struct Call {
    name: String,
    begun: Instant,
    waits: Arc<Mutex<Waits>>,
}

#[derive(Debug, Default)]
struct Waits {
    /// The time that attempts without an answer have taken.
    lost: Duration,
    /// Kept while the call is signed anew.
    turn: Option<Turn>,
}

impl Call {
    fn new(name: String) -> Self {
        Self {
            name,
            begun: Instant::now(),
            waits: Arc::default(),
        }
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

/// Writes on each request which call it belongs to.
#[derive(Debug)]
pub struct CallName;

impl Intercept for CallName {
    fn name(&self) -> &'static str {
        "call name"
    }

    fn modify_before_retry_loop(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = bag
            .load::<Metadata>()
            .map(|call| format!("{}:{}", call.service(), call.name()))
            .unwrap_or_default();
        bag.interceptor_state().store_put(Call::new(name));
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = bag.load::<Call>() {
            context.request_mut().add_extension(call.clone());
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Transport {
    inner: SharedHttpConnector,
    terms: Arc<CallTerms>,
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.clone();
        HttpConnectorFuture::new(async move { transport.deliver(request).await })
    }
}

impl Transport {
    async fn deliver(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        // Credentials are fetched by calls of their own.
        let call = request.extension::<Call>().cloned();
        let call = call.unwrap_or_else(|| Call::new("credentials".to_owned()));
        remember_secrets(&request);
        let connection = request.extension::<CaptureSmithyConnection>().cloned();
        let request = Mutex::new(request);
        let send = || {
            let request = copy(&request, connection.as_ref());
            self.attempt(&call, request)
        };
        let is_throttled =
            |answer: &Result<HttpResponse, _>| answer.as_ref().is_ok_and(is_throttled);
        let gate = self.terms.pace.gate(&call.name);
        let turn = call.waits().turn.take();
        match gate.pass(call.begun, turn, send, is_throttled).await {
            Passed::Answered(answer) | Passed::GivenUp(answer) => answer,
            Passed::Stale(turn) => {
                tracing::debug!("{}: to be signed anew", call.name);
                call.waits().turn = turn;
                Err(ConnectorError::other(Box::new(Stale), None))
            }
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        request: Option<HttpRequest>,
    ) -> Result<HttpResponse, ConnectorError> {
        let request =
            request.ok_or_else(|| ConnectorError::user("the request cannot be copied".into()))?;
        let begun = Instant::now();
        let whole = self.terms.limit * ATTEMPTS;
        let left = whole.saturating_sub(call.waits().lost);
        let answer = async { collect(self.inner.call(request).await?).await };
        let limit = left.min(self.terms.limit);
        let answer = tokio::time::timeout(limit, answer).await;
        let mut answer = answer.unwrap_or_else(|_| {
            if left > limit {
                Err(ConnectorError::timeout(Box::new(NoAnswer(limit))))
            } else {
                Err(ConnectorError::other(Box::new(NoAnswer(whole)), None))
            }
        });
        let (name, time) = (&call.name, begun.elapsed());
        match &mut answer {
            Ok(answer) => {
                self.terms.reached.set();
                answer.add_extension(self.terms.sign_in.clone());
                let status = answer.status().as_u16();
                tracing::debug!("{name}: {status} in {} ms", time.as_millis());
            }
            Err(_) => {
                call.waits().lost += time;
                tracing::debug!("{name}: no answer after {} ms", time.as_millis());
            }
        }
        answer
    }
}

/// Headers that are as good as the credentials, of AWS's own calls and of those for credentials.
const SECRET_HEADERS: [&str; 4] = [
    "authorization",
    "x-amz-security-token",
    "x-amz-sso_bearer_token",
    "x-aws-ec2-metadata-token",
];
/// The same of the members of forms and JSON.
const SECRET_MEMBERS: [&str; 8] = [
    "WebIdentityToken",
    "clientSecret",
    "refreshToken",
    "accessToken",
    "deviceCode",
    "codeVerifier",
    "code",
    "assertion",
];

/// Who answers may quote the request.
fn remember_secrets(request: &HttpRequest) {
    let headers = request.headers();
    for header in SECRET_HEADERS {
        for value in headers.get_all(header) {
            secrets::remember(value);
        }
    }
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    let form = body.split('&').filter_map(|pair| pair.split_once('='));
    for (_, value) in form.filter(|(name, _)| SECRET_MEMBERS.contains(name)) {
        secrets::remember(value);
    }
    let json: Option<serde_json::Value> = serde_json::from_str(&body).ok();
    for member in SECRET_MEMBERS {
        let value = json.as_ref().and_then(|json| json[member].as_str());
        secrets::remember(value.unwrap_or_default());
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
struct NoAnswer(Duration);

/// The request must be signed anew: not a failure.
#[derive(Debug, thiserror::Error)]
#[error("the signature has become old")]
pub struct Stale;

/// The same request for another attempt, with the way by which the SDK closes connections that fail.
fn copy(
    request: &Mutex<HttpRequest>,
    connection: Option<&CaptureSmithyConnection>,
) -> Option<HttpRequest> {
    let request = request.lock().unwrap_or_else(PoisonError::into_inner);
    let mut copy = request.try_clone()?;
    if let Some(connection) = connection {
        copy.add_extension(connection.clone());
    }
    Some(copy)
}

/// Reads the answer to its end.
async fn collect(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = Limited::new(answer.take_body(), LARGEST).collect().await;
    *answer.body_mut() = SdkBody::from(body.map_err(ConnectorError::io)?.to_bytes());
    Ok(answer)
}

/// Whether AWS says that there were too many calls.
pub fn is_throttled(answer: &HttpResponse) -> bool {
    let status = answer.status();
    if status.as_u16() == 429 {
        return true;
    }
    if !status.is_client_error() && !status.is_server_error() {
        return false;
    }
    let kind = answer.headers().get("x-amzn-errortype").unwrap_or_default();
    let kind = kind.split(':').next().unwrap_or_default();
    let body = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default());
    THROTTLED.iter().any(|code| {
        kind == *code
            || body.contains(&format!("<Code>{code}</Code>"))
            || body.contains(&format!("\"{code}\""))
            || body.contains(&format!("#{code}\""))
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;

    use super::*;

    fn answer(status: u16, body: &'static str) -> HttpResponse {
        let status = StatusCode::try_from(status).unwrap();
        HttpResponse::new(status, SdkBody::from(body))
    }

    #[test]
    fn throttled_answers_are_told_from_others() {
        for (status, body) in [
            (
                400,
                "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
            ),
            (503, "<Error><Code>RequestLimitExceeded</Code></Error>"),
            (
                400,
                r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
            ),
            (400, r#"{"__type":"com.amazonaws#ThrottlingException"}"#),
            (429, ""),
        ] {
            assert!(is_throttled(&answer(status, body)), "{status} {body}");
        }
        for (status, body) in [
            (200, "<Code>Throttling</Code>"),
            (
                400,
                "<Code>ValidationError</Code><Message>Throttling</Message>",
            ),
            (400, "<Code>LimitExceededException</Code>"),
            (500, ""),
        ] {
            assert!(!is_throttled(&answer(status, body)), "{status} {body}");
        }
        let mut by_header = answer(400, "{}");
        let kind = "ThrottlingException:http://internal.amazon.com/coral/";
        by_header.headers_mut().insert("x-amzn-errortype", kind);
        assert!(is_throttled(&by_header));
    }
}
