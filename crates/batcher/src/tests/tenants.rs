//! Tenants that share batches and the room of the queue.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tokio::sync::oneshot::Receiver;

use super::*;

fn deletion_of(tenant: &str, id: &str) -> Command {
    Command { tenant: TenantId::from_stored(tenant), ..deletion(id) }
}

/// What waits: of which tenant and session, by which lane, in which order.
type Pushed = Vec<(u64, u64, Lane)>;

fn pushed(sessions: u64) -> impl Strategy<Value = Pushed> {
    let lane = prop_oneof![Just(Lane::Single), Just(Lane::Bulk), Just(Lane::Large)];
    // The first tenant floods.
    let tenant = prop_oneof![6 => Just(0_u64), 1 => 1..8_u64];
    prop::collection::vec((tenant, 0..sessions, lane), 0..300)
}

/// A queue, with whoever waits for answers.
struct Waiters {
    queue: Queue<Command>,
    answers: Vec<Receiver<Outcome<Command>>>,
}

impl Waiters {
    fn new() -> Self {
        Self::with(false)
    }

    /// In batches of one tenant, or of several.
    fn with(one_tenant: bool) -> Self {
        let limits = Options { max_batch: 16, max_bulk: 8, max_large: 4, one_tenant, ..Options::default() };
        Self { queue: Queue::new(&limits), answers: Vec::new() }
    }

    /// Its index in the order of all is the command's time.
    fn push(&mut self, tenant: u64, session: u64, lane: Lane) {
        let (answer, answered) = oneshot::channel();
        let mut command = deletion_of(&tenant.to_string(), "x");
        command.at = Timestamp::from_millis(i64::try_from(self.answers.len()).expect("few"));
        self.queue.push(Waiting::new((tenant, Some(1000 * tenant + session)), lane, command, answer));
        self.answers.push(answered);
    }
}

fn of_tenant(batch: &[Waiting<Command>], tenant: u64) -> usize {
    batch.iter().filter(|waiting| waiting.tenant == tenant).count()
}

proptest! {
    /// Nothing is lost or comes twice, and a session's items keep their order, in whatever order batches end.
    #[test]
    fn all_come_once_and_those_of_a_session_in_order(
        pushed in pushed(5),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 64),
        one_tenant in any::<bool>(),
    ) {
        let mut waiters = Waiters::with(one_tenant);
        // Two sessions of one tenant may be of different lanes, but each session is of one.
        let mut lanes = BTreeMap::new();
        for (tenant, session, lane) in &pushed {
            let lane = *lanes.entry((*tenant, *session)).or_insert(*lane);
            waiters.push(*tenant, *session, lane);
        }
        let (mut in_flight, mut seen, mut last) = (Vec::new(), 0, BTreeMap::new());
        let mut ends = ends.iter().cycle();
        loop {
            let (batch, _) = waiters.queue.take(true);
            for waiting in &batch {
                seen += 1;
                let at = waiting.item.at;
                let before = last.insert(waiting.key, at);
                prop_assert!(before.is_none_or(|before| before < at));
            }
            let keys: HashSet<_> = batch.iter().filter_map(|waiting| waiting.key).collect();
            let is_empty = keys.is_empty();
            // Whoever can take nothing stops looking.
            prop_assert!(!is_empty || waiters.queue.ready() == 0);
            if let Some(first) = batch.first().filter(|_| one_tenant) {
                prop_assert_eq!(of_tenant(&batch, first.tenant), batch.len());
            }
            if !is_empty {
                in_flight.push(keys);
            }
            if in_flight.len() > 2 || (is_empty && !in_flight.is_empty()) {
                let at = ends.next().expect("it goes round").index(in_flight.len());
                for key in in_flight.remove(at) {
                    waiters.queue.unlock(key);
                }
            } else if is_empty {
                break;
            }
        }
        prop_assert_eq!(seen, pushed.len());
        prop_assert!(waiters.answers.iter_mut().all(|answer| answer.try_recv().is_err()), "none was refused");
    }

    /// Each tenant of which something waits gets all of it or its share of the batch, whoever else waits.
    #[test]
    fn each_has_its_share_of_each_batch(pushed in pushed(1)) {
        for (lane, size) in [(Lane::Single, 16), (Lane::Bulk, 8), (Lane::Large, 4)] {
            let mut waiters = Waiters::new();
            let mut left = BTreeMap::<u64, usize>::new();
            for (at, (tenant, ..)) in pushed.iter().enumerate() {
                // Each of a session of its own: what is locked is in nobody's share.
                waiters.push(*tenant, u64::try_from(at).expect("few"), lane);
                *left.entry(*tenant).or_default() += 1;
            }
            while !left.is_empty() {
                let (batch, _) = waiters.queue.take(true);
                let all: usize = left.values().sum();
                prop_assert_eq!(batch.len(), size.min(all));
                let share = size / left.len();
                for (tenant, left) in &mut left {
                    let got = of_tenant(&batch, *tenant);
                    prop_assert!(got >= share.min(*left), "{tenant}: {got} of {left}, share {share}");
                    *left -= got;
                }
                left.retain(|_, left| *left > 0);
            }
            prop_assert_eq!(waiters.queue.take(true).0.len(), 0);
        }
    }
}

