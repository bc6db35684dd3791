//! The way by which someone signs in to AWS, as far as it says what helps where it fails.

use crate::model::quoted;

/// `String`s are names of profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// None was found.
    None,
    /// Keys in the environment.
    Keys,
    /// A profile that does not exist.
    NoProfile,
    /// Keys in a profile.
    ProfileKeys(String),
    /// `aws sso login`.
    Sso(String),
    /// `aws login`.
    Login(String),
    /// A program that a profile names.
    Process(String),
    /// A role that is assumed with a code of a device.
    Mfa(String),
    /// A file with a token of an OIDC issuer, such as a CI system's or a pod's.
    WebIdentity,
    /// The agent of a container, such as EKS Pod Identity's, or an instance's metadata.
    Agent,
    /// Whichever it is: signatures carry the time.
    Clock,
}

impl SignIn {
    /// What to do next: sentences with commands.
    pub fn hints(&self) -> Vec<String> {
        let check = "check them: `aws sts get-caller-identity`".to_owned();
        match self {
            Self::None => vec![
                "sign in (`aws login`, `aws sso login`), choose a profile (`--profile NAME`; `aws configure list-profiles`), \
                 or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned(),
            ],
            Self::Keys => vec![
                check,
                "they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to \
                 use a profile"
                    .to_owned(),
            ],
            Self::NoProfile => vec!["list the profiles: `aws configure list-profiles`".to_owned()],
            Self::ProfileKeys(profile) => vec![
                check,
                format!("they are the keys of profile \"{profile}\": set them anew by `aws configure --profile {}`", quoted(profile)),
            ],
            Self::Sso(profile) => vec![format!("sign in: `aws sso login --profile {}`", quoted(profile))],
            Self::Login(profile) => vec![format!("sign in: `aws login --profile {}`", quoted(profile))],
            Self::Process(profile) => vec![format!(
                "run it by hand; it is told by `aws configure get credential_process --profile {}`",
                quoted(profile)
            )],
            Self::Mfa(profile) => vec![format!(
                "run this on a terminal, or hand a session on: `eval \"$(aws configure export-credentials --profile {} \
                 --format env)\"`",
                quoted(profile)
            )],
            Self::WebIdentity => vec![
                "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's web_identity_token_file and role_arn: look \
                 what the token says by `irsactl whoami --token-file FILE`"
                    .to_owned(),
            ],
            Self::Agent => vec![check],
            Self::Clock => vec!["this computer's clock is wrong: compare `date -u` with the time of day".to_owned()],
        }
    }
}
