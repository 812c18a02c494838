//! Updates of many sessions that are made together, each with a result of its own.

use channel_session_api::v1::{
    ChannelSessionView, Failure, UpdateDataRequest, UpdateDataResult, update_data_result,
};
use domain::{
    Error,
    caller::Caller,
    command::{Command, CommandResult},
    session::Id,
};

use crate::{service::Options, status, update_data};

/// Updates in the order of their requests, those that broke a rule included.
#[derive(Default)]
pub(crate) struct Batch {
    commands: Vec<Command>,
    slots: Slots,
    /// How many violations may still be listed, where that has a limit.
    violations: Option<usize>,
}

/// Where the results belong.
#[derive(Default)]
pub(crate) struct Slots(Vec<Slot>);

enum Slot {
    /// The next of the commands: of this session, to be shown in this view.
    Command(Id, ChannelSessionView),
    /// Nothing was asked of the store.
    Refused(Error),
    /// The same, with only some of its violations, since those before it had most.
    Reduced(Failure),
}

impl Batch {
    /// Updates whose refusals list so many violations together: all of them would be hundreds of times what was sent.
    pub(crate) fn listing(violations: usize) -> Self {
        Self { violations: Some(violations), ..Self::default() }
    }

    /// How many may still be listed.
    pub(crate) fn violations_left(&self) -> usize {
        self.violations.unwrap_or(usize::MAX)
    }

    /// Adds the update that a request asks for. They share one cancel handle.
    pub(crate) fn add(&mut self, request: Option<UpdateDataRequest>, options: &Options, caller: &Caller) {
        let missing = || Error::MalformedBody("a request is required".to_owned());
        let command = request.ok_or_else(missing);
        let command = command.and_then(|request| update_data::command(request, options, caller));
        let slot = match command {
            Ok((command, view)) => {
                let slot = Slot::Command(command.id.clone(), view);
                self.commands.push(command);
                slot
            }
            Err(error) => self.refused(error),
        };
        self.slots.0.push(slot);
    }

    fn refused(&mut self, error: Error) -> Slot {
        let Some(left) = &mut self.violations else { return Slot::Refused(error) };
        let count = error.violations().len();
        if let Some(rest) = left.checked_sub(count) {
            *left = rest;
            return Slot::Refused(error);
        }
        let mut failure = status::failure(&error);
        failure.violations.truncate(std::mem::take(left));
        Slot::Reduced(failure)
    }

    /// Adds an update that nothing is asked of the store for.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.slots.0.push(Slot::Refused(error));
    }

    /// How many updates there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.0.len()
    }

    /// What to ask of the store, and where its results belong.
    pub(crate) fn split(self) -> (Vec<Command>, Slots) {
        (self.commands, self.slots)
    }
}

impl Slots {
    /// The results in the order of the requests, given those of the commands in their order: each is made when it is asked for.
    pub(crate) fn fill(
        self,
        executed: Vec<Result<CommandResult, Error>>,
    ) -> impl Iterator<Item = UpdateDataResult> {
        let mut executed = executed.into_iter();
        let mut log = Log::default();
        self.0.into_iter().map(move |slot| {
            let made = match slot {
                Slot::Command(id, view) => executed
                    .next()
                    .unwrap_or_else(|| Err(Error::Internal("the store returned no result".into())))
                    .and_then(|result| update_data::response(result, id, view)),
                Slot::Refused(error) => Err(error),
                Slot::Reduced(failure) => {
                    let result = Some(update_data_result::Result::Failure(failure));
                    return UpdateDataResult { result, reduced: true };
                }
            };
            let result = match made {
                Ok(response) => update_data_result::Result::Response(response),
                Err(error) => {
                    log.write(&error);
                    update_data_result::Result::Failure(status::failure(&error))
                }
            };
            UpdateDataResult { result: Some(result), ..UpdateDataResult::default() }
        })
    }
}

/// Writes errors to the log, unless one is the last one again: a store that is unavailable fails all of a batch alike.
#[derive(Default)]
struct Log(Option<String>);

impl Log {
    fn write(&mut self, error: &Error) {
        let text = format!("{error:?}");
        if self.0.as_ref() != Some(&text) {
            status::log(error);
            self.0 = Some(text);
        }
    }
}
