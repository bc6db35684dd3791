//! The log on stderr, off unless asked for by `-v` or IRSACTL_LOG; and whether there is colour.

use anstream::ColorChoice;
use tracing_subscriber::EnvFilter;

use crate::cli::{Color, Screen};

/// Starts logging. Secrets never reach it: no level includes the SDK's and kube's own logs of signing
/// and of headers.
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
        _ => "irsactl=trace,aws_config=info,kube_client=info,rustls=info",
    };
    let filter = std::env::var("IRSACTL_LOG")
        .ok()
        .and_then(|text| EnvFilter::try_new(text).ok());
    if screen.verbose == 0 && filter.is_none() {
        return;
    }
    let filter = filter.unwrap_or_else(|| EnvFilter::new(levels));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .init();
}
