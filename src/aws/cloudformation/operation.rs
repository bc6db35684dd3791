//! The wait for the end of an operation on a stack. DescribeStacks is eventually consistent: what it
//! answers may be from before the request that began the operation
//! (<https://github.com/aws/aws-cdk-cli/issues/1802> met that). So a status is an end only where it
//! cannot be one from before.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::CloudFormation;
use crate::error::Error;
use crate::plan::UpdateStack;
use crate::waiting::polled;
use crate::world::{Phase, Stack, StackStatus};

/// So many answers in a row, each after a pause, are taken for what they say.
const ENOUGH: usize = 5;

/// An operation whose end is waited for.
#[derive(Clone, Copy)]
pub enum Operation<'a> {
    Creation,
    /// The execution of a change set.
    Update {
        update: &'a UpdateStack,
        /// When the change set was made, in milliseconds since 1970 by AWS's clock: what the stack was
        /// before is older.
        made: Option<i64>,
    },
    /// Of an update, continued.
    RollBack,
    Deletion,
    /// Someone else's, whatever it is.
    Other,
}

/// What an answer says of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StackView {
    Over,
    Underway,
    /// Nothing: the stack may be shown as it was before.
    Before,
}

impl Operation<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Update { .. } => "update",
            Self::RollBack => "roll-back",
            Self::Deletion => "deletion",
            Self::Other => "operation",
        }
    }

    /// `began`: it was seen under way.
    fn view(self, stack: Option<&Stack>, began: bool) -> StackView {
        // A stack that was deleted is described by its id for 90 days.
        let Some(stack) = stack else {
            return StackView::Before;
        };
        let is_over = match (stack.phase(), self) {
            (Phase::Busy | Phase::Deleting, _) => return StackView::Underway,
            (Phase::Gone, _) | (_, Self::Creation | Self::Other) => true,
            (_, Self::Update { made, .. }) => stack
                .updated
                .is_some_and(|updated| made.is_some_and(|made| made <= updated)),
            // An earlier attempt may have failed too.
            (Phase::UpdateFailed, Self::RollBack) | (Phase::DeleteFailed, Self::Deletion) => began,
            (_, Self::RollBack) => true,
            (_, Self::Deletion) => false,
        };
        if is_over {
            StackView::Over
        } else {
            StackView::Before
        }
    }
}

/// Whether the last answers are the same.
fn ends_alike(answers: &[Option<StackStatus>]) -> bool {
    let last = answers.windows(ENOUGH).last();
    last.is_some_and(|last| last.iter().all(|answer| *answer == last[0]))
}

impl CloudFormation {
    /// Polls a stack until the operation is over; `on` is told each status. By id, because a name can be
    /// used again. `None`: there is no such stack any more.
    ///
    /// # Errors
    /// When there is no time left.
    pub async fn ended(
        &self,
        id: &str,
        operation: Operation<'_>,
        on: &(dyn Fn(&str) + Sync),
    ) -> Result<Option<Stack>, Error> {
        let (began, before) = (Cell::new(false), RefCell::new(Vec::new()));
        let since = Instant::now();
        let look = async || {
            let stack = self.seen(id, since).await?;
            let status = stack.as_ref().map(|stack| stack.status.clone());
            match operation.view(stack.as_ref(), began.get()) {
                StackView::Over => return Ok(Some(stack)),
                StackView::Underway => {
                    began.set(true);
                    on(&status.map_or(String::new(), |status| status.to_string()));
                }
                StackView::Before => {
                    before.borrow_mut().push(status);
                    let is_told_enough = ends_alike(&before.borrow());
                    if is_told_enough && self.is_over(operation, stack.as_ref()).await? {
                        return Ok(Some(stack));
                    }
                }
            }
            Ok(None)
        };
        let least = || {
            if self.waiting.is_together() {
                Duration::ZERO
            } else {
                self.waiting.least_pause()
            }
        };
        self.polled(operation.name(), id, least, look).await
    }

    /// Whether an operation is over, though the stack is shown again and again as it may have been
    /// before. A creation that cannot be seen is not; nor is a deletion that has not begun.
    async fn is_over(
        &self,
        operation: Operation<'_>,
        stack: Option<&Stack>,
    ) -> Result<bool, Error> {
        Ok(match (operation, stack) {
            (Operation::Creation, _) => false,
            // Not every endpoint tells when a stack was updated.
            (Operation::Update { .. }, None) => false,
            (Operation::Update { update, .. }, Some(stack)) => self
                .execution(update)
                .await?
                .is_some_and(|end| end == stack.status),
            (Operation::Deletion, Some(stack)) => stack.phase() == Phase::DeleteFailed,
            (Operation::RollBack | Operation::Other | Operation::Deletion, _) => true,
        })
    }

    /// Looks at what goes on with a stack until it is over.
    pub(super) async fn polled<T>(
        &self,
        what: &str,
        id: &str,
        least: impl Fn() -> Duration,
        look: impl AsyncFn() -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let _waiter = self.waiting.one_more();
        if let Some(over) = polled(self.intervals, self.deadline, id, least, look).await? {
            return Ok(over);
        }
        let name = id.split('/').nth(1).unwrap_or(id);
        let what = format!("the {what} of stack \"{name}\"");
        Err(self.deadline.missed(what))
    }
}
