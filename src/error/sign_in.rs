//! The way by which someone signs in to AWS, as far as it says what helps where it fails.

use crate::model::{CommandLine, Fix};

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
    /// A role that `--role-via` names.
    Via,
    /// A file with a token of an OIDC issuer, such as a CI system's or a pod's.
    WebIdentity,
    /// The agent of a container, such as EKS Pod Identity's, or an instance's metadata.
    Agent,
    /// Whichever it is: signatures carry the time.
    Clock,
}

impl SignIn {
    /// What renews the credentials, or tells what is wrong with them.
    pub fn hints(&self) -> Vec<Fix> {
        let check = Fix::by(
            "check them",
            CommandLine::from("aws sts get-caller-identity").in_account_of_roles(),
        );
        let of = |words: &str, profile: &String| CommandLine::of(words, &[profile]);
        match self {
            Self::None => vec![
                Fix::say("sign in (")
                    .run("aws login")
                    .and(", ")
                    .run("aws sso login")
                    .and("), choose a profile (`--profile NAME`; ")
                    .run("aws configure list-profiles")
                    .and("), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
            ],
            Self::Keys => vec![
                check,
                "they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to \
                 use a profile"
                    .into(),
            ],
            Self::NoProfile => vec![Fix::by("list the profiles", "aws configure list-profiles")],
            Self::ProfileKeys(profile) => vec![
                check,
                Fix::say(format!(
                    "they are the keys of profile \"{profile}\": set them anew by "
                ))
                .run(of("aws configure --profile {}", profile)),
            ],
            Self::Sso(profile) => vec![Fix::by("sign in", of("aws sso login --profile {}", profile))],
            Self::Login(profile) => vec![Fix::by("sign in", of("aws login --profile {}", profile))],
            Self::Process(profile) => {
                let told = of("aws configure get credential_process --profile {}", profile);
                vec![Fix::say("run it by hand; it is told by ").run(told)]
            }
            Self::Mfa(profile) => {
                let session = of(
                    "aws configure export-credentials --profile {} --format env",
                    profile,
                );
                vec![
                    format!("run this on a terminal, or hand a session on: `eval \"$({session})\"`")
                        .into(),
                ]
            }
            Self::Via => vec![
                Fix::say("the run's own identity (")
                    .run("aws sts get-caller-identity")
                    .and(" names it) needs `sts:AssumeRole` on it, and the role a trust policy that lets that identity in"),
                "or use a profile of that account in its place: `--role-profile PROFILE`".into(),
            ],
            Self::WebIdentity => vec![
                Fix::say(
                    "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's web_identity_token_file and role_arn: look \
                     what the token says by ",
                )
                .run("irsactl whoami --token-file FILE"),
            ],
            Self::Agent => vec![check],
            Self::Clock => vec![
                Fix::say("this computer's clock is wrong: compare ")
                    .run("date -u")
                    .and(" with the time of day"),
            ],
        }
    }
}
