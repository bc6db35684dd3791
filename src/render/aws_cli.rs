//! A POSIX shell script of aws and kubectl commands. What it makes has fixed names, so that it can
//! run again: what is there is mended as far as one call mends it, and never taken from another owner.

use serde_json::{Value, json};

use super::{
    Unrenderable, association, audiences, inline_policies, managed_policies, role_name, role_tags,
    roles,
};
use crate::asked::{Conflicts, DeploymentMode, IamServiceAccount, Permissions, Scope, Thumbprints};
use crate::model::{CLUSTER_TAGS, Cluster, Map, Way, quoted, shown_in_json};
use crate::template::{self, RoleSpec};

/// The functions that the rest of the script calls. A role is the script's own when its tags name the
/// cluster and the service account, and CloudFormation does not keep it.
const FUNCTIONS: &str = include_str!("../../templates/render.sh");

/// Of a script that is cut off nothing runs, and no command of it reads the script where a shell reads it
/// from stdin.
const LAST: &str = "}\n\nmain </dev/null\n";

/// # Errors
/// The accounts whose documents have functions that only CloudFormation can resolve.
pub fn script(
    accounts: &[IamServiceAccount],
    cluster: &Cluster,
) -> Result<String, Vec<Unrenderable>> {
    let mut text = String::new();
    let mut problems = Vec::new();
    if accounts.iter().any(|it| it.scope == Scope::Whole) {
        text.push_str("\nneed_cluster\n");
    }
    if roles(accounts).any(|(account, _)| account.way() == Way::Irsa) {
        text.push_str(&provider(accounts, cluster));
    } else if accounts.iter().any(|it| it.way() == Way::PodIdentity) {
        text.push_str("\nneed_account\n");
    }
    for account in accounts {
        match account_commands(account, cluster) {
            Ok(commands) => text.push_str(&commands),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(head(cluster) + "\nmain() {" + &text + LAST)
}

fn account_commands(
    account: &IamServiceAccount,
    cluster: &Cluster,
) -> Result<String, Unrenderable> {
    let mut text = format!("\n# {}\n", account.name);
    let role = match &account.permissions {
        Permissions::Existing(arn) => arn.to_string(),
        Permissions::Edited(_) => return Ok(text),
        Permissions::Role(spec) => {
            // A name makes the ARN known.
            let mut spec = spec.clone();
            let name = role_name(account.way(), &account.name, cluster);
            spec.name = spec.name.or_else(|| name.parse().ok());
            text.push_str(&role_commands(account, &spec, cluster)?);
            spec.arn(cluster).unwrap_or_default()
        }
    };
    if account.scope == Scope::Whole {
        text.push_str(&service_account(account, &role));
    }
    if let Some(creation) = association::creation(account, cluster, &role) {
        let words = [account.name.namespace.as_str(), &account.name.name, &role].map(quoted);
        let creation = document(&creation);
        text.push_str(&format!(
            "association {} \\\n  {creation}\n",
            words.join(" ")
        ));
    }
    Ok(text)
}

fn head(cluster: &Cluster) -> String {
    let words = [
        ("cluster", cluster.name.to_string()),
        ("account", cluster.account.clone()),
        ("provider", cluster.provider_arn()),
        ("issuer", cluster.issuer.url().to_owned()),
        (
            "region",
            cluster.issuer.eks_region().unwrap_or_default().to_owned(),
        ),
    ];
    let variables: String = words
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)))
        .collect();
    FUNCTIONS.replace("# VARIABLES\n", &format!("{variables}\n"))
}

