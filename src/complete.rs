//! What may come next on a command line: the words and flags of the program, and the names that the
//! cluster and the account have. The shells' scripts ask for it with each press of the tabulator, so
//! nothing here may be slow, fail aloud, or print what a shell would take for more than a name.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

mod cache;
mod line;
mod local;
mod names;

use line::Line;
use names::{Account, Names};

use crate::asked::fields::Presence;
use crate::config::Schema;
use crate::waiting::Intervals;

/// How long the user waits for all that one list needs: files and calls.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is offered for the last of the words, one a line: the word, a tabulator, what it is for.
/// Nothing, where nothing fits or anything fails.
pub fn offers(program: Command, mut words: Vec<OsString>) -> String {
    let Some(current) = words.last().cloned() else {
        return String::new();
    };
    let index = words.len() - 1;
    let line = Arc::new(Line::new(&words[..index]));
    // A single dash alone would offer the short flags.
    if current == "-" {
        words[index] = "--".into();
    }
    let commands = names_alone(&built(program.clone()));
    let program = built(program.mut_subcommand("help", |help| help.subcommands(commands)));
    let mut program = prepared(program, &line, Account::Stacks);
    let folder = std::env::current_dir().ok();
    let offers = complete(&mut program, words, index, folder.as_deref()).unwrap_or_default();
    // Flags come where one is begun, or where nothing else can.
    let all = !current.is_empty() || offers.iter().all(is_flag);
    let offers = offers.iter().filter(|offer| all || !is_flag(offer));
    offers.map(told).collect()
}

/// With the flags and commands of each command, which are not there before.
fn built(mut program: Command) -> Command {
    program.build();
    program
}

/// What comes of some work within the user's patience.
fn patiently<T>(work: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let limit = Intervals::from_environment().limit(PATIENCE);
    let ended = runtime.block_on(async { tokio::time::timeout(limit, work).await });
    // A look-up of a host's name cannot be stopped; it is not waited for.
    runtime.shutdown_background();
    ended.ok()
}

/// The commands below one without their flags, for `help`.
fn names_alone(command: &Command) -> Vec<Command> {
    let below = command.get_subcommands();
    let below = below.filter(|command| !command.is_hide_set());
    below
        .map(|command| {
            let name = command.get_name().to_owned();
            let aliases = command.get_visible_aliases().map(str::to_owned);
            Command::new(name)
                .about(command.get_about().cloned().unwrap_or_default())
                .visible_aliases(aliases.collect::<Vec<_>>())
                .subcommands(names_alone(command))
        })
        .collect()
}

fn is_flag(offer: &CompletionCandidate) -> bool {
    offer.get_value().to_string_lossy().starts_with('-')
}

fn told(offer: &CompletionCandidate) -> String {
    let value = offer.get_value().to_string_lossy();
    // A file's name may hold anything.
    if value.contains(char::is_control) {
        return String::new();
    }
    let help = offer.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    format!("{value}\t{}\n", help.lines().next().unwrap_or_default())
}

/// The program's command with the sources of its values.
fn prepared(command: Command, line: &Arc<Line>, account: Account) -> Command {
    let mut command = command.mut_args(|arg| with_values(arg, line, account));
    let below: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in below {
        let account = match name.as_str() {
            // What these name need not have a role of a stack.
            "create" | "doctor" => Account::Kubernetes,
            "podidentityassociation" => account.associated(),
            _ => account,
        };
        command = command.mut_subcommand(name, |command| prepared(command, line, account));
    }
    command
}

fn with_values(arg: Arg, line: &Arc<Line>, account: Account) -> Arg {
    // `--approve[=BOOL]`: the word that follows is none of its values, but what follows the = is.
    if arg.is_require_equals_set() {
        let flag = arg.require_equals(false).hide_default_value(false);
        let flag = flag.hide_possible_values(false);
        let flag = flag.num_args(0).action(ArgAction::SetTrue);
        return offering(flag, || ["false", "true"].map(str::to_owned).to_vec());
    }
    let place = arg.get_value_names().and_then(<[_]>::first);
    let line = line.clone();
    match (arg.get_long(), place.map(|name| name.as_str())) {
        (Some("region"), _) => offering(arg, local::regions),
        (Some("profile"), _) => offering(arg, local::profiles),
        (None, Some("FIELD")) => offering(arg, fields),
        (Some("context"), _) => offering(arg, move || local::contexts(&line)),
        (long, place) => match Names::of(long, place, account) {
            Some(names) => offering(arg, move || names.read(&line)),
            None => arg,
        },
    }
}

/// The paths of a config file that `explain` knows; what irsactl leaves alone needs no explanation.
fn fields() -> Vec<String> {
    let file = Schema::of_file();
    let read = file.all().into_iter();
    let read = read.filter(|schema| schema.presence != Presence::LeftAlone);
    read.map(|schema| schema.path.clone()).collect()
}

/// An argument whose values are those of a list that begin with the word.
fn offering(arg: Arg, list: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Arg {
    arg.add(ArgValueCompleter::new(move |current: &OsStr| {
        let Some(current) = current.to_str() else {
            return Vec::new();
        };
        // A flag is begun: no list is needed for it.
        if current.starts_with('-') {
            return Vec::new();
        }
        let mut offers = list();
        offers.retain(|name| is_plain(name) && fits(name, current));
        offers.sort_unstable();
        offers.dedup();
        offers.into_iter().map(CompletionCandidate::new).collect()
    }))
}

/// Whether a name is one word in every shell: who made it may have had other things in mind.
fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@+=".contains(&byte))
}

/// Whether a name goes on from the word. An ARN may be asked for by the name at its end.
fn fits(name: &str, word: &str) -> bool {
    let end = name.rsplit_once('/').map(|(_, end)| end);
    name.starts_with(word)
        || name.starts_with("arn:") && end.is_some_and(|end| end.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_take_for_more_are_not_plain() {
        for name in [
            "demo",
            "web/app.v1",
            "arn:aws:iam::aws:policy/A_b",
            "me@example.com",
        ] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "", "-rf", "~root", "a b", "$(id)", "`id`", "a;b", "a'b", "a\"b", "a\\b", "a\nb",
            "a\u{1b}b", "a,b", "{a", "a*", "é", "=x", "/etc",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn an_arn_is_found_by_its_name() {
        let arn = "arn:aws:iam::aws:policy/service-role/AmazonEBS";
        assert!(fits(arn, "") && fits(arn, "arn:aws:iam") && fits(arn, "AmazonE"));
        assert!(!fits(arn, "service-role") && !fits("web/app", "app"));
    }
}
