//! `usage --suggest`.

use std::path::Path;

use crate::cli::{self, Usage};
use crate::config::{self, ClusterConfig, FileRemainder};
use crate::error::Error;
use crate::files;
use crate::model::{Map, shown_as_value};
use crate::plan::usage::{Proposal, ProposalRequest, UsageRow, propose};
use crate::policy::usage::Window;
use crate::run::Context;

/// Adds a proposal to each role, and writes the one that is to be written.
///
/// # Errors
/// Where the file cannot be written.
pub fn suggest(
    args: &Usage,
    context: &Context,
    window: Window,
    rows: &mut [UsageRow],
) -> Result<(), Error> {
    let file = args.write.as_ref().map(|path| path.display().to_string());
    let wanted = ProposalRequest {
        window,
        kept: &args.keep,
        file: file.as_deref(),
    };
    let issuer = args.issuer_url.as_ref();
    let given = cli::connection(&args.aws, Some(&args.kubernetes), issuer);
    for row in rows {
        let mut proposal = propose(&row.usage, wanted);
        if let Ok(proposal) = &mut proposal {
            let commands = std::mem::take(&mut proposal.commands).into_iter();
            proposal.commands = commands.map(|it| it.with(&given)).collect();
            proposal.entry = entry(args, context, proposal);
            if let Some(path) = &args.write {
                write(context, path, proposal)?;
            }
        }
        row.proposal = Some(proposal);
    }
    Ok(())
}

fn entry(args: &Usage, context: &Context, proposal: &Proposal) -> Option<String> {
    let asked = proposal.asked.clone()?;
    let is_association = asked.association.is_some();
    let (accounts, associations) = [asked].into_iter().partition(|_| !is_association);
    // A file with service accounts must say so.
    let with_oidc = (!is_association).then_some(true);
    Some(config::write(&ClusterConfig {
        cluster: args.cluster.clone()?,
        region: context.aws.region.clone(),
        with_oidc,
        tags: Map::new(),
        accounts,
        associations,
        rest: FileRemainder::default(),
    }))
}

fn write(context: &Context, path: &Path, proposal: &Proposal) -> Result<(), Error> {
    let name = path.display().to_string();
    let text = format!("{:#}\n", proposal.document);
    files::create(path, &text).map_err(|cause| Error::Write {
        what: format!("\"{name}\""),
        cause: cause.to_string(),
    })?;
    context
        .output
        .say(&format!("wrote {}", shown_as_value(&name)));
    Ok(())
}
