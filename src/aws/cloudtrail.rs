//! CloudTrail: what it recorded of pods that were refused.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::signed::{Hosts, Service, Signed, SignedRequest};
use crate::error::Error;
use crate::model::Lookup;
use crate::pages::Pages;
use crate::secrets::excerpt;
use crate::world::RecordedFailure;

pub const SERVICE: Service = Service {
    name: "cloudtrail",
    id: "CloudTrail",
    version: "2013-11-01",
    hosts: Hosts::AsConfigured,
};

/// Of 50 events each: LookupEvents takes two calls a second.
const PAGES: usize = 2;

pub struct CloudTrail {
    signed: Signed,
    /// All roles of a run share one look, as calls are that few.
    recorded: OnceCell<Lookup<Vec<RecordedFailure>>>,
}

impl CloudTrail {
    pub(super) fn new(signed: Signed) -> Self {
        Self {
            signed,
            recorded: OnceCell::new(),
        }
    }

    /// Failed calls of AssumeRoleWithWebIdentity in this region that name the role, newest first
    /// (LookupEvents). `since` (seconds since 1970) is the first caller's.
    /// CloudTrail keeps events for 90 days, and shows them up to 15 minutes late.
    pub async fn web_identity_failures(
        &self,
        role: &str,
        since: i64,
    ) -> Lookup<Vec<RecordedFailure>> {
        let all = async { Lookup::of(self.failures(since).await) };
        match self.recorded.get_or_init(|| all).await {
            Lookup::Found(all) => {
                let named = |failure: &&RecordedFailure| failure.role.as_deref() == Some(role);
                Lookup::Found(all.iter().filter(named).cloned().collect())
            }
            other => other.clone(),
        }
    }

    async fn failures(&self, since: i64) -> Result<Vec<RecordedFailure>, Error> {
        let mut failures = Vec::new();
        let mut token: Option<String> = None;
        let mut pages = Pages::default();
        for _ in 0..PAGES {
            let request = request(since, token.as_deref());
            let read = |text: &str| {
                let body: Value = serde_json::from_str(text).ok()?;
                body["Events"].is_array().then_some(body)
            };
            let page = self.signed.call("LookupEvents", "", request, read).await?;
            let events = page["Events"].as_array().into_iter().flatten();
            failures.extend(events.filter_map(failure));
            token = page["NextToken"].as_str().map(str::to_owned);
            let next = pages.go_on(token.as_deref());
            next.map_err(|endless| self.signed.endless("LookupEvents", endless))?;
            if token.is_none() {
                break;
            }
        }
        Ok(failures)
    }
}

fn request(since: i64, token: Option<&str>) -> SignedRequest {
    let mut body = json!({
        "LookupAttributes": [{
            "AttributeKey": "EventName",
            "AttributeValue": "AssumeRoleWithWebIdentity",
        }],
        "StartTime": since,
        "MaxResults": 50,
    });
    if let Some(token) = token {
        body["NextToken"] = json!(token);
    }
    SignedRequest {
        path: "/".into(),
        content_type: "application/x-amz-json-1.1",
        target: Some("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"),
        body: body.to_string(),
    }
}

/// An event whose record tells of a failure; what irsactl tried itself is nobody's. The record is JSON
/// in a text.
fn failure(event: &Value) -> Option<RecordedFailure> {
    let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str()?).ok()?;
    if record["requestParameters"]["roleSessionName"] == crate::proof::SESSION {
        return None;
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let identity = &record["userIdentity"];
    Some(RecordedFailure {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole seconds are meant, and a float beyond them saturates"
        )]
        at: event["EventTime"].as_f64()? as i64,
        subject: text(&identity["userName"]),
        provider: text(&identity["identityProvider"]),
        role: text(&record["requestParameters"]["roleArn"]),
        code: text(&record["errorCode"])?,
        message: excerpt(&text(&record["errorMessage"]).unwrap_or_default()),
        region: text(&record["awsRegion"]).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(record: &Value) -> Value {
        json!({
            "EventId": "1",
            "EventName": "AssumeRoleWithWebIdentity",
            "EventTime": 1_795_305_560.0,
            "CloudTrailEvent": record.to_string(),
        })
    }

    /// As CloudTrail records it (IAM user guide, "Example AssumeRoleWithWebIdentity").
    fn record() -> Value {
        json!({
            "eventVersion": "1.08",
            "userIdentity": {
                "type": "WebIdentityUser",
                "principalId": "arn:aws:iam::1:oidc-provider/issuer:sts.amazonaws.com:system:serviceaccount:a:b",
                "userName": "system:serviceaccount:a:b",
                "identityProvider": "arn:aws:iam::1:oidc-provider/issuer",
            },
            "eventSource": "sts.amazonaws.com",
            "awsRegion": "eu-west-1",
            "errorCode": "AccessDenied",
            "errorMessage": "An unknown error occurred",
            "requestParameters": { "roleArn": "arn:aws:iam::1:role/r", "roleSessionName": "s" },
            "responseElements": null,
        })
    }

    #[test]
    fn a_refusal_tells_who_wanted_which_role() {
        let expected = RecordedFailure {
            at: 1_795_305_560,
            subject: Some("system:serviceaccount:a:b".to_owned()),
            provider: Some("arn:aws:iam::1:oidc-provider/issuer".to_owned()),
            role: Some("arn:aws:iam::1:role/r".to_owned()),
            code: "AccessDenied".to_owned(),
            message: "An unknown error occurred".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        assert_eq!(failure(&event(&record())), Some(expected));
    }

    #[test]
    fn successes_own_attempts_and_what_is_no_record_are_none() {
        let mut success = record();
        success["errorCode"].take();
        let mut own = record();
        own["requestParameters"]["roleSessionName"] = json!("irsactl-verify");
        for other in [
            event(&success),
            event(&own),
            event(&json!(1)),
            json!({}),
            json!({"CloudTrailEvent": "x"}),
        ] {
            assert_eq!(failure(&other), None, "{other}");
        }
    }
}
