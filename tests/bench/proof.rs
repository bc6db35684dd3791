//! From the start to a role that is proved, in either mode of CloudFormation.

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::sandbox::{Options, Pace, Sandbox};
use super::{POLICY, Table, completed, irsactl, run};

/// How long CloudFormation takes for a role in standard mode; the sandbox's takes a sixth of it in express
/// mode.
const STACK: Duration = Duration::from_secs(12);
/// How long STS does not know a role that was made in express mode.
const PROPAGATION: Duration = Duration::from_secs(8);

pub fn measure(table: &mut Table, mode: &str) -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start(Options {
        pace: Pace::Time(STACK),
        ..Options::default()
    })?;
    run(&irsactl(
        &sandbox,
        "associate-oidc-provider --cluster demo --approve",
    ))?;
    sandbox.world().propagation = Pace::Time(PROPAGATION);
    sandbox.fault("* * delay 40ms");
    let line = format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {POLICY} --approve --verify --deployment-mode {mode}"
    );
    let measured = run(&irsactl(&sandbox, &line))?;
    let ended = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let usable = completed(&sandbox)?
        + match mode {
            "express" => PROPAGATION,
            _ => Duration::ZERO,
        };
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    table.row(
        &format!("create --verify in {mode} mode, 40 ms a call"),
        &seconds(measured.time),
        "",
    );
    table.row(
        "… after the role could be assumed",
        &seconds(ended.saturating_sub(usable)),
        "≤ 1.5 s",
    );
    Ok(())
}
