//! EKS Auth: what Pod Identity's agent does with a pod's token, made here for the proof that it works.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value, json};

use super::signed::{Hosts, Refused, Service, Signed, SignedRequest};
use super::sts::{NotAssumed, Session};
use super::{SdkError, failed};
use crate::error::Error;
use crate::model::ClusterName;
use crate::proof::TokenRefusal;
use crate::secrets::excerpt;
use crate::token::Secret;

/// Its hosts are of dual stack only (botocore, `eks-auth/2023-11-26/endpoint-rule-set-1.json`).
pub const SERVICE: Service = Service {
    name: "eks-auth",
    // As AWS's files name it; the SDK makes `eks-auth` of a blank ("Service-specific endpoints").
    id: "EKS_Auth",
    version: "2023-11-26",
    hosts: Hosts::DualStack,
};

const ASSUME: &str = "AssumeRoleForPodIdentity";
/// The codes by which it refuses a token (botocore's model); others tell nothing of it.
const REFUSALS: [&str; 7] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidParameterException",
    "InvalidRequestException",
    "InvalidTokenException",
    "ResourceNotFoundException",
    "ThrottlingException",
];
/// What IAM and the checks of signatures say of the caller, under codes that stand for the token too.
const OF_CALLER: [&str; 2] = [
    "is not authorized to perform",
    "security token included in the request",
];

pub struct EksAuth(pub(super) Signed);

impl EksAuth {
    /// AssumeRoleForPodIdentity: a session of the role that the cluster associates with the token's service
    /// account, and the id of the association.
    ///
    /// # Errors
    /// The refusal, that this identity may not ask, or that there is no answer.
    pub async fn assume(
        &self,
        cluster: &ClusterName,
        token: &Secret,
    ) -> Result<(Session, String), NotAssumed> {
        let request = SignedRequest {
            path: format!("/clusters/{cluster}/assume-role-for-pod-identity").into(),
            content_type: "application/json",
            target: None,
            body: json!({ "token": token.reveal() }).to_string(),
        };
        let answer = self.0.answer(ASSUME, request, issued).await;
        let answer = answer.map_err(|error| NotAssumed::Unreachable(Box::new(error)))?;
        answer.map_err(|error| not_assumed(&self.0.permission(ASSUME), error))
    }
}

fn issued(text: &str) -> Option<(Session, String)> {
    let body: Value = serde_json::from_str(text).ok()?;
    let credentials = &body["credentials"];
    let session = Session::new(
        credentials["accessKeyId"].as_str()?,
        credentials["secretAccessKey"].as_str()?,
        credentials["sessionToken"].as_str()?.to_owned(),
    );
    let association = body["podIdentityAssociation"]["associationId"].as_str()?;
    Some((session, association.to_owned()))
}

fn not_assumed(permission: &str, error: SdkError<Refused, HttpResponse>) -> NotAssumed {
    let code = error.code().unwrap_or_default();
    let message = error.message().unwrap_or("no message");
    let is_of_caller = OF_CALLER.iter().any(|words| message.contains(words));
    if REFUSALS.contains(&code) && !is_of_caller {
        return NotAssumed::Refused(TokenRefusal::of_eks(code, &excerpt(message)));
    }
    match failed(permission, "", error) {
        Error::AccessDenied { message, .. } => NotAssumed::NotAllowed(message),
        error => NotAssumed::Unreachable(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::metadata::ErrorMetadata;

    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn told(code: &str, message: &str) -> NotAssumed {
        let meta = ErrorMetadata::builder().code(code).message(message).build();
        let status = StatusCode::try_from(400).unwrap();
        let answer = HttpResponse::new(status, SdkBody::empty());
        not_assumed("eks-auth:A", SdkError::service_error(Refused(meta), answer))
    }

    #[test]
    fn what_is_said_of_the_caller_is_no_refusal_of_the_token() {
        for (code, message, is_refusal, is_allowed) in [
            (
                "AccessDeniedException",
                "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
                true,
                true,
            ),
            (
                "AccessDeniedException",
                "User: arn:aws:iam::111122223333:user/me is not authorized to perform: \
                 eks-auth:AssumeRoleForPodIdentity on resource: arn:aws:eks:eu-west-1:111122223333:cluster/demo",
                false,
                false,
            ),
            ("ResourceNotFoundException", "", true, true),
            (
                "ExpiredTokenException",
                "The specified Kubernetes service account token is expired.",
                true,
                true,
            ),
            (
                "ExpiredTokenException",
                "The security token included in the request is expired",
                false,
                true,
            ),
            ("InternalServerException", "", false, true),
        ] {
            let told = told(code, message);
            let refused = matches!(told, NotAssumed::Refused(_));
            let denied = matches!(told, NotAssumed::NotAllowed(_));
            assert_eq!(
                (refused, !denied),
                (is_refusal, is_allowed),
                "{code}: {message}"
            );
        }
    }
}
