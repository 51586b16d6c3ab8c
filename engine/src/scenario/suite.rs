//! The scenarios of a process as one thing: read once, played again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::play::Player;
use super::read::{is_scenario, read};
use super::report::Fault;
use super::script::Scenario;
use crate::language::definition::Definition;

/// The scenarios of a process, read once to be played against changed definitions.
pub(super) struct Suite {
    scenarios: Vec<Scenario>,
    /// The steps that each enters, and how many transitions it makes, while nothing is changed.
    reached: Vec<BTreeSet<Arc<str>>>,
    transitions: u32,
}

/// A changed definition may go round in circles: this many times the transitions of an unchanged one is enough.
const PATIENCE: u32 = 10;

impl Suite {
    pub(super) fn read(definition: &Arc<Definition>, folder: &BTreeMap<String, Vec<u8>>) -> Result<Self, Vec<Fault>> {
        let mut scenarios = Vec::new();
        for (path, bytes) in folder.iter().filter(|(path, bytes)| is_scenario(path, bytes)) {
            scenarios.append(&mut read(path, bytes, folder)?);
        }
        let mut suite = Suite { scenarios, reached: Vec::new(), transitions: 1 };
        for scenario in &suite.scenarios {
            let mut player = Player::new(definition, scenario);
            player.play();
            suite.transitions = suite.transitions.max(player.world.transitions);
            suite.reached.push(player.world.seen.runs.values().cloned().collect());
        }
        Ok(suite)
    }

    /// The first scenario that fails; those that enter the step are played first.
    pub(super) fn first_failure(&self, definition: &Arc<Definition>, step: Option<&str>) -> Option<Arc<str>> {
        let enters =
            |place: usize| step.is_some_and(|step| self.reached.get(place).is_some_and(|all| all.contains(step)));
        let mut order: Vec<usize> = (0..self.scenarios.len()).collect();
        order.sort_by_key(|place| !enters(*place));
        order.into_iter().filter_map(|place| self.scenarios.get(place)).find_map(|scenario| {
            let mut player = Player::new(definition, scenario);
            player.world.limit = self.transitions.saturating_mul(PATIENCE);
            player.play();
            (!player.faults.is_empty()).then(|| scenario.name.clone())
        })
    }
}
