//! IAM: OIDC providers, and the reads of roles and policies that checks need.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{PolicyScopeType, Role, Tag};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::pages::{PagedList, marker};
use super::{done, failed, found, lookup, told_arn, unusable};
use crate::error::Error;
use crate::model::{Audience, Issuer, Lookup, Map, PolicyArn, RoleArn, Thumbprint};
use crate::policy::{self, Quotas, RoleCount, numbers};
use crate::world::{LastUse, OidcProvider, RoleFacts, RoleHistory};

mod last_accessed;
mod simulate;
mod writes;

pub use last_accessed::UsageReport;

pub struct Iam(pub(super) aws_sdk_iam::Client);

/// What IAM says of things that are not there.
const MISSING: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

impl Iam {
    /// GetOpenIDConnectProvider.
    pub async fn provider(&self, arn: &str) -> Result<Option<OidcProvider>, Error> {
        let call = self.0.get_open_id_connect_provider();
        let result = call.open_id_connect_provider_arn(arn).send().await;
        let answer = found("iam:GetOpenIDConnectProvider", arn, MISSING, result)?;
        Ok(answer.map(|answer| OidcProvider {
            arn: arn.to_owned(),
            audiences: answer.client_id_list.unwrap_or_default(),
            thumbprints: answer.thumbprint_list.unwrap_or_default(),
            created: match answer.create_date {
                Some(date) => Lookup::Found(date.secs()),
                None => Lookup::Unknown("IAM does not say".to_owned()),
            },
        }))
    }

    /// CreateOpenIDConnectProvider. Without thumbprints IAM fetches one itself. A provider that
    /// exists by now is as good as one that was made.
    pub async fn create_provider(
        &self,
        url: &Issuer,
        audiences: &[Audience],
        thumbprints: Option<&[Thumbprint]>,
        tags: &Map,
    ) -> Result<(), Error> {
        let operation = "iam:CreateOpenIDConnectProvider";
        let mut call = self.0.create_open_id_connect_provider().url(url.url());
        for audience in audiences {
            call = call.client_id_list(audience.as_str());
        }
        for thumbprint in thumbprints.unwrap_or_default() {
            call = call.thumbprint_list(thumbprint.as_str());
        }
        for (key, value) in tags {
            let tag = Tag::builder().key(key).value(value).build();
            call = call.tags(tag.map_err(|error| unbuilt(operation, &error))?);
        }
        let before = &["EntityAlreadyExists"];
        done(operation, url.url(), before, call.send().await)
    }

    /// Idempotent at AWS.
    pub async fn add_audience(&self, provider: &str, audience: &Audience) -> Result<(), Error> {
        let call = self.0.add_client_id_to_open_id_connect_provider();
        let call = call.open_id_connect_provider_arn(provider);
        let result = call.client_id(audience.as_str()).send().await;
        let operation = "iam:AddClientIDToOpenIDConnectProvider";
        done(operation, provider, &[], result)
    }

    /// Replaces the whole list.
    pub async fn update_thumbprints(
        &self,
        provider: &str,
        thumbprints: &[Thumbprint],
    ) -> Result<(), Error> {
        let list = thumbprints.iter().map(ToString::to_string).collect();
        let call = self.0.update_open_id_connect_provider_thumbprint();
        let call = call.open_id_connect_provider_arn(provider);
        let result = call.set_thumbprint_list(Some(list)).send().await;
        let operation = "iam:UpdateOpenIDConnectProviderThumbprint";
        done(operation, provider, &[], result)
    }

    /// One that is gone already is no failure.
    pub async fn delete_provider(&self, arn: &str) -> Result<(), Error> {
        let call = self.0.delete_open_id_connect_provider();
        let result = call.open_id_connect_provider_arn(arn).send().await;
        done("iam:DeleteOpenIDConnectProvider", arn, MISSING, result)
    }

