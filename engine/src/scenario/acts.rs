//! What people do with work beside answering it, as a scenario says it.

use std::sync::Arc;

use super::play::Player;
use super::read::Reader;
use super::script::{Acts, Pattern, Verb};
use super::world::{Trouble, stuck};
use crate::command::{Act, Action, Actor, Resume, WorkId};
use crate::event::{Candidates, Place};
use crate::id::UserId;
use crate::language::syntax::{Node, Source};
use crate::rejection::Rejection;
use crate::state::ROOT_RUN;

/// What they do; the value is the step, save for `copies`, which names people, and `comments`.
pub(super) const VERBS: [&str; 11] = [
    "transfers",
    "delegates",
    "resolves",
    "recalls",
    "asks",
    "dismisses",
    "returns",
    "withdraws",
    "urges",
    "copies",
    "comments",
];
/// All the keys of such a move beside those that other moves have.
pub(super) const KEYS: [&str; 14] = [
    "transfers",
    "delegates",
    "resolves",
    "recalls",
    "asks",
    "dismisses",
    "returns",
    "withdraws",
    "urges",
    "copies",
    "comments",
    "who",
    "place",
    "resume",
];

/// Why, where a scenario says no reason.
const REASON: &str = "as the scenario says";

impl Reader<'_> {
    /// The verb of a move, if it has one of these, and its step.
    pub(super) fn verb<'n>(
        &mut self,
        source: &Source,
        find: &impl Fn(&str) -> Option<&'n Node>,
    ) -> Option<Option<(Verb, Pattern)>> {
        let (word, node) = VERBS.iter().find_map(|word| Some((*word, find(word)?)))?;
        if word == "copies" {
            let to = self.texts(source, node).into_iter().map(|(name, _)| name).collect();
            return Some(Some((Verb::Copies { to }, Pattern::parse(word, node.start))));
        }
        let subject = self.text(source, node);
        let step = Pattern::parse(&subject, node.start);
        let mut text = |key: &str| find(key).map(|node| self.text(source, node));
        let reason = text("reason");
        let why = || reason.clone().unwrap_or_else(|| REASON.into());
        let (to, who, place, resume) = (text("to"), text("who"), text("place"), text("resume"));
        let (outcome, comment) = (text("outcome"), text("comment"));
        let place = match place.as_deref() {
            None | Some("beside") => Some(Place::Beside),
            Some("before") => Some(Place::Before),
            Some("after") => Some(Place::After),
            Some(_) => None,
        };
        let resume = match resume.as_deref() {
            None | Some("replay") => Some(Resume::Replay),
            Some("back_to_me") => Some(Resume::BackToMe),
            Some(_) => None,
        };
        let verb = match word {
            "transfers" => to.map(|to| Verb::Transfers { to, reason: why() }),
            "delegates" => to.map(|to| Verb::Delegates { to }),
            "resolves" => Some(Verb::Resolves { outcome, with: find("with").cloned(), comment }),
            "recalls" => Some(Verb::Recalls { reason }),
            "asks" => who.zip(place).map(|(who, place)| Verb::Asks { who, place, reason: why() }),
            "dismisses" => who.map(|who| Verb::Dismisses { who, reason: why() }),
            "returns" => to.zip(resume).map(|(to, resume)| Verb::Returns { to, resume, reason: why() }),
            "withdraws" => Some(Verb::Withdraws { reason: why() }),
            "urges" => Some(Verb::Urges),
            _ => Some(Verb::Comments { text: subject }),
        };
        if verb.is_none() {
            let zh =
                format!("`{word}` 缺少或写错了 to、who、place（before、beside、after）或 resume（replay、back_to_me）");
            let en =
                format!("`{word}` lacks its to, who, place (before, beside, after) or resume (replay, back_to_me)");
            self.say(source, node.start, zh, en);
        }
        Some(verb.map(|verb| (verb, step)))
    }
}

