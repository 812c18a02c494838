//! A linearizability checker: whether what many callers were answered about one session can have come about one call
//! after the other.
//!
//! Every command that was made says which revision it made, so their order is known. What is left to find out is when each
//! revision came to be: a moment within the call that made it, after that of the revision before it, and such that every
//! reply was right at some moment of its own call. Calls' starts and ends are numbers of one counter.

use std::collections::BTreeMap;

use domain::{command::Command, request_id::RequestId};

use super::{
    Answer, State,
    call::{Call, Did},
    commit_times::CommitTimes,
    rule, same_content,
};

/// A session's states by their revisions, and the calls that were answered to have made each.
pub(crate) struct Replayed<'a> {
    pub(super) states: Vec<State>,
    /// More than one where a request came again. None for the state before the first.
    pub(super) makers: Vec<Vec<&'a Call>>,
}

/// Holds a session's history to the model.
///
/// # Errors
/// What the model does not allow.
pub(crate) fn check(history: &[Call]) -> Result<Replayed<'_>, String> {
    let replayed = replay(history)?;
    let requests = requests(history, &replayed)?;
    let mut commit_times = CommitTimes::of(&replayed);
    for call in history {
        if let Some(revision) = replayed.revision_of(call, &requests)? {
            commit_times.was_current(revision, call.start, call.end);
        }
    }
    for request in requests.values() {
        commit_times.was_recorded(request, &replayed);
    }
    commit_times.solve()?;
    for call in history {
        replayed.could_be(call, &requests, &commit_times)?;
    }
    in_order_of_the_call(history)?;
    Ok(replayed)
}

/// The command of a call that is answered to have made a revision, or to have been made before.
fn made(call: &Call) -> Option<(&Command, &Answer)> {
    match &call.did {
        Did::Command(command, Ok(answer)) if answer.changed && !command.validate_only => {
            Some((command, answer))
        }
        Did::Command(..) | Did::Get(_) | Did::List(..) => None,
    }
}

fn replay(history: &[Call]) -> Result<Replayed<'_>, String> {
    let mut by_revision: BTreeMap<i64, Vec<&Call>> = BTreeMap::new();
    for call in history {
        if let Some((_, answer)) = made(call) {
            by_revision.entry(answer.revision).or_default().push(call);
        }
    }
    let mut replayed = Replayed { states: vec![State::NONE], makers: vec![Vec::new()] };
    for (revision, makers) in by_revision {
        let last = replayed.states.last().expect("there is one before the first");
        if revision != last.revision + 1 {
            return Err(format!("no command made revision {}, but one made {revision}", last.revision + 1));
        }
        let state = makers.iter().try_fold(None, |_, maker| {
            let (command, answer) = made(maker).expect("only such were taken");
            let (expected, state) = last.step(command);
            if expected.as_ref() != Ok(answer) {
                return Err(format!("in {last:?} {maker} should have been answered {expected:?}"));
            }
            let first = made(makers[0]).expect("only such were taken").0;
            let is_repeat = command.request_id.is_some() && command.request_id == first.request_id;
            if makers.len() > 1 && !(is_repeat && same_content(command, first)) {
                return Err(format!("{} and {maker} made the same revision", makers[0]));
            }
            Ok(Some(state))
        })?;
        replayed.states.push(state.expect("there is at least one"));
        replayed.makers.push(makers);
    }
    Ok(replayed)
}

/// A request that is remembered: by the life of the session that it was made in, and its id.
type Requests<'a> = BTreeMap<(usize, &'a RequestId), Request<'a>>;

/// What a request was answered, every time.
pub(super) struct Request<'a> {
    pub(super) command: &'a Command,
    pub(super) answer: &'a Answer,
    pub(super) first_start: u64,
    pub(super) first_end: u64,
    pub(super) last_start: u64,
}

/// The request id of a call that was remembered under it.
fn remembered(call: &Call) -> Option<(&RequestId, &Command, &Answer)> {
    match &call.did {
        Did::Command(command, Ok(answer)) if answer.document.is_some() && !command.validate_only => {
            Some((command.request_id.as_ref()?, command, answer))
        }
        Did::Command(..) | Did::Get(_) | Did::List(..) => None,
    }
}

fn requests<'a>(history: &'a [Call], replayed: &Replayed<'_>) -> Result<Requests<'a>, String> {
    let mut requests = Requests::new();
    for call in history {
        let Some((id, command, answer)) = remembered(call) else { continue };
        let life = replayed.life(answer.revision);
        let request = requests.entry((life, id)).or_insert(Request {
            command,
            answer,
            first_start: call.start,
            first_end: call.end,
            last_start: call.start,
        });
        if request.answer != answer || !same_content(request.command, command) {
            return Err(format!("{call} was taken, though its id had been answered {:?}", request.answer));
        }
        request.first_start = request.first_start.min(call.start);
        request.first_end = request.first_end.min(call.end);
        request.last_start = request.last_start.max(call.start);
    }
    Ok(requests)
}

