//! Every command that proves a role has a token of a service account issued, and credentials for it: neither is in
//! what it prints or logs, whatever is answered. Beside what each run is looked through for
//! (`support.rs`), no part of a token is there.

use crate::arrange::side_by_side;
use crate::migrate::{annotated, moved};
use crate::support::{Bench, S3, assert_nothing_issued};
use crate::verify::pod_identity::{associated, to_be_associated};

/// The exchange of a token by each way.
const IRSA: &str = "sts AssumeRoleWithWebIdentity";
const POD_IDENTITY: &str = "eks-auth AssumeRoleForPodIdentity";

/// A command in a world, and the exchange that it makes.
struct Proof {
    line: String,
    arrange: fn() -> Bench,
    exchange: &'static str,
}

fn proofs() -> Vec<Proof> {
    let of = |exchange, arrange, line: &str| Proof {
        line: line.to_owned(),
        arrange,
        exchange,
    };
    let role = "arn:aws:iam::111122223333:role/pods";
    let account = format!("iamserviceaccount web/api --cluster demo --attach-policy-arn {S3}");
    vec![
        of(
            POD_IDENTITY,
            to_be_associated,
            &format!(
                "create podidentityassociation web/api --cluster demo --role-arn {role} --verify --approve"
            ),
        ),
        of(
            IRSA,
            Bench::associated,
            &format!("create {account} --verify --approve"),
        ),
        of(
            IRSA,
            annotated,
            &format!("update {account} --tags team=web --verify --approve"),
        ),
        of(
            IRSA,
            in_a_file,
            "apply -f ~/cluster.yaml --verify --approve",
        ),
        of(IRSA, annotated, "verify web/api --cluster demo"),
        of(POD_IDENTITY, associated, "verify web/api --cluster demo"),
        of(IRSA, annotated, "doctor web/api --cluster demo"),
        of(POD_IDENTITY, moved, "doctor web/api --cluster demo"),
        of(POD_IDENTITY, moved, "doctor --all --cluster demo"),
        of(
            POD_IDENTITY,
            annotated,
            "migrate to-pod-identity web/api --cluster demo --approve",
        ),
        of(
            POD_IDENTITY,
            half_moved,
            "migrate to-pod-identity web/api --cluster demo --finish --approve",
        ),
        of(
            IRSA,
            moved,
            "migrate to-pod-identity web/api --cluster demo --undo --approve",
        ),
        of(
            IRSA,
            moved,
            "migrate to-irsa web/api --cluster demo --approve",
        ),
    ]
}

fn in_a_file() -> Bench {
    let bench = Bench::associated();
    bench.config_of(&["web/api"]);
    bench
}

fn half_moved() -> Bench {
    let bench = annotated();
    bench.arrange("migrate to-pod-identity web/api --cluster demo --approve");
    bench
}

impl Proof {
    /// Runs it with the most that can be asked of the log.
    fn run(&self, flags: &str, fault: Option<&str>) -> String {
        let mut bench = (self.arrange)().impatient();
        bench.set("IRSACTL_LOG", "trace");
        if let Some(fault) = fault {
            bench.sandbox.fault(fault);
        }
        let issued = bench.sandbox.tokens().len();
        let told = bench.run(&format!("{} {flags}", self.line));
        let tokens = bench.sandbox.tokens();
        assert!(tokens.len() > issued, "{told}");
        let parts = tokens[issued..].iter().flat_map(|token| token.split('.'));
        let parts: Vec<String> = parts.map(str::to_owned).collect();
        assert_nothing_issued(told.as_bytes(), &parts);
        told
    }
}

#[test]
fn what_a_proof_is_given_is_not_shown() {
    side_by_side(4, &proofs(), |proof| {
        for format in ["table", "json", "yaml"] {
            let told = proof.run(&format!("-vvv -o {format}"), None);
            let (_, exchange) = proof.exchange.split_once(' ').expect("a service");
            for call in [exchange, "GetCallerIdentity"] {
                assert!(told.contains(&format!("{call}: 200")), "{told}");
            }
        }
    });
}

/// Error pages quote requests, and answers break off.
#[test]
fn what_a_refused_proof_was_given_is_not_shown() {
    side_by_side(4, &proofs(), |proof| {
        for effect in [
            "error 400 InvalidTokenException odd: {request}",
            "error 503 ServiceUnavailable odd: {request}",
            "half",
        ] {
            let told = proof.run("-vvv", Some(&format!("{} {effect}", proof.exchange)));
            assert_eq!(told.contains("odd: "), effect.contains("odd: "), "{told}");
        }
        let of_session = "sts GetCallerIdentity error 403 AccessDenied odd: {request}";
        let told = proof.run("-vvv", Some(of_session));
        assert!(told.contains("odd: "), "{told}");
    });
}
