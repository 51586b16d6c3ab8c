//! Writes a geometry as a standalone SVG document.
//!
//! Dark on white, legible in print and without colour. Only presentation attributes, which a page's own style
//! sheet overrides: `[data-step="triage"]`, `.step.task`, `.edge.back`. No style element, script, font or
//! reference, so it passes the strictest content policy.

use std::fmt::Write as _;

use super::figure::{FrameLook, Look};
use super::geometry::{Anchor, Edge, Geometry, Line, Mark, Placed, Point, Rect, Text};
use super::icon;
use super::plan::{ICON, PAD};
use super::text::{Lines, escape, line_height};

const FONT: &str =
    "'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'Helvetica Neue', Arial, sans-serif";
const INK: &str = "#1f2933";
const SOFT: &str = "#52606d";
const FLOW: &str = "#616e7c";
const BACK: &str = "#b45309";
const FRAME: &str = "#9aa5b1";
const CORNER: i32 = 6;

/// The picture as bytes of XML.
#[must_use]
pub fn write(geometry: &Geometry) -> String {
    let mut out = String::new();
    let (width, height) = (geometry.width, geometry.height);
    let process = escape(&geometry.process);
    // Writing into a String cannot fail; the results are dropped for that reason alone.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\" data-process=\"{process}\" font-family=\"{FONT}\" fill=\"none\" \
         stroke-linejoin=\"round\" stroke-linecap=\"round\">",
        escape(&geometry.title)
    );
    let _ = writeln!(out, "<title>{}</title>", escape(&geometry.title));
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    let under = |placed: &&Placed| matches!(placed.mark, Mark::Frame { .. } | Mark::Strip { .. });
    geometry.placed.iter().filter(under).for_each(|placed| mark(&mut out, placed));
    for (place, edge) in geometry.edges.iter().enumerate() {
        path(&mut out, edge, joined(edge, &geometry.edges[..place]));
    }
    geometry.placed.iter().filter(|placed| !under(placed)).for_each(|placed| mark(&mut out, placed));
    out.push_str("</svg>\n");
    out
}

