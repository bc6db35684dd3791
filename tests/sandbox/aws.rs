//! What the AWS services share: who calls which operation, the Query protocol's parameters, XML
//! out, errors in each protocol's form. Apart from the services so that each of them only says
//! what its operations do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::http::{Reply, Request};
use super::world::{Service, World, partition};
use super::{analyzer, authorization, cloudformation, eks, eks_auth, iam, network, sts, trail};

/// An error answer: HTTP status, AWS's error code, message.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// ValidationError 400: what the Query services say to malformed input.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    /// A broken constraint of the service's model, in the words of AWS's generated checks.
    pub fn constraint(member: &str, value: &str, rule: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
        ))
    }
}

/// Who calls, from the access key and the credential scope.
#[derive(Clone, Debug)]
pub struct Caller {
    pub account: String,
    pub region: String,
    pub partition: &'static str,
    pub arn: String,
    pub user_id: String,
}

/// The service, operation and subject of a request, for the call log and the fault rules.
pub fn identify(_world: &World, request: &Request) -> (Service, String, String) {
    let service = service_of(request);
    match service {
        Service::Eks | Service::EksAuth => {
            let (operation, subject) = if service == Service::Eks {
                eks::identify(request)
            } else {
                eks_auth::identify(request)
            };
            return (service, operation.to_owned(), subject);
        }
        Service::CloudTrail => return (service, trail::operation(request), String::new()),
        Service::AccessAnalyzer => return (service, analyzer::operation(request), String::new()),
        _ => {}
    }
    let parameters = Parameters::of(request);
    let operation = parameters.text("Action").unwrap_or_default().to_owned();
    let names = [
        "StackName",
        "RoleName",
        "OpenIDConnectProviderArn",
        "Url",
        "PolicyArn",
        "RoleArn",
        "PolicyName",
        "ChangeSetName",
        "Filter.1.Value.1",
    ];
    let subject = names.iter().find_map(|name| parameters.text(name));
    (service, operation, subject.unwrap_or_default().to_owned())
}

/// Answers any AWS request.
pub fn answer(world: &mut World, request: &Request) -> Reply {
    let service = service_of(request);
    let parameters = Parameters::of(request);
    let action = parameters.text("Action").unwrap_or_default().to_owned();
    let result = if service == Service::Sts && action == "AssumeRoleWithWebIdentity" {
        let result = sts::assume_role_with_web_identity(world, &parameters);
        trail::record_web_identity(world, &parameters, result.as_ref().err());
        result
    } else {
        let caller = caller(world, request).map_err(|refused| match service {
            Service::Ec2 => network::unknown_caller(refused),
            _ => refused,
        });
        let caller = caller.and_then(|caller| {
            authorization::check(world, &caller, service, request)?;
            Ok(caller)
        });
        match caller {
            Err(refused) => Err(refused),
            Ok(caller) => match service {
                Service::Eks => return eks::answer(world, &caller, request),
                Service::EksAuth => return eks_auth::answer(world, &caller, request),
                Service::Ec2 => return network::answer(world, &caller, &parameters),
                Service::CloudTrail => return trail::answer(world, &caller, request),
                Service::AccessAnalyzer => return analyzer::answer(world, request),
                Service::Iam => iam::answer(world, &caller, &action, &parameters),
                Service::CloudFormation => {
                    cloudformation::answer(world, &caller, &action, &parameters)
                }
                _ if wants_json(request) => return sts::caller_identity_json(&caller),
                _ => sts::answer(world, &caller, &action, &parameters),
            },
        }
    };
    match result {
        Ok(inner) => {
            let id = uuid(&["request", &world.calls.len().to_string()]);
            Reply::new(200, "text/xml", envelope(service, &action, &inner, &id))
        }
        Err(refused) => refusal(service, refused.status, &refused.code, &refused.message),
    }
}

