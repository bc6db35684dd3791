//! Peers that mean harm, or are broken beyond reason: without end, without answer, nested, huge. Each
//! is told in a sentence, in bounded time and memory.

mod issuer;
mod pages;
mod plugin;
mod proxy;
mod services;
mod words;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wait4::Wait4;

use crate::support::{Bench, assert_no_secret};

/// What a debug build may take, in bytes; most of it is the program itself.
const MEMORY: u64 = 100 << 20;
/// A begun answer of HTTP.
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";

impl Bench {
    /// As `run`, and fails where it takes more memory than it may.
    fn run_bounded(&self, line: &str) -> String {
        let home = self.file("stdout", "").with_file_name("");
        let sink = |name| File::create(home.join(name)).expect("a file");
        let words = line.split_whitespace();
        let mut child = self
            .command()
            .args(words.map(|word| word.replace("~/", &home.display().to_string())))
            .stdin(std::process::Stdio::null())
            .stdout(sink("stdout"))
            .stderr(sink("stderr"))
            .spawn()
            .expect("irsactl starts");
        let ended = child.wait4().expect("irsactl ends");
        let read = |name| std::fs::read(home.join(name)).expect("what it printed");
        let printed = [read("stdout"), read("stderr")].concat();
        assert_no_secret(&printed);
        let text = String::from_utf8_lossy(&printed);
        assert!(text.len() < 10_000, "{} bytes printed", text.len());
        let peak = ended.rusage.maxrss;
        let allowed = MEMORY.max(self.least_peak() + (10 << 20));
        assert!(peak < allowed, "{} MiB for {line}", peak >> 20);
        let exit = ended.status.code().expect("no signal");
        self.steady(&format!("{text}[exit {exit}]\n"))
    }

    /// What is measured for the least that the program can do: Linux counts what the process that
    /// started it had in memory, which is all of these tests.
    fn least_peak(&self) -> u64 {
        let mut child = self
            .command()
            .arg("--version")
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("irsactl starts");
        child.wait4().expect("irsactl ends").rusage.maxrss
    }
}

/// A server of its own that reads a request's head and then does as told, for each connection.
fn peer(answer: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                    head.push(byte[0]);
                }
                answer(stream);
            });
        }
    });
    address
}

/// Writes until the other side goes.
fn pour(mut stream: TcpStream, text: &[u8]) {
    while stream.write_all(text).is_ok() {}
}
