//! Where everything is: rectangles, labels and lines in whole pixels. What the SVG is written from, and what tests measure.

use super::figure::{EventLook, FrameLook, Look, SplitLook};
use super::text::Lines;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Rect {
    #[must_use]
    pub fn right(self) -> i32 {
        self.x + self.width
    }

    #[must_use]
    pub fn bottom(self) -> i32 {
        self.y + self.height
    }

    /// Whether the two share more than a border.
    #[must_use]
    pub fn overlaps(self, other: Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    #[must_use]
    pub fn contains(self, other: Rect) -> bool {
        self.x <= other.x && self.y <= other.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }
}

/// Something with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub rect: Rect,
    pub mark: Mark,
    /// The step it belongs to; empty for what belongs to none.
    pub step: String,
    /// Its whole text, for readers that cannot see it or see it cut.
    pub says: String,
    /// The frame around it, as an index of [`Geometry::placed`].
    pub frame: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    Card {
        look: Look,
        title: Text,
        notes: Text,
        optional: bool,
    },
    Diamond,
    Circle(SplitLook),
    Bar,
    Frame {
        look: FrameLook,
        optional: bool,
    },
    /// The head of a frame, with its title.
    Strip {
        look: FrameLook,
        title: Text,
        notes: Text,
    },
    Start,
    End,
    Fail,
    Back {
        text: Text,
    },
    /// Where a branch that runs beside the flow stops.
    Dot,
    /// Sits on the border of its host, so it is the one thing that touches another.
    Event {
        look: EventLook,
        takes_over: bool,
        attached: bool,
    },
    Label {
        text: Text,
        at: Anchor,
    },
    Title {
        text: Text,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Left,
    Middle,
}

/// The lines of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub(super) Lines);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Flow,
    /// Beside the flow: an event that does not take over.
    Beside,
    Back,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub line: Line,
    pub points: Vec<Point>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geometry {
    pub process: String,
    pub title: String,
    pub width: i32,
    pub height: i32,
    pub placed: Vec<Placed>,
    pub edges: Vec<Edge>,
}

impl Geometry {
    pub(super) fn put(&mut self, rect: Rect, mark: Mark, step: &str, says: &str, frame: Option<usize>) -> usize {
        self.placed.push(Placed { rect, mark, step: step.to_owned(), says: says.to_owned(), frame });
        self.placed.len() - 1
    }

    /// Draws a loose end to its target.
    pub(super) fn tie(&mut self, mut loose: Loose, end: Point) {
        loose.to(end.x, end.y);
        self.edges.push(Edge { line: loose.line, points: loose.points });
    }
}

/// An edge that has begun at a shape and has not found its end yet.
#[derive(Clone, Debug)]
pub(super) struct Loose {
    pub(super) line: Line,
    pub(super) points: Vec<Point>,
}

impl Loose {
    pub(super) fn from(line: Line, x: i32, y: i32) -> Self {
        Loose { line, points: vec![Point { x, y }] }
    }

    /// Goes on to a point; a straight line keeps its two ends only.
    pub(super) fn to(&mut self, x: i32, y: i32) {
        let next = Point { x, y };
        if self.points.last() == Some(&next) {
            return;
        }
        if let [.., a, b] = self.points[..] {
            let straight = (a.x == b.x && b.x == next.x && (b.y - a.y).signum() == (next.y - b.y).signum())
                || (a.y == b.y && b.y == next.y && (b.x - a.x).signum() == (next.x - b.x).signum());
            if straight {
                self.points.pop();
            }
        }
        self.points.push(next);
    }
}
