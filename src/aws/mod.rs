//! The border to AWS: the only users of the SDK. Its types and error codes become our own here.

use std::str::FromStr;
use std::time::Duration;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::{Error, SignIn};
use crate::model::{Lookup, RoleArn, Timeout, partition_of};
use crate::network::deepest;
use crate::secrets::excerpt;
use crate::waiting::{Deadline, Intervals};

pub mod access_analyzer;
pub mod cloudformation;
pub mod cloudtrail;
mod credentials;
pub mod ec2;
pub mod eks;
pub mod eks_auth;
mod fail_fast;
mod foreign_answer;
mod http;
pub mod iam;
mod mfa;
mod optional;
mod pace;
mod pages;
mod settings;
mod signed;
pub mod sts;
mod transport;
mod xml;

use access_analyzer::AccessAnalyzer;
use cloudformation::CloudFormation;
use cloudtrail::CloudTrail;
pub use credentials::Ask;
use ec2::Ec2;
use eks::Eks;
use eks_auth::EksAuth;
use fail_fast::{FailFast, Reached};
use foreign_answer::ForeignAnswer;
use iam::Iam;
use optional::Budget;
use pace::Pace;
use settings::Settings;
pub use settings::start_without_empty_variables;
use signed::Signed;
use sts::Sts;
use transport::CallName;

/// How long a connection to AWS may take, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one attempt of a call may take; those without an answer together six times as long.
const ATTEMPT: Duration = Duration::from_secs(20);

/// Clients of all services for one account and region.
pub struct Aws {
    pub eks: Eks,
    pub eks_auth: EksAuth,
    pub iam: Iam,
    pub cloudformation: CloudFormation,
    pub sts: Sts,
    pub ec2: Ec2,
    pub cloudtrail: CloudTrail,
    pub access_analyzer: AccessAnalyzer,
    pub region: String,
    pub intervals: Intervals,
    pub deadline: Deadline,
    config: SdkConfig,
    fail_fast: FailFast,
}

/// Who calls, and where.
#[derive(Clone, Debug)]
pub struct AwsConnection {
    pub region: Option<String>,
    /// Outranks the keys of the environment, as eksctl's `--profile` does.
    pub profile: Option<String>,
    /// How long all that is done with it may take.
    pub timeout: Timeout,
    pub intervals: Intervals,
    /// Who is asked for the code of an MFA device; `None`: nobody.
    pub ask: Option<Ask>,
    /// A role that is assumed with those credentials, and makes all calls.
    pub via: Option<(RoleArn, SharedCredentialsProvider)>,
    /// The profile is that of another account, for roles alone.
    pub is_of_roles: bool,
}

// Each crate of the SDK has types of its own for the same.
macro_rules! client {
    ($sdk:ident, $config:expr, $fail_fast:expr) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from($config)
                .retry_classifier($fail_fast.clone())
                .interceptor(CallName)
                .interceptor(ForeignAnswer)
                .build(),
        )
    };
}

impl Aws {
    /// Reads the AWS configuration. Makes no call: credentials are fetched by the first one.
    ///
    /// # Errors
    /// Without a region, with an unknown profile, with a CA bundle that cannot be read, or with a value
    /// in the environment or in AWS's files that cannot be used.
    pub async fn connect(connection: &AwsConnection) -> Result<Self, Error> {
        let profile = connection.profile.as_deref();
        let settings = Settings::read(profile).await?;
        let region = match &connection.region {
            Some(region) => Some(region.clone()),
            None => settings.region()?,
        };
        let limits = connection.intervals;
        let reached = Reached::default();
        let http = paced_http(connection, &settings, &reached).await?;
        let retries = settings.retries()?;
        let retries = retries.unwrap_or_else(|| usual_retries(limits));
        let timeouts = TimeoutConfig::builder().connect_timeout(limits.limit(CONNECT));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .profile_files(settings.files())
            .profile_name(&settings.profile)
            .retry_config(retries)
            // It would take the waits of the pace for a connection that stands still.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts.build());
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        let config = loader.load().await;
        let credentials = match &connection.via {
            Some((role, base)) => credentials::of_role(&config, role, base.clone()),
            None => credentials::provider(&config, &settings, profile, connection.ask),
        };
        let config = config.into_builder().credentials_provider(credentials);
        let config = config.build();
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        check_partition(&region, &settings, connection)?;
        let deadline = Deadline::after(connection.timeout);
        let fail_fast = FailFast(reached);
        Ok(Self::from_config(
            &config, region, limits, deadline, &fail_fast,
        ))
    }

