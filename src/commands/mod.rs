//! One file a verb: arguments → what is asked → observe → plan → run.

use std::future::ready;

use futures_util::future::LocalBoxFuture;

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
    started(command, screen, running).await
}

/// The command as a future.
fn started(command: &mut Command, screen: Screen, running: Running) -> Started<'_> {
    match command {
        Command::AssociateOidcProvider(args)
        | Command::Utils(cli::Utils::AssociateIamOidcProvider(args)) => {
            on_heap(move || associate::run(args, screen, running))
        }
        Command::DisassociateOidcProvider(args) => {
            on_heap(move || disassociate::run(args, screen, running))
        }
        Command::Thumbprint(args) => on_heap(move || thumbprint::run(args, screen, running)),
        Command::Create(cli::Create::IamServiceAccount(args)) => {
            on_heap(move || create::run(args, screen, running))
        }
        Command::Create(cli::Create::PodIdentityAssociation(args)) => {
            on_heap(move || create::associations(args, screen, running))
        }
        Command::Get(cli::Get::IamServiceAccount(args)) => {
            on_heap(move || get::run(args, screen, running))
        }
        Command::Get(cli::Get::PodIdentityAssociation(args)) => {
            on_heap(move || get::associations(args, screen, running))
        }
        Command::Update(cli::Update::IamServiceAccount(args)) => {
            on_heap(move || update::run(args, screen, running))
        }
        Command::Update(cli::Update::PodIdentityAssociation(args)) => {
            on_heap(move || update::associations(args, screen, running))
        }
        Command::Delete(cli::Delete::IamServiceAccount(args)) => {
            on_heap(move || delete::run(args, screen, running))
        }
        Command::Delete(cli::Delete::PodIdentityAssociation(args)) => {
            on_heap(move || delete::associations(args, screen, running))
        }
        Command::Doctor(args) if args.explain.is_some() => {
            on_heap(move || ready(doctor::explain(args, screen)))
        }
        Command::Doctor(args) => on_heap(move || doctor::run(args, screen, running)),
        Command::Verify(args) => on_heap(move || verify::run(args, screen, running)),
        Command::Migrate(args) => on_heap(move || migrate::run(args, screen, running)),
        Command::Trust(args) => on_heap(move || trust::run(args, screen, running)),
        Command::Usage(args) => on_heap(move || usage::run(args, screen, running)),
        Command::Gc(args) => on_heap(move || gc::run(args, screen, running)),
        Command::Utils(cli::Utils::MigrateToPodIdentity(args)) => {
            on_heap(move || migrate::move_all(args, screen, running))
        }
        Command::Whoami(args) => on_heap(move || whoami::run(args, screen)),
        Command::Apply(args) => on_heap(move || apply::run(args, screen, running)),
        Command::Report(args) => on_heap(move || report::run(args, screen, running)),
        Command::Export(args) => on_heap(move || export::run(args, screen, running)),
        Command::Explain(args) => on_heap(move || ready(explain::run(args, screen))),
        Command::Render(args) => on_heap(move || render::run(args, screen)),
        Command::Permissions(args) => on_heap(move || ready(permissions::run(args, screen))),
        Command::Completion(args) => on_heap(move || ready(completion::run(args))),
        Command::Man(args) => on_heap(move || ready(man::run(args))),
        // They ended the program before.
        Command::Help(_) | Command::Version | Command::Complete(_) => {
            on_heap(|| ready(Ok(Exit::Done)))
        }
    }
}

/// A command under way.
type Started<'a> = LocalBoxFuture<'a, Result<Exit, Error>>;

/// Its future lies on the heap: a frame with room for the futures of all commands takes a megabyte of stack.
fn on_heap<'a, F: Future<Output = Result<Exit, Error>> + 'a>(
    begin: impl FnOnce() -> F,
) -> Started<'a> {
    Box::pin(begin())
}
