//! Every code the checker can give, in one table: its page, its test and its severity come from here.

use super::Severity;

/// A code with what is said of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub id: &'static str,
    pub severity: Severity,
    pub title_zh: &'static str,
    pub title_en: &'static str,
    pub why_zh: &'static str,
    pub why_en: &'static str,
    pub bad: &'static str,
    pub good: &'static str,
}

/// Declares the codes, and [`ALL`] with every one of them: what is not here cannot be given.
macro_rules! codes {
    ($($name:ident: $id:literal $severity:ident $title_zh:literal $title_en:literal $why_zh:literal $why_en:literal $bad:literal => $good:literal;)*) => {
        $(pub static $name: Code = Code {
            id: $id,
            severity: Severity::$severity,
            title_zh: $title_zh,
            title_en: $title_en,
            why_zh: $why_zh,
            why_en: $why_en,
            bad: $bad,
            good: $good,
        };)*

        /// Every code, in the order of the pages.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    YAML_SYNTAX: "yaml.syntax" Error "不是合法的 YAML" "Not YAML"
        "解析器读不懂这一处；缩进、括号或引号有误。"
        "The parser cannot read this place: indentation, a bracket or a quote is wrong."
        "title: { zh: 评审, en: Review" =>
        "title: { zh: 评审, en: Review }";
    YAML_ENCODING: "yaml.encoding" Error "不是 UTF-8" "Not UTF-8"
        "文件必须以 UTF-8 保存。"
        "Files are saved as UTF-8."
        "(bytes in GBK)" =>
        "(the same text in UTF-8)";
    YAML_TOO_LARGE: "yaml.too_large" Error "文件过大" "File too large"
        "一个文件最多 1 MiB。"
        "A file holds at most 1 MiB."
        "(2 MiB)" =>
        "(split tables and texts into their own files)";
    YAML_TOO_DEEP: "yaml.too_deep" Error "嵌套过深" "Nested too deep"
        "括号最多 64 层，缩进最多 200 个字符。"
        "Brackets nest at most 64 levels, indentation is at most 200 characters."
        "[[[[[[…]]]]]]" =>
        "[ a, b ]";
    YAML_DOCUMENTS: "yaml.documents" Error "多份文档" "More than one document"
        "一个文件恰好一份 YAML 文档。"
        "A file holds exactly one YAML document."
        "a: 1\n---\nb: 2" =>
        "a: 1\nb: 2";
    YAML_TAB: "yaml.tab" Error "缩进用了制表符" "Tab in the indentation"
        "YAML 的缩进只能用空格。"
        "YAML is indented with spaces only."
        "data:\n\\tlot: string" =>
        "data:\n  lot: string";
    YAML_ANCHOR: "yaml.anchor" Error "锚点" "Anchor"
        "锚点使所读非所得，所以不用。"
        "Anchors hide what a reader sees, so there are none."
        "limit: &days 5 days" =>
        "limit: 5 days";
    YAML_ALIAS: "yaml.alias" Error "别名" "Alias"
        "别名使所读非所得，所以不用。"
        "Aliases hide what a reader sees, so there are none."
        "due: *days" =>
        "due: 5 days";
    YAML_MERGE_KEY: "yaml.merge_key" Error "合并键" "Merge key"
        "有的解析器不执行 `<<`，所以不用。"
        "Some parsers do not follow `<<`, so there is none."
        "<<: *base" =>
        "site: string";
    YAML_TAG: "yaml.tag" Error "标签" "Tag"
        "类型由声明的位置决定，不用标签。"
        "Types follow from the declared position, not from tags."
        "number: !!str 5" =>
        "number: \"5\"";
    YAML_DUPLICATE_KEY: "yaml.duplicate_key" Error "重复的键" "Duplicate key"
        "许多解析器会悄悄丢掉其中一个。"
        "Many parsers silently drop one of the two."
        "data:\n  lot: string\n  lot: integer" =>
        "data:\n  lot: string\n  count: integer";
    YAML_KEY_WITHOUT_VALUE: "yaml.key_without_value" Error "键没有值" "Key without a value"
        "花括号里的逗号把一段文字切成了两个键。"
        "A comma between braces cuts a text into two keys."
        "title: { zh: 召回, en: Recall, correction and removal }" =>
        "title: { zh: 召回, en: \"Recall, correction and removal\" }";
    YAML_SPLIT_EXPRESSION: "yaml.split_expression" Error "表达式被逗号切断" "Expression split by a comma"
        "花括号里的逗号属于 YAML，不属于表达式。"
        "Between braces a comma is YAML's, not the expression's."
        "with: { due: =min(a, b) }" =>
        "with: { due: \"=min(a, b)\" }";
    YAML_EXPRESSION_IN_FLOW: "yaml.expression_in_flow" Error "表达式含 YAML 的字符" "Expression with YAML's characters"
        "方括号、花括号、`: ` 在 YAML 中另有含义。"
        "Brackets, braces and `: ` mean something else to YAML."
        "set: { r: =r + [message] }" =>
        "set: { r: \"=r + [message]\" }";
    YAML_FULL_WIDTH: "yaml.full_width" Error "全角字符" "Full-width character"
        "全角的冒号、括号、引号和运算符不起作用。"
        "Full-width colons, brackets, quotes and operators do not work."
        "title: { zh：会签 }" =>
        "title: { zh: 会签, en: Countersign }";
    YAML_AMBIGUOUS_SCALAR: "yaml.ambiguous_scalar" Error "解析器理解不一" "Readers disagree"
        "同一个词在不同解析器里是文字、数字或布尔值。"
        "The same word is a text, a number or a boolean, depending on the reader."
        "with: { lot: 012 }" =>
        "with: { lot: \"012\" }";
    YAML_AMBIGUOUS_KEY: "yaml.ambiguous_key" Error "键须加引号" "Key needs quotes"
        "`no`、`on`、`yes` 作键时有的解析器当作布尔值。"
        "As keys, `no`, `on` and `yes` are booleans to some readers."
        "outcomes: { ok: next, no: next }" =>
        "outcomes: { ok: next, \"no\": next }";
    YAML_TEXT_CUT: "yaml.text_cut" Warning "文字在 # 处被截断" "Text cut at #"
        "` #` 之后是注释，文字到此为止。"
        "What follows ` #` is a comment: the text ends there."
        "text: 批次 ${x} #3" =>
        "text: \"批次 ${x} #3\"";
    SHAPE_UNKNOWN_KEY: "shape.unknown_key" Error "未知的键" "Unknown key"
        "此处没有这个键；多半是拼写错误。"
        "There is no such key here; most likely it is misspelt."
        "titel: { zh: 评审, en: Review }" =>
        "title: { zh: 评审, en: Review }";
    SHAPE_MISSING_KEY: "shape.missing_key" Error "缺少键" "Missing key"
        "此处必须有这个键。"
        "This key must be there."
        "{ task: { … } }" =>
        "{ id: review, task: { … } }";
    SHAPE_WRONG_KIND: "shape.wrong_kind" Error "内容种类不对" "Wrong kind of content"
        "此处应为另一种内容：文字、列表或表。"
        "This place wants another kind of content: a text, a list or a map."
        "steps: review" =>
        "steps: [ { id: review, … } ]";
    SHAPE_INVALID_VALUE: "shape.invalid_value" Error "值不可用" "Value not allowed"
        "只能用列出的值。"
        "Only the values that are listed can be used."
        "order: sometimes" =>
        "order: in_turn";
    SHAPE_INVALID_NAME: "shape.invalid_name" Error "名称不合规" "Not a name"
        "名称会出现在表达式里：字母、数字、下划线。"
        "Names appear in expressions: letters, digits, underscores."
        "id: approve-plan" =>
        "id: approve_plan";
    LANGUAGE_LATER: "language.later" Error "此版本尚不可用" "Not yet in this version"
        "这属于语言的后半部分。"
        "This belongs to the second half of the language."
        "{ id: tell, notify: { … } }" =>
        "(leave it out for now)";
    BUNDLE_NO_PROCESS: "bundle.no_process" Error "没有流程文件" "No process file"
        "流程文件夹里必须有 `process.yaml`。"
        "The folder of a process holds `process.yaml`."
        "(an empty folder)" =>
        "process.yaml";
    TYPE_INVALID: "type.invalid" Error "不是类型" "Not a type"
        "字段的类型写法见语言手册。"
        "The reference says how types are written."
        "lot: strng" =>
        "lot: string";
    TYPE_UNKNOWN_LIKE: "type.unknown_like" Error "没有可参照的字段" "Nothing to be like"
        "`like` 指向之前声明的字段。"
        "`like` names a field that was declared before."
        "after: like befor" =>
        "after: like before";
    TYPE_MISMATCH: "type.mismatch" Error "值与类型不符" "Value does not fit its type"
        "固定值必须符合所在位置的类型。"
        "A literal fits the type of its position."
        "severity: { type: integer 1..10, initial: 11 }" =>
        "severity: { type: integer 1..10, initial: 1 }";
    SCHEMA_UNKNOWN: "schema.unknown" Error "没有此模式文件" "Unknown schema"
        "流程文件夹和 `schemas/` 里都没有它。"
        "It is neither in the folder nor in `schemas/`."
        "schema: facts.schema.jsn" =>
        "schema: facts.schema.json";
    FIELD_UNKNOWN: "field.unknown" Error "没有此字段" "Unknown field"
        "`data` 或 `input` 没有声明它。"
        "Neither `data` nor `input` declares it."
        "into: factz" =>
        "into: facts";
    TEXT_MISSING_LANGUAGE: "text.missing_language" Error "缺少一种语言" "A language is missing"
        "人看到的文字都有中文和英文。"
        "What people read is there in Chinese and English."
        "title: { zh: 评审 }" =>
        "title: { zh: 评审, en: Review }";
    TEXT_UNKNOWN: "text.unknown" Error "没有此文字" "Unknown text"
        "`texts.yaml` 里没有这个名称。"
        "`texts.yaml` has no such name."
        "title: revew" =>
        "title: review";
    DURATION_INVALID: "duration.invalid" Error "不是时长" "Not a duration"
        "时长是数字加单位。"
        "A duration is a number and a unit."
        "due: 5 businessdays" =>
        "due: 5 business days";
    STEP_NO_KIND: "step.no_kind" Error "步骤没有种类" "Step without a kind"
        "每个步骤恰好做一件事。"
        "Every step does exactly one thing."
        "{ id: review }" =>
        "{ id: review, task: { … } }";
    STEP_TWO_KINDS: "step.two_kinds" Error "步骤有两种" "Step of two kinds"
        "一个步骤只做一件事。"
        "A step does one thing."
        "{ id: a, call: x.y, set: { b: 1 } }" =>
        "two steps";
    STEP_UNKNOWN_KIND: "step.unknown_kind" Error "未知的步骤种类" "Unknown kind of step"
        "没有这种步骤。"
        "There is no such kind of step."
        "{ id: review, taks: { … } }" =>
        "{ id: review, task: { … } }";
    STEP_DUPLICATE_ID: "step.duplicate_id" Error "步骤名重复" "Duplicate step"
        "步骤名在整个流程中唯一。"
        "The name of a step is unique in the process."
        "two steps `review`" =>
        "review, review_again";
    STEP_KEY_INSIDE: "step.key_inside" Error "键写错了层" "Key at the wrong level"
        "`due`、`outcomes`、`into` 等写在种类旁边，不在其中。"
        "`due`, `outcomes`, `into` and the like stand beside the kind, not inside."
        "task: { …, due: 2 days }" =>
        "task: { … }\ndue: 2 days";
    STEP_KEY_NOT_HERE: "step.key_not_here" Error "此种步骤没有这个键" "Not for this kind"
        "这个键对这种步骤没有意义。"
        "The key means nothing for this kind of step."
        "{ id: x, set: { … }, retry: { … } }" =>
        "{ id: x, set: { … } }";
    STEP_UNREACHED: "step.unreached" Error "步骤永远走不到" "Step never reached"
        "前面的步骤总是结束、失败或返回。"
        "The step before always ends, fails or goes back."
        "[ { id: a, end: done }, { id: b, set: { … } } ]" =>
        "[ { id: b, set: { … } }, { id: a, end: done } ]";
    EVENT_TRIGGER: "event.trigger" Error "事件写法不对" "Event not complete"
        "事件有一个起因和一段步骤。"
        "An event has one cause and one list of steps."
        "late: { after: 3 days }" =>
        "late: { after: 3 days, steps: [ … ] }";
    CONDITION_TIME: "condition.time" Error "条件依赖当前时间" "Condition on the time"
        "条件在实例变化时判断；时间流逝本身不会使它重新判断。"
        "A condition is judged when the instance changes, and time alone changes nothing."
        "wait: { condition: =now > deadline }" =>
        "wait: { until: =deadline }";
    ALONGSIDE_UNKNOWN_STEP: "alongside.unknown_step" Error "at_end 没有此步骤" "Unknown step at the end"
        "`at_end` 只写 `alongside` 列表直接包含的步骤。"
        "`at_end` names steps of the very list that runs alongside."
        "at_end: { file: finish }" =>
        "at_end: { file_806: finish }";
    ALONGSIDE_ENDLESS: "alongside.endless" Error "流程永远不能结束" "The process could never end"
        "没有终止条件的循环不能要求在流程结束前完成。"
        "A loop without a condition can never be finished before the process ends."
        "at_end: { status: finish }" =>
        "at_end: { status: withdraw }";
    FORM_UNKNOWN: "form.unknown" Error "没有此表单" "Unknown form"
        "流程文件夹里没有这个文件。"
        "The folder has no such file."
        "form: triage.form.jsn" =>
        "form: triage.form.json";
    FORM_INVALID: "form.invalid" Error "表单有误" "Form is broken"
        "表单是 JSON Schema。"
        "A form is a JSON Schema."
        "{ \"type\": 5 }" =>
        "{ \"type\": \"object\" }";
    FORM_FIELD_NOWHERE: "form.field_nowhere" Warning "表单字段无去处" "Form field goes nowhere"
        "填写后没有 `fills` 或 `into` 取用它。"
        "Nobody takes what is filled in: neither `fills` nor `into` names it."
        "fills: [ ]" =>
        "fills: [ severity ]";
    FORM_NO_FIELD: "form.no_field" Error "表单没有此字段" "Form has no such field"
        "`fills` 只能取表单有的字段。"
        "`fills` takes fields that the form has."
        "fills: [ severty ]" =>
        "fills: [ severity ]";
    TABLE_UNKNOWN: "table.unknown" Error "没有此决策表" "Unknown table"
        "流程文件夹里没有这个文件。"
        "The folder has no such file."
        "decide: risk.tabel.yaml" =>
        "decide: risk.table.yaml";
    TABLE_INVALID: "table.invalid" Error "决策表有误" "Table is broken"
        "表头、行或单元格读不懂。"
        "The head, a row or a cell cannot be read."
        ">= x y" =>
        ">= 9";
    TABLE_GAP: "table.gap" Error "决策表有空缺" "Table with a gap"
        "有的输入没有任何行命中。"
        "Some input matches no row."
        ">= 9 and < 5 only" =>
        "add a row `any`";
    TABLE_OVERLAP: "table.overlap" Error "决策表有重叠" "Table with an overlap"
        "`hit: unique` 时，一个输入命中两行。"
        "With `hit: unique`, an input matches two rows."
        ">= 5 and >= 9" =>
        "5..8 and >= 9";
    TABLE_ROW_NEVER: "table.row_never" Warning "行永远不命中" "Row that never counts"
        "前面的行总是先命中。"
        "Rows before it always match first."
        "any, then >= 9" =>
        ">= 9, then any";
    TABLE_UNPROVED: "table.unproved" Warning "无法证明完整" "Not proved"
        "决策表太大，未能证明没有空缺和重叠。"
        "The table is too large to prove that it has no gap and no overlap."
        "(very many columns)" =>
        "two smaller tables";
    SCRIPT_UNKNOWN: "script.unknown" Error "没有此脚本" "Unknown script"
        "文件夹和 `scripts/` 里都没有它。"
        "It is neither in the folder nor in `scripts/`."
        "script: failed_shar" =>
        "script: failed_share";
    SCRIPT_INVALID: "script.invalid" Error "脚本有误" "Script is broken"
        "脚本须有函数 `run(input)`。"
        "A script has a function `run(input)`."
        "fn rum(input) { }" =>
        "fn run(input) { }";
    CALENDAR_UNKNOWN: "calendar.unknown" Error "没有此日历" "Unknown calendar"
        "文件夹和 `calendars/` 里都没有它。"
        "It is neither in the folder nor in `calendars/`."
        "calendar: plant_c" =>
        "calendar: plant_cn";
    CALENDAR_INVALID: "calendar.invalid" Error "日历有误" "Calendar is broken"
        "日历读不懂。"
        "The calendar cannot be read."
        "zone: Asia/Shangai" =>
        "zone: Asia/Shanghai";
    CALENDAR_MISSING: "calendar.missing" Error "工作时间缺少日历" "Business time without a calendar"
        "工作日要由日历来数。"
        "Business days are counted by a calendar."
        "due: 5 business days" =>
        "calendar: plant_cn";
    LADDER_UNKNOWN: "ladder.unknown" Error "没有此阶梯" "Unknown ladder"
        "`late` 里没有这个名称。"
        "`late` has no such name."
        "due: { in: 5 days, late: legl }" =>
        "due: { in: 5 days, late: legal }";
    CATALOGUE_INVALID: "catalogue.invalid" Error "目录有误" "Catalogue is broken"
        "目录中的条目重复。"
        "An entry stands twice."
        "two `stock.hold`" =>
        "one `stock.hold`";
    ACTIVITY_UNKNOWN: "activity.unknown" Error "没有此活动" "Unknown activity"
        "目录里没有它。"
        "The catalogue does not have it."
        "call: stock.reserv" =>
        "call: stock.reserve";
    ACTIVITY_MISSING_INPUT: "activity.missing_input" Error "缺少活动参数" "Input is missing"
        "活动声明了这个参数。"
        "The activity declares this input."
        "with: { }" =>
        "with: { order: =input.order }";
    ACTIVITY_UNKNOWN_INPUT: "activity.unknown_input" Error "没有此活动参数" "Unknown input"
        "活动没有声明这个参数。"
        "The activity declares no such input."
        "with: { oder: =input.order }" =>
        "with: { order: =input.order }";
    MESSAGE_UNKNOWN: "message.unknown" Error "没有此消息" "Unknown message"
        "目录里没有它。"
        "The catalogue does not have it."
        "message: order.changd" =>
        "message: order.changed";
    MESSAGE_TWO_WAITS: "message.two_waits" Error "两处等同一消息" "Two waits on one message"
        "每条消息只交给一处：同时等待的两处无法分清。"
        "A message is delivered once: two that wait at the same time cannot be told apart."
        "two branches wait for lot.released" =>
        "a `match` in each that tells them apart";
    MESSAGE_MISSING_FIELD: "message.missing_field" Error "消息缺少字段" "A field of the message is missing"
        "目录声明的字段都要给出，否则等待者无从匹配。"
        "What the catalogue declares is given: whoever waits matches by it."
        "{ id: tell, send: order.changed }" =>
        "{ id: tell, send: order.changed, with: { order: =input.order } }";
    EXPR_NEXT_OUTSIDE_KEY: "expr.next_outside_key" Error "在业务键之外取号" "A number drawn outside of the key"
        "取号必须恰好一次，只有发起时的业务键能保证。"
        "A number is drawn exactly once, which only the key of a start can promise."
        "set: { number: \"=next('CAPA')\" }" =>
        "key: =next(\"CAPA\")";
    EXPR_SYNTAX: "expr.syntax" Error "表达式有误" "Not an expression"
        "表达式读不懂。"
        "The expression cannot be read."
        "when: =a >" =>
        "when: =a > 3";
    EXPR_LITERAL: "expr.literal" Error "应为表达式" "Expression wanted"
        "此处只有表达式有意义。"
        "Only an expression makes sense here."
        "when: a > 3" =>
        "when: =a > 3";
    EXPR_UNKNOWN_VARIABLE: "expr.unknown_variable" Error "未知的变量" "Unknown variable"
        "此处没有这个名称。"
        "There is no such name here."
        "when: =severty > 3" =>
        "when: =severity > 3";
    EXPR_UNKNOWN_FIELD: "expr.unknown_field" Error "没有此字段" "Unknown field"
        "声明的类型没有这个字段。"
        "The declared type has no such field."
        "=input.ordr" =>
        "=input.order";
    EXPR_UNKNOWN_STEP: "expr.unknown_step" Error "未知的步骤" "Unknown step"
        "流程里没有这个步骤。"
        "The process has no such step."
        "=visits(\"plam\") > 2" =>
        "=visits(\"plan\") > 2";
    EXPR_UNKNOWN_MILESTONE: "expr.unknown_milestone" Error "未知的里程碑" "Unknown milestone"
        "没有步骤声明它。"
        "No step declares it."
        "=reached(\"decidd\")" =>
        "=reached(\"decided\")";
    EXPR_TYPE: "expr.type" Error "类型不符" "Types do not fit"
        "不同种类的值不能比较或运算。"
        "Values of different kinds are not compared or computed with."
        "=severity == \"high\"" =>
        "=severity >= 9";
    EXPR_UNSET: "expr.unset" Error "可能没有值" "May be unset"
        "比较没有值的字段是错误；用 `??` 给出替代值。"
        "Comparing an unset field is an error; `??` says what stands for it."
        "=input.number > 3" =>
        "=(input.number ?? 0) > 3";
    EXPR_HYPHEN: "expr.hyphen" Error "连字符是减号" "A hyphen is a minus"
        "表达式中 `a-b` 是减法。"
        "In an expression `a-b` subtracts."
        "=steps.approve-plan.outcome" =>
        "=steps.approve_plan.outcome";
    WRITE_UNKNOWN_FIELD: "write.unknown_field" Error "写入未声明的字段" "Writes an undeclared field"
        "流程只能写 `data` 声明的字段。"
        "A process writes only what `data` declares."
        "into: factz" =>
        "into: facts";
    WRITE_TYPE: "write.type" Error "写入的类型不符" "Written value does not fit"
        "活动的输出或表单字段与字段类型不同。"
        "What is written is of another type than the field."
        "into: count (a text)" =>
        "into: name";
    WRITE_PARALLEL: "write.parallel" Error "并行写同一字段" "Two parallel writers"
        "谁后写谁生效，结果不确定。"
        "Whoever writes last wins: the result is a matter of luck."
        "two branches set `total`" =>
        "a field for each branch";
    OUTCOME_UNKNOWN: "outcome.unknown" Error "没有此结果" "Unknown outcome"
        "这种步骤没有这个结果。"
        "The step cannot have this outcome."
        "approve … outcomes: { refused: next }" =>
        "approve … outcomes: { rejected: next }";
    OUTCOME_UNROUTED: "outcome.unrouted" Error "结果没有去向" "Outcome leads nowhere"
        "必须说明否决之后怎样。"
        "What follows a rejection must be said."
        "approve: { … }" =>
        "approve: { … }\noutcomes: { rejected: { end: refused } }";
    BACK_TO_UNKNOWN: "back_to.unknown" Error "返回未知的步骤" "Return to an unknown step"
        "流程里没有这个步骤。"
        "The process has no such step."
        "back_to: plam" =>
        "back_to: plan";
    BACK_TO_NOT_AROUND: "back_to.not_around" Error "返回目标不可达" "Return to a step not around"
        "只能返回到本列表或外层列表中已经走过的步骤。"
        "A return leads to an earlier step of this list, or of one around it."
        "back_to: (a step of another branch)" =>
        "back_to: (a step before the branches)";
    CHOOSE_OTHERWISE_LAST: "choose.otherwise_last" Error "otherwise 应在最后" "Otherwise comes last"
        "它之后的分支永远走不到。"
        "Branches after it are never taken."
        "[ { otherwise: next }, { when: … } ]" =>
        "[ { when: … }, { otherwise: next } ]";
    BRANCH_NEVER: "branch.never" Error "分支永远走不到" "Branch never taken"
        "条件恒为假，或前面的分支总是成立。"
        "Its condition is always false, or one before it always holds."
        "when: =false" =>
        "when: =severity > 3";
    PART_UNKNOWN: "part.unknown" Error "没有此部分" "Unknown part"
        "`parts` 里没有这个名称。"
        "`parts` has no such name."
        "do: cary_out" =>
        "do: carry_out";
    PART_RECURSIVE: "part.recursive" Error "部分包含自己" "Part that does itself"
        "部分在原处展开，展开不会结束。"
        "A part is expanded in place, and this would never end."
        "parts: { a: [ { id: x, do: a } ] }" =>
        "back_to: (an earlier step)";
    PART_TOO_LARGE: "part.too_large" Error "部分展开后过大" "Parts expand to too much"
        "部分最多嵌套 8 层，展开后最多 5000 个步骤。"
        "Parts nest at most 8 deep and make at most 5000 steps."
        "parts that do parts that do parts…" =>
        "run: another_process";
    PART_UNUSED: "part.unused" Warning "部分没有被使用" "Part that nothing does"
        "没有使用的部分不会被检查。"
        "What is never done is never checked."
        "parts: { carry_out: [ … ] } (and no `do: carry_out`)" =>
        "{ id: carry_out, do: carry_out }";
    COMPENSATE_UNKNOWN: "compensate.unknown" Error "撤销未知的步骤" "Undoes an unknown step"
        "流程里没有这个步骤。"
        "The process has no such step."
        "compensate: resrve" =>
        "compensate: reserve";
    COMPENSATE_NOT_AROUND: "compensate.not_around" Error "撤销目标不可达" "Undoes a step not around"
        "只能撤销本列表或外层列表中已经走过的步骤，或外层的步骤块。"
        "What is undone is an earlier step of this list or of one around it, or a block around."
        "compensate: (a step of another branch)" =>
        "compensate: (a step before the branches)";
    COMPENSATE_NOTHING: "compensate.nothing" Error "没有可撤销的内容" "Nothing to undo"
        "这个步骤和它里面的步骤都没有 `compensate`。"
        "Neither the step nor anything inside it has a `compensate`."
        "compensate: review" =>
        "compensate: reserve (a step with `compensate: { call: release }`)";
    COMPENSATE_INSIDE: "compensate.inside" Error "撤销步骤不能这样做" "What undoes a step cannot do this"
        "撤销要做到底：不能结束流程，也不能再撤销别的步骤。"
        "Undoing goes to its end: it neither ends the process nor undoes others."
        "compensate: [ { id: stop, end: over } ]" =>
        "compensate: { call: stock.release }";
    EACH_GROWS: "each.grows" Error "列表不能增长" "List that cannot grow"
        "只有 `data` 中的列表才能用 `add` 追加。"
        "Only a list of `data` can be added to."
        "each: { of: =input.lots, grows: true }" =>
        "each: { of: =lots, grows: true }";
    ADD_NO_LIST: "add.no_list" Error "追加的目标不是列表" "Adds to what is no list"
        "`add` 在列表末尾追加。"
        "`add` appends to lists."
        "add: { severity: =[ 3 ] }" =>
        "add: { lots: =steps.trace_more.output.lots }";
    LOOP_UNBOUNDED: "loop.unbounded" Error "循环既无等待也无上限" "Loop with no wait and no bound"
        "它会不停地转。"
        "It would turn for ever."
        "repeat: { until: =done }" =>
        "repeat: { until: =done, at_most: 100 }";
    BALLOT_UNSATISFIABLE: "ballot.unsatisfiable" Error "无人能满足的表决" "Ballot that nobody can satisfy"
        "要求的票数多于席位。"
        "It wants more votes than there are seats."
        "rule: { at_least: 4 } with 3 seats" =>
        "rule: { at_least: 2 }";
    BALLOT_EXCLUDED: "ballot.excluded" Error "席位都被排除" "Every seat is excluded"
        "`not` 排除了唯一能表决的人。"
        "`not` excludes the only person who could vote."
        "by: [ initiator ], not: [ initiator ]" =>
        "by: [ { role: quality } ], not: [ initiator ]";
    SIGN_SHOWS_NOTHING: "sign.shows_nothing" Warning "签名没有展示内容" "Signature shows nothing"
        "签名者应看到所签的内容。"
        "A signer sees what is signed."
        "approve: { by: …, sign: approved }" =>
        "approve: { by: …, sign: approved, shows: [ plan ] }";
    SIGN_UNKNOWN_MEANING: "sign.unknown_meaning" Error "签名含义没有文字" "Meaning without text"
        "`texts.yaml` 里没有这个签名含义。"
        "`texts.yaml` has no text for this meaning."
        "sign: aproved" =>
        "sign: approved";
    SHOWS_UNKNOWN: "shows.unknown" Error "展示未知的内容" "Shows something unknown"
        "既不是字段，也不是步骤。"
        "It is neither a field nor a step."
        "shows: [ pln ]" =>
        "shows: [ plan ]";
    NOT_UNKNOWN: "not.unknown" Error "排除未知的步骤" "Excludes an unknown step"
        "流程里没有这个步骤。"
        "The process has no such step."
        "not: [ pln ]" =>
        "not: [ plan ]";
    NOT_NO_PERSON: "not.no_person" Error "排除的步骤没有人参与" "Excluded step has no people"
        "只有人做的步骤才有人可排除。"
        "Only steps done by people have people to exclude."
        "not: [ reserve ] (a call)" =>
        "not: [ review ] (a task)";
    RISK_SELF_COMPLETING: "risk.self_completing" Error "高风险关口会自动通过" "High-risk gate that completes itself"
        "高风险流程的审批不得因时间而越过。"
        "In a process of high risk no approval is passed by time alone."
        "approve … events: { x: { after: 3 days, instead: [] } }" =>
        "a ladder in `due`";
    SCHEDULE_NO_ZONE: "schedule.no_zone" Error "时间表没有时区" "Schedule without a zone"
        "没有时区就不知道是几点。"
        "Without a zone nobody knows when that is."
        "{ schedule: \"0 8 * * MON\" }" =>
        "{ schedule: \"0 8 * * MON\", zone: Asia/Shanghai }";
    SCHEDULE_INVALID: "schedule.invalid" Error "时间表有误" "Schedule is broken"
        "五个字段，星期用名称。"
        "Five fields, weekdays by name."
        "\"0 8 * * 1\"" =>
        "\"0 8 * * MON\"";
    ROLE_UNKNOWN: "role.unknown" Error "没有此角色" "Unknown role"
        "目录的 `roles` 里没有它：没有人会得到这项工作。"
        "The catalogue's `roles` do not have it: nobody would get the work."
        "to: { role: quality_manger }" =>
        "to: { role: quality_manager }";
    START_INPUT_MISSING: "start.input_missing" Error "发起时缺少输入" "Start without an input"
        "流程需要这个输入，而这种发起方式给不了，因此每次都会被拒绝。"
        "The process needs this input, and this start cannot give it: it would be refused every time."
        "form: (without `site`)" =>
        "site: optional string";
    EVENT_ERROR_NEVER: "event.error_never" Warning "错误永远不会发生" "Error that nothing raises"
        "宿主里没有步骤会报告这个错误代码；多半是拼写错误。"
        "No step inside the host reports this code; most likely it is misspelt."
        "error: NOT_FOND" =>
        "error: NOT_FOUND";
    EXPR_ITEM_STEP: "expr.item_step" Error "读取各项内部的步骤" "Reads a step of items"
        "`each` 里的步骤每一项各有一份，从外面无法读取。"
        "A step inside `each` is there once for every item, and cannot be read from outside."
        "=steps.carry_out.output.note (after the `each`)" =>
        "let each item write a field of itself, and read the list";
    JOIN_UNSATISFIABLE: "join.unsatisfiable" Error "汇合永远不满足" "Join that is never satisfied"
        "要求完成的分支多于分支的总数。"
        "It wants more branches than there are."
        "join: { at_least: 4 } with 3 branches" =>
        "join: { at_least: 2 }";
    TABLE_WORD_UNKNOWN: "table.word_unknown" Error "单元格的词不存在" "Cell with an unknown word"
        "这一列的类型没有这个词，因此该行永远不命中。"
        "The type of the column has no such word, so the row never matches."
        "hihg (of [ low, high ])" =>
        "high";
}
