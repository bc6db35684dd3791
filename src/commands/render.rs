//! `render`: what `create` would make, printed for other tools. Offline: what AWS would say about the
//! cluster comes from flags.

use super::file::{self, ClusterPlace};
use super::flags;
use crate::asked::{IamServiceAccount, Permissions, RoleTrust};
use crate::cli::{Render, RenderHow, RenderNoun, RenderTarget, Screen};
use crate::error::Error;
use crate::model::{Cluster, ClusterName, Way};
use crate::output::{self, Format, Output};
use crate::render::{self, Unrenderable, aws_cli, kubernetes, terraform};
use crate::run::Exit;

mod offline;
mod stacks;

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
    let accounts = flags::How::rendering(args).all(accounts);
    print(&accounts, &args.how, &place.cluster, output).await?;
    Ok(Exit::Done)
}

/// Renders all accounts of a cluster for the asked tool.
async fn print(
    accounts: &[IamServiceAccount],
    how: &RenderHow,
    name: &ClusterName,
    output: Output,
) -> Result<(), Error> {
    if accounts.is_empty() {
        output.note("there are no IAM service accounts: there is nothing to render");
        return Ok(());
    }
    let is_existing =
        |account: &&IamServiceAccount| matches!(account.permissions, Permissions::Existing(_));
    if how.target == RenderTarget::Kubernetes
        && accounts.iter().all(|account| is_existing(&account))
    {
        return print_manifests(accounts, None);
    }
    let cluster = offline::cluster(how, name)?;
    offline::check_account(accounts, &cluster)?;
    refuse(accounts, &cluster)?;
    offline::check_associations(accounts, &cluster)?;
    let existing: Vec<String> = accounts
        .iter()
        .filter(is_existing)
        .map(|account| account.name.to_string())
        .collect();
    match how.target {
        RenderTarget::Kubernetes => return print_manifests(accounts, Some(&cluster)),
        RenderTarget::AwsCli => {
            let script = aws_cli::script(accounts, &cluster).map_err(problems)?;
            return output::print(&script);
        }
        RenderTarget::Cloudformation | RenderTarget::Terraform => {}
    }
    let has_association = accounts.iter().any(|it| it.way() == Way::PodIdentity);
    let is_rendered = has_association && how.target == RenderTarget::Terraform;
    if existing.len() == accounts.len() && !is_rendered {
        return Err(Error::Flags(
            "an existing role is not rendered: only `--for kubernetes` and `--for aws-cli` have something for it"
                .to_owned(),
        ));
    }
    for name in existing {
        output.note(&format!(
            "{name} uses an existing role: there is nothing to make for it"
        ));
    }
    match how.target {
        RenderTarget::Terraform => {
            output::print(&terraform::configuration(accounts, &cluster).map_err(problems)?)
        }
        _ => stacks::print(accounts, &cluster, how, output).await,
    }
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
