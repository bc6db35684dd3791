//! `usage`: what roles used of their permissions, and the policy that would do.

use std::collections::BTreeSet;

use crate::cli::{Screen, Usage};
use crate::commands::file::ClusterPlace;
use crate::commands::flags;
use crate::error::Error;
use crate::model::{Lookup, ServiceAccountName, Way};
use crate::observe::{self, RolesOfAccounts, UsageDepth};
use crate::output::UsageRows;
use crate::plan::usage::UsageRow;
use crate::policy::usage::Window;
use crate::progress::Running;
use crate::run::{Context, Exit};

mod suggest;

use suggest::suggest;

const WHAT_IT_IS: &str = "of attempts, denied ones too; up to four hours late, 400 days back; of actions only \
    what IAM tracks";

/// Prints what each role used within `--since`, with `--suggest` the policy that would do. `Unhealthy`
/// where something is not known.
pub async fn run(args: &Usage, screen: Screen, running: Running) -> Result<Exit, Error> {
    let names = names(args)?;
    let context = Context::new(&args.aws, args.output, screen, running).await?;
    let (roles, account) = roles(args, &names, &context).await?;
    if roles.is_empty() {
        context.output.say("no service account has a role");
    }
    if let (Some(_), 2..) = (&args.write, roles.len()) {
        let text = "--write is for the policy of one role: name one service account, or its role";
        return Err(Error::Flags(text.to_owned()));
    }
    let window = Window {
        now: observe::proof::now(),
        days: args.since.0,
    };
    let depth = if args.suggest {
        UsageDepth::Maker
    } else {
        UsageDepth::Use
    };
    let found = observe::usage(&context.aws, roles, &account, depth).await;
    let mut rows: Vec<UsageRow> = found
        .into_iter()
        .map(|usage| UsageRow::of(usage, window))
        .collect();
    check_named(args, &rows)?;
    if args.suggest {
        suggest(args, &context, window, &mut rows)?;
    }
    let (is_unknown, is_empty) = (rows.iter().any(UsageRow::is_unknown), rows.is_empty());
    context.output.print(&UsageRows(rows))?;
    if !is_empty {
        context.output.note(WHAT_IT_IS);
    }
    Ok(if is_unknown {
        Exit::Unhealthy
    } else {
        Exit::Done
    })
}

fn names(args: &Usage) -> Result<Vec<ServiceAccountName>, Error> {
    if args.names.is_empty() && !args.all && args.role_arn.is_empty() {
        let text = "say which roles: NAMESPACE/NAME or `--all` of a `--cluster`, or `--role-arn`";
        return Err(Error::Flags(text.to_owned()));
    }
    args.names.iter().map(|text| flags::name(text)).collect()
}

/// Those that are meant, and the account of the credentials.
async fn roles(
    args: &Usage,
    names: &[ServiceAccountName],
    context: &Context,
) -> Result<(RolesOfAccounts, String), Error> {
    let Some(cluster) = &args.cluster else {
        let roles = args
            .role_arn
            .iter()
            .map(|arn| (arn.clone(), BTreeSet::new()));
        let account = context.aws.sts.caller().await?.account;
        return Ok((roles.collect(), account));
    };
    let place = ClusterPlace::new(Some(cluster), args.issuer_url.as_ref())?;
    let cluster = context.cluster(&place).await?;
    let kubernetes = context.kubernetes(&cluster, &args.kubernetes).await?;
    let named = (!args.all).then_some(names);
    let (roles, bare) = observe::roles_of(&context.aws, &kubernetes, &cluster, named).await?;
    if let (Some(bare), false) = (bare.into_iter().next(), args.all) {
        let namespace = Some(bare.namespace);
        return Err(Error::NoServiceAccount(
            Way::Irsa,
            place.cluster,
            namespace,
            bare.name,
        ));
    }
    Ok((roles, cluster.account))
}

/// What was named must be there.
fn check_named(args: &Usage, rows: &[UsageRow]) -> Result<(), Error> {
    let missing = rows.iter().find(|row| row.usage.facts == Lookup::Missing);
    match missing {
        Some(row) if args.role_arn.contains(&row.usage.arn) => {
            Err(Error::NoRole(Box::new(row.usage.arn.clone())))
        }
        _ => Ok(()),
    }
}
