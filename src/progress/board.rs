//! What a terminal shows of many tracks at once: the ones that have run for longest, how many more
//! there are, and how far the whole is. Data and text; the drawing is the parent's.

use std::time::Duration;

use crate::model::Timeout;

/// How many running actions are shown at most.
const SHOWN: usize = 8;
/// Lines of the terminal that are left to others: the rest and the summary, a failure, the prompt.
const SPARED: usize = 4;
/// An estimate from fewer ends than these says nothing.
const ENOUGH: usize = 5;

/// All tracks of a plan.
#[derive(Debug, Default)]
pub struct Board {
    total: usize,
    done: usize,
    failed: usize,
    /// Oldest first.
    running: Vec<Row>,
}

/// A running action.
#[derive(Debug)]
struct Row {
    key: String,
    text: String,
    /// On the board's clock.
    begun: Duration,
}

/// The terminal's columns and lines.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

impl Board {
    /// For so many tracks, of which none has begun.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }

    /// `now` is the time since the board was made, as everywhere here.
    pub fn began(&mut self, key: &str, text: String, now: Duration) {
        self.running.push(Row {
            key: key.to_owned(),
            text,
            begun: now,
        });
    }

    /// The new text of an action that runs; one that has ended has none.
    pub fn tell(&mut self, key: &str, text: String) {
        if let Some(row) = self.running.iter_mut().find(|row| row.key == key) {
            row.text = text;
        }
    }

    /// Takes an action off the board; its track may go on.
    pub fn ended(&mut self, key: &str) {
        self.running.retain(|row| row.key != key);
    }

    /// A whole track has ended.
    pub fn closed(&mut self, failed: bool) {
        if failed {
            self.failed += 1;
        } else {
            self.done += 1;
        }
    }

    /// The lines to show, none wider than the terminal.
    pub fn lines(&self, size: Size, now: Duration) -> Vec<String> {
        let room = size.height.saturating_sub(SPARED).clamp(1, SHOWN);
        let mut lines: Vec<String> = self
            .running
            .iter()
            .take(room)
            .map(|row| {
                let elapsed = now.saturating_sub(row.begun);
                format!("{:>6} {}", seconds(elapsed), row.text)
            })
            .collect();
        let more = self.running.len().saturating_sub(room);
        if more > 0 {
            lines.push(format!("{:>6} … and {more} more", ""));
        }
        lines.push(self.summary(now));
        lines.iter().map(|line| cut(line, size.width)).collect()
    }

    fn summary(&self, now: Duration) -> String {
        let mut text = format!("{}/{} done", self.done, self.total);
        if self.failed > 0 {
            text.push_str(&format!(", {} failed", self.failed));
        }
        if !self.running.is_empty() {
            text.push_str(&format!(", {} running", self.running.len()));
        }
        if let Some(rest) = self.rest(now) {
            text.push_str(&format!(", about {} left", roughly(rest)));
        }
        text
    }

    /// How long the rest takes at the rate so far; `None` while that is not known.
    fn rest(&self, now: Duration) -> Option<Duration> {
        let ended = self.done + self.failed;
        let left = self.total.checked_sub(ended).filter(|left| *left > 0)?;
        (ended >= ENOUGH).then(|| now.mul_f64(left as f64 / ended as f64))
    }
}

