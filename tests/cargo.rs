//! The cargo that built a program, to build what it starts.

use std::process::Command;

/// Without what cargo tells the programs that it runs of their own package. Build scripts are run again where some
/// of that differs (ring's), and nearly all would be built twice: here, and by the next cargo outside.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"];
        let text = name.to_string_lossy();
        if of_package.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command
}
