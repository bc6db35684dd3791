//! The associations of Pod Identity: which service accounts have which roles by EKS itself.

use std::convert::Infallible;
use std::time::Duration;

use aws_sdk_eks::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eks::types;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{Eks, MISSING};
use crate::aws::pages::{PagedList, filled};
use crate::aws::{failed, found, told_arn, unusable};
use crate::error::{AssociationRefusal, Error};
use crate::model::{ClusterName, Lookup, Map, RoleArn, ServiceAccountName, Timeout};
use crate::plan::UpdateAssociation;
use crate::secrets::excerpt;
use crate::waiting::{Deadline, polled};
use crate::world::{Association, AssociationTerms};

/// How long a role that was made just now may be unknown to EKS. Terraform waits for two minutes.
const PROPAGATION: Duration = Duration::from_secs(60);

impl Eks {
    /// Service accounts with the ids of their associations, of which EKS allows one each
    /// (ListPodIdentityAssociations): of the whole cluster, or of one. Missing: no such cluster.
    ///
    /// # Errors
    /// Access denied too.
    pub async fn associated(
        &self,
        cluster: &str,
        only: Option<&ServiceAccountName>,
    ) -> Result<Lookup<Vec<(ServiceAccountName, String)>>, Error> {
        let pages = self
            .client
            .list_pod_identity_associations()
            .cluster_name(cluster)
            .set_namespace(only.map(|account| account.namespace.to_string()))
            .set_service_account(only.map(|account| account.name.clone()))
            .into_paginator();
        let pages = PagedList::of(pages.send(), |page| filled(page.next_token()));
        let listed = pages.items(|page| page.associations).await;
        let listed = found("eks:ListPodIdentityAssociations", cluster, MISSING, listed)?;
        let listed = Lookup::from(listed);
        let named = |one: types::PodIdentityAssociationSummary| {
            let namespace = one.namespace?.parse().ok()?;
            let name = ServiceAccountName::new(namespace, &one.service_account?).ok()?;
            Some((name, one.association_id?))
        };
        Ok(listed.map(|all| all.into_iter().filter_map(named).collect()))
    }

    /// DescribePodIdentityAssociation. Missing: deleted since it was listed.
    ///
    /// # Errors
    /// Access denied too.
    pub async fn association(&self, cluster: &str, id: &str) -> Result<Lookup<Association>, Error> {
        let call = self.client.describe_pod_identity_association();
        let result = call.cluster_name(cluster).association_id(id).send().await;
        let operation = "eks:DescribePodIdentityAssociation";
        let answer = found(operation, id, MISSING, result)?;
        let association = answer.and_then(|answer| answer.association);
        let association = association.map(|it| read_association(operation, it));
        association.transpose().map(Lookup::from)
    }

    /// CreatePodIdentityAssociation. The role must be of the cluster's account, and this identity may
    /// have to be allowed to pass it.
    ///
    /// The token that makes a repeated request one request is the SDK's, a new one for each call: EKS does
    /// not say for how long it remembers one, and an association of the same content that was deleted since
    /// may still hold it. Nothing is made twice for that, as a service account has one association at most.
    ///
    /// # Errors
    /// What EKS has against it: that there is one by now, above all, which must be looked at then.
    pub async fn create_association(
        &self,
        cluster: &ClusterName,
        account: &ServiceAccountName,
        role: &RoleArn,
        terms: &AssociationTerms,
        tags: &Map,
    ) -> Result<Association, Error> {
        let call = self
            .client
            .create_pod_identity_association()
            .cluster_name(cluster.as_str())
            .namespace(account.namespace.as_str())
            .service_account(&account.name)
            .role_arn(role.to_string())
            .set_target_role_arn(terms.target_role.as_ref().map(RoleArn::to_string))
            .disable_session_tags(terms.disable_session_tags)
            .set_policy(terms.policy.clone())
            .set_tags(Some(tags.clone().into_iter().collect()));
        let write = Write {
            call: "eks:CreatePodIdentityAssociation",
            words: format!("associate {account} with {role}"),
            cluster,
            wanted: Some((account, role)),
        };
        let attempt = async || {
            let answer = call.clone().send().await;
            write.association(answer.map_err(|error| write.refused(error))?.association)
        };
        self.with_known_role(role, attempt).await
    }

