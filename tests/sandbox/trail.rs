//! CloudTrail (JSON 1.1): events to look up. The sandbox records every AssumeRoleWithWebIdentity, as the
//! real one does; whatever else is to have happened is arranged by the test.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::aws::{self, Caller, Parameters, Refusal, now, timestamp_in_seconds, uuid};
use super::http::{Reply, Request};
use super::world::World;

/// Events are kept for 90 days.
const KEPT: i64 = 90 * 86_400;

/// A recorded event.
#[derive(Clone, Debug)]
pub struct Event {
    pub account: String,
    pub region: String,
    pub name: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// The whole record.
    pub record: Value,
}

pub fn operation(request: &Request) -> String {
    let target = request.header("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

pub fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({ "__type": code, "Message": message });
    Reply::new(status, "application/x-amz-json-1.1", body.to_string())
}

pub fn answer(world: &World, caller: &Caller, request: &Request) -> Reply {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let result = match operation(request).as_str() {
        "LookupEvents" => lookup(world, caller, &body),
        _ => Err(Refusal::new(400, "UnknownOperationException", "")),
    };
    match result {
        Ok(body) => Reply::new(200, "application/x-amz-json-1.1", body.to_string()),
        Err(refused) => refusal(refused.status, &refused.code, &refused.message),
    }
}

/// Newest first, fifty at most on a page.
fn lookup(world: &World, caller: &Caller, body: &Value) -> Result<Value, Refusal> {
    let size = body["MaxResults"].as_u64().unwrap_or(50);
    if !(1..=50).contains(&size) {
        let message = "A max results value of 1 to 50 is wanted";
        return Err(Refusal::new(400, "InvalidMaxResultsException", message));
    }
    let attributes = body["LookupAttributes"].as_array();
    let attributes = attributes.map(Vec::as_slice).unwrap_or_default();
    if attributes.len() > 1
        || attributes
            .iter()
            .any(|one| one["AttributeKey"] != "EventName")
    {
        let message = "The sandbox looks events up by one EventName";
        return Err(Refusal::new(
            400,
            "InvalidLookupAttributesException",
            message,
        ));
    }
    let since = body["StartTime"].as_f64().unwrap_or_default() * 1000.0;
    let until = body["EndTime"]
        .as_f64()
        .map_or(f64::INFINITY, |time| time * 1000.0);
    #[expect(
        clippy::cast_precision_loss,
        reason = "times of this century are exact"
    )]
    let is_meant = |event: &&Event| {
        let at = event.at as f64;
        event.account == caller.account
            && event.region == caller.region
            && event.at > now() - KEPT * 1000
            && (since..=until).contains(&at)
            && attributes
                .iter()
                .all(|one| one["AttributeValue"] == event.name.as_str())
    };
    let found: Vec<&Event> = world.trail.iter().rev().filter(is_meant).collect();
    let size = usize::try_from(size).unwrap_or(50).min(world.page_size);
    let (found, next) = aws::page(found, size, body["NextToken"].as_str())
        .map_err(|message| Refusal::new(400, "InvalidNextTokenException", message))?;
    let events: Vec<Value> = found.into_iter().map(shown).collect();
    let mut body = json!({ "Events": events });
    if let Some(next) = next {
        body["NextToken"] = json!(next);
    }
    Ok(body)
}

fn shown(event: &Event) -> Value {
    json!({
        "EventId": event.record["eventID"],
        "EventName": event.name,
        "EventSource": event.record["eventSource"],
        "EventTime": event.at / 1000,
        "ReadOnly": "true",
        "Resources": [],
        "Username": event.record["userIdentity"]["userName"],
        "CloudTrailEvent": event.record.to_string(),
    })
}

/// What CloudTrail keeps of a call with a token: who the token says it is for, whether it is true or not.
/// Of refusals by the trust policy it knows no reason. A success is noted at the role too.
pub fn record_web_identity(world: &mut World, parameters: &Parameters, refused: Option<&Refusal>) {
    let arn = parameters.text("RoleArn").unwrap_or_default();
    let (account, region) = (
        arn.split(':').nth(4).unwrap_or_default().to_owned(),
        world.options.region.clone(),
    );
    let Some(known) = world.accounts.get_mut(&account) else {
        return;
    };
    let at = now();
    if refused.is_none() {
        let name = arn.rsplit('/').next().unwrap_or_default().to_lowercase();
        if let Some(role) = known.roles.get_mut(&name) {
            role.last_used = Some((at, region.clone()));
        }
    }
    let claims = claims(parameters.text("WebIdentityToken").unwrap_or_default());
    let issuer = claims["iss"].as_str().unwrap_or_default();
    let provider = format!(
        "{}:oidc-provider/{}",
        arn.split(":role/").next().unwrap_or_default(),
        issuer.trim_start_matches("https://")
    );
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "WebIdentityUser",
            "userName": claims["sub"],
            "identityProvider": provider,
        },
        "eventTime": timestamp_in_seconds(at),
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRoleWithWebIdentity",
        "awsRegion": region,
        "requestParameters": {
            "roleArn": arn,
            "roleSessionName": parameters.text("RoleSessionName"),
        },
        "responseElements": null,
        "eventID": uuid(&["event", &world.trail.len().to_string()]),
        "eventType": "AwsApiCall",
        "recipientAccountId": account,
    });
    if let Some(refused) = refused {
        let message = match refused.code.as_str() {
            "AccessDenied" => "An unknown error occurred",
            _ => &refused.message,
        };
        record["errorCode"] = json!(refused.code);
        record["errorMessage"] = json!(message);
    }
    world.trail.push(Event {
        account,
        region,
        name: "AssumeRoleWithWebIdentity".to_owned(),
        at,
        record,
    });
}

/// What a token says, whoever signed it.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or_default()
}
