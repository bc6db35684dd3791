//! What tests find in the world before irsactl runs: service accounts that irsactl made, and
//! stacks as eksctl makes them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sandbox::{Options, Pace};
use crate::support::{ACCOUNT, Bench, REGION, S3};

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

    /// Makes a service account of "demo" by irsactl.
    pub fn create(&self, name: &str) {
        self.arrange(&format!(
            "create iamserviceaccount {name} --cluster demo --attach-policy-arn {S3} --approve"
        ));
    }

    /// The same with the stack only.
    pub fn create_role(&self, name: &str) {
        self.arrange(&format!(
            "create iamserviceaccount {name} --cluster demo --attach-policy-arn {S3} --role-only --approve"
        ));
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
        let template = template
            .replace(EKSCTL_ISSUER, &self.issuer())
            .replace(EKSCTL_ACCOUNT, account)
            .replace(
                &EKSCTL_ACCOUNT.replace('/', ":"),
                &account.replace('/', ":"),
            );
        let tags = [
            ("alpha.eksctl.io/cluster-name", cluster),
            ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", cluster),
            ("alpha.eksctl.io/eksctl-version", "0.231.0"),
            ("alpha.eksctl.io/iamserviceaccount-name", account),
        ];
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
