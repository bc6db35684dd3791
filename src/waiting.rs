//! How long everything may take: the factor of all intervals, the deadline of a command, and the one loop
//! that waits for what others do (stacks, change sets, rollouts).

use std::time::{Duration, Instant};

use crate::model::Timeout;

/// The lengths of all waits, as a factor of the real ones: 1 but for tests.
#[derive(Clone, Copy, Debug)]
pub struct Intervals(f64);

impl Default for Intervals {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Intervals {
    /// The hidden variable that tests shorten waits with.
    pub fn from_environment() -> Self {
        let factor = std::env::var("IRSACTL_INTERVALS")
            .ok()
            .and_then(|text| text.parse().ok());
        Self(
            factor
                .filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
                .unwrap_or(1.0),
        )
    }

    /// A pause of our own.
    pub fn of(self, duration: Duration) -> Duration {
        duration.mul_f64(self.0)
    }

    /// How long others may take. Never under a second, however much the pauses are shortened: what
    /// answers on a busy machine must not count as dead.
    pub fn limit(self, duration: Duration) -> Duration {
        self.of(duration).max(duration.min(Duration::from_secs(1)))
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

    pub fn limit(&self) -> Duration {
        self.limit.0
    }

    pub fn left(&self) -> Duration {
        self.limit.0.saturating_sub(self.begun.elapsed())
    }

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
