//! The sandbox by itself: prints the variables that point clients at it, runs until Ctrl-C.

#[path = "mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than its own program needs"
)]
mod sandbox;

use std::io::Write as _;
use std::time::Duration;

use clap::Parser;

use sandbox::{Fault, Options, Pace, Sandbox};

/// A stand-in for EKS, IAM, CloudFormation, STS, the OIDC issuer and the Kubernetes API, on
/// loopback.
#[derive(Parser)]
#[command(
    name = "sandbox",
    after_help = "Example:\n  cargo run --example sandbox -- --port 4566 --cluster demo > env &\n  . ./env\n  \
                  aws eks describe-cluster --name demo"
)]
struct Arguments {
    /// Port of the AWS services; 0 takes a free one
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// An EKS cluster that exists (repeatable)
    #[arg(long, value_name = "NAME", default_value = "demo")]
    cluster: Vec<String>,
    /// An AWS account (repeatable); the first has the clusters
    #[arg(long, value_name = "ID", default_values = ["111122223333", "444455556666"])]
    account: Vec<String>,
    /// The region of the clusters
    #[arg(long, default_value = "eu-west-1")]
    region: String,
    /// How long a stack operation takes
    #[arg(long, value_name = "SECONDS", default_value_t = 12)]
    stack_seconds: u64,
    /// What goes wrong, such as "iam GetRole times 2 throttle" or, as often as AWS allows it,
    /// "cloudformation CreateStack throttle 1/5" (repeatable)
    #[arg(long, value_name = "RULE")]
    fault: Vec<Fault>,
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let sandbox = Sandbox::start(Options {
        port: arguments.port,
        region: arguments.region,
        accounts: arguments.account,
        clusters: arguments.cluster,
        pace: Pace::Time(Duration::from_secs(arguments.stack_seconds)),
    })?;
    {
        let mut world = sandbox.world();
        world.faults.extend(arguments.fault);
        world.keeps_calls = false;
    }
    print_environment(&sandbox)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(tokio::signal::ctrl_c())
}

/// Lines for a shell to read.
fn print_environment(sandbox: &Sandbox) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut variables = sandbox.environment();
    let kubeconfig = sandbox.directory().join("kubeconfig");
    let content = {
        let world = sandbox.world();
        world.kubeconfig(&world.clusters[0].name)
    };
    std::fs::write(&kubeconfig, content)?;
    variables.push(("KUBECONFIG", kubeconfig.display().to_string()));
    for (name, value) in variables {
        writeln!(out, "export {name}='{}'", value.replace('\'', r"'\''"))?;
    }
    writeln!(
        out,
        "# Put these lines into a shell that talks to the sandbox; Ctrl-C here stops it."
    )?;
    out.flush()
}
