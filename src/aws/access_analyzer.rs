//! IAM Access Analyzer: AWS's own opinion of a trust policy.

use serde_json::{Value, json};

use super::signed::{Hosts, Service, Signed, SignedRequest};
use crate::error::Error;
use crate::world::AnalyzerFinding;

pub const SERVICE: Service = Service {
    name: "access-analyzer",
    id: "AccessAnalyzer",
    version: "2019-11-01",
    hosts: Hosts::AsConfigured,
};

pub struct AccessAnalyzer(pub(super) Signed);

impl AccessAnalyzer {
    /// What ValidatePolicy finds in a trust policy: its first hundred findings.
    pub async fn validate_trust(&self, trust: &Value) -> Result<Vec<AnalyzerFinding>, Error> {
        let body = json!({
            "policyDocument": trust.to_string(),
            "policyType": "RESOURCE_POLICY",
            "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument",
        });
        let request = SignedRequest {
            path: "/policy/validation?maxResults=100".into(),
            content_type: "application/json",
            target: None,
            body: body.to_string(),
        };
        self.0.call("ValidatePolicy", "", request, findings).await
    }
}

fn findings(text: &str) -> Option<Vec<AnalyzerFinding>> {
    let body: Value = serde_json::from_str(text).ok()?;
    let finding = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().map(str::to_owned);
        Some(AnalyzerFinding {
            kind: text("findingType")?,
            code: text("issueCode")?,
            details: text("findingDetails").unwrap_or_default(),
        })
    };
    Some(
        body["findings"]
            .as_array()?
            .iter()
            .filter_map(finding)
            .collect(),
    )
}
