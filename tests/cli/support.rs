//! A world for one test: a sandbox, a private home, and the real binary run in it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::{Account, Options, Provider, Sandbox, thumbprint};

/// The account of the default credentials.
pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-west-1";
/// The ARN of the policy that most tests attach.
pub const S3: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

/// What irsactl says of itself in tags.
pub const VERSION: &str = concat!("irsactl-", env!("CARGO_PKG_VERSION"));

/// What no run may print: the sandbox's secrets, what carries secrets, and `s3cret`, which is in every
/// secret that a test plants.
pub const SECRETS: [&str; 13] = [
    "s3cret",
    "sandbox-secret-key",
    "sandbox-session-",
    "sandbox-admin",
    "k8s-aws-v1.",
    "eyJ",
    "AWS4-HMAC-SHA256",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "x-amz-security-token:",
    "Signature=",
    "authorization: ",
    "PRIVATE KEY",
];

/// The binary, in a copy of its own: what a linker wrote in pieces, the kernel keeps in memory page by page. Each of
/// thousands of starts has a sixth fewer page faults with a file that was written in one go.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let copy = folder.join("irsactl");
    let unfinished = folder.join(format!("irsactl-{}", std::process::id()));
    // A process of its own writes it: no child of this one holds it open, and so it can be run.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_irsactl"))
        .arg(&unfinished)
        .status();
    assert!(copied.expect("cp").success());
    std::fs::rename(unfinished, &copy).expect("the copy in its place");
    copy
});

/// Checks every byte of what a run printed, by itself and in base64.
pub fn assert_no_secret(printed: &[u8]) {
    let password = STANDARD.encode("user:s3cret");
    let secrets = SECRETS.into_iter().chain([password.as_str()]);
    if let Some(told) = found(printed, secrets.map(str::as_bytes)) {
        panic!("a run printed the secret {told}");
    }
}

/// The line, from the first place on where one of them stands. The bytes are walked once, however many may stand
/// there: tests are not optimised, and this is done after every run.
fn found<'a>(printed: &[u8], needles: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let start = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let mut is_start = vec![false; 1 << 16];
    let needles: Vec<&[u8]> = needles.collect();
    for needle in &needles {
        is_start[start(needle)] = true;
    }
    let starts = 0..printed.len().saturating_sub(1);
    let mut starts = starts.filter(|at| is_start[start(&printed[*at..])]);
    let at = starts.find(|at| needles.iter().any(|it| printed[*at..].starts_with(it)))?;
    let rest = String::from_utf8_lossy(&printed[at..]);
    rest.lines().next().map(str::to_owned)
}

/// Checks that a CI system finds no command of its own in what was printed, and a terminal nothing that
/// steers it.
fn assert_no_command(printed: &[u8]) {
    let text = String::from_utf8_lossy(printed);
    for line in text.lines() {
        // Colours are irsactl's own.
        let mut escapes = line.split('\u{1b}').skip(1);
        let is_colour = |rest: &str| {
            let rest = rest.strip_prefix('[').unwrap_or_default();
            rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
                .starts_with('m')
        };
        let steers = line.contains(['\r', '\u{202e}', '\u{2028}']) || !escapes.all(is_colour);
        let commands = line.contains("##[") || line.contains("##vso[");
        let is_command = line.trim_start().starts_with("::") || commands;
        assert!(!steers && !is_command, "a run printed the line {line:?}");
    }
}

/// Checks that nothing of what a sandbox issued was printed, and no part of it that is long enough to be
/// known again.
pub fn assert_nothing_issued(printed: &[u8], secrets: &[String]) {
    let secrets = secrets.iter().map(String::as_bytes);
    let parts = secrets.flat_map(|secret| secret.chunks(32));
    if let Some(told) = found(printed, parts.filter(|part| part.len() >= 16)) {
        panic!("a run printed what was issued: {told}");
    }
}

/// A sandbox and the environment that irsactl runs in.
pub struct Bench {
    pub sandbox: Sandbox,
    environment: Vec<(String, String)>,
    home: PathBuf,
}

impl Bench {
    /// A sandbox with the cluster "demo" and nothing else.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// With the cluster's IAM OIDC provider in place.
    pub fn associated() -> Self {
        let bench = Self::new();
        bench.associate();
        bench
    }

