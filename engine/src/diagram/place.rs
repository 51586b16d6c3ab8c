//! Gives every planned piece its place and draws the flow through it.
//!
//! Flow arrives as loose ends and leaves as loose ends; the next shape ties them.

use super::columns::{BUS, Column, Columns};
use super::figure::{Event, Node, Shape};
use super::geometry::{Anchor, Geometry, Line, Loose, Mark, Point, Rect, Text};
use super::plan::{BAR, CIRCLE, DIAMOND, DOT, EVENT, EventPlan, Head, Hop, Plan};
use super::sequence::{Sequence, Way};
use super::text::Lines;

/// What leaves a piece below: the flow, and its jumps in the order of its plan.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) outs: Vec<Loose>,
    pub(super) backs: Vec<Loose>,
}

pub(super) struct Place<'g> {
    pub(super) geometry: &'g mut Geometry,
}

impl Place<'_> {
    pub(super) fn sequence(
        &mut self,
        list: &Sequence<'_>,
        x: i32,
        y: i32,
        incoming: Vec<Loose>,
        frame: Option<usize>,
    ) -> Flow {
        let axis = x + list.axis;
        let mut flow = Flow { outs: incoming, backs: Vec::new() };
        for child in &list.children {
            let top = y + child.y;
            for loose in flow.outs.drain(..) {
                self.geometry.tie(loose, Point { x: axis, y: top + child.plan.entry() });
            }
            let after = self.plan(&child.plan, axis - child.plan.axis, top, frame);
            flow.outs = after.outs;
            let below = top + child.plan.height;
            for (mut loose, way) in after.backs.into_iter().zip(&child.ways) {
                let Way::Lane { lane, row } = way else {
                    loose.to(loose.points.last().map_or(axis, |end| end.x), y + list.height);
                    flow.backs.push(loose);
                    continue;
                };
                let lane = &list.lanes[*lane];
                let row_y = below + Sequence::row_y(*row);
                loose.to(loose.points.last().map_or(axis, |end| end.x), row_y);
                loose.to(x + lane.x, row_y);
                if let Some(target) = lane.local {
                    let (arrival, head) = list.arrival_at(target);
                    loose.to(x + lane.x, y + arrival);
                    loose.to(axis, y + arrival);
                    self.geometry.tie(loose, Point { x: axis, y: y + head });
                } else {
                    loose.to(x + lane.x, y + list.height);
                    flow.backs.push(loose);
                }
            }
        }
        for loose in &mut flow.outs {
            loose.to(axis, y + list.height);
        }
        flow
    }

    fn plan(&mut self, plan: &Plan<'_>, x: i32, y: i32, frame: Option<usize>) -> Flow {
        let axis = x + plan.axis;
        let mut flow = self.head(plan, x + plan.head_x, y, frame);
        if let Some((columns, columns_x, columns_y)) = &plan.columns {
            hop(&mut flow.backs, &plan.head_hops, x, y + plan.head.height);
            let bottom = y + plan.core_height;
            for loose in &mut flow.backs {
                loose.to(loose.points.last().map_or(axis, |end| end.x), bottom);
            }
            let head_bottom = y + plan.head.height;
            let after = self.columns(columns, x + columns_x, y + columns_y, &flow.outs, head_bottom, frame, plan.node);
            flow.outs = after.outs;
            flow.backs.extend(after.backs);
        }
        self.events(plan, x, y, &mut flow, frame);
        for loose in flow.backs.iter_mut() {
            loose.to(loose.points.last().map_or(axis, |end| end.x), y + plan.height);
        }
        for loose in &mut flow.outs {
            loose.to(axis, y + plan.height);
        }
        flow
    }

    fn events(&mut self, plan: &Plan<'_>, x: i32, y: i32, flow: &mut Flow, frame: Option<usize>) {
        let axis = x + plan.axis;
        let border = x + plan.head_x + plan.head.width;
        for EventPlan { event, column, circle_y, x: column_x, y: column_y } in &plan.events {
            let middle = y + circle_y;
            let rect = Rect { x: border - EVENT / 2, y: middle - EVENT / 2, width: EVENT, height: EVENT };
            self.event_mark(event, rect, plan.node, true, frame);
            let line = if event.takes_over { Line::Flow } else { Line::Beside };
            let mut loose = Loose::from(line, border + EVENT / 2, middle);
            loose.to(x + column_x + column.axis, middle);
            let mut after = self.column(column, x + column_x, y + column_y, vec![loose], frame);
            for loose in &mut after.outs {
                loose.to(x + column_x + column.axis, y + plan.merge_y + 12);
                loose.to(axis, y + plan.merge_y + 12);
            }
            flow.outs.extend(after.outs);
            flow.backs.extend(after.backs);
        }
    }

    pub(super) fn event_mark(&mut self, event: &Event, rect: Rect, host: &Node, attached: bool, frame: Option<usize>) {
        let mark = Mark::Event { look: event.look, takes_over: event.takes_over, attached };
        self.geometry.put(rect, mark, &host.id, &event.label, frame);
    }

    /// A branch below `incoming`, which ends on the branch's axis.
    pub(super) fn column(
        &mut self,
        column: &Column<'_>,
        x: i32,
        y: i32,
        mut incoming: Vec<Loose>,
        frame: Option<usize>,
    ) -> Flow {
        let axis = x + column.axis;
        if !column.label.is_empty() {
            let width = column.label.width() + 8;
            let rect = Rect { x: axis - width / 2, y: y + 8, width, height: column.label.height() };
            self.label(&column.label, rect, Anchor::Middle, frame);
        }
        for loose in &mut incoming {
            loose.to(axis, y);
        }
        let mut flow = self.sequence(&column.body, x + column.body_x, y + column.body_y, incoming, frame);
        if column.dot {
            let top = y + column.height - DOT;
            for loose in flow.outs.drain(..) {
                self.geometry.tie(loose, Point { x: axis, y: top });
            }
            let rect = Rect { x: axis - DOT / 2, y: top, width: DOT, height: DOT };
            self.geometry.put(rect, Mark::Dot, "", "", frame);
        }
        for loose in &mut flow.backs {
            loose.to(loose.points.last().map_or(axis, |end| end.x), y + column.height);
        }
        flow
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a place is five numbers and two owners; a struct for one call hides them"
    )]
    fn columns(
        &mut self,
        columns: &Columns<'_>,
        x: i32,
        y: i32,
        from: &[Loose],
        head_bottom: i32,
        frame: Option<usize>,
        node: &Node,
    ) -> Flow {
        let axis = x + columns.axis;
        let mut flow = Flow::default();
        let top = if columns.bars.is_some() { y } else { y + BUS };
        if let Some(bars) = &columns.bars {
            let rect = Rect { x: x + bars.left, y: head_bottom - BAR, width: bars.right - bars.left, height: BAR };
            self.geometry.put(rect, Mark::Bar, &node.id, &says(node), frame);
        }
        for (column, column_x) in &columns.columns {
            let column_axis = x + column_x + column.axis;
            let incoming = if columns.bars.is_some() {
                vec![Loose::from(Line::Flow, column_axis, y)]
            } else {
                from.iter().cloned().map(|loose| bend(loose, axis, column_axis, top - 4)).collect()
            };
            let mut after = self.column(column, x + column_x, top, incoming, frame);
            for loose in &mut after.outs {
                loose.to(column_axis, y + columns.bottom);
            }
            for loose in &mut after.backs {
                loose.to(loose.points.last().map_or(axis, |end| end.x), y + columns.bottom);
            }
            flow.outs.extend(after.outs);
            flow.backs.extend(after.backs);
        }
        hop(&mut flow.backs, &columns.hops, x, y + columns.bottom);
        match &columns.bars {
            None => {
                for loose in &mut flow.outs {
                    let column_axis = loose.points.last().map_or(axis, |end| end.x);
                    loose.to(column_axis, y + columns.bottom + 12);
                    loose.to(axis, y + columns.bottom + 12);
                }
            }
            Some(bars) => {
                let Some(lower) = bars.lower_y else { return flow };
                let rect = Rect { x: x + bars.left, y: y + lower, width: bars.right - bars.left, height: BAR };
                for loose in flow.outs.drain(..) {
                    let end = Point { x: loose.points.last().map_or(axis, |end| end.x), y: y + lower };
                    self.geometry.tie(loose, end);
                }
                self.geometry.put(rect, Mark::Bar, "", "", frame);
                if !bars.caption.is_empty() {
                    let height = bars.caption.height();
                    let rect = Rect {
                        x: x + bars.right + 4,
                        y: y + lower + BAR / 2 - height / 2,
                        width: bars.caption.width(),
                        height,
                    };
                    self.label(&bars.caption, rect, Anchor::Left, frame);
                }
                flow.outs.push(Loose::from(Line::Flow, axis, y + lower + BAR));
            }
        }
        flow
    }

    fn head(&mut self, plan: &Plan<'_>, x: i32, y: i32, frame: Option<usize>) -> Flow {
        let Plan { node, head, .. } = plan;
        let axis = x + head.axis;
        let whole = Rect { x, y, width: head.width, height: head.height };
        let out = vec![Loose::from(Line::Flow, axis, y + head.height)];
        let text = Text(head.title.clone());
        match &node.shape {
            Shape::Card { look, optional, .. } => {
                let notes = Text(head.notes.clone());
                let mark = Mark::Card { look: *look, title: text, notes, optional: *optional };
                self.geometry.put(whole, mark, &node.id, &says(node), frame);
                Flow { outs: out, backs: Vec::new() }
            }
            Shape::Split { look, .. } => {
                let rect = Rect { x, y: y + head.height - DIAMOND, width: DIAMOND, height: DIAMOND };
                let mark = match look {
                    super::figure::SplitLook::Choose => Mark::Diamond,
                    super::figure::SplitLook::First => Mark::Circle(*look),
                };
                // A caption higher than the shape pushes it down; the arrow still enters at the top.
                let rect = Rect { y, height: head.height, ..rect };
                self.geometry.put(rect, mark, &node.id, &says(node), frame);
                self.caption(head, x + DIAMOND + 4, y + (head.height - head.title.height()) / 2, frame);
                Flow { outs: out, backs: Vec::new() }
            }
            // The bar is drawn with its columns, which know how long it is.
            Shape::Parallel { .. } => {
                self.caption(head, x + 10, y, frame);
                Flow::default()
            }
            Shape::Frame { .. } => self.frame(plan, whole, frame),
            Shape::End { .. } | Shape::Fail { .. } => {
                let mark = if matches!(node.shape, Shape::End { .. }) { Mark::End } else { Mark::Fail };
                let rect = Rect { x: axis - CIRCLE / 2, y, width: CIRCLE, height: CIRCLE };
                self.geometry.put(rect, mark, &node.id, &says(node), frame);
                if !head.title.is_empty() {
                    let rect = Rect { x, y: y + CIRCLE + 4, width: head.width, height: head.title.height() };
                    self.label(&head.title, rect, Anchor::Middle, frame);
                }
                Flow::default()
            }
            Shape::Back { .. } => {
                self.geometry.put(whole, Mark::Back { text }, &node.id, &says(node), frame);
                let backs = plan.backs.iter().map(|out| Loose::from(Line::Back, x + out.x, y + head.height));
                Flow { outs: Vec::new(), backs: backs.collect() }
            }
        }
    }

    fn frame(&mut self, plan: &Plan<'_>, whole: Rect, frame: Option<usize>) -> Flow {
        let (node, head) = (plan.node, &plan.head);
        let (Shape::Frame { look, optional, .. }, Some(body)) = (&node.shape, &head.body) else {
            return Flow::default();
        };
        let axis = whole.x + head.axis;
        let mark = Mark::Frame { look: *look, optional: *optional };
        let own = self.geometry.put(whole, mark, "", "", frame);
        let strip = Rect { height: body.strip_height, ..whole };
        let mark = Mark::Strip { look: *look, title: Text(head.title.clone()), notes: Text(head.notes.clone()) };
        self.geometry.put(strip, mark, &node.id, &says(node), Some(own));
        let inside = vec![Loose::from(Line::Flow, axis, strip.bottom())];
        let mut flow = self.sequence(&body.sequence, whole.x + body.x, whole.y + body.y, inside, Some(own));
        hop(&mut flow.backs, &body.hops, whole.x, whole.y + body.y + body.sequence.height);
        for loose in &mut flow.backs {
            loose.to(loose.points.last().map_or(axis, |end| end.x), whole.bottom());
        }
        if node.exits.is_empty() {
            for loose in &mut flow.outs {
                loose.to(axis, whole.bottom());
            }
        } else {
            for loose in flow.outs.drain(..) {
                self.geometry.tie(loose, Point { x: axis, y: whole.bottom() });
            }
            flow.outs.push(Loose::from(Line::Flow, axis, whole.bottom()));
        }
        flow
    }

    fn caption(&mut self, head: &Head<'_>, x: i32, y: i32, frame: Option<usize>) {
        if !head.title.is_empty() {
            let rect = Rect { x, y, width: head.title.width(), height: head.title.height() };
            self.label(&head.title, rect, Anchor::Left, frame);
        }
    }

    pub(super) fn label(&mut self, lines: &Lines, rect: Rect, at: Anchor, frame: Option<usize>) {
        self.geometry.put(rect, Mark::Label { text: Text(lines.clone()), at }, "", "", frame);
    }
}

/// From the head's axis along the line that the branches hang on, to a branch.
fn bend(mut loose: Loose, axis: i32, column_axis: i32, y: i32) -> Loose {
    loose.to(axis, y);
    loose.to(column_axis, y);
    loose
}

/// Lets jumps take their sidesteps below `top`.
fn hop(backs: &mut [Loose], hops: &[Hop], x: i32, top: i32) {
    for (loose, hop) in backs.iter_mut().zip(hops) {
        let from = loose.points.last().map_or(x + hop.to, |end| end.x);
        loose.to(from, top + hop.dy);
        loose.to(x + hop.to, top + hop.dy);
    }
}

/// The whole text of a step, for readers that do not see the picture.
fn says(node: &Node) -> String {
    let mut words: Vec<&str> = Vec::new();
    match &node.shape {
        Shape::Card { title, notes, .. } | Shape::Frame { title, notes, .. } => {
            words.push(title);
            words.extend(notes.iter().map(String::as_str));
        }
        Shape::Split { caption, .. } | Shape::Parallel { caption, .. } => words.push(caption),
        Shape::End { outcome: label } | Shape::Fail { error: label } | Shape::Back { label, .. } => words.push(label),
    }
    words.retain(|word| !word.is_empty());
    words.join(" · ")
}
