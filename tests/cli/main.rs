//! The real irsactl against the sandbox: what the user sees, and what AWS and Kubernetes have
//! afterwards. Each test has a sandbox of its own, so that there is no order between them.

#[path = "../cargo.rs"]
mod cargo;
#[path = "../sandbox/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than the tests of one binary need"
)]
mod sandbox;
mod support;

mod absent;
mod accounts;
mod apply;
mod arrange;
mod associate;
mod association;
mod audited;
mod chart;
mod completion;
mod create;
mod delete;
mod disassociate;
mod doctor;
mod doctor_reads;
mod environment;
mod explain;
mod export;
mod express;
mod file;
mod foreign;
mod forged;
mod gc;
mod get;
mod hostile;
mod house;
mod last_used;
mod man;
mod markdown;
mod matrix;
mod middle;
mod migrate;
mod not_eks;
mod pasteable;
mod peers;
mod permissions;
mod plan;
mod readme;
mod render;
mod report;
mod restart;
mod resume;
mod sandbox_by_hand;
mod secrets;
mod smoke;
mod thumbprint;
mod trust;
mod update;
mod usage;
mod verify;
mod watch;
mod weather;
mod whoami;
