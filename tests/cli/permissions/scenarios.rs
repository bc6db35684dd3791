//! Commands with the flags and in the worlds that lead to different calls: together to all of them.

use super::moves::moves;
use super::worlds::{self, DEPLOYER};
use crate::migrate::intercepted::kube2iam;
use crate::support::{Bench, S3};

const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";
const POWER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";

/// The role of the stack of `ready`, for another service account.
const SHARED: &str = "cart -n shop --cluster demo --trust --attach-role-arn \
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK";
const BY_HAND: &str = "arn:aws:iam::111122223333:role/by-hand";

/// As `HERE`, of more than one cluster.
const HERE_IN_ALL: &str = "--region eu-west-1 --account-id 111122223333";

const RETARGET: &str = "retarget --from-issuer https://oidc.eks.eu-west-1.amazonaws.com/id/FORMER --to-cluster demo --all --approve";

/// A command in a world.
pub struct Scenario {
    /// As `permissions --for` takes it.
    pub command: &'static str,
    /// What is allowed besides, for flags of it.
    also: &'static [&'static str],
    pub line: String,
    pub arrange: fn() -> Bench,
    /// More flags of `permissions`.
    pub flags: String,
}

impl Scenario {
    pub fn new(command: &'static str, rest: &str, arrange: fn() -> Bench) -> Self {
        let start = match command {
            "create" | "get" | "update" | "delete" => &format!("{command} iamserviceaccount"),
            "fix" => "doctor --fix --approve",
            "scan" => "migrate",
            "completion" => "__complete -- irsactl",
            "copy" => "trust copy",
            _ => command,
        };
        Self {
            command,
            also: &[],
            line: format!("{start} {rest}"),
            arrange,
            flags: super::HERE.to_owned(),
        }
    }

    /// Of a cluster that is not there, which permissions for one cluster do not cover.
    pub fn elsewhere(command: &'static str, rest: &str) -> Self {
        Self {
            flags: String::new(),
            ..Self::new(command, rest, worlds::elsewhere)
        }
    }

    fn with(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    /// As `permissions --for` takes them.
    pub fn commands(&self) -> String {
        let all = [self.command].into_iter().chain(self.also.iter().copied());
        all.collect::<Vec<_>>().join(",")
    }

    /// With a role for CloudFormation.
    fn delegated(command: &'static str, rest: &str, arrange: fn() -> Bench) -> Self {
        let flag = format!("--cfn-role-arn {DEPLOYER}");
        Self::new(command, &format!("{rest} {flag}"), arrange).narrowed(&flag)
    }

    /// With one more flag of `permissions`.
    pub fn narrowed(self, flag: &str) -> Self {
        Self {
            flags: format!("{} {flag}", self.flags),
            ..self
        }
    }
}

/// A service account with its policy.
const READER: &str = "s3-reader --cluster demo";
const FILE: &str = "-f ~/cluster.yaml --approve --parallel 1";

pub fn all() -> Vec<Scenario> {
    let mut all = providers();
    all.extend(creations());
    all.extend(readings());
    all.extend(updates());
    all.extend(deletions());
    all.extend(clean_ups());
    all.extend(applications());
    all.extend(proofs());
    all.extend(repairs());
    all.extend(restarts());
    all.extend(completions());
    all.extend(associations());
    all.extend(moves());
    all.extend(copies());
    all
}

/// On the other way to a role.
fn associations() -> Vec<Scenario> {
    use worlds::*;
    let pia = |command: &'static str, rest: &str, arrange| Scenario {
        line: format!("{command} podidentityassociation {rest}"),
        ..Scenario::new(command, rest, arrange)
    };
    let reader = "web/api --cluster demo";
    let managed = format!("{reader} --attach-policy-arn {S3}");
    vec![
        pia(
            "create",
            &format!("{managed} --install-agent --create-service-account --approve"),
            new,
        ),
        pia(
            "create",
            &format!("{managed} --override-existing --approve"),
            with_another_association,
        ),
        pia("get", "--cluster demo", with_another_association),
        pia(
            "update",
            &format!("{reader} --disable-session-tags --tags team=data --approve"),
            with_an_association,
        ),
        pia(
            "update",
            &format!("{reader} --restrict-trust --approve"),
            with_an_association,
        ),
        pia("delete", reader, with_an_association),
        pia("delete", reader, with_a_shared_role),
        pia("delete", reader, with_a_shared_role_that_stays),
        pia("delete", reader, with_another_association),
        Scenario::new("apply", FILE, with_associations_in_the_file),
        Scenario::new(
            "apply",
            &format!("{FILE} --prune"),
            with_no_associations_in_the_file,
        ),
        Scenario::new("export", "--cluster demo", with_an_association),
    ]
}

