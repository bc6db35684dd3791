//! Failures of calls to the API, as what the user met.

use super::{CONNECT, Kubernetes, READ, retry};
use crate::error::{Error, Objection};
use crate::model::{Namespace, Right, Timeout};
use crate::network::deepest;
use crate::pages::Endless;
use crate::secrets::excerpt;

/// Why a call has no answer that could be used.
#[derive(Debug)]
pub enum Failure {
    Call(kube::Error),
    /// It could not be signed in anew.
    SignIn(Error),
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Call(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::SignIn(error)
    }
}

impl Failure {
    /// Of the API's answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Call(error) => status_code(error),
            Self::SignIn(_) => None,
        }
    }

    /// Whether the API says that nothing is at the path. Whoever else stands there may answer 404 to everything: it must
    /// be the API's own word (apimachinery's `StatusReasonNotFound`), or for a group that need not be installed that
    /// of the server behind it (apiserver's `NotFoundHandler`, Go's `http.NotFound`).
    pub fn is_absence(&self, path: &str) -> bool {
        let Self::Call(kube::Error::Api(status)) = self else {
            return false;
        };
        let is_unserved = path.starts_with("/apis/") && status.message == "404 page not found";
        status.code == 404 && (status.reason == "NotFound" || is_unserved)
    }

    /// Kubernetes answers an apply into a missing namespace with 404 for the namespace.
    pub fn is_missing_namespace(&self, namespace: &Namespace) -> bool {
        matches!(self, Self::Call(kube::Error::Api(status))
            if status.code == 404 && status.message.contains(&format!("namespaces \"{namespace}\" not found")))
    }
}

/// What is done, in words, and the right that it needs.
#[derive(Clone, Debug)]
pub struct ApiOperation {
    words: String,
    right: Right,
}

impl ApiOperation {
    /// In other words than those of RBAC.
    pub fn told(words: impl Into<String>, right: Right) -> Self {
        let words = words.into();
        Self { words, right }
    }
}

impl From<Right> for ApiOperation {
    fn from(right: Right) -> Self {
        Self::told(right.to_string(), right)
    }
}

impl Kubernetes {
    pub(super) fn failed(&self, operation: &ApiOperation, failure: Failure) -> Error {
        let error = match failure {
            Failure::Call(error) => error,
            Failure::SignIn(error) => return error,
        };
        let words = || operation.words.clone();
        match &error {
            kube::Error::Api(status) if is_foreign(status) => Error::KubernetesUnreachable {
                operation: words(),
                cause: format!("{}: something else answers there (HTTP 404)", self.cluster),
            },
            kube::Error::Api(status) => self.refused(operation, status, retry::is_passing(&error)),
            kube::Error::SerdeError(_) => Error::KubernetesUnreachable {
                operation: words(),
                cause: format!("{}: something else answers there", self.cluster),
            },
            error => Error::KubernetesUnreachable {
                operation: words(),
                cause: format!("{}: {}", self.cluster, self.cause(error)),
            },
        }
    }

    fn refused(
        &self,
        operation: &ApiOperation,
        status: &kube::core::Status,
        is_passing: bool,
    ) -> Error {
        let message = shown(status);
        let right = Box::new(operation.right.clone());
        let operation = operation.words.clone();
        if let Some(objection) = objection(status) {
            return objection_to_write(operation, status, objection, message);
        }
        match status.code {
            401 => Error::KubernetesUnauthorized {
                cluster: self.cluster.clone(),
                eks: self.eks.clone(),
            },
            403 => Error::KubernetesForbidden {
                operation,
                right,
                message,
            },
            409 if is_about_managers(status) => Error::KubernetesConflict {
                operation,
                right,
                message,
            },
            409 => Error::KubernetesOvertaken { operation, message },
            _ => Error::Kubernetes {
                operation,
                message: format!("{message} ({})", status.code),
                lasting: !is_passing,
            },
        }
    }

    /// The cause in words; hyper's timeouts tell neither what was waited for nor how long.
    fn cause(&self, error: &kube::Error) -> String {
        let within = |limit| Timeout(self.intervals.limit(limit));
        match deepest(error).as_str() {
            "deadline has elapsed" => format!("no connection within {}", within(CONNECT)),
            "timed out" => format!("no answer within {}", within(READ)),
            cause => cause.to_owned(),
        }
    }
}