impl Replayed<'_> {
    /// Which of the session's lives a revision is in, by how many deletions were before it.
    fn life(&self, revision: i64) -> usize {
        self.states.iter().skip(1).take(revision as usize).filter(|state| state.document.is_none()).count()
    }

    /// The revision that ended the life which a revision is in.
    pub(super) fn deletion_after(&self, revision: i64) -> Option<usize> {
        (revision as usize..self.states.len()).find(|at| *at > 0 && self.states[*at].document.is_none())
    }

    fn state(&self, revision: i64) -> Result<&State, String> {
        let at = usize::try_from(revision).ok();
        at.and_then(|at| self.states.get(at)).ok_or_else(|| format!("revision {revision} was never made"))
    }

    /// The revision that a reply says was there during the call, and that it gives rightly. A command that made one,
    /// and one whose request id was remembered, say that elsewhere.
    fn revision_of(&self, call: &Call, requests: &Requests<'_>) -> Result<Option<i64>, String> {
        match &call.did {
            Did::Command(_, Err(_)) | Did::Get(Err(_)) | Did::List(_, None) => Ok(None),
            Did::Command(..) if made(call).is_some() => Ok(None),
            Did::Command(command, Ok(answer)) => {
                let (expected, _) = self.state(answer.revision)?.step(command);
                if expected.as_ref() != Ok(answer) {
                    return Err(format!("{call} should have been answered {expected:?}"));
                }
                let is_remembered = remembered(call)
                    .is_some_and(|(id, ..)| requests.contains_key(&(self.life(answer.revision), id)));
                Ok((!is_remembered).then_some(answer.revision))
            }
            Did::Get(Ok((revision, document))) | Did::List(_, Some((revision, document))) => {
                let state = self.state(*revision)?;
                if state.document.as_ref() != Some(document) {
                    return Err(format!("{call} should have been answered {state:?}"));
                }
                if let Did::List(filter, _) = &call.did
                    && !rule::meets(document, filter)
                {
                    return Err(format!("{call} does not meet the filter"));
                }
                Ok(Some(*revision))
            }
        }
    }

    /// A reply that does not say when it was right was right in some state that may have been there during the call.
    fn could_be(
        &self,
        call: &Call,
        requests: &Requests<'_>,
        commit_times: &CommitTimes,
    ) -> Result<(), String> {
        let mut candidates = (0..self.states.len()).filter(|at| commit_times.may_be_current(*at, call));
        let is_right = |at: &usize| {
            let state = &self.states[*at];
            match &call.did {
                Did::Command(command, Err(error)) => {
                    let id = command.request_id.as_ref().filter(|_| state.document.is_some());
                    let earlier = id.and_then(|id| requests.get(&(self.life(*at as i64), id)));
                    let earlier = earlier.filter(|earlier| earlier.answer.revision <= *at as i64);
                    let is_reuse = earlier.is_some_and(|earlier| {
                        let reused =
                            domain::Error::RequestIdReused(command.request_id.clone().expect("it has one"));
                        !same_content(earlier.command, command) && *error == format!("{reused:?}")
                    });
                    // Once a request is known to be remembered, nothing else is asked of it.
                    let is_surely_remembered = earlier.is_some_and(|earlier| earlier.first_end < call.start);
                    is_reuse || !is_surely_remembered && state.step(command).0.as_ref() == Err(error)
                }
                Did::Get(Err(_)) => state.document.is_none(),
                Did::List(filter, None) => {
                    !state.document.as_ref().is_some_and(|document| rule::meets(document, filter))
                }
                Did::Command(_, Ok(_)) | Did::Get(Ok(_)) | Did::List(_, Some(_)) => true,
            }
        };
        if candidates.any(|at| is_right(&at)) {
            return Ok(());
        }
        let states: Vec<_> =
            (0..self.states.len()).filter(|at| commit_times.may_be_current(*at, call)).collect();
        Err(format!("{call} is right in none of the revisions {states:?}, which may have been there"))
    }
}

/// Commands of one call are made in their order, as far as is known: those without a request id are not repeats.
fn in_order_of_the_call(history: &[Call]) -> Result<(), String> {
    let mut last: BTreeMap<u64, i64> = BTreeMap::new();
    for call in history {
        let Some((command, answer)) = made(call) else { continue };
        if command.request_id.is_none()
            && let Some(before) = last.insert(call.start, answer.revision)
            && before > answer.revision
        {
            return Err(format!("{call} was made before what comes before it in its call"));
        }
    }
    Ok(())
}
