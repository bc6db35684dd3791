//! The log on stderr, off unless asked for by `-v` or IRSACTL_LOG; and whether there is colour.

use std::io::Write;

use anstream::ColorChoice;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::cli::{Color, Screen};
use crate::model::shown_in_line;
use crate::secrets::redacted;

/// Applies the screen's flags: colour, and the log at the asked level.
pub fn start(screen: Screen) {
    match screen.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    let levels = match screen.verbose {
        0 => "off",
        1 => "irsactl=info",
        2 => "irsactl=debug",
        _ => "irsactl=trace,info",
    };
    let filter = std::env::var("IRSACTL_LOG").ok();
    if screen.verbose == 0 && filter.is_none() {
        return;
    }
    let asked = filter.and_then(|text| text.parse::<Targets>().ok());
    let Some(filter) = asked.or_else(|| levels.parse().ok()) else {
        return;
    };
    let log = fmt::layer()
        .with_writer(|| Guarded)
        .with_ansi(false)
        .without_time()
        .with_filter(filter)
        .with_filter(filter_fn(is_harmless));
    registry().with(log).init();
}

/// Stderr, for lines that hold nothing secret and nothing that steers a terminal.
struct Guarded;

impl Write for Guarded {
    /// A whole line, as `fmt` writes them.
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = shown_in_line(&redacted(text.trim_end_matches('\n')));
        writeln!(std::io::stderr(), "{text}")?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// The SDK and kube log requests with their signatures and tokens below INFO, and kube warns with the
/// whole text of an answer: no filter may ask for those. What is left goes
/// through [`Guarded`].
fn is_harmless(event: &Metadata<'_>) -> bool {
    let target = event.target();
    target.starts_with("irsactl") || *event.level() <= Level::INFO && !target.starts_with("kube")
}
