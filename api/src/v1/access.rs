//! Who may read an instance, and which of its fields: `readers:` and `seen_by`.
//!
//! Readers are the process's `readers`, its owner, whoever started it, whoever has or had work in it or was given a copy,
//! whoever may raise an event of it, administrators and auditors. To everybody else it does not exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::event::Candidates;
use engine::facts::RoleFact;
use engine::id::{InstanceId, UserId};
use engine::language::definition::{Definition, Field, Start};
use engine::raise::{AllowedEvent, allowed_events, is_for, managed_in_events};
use engine::state::State;
use engine::value::{Map, Value};
use identity::role::{ADMINISTRATOR, AUDITOR};

use crate::backend::Backend;
use crate::extract::Caller;
use crate::problem::{Code, Problem};

/// An instance that the caller may read.
pub(crate) struct Readable {
    pub state: Arc<State>,
    pub definition: Arc<Definition>,
}

/// Finds an instance and refuses, in the same words, one that is not there and one that the caller may not see.
pub(crate) async fn instance(backend: &Backend, caller: &Caller, id: InstanceId) -> Result<Readable, Problem> {
    let state = backend.state(id).await?;
    let definition = backend.definition(state.release()).await?;
    if may_read(backend, caller, &definition, &state) {
        Ok(Readable { state, definition })
    } else {
        Err(Problem::plain(Code::UnknownInstance))
    }
}

/// Whether every instance of a process may be read.
pub(crate) fn reads_process(caller: &Caller, definition: &Definition) -> bool {
    sees_everything(caller)
        || caller.holds(&definition.owner)
        || definition.readers.iter().any(|role| caller.holds(role))
}

pub(crate) fn sees_everything(caller: &Caller) -> bool {
    caller.holds_everywhere(ADMINISTRATOR) || caller.holds_everywhere(AUDITOR)
}

fn may_read(backend: &Backend, caller: &Caller, definition: &Definition, state: &State) -> bool {
    let known =
        |id: &UserId| state.initiator().principals().any(|who| who == id) || state.has_acted(id) || state.has_copy(id);
    reads_process(caller, definition)
        || known(&caller.id)
        || caller.absent_in(state.process()).is_some_and(|absent| known(&absent.id))
        || works_on(backend, caller, state)
        || events(backend, caller, definition, state).iter().any(is_for)
}

/// The events of people that are open, as the caller finds them.
pub(crate) fn events(backend: &Backend, caller: &Caller, definition: &Definition, state: &State) -> Vec<AllowedEvent> {
    let now = backend.now();
    let people = managed_in_events(definition, state, now).into_iter();
    let managed = people.filter(|of| manages(backend, &caller.id, of)).collect();
    let person = backend.identity().directory().snapshot().person(&caller.id);
    person.map_or_else(Vec::new, |person| allowed_events(definition, state, now, &caller.id, &person, &managed))
}

/// Whether some open work is, or could be, the caller's.
fn works_on(backend: &Backend, caller: &Caller, state: &State) -> bool {
    let mut works = state.open_work().into_iter().filter_map(|id| state.work(id)).map(|(_, work)| work);
    works.any(|work| could_do(backend, caller, state.process(), work.assignee(), work.candidates()))
}

/// Whether work is, or could be, the caller's, or theirs for whom the caller stands in this process.
pub(crate) fn could_do(
    backend: &Backend,
    caller: &Caller,
    process: &str,
    assignee: Option<&UserId>,
    candidates: &[Candidates],
) -> bool {
    let theirs = |id: &UserId, roles: &[RoleFact]| {
        assignee == Some(id) || candidates.iter().any(|group| is_candidate(backend, (id, roles), group))
    };
    theirs(&caller.id, &caller.roles)
        || caller.absent_in(process).is_some_and(|absent| theirs(&absent.id, &absent.roles))
}

/// Whether somebody belongs to a group of candidates at this moment.
fn is_candidate(backend: &Backend, (who, roles): (&UserId, &[RoleFact]), group: &Candidates) -> bool {
    match group {
        Candidates::User { id } => id == who,
        Candidates::Role { role, scope } => roles.iter().any(|grant| grant.covers(role, scope)),
        Candidates::ManagerOf { id } => manages(backend, who, id),
    }
}

fn manages(backend: &Backend, manager: &UserId, of: &UserId) -> bool {
    let snapshot = backend.identity().directory().snapshot();
    snapshot.account(of).and_then(|account| account.manager.as_ref()) == Some(manager)
}

/// Whose manager somebody is, among the people that the candidates name.
pub(crate) fn managed(backend: &Backend, who: &UserId, candidates: &[Candidates]) -> BTreeSet<UserId> {
    candidates
        .iter()
        .filter_map(|group| match group {
            Candidates::ManagerOf { id } if manages(backend, who, id) => Some(id.clone()),
            _ => None,
        })
        .collect()
}

/// The names of fields that the caller may not see.
pub(crate) fn hidden_fields(caller: &Caller, definition: &Definition) -> BTreeSet<Arc<str>> {
    let hidden = |field: &&Field| {
        !field.seen_by.is_empty() && !sees_everything(caller) && !field.seen_by.iter().any(|role| caller.holds(role))
    };
    definition.input.iter().chain(&definition.data).filter(hidden).map(|field| field.name.clone()).collect()
}

/// A record without the fields that the caller may not see.
pub(crate) fn without(record: &Value, hidden: &BTreeSet<Arc<str>>) -> Value {
    match record {
        Value::Map(entries) if !hidden.is_empty() => {
            let kept = entries.iter().filter(|(name, _)| !hidden.contains(*name));
            Value::map(kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map>())
        }
        other => other.clone(),
    }
}

/// Whether the caller may start instances of a process by hand.
pub(crate) fn may_start(caller: &Caller, definition: &Definition) -> bool {
    let mut roles = definition.starts.iter().filter_map(|start| match start {
        Start::People { roles, .. } => Some(roles),
        _ => None,
    });
    caller.holds(ADMINISTRATOR) || roles.any(|roles| roles.iter().any(|role| caller.holds(role)))
}
