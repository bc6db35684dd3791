//! `permissions`: what irsactl says that it needs, and the proof that it is true.

mod formats;
mod moves;
mod proof;
mod scenarios;
mod worlds;

use crate::support::Bench;

/// What every permission is narrowed down to.
const HERE: &str = "--cluster demo --region eu-west-1 --account-id 111122223333";

/// What `permissions` prints in a format.
fn printed(bench: &Bench, flags: &str, format: &str) -> String {
    let text = bench.run(&format!("permissions {flags} -o {format} --quiet"));
    let text = text.strip_suffix("\n[exit 0]\n").unwrap_or(&text);
    text.strip_prefix("[stdout]\n").unwrap_or(text).to_owned()
}