/// The error reply of an AWS service: JSON for some, XML for the others.
pub fn refusal(service: Service, status: u16, code: &str, message: &str) -> Reply {
    match service {
        Service::Eks | Service::EksAuth | Service::AccessAnalyzer => {
            let mut reply = Reply::json(status, &serde_json::json!({ "message": message }));
            reply.headers.push(("x-amzn-errortype", code.to_owned()));
            return reply;
        }
        Service::CloudTrail => return trail::refusal(status, code, message),
        Service::Ec2 => return network::refusal(status, code, message),
        _ => {}
    }
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let error = Xml::default()
        .text("Type", kind)
        .text("Code", code)
        .text("Message", message);
    let body = Xml::default()
        .element("Error", error)
        .text("RequestId", &uuid(&["refusal", code, message]));
    let namespace = namespace(service);
    let text = format!(
        "<ErrorResponse xmlns=\"{namespace}\">{}</ErrorResponse>",
        body.0
    );
    Reply::new(status, "text/xml", text)
}

fn envelope(service: Service, action: &str, inner: &Xml, id: &str) -> String {
    let namespace = namespace(service);
    // Operations without an output shape have no result element; clients miss the empty element
    // of those that have one.
    let bare = match service {
        Service::CloudFormation => ["CancelUpdateStack", "DeleteStack"].contains(&action),
        _ => action != "UpdateRole",
    };
    let result = if inner.0.is_empty() && bare {
        String::new()
    } else {
        format!("<{action}Result>{}</{action}Result>", inner.0)
    };
    format!(
        "<{action}Response xmlns=\"{namespace}\">{result}\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    )
}

fn namespace(service: Service) -> &'static str {
    match service {
        Service::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
        Service::CloudFormation => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        _ => "https://sts.amazonaws.com/doc/2011-06-15/",
    }
}

/// AWS's STS answers JSON to those who ask for it; aws-iam-authenticator does.
fn wants_json(request: &Request) -> bool {
    request
        .header("accept")
        .is_some_and(|accept| accept.contains("application/json"))
}

/// The service by the credential scope; of an unsigned request by its shape.
fn service_of(request: &Request) -> Service {
    if let Some(scope) = scope(request) {
        match scope.service.as_str() {
            "eks" => return Service::Eks,
            "eks-auth" => return Service::EksAuth,
            "iam" => return Service::Iam,
            "cloudformation" => return Service::CloudFormation,
            "sts" => return Service::Sts,
            "ec2" => return Service::Ec2,
            "cloudtrail" => return Service::CloudTrail,
            "access-analyzer" => return Service::AccessAnalyzer,
            _ => {}
        }
    }
    if request.path.ends_with("/assume-role-for-pod-identity") {
        return Service::EksAuth;
    }
    if request.path != "/" {
        return Service::Eks;
    }
    match Parameters::of(request).text("Version") {
        Some("2010-05-08") => Service::Iam,
        Some("2010-05-15") => Service::CloudFormation,
        _ => Service::Sts,
    }
}

/// `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
struct Scope {
    key: String,
    region: String,
    service: String,
}

/// From the Authorization header, or from the query of a presigned URL.
fn scope(request: &Request) -> Option<Scope> {
    let credential = match request.header("authorization") {
        Some(header) => header
            .split("Credential=")
            .nth(1)?
            .split([',', ' '])
            .next()?
            .to_owned(),
        None => Parameters::parse(&request.query)
            .text("X-Amz-Credential")?
            .to_owned(),
    };
    let parts: Vec<&str> = credential.split('/').collect();
    let [key, _date, region, service, "aws4_request"] = parts.as_slice() else {
        return None;
    };
    Some(Scope {
        key: (*key).to_owned(),
        region: (*region).to_owned(),
        service: (*service).to_owned(),
    })
}