/// The one that floods is refused, and the other's items find room for as long as they are fewer.
#[test]
fn whoever_has_most_in_a_queue_that_fills_up_is_refused_first() {
    let limits = Options { max_waiting: 28, ..Options::default() };
    let mut waiters = Waiters { queue: Queue::new(&limits), answers: Vec::new() };
    let mut fill = |tenant: u64, session: fn(u64) -> u64| {
        let mut pushed = 0;
        while waiters.queue.make_room(tenant, 1) {
            waiters.push(tenant, session(pushed), Lane::Single);
            pushed += 1;
        }
        pushed
    };
    assert_eq!(fill(1, |at| at), 21);
    // Also while its items wait for a session that is in a batch.
    assert_eq!(fill(2, |_| 0), 6);
    assert_eq!(waiters.queue.take(false).0.len(), 27);
    assert!(waiters.queue.make_room(2, 28));
}

#[tokio::test]
async fn another_tenant_s_item_is_in_the_next_batch_however_many_wait() {
    let bench = Bench::with(Options { max_in_flight: 1, max_waiting: 1000, ..options() });
    let first = bench.ask(&["first"]);
    bench.begun(1).await;
    let flood: Vec<_> = (0..50).map(|at| bench.ask(&[&format!("flood-{at}")])).collect();
    bench.asked(50).await;
    let others = ["a", "b"].map(|id| bench.submit(vec![deletion_of(id, id)]));
    bench.asked(52).await;
    bench.log.gate.add_permits(100);
    all_are_ok(flood.into_iter().chain([first]).chain(others)).await;
    assert_eq!(bench.batches()[1], ["flood-0", "a", "b", "flood-1"]);
}

proptest! {
    /// Nobody is left behind: a tenant waits for so many batches of others as there are tenants and lanes that take turns.
    #[test]
    fn batches_of_one_tenant_come_by_turns(pushed in pushed(1)) {
        let mut waiters = Waiters::with(true);
        let mut left = BTreeMap::<u64, usize>::new();
        for (at, (tenant, _, lane)) in pushed.iter().enumerate() {
            waiters.push(*tenant, u64::try_from(at).expect("few"), *lane);
            *left.entry(*tenant).or_default() += 1;
        }
        let most = 4 * left.len();
        let mut waited = BTreeMap::<u64, usize>::new();
        while !left.is_empty() {
            let (batch, _) = waiters.queue.take(true);
            let tenant = batch.first().expect("something waits").tenant;
            prop_assert_eq!(of_tenant(&batch, tenant), batch.len());
            *left.get_mut(&tenant).expect("it waits") -= batch.len();
            left.retain(|_, left| *left > 0);
            waited.insert(tenant, 0);
            for tenant in left.keys() {
                let waited = waited.entry(*tenant).or_default();
                *waited += 1;
                prop_assert!(*waited <= most, "{tenant} waited for {waited} batches");
            }
        }
        prop_assert_eq!(waiters.queue.take(true).0.len(), 0);
    }
}