fn providers() -> Vec<Scenario> {
    use worlds::*;
    let associate = "associate-oidc-provider";
    let disassociate = "disassociate-oidc-provider";
    vec![
        Scenario::new(associate, "--cluster demo --approve", new),
        Scenario::new(
            associate,
            "--cluster demo --audience vault --refresh-thumbprint --approve",
            outdated,
        ),
        Scenario::elsewhere(associate, "--cluster dema --approve"),
        Scenario::new(disassociate, "--cluster demo --approve", associated),
        Scenario::elsewhere(disassociate, "--cluster dema --approve"),
        Scenario::new("thumbprint", "--cluster demo", new),
        Scenario::elsewhere("thumbprint", "--cluster dema"),
    ]
}

fn creations() -> Vec<Scenario> {
    use worlds::*;
    let create = |rest: &str, arrange| Scenario::new("create", rest, arrange);
    let managed = format!("{READER} --attach-policy-arn {S3}");
    let eleven = policies().join(",");
    vec![
        create(
            &format!(
                "{managed} --permissions-boundary {POWER} --associate-oidc-provider --approve"
            ),
            new,
        ),
        create(
            &format!(
                "{READER} -n apps --policy-document ~/get.json --well-known-policy externalDNS --approve"
            ),
            associated,
        ),
        create(
            &format!(
                "{managed} --policy-document ~/get.json --permissions-boundary {POWER} --tags team=data --approve"
            ),
            rich,
        ),
        create(&format!("{managed} --approve"), with_pod_identity_by_hand),
        create(
            &format!("{managed} --audience vault --associate-oidc-provider --approve"),
            associated,
        ),
        create(&format!("{managed} --approve"), rolled_back),
        create(&format!("{managed} --approve"), with_bucket),
        create(&format!("{managed} --approve"), awaiting_approval),
        create(&format!("{managed} --approve"), stuck_in_deletion),
        create(
            &format!(
                "{managed} --policy-document ~/get.json --policy-document ~/put.json --approve"
            ),
            doomed,
        ),
        create(
            &format!("{READER} --attach-policy-arn {eleven} --approve"),
            associated,
        ),
        create(
            &format!("{READER} --attach-role-arn arn:aws:iam::111122223333:role/by-hand --approve"),
            by_hand,
        ),
        create(FILE, many),
        Scenario::delegated(
            "create",
            &format!("{managed} --approve"),
            associated_with_deployer,
        ),
        Scenario::elsewhere(
            "create",
            &format!("s3-reader --cluster dema --attach-policy-arn {S3} --approve"),
        ),
    ]
}

