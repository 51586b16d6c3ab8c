//! A command to a process instance: decide, with inline activities in the batch's own transaction.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use engine::command::{Action, ActivityFailure, Actor, Cause, Command, Start, failure};
use engine::draft::{DecideError, Draft, Progress};
use engine::facts::{ActivityResult, Ask, Context, Fact};
use engine::history::transition::Content;
use engine::id::{Digest, InstanceId, RunId};
use engine::language::definition::{Definition, Start as StartRule};
use engine::operate::Operation;
use engine::project::Outgoing;
use engine::rejection::Rejection;
use engine::time::Timestamp;
use engine::value::Value;
use futures_util::FutureExt;
use store::outbox::Origin;
use store::{ErrorKind, StoreError, Tx};

use super::{Outcome, Writer};
use crate::activity::{Call, CallError};
use crate::batch::{Batch, NewTransition};
use crate::cache::Committed;
use crate::error::SubmitError;
use crate::handle::new_instance_id;
use crate::load;
use crate::request::{Receipt, Request};

/// What answering a question came to.
enum Answered {
    Fact(Fact),
    /// A deadlock or a lock timeout.
    PutOff,
}

/// What a command has done to the transaction beside its rows, to be undone if it is refused.
#[derive(Default)]
struct Traces {
    keys: Vec<(Arc<str>, Arc<str>)>,
    /// A savepoint around all its activities is open.
    savepoint: bool,
}

/// The `seq` of what a delivery that was refused sends back, under its own origin.
const GIVEN_BACK: u32 = 1 << 20;

impl Writer {
    pub(super) async fn instance(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        request: &Request,
        to: InstanceId,
        command: &Command,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if to.service_stream().is_some() {
            return Ok(Outcome::Answer(Err(SubmitError::Rejected(Rejection::UnknownInstance))));
        }
        if let Some(why) = self.shared.parked(to) {
            return Ok(Outcome::Answer(Err(SubmitError::Quarantined(why))));
        }
        if let Some(refused) = self.shared.skew.refuses(command) {
            return Ok(Outcome::Answer(Err(refused)));
        }
        let before = match self.state(batch, to, request.fresh).await {
            Ok(before) => before,
            Err(load::LoadError::Store(error)) => return Err(error),
            Err(error) => {
                // Nothing can be decided on it. Its row keeps its timers and jobs from coming again and again.
                batch.dirty |= store::instance::set_aside(tx, to).await?;
                self.shared.park(to, super::chain(&error));
                return Ok(Outcome::Answer(Err(SubmitError::Quarantined(error.to_string()))));
            }
        };
        let definition = match self.definition(before.as_ref(), command).await? {
            Ok(definition) => definition,
            Err(error) => return Ok(Outcome::Answer(Err(error))),
        };
        let target = match command.action.target() {
            Some(release) => match self.target(release).await? {
                Ok(target) => Some(target),
                Err(error) => return Ok(Outcome::Answer(Err(error))),
            },
            None => None,
        };
        let context = Context { instance: to, now };
        let state = before.as_ref().map(|before| before.state.clone());
        let mut draft = Draft::new(definition.clone(), state, command.clone(), context).to(target);
        let mut traces = Traces::default();
        loop {
            let progress = std::panic::catch_unwind(AssertUnwindSafe(|| draft.advance()));
            let ask = match progress {
                Ok(Ok(Progress::Done)) => break,
                Ok(Ok(Progress::Ask(ask))) => ask,
                Ok(Err(error)) => {
                    undo(tx, &traces, to).await?;
                    let about = Refused { to, command, before: before.as_ref(), definition: &definition };
                    return self.refused(tx, batch, request, about, error).await;
                }
                Err(panic) => {
                    undo(tx, &traces, to).await?;
                    let why = said(panic.as_ref());
                    let Some(before) = before else {
                        // It did not begin: there is nothing to put aside but the id, which nobody knows.
                        self.shared.park(to, why.clone());
                        return Ok(Outcome::Answer(Err(SubmitError::Quarantined(why))));
                    };
                    self.put_aside(tx, batch, before, &definition, command, context, &why);
                    return Ok(Outcome::Answer(Err(SubmitError::Quarantined(why))));
                }
            };
            match self.answer_to(tx, &draft, ask, command, context, &mut traces).await? {
                Answered::Fact(fact) => draft.answer(fact),
                Answered::PutOff => {
                    undo(tx, &traces, to).await?;
                    return Ok(Outcome::PutOff);
                }
            }
        }
        if traces.savepoint {
            tx.release_savepoint().await?;
        }
        let Some(decision) = draft.finish() else {
            return Ok(Outcome::Answer(Err(SubmitError::Rejected(Rejection::UnknownInstance))));
        };
        let (version, snapshot) = before.as_ref().map_or((0, 0), |before| (before.version, before.snapshot));
        let shard = to.shard();
        if decision.events.is_empty() {
            // Nothing had to change: asking for what is already so is answered, not recorded.
            let receipt = receipt(&decision.state, version, 0);
            return Ok(Outcome::Answer(Ok(receipt)));
        }
        let version = version + 1;
        let changes = engine::project::changes(
            &decision.definition,
            before.as_ref().map(|before| &before.state),
            &decision.state,
            &decision.events,
            version,
        );
        let content = Content::Instance { command: command.clone(), facts: decision.facts, events: decision.events };
        let Some(position) = batch.append(NewTransition { instance: to, version, at: now, content }, tx) else {
            return Ok(Outcome::Answer(Err(SubmitError::Stopped)));
        };
        batch.change(shard, position, changes);
        let receipt = receipt(&decision.state, version, position);
        batch.keep_state(Committed { state: decision.state, version, snapshot }, position);
        if let Some(key) = &request.idempotency {
            batch.remember(key, &receipt, now);
        }
        Ok(Outcome::Answer(Ok(receipt)))
    }

