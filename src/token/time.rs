//! Times of tokens as people read them.

use std::time::Duration;

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
    // From 0000-01-01 to 9999-12-31.
    if !(-62_167_219_200..=253_402_300_799).contains(&seconds) {
        return format!("{seconds} s");
    }
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of so many days since 1970
/// (<https://howardhinnant.github.io/date_algorithms.html>, `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = match march_month < 10 {
        true => march_month + 3,
        false => march_month - 9,
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
