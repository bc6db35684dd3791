//! The controllers of workloads: Deployments, StatefulSets, DaemonSets, Argo's Rollouts, ReplicaSets and
//! Jobs make pods, and replace them when their template changes. All at once, or after some looks when a
//! test says so, in two steps: the new pods are made, then they are ready and the old ones go.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::Manager;
use super::resources;
use super::route::{Route, Verb};
use super::store;
use super::{Api, Key, key, webhook};

/// How the controllers of a cluster work.
#[derive(Clone, Debug, Default)]
pub struct Controllers {
    /// So many times a workload is looked at until its rollout is over.
    pub looks: u32,
    /// New pods do not start: the reason (`ImagePullBackOff`) and the message of their container.
    pub failure: Option<(String, String)>,
    /// The pod identity webhook does not answer; its failure policy lets pods through.
    pub webhook_is_down: bool,
    /// The audience that the webhook gives tokens where no annotation says another (its flag
    /// `--token-audience`; kOps sets `amazonaws.com`).
    pub token_audience: Option<String>,
    /// Looks that are left of rollouts.
    underway: BTreeMap<Key, u32>,
}

/// How a kind of workload makes its pods.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// A ReplicaSet for each template: Deployment and Rollout, with the label that tells them apart.
    Sets(&'static str),
    /// Pods of its own, that a new template replaces.
    Revisions,
    /// Pods that stay as they were made.
    Once,
}

fn style(kind: &str) -> Option<Style> {
    Some(match kind {
        "Deployment" => Style::Sets("pod-template-hash"),
        "Rollout" => Style::Sets("rollouts-pod-template-hash"),
        "StatefulSet" | "DaemonSet" => Style::Revisions,
        "ReplicaSet" | "Job" => Style::Once,
        _ => return None,
    })
}

fn style_of(object: &Value) -> Option<Style> {
    style(object["kind"].as_str()?)
}

/// Generation, defaults, and the status, which nobody writes with the rest.
pub fn complete(kind: &str, live: Option<&Value>, object: &mut Value) {
    let Some(style) = style(kind) else {
        return;
    };
    let spec = &mut object["spec"];
    let mut default = |member: &str, value: Value| {
        if spec[member].is_null() {
            spec[member] = value;
        }
    };
    if kind != "DaemonSet" && kind != "Job" {
        default("replicas", 1.into());
    }
    match style {
        Style::Sets(_) => default("progressDeadlineSeconds", 600.into()),
        Style::Revisions => default("updateStrategy", json!({"type": "RollingUpdate"})),
        Style::Once => {}
    }
    let generation = live.and_then(|live| live["metadata"]["generation"].as_i64());
    let is_new = live.is_none_or(|live| live["spec"] != object["spec"]);
    object["metadata"]["generation"] = (generation.unwrap_or(0) + i64::from(is_new)).into();
    if let Some(live) = live {
        object["status"] = live["status"].clone();
    }
    if object["status"].is_null()
        && let Some(members) = object.as_object_mut()
    {
        members.remove("status");
    }
}

/// After each write.
pub fn written(api: &mut Api, place: &Key, live: Option<&Value>, object: &Value) {
    if object["kind"] == "ServiceAccount" && live.is_none() {
        // What could not make its pods before tries again.
        let all = api.objects.iter();
        let waiting: Vec<Key> = all
            .filter(|(key, object)| key.1 == place.1 && style_of(object).is_some())
            .map(|(key, _)| key.clone())
            .collect();
        for key in waiting {
            roll_out(api, &key);
        }
    }
    let is_changed = live.is_none_or(|live| live["spec"] != object["spec"]);
    if style_of(object).is_some() && is_changed {
        roll_out(api, place);
    }
}

/// After each deletion: what it owned goes too, and controllers replace what is theirs.
pub fn deleted(api: &mut Api, object: &Value) {
    let uid = &object["metadata"]["uid"];
    let owned = |other: &Value| {
        let mut owners = owners(other);
        owners.any(|owner| owner["uid"] == *uid)
    };
    let gone: Vec<Key> = keys(api, owned);
    for key in gone {
        if let Some(object) = api.objects.remove(&key) {
            deleted(api, &object);
        }
    }
    let owner = owners(object).next().and_then(|owner| {
        let mut keys = keys(api, |other| other["metadata"]["uid"] == owner["uid"]);
        keys.pop()
    });
    if let Some(owner) = owner {
        make_pods(api, &owner, true);
        tell_all(api);
    }
}