fn mark(out: &mut String, placed: &Placed) {
    let rect = placed.rect;
    let (x, y) = (rect.x, rect.y);
    let (mid_x, mid_y) = (x + rect.width / 2, y + rect.height / 2);
    open(out, placed);
    match &placed.mark {
        Mark::Card { look, title, notes, optional } => card(out, rect, *look, title, notes, *optional),
        Mark::Frame { optional, .. } => {
            let dash = if *optional { " stroke-dasharray=\"6 4\"" } else { "" };
            shape(out, rect, 10, &format!("fill=\"#ffffff\" fill-opacity=\"0\" stroke=\"{FRAME}\"{dash}"));
        }
        Mark::Strip { look, title, notes } => strip(out, rect, *look, title, notes),
        Mark::Diamond => {
            let (right, bottom) = (rect.right(), rect.bottom());
            let _ = write!(
                out,
                "<path class=\"shape\" d=\"M{mid_x} {y}L{right} {mid_y}L{mid_x} {bottom}L{x} {mid_y}z\" fill=\"#fdf8ee\" stroke=\"#946200\" stroke-width=\"1.5\"/>"
            );
        }
        Mark::Circle(_) => {
            circle(out, mid_x, mid_y, rect.width / 2 - 1, "fill=\"#fdf8ee\" stroke=\"#946200\" stroke-width=\"1.5\"");
            icon_at(out, icon::of_frame(FrameLook::First), mid_x - 8, mid_y - 8, "#946200");
        }
        Mark::Bar => shape(out, rect, 2, &format!("fill=\"{INK}\"")),
        Mark::Start => circle(out, mid_x, mid_y, 13, "fill=\"#f0f7f1\" stroke=\"#2f6f3e\" stroke-width=\"2\""),
        Mark::End => {
            circle(out, mid_x, mid_y, 12, &format!("fill=\"#ffffff\" stroke=\"{INK}\" stroke-width=\"3\""));
            circle(out, mid_x, mid_y, 6, &format!("fill=\"{INK}\""));
        }
        Mark::Fail => {
            circle(out, mid_x, mid_y, 12, "fill=\"#fdf2f2\" stroke=\"#a61b1b\" stroke-width=\"3\"");
            icon_at(out, icon::of_event(super::figure::EventLook::Error), mid_x - 8, mid_y - 8, "#a61b1b");
        }
        Mark::Back { text } => {
            let look = format!("fill=\"#fffaf3\" stroke=\"{BACK}\" stroke-dasharray=\"4 3\"");
            shape(out, rect, rect.height.min(30) / 2, &look);
            icon_at(out, icon::BACK, x + 8, mid_y - ICON / 2, BACK);
            lines(out, &text.0, x + 8 + ICON + 6, y + (rect.height - text.0.height()) / 2, BACK, "start", "");
        }
        Mark::Dot => circle(out, mid_x, mid_y, 4, &format!("fill=\"{SOFT}\"")),
        Mark::Event { look, takes_over, .. } => {
            let dash = if *takes_over { "" } else { " stroke-dasharray=\"3 2\"" };
            circle(out, mid_x, mid_y, 10, &format!("fill=\"#fdf3f8\" stroke=\"#97266d\" stroke-width=\"1.5\"{dash}"));
            let _ = write!(out, "<g transform=\"translate({} {}) scale(.75)\">", mid_x - 6, mid_y - 6);
            icon_at(out, icon::of_event(*look), 0, 0, "#97266d");
            out.push_str("</g>");
        }
        Mark::Label { text, at } => {
            let (start, anchor) = match at {
                Anchor::Left => (x, "start"),
                Anchor::Middle => (mid_x, "middle"),
            };
            let _ = write!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"#ffffff\" fill-opacity=\".92\"/>",
                rect.width, rect.height
            );
            lines(out, &text.0, start, y, SOFT, anchor, "");
        }
        Mark::Title { text } => {
            let weight = if text.0.size > 12 { " font-weight=\"600\"" } else { "" };
            let ink = if text.0.size > 12 { INK } else { SOFT };
            lines(out, &text.0, x, y, ink, "start", weight);
        }
    }
    out.push_str("</g>\n");
}

/// The group of a shape: its class, its step, and its whole text.
fn open(out: &mut String, placed: &Placed) {
    let class = match &placed.mark {
        Mark::Card { look, .. } => format!("step {}", look.class()),
        Mark::Frame { .. } => "frame".into(),
        Mark::Strip { .. } => "step block".into(),
        Mark::Diamond => "step choose".into(),
        Mark::Circle(_) => "step first".into(),
        Mark::Bar => "step parallel".into(),
        Mark::Start => "start".into(),
        Mark::End => "step end".into(),
        Mark::Fail => "step fail".into(),
        Mark::Back { .. } => "step back".into(),
        Mark::Dot => "dot".into(),
        Mark::Event { .. } => "event".to_owned(),
        Mark::Label { .. } | Mark::Title { .. } => "label".into(),
    };
    let _ = write!(out, "<g class=\"{class}\"");
    if !placed.step.is_empty() {
        let step = escape(&placed.step);
        let attached = matches!(placed.mark, Mark::Event { .. });
        if attached {
            let _ = write!(out, " data-host=\"{step}\"");
        } else {
            let _ = write!(out, " id=\"step-{}\" data-step=\"{step}\"", step.replace(' ', "-"));
        }
    }
    out.push('>');
    if !placed.says.is_empty() {
        let _ = write!(out, "<title>{}</title>", escape(&placed.says));
    }
}

