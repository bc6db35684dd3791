//! The pace against token buckets, on a clock that only jumps.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::StreamExt;

use super::*;

const LATENCY: Duration = Duration::from_millis(40);

/// AWS's side: a bucket that a call must find a token in.
struct Bucket {
    per_second: f64,
    burst: f64,
    left: f64,
    at: Instant,
    refused: u32,
    taken: Vec<u32>,
}

impl Bucket {
    fn new(per_second: f64, burst: f64) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            per_second,
            burst,
            left: burst,
            at: Instant::now(),
            refused: 0,
            taken: Vec::new(),
        }))
    }

    /// Whether call number `number` is refused.
    fn refuses(&mut self, number: u32) -> bool {
        let more = self.at.elapsed().as_secs_f64() * self.per_second;
        self.left = (self.left + more).min(self.burst);
        self.at = Instant::now();
        if self.left < 1.0 {
            self.refused += 1;
            return true;
        }
        self.left -= 1.0;
        self.taken.push(number);
        false
    }
}

/// Makes a call that asks the bucket, signed anew as often as need be.
async fn call(gate: &Gate, bucket: &RefCell<Bucket>, latency: Duration, number: u32) -> End {
    let send = || async {
        let refused = bucket.borrow_mut().refuses(number);
        tokio::time::sleep(latency).await;
        refused
    };
    let begun = Instant::now();
    let mut turn = None;
    for signed in 1.. {
        match gate.pass(begun, turn, send, |refused| *refused).await {
            Passed::Answered(_) => return End::Passed { signed },
            Passed::GivenUp(_) => break,
            Passed::Stale(kept) => turn = kept,
        }
    }
    End::GivenUp
}

#[derive(Debug, PartialEq)]
enum End {
    Passed { signed: u32 },
    GivenUp,
}

fn gate() -> Arc<Gate> {
    Pace::new(Intervals::default(), Duration::from_secs(1500)).gate("CreateStack")
}

/// Makes that many calls, that many side by side.
async fn load(
    bucket: &RefCell<Bucket>,
    calls: u32,
    side_by_side: usize,
    latency: Duration,
) -> Vec<End> {
    let gate = gate();
    futures_util::stream::iter(0..calls)
        .map(|number| call(&gate, bucket, latency, number))
        .buffer_unordered(side_by_side)
        .collect()
        .await
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_used_up_and_no_call_fails() {
    for (per_second, burst, calls) in [(1.0, 5.0, 500), (10.0, 20.0, 5_000), (0.3, 5.0, 100)] {
        for latency in [LATENCY, Duration::from_millis(700)] {
            let bucket = Bucket::new(per_second, burst);
            let begun = Instant::now();
            let ends = load(&bucket, calls, 32, latency).await;
            let time = begun.elapsed().as_secs_f64();
            let least = (f64::from(calls) - burst) / per_second;
            let refused = bucket.borrow().refused;
            let name =
                format!("{per_second}/s, {latency:?}: {time} s of {least}, {refused} refused");
            assert!(!ends.contains(&End::GivenUp), "{name}");
            assert!(time <= least * 1.02 + 3.0, "{name}");
            assert!(refused <= calls / 2, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_overtaken_for_long() {
    let bucket = Bucket::new(1.0, 5.0);
    load(&bucket, 100, 32, LATENCY).await;
    for (place, number) in bucket.borrow().taken.iter().enumerate() {
        let place = u32::try_from(place).unwrap();
        assert!(
            place.abs_diff(*number) <= 32,
            "call {number} was number {place}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_throttled_call_costs_half_a_second() {
    let bucket = Bucket::new(10.0, 1.0);
    let gate = gate();
    call(&gate, &bucket, Duration::ZERO, 0).await;
    let begun = Instant::now();
    call(&gate, &bucket, Duration::ZERO, 1).await;
    assert!(
        begun.elapsed() <= Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(bucket.borrow().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_gate_opens_again() {
    let (bucket, gate) = (Bucket::new(1.0, 1.0), gate());
    for number in 0..3 {
        call(&gate, &bucket, LATENCY, number).await;
    }
    assert!(gate.state().closed);
    bucket.borrow_mut().per_second = 1e9;
    let begun = Instant::now();
    for number in 0..60 {
        call(&gate, &bucket, LATENCY, number).await;
    }
    assert!(!gate.state().closed);
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_long_is_signed_anew_and_keeps_its_place() {
    let bucket = Bucket::new(0.1, 1.0);
    let ends = load(&bucket, 40, 40, LATENCY).await;
    let often = ends.iter().filter(|end| **end == End::Passed { signed: 2 });
    assert!(often.count() >= 10, "{ends:?}");
    let more = |end: &End| matches!(end, End::GivenUp | End::Passed { signed: 3.. });
    assert!(!ends.iter().any(more), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn when_nothing_comes_through_it_is_given_up() {
    let bucket = Bucket::new(0.0, 3.0);
    let begun = Instant::now();
    let ends = load(&bucket, 8, 8, LATENCY).await;
    let given_up = ends.iter().filter(|end| **end == End::GivenUp);
    assert_eq!(given_up.count(), 5);
    let time = begun.elapsed().as_secs();
    assert!((1500..1560).contains(&time), "{time}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_lets_the_next_one_go() {
    let (bucket, gate) = (Bucket::new(1.0, 1.0), gate());
    call(&gate, &bucket, LATENCY, 0).await;
    let dropped = call(&gate, &bucket, LATENCY, 1);
    let waited = tokio::time::timeout(Duration::from_millis(100), dropped).await;
    assert!(waited.is_err());
    let end = call(&gate, &bucket, LATENCY, 2).await;
    assert_eq!(end, End::Passed { signed: 1 });
}

#[tokio::test(start_paused = true)]
async fn operations_do_not_wait_for_each_other() {
    let pace = Pace::new(Intervals::default(), Duration::from_secs(1500));
    pace.gate("CreateStack").slow(Instant::now());
    assert!(pace.gate("CreateStack").state().closed);
    assert!(!pace.gate("DescribeStacks").state().closed);
}
