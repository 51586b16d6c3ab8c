//! How large every step is, before anything has a place: its size, the axis of its flow, and which jumps leave it below.
//!
//! ```text
//!            axis
//!        ┌────┴────┐  head: a card, a diamond, a bar, a frame
//!        └────┬────┘◯──── events, beside it
//!     ┌───────┼──────┐
//!   columns: outcomes or branches
//!     └───────┼──────┘   ┆ jumps back, on their way down to the list that holds their target
//! ```

use super::columns::{Column, Columns};
use super::figure::{Event, Node, Shape};
use super::sequence::Sequence;
use super::text::Lines;

pub(super) const TITLE: i32 = 13;
pub(super) const NOTE: i32 = 11;
pub(super) const PAD: i32 = 10;
pub(super) const ICON: i32 = 16;
pub(super) const FRAME_PAD: i32 = 16;
/// The room an arrow needs to be seen as one.
pub(super) const ARROW: i32 = 22;
pub(super) const COLUMN_GAP: i32 = 28;
pub(super) const DIAMOND: i32 = 34;
pub(super) const BAR: i32 = 6;
pub(super) const CIRCLE: i32 = 28;
pub(super) const EVENT: i32 = 20;
pub(super) const EVENT_STEP: i32 = 26;
pub(super) const DOT: i32 = 10;
/// Between the start or the end and the steps.
pub(super) const STEP_ROOM: i32 = ARROW + 4;
/// Between two parallel lines.
pub(super) const LANE: i32 = 10;
/// Where branches meet again below their columns.
pub(super) const MERGE: i32 = 22;
const CARD_WIDTH_MIN: i32 = 136;
const TEXT_WIDTH_MAX: i32 = 190;

/// A jump on its way out of a piece, through its lower border.
#[derive(Clone, Debug)]
pub(super) struct Out<'f> {
    pub(super) x: i32,
    pub(super) target: &'f str,
}

/// A sidestep on the way down: at `dy` below the zone's top, from one column of pixels to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) to: i32,
    pub(super) dy: i32,
}

#[derive(Debug)]
pub(super) struct Plan<'f> {
    pub(super) node: &'f Node,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) axis: i32,
    pub(super) backs: Vec<Out<'f>>,
    pub(super) head: Head<'f>,
    /// The head's place: it is centred on the axis unless it is a frame.
    pub(super) head_x: i32,
    /// Sidesteps of the jumps that leave the head, around the columns.
    pub(super) head_hops: Vec<Hop>,
    pub(super) columns: Option<(Columns<'f>, i32, i32)>,
    pub(super) events: Vec<EventPlan<'f>>,
    /// Where the merge of the events with the flow begins; the core's own height.
    pub(super) core_height: i32,
    pub(super) merge_y: i32,
}

#[derive(Debug)]
pub(super) struct EventPlan<'f> {
    pub(super) event: &'f Event,
    pub(super) column: Column<'f>,
    /// The middle of its circle, from the head's top.
    pub(super) circle_y: i32,
    pub(super) x: i32,
    pub(super) y: i32,
}

#[derive(Debug)]
pub(super) struct Head<'f> {
    pub(super) width: i32,
    pub(super) height: i32,
    /// From its left border to where the flow enters.
    pub(super) axis: i32,
    pub(super) title: Lines,
    pub(super) notes: Lines,
    pub(super) body: Option<FrameBody<'f>>,
}

#[derive(Debug)]
pub(super) struct FrameBody<'f> {
    pub(super) sequence: Sequence<'f>,
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) strip_height: i32,
    pub(super) hops: Vec<Hop>,
}

impl<'f> Plan<'f> {
    pub(super) fn of(node: &'f Node) -> Self {
        let mut head = Head::of(node);
        let columns = match &node.shape {
            Shape::Split { branches, .. } => Some(Columns::of(branches, None, false, "")),
            Shape::Parallel { branches, join, .. } => Some(Columns::of(branches, None, true, join)),
            Shape::Card { .. } | Shape::Frame { .. } if !node.exits.is_empty() => Some(Columns::of_exits(&node.exits)),
            _ => None,
        };
        head.height = head.height.max(event_rows(node.events.len()));
        let mut plan = Plan {
            node,
            width: head.width,
            height: head.height,
            axis: head.axis,
            backs: head.backs(node),
            head,
            head_x: 0,
            head_hops: Vec::new(),
            columns: None,
            events: Vec::new(),
            core_height: 0,
            merge_y: 0,
        };
        if let Some(columns) = columns {
            plan.put_columns(columns);
        }
        plan.core_height = plan.height;
        plan.put_events();
        plan
    }