    pub fn with(options: Options) -> Self {
        Self::of(Sandbox::start(options).expect("a sandbox"))
    }

    /// Another bench, where all is as it is here now: what was arranged once serves many runs.
    pub fn copy(&self) -> Self {
        let mut copy = Self::of(self.sandbox.copy().expect("a sandbox"));
        copy_files(&self.home, &copy.home);
        let known = self.sandbox.environment();
        let [home, home_of_copy] = [&self.home, &copy.home].map(|it| it.display().to_string());
        let of_copy = |name: &str, value: &str| {
            let is_known = known
                .iter()
                .any(|(other, known)| *other == name && known == value);
            let new = copy.environment.iter().find(|(other, _)| other == name);
            match new.filter(|_| is_known) {
                Some((_, new)) => new.clone(),
                None => value.replace(&home, &home_of_copy),
            }
        };
        let environment = self.environment.iter();
        let environment = environment.map(|(name, value)| (name.clone(), of_copy(name, value)));
        copy.environment = environment.collect();
        copy
    }

    fn of(sandbox: Sandbox) -> Self {
        let home = sandbox.directory().join("home");
        std::fs::create_dir_all(&home).expect("a home");
        let mut environment: Vec<(String, String)> = sandbox
            .environment()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        for (name, value) in [
            ("HOME", home.display().to_string()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("TERM", "dumb".to_owned()),
            ("IRSACTL_INTERVALS", "0.001".to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        Self {
            sandbox,
            environment,
            home,
        }
    }

    /// The provider of the first cluster, as `associate-oidc-provider` leaves it.
    pub fn associate(&self) {
        let issuer = self.sandbox.world().clusters[0].issuer.clone();
        let url = issuer.expect("an issuer");
        let host = url.split('/').nth(2).expect("a host");
        let top = self.sha1s(host).pop().expect("a certificate");
        let mut world = self.sandbox.world();
        let cluster = &mut world.clusters[0];
        let tags = [
            ("alpha.eksctl.io/cluster-name", cluster.name.as_str()),
            ("alpha.eksctl.io/eksctl-version", VERSION),
        ];
        let audiences = ["sts.amazonaws.com"];
        let partition = cluster.arn.split(':').nth(1).expect("a partition");
        let mut provider = Provider::new(partition, ACCOUNT, &url, &audiences, &[&top]);
        provider.tags = tags.map(owned).into();
        let tag = ("alpha.eksctl.io/cluster-oidc-enabled", "true");
        cluster.tags.extend([owned(tag)]);
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        if let Err(refusal) = account.create_provider(provider) {
            assert_eq!(refusal.code, "EntityAlreadyExists");
        }
    }

    /// Where a run is to wait in vain: for two seconds, and not as long as others may take.
    pub fn impatient(mut self) -> Self {
        self.set("IRSACTL_INTERVALS", "0.001,2");
        self
    }

    /// Sets a variable for all runs that follow; an empty value takes it away.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Sets a variable to nothing, as CI systems do with what is not filled in.
    pub fn set_empty(&mut self, name: &str) {
        self.set(name, "");
        self.environment.push((name.to_owned(), String::new()));
    }

    /// The private home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Writes a file into the private home and returns its path.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.home.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Runs irsactl with words that blanks separate; `~/` is the private home.
    pub fn run(&self, line: &str) -> String {
        self.run_with(line, "")
    }

    /// The same with something on stdin.
    pub fn run_with(&self, line: &str, stdin: &str) -> String {
        let home = format!("{}/", self.home.display());
        self.run_words(
            line.split_whitespace()
                .map(|word| word.replace("~/", &home)),
            stdin,
        )
    }

    /// Runs irsactl with words that may hold blanks.
    pub fn run_words(
        &self,
        words: impl IntoIterator<Item = impl AsRef<OsStr>>,
        stdin: &str,
    ) -> String {
        let mut child = self
            .command()
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("irsactl starts");
        // It may end without reading: that is its right.
        let _ = child
            .stdin
            .take()
            .expect("stdin")
            .write_all(stdin.as_bytes());
        self.ended(child)
    }

    /// What a run printed and how it ended.
    pub fn ended(&self, child: Child) -> String {
        let output = child.wait_with_output().expect("irsactl ends");
        for printed in [&output.stdout, &output.stderr] {
            assert_no_secret(printed);
            assert_nothing_issued(printed, &self.sandbox.secrets());
            assert_no_command(printed);
        }
        let mut text = String::new();
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                let content = String::from_utf8_lossy(bytes);
                text.push_str(&format!("[{name}]\n{}\n", content.trim_end_matches('\n')));
            }
        }
        let exit = output
            .status
            .code()
            .map_or("signal".to_owned(), |code| code.to_string());
        self.steady(&format!("{text}[exit {exit}]\n"))
    }

    /// A run to be started: words that blanks separate; `~/` is the private home.
    pub fn command_line(&self, line: &str) -> Command {
        let home = format!("{}/", self.home.display());
        let mut command = self.command();
        command.args(
            line.split_whitespace()
                .map(|word| word.replace("~/", &home)),
        );
        command
    }

    /// The binary in the bench's environment and in no other.
    pub fn command(&self) -> Command {
        self.command_of(&*BINARY)
    }

    /// Another program in the same environment.
    pub fn command_of(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(&self.home);
        command
    }

    /// Replaces what differs from run to run: folders, ports, how long things took, the ends of EKS's session
    /// names, and the SHA-1 of the certificates that the issuers' hosts send, which becomes `POSITION@HOST`, as
    /// wide as it was.
    pub fn steady(&self, text: &str) -> String {
        let mut text = text.replace(&self.home.display().to_string(), "~");
        text = text.replace(&self.sandbox.directory().display().to_string(), "SANDBOX");
        let hosts: Vec<String> = self.sandbox.world().issuer_hosts.keys().cloned().collect();
        for host in hosts {
            for (index, sha1) in self.sha1s(&host).iter().enumerate() {
                let name = format!("{}@{host}", index + 1);
                text = text.replace(sha1, &format!("{name:-<40}"));
            }
        }
        for (name, value) in self.sandbox.environment() {
            if let Some(port) = value.strip_prefix("http://127.0.0.1:") {
                text = text.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{name}"));
            }
        }
        without_elapsed(&without_session_ids(&text))
    }

    /// SHA-1 of the certificates that a host sends, in their order.
    pub fn sha1s(&self, host: &str) -> Vec<String> {
        let chain = self.sandbox.world().chain_of(host);
        chain.iter().map(|der| thumbprint(der)).collect()
    }

    /// What calls were made since the last look, one a line.
    pub fn calls(&self) -> String {
        let calls = self.sandbox.calls().join("\n");
        self.sandbox.world().calls.clear();
        calls
    }

    /// Looks at or arranges the default account.
    pub fn account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        let mut world = self.sandbox.world();
        look(
            world
                .accounts
                .get_mut(ACCOUNT)
                .expect("the default account"),
        )
    }

