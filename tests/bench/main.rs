//! `cargo bench`: how fast, how small, how frugal the release build is, each figure beside its target.
//! Nothing is asserted: a figure says something only with the machine that it was taken on.
//!
//! `cargo test --bench speed` measures the program as it ships, without what the tests switch on in its dependencies,
//! and optimises nothing else.

#[path = "../cargo.rs"]
mod cargo;
mod proof;
#[path = "../sandbox/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than benchmarks need"
)]
mod sandbox;
mod scale;
mod scan;

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wait4::Wait4;

use sandbox::{Options, Pace, Sandbox};

/// The release build.
static BINARY: OnceLock<PathBuf> = OnceLock::new();
const ACCOUNT: &str = "111122223333";
const POLICY: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
/// How often short programs are run; the median counts.
const RUNS: usize = 41;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some(RUN) {
        return print_run();
    }
    let _ = BINARY.set(release_build()?);
    let mut table = Table::default();
    // `cargo bench -- scan` measures that alone.
    if std::env::args().any(|argument| argument == "scan") {
        scan::measure(&mut table)?;
        return table.print();
    }
    cold_start(&mut table)?;
    for seconds in [12, 1] {
        create(&mut table, Duration::from_secs(seconds))?;
    }
    for mode in ["standard", "express"] {
        proof::measure(&mut table, mode)?;
    }
    scan::measure(&mut table)?;
    scale::measure(&mut table)?;
    let size = std::fs::metadata(program().get_program())?.len();
    table.row("release binary, stripped", &megabytes(size), "≤ 12 MB");
    table.row("crates in the program", &crates()?.to_string(), "");
    table.print()
}

/// What `cargo bench` has built beside this program; otherwise it is built here.
fn release_build() -> Result<PathBuf, Box<dyn Error>> {
    let beside = Path::new(env!("CARGO_BIN_EXE_irsactl"));
    if !cfg!(debug_assertions) {
        return Ok(beside.to_owned());
    }
    let built = cargo::cargo()
        .args(["build", "--release", "--locked", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !built.success() {
        return Err("irsactl does not build".into());
    }
    // Beside `debug` in the target folder.
    let target = beside.ancestors().nth(2).ok_or("no target folder")?;
    Ok(target
        .join("release")
        .join(beside.file_name().unwrap_or_default()))
}

/// A command of the release build.
fn program() -> Command {
    Command::new(BINARY.get().map_or(Path::new("irsactl"), PathBuf::as_path))
}

/// One program's run.
struct Run {
    time: Duration,
    /// Bytes.
    peak: u64,
    /// Processor time.
    processor: Duration,
}

/// Runs a program to its end, started by a small one: what this one has, with the sandbox in it, would count as the
/// peak memory of its children.
fn run(command: &Command) -> Result<Run, Box<dyn Error>> {
    let mut small = Command::new(std::env::current_exe()?);
    small.arg(RUN).arg(command.get_program());
    small.args(command.get_args()).env_clear();
    let set = command.get_envs();
    small.envs(set.filter_map(|(key, value)| Some((key, value?))));
    let output = small.output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {why}").into());
    }
    let text = String::from_utf8(output.stdout)?;
    let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(str::parse).collect();
    let [time, peak, processor] = numbers?[..] else {
        return Err(format!("{command:?}: {text}").into());
    };
    Ok(Run {
        time: Duration::from_micros(time),
        peak,
        processor: Duration::from_micros(processor),
    })
}

/// As an argument: the others are a command, whose time, peak memory and processor time are printed.
const RUN: &str = "--run";

fn print_run() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(2);
    let program = words.next().ok_or("no program")?;
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let ended = child.wait4()?;
    let time = begun.elapsed().as_micros();
    if !ended.status.success() {
        return Err(ended.status.to_string().into());
    }
    let used = ended.rusage;
    let processor = (used.utime + used.stime).as_micros();
    writeln!(std::io::stdout(), "{time} {} {processor}", used.maxrss)?;
    Ok(())
}

/// The median of many runs.
fn median(mut command: impl FnMut() -> Command) -> Result<Run, Box<dyn Error>> {
    let mut runs = (0..RUNS)
        .map(|_| run(&command()))
        .collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_key(|run| run.time);
    Ok(runs.swap_remove(RUNS / 2))
}

fn cold_start(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let empty = empty_program()?;
    let version = || {
        let mut command = program();
        command.arg("--version");
        command
    };
    let base = median(|| Command::new(&empty))?;
    let ours = median(version)?;
    table.row("empty Rust program", &milliseconds(base.time), "");
    let more = ours.time.saturating_sub(base.time);
    let time = format!("{} (+{})", milliseconds(ours.time), milliseconds(more));
    table.row(
        "`irsactl --version`",
        &time,
        "within 3 ms of an empty program",
    );
    table.row("… peak memory", &megabytes(ours.peak), "");
    table.row("… instructions", &instructions(version())?, "");
    Ok(())
}

