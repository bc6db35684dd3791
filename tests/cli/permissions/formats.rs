//! What is printed, without any AWS.

use insta::assert_snapshot;

use super::{HERE, printed};
use crate::support::Bench;

#[test]
fn the_list_says_what_each_command_needs_and_what_for() {
    assert_snapshot!(printed(&Bench::new(), "--for thumbprint,get --cluster demo", "table"), @"");
}
