//! What the user gave to find AWS and the cluster, as flags for the commands of hints.

use super::{AwsArgs, KubernetesArgs};
use crate::model::{Connection, Flags, Issuer};

/// Of one command.
pub fn connection(
    aws: &AwsArgs,
    kubernetes: Option<&KubernetesArgs>,
    issuer: Option<&Issuer>,
) -> Connection {
    let file = kubernetes.and_then(|it| it.kubeconfig.as_ref());
    let file = file.map(|file| file.display().to_string());
    let context = kubernetes.and_then(|it| it.context.clone());
    Connection {
        aws: given(&[
            ("--region", aws.region.clone()),
            ("--profile", aws.profile.clone()),
        ]),
        kubernetes: given(&[("--kubeconfig", file), ("--context", context)]),
        cluster: None,
        issuer: given(&[("--issuer-url", issuer.map(ToString::to_string))]),
        roles: Flags::default(),
        are_in_file: false,
    }
}

pub(super) fn given(flags: &[(&'static str, Option<String>)]) -> Flags {
    let given = flags.iter();
    let given = given.filter_map(|(name, value)| Some((*name, value.clone()?)));
    Flags(given.collect())
}