    /// ARNs of the roles of this account whose trust policy names the provider (ListRoles, all pages).
    pub async fn roles_trusting(&self, provider: &str) -> Result<Lookup<Vec<RoleArn>>, Error> {
        let is_trusting = |trust: &Value| policy::federated_principals(trust).contains(&provider);
        let found = self.roles_where(is_trusting).await?;
        Ok(found.map(|all| all.into_iter().map(|(arn, _)| arn).collect()))
    }

    /// Roles of this account with their trust policies, as far as those are meant (ListRoles, all pages).
    pub async fn roles_where(
        &self,
        is_meant: impl Fn(&Value) -> bool,
    ) -> Result<Lookup<Vec<(RoleArn, Value)>>, Error> {
        let operation = "iam:ListRoles";
        let pages = self.0.list_roles().into_paginator().send();
        let mut pages = PagedList::of(pages, |page| marker(page.is_truncated, page.marker()));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match lookup(operation, "", &[], page)? {
                Lookup::Found(page) => page,
                Lookup::Missing => break,
                Lookup::Unknown(message) => return Ok(Lookup::Unknown(message)),
            };
            for role in page.roles {
                let trust = document(operation, &role.role_name, role.assume_role_policy_document)?;
                if is_meant(&trust) {
                    found.push((told_arn(operation, &role.role_name, &role.arn)?, trust));
                }
            }
        }
        Ok(Lookup::Found(found))
    }

    /// Adds the ARNs of the managed policies (ListPolicies, all pages), page by page: the account's own
    /// first, as AWS has well over a thousand.
    pub async fn policies(&self, arns: &mut Vec<String>) -> Result<(), Error> {
        for scope in [PolicyScopeType::Local, PolicyScopeType::Aws] {
            let pages = self.0.list_policies().scope(scope).max_items(1000);
            let mut pages = PagedList::of(pages.into_paginator().send(), |page| {
                marker(page.is_truncated, page.marker())
            });
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| failed("iam:ListPolicies", "", error))?;
                let policies = page.policies.unwrap_or_default().into_iter();
                arns.extend(policies.filter_map(|policy| policy.arn));
            }
        }
        Ok(())
    }

    /// The account's quotas (GetAccountSummary); the defaults where this identity may not read them.
    pub async fn quotas(&self) -> Result<Quotas, Error> {
        let summary = self.account_summary().await?;
        let quota = |name: &str, default| summary.get(name).copied().unwrap_or(default);
        let defaults = Quotas::default();
        Ok(Quotas {
            managed_policies: quota("AttachedPoliciesPerRoleQuota", defaults.managed_policies),
            trust: quota("AssumeRolePolicySizeQuota", defaults.trust),
        })
    }

    /// How many roles the account has and may have (GetAccountSummary); `None` where this identity may
    /// not read them.
    pub async fn role_count(&self) -> Result<Option<RoleCount>, Error> {
        let summary = self.account_summary().await?;
        let number = |name: &str| summary.get(name).copied();
        let both = number("Roles").zip(number("RolesQuota"));
        Ok(both.map(|(there, quota)| RoleCount { there, quota }))
    }

    /// Empty where this identity may not read it.
    async fn account_summary(&self) -> Result<BTreeMap<String, usize>, Error> {
        let result = self.0.get_account_summary().send().await;
        let summary = lookup("iam:GetAccountSummary", "", MISSING, result)?.found();
        let numbers = summary.and_then(|answer| answer.summary_map);
        let numbers = numbers.unwrap_or_default().into_iter();
        Ok(numbers
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), usize::try_from(value).ok()?))
            })
            .collect())
    }

    /// GetPolicy: does a managed policy exist?
    pub async fn policy(&self, arn: &PolicyArn) -> Result<Lookup<()>, Error> {
        let arn = arn.to_string();
        let result = self.0.get_policy().policy_arn(&arn).send().await;
        lookup("iam:GetPolicy", &arn, MISSING, result.map(|_| ()))
    }

    /// The document of a managed policy's default version (GetPolicy, GetPolicyVersion).
    pub async fn policy_document(&self, arn: &PolicyArn) -> Result<Lookup<Value>, Error> {
        let arn = arn.to_string();
        let result = self.0.get_policy().policy_arn(&arn).send().await;
        let version = match lookup("iam:GetPolicy", &arn, MISSING, result)? {
            Lookup::Found(answer) => answer.policy.and_then(|policy| policy.default_version_id),
            Lookup::Missing => None,
            Lookup::Unknown(why) => return Ok(Lookup::Unknown(why)),
        };
        let Some(version) = version else {
            return Ok(Lookup::Missing);
        };
        let call = self.0.get_policy_version().policy_arn(&arn);
        let result = call.version_id(version).send().await;
        let text = result.map(|answer| answer.policy_version.and_then(|version| version.document));
        let operation = "iam:GetPolicyVersion";
        let text = lookup(operation, &arn, MISSING, text)?;
        text.map(|text| document(operation, &arn, text)).transpose()
    }

    /// ARNs of all OIDC providers of the account (ListOpenIDConnectProviders, which has no pages).
    ///
    /// # Errors
    /// Access denied too.
    pub async fn providers(&self) -> Result<Vec<String>, Error> {
        let answer = self.0.list_open_id_connect_providers().send().await;
        let answer = answer.map_err(|error| failed("iam:ListOpenIDConnectProviders", "", error))?;
        let list = answer.open_id_connect_provider_list.unwrap_or_default();
        Ok(list.into_iter().filter_map(|entry| entry.arn).collect())
    }

    /// GetRole.
    pub async fn role(&self, name: &str) -> Result<Lookup<RoleFacts>, Error> {
        let result = self.0.get_role().role_name(name).send().await;
        let answer = lookup("iam:GetRole", name, MISSING, result)?;
        let role = answer.and_then(|answer| answer.role.into());
        role.map(role_facts).transpose()
    }

    /// ARNs of the managed policies of a role (ListAttachedRolePolicies).
    pub async fn attached_policies(&self, role: &str) -> Result<Lookup<Vec<PolicyArn>>, Error> {
        let pages = self.0.list_attached_role_policies().role_name(role);
        let pages = PagedList::of(pages.into_paginator().send(), |page| {
            marker(page.is_truncated, page.marker())
        });
        let result = pages.items(|page| page.attached_policies).await;
        let operation = "iam:ListAttachedRolePolicies";
        let arns = lookup(operation, role, MISSING, result)?.map(|policies| {
            let arns = policies.into_iter().filter_map(|policy| policy.policy_arn);
            arns.map(|arn| told_arn(operation, role, &arn)).collect()
        });
        arns.transpose()
    }

    /// Names of the inline policies of a role (ListRolePolicies).
    pub async fn inline_policies(&self, role: &str) -> Result<Lookup<Vec<String>>, Error> {
        let pages = self.0.list_role_policies().role_name(role);
        let pages = PagedList::of(pages.into_paginator().send(), |page| {
            marker(page.is_truncated, page.marker())
        });
        let names = pages.items(|page| Some(page.policy_names)).await;
        lookup("iam:ListRolePolicies", role, MISSING, names)
    }

    /// The document of an inline policy of a role (GetRolePolicy).
    pub async fn inline_policy(&self, role: &str, name: &str) -> Result<Lookup<Value>, Error> {
        let call = self.0.get_role_policy().role_name(role).policy_name(name);
        let operation = "iam:GetRolePolicy";
        let answer = lookup(operation, role, MISSING, call.send().await)?;
        let text = answer.map(|answer| Some(answer.policy_document));
        text.map(|text| document(operation, role, text)).transpose()
    }

    /// The role of an instance profile (GetInstanceProfile). It has one at most.
    pub async fn profile_role(&self, profile: &str) -> Result<Lookup<RoleArn>, Error> {
        let operation = "iam:GetInstanceProfile";
        let call = self.0.get_instance_profile();
        let result = call.instance_profile_name(profile).send().await;
        let answer = lookup(operation, profile, MISSING, result)?;
        let role = answer.and_then(|answer| {
            let profile = answer.instance_profile;
            let role = profile.and_then(|profile| profile.roles.into_iter().next());
            role.into()
        });
        role.map(|role| told_arn(operation, profile, &role.arn))
            .transpose()
    }

    /// Names of the instance profiles that a role is in (ListInstanceProfilesForRole).
    pub async fn instance_profiles(&self, role: &str) -> Result<Lookup<Vec<String>>, Error> {
        let pages = self.0.list_instance_profiles_for_role().role_name(role);
        let pages = PagedList::of(pages.into_paginator().send(), |page| {
            marker(page.is_truncated, page.marker())
        });
        let result = pages.items(|page| Some(page.instance_profiles)).await;
        let names = result.map(|profiles| {
            profiles
                .into_iter()
                .map(|profile| profile.instance_profile_name)
                .collect()
        });
        lookup("iam:ListInstanceProfilesForRole", role, MISSING, names)
    }
}