fn readings() -> Vec<Scenario> {
    use worlds::*;
    vec![
        Scenario::new("get", "--cluster demo -o wide", ready),
        Scenario::new("get", &format!("{READER} -n default -o json"), ready),
        Scenario::elsewhere("get", "--cluster dema -o wide"),
        Scenario::new("export", "--cluster demo", rich),
        Scenario::elsewhere("export", "--cluster dema"),
        Scenario::new("scan", "scan --cluster demo", chained),
        Scenario::new("scan", "scan --cluster demo --namespace web", kube2iam),
        Scenario::new(
            "scan",
            "scan --cluster demo",
            crate::migrate::node_roles::with_node_roles,
        ),
        Scenario::elsewhere("scan", "status --cluster dema"),
        Scenario::new("usage", "web/api --cluster demo --suggest", worlds::used),
        Scenario::new("usage", "--all --cluster demo", worlds::used),
        Scenario::elsewhere("usage", "--all --cluster dema"),
        Scenario::new("doctor", "--cluster demo web/api --usage", worlds::used),
        Scenario::new("trust", "list --all", ready),
        Scenario::new("trust", "list --cluster demo", ready),
        Scenario::elsewhere("trust", "list --cluster dema"),
        Scenario::new(
            "trust",
            &format!("add shop/cart --cluster demo --role-arn {BY_HAND} --approve"),
            crate::migrate::by_hand,
        )
        .narrowed("--role-name by-hand"),
        Scenario::new(
            "create",
            &format!("cart -n shop --cluster demo --attach-role-arn {BY_HAND} --trust --approve"),
            crate::migrate::by_hand,
        )
        .narrowed("--role-name by-hand"),
        Scenario::new("create", &format!("{SHARED} --approve"), ready),
        Scenario::new("create", &format!("{SHARED} --approve"), || {
            refusing(ready(), STACK)
        }),
        Scenario::new("create", &format!("{SHARED} --approve"), || {
            forgetting(ready())
        }),
        Scenario::new("delete", "cart -n shop --cluster demo", with_attached)
            .narrowed("--role-name by-hand"),
        Scenario::new("trust", RETARGET, with_former_issuer),
        Scenario::new("trust", RETARGET, || refusing(with_former_issuer(), STACK)),
        Scenario::new("trust", RETARGET, || forgetting(with_former_issuer())),
    ]
}

/// In two clusters, of which the rights in demo are taken away: once it gives, and once it gets.
fn copies() -> Vec<Scenario> {
    const GIVES: &str = "--from-cluster demo --to-cluster blue --approve";
    const GETS: &str = "--from-cluster blue --to-cluster demo --approve";
    let copy = |rest: &str, arrange: fn() -> Bench| Scenario {
        flags: HERE_IN_ALL.to_owned(),
        ..Scenario::new("copy", rest, arrange)
    };
    use worlds::*;
    vec![
        copy(&format!("default/s3-reader {GIVES}"), two_clusters),
        copy(&format!("default/s3-reader {GIVES}"), || {
            refusing(two_clusters(), STACK)
        }),
        copy(&format!("default/s3-reader {GIVES}"), || {
            forgetting(two_clusters())
        }),
        copy(&format!("--all {GIVES} --parallel 1"), two_clusters),
        copy(&format!("web/api {GETS}"), with_blue).narrowed("--role-name data"),
        copy(&format!("--all {GETS} --parallel 1"), with_blue).narrowed("--role-name *"),
        Scenario::elsewhere("copy", "--all --from-cluster dema --to-cluster demo"),
    ]
}

