//! On which terms a trust policy lets tokens of one service account in. Apart, as whoever copies that must know
//! more than whether.

use serde_json::Value;

use super::{TokenProvider, name_in_claim};
use crate::model::ServiceAccountName;
use crate::policy::evaluate::{Decision, Effect, Truth, glyphs, is_like};
use crate::policy::withdrawn::is_plain;
use crate::policy::{statements, texts};

/// How a trust policy lets a service account in. Statements are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// By its own name, in a statement that asks for nothing but subject and audience.
    Named,
    /// In such a statement too, but among others: by this pattern.
    Among(String),
    /// Only by a statement that asks for something else.
    OnTerms(usize),
    /// Only the call tells: by these keys, which these statements ask for.
    Open {
        statements: Vec<usize>,
        keys: Vec<String>,
    },
    Refused,
}

impl TokenProvider<'_> {
    /// How a trust policy lets a token of the service account in.
    pub fn admission(self, trust: &Value, account: &ServiceAccountName) -> Admission {
        let found = self.evaluate(trust, account);
        let first = match found.decision {
            Decision::NotAllowed | Decision::ExplicitDeny { .. } => return Admission::Refused,
            Decision::Depends { statements, keys } => return Admission::Open { statements, keys },
            Decision::Allowed { statement } => statement,
        };
        let all: Vec<&Value> = statements(trust).collect();
        let allows = found
            .trace
            .iter()
            .filter(|it| it.effect == Some(Effect::Allow) && it.outcome == Truth::Holds);
        let plain = allows
            .filter_map(|it| all.get(it.statement).copied())
            .filter(|it| is_plain(it, self.arn, self.issuer));
        let by = plain.map(|it| self.listed_as(it, &account.subject()));
        // One with its own name outdoes the others.
        by.min_by_key(|by| *by != Admission::Named)
            .unwrap_or(Admission::OnTerms(first))
    }

    /// By which of the subjects that a statement lists.
    fn listed_as(self, statement: &Value, claim: &str) -> Admission {
        let key = self.key("sub");
        let conditions = statement["Condition"].as_object().into_iter().flatten();
        let keys = conditions.filter_map(|(_, keys)| keys.as_object());
        let subjects = keys
            .flatten()
            .filter(|(it, _)| it.eq_ignore_ascii_case(&key));
        let listed: Vec<&str> = subjects.flat_map(|(_, values)| texts(values)).collect();
        if listed.contains(&claim) {
            return Admission::Named;
        }
        let pattern = listed.into_iter().find(|it| is_like(&glyphs(it), claim));
        Admission::Among(name_in_claim(pattern.unwrap_or("*")))
    }
}
