//! Mistakes in words.

use std::fmt;

use super::{Mistake, MistakeKind};

impl MistakeKind {
    /// Its stable name, for people to search and programs to compare.
    pub fn name(self) -> &'static str {
        match self {
            Self::MalformedDocument => "malformed-document",
            Self::ExplicitDeny => "explicit-deny",
            Self::NoAllowingStatement => "no-allowing-statement",
            Self::MalformedStatement => "malformed-statement",
            Self::PrincipalIsNotFederated => "principal-is-not-federated",
            Self::MalformedProviderArn => "malformed-provider-arn",
            Self::ProviderOfOtherPartition => "provider-of-other-partition",
            Self::ProviderOfOtherAccount => "provider-of-other-account",
            Self::ProviderOfOtherCluster => "provider-of-other-cluster",
            Self::WrongAction => "wrong-action",
            Self::ConditionsOfSeveralClusters => "conditions-of-several-clusters",
            Self::ConditionKeyWithScheme => "condition-key-with-scheme",
            Self::ConditionKeyWithArn => "condition-key-with-arn",
            Self::MisspeltConditionKey => "misspelt-condition-key",
            Self::ConditionKeyOfOtherCluster => "condition-key-of-other-cluster",
            Self::AudienceAndSubjectSwapped => "audience-and-subject-swapped",
            Self::UnknownOperator => "unknown-operator",
            Self::OperatorCannotMatch => "operator-cannot-match",
            Self::NegatedCondition => "negated-condition",
            Self::NullCondition => "null-condition",
            Self::WildcardInStringEquals => "wildcard-in-string-equals",
            Self::SubjectWithoutPrefix => "subject-without-prefix",
            Self::SubjectOfOtherNamespace => "subject-of-other-namespace",
            Self::SubjectOfOtherName => "subject-of-other-name",
            Self::SubjectOfOtherServiceAccount => "subject-of-other-service-account",
            Self::MisspeltAudience => "misspelt-audience",
            Self::OtherAudience => "other-audience",
            Self::KeyNeverPresent => "key-never-present",
            Self::DependsOnTheCall => "depends-on-the-call",
        }
    }

    /// What is wrong with what is found, without its values.
    pub fn what(self) -> &'static str {
        match self {
            Self::MalformedDocument => "the trust policy cannot be read",
            Self::ExplicitDeny => "denies the service account, which no other statement can undo",
            Self::NoAllowingStatement => "the trust policy has no statement that allows anything",
            Self::MalformedStatement => "cannot be read as a statement",
            Self::PrincipalIsNotFederated => "trusts a principal that is no identity provider",
            Self::MalformedProviderArn => "names the provider, but not by its ARN as IAM has it",
            Self::ProviderOfOtherPartition => "names a provider of another AWS partition",
            Self::ProviderOfOtherAccount => {
                "names a provider of another account than the role's, which never works"
            }
            Self::ProviderOfOtherCluster => "names the provider of another cluster",
            Self::WrongAction => "allows another action than the one that pods call",
            Self::ConditionsOfSeveralClusters => {
                "asks for tokens of several issuers at once, which no token is"
            }
            Self::ConditionKeyWithScheme => "has a scheme in a condition key",
            Self::ConditionKeyWithArn => "has an ARN in a condition key",
            Self::MisspeltConditionKey => {
                "has a condition key that is not the issuer's host and path"
            }
            Self::ConditionKeyOfOtherCluster => "has a condition key of another issuer",
            Self::AudienceAndSubjectSwapped => {
                "has the subject under `aud` or the audience under `sub`"
            }
            Self::UnknownOperator => "has a condition operator that IAM does not know",
            Self::OperatorCannotMatch => {
                "has a condition operator that no subject or audience meets"
            }
            Self::NegatedCondition => "excludes the service account with a negated operator",
            Self::NullCondition => "asks with `Null` for a key to be absent that every token has",
            Self::WildcardInStringEquals => "has a wildcard under an operator that knows none",
            Self::SubjectWithoutPrefix => "has a subject without `system:serviceaccount:`",
            Self::SubjectOfOtherNamespace => "has the subject of another namespace",
            Self::SubjectOfOtherName => "has the subject of another name",
            Self::SubjectOfOtherServiceAccount => "has the subject of another service account",
            Self::MisspeltAudience => "has a misspelt audience",
            Self::OtherAudience => "has another audience than the token",
            Self::KeyNeverPresent => "has a condition on a key that no such call has",
            Self::DependsOnTheCall => "depends on where or when the call is made",
        }
    }
}

/// One sentence, without its full stop.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.kind.what();
        match self.kind {
            MistakeKind::MalformedDocument => return write!(f, "{what}: {}", self.found),
            MistakeKind::NoAllowingStatement => return f.write_str(what),
            _ => write!(f, "Statement[{}] {what}", self.statement)?,
        }
        match (self.kind, self.found.as_str(), self.wanted.as_str()) {
            (MistakeKind::ExplicitDeny, _, _) => Ok(()),
            (MistakeKind::DependsOnTheCall | MistakeKind::MalformedStatement, found, _) => {
                write!(f, ": {found}")
            }
            (_, found, "") => write!(f, ": \"{found}\""),
            (_, "", wanted) => write!(f, ": \"{wanted}\" is wanted"),
            (_, found, wanted) => {
                let case = if found.eq_ignore_ascii_case(wanted) {
                    " (upper and lower case count)"
                } else {
                    ""
                };
                write!(f, ": \"{found}\", where \"{wanted}\" is wanted{case}")
            }
        }
    }
}
