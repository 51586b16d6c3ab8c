//! What stops an instance until an operator acts: recorded as an event, with a stable code.

use serde::{Deserialize, Serialize};

macro_rules! incidents {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $en:literal, $zh:literal, $do_en:literal, $do_zh:literal;)+) => {
        /// Why an instance cannot go on by itself. Each has a page in `docs/errors/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum IncidentCode {
            $($(#[$doc])* $name,)+
        }

        impl IncidentCode {
            pub const ALL: &'static [IncidentCode] = &[$(IncidentCode::$name),+];

            /// The word stored and shown.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(IncidentCode::$name => $word),+ }
            }

            /// What it means, in English and Chinese.
            #[must_use]
            pub fn title(self) -> (&'static str, &'static str) {
                match self { $(IncidentCode::$name => ($en, $zh)),+ }
            }

            /// What an operator does about it, in English and Chinese.
            #[must_use]
            pub fn remedy(self) -> (&'static str, &'static str) {
                match self { $(IncidentCode::$name => ($do_en, $do_zh)),+ }
            }
        }
    };
}

incidents! {
    /// An activity failed and its retries are spent, or its error has no way out.
    ActivityFailed = "activity_failed", "An activity failed", "活动执行失败",
        "See `detail.code` and the service's log; mend the cause, then retry the incident. An error that happens in the ordinary course deserves an outcome of the step.",
        "查看 `detail.code` 与服务日志，排除原因后重试该异常事件；经常发生的错误应在步骤的 outcomes 中给出去向。";
    /// The code of an activity panicked.
    ActivityPanicked = "activity_panicked", "The code of an activity has a bug", "活动代码出现程序错误",
        "Its writes are undone. Report it with the node's log; retry when a mended program runs.",
        "其写入已回滚。请附节点日志报告；程序修复后再重试。";
    /// An expression could not be evaluated.
    ExpressionFailed = "expression_failed", "An expression has no value", "表达式无法求值",
        "`detail.expression` and `detail.why` say which and why; often a field that is not set yet. Mend the data, then retry; mend the process with `??`.",
        "`detail.expression` 与 `detail.why` 指出位置与原因，常见为字段尚未赋值。修正数据后重试；在流程中用 `??` 给出缺省值。";
    /// A script failed or went over its limits.
    ScriptFailed = "script_failed", "A script failed", "脚本执行失败",
        "Run the process's scenarios with the same input; mend the script in a new release.",
        "用同样的输入运行流程场景测试，在新版本中修正脚本。";
    /// No row of a table matched, or two rows of a `unique` table did.
    TableFailed = "table_failed", "A decision table has no answer", "决策表没有结果",
        "`detail` has the inputs; add a row, or choose another hit policy, in a new release.",
        "`detail` 给出输入值；在新版本中补充行或改用其他命中策略。";
    /// A value does not fit the type of its field.
    TypeMismatch = "type_mismatch", "A value does not fit its field", "值与字段类型不符",
        "`detail.field`, `wanted` and `found` say where. Mend what gives the value, then retry.",
        "`detail.field`、`wanted`、`found` 指出位置；修正来源后重试。";
    /// No branch of a `choose` holds.
    NoBranch = "no_branch", "No branch was chosen", "没有满足条件的分支",
        "Add `otherwise` to the `choose`; retry when the data make a branch hold.",
        "在 `choose` 中加入 `otherwise`；或修正数据后重试。";
    /// Nobody may take a task or a seat.
    NobodyEligible = "nobody_eligible", "Nobody may take this work", "无人可处理此项工作",
        "`detail.wanted` says who is meant. Grant the role to somebody active, then retry.",
        "`detail.wanted` 指出应由谁处理；为在职人员授予角色后重试。";
    /// A loop or a jump went over its bound.
    BoundReached = "bound_reached", "A loop or a return reached its bound", "循环或退回达到上限",
        "Look at why it goes round; cancel the instance, or retry for one more round.",
        "检查为何反复；可取消实例，或重试以再进行一轮。";
    /// A list was added to after its items were closed.
    ListClosed = "list_closed", "A list takes no more", "列表不再接收新的项",
        "`detail.list` is the list and `detail.step` the step whose items have closed. Return to that step, or cancel the event that adds; then retry.",
        "`detail.list` 是列表，`detail.step` 是各项已经结束的步骤。请退回到该步骤，或取消追加，然后重试。";
    /// An error was raised that nothing handles.
    UnhandledError = "unhandled_error", "An error has no handler", "错误无人处理",
        "Give the block around it an event for this error, in a new release.",
        "在新版本中为外层步骤块增加处理该错误的事件。";
    /// A process that a step runs has no effective release.
    NoRelease = "no_release", "A child process has no effective release", "子流程没有生效版本",
        "Deploy and approve it, then retry.",
        "部署并批准该流程后重试。";
    /// A child process refused to start: its input does not fit, or its key is taken.
    ChildRefused = "child_refused", "A child process refused to start", "子流程拒绝启动",
        "`detail.code` and `detail.message` say why. Mend the data, or the step's `with` in a new release, then retry.",
        "`detail.code` 与 `detail.message` 说明原因；修正数据，或在新版本中修正步骤的 `with`，然后重试。";
    /// A child, or another process that is waited for, ended without the milestone.
    MilestoneMissed = "milestone_missed", "A milestone will not be reached", "里程碑不会达到",
        "`detail` names the other instance and how it ended. Where that may happen give the step an outcome `not_reached`. Retry waits anew; for a link that holds the end, retry lets go of it.",
        "`detail` 指出另一实例及其结局；若属正常情形，请为步骤给出 `not_reached` 去向。重试即重新等待；若是阻止结束的关联，重试即放开它。";
    /// A message for one instance, and several wait for it.
    MessageAmbiguous = "message_ambiguous", "Several wait for a message that is for one", "发给一个实例的消息有多个等待者",
        "`detail.candidates` names them. Add what tells them apart to the message and to `match`, or declare it `to: all`; then retry.",
        "`detail.candidates` 列出等待者；在消息和 `match` 中加入区分的字段，或在目录中声明 `to: all`，然后重试。";
    /// A mail or a webhook could not be delivered.
    DeliveryFailed = "delivery_failed", "A mail or a webhook was not delivered", "邮件或 webhook 未能送达",
        "`detail.code` and `detail.message` say why. Mend the channel or the address, then retry.",
        "`detail.code` 与 `detail.message` 说明原因；修正通道或地址后重试。";
    /// All that is open waits for conditions, and nothing can change them.
    Stalled = "stalled", "Nothing can make the condition true", "条件再也不会成立",
        "`detail.steps` wait for conditions that no open work can change. Look at why; cancel the instance, or mend the process in a new release.",
        "`detail.steps` 等待的条件已没有任何未完成的工作能够改变。检查原因；取消实例，或在新版本中修正流程。";
    /// A limit of the engine was reached.
    LimitReached = "limit_reached", "A limit of the engine was reached", "达到引擎上限",
        "`detail` names the limit; split the work, then retry.",
        "`detail` 指出上限；拆分工作后重试。";
    /// A migration could not carry something over, and its plan parks such spots.
    MigrationParked = "migration_parked", "A migration could not carry this over", "迁移无法沿用此处",
        "`detail.at` and `detail.why` say what. Retry to go on by the new release, or move or skip.",
        "`detail.at` 与 `detail.why` 指出何处及原因。重试则按新版本继续，也可移动或跳过。";
    /// A calendar cannot answer.
    CalendarFailed = "calendar_failed", "A calendar cannot answer", "日历无法给出结果",
        "The calendar is missing, or the moment lies beyond it. Deploy a release with a calendar for those days, then retry.",
        "日历缺失或时间超出范围；部署包含相应日期的日历后重试。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_stored_one() {
        for code in IncidentCode::ALL {
            let stored = serde_json::to_string(code).expect("a word");
            assert_eq!(stored, format!("\"{}\"", code.word()));
        }
    }
}
