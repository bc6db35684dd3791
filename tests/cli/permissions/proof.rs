//! Every command runs with exactly what `permissions` names, and misses each permission that is taken
//! away: what is needed is named by the error, without what is optional the command goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::scenarios::{Scenario, all};
use super::{HERE, printed};
use crate::arrange::side_by_side;
use crate::sandbox::{Access, Hand, Rights};
use crate::support::Bench;

/// What was needed in a run: of AWS by whom, and of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Asked {
    aws: BTreeSet<(Hand, String)>,
    kubernetes: BTreeSet<String>,
    /// What of both was refused.
    refused: BTreeSet<String>,
}

/// What a run came to.
#[derive(Debug)]
struct Ended {
    told: String,
    state: String,
    asked: Asked,
}

impl Ended {
    fn exit(&self) -> &str {
        self.told.rsplit("[exit ").next().unwrap_or_default()
    }
}

/// What the scenario's caller may do.
struct Allowed {
    policy: Value,
    rules: Vec<Value>,
}

impl Allowed {
    fn of(scenario: &Scenario) -> Self {
        let bench = Bench::new();
        let flags = format!("--for {} {}", scenario.commands(), scenario.flags);
        let policy = serde_json::from_str(&printed(&bench, &flags, "json")).expect("a policy");
        let roles = printed(&bench, &flags, "rbac");
        let role: Value = match roles.split("---").next().unwrap_or_default() {
            "" => Value::Null,
            role => serde_saphyr::from_str(role).expect("a role"),
        };
        Self {
            policy,
            rules: role["rules"].as_array().cloned().unwrap_or_default(),
        }
    }
}

impl Allowed {
    fn without<'a>(&self, taken: impl IntoIterator<Item = &'a Taken>) -> Self {
        let mut left = Self {
            policy: self.policy.clone(),
            rules: self.rules.clone(),
        };
        for taken in taken {
            left.lose(taken);
        }
        left
    }

    fn lose(&mut self, taken: &Taken) {
        match taken {
            Taken::Aws(action) => {
                let statements = self.policy["Statement"].as_array_mut();
                for statement in statements.into_iter().flatten() {
                    remove(&mut statement["Action"], action);
                }
            }
            Taken::Kubernetes(right) => {
                let (verb, resource) = right.split_once(' ').expect("a verb");
                let mut rules = self.rules.iter_mut();
                let rule = rules.find(|rule| rule["resources"][0] == resource);
                // One that is not in the table is another test's concern.
                if let Some(rule) = rule {
                    remove(&mut rule["verbs"], verb);
                }
            }
        }
    }
}

fn remove(list: &mut Value, member: &str) {
    let list = list.as_array_mut().expect("a list");
    list.retain(|other| other != member);
}

/// What is taken away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    Aws(String),
    Kubernetes(String),
}

impl Taken {
    /// As a refusal has it.
    fn named(&self) -> String {
        match self {
            Self::Aws(action) => action.clone(),
            Self::Kubernetes(right) => {
                let (verb, resource) = right.split_once(' ').expect("a verb");
                format!("cannot {verb} resource \"{resource}\"")
            }
        }
    }
}

impl Scenario {
    fn run(&self, allowed: &Allowed) -> Ended {
        self.run_in(&(self.arrange)(), allowed)
    }

    /// Whether its exit status follows what it knows.
    fn judges(&self) -> bool {
        ["doctor", "fix"].contains(&self.command)
    }

    fn run_in(&self, bench: &Bench, allowed: &Allowed) -> Ended {
        {
            let mut world = bench.sandbox.world();
            world.calls.clear();
            *world.user_rights() = Rights {
                policy: Some(allowed.policy.clone()),
                ..Rights::default()
            };
            let api = world.api("demo");
            api.access = Access::Rules(allowed.rules.clone());
            api.asked.clear();
            api.refused.clear();
        }
        let told = without_times(&bench.run(&self.line));
        let state = bench.state();
        let mut world = bench.sandbox.world();
        let aws = std::mem::take(world.user_rights());
        let api = world.api("demo");
        let asked = Asked {
            aws: aws
                .asked
                .into_iter()
                .map(|it| (it.hand, it.action))
                .collect(),
            kubernetes: std::mem::take(&mut api.asked),
            refused: &aws.refused | &api.refused,
        };
        Ended { told, state, asked }
    }
}

/// Points in time as `TIME`.
fn without_times(text: &str) -> String {
    let line = |line: &str| {
        let steady =
            line.split(' ')
                .map(|word| match word.starts_with("20") && word.contains('T') {
                    true => "TIME",
                    false => word,
                });
        steady.collect::<Vec<_>>().join(" ")
    };
    text.lines()
        .map(|text| format!("{}\n", line(text)))
        .collect()
}

/// A scenario, and how it ends with what `permissions` prints for it.
struct Seen {
    scenario: Scenario,
    allowed: Arc<Allowed>,
    ended: Ended,
}

