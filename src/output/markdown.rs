//! Results as Markdown, for a pull request or a step summary. Text of others becomes plain text: no HTML,
//! no link, no mention, no cell or row of its own, and no line that a CI system takes for a command
//! (`::set-output::`, `##[command]`, `##vso[…]`: those are looked for in whatever a step prints).

use super::cells::{self, Cell};
use crate::model::{shown, visible};
use crate::plan::{ActionKind, Plan, Summary, Track};
use crate::policy::Difference;
use crate::secrets::redacted;

/// Characters with a meaning to Markdown (GFM) or to HTML.
const SPECIAL: &str = "\\`*_{}[]<>()#!|~&@$";

/// As plain text, in one line.
pub fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut last = ' ';
    for c in visible(&redacted(text)).chars() {
        // One colon alone means nothing; two begin a command, `:smile:` is a picture.
        let is_colon = c == ':' && (last == ':' || !last.is_ascii_alphanumeric());
        if is_colon || SPECIAL.contains(c) {
            safe.push_str(&format!("&#{};", u32::from(c)));
        } else {
            safe.push(c);
        }
        last = c;
    }
    safe
}

/// Lines in one cell or list item, with the blanks before them.
pub fn broken(lines: &[impl AsRef<str>]) -> String {
    let lines = lines.iter().map(AsRef::as_ref).map(|line| {
        let rest = line.trim_start();
        "&nbsp;".repeat(line.len() - rest.len()) + &text(rest)
    });
    lines.collect::<Vec<_>>().join("<br>")
}

/// Sentences with their lists, in one cell or list item.
pub fn sentences(all: &[impl AsRef<str>]) -> String {
    let all: Vec<String> = all.iter().map(|it| shown(it.as_ref())).collect();
    broken(&all.iter().flat_map(|it| it.lines()).collect::<Vec<_>>())
}

/// Lines as they are.
pub fn lines(lines: &[Vec<Cell>]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| cells::text(line)).collect();
    match broken(&lines).trim_end() {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}

/// Cells are Markdown already.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    let rule = vec!["---".to_owned(); header.len()];
    let rows = rows.iter().map(|row| line(row));
    line(&header) + &line(&rule) + &rows.collect::<String>()
}

/// What is to be done, what is refused, and what should be known.
pub fn plan(plan: &Plan) -> String {
    let actions = plan.tracks.iter().flat_map(|track| {
        let actions = track.actions.iter();
        actions.map(move |action| (track, action))
    });
    let rows: Vec<Vec<String>> = actions
        .map(|(track, action)| {
            let what = format!("{action}{}", track.place_of(action));
            let (sign, what) = (action.kind().sign(), text(&what));
            let what = match action.kind() {
                ActionKind::Delete => format!("**{what}**"),
                ActionKind::Create | ActionKind::Change | ActionKind::Wait => what,
            };
            vec![text(&sign.to_string()), what, broken(&action.details())]
        })
        .collect();
    let mut told = if !rows.is_empty() {
        let table = table(&["", "Action", "Details"], &rows);
        format!("**Plan: {}**\n\n{table}", Summary::of(plan))
    } else if plan.is_settled() {
        "**Plan: nothing to do**, all is as asked\n".to_owned()
    } else if plan.is_empty() {
        "**Plan: nothing to do**\n".to_owned()
    } else {
        "**Plan: nothing that can be done**\n".to_owned()
    };
    let remarks: String = plan.tracks.iter().map(remarks).collect();
    if !remarks.is_empty() {
        told.push('\n');
        told.push_str(&remarks);
    }
    told
}

fn remarks(track: &Track) -> String {
    let target = text(&track.target.to_string());
    let item = |kind: &str, what: String| format!("- {kind}: {target}: {what}\n");
    let refusals = track.refusals.iter().map(ToString::to_string);
    let refusals = refusals.map(|refusal| item("**refused**", sentences(&[refusal])));
    let warnings = track.warnings.iter();
    let warnings = warnings.map(|warning| item("**warning**", sentences(&[warning])));
    let unknown = track.unknown.iter();
    let unknown = unknown.map(|it| item("**unknown**", sentences(&[it])));
    let notes = track.notes.iter();
    let notes = notes.map(|note| item("note", sentences(&[note])));
    let drift: Vec<String> = track.drift.iter().flat_map(Difference::lines).collect();
    let drift =
        (!drift.is_empty()).then(|| item("**changed by hand**, and left so", broken(&drift)));
    let leftover = track.leftover.iter();
    let leftover = leftover.map(|it| {
        let kind = if track.actions.is_empty() {
            "left alone"
        } else {
            "left over"
        };
        item(kind, broken(&it.lines()))
    });
    let told = refusals.chain(warnings).chain(unknown).chain(leftover);
    told.chain(notes).chain(drift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_plain_text() {
        for (given, wanted) in [
            ("web/api", "web/api"),
            (
                "arn:aws:iam::111122223333:role/a",
                "arn:aws:iam:&#58;111122223333:role/a",
            ),
            (
                "::set-output name=a::b",
                "&#58;&#58;set-output name=a:&#58;b",
            ),
            (" ::warning::", " &#58;&#58;warning:&#58;"),
            (
                "##[error]##vso[task]",
                "&#35;&#35;&#91;error&#93;&#35;&#35;vso&#91;task&#93;",
            ),
            ("a|b\n|c", "a&#124;b&#92;n&#124;c"),
            ("<img src=x onerror=a>", "&#60;img src=x onerror=a&#62;"),
            (
                "[a](https://b) @team",
                "&#91;a&#93;&#40;https://b&#41; &#64;team",
            ),
            (
                "```\u{1b}[31m",
                "&#96;&#96;&#96;&#92;u&#123;1b&#125;&#91;31m",
            ),
        ] {
            assert_eq!(text(given), wanted);
        }
    }

    #[test]
    fn lines_keep_their_blanks_and_stay_in_their_cell() {
        assert_eq!(
            broken(&["a", "  b", "| c"]),
            "a<br>&nbsp;&nbsp;b<br>&#124; c"
        );
        assert_eq!(
            sentences(&["a\n  b\n c", "d"]),
            "a<br>&nbsp;&nbsp;b&#92;n c<br>d"
        );
        assert_eq!(lines(&cells::lines("")), "");
    }

    #[test]
    fn no_text_of_others_begins_a_line_or_ends_a_cell() {
        let corpus = ["::add-mask::a", "|a|", "##[b]", "<b>", "\r\n::c::"];
        crate::fuzz::texts(corpus, |given| {
            for told in [
                text(given),
                broken(&[given]),
                sentences(&[given]),
                lines(&cells::lines(given)),
            ] {
                let told = told.replace("<br>", "").replace("&nbsp;", "");
                let is_bad = told.contains(['|', '<', '`', '[', '@']);
                assert!(
                    !is_bad && !told.contains("::") && !told.contains("##["),
                    "{given}: {told}"
                );
                assert!(told.trim_end_matches('\n').lines().count() <= 1, "{told}");
            }
        });
    }
}
