//! A server in Python for the length of one test.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that tells its port on the first line of stdout, and ends with its stdin: it does not
/// outlive the test, however that ends.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts it and returns when it listens. What it logs goes to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let errors = File::create(log).expect("a log file");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
        stdout.read_line(&mut line).expect("a line");
        let port = line.trim().parse().unwrap_or_else(|_| {
            let log = std::fs::read_to_string(log).unwrap_or_default();
            panic!("no port but {line:?}:\n{log}")
        });
        Self { child, port }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
