//! What `usage` tells of a role: each service that its policies allow something of, when it was used, and the
//! policy that would do. Pure.

use std::fmt;

use crate::model::Lookup;
use crate::policy::usage::{
    LastAccess, PolicySource, ServiceUse, Window, grants_action, grants_service,
};
use crate::world::RoleUsage;

mod proposal;

pub use proposal::{Proposal, ProposalRequest, propose};

/// Of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageRow {
    pub usage: RoleUsage,
    pub window: Window,
    pub services: Vec<ServiceRow>,
    /// What keeps from knowing, or limits it.
    pub notes: Vec<String>,
    /// Or why there is none. `None`: nobody asked.
    pub proposal: Option<Result<Proposal, String>>,
}

/// Of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRow {
    pub namespace: String,
    pub name: String,
    pub seen: SeenUse,
    /// Those that allow something of it.
    pub policies: Vec<String>,
    /// Those that IAM tracks; without any it tells of the service alone.
    pub actions: Vec<ActionRow>,
}

/// Of an action that IAM tracks.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRow {
    pub name: String,
    pub seen: SeenUse,
    pub policies: Vec<String>,
}

/// When something was used last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUse {
    pub word: UseWord,
    pub last: Option<LastAccess>,
    window: Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseWord {
    Used,
    /// Not within the days that count.
    NotUsed,
    /// Not used, by a role that was made since.
    TooYoung,
}

impl UseWord {
    /// As machines read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::NotUsed => "notUsed",
            Self::TooYoung => "tooYoung",
        }
    }
}

impl SeenUse {
    fn of(last: Option<&LastAccess>, window: Window, is_young: bool) -> Self {
        let word = match (window.has(last), is_young) {
            (true, _) => UseWord::Used,
            (false, true) => UseWord::TooYoung,
            (false, false) => UseWord::NotUsed,
        };
        Self {
            word,
            last: last.cloned(),
            window,
        }
    }
}

impl fmt::Display for SeenUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.last.as_ref().map(|last| {
            let ago = match self.window.days_since(last.at) {
                0 => "today".to_owned(),
                1 => "1 day ago".to_owned(),
                days => format!("{days} days ago"),
            };
            match &last.region {
                Some(region) => format!("{ago} in {region}"),
                None => ago,
            }
        });
        match (self.word, last) {
            (UseWord::Used, last) => f.write_str(&last.unwrap_or_default()),
            (UseWord::NotUsed, None) => f.write_str(&self.window.unused()),
            (UseWord::NotUsed, Some(last)) => {
                write!(f, "{} ({last})", self.window.unused())
            }
            (UseWord::TooYoung, _) => f.write_str("not yet"),
        }
    }
}

impl UsageRow {
    /// The same without a proposal.
    pub fn of(usage: RoleUsage, window: Window) -> Self {
        let is_young = is_young(&usage, window);
        let services = usage.services.as_found().into_iter().flatten();
        let services = services.map(|service| row(&usage, service, window, is_young));
        Self {
            services: services.collect(),
            notes: notes(&usage, window),
            usage,
            window,
            proposal: None,
        }
    }

    /// Whether something could not be read.
    pub fn is_unknown(&self) -> bool {
        let usage = &self.usage;
        let whys = [
            usage.facts.unknown(),
            usage.policies.unknown(),
            usage.services.unknown(),
        ];
        whys.iter().any(Option::is_some)
    }

    /// Since the role was made.
    pub fn age(&self) -> Option<i64> {
        let facts = self.usage.facts.as_found()?;
        Some(self.window.days_since(facts.history.created))
    }
}

/// Of one whose age is not known nothing is said either.
pub fn is_young(usage: &RoleUsage, window: Window) -> bool {
    let facts = usage.facts.as_found();
    facts.is_none_or(|facts| window.is_young(facts.history.created))
}

fn row(usage: &RoleUsage, service: &ServiceUse, window: Window, is_young: bool) -> ServiceRow {
    let seen = |last: Option<&LastAccess>| SeenUse::of(last, window, is_young);
    let named = |is_meant: &dyn Fn(&serde_json::Value) -> bool| -> Vec<String> {
        let policies = usage.policies.as_found().into_iter().flatten();
        let policies = policies.filter(|(_, document)| is_meant(document));
        policies.map(|(source, _)| source.to_string()).collect()
    };
    let actions = service.actions.iter().map(|action| {
        let whole = service.action(&action.name);
        ActionRow {
            seen: seen(action.last.as_ref()),
            policies: named(&|document| grants_action(document, &whole)),
            name: action.name.clone(),
        }
    });
    ServiceRow {
        namespace: service.namespace.clone(),
        name: service.name.clone(),
        seen: seen(service.last.as_ref()),
        policies: named(&|document| grants_service(document, &service.namespace)),
        actions: actions.collect(),
    }
}

fn notes(usage: &RoleUsage, window: Window) -> Vec<String> {
    let mut notes = Vec::new();
    if usage.facts == Lookup::Missing {
        return vec!["there is no such role".to_owned()];
    }
    let unknown = [
        ("its age is", usage.facts.unknown()),
        ("its policies are", usage.policies.unknown()),
        ("its use is", usage.services.unknown()),
    ];
    match unknown {
        // Of a role of another account.
        [(_, Some(why)), (_, Some(other)), (_, Some(third))] if why == other && why == third => {
            notes.push(format!("it cannot be looked at: {why}"));
        }
        unknown => notes.extend(
            unknown
                .iter()
                .filter_map(|(what, why)| Some(format!("{what} not known: {}", (*why)?))),
        ),
    }
    if let Some(facts) = usage.facts.as_found() {
        if window.is_young(facts.history.created) {
            notes.push(format!(
                "it was made {} days ago: what it does not use is not called unused before {} days",
                window.days_since(facts.history.created),
                window.days
            ));
        }
        if let Some(boundary) = &facts.boundary {
            notes.push(format!(
                "its permissions boundary {} may allow less than its policies: IAM does not look at it here",
                PolicySource::Managed(boundary.clone())
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
