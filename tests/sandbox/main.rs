//! The sandbox by itself: runs a command whose variables lead to the sandbox, and ends with it; or
//! tells the variables when it is ready, and runs until it is stopped.

#[path = "mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than its own program needs"
)]
mod sandbox;

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use sandbox::{Express, Fault, Options, Pace, Sandbox, VAULT, VAULT_TOKEN, Vault, now};

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What of a shell's own setting could lead past the sandbox.
const FOREIGN: [&str; 14] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CA_BUNDLE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_DIR",
];

/// A stand-in for EKS, IAM, CloudFormation, STS, the OIDC issuer and the Kubernetes API, on
/// loopback.
#[derive(Parser)]
#[command(
    name = "sandbox",
    after_help = "Examples:\n  cargo run --example sandbox -- bash\n  cargo run --example sandbox -- aws eks describe-cluster --name demo"
)]
struct Arguments {
    /// Port of the AWS services; 0 takes a free one [default: 4566, or a free one for a command]
    #[arg(long)]
    port: Option<u16>,
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
    /// How long STS and EKS Auth do not know what is new about a role; stacks in standard mode wait for it
    #[arg(long, value_name = "SECONDS", default_value_t = 8)]
    propagation_seconds: u64,
    /// An action that every role called, and how many days ago, as s3:ListAllMyBuckets=3 (repeatable)
    #[arg(long, value_name = "ACTION=DAYS", value_parser = used)]
    used: Vec<(String, i64)>,
    /// How old roles are that are made
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    role_age: i64,
    /// What CloudFormation makes of DeploymentConfig
    #[arg(long, value_name = "WHAT", default_value = "taken", value_parser = ["taken", "ignored", "refused"])]
    express: String,
    /// What goes wrong, such as "iam GetRole times 2 throttle" or, as often as AWS allows it,
    /// "cloudformation CreateStack throttle 1/5" (repeatable)
    #[arg(long, value_name = "RULE")]
    fault: Vec<Fault>,
    /// File to write the variables into, in one step, when the sandbox is ready; it goes away with it
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    env_file: Option<PathBuf>,
    /// Program to run with the variables set, and its arguments; the sandbox ends with it
    #[arg(trailing_var_arg = true)]
    command: Vec<OsString>,
}

