//! The sandbox proved with clients that nobody here wrote: the aws CLI, kubectl, openssl, and what
//! irsactl prints for other programs, judged by those. Not part of a plain `cargo test`: `.ci/run` names
//! it, and a program that is missing fails.

#[path = "../cli/audited.rs"]
mod audited;
#[path = "../node.rs"]
mod node;
#[path = "../python.rs"]
mod python;
#[path = "../sandbox/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the sandbox is more than the tests of one binary need"
)]
mod sandbox;
#[path = "../cli/support.rs"]
#[expect(dead_code, reason = "the bench is more than these tests need")]
mod support;

mod authorization;
mod browser;
mod cloudformation;
mod iam;
mod kubernetes;
mod nodes;
mod openssl;
mod others;
mod pod_identity;
mod reads;
mod render;
mod roles;
mod scale;
mod schema;
mod shell;
mod terraform;
mod updates;
mod vault;
mod web_identity;