    /// Names and statuses of all stacks that are not deleted, one a line.
    pub fn stacks(&self) -> String {
        self.account(|account| {
            let living = account
                .stacks
                .iter()
                .filter(|stack| stack.status != "DELETE_COMPLETE");
            living
                .map(|stack| format!("{} {}\n", stack.name, stack.status))
                .collect()
        })
    }

    /// Names of all roles, one a line.
    pub fn roles(&self) -> String {
        self.account(|account| {
            account
                .roles
                .values()
                .map(|role| format!("{}\n", role.name))
                .collect()
        })
    }

    /// All IAM OIDC providers with what they hold, and the tags of the cluster "demo".
    pub fn providers(&self) -> String {
        let mut text = String::new();
        let account = |account: &mut Account| account.providers.clone();
        for provider in self.account(account).values() {
            text.push_str(&format!("{}\n  url: {}\n", provider.arn, provider.url));
            let lists = [
                ("audience", &provider.client_ids),
                ("thumbprint", &provider.thumbprints),
            ];
            for (name, value) in lists
                .iter()
                .flat_map(|(n, list)| list.iter().map(move |v| (n, v)))
            {
                text.push_str(&format!("  {name}: {value}\n"));
            }
            for (key, value) in &provider.tags {
                text.push_str(&format!("  tag: {key}={value}\n"));
            }
        }
        for (key, value) in &self.sandbox.world().clusters[0].tags {
            text.push_str(&format!("cluster tag: {key}={value}\n"));
        }
        self.steady(&text)
    }

