//! Scenarios as a black box: a process and its stories in, verdicts and coverage out.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_engine::language::definition::Definition;
use countersign_engine::language::release::{Bundle, collect};
use countersign_engine::scenario::{Report, junit, run_all};
use proptest::prelude::*;
use support::check;

const PROCESS: &str = r#"
process: purchase
title: { zh: 采购, en: Purchase }
owner: purchasing
input: { number: string, lines: { list: { id: string, quantity: integer } }, amount: decimal }
start:
  - { by: [ requester ] }
data:
  supplier: optional string
  price: optional decimal
  checked: { type: integer, initial: 0 }
steps:
  - { id: quote, call: supplier.quote, with: { number: =input.number }, into: { supplier: supplier, price: price }, retry: { attempts: 3, wait: 1 minute } }
  - id: review
    task: { title: { zh: 评审, en: Review }, to: { role: buyer }, not: [ initiator ], shows: [ price ], sign: reviewed }
    due: 2 days
    outcomes: { ok: next, unclear: { back_to: quote }, refused: { end: rejected } }
  - id: lines
    each: { of: =input.lines, as: line, key: =line.id }
    steps:
      - id: inspect
        task: { title: { zh: 检查, en: Inspect }, to: { role: inspector } }
  - id: approval
    when: =input.amount > 1000
    approve: { by: [ { role: manager }, { role: director } ], sign: approved, shows: [ price ] }
    outcomes: { rejected: { back_to: review, at_most: 2 } }
  - id: delivery
    first:
      arrived: { wait: { message: goods.arrived, match: { number: =input.number } } }
      overdue: { wait: 30 days, steps: [ { id: chase, end: overdue } ] }
  - { id: booked, call: stock.receive, with: { number: =input.number } }
  - { id: done, end: received }
events:
  remind: { after: 10 days, steps: [ { id: tell, call: people.tell } ] }
"#;

const CATALOGUE: &str = r#"
activities:
  supplier.quote: { input: { number: string }, output: { record: { supplier: string, price: decimal } }, errors: [ NONE ] }
  stock.receive: { input: { number: string } }
  people.tell: { input: {} }
messages:
  goods.arrived: { fields: { number: string }, ttl: 7 days }
"#;

const TEXTS: &str = r#"
reviewed: { zh: 已评审, en: Reviewed }
approved: { zh: 同意, en: Approved }
"#;

const HEAD: &str = r#"
at: 2026-03-02T09:00+08:00
start: { by: li, with: { number: P-1, lines: [ { id: L1, quantity: 2 }, { id: L2, quantity: 1 } ], amount: 5000 } }
mocks:
  supplier.quote: { returns: { supplier: acme, price: 12.50 } }
"#;

fn definition() -> Arc<Definition> {
    definition_of(PROCESS)
}

fn definition_of(process: &str) -> Arc<Definition> {
    let folder: BTreeMap<String, Vec<u8>> =
        [("process.yaml", process), ("texts.yaml", TEXTS), ("catalogue/all.yaml", CATALOGUE)]
            .into_iter()
            .map(|(path, text)| (path.to_owned(), text.trim_start().as_bytes().to_vec()))
            .collect();
    let checked = check(&collect(&folder, &BTreeMap::new()));
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|found| format!("{}:{} {}", found.span.line, found.span.column, found.message.en))
        .collect();
    Arc::new(checked.definition.unwrap_or_else(|| panic!("{found:#?}")))
}

fn run(files: &[(&str, &str)]) -> Report {
    let folder = files.iter().map(|(path, text)| ((*path).to_owned(), text.trim_start().as_bytes().to_vec())).collect();
    run_all(&definition(), &folder)
}

fn story(head: &str, rest: &str) -> Report {
    run(&[("a.scenario.yaml", &format!("scenario: a story\n{}{}", head.trim_start(), rest.trim_start()))])
}

