//! A list of steps: a stack on one axis, with lanes at its sides for the jumps back.
//!
//! Between two steps lies a band without shapes. A jump leaves its step into the band below, runs to a lane,
//! up the lane, and through the band above its target onto the target's own arrow. Jumps to the same target
//! share a lane. A jump whose target is in a list further out takes a lane down instead.

use super::figure::Node;
use super::plan::{ARROW, LANE, Out, Plan};

/// Room above a target, for what arrives there.
const ARRIVAL: i32 = 12;
/// How far above a target its jumps arrive.
const ARRIVAL_Y: i32 = 18;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Right,
}

#[derive(Debug, Default)]
pub(super) struct Sequence<'f> {
    pub(super) children: Vec<Child<'f>>,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) axis: i32,
    pub(super) open: bool,
    pub(super) backs: Vec<Out<'f>>,
    pub(super) lanes: Vec<Lane<'f>>,
}

#[derive(Debug)]
pub(super) struct Child<'f> {
    pub(super) plan: Plan<'f>,
    pub(super) y: i32,
    /// For each of its jumps, the way it takes.
    pub(super) ways: Vec<Way>,
}

/// How a jump goes on from below its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Straight down, out of the list: nothing stands below.
    Down,
    /// Along a row of the band below the step to a lane.
    Lane { lane: usize, row: i32 },
}

#[derive(Debug)]
pub(super) struct Lane<'f> {
    pub(super) side: Side,
    pub(super) target: &'f str,
    /// The step of this list that it leads up to; none: it leads down and out.
    pub(super) local: Option<usize>,
    pub(super) x: i32,
}

impl<'f> Sequence<'f> {
    /// `arrivals` names targets of jumps that come from beside the list.
    pub(super) fn of(nodes: &'f [Node], arrivals: &[&str]) -> Self {
        let plans: Vec<Plan<'f>> = nodes.iter().map(Plan::of).collect();
        let axis = plans.iter().map(|plan| plan.axis).max().unwrap_or(0);
        let right = plans.iter().map(|plan| plan.width - plan.axis).max().unwrap_or(0);
        let mut this = Sequence { open: super::figure::goes_on(nodes), ..Sequence::default() };
        let mut targeted: Vec<bool> = nodes.iter().map(|node| arrivals.contains(&node.id.as_str())).collect();
        let last = nodes.len().saturating_sub(1);
        for (place, plan) in plans.into_iter().enumerate() {
            let mut rows: Vec<(Side, usize)> = Vec::new();
            let ways = plan.backs.iter().map(|back| {
                let side = if axis - plan.axis + back.x < axis { Side::Left } else { Side::Right };
                let local = nodes[..=place].iter().position(|node| node.id == back.target && !node.id.is_empty());
                if local.is_none() && place == last {
                    return Way::Down;
                }
                if let Some(target) = local {
                    targeted[target] = true;
                }
                let lane = this.lane(side, back.target, local);
                let row = rows.iter().position(|row| *row == (side, lane)).unwrap_or_else(|| {
                    rows.push((side, lane));
                    rows.len() - 1
                });
                Way::Lane { lane, row: i32::try_from(row).unwrap_or(0) }
            });
            let ways = ways.collect();
            this.children.push(Child { plan, y: 0, ways });
        }
        this.put(axis, right, &targeted);
        this
    }

    pub(super) fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// Where jumps arrive above a step of this list, from its top: their row, and where the flow enters the step.
    pub(super) fn arrival(&self, target: &str) -> Option<(i32, i32)> {
        let child = self.children.iter().find(|child| child.plan.node.id == target && !target.is_empty())?;
        Some((child.y - ARRIVAL_Y, child.y + child.plan.entry()))
    }

    pub(super) fn arrival_at(&self, place: usize) -> (i32, i32) {
        self.children.get(place).map_or((0, 0), |child| (child.y - ARRIVAL_Y, child.y + child.plan.entry()))
    }

    /// The row of a band, from the lower border of the step above it.
    pub(super) fn row_y(row: i32) -> i32 {
        8 + LANE * row
    }

    fn lane(&mut self, side: Side, target: &'f str, local: Option<usize>) -> usize {
        let same = |lane: &Lane<'_>| lane.side == side && lane.target == target && lane.local == local;
        if let Some(place) = self.lanes.iter().position(same) {
            return place;
        }
        self.lanes.push(Lane { side, target, local, x: 0 });
        self.lanes.len() - 1
    }

    fn put(&mut self, axis: i32, right: i32, targeted: &[bool]) {
        let lefts = self.lanes.iter().filter(|lane| lane.side == Side::Left).count();
        let rights = self.lanes.len() - lefts;
        let room = |count: usize| i32::try_from(count).unwrap_or(0) * LANE + if count > 0 { 4 } else { 0 };
        self.axis = axis + room(lefts);
        self.width = self.axis + right + room(rights);
        let (mut left_x, mut right_x) = (room(lefts) - 4, self.axis + right + 4);
        for lane in &mut self.lanes {
            match lane.side {
                Side::Left => {
                    left_x -= LANE;
                    lane.x = left_x;
                }
                Side::Right => {
                    right_x += LANE;
                    lane.x = right_x - 2;
                }
            }
        }
        let mut y = 0;
        let last = self.children.len().saturating_sub(1);
        for (place, child) in self.children.iter_mut().enumerate() {
            if targeted[place] {
                y += if place == 0 { ARRIVAL_Y } else { ARRIVAL };
            }
            child.y = y;
            y += child.plan.height;
            let rows = child.ways.iter().map(|way| match way {
                Way::Down => 0,
                Way::Lane { row, .. } => row + 1,
            });
            let rows = rows.max().unwrap_or(0);
            if rows > 0 {
                y += Self::row_y(rows - 1);
            }
            if place != last {
                y += ARROW;
            }
        }
        self.height = y;
        self.collect_backs();
    }

    fn collect_backs(&mut self) {
        let mut backs: Vec<Out<'f>> = Vec::new();
        for child in &self.children {
            let shift = self.axis - child.plan.axis;
            for (back, way) in child.plan.backs.iter().zip(&child.ways) {
                let x = match way {
                    Way::Down => shift + back.x,
                    Way::Lane { lane, .. } if self.lanes[*lane].local.is_none() => self.lanes[*lane].x,
                    Way::Lane { .. } => continue,
                };
                backs.push(Out { x, target: back.target });
            }
        }
        self.backs = backs;
    }
}
