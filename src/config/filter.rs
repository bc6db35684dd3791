//! `--include` and `--exclude`: globs on `namespace/name` as eksctl's library (gobwas/glob) takes them
//! without separators. An own matcher, because the globs of crates are for paths: `**` means something
//! else there, and globset would bring a second engine of regular expressions. Compared with gobwas 0.2.3
//! by random globs: they differ where that matches by mistake (`{a*,b?}c` and `ac`) or panics (`{}`).

use crate::asked::IamServiceAccount;
use crate::model::ServiceAccountName;

/// The account of the VPC CNI in every cluster: only its own name selects it.
const AWS_NODE: &str = "kube-system/aws-node";

/// Which accounts are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Vec<Glob>,
    exclude: Vec<Glob>,
}

impl Filter {
    /// # Errors
    /// A glob that is none: its text, and the rule.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, String> {
        let globs = |texts: &[String]| -> Result<Vec<Glob>, String> {
            texts.iter().map(|text| Glob::parse(text)).collect()
        };
        Ok(Self {
            include: globs(include)?,
            exclude: globs(exclude)?,
        })
    }

    /// The accounts of a file that are meant. The file names each of them, `kube-system/aws-node` too.
    ///
    /// # Errors
    /// When there are globs to include, and none matches an account.
    pub fn select(
        &self,
        accounts: Vec<IamServiceAccount>,
    ) -> Result<Vec<IamServiceAccount>, String> {
        let is_included = |account: &IamServiceAccount| {
            let name = account.name.to_string();
            self.include.iter().any(|glob| glob.matches(&name))
        };
        if !self.include.is_empty() && !accounts.iter().any(is_included) {
            let globs: Vec<&str> = self.include.iter().map(|glob| &*glob.text).collect();
            let globs = globs.join(",");
            return Err(format!("--include {globs}: no service account matches"));
        }
        let mut accounts = accounts;
        accounts.retain(|account| self.passes(&account.name.to_string()));
        Ok(accounts)
    }

    /// Whether all are meant but for some.
    pub fn includes_all(&self) -> bool {
        self.include.is_empty()
    }

    /// Whether an account of the cluster is meant, which no file names.
    pub fn matches(&self, account: &ServiceAccountName) -> bool {
        let name = account.to_string();
        let is_named = self.include.iter().any(|glob| glob.text == name);
        (name != AWS_NODE || is_named) && self.passes(&name)
    }

    /// The same of what has two names: either is as good.
    pub fn passes_either(&self, names: [&str; 2]) -> bool {
        let any = |globs: &[Glob]| {
            let mut all = names.iter();
            all.any(|name| globs.iter().any(|glob| glob.matches(name)))
        };
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// eksctl's rule: one of those to include, if there are any, and none of those to exclude.
    pub fn passes(&self, name: &str) -> bool {
        self.passes_either([name, name])
    }
}

/// `*`, `?`, `[abc]`, `[!a-z]`, `{one,other}` in any depth, and `\` before a character that is meant
/// as it is.
#[derive(Clone, Debug)]
struct Glob {
    text: String,
    steps: Vec<Instruction>,
}

/// One step of a small machine; it goes on with the next step but where it says otherwise.
#[derive(Clone, Debug)]
enum Instruction {
    One(char),
    Any,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// Goes on with the next step, and with the other one too.
    Split(usize),
    Jump(usize),
}

