//! STS (Query): who the caller is, and AssumeRoleWithWebIdentity, which checks the token, the
//! provider and the role's trust policy in AWS's order and with AWS's messages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::aws::{
    Caller, Parameters, Refusal, Xml, digest, now, timestamp_in_seconds, token_of, uuid,
};
use super::certificates::{self, Chain};
use super::http::Reply;
use super::iam::{Provider, Role};
use super::token;
use super::trust;
use super::world::World;

/// A role session that the sandbox issued, by its access key.
#[derive(Clone, Debug)]
pub struct Session {
    pub account: String,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// `AROA…:SESSION`.
    pub user_id: String,
    pub secret: String,
    pub token: String,
    /// What the session is held to besides the role's own policies.
    pub policy: Option<Value>,
}

impl Session {
    /// Of a role, under that name; it has no keys yet.
    pub fn of(role: &Role, name: &str) -> Self {
        let mut parts = role.arn.split(':').skip(1);
        let partition = parts.next().unwrap_or_default();
        let account = parts.nth(2).unwrap_or_default().to_owned();
        Self {
            arn: format!(
                "arn:{partition}:sts::{account}:assumed-role/{}/{name}",
                role.name
            ),
            user_id: format!("{}:{name}", role.id),
            secret: String::new(),
            token: String::new(),
            policy: None,
            account,
        }
    }
}

impl World {
    /// An exchange asked for roles: what is new about them goes round.
    pub fn spread_news(&mut self, account: &str, is_meant: impl Fn(&Role) -> bool) {
        let account = self.accounts.get_mut(account);
        let roles = account.into_iter().flat_map(|it| it.roles.values_mut());
        let meant = roles.filter(|role| is_meant(role));
        meant
            .filter_map(|role| role.news.as_mut())
            .for_each(|news| news.wait.poll());
    }

    /// Gives a session its keys. Tells the access key.
    pub fn open(&mut self, mut session: Session, name: &str) -> String {
        let serial = self.next_serial().to_string();
        let key = token_of(&["access key", &session.arn, &serial], 16);
        let key = format!("ASIA{key}");
        session.secret = digest(&["secret", &key])[..40].to_owned();
        session.token = format!("sandbox-session-{}", digest(&["session token", &key, name]));
        self.sessions.insert(key.clone(), session);
        key
    }

    /// A session of a role of the default account, as if STS had issued it. Its key names the account,
    /// as those of users do here. Tells the access key and the session token.
    pub fn add_session(&mut self) -> (String, String) {
        let account = self.options.accounts[0].clone();
        let session = Session {
            arn: format!("arn:aws:sts::{account}:assumed-role/admin/me"),
            user_id: "AROAADMIN:me".to_owned(),
            secret: "sandbox-secret-key".to_owned(),
            token: format!("sandbox-session-{}", digest(&["session", &account])),
            policy: None,
            account,
        };
        let (key, token) = (format!("ASIA{}", session.account), session.token.clone());
        self.sessions.insert(key.clone(), session);
        (key, token)
    }
}

/// The code that every MFA device shows.
pub const MFA_CODE: &str = "123456";

/// The signed operations.
pub fn answer(
    world: &mut World,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    if action == "AssumeRole" {
        return assume_role(world, caller, parameters);
    }
    if action == "GetCallerIdentity" {
        return Ok(Xml::default()
            .text("Arn", &caller.arn)
            .text("UserId", &caller.user_id)
            .text("Account", &caller.account));
    }
    let message = format!("Could not find operation {action} for version 2011-06-15");
    Err(Refusal::new(400, "InvalidAction", message))
}