fn role_facts(role: Role) -> Result<RoleFacts, Error> {
    let last_used = role.role_last_used.and_then(|used| {
        Some(LastUse {
            at: used.last_used_date?.secs(),
            region: used.region.unwrap_or_default(),
        })
    });
    let boundary = role.permissions_boundary;
    let boundary = boundary.and_then(|boundary| boundary.permissions_boundary_arn);
    let boundary = boundary.map(|arn| told_arn("iam:GetRole", &role.role_name, &arn));
    Ok(RoleFacts {
        arn: told_arn("iam:GetRole", &role.role_name, &role.arn)?,
        trust: document(
            "iam:GetRole",
            &role.role_name,
            role.assume_role_policy_document,
        )?,
        boundary: boundary.transpose()?,
        max_session_duration: role
            .max_session_duration
            .and_then(|seconds| u64::try_from(seconds).ok()),
        tags: role
            .tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect(),
        history: RoleHistory {
            created: role.create_date.secs(),
            last_used,
        },
    })
}

fn unbuilt(operation: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Aws {
        operation: operation.to_owned(),
        subject: String::new(),
        code: "a request that cannot be made".into(),
        message: error.to_string(),
    }
}

/// A policy document as IAM returns it: JSON, percent-encoded (RFC 3986). What is none is an answer that
/// nobody can decide by: whom it lets in is not nobody.
fn document(operation: &str, subject: &str, encoded: Option<String>) -> Result<Value, Error> {
    let read = encoded.as_deref().and_then(decoded);
    let read = read.filter(Value::is_object);
    read.ok_or_else(|| {
        unusable(
            operation,
            subject,
            "its policy document is no JSON object".to_owned(),
        )
    })
}

