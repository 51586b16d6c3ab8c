//! What people did with work beside answering it: passing it on, asking others in, going back, telling each other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::{Actor, WorkId};
use crate::event::Seat;
use crate::id::{Digest, RunId, StepKey, UserId};
use crate::value::Value;

/// One act on a piece of work; the event around it says which work and who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
pub enum Did {
    /// The holder gave it to somebody else for good.
    Transferred {
        from: UserId,
        to: UserId,
        reason: Arc<str>,
    },
    /// The holder asked somebody to prepare it; the answer comes back to the holder.
    Delegated {
        owner: UserId,
        to: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// The delegate's answer: the holder has it again.
    DelegateAnswered {
        owner: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Arc<str>>,
        #[serde(default)]
        answer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Arc<str>>,
    },
    /// The holder took it back before the delegate answered.
    Recalled {
        owner: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// Somebody was asked to approve before, beside or after the seat `anchor`. The work is the new seat.
    SeatAdded {
        anchor: u32,
        place: Place,
        seat: Seat,
        reason: Arc<str>,
    },
    SeatRemoved {
        reason: Arc<str>,
    },
    /// A vote was taken back while nobody had acted after it; a fresh seat stands in its place.
    VoteWithdrawn {
        seat: u32,
        reason: Arc<str>,
    },
    /// A task was answered, and waits for those who were asked to sign it off.
    Answered {
        outcome: Arc<str>,
        #[serde(default)]
        answer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back_to: Option<StepKey>,
    },
    /// Somebody who was to sign it off refused: its holder answers anew.
    Reopened,
    /// An approval that the same person gave before, in `step`, stands for this seat.
    Cited {
        who: UserId,
        step: StepKey,
        run: RunId,
    },
    /// The ballot is decided before all have voted; late votes will be recorded.
    Decided,
    /// A vote that came when the ballot was decided: on record, and without effect.
    LateVote {
        outcome: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Arc<str>>,
    },
    Urged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Arc<str>>,
    },
    /// Somebody gets to see it, and need not do anything.
    Copied {
        copy: u64,
        to: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Arc<str>>,
    },
    CopyRead {
        copy: u64,
    },
    Attached {
        file: Attachment,
    },
}

/// Where an added approver stands to the one beside whom they were asked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Before,
    Beside,
    After,
}

impl Place {
    pub const ALL: [Place; 3] = [Place::Before, Place::Beside, Place::After];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Place::Before => "before",
            Place::Beside => "beside",
            Place::After => "after",
        }
    }
}

/// A file, by what it contains: the bytes lie beside the database and were there before this was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    pub digest: Digest,
    pub name: Arc<str>,
    pub media_type: Arc<str>,
    pub bytes: u64,
}

/// A return that a person chose, rather than the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    pub by: Actor,
    /// The work that was given up for it, or whose completion was withdrawn.
    pub work: WorkId,
    pub reason: Arc<str>,
    /// The place in the list at which it goes on when the target is done; none: at the step after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<usize>,
    /// Who gets the target's work, if they may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<UserId>,
    /// Whoever completed the target took that back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}
