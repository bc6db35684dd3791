//! `explain`: which field of the config file.

use clap::Args;

use super::PlainFormat;

#[derive(Args, Debug)]
pub struct Explain {
    /// config for the whole file, or a field of it, as config.iam.serviceAccounts.tags
    pub field: String,
    /// Name all fields below it with their types
    #[arg(long)]
    pub recursive: bool,
    /// Output format; json and yaml are a JSON Schema, for editors
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}
