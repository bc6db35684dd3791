//! README.md and docs/ tell what the program does: each `console` block is run, in the order of its page and
//! in a sandbox of that page's own, and what a table of the code knows stands between marks.
//! `UPDATE=1` writes both into the pages.

use std::path::Path;

use crate::gc::put_dead_cluster;
use crate::last_used::put_used;
use crate::migrate::intercepted::{put_kiam, put_kube2iam, put_kube2iam_as};
use crate::migrate::vault::put_vault;
use crate::migrate::{node_roles::put_node_roles, ways};
use crate::sandbox::{Options, Pace};
use crate::support::{ACCOUNT, Bench, REGION, without_elapsed};
use crate::trust::put_data;

mod generated;
mod links;

/// What stands for the sandbox's thumbprint, which is another one in each run: that of EKS's issuers.
const THUMBPRINT: &str = "06b25927c42a721631c1efd9431e648fa62e1e39";
/// A change by hand, by another program.
const ATTACH: &str = "aws iam attach-role-policy --role-name ROLE --policy-arn ";
/// A cluster that is not EKS, for the pages that show one.
const OWN_CLUSTER: &str = "example.cluster.k8s.local";

/// A text for people: its path from the project's root, and what it holds.
pub struct Page {
    pub path: String,
    pub text: String,
}

impl Page {
    fn at(path: &str) -> Self {
        let text = std::fs::read_to_string(root().join(path)).expect(path);
        let path = path.to_owned();
        Self { path, text }
    }

    /// What the page is to hold.
    fn renewed(&self) -> String {
        run(&generated::renewed(self))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The texts at the project's root, and those of docs/.
pub fn pages() -> Vec<Page> {
    let texts = ["", "docs"].iter().flat_map(|folder| {
        let files = std::fs::read_dir(root().join(folder)).expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name());
        let names = names.filter_map(|name| name.into_string().ok());
        let texts = names.filter(|name| name.ends_with(".md"));
        texts.map(move |name| format!("{folder}/{name}"))
    });
    let mut paths: Vec<String> = texts
        .map(|path| path.trim_start_matches('/').to_owned())
        .collect();
    paths.sort();
    paths.iter().map(|path| Page::at(path)).collect()
}

#[test]
fn the_pages_show_what_the_program_prints() {
    let pages = pages();
    let renewed: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(|| page.renewed()))
            .collect();
        let texts = runs.into_iter().map(|run| run.join().expect("a page"));
        texts.collect()
    });
    let both = pages.iter().zip(&renewed);
    if std::env::var_os("UPDATE").is_some() {
        for (page, renewed) in both {
            std::fs::write(root().join(&page.path), renewed).expect("the page is written");
        }
        return;
    }
    let wrong = both.filter_map(|(page, renewed)| difference(page, renewed));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "UPDATE=1 rewrites:\n{}", wrong.join("\n"));
}

/// The first line of a page that is not as it is to be.
fn difference(page: &Page, renewed: &str) -> Option<String> {
    let (path, shown) = (&page.path, &page.text);
    let mut lines = shown.lines().zip(renewed.lines()).enumerate();
    match lines.find(|(_, (shown, wanted))| shown != wanted) {
        Some((index, (shown, wanted))) => {
            let line = index + 1;
            Some(format!(
                "{path}:{line}\n  is:     {shown}\n  wanted: {wanted}"
            ))
        }
        None => (shown != renewed).then(|| format!("{path}: its end")),
    }
}

/// Who comes by reads one text; what is longer has a page in docs/.
#[test]
fn the_texts_at_the_root_are_short() {
    for (path, limit) in [
        ("README.md", 250),
        ("CONTRIBUTING.md", 80),
        ("CHANGELOG.md", 120),
    ] {
        let lines = Page::at(path).text.lines().count();
        assert!(lines <= limit, "{path}: {lines} lines, {limit} wanted");
    }
}

/// A page with its `console` blocks run. A line `<!-- $ COMMAND -->` is run too, and its output not shown;
/// a line `<!-- world: … -->` says what is there from then on.
fn run(text: &str) -> String {
    let blocks = text.lines().filter(|line| *line == "```console");
    assert_eq!(
        blocks.count(),
        text.matches("```console").count(),
        "indented"
    );
    if !text.contains("```console\n") {
        return text.to_owned();
    }
    let bench = world(text);
    let mut shown = String::new();
    let mut is_console = false;
    for line in text.split_inclusive('\n') {
        is_console = (is_console && line != "```\n") || line == "```console\n";
        if let Some(command) = line.strip_prefix("<!-- $ ") {
            let command = command.strip_suffix(" -->\n").expect("the comment's end");
            let printed = printed(&bench, command);
            assert!(!printed.contains("error: "), "{printed}");
        }
        if let Some(what) = line.strip_prefix("<!-- world: ") {
            arrange(
                &bench,
                what.strip_suffix(" -->\n").expect("the comment's end"),
            );
        }
        let command = line.strip_prefix("$ ").filter(|_| is_console);
        // What is neither is what the command above printed the last time.
        if !is_console || line == "```console\n" || command.is_some() {
            shown.push_str(line);
        }
        shown.extend(command.map(|command| printed(&bench, command.trim_end())));
    }
    shown
}

