//! `send`: a message to whoever waits for it, now or later. `signal`: to everybody who waits now. `notify`: to people.
//!
//! A message goes to the stream that owns it, and the step is done when the owner has said what became of it. A signal
//! and a notice are done when they are on record.

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, Event};
use crate::flow::{self, DONE, Done};
use crate::id::ScopeId;
use crate::language::definition::{Notify, Send, Signal, Step};

pub(crate) fn message(draft: &mut Draft, scope: ScopeId, step: &Step, send: &Send, place: &Place) -> Deciding<()> {
    let payload = draft.record(&send.with, place)?;
    let own = match &send.id {
        Some(id) => Some(draft.text(id, place)?),
        None => None,
    };
    let run = super::open(draft, scope, step, Body::Plain, place)?;
    // Constant over every delivery of this activation, and of no other.
    let id = own.unwrap_or_else(|| format!("{}/{run}", draft.context.instance).into());
    draft.emit(Event::MessageSent {
        run,
        message: send.message.clone(),
        id,
        payload,
        ttl_micros: send.ttl_micros,
        to_one: send.to_one,
    });
    Ok(())
}

pub(crate) fn signal(draft: &mut Draft, scope: ScopeId, step: &Step, signal: &Signal, place: &Place) -> Deciding<()> {
    let payload = draft.record(&signal.with, place)?;
    let run = draft.enter(scope, step, Body::Plain);
    draft.emit(Event::SignalSent { run, signal: signal.signal.clone(), payload });
    flow::complete(draft, run, step, Done::plain(DONE))
}

pub(crate) fn notify(draft: &mut Draft, scope: ScopeId, step: &Step, notify: &Notify, place: &Place) -> Deciding<()> {
    let mut to = Vec::with_capacity(notify.to.len());
    for candidate in &notify.to {
        to.push(super::task::resolve(draft, candidate, place)?);
    }
    let text = draft.both_texts(&notify.text, place)?;
    let run = draft.enter(scope, step, Body::Plain);
    draft.emit(Event::Notified { run, to, text, mail: notify.mail, webhook: notify.webhook.clone() });
    flow::complete(draft, run, step, Done::plain(DONE))
}
