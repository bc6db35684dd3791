//! Mistakes in words.

use std::fmt;

use super::{Mistake, MistakeKind};

impl MistakeKind {
    /// Its stable name, for people to search and programs to compare.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What is wrong with what is found, without its values.
    pub fn what(self) -> &'static str {
        self.words().1
    }

    #[rustfmt::skip]
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::MalformedDocument => ("malformed-document", "the trust policy cannot be read"),
            Self::ExplicitDeny => ("explicit-deny", "denies the service account, which no other statement can undo"),
            Self::NoAllowingStatement => ("no-allowing-statement", "the trust policy has no statement that allows anything"),
            Self::MalformedStatement => ("malformed-statement", "cannot be read as a statement"),
            Self::PrincipalIsNotFederated => ("principal-is-not-federated", "trusts a principal that is no identity provider"),
            Self::MalformedProviderArn => ("malformed-provider-arn", "names the provider, but not by its ARN as IAM has it"),
            Self::ProviderOfOtherPartition => ("provider-of-other-partition", "names a provider of another AWS partition"),
            Self::ProviderOfOtherAccount => ("provider-of-other-account", "names a provider of another account than the role's, which never works"),
            Self::ProviderOfOtherCluster => ("provider-of-other-cluster", "names the provider of another cluster"),
            Self::WrongAction => ("wrong-action", "allows another action than the one that pods call"),
            Self::ConditionsOfSeveralClusters => ("conditions-of-several-clusters", "asks for tokens of several issuers at once, which no token is"),
            Self::ConditionKeyWithScheme => ("condition-key-with-scheme", "has a scheme in a condition key"),
            Self::ConditionKeyWithArn => ("condition-key-with-arn", "has an ARN in a condition key"),
            Self::MisspeltConditionKey => ("misspelt-condition-key", "has a condition key that is not the issuer's host and path"),
            Self::ConditionKeyOfOtherCluster => ("condition-key-of-other-cluster", "has a condition key of another issuer"),
            Self::AudienceAndSubjectSwapped => ("audience-and-subject-swapped", "has the subject under `aud` or the audience under `sub`"),
            Self::UnknownOperator => ("unknown-operator", "has a condition operator that IAM does not know"),
            Self::OperatorCannotMatch => ("operator-cannot-match", "has a condition operator that no subject or audience meets"),
            Self::NegatedCondition => ("negated-condition", "excludes the service account with a negated operator"),
            Self::NullCondition => ("null-condition", "asks with `Null` for a key to be absent that every token has"),
            Self::WildcardInStringEquals => ("wildcard-in-string-equals", "has a wildcard under an operator that knows none"),
            Self::SubjectWithoutPrefix => ("subject-without-prefix", "has a subject without `system:serviceaccount:`"),
            Self::SubjectOfOtherNamespace => ("subject-of-other-namespace", "has the subject of another namespace"),
            Self::SubjectOfOtherName => ("subject-of-other-name", "has the subject of another name"),
            Self::SubjectOfOtherServiceAccount => ("subject-of-other-service-account", "has the subject of another service account"),
            Self::MisspeltAudience => ("misspelt-audience", "has a misspelt audience"),
            Self::OtherAudience => ("other-audience", "has another audience than the token"),
            Self::KeyNeverPresent => ("key-never-present", "has a condition on a key that no such call has"),
            Self::DependsOnTheCall => ("depends-on-the-call", "depends on where or when the call is made"),
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