/// Before each read: rollouts go on.
pub fn look(api: &mut Api, route: &Route) {
    let underway = api.controllers.underway.keys();
    let seen: Vec<Key> = underway
        .filter(|key| {
            key.0 == route.resource.plural
                && match route.verb {
                    Verb::Get => key.1 == route.namespace && key.2 == route.name,
                    _ => route.namespace.is_empty() || key.1 == route.namespace,
                }
        })
        .cloned()
        .collect();
    for key in seen {
        let looks = api.controllers.looks;
        let left = api.controllers.underway.get(&key).copied().unwrap_or(0);
        if left >= looks {
            begin(api, &key);
        }
        match left {
            0 | 1 => {
                api.controllers.underway.remove(&key);
                end(api, &key);
            }
            _ => {
                api.controllers.underway.insert(key, left - 1);
            }
        }
    }
}

/// A pod that the scheduler and the kubelet took on.
pub fn start(api: &Api, pod: &mut Value) {
    let mut containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let first = containers.next().cloned().unwrap_or_default();
    let name = first["name"].clone();
    pod["spec"]["nodeName"] = "ip-10-0-1-10.internal".into();
    pod["status"] = match &api.controllers.failure {
        None => json!({
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": name, "ready": true, "restartCount": 0, "state": {"running": {}},
            }],
        }),
        Some((reason, message)) => json!({
            "phase": "Pending",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{
                "name": name, "ready": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": message}},
            }],
        }),
    };
}

fn roll_out(api: &mut Api, place: &Key) {
    if api.controllers.looks > 0 && style_of(&api.objects[place]) != Some(Style::Once) {
        let looks = api.controllers.looks;
        api.controllers.underway.insert(place.clone(), looks);
        return;
    }
    begin(api, place);
    end(api, place);
}

/// The new pods are made where they do not stand in the place of old ones.
fn begin(api: &mut Api, place: &Key) {
    let Some(workload) = api.objects.get(place).cloned() else {
        return;
    };
    match style_of(&workload) {
        Some(Style::Sets(label)) if workload["spec"]["paused"] != true => {
            let set = make_set(api, &workload, label);
            make_pods(api, &set, api.controllers.looks == 0);
        }
        Some(Style::Revisions | Style::Once) if pods_of(api, &workload).is_empty() => {
            make_pods(api, place, api.controllers.looks == 0);
        }
        _ => {}
    }
    tell(api, place);
}

/// The new pods are ready, the old ones go.
fn end(api: &mut Api, place: &Key) {
    let Some(workload) = api.objects.get(place).cloned() else {
        return;
    };
    let is_paused = workload["spec"]["paused"] == true;
    let is_stuck = api.controllers.failure.is_some();
    match style_of(&workload) {
        Some(Style::Sets(label)) if !is_paused => {
            make_ready(api, &workload);
            if !is_stuck {
                retire_sets(api, &workload);
                restart_rollout(api, &workload, label);
            }
        }
        Some(Style::Revisions) if workload["spec"]["updateStrategy"]["type"] != "OnDelete" => {
            let revision = revision(&workload);
            for key in pods_of(api, &workload) {
                let pod = &api.objects[&key];
                let is_old = pod["metadata"]["labels"]["controller-revision-hash"] != revision;
                if is_old {
                    api.objects.remove(&key);
                }
            }
            make_pods(api, place, true);
            make_ready(api, &workload);
        }
        _ => make_ready(api, &workload),
    }
    tell(api, place);
}

fn make_ready(api: &mut Api, workload: &Value) {
    for key in pods_of(api, workload) {
        let mut pod = api.objects[&key].clone();
        if pod["status"].is_null() || pod["status"]["phase"] == "Pending" {
            start(api, &mut pod);
            api.objects.insert(key, pod);
        }
    }
}

/// The ReplicaSet of the present template, with all replicas.
fn make_set(api: &mut Api, workload: &Value, label: &str) -> Key {
    let hash = revision(workload);
    let metadata = &workload["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let place = key("replicasets", &namespace, &format!("{name}-{hash}"));
    let mut template = workload["spec"]["template"].clone();
    template["metadata"]["labels"][label] = hash.as_str().into();
    put(
        api,
        json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "namespace": namespace,
                "name": place.2,
                "labels": template["metadata"]["labels"],
                "ownerReferences": [owner(workload)],
            },
            "spec": {
                "replicas": workload["spec"]["replicas"],
                "selector": {"matchLabels": template["metadata"]["labels"]},
                "template": template,
            },
        }),
    );
    place
}

