//! The sandbox as a program of its own, as people start it: no command of theirs may go past it, and
//! nothing is left of it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Built by the cargo that builds the tests: a test binary alone has no examples beside it.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let built = crate::cargo::cargo()
            .args(["build", "--quiet", "--locked", "--example", "sandbox"])
            .args(["--manifest-path", manifest])
            .status();
        assert!(built.expect("cargo runs").success());
        let folder = Path::new(env!("CARGO_BIN_EXE_irsactl")).parent();
        folder.expect("a folder").join("examples/sandbox")
    })
}

/// In a temporary folder of its own, in a shell that is set up for a real account.
fn sandbox(folder: &Path) -> Command {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut command = Command::new(program());
    command
        .env("TMPDIR", folder)
        .env("AWS_PROFILE", "production")
        .env("AWS_SESSION_TOKEN", "of-production")
        .env("https_proxy", "http://proxy.example.com")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("irsactl-by-hand-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn left(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).expect("the folder");
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_command_runs_with_the_variables_and_its_status_is_passed_on() {
    let folder = Folder::new("command");
    let script = "echo ${AWS_PROFILE-none} ${AWS_SESSION_TOKEN-none} ${https_proxy-none} $AWS_ACCESS_KEY_ID; \
                  echo ${AWS_ENDPOINT_URL%:*}; test -s \"$KUBECONFIG\" && test -f \"$AWS_CONFIG_FILE\" && exit 7";
    let output = sandbox(&folder.0)
        .args(["sh", "-c", script])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(told, "none none none AKIA111122223333\nhttp://127.0.0.1\n");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(folder.left(), Vec::<PathBuf>::new());
}

#[test]
fn what_cannot_start_fails_aloud_and_tells_no_variables() {
    let folder = Folder::new("taken");
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let file = folder.0.join("sandbox.env");
    std::fs::create_dir_all(&folder.0).expect("a folder");
    std::fs::write(&file, "export AWS_PROFILE=of-an-earlier-run\n").expect("a file");
    for words in [
        vec!["--port", &port, "--env-file", file.to_str().expect("text")],
        vec!["no-such-program"],
    ] {
        let output = sandbox(&folder.0).args(&words).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with("error: "), "{words:?}: {told}");
        assert_eq!(
            (output.status.code(), output.stdout),
            (Some(1), Vec::new()),
            "{words:?}"
        );
        assert_eq!(folder.left(), Vec::<PathBuf>::new(), "{words:?}");
    }
}

#[test]
fn no_signal_that_can_be_caught_leaves_anything_behind() {
    for signal in ["TERM", "INT", "HUP"] {
        let folder = Folder::new(signal);
        let mut child = sandbox(&folder.0)
            .args(["--port", "0"])
            .spawn()
            .expect("it runs");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout"));
        let mut line = String::new();
        // It tells the variables when it is ready, and the last line is a remark.
        while !line.starts_with('#') {
            line.clear();
            assert_ne!(lines.read_line(&mut line).expect("a line"), 0);
        }
        assert_ne!(folder.left(), Vec::<PathBuf>::new());
        stop(&child, signal);
        let status = child.wait().expect("it ends");
        assert!(status.code() > Some(128), "{signal}: {status}");
        assert_eq!(folder.left(), Vec::<PathBuf>::new(), "{signal}");
    }
}

/// The shell that it runs does not outlive it.
#[test]
fn a_stopped_sandbox_takes_its_command_with_it() {
    let folder = Folder::new("child");
    let mut child = sandbox(&folder.0)
        .args(["sh", "-c", "echo ready; exec cat"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("it runs");
    // `wait` would close it, and the command would end by itself.
    let _stdin = child.stdin.take();
    let mut stdout = child.stdout.take().expect("stdout");
    let mut ready = [0; 6];
    stdout.read_exact(&mut ready).expect("a line");
    stop(&child, "TERM");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(143));
    // Its stdout is closed: nobody has it open any more.
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).expect("the end");
    assert_eq!(folder.left(), Vec::<PathBuf>::new());
}

fn stop(child: &Child, signal: &str) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {}", child.id())])
        .status();
    assert!(sent.expect("sh runs").success());
}