impl Glob {
    fn parse(text: &str) -> Result<Self, String> {
        let failed = |rule: &str| format!("\"{text}\" is no glob: {rule}");
        if text.is_empty() {
            return Err(failed("it is empty"));
        }
        let mut steps = Vec::new();
        let mut open: Vec<Alternatives> = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => steps.push(Instruction::One(literal(c, &mut rest).map_err(failed)?)),
                '?' => steps.push(Instruction::Any),
                '*' => steps.extend(any_number(steps.len())),
                '[' => steps.push(set(&mut rest).map_err(failed)?),
                '{' => {
                    open.push(Alternatives {
                        begin: steps.len(),
                        ends: Vec::new(),
                    });
                    steps.push(Instruction::Jump(0));
                }
                ',' | '}' => match (c, open.pop()) {
                    (',', Some(alternatives)) => open.push(alternatives.next(&mut steps)),
                    (_, Some(alternatives)) => alternatives.close(&mut steps),
                    (c, None) => steps.push(Instruction::One(c)),
                },
                c => steps.push(Instruction::One(c)),
            }
        }
        if !open.is_empty() {
            return Err(failed("`{` has no `}`"));
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// Follows all ways at once, so that the time is bounded by both lengths' product.
    fn matches(&self, text: &str) -> bool {
        let mut states = vec![false; self.steps.len() + 1];
        self.reach(0, &mut states);
        for c in text.chars() {
            let mut next = vec![false; self.steps.len() + 1];
            for (at, step) in self.steps.iter().enumerate() {
                let takes = match step {
                    Instruction::One(one) => *one == c,
                    Instruction::Any => true,
                    Instruction::Set { negated, ranges } => {
                        ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
                    }
                    Instruction::Split(_) | Instruction::Jump(_) => false,
                };
                if states[at] && takes {
                    self.reach(at + 1, &mut next);
                }
            }
            states = next;
        }
        states[self.steps.len()]
    }

    /// Marks a step, and those that are reached from it without a character.
    fn reach(&self, at: usize, states: &mut [bool]) {
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut states[at], true) {
                continue;
            }
            match self.steps.get(at) {
                Some(Instruction::Split(other)) => open.extend([at + 1, *other]),
                Some(Instruction::Jump(other)) => open.push(*other),
                _ => {}
            }
        }
    }
}

/// A `{` that is still open: each alternative begins with a split to the next one, and ends with a
/// jump to the end of all.
struct Alternatives {
    /// The step where the present alternative begins.
    begin: usize,
    /// The jumps at the ends of the earlier ones.
    ends: Vec<usize>,
}

impl Alternatives {
    fn next(mut self, steps: &mut Vec<Instruction>) -> Self {
        self.ends.push(steps.len());
        steps.push(Instruction::Jump(0));
        steps[self.begin] = Instruction::Split(steps.len());
        self.begin = steps.len();
        steps.push(Instruction::Jump(0));
        self
    }

    fn close(self, steps: &mut [Instruction]) {
        let end = steps.len();
        // The last alternative has no next one.
        steps[self.begin] = Instruction::Jump(self.begin + 1);
        for jump in self.ends {
            steps[jump] = Instruction::Jump(end);
        }
    }
}

/// For the `*` that begins there: as many characters as may be.
fn any_number(at: usize) -> [Instruction; 3] {
    [
        Instruction::Split(at + 3),
        Instruction::Any,
        Instruction::Jump(at),
    ]
}

/// What stands in brackets, behind the `[`.
fn set(rest: &mut std::str::Chars<'_>) -> Result<Instruction, &'static str> {
    let negated = rest.as_str().starts_with('!');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let low = match rest.next() {
            None => return Err("`[` has no `]`"),
            Some(']') if ranges.is_empty() => return Err("`[]` matches nothing"),
            Some(']') => return Ok(Instruction::Set { negated, ranges }),
            Some(c) => literal(c, rest)?,
        };
        let mut ahead = rest.clone();
        if ahead.next() != Some('-') || ahead.as_str().starts_with(']') {
            ranges.push((low, low));
            continue;
        }
        let high = ahead.next().ok_or("`[` has no `]`")?;
        let high = literal(high, &mut ahead)?;
        *rest = ahead;
        if high < low {
            return Err("a range in `[…]` ends before it begins");
        }
        ranges.push((low, high));
    }
}

