//! What makes release programs of Linux smaller, where the linker can do it.
//!
//! They carry no unwind tables, an eighth of their size: rustc writes them for backtraces even where a panic
//! aborts, and in a stripped program a backtrace names nothing. `-C force-unwind-tables=no` cannot be said of
//! one profile only.
//!
//! Functions that came out equal are kept once, a fiftieth of the size (`--icf=all`). Nothing here compares the
//! addresses of functions.

use std::env::var;
use std::path::Path;
use std::process::{Command, Stdio};

/// lld and GNU ld read it.
const SCRIPT: &str = "\
SECTIONS { /DISCARD/ : { *(.eh_frame .gcc_except_table .gcc_except_table.*) } } INSERT AFTER .text;
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let is_release = var("PROFILE")? == "release";
    let is_linux = var("CARGO_CFG_TARGET_OS")? == "linux" && var("CARGO_CFG_TARGET_ENV")? == "gnu";
    // mold reads no such script.
    let is_linked_otherwise = var("RUSTC_LINKER").is_ok()
        || var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|it| it.contains("link"));
    if is_release && is_linux && !is_linked_otherwise {
        let script = Path::new(&var("OUT_DIR")?).join("no-unwind-tables.ld");
        std::fs::write(&script, SCRIPT)?;
        let script = script.display();
        println!("cargo::rustc-link-arg-bin=irsactl=-Wl,--no-eh-frame-hdr,-T,{script}");
        if links_with(FOLDING)? {
            println!("cargo::rustc-link-arg-bin=irsactl={FOLDING}");
        }
    }
    Ok(())
}

/// lld, which rustc brings for x86-64, and gold know it; GNU ld refuses it.
const FOLDING: &str = "-Wl,--icf=all";

/// Whether an empty program links with it.
fn links_with(argument: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let folder = var("OUT_DIR")?;
    let source = Path::new(&folder).join("empty.rs");
    std::fs::write(&source, "fn main() {}\n")?;
    let linked = Command::new(var("RUSTC")?)
        .args(["--target", &var("TARGET")?, "--out-dir", &folder])
        .arg(format!("-Clink-arg={argument}"))
        .arg(source)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    Ok(linked.success())
}
