//! Names that need no call: AWS's regions, the profiles and the contexts of the user's files.

use std::path::PathBuf;

use super::line::Line;
use super::patiently;
use crate::files;
use crate::kubernetes;

/// AWS's regions that EKS is in (AWS's endpoint tables), those that are switched on by request included.
const REGIONS: [&str; 40] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-west-1",
    "us-west-2",
];

/// Those of this file: nothing is asked for them.
pub fn regions() -> Vec<String> {
    REGIONS.map(str::to_owned).to_vec()
}

/// The sections of AWS's two files: `[profile NAME]` in the one, `[NAME]` in the other.
pub fn profiles() -> Vec<String> {
    let config = text("AWS_CONFIG_FILE", "config");
    let credentials = text("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    let config = sections(&config).filter_map(|section| match section {
        "default" => Some(section),
        section => section.strip_prefix("profile ").map(str::trim),
    });
    config
        .chain(sections(&credentials))
        .map(str::to_owned)
        .collect()
}

fn sections(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines();
    lines.filter_map(|line| Some(line.trim().strip_prefix('[')?.split_once(']')?.0.trim()))
}

fn text(variable: &str, file: &str) -> String {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let path = named.or_else(|| Some(std::env::home_dir()?.join(".aws").join(file)));
    let bytes = path.and_then(|path| patiently(files::read(&path))?.ok());
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}

/// Those of the kubeconfig that the line names, or of the user's; none where it cannot be read in time.
pub fn contexts(line: &Line) -> Vec<String> {
    let kubeconfig = line.value("kubeconfig", None).map(PathBuf::from);
    patiently(kubernetes::contexts(kubeconfig.as_deref())).unwrap_or_default()
}
