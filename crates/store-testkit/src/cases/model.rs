//! Random calls of many callers at once: every reply is one that the model allows, and the events record all of it.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::{
    caller::Requester,
    cancel_handle::CancelHandle,
    command::Command,
    event::{Event, Scope},
    list::Filter,
    precondition::RevisionMatch,
    session::{Id, Revision},
    store::Store,
    time::Timestamp,
};
use tokio::task::JoinSet;

use super::{reader::Reader, requests, tasks::all_end};
use crate::{
    generate::{
        self,
        command::{Call as Next, Planned, any_call, any_command},
    },
    model::{Call, Did, check, check_events},
    parsed,
};

const SESSIONS: usize = 3;
const TASKS: usize = 6;
/// How many calls each task makes in a round.
const CALLS: usize = 60;

pub async fn every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened(
    store: &Arc<dyn Store>,
) {
    for round in 0..generate::cases().div_ceil(50) {
        let ids: Vec<_> =
            (0..SESSIONS).map(|number| parsed::id(&format!("round {round} session {number}"))).collect();
        let reader = Reader::from_now(store, Scope::All).await;
        let histories = histories(store, round, &ids).await;
        let events = reader.limited(17).events().await;
        for id in &ids {
            let events: Vec<_> = events.iter().filter(|event| event.session_id == *id).cloned().collect();
            let history = &histories[id];
            let outcome = check(history).and_then(|replayed| check_events(&replayed, &events));
            outcome.unwrap_or_else(|problem| panic!("{}\n{problem}", printed(id, history)));
            is_history(store, id, events).await;
        }
    }
}

/// Lets all tasks run, and gives what each session's callers were answered, in the order in which they asked.
async fn histories(store: &Arc<dyn Store>, round: u32, ids: &[Id]) -> BTreeMap<Id, Vec<Call>> {
    // Requests that come again, from any task; two contents share each request id.
    let mut runner = generate::runner(round, usize::MAX);
    let repeats: Arc<Vec<Command>> = Arc::new(
        (0..CALLS)
            .map(|number| {
                let command = generate::next(&any_command(ids.to_vec()), &mut runner);
                requests::under(&format!("r{}", number / 2), command)
            })
            .collect(),
    );
    let clock = Arc::new(AtomicU64::new(1));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let mut caller = Caller {
            store: store.clone(),
            task,
            ids: ids.to_vec(),
            repeats: repeats.clone(),
            clock: clock.clone(),
            seen: BTreeMap::new(),
            calls: Vec::new(),
        };
        let mut runner = generate::runner(round, task);
        let plan: Vec<_> = (0..CALLS).map(|_| generate::next(&any_call(ids.to_vec()), &mut runner)).collect();
        tasks.spawn(async move {
            for (step, call) in plan.into_iter().enumerate() {
                caller.does(step, call).await;
                tokio::task::yield_now().await;
            }
            caller.calls
        });
    }
    let mut histories: BTreeMap<Id, Vec<Call>> = ids.iter().map(|id| (id.clone(), Vec::new())).collect();
    for (id, call) in all_end(tasks).await.into_iter().flatten() {
        histories.get_mut(&id).expect("no other sessions are asked for").push(call);
    }
    // The sort is stable: commands of one call stay in their order.
    histories.values_mut().for_each(|history| history.sort_by_key(|call| call.start));
    histories
}

/// One task: what it does, and what it was answered.
struct Caller {
    store: Arc<dyn Store>,
    task: usize,
    ids: Vec<Id>,
    repeats: Arc<Vec<Command>>,
    clock: Arc<AtomicU64>,
    seen: BTreeMap<Id, Revision>,
    calls: Vec<(Id, Call)>,
}

impl Caller {
    async fn does(&mut self, step: usize, call: Next) {
        match call {
            Next::Command(planned) => self.execute(planned).await,
            // All tasks are about as far, and so ask for the same at about the same time.
            Next::Repeat(number) => {
                let command = self.repeats[(step / 2 + number) % self.repeats.len()].clone();
                self.execute(vec![Planned { command, requires_seen: false }]).await;
            }
            Next::Get(id) => self.get(id).await,
            Next::List(filter) => self.list(filter).await,
        }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn was_answered(&mut self, id: Id, start: u64, end: u64, did: Did) {
        self.calls.push((id, Call { task: self.task, start, end, did }));
    }

    async fn execute(&mut self, planned: Vec<Planned>) {
        let start = self.tick();
        let commands: Vec<_> = planned
            .into_iter()
            .map(|Planned { command, requires_seen }| Command {
                revision: match self.seen.get(&command.id) {
                    Some(seen) if requires_seen => Some(RevisionMatch::OneOf(vec![*seen])),
                    Some(_) | None => command.revision,
                },
                requester: Requester::from_stored(&format!("task {}", self.task)),
                at: Timestamp::from_millis(start as i64),
                cancel_handle: CancelHandle::new(),
                ..command
            })
            .collect();
        let results = self.store.execute(commands.clone()).await;
        let end = self.tick();
        assert_eq!(results.len(), commands.len());
        for (command, result) in commands.into_iter().zip(results) {
            if let Ok(changed) = &result {
                self.seen.insert(command.id.clone(), changed.revision);
            }
            let answered = result.map(Into::into).map_err(|error| format!("{error:?}"));
            self.was_answered(command.id.clone(), start, end, Did::Command(Box::new(command), answered));
        }
    }

    async fn get(&mut self, id: Id) {
        let start = self.tick();
        let found = requests::get_one(&*self.store, &id).await;
        let end = self.tick();
        if let Ok(session) = &found {
            self.seen.insert(id.clone(), session.revision);
        }
        let answered = found.map_err(|error| {
            assert!(matches!(error, domain::Error::NotFound(_)), "{error:?}");
            format!("{error:?}")
        });
        self.was_answered(id, start, end, Did::Get(answered.map(|session| revision_and_document(&session))));
    }

    async fn list(&mut self, filter: Filter) {
        let start = self.tick();
        let listed = requests::list(&*self.store, &filter, None, 50).await;
        let end = self.tick();
        for id in self.ids.clone() {
            let session = listed.iter().find(|session| session.id == id);
            self.was_answered(id, start, end, Did::List(filter.clone(), session.map(revision_and_document)));
        }
    }
}

fn revision_and_document(session: &domain::session::Session) -> (i64, json::Value) {
    let (document, revision) = requests::read(session);
    (revision, document)
}

/// The session's history is what the events say, newest first and without their documents.
async fn is_history(store: &Arc<dyn Store>, id: &Id, events: Vec<Event>) {
    let history = requests::history(&**store, id).await;
    let expected: Vec<_> = events.into_iter().rev().map(|event| Event { document: None, ..event }).collect();
    assert_eq!(history, expected);
}

fn printed(id: &Id, history: &[Call]) -> String {
    let mut text = format!("what the callers of {id} were answered:\n");
    for call in history {
        writeln!(text, "{call}").expect("text can be written");
    }
    text
}
