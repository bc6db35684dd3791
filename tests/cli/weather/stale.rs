//! Answers that were true a moment ago.

use crate::support::Bench;

use super::GET;

#[test]
fn a_stale_answer_is_what_was_before_the_last_write() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    let good = bench.run(GET);
    assert!(good.contains("s3-reader"), "{good}");
    bench
        .sandbox
        .fault("cloudformation DescribeStacks times 1 stale");
    let stale = bench.run(GET);
    assert!(!stale.contains("s3-reader"), "{stale}");
    assert_eq!(bench.run(GET), good);
    bench
        .sandbox
        .fault("kubernetes list serviceaccounts times 1 stale");
    let stale = bench.run(GET);
    assert!(stale.contains("missing"), "{stale}");
    assert_eq!(bench.run(GET), good);
}
