//! IAM's condition operators: how a value of the policy is compared with one of the request.
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators".

use std::cmp::Ordering;
use std::str::FromStr;

use super::compare::{PatternCharacter, boolean, is_arn_like, is_like, number, plain};
use super::trace::Truth;

/// How the values of a key that has several are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    One,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// A condition operator with what stands before and behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    pub quantifier: Quantifier,
    /// It holds for what the comparison does not.
    pub negated: bool,
    /// `…IfExists`
    pub if_exists: bool,
    comparison: Comparison,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    EqualIgnoringCase,
    Like,
    Arn,
    /// How the request's value may stand to the policy's.
    Number(&'static [Ordering]),
    Bool,
    Null,
    /// Dates, addresses, bytes: only the call itself has such values. A key whose value is known is
    /// of another type, which they hold for as little as in IAM.
    OfTheCall,
}

impl Operator {
    /// Whether it asks only if the request has the key (`Null`).
    pub fn is_null(self) -> bool {
        self.comparison == Comparison::Null
    }

    /// Whether it takes `*` as a wildcard.
    pub fn takes_wildcards(self) -> bool {
        matches!(self.comparison, Comparison::Like | Comparison::Arn)
    }

    /// Whether it compares texts with texts, as `sub` and `aud` are.
    pub fn compares_texts(self) -> bool {
        use Comparison::{Equal, EqualIgnoringCase, Like};
        matches!(self.comparison, Equal | EqualIgnoringCase | Like)
    }

    pub(super) fn takes_variables(self) -> bool {
        self.compares_texts() || matches!(self.comparison, Comparison::Arn | Comparison::Bool)
    }

    /// What it says of a key that the request does not have. No value is enough for all of them,
    /// and none can be any of them, with `IfExists` too.
    pub(super) fn without_value(self) -> Truth {
        Truth::from(match self.quantifier {
            Quantifier::One => self.negated || self.if_exists,
            Quantifier::All => true,
            Quantifier::Any => false,
        })
    }

    /// Whether the comparison itself is true; negation is the caller's.
    pub(super) fn matches(self, wanted: &[PatternCharacter], value: &str) -> bool {
        let text = plain(wanted);
        match self.comparison {
            Comparison::Equal => text == value,
            Comparison::EqualIgnoringCase => text.to_lowercase() == value.to_lowercase(),
            Comparison::Like => is_like(wanted, value),
            Comparison::Arn => is_arn_like(wanted, value),
            Comparison::Number(orders) => {
                let both = number(value).zip(number(&text));
                let order = both.and_then(|(value, wanted)| value.partial_cmp(&wanted));
                order.is_some_and(|order| orders.contains(&order))
            }
            Comparison::Bool => boolean(value).is_some() && boolean(value) == boolean(&text),
            Comparison::Null | Comparison::OfTheCall => false,
        }
    }
}

/// Case does not matter in operators' names.
impl FromStr for Operator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_lowercase();
        let (quantifier, name) = match name.split_once(':') {
            Some(("forallvalues", name)) => (Quantifier::All, name),
            Some(("foranyvalue", name)) => (Quantifier::Any, name),
            _ => (Quantifier::One, name.as_str()),
        };
        let (name, if_exists) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (comparison, negated) =
            comparison(name).ok_or_else(|| "is no condition operator of IAM's".to_owned())?;
        Ok(Self {
            quantifier,
            negated,
            if_exists,
            comparison,
        })
    }
}

/// An operator's comparison by its name in lower case, and whether it is negated.
fn comparison(name: &str) -> Option<(Comparison, bool)> {
    use Comparison::{Arn, Bool, Equal, EqualIgnoringCase, Like, Null, Number, OfTheCall};
    Some(match name {
        "stringequals" => (Equal, false),
        "stringnotequals" => (Equal, true),
        "stringequalsignorecase" => (EqualIgnoringCase, false),
        "stringnotequalsignorecase" => (EqualIgnoringCase, true),
        "stringlike" => (Like, false),
        "stringnotlike" => (Like, true),
        "arnequals" | "arnlike" => (Arn, false),
        "arnnotequals" | "arnnotlike" => (Arn, true),
        "numericequals" => (Number(&[Ordering::Equal]), false),
        "numericnotequals" => (Number(&[Ordering::Equal]), true),
        "numericlessthan" => (Number(&[Ordering::Less]), false),
        "numericlessthanequals" => (Number(&[Ordering::Less, Ordering::Equal]), false),
        "numericgreaterthan" => (Number(&[Ordering::Greater]), false),
        "numericgreaterthanequals" => (Number(&[Ordering::Greater, Ordering::Equal]), false),
        "bool" => (Bool, false),
        "null" => (Null, false),
        "dateequals"
        | "datelessthan"
        | "datelessthanequals"
        | "dategreaterthan"
        | "dategreaterthanequals"
        | "binaryequals"
        | "ipaddress" => (OfTheCall, false),
        "datenotequals" | "notipaddress" => (OfTheCall, true),
        _ => return None,
    })
}
