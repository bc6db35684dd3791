//! For tests only: arbitrary and mutated texts for everything that reads what others wrote, with a
//! fixed seed, for as long as `IRSACTL_FUZZ_SECONDS` says.

use std::time::{Duration, Instant};

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 52] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "1e999",
    "-0",
    "true",
    "arn:aws:",
    "iam::",
    "policy/",
    "role/",
    "https://",
    "/",
    "@",
    "#",
    "?",
    "=",
    "%",
    "%7B",
    "é",
    "\u{feff}",
    "\u{202e}",
    "\0",
    " ",
    "\n",
    ".",
    "-",
    "Fn::Sub",
    "${AWS::Partition}",
    "Resources",
    "Role1",
    "Statement",
    "-----BEGIN CERTIFICATE-----\n",
    "\n- ",
    "\n  ",
    "\r\n",
    "\t",
    ": ",
    "? ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    " |\n",
    "\n---\n",
];

/// A small generator of its own (xorshift64*): a run is repeated by its seed.
pub struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).expect("64 bits");
        usize::try_from(self.next() % limit).expect("below a usize")
    }

    /// One of the corpus with some changes.
    fn mutated(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut bytes, corpus);
        }
        bytes.truncate(64 << 10);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let to = (at + self.below(32)).min(bytes.len());
        match self.below(7) {
            0 => drop(bytes.drain(at..to)),
            1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            2 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
            3 => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
            4 => {
                let copy = bytes[at..to].repeat(self.below(20));
                bytes.splice(at..at, copy);
            }
            5 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(at..to, piece.repeat(self.below(200)).bytes());
            }
        }
    }
}

/// Names the input where the check panics.
struct Witness<'a>(u64, &'a [u8]);

impl Drop for Witness<'_> {
    #[expect(
        clippy::print_stderr,
        reason = "the test harness shows it for failed tests only"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(seed, input) = self;
            let text = String::from_utf8_lossy(input);
            eprintln!("seed {seed}, input {input:?}\n{text}");
        }
    }
}

/// Checks every one of the corpus, then mutations of it until the time is over.
pub fn bytes(corpus: &[Vec<u8>], mut check: impl FnMut(&[u8])) {
    for input in corpus {
        let _witness = Witness(0, input);
        check(input);
    }
    let seconds = std::env::var("IRSACTL_FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(0.3);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    for seed in 1_u64.. {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let input = random.mutated(corpus);
        let _witness = Witness(seed, &input);
        check(&input);
        if Instant::now() > end {
            return;
        }
    }
}

/// The same for readers of text; what is no UTF-8 is made some.
pub fn texts<'a>(corpus: impl IntoIterator<Item = &'a str>, mut check: impl FnMut(&str)) {
    let corpus: Vec<Vec<u8>> = corpus.into_iter().map(|text| text.into()).collect();
    bytes(&corpus, |input| check(&String::from_utf8_lossy(input)));
}

#[test]
fn the_fuzzer_finds_what_is_wrong() {
    let found = std::panic::catch_unwind(|| {
        texts(["arn:aws:iam::aws:policy/x", ""], |text| {
            assert!(!text.contains("[["));
        });
    });
    assert!(found.is_err());
}