fn retire_sets(api: &mut Api, workload: &Value) {
    let hash = revision(workload);
    let sets = sets_of(api, workload).map(|(key, _)| key.clone());
    let old: Vec<Key> = sets.filter(|set| !set.2.ends_with(&hash)).collect();
    for place in &old {
        let set = api.objects[place].clone();
        for pod in pods_of(api, &set) {
            api.objects.remove(&pod);
        }
        if let Some(set) = api.objects.get_mut(place) {
            set["spec"]["replicas"] = 0.into();
        }
    }
}

/// Argo's restart: pods that are older than `restartAt` are replaced under the same template.
fn restart_rollout(api: &mut Api, workload: &Value, label: &str) {
    let (asked, done) = (
        &workload["spec"]["restartAt"],
        &workload["status"]["restartedAt"],
    );
    if workload["kind"] != "Rollout" || asked.is_null() || asked == done {
        return;
    }
    for pod in pods_of(api, workload) {
        api.objects.remove(&pod);
    }
    let set = make_set(api, workload, label);
    make_pods(api, &set, true);
    let place = place_of(workload);
    if let Some(live) = api.objects.get_mut(&place) {
        live["status"]["restartedAt"] = asked.clone();
    }
}

/// So many pods as the workload asks for, beside those that are there.
fn make_pods(api: &mut Api, place: &Key, ready: bool) {
    let Some(workload) = api.objects.get(place).cloned() else {
        return;
    };
    let kind = workload["kind"].as_str().unwrap_or("").to_owned();
    let wanted = match kind.as_str() {
        "DaemonSet" => keys(api, |object| object["kind"] == "Node").len() as u64,
        "Job" => workload["spec"]["parallelism"].as_u64().unwrap_or(1),
        _ => workload["spec"]["replicas"].as_u64().unwrap_or(1),
    };
    let mut index = 0;
    while (pods_of(api, &workload).len() as u64) < wanted && index < 10_000 {
        let suffix = match kind.as_str() {
            "StatefulSet" => index.to_string(),
            _ => format!("{:05x}", api.next_revision()),
        };
        index += 1;
        let name = format!("{}-{suffix}", place.2);
        if !api.objects.contains_key(&key("pods", &place.1, &name))
            && make_pod(api, &workload, &name, ready).is_none()
        {
            return;
        }
    }
}

/// `None`: it was not admitted.
fn make_pod(api: &mut Api, workload: &Value, name: &str, ready: bool) -> Option<()> {
    let template = &workload["spec"]["template"];
    let mut metadata = json!({
        "namespace": workload["metadata"]["namespace"],
        "name": name,
        "labels": template["metadata"]["labels"],
        "annotations": template["metadata"]["annotations"],
        "ownerReferences": [owner(workload)],
    });
    if style_of(workload) == Some(Style::Revisions) {
        metadata["labels"]["controller-revision-hash"] = revision(workload).into();
    }
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
    });
    webhook::admit(api, &mut pod).ok()?;
    match ready {
        true => start(api, &mut pod),
        false => pod["status"] = json!({"phase": "Pending"}),
    }
    put(api, pod);
    Some(())
}

