//! Release programs of Linux carry no unwind tables, an eighth of their size: rustc writes them for
//! backtraces even where a panic aborts, and in a stripped program a backtrace names nothing.
//! `-C force-unwind-tables=no` cannot be said of one profile only.

use std::env::var;
use std::path::Path;

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
    }
    Ok(())
}
