//! Lists that are told in pages, whoever tells them. What a list does not have counts as not there, so
//! its end must be its end: no page comes twice, and none is left out. Nor are there pages without end.

use std::collections::HashSet;

/// More than any list has here: the stacks of a region, the pods of a large cluster.
const MOST: usize = 2_000;

/// The pages of one list so far, by what each said of where the next begins.
#[derive(Debug, Default)]
pub struct Pages(HashSet<String>);

/// Why a list cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Endless {
    #[error("a page of its list leads back to one before it")]
    Circle,
    #[error("its list goes on, and it does not say where")]
    Nowhere,
    #[error("its list has more than {MOST} pages")]
    TooMany,
}

impl Pages {
    /// Notes that a page goes on at `token`; `None`: it is the last.
    ///
    /// # Errors
    /// When the next page would not be one that follows.
    pub fn go_on(&mut self, token: Option<&str>) -> Result<(), Endless> {
        match token {
            None => Ok(()),
            Some("") => Err(Endless::Nowhere),
            Some(_) if self.0.len() >= MOST => Err(Endless::TooMany),
            Some(token) if self.0.insert(token.to_owned()) => Ok(()),
            Some(_) => Err(Endless::Circle),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_where_it_says_so_and_nowhere_else() {
        let mut pages = Pages::default();
        assert_eq!(pages.go_on(Some("a")), Ok(()));
        assert_eq!(pages.go_on(Some("b")), Ok(()));
        assert_eq!(pages.go_on(None), Ok(()));
        assert_eq!(pages.go_on(Some("")), Err(Endless::Nowhere));
        assert_eq!(pages.go_on(Some("b")), Err(Endless::Circle));
        assert_eq!(pages.go_on(Some("a")), Err(Endless::Circle));
        for number in 2..MOST {
            assert_eq!(pages.go_on(Some(&number.to_string())), Ok(()));
        }
        assert_eq!(pages.go_on(Some("c")), Err(Endless::TooMany));
    }
}
