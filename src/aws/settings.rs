//! What variables and AWS's two files say of the way to AWS, checked before the SDK reads it: of bad
//! values the SDK panics at some, and passes over others without a word. What is empty is not set.

use std::path::PathBuf;
use std::str::FromStr;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_sdk_iam::config::retry::{RetryConfig, RetryMode};
use aws_types::os_shim_internal::{Env, Fs};

use crate::endpoint::{endpoint, whole_url};
use crate::error::{Error, SignIn};
use crate::files;
use crate::model::Region;
use crate::network::deepest;

/// Services whose endpoint a `services` section may name: those that are called here.
const SERVICES: [&str; 10] = [
    "eks",
    "eks_auth",
    "iam",
    "cloudformation",
    "sts",
    "ec2",
    "cloudtrail",
    "accessanalyzer",
    "sso",
    "sso-oidc",
];
/// Truth values that the SDK passes over where it does not understand them.
const SWITCHES: [(&str, &str); 3] = [
    ("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
    ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
    IGNORED,
];
/// Whether the endpoints count for nothing that variables and profiles name.
const IGNORED: (&str, &str) = (
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "ignore_configured_endpoint_urls",
);
const URL_WANTED: &str = "a URL such as `https://HOST:PORT` is wanted";

/// Both files, and the profile in them that counts.
#[derive(Debug)]
pub struct Settings {
    files: [File; 2],
    pub profiles: ProfileSet,
    /// The profile's name.
    pub profile: String,
}

#[derive(Debug)]
struct File {
    kind: EnvConfigFileKind,
    path: PathBuf,
    /// Without what is empty in it.
    text: String,
    profiles: ProfileSet,
}

/// Starts the program anew without the variables of AWS's that are empty, where there are any. The SDK
/// reads the environment itself, in many places, and takes an empty variable for a value; a process
/// cannot safely change its own.
pub fn start_without_empty_variables() {
    let empty = empty_variables();
    let Some(program) = std::env::current_exe().ok().filter(|_| !empty.is_empty()) else {
        return;
    };
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1));
    for name in empty {
        command.env_remove(name);
    }
    #[cfg(unix)]
    {
        // It returns only where it fails; what is empty is told then.
        let _ = std::os::unix::process::CommandExt::exec(&mut command);
    }
}

fn empty_variables() -> Vec<String> {
    let variables = std::env::vars_os().filter(|(_, value)| value.is_empty());
    let names = variables.filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with("AWS_")).collect()
}

