//! `whoami`: what a token says, and which role it could assume; for pods and CI jobs, without a cluster
//! and without credentials.

use std::path::PathBuf;

use super::flags;
use crate::aws::{Aws, AwsConnection};
use crate::cli::{Screen, Whoami};
use crate::error::Error;
use crate::model::{RoleArn, Timeout};
use crate::observe::proof::{assume, now};
use crate::output::{Output, TokenView, remarks};
use crate::proof::{Assumption, Unproven};
use crate::run::Exit;
use crate::secrets;
use crate::token::{self, Malformed, Secret, Token};
use crate::waiting::Intervals;

/// Where the EKS webhooks put the names of their files: of IRSA, and of Pod Identity.
const TOKEN_FILES: [&str; 2] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];
/// Where that of IRSA puts the role.
const ROLE: &str = "AWS_ROLE_ARN";
/// How long throttling is put up with.
const PATIENCE: Timeout = Timeout(std::time::Duration::from_secs(60));

/// Prints what a token says, and its role; with `--assume` or `--role-arn` tries the role, and a refusal
/// is a failure. The token itself is never shown.
pub async fn run(args: &Whoami, screen: Screen) -> Result<Exit, Error> {
    let output = Output {
        format: args.output.into(),
        quiet: screen.quiet,
    };
    let (secret, token) = read(args).await?;
    let assumes = args.assume || args.role_arn.is_some();
    let role = asked_role(args, output, assumes)?;
    let now = now();
    for remark in remarks(&token, now) {
        output.warn(&remark);
    }
    let assumption = match (assumes, &role) {
        (false, _) => None,
        (true, Some(role)) => Some(try_role(args, role, &secret).await?),
        (true, None) => {
            return Err(Error::Flags(format!(
                "--role-arn must be set with --assume, or {ROLE}: the role to assume"
            )));
        }
    };
    output.print(&TokenView {
        token: &token,
        now,
        role: role.as_ref(),
        assumption: assumption.as_ref(),
    })?;
    let cause = assumption.and_then(|assumption| assumption.cause());
    let failure = cause.map(|cause| {
        Unproven {
            account: token.claims.account().and_then(|name| name.parse().ok()),
            cluster: None,
            cause,
        }
        .into()
    });
    failure.map_or(Ok(Exit::Done), Err)
}

fn asked_role(args: &Whoami, output: Output, assumes: bool) -> Result<Option<RoleArn>, Error> {
    match (&args.role_arn, role_of_environment()) {
        (Some(role), _) => Ok(Some(role.clone())),
        (None, Err(error)) if !assumes => {
            output.warn(&error.to_string());
            Ok(None)
        }
        (None, role) => role,
    }
}

async fn read(args: &Whoami) -> Result<(Secret, Token), Error> {
    let path = args.token_file.clone().or_else(|| {
        let mut files = TOKEN_FILES.iter().filter_map(std::env::var_os);
        files.find(|file| !file.is_empty()).map(PathBuf::from)
    });
    let path = path.ok_or_else(|| {
        let [file, _] = TOKEN_FILES;
        Error::Flags(format!(
            "--token-file must be set, or {file}: the file of the token"
        ))
    })?;
    let (name, bytes) = flags::read_file(&path).await?;
    let wrong = |why: Malformed| Error::Read {
        what: format!("the token in {name}"),
        cause: why.to_string(),
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong(Malformed::NotText))?;
    let token = token::decode(&text).map_err(wrong)?;
    secrets::remember(text.trim());
    Ok((Secret::new(text.trim()), token))
}

fn role_of_environment() -> Result<Option<RoleArn>, Error> {
    let value = std::env::var(ROLE).unwrap_or_default();
    if value.is_empty() {
        return Ok(None);
    }
    let role = value
        .parse()
        .map_err(|rule: String| Error::usage(ROLE, &value, rule));
    role.map(Some)
}

async fn try_role(args: &Whoami, role: &RoleArn, secret: &Secret) -> Result<Assumption, Error> {
    let intervals = Intervals::from_environment();
    let connection = AwsConnection {
        region: args.region.clone(),
        profile: None,
        timeout: PATIENCE,
        intervals,
        ask: None,
        via: None,
        is_of_roles: false,
    };
    let sts = Aws::connect(&connection).await?.sts;
    Ok(assume(&sts, role, secret).await)
}
