//! The stable codes of refusals: what each means, its status, and what to do about it.
//!
//! A code is never renamed or given another status; scripts depend on both.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:literal, $en:literal, $zh:literal, $do_en:literal, $do_zh:literal;)+) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// As it stands in `code` and at the end of `type`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $code),+ }
            }

            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status),+ }
            }

            /// What it means.
            #[must_use]
            pub fn title(self) -> Both {
                match self { $(Code::$name => Both { en: $en, zh: $zh }),+ }
            }

            /// What the caller does about it.
            #[must_use]
            pub fn remedy(self) -> Both {
                match self { $(Code::$name => Both { en: $do_en, zh: $do_zh }),+ }
            }
        }
    };
}

/// A fixed text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Both {
    pub en: &'static str,
    pub zh: &'static str,
}

impl Code {
    /// The code behind a word; used by the pages that explain codes.
    #[must_use]
    pub fn lookup(word: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.word() == word)
    }
}

codes! {
    InvalidRequest = "invalid_request" 400, "The request cannot be read", "请求无法解析",
        "Compare path, query, headers and body with /docs.", "请对照 /docs 检查路径、查询参数、请求头和请求体。";
    InvalidJson = "invalid_json" 400, "The body is not the JSON that is expected here", "请求体不是此处要求的 JSON",
        "`detail` says where reading stopped.", "`detail` 指出了解析停止的位置。";
    InvalidCursor = "invalid_cursor" 400, "The page cursor is not one of ours, or belongs to another list", "分页游标无效，或属于另一个列表",
        "Begin again without `cursor`; never build one yourself.", "去掉 `cursor` 重新开始；请勿自行构造游标。";
    InvalidIdempotencyKey = "invalid_idempotency_key" 400, "The Idempotency-Key cannot be used", "Idempotency-Key 无法使用",
        "Send 1 to 128 printable ASCII characters, a UUID for example.", "请使用 1 到 128 个可打印 ASCII 字符，例如一个 UUID。";
    InvalidPrecondition = "invalid_precondition" 400, "If-Match cannot be read", "If-Match 无法解析",
        "Send the ETag exactly as it was received, quotes included.", "请原样发送收到的 ETag，包括引号。";
    Unauthenticated = "unauthenticated" 401, "A valid token is needed", "需要有效的令牌",
        "Send `Authorization: Bearer cs_…`; get a token with `countersign user token`.", "请发送 `Authorization: Bearer cs_…`；令牌可用 `countersign user token` 获取。";
    WrongPassword = "wrong_password" 401, "The password is not right", "密码不正确",
        "Type it again; after too many failures the account must wait.", "请重新输入；失败次数过多时该账号需要等待。";
    Forbidden = "forbidden" 403, "You may not do this", "您无权执行此操作",
        "`detail` names the role that is needed; an administrator grants it.", "`detail` 指出所需角色；由管理员授予。";
    NotCandidate = "not_candidate" 403, "This work is for somebody else", "此项工作不属于您",
        "Ask one of those it is for, or an operator to assign it.", "请联系候选人，或请运维人员指派。";
    SeparationOfDuties = "separation_of_duties" 403, "Somebody who acted before may not act here", "职责分离：先前参与者不得在此处理",
        "Another person has to do this.", "须由另一人处理。";
    MayNotStart = "may_not_start" 403, "You may not start this process", "您无权发起此流程",
        "The process names the roles that start it; an administrator grants them.", "流程规定了可发起的角色；由管理员授予。";
    InactiveAccount = "inactive_account" 403, "The account is not active", "账号未启用",
        "An administrator can activate it.", "管理员可以启用它。";
    NotSubstitute = "not_substitute" 403, "You may not act for this person now", "您目前不能代其处理",
        "They, or an administrator, name a substitute for a period; a step that signs may want them in person.", "由本人或管理员设定代理期间；需要签名的步骤可能须本人办理。";
    NotConcerned = "not_concerned" 403, "You have nothing to do with this instance", "您与此实例无关",
        "Whoever started it, works on it, has a copy or reads it by role may have a say.", "发起人、办理人、抄送人或有阅读角色者可以参与。";
    NotFound = "not_found" 404, "There is no such thing, or you may not see it", "不存在，或您无权查看",
        "Check the address.", "请检查地址。";
    UnknownInstance = "unknown_instance" 404, "There is no such instance, or you may not see it", "没有这个实例，或您无权查看",
        "Check the id.", "请检查编号。";
    UnknownProcess = "unknown_process" 404, "The process has no effective release", "流程没有生效的版本",
        "Deploy it, or check its name.", "请部署该流程，或检查名称。";
    UnknownIncident = "unknown_incident" 404, "There is no such incident", "没有这个异常事件",
        "List the open incidents again.", "请重新列出未处理的异常。";
    UnknownMethod = "method_not_allowed" 405, "This address does not know the method", "此地址不支持该方法",
        "See /docs for the methods of each address.", "各地址支持的方法见 /docs。";
    UnknownEvent = "unknown_event" 404, "No such event can be raised here", "此处没有可触发的这个事件",
        "`detail` lists those that there are.", "`detail` 列出可用的事件。";
    EventNotNow = "event_not_now" 409, "The event cannot be raised now", "现在不能触发此事件",
        "Its `while` does not hold; look at the instance again later.", "它的 `while` 不成立；请稍后再查看实例。";
    EventUnjudged = "event_unjudged" 409, "Whether the event may be raised cannot be judged", "无法判断能否触发此事件",
        "A field that its `while` or `by` reads has no value yet; mend the process with `??`.", "它的 `while` 或 `by` 所用字段尚无值；请在流程中用 `??` 给出替代值。";
    ClaimedBy = "claimed_by" 409, "Somebody else has claimed this", "已由他人认领",
        "`detail` names who holds it; they can release it.", "`detail` 指出认领人；可由其释放。";
    NotClaimed = "not_claimed" 409, "Nobody has claimed this", "尚无人认领",
        "Claim it first.", "请先认领。";
    NotYourTurn = "not_your_turn" 409, "The seats before this one have not voted", "尚未轮到此席位",
        "Wait until they have.", "请等待前面的席位表决。";
    Delegated = "delegated" 409, "Somebody was asked to prepare this", "已委派他人准备",
        "The delegate answers with `resolve`; the delegator may take it back with `recall`.", "由被委派人用 `resolve` 答复；委派人可用 `recall` 收回。";
    NotDelegated = "not_delegated" 409, "Nobody was asked to prepare this", "此项没有委派给他人",
        "Complete it instead.", "请直接完成。";
    SeatFixed = "seat_fixed" 409, "This seat cannot be changed", "此席位不能更改",
        "`detail` says why: the rule of the process needs it, or it has spoken.", "`detail` 说明原因：流程规则需要它，或已表决。";
    ActedAfter = "acted_after" 409, "It cannot be taken back", "不能撤回",
        "`detail` says why; ask whoever has it now to return it.", "`detail` 说明原因；可请现办理人退回。";
    InstanceEnded = "instance_ended" 409, "The instance has ended", "实例已结束",
        "Nothing more can be done with it.", "不能再对其操作。";
    Suspended = "suspended" 409, "The instance is suspended", "实例已挂起",
        "`detail` says who suspended it and why; an operator resumes it.", "`detail` 指出由谁挂起及原因；由运维人员恢复。";
    NotSuspended = "not_suspended" 409, "The instance is not suspended", "实例没有挂起",
        "There is nothing to resume.", "无需恢复。";
    DuplicateKey = "duplicate_key" 409, "A running instance has this business key", "已有运行中的实例使用该业务键",
        "`detail` names it; use that one.", "`detail` 指出该实例；请使用它。";
    AmbiguousMessage = "ambiguous_message" 409, "Several wait for a message that is for one", "发给一个实例的消息有多个等待者",
        "`detail` names them: add to the message what tells them apart, and to their `match`.", "`detail` 列出等待者：请在消息及其 `match` 中加入可区分的字段。";
    ContentChanged = "content_changed" 409, "What was signed is not what is on record now", "所签内容与当前记录不一致",
        "Fetch what is to be signed again, look at it, sign again.", "请重新获取待签内容，查看后再签。";
    KeyReused = "idempotency_key_reused" 409, "The Idempotency-Key was used for another request", "该 Idempotency-Key 已用于另一个请求",
        "Use a fresh key for a different request.", "不同的请求请使用新的键。";
    StaleFence = "stale_fence" 409, "The lease has passed to somebody else", "租约已转移",
        "Drop the work; its result is not wanted any more.", "请放弃该作业；其结果已不再需要。";
    AccountExists = "account_exists" 409, "The account exists already", "账号已存在",
        "Account names are never given twice; choose another.", "账号名不会重复分配；请另选。";
    Gone = "gone" 410, "This was already dealt with", "此项已处理",
        "Look at the list again.", "请刷新列表。";
    RevisionChanged = "revision_changed" 412, "It has changed since you looked", "内容在您查看之后已改变",
        "Fetch it again, look, and send the new ETag.", "请重新获取并查看，再发送新的 ETag。";
    BodyTooLarge = "body_too_large" 413, "The body is too large", "请求体过大",
        "`detail` names the limit.", "`detail` 指出上限。";
    UnsupportedMediaType = "unsupported_media_type" 415, "The body must be JSON", "请求体必须是 JSON",
        "Send `Content-Type: application/json`.", "请发送 `Content-Type: application/json`。";
    InvalidInput = "invalid_input" 422, "The input does not fit", "输入不符合要求",
        "`fields` says which parts do not.", "`fields` 指出不符合的部分。";
    InvalidAnswer = "invalid_answer" 422, "The form's answer does not fit", "表单内容不符合要求",
        "`fields` names each field that does not.", "`fields` 列出不符合的字段。";
    UnknownOutcome = "unknown_outcome" 422, "The step has no such outcome", "该步骤没有这个结果",
        "`detail` lists those that it has.", "`detail` 列出可选结果。";
    ChooseTarget = "choose_target" 422, "Say where to go back to", "请选择退回到哪一步",
        "Send `back_to` with one of the steps in `detail`.", "请在 `back_to` 中给出 `detail` 所列步骤之一。";
    NotLegal = "not_legal" 422, "An operator cannot do this here", "运维操作在此处不可行",
        "`detail` says why not; `moves` of the instance lists where it can be moved.", "`detail` 说明原因；实例的 `moves` 列出可移动到的步骤。";
    CannotMigrate = "cannot_migrate" 422, "The instance cannot migrate by this plan", "实例不能按此计划迁移",
        "`fields` names each step, branch or field that cannot be carried over; extend the plan: `map`, `cancel`, `park`, `restart`.", "`fields` 列出不能沿用的步骤、分支或字段；请在计划中补充 `map`、`cancel`、`park` 或 `restart`。";
    NotReturnable = "not_returnable" 422, "It cannot go back there", "不能退回到该步骤",
        "`detail` lists the steps that it can go back to.", "`detail` 列出可退回的步骤。";
    ReasonRequired = "reason_required" 422, "A reason is required", "必须填写原因",
        "Send `reason`.", "请发送 `reason`。";
    BundleHasFaults = "bundle_has_faults" 422, "The process files have faults", "流程文件有错误",
        "`diagnostics` lists each with file, line and column.", "`diagnostics` 列出每个错误的文件、行和列。";
    SignatureRequired = "signature_required" 428, "This needs a signature", "需要电子签名",
        "Fetch what is to be signed and send its hash with your password.", "请先获取待签内容，再连同密码发送其摘要。";
    TooManyAttempts = "too_many_attempts" 429, "Too many wrong passwords", "密码错误次数过多",
        "Wait as long as Retry-After says.", "请按 Retry-After 等待。";
    LimitReached = "limit_reached" 429, "A limit was reached", "达到上限",
        "`detail` names the limit.", "`detail` 指出是哪个上限。";
    HeadersTooLarge = "headers_too_large" 431, "The headers are too large", "请求头过大",
        "Send fewer or shorter headers.", "请减少或缩短请求头。";
    Internal = "internal_error" 500, "Something failed that should not", "发生了不应出现的错误",
        "Tell an operator the X-Request-Id; the log has the cause.", "请把 X-Request-Id 告知运维人员；原因见日志。";
    Quarantined = "quarantined" 503, "The instance is set apart after a fault of ours", "实例因内部错误被隔离",
        "An operator has to look at it; nothing is lost.", "需要运维人员检查；数据没有丢失。";
    Busy = "busy" 503, "Too much to do just now", "系统繁忙",
        "Try again after Retry-After, with the same Idempotency-Key.", "请按 Retry-After 等待后用同一 Idempotency-Key 重试。";
    StoreUnavailable = "store_unavailable" 503, "The database does not answer", "数据库无响应",
        "Try again with the same Idempotency-Key.", "请用同一 Idempotency-Key 重试。";
    DiskFull = "disk_full" 503, "The disk is full; nothing can be written", "磁盘已满，无法写入",
        "An operator makes room; reading still works.", "请运维人员释放空间；读取仍可用。";
    ClockInDoubt = "clock_in_doubt" 503, "The clock was set, and nobody has said yet that it may be believed", "时钟被改动，尚未有人确认可信",
        "An administrator sets it right and acknowledges it: `countersign clock acknowledge`.", "请管理员校正时钟并确认：`countersign clock acknowledge`。";
    TimedOut = "timed_out" 503, "The request took too long", "请求超时",
        "It may still take effect: try again with the same Idempotency-Key.", "请求仍可能生效：请用同一 Idempotency-Key 重试。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_statuses_are_refusals() {
        for (place, code) in Code::ALL.iter().enumerate() {
            assert!((400..600).contains(&code.status()), "{}", code.word());
            assert!(Code::ALL[place + 1..].iter().all(|other| other.word() != code.word()), "{}", code.word());
            assert_eq!(Code::lookup(code.word()), Some(*code));
        }
    }
}
