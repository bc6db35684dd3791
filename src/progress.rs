//! Shows on stderr what is going on: on a terminal a line per running action, or a board where there are
//! many; else one plain line per finished action. The only user of indicatif.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::apply::Event;
use crate::error::Error;
use crate::model::{ServiceAccountName, Signal, Timeout, shown};
use crate::observe::proof::NotYet;
use crate::plan::{Action, Target};
use crate::secrets::redacted;

mod board;

use board::{Board, Size};

/// What is running now, and how far the whole is: told when the user interrupts.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    operations: Vec<Unawaited>,
    /// Those of them that AWS has accepted.
    accepted: Vec<Unawaited>,
    /// Of the tracks that were begun together.
    done: usize,
    total: usize,
}

/// What goes on when nobody waits for it.
#[derive(Clone, PartialEq)]
struct Unawaited {
    /// What stands before the name.
    kind: &'static str,
    /// As many are counted.
    noun: &'static str,
    name: String,
}

impl Unawaited {
    fn of_stack(kind: &'static str, name: &dyn Display) -> Self {
        Self {
            kind,
            noun: "stack",
            name: format!("stack {name}"),
        }
    }
}

/// So many operations are named one by one.
const NAMED: usize = 3;

impl Running {
    /// The operations that go on by themselves: few by name, of many how many.
    fn by_itself(&self) -> Vec<String> {
        let state = self.lock();
        let running = &state.operations;
        if running.len() <= NAMED {
            let named = running.iter().map(|it| format!("{}{}", it.kind, it.name));
            return named.collect();
        }
        let mut kinds: Vec<(&str, &str, usize)> = Vec::new();
        for operation in running.iter() {
            match kinds.iter_mut().find(|kind| kind.0 == operation.kind) {
                Some((_, _, count)) => *count += 1,
                None => kinds.push((operation.kind, operation.noun, 1)),
            }
        }
        let counted = kinds.iter().map(|(kind, noun, count)| match count {
            1 => format!("{kind}1 {noun}"),
            count => format!("{kind}{count} {noun}s"),
        });
        counted.collect()
    }

    /// How many of how many targets are done; `None` of a single one.
    fn done(&self) -> Option<(usize, usize)> {
        let state = self.lock();
        (state.total > 1).then_some((state.done, state.total))
    }

    /// The end of a run that a signal ends.
    pub fn interrupted(&self, signal: Signal) -> Error {
        let has_begun = self.lock().total > 0;
        Error::Interrupted {
            signal,
            has_begun,
            done: self.done(),
            running: self.by_itself(),
        }
    }

    /// A failure that kept others from being begun, with what it leaves.
    pub fn stopped(&self, error: Error) -> Error {
        let (done, running) = (self.done(), self.by_itself());
        if !error.is_global() || done.is_none() && running.is_empty() {
            return error;
        }
        Error::Several(vec![error, Error::Stopped { done, running }])
    }

    fn opened(&self, total: usize) {
        let mut state = self.lock();
        (state.done, state.total) = (0, total);
    }

    fn closed(&self) {
        self.lock().done += 1;
    }

    fn began(&self, action: &Action) {
        self.lock().operations.extend(operation(action));
    }

    fn accepted(&self, action: &Action) {
        self.lock().accepted.extend(operation(action));
    }

    /// Ended, or failed. What was accepted goes on where nothing can be learned of it any more.
    fn ended(&self, action: &Action, error: Option<&Error>) {
        let Some(operation) = operation(action) else {
            return;
        };
        let mut state = self.lock();
        if !error.is_some_and(Error::is_global) || !state.accepted.contains(&operation) {
            state.operations.retain(|running| *running != operation);
        }
        state.accepted.retain(|running| *running != operation);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        unpoisoned(&self.0)
    }
}

