//! A program from npm that nobody here wrote: its packages under `target/`, installed by the first test
//! that needs them from the lock file, and used again by all that follow.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

/// The files of a program, by their names: `package.json`, `package-lock.json` and `judge.mjs`.
pub type Program = [(&'static str, &'static str); 3];

/// What a program's `judge.mjs` says to each of the cases, a line each.
///
/// # Panics
/// Where there is no node or npm.
pub fn judged(program: &Program, cases: &[String]) -> Vec<String> {
    let version = Command::new("node").arg("--version").output();
    let npm = Command::new("npm").arg("--version").output();
    let (Ok(version), Ok(_)) = (version, npm) else {
        panic!("there is no node with npm: `apt-get install nodejs npm`");
    };
    let folder = installed(program, &version.stdout);
    let mut judge = Command::new("node")
        .arg(folder.join("judge.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut stdin = judge.stdin.take().expect("a pipe");
    let lines = format!("{}\n", cases.join("\n"));
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = judge.wait_with_output().expect("node ends");
    writer.join().expect("a thread").expect("all is read");
    let text = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), cases.len(), "an answer to each case");
    answers
}

/// The folder with the program and all that it needs.
fn installed(program: &Program, version: &[u8]) -> PathBuf {
    let mut hash = Sha256::new();
    for (_, text) in program {
        hash.update(text);
    }
    hash.update(version);
    let hash = hash.finalize();
    let hash: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    // target/debug/deps/NAME
    let running = std::env::current_exe().expect("this program");
    let target = running.ancestors().nth(3).expect("the target folder");
    let folder = target.join(format!("node-{hash}"));
    let lock = File::create(target.join(format!("node-{hash}.lock"))).expect("a lock file");
    lock.lock().expect("the lock");
    let ready = folder.join("ready");
    if !ready.exists() {
        install(program, &folder);
        std::fs::write(ready, "").expect("all is installed");
    }
    folder
}

fn install(program: &Program, folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, text) in program {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .output()
        .expect("npm starts");
    assert!(
        output.status.success(),
        "npm ci: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