    fn from_config(
        config: &SdkConfig,
        region: String,
        intervals: Intervals,
        deadline: Deadline,
        fail_fast: &FailFast,
    ) -> Self {
        let signed =
            |service, budget| Signed::new(config, &region, service, budget, fail_fast.clone());
        let budget = Budget::new(intervals);
        let optional = |service| signed(service, Some(budget.beside(intervals)));
        let eks = client!(aws_sdk_eks, config, fail_fast);
        let cloudformation = client!(aws_sdk_cloudformation, config, fail_fast);
        let sts = client!(aws_sdk_sts, config, fail_fast);
        Self {
            ec2: Ec2(optional(&ec2::SERVICE)),
            cloudtrail: CloudTrail::new(optional(&cloudtrail::SERVICE)),
            access_analyzer: AccessAnalyzer(optional(&access_analyzer::SERVICE)),
            eks_auth: EksAuth(signed(&eks_auth::SERVICE, None)),
            eks: Eks::new(eks, intervals, deadline),
            iam: Iam(client!(aws_sdk_iam, config, fail_fast)),
            cloudformation: CloudFormation::new(cloudformation, intervals, deadline),
            sts: Sts::new(sts, config, &region, intervals),
            region,
            intervals,
            deadline,
            config: config.clone(),
            fail_fast: fail_fast.clone(),
        }
    }

    /// Those that all calls are signed with.
    ///
    /// # Errors
    /// Without a provider of them.
    pub fn credentials(&self) -> Result<SharedCredentialsProvider, Error> {
        let provider = self.config.credentials_provider();
        provider.ok_or_else(|| Error::no_credentials("no provider of them is configured"))
    }

    /// The same caller, but for roles and stacks: those are of others.
    pub fn with_roles_of(&self, others: Self) -> Self {
        let own = self.in_region(&self.region);
        Self {
            iam: others.iam,
            cloudformation: others.cloudformation,
            ..own
        }
    }

    /// The same caller in another region.
    pub fn in_region(&self, region: &str) -> Self {
        let config = self.config.to_builder();
        let config = config.region(Region::new(region.to_owned())).build();
        Self::from_config(
            &config,
            region.to_owned(),
            self.intervals,
            self.deadline,
            &self.fail_fast,
        )
    }
}

/// Credentials of one partition are unknown in the others, and no role is assumed across (IAM User Guide,
/// "AWS Partitions").
fn check_partition(
    region: &str,
    settings: &Settings,
    connection: &AwsConnection,
) -> Result<(), Error> {
    let wanted = partition_of(region).name;
    let (flag, found) = match (&connection.via, settings.region_of_profile()) {
        (Some((role, _)), _) => (format!("--role-via {role}"), role.partition().to_owned()),
        (None, Some(other)) if connection.is_of_roles => {
            let profile = &settings.profile;
            let flag = format!("--role-profile {profile}, whose region is {other},");
            (flag, partition_of(&other).name.to_owned())
        }
        (None, _) => return Ok(()),
    };
    if found == wanted {
        return Ok(());
    }
    Err(Error::Flags(format!(
        "{flag} is of the partition {found}, the cluster's region {region} of {wanted}: no role is assumed from one in another"
    )))
}

/// Codes that mean that the caller is known and may not do this.
const DENIED: [&str; 4] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
];
/// Codes that mean that the caller is not known, or no longer.
const UNKNOWN_CALLER: [&str; 11] = [
    "AuthFailure",
    "RequestExpired",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidAccessKeyId",
    "IncompleteSignature",
    "MissingAuthenticationToken",
];

/// Of what fails; throttled calls are the pace's.
fn usual_retries(limits: Intervals) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(10)
        .with_initial_backoff(limits.of(Duration::from_secs(1)))
}

async fn paced_http(
    connection: &AwsConnection,
    settings: &Settings,
    reached: &Reached,
) -> Result<SharedHttpClient, Error> {
    let limits = connection.intervals;
    let client = http::client().await?;
    let terms = transport::CallTerms {
        pace: Pace::new(limits, connection.timeout.0),
        limit: limits.limit(ATTEMPT),
        reached: reached.clone(),
        sign_in: match &connection.via {
            Some(_) => SignIn::Via,
            None => credentials::sign_in(settings, connection.profile.as_deref()),
        },
    };
    Ok(transport::paced(client, terms))
}

/// Turns a failed call into what the user met. `operation` is IAM's name of the permission that it
/// needs (`iam:GetRole`); `subject` what it was about.
fn failed<E>(operation: &str, subject: &str, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    if let Some(code) = error.code() {
        return answered(operation, subject, code, &error);
    }
    if let Some(error) = credentials::failure(&error) {
        return error;
    }
    if error.raw_response().is_some_and(transport::is_throttled) {
        return Error::Aws {
            operation: operation.to_owned(),
            subject: subject.to_owned(),
            code: "TooManyRequests".into(),
            message: "too many calls (HTTP 429)".to_owned(),
        };
    }
    let cause = match &error {
        SdkError::TimeoutError(_) => too_slow(&error),
        SdkError::ResponseError(context) => not_aws(context.raw()),
        SdkError::ServiceError(context) => not_aws(context.raw()),
        error => deepest(error),
    };
    Error::Unreachable {
        what: format!("AWS for {operation}"),
        cause,
    }
}

