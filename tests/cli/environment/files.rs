//! Files that flags, variables and other files name, and that are none: pipes that nobody writes to, and
//! devices without end.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use super::{LIST, error};
use crate::support::{Bench, S3};

const PIPE: &str = "pipe";

/// What names a file.
enum Door {
    /// The end of a command line.
    Flag(&'static str),
    /// A variable, beside others that are set to make it count.
    Variable(&'static str, &'static [(&'static str, &'static str)]),
    /// A field of a kubeconfig, in the place of another.
    Field(&'static str, &'static str),
    /// A key of a profile.
    Key(&'static str),
}

/// All doors by which a file gets in. `FILE` is its name.
const DOORS: [Door; 21] = [
    Door::Flag("create iamserviceaccount a --cluster demo --policy-document FILE --dry-run"),
    Door::Flag("update iamserviceaccount a --cluster demo --policy-document FILE --dry-run"),
    Door::Flag("create iamserviceaccount -f FILE"),
    Door::Flag("update iamserviceaccount -f FILE"),
    Door::Flag("delete iamserviceaccount -f FILE"),
    Door::Flag("get iamserviceaccount -f FILE"),
    Door::Flag("associate-oidc-provider -f FILE"),
    Door::Flag("disassociate-oidc-provider -f FILE"),
    Door::Flag("apply -f FILE"),
    Door::Flag("render -f FILE"),
    Door::Flag("thumbprint --pem FILE"),
    Door::Flag("whoami --token-file FILE"),
    Door::Flag("get iamserviceaccount --cluster demo --kubeconfig FILE"),
    Door::Variable("KUBECONFIG", &[]),
    Door::Field("certificate-authority-data:", "certificate-authority: FILE"),
    Door::Field("token:", "tokenFile: FILE"),
    Door::Field("token:", "client-certificate: FILE"),
    Door::Field("token:", "client-key: FILE"),
    Door::Variable("SSL_CERT_FILE", &[]),
    Door::Variable("AWS_CA_BUNDLE", &[]),
    Door::Variable("AWS_CONFIG_FILE", &[]),
];

/// Those of credentials.
const TOKENS: [Door; 4] = [
    Door::Variable("AWS_SHARED_CREDENTIALS_FILE", &[]),
    Door::Variable(
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        &[
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r"),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
        ],
    ),
    Door::Variable(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
        ],
    ),
    Door::Key("role_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = FILE\n"),
];

/// A world and the line to run in it, with a file that one of the doors names.
fn through(door: &Door, file: &str) -> (Bench, String) {
    let mut bench = Bench::associated();
    let kubernetes = format!(
        "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --dry-run --kubeconfig ~/kubeconfig"
    );
    let line = match door {
        Door::Flag(line) => line.replace("FILE", file),
        Door::Variable(name, others) => {
            let home = bench.file("x", "").with_file_name("").display().to_string();
            bench.set(name, &file.replace("~/", &home));
            for (name, value) in *others {
                bench.set(name, value);
            }
            match *name {
                "KUBECONFIG" => format!("{LIST} --context demo"),
                _ => LIST.to_owned(),
            }
        }
        Door::Field(from, to) => {
            let kubeconfig = bench.sandbox.world().kubeconfig("demo");
            let begin = kubeconfig.find(from).expect("a field");
            let end = begin + kubeconfig[begin..].find('\n').expect("a line");
            let to = to.replace("FILE", file.trim_start_matches("~/"));
            let kubeconfig = [&kubeconfig[..begin], &to, &kubeconfig[end..]].concat();
            bench.file("kubeconfig", &kubeconfig);
            kubernetes
        }
        Door::Key(keys) => {
            let home = bench.file("x", "").with_file_name("").display().to_string();
            let keys = keys.replace("FILE", &file.replace("~/", &home));
            bench.file(".aws/config", &format!("[profile mine]\n{keys}"));
            format!("{LIST} --profile mine")
        }
    };
    (bench, line)
}

fn make_pipe(bench: &Bench) {
    let path = bench.file("x", "").with_file_name(PIPE);
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
}

#[test]
fn a_pipe_that_nobody_writes_to_is_given_up() {
    for door in DOORS.iter().chain(&TOKENS) {
        let (bench, line) = through(door, "~/pipe");
        let bench = bench.impatient();
        make_pipe(&bench);
        let told = error(&bench.run(&line));
        let rules = [
            "it does not end within 2s",
            "it is a pipe, and a file is wanted",
        ];
        assert!(
            rules.iter().any(|rule| told.contains(rule)),
            "{line}: {told}"
        );
    }
}

#[test]
fn a_file_without_end_is_given_up() {
    for door in DOORS.iter().chain(&TOKENS) {
        let (bench, line) = through(door, "/dev/zero");
        let told = error(&bench.run(&line));
        assert!(told.contains("it is longer than 4 MiB"), "{line}: {told}");
    }
}

#[test]
fn completion_waits_for_no_pipe() {
    for (door, words) in [
        (
            &DOORS[12],
            "get iamserviceaccount --kubeconfig FILE --context",
        ),
        (
            &DOORS[12],
            "create iamserviceaccount --cluster demo --kubeconfig FILE --name",
        ),
        (&DOORS[20], "get iamserviceaccount --profile"),
        (&DOORS[19], "get iamserviceaccount --cluster"),
        (&DOORS[18], "get iamserviceaccount --cluster"),
    ] {
        let (bench, _) = through(door, "~/pipe");
        make_pipe(&bench);
        let pipe = bench
            .file("x", "")
            .with_file_name(PIPE)
            .display()
            .to_string();
        let words = words.replace("FILE", &pipe);
        let words = ["__complete", "--", "irsactl"]
            .into_iter()
            .chain(words.split(' '))
            .chain([""]);
        assert_eq!(bench.run_words(words, ""), "[exit 0]\n");
    }
}

fn started(bench: &mut Bench, line: &str) -> Child {
    // As long as for everybody.
    bench.set("IRSACTL_INTERVALS", "1");
    let mut command = bench.command_line(line);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("irsactl starts")
}

fn interrupted(bench: &Bench, child: Child) -> String {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill");
    bench.ended(child)
}

#[test]
fn a_read_is_interrupted() {
    let pipes = DOORS.iter().chain(&TOKENS).filter(|door| {
        let (bench, line) = through(door, "~/pipe");
        let bench = bench.impatient();
        make_pipe(&bench);
        bench.run(&line).contains("does not end")
    });
    let pipes: Vec<_> = pipes.collect();
    assert!(pipes.len() >= 14, "{}", pipes.len());
    for door in pipes {
        let (mut bench, line) = through(door, "~/pipe");
        make_pipe(&bench);
        let child = started(&mut bench, &line);
        // It opens as soon as the other end is opened for reading.
        let path = bench.file("x", "").with_file_name(PIPE);
        let writer = OpenOptions::new().write(true).open(path).expect("a reader");
        let told = interrupted(&bench, child);
        assert!(
            told.contains("error: interrupted") && told.ends_with("[exit 130]\n"),
            "{line}: {told}"
        );
        drop(writer);
    }
}

#[test]
fn stdin_is_waited_for_and_interrupted() {
    for line in [
        "apply -f -",
        "render -f -",
        "create iamserviceaccount a --cluster demo --policy-document -",
    ] {
        let mut bench = Bench::new();
        let mut child = started(&mut bench, line);
        let mut stdin = child.stdin.take().expect("stdin");
        // More than fits into a pipe: somebody reads.
        stdin.write_all(&[b' '; 1 << 20]).expect("a reader");
        let told = interrupted(&bench, child);
        assert!(told.ends_with("[exit 130]\n"), "{line}: {told}");
        drop(stdin);
    }
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let bench = Bench::associated();
    make_pipe(&bench);
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}"#;
    let path = bench.file("x", "").with_file_name(PIPE);
    let writing = std::thread::spawn(move || std::fs::write(path, document));
    let told = bench.run(
        "create iamserviceaccount a --cluster demo --policy-document ~/pipe --role-only --dry-run",
    );
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert!(writing.join().expect("no panic").is_ok());
}

#[test]
fn what_cannot_be_written_is_a_failure_of_help_too() {
    let bench = Bench::new();
    for line in [
        "--help",
        "help",
        "version",
        "--version",
        "create --help",
        "explain config",
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full");
        let mut command = bench.command_line(line);
        command.stdout(full.expect("a full disk"));
        let ended = command.status().expect("an end");
        assert_eq!(ended.code(), Some(1), "{line}");
    }
}
