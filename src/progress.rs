//! Shows on stderr what is going on: a line per running action on a terminal, else one plain line per
//! finished action. The only user of indicatif.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::apply::Event;
use crate::model::Timeout;
use crate::plan::Action;

/// What is running now: told when the user interrupts.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<Vec<String>>>);

impl Running {
    /// The operations that AWS carries on with by itself.
    pub fn in_the_cloud(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn began(&self, action: &Action) {
        self.lock().extend(operation(action));
    }

    fn ended(&self, action: &Action) {
        if let Some(operation) = operation(action) {
            self.lock().retain(|running| *running != operation);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stack operations go on when nobody waits for them.
fn operation(action: &Action) -> Option<String> {
    match action {
        Action::CreateStack(create) => Some(format!("creation of stack {}", create.stack)),
        Action::DeleteStack { stack, .. } => Some(format!("deletion of stack {stack}")),
        Action::AwaitStack { stack, status, .. } => Some(format!("stack {stack} ({status})")),
        _ => None,
    }
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Errors and results only, or the log instead.
    Nothing,
    Lines,
    Bars,
}

impl Show {
    /// Bars on a terminal, lines elsewhere; with the log (`-v`) lines too, because bars cut through it.
    pub fn choose(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose || !std::io::stderr().is_terminal()) {
            (true, _) => Self::Nothing,
            (false, true) => Self::Lines,
            (false, false) => Self::Bars,
        }
    }
}

pub struct Progress {
    show: Show,
    bars: MultiProgress,
    active: Mutex<HashMap<String, ProgressBar>>,
    running: Running,
}

impl Progress {
    pub fn new(show: Show, running: Running) -> Self {
        Self {
            show,
            bars: MultiProgress::new(),
            active: Mutex::default(),
            running,
        }
    }

    pub fn on(&self, event: &Event<'_>) {
        match event {
            Event::Began { target, action } => {
                self.running.began(action);
                if self.show == Show::Bars {
                    self.lock()
                        .insert(format!("{target} {action}"), self.bar(action));
                }
            }
            Event::Status {
                target,
                action,
                status,
            } => {
                if let Some(bar) = self.lock().get(&format!("{target} {action}")) {
                    bar.set_message(format!("{status}: {action}"));
                }
            }
            Event::Finished {
                target,
                action,
                elapsed,
            } => {
                self.end(&target.to_string(), action);
                let (_, past, what) = action.words();
                self.line(&format!("{past} {what}{}", after(*elapsed)));
            }
            Event::Failed { target, action } => self.end(&target.to_string(), action),
            Event::Warned { text } => self.line(&format!("warning: {text}")),
        }
    }

    fn end(&self, target: &str, action: &Action) {
        self.running.ended(action);
        if let Some(bar) = self.lock().remove(&format!("{target} {action}")) {
            bar.finish_and_clear();
        }
    }

    fn bar(&self, action: &Action) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}");
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(action.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// A line that stays. That stderr is gone is no reason to stop working.
    fn line(&self, text: &str) {
        match self.show {
            Show::Nothing => {}
            Show::Lines => {
                let _ = writeln!(std::io::stderr(), "{text}");
            }
            Show::Bars => {
                let _ = self.bars.println(text);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, ProgressBar>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// ` (12s)`; nothing for what took no time.
fn after(elapsed: Duration) -> String {
    if elapsed.as_secs() == 0 {
        String::new()
    } else {
        format!(" ({})", Timeout(elapsed))
    }
}
