//! Telling each other: urging, copies, comments, files. Nothing here changes where the process stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::delegate::worked;
use super::{acting, gone, is_candidate_of};
use crate::command::{Actor, WorkId};
use crate::decide::{ADMIN, person, reject};
use crate::draft::{Deciding, Draft, Stop};
use crate::event::{Attachment, Candidates, Did, Event};
use crate::id::UserId;
use crate::rejection::Rejection;
use crate::state::ROOT_RUN;
use crate::time::Timestamp;

/// What telling each other is bounded by.
pub mod limits {
    /// One piece of work is urged at most this often.
    pub const URGE_EVERY_MICROS: i64 = 3_600_000_000;
    /// Characters of a comment, and of the words that go with a copy or an urge.
    pub const COMMENT_CHARS_MAX: usize = 10_000;
    /// People that one act gives copies to.
    pub const COPIES_PER_ACT_MAX: usize = 100;
    /// Copies of one instance.
    pub const COPIES_MAX: usize = 5_000;
    /// Files of one instance, and the size of one.
    pub const FILES_MAX: usize = 1_000;
    pub const FILE_BYTES_MAX: u64 = 100 * 1024 * 1024;
    pub const FILE_NAME_CHARS_MAX: usize = 255;
}

/// Reminds whoever has the work, or could take it.
pub(super) fn urge(draft: &mut Draft, id: WorkId, text: Option<&Arc<str>>, actor: &Actor) -> Deciding<()> {
    let urged = match draft.state().work(id) {
        Some((_, work)) => work.urged_at(),
        None => return reject(gone(draft.state(), id)),
    };
    concerned(draft, actor)?;
    words(text)?;
    if let Some(why) = too_soon(urged, draft.now()) {
        return reject(why);
    }
    worked(draft, id, actor, Did::Urged { text: text.cloned() });
    Ok(())
}

/// Whether the work was urged within the hour.
pub(super) fn too_soon(urged: Option<Timestamp>, now: Timestamp) -> Option<Rejection> {
    let next = urged?.plus_micros(limits::URGE_EVERY_MICROS);
    (now < next).then(|| Rejection::LimitReached(format!("one reminder an hour; the next from {next}").into()))
}

/// Gives people a copy: they may read the instance, and need not do anything.
pub(super) fn copy(
    draft: &mut Draft,
    id: WorkId,
    to: &[UserId],
    text: Option<&Arc<str>>,
    actor: &Actor,
) -> Deciding<()> {
    about(draft, id)?;
    concerned(draft, actor)?;
    words(text)?;
    let people: BTreeSet<&UserId> = to.iter().collect();
    if people.is_empty() {
        return reject(Rejection::InvalidInput("say who gets a copy".into()));
    }
    if people.len() > limits::COPIES_PER_ACT_MAX {
        return reject(Rejection::LimitReached(format!("{} copies at once", limits::COPIES_PER_ACT_MAX).into()));
    }
    if draft.state().copies.size() + people.len() > limits::COPIES_MAX {
        return reject(Rejection::LimitReached(format!("{} copies of an instance", limits::COPIES_MAX).into()));
    }
    for to in people {
        person(draft, to)?;
        let copy = draft.number();
        worked(draft, id, actor, Did::Copied { copy, to: to.clone(), text: text.cloned() });
    }
    Ok(())
}

/// Whoever was given a copy has looked at it; saying so again changes nothing.
pub(super) fn read(draft: &mut Draft, copy: u64, actor: &Actor) -> Deciding<()> {
    acting(draft, actor)?;
    match draft.state().copies.get(&copy) {
        Some(given) if actor.principals().any(|one| *one == given.to) => {
            if !given.read {
                worked(draft, WorkId { run: ROOT_RUN, seat: 0 }, actor, Did::CopyRead { copy });
            }
            Ok(())
        }
        Some(_) => reject(Rejection::NotConcerned),
        None => reject(Rejection::Gone("there is no such copy".into())),
    }
}

pub(super) fn comment(draft: &mut Draft, id: WorkId, text: &Arc<str>, actor: &Actor) -> Deciding<()> {
    about(draft, id)?;
    concerned(draft, actor)?;
    words(Some(text))?;
    if text.trim().is_empty() {
        return reject(Rejection::InvalidInput("the comment says nothing".into()));
    }
    draft.emit(Event::Commented { work: id, by: actor.clone(), text: text.clone() });
    Ok(())
}

/// Puts a file on record; its bytes are stored already.
pub(super) fn attach(draft: &mut Draft, id: WorkId, file: &Attachment, actor: &Actor) -> Deciding<()> {
    about(draft, id)?;
    concerned(draft, actor)?;
    let name = file.name.trim();
    let bad = |letter: char| letter.is_control() || letter == '/' || letter == '\\';
    if name.is_empty() || name.chars().count() > limits::FILE_NAME_CHARS_MAX || name.chars().any(bad) {
        return reject(Rejection::InvalidInput("the file's name is empty, too long, or has a `/`".into()));
    }
    if file.bytes > limits::FILE_BYTES_MAX {
        return reject(Rejection::LimitReached(format!("{} bytes of a file", limits::FILE_BYTES_MAX).into()));
    }
    if draft.state().files.size() >= limits::FILES_MAX {
        return reject(Rejection::LimitReached(format!("{} files of an instance", limits::FILES_MAX).into()));
    }
    worked(draft, id, actor, Did::Attached { file: file.clone() });
    Ok(())
}

/// The process itself, or work that is open.
fn about(draft: &Draft, id: WorkId) -> Deciding<()> {
    if id.run == ROOT_RUN || draft.state().work(id).is_some() { Ok(()) } else { reject(gone(draft.state(), id)) }
}

fn words(text: Option<&Arc<str>>) -> Deciding<()> {
    match text {
        Some(text) if text.chars().count() > limits::COMMENT_CHARS_MAX => {
            reject(Rejection::LimitReached(format!("{} characters", limits::COMMENT_CHARS_MAX).into()))
        }
        _ => Ok(()),
    }
}

/// Those who may have a say: whoever started it, acted in it, has or could take its work, was given a copy, reads it by
/// role, or operates it.
fn concerned(draft: &mut Draft, actor: &Actor) -> Deciding<()> {
    let who = acting(draft, actor)?;
    let state = draft.state();
    let known = |one: &UserId| {
        state.initiator.principals().any(|starter| starter == one) || state.has_acted(one) || state.has_copy(one)
    };
    if actor.principals().any(known) {
        return Ok(());
    }
    let own = person(draft, &who)?;
    let definition = draft.definition.clone();
    let reads = |role: &str| {
        role == ADMIN
            || role == definition.owner.as_ref()
            || definition.readers.iter().any(|reader| reader.as_ref() == role)
    };
    if own.roles.iter().any(|held| reads(&held.role)) {
        return Ok(());
    }
    let state = draft.state();
    let works: Vec<_> = state.open_work().into_iter().filter_map(|id| state.work(id)).map(|(_, work)| work).collect();
    if works.iter().any(|work| work.assignee().is_some_and(|holder| actor.principals().any(|one| one == holder))) {
        return Ok(());
    }
    let mut groups: Vec<Candidates> = Vec::new();
    for group in works.into_iter().flat_map(|work| work.candidates().iter()) {
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    match is_candidate_of(draft, &groups, actor) {
        Err(Stop::Rejected(_)) => reject(Rejection::NotConcerned),
        result => result,
    }
}
