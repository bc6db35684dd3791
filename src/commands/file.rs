//! Where a command works, and what a config file asks of it.

use std::path::Path;

use super::flags::{self, Unread};
use crate::asked::{IamServiceAccount, ProviderSpec, Refresh, Thumbprints};
use crate::cli::{AwsArgs, ClusterArgs, FilterArgs, Screen};
use crate::config::{ClusterConfig, Filter};
use crate::error::Error;
use crate::model::{Audience, ClusterName, Issuer, Way};

/// The cluster, by flags or by the config file.
#[derive(Clone, Debug)]
pub struct ClusterPlace {
    pub cluster: ClusterName,
    /// For clusters that are not EKS.
    pub issuer: Option<Issuer>,
}

impl ClusterPlace {
    /// # Errors
    /// No cluster; a name that no EKS cluster has; an issuer of EKS that no token names.
    pub fn new(cluster: Option<&ClusterName>, issuer: Option<&Issuer>) -> Result<Self, Error> {
        let cluster = cluster.ok_or_else(|| Error::Flags("--cluster must be set".to_owned()))?;
        Self::checked("--cluster", cluster, issuer)
    }

    /// `field` is where the cluster's name was given.
    ///
    /// # Errors
    /// As of `new`.
    pub fn checked(
        field: &'static str,
        cluster: &ClusterName,
        issuer: Option<&Issuer>,
    ) -> Result<Self, Error> {
        match issuer {
            Some(issuer) => {
                if let Some(rule) = issuer.fault() {
                    return Err(Error::usage("--issuer-url", issuer.url(), rule));
                }
            }
            None => {
                if let Some(rule) = cluster.fault_in_eks() {
                    return Err(Error::usage(field, cluster, rule));
                }
            }
        }
        Ok(Self {
            cluster: cluster.clone(),
            issuer: issuer.cloned(),
        })
    }
}

/// Reads a config file, and lets its region hold for the run.
pub async fn read(path: &Path, aws: &mut AwsArgs, unread: Unread) -> Result<ClusterConfig, Error> {
    let config = flags::config(path, unread).await?;
    match &aws.region {
        Some(region) if *region != config.region => Err(Error::Flags(format!(
            "--region {region} and the config file, which says {}, contradict each other",
            config.region
        ))),
        _ => {
            aws.region = Some(config.region.clone());
            Ok(config)
        }
    }
}

/// The place that a config file names.
pub fn place(config: &ClusterConfig, issuer: Option<&Issuer>) -> Result<ClusterPlace, Error> {
    ClusterPlace::checked("metadata.name", &config.cluster, issuer)
}

/// Without a config file. clap's `requires` does not hold beside what conflicts with the required flag,
/// as `--cluster` does: `--only-missing` would then delete what is named.
pub fn none(args: &FilterArgs) -> Result<(), Error> {
    let given = [
        ("--include", !args.include.is_empty()),
        ("--exclude", !args.exclude.is_empty()),
    ];
    let given = given.into_iter().find(|(_, is_given)| *is_given);
    given.map_or(Ok(()), |(flag, _)| Err(needs_file(flag)))
}

/// That a flag has no meaning without `--config-file`.
pub fn needs_file(flag: &str) -> Error {
    Error::Flags(format!(
        "{flag} chooses of a config file: `--config-file` must be set"
    ))
}

/// `--include` and `--exclude`. eksctl takes several globs behind one flag, with commas between them.
pub fn filter(args: &FilterArgs) -> Result<Filter, Error> {
    let split =
        |texts: &[String]| -> Vec<String> { texts.iter().flat_map(|text| globs(text)).collect() };
    Filter::new(&split(&args.include), &split(&args.exclude)).map_err(Error::Flags)
}

/// The globs of a list: a comma inside of braces is one of a glob's own.
fn globs(list: &str) -> Vec<String> {
    let mut globs = vec![String::new()];
    let mut depth = 0_usize;
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match globs.last_mut() {
            Some(glob) if character != ',' || depth > 0 => glob.push(character),
            _ => globs.push(String::new()),
        }
    }
    globs
}

/// The accounts that a file has and the filter lets through.
pub fn accounts(
    way: Way,
    config: &ClusterConfig,
    filter: &Filter,
) -> Result<Vec<IamServiceAccount>, Error> {
    filter.select(config.of(way).to_vec()).map_err(Error::Flags)
}

/// The same of both ways.
pub fn all(config: &ClusterConfig, filter: &Filter) -> Result<Vec<IamServiceAccount>, Error> {
    let all = [config.of(Way::Irsa), config.of(Way::PodIdentity)].concat();
    filter.select(all).map_err(Error::Flags)
}

/// What a command is asked for.
pub struct Described {
    pub place: ClusterPlace,
    pub accounts: Vec<IamServiceAccount>,
    pub provider: Option<ProviderSpec>,
}

/// What a config file asks for, as far as the filter lets it through.
pub async fn described(
    way: Way,
    path: &Path,
    cluster: &ClusterArgs,
    filter_args: &FilterArgs,
    aws: &mut AwsArgs,
    screen: Screen,
) -> Result<Described, Error> {
    let config = read(path, aws, Unread::Told(screen)).await?;
    Ok(Described {
        place: place(&config, cluster.issuer_url.as_ref())?,
        accounts: accounts(way, &config, &filter(filter_args)?)?,
        provider: match way {
            Way::Irsa => provider(&config),
            Way::PodIdentity => None,
        },
    })
}

/// What flags ask for: one account, without any flag that needs a file.
pub async fn by_flags(
    cluster: &ClusterArgs,
    filter: &FilterArgs,
    asked: impl Future<Output = Result<IamServiceAccount, Error>>,
) -> Result<Described, Error> {
    none(filter)?;
    Ok(Described {
        place: ClusterPlace::new(cluster.cluster.as_ref(), cluster.issuer_url.as_ref())?,
        accounts: vec![asked.await?],
        provider: None,
    })
}

/// The provider that `withOIDC: true` asks for, for the audiences of all accounts: existing roles are
/// assumed through it too.
pub fn provider(config: &ClusterConfig) -> Option<ProviderSpec> {
    let mut audiences: Vec<Audience> = Vec::new();
    for account in &config.accounts {
        if !audiences.contains(&account.audience) {
            audiences.push(account.audience.clone());
        }
    }
    if audiences.is_empty() {
        audiences.push(Audience::default());
    }
    (config.with_oidc == Some(true)).then_some(ProviderSpec {
        audiences,
        thumbprints: Thumbprints::Read,
        refresh: Refresh::Told,
    })
}

#[cfg(test)]
mod tests {
    use super::globs;

    #[test]
    fn globs_are_parted_by_commas_outside_of_braces() {
        assert_eq!(globs("a/*,b/*"), ["a/*", "b/*"]);
        assert_eq!(globs("{a,b}/*,c"), ["{a,b}/*", "c"]);
        assert_eq!(globs(""), [""]);
    }
}
