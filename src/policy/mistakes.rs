//! Recognises by name why a trust policy keeps a service account out: the mistakes that people make
//! in it, in the order in which they must be mended.

use serde_json::Value;

use super::evaluate::{Decision, Effect, Request, evaluate};
use super::statements;
use crate::model::{Audience, Issuer, ServiceAccountName};

pub(super) mod conditions;
mod mend;
mod principal;
mod text;

use mend::mend;
pub(super) use principal::canonical;

/// Whom the trust policy of a role should let in.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedTrust {
    pub issuer: Issuer,
    /// Of the role: its provider must be there too.
    pub partition: String,
    pub account: String,
    pub subject: ServiceAccountName,
    /// Of the token; empty stands for the default one.
    pub audiences: Vec<Audience>,
    /// Those that tokens may have today: of running pods, and among the provider's client IDs. None of
    /// them is a mistake, and no correction shuts one out.
    pub audiences_in_use: Vec<String>,
}

impl ExpectedTrust {
    /// The provider that the role must name: of the token's issuer, in the role's own account.
    pub fn provider_arn(&self) -> String {
        self.issuer.provider_arn(&self.partition, &self.account)
    }

    pub(super) fn is_in_use(&self, audience: &str) -> bool {
        let mut in_use = self.audiences_in_use.iter();
        in_use.any(|used| used == audience)
    }

    /// The audience to write where one is to be written.
    pub fn audience(&self) -> Audience {
        self.audiences.first().cloned().unwrap_or_default()
    }

    /// The call that its pods make.
    pub fn request(&self) -> Request {
        let mut audiences: Vec<String> = self.audiences.iter().map(ToString::to_string).collect();
        if audiences.is_empty() {
            audiences.push(Audience::default().to_string());
        }
        Request::web_identity(
            &self.provider_arn(),
            self.issuer.host_and_path(),
            &self.subject.subject(),
            &audiences,
        )
    }
}

/// Kinds of mistakes. What must be mended first stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MistakeKind {
    /// IAM could not read it.
    MalformedDocument,
    /// A statement denies it, whatever others allow.
    ExplicitDeny,
    /// No statement allows anything.
    NoAllowingStatement,
    MalformedStatement,
    /// `Service` or `AWS` in the place of `Federated`.
    PrincipalIsNotFederated,
    /// It means the cluster's provider, but is not written as its ARN.
    MalformedProviderArn,
    ProviderOfOtherPartition,
    ProviderOfOtherAccount,
    ProviderOfOtherCluster,
    /// `sts:AssumeRole` or another one in the place of `sts:AssumeRoleWithWebIdentity`.
    WrongAction,
    /// Conditions on tokens of several issuers in one statement: no token meets all.
    ConditionsOfSeveralClusters,
    ConditionKeyWithScheme,
    ConditionKeyWithArn,
    MisspeltConditionKey,
    ConditionKeyOfOtherCluster,
    /// The values of `aud` and `sub` stand in each other's place.
    AudienceAndSubjectSwapped,
    UnknownOperator,
    /// An operator for dates, numbers, ARNs, … which no subject or audience meets.
    OperatorCannotMatch,
    /// `StringNotEquals` and its like, which exclude it.
    NegatedCondition,
    /// `Null` asks for the key to be absent.
    NullCondition,
    /// `StringEquals` takes `*` for a character like others.
    WildcardInStringEquals,
    SubjectWithoutPrefix,
    SubjectOfOtherNamespace,
    SubjectOfOtherName,
    SubjectOfOtherServiceAccount,
    MisspeltAudience,
    OtherAudience,
    /// A condition on a key that no call with a service account's token has.
    KeyNeverPresent,
    /// A condition on where or when the call is made.
    DependsOnTheCall,
}

/// One mistake, with what is written and what should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    pub kind: MistakeKind,
    /// Counted from 0.
    pub statement: usize,
    pub found: String,
    pub wanted: String,
}

/// Why the trust policy does not let the service account in; nothing where it does.
pub fn mistakes(trust: &Value, expected: &ExpectedTrust) -> Vec<Mistake> {
    let evaluation = evaluate(trust, &expected.request());
    if let Some(why) = evaluation.malformed {
        return vec![mistake(MistakeKind::MalformedDocument, 0, &why, "")];
    }
    let mut found = match evaluation.decision {
        Decision::Allowed { .. } => return Vec::new(),
        Decision::Depends { statements, keys } => {
            let keys = keys.join(", ");
            let each = statements.into_iter();
            return each
                .map(|statement| mistake(MistakeKind::DependsOnTheCall, statement, &keys, ""))
                .collect();
        }
        Decision::ExplicitDeny { statement } => {
            vec![mistake(MistakeKind::ExplicitDeny, statement, "Deny", "")]
        }
        Decision::NotAllowed => Vec::new(),
    };
    let is_allowed = evaluation.trace.iter().any(|statement| {
        statement.effect == Some(Effect::Allow)
            && statement.outcome == super::evaluate::Truth::Holds
    });
    if !is_allowed {
        match nearest(trust, expected) {
            Some(nearest) => found.extend(nearest.mistakes),
            None => found.push(mistake(MistakeKind::NoAllowingStatement, 0, "", "")),
        }
    }
    found
}

/// The statement that is most likely meant, as it should be.
pub(super) struct Nearest {
    pub statement: usize,
    pub mended: Value,
    pub mistakes: Vec<Mistake>,
}

/// Of the statements that do not deny, the one with the fewest and smallest mistakes.
pub(super) fn nearest(trust: &Value, expected: &ExpectedTrust) -> Option<Nearest> {
    let version = trust
        .get("Version")
        .and_then(Value::as_str)
        .unwrap_or("2008-10-17");
    statements(trust)
        .enumerate()
        .filter(|(_, statement)| {
            statement
                .get("Effect")
                .is_none_or(|effect| effect != "Deny")
        })
        .map(|(index, statement)| mend(index, statement, version, expected))
        .min_by_key(|nearest| -> u32 {
            let weights = nearest.mistakes.iter().map(|mistake| mistake.kind.weight());
            weights.sum()
        })
}

fn mistake(kind: MistakeKind, statement: usize, found: &str, wanted: &str) -> Mistake {
    Mistake {
        kind,
        statement,
        found: found.to_owned(),
        wanted: wanted.to_owned(),
    }
}

impl MistakeKind {
    /// How much speaks against the statement being meant for the service account.
    fn weight(self) -> u32 {
        match self {
            Self::PrincipalIsNotFederated | Self::MalformedStatement => 8,
            Self::ProviderOfOtherCluster => 4,
            Self::SubjectOfOtherServiceAccount => 4,
            Self::ProviderOfOtherPartition | Self::ProviderOfOtherAccount => 2,
            Self::SubjectOfOtherNamespace | Self::SubjectOfOtherName => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
pub mod tests;
