//! `trust list`.

use serde_json::Value;

use crate::cli::{Screen, TrustList};
use crate::commands::file::ClusterPlace;
use crate::error::Error;
use crate::model::{Lookup, RoleArn, issuer_of_provider};
use crate::observe::again;
use crate::output::TrustRows;
use crate::plan::trust::{TrustRow, rows};
use crate::policy::federated_principals;
use crate::progress::Running;
use crate::run::{Context, Exit};

/// Prints a row for each provider that a role lets in. Refuses without `--cluster`, `--role-arn` or
/// `--all`, and where a named role is missing.
pub async fn run(args: &TrustList, screen: Screen, running: Running) -> Result<Exit, Error> {
    if args.cluster.is_none() && args.role_arn.is_empty() && !args.all {
        return Err(Error::Flags(
            "say which roles: `--cluster`, `--role-arn` or `--all`".to_owned(),
        ));
    }
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let iam = &context.aws.iam;
    let (quotas, rows) = tokio::try_join!(iam.quotas(), found(args, &context))?;
    let rows: Vec<TrustRow> = rows
        .iter()
        .flat_map(|(arn, trust, only)| rows_of(arn, trust, only.as_deref(), quotas.trust))
        .collect();
    if rows.is_empty() {
        context.output.say("no role lets in tokens of an issuer");
    }
    context.output.print(&TrustRows(rows))?;
    Ok(Exit::Done)
}

fn rows_of(arn: &RoleArn, trust: &Value, only: Option<&str>, quota: usize) -> Vec<TrustRow> {
    let mut rows = rows(arn, trust, quota);
    rows.retain(|row| only.is_none_or(|only| row.provider == only));
    rows
}

/// Roles with their trust policies; and which provider alone is meant.
async fn found(
    args: &TrustList,
    context: &Context,
) -> Result<Vec<(RoleArn, Value, Option<String>)>, Error> {
    let iam = &context.aws.iam;
    if !args.role_arn.is_empty() {
        let mut found = Vec::new();
        for arn in &args.role_arn {
            let read = async || iam.role(arn.name()).await;
            match again::unless_missing(&context.aws, arn.name(), read).await? {
                Lookup::Found(role) => found.push((role.arn, role.trust, None)),
                Lookup::Missing => return Err(Error::NoRole(Box::new(arn.clone()))),
                Lookup::Unknown(message) => return Err(denied("iam:GetRole", arn.name(), message)),
            }
        }
        return Ok(found);
    }
    let only = match &args.cluster {
        Some(cluster) => {
            let place = ClusterPlace::new(Some(cluster), args.issuer_url.as_ref())?;
            Some(context.cluster(&place).await?.provider_arn())
        }
        None => None,
    };
    let is_meant = |trust: &Value| {
        let named = federated_principals(trust);
        let mut named = named
            .into_iter()
            .filter(|name| issuer_of_provider(name).is_some());
        named.any(|name| only.as_deref().is_none_or(|only| only == name))
    };
    let found = listed(context, is_meant).await?;
    Ok(found
        .into_iter()
        .map(|(arn, trust)| (arn, trust, only.clone()))
        .collect())
}

/// The roles that let in tokens of a provider.
pub async fn trusting(context: &Context, provider: &str) -> Result<Vec<RoleArn>, Error> {
    let is_meant = |trust: &Value| federated_principals(trust).contains(&provider);
    let found = listed(context, is_meant).await?;
    Ok(found.into_iter().map(|(arn, _)| arn).collect())
}

async fn listed(
    context: &Context,
    is_meant: impl Fn(&Value) -> bool,
) -> Result<Vec<(RoleArn, Value)>, Error> {
    match context.aws.iam.roles_where(is_meant).await? {
        Lookup::Found(found) => Ok(found),
        Lookup::Missing => Ok(Vec::new()),
        Lookup::Unknown(message) => Err(denied("iam:ListRoles", "", message)),
    }
}

fn denied(permission: &str, subject: &str, message: String) -> Error {
    Error::AccessDenied {
        permission: permission.to_owned(),
        subject: subject.to_owned(),
        message,
    }
}
