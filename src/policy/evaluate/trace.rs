//! What an evaluation tells: the decision, and for each statement what of it held.

use std::fmt;

/// Truth of three values (Kleene): what is not known can still be outweighed by what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Holds,
    Fails,
    Unknown,
}

impl Truth {
    /// One that fails outweighs what is unknown. Of none at all it holds.
    pub fn all(outcomes: impl IntoIterator<Item = Self>) -> Self {
        let worse = |one, other| match (one, other) {
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Holds,
        };
        outcomes.into_iter().fold(Self::Holds, worse)
    }

    /// One that holds outweighs what is unknown. Of none at all it fails.
    pub fn any(outcomes: impl IntoIterator<Item = Self>) -> Self {
        Self::all(outcomes.into_iter().map(Self::negated)).negated()
    }

    /// What is unknown stays so.
    pub fn negated(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// What the document says of the request; statements are counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Allowed {
        statement: usize,
    },
    ExplicitDeny {
        statement: usize,
    },
    /// No statement allows it.
    NotAllowed,
    /// Those statements decide, by the values of those keys, which are not known here.
    Depends {
        statements: Vec<usize>,
        keys: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub decision: Decision,
    /// Why the document has no statements to look at.
    pub malformed: Option<String>,
    pub trace: Vec<StatementTrace>,
}

/// What of one statement held.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementTrace {
    pub statement: usize,
    pub sid: Option<String>,
    /// `None`: neither `Allow` nor `Deny`.
    pub effect: Option<Effect>,
    /// Whether the statement applies to the request: all checks together.
    pub outcome: Truth,
    pub checks: Vec<ElementTrace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// The statement as a whole, where it is none.
    Statement,
    Effect,
    Principal,
    Action,
    Resource,
    Condition,
}

/// One element of a statement, or one operator and key of its condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementTrace {
    pub element: Element,
    pub operator: Option<String>,
    pub key: Option<String>,
    pub wanted: Vec<String>,
    /// None of those are wanted (`NotPrincipal`, `StringNotEquals`).
    pub negated: bool,
    /// What the request has; empty: nothing.
    pub got: Vec<String>,
    pub outcome: Truth,
    /// The keys whose values would decide, where the outcome is unknown.
    pub depends: Vec<String>,
    pub note: Option<String>,
}

impl ElementTrace {
    pub(super) fn of(
        element: Element,
        wanted: Vec<String>,
        got: Vec<String>,
        outcome: Truth,
    ) -> Self {
        Self {
            element,
            operator: None,
            key: None,
            wanted,
            negated: false,
            got,
            outcome,
            depends: Vec::new(),
            note: None,
        }
    }

    pub(super) fn noted(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }
}

impl StatementTrace {
    pub(super) fn new(
        statement: usize,
        sid: Option<String>,
        effect: Option<Effect>,
        checks: Vec<ElementTrace>,
    ) -> Self {
        Self {
            statement,
            sid,
            effect,
            outcome: Truth::all(checks.iter().map(|check| check.outcome)),
            checks,
        }
    }
}

impl Evaluation {
    pub(super) fn malformed(why: String) -> Self {
        Self {
            decision: Decision::NotAllowed,
            malformed: Some(why),
            trace: Vec::new(),
        }
    }

    /// Whether it is certainly allowed: what depends on the call is not.
    pub fn is_allowed(&self) -> bool {
        matches!(self.decision, Decision::Allowed { .. })
    }

    /// For people: a line for each check that does not hold, and one for each statement that applies.
    pub fn lines(&self) -> Vec<String> {
        let malformed = self.malformed.iter().cloned();
        let statements = self.trace.iter().flat_map(StatementTrace::lines);
        malformed.chain(statements).collect()
    }
}

impl StatementTrace {
    fn lines(&self) -> Vec<String> {
        let statement = format!("Statement[{}]", self.statement);
        match (self.outcome, self.effect) {
            (Truth::Holds, Some(Effect::Allow)) => return vec![format!("{statement}: allows")],
            (Truth::Holds, Some(Effect::Deny)) => return vec![format!("{statement}: denies")],
            _ => {}
        }
        let checks = self.checks.iter();
        checks
            .filter(|check| check.outcome != Truth::Holds)
            .map(|check| format!("{statement}: {check}"))
            .collect()
    }
}

/// `StringEquals oidc…:sub: wanted "…", got "…"`.
impl fmt::Display for ElementTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.operator, &self.key) {
            (Some(operator), Some(key)) => write!(f, "{operator} {key}: ")?,
            (Some(operator), None) => write!(f, "{operator}: ")?,
            _ if self.element == Element::Statement => {}
            _ if self.negated => write!(f, "Not{:?}: ", self.element)?,
            _ => write!(f, "{:?}: ", self.element)?,
        }
        if let Some(note) = &self.note {
            return f.write_str(note);
        }
        let none = match (self.negated, self.wanted.len()) {
            (false, _) => "",
            (true, 1) => "not ",
            (true, _) => "none of ",
        };
        write!(f, "wanted {none}{}", quoted(&self.wanted))?;
        match self.depends.as_slice() {
            [] => write!(f, ", got {}", quoted(&self.got)),
            keys => write!(
                f,
                "; depends on {}, which is not known here",
                keys.join(" and ")
            ),
        }
    }
}

fn quoted(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    if values.is_empty() {
        "nothing".to_owned()
    } else {
        values.join(" or ")
    }
}
