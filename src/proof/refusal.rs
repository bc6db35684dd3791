//! What STS answers to AssumeRoleWithWebIdentity when it refuses: its codes and messages as kinds. Pure.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

use std::fmt;

use serde::Serialize;

/// A refusal of STS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StsRefusal {
    pub kind: RefusalKind,
    pub code: String,
    pub message: String,
}

/// What a refusal means. One code of STS stands for many causes, which its message tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalKind {
    /// The role does not exist, or its trust policy does not allow this token.
    NotAuthorized,
    /// The role's account has no OIDC provider of the token's issuer.
    NoProvider,
    /// The provider does not know the token's audience.
    WrongAudience,
    ThumbprintMismatch,
    /// AWS could not read the issuer's keys.
    NoKeys,
    MissingClaim,
    /// Or no token at all.
    BadSignature,
    Expired,
    IdpUnreachable,
    IdpRejected,
    InvalidArn,
    DurationTooLong,
    RegionDisabled,
    Throttled,
    PackedPolicyTooLarge,
    Other,
}

impl StsRefusal {
    /// By AWS's code and message; the message must hold no token any more.
    pub fn new(code: &str, message: &str) -> Self {
        Self {
            kind: RefusalKind::of(code, message),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }
}

impl fmt::Display for StsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl RefusalKind {
    /// By AWS's code and message.
    pub fn of(code: &str, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let says = |words: &str| message.contains(words);
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" => Self::NotAuthorized,
            "InvalidIdentityToken" => {
                if says("no openidconnect provider found") {
                    Self::NoProvider
                } else if says("incorrect token audience") {
                    Self::WrongAudience
                } else if says("thumbprint") {
                    Self::ThumbprintMismatch
                } else if says("retrieve verification key") {
                    Self::NoKeys
                } else if says("missing a required claim") {
                    Self::MissingClaim
                } else if says("could not be validated")
                    || says("not a valid jwt")
                    || says("signature")
                {
                    Self::BadSignature
                } else {
                    Self::Other
                }
            }
            "ExpiredToken" => Self::Expired,
            "IDPCommunicationError" => Self::IdpUnreachable,
            "IDPRejectedClaim" => Self::IdpRejected,
            "ValidationError" | "Validation" => {
                if says("durationseconds") {
                    Self::DurationTooLong
                } else if says("arn is invalid") || says("rolearn") {
                    Self::InvalidArn
                } else {
                    Self::Other
                }
            }
            "RegionDisabled" => Self::RegionDisabled,
            "PackedPolicyTooLarge" => Self::PackedPolicyTooLarge,
            "Throttling" | "Throttled" | "RequestLimitExceeded" | "TooManyRequests" => {
                Self::Throttled
            }
            _ => Self::Other,
        }
    }

    /// Whether the same may be answered otherwise in a minute: what was just made is not yet known to
    /// all of IAM (its guide, "Changes that I make are not always immediately visible").
    pub fn is_perhaps_propagation(self) -> bool {
        match self {
            Self::NotAuthorized | Self::NoProvider | Self::WrongAudience => true,
            Self::ThumbprintMismatch
            | Self::NoKeys
            | Self::MissingClaim
            | Self::BadSignature
            | Self::Expired
            | Self::IdpUnreachable
            | Self::IdpRejected
            | Self::InvalidArn
            | Self::DurationTooLong
            | Self::RegionDisabled
            | Self::Throttled
            | Self::PackedPolicyTooLarge
            | Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RefusalKind::*;

    #[test]
    fn refusals_are_told_apart_by_code_and_message() {
        let token = "InvalidIdentityToken";
        for (code, message, wanted) in [
            (
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                NotAuthorized,
            ),
            (
                "AccessDeniedException",
                "An unknown error occurred",
                NotAuthorized,
            ),
            (
                token,
                "No OpenIDConnect provider found in your account for https://a",
                NoProvider,
            ),
            (token, "Incorrect token audience", WrongAudience),
            (
                token,
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
                ThumbprintMismatch,
            ),
            (
                token,
                "Couldn't retrieve verification key from your identity provider",
                NoKeys,
            ),
            (token, "Missing a required claim: aud", MissingClaim),
            (
                "InvalidIdentityTokenException",
                "The web identity token that was passed could not be validated.",
                BadSignature,
            ),
            (
                token,
                "The ID Token provided is not a valid JWT. (…)",
                BadSignature,
            ),
            (token, "something new", Other),
            (
                "ExpiredTokenException",
                "Token expired: current date/time 1 must be before 0",
                Expired,
            ),
            ("ExpiredToken", "Token too old", Expired),
            ("IDPCommunicationError", "", IdpUnreachable),
            ("IDPRejectedClaimException", "", IdpRejected),
            ("ValidationError", "Request ARN is invalid", InvalidArn),
            (
                "ValidationError",
                "1 validation error detected: Value '' at 'roleArn' failed to satisfy constraint",
                InvalidArn,
            ),
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                DurationTooLong,
            ),
            ("ValidationError", "Value '' at 'roleSessionName'", Other),
            ("RegionDisabledException", "", RegionDisabled),
            ("PackedPolicyTooLargeException", "", PackedPolicyTooLarge),
            ("Throttling", "Rate exceeded", Throttled),
            ("ThrottlingException", "Rate exceeded", Throttled),
            ("InternalFailure", "", Other),
            ("", "", Other),
        ] {
            let refusal = StsRefusal::new(code, message);
            assert_eq!(refusal.kind, wanted, "{code}: {message}");
            let passes = matches!(wanted, NotAuthorized | NoProvider | WrongAudience);
            assert_eq!(wanted.is_perhaps_propagation(), passes);
        }
    }
}
