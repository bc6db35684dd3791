//! Credentials: which way of signing in there is, what of it the SDK does not do by itself (the profile
//! of a flag before the keys of the environment; codes of MFA devices; `aws login`), and its failures in
//! words.

use std::error::Error as StdError;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ErrorMetadata;
use tokio::sync::Mutex;

use super::mfa::Assumed;
use super::settings::{Settings, variable};
use crate::error::{Error, SignIn};
use crate::files;
use crate::model::{RoleArn, quoted};
use crate::network::{causes, deepest};
use crate::secrets::excerpt;
use crate::token::utc;

/// Asks someone at a terminal; `None` where there is none.
pub type Ask = fn(&str) -> Option<String>;

/// The way that credentials are looked for in: that of the SDK, but that a profile of a flag is first.
pub fn sign_in(settings: &Settings, flag: Option<&str>) -> SignIn {
    let has = |name| variable(name).is_some();
    if flag.is_none() && has("AWS_ACCESS_KEY_ID") && has("AWS_SECRET_ACCESS_KEY") {
        return SignIn::Keys;
    }
    let of_profile = of_profile(settings);
    match of_profile {
        SignIn::None if flag.is_some() => SignIn::None,
        SignIn::None if has("AWS_WEB_IDENTITY_TOKEN_FILE") && has("AWS_ROLE_ARN") => {
            SignIn::WebIdentity
        }
        SignIn::None if has("AWS_CONTAINER_CREDENTIALS_FULL_URI") => SignIn::Agent,
        SignIn::None if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") => SignIn::Agent,
        other => other,
    }
}

/// Profiles from the chosen one to that whose credentials the roles of the others are assumed with.
fn chain(settings: &Settings) -> Vec<&Profile> {
    let mut chain: Vec<&Profile> = Vec::new();
    let mut name = settings.profile.as_str();
    while let Some(profile) = settings.profiles.get_profile(name) {
        if chain.iter().any(|known| known.name() == name) {
            break;
        }
        chain.push(profile);
        match (profile.get("role_arn"), profile.get("source_profile")) {
            (Some(_), Some(source)) => name = source,
            _ => break,
        }
    }
    chain
}

fn of_profile(settings: &Settings) -> SignIn {
    let chain = chain(settings);
    let needs_code = |profile: &Profile| {
        profile.get("role_arn").is_some() && profile.get("mfa_serial").is_some()
    };
    if chain.iter().any(|profile| needs_code(profile)) {
        return SignIn::Mfa(settings.profile.clone());
    }
    let Some(base) = chain.last() else {
        return SignIn::None;
    };
    let (has, name) = (|key| base.get(key).is_some(), base.name().to_owned());
    if has("credential_source") {
        SignIn::Agent
    } else if has("web_identity_token_file") {
        SignIn::WebIdentity
    } else if has("sso_session") || has("sso_start_url") {
        SignIn::Sso(name)
    } else if has("login_session") {
        SignIn::Login(name)
    } else if has("credential_process") {
        SignIn::Process(name)
    } else if has("aws_access_key_id") || has("aws_secret_access_key") {
        SignIn::ProfileKeys(name)
    } else {
        SignIn::None
    }
}

/// The provider of credentials for all calls, and for what is signed by hand: it asks once, and again
/// shortly before they end.
pub fn provider(
    config: &SdkConfig,
    settings: &Settings,
    flag: Option<&str>,
    ask: Option<Ask>,
) -> SharedCredentialsProvider {
    let sign_in = sign_in(settings, flag);
    let inner = match (&sign_in, flag) {
        (SignIn::Mfa(_) | SignIn::Login(_), _) => by_hand(config, settings, &settings.profile, ask),
        (_, Some(profile)) => of_profile_file(config, settings, profile),
        (_, None) => config.credentials_provider().unwrap_or_else(|| {
            SharedCredentialsProvider::new(of_profile_file(config, settings, &settings.profile))
        }),
    };
    let files = token_files(settings, &sign_in);
    let refusal = flaw(settings, &sign_in, flag);
    let sign_in = match (sign_in, flag) {
        (SignIn::None, Some(_)) => SignIn::NoProfile,
        (sign_in, _) => sign_in,
    };
    SharedCredentialsProvider::new(Kept {
        inner: ExplainedProvider {
            inner,
            sign_in,
            refusal,
            files,
            expired: OnceLock::new(),
        },
        last: Mutex::new(None),
    })
}

/// Those of a role that is assumed with others.
pub fn of_role(
    config: &SdkConfig,
    role: &RoleArn,
    base: SharedCredentialsProvider,
) -> SharedCredentialsProvider {
    let inner = SharedCredentialsProvider::new(Assumed::by(config, role, base));
    SharedCredentialsProvider::new(Kept {
        inner: ExplainedProvider {
            inner,
            sign_in: SignIn::Via,
            refusal: None,
            files: Vec::new(),
            expired: OnceLock::new(),
        },
        last: Mutex::new(None),
    })
}

