//! What is printed for each tool, and what is refused for all of them.

use super::{offline, stacks};
use crate::asked::{IamServiceAccount, Permissions};
use crate::cli::{RenderHow, RenderTarget};
use crate::error::Error;
use crate::model::{Cluster, ClusterName, Way};
use crate::output::{self, Output};
use crate::render::{self, Unrenderable, aws_cli, kubernetes, terraform};

/// Renders all accounts of a cluster for the asked tool.
pub async fn print(
    accounts: &[IamServiceAccount],
    how: &RenderHow,
    name: &ClusterName,
    output: Output,
) -> Result<(), Error> {
    if accounts.is_empty() {
        output.note("there are no IAM service accounts: there is nothing to render");
        return Ok(());
    }
    if how.target == RenderTarget::Kubernetes && accounts.iter().all(uses_existing) {
        return print_manifests(accounts, None);
    }
    let cluster = offline::cluster(how, name)?;
    offline::check_account(accounts, &cluster)?;
    refuse(accounts, &cluster)?;
    offline::check_associations(accounts, &cluster)?;
    match how.target {
        RenderTarget::Kubernetes => print_manifests(accounts, Some(&cluster)),
        RenderTarget::AwsCli => {
            output::print(&aws_cli::script(accounts, &cluster).map_err(problems)?)
        }
        RenderTarget::Cloudformation => {
            leave_existing(accounts, false, output)?;
            stacks::print(accounts, &cluster, how, output).await
        }
        RenderTarget::Terraform => {
            let has_association = accounts.iter().any(|it| it.way() == Way::PodIdentity);
            leave_existing(accounts, has_association, output)?;
            output::print(&terraform::configuration(accounts, &cluster).map_err(problems)?)
        }
    }
}

fn uses_existing(account: &IamServiceAccount) -> bool {
    matches!(account.permissions, Permissions::Existing(_))
}

/// Roles that exist are not made. `has_more`: there is something to make beside roles.
fn leave_existing(
    accounts: &[IamServiceAccount],
    has_more: bool,
    output: Output,
) -> Result<(), Error> {
    if accounts.iter().all(uses_existing) && !has_more {
        return Err(Error::Flags(
            "an existing role is not rendered: only `--for kubernetes` and `--for aws-cli` have something for it"
                .to_owned(),
        ));
    }
    for account in accounts.iter().filter(|account| uses_existing(account)) {
        output.note(&format!(
            "{} uses an existing role: there is nothing to make for it",
            account.name
        ));
    }
    Ok(())
}

/// What IAM would refuse wherever it comes from.
fn refuse(accounts: &[IamServiceAccount], cluster: &Cluster) -> Result<(), Error> {
    let refusals = render::refusals(accounts, cluster);
    let refusals = refusals.iter().map(|(target, refusal)| (target, refusal));
    Error::all(Error::of_refusals(refusals)).map_or(Ok(()), Err)
}

fn problems(problems: Vec<Unrenderable>) -> Error {
    let errors = problems.into_iter().map(|problem| Error::Unrenderable {
        cause: problem.to_string(),
        hints: vec![problem.hint],
    });
    Error::Several(errors.collect())
}

/// One YAML document each, as `kubectl apply -f -` takes them.
fn print_manifests(accounts: &[IamServiceAccount], cluster: Option<&Cluster>) -> Result<(), Error> {
    let manifests = kubernetes::manifests(accounts, cluster).map_err(problems)?;
    let documents: Result<Vec<String>, Error> = manifests.iter().map(output::yaml).collect();
    output::print(&documents?.join("---\n"))
}
