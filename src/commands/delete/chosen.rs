//! What flags or a config file choose.

use super::removal;
use crate::cli::{DeleteServiceAccount, Screen};
use crate::commands::file::{self, ClusterPlace};
use crate::commands::flags::{self, Unread};
use crate::commands::removal::{Chosen, Missing, System};
use crate::error::Error;
use crate::model::{RoleAccount, Way};

/// Where, what, and the accounts of all roles that may be concerned.
pub type Choice = (ClusterPlace, Chosen, Vec<RoleAccount>);

/// What the flags name, or what the file does; its settings of the connection stand in `args` afterwards.
pub async fn chosen(args: &mut DeleteServiceAccount, screen: Screen) -> Result<Choice, Error> {
    let Some(path) = &args.config_file else {
        return by_flags(args);
    };
    let unread = if args.only_missing {
        Unread::Refused("--only-missing")
    } else {
        Unread::Told(screen)
    };
    let config = file::read(path, &mut args.aws, unread).await?;
    let place = file::place(&config, args.cluster.issuer_url.as_ref())?;
    let filter = file::filter(&args.filter)?;
    let flag = args.roles.named();
    let mut further = Vec::from_iter(flag.clone());
    if args.only_missing {
        further.extend(config.accounts.iter().filter_map(|it| it.account.clone()));
        let missing = Missing {
            known: config.accounts.iter().map(|it| it.name.clone()).collect(),
            rest: config.rest,
            filter,
            system: System::Pruned,
            how: removal(Way::Irsa, &args.how, &place),
        };
        return Ok((place, Chosen::Missing(Box::new(missing)), further));
    }
    let asked = file::accounts(Way::Irsa, &config, &filter)?.into_iter();
    let named = asked.map(|it| (it.name, it.account.or_else(|| flag.clone())));
    let named: Vec<_> = named.collect();
    further.extend(named.iter().filter_map(|(_, account)| account.clone()));
    Ok((place, Chosen::Named(named), further))
}

fn by_flags(args: &DeleteServiceAccount) -> Result<Choice, Error> {
    file::none(&args.filter)?;
    if args.only_missing {
        return Err(file::needs_file("--only-missing"));
    }
    let (cluster, issuer) = (&args.cluster.cluster, &args.cluster.issuer_url);
    let place = ClusterPlace::new(cluster.as_ref(), issuer.as_ref())?;
    let flag = args.roles.named();
    let named = vec![(flags::required_name(&args.name)?, flag.clone())];
    Ok((place, Chosen::Named(named), Vec::from_iter(flag)))
}
