//! What happens to a pod before it is stored: the service account's own token, and the pod identity
//! webhook of EKS (`amazon-eks-pod-identity-webhook`, `pkg/handler/handler.go`), which gives pods their
//! role. It acts only where its MutatingWebhookConfiguration is there and selects the pod.

use serde_json::{Value, json};

use super::super::http::Reply;
use super::Api;
use super::status::refusal;

const ROOT: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const POD_IDENTITY: &str = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
/// Of each of these the webhook sets all or none.
const TOGETHER: [[&str; 2]; 3] = [
    ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ],
    ["AWS_REGION", "AWS_DEFAULT_REGION"],
];
const KUBERNETES: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// # Errors
/// When the pod's service account does not exist.
pub fn admit(api: &Api, pod: &mut Value) -> Result<(), Reply> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let namespace = text(&pod["metadata"]["namespace"]);
    let name = match text(&pod["spec"]["serviceAccountName"]).as_str() {
        "" => "default".to_owned(),
        name => name.to_owned(),
    };
    pod["spec"]["serviceAccountName"] = name.as_str().into();
    pod["spec"]["serviceAccount"] = name.as_str().into();
    let Some(account) = api.service_account(&namespace, &name) else {
        let message = format!(
            "pods \"{}\" is forbidden: error looking up service account {namespace}/{name}: \
             serviceaccount \"{name}\" not found",
            text(&pod["metadata"]["name"])
        );
        return Err(refusal(403, "Forbidden", &message));
    };
    mount_own_token(pod, account);
    if !is_called(api, &namespace, pod) {
        return Ok(());
    }
    let annotations = account["metadata"]["annotations"].clone();
    if api.associated.contains(&(namespace, name)) {
        inject_pod_identity(api, pod);
    } else if let Some(role) = annotations["eks.amazonaws.com/role-arn"].as_str()
        && !role.is_empty()
    {
        inject_role(api, pod, role, &annotations);
    }
    Ok(())
}

