//! What was not begun, or did not end, in time.

use std::fmt;

use super::Error;
use crate::waiting::Deadline;

impl Deadline {
    /// Before something is begun.
    ///
    /// # Errors
    /// When there is no time left for it.
    pub fn check(&self, action: &impl fmt::Display) -> Result<(), Error> {
        if self.is_over() {
            return Err(Error::NotBegun {
                action: action.to_string(),
                limit: self.limit(),
            });
        }
        Ok(())
    }

    /// What did not end in time.
    pub fn missed(&self, what: String) -> Error {
        Error::Timeout {
            what,
            limit: self.limit(),
        }
    }
}
