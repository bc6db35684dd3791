//! The parts of a run whose roles live in several accounts: the run's own, and one for each further account.

use crate::error::Error;
use crate::model::{Connection, Flags, RoleAccount};
use crate::plan::{Caller, Track};
use crate::run::{Context, Observation};

/// What of a run is about the roles of one account.
pub struct Part<'a> {
    pub context: &'a Context,
    /// `None`: that of the run's own credentials.
    pub account: Option<&'a RoleAccount>,
    caller: Caller,
    /// Two ways may lead to one account: what nobody named there was looked at already.
    pub is_again: bool,
}

/// All of a run, its own first.
pub fn parts(context: &Context) -> impl Iterator<Item = Part<'_>> {
    let own = Part {
        context,
        account: None,
        caller: Caller::Own,
        is_again: false,
    };
    let others = context.others.iter().enumerate();
    let others = others.map(|(place, (account, context))| Part {
        context,
        account: Some(account),
        caller: Caller::OfRoles(place),
        is_again: false,
    });
    [own].into_iter().chain(others)
}

impl Part<'_> {
    /// By whose calls what is planned in this part is carried out.
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// Whether its account is one of these.
    pub fn is_one_of(&self, accounts: &[String]) -> bool {
        let account = self.context.roles_account.as_ref();
        account.is_some_and(|account| accounts.contains(account))
    }

    /// Adds what was looked at in this part.
    pub fn add_to(&self, whole: &mut Observation, look: Observation) {
        let tracks = look.plan.tracks.into_iter();
        whole
            .plan
            .tracks
            .extend(tracks.map(|track| self.marked(track)));
        let unseen = look.unseen.into_iter();
        let named = unseen.map(|(target, error)| (target, self.named(error)));
        whole.unseen.extend(named);
        whole.order.extend(look.order);
        whole.kubernetes = whole.kubernetes.take().or(look.kubernetes);
    }

    /// A failure of this part, with the account in its hints.
    pub fn named(&self, error: Error) -> Error {
        error.of_roles(&self.flags())
    }

    /// The flags that lead to its account, where that is not the run's own.
    pub fn flags(&self) -> Flags {
        self.account.map(RoleAccount::flags).unwrap_or_default()
    }

    /// With the account, whose calls carry it out; its hints name it too.
    fn marked(&self, mut track: Track) -> Track {
        if self.account.is_none() {
            return track;
        }
        track.roles = self.flags();
        let connection = Connection::of_roles_in_file(self.flags());
        for refusal in &mut track.refusals {
            let hints = std::mem::take(&mut refusal.hints).into_iter();
            refusal.hints = hints.map(|hint| hint.with(&connection)).collect();
        }
        track.account.clone_from(&self.context.roles_account);
        track.caller = self.caller;
        track
    }
}