    /// UpdatePodIdentityAssociation, from what it is to what is asked. A value that goes is sent empty, as
    /// one that is left out stays (aws-controllers-k8s/eks-controller, its hook of TargetRoleARN). That
    /// EKS takes an empty policy likewise is a guess.
    ///
    /// # Errors
    /// What EKS has against it: that it went since it was looked at, or is an add-on's.
    pub async fn update_association(
        &self,
        update: &UpdateAssociation,
        role: &RoleArn,
    ) -> Result<Association, Error> {
        let UpdateAssociation {
            cluster,
            name,
            seen,
            terms,
            ..
        } = update;
        let changed = |was: &Option<String>, asked: Option<String>| {
            (*was != asked).then(|| asked.unwrap_or_default())
        };
        let target = terms.target_role.as_ref().map(RoleArn::to_string);
        let target_before = seen.target_role.as_ref().map(RoleArn::to_string);
        let tagging = terms.disable_session_tags;
        let call = self
            .client
            .update_pod_identity_association()
            .cluster_name(cluster.as_str())
            .association_id(&seen.id)
            .role_arn(role.to_string())
            .set_target_role_arn(changed(&target_before, target))
            .set_policy(changed(&seen.policy, terms.policy.clone()))
            .set_disable_session_tags((tagging != seen.session_tags_disabled).then_some(tagging));
        let write = Write {
            call: "eks:UpdatePodIdentityAssociation",
            words: format!("change association {}", seen.id),
            cluster,
            wanted: Some((name, role)),
        };
        let attempt = async || {
            let answer = call.clone().send().await;
            write.association(answer.map_err(|error| write.refused(error))?.association)
        };
        self.with_known_role(role, attempt).await
    }

    /// DeletePodIdentityAssociation; one that is gone is deleted.
    ///
    /// # Errors
    /// What EKS has against it: that it is an add-on's.
    pub async fn delete_association(&self, cluster: &ClusterName, id: &str) -> Result<(), Error> {
        let write = Write {
            call: "eks:DeletePodIdentityAssociation",
            words: format!("delete association {id}"),
            cluster,
            wanted: None,
        };
        let call = self.client.delete_pod_identity_association();
        let call = call.cluster_name(cluster.as_str()).association_id(id);
        match call.send().await {
            Err(error) if error.code().is_some_and(|code| MISSING.contains(&code)) => Ok(()),
            Err(error) => Err(write.refused(error)),
            Ok(_) => Ok(()),
        }
    }

    /// What EKS answers when it knows the role, which it may not yet where that was made just now.
    async fn with_known_role<T>(
        &self,
        role: &RoleArn,
        attempt: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let first = attempt().await;
        if !is_of_unknown_role(&first) {
            return first;
        }
        let patience = self.intervals.patience(PROPAGATION);
        let deadline = Deadline::after(Timeout(patience.min(self.deadline.left())));
        let look = async || {
            let answer = attempt().await;
            Ok::<_, Infallible>((!is_of_unknown_role(&answer)).then_some(answer))
        };
        let least = || Duration::ZERO;
        let answer = polled(self.intervals, deadline, &role.to_string(), least, look).await;
        answer.ok().flatten().unwrap_or(first)
    }
}

/// A change of an association, as its refusal tells of it.
struct Write<'a> {
    call: &'static str,
    /// What is done, for the reader.
    words: String,
    cluster: &'a ClusterName,
    /// Whom which role is given to.
    wanted: Option<(&'a ServiceAccountName, &'a RoleArn)>,
}

impl Write<'_> {
    fn refused<E>(&self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let message = excerpt(error.message().unwrap_or("no message"));
        let code = error.code();
        let refusal = code.and_then(|code| refusal(code, &message, self.wanted));
        if let Some(refusal) = refusal {
            return Error::AssociationRefused {
                operation: self.words.clone(),
                cluster: self.cluster.clone(),
                refusal,
                message,
            };
        }
        match failed(self.call, self.cluster.as_str(), error) {
            Error::AccessDenied {
                permission,
                message,
                subject,
            } => Error::AccessDenied {
                subject: match self.wanted {
                    Some((_, role)) if permission == "iam:PassRole" => role.to_string(),
                    _ => subject,
                },
                permission,
                message,
            },
            other => other,
        }
    }

    fn association(
        &self,
        answer: Option<types::PodIdentityAssociation>,
    ) -> Result<Association, Error> {
        let nothing = || {
            unusable(
                self.call,
                self.cluster.as_str(),
                "it has no association".to_owned(),
            )
        };
        read_association(self.call, answer.ok_or_else(nothing)?)
    }
}