/// A character, or the one behind a `\`.
fn literal(c: char, rest: &mut std::str::Chars<'_>) -> Result<char, &'static str> {
    match c {
        '\\' => rest.next().ok_or("it ends with `\\`"),
        c => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, text: &str) -> bool {
        Glob::parse(glob).expect(glob).matches(text)
    }

    #[test]
    fn globs_match_as_eksctls() {
        for (glob, good, bad) in [
            ("*", ["default/a", ""].as_slice(), [].as_slice()),
            (
                "kube-system/*",
                &["kube-system/a/b", "kube-system/"],
                &["default/a"],
            ),
            ("*/s3-?", &["a/s3-1", "a/b/s3-x"], &["a/s3-", "a/s3-12"]),
            ("[abc]x", &["ax", "cx"], &["dx", "x", "abcx"]),
            ("[!abc]x", &["dx", "/x"], &["ax", "x"]),
            ("[a-c0-9]", &["b", "5"], &["-", "d"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("[\\]]", &["]"], &["\\"]),
            ("{a,b*,}x", &["ax", "bx", "bbx", "x"], &["cx", "abx"]),
            ("{a,{b,c}d}e", &["ae", "bde", "cde"], &["be", "ade"]),
            ("{}a", &["a"], &["{}a"]),
            ("a,b}]", &["a,b}]"], &["a"]),
            ("\\*\\{\\a", &["*{a"], &["x{a"]),
            ("a**b", &["ab", "a/x/b"], &["a"]),
            ("*é?", &["xé\u{1f600}"], &["xe1"]),
        ] {
            for text in good {
                assert!(matches(glob, text), "{glob} {text}");
            }
            for text in bad {
                assert!(!matches(glob, text), "{glob} {text}");
            }
        }
        for bad in [
            "", "{a", "{a,{b}", "[a", "[]", "[!]", "[z-a]", "a\\", "[a-", "[\\",
        ] {
            let rule = Glob::parse(bad).expect_err(bad);
            assert!(
                rule.starts_with(&format!("\"{bad}\" is no glob: ")),
                "{rule}"
            );
        }
    }

    #[test]
    fn a_glob_of_many_stars_takes_no_time() {
        let glob = "*a".repeat(200) + "b";
        assert!(!matches(&glob, &"a".repeat(2_000)));
        assert!(matches(&"{*,{*,*}}".repeat(100), &"a".repeat(1_000)));
    }

    #[test]
    fn eksctls_own_cases_of_include_and_exclude() {
        let all = [
            "a1",
            "a2",
            "b1",
            "b2",
            "banana",
            "apple",
            "pineapple",
            "strawberry",
            "raspberry",
        ];
        let left = |include: &[&str], exclude: &[&str]| {
            let texts = |globs: &[&str]| {
                globs
                    .iter()
                    .map(|glob| (*glob).to_owned())
                    .collect::<Vec<_>>()
            };
            let filter = Filter::new(&texts(include), &texts(exclude)).unwrap();
            let names = all.iter().filter(|name| filter.passes(name));
            names.copied().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(left(&[], &[]), all.join(" "));
        assert_eq!(
            left(&["banana", "*apple", "*berry"], &[]),
            "banana apple pineapple strawberry raspberry"
        );
        assert_eq!(left(&[], &["banana", "*apple", "*berry"]), "a1 a2 b1 b2");
        assert_eq!(left(&["a?", "b?"], &["a2"]), "a1 b1 b2");
        assert_eq!(
            left(&["*berry", "*apple"], &["?aspberry", "a?"]),
            "apple pineapple strawberry"
        );
    }

    #[test]
    fn aws_node_is_meant_by_its_name_only() {
        let matches = |include: &[&str], name: &str| {
            let include: Vec<String> = include.iter().map(|glob| (*glob).to_owned()).collect();
            let filter = Filter::new(&include, &[]).unwrap();
            filter.matches(&name.parse().unwrap())
        };
        assert!(!matches(&[], AWS_NODE));
        assert!(!matches(&["*"], AWS_NODE));
        assert!(!matches(&["kube-system/aws-nod?"], AWS_NODE));
        assert!(matches(&[AWS_NODE], AWS_NODE));
        assert!(matches(&["*"], "kube-system/aws-node-2"));
    }

    #[test]
    fn fuzzed_globs_are_refused_or_match_within_bounds() {
        let corpus = [
            "{a,{b,c}*}?[!x-z]\\*",
            "kube-system/*",
            "[a-]",
            "{,}{,}",
            "",
        ];
        crate::fuzz::texts(corpus, |text| {
            let text: String = text.chars().take(2_000).collect();
            if let Ok(glob) = Glob::parse(&text) {
                glob.matches("kube-system/aws-node");
            }
        });
    }
}
