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