    /// Where the flow enters, from the top: below the caption of a bar.
    pub(super) fn entry(&self) -> i32 {
        match self.node.shape {
            Shape::Parallel { .. } => self.head.height - BAR,
            _ => 0,
        }
    }

    fn put_columns(&mut self, columns: Columns<'f>) {
        let left = self.axis.max(columns.axis);
        let right = (self.width - self.axis).max(columns.width - columns.axis);
        self.head_x = left - self.axis;
        let columns_x = left - columns.axis;
        for back in &mut self.backs {
            back.x += self.head_x;
        }
        let (hops, used_left, used_right) = detour(&self.backs, left, 0, left + right);
        let zone = i32::try_from(hops.len()).unwrap_or(0) * LANE;
        for (back, hop) in self.backs.iter_mut().zip(&hops) {
            back.x = hop.to;
        }
        let columns_y = self.height + zone;
        self.backs.extend(columns.backs.iter().map(|out| Out { x: out.x + columns_x, target: out.target }));
        self.axis = left;
        self.width = left + right;
        self.height = columns_y + columns.height;
        self.head_hops = hops;
        self.columns = Some((columns, columns_x, columns_y));
        self.widen(used_left, used_right);
    }

    /// Makes room at the sides for detours that leave the piece's own width.
    fn widen(&mut self, left: i32, right: i32) {
        self.head_x += left;
        self.axis += left;
        self.width += left + right;
        for back in &mut self.backs {
            back.x += left;
        }
        for hop in &mut self.head_hops {
            hop.to += left;
        }
        if let Some((_, x, _)) = &mut self.columns {
            *x += left;
        }
    }

    fn put_events(&mut self) {
        let count = self.node.events.len();
        if count == 0 {
            return;
        }
        let host_right = self.head_x + self.head.width + EVENT / 2;
        let mut x = self.width.max(host_right) + COLUMN_GAP;
        let top = event_rows(count);
        let mut bottom = self.height;
        let mut merges = false;
        // The lowest circle has the nearest column, so their lines do not cross.
        for (place, event) in self.node.events.iter().rev().enumerate() {
            let row = i32::try_from(count - 1 - place).unwrap_or(0);
            let column = Column::of(&event.label, &event.body, !event.takes_over);
            let (width, height) = (column.width, column.height);
            self.backs
                .extend(column.body.backs.iter().map(|out| Out { x: x + column.body_x + out.x, target: out.target }));
            merges |= event.takes_over && column.body.open;
            self.events.push(EventPlan { event, column, circle_y: EVENT_STEP * row + EVENT_STEP / 2 + 4, x, y: top });
            bottom = bottom.max(top + height);
            x += width + COLUMN_GAP;
        }
        self.width = x - COLUMN_GAP;
        self.merge_y = bottom;
        self.height = bottom + if merges { MERGE } else { 0 };
    }
}

/// The height that circles of so many events need on a border.
fn event_rows(count: usize) -> i32 {
    match i32::try_from(count).unwrap_or(0) {
        0 => 0,
        count => EVENT_STEP * count + 8,
    }
}