/// Of the first account takes every role and every caller; those of the others must be there and let the
/// caller in. Of an MFA device its code (the refusal's words are from memory).
fn assume_role(
    world: &mut World,
    caller: &Caller,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let arn = parameters.required("RoleArn")?;
    let name = parameters.required("RoleSessionName")?;
    check_session(name)?;
    let role = RoleArn::parse(arn)?;
    let is_device = parameters.text("SerialNumber").is_some();
    if is_device && parameters.text("TokenCode") != Some(MFA_CODE) {
        let message = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
        return Err(Refusal::new(403, "AccessDenied", message));
    }
    check_admitted(world, caller, &role)?;
    let role_name = arn.rsplit('/').next().unwrap_or_default();
    let (partition, account) = (role.partition, role.account);
    let session = Session {
        arn: format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{name}"),
        user_id: format!("{}:{name}", token_of(&["role id", arn], 17)),
        secret: digest(&["secret", arn])[..40].to_owned(),
        token: format!("sandbox-session-{}", digest(&["session token", arn])),
        policy: None,
        account,
    };
    let key = format!("ASIA{}", token_of(&["access key", arn], 16));
    let credentials = Xml::default()
        .text("AccessKeyId", &key)
        .text("SecretAccessKey", &session.secret)
        .text("SessionToken", &session.token)
        .text("Expiration", &timestamp_in_seconds(now() + 3600 * 1000));
    let user = Xml::default()
        .text("AssumedRoleId", &session.user_id)
        .text("Arn", &session.arn);
    world.sessions.insert(key, session);
    let answer = Xml::default().element("AssumedRoleUser", user);
    Ok(answer.element("Credentials", credentials))
}

/// Whether the trust policy of a role of another account lets the caller in, by its ARN or its account's
/// (IAM User Guide, "AWS JSON policy elements: Principal"). Of a role that is not there STS says the same.
fn check_admitted(world: &World, caller: &Caller, role: &RoleArn) -> Result<(), Refusal> {
    if role.account == world.options.accounts[0] {
        return Ok(());
    }
    let root = format!("arn:{}:iam::{}:root", caller.partition, caller.account);
    let names = [caller.arn.as_str(), &caller.account, &root];
    let principal = trust::Principal::new("AWS", names);
    let account = world.accounts.get(&role.account);
    let found = account.and_then(|account| account.role(&role.name));
    let admits = |found: &Role| {
        let context = trust::Context::default();
        found.arn == role.whole
            && trust::admits(&found.trust, &principal, "sts:AssumeRole", &context)
    };
    if found.is_some_and(admits) {
        return Ok(());
    }
    let message = format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
        caller.arn, role.whole
    );
    Err(Refusal::new(403, "AccessDenied", message))
}

/// GetCallerIdentity for those who ask for JSON.
pub fn caller_identity_json(caller: &Caller) -> Reply {
    Reply::json(
        200,
        &json!({ "GetCallerIdentityResponse": {
            "GetCallerIdentityResult": {
                "Account": caller.account,
                "Arn": caller.arn,
                "UserId": caller.user_id,
            },
            "ResponseMetadata": { "RequestId": uuid(&["caller identity", &caller.arn]) },
        } }),
    )
}

/// The claims of a token before its signature was looked at.
struct Unverified {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
    expires_at: i64,
}

/// The unsigned call that a pod makes with its service account's token.
pub fn assume_role_with_web_identity(
    world: &mut World,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let arn = parameters.required("RoleArn")?;
    let session = parameters.required("RoleSessionName")?;
    let jwt = parameters.required("WebIdentityToken")?;
    check_session(session)?;
    check_length("webIdentityToken", jwt, 4, 20_000)?;
    let duration = parameters.number("DurationSeconds")?;
    let duration = duration.unwrap_or(3600);
    check_duration(duration)?;
    let role_arn = RoleArn::parse(arn)?;
    let policy = parameters.text("Policy");
    let policy = policy.map(session_policy).transpose()?;
    let claims = unverified(jwt)?;
    check_expiry(&claims)?;
    let provider = provider(world, &role_arn, &claims)?;
    check_audience(&provider, &claims)?;
    check_certificate(world, &provider)?;
    verify(world, jwt)?;
    let role = permitted_role(world, &role_arn, &provider, &claims);
    world.spread_news(&role_arn.account, |role| role.arn == role_arn.whole);
    let role = role?;
    if duration > role.max_session_duration {
        let message =
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Refusal::validation(message));
    }
    let mut session_of = Session::of(&role, session);
    session_of.policy = policy;
    Ok(issue(
        world, session_of, session, duration, &provider, &claims,
    ))
}

/// The policy of the session: at most 2,048 characters of JSON.
fn session_policy(text: &str) -> Result<Value, Refusal> {
    check_length("policy", text, 1, 2048)?;
    let malformed = |message: &str| Refusal::new(400, "MalformedPolicyDocument", message);
    let policy: Value =
        serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    let statements = trust::one_or_many(&policy["Statement"]);
    let whole = |statement: &&Value| {
        statement["Effect"].is_string()
            && !statement["Action"].is_null()
            && !statement["Resource"].is_null()
    };
    if statements.is_empty() || !statements.iter().all(whole) {
        return Err(malformed("Syntax errors in policy."));
    }
    Ok(policy)
}