fn seen() -> &'static [Seen] {
    static SEEN: OnceLock<Vec<Seen>> = OnceLock::new();
    SEEN.get_or_init(|| {
        let scenarios = all();
        let mut allowed: BTreeMap<(String, &str), Arc<Allowed>> = BTreeMap::new();
        for scenario in &scenarios {
            let key = (scenario.commands(), scenario.flags.as_str());
            let of = || Arc::new(Allowed::of(scenario));
            allowed.entry(key).or_insert_with(of);
        }
        let runs = side_by_side(LANES, &scenarios, |scenario| {
            let key = (scenario.commands(), scenario.flags.as_str());
            let allowed = allowed[&key].clone();
            let ended = scenario.run(&allowed);
            (allowed, ended)
        });
        drop(allowed);
        let seen = scenarios.into_iter().zip(runs);
        seen.map(|(scenario, (allowed, ended))| Seen {
            scenario,
            allowed,
            ended,
        })
        .collect()
    })
}

const LANES: usize = 4;

/// The needs of a command by who asks for what: `always`, `optional`, or when.
type Table = BTreeMap<(String, Hand, Taken), BTreeSet<String>>;

/// The list, read back.
fn table() -> Table {
    let bench = Bench::new();
    let mut table = Table::new();
    for flags in [
        HERE.to_owned(),
        format!("{HERE} --cfn-role-arn {}", super::worlds::DEPLOYER),
    ] {
        for line in printed(&bench, &flags, "table").lines().skip(1) {
            let mut cells = line
                .split("   ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            let mut cell = || cells.next().expect("a cell").to_owned();
            let (command, permission, need, why) = (cell(), cell(), cell(), cell());
            let hand = match why.starts_with("CloudFormation: ") {
                true => Hand::CloudFormation,
                false => Hand::Caller,
            };
            let taken = match permission.strip_prefix("kubernetes: ") {
                Some(right) => Taken::Kubernetes(right.to_owned()),
                None => Taken::Aws(permission),
            };
            table
                .entry((command, hand, taken))
                .or_default()
                .insert(need);
        }
    }
    table
}

/// What a scenario asked for, by each command or flag of it that is to; by the command, where none is.
fn asked_of(seen: &Seen, table: &Table) -> BTreeSet<(String, Hand, Taken)> {
    let aws = seen.ended.asked.aws.iter();
    let aws = aws.map(|(hand, action)| (*hand, Taken::Aws(action.clone())));
    let rights = seen.ended.asked.kubernetes.iter();
    let rights = rights.map(|right| (Hand::Caller, Taken::Kubernetes(right.clone())));
    let rows = aws.chain(rights).flat_map(|(hand, taken)| {
        let row = |command: &str| (command.to_owned(), hand, taken.clone());
        let commands = seen.scenario.commands();
        let rows = commands.split(',').map(row);
        let listed: Vec<_> = rows.filter(|row| table.contains_key(row)).collect();
        match listed.is_empty() {
            true => vec![row(seen.scenario.command)],
            false => listed,
        }
    });
    rows.collect()
}

#[test]
fn the_table_has_what_commands_ask_for_and_nothing_else() {
    let table = table();
    let asked = seen().iter().flat_map(|seen| asked_of(seen, &table));
    let asked: BTreeSet<_> = asked.collect();
    let unlisted: Vec<_> = asked
        .iter()
        .filter(|row| !table.contains_key(row))
        .collect();
    // What AWS may ask for, the sandbox need not.
    let is_certain = |needs: &BTreeSet<String>| needs.iter().any(|need| need != "perhaps");
    let idle: Vec<_> = table
        .iter()
        .filter(|(row, needs)| is_certain(needs) && !asked.contains(row))
        .map(|(row, _)| row)
        .collect();
    assert!(
        unlisted.is_empty() && idle.is_empty(),
        "asked for and not in the table: {unlisted:#?}\nin the table and never asked for: {idle:#?}"
    );
}

#[test]
fn what_is_printed_is_enough() {
    let lacking = seen()
        .iter()
        .filter(|seen| !seen.ended.asked.refused.is_empty());
    let lacking = lacking.map(|seen| {
        let (line, told) = (&seen.scenario.line, &seen.ended.told);
        format!("{line}\nlacks {:?}\n{told}", seen.ended.asked.refused)
    });
    assert_eq!(lacking.collect::<Vec<_>>().join("\n"), "");
}

#[test]
fn each_permission_that_is_missing_is_named_or_not_needed() {
    let table = table();
    let mut tried = BTreeSet::new();
    let mut tries = Vec::new();
    for seen in seen() {
        let mut asked: BTreeMap<Taken, (bool, BTreeSet<String>)> = BTreeMap::new();
        for row in asked_of(seen, &table) {
            let (is_new, needs) = asked.entry(row.2.clone()).or_default();
            needs.extend(table.get(&row).cloned().unwrap_or_default());
            *is_new |= tried.insert(row);
        }
        asked.retain(|_, (is_new, _)| *is_new);
        tries.push((seen, asked));
    }
    let wrong = side_by_side(LANES, &tries, |(seen, asked)| {
        let scenario = &seen.scenario;
        // As long as nothing was changed in it, a world serves again.
        let arranged = (scenario.arrange)();
        let mut untouched: Option<Bench> = None;
        let mut without = |taken: &[&Taken]| {
            let allowed = seen.allowed.without(taken.iter().copied());
            let bench = untouched.take().unwrap_or_else(|| arranged.copy());
            let ended = scenario.run_in(&bench, &allowed);
            untouched = bench.changes().is_empty().then_some(bench);
            ended
        };
        let is_optional = |needs: &BTreeSet<String>| needs.iter().eq(["optional"]);
        let optional = asked.iter().filter(|(_, (_, needs))| is_optional(needs));
        let optional: Vec<&Taken> = optional.map(|(taken, _)| taken).collect();
        // What goes on without all of them, and tells of each, does so without each.
        let together = (optional.len() > 1).then(|| without(&optional));
        let is_proven = |taken: &Taken, needs: &BTreeSet<String>, ended: &Ended| {
            let name = &taken.named();
            let is_told = is_told(name, &ended.told) || is_silent(scenario.command, name);
            is_told && misses(scenario, &seen.ended, ended, needs, name).is_none()
        };
        let wrong = asked.iter().filter_map(|(taken, (_, needs))| {
            let mut together = together.iter().filter(|_| optional.contains(&taken));
            if together.any(|ended| is_proven(taken, needs, ended)) {
                return None;
            }
            let ended = without(&[taken]);
            let why = misses(scenario, &seen.ended, &ended, needs, &taken.named())?;
            Some(format!(
                "{}\nwithout {taken:?} ({needs:?}) {why}:\n{}",
                scenario.line, ended.told
            ))
        });
        wrong.collect::<Vec<_>>()
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        tries.iter().map(|(_, asked)| asked.len()).sum::<usize>(),
        wrong.join("\n")
    );
}

/// What gives nothing but names that may be meant: in a hint, or to a shell. That they are not known is
/// not told.
fn is_silent(command: &str, name: &str) -> bool {
    name == "eks:ListClusters" || command == "completion"
}

/// Whether doctor tells a right that it lacks: `not allowed to list pods`.
fn name_of_doctor(name: &str, told: &str) -> bool {
    let mut words = name.split(['"', ' ']).filter(|word| !word.is_empty());
    let (Some("cannot"), Some(verb), Some("resource"), Some(resource)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let singular = resource.trim_end_matches('s');
    let forms = [format!("{verb} {resource}"), format!("read {singular}")];
    let told = told.replace("service account", "serviceaccount");
    forms
        .iter()
        .any(|form| has_words(&told, &format!("not allowed to {form}")))
}

/// Whether a right that was missing is named.
fn is_told(name: &str, told: &str) -> bool {
    has_words(told, name) || name_of_doctor(name, told)
}

/// Whether a text has the words, and not the beginning of longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    let mut ends = text.match_indices(words);
    ends.any(|(at, _)| !goes_on(&text[at + words.len()..]))
}

/// What is wrong with the end of a run that lacked a permission.
fn misses(
    scenario: &Scenario,
    good: &Ended,
    ended: &Ended,
    needs: &BTreeSet<String>,
    name: &str,
) -> Option<&'static str> {
    let is_optional = needs.contains("optional");
    let is_told = is_told(name, &ended.told);
    let is_same = ended.told == good.told && ended.state == good.state;
    if ended.told.contains("panicked") {
        return Some("panics");
    }
    if is_optional {
        let goes_on = ended.exit() == good.exit() && (is_told || is_same);
        // What is optional here may be needed there.
        let may_fail = needs.len() > 1 || scenario.judges();
        let is_good = goes_on || is_silent(scenario.command, name) || may_fail && is_told;
        return (!is_good).then_some("does not go on");
    }
    match good.exit().starts_with('0') {
        true if ended.exit().starts_with('0') => Some("does not fail"),
        true if !is_told => Some("does not name it"),
        // It fails in any case: it must tell more, or leave more behind.
        false if is_same => Some("makes no difference"),
        _ => None,
    }
}

#[test]
fn who_may_not_list_stacks_learns_no_other_namespaces() {
    let scenarios = all();
    let mut scenarios = scenarios.iter();
    let nobody = scenarios.find(|scenario| scenario.line.contains("nobody"));
    let nobody = nobody.expect("the scenario");
    let taken = Taken::Aws("cloudformation:ListStacks".to_owned());
    let allowed = Allowed::of(nobody);
    let ended = nobody.run(&allowed.without([&taken]));
    assert!(ended.told.contains("nothing to delete"), "{}", ended.told);
    assert_eq!(ended.told, nobody.run(&allowed).told);
}