/// Leads jumps around an obstacle between `left` and `right`: each gets a row of its own and a column outside.
/// Also the room that this takes on both sides; columns on the left are negative until room is made.
pub(super) fn detour(backs: &[Out<'_>], axis: i32, left: i32, right: i32) -> (Vec<Hop>, i32, i32) {
    let (mut used_left, mut used_right) = (0, 0);
    let mut hops = Vec::with_capacity(backs.len());
    for back in backs {
        let dy = i32::try_from(hops.len()).unwrap_or(0) * LANE + LANE / 2;
        let to = if back.x < axis {
            used_left += LANE;
            left - used_left
        } else {
            used_right += LANE;
            right + used_right
        };
        hops.push(Hop { to, dy });
    }
    (hops, used_left, used_right)
}

/// Moves jumps that would run on the axis itself a little to the right, where no other of them runs.
pub(super) fn nudge(backs: &mut [Out<'_>], axis: i32) -> Vec<Hop> {
    let mut taken: Vec<i32> = backs.iter().map(|back| back.x).filter(|x| (x - axis).abs() >= 8).collect();
    backs
        .iter_mut()
        .map(|back| {
            if (back.x - axis).abs() < 8 {
                let mut to = axis + LANE;
                while taken.iter().any(|x| (x - to).abs() < 6) {
                    to += 6;
                }
                taken.push(to);
                back.x = to;
            }
            Hop { to: back.x, dy: 6 }
        })
        .collect()
}

impl<'f> Head<'f> {
    fn of(node: &'f Node) -> Self {
        match &node.shape {
            Shape::Card { title, notes, .. } => Self::card(title, notes),
            Shape::Split { caption, .. } => Self::beside(caption, DIAMOND, DIAMOND),
            Shape::Parallel { caption, .. } => Self::bar(caption),
            Shape::Frame { title, notes, body, .. } => Self::frame(title, notes, body),
            Shape::End { outcome: label } | Shape::Fail { error: label } => Self::end(label),
            Shape::Back { label, .. } => Self::pill(label),
        }
    }

    fn plain(width: i32, height: i32, axis: i32, title: Lines) -> Self {
        Head { width, height, axis, title, notes: Lines::default(), body: None }
    }

    fn card(title: &str, notes: &[String]) -> Self {
        let title = Lines::wrap(title, TITLE, TEXT_WIDTH_MAX, 4);
        let notes = note_lines(notes);
        let width = (title.width().max(notes.width()) + ICON + 8 + 2 * PAD).max(CARD_WIDTH_MIN);
        let width = width + width % 2;
        let height = 2 * PAD + title.height() + notes_height(&notes);
        Head { width, height, axis: width / 2, title, notes, body: None }
    }

    /// A shape on the axis with its caption at its right.
    fn beside(caption: &str, width: i32, height: i32) -> Self {
        let title = Lines::wrap(caption, NOTE, 140, 3);
        let whole = if title.is_empty() { width } else { width + 4 + title.width() };
        Self::plain(whole, height.max(title.height()), width / 2, title)
    }

    fn bar(caption: &str) -> Self {
        let title = Lines::wrap(caption, NOTE, 160, 2);
        let width = if title.is_empty() { 2 } else { 10 + title.width() };
        let above = if title.is_empty() { 0 } else { title.height() + 6 };
        Self::plain(width, above + BAR, 1, title)
    }

    fn end(label: &str) -> Self {
        let title = Lines::wrap(label, NOTE, 130, 3);
        let width = title.width().max(CIRCLE);
        let width = width + width % 2;
        let below = if title.is_empty() { 0 } else { 4 + title.height() };
        Self::plain(width, CIRCLE + below, width / 2, title)
    }

    fn pill(label: &str) -> Self {
        let title = Lines::wrap(label, NOTE, 130, 3);
        let width = title.width() + ICON + 24;
        let width = width + width % 2;
        Self::plain(width, title.height() + 10, width / 2, title)
    }

    fn frame(title: &str, notes: &[String], body: &'f [Node]) -> Self {
        let mut sequence = Sequence::of(body, &[]);
        let text_max = (sequence.width - ICON).max(TEXT_WIDTH_MAX);
        let title = Lines::wrap(title, TITLE, text_max, 2);
        let notes = note_lines(notes);
        let strip_height = 12 + title.height() + notes_height(&notes);
        let strip_width = title.width().max(notes.width()) + ICON + 8 + 2 * PAD;
        let mut hops = nudge(&mut sequence.backs, sequence.axis);
        let outermost = sequence.backs.iter().map(|back| back.x).max().unwrap_or(0).max(sequence.width);
        let inner = (outermost + 2 * FRAME_PAD).max(strip_width);
        let x = (inner - outermost) / 2;
        for hop in &mut hops {
            hop.to += x;
        }
        let y = strip_height + if body.is_empty() { 8 } else { ARROW };
        let height = y + sequence.height + FRAME_PAD;
        let axis = x + sequence.axis;
        let body = Some(FrameBody { sequence, x, y, strip_height, hops });
        Head { width: inner, height, axis, title, notes, body }
    }

    /// The jumps that begin in the head itself.
    fn backs(&self, node: &'f Node) -> Vec<Out<'f>> {
        if let Shape::Back { targets, .. } = &node.shape {
            let count = i32::try_from(targets.len()).unwrap_or(0);
            let step = LANE.min((self.width - 8) / count.max(1)).max(2);
            let first = self.axis - step * (count - 1) / 2;
            return targets.iter().zip(0..).map(|(to, i)| Out { x: first + step * i, target: &to.0 }).collect();
        }
        let Some(body) = &self.body else { return Vec::new() };
        body.sequence.backs.iter().map(|out| Out { x: body.x + out.x, target: out.target }).collect()
    }
}

fn note_lines(notes: &[String]) -> Lines {
    let lines = notes.iter().map(|note| super::text::fit(note, NOTE, TEXT_WIDTH_MAX + 30)).collect();
    Lines { lines, size: NOTE }
}

fn notes_height(notes: &Lines) -> i32 {
    if notes.is_empty() { 0 } else { notes.height() + 3 }
}
