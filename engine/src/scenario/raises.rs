//! Raising an event of people in a scenario: `add_lots`, or of a step `reply[K2].visit`.

use std::sync::Arc;

use super::play::Player;
use super::script::Pattern;
use super::world::{Trouble, stuck};
use crate::command::{Action, Actor, Raise};
use crate::id::{RunId, UserId};
use crate::language::definition::{Definition, Handler, PersonEvent, Trigger};
use crate::language::syntax::Node;
use crate::language::types::Type;
use crate::raise::to_sign_event;
use crate::rejection::Rejection;
use crate::signing::record_digest;
use crate::state::ROOT_RUN;

impl Player<'_> {
    pub(super) fn raise(
        &mut self,
        who: &UserId,
        written: &Pattern,
        (with, reason, signs): (Option<&Node>, Option<&Arc<str>>, bool),
    ) -> Result<(), Trouble> {
        let definition = self.world.definition.clone();
        let (host, name, event) = self.open_event(&definition, written)?;
        self.world.people.entitle_raiser(who, &event.by);
        let form = event.form.as_ref().and_then(|form| definition.forms.get(form));
        let kind = form.map(|form| Type::Record(Arc::new(form.fields.clone())));
        let answer = self.value(with, kind.as_ref())?;
        let mut raise = Raise { host, event: name, answer, reason: reason.cloned(), signature: None };
        if let (true, Some(state)) = (signs, &self.world.state) {
            let record = to_sign_event(&definition, state, &raise).unwrap_or_default();
            raise.signature = Some(self.assertion(who, record_digest(&record)));
        }
        self.world.submit(Actor::person(who), Action::Raise(raise))
    }

    /// The open event that is meant: the process's own first, then that of an open step.
    fn open_event<'d>(
        &self,
        definition: &'d Definition,
        written: &Pattern,
    ) -> Result<(RunId, Arc<str>, &'d PersonEvent), Trouble> {
        let (steps, name) = match written.step.rsplit_once('.') {
            Some((steps, name)) => (Some(steps), name),
            None => (None, written.step.as_ref()),
        };
        let named = |handlers: &'d [Handler]| {
            handlers.iter().find_map(|handler| match &handler.on {
                Trigger::Person(event) if *handler.name == *name => Some(event.as_ref()),
                _ => None,
            })
        };
        let host = Pattern { step: steps.unwrap_or_default().into(), ..written.clone() };
        let suits = |step: &str, items: &[Arc<str>]| {
            (steps.is_none() || host.names(step)) && host.items.iter().all(|item| items.contains(item))
        };
        let live = self.world.state.as_ref().filter(|state| state.is_live());
        let of_process = named(&definition.handlers).filter(|_| steps.is_none() && host.items.is_empty());
        let of_step = || {
            let mut open = live?.open_steps().filter(|(step, _, items)| suits(step, items));
            open.find_map(|(step, run, _)| Some((run, named(&definition.step(step)?.handlers)?)))
        };
        if let Some((host, event)) = of_process.map(|event| (ROOT_RUN, event)).or_else(of_step) {
            return Ok((host, name.into(), event));
        }
        if let Some(outcome) = self.world.state.as_ref().and_then(|state| state.outcome()) {
            return Err(Trouble::Refused(Rejection::Ended { outcome: outcome.clone() }));
        }
        let (zh, en) = self.standing();
        stuck(
            format!("没有打开的事件 `{}`；{zh}", written.written),
            format!("there is no open event `{}`; {en}", written.written),
        )
    }
}
