//! OIDC providers: what AWS trusts as a source of tokens.

use std::collections::BTreeMap;

use super::super::aws::{Caller, Parameters, Refusal, Xml, now, timestamp_in_seconds};
use super::super::certificates;
use super::super::world::{Account, World};
use super::PROVIDERS;
use super::{
    add_tags, check_tag, checked_tags, exists_already, invalid_input, limit_exceeded,
    no_such_entity,
};

/// An OIDC provider of an account.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    pub arn: String,
    /// With `https://`; GetOpenIDConnectProvider shows it without.
    pub url: String,
    pub client_ids: Vec<String>,
    pub thumbprints: Vec<String>,
    pub tags: BTreeMap<String, String>,
    /// Milliseconds since 1970.
    pub created: i64,
}

impl Provider {
    /// The ARN is the account's and the URL without its scheme.
    pub fn new(
        partition: &str,
        account: &str,
        url: &str,
        client_ids: &[&str],
        thumbprints: &[&str],
    ) -> Self {
        let host_and_path = url.trim_start_matches("https://");
        Self {
            arn: format!("arn:{partition}:iam::{account}:oidc-provider/{host_and_path}"),
            url: url.to_owned(),
            client_ids: client_ids.iter().map(|id| (*id).to_owned()).collect(),
            thumbprints: thumbprints.iter().map(|text| (*text).to_owned()).collect(),
            tags: BTreeMap::new(),
            created: now(),
        }
    }
}

impl Account {
    /// Adds a provider by IAM's rules: URL, number of client ids and thumbprints, one per URL.
    ///
    /// # Errors
    /// IAM's.
    pub fn create_provider(&mut self, provider: Provider) -> Result<&mut Provider, Refusal> {
        check_url(&provider.url)?;
        check_thumbprints(&provider.thumbprints)?;
        check_client_ids(&provider.client_ids)?;
        for (key, value) in &provider.tags {
            check_tag(key, value)?;
        }
        if self.providers.contains_key(&provider.arn) {
            return Err(exists_already(format!(
                "Provider with url {} already exists.",
                provider.url
            )));
        }
        if self.providers.len() >= PROVIDERS {
            let message =
                format!("Cannot exceed quota for OpenIdConnectProvidersPerAccount: {PROVIDERS}");
            return Err(limit_exceeded(message));
        }
        Ok(self
            .providers
            .entry(provider.arn.clone())
            .or_insert(provider))
    }

    fn provider(&mut self, arn: &str) -> Result<&mut Provider, Refusal> {
        let missing = || no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"));
        self.providers.get_mut(arn).ok_or_else(missing)
    }
}

/// CreateOpenIDConnectProvider. Without thumbprints IAM connects to the issuer and stores the top
/// certificate's itself.
pub fn create(world: &mut World, caller: &Caller, parameters: &Parameters) -> Result<Xml, Refusal> {
    let url = parameters.required("Url")?;
    check_url(url)?;
    let mut provider = Provider::new(caller.partition, &caller.account, url, &[], &[]);
    provider.client_ids = parameters.list("ClientIDList");
    provider.thumbprints = parameters.list("ThumbprintList");
    provider.tags = checked_tags(parameters.tags())?;
    if provider.thumbprints.is_empty() {
        let host = url
            .trim_start_matches("https://")
            .split(['/', ':'])
            .next()
            .unwrap_or_default();
        provider
            .thumbprints
            .push(fetched_thumbprint(world, host, url)?);
    }
    let account = world.accounts.entry(caller.account.clone()).or_default();
    let provider = account.create_provider(provider)?;
    Ok(Xml::default()
        .text("OpenIDConnectProviderArn", &provider.arn)
        .tags(&provider.tags))
}

fn fetched_thumbprint(world: &World, host: &str, url: &str) -> Result<String, Refusal> {
    let reachable = !world
        .unreachable
        .iter()
        .any(|unreachable| unreachable == host);
    let thumbprint = reachable
        .then(|| certificates::thumbprint_of_top(world, host))
        .flatten();
    thumbprint.ok_or_else(|| {
        let message =
            format!("Please check .well-known/openid-configuration of provider: {url} is valid.");
        Refusal::new(400, "OpenIdIdpCommunicationError", message)
    })
}