    /// Records that deciding met a bug: from here on nothing is decided on the instance but what an operator wants.
    #[expect(
        clippy::too_many_arguments,
        reason = "one transition: on what, by which definition, why, where it is written"
    )]
    fn put_aside(
        &self,
        tx: &mut Tx,
        batch: &mut Batch,
        before: Committed,
        definition: &Arc<Definition>,
        command: &Command,
        context: Context,
        why: &str,
    ) {
        let to = context.instance;
        let poison = serde_json::to_value(command).ok().and_then(|json| Value::from_json(&json).ok());
        let what = Operation::Quarantine { why: why.into(), command: poison.unwrap_or_default() };
        let reason = "deciding met a bug".into();
        let aside = Command { actor: Actor::System, action: Action::Operate { what, reason } };
        let state = before.state.clone();
        let decided = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let mut draft = Draft::new(definition.clone(), Some(state), aside.clone(), context);
            let done = matches!(draft.advance(), Ok(Progress::Done));
            draft.finish().filter(|_| done)
        }));
        let Ok(Some(decision)) = decided else {
            self.shared.park(to, why.to_owned());
            return;
        };
        tracing::error!(instance.id = %to, "an instance met a bug and is quarantined: {why}");
        let version = before.version + 1;
        let changes =
            engine::project::changes(definition, Some(&before.state), &decision.state, &decision.events, version);
        let content = Content::Instance { command: aside, facts: decision.facts, events: decision.events };
        let new = NewTransition { instance: to, version, at: context.now, content };
        let Some(position) = batch.append(new, tx) else { return };
        batch.change(to.shard(), position, changes);
        batch.keep_state(Committed { state: decision.state, version, snapshot: before.snapshot }, position);
    }

    async fn state(&self, batch: &Batch, id: InstanceId, fresh: bool) -> Result<Option<Committed>, load::LoadError> {
        if let Some(drafted) = batch.states.get(&id) {
            return Ok(Some(drafted.clone()));
        }
        if fresh {
            return Ok(None);
        }
        if let Some(cached) = self.shared.cache.get(id) {
            return Ok(Some(cached));
        }
        load::newest(&self.shared.database, id).await
    }

    async fn definition(
        &self,
        before: Option<&Committed>,
        command: &Command,
    ) -> Result<Result<Arc<Definition>, SubmitError>, StoreError> {
        let digest = match (before, &command.action) {
            (Some(before), _) => before.state.release(),
            (None, Action::Start(start)) => start.release,
            (None, _) => return Ok(Err(SubmitError::Rejected(Rejection::UnknownInstance))),
        };
        match self.shared.releases.definition(digest).await {
            Ok(definition) => Ok(Ok(definition)),
            Err(crate::releases::ReleaseError::Store(error)) => Err(error),
            Err(error) => Ok(Err(SubmitError::Quarantined(error.to_string()))),
        }
    }

    /// The release that a migration goes to: one that was made effective, or is known to this node only.
    async fn target(&self, release: Digest) -> Result<Result<Arc<Definition>, SubmitError>, StoreError> {
        let refuse = |en: &str, zh: &str| {
            let (en, zh) = (format!("{en}: {release}"), format!("{zh}：{release}"));
            Ok(Err(SubmitError::Rejected(Rejection::NotLegal { en: en.into(), zh: zh.into() })))
        };
        let mut reader = self.shared.database.read().await?;
        let row = store::release::find(&mut reader, release).await?;
        drop(reader);
        if row.is_some_and(|row| row.state != store::release::State::Effective) {
            return refuse("the release is not approved", "该版本尚未批准");
        }
        match self.shared.releases.definition(release).await {
            Ok(definition) => Ok(Ok(definition)),
            Err(crate::releases::ReleaseError::Store(error)) => Err(error),
            Err(crate::releases::ReleaseError::Unknown(_)) => refuse("there is no such release", "没有这个版本"),
            Err(crate::releases::ReleaseError::DoesNotCompile { .. }) => {
                refuse("the release does not compile with this program", "该版本无法用当前程序编译")
            }
        }
    }

    /// A refusal changes nothing, but who sent it from another stream must hear of it.
    async fn refused(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        request: &Request,
        about: Refused<'_>,
        error: DecideError,
    ) -> Result<Outcome, StoreError> {
        let rejection = match error {
            DecideError::Rejected(rejection) => rejection,
            DecideError::Diverged => {
                return Ok(Outcome::Answer(Err(SubmitError::Quarantined("deciding asked twice for one fact".into()))));
            }
        };
        if let (Some(origin), Some(outgoing)) = (request.origin, about.answer(&rejection)) {
            let back = Origin { seq: origin.seq + GIVEN_BACK, ..origin };
            store::outbox::append(tx, &[(back, &outgoing)]).await?;
            batch.sent.push((back, outgoing));
        }
        Ok(Outcome::Answer(Err(SubmitError::Rejected(rejection))))
    }

    async fn answer_to(
        &self,
        tx: &mut Tx,
        draft: &Draft,
        ask: Ask,
        command: &Command,
        context: Context,
        traces: &mut Traces,
    ) -> Result<Answered, StoreError> {
        let fact = match ask {
            Ask::Person(id) => Fact::Person { person: self.shared.directory.person(&id) },
            Ask::Holders { candidates, at_most } => {
                Fact::Holders { holders: self.shared.directory.holders(&candidates, at_most) }
            }
            Ask::Key { process, key } => {
                let owner = store::business_key::claim(tx, &process, &key, context.instance).await?;
                if owner == context.instance {
                    traces.keys.push((process, key));
                }
                Fact::Key { owner }
            }
            Ask::Child { process } => Fact::Child {
                release: self.shared.releases.effective(&process, context.now),
                child: new_instance_id(context.instance.shard()),
            },
            Ask::Activity { run, activity, input, key } => {
                if !traces.savepoint {
                    tx.savepoint().await?;
                    traces.savepoint = true;
                }
                let call = Wanted { run, activity: &activity, input: &input, key: &key };
                match self.call(tx, draft, command, context, call).await? {
                    Some(result) => Fact::Activity { result },
                    None => return Ok(Answered::PutOff),
                }
            }
        };
        Ok(Answered::Fact(fact))
    }

    /// Runs an inline activity under its own savepoint. `None`: a deadlock or a lock timeout.
    async fn call(
        &self,
        tx: &mut Tx,
        draft: &Draft,
        command: &Command,
        context: Context,
        wanted: Wanted<'_>,
    ) -> Result<Option<ActivityResult>, StoreError> {
        let failed = |failure: ActivityFailure| Ok(Some(ActivityResult::Failed { failure }));
        let Some(activity) = self.shared.activities.lookup(wanted.activity) else {
            let why = format!("no service of this node offers `{}`", wanted.activity);
            return failed(ActivityFailure::business(failure::UNKNOWN, why));
        };
        tx.savepoint().await?;
        let call = Call {
            tx,
            input: wanted.input,
            now: context.now,
            actor: &command.actor,
            instance: context.instance,
            run: wanted.run,
            key: wanted.key,
        };
        // The future is built inside, so that a panic before its first await is caught as well.
        let result = AssertUnwindSafe(async { activity(call).await }).catch_unwind().await;
        let failure = match result {
            Ok(Ok(output)) => match draft.fits(wanted.run, &output) {
                Ok(()) => {
                    tx.release_savepoint().await?;
                    return Ok(Some(ActivityResult::Succeeded { output }));
                }
                Err(misfit) => misfit,
            },
            Ok(Err(CallError::Failed(failure))) => failure,
            Ok(Err(CallError::Store(error))) => match error.kind() {
                ErrorKind::Retryable => {
                    tx.rollback_to_savepoint().await?;
                    return Ok(None);
                }
                ErrorKind::Full | ErrorKind::Unavailable => return Err(error),
                // A statement of the activity's own that cannot succeed is its failure, not the store's.
                ErrorKind::Corrupt { .. } | ErrorKind::Other => {
                    let why = super::chain(&error);
                    tracing::error!(activity = wanted.activity, instance.id = %context.instance, "an activity's statement failed: {why}");
                    ActivityFailure::business(failure::STORE, "the store refused a statement of the activity")
                }
            },
            Err(panic) => {
                let why = said(panic.as_ref());
                tracing::error!(activity = wanted.activity, instance.id = %context.instance, "an activity panicked: {why}");
                ActivityFailure::business(failure::PANICKED, "the activity's code panicked")
            }
        };
        tx.rollback_to_savepoint().await?;
        failed(failure)
    }
}

