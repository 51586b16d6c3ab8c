//! The whole picture: title, start, steps, end, and beside them what may happen at any time.

use super::columns::Column;
use super::figure::{Alternative, Figure, FrameLook, Node, Shape, SplitLook};
use super::geometry::{Anchor, Geometry, Line, Loose, Mark, Point, Rect, Text};
use super::place::Place;
use super::plan::{ARROW, CIRCLE, COLUMN_GAP, EVENT, FRAME_PAD, LANE, NOTE, STEP_ROOM, TITLE};
use super::sequence::Sequence;
use super::text::{Lines, fit};

const MARGIN: i32 = 24;
const HEADING: i32 = 18;

/// Places everything. The same figure always gives the same geometry.
#[must_use]
pub fn layout(figure: &Figure) -> Geometry {
    let body: Vec<Node> = figure.body.iter().map(framed).collect();
    let events: Vec<_> = figure.events.iter().map(|event| (event, framed_all(&event.body))).collect();
    let columns: Vec<Column<'_>> = events.iter().map(|(event, body)| Column::of(&event.label, body, true)).collect();
    let targets: Vec<&str> = columns.iter().flat_map(|column| column.body.backs.iter().map(|out| out.target)).collect();
    let list = Sequence::of(&body, &targets);
    let mut geometry = Geometry { process: figure.process.clone(), title: figure.title.clone(), ..Geometry::default() };

    let top = headings(&mut geometry, figure);
    let starts = Lines { lines: figure.starts.iter().map(|line| fit(line, NOTE, 260)).collect(), size: NOTE };
    let axis = MARGIN + list.axis.max(CIRCLE / 2);
    let start_height = CIRCLE.max(starts.height());
    let start = Rect { x: axis - CIRCLE / 2, y: top, width: CIRCLE, height: CIRCLE };
    geometry.put(start, Mark::Start, "", &figure.starts.join("; "), None);
    if !starts.is_empty() {
        let rect = Rect { x: start.right() + 10, y: top, width: starts.width(), height: starts.height() };
        Place { geometry: &mut geometry }.label(&starts, rect, Anchor::Left, None);
    }
    let list_y = top + start_height + STEP_ROOM;
    let from_start = vec![Loose::from(Line::Flow, axis, start.bottom())];
    let mut flow = Place { geometry: &mut geometry }.sequence(&list, axis - list.axis, list_y, from_start, None);
    let mut bottom = list_y + list.height;
    if list.open {
        let end = Rect { x: axis - CIRCLE / 2, y: bottom + STEP_ROOM, width: CIRCLE, height: CIRCLE };
        for loose in flow.outs.drain(..) {
            geometry.tie(loose, Point { x: axis, y: end.y });
        }
        geometry.put(end, Mark::End, "", "", None);
        bottom = end.bottom();
    }
    let main_right = (axis - list.axis + list.width).max(start.right() + 10 + starts.width());
    if !columns.is_empty() {
        let at = Panel { x: main_right, y: list_y, axis, list_y };
        panel(&mut geometry, figure, &columns, &list, &at);
    }
    let right = geometry.placed.iter().map(|placed| placed.rect.right()).max().unwrap_or(0);
    let corners = geometry.edges.iter().flat_map(|edge| &edge.points);
    let (edge_right, edge_bottom) = corners.fold((0, 0), |(x, y), point| (point.x.max(x), point.y.max(y)));
    let lowest = geometry.placed.iter().map(|placed| placed.rect.bottom()).max().unwrap_or(0);
    geometry.width = right.max(edge_right).max(main_right) + MARGIN;
    geometry.height = lowest.max(edge_bottom).max(bottom) + MARGIN;
    geometry
}

fn headings(geometry: &mut Geometry, figure: &Figure) -> i32 {
    let mut y = MARGIN;
    for (text, size) in [(&figure.title, HEADING), (&figure.subtitle, NOTE)] {
        let lines = Lines::wrap(text, size, 560, 3);
        if !lines.is_empty() {
            let rect = Rect { x: MARGIN, y, width: lines.width(), height: lines.height() };
            y = rect.bottom() + 4;
            geometry.put(rect, Mark::Title { text: Text(lines) }, "", "", None);
        }
    }
    y + 16
}

struct Panel {
    x: i32,
    y: i32,
    axis: i32,
    list_y: i32,
}

