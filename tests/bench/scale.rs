//! Hundreds of service accounts from one file, against the limits that AWS sets: how near to them the
//! run comes, what it costs, and what a second one costs that finds nothing to do.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sandbox::{Options, Pace, Sandbox, Service};
use super::{POLICY, Run, Table, megabytes, program, run};

/// How many service accounts, where the variable does not say otherwise. 500 take nine minutes.
const ACCOUNTS: u32 = 100;
const VARIABLE: &str = "IRSACTL_BENCH_ACCOUNTS";
/// How long CloudFormation takes for one role.
const STACK: Duration = Duration::from_secs(12);
/// AWS's limits, as users have met them: calls a second and at once.
const LIMITS: [(&str, u32, u32); 2] = [("CreateStack", 1, 5), ("DescribeStacks", 10, 20)];

/// How many service accounts, in which mode, and in which time: without limits, so that nothing is left but
/// the stacks' own time and ours.
const FLEETS: [(u32, &str, &str); 2] = [(50, "standard", "≤ 15 s"), (500, "express", "")];

pub fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    limited(table)?;
    for (accounts, mode, target) in FLEETS {
        let sandbox = Sandbox::start(Options {
            pace: Pace::Time(STACK),
            ..Options::default()
        })?;
        let file = config_file(&sandbox, accounts)?;
        let first = measured(&sandbox, &file, &["--deployment-mode", mode])?;
        let name = format!("{accounts} service accounts in {mode} mode, without limits");
        table.row(&name, &seconds(first.run.time), target);
        costs(table, &first, accounts);
    }
    Ok(())
}

fn limited(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let accounts = match std::env::var(VARIABLE) {
        Ok(number) => number.parse()?,
        Err(_) => ACCOUNTS,
    };
    let name = format!("{accounts} service accounts, {} s stacks", STACK.as_secs());
    let sandbox = Sandbox::start(Options {
        pace: Pace::Time(STACK),
        ..Options::default()
    })?;
    let mut limits = Vec::new();
    for (operation, rate, burst) in LIMITS {
        sandbox.fault(&format!(
            "cloudformation {operation} throttle {rate}/{burst}"
        ));
        limits.push(format!("{operation} {rate}/s, {burst} at once"));
    }
    table.row(&name, "", &format!("with {}", limits.join("; ")));
    let file = config_file(&sandbox, accounts)?;
    let first = measured(&sandbox, &file, &[])?;
    let least = f64::from(accounts.saturating_sub(LIMITS[0].2)) / f64::from(LIMITS[0].1)
        + STACK.as_secs_f64();
    let time = first.run.time.as_secs_f64();
    let figure = format!("{time:.1} s, {:.3} of the least", time / least);
    table.row(
        "… time, the limits allow no less than",
        &figure,
        &format!("{least:.0} s, ≤ 1.15"),
    );
    costs(table, &first, accounts);
    let second = measured(&sandbox, &file, &[])?;
    table.row("… again, with nothing to do", &seconds(second.run.time), "");
    costs(table, &second, accounts);
    Ok(())
}

/// A file as teams keep it: several namespaces, each role with a managed policy.
fn config_file(sandbox: &Sandbox, accounts: u32) -> Result<PathBuf, Box<dyn Error>> {
    let mut text = String::from(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n\
         metadata:\n  name: demo\n  region: eu-west-1\n\
         iam:\n  withOIDC: true\n  serviceAccounts:\n",
    );
    for number in 0..accounts {
        let namespace = format!("team-{}", number % 10);
        write!(
            text,
            "  - metadata:\n      name: app-{number:03}\n      namespace: {namespace}\n    \
             attachPolicyARNs:\n      - {POLICY}\n",
        )?;
    }
    let path = sandbox.directory().join("cluster.yaml");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// A run and what it took from others.
struct Measured {
    run: Run,
    aws: usize,
    kubernetes: usize,
    /// Calls of the limited operations that were answered with 400: throttled, or about a stack that
    /// is not there.
    refused: Vec<(&'static str, usize)>,
    /// Processor time of the sandbox.
    sandbox: Duration,
}

fn measured(sandbox: &Sandbox, file: &Path, more: &[&str]) -> Result<Measured, Box<dyn Error>> {
    sandbox.world().calls.clear();
    let mut command = program();
    command
        .args(["apply", "--approve", "-f"])
        .arg(file)
        .args(more)
        .env_clear()
        .envs(sandbox.environment())
        .env("HOME", sandbox.directory());
    let before = own_processor_time()?;
    let run = run(&command)?;
    let spent = own_processor_time()?.saturating_sub(before);
    let world = sandbox.world();
    let of_kubernetes = world
        .calls
        .iter()
        .filter(|call| call.service == Service::Kubernetes);
    let kubernetes = of_kubernetes.count();
    let of_issuer = world
        .calls
        .iter()
        .filter(|call| call.service == Service::Issuer);
    let aws = world.calls.len() - kubernetes - of_issuer.count();
    let refused = LIMITS.map(|(operation, _, _)| {
        let refused = world
            .calls
            .iter()
            .filter(|call| call.operation == operation && call.status == Some(400));
        (operation, refused.count())
    });
    Ok(Measured {
        run,
        aws,
        kubernetes,
        refused: refused.to_vec(),
        sandbox: spent,
    })
}

fn costs(table: &mut Table, measured: &Measured, accounts: u32) {
    let each = |calls: usize| format!("{:.2}", calls as f64 / f64::from(accounts));
    let calls = format!("{}, {}", each(measured.aws), each(measured.kubernetes));
    table.row("… calls per account: AWS, Kubernetes", &calls, "");
    let refused: Vec<String> = measured
        .refused
        .iter()
        .map(|(operation, count)| format!("{operation} {count}"))
        .collect();
    table.row(
        "… calls answered 400: throttled, or no such stack",
        &refused.join(", "),
        "",
    );
    table.row("… peak memory", &megabytes(measured.run.peak), "≤ 60 MB");
    let processor = format!(
        "{}; {}",
        seconds(measured.run.processor),
        seconds(measured.sandbox)
    );
    table.row("… processor time: irsactl; the sandbox", &processor, "");
}

/// Processor time of this process: the sandbox is a thread of it, and the rest only waits.
fn own_processor_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    // utime and stime are fields 14 and 15, in hundredths of a second; `fields` begins with the third.
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
