//! Credentials from a kubeconfig's exec plugin (client-go credential plugins, `ExecCredential`). Run
//! here once, with limits, because kube would run it several times, wait for it forever, and show what
//! it printed.

use std::io::IsTerminal;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::user::bearer;
use super::yaml;
use crate::waiting::Intervals;

/// How long a plugin may take that asks nobody anything.
const LIMIT: Duration = Duration::from_secs(30);
/// The same where someone may have to sign in on a terminal or in a browser.
const INTERACTIVE_LIMIT: Duration = Duration::from_secs(300);
/// A credential is a few KiB.
const OUTPUT_LIMIT: u64 = 1 << 20;

#[derive(Deserialize)]
struct ExecCredential {
    status: Credential,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    token: Option<String>,
    /// PEM.
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    /// Without it they are good until the API refuses them.
    expiration_timestamp: Option<Time>,
}

/// Replaces the plugin by what it answers, and tells when that ends. Without a plugin nothing happens.
///
/// # Errors
/// What the plugin did wrong; never what it printed.
pub async fn replace(
    auth: &mut AuthInfo,
    intervals: Intervals,
) -> Result<Option<SystemTime>, String> {
    let Some(plugin) = auth.exec.take() else {
        return Ok(None);
    };
    let Some(program) = plugin.command.as_deref().filter(|name| !name.is_empty()) else {
        return Err("its exec plugin has no command".to_owned());
    };
    let failed = |what: String| match &plugin.install_hint {
        Some(hint) => format!("the exec plugin \"{program}\" {what}; {}", hint.trim()),
        None => format!("the exec plugin \"{program}\" {what}"),
    };
    let credential = run(program, &plugin, intervals).await.map_err(failed)?;
    let token = credential.token.as_deref();
    let token = token.filter(|token| !token.is_empty());
    let token = token.map(bearer).transpose();
    let token = token.map_err(|rule| failed(format!("gave a token that {rule}")))?;
    match (
        token.map(str::to_owned),
        credential.client_certificate_data,
        credential.client_key_data,
    ) {
        (None, None, None) => return Err(failed("gave neither a token nor a certificate".into())),
        (token, Some(certificate), Some(key)) => {
            auth.token = token.map(Into::into);
            auth.client_certificate_data = Some(STANDARD.encode(certificate));
            auth.client_key_data = Some(STANDARD.encode(key).into());
        }
        (Some(token), None, None) => auth.token = Some(token.into()),
        _ => {
            return Err(failed(
                "gave a certificate without its key, or a key alone".into(),
            ));
        }
    }
    let ends = credential.expiration_timestamp;
    Ok(ends.map(|Time(at)| at.into()))
}

/// Runs it to its end, within the limits.
async fn run(
    program: &str,
    plugin: &ExecConfig,
    intervals: Intervals,
) -> Result<Credential, String> {
    let terminal = std::io::stdin().is_terminal();
    let interactive = match plugin.interactive_mode {
        Some(ExecInteractiveMode::Never) => false,
        Some(ExecInteractiveMode::Always) if !terminal => {
            return Err("wants a terminal, and there is none".to_owned());
        }
        _ => terminal,
    };
    let child = command(program, plugin, interactive)?
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "is not installed".to_owned(),
            _ => format!("cannot be run: {error}"),
        })?;
    let limit = intervals
        .of(if interactive {
            INTERACTIVE_LIMIT
        } else {
            LIMIT
        })
        .max(Duration::from_secs(3));
    let output = tokio::time::timeout(limit, output(child))
        .await
        .map_err(|_| format!("did not end within {} s", limit.as_secs()))??;
    // The cause would quote the output.
    let answer = std::str::from_utf8(&output).ok();
    let answer = answer.and_then(|text| yaml::read::<ExecCredential>(text, &[]).ok()?);
    let answer = answer.ok_or("printed something that is no ExecCredential")?;
    Ok(answer.status)
}

/// Its stderr is the user's, as with kubectl: it asks and complains there.
fn command(program: &str, plugin: &ExecConfig, interactive: bool) -> Result<Command, String> {
    let mut spec = json!({ "interactive": interactive });
    if plugin.provide_cluster_info {
        spec["cluster"] = serde_json::to_value(&plugin.cluster).map_err(|e| e.to_string())?;
    }
    let info = json!({
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": spec,
    });
    let mut command = Command::new(program);
    command
        .args(plugin.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    for variable in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    Ok(command)
}

async fn output(mut child: Child) -> Result<Vec<u8>, String> {
    let mut output = Vec::new();
    let broken = |error: std::io::Error| format!("cannot be read: {error}");
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = stdout.take(OUTPUT_LIMIT + 1);
        stdout.read_to_end(&mut output).await.map_err(broken)?;
    }
    if output.len() as u64 > OUTPUT_LIMIT {
        return Err("printed more than 1 MiB".to_owned());
    }
    let status = child.wait().await.map_err(broken)?;
    if status.success() {
        return Ok(output);
    }
    Err(match status.code() {
        Some(code) => format!("failed with exit status {code}"),
        None => "was killed".to_owned(),
    })
}
