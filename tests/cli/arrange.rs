//! What tests find in the world before irsactl runs: service accounts that irsactl made, and
//! stacks as eksctl makes them.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::sandbox::{Options, Pace, which};
use crate::support::{ACCOUNT, Bench, REGION, S3, VERSION};

/// The issuer and the service account of eksctl's templates in tests/eksctl.
const EKSCTL_ISSUER: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";
const EKSCTL_ACCOUNT: &str = "default/s3-reader";

/// A template that eksctl makes for a service account with one managed policy.
const MANAGED_POLICY: &str = include_str!("../eksctl/managed-policy.json");

impl Bench {
    /// An associated cluster whose stacks stay in progress for that many looks.
    pub fn slow(polls: u32) -> Self {
        let bench = Self::with(Options {
            pace: Pace::Polls(polls),
            ..Options::default()
        });
        bench.associate();
        bench
    }

    /// Runs what must succeed, and forgets its calls.
    pub fn arrange(&self, line: &str) {
        let result = self.run(line);
        assert!(result.ends_with("[exit 0]\n"), "{line}: {result}");
        self.sandbox.world().calls.clear();
    }

    /// A service account of "demo" with the policy `S3`, as `create` leaves it: `NAMESPACE/NAME`, or `NAME`
    /// in the namespace "default".
    pub fn create(&self, name: &str) {
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        self.create_role(&format!("{namespace}/{name}"));
        let mut world = self.sandbox.world();
        let role = world.role_of(&format!("{namespace}/{name}")).arn.clone();
        let api = world.api("demo");
        let label = ("app.kubernetes.io/managed-by", "eksctl");
        // Only of what it makes itself irsactl says so.
        let labels = match api.service_account(namespace, name) {
            Some(_) => &[][..],
            None => &[label],
        };
        let annotations = [("eks.amazonaws.com/role-arn", role.as_str())];
        api.apply_service_account(namespace, name, labels, &annotations, "irsactl");
    }

    /// The same by irsactl itself, with more flags, or where the usual name of the stack cannot be.
    pub fn create_by_irsactl(&self, words: &str) {
        self.arrange(&format!(
            "create iamserviceaccount {words} --cluster demo --attach-policy-arn {S3} --approve"
        ));
    }

    /// The same with the stack only.
    pub fn create_role(&self, name: &str) {
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let account = format!("{namespace}/{name}");
        let stack = format!("eksctl-demo-addon-iamserviceaccount-{namespace}-{name}");
        let template = self.template(MANAGED_POLICY, &account);
        let mut template: Value = serde_json::from_str(&template).expect("a template");
        template["Outputs"]["Role1"]["Value"]["Fn::GetAtt"] = json!(["Role1", "Arn"]);
        let tags = tags("demo", &account, VERSION);
        let mut world = self.sandbox.world();
        let template = template.to_string();
        let stack = world.add_stack(ACCOUNT, REGION, &stack, &template, &tags, "CREATE_COMPLETE");
        stack.termination_protection = true;
    }

    /// One of eksctl's templates for a service account.
    fn template(&self, template: &str, account: &str) -> String {
        template
            .replace(EKSCTL_ISSUER, &self.issuer())
            .replace(EKSCTL_ACCOUNT, account)
            .replace(
                &EKSCTL_ACCOUNT.replace('/', ":"),
                &account.replace('/', ":"),
            )
    }

    /// Arranges the stack of a service account of "demo" as eksctl makes it.
    pub fn eksctl_stack(&self, account: &str, status: &str) {
        self.stack_of("demo", account, MANAGED_POLICY, status);
    }

    /// Arranges a stack as eksctl makes it, from one of its templates.
    pub fn stack_of(&self, cluster: &str, account: &str, template: &str, status: &str) {
        let name = format!(
            "eksctl-{cluster}-addon-iamserviceaccount-{}",
            account.replace('/', "-")
        );
        self.stack_named(&name, cluster, account, template, status);
    }

    /// The same under a name of its own.
    pub fn stack_named(
        &self,
        name: &str,
        cluster: &str,
        account: &str,
        template: &str,
        status: &str,
    ) {
        let template = self.template(template, account);
        let tags = tags(cluster, account, "0.231.0");
        self.sandbox
            .world()
            .add_stack(ACCOUNT, REGION, name, &template, &tags, status);
    }

    /// What calls were made since the last look, sorted: of those side by side none is the first.
    pub fn sorted_calls(&self) -> String {
        let calls = self.calls();
        let mut calls: Vec<&str> = calls.lines().collect();
        calls.sort_unstable();
        calls.join("\n")
    }

    /// Host and path of the issuer of "demo".
    pub fn issuer(&self) -> String {
        let world = self.sandbox.world();
        let issuer = world.clusters[0].issuer.clone().unwrap_or_default();
        issuer.trim_start_matches("https://").to_owned()
    }

    /// The ARN of the only role.
    pub fn role_arn(&self) -> String {
        self.account(|account| {
            let mut roles = account.roles.values();
            let arn = roles.next().expect("a role").arn.clone();
            assert!(roles.next().is_none(), "more than one role");
            arn
        })
    }