/// A variable that is set. Those that are no text were refused before.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Settings {
    /// Reads both files and checks what there is. `profile` is the one that a flag names.
    ///
    /// # Errors
    /// A value that cannot be used, by its variable or its place; a profile that is not there.
    pub async fn read(profile: Option<&str>) -> Result<Self, Error> {
        check_variables()?;
        let files = [
            File::read(EnvConfigFileKind::Config, "AWS_CONFIG_FILE", "config").await?,
            File::read(
                EnvConfigFileKind::Credentials,
                "AWS_SHARED_CREDENTIALS_FILE",
                "credentials",
            )
            .await?,
        ];
        let named = profile
            .map(str::to_owned)
            .or_else(|| variable("AWS_PROFILE"));
        let settings = Self {
            profiles: parsed(&in_memory(&files)).await.map_err(Error::Setting)?,
            profile: named.clone().unwrap_or_else(|| "default".to_owned()),
            files,
        };
        let is_missing = settings.profiles.get_profile(&settings.profile).is_none();
        if is_missing && (profile.is_some() || named.is_some_and(|name| name != "default")) {
            return Err(settings.no_profile());
        }
        settings.check()?;
        Ok(settings)
    }

    fn no_profile(&self) -> Error {
        let files = self.files.each_ref().map(|file| {
            let state = if file.path.exists() {
                ""
            } else {
                " (not there)"
            };
            format!("\"{}\"{state}", file.path.display())
        });
        let cause = format!(
            "there is no profile \"{}\" in {}",
            self.profile,
            files.join(" and ")
        );
        Error::Credentials {
            cause,
            sign_in: SignIn::NoProfile,
        }
    }

    /// The files as the SDK shall read them.
    pub fn files(&self) -> EnvConfigFiles {
        in_memory(&self.files)
    }

    /// A key of the profile, and where it stands.
    fn key(&self, key: &str) -> Option<(String, String)> {
        let value = self.profiles.get_profile(&self.profile)?.get(key)?;
        // The file of credentials outranks the other.
        let has_it = |file: &&File| {
            let profile = file.profiles.get_profile(&self.profile);
            profile.is_some_and(|profile| profile.get(key).is_some())
        };
        let file = self.files.iter().rev().find(has_it);
        let path = file
            .map(|file| file.path.display().to_string())
            .unwrap_or_default();
        let place = format!("{key} of profile \"{}\" in \"{path}\"", self.profile);
        Some((value.to_owned(), place))
    }

    /// A variable, else a key of the profile; and its name.
    fn value(&self, name: &str, key: &str) -> Option<(String, String)> {
        match variable(name) {
            Some(value) => Some((value, name.to_owned())),
            None => self.key(key),
        }
    }

    fn read_as<T>(
        &self,
        (name, key): (&str, &str),
        rule: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some((value, place)) = self.value(name, key) else {
            return Ok(None);
        };
        match read(&value) {
            Some(value) => Ok(Some(value)),
            None => Err(Error::Setting(format!(
                "{place}: {value:?} cannot be used: {rule}"
            ))),
        }
    }

    fn check(&self) -> Result<(), Error> {
        for switch in SWITCHES {
            let is_truth = |text: &str| {
                let words = ["true", "false"];
                words
                    .iter()
                    .any(|word| text.eq_ignore_ascii_case(word))
                    .then_some(())
            };
            self.read_as(switch, "`true` or `false` is wanted", is_truth)?;
        }
        self.check_endpoints()
    }

    /// Whether calls, with all that they carry, go where they may.
    fn check_endpoints(&self) -> Result<(), Error> {
        let (name, key) = IGNORED;
        let ignored = self.value(name, key);
        if ignored.is_some_and(|(value, _)| value.eq_ignore_ascii_case("true")) {
            return Ok(());
        }
        let all = "AWS_ENDPOINT_URL";
        let mut named: Vec<(String, String)> = Vec::new();
        named.extend(variable(all).map(|url| (url, all.to_owned())));
        named.extend(self.key("endpoint_url"));
        let services = self.key("services");
        for service in SERVICES {
            let name = format!("{all}_{}", service.to_uppercase().replace('-', "_"));
            named.extend(variable(&name).map(|url| (url, name)));
            if let Some((section, place)) = &services {
                let url = self.endpoint_of(section, service).cloned();
                named.extend(url.map(|url| (url, format!("endpoint_url of {service} in {place}"))));
            }
        }
        for (url, place) in named {
            endpoint(&url).map_err(|rule| Error::Setting(format!("{place}: {rule}")))?;
        }
        Ok(())
    }

    fn endpoint_of(&self, section: &str, service: &str) -> Option<&String> {
        let key = PropertiesKey::builder()
            .section_key("services")
            .section_name(section)
            .property_name(service)
            .sub_property_name("endpoint_url")
            .build();
        self.profiles.other_sections().get(&key.ok()?)
    }

    /// The region of variables or of the profile.
    pub fn region(&self) -> Result<Option<String>, Error> {
        let rule = "a region such as `eu-west-1` is wanted";
        let read = |text: &str| Region::from_str(text).ok();
        let (first, second) = ("AWS_REGION", "AWS_DEFAULT_REGION");
        let name = variable(first).map_or(second, |_| first);
        let region = self.read_as((name, "region"), rule, read)?;
        Ok(region.map(|region| region.to_string()))
    }

    /// That of the profile alone.
    pub fn region_of_profile(&self) -> Option<String> {
        self.key("region").map(|(region, _)| region)
    }

    /// How often and how calls are repeated that fail; `None`, where nothing says it.
    pub fn retries(&self) -> Result<Option<RetryConfig>, Error> {
        let attempts = self.read_as(
            ("AWS_MAX_ATTEMPTS", "max_attempts"),
            "a number from 1 on is wanted",
            |text| text.parse().ok().filter(|count: &u32| *count > 0),
        )?;
        let mode = self.read_as(
            ("AWS_RETRY_MODE", "retry_mode"),
            "`standard` or `adaptive` is wanted",
            // What SDKs did before there were modes (their reference guide, "Retry behavior").
            |text| {
                if text.trim().eq_ignore_ascii_case("legacy") {
                    Some(RetryMode::Standard)
                } else {
                    text.parse().ok()
                }
            },
        )?;
        if attempts.is_none() && mode.is_none() {
            return Ok(None);
        }
        let retries = RetryConfig::standard().with_retry_mode(mode.unwrap_or(RetryMode::Standard));
        Ok(Some(match attempts {
            Some(attempts) => retries.with_max_attempts(attempts),
            None => retries,
        }))
    }
}

