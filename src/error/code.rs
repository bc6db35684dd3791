//! Error codes of AWS, and what they mean for whoever met one. Services word the same thing differently; with
//! `Exception` behind it and without.

/// An error code as AWS answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    word: String,
    pub meaning: CodeMeaning,
}

/// What a code means, whichever service it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeMeaning {
    LimitExceeded,
    AlreadyExists,
    Missing,
    Throttled,
    /// The service itself failed.
    ServiceFailed,
    /// IAM cannot reach an issuer whose thumbprint it is to fetch.
    IssuerUnreachable,
    /// Of the service or the region (CloudFormation API Reference, "Common Errors").
    NotOptedIn,
    /// STS is switched off there (STS API Reference, AssumeRole).
    RegionDisabled,
    /// A request token that stands for another operation (CloudFormation API Reference, CreateStack).
    TokenTaken,
    Other,
}

impl From<&str> for ErrorCode {
    fn from(word: &str) -> Self {
        let meaning = match word.strip_suffix("Exception").unwrap_or(word) {
            "LimitExceeded" => CodeMeaning::LimitExceeded,
            "AlreadyExists" => CodeMeaning::AlreadyExists,
            "NoSuchEntity" => CodeMeaning::Missing,
            "Throttling" | "RequestLimitExceeded" | "TooManyRequests" => CodeMeaning::Throttled,
            "InternalFailure" | "InternalError" | "ServiceFailure" | "Server"
            | "ServiceUnavailable" => CodeMeaning::ServiceFailed,
            "OpenIdIdpCommunicationError" => CodeMeaning::IssuerUnreachable,
            "OptInRequired" => CodeMeaning::NotOptedIn,
            "RegionDisabled" => CodeMeaning::RegionDisabled,
            "TokenAlreadyExists" => CodeMeaning::TokenTaken,
            _ => CodeMeaning::Other,
        };
        Self {
            word: word.to_owned(),
            meaning,
        }
    }
}

impl ErrorCode {
    /// AWS's word, as others may have planted it.
    pub fn word(&self) -> &str {
        &self.word
    }
}
