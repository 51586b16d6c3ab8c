//! What happens between instances, and in time: outboxes, messages, timers.

use std::sync::Arc;

use countersign_engine::command::{Action, Actor, Command};
use countersign_engine::id::{InstanceId, TimerId};
use countersign_engine::project::Outgoing;
use countersign_engine::time::Timestamp;
use countersign_engine::value::Value;

use crate::driver::{DAY, HOUR, Sent, Waiter, World};

/// Transitions that may follow from one command before a test is told that something goes round in a circle.
const TRANSITIONS_MAX: u32 = 5_000;

impl World {
    /// Everything that happens by itself: what was sent arrives, what is ready goes on.
    pub(crate) fn settle(&mut self) {
        let before = self.transitions;
        loop {
            assert!(self.transitions - before < TRANSITIONS_MAX, "something goes round in a circle");
            if let Some(outgoing) = self.outbox.pop_front() {
                self.deliver(outgoing);
                continue;
            }
            let ready =
                self.instances.iter().find(|(_, instance)| instance.state.is_live() && instance.state.is_ready());
            let Some((&id, _)) = ready else { return };
            self.decide(id, Command { actor: Actor::System, action: Action::Continue }).expect("it is ready");
        }
    }

    fn deliver(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Command { to, command } => {
                let refusal = self.decide(to, command.clone()).err();
                let answer = refusal.as_ref().and_then(|why| Outgoing::of_refusal(to, &command, why));
                self.outbox.extend(answer);
                if refusal.is_some() {
                    let state = self.instances.get(&to).map(|instance| &instance.state);
                    self.outbox.extend(Outgoing::of_refused_delivery(state, &command.action));
                }
            }
            Outgoing::Subscribe { message, matches, instance, subscription } => {
                self.waiters.push(Waiter { message, matches, instance, subscription });
                self.pair();
            }
            Outgoing::Unsubscribe { instance, subscription, .. } => {
                self.waiters.retain(|waiter| (waiter.instance, waiter.subscription) != (instance, subscription));
            }
            Outgoing::GiveBack { message, id } => {
                let place = self.given.iter().position(|sent| sent.message == message && sent.id == id);
                self.sent.extend(place.map(|place| self.given.remove(place)));
                self.pair();
            }
        }
    }

    /// A message from outside; `false` if its id was seen before.
    pub(crate) fn publish(&mut self, message: &str, id: &str, order: &str, amount: i64) -> bool {
        let key = (Arc::from(message), Arc::from(id));
        if self.seen.contains(&key) {
            return false;
        }
        self.seen.push(key.clone());
        let ttl = if message == "moved" { HOUR } else { 7 * DAY };
        let payload = Value::record([("order", Value::from(order)), ("amount", Value::Int(amount))]);
        self.sent.push(Sent { message: key.0, id: key.1, payload, expires: self.now.plus_micros(ttl) });
        self.pair();
        self.settle();
        true
    }

    /// Gives each message that waits to the first who waits for it.
    fn pair(&mut self) {
        let mut place = 0;
        while place < self.sent.len() {
            let sent = &self.sent[place];
            let fits = |waiter: &Waiter| {
                let mut wanted = waiter.matches.as_map().into_iter().flatten();
                waiter.message == sent.message
                    && sent.expires > self.now
                    && wanted.all(|(field, value)| sent.payload.get(field) == Some(value))
            };
            let Some(waiter) = self.waiters.iter().position(fits) else {
                place += 1;
                continue;
            };
            let (sent, waiter) = (self.sent.remove(place), self.waiters.remove(waiter));
            let action = Action::Deliver {
                subscription: waiter.subscription,
                message: sent.message.clone(),
                id: sent.id.clone(),
                payload: sent.payload.clone(),
            };
            self.given.push(sent);
            let command = Command { actor: Actor::System, action };
            self.outbox.push_back(Outgoing::Command { to: waiter.instance, command });
        }
    }

    /// Time passes; timers fire at their moments.
    pub(crate) fn wait(&mut self, micros: i64) {
        let until = self.now.plus_micros(micros);
        while let Some((instance, timer, due)) = self.next_timer().filter(|(_, _, due)| *due <= until) {
            self.now = self.now.max(due);
            self.system(instance, Action::FireTimer { timer }).expect("an armed timer fires");
        }
        self.now = until;
    }

    pub(crate) fn next_timer(&self) -> Option<(InstanceId, TimerId, Timestamp)> {
        let rests = |id: &InstanceId| self.instances.get(id).is_some_and(|one| one.state.status().is_held());
        let timers = self
            .tables
            .timers
            .values()
            .filter(|row| !rests(&row.instance))
            .map(|row| (row.due, row.instance, row.timer));
        timers.min().map(|(due, instance, timer)| (instance, timer, due))
    }
}