/// Whether it is a 404 that the API did not write: kube makes a status of any text, and of any object one without a
/// word. What a webhook refuses by a 404 has its message.
fn is_foreign(status: &kube::core::Status) -> bool {
    let is_text = status.reason == "Failed to parse error data";
    status.code == 404 && (is_text || status.reason.is_empty() && status.message.is_empty())
}

/// The status that the API answered with; `None` where it did not answer.
pub fn status_code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// A write that the server has something against, beside rights.
fn objection_to_write(
    operation: String,
    status: &kube::core::Status,
    objection: Objection,
    message: String,
) -> Error {
    let message = match objection {
        Objection::Value | Objection::Request => format!("{message} ({})", status.code),
        _ => message,
    };
    Error::KubernetesRefused {
        operation,
        message,
        objection,
    }
}

/// What the server has against a write, beside rights: for that there are causes, codes, or else words of
/// the plugins that refuse (apiserver's `admission/plugin/resourcequota/controller.go`, `webhook/errors`,
/// `policy/validating`).
fn objection(status: &kube::core::Status) -> Option<Objection> {
    let says = |words: &str| status.message.contains(words);
    let is_terminating =
        has_cause(status, "NamespaceTerminating") || says("because it is being terminated");
    let is_admission = says("admission webhook \"") && says("\" denied the request")
        || says("Policy '") && says("denied request");
    match status.code {
        403 if is_terminating => Some(Objection::Terminating),
        403 if says(" quota: ") => Some(Objection::Quota),
        400 | 403 | 422 if is_admission => Some(Objection::Admission),
        422 => Some(Objection::Value),
        400 => Some(Objection::Request),
        _ => None,
    }
}

/// Whether an apply is refused because others own its fields, and not because its object is no longer
/// the one that was looked at (apimachinery's `CauseTypeFieldManagerConflict`).
fn is_about_managers(status: &kube::core::Status) -> bool {
    has_cause(status, "FieldManagerConflict")
}

fn has_cause(status: &kube::core::Status, reason: &str) -> bool {
    let details = status.details.iter();
    let mut causes = details.flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == reason)
}

/// What the API says, or whoever answers in its place; without a word, what the status means.
fn shown(status: &kube::core::Status) -> String {
    if !status.message.trim().is_empty() {
        return excerpt(&status.message);
    }
    let reason = http::StatusCode::from_u16(status.code);
    let reason = reason.ok().and_then(|code| code.canonical_reason());
    reason.unwrap_or("no reason is given").to_owned()
}

/// Of a list that cannot be read to its end.
pub fn unlisted(operation: &ApiOperation, endless: Endless) -> Error {
    Error::Kubernetes {
        operation: operation.words.clone(),
        message: endless.to_string(),
        lasting: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_a_word_is_told_by_what_it_means() {
        let status = kube::core::Status::failure(" \n", "").with_code(429);
        assert_eq!(shown(&status), "Too Many Requests");
        assert_eq!(shown(&status.with_code(799)), "no reason is given");
    }

    #[test]
    fn what_the_api_objects_to_is_told_from_rights() {
        let objection = |code, message: &str| {
            let status = kube::core::Status::failure(message, "Forbidden");
            objection(&status.with_code(code))
        };
        let full = "serviceaccounts \"a\" is forbidden: exceeded quota: few, requested: count/serviceaccounts=1, used: \
                    count/serviceaccounts=5, limited: count/serviceaccounts=5";
        let unknown = "serviceaccounts \"a\" is forbidden: status unknown for quota: few, resources: count/serviceaccounts";
        let going = "serviceaccounts \"a\" is forbidden: unable to create new content in namespace n because it is being terminated";
        let policy = "serviceaccounts \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no team";
        let webhook = "admission webhook \"team.example.com\" denied the request: no team";
        let right = "serviceaccounts \"a\" is forbidden: User \"u\" cannot patch resource \"serviceaccounts\" in API group \"\" in the namespace \"n\"";
        for (code, message, wanted) in [
            (403, full, Some(Objection::Quota)),
            (403, unknown, Some(Objection::Quota)),
            (403, going, Some(Objection::Terminating)),
            (403, policy, Some(Objection::Admission)),
            (422, policy, Some(Objection::Admission)),
            (403, webhook, Some(Objection::Admission)),
            (400, webhook, Some(Objection::Admission)),
            (403, right, None),
            (
                422,
                "metadata.labels: Invalid value",
                Some(Objection::Value),
            ),
            (400, "no", Some(Objection::Request)),
            (404, "no", None),
        ] {
            assert_eq!(objection(code, message), wanted, "{message}");
        }
    }
}