fn operation(action: &Action) -> Option<Unawaited> {
    let stack = Unawaited::of_stack;
    Some(match action {
        Action::CreateStack(create) => stack("creation of ", &create.stack),
        Action::DeleteStack { stack: name, .. } => stack("deletion of ", name),
        Action::UpdateStack(update) => stack("update of ", &update.stack),
        Action::ContinueRollback { stack: name, .. } => stack("roll-back of ", name),
        Action::AwaitStack {
            stack: name,
            status,
            ..
        } => stack("", &format!("{name} ({status})")),
        Action::AwaitPods { workload, .. } => Unawaited {
            kind: "rollout of ",
            noun: "workload",
            name: workload.to_string(),
        },
        _ => return None,
    })
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

/// More tracks than these share a board.
const FEW: usize = 8;
/// The board's place among the bars; no action has an empty name.
const BOARD: &str = "";

pub struct Progress {
    show: Show,
    bars: MultiProgress,
    active: Mutex<HashMap<String, ProgressBar>>,
    /// `None` for few tracks.
    board: Arc<Mutex<Option<Board>>>,
    begun: Mutex<Instant>,
    running: Running,
    /// The latest failure.
    told: Mutex<Option<String>>,
}

impl Progress {
    /// Shows nothing before the first event. `running` is told of each action, for what an interruption
    /// says.
    pub fn new(show: Show, running: Running) -> Self {
        Self {
            show,
            bars: MultiProgress::new(),
            active: Mutex::default(),
            board: Arc::default(),
            begun: Mutex::new(Instant::now()),
            running,
            told: Mutex::default(),
        }
    }

    /// Shows what happened: on a bar or the board, or as a line of its own.
    pub fn on(&self, event: &Event<'_>) {
        match event {
            Event::Opened { tracks } => self.open(*tracks),
            Event::Began { target, action } => {
                self.running.began(action);
                self.begin(key(target, action), row(target, &action.to_string()));
            }
            Event::Status {
                target,
                action,
                status,
            } => {
                self.running.accepted(action);
                self.tell(&key(target, action), row(target, status));
            }
            Event::Finished {
                target,
                action,
                place,
                elapsed,
            } => self.finished(target, action, place, *elapsed),
            Event::Failed {
                target,
                action,
                error,
            } => self.end(target, action, Some(error)),
            Event::Closed { target, error } => self.close(target, *error),
            Event::Over => {
                if let Some(bar) = self.active().remove(BOARD) {
                    bar.finish_and_clear();
                }
            }
            Event::Warned { text } => self.line(&format!("warning: {text}")),
            Event::Noted { text } => self.line(&format!("note: {text}")),
        }
    }

    fn finished(&self, target: &Target, action: &Action, place: &str, elapsed: Duration) {
        self.end(target, action, None);
        // Of many tracks on a terminal the board tells, and in the end the results.
        if self.show == Show::Lines || !self.has_board() {
            let (_, past, what) = action.words();
            self.line(&format!("{past} {what}{place}{}", after(elapsed)));
        }
    }

    /// What a proof waits for: on a terminal a line with the time that it takes, else told once.
    pub fn waits(&self, account: &ServiceAccountName, not_yet: &NotYet<'_>) {
        not_yet.tell_first(|text| {
            if self.show == Show::Bars {
                // The end of a line is cut off.
                let (why, whole) = (not_yet.why, Timeout(not_yet.whole));
                let text = format!("{account}  not yet, for up to {whole}: {why}");
                let bar = self.bar(harmless(&text));
                self.active().insert(account.to_string(), bar);
            } else {
                self.line(&format!("{account}: {text}"));
            }
        });
    }

    /// The end of that, however it ended.
    pub fn waits_no_more(&self, account: &ServiceAccountName) {
        if let Some(bar) = self.active().remove(&account.to_string()) {
            bar.finish_and_clear();
        }
    }

    fn open(&self, tracks: usize) {
        self.running.opened(tracks);
        *self.begun() = Instant::now();
        *unpoisoned(&self.board) = (tracks > FEW).then(|| Board::new(tracks));
        if self.show == Show::Bars && tracks > FEW {
            let bar = self.board_bar();
            self.active().insert(BOARD.to_owned(), bar);
        }
    }

    fn begin(&self, key: String, text: String) {
        let (now, text) = (self.begun().elapsed(), harmless(&text));
        if let Some(board) = unpoisoned(&self.board).as_mut() {
            board.began(&key, text, now);
        } else if self.show == Show::Bars {
            let bar = self.bar(text);
            self.active().insert(key, bar);
        }
    }

    fn tell(&self, key: &str, text: String) {
        let text = harmless(&text);
        if let Some(board) = unpoisoned(&self.board).as_mut() {
            board.tell(key, text);
        } else if let Some(bar) = self.active().get(key) {
            bar.set_message(text);
        }
    }

    fn end(&self, target: &Target, action: &Action, error: Option<&Error>) {
        self.running.ended(action, error);
        let key = key(target, action);
        if let Some(board) = unpoisoned(&self.board).as_mut() {
            board.ended(&key);
        } else if let Some(bar) = self.active().remove(&key) {
            bar.finish_and_clear();
        }
    }

    /// A track of many has ended: its failure is told at once, and again with all that there is to
    /// say in the end.
    fn close(&self, target: &Target, error: Option<&Error>) {
        if error.is_none() {
            self.running.closed();
        }
        match unpoisoned(&self.board).as_mut() {
            Some(board) => board.closed(error.is_some()),
            None => return,
        }
        if let Some(error) = error {
            // What many fail for alike is told by the first of them.
            let brief = error.brief();
            let earlier = unpoisoned(&self.told).replace(brief.clone());
            let text = if earlier.as_ref() == Some(&brief) {
                format!("failed {target}, likewise")
            } else {
                format!("failed {target}: {brief}")
            };
            self.line(&match self.show {
                Show::Bars => board::cut(&text, terminal().width),
                _ => text,
            });
        }
    }

    fn bar(&self, text: String) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}");
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(text);
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// One bar of many lines, drawn anew as time passes.
    fn board_bar(&self) -> ProgressBar {
        let (board, begun) = (self.board.clone(), *self.begun());
        let draw = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let board = unpoisoned(&board);
            let lines = board
                .as_ref()
                .map(|it| it.lines(terminal(), begun.elapsed()));
            let _ = out.write_str(&lines.unwrap_or_default().join("\n"));
        };
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{board}") {
            bar.set_style(style.with_key("board", draw));
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }

    /// A line that stays. That stderr is gone is no reason to stop working.
    fn line(&self, text: &str) {
        let text = &harmless(text);
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

    fn has_board(&self) -> bool {
        unpoisoned(&self.board).is_some()
    }

    fn begun(&self) -> MutexGuard<'_, Instant> {
        unpoisoned(&self.begun)
    }

    fn active(&self) -> MutexGuard<'_, HashMap<String, ProgressBar>> {
        unpoisoned(&self.active)
    }
}

