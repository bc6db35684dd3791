//! A right of Kubernetes' RBAC, as a value: what is refused, asked for and granted.

use std::borrow::Cow;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    pub verb: &'static str,
    /// Plural, with the subresource, `serviceaccounts/token`.
    pub resource: &'static str,
    /// API group; empty for the core.
    pub group: &'static str,
    /// Empty for all, and for what is in none.
    pub namespace: Cow<'static, str>,
    /// Of the only object that is meant; empty for all.
    pub name: Cow<'static, str>,
}

impl Right {
    /// On all objects of the core group.
    pub const fn of(verb: &'static str, resource: &'static str) -> Self {
        Self::named(verb, resource, "", "")
    }

    /// On one object of a group.
    pub const fn named(
        verb: &'static str,
        resource: &'static str,
        group: &'static str,
        name: &'static str,
    ) -> Self {
        Self {
            verb,
            resource,
            group,
            namespace: Cow::Borrowed(""),
            name: Cow::Borrowed(name),
        }
    }

    /// All but the object: verb, resource, group.
    pub fn kind(&self) -> [&'static str; 3] {
        [self.verb, self.resource, self.group]
    }
}

/// In the words of RBAC: `get deployments.apps api in namespace web`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        if !self.namespace.is_empty() {
            write!(f, " in namespace {}", self.namespace)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_told_in_the_words_of_rbac() {
        let of = |right: Right, namespace: &'static str, name: &'static str| {
            let (namespace, name) = (namespace.into(), name.into());
            let right = Right {
                namespace,
                name,
                ..right
            };
            right.to_string()
        };
        let pods = Right::of("list", "pods");
        let deployments = Right {
            group: "apps",
            ..Right::of("get", "deployments")
        };
        assert_eq!(of(pods.clone(), "web", ""), "list pods in namespace web");
        assert_eq!(of(pods, "", ""), "list pods");
        assert_eq!(
            of(deployments, "web", "api"),
            "get deployments.apps api in namespace web"
        );
    }
}
