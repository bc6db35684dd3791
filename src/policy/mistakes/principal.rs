//! Mistakes in whom and what a statement allows: its principal and its action.

use serde_json::{Map, Value, json};

use super::{ExpectedTrust, Mistake, MistakeKind, mistake};
use crate::policy::evaluate::{Element, ElementTrace, Truth, WEB_IDENTITY};
use crate::policy::texts;

/// Finds and mends what the trace of a statement says of its principal and its action.
pub(super) fn mend(
    index: usize,
    statement: &mut Map<String, Value>,
    checks: &[ElementTrace],
    expected: &ExpectedTrust,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for check in checks.iter().filter(|check| check.outcome != Truth::Holds) {
        match check.element {
            Element::Principal if !check.negated => {
                let (kind, found) = mend_principal(statement, expected).unwrap_or_else(|| {
                    (
                        MistakeKind::PrincipalIsNotFederated,
                        check.wanted.join(", "),
                    )
                });
                mistakes.push(mistake(kind, index, &found, &expected.provider_arn()));
            }
            Element::Action => {
                mend_action(statement);
                let found = check.wanted.join(", ");
                mistakes.push(mistake(
                    MistakeKind::WrongAction,
                    index,
                    &found,
                    WEB_IDENTITY,
                ));
            }
            Element::Condition => {}
            _ => mistakes.push(mistake(
                MistakeKind::MalformedStatement,
                index,
                &check.to_string(),
                "",
            )),
        }
    }
    mistakes
}

/// The provider that comes nearest is replaced where it can only mean this one; other principals
/// are somebody else's. `None`: there is no provider.
fn mend_principal(
    statement: &mut Map<String, Value>,
    expected: &ExpectedTrust,
) -> Option<(MistakeKind, String)> {
    let wanted = expected.provider_arn();
    let principal = statement.get("Principal").unwrap_or(&Value::Null);
    let federated = principal.get("Federated").map(texts).unwrap_or_default();
    let (kind, found) = federated
        .iter()
        .map(|found| (fault(found, expected), (*found).to_owned()))
        .min()?;
    if kind != MistakeKind::ProviderOfOtherCluster {
        let mended = federated
            .iter()
            .map(|one| if *one == found { wanted.as_str() } else { one });
        let mended: Vec<&str> = mended.collect();
        let mended = if principal["Federated"].is_array() {
            json!(mended)
        } else {
            json!(wanted)
        };
        statement["Principal"]["Federated"] = mended;
    }
    Some((kind, found))
}

/// What is wrong with a provider's ARN; kinds that are nearer to right are smaller.
fn fault(found: &str, expected: &ExpectedTrust) -> MistakeKind {
    let parts: Vec<&str> = found.splitn(6, ':').collect();
    let (partition, account, issuer) = match parts.as_slice() {
        [_, partition, _, _, account, resource] if found.starts_with("arn:") => {
            let issuer = resource.strip_prefix("oidc-provider/").unwrap_or(resource);
            (*partition, *account, issuer)
        }
        _ => (
            expected.partition.as_str(),
            expected.account.as_str(),
            found,
        ),
    };
    if canonical(issuer) != canonical(expected.issuer.host_and_path()) {
        MistakeKind::ProviderOfOtherCluster
    } else if partition != expected.partition {
        MistakeKind::ProviderOfOtherPartition
    } else if account != expected.account {
        MistakeKind::ProviderOfOtherAccount
    } else {
        MistakeKind::MalformedProviderArn
    }
}

/// What an issuer that is written wrongly means: without scheme, port and final slash, in lower
/// case; and of EKS's the cluster's id alone, which no two have in common.
pub fn canonical(issuer: &str) -> String {
    let issuer = issuer.trim().to_lowercase();
    let bare = issuer
        .strip_prefix("https://")
        .or_else(|| issuer.strip_prefix("http://"))
        .unwrap_or(&issuer);
    let bare = bare.trim_end_matches('/');
    let (authority, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = authority.split(':').next().unwrap_or_default();
    match path.strip_prefix("id/") {
        Some(id) if host.starts_with("oidc") => id.to_owned(),
        _ => format!("{host}/{path}"),
    }
}

fn mend_action(statement: &mut Map<String, Value>) {
    let Some(actions) = statement.get("Action") else {
        if !statement.contains_key("NotAction") {
            statement.insert("Action".to_owned(), json!(WEB_IDENTITY));
        }
        return;
    };
    let is_near = |action: &&str| action.to_lowercase().starts_with("sts:assumerole");
    let mut mended: Vec<String> = texts(actions)
        .into_iter()
        .filter(|action| !is_near(action))
        .map(str::to_owned)
        .collect();
    mended.push(WEB_IDENTITY.to_owned());
    let mended = if actions.is_array() || mended.len() > 1 {
        json!(mended)
    } else {
        json!(WEB_IDENTITY)
    };
    statement.insert("Action".to_owned(), mended);
}