    /// The name of the only role.
    pub fn role_name(&self) -> String {
        self.role_arn()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// Puts a fault on a call of the log: `times 1 reset`.
    pub fn befall(&self, call: &str, effect: &str) {
        self.sandbox.fault(&format!("{call} {effect}"));
    }

    /// Takes the cluster away, with all that is in it.
    pub fn forget_cluster(&self) {
        self.sandbox.world().clusters.clear();
    }
}

/// When a process dies, seen from a call.
#[derive(Clone, Copy, Debug)]
pub enum When {
    BeforeItsEffect,
    BeforeItsAnswer,
}

/// The last call of a run that is killed, as `SERVICE OPERATION [of SUBJECT]`: which of those, from 1.
#[derive(Clone, Debug)]
pub struct Death {
    pub call: String,
    pub number: usize,
    pub when: When,
}

impl Bench {
    /// Every death of the run whose calls were the last that leaves another world behind: before its first write,
    /// and after each. irsactl keeps nothing outside of the world, so a run that is killed at a read leaves
    /// what the write before left.
    pub fn deaths(&self) -> Vec<Death> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut deaths = Vec::new();
        for made in &self.sandbox.world().calls {
            let call = made.to_string();
            let count = counts.entry(call.clone()).or_default();
            *count += 1;
            let death = |when| Death {
                call: call.clone(),
                number: *count,
                when,
            };
            if made.is_write() && deaths.is_empty() {
                deaths.push(death(When::BeforeItsEffect));
            }
            if made.is_write() {
                deaths.push(death(When::BeforeItsAnswer));
            }
        }
        deaths
    }

    /// Runs irsactl until it dies.
    pub fn killed(&self, line: &str, death: &Death) {
        let effect = match death.when {
            When::BeforeItsEffect => "hang",
            When::BeforeItsAnswer => "swallow",
        };
        self.calls();
        self.befall(&death.call, &format!("from {} {effect}", death.number));
        let mut child = self
            .command_line(line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("irsactl starts");
        self.sandbox.until(|world| {
            let meant = which(&death.call);
            let made = world.calls.iter().filter(|made| meant.matches(made));
            let reached = made.filter(|made| match death.when {
                When::BeforeItsEffect => true,
                When::BeforeItsAnswer => made.status.is_some(),
            });
            reached.count() >= death.number
        });
        child.kill().expect("killed");
        child.wait().expect("dead");
        self.sandbox.world().faults.clear();
    }
}

/// The tags of a service account's stack.
fn tags<'a>(cluster: &'a str, account: &'a str, version: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("alpha.eksctl.io/cluster-name", cluster),
        ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", cluster),
        ("alpha.eksctl.io/eksctl-version", version),
        ("alpha.eksctl.io/iamserviceaccount-name", account),
    ]
}

/// Does the same with all items, that many at a time. Results in their order.
pub fn side_by_side<T: Sync, R: Send>(
    lanes: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..lanes.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else {
                        break;
                    };
                    let result = work(item);
                    results.lock().expect("the results").push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("the results");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// All that irsactl leaves in the world, but for times and what the API server counts up.
fn left(bench: &Bench) -> String {
    let mut text = bench.state() + &bench.providers();
    let mut world = bench.sandbox.world();
    for stack in &world.accounts[ACCOUNT].stacks {
        let tags = &stack.tags;
        let (made, outputs) = (&stack.capabilities, &stack.outputs);
        text.push_str(&format!("{}\n{}\n", stack.id, stack.template));
        text.push_str(&format!("{tags:?}\n{made:?}\n{outputs:?}\n"));
        for event in &stack.events {
            let (what, status) = (&event.logical_id, &event.status);
            text.push_str(&format!("{what} {status} {:?}\n", event.reason));
        }
    }
    for role in world.accounts[ACCOUNT].roles.values() {
        let (trust, tags) = (&role.trust, &role.tags);
        text.push_str(&format!("{trust}\n{tags:?}\n"));
    }
    let api = world.api("demo");
    let kinds = ["namespaces", "serviceaccounts"];
    let objects = api.objects.iter();
    for (key, object) in objects.filter(|(key, _)| kinds.contains(&key.0.as_str())) {
        let mut object = object.clone();
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        for member in ["uid", "resourceVersion", "creationTimestamp"] {
            metadata.remove(member);
        }
        let managed = metadata.get_mut("managedFields");
        for entry in managed.and_then(Value::as_array_mut).into_iter().flatten() {
            entry["time"].take();
        }
        text.push_str(&format!("{key:?} {object}\n"));
    }
    text
}

#[test]
fn an_arranged_world_is_as_irsactl_leaves_it() {
    let arranged = Bench::associated();
    arranged.create("s3-reader");
    arranged.create_role("web/api");
    let helms = |bench: &Bench| {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.put_service_account("apps", "helms", &[("app", "x")], &[], "helm");
    };
    helms(&arranged);
    arranged.create("apps/helms");
    let made = Bench::new();
    made.arrange("associate-oidc-provider --cluster demo --approve");
    made.create_by_irsactl("s3-reader");
    made.create_by_irsactl("web/api --role-only");
    helms(&made);
    made.create_by_irsactl("apps/helms");
    let (arranged, made) = (left(&arranged), left(&made));
    for (arranged, made) in arranged.lines().zip(made.lines()) {
        assert_eq!(arranged, made);
    }
    assert_eq!(arranged, made);
}
