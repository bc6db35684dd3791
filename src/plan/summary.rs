//! A plan in one line: how much of it creates, changes and deletes.

use std::fmt;

use serde::Serialize;

use super::Plan;

/// What an action does to what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    Create,
    Change,
    Delete,
    /// It changes nothing itself.
    Wait,
}

impl ActionKind {
    /// What stands before an action of this kind.
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change => '~',
            Self::Delete => '-',
            Self::Wait => ' ',
        }
    }
}

/// How many actions of each kind a plan has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub create: usize,
    pub change: usize,
    pub delete: usize,
    pub wait: usize,
}

impl Summary {
    /// Each action of each track counts as one.
    pub fn of(plan: &Plan) -> Self {
        let mut summary = Self::default();
        for action in plan.actions() {
            *match action.kind() {
                ActionKind::Create => &mut summary.create,
                ActionKind::Change => &mut summary.change,
                ActionKind::Delete => &mut summary.delete,
                ActionKind::Wait => &mut summary.wait,
            } += 1;
        }
        summary
    }
}

/// `2 to create, 0 to change, 1 to delete`
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            create,
            change,
            delete,
            wait,
        } = self;
        write!(
            f,
            "{create} to create, {change} to change, {delete} to delete"
        )?;
        match wait {
            0 => Ok(()),
            wait => write!(f, ", {wait} to wait for"),
        }
    }
}
