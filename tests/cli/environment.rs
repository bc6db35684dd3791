//! The environment that users have: variables, proxies, AWS's files, kubeconfigs, as they are, wrong
//! ones too.

mod credentials;
mod endpoints;
mod files;
mod kubeconfig;
mod proxy;
mod variables;

const LIST: &str = "get iamserviceaccount --cluster demo";

/// The first error of a run, and its exit.
fn error(told: &str) -> String {
    let line = told.lines().find(|line| line.starts_with("error: "));
    let exit = told.lines().last().unwrap_or_default();
    format!("{}  {exit}", line.unwrap_or("no error"))
}