/// What may happen at any time, in a frame at the right of the steps; its jumps lead back through the room between.
fn panel(geometry: &mut Geometry, figure: &Figure, columns: &[Column<'_>], list: &Sequence<'_>, at: &Panel) {
    let mut lanes: Vec<&str> = Vec::new();
    for column in columns {
        for out in &column.body.backs {
            if list.arrival(out.target).is_some() && !lanes.contains(&out.target) {
                lanes.push(out.target);
            }
        }
    }
    let lanes_width = i32::try_from(lanes.len()).unwrap_or(0) * LANE;
    let x = at.x + COLUMN_GAP + lanes_width;
    let title = Lines::wrap(&figure.events_title, TITLE, 300, 1);
    let strip_height = title.height() + 12;
    let inner: i32 = columns.iter().map(|column| column.width + COLUMN_GAP).sum::<i32>() - COLUMN_GAP;
    let width = (inner + 2 * FRAME_PAD).max(title.width() + 44);
    let circle_y = at.y + strip_height + 14;
    let column_y = circle_y + EVENT;
    let height = columns.iter().map(|column| column.height).max().unwrap_or(0) + (column_y - at.y) + FRAME_PAD;
    let whole = Rect { x, y: at.y, width, height };
    let own = geometry.put(whole, Mark::Frame { look: FrameLook::Block, optional: false }, "", "", None);
    let strip = Rect { height: strip_height, ..whole };
    let mark = Mark::Strip { look: FrameLook::First, title: Text(title), notes: Text(Lines::default()) };
    geometry.put(strip, mark, "", &figure.events_title, Some(own));

    let mut left = x + (width - inner) / 2;
    let mut row = 0;
    for (column, event) in columns.iter().zip(&figure.events) {
        let column_x = left;
        let axis = column_x + column.axis;
        let rect = Rect { x: axis - EVENT / 2, y: circle_y, width: EVENT, height: EVENT };
        let mark = Mark::Event { look: event.look, takes_over: event.takes_over, attached: false };
        geometry.put(rect, mark, "", &event.label, Some(own));
        let line = if event.takes_over { Line::Flow } else { Line::Beside };
        let flow = Place { geometry: &mut *geometry }.column(
            column,
            column_x,
            column_y,
            vec![Loose::from(line, axis, rect.bottom())],
            Some(own),
        );
        for (mut loose, out) in flow.backs.into_iter().zip(&column.body.backs) {
            let Some(lane) = lanes.iter().position(|target| *target == out.target) else { continue };
            let Some((arrival, head)) = list.arrival(out.target) else { continue };
            let lane_x = at.x + COLUMN_GAP / 2 + i32::try_from(lane).unwrap_or(0) * LANE;
            let row_y = whole.bottom() + ARROW / 2 + LANE * row;
            row += 1;
            loose.to(loose.points.last().map_or(lane_x, |end| end.x), row_y);
            loose.to(lane_x, row_y);
            loose.to(lane_x, at.list_y + arrival);
            loose.to(at.axis, at.list_y + arrival);
            geometry.tie(loose, Point { x: at.axis, y: at.list_y + head });
        }
        left += column.width + COLUMN_GAP;
    }
}

/// Only cards and frames can carry events and outcomes: branches that have them get a frame around them.
fn framed(node: &Node) -> Node {
    let mut node = node.clone();
    each_list(&mut node, &mut |list| *list = framed_all(list));
    if let Shape::Split { branches, .. } | Shape::Parallel { branches, .. } = &mut node.shape
        && branches.is_empty()
    {
        branches.push(Alternative::default());
    }
    let carries = !node.events.is_empty() || !node.exits.is_empty();
    let (look, caption) = match &mut node.shape {
        Shape::Card { .. } | Shape::Frame { .. } => return node,
        Shape::Split { look: SplitLook::Choose, caption, .. } => (FrameLook::Choose, caption),
        Shape::Split { look: SplitLook::First, caption, .. } => (FrameLook::First, caption),
        Shape::Parallel { caption, .. } => (FrameLook::Parallel, caption),
        Shape::End { .. } | Shape::Fail { .. } | Shape::Back { .. } => {
            return Node { exits: Vec::new(), events: Vec::new(), ..node };
        }
    };
    if !carries {
        return node;
    }
    let title = std::mem::take(caption);
    let inner = Node { id: String::new(), shape: node.shape, exits: Vec::new(), events: Vec::new() };
    let shape = Shape::Frame { look, title, notes: Vec::new(), optional: false, body: vec![inner] };
    Node { id: node.id, shape, exits: node.exits, events: node.events }
}

fn framed_all(body: &[Node]) -> Vec<Node> {
    body.iter().map(framed).collect()
}

fn each_list(node: &mut Node, change: &mut dyn FnMut(&mut Vec<Node>)) {
    match &mut node.shape {
        Shape::Split { branches, .. } | Shape::Parallel { branches, .. } => {
            branches.iter_mut().for_each(|branch| change(&mut branch.body));
        }
        Shape::Frame { body, .. } => change(body),
        Shape::Card { .. } | Shape::End { .. } | Shape::Fail { .. } | Shape::Back { .. } => {}
    }
    node.exits.iter_mut().for_each(|exit| change(&mut exit.body));
    node.events.iter_mut().for_each(|event| change(&mut event.body));
}
