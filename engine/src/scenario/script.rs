//! What a scenario says, with the places where it says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::command::Resume;
use crate::event::Place;
use crate::facts::PersonFact;
use crate::id::UserId;
use crate::language::syntax::{Node, Source};
use crate::time::Timestamp;

/// One scenario. Offsets are characters of its file.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) source: Arc<Source>,
    pub(super) offset: usize,
    pub(super) name: Arc<str>,
    pub(super) at: Timestamp,
    pub(super) start: Start,
    /// By activity or child process.
    pub(super) mocks: BTreeMap<Arc<str>, Vec<Mock>>,
    /// None: everybody has the roles that their moves need.
    pub(super) people: Option<BTreeMap<UserId, PersonFact>>,
    pub(super) play: Vec<Move>,
    pub(super) end: Expectation,
}

#[derive(Debug)]
pub(super) struct Start {
    pub(super) offset: usize,
    pub(super) by: Option<UserId>,
    pub(super) message: Option<Arc<str>>,
    pub(super) with: Option<Node>,
    pub(super) signs: bool,
    pub(super) expect_error: Option<Arc<str>>,
}

/// What an activity, or a child process, answers. Each call takes the next mock of its list; the last one stays.
#[derive(Clone, Debug)]
pub(super) struct Mock {
    /// The file that it is written in, for the types of its values.
    pub(super) source: Arc<Source>,
    pub(super) offset: usize,
    pub(super) returns: Option<Node>,
    /// So many attempts fail first, in a way that may pass.
    pub(super) fails: u32,
    /// A business error, with its detail.
    pub(super) error: Option<(Arc<str>, Option<Node>)>,
    /// For a child process.
    pub(super) outcome: Option<Arc<str>>,
}

#[derive(Debug)]
pub(super) struct Move {
    pub(super) offset: usize,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Does(Does),
    Claims {
        by: UserId,
        step: Pattern,
        release: bool,
        expect_error: Option<Arc<str>>,
    },
    Assigns {
        by: UserId,
        step: Pattern,
        to: UserId,
        reason: Option<Arc<str>>,
        expect_error: Option<Arc<str>>,
    },
    /// What people do with work beside answering it.
    Acts(Box<Acts>),
    Cancels {
        by: UserId,
        reason: Arc<str>,
        undo: bool,
        expect_error: Option<Arc<str>>,
    },
    /// All open incidents.
    Retries {
        by: UserId,
        reason: Arc<str>,
        expect_error: Option<Arc<str>>,
    },
    /// An event of people; the steps before the last part of the pattern say whose.
    Raises {
        by: Vec<UserId>,
        event: Pattern,
        with: Option<Node>,
        reason: Option<Arc<str>>,
        signs: bool,
        expect_error: Option<Arc<str>>,
    },
    Message {
        name: Arc<str>,
        with: Option<Node>,
    },
    Signal {
        name: Arc<str>,
        with: Option<Node>,
    },
    /// Another process that is waited for reaches a milestone.
    Reached {
        milestone: Arc<str>,
    },
    Advance {
        span: String,
    },
    AdvanceTo {
        moment: Option<Timestamp>,
        step: Pattern,
    },
    Expect(Expectation),
}

/// Somebody passes work on, asks others in, goes back, or tells others.
#[derive(Debug)]
pub(super) struct Acts {
    pub(super) by: UserId,
    /// For whom they act, as a substitute.
    pub(super) behalf: Option<UserId>,
    pub(super) verb: Verb,
    pub(super) step: Pattern,
    pub(super) expect_error: Option<Arc<str>>,
}

#[derive(Debug)]
pub(super) enum Verb {
    Transfers {
        to: UserId,
        reason: Arc<str>,
    },
    Delegates {
        to: UserId,
    },
    Resolves {
        outcome: Option<Arc<str>>,
        with: Option<Node>,
        comment: Option<Arc<str>>,
    },
    Recalls {
        reason: Option<Arc<str>>,
    },
    /// `asks: step, who, place`
    Asks {
        who: UserId,
        place: Place,
        reason: Arc<str>,
    },
    /// The seat of `who`.
    Dismisses {
        who: UserId,
        reason: Arc<str>,
    },
    Returns {
        to: Arc<str>,
        resume: Resume,
        reason: Arc<str>,
    },
    Withdraws {
        reason: Arc<str>,
    },
    Urges,
    Copies {
        to: Vec<UserId>,
    },
    Comments {
        text: Arc<str>,
    },
}

/// People complete their work, one after another.
#[derive(Debug)]
pub(super) struct Does {
    pub(super) by: Vec<UserId>,
    /// For whom they do it, as substitutes.
    pub(super) behalf: Option<UserId>,
    pub(super) step: Pattern,
    pub(super) outcome: Option<Arc<str>>,
    pub(super) with: Option<Node>,
    pub(super) signs: bool,
    pub(super) comment: Option<Arc<str>>,
    pub(super) back_to: Option<Arc<str>>,
    pub(super) expect_error: Option<Arc<str>>,
}

/// A step, perhaps of certain items: `visit[K2]`, `reply[K2].visit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) offset: usize,
    pub(super) written: Arc<str>,
    /// Without the items: `visit`, `reply.visit`.
    pub(super) step: Arc<str>,
    pub(super) items: Vec<Arc<str>>,
}

impl Pattern {
    pub(super) fn parse(written: &str, offset: usize) -> Self {
        let (mut step, mut items, mut item) = (String::new(), Vec::new(), None::<String>);
        for c in written.chars() {
            match (c, &mut item) {
                ('[', None) => item = Some(String::new()),
                (']', Some(_)) => items.extend(item.take().map(Arc::from)),
                (c, Some(item)) => item.push(c),
                (c, None) => step.push(c),
            }
        }
        Pattern { offset, written: written.into(), step: step.into(), items }
    }

    /// Whether it names this step: by its key, or by the last part of a path of steps around it.
    pub(super) fn names(&self, step: &str) -> bool {
        let last = step.rsplit('.').next();
        *self.step == *step || self.step.rsplit('.').next() == Some(step) || last == Some(&self.step)
    }

    /// Whether an open step, with the keys of the items around it, is meant.
    pub(super) fn fits(&self, step: &str, items: &[Arc<str>]) -> bool {
        self.names(step) && self.items.iter().all(|item| items.contains(item))
    }
}

/// What must be so at a point of the play, or at its end.
#[derive(Debug, Default)]
pub(super) struct Expectation {
    pub(super) open: Vec<Pattern>,
    pub(super) not_open: Vec<Pattern>,
    /// Name, count, place.
    pub(super) called: Vec<(Arc<str>, u64, usize)>,
    /// Field, value, place.
    pub(super) data: Vec<(Arc<str>, Node)>,
    pub(super) outcome: Option<(Arc<str>, usize)>,
    pub(super) reached: Vec<Pattern>,
    pub(super) not_reached: Vec<Pattern>,
    /// Everything that was done so far, in its order.
    pub(super) trace: Option<(Vec<Pattern>, usize)>,
    /// Step, `met`, `late` or `open`, place.
    pub(super) clocks: Vec<(Arc<str>, Arc<str>, usize)>,
    /// Codes of the open incidents.
    pub(super) incidents: Option<(Vec<Arc<str>>, usize)>,
}