/// A line of at most so many columns.
pub fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// No more exact than it is known: tens of seconds, then minutes.
fn roughly(time: Duration) -> Timeout {
    let seconds = time.as_secs();
    let step = if seconds < 90 { 10 } else { 60 };
    Timeout(Duration::from_secs(seconds.div_ceil(step).max(1) * step))
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => "0s".to_owned(),
        seconds => Timeout(Duration::from_secs(seconds)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 80,
        height: 24,
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn board(total: usize, running: usize) -> Board {
        let mut board = Board::new(total);
        for number in 0..running {
            let text = format!("CREATE_IN_PROGRESS: create stack number-{number}");
            board.began(&number.to_string(), text, at(number as u64));
        }
        board
    }

    fn shown(board: &Board, size: Size, now: u64) -> String {
        board.lines(size, at(now)).join("\n")
    }

    #[test]
    fn the_oldest_are_shown_and_the_rest_is_counted() {
        let mut board = board(500, 32);
        for _ in 0..135 {
            board.closed(false);
        }
        board.closed(true);
        board.closed(true);
        insta::assert_snapshot!(shown(&board, SIZE, 140), @"
         2m20s CREATE_IN_PROGRESS: create stack number-0
         2m19s CREATE_IN_PROGRESS: create stack number-1
         2m18s CREATE_IN_PROGRESS: create stack number-2
         2m17s CREATE_IN_PROGRESS: create stack number-3
         2m16s CREATE_IN_PROGRESS: create stack number-4
         2m15s CREATE_IN_PROGRESS: create stack number-5
         2m14s CREATE_IN_PROGRESS: create stack number-6
         2m13s CREATE_IN_PROGRESS: create stack number-7
               … and 24 more
        135/500 done, 2 failed, 32 running, about 7m left
        ");
    }

    #[test]
    fn a_row_goes_when_its_action_ends() {
        let mut board = board(20, 9);
        board.tell(
            "1",
            "ROLLBACK_IN_PROGRESS: create stack number-1".to_owned(),
        );
        board.ended("0");
        board.ended("5");
        insta::assert_snapshot!(shown(&board, SIZE, 65), @"
          1m4s ROLLBACK_IN_PROGRESS: create stack number-1
          1m3s CREATE_IN_PROGRESS: create stack number-2
          1m2s CREATE_IN_PROGRESS: create stack number-3
          1m1s CREATE_IN_PROGRESS: create stack number-4
           59s CREATE_IN_PROGRESS: create stack number-6
           58s CREATE_IN_PROGRESS: create stack number-7
           57s CREATE_IN_PROGRESS: create stack number-8
        0/20 done, 7 running
        ");
    }

    #[test]
    fn nothing_is_wider_or_higher_than_the_terminal() {
        for (width, height) in [(80, 24), (40, 10), (20, 3), (1, 1), (0, 0)] {
            let size = Size { width, height };
            let mut board = board(500, 32);
            board.tell("0", format!("create stack {}é", "x".repeat(200)));
            let lines = board.lines(size, at(4_000));
            let wide = lines
                .iter()
                .find(|line| line.chars().count() > width.max(1));
            assert_eq!(wide, None, "{size:?}");
            assert!(
                lines.len() <= height.saturating_sub(2).max(3),
                "{size:?}: {}",
                lines.len()
            );
        }
    }

    #[test]
    fn the_rest_is_estimated_as_soon_as_something_is_known() {
        let mut board = Board::new(100);
        for _ in 0..4 {
            board.closed(false);
        }
        assert_eq!(board.summary(at(20)), "4/100 done");
        board.closed(false);
        assert_eq!(board.summary(at(20)), "5/100 done, about 7m left");
        for _ in 0..90 {
            board.closed(false);
        }
        assert_eq!(board.summary(at(190)), "95/100 done, about 10s left");
        for _ in 0..5 {
            board.closed(false);
        }
        assert_eq!(board.summary(at(200)), "100/100 done");
        let mut failing = Board::new(10);
        for _ in 0..5 {
            failing.closed(true);
        }
        assert_eq!(
            failing.summary(at(10)),
            "0/10 done, 5 failed, about 10s left"
        );
    }

    #[test]
    fn estimates_are_no_more_exact_than_they_are_known() {
        for (time, text) in [
            (1, "10s"),
            (41, "50s"),
            (89, "1m30s"),
            (90, "2m"),
            (4_000, "1h7m"),
        ] {
            assert_eq!(roughly(at(time)).to_string(), text, "{time}");
        }
    }
}
