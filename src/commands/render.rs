//! `render`: what `create` would make, printed for other tools. Offline: what AWS would say about the
//! cluster comes from flags.

use super::file::{self, ClusterPlace};
use super::flags;
use crate::asked::RoleTrust;
use crate::cli::{Render, RenderNoun, Screen};
use crate::error::Error;
use crate::model::Way;
use crate::output::{Format, Output};
use crate::run::Exit;

mod offline;
mod printed;
mod stacks;

use printed::print;

/// Prints what `create` would make, in the form of `--for`. What IAM would refuse anywhere is refused
/// here too.
pub async fn run(args: &Render, screen: Screen) -> Result<Exit, Error> {
    let output = Output {
        format: Format::Yaml,
        quiet: screen.quiet,
    };
    if let Some(RenderNoun::PodIdentityAssociation(args)) = &args.noun {
        offline::check(&args.how, false)?;
        let accounts = vec![flags::association(&args.account).await?];
        print(&accounts, &args.how, &args.cluster, output).await?;
        return Ok(Exit::Done);
    }
    offline::check(&args.how, args.account.tokens.role_only)?;
    let issuer = args.how.place.issuer_url.as_ref();
    let (place, accounts) = match &args.config_file {
        Some(path) => {
            let config = flags::config(path, flags::Unread::Told(screen)).await?;
            let mut accounts = file::all(&config, &file::filter(&args.filter)?)?;
            for account in accounts.iter_mut().filter(|it| it.way() == Way::Irsa) {
                account.provider = file::provider(&config);
            }
            (file::place(&config, issuer)?, accounts)
        }
        None => {
            file::none(&args.filter)?;
            (
                ClusterPlace::new(args.cluster.as_ref(), issuer)?,
                vec![flags::service_account(&args.account, RoleTrust::Kept).await?],
            )
        }
    };
    let accounts = flags::SharedTerms::rendering(args).all(accounts);
    print(&accounts, &args.how, &place.cluster, output).await?;
    Ok(Exit::Done)
}