    /// Labels and annotations of a ServiceAccount of "demo"; empty text when there is none.
    pub fn service_account(&self, namespace: &str, name: &str) -> String {
        let mut world = self.sandbox.world();
        let Some(object) = world.api("demo").service_account(namespace, name) else {
            return String::new();
        };
        let mut text = String::new();
        for field in ["labels", "annotations"] {
            for (key, value) in object["metadata"][field].as_object().into_iter().flatten() {
                text.push_str(&format!(
                    "{field}: {key}={}\n",
                    value.as_str().unwrap_or_default()
                ));
            }
        }
        text
    }

    /// All that irsactl could have changed, in words: stacks, roles, namespaces, service accounts.
    pub fn state(&self) -> String {
        let mut text = String::new();
        let mut world = self.sandbox.world();
        for stack in &world.accounts[ACCOUNT].stacks {
            if stack.deleted.is_some() {
                continue;
            }
            let protection = match stack.termination_protection {
                true => ", protected",
                false => "",
            };
            text.push_str(&format!(
                "stack {}: {}{protection}\n",
                stack.name, stack.status
            ));
        }
        for role in world.accounts[ACCOUNT].roles.values() {
            text.push_str(&format!("role {}\n", role.arn));
            let policies = role.attached.iter().map(|arn| format!("policy {arn}"));
            let inline = role.inline.keys().map(|name| format!("inline {name}"));
            let boundary = role.boundary.iter().map(|arn| format!("boundary {arn}"));
            for line in policies.chain(inline).chain(boundary) {
                text.push_str(&format!("  {line}\n"));
            }
        }
        let api = world.api("demo");
        for namespace in api.namespaces() {
            if namespace != "default" && !namespace.starts_with("kube-") {
                text.push_str(&format!("namespace {namespace}\n"));
            }
        }
        for (namespace, name) in api.service_accounts() {
            text.push_str(&format!("service account {namespace}/{name}\n"));
            let metadata = &api.service_account(namespace, name).expect("listed")["metadata"];
            for (field, kind) in [("labels", "label"), ("annotations", "annotation")] {
                for (key, value) in metadata[field].as_object().into_iter().flatten() {
                    let value = value.as_str().unwrap_or_default();
                    text.push_str(&format!("  {kind} {key}={value}\n"));
                }
            }
        }
        text
    }

    /// The calls since the last look that change something, one a line.
    pub fn changes(&self) -> String {
        let calls = self.calls();
        let reads = ["Describe", "Get", "List", "get ", "list ", "/"];
        let changes = calls.lines().filter(|call| {
            let operation = call.split_once(' ').map_or("", |(_, operation)| operation);
            !reads.iter().any(|read| operation.starts_with(read))
        });
        changes.map(|call| format!("{call}\n")).collect()
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_files(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// Without the ` (2s)` at the ends of lines, which tells how long an action took where that is a second or more.
pub fn without_elapsed(text: &str) -> String {
    let line = |line: &str| {
        let took = line.trim_end().strip_suffix("s)");
        let took = took.and_then(|it| it.rsplit_once(" ("));
        let is_time =
            |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ');
        match took.filter(|(_, time)| is_time(time)) {
            Some((told, _)) => format!("{told}\n"),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The names of EKS's sessions end with a UUID, and which that is depends on how many calls were made before:
/// of those side by side none is the first.
fn without_session_ids(text: &str) -> String {
    let mut parts = text.split("/eks-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
        let name = &part[..end];
        let id = name
            .get(name.len().saturating_sub(36)..)
            .unwrap_or_default();
        let is_id = id.len() == 36 && id.matches('-').count() == 4;
        let name = if is_id {
            format!("{}UUID", &name[..name.len() - 36])
        } else {
            name.to_owned()
        };
        format!("{text}/eks-{name}{}", &part[end..])
    })
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}