/// Writes the status of a workload, as `kubectl rollout status` reads it.
fn tell(api: &mut Api, place: &Key) {
    let Some(workload) = api.objects.get(place).cloned() else {
        return;
    };
    let hash = revision(&workload);
    let pods = pods_of(api, &workload);
    let pods: Vec<&Value> = pods.iter().map(|key| &api.objects[key]).collect();
    let is_new = |pod: &Value| {
        let labels = pod["metadata"]["labels"].as_object();
        labels.is_some_and(|labels| labels.values().any(|value| *value == hash))
    };
    let is_ready = |pod: &&&Value| pod["status"]["conditions"][0]["status"] == "True";
    let all = pods.len();
    let new = pods.iter().filter(|pod| is_new(pod)).count();
    let ready = pods.iter().filter(is_ready).count();
    let generation = &workload["metadata"]["generation"];
    let former = &workload["status"];
    let status = match workload["kind"].as_str() {
        Some("DaemonSet") => json!({
            "observedGeneration": generation, "desiredNumberScheduled": all,
            "currentNumberScheduled": all, "numberReady": ready, "numberAvailable": ready,
            "updatedNumberScheduled": new, "numberMisscheduled": 0,
        }),
        Some("StatefulSet") => json!({
            "observedGeneration": generation, "replicas": all, "readyReplicas": ready,
            "availableReplicas": ready, "currentReplicas": new, "updatedReplicas": new, "updateRevision": hash,
            "currentRevision": if new == all { hash.clone().into() } else { former["currentRevision"].clone() },
        }),
        Some("Rollout") => json!({
            "observedGeneration": generation.to_string(), "replicas": all, "updatedReplicas": new,
            "readyReplicas": ready, "availableReplicas": ready, "currentPodHash": hash,
            "phase": if workload["spec"]["paused"] == true {
                "Paused"
            } else if new == all && ready == all {
                "Healthy"
            } else {
                "Progressing"
            },
            "restartedAt": former["restartedAt"],
        }),
        Some("Job") => json!({"active": all, "ready": ready}),
        _ => json!({
            "observedGeneration": generation, "replicas": all, "updatedReplicas": new,
            "readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": all - ready,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
        }),
    };
    let revision = api.next_revision().to_string();
    if let Some(live) = api.objects.get_mut(place) {
        live["status"] = status;
        live["metadata"]["resourceVersion"] = revision.into();
    }
}

fn tell_all(api: &mut Api) {
    for place in keys(api, |object| style_of(object).is_some()) {
        tell(api, &place);
    }
}

/// The pods of a workload, those of its ReplicaSets among them.
fn pods_of(api: &Api, workload: &Value) -> Vec<Key> {
    let sets = sets_of(api, workload).map(|(_, set)| set);
    let uids: Vec<&Value> = std::iter::once(workload)
        .chain(sets)
        .map(|owner| &owner["metadata"]["uid"])
        .collect();
    owned(api, "pods", workload, uids)
        .map(|(key, _)| key.clone())
        .collect()
}

fn sets_of<'a>(api: &'a Api, workload: &'a Value) -> impl Iterator<Item = (&'a Key, &'a Value)> {
    let uid = &workload["metadata"]["uid"];
    owned(api, "replicasets", workload, vec![uid])
}

/// What is owned by one of these, in the namespace of their workload: owners are of the same one.
fn owned<'a>(
    api: &'a Api,
    plural: &str,
    workload: &Value,
    uids: Vec<&'a Value>,
) -> impl Iterator<Item = (&'a Key, &'a Value)> {
    let namespace = workload["metadata"]["namespace"].as_str().unwrap_or("");
    let first = key(plural, namespace, "");
    let place = (first.0.clone(), first.1.clone());
    api.objects
        .range(first..)
        .take_while(move |(key, _)| key.0 == place.0 && key.1 == place.1)
        .filter(move |(_, object)| owners(object).any(|owner| uids.contains(&&owner["uid"])))
}

fn keys(api: &Api, is_meant: impl Fn(&Value) -> bool) -> Vec<Key> {
    let all = api.objects.iter();
    all.filter(|(_, object)| is_meant(object))
        .map(|(key, _)| key.clone())
        .collect()
}

fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.into_iter().flatten()
}

fn owner(object: &Value) -> Value {
    json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "name": object["metadata"]["name"],
        "uid": object["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

fn place_of(object: &Value) -> Key {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let resource = resources::by_kind(&text(&object["apiVersion"]), &text(&object["kind"]));
    let metadata = &object["metadata"];
    key(
        resource.map_or("", |resource| resource.plural),
        &text(&metadata["namespace"]),
        &text(&metadata["name"]),
    )
}

/// A name for a template: the same for the same one.
fn revision(workload: &Value) -> String {
    let text = workload["spec"]["template"].to_string();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:010x}", hash & 0xff_ffff_ffff)
}

fn put(api: &mut Api, object: Value) {
    let place = place_of(&object);
    let (version, kind) = (object["apiVersion"].clone(), object["kind"].clone());
    let (version, kind) = (version.as_str().unwrap_or(""), kind.as_str().unwrap_or(""));
    if let Some(resource) = resources::by_kind(version, kind) {
        let route = Route::to_object(resource, &place.1, &place.2);
        let manager = Manager::update("kube-controller-manager", version);
        store::put(api, &route, object, &manager);
    }
}