fn colours(look: Look) -> (&'static str, &'static str) {
    match look {
        Look::Task => ("#2457a0", "#f3f7fd"),
        Look::Approve => ("#5b3a9e", "#f7f5fd"),
        Look::Call => ("#1f6f6b", "#f2f9f8"),
        Look::Table | Look::Script | Look::Set | Look::Undo => ("#7a5c12", "#fbf8f0"),
        Look::Timer | Look::Message | Look::Notice | Look::Condition | Look::Escalate => ("#97266d", "#fdf5f9"),
        Look::Run => ("#3e4c59", "#f5f7fa"),
    }
}

fn card(out: &mut String, rect: Rect, look: Look, title: &Text, notes: &Text, optional: bool) {
    let (accent, fill) = colours(look);
    let dash = if optional { " stroke-dasharray=\"6 3\"" } else { "" };
    shape(out, rect, 8, &format!("fill=\"{fill}\" stroke=\"{accent}\" stroke-width=\"1.25\"{dash}"));
    if look == Look::Run {
        let inner = Rect { x: rect.x + 3, y: rect.y + 3, width: rect.width - 6, height: rect.height - 6 };
        shape(out, inner, 6, &format!("stroke=\"{accent}\" stroke-width=\".75\""));
    }
    let gap = if notes.0.is_empty() { 0 } else { 3 };
    let text_height = title.0.height() + gap + notes.0.height();
    let top = rect.y + (rect.height - text_height) / 2;
    icon_at(out, icon::of_step(look), rect.x + PAD, top, accent);
    let x = rect.x + PAD + ICON + 8;
    lines(out, &title.0, x, top, INK, "start", " font-weight=\"600\"");
    lines(out, &notes.0, x, top + title.0.height() + gap, SOFT, "start", "");
}