fn check_session(name: &str) -> Result<(), Refusal> {
    check_length("roleSessionName", name, 2, 64)?;
    if name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
    {
        return Ok(());
    }
    let rule = r"satisfy regular expression pattern: [\w+=,.@-]*";
    Err(Refusal::constraint("roleSessionName", name, rule))
}

fn check_length(member: &str, value: &str, shortest: usize, longest: usize) -> Result<(), Refusal> {
    let length = value.chars().count();
    if length < shortest {
        let rule = format!("have length greater than or equal to {shortest}");
        return Err(Refusal::constraint(member, value, &rule));
    }
    if length > longest {
        let rule = format!("have length less than or equal to {longest}");
        return Err(Refusal::constraint(member, value, &rule));
    }
    Ok(())
}

fn check_duration(seconds: i64) -> Result<(), Refusal> {
    let rule = match seconds {
        ..900 => "have value greater than or equal to 900",
        900..=43_200 => return Ok(()),
        _ => "have value less than or equal to 43200",
    };
    Err(Refusal::constraint(
        "durationSeconds",
        &seconds.to_string(),
        rule,
    ))
}

struct RoleArn {
    whole: String,
    partition: String,
    account: String,
    name: String,
}

impl RoleArn {
    fn parse(text: &str) -> Result<Self, Refusal> {
        check_length("roleArn", text, 20, 2048)?;
        let invalid = || Refusal::validation("Request ARN is invalid");
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
            return Err(invalid());
        };
        let name = resource.strip_prefix("role/").ok_or_else(invalid)?;
        let name = name.rsplit('/').next().unwrap_or_default();
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !is_account || name.is_empty() || text.contains(char::is_whitespace) {
            return Err(invalid());
        }
        Ok(Self {
            whole: text.to_owned(),
            partition: (*partition).to_owned(),
            account: (*account).to_owned(),
            name: name.to_owned(),
        })
    }
}

fn invalid_token(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidIdentityToken", message)
}

/// A JWT with the claims that OIDC demands; old tokens of service accounts lack some.
fn unverified(jwt: &str) -> Result<Unverified, Refusal> {
    let malformed = || {
        invalid_token(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    };
    let parts: Vec<&str> = jwt.split('.').collect();
    let [_, payload, _] = parts.as_slice() else {
        return Err(malformed());
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| malformed())?;
    let claims: Value = serde_json::from_slice(&payload).map_err(|_| malformed())?;
    let missing = |claim: &str| invalid_token(format!("Missing a required claim: {claim}"));
    let text = |claim: &str| {
        claims[claim]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| missing(claim))
    };
    let audiences: Vec<String> = trust::one_or_many(&claims["aud"])
        .into_iter()
        .filter_map(|audience| audience.as_str().map(str::to_owned))
        .collect();
    if audiences.is_empty() {
        return Err(missing("aud"));
    }
    claims["iat"].as_i64().ok_or_else(|| missing("iat"))?;
    Ok(Unverified {
        issuer: text("iss")?,
        subject: text("sub")?,
        audiences,
        expires_at: claims["exp"].as_i64().ok_or_else(|| missing("exp"))?,
    })
}

/// AWS tolerates five minutes.
fn check_expiry(claims: &Unverified) -> Result<(), Refusal> {
    let seconds = now() / 1000;
    if seconds < claims.expires_at + 300 {
        return Ok(());
    }
    let message = format!(
        "Token expired: current date/time {seconds} must be before the expiration date/time {}",
        claims.expires_at
    );
    Err(Refusal::new(400, "ExpiredTokenException", message))
}

/// The provider of the token's issuer, in the account of the role.
fn provider(world: &World, role: &RoleArn, claims: &Unverified) -> Result<Provider, Refusal> {
    let issuer = claims.issuer.trim_start_matches("https://");
    let arn = format!(
        "arn:{}:iam::{}:oidc-provider/{issuer}",
        role.partition, role.account
    );
    let account = world.accounts.get(&role.account);
    let provider = account.and_then(|account| account.providers.get(&arn));
    provider.cloned().ok_or_else(|| {
        invalid_token(format!(
            "No OpenIDConnect provider found in your account for {}",
            claims.issuer
        ))
    })
}

