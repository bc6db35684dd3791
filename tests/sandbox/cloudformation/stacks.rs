//! All stacks of an account, living and deleted, in the order of their creation. Apart because
//! with a thousand of them a stack must be found, and the busy ones known, without a walk.

use std::collections::{BTreeSet, HashMap};
use std::ops::{Deref, DerefMut};

use super::Stack;

/// A slice of stacks that knows them by name, by id and by the ids of their change sets.
#[derive(Clone, Debug, Default)]
pub struct Stacks {
    all: Vec<Stack>,
    /// By region and name; the last of a name is the one that may live.
    names: HashMap<(String, String), Vec<usize>>,
    ids: HashMap<String, usize>,
    change_sets: HashMap<String, usize>,
    /// Those that may have work to do: every stack that was given out to be changed.
    busy: BTreeSet<usize>,
}

impl Stacks {
    pub fn push(&mut self, stack: Stack) -> &mut Stack {
        let at = self.all.len();
        let key = (stack.region.clone(), stack.name.clone());
        self.names.entry(key).or_default().push(at);
        self.ids.insert(stack.id.clone(), at);
        self.busy.insert(at);
        self.all.push(stack);
        &mut self.all[at]
    }

    /// Where the stack is: the living one of that name, or any of that id.
    pub fn position(&self, region: &str, name: &str) -> Option<usize> {
        let in_region = |at: &usize| self.all[*at].region == region;
        if let Some(at) = self.ids.get(name).copied().filter(in_region) {
            return Some(at);
        }
        let same = self.names.get(&(region.to_owned(), name.to_owned()))?;
        let last = same.last().copied();
        last.filter(|at| self.all[*at].deleted.is_none())
    }

    /// The stack of `position`, to be changed.
    pub fn named(&mut self, region: &str, name: &str) -> Option<&mut Stack> {
        let at = self.position(region, name)?;
        self.busy.insert(at);
        self.all.get_mut(at)
    }

    /// How many stacks of that name there were.
    pub fn turns(&self, region: &str, name: &str) -> usize {
        let key = (region.to_owned(), name.to_owned());
        self.names.get(&key).map_or(0, Vec::len)
    }

    /// The stack that a change set of that ARN was made for.
    pub fn with_change_set(&mut self, id: &str) -> Option<&mut Stack> {
        let at = *self.change_sets.get(id)?;
        self.busy.insert(at);
        self.all.get_mut(at)
    }

    pub fn note_change_set(&mut self, id: &str, stack: &str) {
        if let Some(at) = self.ids.get(stack) {
            self.change_sets.insert(id.to_owned(), *at);
        }
    }

    /// Those that may have work to do; they are no longer known as such.
    pub fn take_busy(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.busy)
    }

    pub fn stays_busy(&mut self, at: usize) {
        self.busy.insert(at);
    }
}

impl Deref for Stacks {
    type Target = [Stack];

    fn deref(&self) -> &[Stack] {
        &self.all
    }
}

impl DerefMut for Stacks {
    fn deref_mut(&mut self) -> &mut [Stack] {
        &mut self.all
    }
}

impl<'a> IntoIterator for &'a Stacks {
    type Item = &'a Stack;
    type IntoIter = std::slice::Iter<'a, Stack>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

impl<'a> IntoIterator for &'a mut Stacks {
    type Item = &'a mut Stack;
    type IntoIter = std::slice::IterMut<'a, Stack>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter_mut()
    }
}
