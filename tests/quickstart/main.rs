//! The main job from beginning to end, on this machine: builds irsactl, starts the sandbox, and runs
//! the real commands against it. What it prints is what a user would see.

#[path = "../cargo.rs"]
mod cargo;
#[path = "../sandbox/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than one scenario needs"
)]
mod sandbox;

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::time::Duration;

use sandbox::{Options, Pace, Sandbox};

const POLICY: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

/// What to do next, with the program just built.
fn how_to_go_on(binary: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let binary = binary.strip_prefix(here).unwrap_or(binary).display();
    format!(
        "
# To go on: a shell in such a sandbox, and in it any command
$ cargo run --example sandbox -- bash
$ {binary} doctor --cluster demo
# On AWS: README.md, \"On AWS, start to finish\". To change the program: CONTRIBUTING.md."
    )
}

fn main() {
    if let Err(error) = run() {
        let _ = writeln!(std::io::stderr(), "error: {error}");
        exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let binary = build()?;
    let sandbox = Sandbox::start(Options {
        pace: Pace::Time(Duration::from_secs(2)),
        ..Options::default()
    })?;
    say(
        "# A sandbox stands in for AWS, the issuer and the Kubernetes API of the EKS cluster \"demo\".",
    );
    let irsactl = |line: &str| irsactl(&binary, &sandbox, line);
    irsactl("associate-oidc-provider --cluster demo --approve")?;
    irsactl(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {POLICY} --approve"
    ))?;
    irsactl("get iamserviceaccount --cluster demo")?;
    exchange_token(&sandbox)?;
    irsactl("delete iamserviceaccount s3-reader --cluster demo")?;
    irsactl("disassociate-oidc-provider --cluster demo --approve")?;
    let left = {
        let world = sandbox.world();
        world
            .accounts
            .values()
            .map(|account| account.roles.len() + account.providers.len())
            .sum::<usize>()
    };
    say(&format!("\n# Roles and providers left behind: {left}"));
    if left > 0 {
        return Err("something was left behind".into());
    }
    say(&how_to_go_on(&binary));
    Ok(())
}

/// Builds the program with the cargo that builds this one, and the sandbox to go on with. Where an example is built
/// too, cargo takes the dependencies as this one and the tests have them: alone, the program would have tokio
/// and all that stands on it built a second time, without what only tests switch on.
fn build() -> Result<PathBuf, Box<dyn Error>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let built = cargo::cargo()
        .args([
            "build",
            "--quiet",
            "--bin",
            "irsactl",
            "--example",
            "sandbox",
            "--manifest-path",
            manifest,
        ])
        .status()?;
    if !built.success() {
        return Err("irsactl does not build".into());
    }
    // This example is in the folder `examples` beside the program.
    let here = std::env::current_exe()?;
    let folder = here
        .parent()
        .and_then(|examples| examples.parent())
        .ok_or("no target folder")?;
    Ok(folder.join(format!("irsactl{}", std::env::consts::EXE_SUFFIX)))
}

/// Runs one command in the sandbox's environment, and shows it.
fn irsactl(binary: &Path, sandbox: &Sandbox, line: &str) -> Result<(), Box<dyn Error>> {
    say(&format!("\n$ irsactl {line}"));
    let mut command = Command::new(binary);
    // Whatever AWS account and proxy this shell is set up for, it is not this one's business.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    let status = command
        .args(line.split(' '))
        .envs(sandbox.environment())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`irsactl {line}` failed: {status}").into())
    }
}

/// What happens in a pod of the service account: its projected token, exchanged for the role's
/// credentials by the AWS SDK in it.
fn exchange_token(sandbox: &Sandbox) -> Result<(), Box<dyn Error>> {
    let role = {
        let mut world = sandbox.world();
        let api = world.api("demo");
        api.annotation("default", "s3-reader", "eks.amazonaws.com/role-arn")
            .ok_or("no annotation")?
            .to_owned()
    };
    let token = sandbox.pod_token("demo", "default", "s3-reader", "sts.amazonaws.com");
    say("\n# In a pod of the service account, with the token that Kubernetes puts there:");
    say(&format!(
        "$ aws sts assume-role-with-web-identity --role-session-name pod --web-identity-token TOKEN \\\n    --role-arn {role}"
    ));
    let answer = post(
        &sandbox.environment(),
        &format!(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=pod&RoleArn={role}&WebIdentityToken={token}"
        ),
    )?;
    for element in ["Arn", "SubjectFromWebIdentityToken", "Audience"] {
        let value = between(&answer, &format!("<{element}>"), &format!("</{element}>"));
        say(&format!(
            "{element}: {}",
            value.ok_or_else(|| format!("the role was refused: {answer}"))?
        ));
    }
    Ok(())
}

/// One unsigned request to STS.
fn post(environment: &[(&str, String)], form: &str) -> Result<String, Box<dyn Error>> {
    let endpoint = environment
        .iter()
        .find(|(name, _)| *name == "AWS_ENDPOINT_URL")
        .ok_or("no endpoint")?;
    let address = endpoint.1.trim_start_matches("http://");
    let form = form.replace(':', "%3A").replace('/', "%2F");
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let text = &text[text.find(begin)? + begin.len()..];
    Some(&text[..text.find(end)?])
}

fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}");
    let _ = stdout.flush();
}
