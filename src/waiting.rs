//! How long everything may take: the factor of all intervals, the deadline of a command, the one loop that
//! waits for what others do (stacks, change sets, rollouts), and the one wait for many at once.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::Timeout;

/// The lengths of all waits: the real ones but for tests.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Of our own pauses, as a factor.
    factor: f64,
    /// Whether what others may take is shortened too, and what of it is left at least.
    least: Option<Duration>,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            factor: 1.0,
            least: None,
        }
    }
}

impl Intervals {
    /// The hidden variable that tests shorten waits with: `FACTOR`, or `FACTOR,SECONDS`.
    pub fn from_environment() -> Self {
        let text = std::env::var("IRSACTL_INTERVALS").unwrap_or_default();
        let (factor, least) = text.split_once(',').unwrap_or((&text, ""));
        let number = |text: &str| {
            let number = text.parse().ok();
            number.filter(|number: &f64| number.is_finite() && *number > 0.0)
        };
        Self {
            factor: number(factor).unwrap_or(1.0),
            least: number(least).map(Duration::from_secs_f64),
        }
    }

    /// A pause of our own.
    pub fn of(self, duration: Duration) -> Duration {
        duration.mul_f64(self.factor)
    }

    /// How long we go on where others put us off. Never under ten seconds unless a test waits for its end:
    /// on a busy machine a few tries take their time.
    pub fn patience(self, duration: Duration) -> Duration {
        let least = self.least.unwrap_or(Duration::from_secs(10));
        self.of(duration).max(duration.min(least))
    }

    /// How long others may take. Where pauses are shortened it is twenty seconds at least: what answers on
    /// a busy machine must not count as dead. Only where a test waits for its end it is shortened too.
    pub fn limit(self, duration: Duration) -> Duration {
        match self.least {
            Some(least) => self.of(duration).max(duration.min(least)),
            None if self.factor < 1.0 => duration.max(Duration::from_secs(20)),
            None => duration,
        }
    }
}

/// How a try failed.
pub struct FailedTry<E> {
    pub error: E,
    /// Another try would fail too.
    pub lasting: bool,
}

impl<E> FailedTry<E> {
    /// Another try may succeed.
    pub fn passing(error: E) -> Self {
        Self {
            error,
            lasting: false,
        }
    }

    /// Another try would fail too.
    pub fn lasting(error: E) -> Self {
        Self {
            error,
            lasting: true,
        }
    }
}

/// When everything that a command waits for must be over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    begun: Instant,
    limit: Timeout,
}

impl Deadline {
    /// So long after now.
    pub fn after(limit: Timeout) -> Self {
        Self {
            begun: Instant::now(),
            limit,
        }
    }

    /// How long it was from the beginning, for messages.
    pub fn limit(&self) -> Duration {
        self.limit.0
    }

    /// How much of it is left; zero when it is over.
    pub fn left(&self) -> Duration {
        self.limit.0.saturating_sub(self.begun.elapsed())
    }

    /// Whether nothing of it is left.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }
}

/// Looks at something until it is over: first after 1 s, then every 2 s, after a minute ever more slowly
/// to 10 s; `least` is the shortest pause. `None`: it did not end in time.
///
/// # Errors
/// Those of the look.
pub async fn polled<T, E>(
    intervals: Intervals,
    deadline: Deadline,
    id: &str,
    least: impl Fn() -> Duration,
    look: impl AsyncFn() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    for poll in 0.. {
        if deadline.is_over() {
            break;
        }
        let pause = intervals.of(pause(poll, id).max(least()));
        tokio::time::sleep(pause.min(deadline.left())).await;
        if let Some(over) = look().await? {
            return Ok(Some(over));
        }
    }
    Ok(None)
}

/// Does the same with many, so many of them at a time. Results in their order.
pub async fn side_by_side<F: Future>(
    lanes: usize,
    work: impl IntoIterator<Item = F>,
) -> Vec<F::Output> {
    // Without a box each is copied whole whenever the stream is looked at, and may be a megabyte.
    let work = work.into_iter().map(Box::pin);
    stream::iter(work).buffered(lanes).collect().await
}

/// The same, up to the first of them that fails.
pub async fn try_side_by_side<T, E>(
    lanes: usize,
    work: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
) -> Result<Vec<T>, E> {
    let work = work.into_iter().map(Box::pin);
    stream::iter(work).buffered(lanes).try_collect().await
}

/// The pause before poll number `poll` (from 0). The jitter comes from the thing's id, so that many
/// are not asked for at one moment and nothing is random.
fn pause(poll: u32, id: &str) -> Duration {
    let jitter = id.bytes().fold(poll, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % 400;
    let base = match poll {
        0 => return Duration::from_secs(1),
        1..=30 => 1_800,
        later => (1_800 + u64::from(later - 30) * 500).min(9_800),
    };
    Duration::from_millis(base + u64::from(jitter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_take_is_shortened_only_where_its_end_is_waited_for() {
        let limit = |factor, least: Option<u64>, seconds| {
            let least = least.map(Duration::from_secs);
            let limit = Intervals { factor, least }.limit(Duration::from_secs(seconds));
            limit.as_secs()
        };
        assert_eq!((limit(1.0, None, 3), limit(1.0, None, 60)), (3, 60));
        assert_eq!((limit(0.001, None, 3), limit(0.001, None, 60)), (20, 60));
        assert_eq!(
            (limit(0.001, Some(2), 1), limit(0.001, Some(2), 60)),
            (1, 2)
        );
    }

    #[test]
    fn polls_begin_fast_and_grow_slow() {
        let id = "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1";
        assert_eq!(pause(0, id), Duration::from_secs(1));
        for poll in 1..=30 {
            assert!(
                (1_800..=2_200).contains(&pause(poll, id).as_millis()),
                "{poll}"
            );
        }
        assert!(pause(1_000, id) <= Duration::from_millis(10_200));
        assert!(pause(40, id) < pause(44, id));
    }
}
