//! Times of tokens as people read them.

use std::time::Duration;

use jiff::{SignedDuration, civil};

use crate::model::Timeout;

/// `59m`, `1h30m`; from two days on whole days. Nothing below 0.
pub fn span(seconds: i64) -> String {
    match u64::try_from(seconds).unwrap_or_default() {
        0 => "0s".to_owned(),
        seconds @ 172_800.. => format!("{} days", seconds / 86_400),
        seconds => Timeout(Duration::from_secs(seconds)).to_string(),
    }
}

/// `2026-01-31T12:00:00Z`; `seconds` since 1970. Of years before 0 and after 9999 the bare number.
pub fn utc(seconds: i64) -> String {
    let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
    match epoch.checked_add(SignedDuration::from_secs(seconds)) {
        Ok(time) if time.year() >= 0 => format!("{time}Z"),
        _ => format!("{seconds} s"),
    }
}
