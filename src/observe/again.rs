//! Reads that would accuse someone are made again before that is told. What IAM answers may be out of date
//! for a while after a change (IAM User Guide, "Changes that I make are not always immediately visible"),
//! and one answer is no evidence.

use std::cell::Cell;
use std::time::Duration;

use crate::aws::Aws;
use crate::error::Error;
use crate::model::{Audience, Lookup};
use crate::observe::proof::now;
use crate::waiting::polled;
use crate::world::{FoundStack, OidcProvider};

/// So often it is read again: after one second, and after two more.
pub const AGAIN: u32 = 2;
/// What changed before that is known everywhere, in seconds. AWS names no bound.
const RECENT: i64 = 300;

/// What was read. Where that is doubtful, it is read again until it is not, or is the same so often.
///
/// # Errors
/// Those of the reads.
pub async fn settled<T>(
    aws: &Aws,
    name: &str,
    first: T,
    is_doubtful: impl Fn(&T) -> bool,
    read: impl AsyncFn() -> Result<T, Error>,
) -> Result<T, Error> {
    if !is_doubtful(&first) {
        return Ok(first);
    }
    tracing::info!("reading {name} again");
    let reads = Cell::new(0);
    let look = async || {
        let found = read().await?;
        reads.set(reads.get() + 1);
        let is_over = !is_doubtful(&found) || reads.get() == AGAIN;
        Ok(is_over.then_some(found))
    };
    looked(aws, name, look).await
}

/// Looks until the look says that it is enough.
pub async fn looked<T>(
    aws: &Aws,
    name: &str,
    look: impl AsyncFn() -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    let least = || Duration::ZERO;
    let over = polled(aws.intervals, aws.deadline, name, least, look).await?;
    let missed = || {
        let what = format!("a second look at \"{name}\"");
        aws.deadline.missed(what)
    };
    over.ok_or_else(missed)
}

/// What names the thing and may not be there: that it is missing is read again.
///
/// # Errors
/// Those of the reads.
pub async fn unless_missing<T>(
    aws: &Aws,
    name: &str,
    read: impl AsyncFn() -> Result<Lookup<T>, Error>,
) -> Result<Lookup<T>, Error> {
    let is_missing = |found: &Lookup<T>| matches!(found, Lookup::Missing);
    settled(aws, name, read().await?, is_missing, read).await
}

/// The cluster's provider, which must be there and have the audiences.
///
/// # Errors
/// Those of the reads.
pub async fn provider(
    aws: &Aws,
    arn: &str,
    first: Option<OidcProvider>,
    audiences: &[&Audience],
) -> Result<Option<OidcProvider>, Error> {
    let has = |found: &OidcProvider, wanted: &Audience| {
        let mut known = found.audiences.iter();
        known.any(|known| known == wanted.as_str())
    };
    let lacks = |found: &Option<OidcProvider>| match found {
        Some(found) => !audiences.iter().all(|wanted| has(found, wanted)),
        None => true,
    };
    settled(aws, arn, first, lacks, async || aws.iam.provider(arn).await).await
}

/// Whether a stack or its role was changed a moment ago, as far as they tell.
pub fn is_recent(found: &FoundStack) -> bool {
    let role = found.role.as_found().map(|role| role.history.created);
    let stack = found.stack.changed.map(|millis| millis / 1000);
    let last = role.max(stack);
    last.is_some_and(|last| now() - last < RECENT)
}