fn used(text: &str) -> Result<(String, i64), String> {
    let parted = text
        .split_once('=')
        .filter(|(action, _)| action.contains(':'));
    let parted = parted.and_then(|(action, days)| Some((action.to_owned(), days.parse().ok()?)));
    parted.ok_or_else(|| "an action and days are wanted, as s3:ListAllMyBuckets=3".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells the exit status: the command's own, or that of a program that a signal stopped.
fn run(arguments: &Arguments) -> Result<u8, String> {
    if let Some(file) = &arguments.env_file {
        remove(file)?;
    }
    let usual = if arguments.command.is_empty() {
        4566
    } else {
        0
    };
    let port = arguments.port.unwrap_or(usual);
    let options = Options {
        port,
        region: arguments.region.clone(),
        accounts: arguments.account.clone(),
        clusters: arguments.cluster.clone(),
        pace: Pace::Time(Duration::from_secs(arguments.stack_seconds)),
    };
    let sandbox = Sandbox::start(options).map_err(|error| {
        format!("no sandbox on port {port} of 127.0.0.1: {error} (--port 0 takes a free one)")
    })?;
    {
        let mut world = sandbox.world();
        world.faults.extend(arguments.fault.iter().cloned());
        world.keeps_calls = false;
        world.add_instances_of_nodes();
        let mut vault = Vault::default();
        let host = format!("https://{}", world.clusters[0].endpoint_host);
        let config = serde_json::json!({ "kubernetes_host": host });
        vault
            .data
            .insert("auth/kubernetes/config".to_owned(), config);
        world.vault = Some(vault);
        world.propagation = Pace::Time(Duration::from_secs(arguments.propagation_seconds));
        world.express = match arguments.express.as_str() {
            "ignored" => Express::Ignored,
            "refused" => Express::Refused,
            _ => Express::Taken,
        };
        world.keeps_past = arguments.fault.iter().any(Fault::is_stale);
        for account in world.accounts.values_mut() {
            account.role_age = arguments.role_age * DAY;
            for (action, days) in &arguments.used {
                let at = (now() - days * DAY, arguments.region.clone());
                account.uses.insert(action.clone(), at);
            }
        }
    }
    let variables = variables(&sandbox).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let ended = runtime.block_on(async {
        let mut stops = Stops::new().map_err(|error| error.to_string())?;
        match arguments.command.split_first() {
            Some((program, words)) => follow(program, words, &variables, &mut stops).await,
            None => {
                tell(&variables, arguments.env_file.as_deref())
                    .map_err(|error| format!("the variables cannot be written: {error}"))?;
                Ok(128 + stops.any().await)
            }
        }
    });
    if let Some(file) = &arguments.env_file {
        remove(file)?;
    }
    ended
}

/// The signals that stop a program. From here on they do not end this one by themselves, so that it
/// can clean up.
struct Stops {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stops {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one, and tells its number.
    async fn any(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            number = Self::end(&mut self.terminate, &mut self.hangup) => number,
        }
    }

    async fn end(terminate: &mut Signal, hangup: &mut Signal) -> u8 {
        tokio::select! {
            _ = terminate.recv() => 15,
            _ = hangup.recv() => 1,
        }
    }
}

/// Runs the command to its end. A Ctrl-C is the command's: the terminal sends it to both.
async fn follow(
    program: &OsString,
    words: &[OsString],
    variables: &[(&'static str, String)],
    stops: &mut Stops,
) -> Result<u8, String> {
    let mut command = tokio::process::Command::new(program);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.args(words).envs(variables.iter().cloned());
    let mut child = command
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    tokio::select! {
        status = child.wait() => status.map(code).map_err(|error| error.to_string()),
        number = Stops::end(&mut stops.terminate, &mut stops.hangup) => {
            let _ = child.kill().await;
            Ok(128 + number)
        }
    }
}

/// As a shell tells it.
fn code(status: ExitStatus) -> u8 {
    let signal = status.signal().map(|signal| 128 + signal);
    let code = status.code().or(signal).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// What leads any client to the sandbox, and to no profile of the user's own.
fn variables(sandbox: &Sandbox) -> std::io::Result<Vec<(&'static str, String)>> {
    let content = {
        let world = sandbox.world();
        world.kubeconfig(&world.clusters[0].name)
    };
    let path = |name: &str| sandbox.directory().join(name);
    std::fs::write(path("kubeconfig"), content)?;
    let mut variables = sandbox.environment();
    variables.extend([
        ("VAULT_ADDR", format!("https://{VAULT}")),
        ("VAULT_TOKEN", VAULT_TOKEN.to_owned()),
        ("KUBECONFIG", path("kubeconfig").display().to_string()),
        ("AWS_CONFIG_FILE", path("aws-config").display().to_string()),
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            path("aws-credentials").display().to_string(),
        ),
    ]);
    for name in ["aws-config", "aws-credentials"] {
        std::fs::write(path(name), "")?;
    }
    Ok(variables)
}

/// Lines for a shell to read, on stdout or into a file that is whole as soon as it is there.
fn tell(variables: &[(&'static str, String)], file: Option<&Path>) -> std::io::Result<()> {
    let mut lines = format!("unset {}\n", FOREIGN.join(" "));
    for (name, value) in variables {
        lines.push_str(&format!(
            "export {name}='{}'\n",
            value.replace('\'', r"'\''")
        ));
    }
    let Some(file) = file else {
        lines.push_str("# Put these lines into a shell that is to talk to the sandbox; Ctrl-C here stops it.\n");
        let mut out = std::io::stdout().lock();
        out.write_all(lines.as_bytes())?;
        return out.flush();
    };
    let mut beside = file.as_os_str().to_owned();
    beside.push(".tmp");
    std::fs::write(&beside, lines)?;
    std::fs::rename(&beside, file)
}

/// That it is not there is what is wanted.
fn remove(file: &Path) -> Result<(), String> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", file.display()))
        }
        _ => Ok(()),
    }
}
