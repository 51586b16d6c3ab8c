//! Laws of every picture, tried on random nested figures and on one made by hand.

use proptest::prelude::*;

use super::*;

fn node(id: &str, shape: Shape) -> Node {
    Node { id: id.into(), shape, exits: vec![], events: vec![] }
}

fn card(id: &str, look: Look, title: &str, notes: &[&str]) -> Node {
    let notes = notes.iter().map(ToString::to_string).collect();
    node(id, Shape::Card { look, title: title.into(), notes, optional: false })
}

fn back(label: &str, targets: &[&str]) -> Node {
    let targets = targets.iter().map(|target| Target(target.to_string())).collect();
    node("", Shape::Back { label: label.into(), targets })
}

fn end(outcome: &str) -> Node {
    node("", Shape::End { outcome: outcome.into() })
}

fn way(label: &str, body: Vec<Node>) -> Alternative {
    Alternative { label: label.into(), body }
}

/// An order review with every shape in it.
fn order_review() -> Figure {
    let review = |id: &str, title: &str, who: &str| {
        card(id, Look::Task, title, &[who, "签名：已评审", "期限：2 个工作日", "同意 / 偏离 / 不同意"])
    };
    let mut standard = card(
        "standard",
        Look::Approve,
        "标准订单确认",
        &["当：order_class == \"standard\"", "• 销售", "签名：承诺已批准"],
    );
    standard.exits = vec![
        way("同意", vec![]),
        way("不同意", vec![card("make_full", Look::Set, "转为完整评审", &["order_class = non_standard"])]),
    ];
    let reviews = node(
        "reviews",
        Shape::Parallel {
            caption: "评审".into(),
            join: String::new(),
            branches: vec![
                way("技术（当：needs.technical）", vec![review("review_technical", "技术评审", "工程")]),
                way("质量（当：needs.quality）", vec![review("review_quality", "质量与注册评审", "质量法规")]),
                way(
                    "计划（当：needs.planning）",
                    vec![
                        review("review_planning", "计划与产能评审", "计划员"),
                        card(
                            "expedite",
                            Look::Approve,
                            "加急批准",
                            &["当：review.in_frozen_horizon", "会签", "• 计划主管", "• 总经理"],
                        ),
                    ],
                ),
                way("财务（当：needs.finance）", vec![review("review_finance", "财务信用评审", "财务")]),
            ],
        },
    );
    let mut negotiate = card("negotiate", Look::Task, "与客户协商", &["input.salesperson", "期限：5 个工作日"]);
    negotiate.exits = vec![
        way("接受", vec![]),
        way("撤回", vec![card("release", Look::Call, "释放预留", &["order.release-reservation"]), end("已撤回")]),
        way(
            "变更",
            vec![
                card("apply", Look::Call, "应用变更", &["order.apply_change"]),
                card("only_changed", Look::Set, "只评审变更项", &["needs = answer.changed_aspects"]),
                back("评审", &["reviews"]),
            ],
        ),
    ];
    let mut commit = card(
        "commit",
        Look::Approve,
        "承诺审批",
        &[
            "会签，依次",
            "• 销售经理",
            "• 财务经理, 当：authority.finance",
            "• 总经理, 当：authority.general_manager",
            "签名：承诺已批准",
        ],
    );
    commit.exits = vec![way("同意", vec![]), way("不同意", vec![back("与客户协商", &["negotiate"])])];
    let mut full = node(
        "full",
        Shape::Frame {
            look: FrameLook::Block,
            title: "完整评审".into(),
            notes: vec!["当：order_class != \"standard\"".into(), "期限：target".into()],
            optional: true,
            body: vec![reviews, negotiate, card("authority", Look::Table, "审批权限", &["决策表：authority"]), commit],
        },
    );
    full.events = vec![
        Event {
            look: EventLook::Timer,
            label: "提醒：3 天, 7 天后".into(),
            takes_over: false,
            body: vec![card("remind", Look::Call, "催办", &["notify.people"])],
        },
        Event {
            look: EventLook::Error,
            label: "信用：CREDIT".into(),
            takes_over: true,
            body: vec![card("explain", Look::Task, "说明信用问题", &["财务"])],
        },
    ];
    let mut confirm = card("confirm", Look::Call, "确认订单", &["order.confirm"]);
    confirm.exits = vec![
        way("", vec![]),
        way("CONFLICT", vec![back("快照", &["snapshot"])]),
        way("CREDIT", vec![back("快照", &["snapshot"])]),
    ];
    let each = node(
        "implement",
        Shape::Frame {
            look: FrameLook::Each,
            title: "逐行预留".into(),
            notes: vec!["lines 中的每个 line，同时 50 个".into()],
            optional: false,
            body: vec![node(
                "how",
                Shape::Split {
                    look: SplitLook::Choose,
                    caption: "有货吗？".into(),
                    branches: vec![
                        way(
                            "line.available >= line.quantity",
                            vec![card("reserve", Look::Call, "预留库存", &["stock.reserve"])],
                        ),
                        way("line.make", vec![card("replan", Look::Run, "生产计划", &["子流程：planning"])]),
                        way("否则", vec![]),
                    ],
                },
            )],
        },
    );
    let first = node(
        "answer",
        Shape::Split {
            look: SplitLook::First,
            caption: "等待客户".into(),
            branches: vec![
                way("", vec![card("", Look::Message, "确认", &["消息：order.accepted"])]),
                way("", vec![card("", Look::Timer, "超时", &["30 天"]), end("已过期")]),
            ],
        },
    );
    Figure {
        process: "order_review".into(),
        title: "订单评审".into(),
        subtitle: "order_review · 归口：销售运营 · 风险：中".into(),
        starts: vec!["销售、客户服务".into(), "消息：order.saved".into(), "消息：order.changed".into()],
        body: vec![
            card("snapshot", Look::Call, "快照", &["order.review-facts"]),
            card("classify", Look::Table, "分类", &["决策表：classify"]),
            standard,
            full,
            confirm,
            each,
            first,
            end("已接受"),
        ],
        events: vec![
            Event {
                look: EventLook::Message,
                label: "变更：order.changed".into(),
                takes_over: true,
                body: vec![back("快照", &["snapshot"])],
            },
            Event {
                look: EventLook::Timer,
                label: "过期：30 天后（当：input.kind == \"quotation\"）".into(),
                takes_over: true,
                body: vec![end("已过期")],
            },
        ],
        events_title: "任何时候".into(),
    }
}