/// The IAM OIDC provider, made where that is asked for, else only looked for. As JSON, because the CLI
/// reads a file or fetches a page where a flag's value looks like a URL.
fn provider(accounts: &[IamServiceAccount], cluster: &Cluster) -> String {
    let Some(spec) = accounts
        .iter()
        .find_map(|account| account.provider.as_ref())
    else {
        return "\nneed_account\nneed_provider\n".to_owned();
    };
    let tags = CLUSTER_TAGS.map(|tag| (tag.to_owned(), cluster.name.to_string()));
    let audiences = audiences(accounts);
    let mut creation = json!({
        "Url": cluster.issuer.url(),
        "ClientIDList": audiences,
        "Tags": tag_list(&Map::from(tags)),
    });
    if let Thumbprints::Given(thumbprints) = &spec.thumbprints {
        creation["ThumbprintList"] = json!(thumbprints);
    }
    let arn = cluster.provider_arn();
    let additions = audiences.iter().map(|audience| {
        let addition = json!({ "OpenIDConnectProviderArn": arn, "ClientID": audience });
        format!("audience {}\n", document(&addition))
    });
    let additions: String = additions.collect();
    format!(
        "\nneed_account\nprovider {}\n{additions}",
        document(&creation)
    )
}

fn role_commands(
    account: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
) -> Result<String, Unrenderable> {
    let name = spec.name.as_ref().map_or("", |name| name.as_str());
    let words = role_words(name, account, spec, cluster);
    let mut text = format!("role {}\n", words.join(" \\\n  "));
    for (policy, document) in inline_policies(account, spec, cluster)? {
        let document = self::document(&document);
        text.push_str(&format!(
            "inline_policy {} {} {document}\n",
            quoted(name),
            quoted(&policy)
        ));
    }
    for arn in managed_policies(spec, cluster) {
        text.push_str(&format!(
            "managed_policy {} {}\n",
            quoted(name),
            quoted(&arn)
        ));
    }
    Ok(text)
}

/// What a role is made with.
fn role_words(
    name: &str,
    account: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
) -> Vec<String> {
    let trust = template::trust(spec, cluster, &account.name);
    let tags = document(&tag_list(&role_tags(account, cluster)));
    let mut words = vec![
        quoted(name),
        quoted(&account.name.to_string()),
        document(&trust),
        format!("--tags {tags}"),
    ];
    let duration = spec.max_session_duration.map(|it| it.to_string());
    let boundary = spec.boundary.as_ref().map(ToString::to_string);
    for (flag, value) in [
        ("--path", spec.path.as_ref().map(ToString::to_string)),
        ("--max-session-duration", duration),
        ("--permissions-boundary", boundary),
    ] {
        words.extend(value.map(|value| option(flag, &value)));
    }
    words
}

/// The object is given whole, so that no text in it is taken for anything else.
fn service_account(account: &IamServiceAccount, role: &str) -> String {
    let annotations = match account.way() {
        Way::Irsa => template::annotated(&account.annotations, role),
        Way::PodIdentity => account.annotations.clone(),
    };
    let manifest = template::manifest(&account.name, &account.labels, &annotations);
    let mut words = vec![
        quoted(account.name.namespace.as_str()),
        quoted(&account.name.name),
        document(&manifest),
    ];
    if account.conflicts == Conflicts::Overridden {
        words.push("--force-conflicts".to_owned());
    }
    format!("service_account {}\n", words.join(" \\\n  "))
}

/// What `aws cloudformation create-stack` must be told of a mode, on a line of its own.
pub fn deployment_config(mode: DeploymentMode) -> &'static str {
    match mode {
        DeploymentMode::Standard => "",
        DeploymentMode::Express => {
            " \\\n    --deployment-config Mode=EXPRESS,DisableRollback=false"
        }
    }
}

/// As JSON: in the CLI's short form a `=` or `,` of a tag would be taken for its own.
pub fn tag_list(tags: &Map) -> Value {
    let tags = tags.iter();
    tags.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn option(flag: &str, value: &str) -> String {
    format!("{flag} {}", quoted(value))
}

/// A document as one word. Its strings have no hidden characters then, so that every shell reads it.
pub fn document(value: &Value) -> String {
    quoted(&shown_in_json(&value.to_string()))
}
