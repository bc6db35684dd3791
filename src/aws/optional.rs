//! Reads that a run can do without: those of EC2, CloudTrail and Access Analyzer. doctor is run where the
//! network is broken, and what only adds to its picture must not keep it for minutes. What such reads
//! wait in vain is bounded, for each service and for all together; what they wait for an answer is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::error::Error;
use crate::waiting::Intervals;

/// What the reads of one service may cost; all together twice as much, so that where one service is out of
/// reach the others are still asked.
const EACH: Duration = Duration::from_millis(2_500);
/// Attempts of each call: one may fail by chance.
pub const ATTEMPTS: u32 = 2;

/// How long the reads of one service may still wait in vain.
#[derive(Clone, Debug)]
pub struct Budget {
    own: Arc<SharedTime>,
    together: Arc<SharedTime>,
}

#[derive(Debug)]
struct SharedTime {
    left: Mutex<RemainingTime>,
    /// Has no permits: whoever asks for one is told when nothing is left.
    empty: Semaphore,
}

#[derive(Debug)]
struct RemainingTime {
    time: Duration,
    /// What was before is paid: of reads side by side each moment counts once.
    paid: Instant,
}

impl Budget {
    /// That of the first service.
    pub fn new(intervals: Intervals) -> Self {
        Self {
            own: SharedTime::new(intervals.limit(EACH)),
            together: SharedTime::new(intervals.limit(EACH) * 2),
        }
    }

    /// That of another service beside it.
    pub fn beside(&self, intervals: Intervals) -> Self {
        Self {
            own: SharedTime::new(intervals.limit(EACH)),
            together: self.together.clone(),
        }
    }

    /// The answer of a read, while there is time left. `what` is what it reads.
    ///
    /// # Errors
    /// Those of the read, and that it took too long.
    pub async fn within<T>(
        &self,
        what: &str,
        read: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let limit = self.own.left().time.min(self.together.left().time);
        let answer = tokio::select! {
            biased;
            () = self.own.emptied() => None,
            () = self.together.emptied() => None,
            answer = read => Some(answer),
            () = tokio::time::sleep(limit) => None,
        };
        let is_answered = answer
            .as_ref()
            .is_some_and(|answer| matches!(answer, Ok(_) | Err(Error::AccessDenied { .. })));
        if !is_answered {
            self.own.pay(begun);
            self.together.pay(begun);
        }
        answer.unwrap_or_else(|| {
            Err(Error::Unreachable {
                what: what.to_owned(),
                cause: "no answer in time, and doctor can do without".to_owned(),
            })
        })
    }
}

impl SharedTime {
    fn new(limit: Duration) -> Arc<Self> {
        let left = RemainingTime {
            time: limit,
            paid: Instant::now(),
        };
        Arc::new(Self {
            left: Mutex::new(left),
            empty: Semaphore::new(0),
        })
    }

    fn left(&self) -> MutexGuard<'_, RemainingTime> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes off what passed since a read began, and was not paid by another.
    fn pay(&self, begun: Instant) {
        let now = Instant::now();
        let mut left = self.left();
        let lost = now.saturating_duration_since(begun.max(left.paid));
        left.time = left.time.saturating_sub(lost);
        left.paid = now;
        if left.time.is_zero() {
            self.empty.close();
        }
    }

    /// Ends when nothing is left.
    async fn emptied(&self) {
        // Closed is the only way out.
        let _ = self.empty.acquire().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn hang() -> Result<(), Error> {
        std::future::pending().await
    }

    async fn fail_after(seconds: u64) -> Result<(), Error> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Err(Error::Unreachable {
            what: String::new(),
            cause: String::new(),
        })
    }

    async fn answer_after(seconds: u64) -> Result<(), Error> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(())
    }

    fn milliseconds(since: Instant) -> u128 {
        since.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn services_that_hang_cost_five_seconds_together() {
        let first = Budget::new(Intervals::default());
        let [second, third] = [(); 2].map(|()| first.beside(Intervals::default()));
        let begun = Instant::now();
        let (one, other) = tokio::join!(first.within("a", hang()), first.within("a", hang()));
        assert!(one.is_err() && other.is_err());
        assert_eq!(
            milliseconds(begun),
            2_500,
            "side by side they cost the same time"
        );
        assert!(first.within("a", answer_after(0)).await.is_err());
        assert!(second.within("b", hang()).await.is_err());
        assert_eq!(milliseconds(begun), 5_000);
        let error = third.within("c", answer_after(0)).await.unwrap_err();
        assert_eq!(milliseconds(begun), 5_000, "not even asked");
        assert_eq!(
            error.to_string(),
            "cannot reach c: no answer in time, and doctor can do without"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_began_late_ends_with_the_others() {
        let first = Budget::new(Intervals::default());
        let late = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            first.within("a", hang()).await
        };
        let begun = Instant::now();
        let (one, other) = tokio::join!(first.within("a", hang()), late);
        assert!(one.is_err() && other.is_err());
        assert_eq!(milliseconds(begun), 2_500);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_cost_nothing_and_failures_what_they_took() {
        let first = Budget::new(Intervals::default());
        for _ in 0..10 {
            assert!(first.within("a", answer_after(2)).await.is_ok());
        }
        let begun = Instant::now();
        assert!(first.within("a", fail_after(2)).await.is_err());
        assert!(first.within("a", hang()).await.is_err());
        assert_eq!(milliseconds(begun), 2_500);
    }
}