impl Player<'_> {
    pub(super) fn perform(&mut self, acts: &Acts) -> Result<(), Trouble> {
        let owner = acts.behalf.as_ref().unwrap_or(&acts.by);
        let actor = Actor::Person { id: acts.by.clone(), on_behalf_of: acts.behalf.clone() };
        if let Some(behalf) = &acts.behalf {
            self.world.people.stand_in(behalf, &acts.by);
        }
        let process = WorkId { run: ROOT_RUN, seat: 0 };
        let (work, act) = match &acts.verb {
            Verb::Copies { .. } => (process, self.act_of(&acts.verb)?),
            Verb::Comments { text } => (process, Act::Comment { text: text.clone() }),
            Verb::Withdraws { reason } => (self.done(&acts.step, owner)?, Act::Withdraw { reason: reason.clone() }),
            Verb::Dismisses { who, reason } => {
                (self.seat_of(&acts.step, who)?, Act::RemoveApprover { reason: reason.clone() })
            }
            verb => {
                let (work, candidates) = self.find(&acts.step, owner)?;
                if matches!(
                    verb,
                    Verb::Transfers { .. } | Verb::Delegates { .. } | Verb::Asks { .. } | Verb::Returns { .. }
                ) {
                    self.world.people.entitle(owner, &candidates);
                }
                if let Verb::Transfers { to, .. } = verb {
                    self.world.people.entitle(to, &candidates);
                }
                (work, self.act_of(verb)?)
            }
        };
        self.world.submit(actor, Action::Work { work, act })
    }

    fn act_of(&self, verb: &Verb) -> Result<Act, Trouble> {
        Ok(match verb {
            Verb::Transfers { to, reason } => Act::Transfer { to: to.clone(), reason: reason.clone() },
            Verb::Delegates { to } => Act::Delegate { to: to.clone(), reason: None },
            Verb::Resolves { outcome, with, comment } => Act::Resolve {
                outcome: outcome.clone(),
                answer: self.value(with.as_ref(), None)?,
                comment: comment.clone(),
            },
            Verb::Recalls { reason } => Act::Recall { reason: reason.clone() },
            Verb::Asks { who, place, reason } => {
                Act::AddApprover { who: who.clone(), place: *place, reason: reason.clone() }
            }
            Verb::Dismisses { reason, .. } => Act::RemoveApprover { reason: reason.clone() },
            Verb::Returns { to, resume, reason } => {
                Act::Return { to: to.clone(), resume: *resume, reason: reason.clone() }
            }
            Verb::Withdraws { reason } => Act::Withdraw { reason: reason.clone() },
            Verb::Urges => Act::Urge { text: None },
            Verb::Copies { to } => Act::Copy { to: to.clone(), text: None },
            Verb::Comments { text } => Act::Comment { text: text.clone() },
        })
    }

    /// The work of a step that this person has answered last: a vote in an open ballot, else a completion.
    fn done(&self, step: &Pattern, who: &UserId) -> Result<WorkId, Trouble> {
        self.known(step)?;
        let Some(state) = self.world.state.as_ref() else { return nothing(step, who) };
        let voted = state.runs.values().filter(|run| step.names(&run.step)).flat_map(|run| {
            let own = run.body.seats().filter(|(_, seat)| {
                !seat.removed && seat.vote.as_ref().is_some_and(|vote| vote.by.principals().any(|one| one == who))
            });
            own.map(|(seat, _)| WorkId { run: run.id, seat }).collect::<Vec<_>>()
        });
        let layers = state.scopes.values().filter_map(|scope| {
            let items: Vec<Arc<str>> = state
                .items_around(scope.id)
                .filter_map(|item| item.variable.as_ref().map(|one| one.key.clone()))
                .collect();
            scope.records.as_ref().map(|records| (records, items))
        });
        let completed = layers.chain([(&state.records, Vec::new())]).flat_map(|(records, items)| {
            let own = records.iter().filter(|(key, record)| {
                step.fits(key, &items) && record.by.as_ref().is_some_and(|by| by.principals().any(|one| one == who))
            });
            own.map(|(_, record)| WorkId { run: record.run, seat: 0 }).collect::<Vec<_>>()
        });
        let gone = || Err(Trouble::Refused(Rejection::ActedAfter("the steps around it are done".into())));
        voted.chain(completed).max().map_or_else(gone, Ok)
    }

    /// The open seat that is for this person.
    fn seat_of(&self, step: &Pattern, who: &UserId) -> Result<WorkId, Trouble> {
        self.known(step)?;
        let runs = self.world.state.iter().flat_map(|state| state.runs.values());
        let theirs = |group: &Candidates| matches!(group, Candidates::User { id } if id == who);
        let mut found = runs.filter(|run| step.names(&run.step)).flat_map(|run| {
            let seats = run.body.seats().filter(|(_, seat)| seat.is_awaited() && theirs(&seat.seat.candidates));
            seats.map(|(seat, _)| WorkId { run: run.id, seat }).collect::<Vec<_>>()
        });
        found.next().map_or_else(|| nothing(step, who), Ok)
    }
}

fn nothing<T>(step: &Pattern, who: &UserId) -> Result<T, Trouble> {
    stuck(format!("`{}` 中没有 {who} 的席位", step.written), format!("{who} has no seat in `{}`", step.written))
}