/// A command that was refused.
struct Refused<'a> {
    to: InstanceId,
    command: &'a Command,
    before: Option<&'a Committed>,
    definition: &'a Definition,
}

impl Refused<'_> {
    /// What goes back to the sender.
    fn answer(&self, rejection: &Rejection) -> Option<Outgoing> {
        match &self.command.action {
            action @ Action::Deliver { .. } => {
                Outgoing::of_refused_delivery(self.before.map(|before| &before.state), action)
            }
            Action::Start(Start { cause: Cause::Message { message, id }, .. }) => {
                let or_event = self.definition.starts.iter().any(
                    |start| matches!(start, StartRule::Message { message: own, or_event: true } if own == message),
                );
                if or_event && matches!(rejection, Rejection::DuplicateKey { .. }) {
                    // It is for the instance that has this key, which may not have been listening yet.
                    return Some(Outgoing::GiveBack { message: message.clone(), id: id.clone() });
                }
                tracing::warn!(%message, %id, process = %self.definition.process, "a message started nothing: {rejection}");
                None
            }
            _ => Outgoing::of_refusal(self.to, self.command, rejection),
        }
    }
}

/// An activity that is asked for.
struct Wanted<'a> {
    run: RunId,
    activity: &'a str,
    input: &'a Value,
    key: &'a str,
}

/// Undoes what a command has done to the transaction.
async fn undo(tx: &mut Tx, traces: &Traces, instance: InstanceId) -> Result<(), StoreError> {
    if traces.savepoint {
        tx.rollback_to_savepoint().await?;
    }
    let keys: Vec<(&str, &str, InstanceId)> =
        traces.keys.iter().map(|(process, key)| (process.as_ref(), key.as_ref(), instance)).collect();
    if !keys.is_empty() {
        store::business_key::free(tx, &keys).await?;
    }
    Ok(())
}

fn receipt(state: &engine::state::State, version: u64, position: u64) -> Receipt {
    Receipt {
        instance: state.id(),
        version,
        position,
        status: state.status(),
        outcome: state.outcome().cloned(),
        result: Value::Null,
        replayed: false,
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