/// The volume of the ServiceAccount admission plugin.
fn mount_own_token(pod: &mut Value, account: &Value) {
    let asked = &pod["spec"]["automountServiceAccountToken"];
    let asked = asked
        .as_bool()
        .or(account["automountServiceAccountToken"].as_bool());
    if asked == Some(false) {
        return;
    }
    let token = json!({"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}});
    let volume = json!({"name": "kube-api-access", "projected": {"sources": [token]}});
    push(&mut pod["spec"]["volumes"], volume);
    each_container(pod, |container| {
        let mount = json!({"name": "kube-api-access", "mountPath": KUBERNETES, "readOnly": true});
        push(&mut container["volumeMounts"], mount);
    });
}

/// Whether the API server sends the pod to the webhook, and it answers.
fn is_called(api: &Api, namespace: &str, pod: &Value) -> bool {
    let name = "pod-identity-webhook";
    let Some(configuration) = api.object("mutatingwebhookconfigurations", "", name) else {
        return false;
    };
    let namespace = api.object("namespaces", "", namespace);
    let namespace = namespace.map_or(&Value::Null, |namespace| &namespace["metadata"]["labels"]);
    let webhooks = configuration["webhooks"].as_array();
    webhooks.into_iter().flatten().any(|webhook| {
        let client = &webhook["clientConfig"];
        let is_reached = !client["url"].is_null() || !client["service"].is_null();
        is_reached
            && !api.controllers.webhook_is_down
            && on_pod_creation(webhook)
            && selects(&webhook["namespaceSelector"], namespace)
            && selects(&webhook["objectSelector"], &pod["metadata"]["labels"])
    })
}

fn on_pod_creation(webhook: &Value) -> bool {
    let has = |list: &Value, word: &str| {
        let mut words = list.as_array().into_iter().flatten();
        words.any(|known| known == word || known == "*")
    };
    let mut rules = webhook["rules"].as_array().into_iter().flatten();
    rules.any(|rule| has(&rule["operations"], "CREATE") && has(&rule["resources"], "pods"))
}

/// A label selector; an empty one selects all.
fn selects(selector: &Value, labels: &Value) -> bool {
    let equal = selector["matchLabels"].as_object();
    let expressions = selector["matchExpressions"].as_array();
    equal
        .into_iter()
        .flatten()
        .all(|(key, value)| labels[key] == *value)
        && expressions.into_iter().flatten().all(|expression| {
            let value = &labels[expression["key"].as_str().unwrap_or("")];
            let mut values = expression["values"].as_array().into_iter().flatten();
            match expression["operator"].as_str() {
                Some("In") => values.any(|known| known == value),
                Some("NotIn") => !values.any(|known| known == value),
                Some("Exists") => !value.is_null(),
                _ => value.is_null(),
            }
        })
}

fn inject_role(api: &Api, pod: &mut Value, role: &str, annotations: &Value) {
    let of_account = |key: &str| annotations[format!("eks.amazonaws.com/{key}")].as_str();
    let of_pod = pod["metadata"]["annotations"]["eks.amazonaws.com/token-expiration"].clone();
    let expiration = of_pod.as_str().or(of_account("token-expiration"));
    let expiration = expiration.and_then(|seconds| seconds.parse::<i64>().ok());
    let default = api.controllers.token_audience.as_deref();
    let default = default.unwrap_or("sts.amazonaws.com");
    let token = json!({"serviceAccountToken": {
        "audience": of_account("audience").unwrap_or(default),
        "expirationSeconds": expiration.unwrap_or(86_400).max(600),
        "path": "token",
    }});
    let mut variables = Vec::new();
    if of_account("sts-regional-endpoints").is_none_or(|asked| asked == "true") {
        variables.push(("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()));
    }
    variables.extend([
        ("AWS_DEFAULT_REGION", api.region.clone()),
        ("AWS_REGION", api.region.clone()),
        ("AWS_ROLE_ARN", role.to_owned()),
        (
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            token_file(pod, ROOT, "token"),
        ),
    ]);
    inject(pod, "aws-iam-token", ROOT, &token, &variables);
}

fn inject_pod_identity(api: &Api, pod: &mut Value) {
    // What EKS starts the webhook with (`--container-credentials-full-uri`).
    let uri = match api.ipv6 {
        true => "http://[fd00:ec2::23]/v1/credentials",
        false => "http://169.254.170.23/v1/credentials",
    };
    let token = json!({"serviceAccountToken": {
        "audience": "pods.eks.amazonaws.com",
        "expirationSeconds": 86_400,
        "path": "eks-pod-identity-token",
    }});
    let variables = [
        ("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()),
        ("AWS_DEFAULT_REGION", api.region.clone()),
        ("AWS_REGION", api.region.clone()),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.to_owned()),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            token_file(pod, POD_IDENTITY, "eks-pod-identity-token"),
        ),
    ];
    inject(
        pod,
        "eks-pod-identity-token",
        POD_IDENTITY,
        &token,
        &variables,
    );
}

/// As the variables name it: with a drive and backslashes where a node selector asks for Windows. The
/// volume is mounted at the same path on all.
fn token_file(pod: &Value, root: &str, name: &str) -> String {
    let path = format!("{root}/{name}");
    let selector = &pod["spec"]["nodeSelector"];
    let labels = ["kubernetes.io/os", "beta.kubernetes.io/os"];
    match labels.iter().any(|label| selector[label] == "windows") {
        true => format!("C:{}", path.replace('/', "\\")),
        false => path,
    }
}

/// Variables that are there already stay as they are; of those that belong together, none is added to
/// another.
fn inject(pod: &mut Value, volume: &str, path: &str, token: &Value, variables: &[(&str, String)]) {
    let skipped = pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"].clone();
    // Read as CSV, blanks and all.
    let skipped: Vec<&str> = skipped.as_str().unwrap_or("").split(',').collect();
    each_container(pod, |container| {
        if skipped.contains(&container["name"].as_str().unwrap_or("")) {
            return;
        }
        let known = container["env"].as_array().into_iter().flatten();
        let known: Vec<String> = known
            .filter_map(|variable| Some(variable["name"].as_str()?.to_owned()))
            .collect();
        let is_known = |name: &str| {
            let group = TOGETHER.iter().find(|group| group.contains(&name));
            let names = group.map_or(vec![name], |group| group.to_vec());
            names
                .iter()
                .any(|name| known.iter().any(|known| known == name))
        };
        for (name, value) in variables.iter().filter(|(name, _)| !is_known(name)) {
            push(&mut container["env"], json!({"name": name, "value": value}));
        }
        let mut mounts = container["volumeMounts"].as_array().into_iter().flatten();
        if !mounts.any(|mount| mount["name"] == volume) {
            let mount = json!({"name": volume, "mountPath": path, "readOnly": true});
            push(&mut container["volumeMounts"], mount);
        }
    });
    let mut volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    if !volumes.any(|known| known["name"] == volume) {
        let volume = json!({"name": volume, "projected": {"sources": [token]}});
        push(&mut pod["spec"]["volumes"], volume);
    }
}

fn each_container(pod: &mut Value, mut change: impl FnMut(&mut Value)) {
    for list in ["initContainers", "containers"] {
        let containers = pod["spec"][list].as_array_mut();
        containers.into_iter().flatten().for_each(&mut change);
    }
}

fn push(list: &mut Value, item: Value) {
    match list.as_array_mut() {
        Some(items) => items.push(item),
        None => *list = json!([item]),
    }
}