/// Whether the mark takes room of its own: frames hold others, and an attached event sits on its host's border.
fn solid(placed: &Placed) -> bool {
    !matches!(placed.mark, Mark::Frame { .. } | Mark::Event { attached: true, .. })
}

fn on_border(rect: Rect, point: Point) -> bool {
    let within = rect.x <= point.x && point.x <= rect.right() && rect.y <= point.y && point.y <= rect.bottom();
    within && (point.x == rect.x || point.x == rect.right() || point.y == rect.y || point.y == rect.bottom())
}

/// Whether a horizontal or vertical line runs through the inside of a rectangle.
fn runs_through(rect: Rect, a: Point, b: Point) -> bool {
    let (left, right) = (a.x.min(b.x), a.x.max(b.x));
    let (top, bottom) = (a.y.min(b.y), a.y.max(b.y));
    left < rect.right()
        && rect.x < right.max(left + 1)
        && top < rect.bottom()
        && rect.y < bottom.max(top + 1)
        && !(left == right && (left == rect.x || left == rect.right()))
        && !(top == bottom && (top == rect.y || top == rect.bottom()))
}

/// Whether two lines share more than a point.
fn runs_along(one: &[Point], other: &[Point]) -> bool {
    let span = |a: i32, b: i32| (a.min(b), a.max(b));
    let shared = |(a, b): (i32, i32), (c, d): (i32, i32)| a.max(c) < b.min(d);
    let vertical = one[0].x == one[1].x && other[0].x == other[1].x && one[0].x == other[0].x;
    let horizontal = one[0].y == one[1].y && other[0].y == other[1].y && one[0].y == other[0].y;
    (vertical && shared(span(one[0].y, one[1].y), span(other[0].y, other[1].y)))
        || (horizontal && shared(span(one[0].x, one[1].x), span(other[0].x, other[1].x)))
}

