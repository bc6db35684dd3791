//! Signals that end the program. A thread of its own hears them: the program may be blocked, waiting for
//! its input or for a reader of its output, and as PID 1 of a container it would not even be ended by
//! what it does not listen to.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch::{Receiver, Sender};

use crate::model::{Connection, Signal};
use crate::output;
use crate::progress::Running;
use crate::waiting::Intervals;

/// The signal, to whom it is told.
pub type Interruption = Arc<Sender<Option<Signal>>>;

/// So long a run may take to end when it is told; a blocked one does not hear it. A second signal in that
/// time is the same one: coreutils' `timeout` sends two, to its child and to their group.
const PATIENCE: Duration = Duration::from_millis(500);

/// Listens from now on: who subscribed is told of the first signal. Without, or where the run is blocked,
/// the program is ended from here.
pub fn watch(running: Running) -> Interruption {
    let told = Interruption::default();
    let listener = told.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    // Without, signals end the program by themselves.
    if let Ok(runtime) = runtime {
        let signals = {
            let _inside = runtime.enter();
            Signals::new()
        };
        let listen = move || runtime.block_on(listen(signals, &listener, &running));
        let _ = std::thread::Builder::new().spawn(listen);
    }
    told
}

async fn listen(mut signals: Signals, run: &Sender<Option<Signal>>, running: &Running) {
    let patience = Intervals::from_environment().patience(PATIENCE);
    let signal = signals.next().await;
    let is_told = run.send(Some(signal)).is_ok();
    if is_told {
        tokio::time::sleep(patience).await;
    }
    if !is_told || !run.is_closed() {
        let running = running.clone();
        // Apart, because it may be stderr that blocks.
        std::thread::spawn(move || end(signal, &running));
    }
    tokio::time::sleep(patience).await;
    while signals.next().now_or_never().is_some() {}
    let signal = signals.next().await;
    std::process::exit(signal.exit_code().into());
}

/// The signal that a run is told of.
pub async fn first(told: &mut Receiver<Option<Signal>>) -> Signal {
    loop {
        if let Some(signal) = *told.borrow_and_update() {
            return signal;
        }
        // Nobody listens.
        if told.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn end(signal: Signal, running: &Running) {
    let (error, connection) = (running.interrupted(signal), Connection::default());
    output::report(&error, &connection, false);
    std::process::exit(signal.exit_code().into());
}

#[cfg(unix)]
struct Signals(Vec<(Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    /// All but those that whoever started the program wants ignored: `nohup`, and shells for what runs in the
    /// background.
    fn new() -> Self {
        let ignored = ignored();
        let heard = Signal::ALL.into_iter().filter(|signal| {
            match ignored {
                Some(ignored) => ignored >> (signal.number() - 1) & 1 == 0,
                // Its way of being ignored is the most common one.
                None => *signal != Signal::HangUp,
            }
        });
        let heard = heard.filter_map(|signal| {
            let kind = tokio::signal::unix::SignalKind::from_raw(signal.number().into());
            Some((signal, tokio::signal::unix::signal(kind).ok()?))
        });
        Self(heard.collect())
    }

    async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            let heard = self.0.iter_mut().find_map(|(signal, stream)| {
                let is_here = stream.poll_recv(context).is_ready();
                is_here.then_some(*signal)
            });
            heard.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }
}

/// The set of ignored signals, a bit each from 1 (proc_pid_status(5), `SigIgn`). `None` where the system
/// does not tell it so.
#[cfg(unix)]
fn ignored() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) -> Signal {
        // Without a way to listen there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