fn decoded(encoded: &str) -> Option<Value> {
    let text = percent_decode_str(encoded).decode_utf8().ok()?;
    serde_json::from_str(&numbers::quoted(&text)).ok()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    #[test]
    fn documents_are_decoded_and_bad_ones_are_none() {
        let document = |text: &str| decoded(text).unwrap_or_default();
        assert_eq!(document("%7B%22a%22%3A1%7D"), serde_json::json!({"a": 1}));
        let exact = serde_json::json!({"a": "107000000000000000001"});
        assert_eq!(document("%7B%22a%22%3A107000000000000000001%7D"), exact);
        for bad in ["", "%", "%7", "%zz", "a%C3"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }

    #[test]
    fn fuzzed_documents_are_decoded_to_what_was_encoded() {
        let trust =
            r#"{"Statement":[{"Principal":{"Federated":["arn:aws:iam::1:oidc-provider/a%2Fé"]}}]}"#;
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let twice = encoded(trust);
        crate::fuzz::texts([trust, twice.as_str(), "%7B%7D", "%"], |text| {
            decoded(text)
                .iter()
                .for_each(|it| drop(policy::federated_principals(it)));
            let plain: Option<Value> = serde_json::from_str(&numbers::quoted(text)).ok();
            assert_eq!(decoded(&encoded(text)), plain, "{text}");
        });
    }
}
