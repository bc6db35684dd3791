//! Programs from PyPI that nobody here wrote: one virtual environment under `target/`, made by the
//! first test that needs it from pinned requirements, and used again by all that follow.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/requirements.txt");

/// One of the environment's programs.
///
/// # Panics
/// Without python3 or its venv module.
pub fn program(name: &str) -> String {
    let version = Command::new("python3")
        .args(["-c", "import ensurepip, sys, venv; print(sys.version)"])
        .output();
    let Some(version) = version.ok().filter(|output| output.status.success()) else {
        missing("python3 with its venv module", "python3-venv");
    };
    let requirements = std::fs::read(REQUIREMENTS).expect("the requirements");
    let hash = Sha256::digest([requirements, version.stdout].concat());
    let hash: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder");
    let folder = target.join(format!("python-{hash}"));
    let lock = File::create(target.join(format!("python-{hash}.lock"))).expect("a lock file");
    lock.lock().expect("the lock");
    let ready = folder.join("ready");
    if !ready.exists() {
        make(&folder);
        std::fs::write(ready, "").expect("the environment is complete");
    }
    folder.join("bin").join(name).display().to_string()
}

/// Ends the test: what it is held to is not there.
///
/// # Panics
/// Always.
pub fn missing(what: &str, package: &str) -> ! {
    panic!("there is no {what}: `apt-get install {package}`")
}

fn make(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    succeed(Command::new("python3").args(["-m", "venv"]).arg(folder));
    succeed(
        Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(REQUIREMENTS),
    );
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("a program of Python's");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
