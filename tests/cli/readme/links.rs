//! Every link of the pages leads somewhere: to a file of the project, and to a heading in it. Every file that
//! they name is there.

use std::collections::BTreeMap;

use super::{Page, pages, root};

/// The headings of a page, each with the anchor that GitHub gives it.
pub fn headings(text: &str) -> Vec<(String, String)> {
    let mut times = BTreeMap::new();
    let lines = prose(text).into_iter();
    let titles = lines.filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#')));
    let titles = titles.filter_map(|title| title.strip_prefix(' '));
    titles
        .map(|title| {
            let kept = title.chars().filter_map(|letter| match letter {
                ' ' => Some('-'),
                '-' | '_' => Some(letter),
                letter if letter.is_alphanumeric() => letter.to_lowercase().next(),
                _ => None,
            });
            let anchor: String = kept.collect();
            let time = times.entry(anchor.clone()).or_insert(0);
            *time += 1;
            let anchor = match *time {
                1 => anchor,
                time => format!("{anchor}-{}", time - 1),
            };
            (title.to_owned(), anchor)
        })
        .collect()
}

/// The lines outside of blocks of code.
fn prose(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.collect()
}

/// The targets of a page's links; none in code.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text).join("\n");
    let plain: String = prose.split('`').step_by(2).collect();
    let links = plain.split("](").skip(1);
    let targets = links.filter_map(|link| link.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// Why a link leads nowhere.
fn broken(page: &Page, target: &str) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let told = format!("{}: {target}", page.path);
    let path = root().join(&page.path).with_file_name(file);
    if !file.is_empty() && !path.exists() {
        return Some(format!("{told}: there is no such file"));
    }
    if anchor.is_empty() {
        return None;
    }
    let headings = match file {
        "" => headings(&page.text),
        _ => headings(&std::fs::read_to_string(path).expect("a page")),
    };
    let is_there = headings.iter().any(|(_, known)| known == anchor);
    (!is_there).then(|| format!("{told}: there is no such heading"))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let links = pages.iter().flat_map(|page| {
        let targets = targets(&page.text);
        targets.into_iter().map(move |target| (page, target))
    });
    let links: Vec<_> = links.collect();
    assert!(links.len() > 10, "{}", links.len());
    let broken: Vec<String> = links
        .iter()
        .filter_map(|(page, target)| broken(page, target))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The project's files that a page names in its prose, as `src/main.rs`.
fn files(text: &str) -> Vec<String> {
    let prose = prose(text).join("\n");
    let quoted = prose.split('`').skip(1).step_by(2);
    let folders = [
        ".cargo/",
        ".ci/",
        "completions/",
        "docs/",
        "src/",
        "templates/",
        "tests/",
    ];
    let files = quoted.filter(|text| folders.iter().any(|folder| text.starts_with(folder)));
    files.map(str::to_owned).collect()
}

#[test]
fn every_file_that_is_named_is_there() {
    let pages = pages();
    let named = pages.iter().flat_map(|page| files(&page.text));
    let named: Vec<String> = named.collect();
    assert!(named.len() > 20, "{named:?}");
    let missing = named.iter().filter(|path| !root().join(path).exists());
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let page = Page {
        path: "docs/a.md".to_owned(),
        text: "# A `b`: c\n[1](../README.md) [2](none.md) [3](#a-b-c)\n[4](../README.md#none) [5](#none) `[6](code.md)`\n".to_owned(),
    };
    let targets = targets(&page.text);
    assert_eq!(targets.len(), 5);
    let found = targets.iter().filter_map(|target| broken(&page, target));
    let found: Vec<String> = found.collect();
    assert_eq!(
        found,
        [
            "docs/a.md: none.md: there is no such file",
            "docs/a.md: ../README.md#none: there is no such heading",
            "docs/a.md: #none: there is no such heading",
        ]
    );
}