/// Resolves the access key: `AKIA` + account id is that account's user, an `ASIA` key a session
/// that STS issued.
fn caller(world: &World, request: &Request) -> Result<Caller, Refusal> {
    let service = service_of(request);
    let code = |query: &'static str, json: &'static str| match service {
        Service::Eks | Service::EksAuth | Service::CloudTrail | Service::AccessAnalyzer => json,
        _ => query,
    };
    let Some(scope) = scope(request) else {
        let code = code(
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
        );
        return Err(Refusal::new(
            403,
            code,
            "Request is missing Authentication Token",
        ));
    };
    let query = Parameters::parse(&request.query);
    let token = request
        .header("x-amz-security-token")
        .or_else(|| query.text("X-Amz-Security-Token"));
    if token == Some("expired") {
        let code = code("ExpiredToken", "ExpiredTokenException");
        let message = "The security token included in the request is expired";
        return Err(Refusal::new(403, code, message));
    }
    identity(world, &scope, token).ok_or_else(|| {
        let code = code("InvalidClientTokenId", "UnrecognizedClientException");
        let message = "The security token included in the request is invalid.";
        Refusal::new(403, code, message)
    })
}

fn identity(world: &World, scope: &Scope, token: Option<&str>) -> Option<Caller> {
    let partition = partition(&scope.region);
    let region = scope.region.clone();
    if world.disabled_regions.contains(&region) {
        return None;
    }
    if let Some(session) = world.sessions.get(&scope.key) {
        return (token == Some(session.token.as_str())).then(|| Caller {
            account: session.account.clone(),
            region,
            partition,
            arn: session.arn.clone(),
            user_id: session.user_id.clone(),
        });
    }
    let account = scope.key.strip_prefix("AKIA")?;
    world.accounts.get(account)?;
    Some(Caller {
        account: account.to_owned(),
        region,
        partition,
        arn: format!("arn:{partition}:iam::{account}:user/someone"),
        user_id: format!("AIDA{}", token_of(&["user", account], 17)),
    })
}

/// The parameters of a Query request, in their order.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// From the form body, or for a GET from the query.
    pub fn of(request: &Request) -> Self {
        if request.body.is_empty() {
            Self::parse(&request.query)
        } else {
            Self::parse(&String::from_utf8_lossy(&request.body))
        }
    }

    pub fn parse(form: &str) -> Self {
        let pairs = form.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    let decode = |text: &str| percent_decoded(&text.replace('+', " "));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(name, _)| name == key)?;
        Some(&pair.1)
    }

    /// All values of a repeated key, as EKS's `tagKeys`.
    pub fn all(&self, key: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(name, _)| name == key);
        values.map(|(_, value)| value.clone()).collect()
    }

    /// # Errors
    /// AWS's ValidationError when the parameter is missing.
    pub fn required(&self, key: &str) -> Result<&str, Refusal> {
        self.text(key).ok_or_else(|| {
            let mut member = key.to_owned();
            member[..1].make_ascii_lowercase();
            Refusal::validation(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
                 Member must not be null"
            ))
        })
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        self.text(key)
            .map(|value| value.eq_ignore_ascii_case("true"))
    }

    pub fn number(&self, key: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let malformed = || Refusal::new(400, "MalformedInput", format!("\"{text}\" is no number"));
        text.parse().map(Some).map_err(|_| malformed())
    }

    /// `Key.member.1`, `Key.member.2`, …
    pub fn list(&self, key: &str) -> Vec<String> {
        let at = |number: usize| self.text(&format!("{key}.member.{number}"));
        (1..).map_while(at).map(str::to_owned).collect()
    }

    /// Whether a list was given at all; an empty list is sent as `Key=`.
    pub fn has_list(&self, key: &str) -> bool {
        let members = format!("{key}.member.");
        self.0
            .iter()
            .any(|(name, _)| name == key || name.starts_with(&members))
    }

    /// `KEY.member.N.first` and `KEY.member.N.second`: tags, template parameters.
    pub fn pairs(&self, key: &str, first: &str, second: &str) -> Vec<(String, String)> {
        let at = |number: usize| {
            let name = self.text(&format!("{key}.member.{number}.{first}"))?;
            let value = self.text(&format!("{key}.member.{number}.{second}"));
            Some((name.to_owned(), value.unwrap_or_default().to_owned()))
        };
        (1..).map_while(at).collect()
    }

    /// `Tags.member.N.Key` and `.Value`, in their order and with repetitions.
    pub fn tags(&self) -> Vec<(String, String)> {
        self.pairs("Tags", "Key", "Value")
    }

    /// Everything but the named parameter, to tell whether two requests ask the same.
    pub fn without(&self, key: &str) -> Vec<(String, String)> {
        self.0
            .iter()
            .filter(|(name, _)| name != key)
            .cloned()
            .collect()
    }
}

