//! `report`: one page on who may be what, to keep.

use super::doctor::checkup::Checkup;
use super::doctor::subjects::Asked;
use super::file::ClusterPlace;
use crate::cli::{ReportArgs, ReportFormat, Screen};
use crate::error::Error;
use crate::model::Flags;
use crate::observe::health::Proving;
use crate::observe::proof::now;
use crate::output::{self, Audit, Format};
use crate::policy::usage::Window;
use crate::progress::Running;
use crate::run::{Context, Exit};

/// Looks at all service accounts with a role, as `doctor` does but without a token, and prints the page.
pub async fn run(args: &ReportArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let place = ClusterPlace::new(Some(&args.cluster), args.issuer_url.as_ref())?;
    let context = Context::new(&args.aws, Format::Json, screen, running)
        .await?
        .with_parallel(args.parallel);
    let checkup = Checkup {
        context: &context,
        aws: &args.aws,
        kubernetes: &args.kubernetes,
        issuer_url: args.issuer_url.as_ref(),
        roles: Flags::default(),
        place: Some(&place),
        asked: Asked::All,
        proving: Proving::LeftOut,
        usage: args.usage.then(|| Window {
            now: now(),
            days: args.since.0,
        }),
    };
    let found = checkup.reports().await?;
    let audit = Audit::of(&found.world, &found.cluster, &found.seen, &found.accounts);
    let text = match args.output {
        ReportFormat::Html => audit.html(),
        ReportFormat::Markdown => audit.markdown(),
        ReportFormat::Json => audit.json()?,
    };
    output::print(&text)?;
    Ok(Exit::Done)
}
