//! What makes pods in Kubernetes, and pods by themselves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{CommandLine, Namespace, ServiceAccountName};

/// Something that makes pods, or a pod by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    pub kind: WorkloadKind,
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    /// Of Argo Rollouts.
    Rollout,
    ReplicaSet,
    Job,
    CronJob,
    #[default]
    Pod,
    /// Of a kind that is not known here.
    Other,
}

impl WorkloadKind {
    /// Whether a restart makes it replace its pods.
    pub fn can_restart(self) -> bool {
        matches!(
            self,
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::Rollout
        )
    }

    /// As kubectl and people write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::Rollout => "rollout",
            Self::ReplicaSet => "replicaset",
            Self::Job => "job",
            Self::CronJob => "cronjob",
            Self::Pod => "pod",
            Self::Other => "owner",
        }
    }
}

impl FromStr for WorkloadKind {
    type Err = String;

    /// The names that kubectl takes: singular, plural and short ones.
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_lowercase().as_str() {
            "deploy" | "deployment" | "deployments" => Self::Deployment,
            "sts" | "statefulset" | "statefulsets" => Self::StatefulSet,
            "ds" | "daemonset" | "daemonsets" => Self::DaemonSet,
            "ro" | "rollout" | "rollouts" => Self::Rollout,
            "rs" | "replicaset" | "replicasets" => Self::ReplicaSet,
            "job" | "jobs" => Self::Job,
            "cj" | "cronjob" | "cronjobs" => Self::CronJob,
            "po" | "pod" | "pods" => Self::Pod,
            _ => {
                return Err(format!(
                    "\"{text}\" is no kind of workload: deploy, sts, ds, rollout, rs, job, cronjob and pod are"
                ));
            }
        })
    }
}

impl Workload {
    /// A pod as `namespace/name`.
    ///
    /// # Errors
    /// The rule of Kubernetes that is broken.
    pub fn pod(text: &str) -> Result<Self, String> {
        let (namespace, name) = text
            .split_once('/')
            .ok_or_else(|| format!("\"{text}\" is no `namespace/name`"))?;
        Self::new(WorkloadKind::Pod, namespace, name)
    }

    /// With `verb` before it the command of kubectl, as `kubectl rollout resume deployment/api -n web`.
    pub fn kubectl(&self, verb: &str) -> CommandLine {
        CommandLine::of("kubectl", &[]).and(verb, &[]).and(
            "{}/{} --namespace {}",
            &[&self.kind.word(), &self.name, &self.namespace],
        )
    }

    /// The command that takes a label off the template of its pods, which replaces them; `None` where
    /// there is no template to change.
    pub fn without_template_label(&self, label: &str) -> Option<CommandLine> {
        if !self.kind.can_restart() {
            return None;
        }
        let label = label.replace('~', "~0").replace('/', "~1");
        let patch =
            format!(r#"[{{"op":"remove","path":"/spec/template/metadata/labels/{label}"}}]"#);
        Some(CommandLine::of(
            "kubectl patch {}/{} --namespace {} --type json --patch {}",
            &[&self.kind.word(), &self.name, &self.namespace, &patch],
        ))
    }

    /// The command that takes an annotation off the template of its pods; `None` where there is none to change.
    pub fn without_template_annotation(&self, key: &str) -> Option<CommandLine> {
        let path = match self.kind {
            WorkloadKind::CronJob => "/spec/jobTemplate/spec/template",
            kind if kind.can_restart() => "/spec/template",
            _ => return None,
        };
        let key = key.replace('~', "~0").replace('/', "~1");
        let patch = format!(r#"[{{"op":"remove","path":"{path}/metadata/annotations/{key}"}}]"#);
        Some(
            self.kubectl("patch")
                .and("--type json --patch {}", &[&patch]),
        )
    }

    /// Names of pods and workloads are DNS-1123 subdomains, as those of service accounts are.
    fn new(kind: WorkloadKind, namespace: &str, name: &str) -> Result<Self, String> {
        let namespace: Namespace = namespace.parse()?;
        let rule = format!("\"{name}\" is no name of a {}", kind.word());
        ServiceAccountName::new(namespace.clone(), name).map_err(|_| rule)?;
        Ok(Self {
            kind,
            namespace: namespace.to_string(),
            name: name.to_owned(),
        })
    }
}

impl FromStr for Workload {
    type Err = String;

    /// `namespace/kind/name`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [namespace, kind, name] = parts[..] else {
            return Err(format!(
                "\"{text}\" is no `namespace/kind/name`, as web/deploy/api"
            ));
        };
        Self::new(kind.parse()?, namespace, name)
    }
}

/// `deployment web/api`.
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.word(), self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_named_as_kubectl_names_them() {
        for (text, wanted) in [
            ("web/deploy/api", Ok("deployment web/api")),
            ("web/Deployments/api", Ok("deployment web/api")),
            ("web/po/api-1", Ok("pod web/api-1")),
            (
                "web/api",
                Err("\"web/api\" is no `namespace/kind/name`, as web/deploy/api"),
            ),
            ("web/deploy/A", Err("\"A\" is no name of a deployment")),
            (
                "web/service/api",
                Err(
                    "\"service\" is no kind of workload: deploy, sts, ds, rollout, rs, job, cronjob and pod are",
                ),
            ),
        ] {
            let read = text
                .parse::<Workload>()
                .map(|workload| workload.to_string());
            assert_eq!(read, wanted.map(str::to_owned).map_err(str::to_owned));
        }
    }
}