#[track_caller]
fn passes(report: &Report) {
    let faults: Vec<String> =
        report.verdicts.iter().flat_map(|verdict| &verdict.faults).map(ToString::to_string).collect();
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(report.passed(), report.verdicts.len());
}

/// The faults as `line:column text`.
#[track_caller]
fn fails(report: &Report, expected: &[&str]) {
    let faults = report.verdicts.iter().flat_map(|verdict| &verdict.faults);
    let lines: Vec<String> =
        faults.map(|fault| format!("{}:{} {}", fault.span.line, fault.span.column, fault.message.en)).collect();
    assert_eq!(lines, expected);
}

const WHOLE: &str = r#"
play:
  - expect: { open: [ review ], data: { supplier: acme, price: 12.5 }, called: { supplier.quote: 1 } }
  - { as: wang, does: review, outcome: unclear, signs: true }
  - { as: wang, does: review, outcome: ok, signs: true }
  - { as: chen, does: "inspect[L2]" }
  - expect: { open: [ "lines.inspect[L1]" ], not_open: [ "inspect[L2]", approval ] }
  - { as: chen, does: inspect }
  - { as: [ mgr, dir ], does: approval, outcome: approved, signs: true }
  - advance: 5 days
  - { message: goods.arrived, with: { number: P-1 } }
end: { outcome: received, called: { supplier.quote: 2, stock.receive: 1 }, clocks: { review: met }, not_reached: [ chase ] }
"#;