/// The smallest program that this machine's rustc makes.
fn empty_program() -> Result<PathBuf, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (folder.join("empty.rs"), folder.join("empty"));
    std::fs::write(&source, "fn main() {}\n")?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(rustc)
        .arg("-O")
        .arg("-o")
        .args([&program, &source])
        .status()?;
    if built.success() {
        Ok(program)
    } else {
        Err("the empty program does not build".into())
    }
}

/// Counted by perf or valgrind, whichever is there and allowed.
fn instructions(command: Command) -> Result<String, Box<dyn Error>> {
    let counted = |tool: &str, arguments: &[&str]| -> Option<String> {
        let output = Command::new(tool)
            .args(arguments)
            .arg(command.get_program())
            .args(command.get_args())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stderr).into_owned())
    };
    if let Some(text) = counted("perf", &["stat", "-x,", "-e", "instructions:u"])
        && let Some(count) = text
            .split(',')
            .next()
            .and_then(|count| count.trim().parse::<u64>().ok())
    {
        return Ok(format!("{:.2} M (perf)", count as f64 / 1e6));
    }
    let out = format!(
        "--callgrind-out-file={}/callgrind.out",
        env!("CARGO_TARGET_TMPDIR")
    );
    let text = counted("valgrind", &["--tool=callgrind", &out]);
    let count = text.as_deref().and_then(|text| {
        text.split("Collected :")
            .nth(1)?
            .split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()
    });
    Ok(count.map_or(
        "not counted: neither perf nor valgrind".to_owned(),
        |count| format!("{:.2} M (callgrind)", count as f64 / 1e6),
    ))
}

/// One service account with one policy, every call answered after 40 ms.
fn create(table: &mut Table, stacks: Duration) -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start(Options {
        pace: Pace::Time(stacks),
        ..Options::default()
    })?;
    run(&irsactl(
        &sandbox,
        "associate-oidc-provider --cluster demo --approve",
    ))?;
    sandbox.world().calls.clear();
    sandbox.fault("* * delay 40ms");
    let line = format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {POLICY} --approve"
    );
    let measured = run(&irsactl(&sandbox, &line))?;
    let ended = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let ready = completed(&sandbox)?;
    let calls = sandbox.calls();
    let polls = calls
        .iter()
        .filter(|call| *call == "cloudformation DescribeStacks")
        .count()
        .saturating_sub(1);
    let name = format!("create, {} s stacks, 40 ms a call", stacks.as_secs());
    table.row(&name, &format!("{:.2} s", measured.time.as_secs_f64()), "");
    table.row(
        "… after the stack was ready",
        &format!("{:.2} s", ended.saturating_sub(ready).as_secs_f64()),
        "≤ 3 s",
    );
    table.row(
        "… calls, of them polls",
        &format!("{}, {polls}", calls.len()),
        "",
    );
    table.row("… peak memory", &megabytes(measured.peak), "≤ 30 MB");
    Ok(())
}

/// A command line against a sandbox.
fn irsactl(sandbox: &Sandbox, line: &str) -> Command {
    let mut command = program();
    command
        .args(line.split(' '))
        .env_clear()
        .envs(sandbox.environment())
        .env("HOME", sandbox.directory());
    command
}

/// When the stack was complete, since the epoch.
fn completed(sandbox: &Sandbox) -> Result<Duration, Box<dyn Error>> {
    let world = sandbox.world();
    let stack = world.accounts[ACCOUNT].stacks.first();
    let events = stack.ok_or("no stack was made")?.events.iter().rev();
    let mut complete = events.filter(|event| event.kind == "AWS::CloudFormation::Stack");
    let complete = complete.next().ok_or("no event")?;
    Ok(Duration::from_millis(u64::try_from(complete.timestamp)?))
}

/// What `cargo tree` lists for this platform, build scripts' crates included.
fn crates() -> Result<usize, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--no-dedupe",
        ])
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (proc-macro)"))
        .collect();
    lines.sort_unstable();
    lines.dedup();
    Ok(lines.len().saturating_sub(1))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Markdown, so that it can go into docs/speed.md.
#[derive(Default)]
struct Table(Vec<[String; 3]>);

impl Table {
    fn row(&mut self, what: &str, figure: &str, target: &str) {
        self.0
            .push([what.to_owned(), figure.to_owned(), target.to_owned()]);
    }

    fn print(&self) -> Result<(), Box<dyn Error>> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "| Measured | Figure | Target |\n|---|---|---|")?;
        for [what, figure, target] in &self.0 {
            writeln!(out, "| {what} | {figure} | {target} |")?;
        }
        Ok(())
    }
}
