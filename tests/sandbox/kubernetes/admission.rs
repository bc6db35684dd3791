//! What stands between a write and the store, beside rights: webhooks, policies, quotas.

use super::super::http::Reply;
use super::Api;
use super::route::{Route, Verb};
use super::status::refusal;

/// Who refuses every write.
#[derive(Clone, Debug)]
pub enum Admission {
    /// A webhook, with its message and the status that it answers (400 where it names none:
    /// `apiserver/pkg/admission/plugin/webhook/errors/statuserror.go`).
    Webhook(u16, String),
    /// A ValidatingAdmissionPolicy, with its message (422, the code of the default reason `Invalid`; from memory of
    /// `admission/plugin/policy/validating/dispatcher.go`).
    Policy(String),
    /// A ResourceQuota that is used up: nothing more is made
    /// (`admission/plugin/resourcequota/controller.go`).
    Quota,
}

/// # Errors
/// The refusal of a write that is not admitted.
pub fn admit(api: &Api, route: &Route, name: &str) -> Result<(), Reply> {
    let resource = route.resource.qualified();
    let is_new = api
        .object(route.resource.plural, &route.namespace, name)
        .is_none();
    match &api.admission {
        Some(Admission::Webhook(status, message)) => {
            let message = format!(
                "admission webhook \"validate.sandbox.example.com\" denied the request: {message}"
            );
            Err(refusal(*status, "", &message))
        }
        Some(Admission::Policy(message)) => {
            let message = format!(
                "{resource} \"{name}\" is forbidden: ValidatingAdmissionPolicy 'team.example.com' with binding \
                 'team.example.com' denied request: {message}"
            );
            Err(refusal(422, "Invalid", &message))
        }
        Some(Admission::Quota) if is_new && route.verb != Verb::Delete => {
            let count = format!("count/{resource}");
            let message = format!(
                "{resource} \"{name}\" is forbidden: exceeded quota: few, requested: {count}=1, used: {count}=5, \
                 limited: {count}=5"
            );
            Err(refusal(403, "Forbidden", &message))
        }
        Some(Admission::Quota) | None => Ok(()),
    }
}