/// `%41` → `A`; what is no escape stays.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// RFC 3986: all but the unreserved characters escaped, as IAM returns policy documents.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A piece of XML under construction.
#[derive(Clone, Debug, Default)]
pub struct Xml(String);

impl Xml {
    /// `<name>value</name>`, escaped.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, "<{name}>{}</{name}>", escaped(value));
        self
    }

    pub fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub fn element(mut self, name: &str, inner: Self) -> Self {
        let _ = write!(self.0, "<{name}>{}</{name}>", inner.0);
        self
    }

    /// What follows.
    pub fn and(mut self, other: Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    pub fn into_text(self) -> String {
        self.0
    }

    /// `<name><member>…</member>…</name>`.
    pub fn list(self, name: &str, members: impl IntoIterator<Item = Self>) -> Self {
        let inner = members
            .into_iter()
            .fold(Self::default(), |all, one| all.element("member", one));
        self.element(name, inner)
    }

    /// A bare value, as a member of a list.
    pub fn value(value: &str) -> Self {
        Self(escaped(value))
    }

    /// A list of plain values.
    pub fn values<'a>(self, name: &str, values: impl IntoIterator<Item = &'a String>) -> Self {
        self.list(name, values.into_iter().map(|value| Self::value(value)))
    }

    /// A list of `Key`/`Value` pairs.
    pub fn tags(self, tags: &BTreeMap<String, String>) -> Self {
        let pair = |(key, value): (&String, &String)| {
            Self::default().text("Key", key).text("Value", value)
        };
        self.list("Tags", tags.iter().map(pair))
    }
}

/// XML 1.0 text: markup escaped, line ends as references (a parser would normalise them),
/// characters that XML cannot hold replaced.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\r' => safe.push_str("&#xD;"),
            '\n' | '\t' => safe.push(character),
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}

/// One page out of `all`: its items, and the token of the next page.
///
/// # Errors
/// With the message when the token is none of the sandbox's.
pub fn page<T>(
    all: Vec<T>,
    size: usize,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), &'static str> {
    let from = match token {
        None => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|number| number.parse().ok())
            .filter(|from| *from <= all.len())
            .ok_or("The pagination token is invalid")?,
    };
    let next = from + size.max(1);
    let token = (next < all.len()).then(|| format!("page-{next}"));
    Ok((
        all.into_iter().skip(from).take(size.max(1)).collect(),
        token,
    ))
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    let passed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)
}

/// `2026-01-31T12:00:00.000Z` of milliseconds since 1970.
pub fn timestamp(millis: i64) -> String {
    let (days, in_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Days to a date in the Gregorian calendar, counted in eras of 400 years from 1 March 0000.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, millis) = (in_day / 1000, in_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// `2026-01-31T12:00:00Z`, as IAM and STS write times.
pub fn timestamp_in_seconds(millis: i64) -> String {
    timestamp(millis)[..19].to_owned() + "Z"
}

/// 64 hex digits that depend on the parts alone: the source of all ids, so that two runs look
/// alike whatever the order of concurrent calls.
pub fn digest(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\n").as_bytes());
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A UUID of the parts.
pub fn uuid(parts: &[&str]) -> String {
    let hex = digest(parts);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32]
    )
}

/// Upper-case letters and digits of the parts, as AWS's generated names and unique ids have.
pub fn token_of(parts: &[&str], length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = Sha256::digest(parts.join("\n").as_bytes());
    let symbols = hash.iter().cycle().take(length);
    symbols
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}