#[test]
fn people_raise_events_of_the_process_and_of_items() {
    let process = r#"
process: purchase
title: { zh: 采购, en: Purchase }
owner: purchasing
input: { lines: { list: { id: string, quantity: integer } } }
start:
  - { by: [ requester ] }
data:
  more: { type: integer, initial: 0 }
steps:
  - id: lines
    each: { of: =input.lines, as: line, key: =line.id }
    steps:
      - id: count
        task: { title: { zh: 清点, en: Count }, to: { role: clerk } }
        events: { skip: { by: [ clerk ], reason: required, instead: [] } }
alongside:
  duty: { when: =more > 0, steps: [ { id: file, task: { title: { zh: 报告, en: File }, to: { role: clerk } } } ] }
events:
  add: { by: [ manager ], while: =more < 1, sign: approved, reason: required, steps: [ { id: added, set: { more: =more + 1 } } ] }
"#;
    let story = "
scenario: a story
at: 2026-03-02T09:00+08:00
start: { by: li, with: { lines: [ { id: L1, quantity: 2 }, { id: L2, quantity: 1 } ] } }
play:
  - { as: wang, raises: add, reason: two more, expect_error: signature_required }
  - { as: wang, raises: add, reason: two more, signs: true }
  - { as: wang, raises: add, reason: again, signs: true, expect_error: event_not_now }
  - expect: { open: [ file ], data: { more: 1 } }
  - { as: zhao, raises: \"count[L2].skip\", expect_error: reason_required }
  - { as: zhao, raises: \"count[L2].skip\", reason: empty }
  - expect: { open: [ \"count[L1]\" ], not_open: [ \"count[L2]\" ] }
  - { as: zhao, does: count }
  - { as: zhao, does: file }
end: { outcome: completed }
";
    let folder = BTreeMap::from([("a.scenario.yaml".to_owned(), story.trim_start().as_bytes().to_vec())]);
    let report = run_all(&definition_of(process), &folder);
    passes(&report);
    assert_eq!(report.coverage.percent(), 100, "{:?}", report.coverage.missing);
}

#[test]
fn a_story_that_is_true_passes() {
    let report = story(HEAD, WHOLE);
    passes(&report);
    assert!(report.verdicts[0].transitions >= 8);
}

#[test]
fn a_trace_is_everything_that_was_done_in_its_order() {
    let whole = "[ quote, review, quote, review, \"inspect[L2]\", \"inspect[L1]\", approval, delivery, booked ]";
    let rest = |trace: &str| {
        WHOLE.replace("end: { outcome: received,", &format!("end: {{ outcome: received, trace: {trace},"))
    };
    passes(&story(HEAD, &rest(whole)));
    fails(
        &story(HEAD, &rest("[ quote, review, \"inspect[L1]\" ]")),
        &[
            "16:34 the steps done should be quote, review, inspect[L1], but are quote, review, quote, review, inspect[L2], \
             inspect[L1], approval, delivery, booked",
        ],
    );
    fails(&story(HEAD, &rest("[ qoute ]")), &["16:36 the process has no step `qoute`; did you mean `quote`?"]);
}

#[test]
fn a_message_is_matched_by_its_fields_and_one_that_nobody_takes_is_a_fault() {
    let rest = WHOLE.replace("{ number: P-1 } }\n", "{ number: P-2 } }\n");
    fails(
        &story(HEAD, &rest),
        &[
            "15:5 nobody took the message `goods.arrived`",
            "16:71 `stock.receive` should have been called 1 times, but was 0",
            "16:17 the outcome should be `received`, but is `open`; open are delivery",
        ],
    );
}

#[test]
fn time_fires_what_is_due_in_its_order() {
    let rest = WHOLE.replace(
        "  - advance: 5 days\n  - { message: goods.arrived, with: { number: P-1 } }\n",
        "  - advance: 11 days\n  - expect: { called: { people.tell: 1 } }\n  - advance: 20 days\n",
    );
    let rest = rest
        .replace("outcome: received", "outcome: overdue")
        .replace("stock.receive: 1", "stock.receive: 0")
        .replace(", not_reached: [ chase ]", "");
    passes(&story(HEAD, &rest));
}

#[test]
fn a_deadline_that_passes_is_late() {
    let rest = "play:\n  - advance: 3 days\n  - { as: wang, does: review, outcome: refused, signs: true }\nend: { outcome: rejected, clocks: { review: met } }\n";
    fails(&story(HEAD, rest), &["9:45 the clock of `review` should be `met`, but is `late`"]);
}

#[test]
fn a_failing_activity_is_tried_again_when_its_pause_is_over() {
    let head = HEAD.replace("{ returns:", "{ fails: 2, returns:");
    let rest = "play:\n  - expect: { called: { supplier.quote: 1 } }\n  - advance_to: review\n  - expect: { called: { supplier.quote: 3 }, data: { supplier: acme } }\n";
    passes(&story(&head, rest));
    let head = HEAD.replace("{ returns:", "{ fails: 3, returns:");
    let rest = "play:\n  - advance: 1 day\n  - expect: { incidents: [ activity_failed ] }\n  - { as: boss, retries: the supplier is back }\n  - expect: { open: [ review ] }\n";
    passes(&story(&head, rest));
}

#[test]
fn duties_are_kept_apart_and_a_refusal_can_be_expected() {
    passes(&story(
        HEAD,
        "play:\n  - { as: li, does: review, outcome: ok, signs: true, expect_error: separation_of_duties }\n  - { as: wang, does: review, outcome: ok, expect_error: signature_required }\n",
    ));
    fails(
        &story(HEAD, "play:\n  - { as: li, does: review, outcome: ok, signs: true }\n"),
        &["7:5 refused with `separation_of_duties`: separation of duties: li already acted in start"],
    );
}

#[test]
fn declared_people_have_their_own_roles_only() {
    let people = "li: [ requester ]\nwang: [ buyer, inspector ]\nchen: { roles: [ inspector ], active: false }\nmgr: [ manager ]\ndir: [ director ]\n";
    let text = format!(
        "scenario: declared\n{}play:\n  - {{ as: mgr, does: review, outcome: ok, signs: true, expect_error: not_candidate }}\n  - {{ as: wang, does: review, outcome: ok, signs: true }}\n  - {{ as: chen, does: inspect, expect_error: inactive_account }}\n",
        HEAD.trim_start()
    );
    passes(&run(&[("scenarios/people.yaml", people), ("scenarios/one.yaml", &text)]));
}

#[test]
fn a_start_that_signs_is_signed_in_the_story_or_refused() {
    let definition = definition_of(&PROCESS.replace("by: [ requester ]", "by: [ requester ], sign: reviewed"));
    let start = "start: { by: li, with: { number: P-1, lines: [], amount: 5 }";
    for how in [", signs: true }", ", expect_error: signature_required }"] {
        let text = format!(
            "scenario: signed\nat: 2026-03-02T09:00+08:00\n{start}{how}\nmocks: {{ supplier.quote: {{ returns: {{ supplier: acme, price: 12.50 }} }} }}\n"
        );
        let folder = [("a.scenario.yaml".to_owned(), text.into_bytes())].into_iter().collect();
        passes(&run_all(&definition, &folder));
    }
}

#[test]
fn mocks_may_lie_in_a_file_beside() {
    let head = HEAD.replace(
        "mocks:\n  supplier.quote: { returns: { supplier: acme, price: 12.50 } }\n",
        "mocks: { file: mocks.yaml }\n",
    );
    let text =
        format!("scenario: shared\n{}play:\n  - expect: {{ data: {{ supplier: shared }} }}\n", head.trim_start());
    passes(&run(&[
        ("scenarios/mocks.yaml", "supplier.quote: { returns: { supplier: shared, price: 1 } }\n"),
        ("scenarios/one.yaml", &text),
    ]));
}

#[test]
fn slips_are_told_with_their_places_all_at_once() {
    let text = "scenario: slips\nat: tomorrow\nstart: { by: li, wiht: {} }\nplay:\n  - { as: wang, does: review, outcom: ok }\n  - { jump: there }\n";
    fails(
        &run(&[("a.scenario.yaml", text)]),
        &[
            "2:5 a moment with its offset belongs here, such as 2026-03-02T09:00+08:00",
            "3:18 `start` has no key `wiht`; did you mean `with`?",
            "5:31 `as` has no key `outcom`; did you mean `outcome`?",
            "6:7 `play` has no key `jump`; it has as, message, signal, reached, with, advance, advance_to, expect",
            "6:5 this is no move; there are as, message, signal, reached, with, advance, advance_to, expect",
        ],
    );
    fails(
        &story(HEAD, "play:\n  - { as: wang, does: reviw, outcome: ok }\n"),
        &["7:5 the process has no step `reviw`; did you mean `review`?"],
    );
    let head = HEAD.replace("supplier.quote:", "supplier.qoute:");
    fails(
        &story(&head, ""),
        &[
            "5:19 the process never calls `supplier.qoute`; did you mean `supplier.quote`?",
            "3:8 the activity `supplier.quote` has no mock; write `mocks: { supplier.quote: { returns: … } }`",
        ],
    );
}

#[test]
fn a_mock_that_does_not_fit_is_told() {
    let head = HEAD.replace("price: 12.50", "price: cheap");
    let report = story(&head, "");
    assert_eq!(report.failed(), 1);
    assert!(
        report.verdicts[0].faults[0].message.en.contains("what the mock of `supplier.quote` returns does not fit"),
        "{report:?}"
    );
}

#[test]
fn coverage_says_what_no_story_reached() {
    let report = story(HEAD, WHOLE);
    let missing: Vec<String> =
        report.coverage.missing.iter().map(|(span, point)| format!("{} {point}", span.line)).collect();
    assert_eq!(
        missing,
        [
            "13 review: refused",
            "22 approval left out by its `when`",
            "22 approval: rejected",
            "26 delivery: overdue",
            "29 step chase",
            "33 event remind",
            "33 step tell",
        ]
    );
    assert_eq!((report.coverage.steps_reached, report.coverage.steps), (8, 10));
    assert!(report.coverage.percent() < 100);
}

#[test]
fn junit_has_every_story_and_escapes_what_it_says() {
    let report = story(HEAD, "play:\n  - { as: wang, does: review, outcome: \"<&>\", signs: true }\n");
    let xml = junit(std::slice::from_ref(&report));
    assert!(xml.contains("<testsuite name=\"purchase\" tests=\"1\" failures=\"1\""), "{xml}");
    assert!(xml.contains("&lt;&amp;&gt;") && !xml.contains("<&>"), "{xml}");
}

#[test]
fn the_same_story_gives_the_same_report() {
    assert_eq!(story(HEAD, WHOLE), story(HEAD, WHOLE));
}

#[test]
fn people_and_programs_read_the_same_verdicts() {
    let report = story(HEAD, "play:\n  - { as: wang, does: reviw }\n");
    let lines = report.to_string();
    assert!(
        lines.contains("  FAILED a story\n         a.scenario.yaml:7:5: the process has no step `reviw`"),
        "{lines}"
    );
    assert!(lines.contains("not reached: process.yaml:13:5 review: refused"), "{lines}");
    let json = report.to_json();
    assert_eq!((&json["passed"], &json["failed"]), (&0.into(), &1.into()));
    assert_eq!(json["scenarios"][0]["faults"][0]["line"], 7);
    assert_eq!(json["coverage"]["steps"], 10);
}

/// The example of `docs/scenarios.md`, which is a whole story of this file's process.
#[test]
fn the_documented_scenario_passes() {
    let page = include_str!("../../docs/scenarios.md");
    let (_, rest) = page.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    passes(&run(&[("a.scenario.yaml", example)]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// A scenario that somebody is still typing: pieces of a good one, cut and mixed.
    #[test]
    fn no_text_makes_it_panic(picks in proptest::collection::vec((0usize..40, 0usize..60, any::<bool>()), 0..14)) {
        let whole = format!("scenario: x\n{}{}", HEAD.trim_start(), WHOLE.trim_start());
        let lines: Vec<&str> = whole.lines().collect();
        let mut text = String::new();
        for (line, cut, all) in picks {
            let line = lines[line % lines.len()];
            let kept: String = if all { line.to_owned() } else { line.chars().take(cut).collect() };
            text.push_str(&kept);
            text.push('\n');
        }
        let report = run(&[("a.scenario.yaml", &text)]);
        prop_assert!(report.passed() + report.failed() <= 1);
    }
}

const ORDER_REVIEW: &str = r#"
scenario: a thin margin; engineering says no; the customer changes the order; four sign in turn
at: 2026-03-06T16:00+08:00
start: { by: zhao, with: { order: "43659", kind: order, site: SZ, salesperson: qian } }
mocks:
  order.review-facts:
    returns: { margin: 0.05, value: 250000.00, credit_open: 0, in_frozen_horizon: true, promises: [ ] }
  order.confirm:
    - { error: CREDIT, detail: { open: 5 } }
    - { }
play:
  - expect: { data: { order_class: critical, needs.technical: true }, open: [ review_technical, review_quality, review_planning, review_finance ] }
  - { as: sun, does: review_technical, outcome: "no", signs: true }
  - { as: li, does: review_quality, outcome: ok, signs: true }
  - { as: zhou, does: review_planning, outcome: ok, signs: true }
  - { as: [ wu, zheng ], does: expedite, outcome: approved, signs: true }
  - { as: wang, does: review_finance, outcome: ok, signs: true }
  - { as: qian, does: negotiate, outcome: changed, with: { change: "two weeks later", changed_aspects: { technical: true, quality: false, planning: false, finance: false } } }
  - expect: { open: [ review_technical ], not_open: [ review_finance ] }
  - { as: sun, does: review_technical, outcome: ok, signs: true }
  - { as: zhao, does: commit, outcome: approved, signs: true, expect_error: separation_of_duties }
  - { as: [ sales, fin, dir ], does: commit, outcome: approved, signs: true }
  - expect: { called: { order.confirm: 1, order.review-facts: 2 } }
  - { message: order.changed, with: { order: "43659", change: later } }
  - expect: { called: { order.review-facts: 3 } }
"#;

#[test]
fn an_order_review_with_tables_and_a_calendar_is_walked() {
    let checked = check(&support::bundle("order_review"));
    let definition = Arc::new(checked.definition.expect("a definition"));
    let folder = BTreeMap::from([("a.scenario.yaml".to_owned(), ORDER_REVIEW.trim_start().as_bytes().to_vec())]);
    let report = run_all(&definition, &folder);
    passes(&report);
    assert!(report.coverage.percent() > 50, "{:?}", report.coverage);
}

#[test]
fn people_pass_work_on_ask_others_in_and_go_back() {
    let play = r#"
play:
  - { as: wang, delegates: review, to: expert }
  - { as: wang, does: review, outcome: ok, signs: true, expect_error: delegated }
  - { as: expert, resolves: review, outcome: ok, comment: looks right }
  - { as: wang, asks: review, who: zhou, place: before }
  - { as: wang, does: review, outcome: ok, signs: true, expect_error: not_your_turn }
  - { as: wang, dismisses: review, who: zhou }
  - { as: wang, transfers: review, to: sun }
  - { as: sun, for: wang, does: review, outcome: ok, signs: true, expect_error: not_substitute }
  - { as: sun, does: review, outcome: ok, signs: true }
  - { as: stranger, urges: "inspect[L1]", expect_error: not_concerned }
  - { as: li, urges: "inspect[L1]" }
  - { as: li, copies: [ boss ] }
  - { as: boss, comments: please hurry }
  - { as: chen, does: "inspect[L1]" }
  - { as: chen, withdraws: "inspect[L1]", expect_error: acted_after }
  - { as: chen, for: zhao, returns: "inspect[L2]", to: review, resume: back_to_me }
  - expect: { open: [ review ], not_open: [ "inspect[L2]" ] }
  - { as: sun, does: review, outcome: ok, signs: true }
end: { open: [ "inspect[L1]", "inspect[L2]" ] }
"#;
    passes(&story(HEAD, play));
    let wrong = "play:\n  - { as: wang, asks: review, who: zhou, place: above }\n";
    fails(
        &story(HEAD, wrong),
        &["7:23 `asks` lacks its to, who, place (before, beside, after) or resume (replay, back_to_me)"],
    );
}

#[test]
fn a_deadline_on_a_day_runs_until_the_day_is_over() {
    let process = "process: a\ntitle: { zh: 甲, en: A }\nowner: qa\nrisk: low\ncalendar: plant\nstart: [ { by: [ qa ] } ]\n\
                   input: { day: date }\n\
                   steps: [ { id: act, task: { title: { zh: 做, en: Act }, to: { role: qa } }, due: =input.day }, { id: over, end: done } ]\n";
    let calendar = "calendar: plant\nzone: Asia/Shanghai\nweek: { monday: [ \"09:00-17:00\" ] }\n";
    let story = |after: &str, clock: &str| {
        format!(
            "- scenario: {clock}\n  at: 2026-05-01T09:00+08:00\n  start: {{ by: li, with: {{ day: 2026-05-04 }} }}\n  play:\n    \
             - {{ advance_to: {after} }}\n    - {{ as: li, does: act }}\n  end: {{ clocks: {{ act: {clock} }} }}\n"
        )
    };
    let stories = [story("2026-05-05T00:00:00+08:00", "met"), story("2026-05-05T00:00:01+08:00", "late")].concat();
    let files = [("process.yaml", process), ("plant.calendar.yaml", calendar)];
    let bundle = Bundle {
        files: files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect(),
        ..Bundle::default()
    };
    let checked = check(&bundle);
    let definition = Arc::new(checked.definition.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)));
    passes(&run_all(&definition, &BTreeMap::from([("a.scenario.yaml".to_owned(), stories.into_bytes())])));
}