fn check_audience(provider: &Provider, claims: &Unverified) -> Result<(), Refusal> {
    if claims
        .audiences
        .iter()
        .any(|audience| provider.client_ids.contains(audience))
    {
        return Ok(());
    }
    Err(invalid_token("Incorrect token audience"))
}

/// A publicly trusted chain is enough; only of another the provider's thumbprint is asked.
fn check_certificate(world: &World, provider: &Provider) -> Result<(), Refusal> {
    let (host, _) = super::issuer::split(&provider.url);
    let private = matches!(
        world.host_chain(host),
        Some(Chain::SelfSigned | Chain::UnknownAuthority)
    );
    if !private {
        return Ok(());
    }
    let top = certificates::thumbprint_of_top(world, host).unwrap_or_default();
    let mut known = provider.thumbprints.iter();
    if known.any(|known| known.eq_ignore_ascii_case(&top)) {
        return Ok(());
    }
    Err(invalid_token(
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
    ))
}

fn no_key() -> Refusal {
    invalid_token(
        "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity \
         documentation for requirements",
    )
}

fn not_valid() -> Refusal {
    invalid_token("The web identity token that was passed could not be validated.")
}

/// By the keys that the issuer publishes now.
fn verify(world: &World, jwt: &str) -> Result<(), Refusal> {
    match token::verify(world, jwt) {
        Ok(claims) => check_key(world, &claims.issuer),
        Err(token::Failure::UnknownIssuer(_)) => Err(no_key()),
        Err(token::Failure::BadSignature | token::Failure::Malformed) => Err(not_valid()),
    }
}

/// That the issuer publishes the key that signs.
fn check_key(world: &World, issuer: &str) -> Result<(), Refusal> {
    let own = token::key_set()["keys"][0].clone();
    let published = world.published_keys(issuer);
    let keys = trust::one_or_many(&published["keys"]);
    match keys.into_iter().find(|key| key["kid"] == own["kid"]) {
        Some(key) if key["n"] == own["n"] => Ok(()),
        Some(_) => Err(not_valid()),
        None => Err(no_key()),
    }
}

/// Whether a token of that issuer, subject and audience would get the role now.
pub fn would_assume(
    world: &World,
    role: &str,
    issuer: &str,
    subject: &str,
    audience: &str,
) -> Result<(), Refusal> {
    let role = RoleArn::parse(role)?;
    let claims = Unverified {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        audiences: vec![audience.to_owned()],
        expires_at: i64::MAX,
    };
    let provider = provider(world, &role, &claims)?;
    check_audience(&provider, &claims)?;
    check_certificate(world, &provider)?;
    check_key(world, issuer)?;
    permitted_role(world, &role, &provider, &claims).map(|_| ())
}

/// A missing role and a trust policy that does not allow are the same answer.
fn permitted_role(
    world: &World,
    arn: &RoleArn,
    provider: &Provider,
    claims: &Unverified,
) -> Result<Role, Refusal> {
    let role = world
        .accounts
        .get(&arn.account)
        .and_then(|account| account.role(&arn.name));
    role.filter(|role| role.arn == arn.whole)
        .filter(|role| {
            role.trust_in_force().is_some_and(|trust| {
                trust::allows(trust, &provider.arn, &claims.subject, &claims.audiences)
            })
        })
        .cloned()
        .ok_or_else(|| {
            let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
            Refusal::new(403, "AccessDenied", message)
        })
}

fn issue(
    world: &mut World,
    session: Session,
    name: &str,
    duration: i64,
    provider: &Provider,
    claims: &Unverified,
) -> Xml {
    let user = Xml::default()
        .text("AssumedRoleId", &session.user_id)
        .text("Arn", &session.arn);
    let key = world.open(session, name);
    let session = &world.sessions[&key];
    let credentials = Xml::default()
        .text("AccessKeyId", &key)
        .text("SecretAccessKey", &session.secret)
        .text("SessionToken", &session.token)
        .text("Expiration", &timestamp_in_seconds(now() + duration * 1000));
    let audience = claims
        .audiences
        .iter()
        .find(|audience| provider.client_ids.contains(audience));
    Xml::default()
        .text("SubjectFromWebIdentityToken", &claims.subject)
        .optional("Audience", audience.map(String::as_str))
        .element("AssumedRoleUser", user)
        .element("Credentials", credentials)
        .text("Provider", &provider.arn)
}