fn updates() -> Vec<Scenario> {
    use worlds::*;
    let update = |rest: &str, arrange| Scenario::new("update", rest, arrange);
    let eleven = policies().join(",");
    vec![
        update(
            &format!(
                "{READER} --attach-policy-arn {SQS} --policy-document ~/put.json --well-known-policy externalDNS \
                 --no-permissions-boundary --max-session-duration 7200 --subject-pattern s3-* --tags tier=web \
                 --labels app=web --approve"
            ),
            rich,
        ),
        update(
            &format!("{READER} --remove-inline-policy Policy1 --approve"),
            rich,
        ),
        update(
            &format!("{READER} --permissions-boundary {POWER} --approve"),
            ready,
        ),
        update(
            &format!("{READER} --add-policy-arn {SQS} --approve"),
            stuck_in_roll_back,
        ),
        update(
            &format!("{READER} --add-policy-arn {SQS} --approve"),
            stuck_in_update,
        ),
        update(
            &format!("{READER} --add-policy-arn {MINE} --approve"),
            doomed_update,
        ),
        update(
            &format!("{READER} --attach-policy-arn {eleven} --approve"),
            ready,
        ),
        update(&format!("{READER} --repair-drift --approve"), drifted),
        update(
            &format!("{READER} --repair-drift --approve"),
            bounded_by_hand,
        ),
        update(
            &format!("{READER} --add-policy-arn {SQS} --approve"),
            refused_change,
        ),
        update(
            &format!("{READER} --add-policy-arn {SQS} --approve"),
            with_bucket,
        ),
        update(
            &format!("{READER} --add-policy-arn {SQS} --approve"),
            awaiting_approval,
        ),
        update(
            &format!("{READER} --repair-drift --approve"),
            with_pod_identity_by_hand,
        ),
        update("reader -n apps --cluster demo --approve", without_namespace),
        update(FILE, many_ready),
        Scenario::delegated(
            "update",
            &format!("{READER} --add-policy-arn {SQS} --approve"),
            ready_with_deployer,
        ),
        Scenario::elsewhere("update", "s3-reader --cluster dema --approve"),
    ]
}

fn deletions() -> Vec<Scenario> {
    use worlds::*;
    let delete = |rest: &str, arrange| Scenario::new("delete", rest, arrange);
    vec![
        delete(READER, ready),
        delete(&format!("{READER} --detach-foreign"), meddled_with),
        delete(READER, with_pod_identity_of_no_use),
        delete(READER, with_inline_policy),
        delete(READER, annotated),
        delete(&format!("{READER} --with-foreign-resources"), with_bucket),
        delete(READER, rolled_back),
        delete(READER, awaiting_approval),
        delete(READER, stuck_in_deletion),
        delete(READER, meddled_with),
        delete(READER, attached_meanwhile),
        delete(&format!("{FILE} --only-missing"), one_too_many),
        delete(FILE, many_ready),
        delete("nobody --cluster demo", ready),
        Scenario::delegated("delete", READER, ready_with_deployer),
        Scenario::elsewhere("delete", "s3-reader --cluster dema"),
    ]
}

/// Of clusters that are not there, hence of all clusters.
fn clean_ups() -> Vec<Scenario> {
    let gc = |rest: &str, arrange| Scenario {
        flags: "--region eu-west-1 --account-id 111122223333".to_owned(),
        ..Scenario::new("gc", rest, arrange)
    };
    vec![
        gc("--detach-foreign --approve", crate::gc::dead),
        gc("--approve", crate::gc::dead_in_part),
        gc("--all-regions", crate::gc::dead_at_once),
        gc("--cluster demo", crate::gc::with_loose_ends),
    ]
}

fn applications() -> Vec<Scenario> {
    use worlds::*;
    let apply = |arrange| Scenario::new("apply", FILE, arrange);
    vec![
        apply(file_of_everything),
        apply(rich_in_file),
        apply(all_changes),
        apply(bounded_in_file),
        apply(rolled_back),
        apply(stuck_in_roll_back),
        apply(stuck_in_deletion),
        apply(doomed),
        apply(doomed_update),
        apply(refused_change),
        apply(by_hand),
        apply(with_bucket),
        apply(awaiting_approval),
        apply(too_much),
        apply(many),
        Scenario::new("apply", &format!("{FILE} --prune"), one_too_many),
        Scenario::new("apply", &format!("{FILE} --prune"), rolled_back_and_unknown),
        Scenario::new("apply", &format!("{FILE} --repair-drift"), drifted),
        Scenario::new("apply", &format!("{FILE} --repair-drift"), bounded_by_hand),
        Scenario::new(
            "apply",
            &format!("{FILE} --repair-drift"),
            with_pod_identity_by_hand,
        ),
        Scenario::delegated("apply", FILE, associated_with_deployer),
        Scenario::elsewhere("apply", FILE),
    ]
}