/// A sandbox with the files that the page names.
fn world(text: &str) -> Bench {
    let bench = Bench::with(Options {
        pace: Pace::Polls(1),
        ..Options::default()
    });
    let mut blocks = text.split("```yaml\n").skip(1);
    if let Some(block) = blocks.find(|block| block.starts_with("# cluster.yaml\n")) {
        let file = block.split("```").next().expect("its end");
        bench.file("cluster.yaml", file);
    }
    if text.contains(OWN_CLUSTER) {
        let mut world = bench.sandbox.world();
        world.add_own_cluster(OWN_CLUSTER, ACCOUNT, REGION);
        let kubeconfig = world.kubeconfig(OWN_CLUSTER);
        bench.file("kops.kubeconfig", &kubeconfig);
    }
    bench
}

/// The agent of EKS Pod Identity, or a Deployment named as its service account is, perhaps on Fargate:
/// `agent`, `deployment web/api 2`, `fargate web/api 2`. `older ways`: what gave pods credentials before those.
/// `kube2iam shop/cart`, `kiam shop/cart`: that on the nodes, and a Deployment with a role by it; `kube2iam of
/// default shop/cart`: of that service account. `vault`: what gives credentials to
/// three. `role data`: one by hand, for EC2. `cluster blue`: one more. `profile data`: of the second account. `dead cluster`: what
/// it left. `web/api with all of S3`: of which it uses little.
fn arrange(bench: &Bench, what: &str) {
    if what == "older ways" {
        ways::run_with(bench, "keys", ways::keys_of_a_secret);
        ways::run_with(bench, "vault", ways::written_by_vault);
        put_node_roles(&mut bench.sandbox.world());
        return;
    }
    if what == "vault" {
        put_vault(bench);
        return;
    }
    if what == "web/api with all of S3" {
        put_used(bench);
        return;
    }
    if what == "dead cluster" {
        put_dead_cluster(bench);
        return;
    }
    if what == "profile data" {
        bench.file(
            ".aws/config",
            "[profile data]\naws_access_key_id = AKIA444455556666\naws_secret_access_key = sandbox-secret-key\n",
        );
        return;
    }
    if let Some(name) = what.strip_prefix("cluster ") {
        bench.sandbox.world().add_cluster(name, ACCOUNT, REGION);
        return;
    }
    if what == "role data" {
        put_data(bench);
        return;
    }
    if let Some((namespace, name)) = what
        .strip_prefix("kube2iam ")
        .filter(|it| !it.starts_with("of "))
        .and_then(|it| it.split_once('/'))
    {
        put_kube2iam(bench, namespace, name);
        return;
    }
    if let Some((namespace, name)) = what.strip_prefix("kiam ").and_then(|it| it.split_once('/')) {
        // What was taken away before.
        let mut world = bench.sandbox.world();
        let objects = &mut world.api("demo").objects;
        objects.retain(|key, _| !key.2.starts_with("kube2iam"));
        drop(world);
        put_kiam(bench, namespace, name);
        return;
    }
    if let Some((namespace, name)) = what
        .strip_prefix("kube2iam of default ")
        .and_then(|it| it.split_once('/'))
    {
        put_kube2iam_as(bench, namespace, name, "default");
        return;
    }
    let mut world = bench.sandbox.world();
    let words: Vec<&str> = what.split(' ').collect();
    let [kind, name, replicas] = words[..] else {
        assert_eq!(what, "agent");
        world.clusters[0].add_addon("eks-pod-identity-agent");
        return;
    };
    let (namespace, name) = name.split_once('/').expect("a namespace");
    let api = world.api("demo");
    api.run_deployment(
        namespace,
        name,
        name,
        replicas.parse().expect("how many pods"),
    );
    if kind == "fargate" {
        let pods = api.objects.iter_mut().filter(|(key, _)| {
            key.0 == "pods" && key.1 == namespace && key.2.starts_with(&format!("{name}-"))
        });
        for (_, pod) in pods {
            pod["metadata"]["labels"]["eks.amazonaws.com/fargate-profile"] = "all".into();
        }
    }
}

/// What a command prints, stdout and stderr as they come.
fn printed(bench: &Bench, command: &str) -> String {
    // There is no aws program here: the sandbox does at once what it would be asked for.
    if let Some(arn) = command.strip_prefix(ATTACH) {
        let mut world = bench.sandbox.world();
        let role = world.role_of("default/s3-reader");
        role.attached.push(arn.to_owned());
        return String::new();
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_irsactl")).parent();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.expect("a folder").display());
    let output = bench
        .command_of("sh")
        .args(["-c", &format!("exec 2>&1; {}", in_order(command))])
        .env("PATH", path)
        .output()
        .expect("sh runs");
    steady(&without_elapsed(&String::from_utf8_lossy(&output.stdout)))
}

/// Accounts one after the other: side by side the order of the lines is another in each run.
fn in_order(command: &str) -> String {
    let is_of_many = [
        "irsactl apply ",
        "irsactl migrate to-",
        "irsactl trust copy ",
    ]
    .iter()
    .any(|start| command.starts_with(start));
    if is_of_many && command.contains("--approve") {
        format!("{command} --parallel 1")
    } else {
        command.to_owned()
    }
}

fn steady(text: &str) -> String {
    let is_hex = |word: &str| {
        let is_digit = |byte: u8| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase();
        word.len() == 40 && word.bytes().all(is_digit)
    };
    let words = text.split_inclusive(['\n', ' ']).map(|word| {
        if is_hex(word.trim_end()) {
            word.replace(word.trim_end(), THUMBPRINT)
        } else {
            word.to_owned()
        }
    });
    words.collect()
}