/// Why the profile that counts cannot have credentials, whatever is called. The SDK says it in its own
/// terms, or goes on with what nobody meant.
fn flaw(settings: &Settings, sign_in: &SignIn, flag: Option<&str>) -> Option<String> {
    match sign_in {
        SignIn::Keys | SignIn::WebIdentity | SignIn::Agent => return None,
        _ => {}
    }
    let (id, secret) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
    if flag.is_none() && variable(id).is_some() != variable(secret).is_some() {
        return Some(format!("of {id} and {secret} only one is set"));
    }
    let chain = chain(settings);
    let last = chain.last()?;
    let (has, name) = (|key| last.get(key).is_some(), last.name());
    if has("role_arn") && !has("credential_source") && !has("web_identity_token_file") {
        return Some(match last.get("source_profile") {
            None => format!(
                "profile \"{name}\" has a role_arn, but neither source_profile nor credential_source"
            ),
            Some(source) if settings.profiles.get_profile(source).is_none() => {
                format!("profile \"{name}\" names source_profile \"{source}\", which is not there")
            }
            // A profile may name itself: its own keys assume its role.
            Some(source) if source == name && has("aws_access_key_id") => return None,
            Some(source) => format!(
                "profile \"{name}\" names source_profile \"{source}\", which leads back to it"
            ),
        });
    }
    if has("aws_access_key_id") != has("aws_secret_access_key") {
        let rule = "of aws_access_key_id and aws_secret_access_key only one is set";
        return Some(format!("{rule} in profile \"{name}\""));
    }
    let is_none = matches!(sign_in, SignIn::None);
    (is_none && flag.is_some()).then(|| format!("profile \"{name}\" has none"))
}

/// What the SDK makes of a profile, which makes calls of its own where a role is assumed or for SSO.
fn of_profile_file(
    config: &SdkConfig,
    settings: &Settings,
    profile: &str,
) -> SharedCredentialsProvider {
    let mut provider = ProviderConfig::without_region().with_region(config.region().cloned());
    if let Some(http) = config.http_client() {
        provider = provider.with_http_client(http);
    }
    let credentials = ProfileFileCredentialsProvider::builder()
        .configure(&provider)
        .profile_files(settings.files())
        .profile_name(profile)
        .build();
    SharedCredentialsProvider::new(credentials)
}

/// What the SDK does not do: roles that are assumed with the code of a device, and sessions of `aws
/// login`; down to what it does.
fn by_hand(
    config: &SdkConfig,
    settings: &Settings,
    name: &str,
    ask: Option<Ask>,
) -> SharedCredentialsProvider {
    let chain = chain(settings);
    let above = chain.iter().position(|profile| profile.name() == name);
    let below = &chain[above.unwrap_or_default()..];
    let is_unknown = |profile: &&Profile| {
        let has = |key| profile.get(key).is_some();
        has("login_session") || has("role_arn") && has("mfa_serial")
    };
    match below {
        [profile, source, ..] if below.iter().any(is_unknown) => {
            let base = by_hand(config, settings, source.name(), ask);
            SharedCredentialsProvider::new(Assumed::new(config, profile, base, ask))
        }
        [profile] if is_unknown(profile) => session_of_login(name),
        _ => of_profile_file(config, settings, name),
    }
}

/// The session of `aws login`, which whoever has one also has the program for that keeps it alive.
fn session_of_login(profile: &str) -> SharedCredentialsProvider {
    let profile = quoted(profile);
    let command = format!("aws configure export-credentials --profile {profile} --format process");
    SharedCredentialsProvider::new(CredentialProcessProvider::new(command))
}