#[track_caller]
fn check(figure: &Figure) {
    let geometry = layout(figure);
    let solids: Vec<&Placed> = geometry.placed.iter().filter(|placed| solid(placed)).collect();
    for (place, one) in solids.iter().enumerate() {
        for other in &solids[place + 1..] {
            assert!(!one.rect.overlaps(other.rect), "{one:?} overlaps {other:?}");
        }
    }
    let whole = Rect { x: 0, y: 0, width: geometry.width, height: geometry.height };
    for placed in &geometry.placed {
        assert!(whole.contains(placed.rect), "{placed:?} leaves the picture");
        if let (Some(frame), true) = (placed.frame, solid(placed)) {
            assert!(
                geometry.placed[frame].rect.contains(placed.rect),
                "{placed:?} leaves {:?}",
                geometry.placed[frame]
            );
        }
    }
    for (place, frame) in geometry.placed.iter().enumerate().filter(|(_, placed)| !solid(placed)) {
        let outside = |placed: &&&Placed| {
            let mut around = placed.frame;
            while let Some(outer) = around {
                if outer == place {
                    return false;
                }
                around = geometry.placed[outer].frame;
            }
            true
        };
        if matches!(frame.mark, Mark::Frame { .. }) {
            for placed in solids.iter().filter(outside) {
                assert!(!frame.rect.overlaps(placed.rect), "{placed:?} lies in a frame that is not its own: {frame:?}");
            }
        }
    }
    for edge in &geometry.edges {
        let (first, last) = (edge.points[0], edge.points[edge.points.len() - 1]);
        for end in [first, last] {
            let tied = geometry.placed.iter().any(|placed| {
                !matches!(placed.mark, Mark::Label { .. } | Mark::Title { .. }) && on_border(placed.rect, end)
            });
            assert!(tied, "{edge:?} ends in the air at {end:?}");
        }
        for pair in edge.points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            assert!(a.x == b.x || a.y == b.y, "{edge:?} is not straight");
            for placed in solids.iter().filter(|placed| !matches!(placed.mark, Mark::Label { .. })) {
                assert!(!runs_through(placed.rect, a, b), "{edge:?} runs through {placed:?}");
            }
        }
        for point in &edge.points {
            let inside = (0..=geometry.width).contains(&point.x) && (0..=geometry.height).contains(&point.y);
            assert!(inside, "{edge:?} leaves the picture");
        }
    }
    for back in geometry.edges.iter().filter(|edge| edge.line == Line::Back) {
        // The last piece of a jump is its target's own arrow, which it shares.
        let own = &back.points[..back.points.len() - 1];
        for flow in geometry.edges.iter().filter(|edge| edge.line != Line::Back) {
            for (one, other) in own.windows(2).flat_map(|one| flow.points.windows(2).map(move |other| (one, other))) {
                assert!(!runs_along(one, other), "{back:?} hides {flow:?}");
            }
        }
    }
    assert_eq!(write(&geometry), write(&layout(figure)), "the same figure gave other bytes");
}

#[test]
fn the_order_review_is_drawn_without_a_collision() {
    check(&order_review());
}

/// A figure before its steps are named and its jumps are aimed.
#[derive(Clone, Debug)]
enum Sketch {
    Card { title: String, notes: usize, exits: Vec<Vec<Sketch>>, events: Vec<(bool, Vec<Sketch>)> },
    Split(bool, Vec<Vec<Sketch>>),
    Parallel(Vec<Vec<Sketch>>, bool),
    Frame { body: Vec<Sketch>, exits: Vec<Vec<Sketch>>, events: Vec<(bool, Vec<Sketch>)> },
    End,
    Back(Vec<usize>),
}

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let leaf = prop_oneof![
        6 => ("[a-zA-Z_ 会签审批]{0,40}", 0usize..5)
            .prop_map(|(title, notes)| Sketch::Card { title, notes, exits: vec![], events: vec![] }),
        1 => Just(Sketch::End),
        2 => proptest::collection::vec(0usize..8, 1..4).prop_map(Sketch::Back),
    ];
    let any = leaf.prop_recursive(4, 40, 4, |inner| {
        let list = proptest::collection::vec(inner, 0..4);
        let lists = || proptest::collection::vec(list.clone(), 0..4);
        let events = || proptest::collection::vec((any::<bool>(), list.clone()), 0..3);
        prop_oneof![
            ("[a-z 退回]{0,30}", 0usize..4, lists(), events()).prop_map(|(title, notes, exits, events)| Sketch::Card {
                title,
                notes,
                exits,
                events
            }),
            (any::<bool>(), lists()).prop_map(|(choose, branches)| Sketch::Split(choose, branches)),
            (lists(), any::<bool>()).prop_map(|(branches, join)| Sketch::Parallel(branches, join)),
            (list.clone(), lists(), events()).prop_map(|(body, exits, events)| Sketch::Frame { body, exits, events }),
        ]
    });
    proptest::collection::vec(any, 0..5)
}

/// Names steps in order and aims each jump at a step of its own list or of one around it.
#[derive(Default)]
struct Namer {
    count: usize,
    known: Vec<String>,
}