fn strip(out: &mut String, rect: Rect, look: FrameLook, title: &Text, notes: &Text) {
    let (x, y, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
    let _ = write!(
        out,
        "<path class=\"shape\" d=\"M{x} {bottom}V{}a10 10 0 0 1 10 -10H{}a10 10 0 0 1 10 10V{bottom}z\" fill=\"#eef1f4\" stroke=\"{FRAME}\"/>",
        y + 10,
        right - 10
    );
    icon_at(out, icon::of_frame(look), x + PAD, y + 6, SOFT);
    let text_x = x + PAD + ICON + 8;
    lines(out, &title.0, text_x, y + 6, INK, "start", " font-weight=\"600\"");
    lines(out, &notes.0, text_x, y + 9 + title.0.height(), SOFT, "start", "");
}

fn shape(out: &mut String, rect: Rect, radius: i32, look: &str) {
    let Rect { x, y, width, height } = rect;
    let _ = write!(
        out,
        "<rect class=\"shape\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" {look}/>"
    );
}

fn circle(out: &mut String, x: i32, y: i32, radius: i32, look: &str) {
    let _ = write!(out, "<circle class=\"shape\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {look}/>");
}

fn icon_at(out: &mut String, path: &str, x: i32, y: i32, colour: &str) {
    let _ =
        write!(out, "<path d=\"{path}\" transform=\"translate({x} {y})\" stroke=\"{colour}\" stroke-width=\"1.3\"/>");
}

fn lines(out: &mut String, text: &Lines, x: i32, y: i32, colour: &str, anchor: &str, more: &str) {
    let size = text.size;
    for (line, place) in text.lines.iter().zip(0..) {
        let baseline = y + line_height(size) * place + size;
        let _ = write!(
            out,
            "<text x=\"{x}\" y=\"{baseline}\" font-size=\"{size}\" fill=\"{colour}\" text-anchor=\"{anchor}\"{more}>{}</text>",
            escape(line)
        );
    }
}

/// A jump's own part, where it meets one that was drawn before it and leads to the same target: drawn twice, the
/// dashes of both would close to a solid line.
fn joined(edge: &Edge, before: &[Edge]) -> Option<Vec<Point>> {
    let of_jumps = before.iter().filter(|other| edge.line == Line::Back && other.line == Line::Back);
    // The longest way together leaves the least to draw.
    of_jumps.filter_map(|other| own_part(&edge.points, &other.points)).min_by_key(|own| length(own))
}

/// What of a line comes before its last part, which it shares with another; none if they share no more than the end.
fn own_part(own: &[Point], other: &[Point]) -> Option<Vec<Point>> {
    let same = own.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let corner = *own.get(own.len().checked_sub(same)?)?;
    let kept = own.get(..own.len() - same)?;
    let (from, theirs) = (*kept.last()?, *other.get(other.len().checked_sub(same + 1)?)?);
    let direction = |a: Point| ((corner.x - a.x).signum(), (corner.y - a.y).signum());
    let mut part = kept.to_vec();
    if direction(from) == direction(theirs) {
        // Both come to the corner on one line: they meet where the later of them gets onto it.
        if distance(theirs, corner) < distance(from, corner) {
            part.push(theirs);
        }
        return Some(part);
    }
    part.push(corner);
    (same > 1).then_some(part)
}

fn length(points: &[Point]) -> i32 {
    points.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

fn path(out: &mut String, edge: &Edge, joined: Option<Vec<Point>>) {
    let (class, colour, dash) = match edge.line {
        Line::Flow => ("flow", FLOW, ""),
        Line::Beside => ("beside", FLOW, " stroke-dasharray=\"2 3\""),
        Line::Back => ("back", BACK, " stroke-dasharray=\"5 4\""),
    };
    let Some((end, before)) = edge.points.split_last() else { return };
    let arrow = joined.is_none();
    let line = way(joined.as_deref().unwrap_or(&edge.points), if arrow { 5 } else { 0 });
    let _ = write!(out, "<path class=\"edge {class}\" d=\"{line}\" stroke=\"{colour}\" stroke-width=\"1.4\"{dash}/>");
    if !arrow {
        out.push('\n');
        return;
    }
    let (dx, dy) = before.last().map_or((0, 1), |last| ((end.x - last.x).signum(), (end.y - last.y).signum()));
    // The two rear corners of the head: 8 back along the line, 4 to each side.
    let (rear_x, rear_y) = (end.x - 8 * dx, end.y - 8 * dy);
    let _ = writeln!(
        out,
        "<path class=\"edge {class}\" d=\"M{} {}L{} {}L{} {}z\" fill=\"{colour}\"/>",
        end.x,
        end.y,
        rear_x + 4 * dy,
        rear_y + 4 * dx,
        rear_x - 4 * dy,
        rear_y - 4 * dx
    );
}

/// The line with rounded corners, ending a little before its last point, inside the arrow's head.
fn way(points: &[Point], short: i32) -> String {
    let mut out = String::new();
    for (place, point) in points.iter().enumerate() {
        let previous = place.checked_sub(1).and_then(|place| points.get(place));
        match (previous, points.get(place + 1)) {
            (None, _) => {
                let _ = write!(out, "M{} {}", point.x, point.y);
            }
            (Some(from), None) => {
                let stop = toward(*point, *from, short);
                let _ = write!(out, "L{} {}", stop.x, stop.y);
            }
            (Some(from), Some(to)) => {
                let radius = CORNER.min(distance(*from, *point) / 2).min(distance(*point, *to) / 2);
                let (into, out_of) = (toward(*point, *from, radius), toward(*point, *to, radius));
                let _ = write!(out, "L{} {}Q{} {} {} {}", into.x, into.y, point.x, point.y, out_of.x, out_of.y);
            }
        }
    }
    out
}

fn distance(a: Point, b: Point) -> i32 {
    (a.x - b.x).abs() + (a.y - b.y).abs()
}

/// The point `length` away from `at` in the direction of `to`, along a horizontal or vertical line.
fn toward(at: Point, to: Point, length: i32) -> Point {
    Point { x: at.x + (to.x - at.x).signum() * length, y: at.y + (to.y - at.y).signum() * length }
}
