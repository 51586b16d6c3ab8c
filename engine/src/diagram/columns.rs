//! Branches side by side: how they are ordered, spaced, labelled, and joined again.

use super::figure::{Alternative, Node};
use super::plan::{ARROW, BAR, COLUMN_GAP, DOT, EVENT, Hop, LANE, MERGE, NOTE, Out, detour, nudge};
use super::sequence::Sequence;
use super::text::Lines;

/// From the head to the line that the branches hang on.
pub(super) const BUS: i32 = 14;
/// How far a bar reaches beyond its outermost branches.
pub(super) const BAR_OVERHANG: i32 = 22;

/// One branch.
#[derive(Debug)]
pub(super) struct Column<'f> {
    pub(super) label: Lines,
    pub(super) body: Sequence<'f>,
    pub(super) body_x: i32,
    pub(super) body_y: i32,
    pub(super) axis: i32,
    pub(super) width: i32,
    pub(super) height: i32,
    /// Its flow stops here instead of meeting the others.
    pub(super) dot: bool,
}

#[derive(Debug)]
pub(super) struct Columns<'f> {
    /// Each with its left border.
    pub(super) columns: Vec<(Column<'f>, i32)>,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) axis: i32,
    pub(super) backs: Vec<Out<'f>>,
    pub(super) hops: Vec<Hop>,
    /// Below the longest column.
    pub(super) bottom: i32,
    /// For parallel branches: left and right end of the bars, where the lower one is, and its caption.
    pub(super) bars: Option<Bars>,
}

#[derive(Debug)]
pub(super) struct Bars {
    pub(super) left: i32,
    pub(super) right: i32,
    /// None: no branch arrives there.
    pub(super) lower_y: Option<i32>,
    pub(super) caption: Lines,
}

impl<'f> Column<'f> {
    pub(super) fn of(label: &str, body: &'f [Node], dot: bool) -> Self {
        let label = Lines::wrap(label, NOTE, 120, 3);
        let body = Sequence::of(body, &[]);
        let label_width = if label.is_empty() { 0 } else { label.width() + 8 };
        // Wide enough for the circle of an event above it.
        let axis = body.axis.max(label_width / 2).max(EVENT / 2);
        let width = axis + (body.width - body.axis).max(label_width - label_width / 2).max(EVENT / 2);
        let dot = dot && body.open;
        let body_y = match (label.is_empty(), body.is_empty() && !dot) {
            (true, true) => 8,
            (true, false) => ARROW,
            (false, true) => 8 + label.height() + 8,
            (false, false) => 8 + label.height() + ARROW,
        };
        let below = match (dot, body.is_empty()) {
            (true, true) => DOT,
            (true, false) => ARROW + DOT,
            (false, _) => 0,
        };
        let body_x = axis - body.axis;
        let height = body_y + body.height + below;
        Column { label, body_x, body_y, axis, width, height, dot, body }
    }

    fn flows(&self) -> bool {
        self.body.open && !self.dot
    }
}

impl<'f> Columns<'f> {
    /// Outcomes of a step: the one that goes straight on stays on the axis, the others stand beside it, right and left in turn.
    pub(super) fn of_exits(exits: &'f [Alternative]) -> Self {
        let Some(straight) = exits.iter().position(|exit| exit.body.is_empty()) else {
            return Self::of(exits, None, false, "");
        };
        let mut order: Vec<&Alternative> = vec![&exits[straight]];
        let mut spine = 0;
        for (turn, (_, exit)) in exits.iter().enumerate().filter(|(place, _)| *place != straight).enumerate() {
            if turn % 2 == 0 {
                order.push(exit);
            } else {
                order.insert(0, exit);
                spine += 1;
            }
        }
        Self::ordered(&order, Some(spine), false, "")
    }

    pub(super) fn of(branches: &'f [Alternative], spine: Option<usize>, bars: bool, join: &str) -> Self {
        Self::ordered(&branches.iter().collect::<Vec<_>>(), spine, bars, join)
    }

    fn ordered(branches: &[&'f Alternative], spine: Option<usize>, bars: bool, join: &str) -> Self {
        let mut x = 0;
        let mut columns = Vec::with_capacity(branches.len());
        for branch in branches {
            let column = Column::of(&branch.label, &branch.body, false);
            let width = column.width;
            columns.push((column, x));
            x += width + COLUMN_GAP;
        }
        let axes: Vec<i32> = columns.iter().map(|(column, x)| x + column.axis).collect();
        let first = axes.first().copied().unwrap_or(0);
        let last = axes.last().copied().unwrap_or(0);
        let axis = spine.and_then(|place| axes.get(place).copied()).unwrap_or(first.midpoint(last));
        let top = if bars { 0 } else { BUS };
        let bottom = top + columns.iter().map(|(column, _)| column.height).max().unwrap_or(0);
        let flows = columns.iter().any(|(column, _)| column.flows());
        let mut this = Columns {
            width: (x - COLUMN_GAP).max(0),
            height: bottom,
            axis,
            backs: Vec::new(),
            hops: Vec::new(),
            bottom,
            bars: None,
            columns,
        };
        for (column, x) in &this.columns {
            let outs = column.body.backs.iter();
            this.backs.extend(outs.map(|out| Out { x: x + column.body_x + out.x, target: out.target }));
        }
        if bars {
            this.put_bars(first, last, flows || branches.is_empty(), join);
        } else {
            this.hops = nudge(&mut this.backs, axis);
            let outermost = this.backs.iter().map(|back| back.x + 4).max().unwrap_or(0);
            this.width = this.width.max(outermost);
            this.height += if flows || !this.backs.is_empty() { MERGE } else { 0 };
        }
        this
    }

    fn put_bars(&mut self, first: i32, last: i32, flows: bool, join: &str) {
        let (mut left, mut right) = (first - BAR_OVERHANG, last + BAR_OVERHANG);
        let caption = Lines::wrap(join, NOTE, 110, 2);
        let caption_width = if caption.is_empty() { 0 } else { caption.width() + 10 };
        let (hops, used_left, used_right) =
            detour(&self.backs, self.axis, left.min(0), self.width.max(right + caption_width));
        self.hops = hops;
        for (back, hop) in self.backs.iter_mut().zip(&self.hops) {
            back.x = hop.to;
        }
        let zone = i32::try_from(self.hops.len()).unwrap_or(0) * LANE;
        // The bars, their caption and the detours may all reach beyond the columns.
        let shift = (-left).max(0).max(used_left - left.min(0));
        self.width = self.width.max(right + caption_width) + used_right + shift;
        for (_, x) in &mut self.columns {
            *x += shift;
        }
        for back in &mut self.backs {
            back.x += shift;
        }
        for hop in &mut self.hops {
            hop.to += shift;
        }
        self.axis += shift;
        left += shift;
        right += shift;
        let lower_y = flows.then_some(self.bottom + zone + ARROW);
        self.height = lower_y.map_or(self.bottom + zone, |y| y + BAR.max(caption.height() / 2 + BAR));
        self.bars = Some(Bars { left, right, lower_y, caption });
    }
}
