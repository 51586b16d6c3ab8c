//! A process as a picture: [`Definition`](crate::language::definition::Definition) → SVG, by a layered layout of our own.
//!
//! `Definition ──read──▶ Figure ──plan──▶ Plan ──place──▶ Geometry ──write──▶ SVG`
//!
//! Because steps nest, the layout needs no solver: every piece knows its size and the axis on which the flow
//! enters and leaves it, and a list of pieces is a stack on one axis. The only edges that are no nesting lead
//! back; they run in lanes that their list keeps free at its sides.
//!
//! Invariant: whole numbers only, and no map without an order, so the same definition gives the same bytes.

mod columns;
mod figure;
mod geometry;
mod icon;
mod labels;
mod place;
mod plan;
mod read;
mod root;
mod sequence;
mod svg;
mod text;
mod words;

#[cfg(test)]
mod tests;

pub use figure::{Alternative, Event, EventLook, Figure, FrameLook, Look, Node, Shape, SplitLook, Target};
pub use geometry::{Edge, Geometry, Line, Mark, Placed, Point, Rect};
pub use read::read;
pub use root::layout;
pub use svg::write;
pub use words::Language;

use crate::language::definition::Definition;

/// The picture of a process with labels in one language: a standalone SVG document.
#[must_use]
pub fn svg(definition: &Definition, language: Language) -> String {
    write(&layout(&read(definition, language)))
}
