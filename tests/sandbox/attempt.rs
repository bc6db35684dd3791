//! What pods get: a new pod of a service account starts virtually, or one that runs asks for credentials
//! again, and it is told which way it would go and whether that would work in the world as it is now. Nothing
//! is changed by it, so that a test may look before every call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::eks_auth::Bearer;
use super::kubernetes;
use super::sts;
use super::world::{Cluster, World};
use super::{Sandbox, which};

/// How a pod gets credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Irsa,
    PodIdentity,
    /// By none of these: what it has is the node's.
    None,
}

/// What a pod's application meets that asks for credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub way: Way,
    /// ARN of the role whose credentials it gets, or why it gets none.
    pub role: Result<String, String>,
}

impl World {
    /// What a pod of the service account would get that started now.
    ///
    /// # Panics
    /// When there is no such cluster: a mistake of the test.
    pub fn new_pod_would_get(&mut self, cluster: &str, namespace: &str, name: &str) -> Attempt {
        let cluster = self.informed(cluster);
        self.started(cluster, namespace, name)
    }

    /// What a pod that is there would get that asked now: its variables are those it was made with.
    ///
    /// # Panics
    /// When there is no such cluster or pod: a mistake of the test.
    pub fn running_pod_would_get(&self, cluster: &str, namespace: &str, pod: &str) -> Attempt {
        let mut clusters = self.clusters.iter();
        let cluster = clusters.find(|known| known.name == cluster);
        let cluster = cluster.expect("the cluster");
        let pod = cluster.api.object("pods", namespace, pod);
        self.asked(cluster, pod.expect("the pod"))
    }

    /// The place of the cluster, whose webhook knows what is in effect.
    fn informed(&mut self, cluster: &str) -> usize {
        let moment = self.moment;
        let mut clusters = self.clusters.iter();
        let at = clusters.position(|known| known.name == cluster);
        let at = at.expect("the cluster");
        self.clusters[at].inform_webhook(moment);
        at
    }

    fn started(&self, cluster: usize, namespace: &str, name: &str) -> Attempt {
        let cluster = &self.clusters[cluster];
        let mut pod = json!({
            "metadata": {"namespace": namespace, "name": "new", "uid": "new"},
            "spec": {"serviceAccountName": name, "containers": [{"name": "app"}]},
        });
        match kubernetes::admit_pod(&cluster.api, &mut pod) {
            Ok(()) => self.asked(cluster, &pod),
            Err(reply) => Attempt {
                way: Way::None,
                role: Err(String::from_utf8_lossy(&reply.body).into_owned()),
            },
        }
    }

    /// By the variables of the first container, in the order of the SDKs: web identity first.
    fn asked(&self, cluster: &Cluster, pod: &Value) -> Attempt {
        let container = &pod["spec"]["containers"][0];
        let variable = |name: &str| {
            let mut all = container["env"].as_array().into_iter().flatten();
            let found = all.find(|variable| variable["name"] == name)?;
            found["value"].as_str()
        };
        let tokens = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
        if let Some(role) = tokens.and(variable("AWS_ROLE_ARN")) {
            return Attempt {
                way: Way::Irsa,
                role: self.by_web_identity(cluster, pod, role),
            };
        }
        if variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some() {
            return Attempt {
                way: Way::PodIdentity,
                role: self.by_pod_identity(cluster, pod),
            };
        }
        Attempt {
            way: Way::None,
            role: Err("the pod has no variables for either way".to_owned()),
        }
    }

    fn by_web_identity(
        &self,
        cluster: &Cluster,
        pod: &Value,
        role: &str,
    ) -> Result<String, String> {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        let mut tokens = volumes.filter(|volume| volume["name"] == "aws-iam-token");
        let token = tokens.next().unwrap_or(&Value::Null);
        let token = &token["projected"]["sources"][0]["serviceAccountToken"];
        let audience = token["audience"].as_str().unwrap_or("sts.amazonaws.com");
        let (namespace, account) = owner(pod);
        let subject = format!("system:serviceaccount:{namespace}:{account}");
        let issuer = cluster.issuer.as_deref().unwrap_or_default();
        sts::would_assume(self, role, issuer, &subject, audience)
            .map(|()| role.to_owned())
            .map_err(|refused| format!("{}: {}", refused.code, refused.message))
    }

    fn by_pod_identity(&self, cluster: &Cluster, pod: &Value) -> Result<String, String> {
        if !cluster.has_agent() {
            return Err("no EKS Pod Identity agent runs".to_owned());
        }
        let (namespace, account) = owner(pod);
        let text = |name: &str| {
            pod["metadata"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let bearer = Bearer {
            namespace: namespace.to_owned(),
            service_account: account.to_owned(),
            pod: text("name"),
            pod_uid: text("uid"),
        };
        self.grant(cluster, &bearer)
            .map(|grant| grant.role().arn.clone())
            .map_err(|refused| format!("{}: {}", refused.code, refused.message))
    }
}

fn owner(pod: &Value) -> (&str, &str) {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let account = pod["spec"]["serviceAccountName"].as_str();
    (namespace, account.unwrap_or_default())
}

/// What was seen of pods that got no credentials, or those of another role.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Vec<String>>>);

impl Watch {
    /// A line for each time: before which call, which pod, which way, why.
    pub fn seen(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Sandbox {
    /// Before every call from now on, a new pod of each of these service accounts (`NAMESPACE/NAME`) of the
    /// cluster tries to start with credentials, and each of their running pods asks for them again. Those that
    /// get none are kept in what is returned.
    pub fn watch_pods(&self, cluster: &str, accounts: &[&str]) -> Watch {
        let watch = Watch::default();
        let (kept, cluster) = (watch.clone(), cluster.to_owned());
        let accounts: Vec<String> = accounts.iter().map(|name| (*name).to_owned()).collect();
        self.before_every("* *", move |world| {
            let call = world.calls.last();
            let call = call.map(ToString::to_string).unwrap_or_default();
            let seen = world.pods_without(&cluster, &accounts);
            let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(seen.iter().map(|seen| format!("before {call}: {seen}")));
        });
        watch
    }
}

impl World {
    /// The pods of these service accounts, one that starts and all that run, that would get no credentials now.
    pub fn pods_without(&mut self, cluster: &str, accounts: &[String]) -> Vec<String> {
        let at = self.informed(cluster);
        let mut seen = Vec::new();
        for account in accounts {
            let (namespace, name) = account.split_once('/').unwrap_or(("", account));
            let attempt = self.started(at, namespace, name);
            if let Err(why) = attempt.role {
                seen.push(format!("a new pod of {account}, {:?}: {why}", attempt.way));
            }
        }
        let accounts: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
        let cluster = &self.clusters[at];
        let pods = cluster
            .api
            .objects
            .iter()
            .filter(|(key, _)| key.0 == "pods");
        for (key, pod) in pods.filter(|(_, pod)| pod["status"]["phase"] == "Running") {
            let (namespace, account) = owner(pod);
            if !accounts.contains(&*format!("{namespace}/{account}")) {
                continue;
            }
            let attempt = self.asked(cluster, pod);
            if let Err(why) = attempt.role {
                let name = &key.2;
                seen.push(format!("pod {namespace}/{name}, {:?}: {why}", attempt.way));
            }
        }
        seen
    }
}