fn check_variables() -> Result<(), Error> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with("AWS_").then_some((name, value))
    });
    for (name, value) in variables {
        if value.is_empty() {
            return Err(Error::Setting(format!("{name} is empty: `unset {name}`")));
        }
        let Some(value) = value.to_str() else {
            return Err(Error::Setting(format!("{name} is no text in UTF-8")));
        };
        if has_control(value) {
            return Err(Error::Setting(format!(
                "{name} has several lines, or other control characters"
            )));
        }
        let is_endpoint = name == "AWS_CONTAINER_CREDENTIALS_FULL_URI"
            || name.starts_with("AWS_ENDPOINT_URL")
            || name == "AWS_EC2_METADATA_SERVICE_ENDPOINT";
        if is_endpoint && whole_url(value).is_none() {
            return Err(Error::Setting(format!("{name}: {URL_WANTED}")));
        }
    }
    Ok(())
}

impl File {
    async fn read(kind: EnvConfigFileKind, name: &str, file: &str) -> Result<Self, Error> {
        let home = std::env::home_dir().unwrap_or_default();
        let named = variable(name).map(|path| match path.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => PathBuf::from(path),
        });
        let is_named = named.is_some();
        let path = named.unwrap_or_else(|| home.join(".aws").join(file));
        let place = format!("\"{}\"", path.display());
        let place = if is_named {
            format!("{place} of {name}")
        } else {
            place
        };
        let text = match files::read(&path).await.and_then(text) {
            Ok(text) => without_empty(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let cause = error.to_string();
                return Err(Error::Read { what: place, cause });
            }
        };
        let files = EnvConfigFiles::builder()
            .with_contents(kind, text.as_str())
            .build();
        let profiles = parsed(&files).await;
        let profiles = profiles.map_err(|cause| Error::Read { what: place, cause })?;
        Ok(Self {
            kind,
            path,
            text,
            profiles,
        })
    }
}

fn in_memory(files: &[File; 2]) -> EnvConfigFiles {
    let all = files.iter().fold(EnvConfigFiles::builder(), |all, file| {
        all.with_contents(file.kind, file.text.as_str())
    });
    all.build()
}

fn text(bytes: Vec<u8>) -> std::io::Result<String> {
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| std::io::Error::other("it is no text in UTF-8"))?;
    match text.lines().position(has_control) {
        Some(line) => {
            let rule = format!("line {} has control characters", line + 1);
            Err(std::io::Error::other(rule))
        }
        None => Ok(text),
    }
}

/// Of values that end up in headers, at which the SDK ends the program.
fn has_control(text: &str) -> bool {
    text.contains(|c: char| c != '\t' && c.is_control())
}

async fn parsed(files: &EnvConfigFiles) -> Result<ProfileSet, String> {
    let none = Env::from_slice(&[]);
    let profiles = aws_config::profile::load(&Fs::from_slice(&[]), &none, files, None).await;
    profiles.map_err(|error| {
        // "error parsing PATH on line N:", and what is wrong; the path is not there.
        let text = deepest(&error);
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        let line = text
            .split_once(" on line ")
            .map(|(_, rest)| format!("line {rest}"));
        line.unwrap_or(text)
    })
}

/// The text without keys whose value is empty; what is indented below one (`services`, `s3`) is its
/// value.
fn without_empty(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_indented = |line: &str| line.starts_with([' ', '\t']);
        let value = line.split_once('=').map(|(_, value)| value.trim());
        let is_empty = value.is_some_and(|value| value.is_empty() || value.starts_with(['#', ';']));
        let has_more = !is_indented(line) && lines.peek().is_some_and(|next| is_indented(next));
        if !is_empty || has_more {
            kept.push_str(line);
        }
        // Lines keep their numbers.
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_no_values() {
        let text = "[default]\nregion =\nretry_mode = standard\ns3 =\n  a = b\n  c =\noutput = # none\n[x]\n";
        let kept = "[default]\n\nretry_mode = standard\ns3 =\n  a = b\n\n\n[x]\n";
        assert_eq!(without_empty(text), kept);
    }
}
