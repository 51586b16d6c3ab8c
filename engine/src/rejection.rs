//! Why a command was refused: the caller's to mend, and no instance has changed.
//!
//! Each has a stable code, an HTTP status and a page in `docs/errors/`.

use std::sync::Arc;

use crate::id::{InstanceId, UserId};
use crate::operate::migrate::Fault;
use crate::time::Timestamp;

/// A refusal. `Display` is for the caller, in English; [`Rejection::message_zh`] is the same in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("there is no such instance")]
    UnknownInstance,
    #[error("the process `{0}` has no effective release")]
    UnknownProcess(Arc<str>),
    #[error("the instance has ended: {outcome}")]
    Ended { outcome: Arc<str> },
    /// The wait was answered, withdrawn or overtaken: its fence is stale.
    #[error("this was already dealt with: {0}")]
    Gone(Arc<str>),
    #[error("{holder} has claimed this")]
    ClaimedBy { holder: UserId },
    #[error("nobody has claimed this")]
    NotClaimed,
    #[error("this seat's turn has not come")]
    NotYourTurn,
    #[error("you are not a candidate: it is for {wanted}")]
    NotCandidate { wanted: Arc<str> },
    #[error("separation of duties: {who} already acted in {step}")]
    SeparationOfDuties { who: UserId, step: Arc<str> },
    #[error("the account {0} is not active")]
    InactiveAccount(UserId),
    #[error("you may not start this process")]
    MayNotStart,
    #[error("this needs the role {0}")]
    Forbidden(Arc<str>),
    #[error("the outcome `{given}` is not one of: {}", allowed.join(", "))]
    UnknownOutcome { given: Arc<str>, allowed: Vec<Arc<str>> },
    #[error("choose where to go back to: {}", allowed.join(", "))]
    ChooseTarget { allowed: Vec<Arc<str>> },
    #[error("the input does not fit: {0}")]
    InvalidInput(Arc<str>),
    #[error("the form's answer does not fit: {}", .0.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect::<Vec<_>>().join("; "))]
    InvalidAnswer(Vec<FieldFault>),
    #[error("this step needs a signature")]
    SignatureRequired,
    #[error("what was signed is not what is on record now; look at it again")]
    ContentChanged,
    #[error("a running instance has this key already: {instance}")]
    DuplicateKey { key: Arc<str>, instance: InstanceId },
    #[error("a reason is required")]
    ReasonRequired,
    #[error("there is no event `{given}` here; there {}", if known.is_empty() { "are none".to_owned() } else { format!("are {}", known.join(", ")) })]
    UnknownEvent { given: Arc<str>, known: Vec<Arc<str>> },
    #[error("`{event}` cannot be raised now: its `while` does not hold")]
    EventNotNow { event: Arc<str> },
    #[error("whether `{event}` may be raised cannot be judged: {why}")]
    EventUnjudged { event: Arc<str>, why: Arc<str> },
    #[error("there is no such incident")]
    UnknownIncident,
    /// It is for one instance, and several wait for it.
    #[error("several wait for this message, which is for one: {}", candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    AmbiguousMessage { candidates: Vec<InstanceId> },
    #[error("a limit was reached: {0}")]
    LimitReached(Arc<str>),
    #[error("the instance is suspended since {since} by {by}: {reason}")]
    Suspended { by: UserId, reason: Arc<str>, since: Timestamp },
    #[error("the instance is quarantined since {since}: deciding met a bug")]
    Quarantined { since: Timestamp },
    #[error("the instance is not suspended")]
    NotSuspended,
    /// What an operator wants would not leave a sound state.
    #[error("this cannot be done here: {en}")]
    NotLegal { en: Arc<str>, zh: Arc<str> },
    #[error("the instance cannot migrate: {}", faults.iter().map(|fault| format!("{}: {}", fault.at, fault.en)).collect::<Vec<_>>().join("; "))]
    CannotMigrate { faults: Vec<Fault> },
    #[error("{who} may not act for {of} now")]
    NotSubstitute { who: UserId, of: UserId },
    #[error("you saw revision {seen}, it is at {now} now")]
    RevisionChanged { seen: u64, now: u64 },
    #[error("{to} was asked to prepare this and has not answered")]
    Delegated { to: UserId },
    #[error("nobody was asked to prepare this")]
    NotDelegated,
    #[error("this cannot go back to `{to}`; it can go back to: {}", allowed.join(", "))]
    NotReturnable { to: Arc<str>, allowed: Vec<Arc<str>> },
    #[error("this seat cannot be changed: {0}")]
    SeatFixed(Arc<str>),
    #[error("it cannot be taken back: {0}")]
    ActedAfter(Arc<str>),
    #[error("you have nothing to do with this instance")]
    NotConcerned,
}

/// One field of a form that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The JSON pointer of the field; empty for the whole.
    pub field: String,
    pub message: String,
}

