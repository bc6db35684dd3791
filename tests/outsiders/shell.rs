//! A shell in a bench's environment, with the programs of others: commands are written as a user
//! writes them.

use std::process::{Command, Stdio};

use crate::python::{missing, program};
use crate::support::Bench;

pub struct Shell {
    pub bench: Bench,
}

impl Shell {
    /// With the pinned aws CLI as `aws`.
    pub fn with_aws(mut bench: Bench) -> Self {
        let aws = program("aws");
        let folder = aws.trim_end_matches("/aws");
        let path = std::env::var("PATH").unwrap_or_default();
        bench.set("PATH", &format!("{folder}:{path}"));
        bench.set("AWS_PAGER", "");
        bench.set("AWS_MAX_ATTEMPTS", "1");
        Self { bench }
    }

    /// With kubectl, which has the cluster's kubeconfig.
    pub fn with_kubectl(mut bench: Bench) -> Self {
        assert_installed("kubectl", "kubernetes-client");
        let kubeconfig = bench.sandbox.world().kubeconfig("demo");
        let path = bench.file("kubeconfig", &kubeconfig);
        bench.set("KUBECONFIG", &path.display().to_string());
        Self { bench }
    }

    pub fn with_openssl(bench: Bench) -> Self {
        assert_installed("openssl", "openssl");
        Self { bench }
    }

    /// What a command line prints, and how it ends. The folder is the private home.
    pub fn run(&self, line: &str) -> String {
        let mut shell = self.bench.command_of("sh");
        let child = shell
            .args(["-c", line])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        self.bench.ended(child.expect("a shell"))
    }

    /// What a command line that must succeed prints.
    pub fn output(&self, line: &str) -> String {
        let text = self.run(line);
        let output = text.strip_suffix("[exit 0]\n").expect(&text);
        let output = output.strip_prefix("[stdout]\n").unwrap_or(output);
        output.trim_end().to_owned()
    }
}

/// That a program is there to be run.
pub fn assert_installed(program: &str, package: &str) {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        missing(program, package);
    }
}
