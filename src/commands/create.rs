//! `create iamserviceaccount`: the role, its stack, and the ServiceAccount that uses it.

use super::{Context, Exit, Finished, Mode, asked, associate, conclude, failures, finish};
use crate::apply::{Outcome, annotated};
use crate::cli::{CreateServiceAccount, Screen};
use crate::error::Error;
use crate::model::{Cluster, MANAGED_BY, MANAGED_BY_LABEL};
use crate::observe::{self, ObservedProvider};
use crate::output::Manifest;
use crate::plan::Plan;
use crate::plan::create::{self, IamServiceAccount};
use crate::progress::Running;

pub async fn run(
    args: CreateServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let asked = asked::service_account(&args)?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let wanted = asked::wanted(&asked);
    loop {
        let (cluster, named) = tokio::try_join!(
            context.cluster(&args.cluster.cluster, args.cluster.issuer_url.as_ref()),
            observe::named(&context.aws, &args.cluster.cluster, &wanted),
        )?;
        let kubernetes = match args.role.role_only {
            true => None,
            false => Some(context.kubernetes(&cluster, &args.kubernetes).await?),
        };
        let mut observed = observe::account(
            &context.aws,
            kubernetes.as_ref(),
            &cluster,
            &asked.name,
            named,
        )
        .await?;
        if !create::fits_default_quotas(&asked, &cluster) {
            observed.quotas = context.aws.iam.quotas().await?;
        }
        let provider = provider(&context, &cluster, &asked, observed.provider.clone()).await?;
        let plan = Plan::one(create::plan(&asked, &cluster, &observed, &provider));
        match finish(&context, plan, mode, kubernetes.as_ref()).await? {
            Finished::Shown(exit) => return Ok(exit),
            Finished::Acted(outcomes) if args.role.role_only => {
                return print_manifests(&context, &asked, outcomes);
            }
            Finished::Acted(outcomes) => return conclude(&context, outcomes),
            Finished::Waited => {}
        }
    }
}

/// The provider as observed; its issuer is read only where it is to be made.
async fn provider(
    context: &Context,
    cluster: &Cluster,
    asked: &IamServiceAccount,
    found: Option<crate::observe::OidcProvider>,
) -> Result<ObservedProvider, Error> {
    match &asked.provider {
        Some(spec) if found.is_none() => associate::observe(context, cluster, found, spec).await,
        _ => Ok(ObservedProvider {
            provider: found,
            reading: None,
        }),
    }
}

/// With `--role-only` the result is what remains to be applied.
fn print_manifests(
    context: &Context,
    asked: &IamServiceAccount,
    mut outcomes: Vec<Outcome>,
) -> Result<Exit, Error> {
    for role in outcomes
        .iter()
        .filter(|outcome| outcome.error.is_none())
        .filter_map(|outcome| outcome.role.as_ref())
    {
        let mut labels = asked.labels.clone();
        labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
        context
            .output
            .say("apply this ServiceAccount, as with `| kubectl apply -f -`:");
        let annotations = annotated(&asked.annotations, role);
        context.output.print(&Manifest {
            name: asked.name.clone(),
            labels,
            annotations,
        })?;
    }
    failures(&mut outcomes)
}