/// AWS answered by a code of its own.
fn answered<E>(
    operation: &str,
    subject: &str,
    code: &str,
    error: &SdkError<E, HttpResponse>,
) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let code = excerpt(code);
    let code = code.as_str();
    let message = excerpt(error.message().unwrap_or("no message"));
    if UNKNOWN_CALLER.contains(&code) {
        let sign_in = if is_of_another_time(code, &message) {
            SignIn::Clock
        } else {
            signed_in_by(error)
        };
        return Error::Credentials {
            cause: format!("{code}: {}", without_request(&message)),
            sign_in,
        };
    }
    if DENIED.contains(&code) {
        let permission = missing_permission(&message).unwrap_or(operation);
        return Error::AccessDenied {
            permission: permission.to_owned(),
            subject: subject.to_owned(),
            message,
        };
    }
    Error::Aws {
        operation: operation.to_owned(),
        subject: subject.to_owned(),
        code: code.into(),
        message,
    }
}

/// The answer of a call, or nothing, where one of those codes says that there is none.
fn found<T, E>(
    operation: &str,
    subject: &str,
    missing: &[&str],
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Option<T>, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let is_missing = |error: &E| error.code().is_some_and(|code| missing.contains(&code));
    found_unless(is_missing, operation, subject, result)
}

/// The answer of a call, or nothing, where the service's error says so.
fn found_unless<T, E>(
    is_missing: impl Fn(&E) -> bool,
    operation: &str,
    subject: &str,
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Option<T>, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.as_service_error().is_some_and(is_missing) => Ok(None),
        Err(error) => Err(failed(operation, subject, error)),
    }
}

/// The end of a call that changes something; those codes say that it was so before.
fn done<T, E>(
    operation: &str,
    subject: &str,
    before: &[&str],
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<(), Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    found(operation, subject, before, result).map(drop)
}

/// A success that does not say what it must.
fn unusable(operation: &str, subject: &str, why: String) -> Error {
    Error::Aws {
        operation: operation.to_owned(),
        subject: subject.to_owned(),
        code: "an answer that cannot be used".into(),
        message: why,
    }
}

/// An ARN that AWS tells. What is none is an answer that nobody can act on.
fn told_arn<T: FromStr<Err = String>>(
    operation: &str,
    subject: &str,
    text: &str,
) -> Result<T, Error> {
    text.parse()
        .map_err(|rule: String| unusable(operation, subject, format!("\"{text}\": {rule}")))
}

/// The permission that AWS's message names. A call may need others beside its own: to tag what it makes,
/// to pass a role, to list where it describes.
fn missing_permission(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let word = rest.split_whitespace().next()?.trim_end_matches([',', '.']);
    let (service, action) = word.split_once(':')?;
    let is_name = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    (is_name(service) && is_name(action)).then_some(word)
}

/// The SDK's words end with the time.
fn too_slow(error: &(dyn std::error::Error + 'static)) -> String {
    let text = deepest(error);
    match text.rsplit_once(" occurred after ") {
        Some((_, limit)) => format!("no answer within {limit}"),
        None => text,
    }
}

/// AWS's word on a bad signature goes on with the request as AWS read it, session token included.
fn without_request(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default();
    let end = ["Authorization=", "The Canonical String"]
        .iter()
        .filter_map(|sign| line.find(sign))
        .min();
    line[..end.unwrap_or(line.len())].trim_end()
}

/// Answers in no protocol of AWS: a proxy's, a captive portal's, another server's.
fn not_aws(answer: &HttpResponse) -> String {
    let status = answer.status();
    format!("something else answers there (HTTP {status})")
}

/// Signatures count for minutes, by the clock of who signs (IAM User Guide, "Signature expired").
fn is_of_another_time(code: &str, message: &str) -> bool {
    code == "RequestExpired"
        || ["Signature expired", "Signature not yet current"]
            .iter()
            .any(|sign| message.contains(sign))
}

/// The way by which the call that was answered was signed.
fn signed_in_by<E>(error: &SdkError<E, HttpResponse>) -> SignIn {
    let answer = error.raw_response();
    let sign_in = answer.and_then(|answer| answer.extension::<SignIn>());
    sign_in.cloned().unwrap_or(SignIn::None)
}

/// A read that this identity may not be allowed to make, and whose thing may not exist.
fn lookup<T, E>(
    operation: &str,
    subject: &str,
    missing: &[&str],
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Lookup<T>, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    Lookup::unless_denied(found(operation, subject, missing, result).map(Lookup::from))
}