impl Rejection {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Rejection::UnknownInstance => "unknown_instance",
            Rejection::UnknownProcess(_) => "unknown_process",
            Rejection::Ended { .. } => "instance_ended",
            Rejection::Gone(_) => "gone",
            Rejection::ClaimedBy { .. } => "claimed_by",
            Rejection::NotClaimed => "not_claimed",
            Rejection::NotYourTurn => "not_your_turn",
            Rejection::NotCandidate { .. } => "not_candidate",
            Rejection::SeparationOfDuties { .. } => "separation_of_duties",
            Rejection::InactiveAccount(_) => "inactive_account",
            Rejection::MayNotStart => "may_not_start",
            Rejection::Forbidden(_) => "forbidden",
            Rejection::UnknownOutcome { .. } => "unknown_outcome",
            Rejection::ChooseTarget { .. } => "choose_target",
            Rejection::InvalidInput(_) => "invalid_input",
            Rejection::InvalidAnswer(_) => "invalid_answer",
            Rejection::SignatureRequired => "signature_required",
            Rejection::ContentChanged => "content_changed",
            Rejection::DuplicateKey { .. } => "duplicate_key",
            Rejection::ReasonRequired => "reason_required",
            Rejection::UnknownEvent { .. } => "unknown_event",
            Rejection::EventNotNow { .. } => "event_not_now",
            Rejection::EventUnjudged { .. } => "event_unjudged",
            Rejection::UnknownIncident => "unknown_incident",
            Rejection::AmbiguousMessage { .. } => "ambiguous_message",
            Rejection::LimitReached(_) => "limit_reached",
            Rejection::Suspended { .. } => "suspended",
            Rejection::Quarantined { .. } => "quarantined",
            Rejection::NotSuspended => "not_suspended",
            Rejection::NotLegal { .. } => "not_legal",
            Rejection::CannotMigrate { .. } => "cannot_migrate",
            Rejection::NotSubstitute { .. } => "not_substitute",
            Rejection::RevisionChanged { .. } => "revision_changed",
            Rejection::Delegated { .. } => "delegated",
            Rejection::NotDelegated => "not_delegated",
            Rejection::NotReturnable { .. } => "not_returnable",
            Rejection::SeatFixed(_) => "seat_fixed",
            Rejection::ActedAfter(_) => "acted_after",
            Rejection::NotConcerned => "not_concerned",
        }
    }

    /// The same in Chinese.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Rejection::UnknownInstance => "没有这个实例".into(),
            Rejection::UnknownProcess(process) => format!("流程 `{process}` 没有生效的版本"),
            Rejection::Ended { outcome } => format!("实例已结束：{outcome}"),
            Rejection::Gone(why) => format!("此项已处理：{why}"),
            Rejection::ClaimedBy { holder } => format!("已由 {holder} 认领"),
            Rejection::NotClaimed => "尚无人认领".into(),
            Rejection::NotYourTurn => "还没有轮到这个席位".into(),
            Rejection::NotCandidate { wanted } => format!("您不是候选人：应由 {wanted} 处理"),
            Rejection::SeparationOfDuties { who, step } => format!("职责分离：{who} 已参与步骤 {step}"),
            Rejection::InactiveAccount(user) => format!("账号 {user} 未启用"),
            Rejection::MayNotStart => "您无权发起此流程".into(),
            Rejection::Forbidden(role) => format!("需要角色 {role}"),
            Rejection::UnknownOutcome { given, allowed } => {
                format!("结果 `{given}` 不在可选范围：{}", allowed.join("、"))
            }
            Rejection::ChooseTarget { allowed } => format!("请选择退回到哪一步：{}", allowed.join("、")),
            Rejection::InvalidInput(why) => format!("输入不符合要求：{why}"),
            Rejection::InvalidAnswer(faults) => {
                let list = faults.iter().map(|fault| format!("{}：{}", fault.field, fault.message));
                format!("表单内容不符合要求：{}", list.collect::<Vec<_>>().join("；"))
            }
            Rejection::SignatureRequired => "此步骤需要电子签名".into(),
            Rejection::ContentChanged => "所签内容与当前记录不一致，请重新查看".into(),
            Rejection::DuplicateKey { key, instance } => format!("键 {key} 已有运行中的实例：{instance}"),
            Rejection::ReasonRequired => "必须填写原因".into(),
            Rejection::UnknownEvent { given, known } => {
                format!(
                    "此处没有事件 `{given}`；可用：{}",
                    if known.is_empty() { "无".into() } else { known.join("、") }
                )
            }
            Rejection::EventNotNow { event } => format!("现在不能触发 `{event}`：它的 `while` 不成立"),
            Rejection::EventUnjudged { event, why } => format!("无法判断能否触发 `{event}`：{why}"),
            Rejection::UnknownIncident => "没有这个异常事件".into(),
            Rejection::AmbiguousMessage { candidates } => {
                let list = candidates.iter().map(ToString::to_string).collect::<Vec<_>>();
                format!("此消息只发给一个实例，却有多个等待者：{}", list.join("、"))
            }
            Rejection::LimitReached(limit) => format!("达到上限：{limit}"),
            Rejection::Suspended { by, reason, since } => format!("实例自 {since} 起由 {by} 挂起：{reason}"),
            Rejection::Quarantined { since } => format!("实例自 {since} 起因程序错误被隔离"),
            Rejection::NotSuspended => "实例没有挂起".into(),
            Rejection::NotLegal { zh, .. } => format!("此处不能这样做：{zh}"),
            Rejection::CannotMigrate { faults } => {
                let list = faults.iter().map(|fault| format!("{}：{}", fault.at, fault.zh));
                format!("实例不能迁移：{}", list.collect::<Vec<_>>().join("；"))
            }
            Rejection::NotSubstitute { who, of } => format!("{who} 目前不能代 {of} 处理"),
            Rejection::RevisionChanged { seen, now } => format!("您看到的是第 {seen} 版，现在是第 {now} 版"),
            Rejection::Delegated { to } => format!("已委派给 {to}，尚未答复"),
            Rejection::NotDelegated => "此项没有委派给他人".into(),
            Rejection::NotReturnable { to, allowed } => {
                format!("不能退回到 `{to}`；可退回到：{}", allowed.join("、"))
            }
            Rejection::SeatFixed(why) => format!("此席位不能更改：{why}"),
            Rejection::ActedAfter(why) => format!("不能撤回：{why}"),
            Rejection::NotConcerned => "您与此实例无关".into(),
        }
    }
}
