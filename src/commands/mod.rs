//! One file a verb: arguments → what is asked → observe → plan → run.

use crate::cli::{self, Command, Screen};
use crate::error::Error;
use crate::issuer;
use crate::kubernetes;
use crate::progress::Running;
use crate::run::Exit;

mod apply;
mod associate;
mod cluster;
mod completion;
mod create;
mod delete;
mod disassociate;
mod doctor;
mod explain;
mod export;
mod file;
mod flags;
mod gc;
mod get;
mod man;
mod migrate;
mod parts;
mod permissions;
mod provider;
mod proving;
mod reconcile;
mod removal;
mod render;
mod report;
mod room;
mod thumbprint;
mod trust;
mod update;
mod usage;
mod verify;
mod whoami;

pub use completion::offer;

/// What a config file says of the connection stands in `command` afterwards.
pub async fn run(command: &mut Command, screen: Screen, running: Running) -> Result<Exit, Error> {
    if command.makes_calls() {
        issuer::prepare().await?;
        if let Some(args) = command.kubernetes() {
            kubernetes::check(args.kubeconfig.as_deref(), args.context.as_deref()).await?;
        }
    }
    match command {
        Command::AssociateOidcProvider(args)
        | Command::Utils(cli::Utils::AssociateIamOidcProvider(args)) => {
            associate::run(args, screen, running).await
        }
        Command::DisassociateOidcProvider(args) => disassociate::run(args, screen, running).await,
        Command::Thumbprint(args) => thumbprint::run(args, screen, running).await,
        Command::Create(cli::Create::IamServiceAccount(args)) => {
            create::run(args, screen, running).await
        }
        Command::Create(cli::Create::PodIdentityAssociation(args)) => {
            create::associations(args, screen, running).await
        }
        Command::Get(cli::Get::IamServiceAccount(args)) => get::run(args, screen, running).await,
        Command::Get(cli::Get::PodIdentityAssociation(args)) => {
            get::associations(args, screen, running).await
        }
        Command::Update(cli::Update::IamServiceAccount(args)) => {
            update::run(args, screen, running).await
        }
        Command::Update(cli::Update::PodIdentityAssociation(args)) => {
            update::associations(args, screen, running).await
        }
        Command::Delete(cli::Delete::IamServiceAccount(args)) => {
            delete::run(args, screen, running).await
        }
        Command::Delete(cli::Delete::PodIdentityAssociation(args)) => {
            delete::associations(args, screen, running).await
        }
        Command::Doctor(args) if args.explain.is_some() => doctor::explain(args, screen),
        Command::Doctor(args) => doctor::run(args, screen, running).await,
        Command::Verify(args) => verify::run(args, screen, running).await,
        Command::Migrate(args) => migrate::run(args, screen, running).await,
        Command::Trust(args) => trust::run(args, screen, running).await,
        Command::Usage(args) => usage::run(args, screen, running).await,
        Command::Gc(args) => gc::run(args, screen, running).await,
        Command::Utils(cli::Utils::MigrateToPodIdentity(args)) => {
            migrate::move_all(args, screen, running).await
        }
        Command::Whoami(args) => whoami::run(args, screen).await,
        Command::Apply(args) => apply::run(args, screen, running).await,
        Command::Report(args) => report::run(args, screen, running).await,
        Command::Export(args) => export::run(args, screen, running).await,
        Command::Explain(args) => explain::run(args, screen),
        Command::Render(args) => render::run(args, screen).await,
        Command::Permissions(args) => permissions::run(args, screen),
        Command::Completion(args) => completion::run(args),
        Command::Man(args) => man::run(args),
        // They ended the program before.
        Command::Help(_) | Command::Version | Command::Complete(_) => Ok(Exit::Done),
    }
}
