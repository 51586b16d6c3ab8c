//! What a person may want of a piece of work, beside claiming, assigning and completing it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{Attachment, Place};
use crate::id::{StepKey, UserId};
use crate::value::Value;

/// One wish; the action around it says of which work. Run 0 is the process itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// 转办: the holder gives it to another candidate for good.
    Transfer {
        to: UserId,
        reason: Arc<str>,
    },
    /// 委派: somebody prepares it, and the holder completes.
    Delegate {
        to: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// The delegate's answer.
    Resolve {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Arc<str>>,
        #[serde(default)]
        answer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Arc<str>>,
    },
    /// The holder takes it back from the delegate.
    Recall {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// 加签: somebody else must approve, too.
    AddApprover {
        who: UserId,
        place: Place,
        reason: Arc<str>,
    },
    /// 减签: the seat that the action names is not asked any more.
    RemoveApprover {
        reason: Arc<str>,
    },
    /// 退回: to an earlier step.
    Return {
        to: StepKey,
        resume: Resume,
        reason: Arc<str>,
    },
    /// 撤回: undoes one's own completion or vote, while nobody has acted after it.
    Withdraw {
        reason: Arc<str>,
    },
    /// 催办.
    Urge {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Arc<str>>,
    },
    /// 抄送.
    Copy {
        to: Vec<UserId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Arc<str>>,
    },
    /// A copy was looked at.
    Read {
        copy: u64,
    },
    Comment {
        text: Arc<str>,
    },
    Attach {
        file: Attachment,
    },
}

/// Where it goes on when the step that was gone back to is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// Step by step, through all that lies between.
    #[default]
    Replay,
    /// At once at the step that was returned from, with whoever returned it.
    BackToMe,
}

impl Act {
    /// The name under which it is counted and logged.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Act::Transfer { .. } => "transfer",
            Act::Delegate { .. } => "delegate",
            Act::Resolve { .. } => "resolve",
            Act::Recall { .. } => "recall",
            Act::AddApprover { .. } => "add_approver",
            Act::RemoveApprover { .. } => "remove_approver",
            Act::Return { .. } => "return",
            Act::Withdraw { .. } => "withdraw",
            Act::Urge { .. } => "urge",
            Act::Copy { .. } => "copy",
            Act::Read { .. } => "read",
            Act::Comment { .. } => "comment",
            Act::Attach { .. } => "attach",
        }
    }
}
