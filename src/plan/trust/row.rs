//! The rows of `trust list`.

use serde::Serialize;
use serde_json::Value;

use crate::model::{Issuer, RoleArn, issuer_of_provider};
use crate::policy::subjects::{Subject, TokenProvider, cost, listed, name_in_claim};
use crate::policy::{federated_principals, measure};

/// Whom a role lets in of one provider's tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustRow {
    /// Its name.
    pub role: String,
    #[serde(rename = "roleARN")]
    pub role_arn: RoleArn,
    pub provider: String,
    /// As `--from-issuer` takes it.
    pub issuer: String,
    /// As the statements list them: exact ones and patterns.
    pub subjects: Vec<String>,
    pub audiences: Vec<String>,
    /// What else the statements ask for, or deny.
    pub further: Vec<String>,
    /// Characters of the trust policy as IAM counts them, and how many it may have.
    pub size: usize,
    pub quota: usize,
    /// How many statements more there is room for, each for one service account of another cluster.
    pub room: usize,
}

/// A row for each provider that a role's trust policy names.
pub fn rows(arn: &RoleArn, trust: &Value, quota: usize) -> Vec<TrustRow> {
    let mut providers = federated_principals(trust);
    providers.retain(|provider| issuer_of_provider(provider).is_some());
    providers.sort_unstable();
    providers.dedup();
    let size = measure(trust);
    let rows = providers.into_iter().map(|provider| {
        let issuer = issuer_of_provider(provider).unwrap_or_default();
        let found = listed(trust, provider);
        let subjects = found.subjects.into_iter();
        let subjects = subjects.map(|it| name_in_claim(&it));
        TrustRow {
            role: arn.name().to_owned(),
            role_arn: arn.clone(),
            provider: provider.to_owned(),
            issuer: format!("https://{issuer}"),
            subjects: subjects.collect(),
            audiences: found.audiences,
            further: found.further,
            size,
            quota,
            room: room(provider, issuer, quota.saturating_sub(size)),
        }
    });
    rows.collect()
}

/// For service accounts whose names have a usual length.
fn room(provider: &str, issuer: &str, left: usize) -> usize {
    let issuer: Option<Issuer> = format!("https://{issuer}").parse().ok();
    let subject = "namespace/service-account".parse().map(Subject::Account);
    match (issuer, subject) {
        (Some(issuer), Ok(subject)) => {
            let provider = TokenProvider {
                arn: provider,
                issuer: &issuer,
            };
            left / cost(provider, &subject).max(1)
        }
        _ => 0,
    }
}
