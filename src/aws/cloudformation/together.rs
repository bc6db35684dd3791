//! One look at all stacks that are waited for: where there are many, the pages of all stacks are fewer calls
//! than one for each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::CloudFormation;
use crate::error::Error;
use crate::world::Stack;

/// From so many stacks on, polls of their own would come more rarely than every two seconds.
const MANY: u32 = 10;
/// Half of what AWS allows to an account: five calls a second.
const EACH: Duration = Duration::from_millis(200);
/// How long a look counts.
const FRESH: Duration = Duration::from_secs(1);

/// How many stacks are waited for, and what the last look at all of them told.
#[derive(Default)]
pub struct Waiting {
    count: AtomicU32,
    /// Of the last look; 0: there was none.
    pages: AtomicUsize,
    last: Mutex<Option<StackList>>,
}

struct StackList {
    begun: Instant,
    /// By id.
    stacks: HashMap<String, Stack>,
}

/// One of the stacks that are waited for.
pub(super) struct Waiter<'a>(&'a AtomicU32);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Waiting {
    pub(super) fn one_more(&self) -> Waiter<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        Waiter(&self.count)
    }

    /// The shortest pause between two polls of the same stack, where each has its own.
    pub(super) fn least_pause(&self) -> Duration {
        EACH * self.count.load(Ordering::Relaxed)
    }

    /// Whether one look at all is the better.
    pub(super) fn is_together(&self) -> bool {
        let count = self.count.load(Ordering::Relaxed);
        let pages = self.pages.load(Ordering::Relaxed);
        count >= MANY && pages.saturating_mul(2) <= usize::try_from(count).unwrap_or(usize::MAX)
    }

    fn fresh(&self) -> Duration {
        let pages = u32::try_from(self.pages.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        FRESH.max(EACH.saturating_mul(pages))
    }
}

impl CloudFormation {
    /// A stack as it was seen after `since`: by a look at all, where many are waited for, else by its own. One
    /// that is not among all may be deleted, which only its own look tells.
    pub(super) async fn seen(&self, id: &str, since: Instant) -> Result<Option<Stack>, Error> {
        if self.waiting.is_together()
            && let Some(stack) = self.seen_among_all(id, since).await
        {
            return Ok(Some(stack));
        }
        self.stack(id).await
    }

    /// Who comes while somebody looks waits for what that tells. Where all stacks may not be seen, each is
    /// looked at by itself from then on.
    async fn seen_among_all(&self, id: &str, since: Instant) -> Option<Stack> {
        let mut last = self.waiting.last.lock().await;
        let fresh = self.intervals.of(self.waiting.fresh());
        let is_fresh = |list: &StackList| list.begun >= since && list.begun.elapsed() < fresh;
        if !last.as_ref().is_some_and(is_fresh) {
            let begun = Instant::now();
            let Ok(pages) = self.pages_of_stacks().await else {
                self.waiting.pages.store(usize::MAX, Ordering::Relaxed);
                return None;
            };
            self.waiting.pages.store(pages.len(), Ordering::Relaxed);
            let stacks = pages.into_iter().flatten();
            let stacks = stacks.map(|stack| (stack.id.clone(), stack)).collect();
            *last = Some(StackList { begun, stacks });
        }
        last.as_ref()?.stacks.get(id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_stacks_share_the_polls_and_many_are_looked_at_together() {
        let waiting = Waiting::default();
        let few: Vec<_> = (0..9).map(|_| waiting.one_more()).collect();
        assert!(waiting.least_pause() <= Duration::from_millis(1_800));
        assert!(!waiting.is_together());
        let more: Vec<_> = (0..11).map(|_| waiting.one_more()).collect();
        assert!(waiting.is_together());
        // Of two thousand stacks others have made most.
        waiting.pages.store(20, Ordering::Relaxed);
        assert!(!waiting.is_together());
        let polls = 20.0 / waiting.least_pause().as_secs_f64();
        assert!(polls <= 5.01, "{polls} a second");
        drop((few, more));
        assert_eq!(waiting.least_pause(), Duration::ZERO);
    }

    #[test]
    fn looks_at_all_are_no_more_than_five_calls_a_second() {
        let waiting = Waiting::default();
        for pages in [1, 5, 12] {
            waiting.pages.store(pages, Ordering::Relaxed);
            let calls = pages as f64 / waiting.fresh().as_secs_f64();
            assert!(calls <= 5.01, "{calls} a second");
        }
    }
}
