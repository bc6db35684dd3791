//! What STS answers to AssumeRoleWithWebIdentity when it refuses, and EKS to AssumeRoleForPodIdentity: their
//! codes and messages as kinds. Pure.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html>

use std::fmt;

use serde::Serialize;

/// Who takes a pod's token for a session of its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTaker {
    Sts,
    Eks,
}

/// A refusal of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenRefusal {
    #[serde(skip)]
    pub by: TokenTaker,
    pub kind: RefusalKind,
    pub code: String,
    pub message: String,
}

/// What a refusal means. One code stands for many causes, which its message tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalKind {
    /// The role does not exist, or its trust policy does not allow this token.
    NotAuthorized,
    /// The service account has no association.
    NoAssociation,
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

impl TokenRefusal {
    /// By STS's code and message; the message must hold no token any more.
    pub fn of_sts(code: &str, message: &str) -> Self {
        Self {
            by: TokenTaker::Sts,
            kind: RefusalKind::of(code, message),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// By EKS's code and message, which must hold no token any more.
    pub fn of_eks(code: &str, message: &str) -> Self {
        Self {
            by: TokenTaker::Eks,
            kind: RefusalKind::of_eks(code, message),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }
}

impl fmt::Display for TokenTaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sts => "STS",
            Self::Eks => "EKS",
        })
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl RefusalKind {
    /// Of EKS, whose codes are those of botocore's model of `eks-auth`. It says of every refusal of STS that
    /// it has no permissions to assume the role: because the role is gone, trusts somebody else, lacks
    /// `sts:TagSession`, or asks for other tags.
    fn of_eks(code: &str, message: &str) -> Self {
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" => Self::NotAuthorized,
            "ResourceNotFound" => Self::NoAssociation,
            "ExpiredToken" => Self::Expired,
            "InvalidToken" => Self::BadSignature,
            "Throttling" | "TooManyRequests" => Self::Throttled,
            _ if message.contains("PackedPolicyTooLarge") => Self::PackedPolicyTooLarge,
            _ => Self::Other,
        }
    }

    /// By STS's code and message.
    pub fn of(code: &str, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let says = |words: &str| message.contains(words);
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" => Self::NotAuthorized,
            "InvalidIdentityToken" => Self::of_token(&message),
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

    /// What STS has against the token, by its message in small letters.
    fn of_token(message: &str) -> Self {
        let says = |words: &str| message.contains(words);
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
        } else if says("could not be validated") || says("not a valid jwt") || says("signature") {
            Self::BadSignature
        } else {
            Self::Other
        }
    }

    /// Whether the same may be answered otherwise in a minute: what was just made is not yet known to
    /// all of IAM (its guide, "Changes that I make are not always immediately visible").
    pub fn is_perhaps_propagation(self) -> bool {
        match self {
            Self::NotAuthorized | Self::NoAssociation | Self::NoProvider | Self::WrongAudience => {
                true
            }
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
            let refusal = TokenRefusal::of_sts(code, message);
            assert_eq!(refusal.kind, wanted, "{code}: {message}");
            let passes = matches!(wanted, NotAuthorized | NoProvider | WrongAudience);
            assert_eq!(wanted.is_perhaps_propagation(), passes);
        }
    }

    #[test]
    fn refusals_of_eks_are_told_apart_by_code_and_message() {
        for (code, message, wanted) in [
            (
                "AccessDeniedException",
                "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
                NotAuthorized,
            ),
            ("ResourceNotFoundException", "", NoAssociation),
            ("ExpiredTokenException", "", Expired),
            ("InvalidTokenException", "", BadSignature),
            ("ThrottlingException", "", Throttled),
            (
                "InvalidRequestException",
                "PackedPolicyTooLarge: 120% of the limit",
                PackedPolicyTooLarge,
            ),
            ("InvalidParameterException", "", Other),
        ] {
            let refusal = TokenRefusal::of_eks(code, message);
            assert_eq!(refusal.kind, wanted, "{code}: {message}");
            let passes = matches!(wanted, NotAuthorized | NoAssociation);
            assert_eq!(wanted.is_perhaps_propagation(), passes);
        }
    }
}
