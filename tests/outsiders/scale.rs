//! A great many stacks over a few connections: nothing is lost, listed twice or left out. How long
//! the sandbox took is told, so that a benchmark against it can be believed; `SANDBOX_STACKS`
//! makes it more.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::json;

use crate::sandbox::{Options, Pace, Sandbox};
use crate::shell::Shell;
use crate::support::Bench;

const CONNECTIONS: usize = 16;

/// One connection to the sandbox's AWS port that stays open.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn new(sandbox: &Sandbox) -> Self {
        let url = &sandbox.environment()[0].1;
        let address = url.trim_start_matches("http://");
        let stream = TcpStream::connect(address).expect("the sandbox listens");
        stream.set_nodelay(true).expect("an option of the socket");
        Self(BufReader::new(stream))
    }

    /// Calls an operation of a Query service with a body of `KEY=VALUE&…`; tells the answer's body.
    fn call(&mut self, service: &str, body: &str) -> String {
        let credential = format!("AKIA111122223333/20260101/eu-west-1/{service}/aws4_request");
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={credential}, Signature=0\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let sent = self.0.get_mut().write_all(request.as_bytes());
        sent.expect("the sandbox reads");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("the sandbox answers");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a whole body");
        String::from_utf8(body).expect("text")
    }
}

fn template() -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]});
    let policies = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"];
    let properties = json!({"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": policies});
    json!({"Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": properties}}})
        .to_string()
        .replace('+', "%2B")
}

/// What stands between two tags, of every occurrence.
fn values<'a>(xml: &'a str, tag: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let parts = xml.split(open.as_str()).skip(1);
    parts
        .filter_map(|part| Some(part.split_once(close.as_str())?.0))
        .collect()
}

/// All pages of a list: the values of `tag` in their order.
fn pages(
    connection: &mut Connection,
    service: &str,
    body: &str,
    tag: &str,
    token: (&str, &str),
) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = connection.call(service, &format!("{body}{next}"));
        all.extend(values(&page, tag).into_iter().map(str::to_owned));
        match values(&page, token.0).first() {
            Some(found) => next = format!("&{}={found}", token.1),
            None => return all,
        }
    }
}

fn tell(what: &str, since: Instant) {
    let took = since.elapsed().as_secs_f64();
    let _ = std::io::stderr().write_all(format!("{what}: {took:.2} s\n").as_bytes());
}

#[test]
fn a_great_many_stacks_are_made_polled_and_listed() {
    let number = std::env::var("SANDBOX_STACKS").map_or(200, |text| text.parse().expect("number"));
    let sandbox = Sandbox::start(Options {
        pace: Pace::Polls(3),
        ..Options::default()
    });
    let sandbox = sandbox.expect("a sandbox");
    sandbox.world().keeps_past = false;
    let body = template();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for first in 0..CONNECTIONS {
            let (sandbox, body) = (&sandbox, &body);
            scope.spawn(move || {
                let mut connection = Connection::new(sandbox);
                for at in (first..number).step_by(CONNECTIONS) {
                    make(&mut connection, &format!("stack-{at}"), body);
                }
            });
        }
    });
    tell(&format!("{number} stacks made, five calls each"), begun);
    let begun = Instant::now();
    let mut connection = Connection::new(&sandbox);
    let describe = "Action=DescribeStacks&Version=2010-05-15";
    let token = ("NextToken", "NextToken");
    let mut names = pages(
        &mut connection,
        "cloudformation",
        describe,
        "StackName",
        token,
    );
    tell("described in pages", begun);
    let begun = Instant::now();
    let list = "Action=ListRoles&Version=2010-05-08";
    let marker = ("Marker", "Marker");
    let mut roles = pages(&mut connection, "iam", list, "RoleName", marker);
    tell("roles listed in pages", begun);
    for all in [&mut names, &mut roles] {
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), number);
    }
    let made = sandbox.count("cloudformation CreateStack");
    assert_eq!((made.calls, made.throttled), (number, 0));
}

/// Creates a stack and looks at it until it is complete.
fn make(connection: &mut Connection, name: &str, template: &str) {
    let made = connection.call(
        "cloudformation",
        &format!(
            "Action=CreateStack&Version=2010-05-15&StackName={name}&TemplateBody={template}\
             &Capabilities.member.1=CAPABILITY_IAM&Tags.member.1.Key=a&Tags.member.1.Value=b"
        ),
    );
    let id = values(&made, "StackId").first().map(|id| (*id).to_owned());
    let id = id.unwrap_or_else(|| panic!("{made}"));
    loop {
        let seen = connection.call(
            "cloudformation",
            &format!("Action=DescribeStacks&Version=2010-05-15&StackName={id}"),
        );
        match values(&seen, "StackStatus").first() {
            Some(&"CREATE_IN_PROGRESS") => {}
            Some(&"CREATE_COMPLETE") => return,
            _ => panic!("{seen}"),
        }
    }
}

#[test]
fn a_list_of_stacks_repeats_none_while_others_are_made() {
    let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
    let add = |name: &str| {
        let mut world = sandbox.world();
        let template = template();
        let status = "CREATE_COMPLETE";
        world.add_stack("111122223333", "eu-west-1", name, &template, &[], status);
    };
    for at in 0..5 {
        add(&format!("stack-{at}"));
    }
    sandbox.world().page_size = 2;
    sandbox.before_every("cloudformation DescribeStacks", |world| {
        let name = format!("other-{}", world.calls.len());
        let (template, status) = (template(), "CREATE_COMPLETE");
        world.add_stack("111122223333", "eu-west-1", &name, &template, &[], status);
    });
    let describe = "Action=DescribeStacks&Version=2010-05-15";
    let token = ("NextToken", "NextToken");
    let names = pages(
        &mut Connection::new(&sandbox),
        "cloudformation",
        describe,
        "StackName",
        token,
    );
    assert_eq!(
        names,
        [
            "other-1", "stack-4", "stack-3", "stack-2", "stack-1", "stack-0"
        ]
    );
}

#[test]
fn kubectl_reads_service_accounts_in_pages() {
    let shell = Shell::with_kubectl(Bench::new());
    {
        let mut world = shell.bench.sandbox.world();
        for at in 0..5 {
            let api = world.api("demo");
            api.put_service_account("default", &format!("reader-{at}"), &[], &[], "test");
        }
    }
    let list = "kubectl get serviceaccounts --chunk-size 2 --output name";
    assert_eq!(
        shell.output(list).replace("serviceaccount/", ""),
        "default\nreader-0\nreader-1\nreader-2\nreader-3\nreader-4"
    );
    let count = shell.bench.sandbox.count("kubernetes list serviceaccounts");
    assert_eq!(count.calls, 3);
}
