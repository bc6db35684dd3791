//! The README's outputs are the program's: each `console` block is run, in order, in one sandbox.
//! `UPDATE=1` writes the outputs into the README.

use std::path::Path;

use crate::sandbox::{Options, Pace};
use crate::support::{ACCOUNT, Bench, REGION};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/well-known-policies");
/// What stands for the sandbox's thumbprint, which is another one in each run: that of EKS's issuers.
const THUMBPRINT: &str = "06b25927c42a721631c1efd9431e648fa62e1e39";

/// A change by hand, by another program.
const ATTACH: &str = "$ aws iam attach-role-policy --role-name ROLE --policy-arn ";

#[test]
fn the_readme_shows_what_the_program_prints() {
    let bench = Bench::with(Options {
        pace: Pace::Polls(1),
        ..Options::default()
    });
    let readme = std::fs::read_to_string(README).expect("the README");
    bench.file("cluster.yaml", fenced(&readme, "# cluster.yaml\n"));
    let own = "example.cluster.k8s.local";
    bench.sandbox.world().add_own_cluster(own, ACCOUNT, REGION);
    let kubeconfig = bench.sandbox.world().kubeconfig(own);
    bench.file("kops.kubeconfig", &kubeconfig);
    let shown: String = with_policies(&readme)
        .split_inclusive("```console\n")
        .enumerate()
        .map(|(index, text)| match (index, text.find("```\n")) {
            (0, _) | (_, None) => text.to_owned(),
            (_, Some(end)) => run_block(&bench, &text[..end]) + &text[end..],
        })
        .collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(README, &shown).expect("the README is written");
        return;
    }
    for (line, (shown, wanted)) in readme.lines().zip(shown.lines()).enumerate() {
        assert_eq!(
            shown,
            wanted,
            "README.md:{} (UPDATE=1 rewrites it)",
            line + 1
        );
    }
    assert_eq!(readme.len(), shown.len());
}

/// The YAML block that begins so.
fn fenced<'a>(readme: &'a str, head: &str) -> &'a str {
    let mut blocks = readme.split("```yaml\n").skip(1);
    let block = blocks.find(|block| block.starts_with(head)).expect(head);
    block.split("```").next().expect("its end")
}

/// Runs the commands of a block and puts what they print, stdout and stderr as they come, under each.
fn run_block(bench: &Bench, block: &str) -> String {
    let commands = block.lines().filter(|line| line.starts_with("$ "));
    let mut text = String::new();
    for command in commands {
        // There is no aws program here: the sandbox does at once what it would be asked for.
        if let Some(arn) = command.strip_prefix(ATTACH) {
            let mut world = bench.sandbox.world();
            let role = world.role_of("default/s3-reader");
            role.attached.push(arn.to_owned());
            text.push_str(&format!("{command}\n"));
            continue;
        }
        let folder = Path::new(env!("CARGO_BIN_EXE_irsactl"))
            .parent()
            .expect("a folder");
        let path = format!(
            "{}:{}",
            folder.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let output = bench
            .command_of("sh")
            .args(["-c", &format!("exec 2>&1; {}", in_order(&command[2..]))])
            .env("PATH", path)
            .output()
            .expect("sh runs");
        text.push_str(&format!(
            "{command}\n{}",
            steady(&String::from_utf8_lossy(&output.stdout))
        ));
    }
    text
}

/// Accounts one after the other: side by side the order of the lines is another in each run.
fn in_order(command: &str) -> String {
    match command.starts_with("irsactl apply ") && command.contains("--approve") {
        true => format!("{command} --parallel 1"),
        false => command.to_owned(),
    }
}

fn steady(text: &str) -> String {
    let is_hex = |word: &str| {
        word.len() == 40
            && word
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    };
    text.split_inclusive(['\n', ' '])
        .map(|word| {
            if is_hex(word.trim_end()) {
                word.replace(word.trim_end(), THUMBPRINT)
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// The table of the well-known policies, from their files.
fn with_policies(readme: &str) -> String {
    let head = "| Name | For |\n|---|---|\n";
    let begin = readme.find(head).expect("the table of well-known policies") + head.len();
    let end = begin + readme[begin..].find("\n\n").expect("its end") + 1;
    let mut rows: Vec<(usize, String, String)> = std::fs::read_dir(POLICIES)
        .expect("the policies")
        .map(|entry| row(&entry.expect("a file").path()))
        .collect();
    rows.sort();
    let table: String = rows.into_iter().map(|(_, _, row)| row).collect();
    format!("{}{table}{}", &readme[..begin], &readme[end..])
}

/// One policy's place and line; eksctl's seven come first, in its order.
fn row(path: &Path) -> (usize, String, String) {
    const FIRST: [&str; 7] = [
        "imageBuilder",
        "autoScaler",
        "awsLoadBalancerController",
        "externalDNS",
        "certManager",
        "ebsCSIController",
        "efsCSIController",
    ];
    let name = path
        .file_stem()
        .and_then(|name| name.to_str())
        .expect("a name");
    let text = std::fs::read_to_string(path).expect("a policy");
    let policy: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let order = FIRST
        .iter()
        .position(|first| *first == name)
        .unwrap_or(FIRST.len());
    let account = policy["serviceAccount"]
        .as_str()
        .map(|account| format!(" (`{account}`)"))
        .unwrap_or_default();
    let description = policy["description"].as_str().expect("a description");
    let line = format!("| `{name}` | {description}{account} |\n");
    (order, name.to_owned(), line)
}
