//! From flags to the cluster that is not asked, and to what `create` would be asked for.

use crate::asked::IamServiceAccount;
use crate::cli::{RenderHow, RenderTarget};
use crate::error::Error;
use crate::model::{Cluster, ClusterName, CommandLine, Fix, RoleAccount, Way};
use crate::render;

/// # Errors
/// Flags that have nothing to say together.
pub fn check(how: &RenderHow, is_role_only: bool) -> Result<(), Error> {
    if how.output_dir.is_some() && how.target != RenderTarget::Cloudformation {
        return Err(Error::Flags(
            "--output-dir is for CloudFormation's templates: redirect stdout into a file"
                .to_owned(),
        ));
    }
    if is_role_only && how.target == RenderTarget::Kubernetes {
        return Err(Error::Flags(
            "--role-only cannot be used with --for kubernetes: there would be nothing to render"
                .to_owned(),
        ));
    }
    Ok(())
}

/// # Errors
/// What must be given in place of the cluster, and how to find it.
pub fn cluster(how: &RenderHow, name: &ClusterName) -> Result<Cluster, Error> {
    let place = &how.place;
    let (Some(issuer), Some(account)) = (&place.issuer_url, &place.account_id) else {
        return Err(missing(how, name));
    };
    let known = render::partition(issuer);
    if let (Some(known), Some(asked)) = (known, &place.partition)
        && known != asked
    {
        return Err(Error::Flags(format!(
            "--partition {asked} and --issuer-url contradict each other: {} is in {known}",
            issuer.host()
        )));
    }
    let partition = place.partition.as_deref().or(known).unwrap_or("aws");
    Ok(Cluster {
        name: name.clone(),
        partition: partition.to_owned(),
        account: account.clone(),
        issuer: issuer.clone(),
        has_roles_elsewhere: false,
        eks: None,
    })
}

/// # Errors
/// What is rendered is for one account, and the file names several, or another one.
pub fn check_account(accounts: &[IamServiceAccount], cluster: &Cluster) -> Result<(), Error> {
    let Some(first) = accounts.first() else {
        return Ok(());
    };
    if let Some(other) = accounts.iter().find(|it| it.account != first.account) {
        let (one, two) = (&first.name, &other.name);
        return Err(Error::Flags(format!(
            "the roles of {one} and {two} live in different accounts: render those of one account at a time, with \
             its --account-id, and `--include` or `--exclude`"
        )));
    }
    match &first.account {
        Some(RoleAccount::Via(role)) if role.account() != cluster.account => {
            Err(Error::Flags(format!(
                "--account-id {} and `account` of {}, which leads to {}, contradict each other",
                cluster.account,
                first.name,
                role.account()
            )))
        }
        _ => Ok(()),
    }
}

/// # Errors
/// Pod Identity is of EKS, whose issuers tell the region.
pub fn check_associations(accounts: &[IamServiceAccount], cluster: &Cluster) -> Result<(), Error> {
    let associated = accounts.iter().find(|it| it.way() == Way::PodIdentity);
    match associated {
        Some(account) if cluster.arn().is_none() => Err(Error::Flags(format!(
            "{}: an EKS Pod Identity association is of an EKS cluster, and {} is no issuer of one",
            account.name,
            cluster.issuer.url()
        ))),
        _ => Ok(()),
    }
}

fn missing(how: &RenderHow, cluster: &ClusterName) -> Error {
    let place = &how.place;
    let flags = [
        (
            "--issuer-url",
            place.issuer_url.is_none(),
            Fix::by(
                "find the issuer",
                CommandLine::of(
                    "aws eks describe-cluster --name {} --query cluster.identity.oidc.issuer --output text",
                    &[cluster],
                ),
            ),
        ),
        (
            "--account-id",
            place.account_id.is_none(),
            Fix::by(
                "find the account",
                "aws sts get-caller-identity --query Account --output text",
            ),
        ),
    ];
    let flags: Vec<_> = flags
        .into_iter()
        .filter(|(_, is_missing, _)| *is_missing)
        .collect();
    let names: Vec<&str> = flags.iter().map(|(name, ..)| *name).collect();
    Error::Unrenderable {
        cause: format!(
            "{} must be set: `render` asks nobody about the cluster",
            names.join(" and ")
        ),
        hints: flags.into_iter().map(|(_, _, hint)| hint).collect(),
    }
}