fn proofs() -> Vec<Scenario> {
    use worlds::*;
    vec![
        Scenario::new("verify", READER, ready),
        Scenario::new("verify", READER, associated_with_pods),
        Scenario::new(
            "verify",
            &format!("{READER} --can s3:GetObject=arn:aws:s3:::bucket/key"),
            ready,
        ),
        Scenario::elsewhere("verify", "s3-reader --cluster dema"),
        Scenario::new(
            "create",
            &format!("{READER} --attach-policy-arn {S3} --verify --approve"),
            associated,
        )
        .with(&["verify"]),
        Scenario::new("doctor", READER, running),
        Scenario::new("doctor", "--cluster demo --all", running),
        Scenario::new("doctor", "--cluster demo --all", many_ready),
        Scenario::new(
            "doctor",
            &format!("{READER} --can s3:GetObject=arn:aws:s3:::bucket/key"),
            surrounded,
        ),
        Scenario::new("doctor", READER, associated_with_pods),
        Scenario::new("doctor", READER, with_bucket),
        Scenario::new("doctor", READER, awaiting_approval),
        Scenario::new("doctor", "--cluster demo --pod default/alone", stale),
        Scenario::new(
            "doctor",
            "--cluster demo --workload default/deploy/web",
            stale,
        ),
        Scenario::new("doctor", "--cluster demo --workload default/sts/db", stale),
        Scenario::new(
            "doctor",
            "--cluster demo --workload default/ds/agent",
            stale,
        ),
        Scenario::new(
            "doctor",
            "--cluster demo --workload default/rollout/canary",
            stale,
        ),
        Scenario::new("doctor", "--cluster demo --workload default/rs/bare", stale),
        Scenario::new(
            "doctor",
            "--cluster demo --workload default/job/once",
            stale,
        ),
        Scenario::new(
            "doctor",
            "--cluster demo --workload default/cronjob/nightly",
            stale,
        ),
        Scenario::elsewhere("doctor", "s3-reader --cluster dema"),
    ]
}

/// The repairs of `doctor --fix`.
fn repairs() -> Vec<Scenario> {
    use worlds::*;
    let fix = |rest: &str, arrange| Scenario::new("fix", rest, arrange).with(&["doctor"]);
    vec![
        fix(READER, without_provider),
        fix(READER, without_audience),
        fix(READER, distrustful),
        fix(READER, rebuilt),
        fix(READER, rebuilt_in_vain),
        fix(READER, without_annotation).with(&["doctor", "restart"]),
        fix(READER, without_service_account),
        fix(&format!("{READER} --restart --wait-for-pods"), stale).with(&["doctor", "restart"]),
    ]
}

/// Pods that lack the role: named, or restarted.
fn restarts() -> Vec<Scenario> {
    use worlds::*;
    let managed = format!("{READER} --attach-policy-arn {S3} --approve");
    let plain = format!("{READER} --approve");
    let lines = [
        ("create", managed.as_str()),
        ("update", &plain),
        ("apply", FILE),
    ];
    let told = lines.map(|(command, line)| Scenario::new(command, line, stale));
    let done = lines.map(|(command, line)| {
        let line = format!("{line} --restart --wait-for-pods");
        Scenario::new(command, &line, stale).with(&["restart"])
    });
    told.into_iter().chain(done).collect()
}

/// The beginnings of names.
fn completions() -> Vec<Scenario> {
    use worlds::*;
    let lines = [
        "get sa --cluster d",
        "get sa --cluster demo s",
        "get pia --cluster demo w",
        "create sa --cluster demo --namespace d",
        "create sa --cluster demo d",
        "create sa --attach-policy-arn arn",
        "doctor --cluster demo --pod d",
    ];
    lines
        .map(|line| Scenario::new("completion", line, ready))
        .into()
}