/// The operations on providers but the creation; `None` for any other operation.
pub fn answer(
    account: &mut Account,
    action: &str,
    parameters: &Parameters,
) -> Option<Result<Xml, Refusal>> {
    if action == "ListOpenIDConnectProviders" {
        let arn = |provider: &Provider| Xml::default().text("Arn", &provider.arn);
        let members = account.providers.values().map(arn);
        return Some(Ok(Xml::default().list("OpenIDConnectProviderList", members)));
    }
    if !action.contains("OpenIDConnectProvider") {
        return None;
    }
    let arn = match parameters.required("OpenIDConnectProviderArn") {
        Ok(arn) => arn,
        Err(refused) => return Some(Err(refused)),
    };
    if action == "DeleteOpenIDConnectProvider" {
        // Documented as idempotent: a missing provider is no error.
        account.providers.remove(arn);
        return Some(Ok(Xml::default()));
    }
    let change: fn(&mut Provider, &Parameters) -> Result<Xml, Refusal> = match action {
        "GetOpenIDConnectProvider" => |provider, _| Ok(description(provider)),
        "AddClientIDToOpenIDConnectProvider" => add_client_id,
        "RemoveClientIDFromOpenIDConnectProvider" => remove_client_id,
        "UpdateOpenIDConnectProviderThumbprint" => update_thumbprint,
        "TagOpenIDConnectProvider" => |provider, parameters| {
            add_tags(&mut provider.tags, parameters.tags()).map(|()| Xml::default())
        },
        "UntagOpenIDConnectProvider" => untag,
        "ListOpenIDConnectProviderTags" => |provider, _| {
            Ok(Xml::default()
                .tags(&provider.tags)
                .text("IsTruncated", "false"))
        },
        _ => return None,
    };
    Some(
        account
            .provider(arn)
            .and_then(|provider| change(provider, parameters)),
    )
}

fn description(provider: &Provider) -> Xml {
    Xml::default()
        .text("Url", provider.url.trim_start_matches("https://"))
        .values("ClientIDList", &provider.client_ids)
        .values("ThumbprintList", &provider.thumbprints)
        .text("CreateDate", &timestamp_in_seconds(provider.created))
        .tags(&provider.tags)
}

/// Idempotent: an id that is there already is no error.
fn add_client_id(provider: &mut Provider, parameters: &Parameters) -> Result<Xml, Refusal> {
    let id = parameters.required("ClientID")?;
    let mut ids = provider.client_ids.clone();
    if !ids.iter().any(|known| known == id) {
        ids.push(id.to_owned());
    }
    check_client_ids(&ids)?;
    provider.client_ids = ids;
    Ok(Xml::default())
}

/// Idempotent too.
fn remove_client_id(provider: &mut Provider, parameters: &Parameters) -> Result<Xml, Refusal> {
    let id = parameters.required("ClientID")?;
    provider.client_ids.retain(|known| known != id);
    Ok(Xml::default())
}

/// Replaces the whole list, which cannot be emptied.
fn update_thumbprint(provider: &mut Provider, parameters: &Parameters) -> Result<Xml, Refusal> {
    let thumbprints = parameters.list("ThumbprintList");
    if thumbprints.is_empty() {
        parameters.required("ThumbprintList")?;
        return Err(invalid_input("Thumbprint list must not be empty."));
    }
    check_thumbprints(&thumbprints)?;
    provider.thumbprints = thumbprints;
    Ok(Xml::default())
}

fn untag(provider: &mut Provider, parameters: &Parameters) -> Result<Xml, Refusal> {
    for key in parameters.list("TagKeys") {
        provider.tags.remove(&key);
    }
    Ok(Xml::default())
}

fn check_url(url: &str) -> Result<(), Refusal> {
    if url.len() > 255 {
        return Err(Refusal::constraint(
            "url",
            url,
            "have length less than or equal to 255",
        ));
    }
    let host = url.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || host.starts_with('/') || url.contains(['?', '#', ' ']) {
        return Err(invalid_input("Invalid Open ID Connect Provider URL"));
    }
    Ok(())
}

fn check_thumbprints(thumbprints: &[String]) -> Result<(), Refusal> {
    if thumbprints.len() > 5 {
        return Err(invalid_input(
            "Thumbprint list must contain fewer than 5 entries.",
        ));
    }
    if thumbprints
        .iter()
        .any(|thumbprint| thumbprint.chars().count() != 40)
    {
        let value = format!("[{}]", thumbprints.join(", "));
        let rule = "satisfy constraint: [Member must have length less than or equal to 40, \
                    Member must have length greater than or equal to 40]";
        return Err(Refusal::constraint("thumbprintList", &value, rule));
    }
    if thumbprints
        .iter()
        .any(|thumbprint| !thumbprint.chars().all(|c| c.is_ascii_hexdigit()))
    {
        return Err(invalid_input("Thumbprint must be a hexadecimal string."));
    }
    Ok(())
}

fn check_client_ids(ids: &[String]) -> Result<(), Refusal> {
    if ids.len() > 100 {
        let message = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100";
        return Err(limit_exceeded(message));
    }
    match ids
        .iter()
        .find(|id| id.is_empty() || id.chars().count() > 255)
    {
        Some(id) => {
            let rule = "have length between 1 and 255";
            Err(Refusal::constraint("clientID", id, rule))
        }
        None => Ok(()),
    }
}