/// An interruption leaves nothing of what was running on the terminal.
impl Drop for Progress {
    fn drop(&mut self) {
        for (_, bar) in self.active().drain() {
            bar.finish_and_clear();
        }
    }
}

/// Of others' text only what can be seen, and no secrets.
fn harmless(text: &str) -> String {
    shown(&redacted(text))
}

/// The name first: it must be read where the rest is cut off. An issuer's URL would fill the line.
fn row(target: &Target, what: &str) -> String {
    match target {
        Target::ServiceAccount(name) | Target::Association(name) => format!("{name}  {what}"),
        Target::Role(role) => format!("{}  {what}", role.name()),
        Target::Stack(stack) => format!("{}  {what}", stack.region),
        Target::Provider(_) | Target::Agent(_) | Target::Region(_) => what.to_owned(),
    }
}

fn key(target: &Target, action: &Action) -> String {
    format!("{target} {action}")
}

/// The size of the terminal; that of old ones where it is not told.
fn terminal() -> Size {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    let (width, height) = size.map_or((80, 24), |(width, height)| (width.0, height.0));
    Size {
        width: width.into(),
        height: height.into(),
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// ` (12s)`; nothing for what took no time.
fn after(elapsed: Duration) -> String {
    if elapsed.as_secs() == 0 {
        String::new()
    } else {
        format!(" ({})", Timeout(elapsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(operations: &[(&'static str, &str)]) -> String {
        let running = Running::default();
        running.lock().operations.extend(
            operations
                .iter()
                .map(|(kind, stack)| Unawaited::of_stack(kind, stack)),
        );
        running.by_itself().join(", ")
    }

    #[test]
    fn an_interruption_names_few_operations_and_counts_many() {
        assert_eq!(told(&[]), "");
        let few = [("creation of ", "a"), ("", "b (UPDATE_IN_PROGRESS)")];
        assert_eq!(
            told(&few),
            "creation of stack a, stack b (UPDATE_IN_PROGRESS)"
        );
        let mut many = vec![("creation of ", "a"); 30];
        many.push(("deletion of ", "b"));
        many.push(("", "c (UPDATE_IN_PROGRESS)"));
        assert_eq!(
            told(&many),
            "creation of 30 stacks, deletion of 1 stack, 1 stack"
        );
    }
}