impl Namer {
    fn list(&mut self, sketches: &[Sketch]) -> Vec<Node> {
        let outer = self.known.len();
        let nodes = sketches.iter().map(|sketch| self.node(sketch)).collect();
        self.known.truncate(outer);
        nodes
    }

    fn ways(&mut self, lists: &[Vec<Sketch>]) -> Vec<Alternative> {
        let labels = ["", "approved", "不同意", "order_class == \"non_standard\" && value > 500_000"];
        lists.iter().zip(labels).map(|(list, label)| way(label, self.list(list))).collect()
    }

    fn events(&mut self, events: &[(bool, Vec<Sketch>)]) -> Vec<Event> {
        let event = |(takes_over, body): &(bool, Vec<Sketch>)| Event {
            look: EventLook::Timer,
            label: "提醒 after 3 days".into(),
            body: self.list(body),
            takes_over: *takes_over,
        };
        events.iter().map(event).collect()
    }

    fn node(&mut self, sketch: &Sketch) -> Node {
        self.count += 1;
        let id = format!("s{}", self.count);
        self.known.push(id.clone());
        let (shape, exits, events) = match sketch {
            Sketch::Card { title, notes, exits, events } => {
                let notes = vec!["期限 5 business days".to_owned(); *notes];
                let shape = Shape::Card { look: Look::Task, title: title.clone(), notes, optional: false };
                (shape, self.ways(exits), self.events(events))
            }
            Sketch::Split(choose, branches) => {
                let look = if *choose { SplitLook::Choose } else { SplitLook::First };
                let shape = Shape::Split { look, caption: "which way?".into(), branches: self.ways(branches) };
                (shape, vec![], vec![])
            }
            Sketch::Parallel(branches, join) => {
                let join = if *join { "any one is enough".into() } else { String::new() };
                (Shape::Parallel { caption: "reviews".into(), branches: self.ways(branches), join }, vec![], vec![])
            }
            Sketch::Frame { body, exits, events } => {
                let (body, notes) = (self.list(body), vec!["until done".into()]);
                let shape = Shape::Frame { look: FrameLook::Each, title: "Items".into(), notes, optional: true, body };
                (shape, self.ways(exits), self.events(events))
            }
            Sketch::End => (Shape::End { outcome: "accepted".into() }, vec![], vec![]),
            Sketch::Back(picks) => {
                let targets = picks.iter().map(|pick| Target(self.known[pick % self.known.len()].clone())).collect();
                (Shape::Back { label: "back".into(), targets }, vec![], vec![])
            }
        };
        Node { id, shape, exits, events }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_collides_in_any_figure(body in sketches(), events in proptest::collection::vec((any::<bool>(), sketches()), 0..3)) {
        let mut namer = Namer::default();
        let outer: Vec<Node> = body.iter().map(|sketch| namer.node(sketch)).collect();
        let events = namer.events(&events);
        check(&Figure { process: "p".into(), title: "P".into(), body: outer, events, events_title: "At any time".into(), ..Figure::default() });
    }
}

#[test]
fn a_step_can_be_found_and_no_text_is_markup() {
    let mut nasty = card("part.\"<x>", Look::Task, "<script>alert(1)</script> & so on", &["a < b"]);
    nasty.events = vec![Event { look: EventLook::Error, label: "<b>".into(), body: vec![], takes_over: true }];
    let svg = write(&layout(&Figure { title: "<&>".into(), body: vec![nasty], ..Figure::default() }));
    assert!(svg.contains("data-step=\"part.&quot;&lt;x&gt;\""), "{svg}");
    assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains("<x>"), "{svg}");
    assert!(!svg.contains("style="), "a style attribute is refused by a strict content policy");
}

#[test]
fn an_end_has_no_line_out_of_it() {
    let geometry = layout(&Figure { body: vec![card("a", Look::Task, "A", &[]), end("done")], ..Figure::default() });
    assert_eq!(geometry.edges.len(), 2);
    assert_eq!(geometry.placed.iter().filter(|placed| placed.mark == Mark::End).count(), 1);
}

#[test]
fn a_jump_leads_from_its_mark_to_its_target() {
    let body = vec![card("a", Look::Task, "A", &[]), card("b", Look::Task, "B", &[]), back("A", &["a"])];
    let geometry = layout(&Figure { body, ..Figure::default() });
    let jump = geometry.edges.iter().find(|edge| edge.line == Line::Back).expect("a jump");
    let target = geometry.placed.iter().find(|placed| placed.step == "a").expect("the target").rect;
    let end = jump.points[jump.points.len() - 1];
    assert_eq!((end.x, end.y), (target.x + target.width / 2, target.y));
}