/// Files that tokens are read from, and what names them.
fn token_files(settings: &Settings, sign_in: &SignIn) -> Vec<(String, String)> {
    let of_variable = |name: &str| variable(name).map(|file| (name.to_owned(), file));
    match sign_in {
        SignIn::WebIdentity => {
            let chain = chain(settings);
            let base = chain.last();
            let file = base.and_then(|profile| {
                let file = profile.get("web_identity_token_file")?.to_owned();
                let name = format!("web_identity_token_file of profile \"{}\"", profile.name());
                Some((name, file))
            });
            let file = file.or_else(|| of_variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
            file.into_iter().collect()
        }
        SignIn::Agent => of_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// So long before their end credentials are not handed out any more. The SDK asks for others 10 s before.
const MARGIN: Duration = Duration::from_secs(60);

/// A provider that keeps what it gave. The SDK's own cache serves the SDK's calls only.
#[derive(Debug)]
struct Kept {
    inner: ExplainedProvider,
    last: Mutex<Option<Credentials>>,
}

impl ProvideCredentials for Kept {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let mut last = self.last.lock().await;
            let needed = SystemTime::now() + MARGIN;
            if let Some(kept) = last.as_ref()
                && kept.expiry().is_none_or(|end| end > needed)
            {
                return Ok(kept.clone());
            }
            let credentials = self.inner.credentials().await?;
            *last = Some(credentials.clone());
            Ok(credentials)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.inner.inner.fallback_on_interrupt()
    }
}

/// A provider that fails in our words.
#[derive(Debug)]
struct ExplainedProvider {
    inner: SharedCredentialsProvider,
    sign_in: SignIn,
    /// Why there cannot be any.
    refusal: Option<String>,
    files: Vec<(String, String)>,
    /// What those were that came too late. The SDK would ask for others before each call.
    expired: OnceLock<String>,
}

/// Why there are no credentials, and by which way there should have been.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{cause}")]
pub struct NotSignedIn {
    cause: String,
    sign_in: SignIn,
}

impl ExplainedProvider {
    async fn credentials(&self) -> provider::Result {
        if let Some(cause) = self.refusal.as_ref().or(self.expired.get()) {
            return Err(self.failed(cause.clone()));
        }
        for (name, file) in &self.files {
            // The SDK reads it itself, and again.
            if let Err(error) = files::read_lasting(Path::new(file)).await {
                return Err(self.failed(format!(
                    "{name} names \"{file}\", which cannot be read: {error}"
                )));
            }
        }
        let credentials = self.inner.provide_credentials().await;
        // The SDK ends the program at what fits into no header.
        if let Ok(keys) = &credentials
            && [Some(keys.access_key_id()), keys.session_token()]
                .into_iter()
                .flatten()
                .any(|text| http::HeaderValue::from_str(text).is_err())
        {
            let cause = "an access key id or a session token has characters that no key has";
            return Err(self.failed(cause.to_owned()));
        }
        let credentials = credentials.map_err(|error| self.failed(self.words(&error)))?;
        match credentials.expiry() {
            // As botocore, which refuses credentials that were refreshed and are expired still.
            Some(expiry) if expiry <= SystemTime::now() => {
                let cause = self.expired.get_or_init(|| self.too_late(expiry));
                Err(self.failed(cause.clone()))
            }
            _ => Ok(credentials),
        }
    }

    fn too_late(&self, expiry: SystemTime) -> String {
        let who = match &self.sign_in {
            SignIn::Process(profile) => {
                format!("the credential_process of profile \"{profile}\" gave some")
            }
            SignIn::Login(profile) => {
                format!("the session of `aws login` of profile \"{profile}\" gave some")
            }
            _ => "those that were given are some".to_owned(),
        };
        let seconds = DateTime::from(expiry).secs();
        format!("{who} that expired at {}", utc(seconds))
    }

    fn failed(&self, cause: String) -> CredentialsError {
        let sign_in = self.sign_in.clone();
        CredentialsError::provider_error(NotSignedIn { cause, sign_in })
    }

    fn words(&self, error: &CredentialsError) -> String {
        let cause = cause_of(error);
        match &self.sign_in {
            SignIn::None if cause.starts_with("no credentials found in chain") => "none in the environment, the profile, a web identity token, or the metadata of container \
                             and instance"
                .to_owned(),
            SignIn::Sso(profile) => format!("profile \"{profile}\" is not signed in: {cause}"),
            SignIn::Process(profile) => {
                let ended = ended(&cause);
                format!("the credential_process of profile \"{profile}\" {ended}")
            }
            SignIn::Login(profile) => format!(
                "the session of `aws login` of profile \"{profile}\": `aws configure export-credentials` {}",
                ended(&cause)
            ),
            _ => cause,
        }
    }
}

/// How a program ended that was to print credentials. The rest of the SDK's text is what it printed.
fn ended(cause: &str) -> String {
    let status = cause.split_once("exit status: ").map(|(_, rest)| rest);
    let code = |rest: &str| {
        rest.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    match status.map(code) {
        Some(code) => format!("failed with exit status {code}"),
        None => "printed none".to_owned(),
    }
}

/// The last cause: what AWS answered, else the text of the failure.
pub fn cause_of(error: &(dyn StdError + 'static)) -> String {
    let answer = causes(error).find_map(|error| error.downcast_ref::<ErrorMetadata>());
    match answer.and_then(|answer| Some((answer.code()?, answer.message().unwrap_or_default()))) {
        Some((code, message)) => excerpt(&format!("{code}: {message}")),
        None => deepest(error),
    }
}

/// The failure, where a call failed because there were no credentials to sign it with.
pub fn failure(error: &(dyn StdError + 'static)) -> Option<Error> {
    let last = causes(error).find_map(|error| error.downcast_ref::<NotSignedIn>());
    if let Some(NotSignedIn { cause, sign_in }) = last {
        return Some(Error::Credentials {
            cause: cause.clone(),
            sign_in: sign_in.clone(),
        });
    }
    let error = causes(error).find_map(|error| error.downcast_ref::<CredentialsError>())?;
    Some(Error::no_credentials(&cause_of(error)))
}
