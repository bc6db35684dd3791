//! What was probably meant by a name that is none.

/// One that differs in upper and lower case only, else one that is a few letters away.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes time and memory of both lengths; nothing here has such a name.
    if name.chars().count() > 100 {
        return None;
    }
    let lower = name.to_lowercase();
    let limit = 1 + name.chars().count() / 4;
    known
        .into_iter()
        .map(|other| (strsim::osa_distance(&lower, &other.to_lowercase()), other))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["serviceAccounts", "metadata", "tags"];

    #[test]
    fn what_differs_by_few_letters_is_meant() {
        for (name, meant) in [
            ("serviceaccounts", Some("serviceAccounts")),
            // A letter, two in the wrong order; one more for every four letters of the name.
            ("tag", Some("tags")),
            ("tgas", Some("tags")),
            ("metadate", Some("metadata")),
            ("metXdXtX", Some("metadata")),
            ("mXtXdXtX", None),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, KNOWN), meant, "{name}");
        }
    }

    #[test]
    fn a_name_of_any_length_is_answered() {
        let known = "a".repeat(100);
        let longer = "a".repeat(101);
        assert_eq!(nearest(&known, [known.as_str()]), Some(known.as_str()));
        assert_eq!(nearest(&longer, [longer.as_str()]), None);
    }
}
