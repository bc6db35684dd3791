//! The pace of calls, one for each operation, as AWS has a token bucket for each. Shared by all
//! tracks of a run: calls go freely until AWS says that there were too many. From then on they queue
//! at a gate, first come, first served, one after a pause that grows with every throttled call and
//! shrinks with every other, until the gate is open again. So throttling costs time and no failure.
//!
//! It is apart from the SDK's retries, whose adaptive mode waits for ten seconds after one throttled
//! call, and whose attempts and quota run out where hundreds of calls wait for one bucket.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::waiting::Intervals;

/// What the first pause grows from, to half a second.
const REST: Duration = Duration::from_millis(330);
/// The longest pause: a bucket that fills more slowly than that is nobody's.
const LONGEST: Duration = Duration::from_secs(5);
/// With pauses below it, the gate opens.
const SHORTEST: Duration = Duration::from_millis(50);
/// How a throttled call changes the pause, and how any other: about one call in six is throttled
/// where there is always another to make, and no token of the bucket is left unused.
const GROWTH: f64 = 1.5;
const SHRINKING: f64 = 0.93;
/// A request that waited for so long must be signed anew: AWS takes signatures for five minutes.
const FRESH: Duration = Duration::from_secs(240);
/// What is waited for at most: the SDK signs a call ten times.
const PATIENCE: Duration = Duration::from_secs(35 * 60);

/// When a throttled call is given up.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Nothing at all came through the gate for so long.
    patience: Duration,
    /// Of all that is done, since then.
    begun: Instant,
    timeout: Duration,
}

/// The gates of all operations.
#[derive(Debug)]
pub struct Pace {
    intervals: Intervals,
    limits: Limits,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
}

impl Limits {
    /// Whether they are, where nothing came through for so long.
    fn are_reached(&self, silent: Duration) -> bool {
        silent >= self.patience || self.begun.elapsed() >= self.timeout
    }
}

impl Pace {
    /// With all gates open. `timeout` is that of the run, which begins now: a throttled call is given up
    /// when it is over, or when nothing came through for as long, 35 minutes at most.
    pub fn new(intervals: Intervals, timeout: Duration) -> Self {
        Self {
            intervals,
            limits: Limits {
                patience: intervals.patience(timeout.min(PATIENCE)),
                begun: Instant::now(),
                timeout,
            },
            gates: Mutex::default(),
        }
    }

    /// The gate of an operation.
    pub fn gate(&self, operation: &str) -> Arc<Gate> {
        let mut gates = unpoisoned(&self.gates);
        if let Some(gate) = gates.get(operation) {
            return gate.clone();
        }
        let gate = Arc::new(Gate::new(self.intervals, self.limits));
        gates.insert(operation.to_owned(), gate.clone());
        gate
    }
}

#[derive(Debug)]
pub struct Gate {
    intervals: Intervals,
    limits: Limits,
    /// Whoever holds it is the next to go. The lock is fair: that is the queue.
    queue: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<GateState>,
}

/// To be the next at a gate.
pub type Turn = OwnedMutexGuard<()>;

/// How fast calls go through a gate.
#[derive(Debug)]
struct GateState {
    closed: bool,
    pause: Duration,
    next: Instant,
    /// Since then the pause is what it is: calls that went before say nothing about it.
    changed: Instant,
    /// When a call last came through.
    passed: Instant,
}

/// How a call came through.
#[derive(Debug)]
pub enum Passed<T> {
    Answered(T),
    /// Throttled, and nothing else came through for too long either; or there is no time left.
    GivenUp(T),
    /// It waited until its signature was old, and was not sent. It is the next.
    Stale(Option<Turn>),
}

impl Gate {
    fn new(intervals: Intervals, limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            intervals,
            limits,
            queue: Arc::default(),
            state: Mutex::new(GateState {
                closed: false,
                pause: intervals.of(REST),
                next: now,
                changed: now,
                passed: now,
            }),
        }
    }

    /// Sends a call in its turn, and again while it is throttled. `begun` is when it was first to be
    /// sent, `turn` what it was left with when it became stale.
    pub async fn pass<T, F: Future<Output = T>>(
        &self,
        begun: Instant,
        mut turn: Option<Turn>,
        send: impl Fn() -> F,
        is_throttled: impl Fn(&T) -> bool,
    ) -> Passed<T> {
        let signed = Instant::now();
        loop {
            if turn.is_none() && self.state().closed {
                turn = Some(self.queue.clone().lock_owned().await);
            }
            if turn.is_some() {
                self.wait().await;
            }
            if signed.elapsed() >= self.intervals.limit(FRESH) {
                return Passed::Stale(turn);
            }
            let (sent, pause) = (Instant::now(), self.begin());
            let answer = answer(&mut turn, pause, send()).await;
            if !is_throttled(&answer) {
                self.quicken(sent);
                return Passed::Answered(answer);
            }
            // A throttled call keeps its turn.
            self.slow(sent);
            let silent = self.state().passed.max(begun).elapsed();
            if self.limits.are_reached(silent) {
                return Passed::GivenUp(answer);
            }
        }
    }

    async fn wait(&self) {
        let next = self.state().next;
        tokio::time::sleep_until(next).await;
    }

    /// Notes that a call goes, and tells the pause after it.
    fn begin(&self) -> Duration {
        let mut state = self.state();
        state.next = Instant::now() + state.pause;
        state.pause
    }

    fn slow(&self, sent: Instant) {
        let mut state = self.state();
        // Of many that were sent at one moment, the first counts.
        if sent < state.changed {
            return;
        }
        let now = Instant::now();
        state.closed = true;
        state.pause = state.pause.mul_f64(GROWTH).min(self.intervals.of(LONGEST));
        state.next = now + state.pause;
        state.changed = now;
        tracing::debug!("throttled: {} ms between calls", state.pause.as_millis());
    }

    fn quicken(&self, sent: Instant) {
        let mut state = self.state();
        state.passed = Instant::now();
        if state.closed && sent >= state.changed {
            state.pause = state.pause.mul_f64(SHRINKING);
            state.closed = state.pause >= self.intervals.of(SHORTEST);
        }
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        unpoisoned(&self.state)
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a call. One that takes longer than the pause gives its turn up: the next need not wait for its answer.
async fn answer<T>(turn: &mut Option<Turn>, pause: Duration, call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    if turn.is_some()
        && let Ok(answer) = tokio::time::timeout(pause, &mut call).await
    {
        return answer;
    }
    *turn = None;
    call.await
}

#[cfg(test)]
mod tests;
