//! What a read told that may be denied. Apart, as everything observed is made of it.

/// The answer to a read that this identity may not be allowed to make.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Lookup<T> {
    Found(T),
    #[default]
    Missing,
    /// It could not be read, mostly as access is denied: why, in words.
    Unknown(String),
}

impl<T> Lookup<T> {
    /// `None` where it is missing, and where it is not known.
    pub fn as_found(&self) -> Option<&T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Missing | Self::Unknown(_) => None,
        }
    }

    /// Why it is unknown.
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Found(_) | Self::Missing => None,
        }
    }

    /// Changes what was found; what is missing or unknown stays so.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Lookup<U> {
        self.and_then(|value| Lookup::Found(into(value)))
    }

    /// The same with a further look, which may find nothing.
    pub fn and_then<U>(self, into: impl FnOnce(T) -> Lookup<U>) -> Lookup<U> {
        match self {
            Self::Found(value) => into(value),
            Self::Missing => Lookup::Missing,
            Self::Unknown(why) => Lookup::Unknown(why),
        }
    }

    /// As `as_found`, by value: why it is unknown is lost.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Missing | Self::Unknown(_) => None,
        }
    }
}

impl<T, E> Lookup<Result<T, E>> {
    /// What is there may not be what is wanted.
    pub fn transpose(self) -> Result<Lookup<T>, E> {
        match self {
            Self::Found(value) => value.map(Lookup::Found),
            Self::Missing => Ok(Lookup::Missing),
            Self::Unknown(why) => Ok(Lookup::Unknown(why)),
        }
    }
}

impl<T> From<Option<T>> for Lookup<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Missing, Self::Found)
    }
}