fn is_of_unknown_role<T>(answer: &Result<T, Error>) -> bool {
    matches!(
        answer,
        Err(Error::AssociationRefused {
            refusal: AssociationRefusal::UnknownRole,
            ..
        })
    )
}

/// By AWS's code and message. Codes are those of botocore's model; the words on a role that is missing are
/// in hashicorp/terraform-provider-aws (`podIdentityAssociationResource.Create`), those on its trust policy
/// in issue 41483 there, those on another account in eksctl's issue 8718; those on add-ons are a guess. The
/// words on another account are the same everywhere, and other services say them under the code of a denial
/// (Lambda: artilleryio/chaos-lambda's issue 29), though rights are no question.
fn refusal(
    code: &str,
    message: &str,
    wanted: Option<(&ServiceAccountName, &RoleArn)>,
) -> Option<AssociationRefusal> {
    let says = |words: &str| message.to_ascii_lowercase().contains(words);
    if let Some((account, role)) = wanted
        && says("cross-account pass role")
    {
        let wanted = Box::new((account.clone(), role.clone()));
        return Some(AssociationRefusal::ForeignRole(wanted));
    }
    Some(match code {
        "ResourceInUseException" => AssociationRefusal::AlreadyExists,
        "ResourceLimitExceededException" => AssociationRefusal::QuotaReached,
        "ResourceNotFoundException" if says("association") => AssociationRefusal::Gone,
        "InvalidParameterException" | "InvalidRequestException" => {
            if says("addon") || says("add-on") {
                AssociationRefusal::OwnedByAddon
            } else if says("role provided in the request does not exist") {
                AssociationRefusal::UnknownRole
            } else if says("trust policy of the role") {
                AssociationRefusal::Untrusting
            } else {
                return None;
            }
        }
        _ => return None,
    })
}

fn read_association(
    operation: &str,
    association: types::PodIdentityAssociation,
) -> Result<Association, Error> {
    let id = association.association_id.unwrap_or_default();
    let role = |arn: String| told_arn(operation, &id, &arn);
    Ok(Association {
        role: role(association.role_arn.unwrap_or_default())?,
        target_role: association.target_role_arn.map(role).transpose()?,
        id,
        arn: association.association_arn.unwrap_or_default(),
        external_id: association.external_id,
        session_tags_disabled: association.disable_session_tags.unwrap_or_default(),
        policy: association.policy,
        owner: association.owner_arn,
        tags: association.tags.unwrap_or_default().into_iter().collect(),
        created: association.created_at.map_or(0, |at| at.secs()),
        modified: association.modified_at.map_or(0, |at| at.secs()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_code_and_message() {
        let parameter = "InvalidParameterException";
        let account: ServiceAccountName = "web/api".parse().unwrap();
        let role: RoleArn = "arn:aws:iam::444455556666:role/data".parse().unwrap();
        let foreign = AssociationRefusal::ForeignRole(Box::new((account.clone(), role.clone())));
        let words = "Cross-account pass role is not allowed.";
        for (code, message, wanted) in [
            (
                "ResourceInUseException",
                "Association already exists: a-1",
                Some(AssociationRefusal::AlreadyExists),
            ),
            (
                "ResourceLimitExceededException",
                "",
                Some(AssociationRefusal::QuotaReached),
            ),
            (
                "ResourceNotFoundException",
                "No association found for ID: a-1 in cluster: demo",
                Some(AssociationRefusal::Gone),
            ),
            (
                "ResourceNotFoundException",
                "No cluster found for name: demo.",
                None,
            ),
            (
                parameter,
                "Role provided in the request does not exist.",
                Some(AssociationRefusal::UnknownRole),
            ),
            (
                parameter,
                "Trust policy of the role provided is invalid. Follow the official documentation",
                Some(AssociationRefusal::Untrusting),
            ),
            (parameter, words, Some(foreign.clone())),
            ("AccessDeniedException", words, Some(foreign)),
            (
                "AccessDeniedException",
                "User: someone is not authorized",
                None,
            ),
            (
                "InvalidRequestException",
                "The association is owned by addon vpc-cni",
                Some(AssociationRefusal::OwnedByAddon),
            ),
            (parameter, "namespace must not be null", None),
            ("ServerException", "", None),
        ] {
            let refused = refusal(code, message, Some((&account, &role)));
            assert_eq!(refused, wanted, "{code}: {message}");
        }
    }
}
