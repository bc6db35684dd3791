//! A program of others in the bench's environment, and what it says as one text.

use std::path::PathBuf;

use crate::python::{missing, program};
use crate::support::Bench;

/// A world and a client for it.
pub struct Stranger {
    pub bench: Bench,
    program: String,
    /// Put before the words of every run.
    first: Vec<String>,
}

impl Stranger {
    /// The aws CLI. `None`: skipped.
    pub fn aws(mut bench: Bench) -> Option<Self> {
        bench.set("AWS_PAGER", "");
        bench.set("AWS_MAX_ATTEMPTS", "1");
        Some(Self {
            program: program("aws")?,
            bench,
            first: Vec::new(),
        })
    }

    /// kubectl with the cluster's kubeconfig. `None`: skipped.
    pub fn kubectl(mut bench: Bench) -> Option<Self> {
        let program = installed("kubectl", "kubernetes-client")?;
        let kubeconfig = bench.sandbox.world().kubeconfig("demo");
        let path = bench.file("kubeconfig", &kubeconfig);
        bench.set("KUBECONFIG", &path.display().to_string());
        Some(Self {
            bench,
            program,
            first: Vec::new(),
        })
    }

    /// openssl, which trusts what irsactl trusts. `None`: skipped.
    pub fn openssl(bench: Bench) -> Option<Self> {
        Some(Self {
            bench,
            program: installed("openssl", "openssl")?,
            first: Vec::new(),
        })
    }

    /// Runs the program with words that blanks separate; `~/` is the private home.
    pub fn run(&self, line: &str) -> String {
        let home = format!("{}/", self.bench.file("", "").display());
        let words = line.split_whitespace();
        self.run_words(words.map(|word| word.replace("~/", &home)), "")
    }
}
