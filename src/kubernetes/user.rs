//! The user of a kubeconfig, with all settled that kube would read, run or take for granted. It reads
//! files without end, runs the command of an auth provider without a limit, and ends the program at a
//! token that fits into no header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use kube::config::{AuthInfo, AuthProviderConfig};
use serde_json::Value;

use crate::files;
use crate::secrets;

/// The user with what the files hold that it names, and without an auth provider.
///
/// # Errors
/// What cannot be read or used, by its field; nothing of what may be a secret.
pub async fn settled(mut user: AuthInfo, place: &str) -> Result<AuthInfo, String> {
    check_headers(&user, place)?;
    let written = written(&user);
    let field = |name: &str| written[name].as_str().filter(|text| !text.is_empty());
    let provider = user.auth_provider.take();
    let token = match (provider, field("token"), field("tokenFile")) {
        (Some(provider), ..) => Some((provided(provider, place)?, "id-token")),
        (None, Some(token), _) => Some((token.to_owned(), "token")),
        (None, None, Some(path)) => {
            let read = files::read_lasting(path.as_ref()).await;
            let read = read.map_err(|error| unreadable("tokenFile", place, path, &error))?;
            Some((String::from_utf8_lossy(&read).into_owned(), "tokenFile"))
        }
        (None, None, None) => None,
    };
    user.token = match token {
        Some((token, name)) => {
            let token = bearer(&token).map_err(|rule| format!("{name} of {place} {rule}"))?;
            Some(token.to_owned().into())
        }
        None => None,
    };
    user.token_file = None;
    let half = async |name: &str| {
        let data = field(&format!("{name}-data"));
        let read = data_or_file(name, place, data, field(name)).await?;
        Ok::<_, String>(read.map(|(pem, _)| STANDARD.encode(pem)))
    };
    let (certificate, key) = (half("client-certificate").await?, half("client-key").await?);
    if certificate.is_some() != key.is_some() {
        return Err(format!(
            "of client-certificate and client-key of {place} one is missing"
        ));
    }
    user.client_certificate_data = certificate;
    user.client_key_data = key.map(Into::into);
    (user.client_certificate, user.client_key) = (None, None);
    Ok(user)
}

/// Keeps what goes with each request, by whichever way of signing in, out of all that is written.
pub fn remember(user: &AuthInfo) {
    let written = written(user);
    let text = |name: &str| written[name].as_str().unwrap_or_default();
    for name in ["token", "password", "client-key-data"] {
        secrets::remember(text(name));
    }
    secrets::remember_password(&format!("{}:{}@", text("username"), text("password")));
}

/// As it would be written into a file: only so kube gives its secrets away.
fn written(user: &AuthInfo) -> Value {
    serde_json::to_value(user).unwrap_or_default()
}

/// A token as it goes with requests, without the line's end that it has in a file (client-go,
/// `transport/token_source.go`).
///
/// # Errors
/// A token that fits into no header.
pub fn bearer(token: &str) -> Result<&str, &'static str> {
    let token = token.trim();
    if token.is_empty() {
        return Err("is empty");
    }
    match HeaderValue::from_str(token) {
        Ok(_) => Ok(token),
        Err(_) => Err("has several lines, or other characters that no token has"),
    }
}

/// The token of an auth provider. kubectl has none left but `oidc`; it tells what took the place of the
/// others (client-go 1.26, `plugin/pkg/client/auth`).
fn provided(mut provider: AuthProviderConfig, place: &str) -> Result<String, String> {
    let instead = match provider.name.as_str() {
        "oidc" => {
            let token = provider.config.remove("id-token");
            return token.ok_or_else(|| {
                format!("auth-provider \"oidc\" of {place} has no id-token: sign in anew")
            });
        }
        "gcp" => ": use the exec plugin `gke-gcloud-auth-plugin` instead",
        "azure" => ": use the exec plugin `kubelogin` instead",
        _ => ": use an exec plugin instead",
    };
    Err(format!(
        "auth-provider \"{}\" of {place} is of a kind that kubectl has removed{instead}",
        provider.name
    ))
}

/// What a field holds in base64, or else the file that it names; and what errors call that.
pub async fn data_or_file(
    field: &str,
    place: &str,
    data: Option<&str>,
    path: Option<&str>,
) -> Result<Option<(Vec<u8>, String)>, String> {
    let filled = |text: &&str| !text.is_empty();
    if let Some(data) = data.filter(filled) {
        let what = format!("{field}-data of {place}");
        let decoded = STANDARD.decode(data);
        let decoded = decoded.map_err(|_| format!("{what} is no base64"))?;
        return Ok(Some((decoded, what)));
    }
    let Some(path) = path.filter(filled) else {
        return Ok(None);
    };
    let read = files::read_lasting(path.as_ref()).await;
    let read = read.map_err(|error| unreadable(field, place, path, &error))?;
    Ok(Some((read, format!("{field} of {place}, \"{path}\""))))
}

fn unreadable(field: &str, place: &str, path: &str, error: &std::io::Error) -> String {
    format!("cannot read {field} of {place}, \"{path}\": {error}")
}

/// Whom to act as is told in headers too. Without a user the rest of it would be passed over (client-go,
/// `clientcmd/validation.go`, refuses it too).
fn check_headers(user: &AuthInfo, place: &str) -> Result<(), String> {
    let is_someone = user.impersonate.as_ref().is_some_and(|it| !it.is_empty());
    let has_more = user.impersonate_uid.is_some()
        || user.impersonate_groups.iter().flatten().next().is_some()
        || user
            .impersonate_user_extra
            .iter()
            .flatten()
            .next()
            .is_some();
    if has_more && !is_someone {
        return Err(format!(
            "{place} asks to act as a uid, groups or user-extra without a user (`as`)"
        ));
    }
    let extra = user.impersonate_user_extra.iter().flatten();
    let all = [
        ("as", user.impersonate.iter().collect::<Vec<_>>()),
        ("as-uid", user.impersonate_uid.iter().collect()),
        (
            "as-groups",
            user.impersonate_groups.iter().flatten().collect(),
        ),
        (
            "as-user-extra",
            extra.flat_map(|(_, values)| values).collect(),
        ),
    ];
    let is_bad = |value: &&String| HeaderValue::from_str(value).is_err();
    let bad = all
        .iter()
        .find(|(_, values)| values.iter().copied().any(|it| is_bad(&it)));
    match bad {
        Some((field, _)) => Err(format!(
            "{field} of {place} has several lines, or other characters that fit into no header"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_fits_into_a_header() {
        assert_eq!(bearer(" abc.d-e_f\n"), Ok("abc.d-e_f"));
        for token in ["", "\n", "a\nb", "a\0b", "a\u{7f}"] {
            assert!(bearer(token).is_err(), "{token:?}");
        }
    }
}
