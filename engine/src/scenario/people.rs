//! Who exists in a scenario: declared people, or, where none are declared, everybody with what their moves need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::script::{Scenario, What};
use crate::event::Candidates;
use crate::facts::{PersonFact, RoleFact, Substitution};
use crate::id::UserId;
use crate::language::definition::{self, Candidate, Definition, StepKind, Template};
use crate::time::Timestamp;
use crate::value::Value;

/// Stands for somebody who could do what nobody does in the scenario.
const SOMEBODY: &str = "somebody";

#[derive(Debug)]
pub(super) struct People {
    declared: Option<BTreeMap<UserId, PersonFact>>,
    inferred: BTreeMap<UserId, PersonFact>,
}

impl People {
    pub(super) fn of(definition: &Definition, scenario: &Scenario) -> Self {
        let mut people = People { declared: scenario.people.clone(), inferred: BTreeMap::new() };
        if people.declared.is_some() {
            return people;
        }
        if let Some(starter) = &scenario.start.by {
            for start in &definition.starts {
                if let definition::Start::People { roles, .. } = start {
                    roles.iter().for_each(|role| people.grant(starter, role, BTreeMap::new()));
                }
            }
        }
        for step in &scenario.play {
            match &step.what {
                What::Does(does) => {
                    let mut roles = BTreeSet::new();
                    definition
                        .steps
                        .values()
                        .filter(|step| does.step.names(&step.key))
                        .for_each(|step| literal_roles(&step.kind, &mut roles));
                    let acting = does.behalf.as_ref().map_or(does.by.as_slice(), std::slice::from_ref);
                    for (who, role) in acting.iter().flat_map(|who| roles.iter().map(move |role| (who, role))) {
                        people.grant(who, role, BTreeMap::new());
                    }
                }
                What::Assigns { by, .. } | What::Cancels { by, .. } | What::Retries { by, .. } => {
                    people.grant(by, &definition.owner, BTreeMap::new());
                }
                _ => {}
            }
        }
        people
    }

    fn person(&mut self, who: &UserId) -> &mut PersonFact {
        let fresh = || PersonFact { active: true, printed_name: who.clone(), ..PersonFact::default() };
        self.inferred.entry(who.clone()).or_insert_with(fresh)
    }

    fn grant(&mut self, who: &UserId, role: &Arc<str>, scope: BTreeMap<Arc<str>, Arc<str>>) {
        let fact = RoleFact { role: role.clone(), scope };
        let person = self.person(who);
        if !person.roles.contains(&fact) {
            person.roles.push(fact);
        }
    }

    /// Where nobody is declared, whoever acts may: the scenario tests the process, not the directory.
    pub(super) fn entitle(&mut self, who: &UserId, candidates: &[Candidates]) {
        if self.declared.is_some() {
            return;
        }
        for group in candidates {
            match group {
                Candidates::Role { role, .. } => self.grant(who, role, BTreeMap::new()),
                Candidates::ManagerOf { id } => self.person(id).manager = Some(who.clone()),
                Candidates::User { .. } => {}
            }
        }
    }

    /// Where nobody is declared, whoever acts for another may, at all times.
    pub(super) fn stand_in(&mut self, absent: &UserId, by: &UserId) {
        if self.declared.is_some() {
            return;
        }
        let period = Substitution {
            by: by.clone(),
            from: Timestamp::EPOCH,
            until: Timestamp::from_micros(i64::MAX),
            processes: Vec::new(),
        };
        let person = self.person(absent);
        if !person.substitutes.contains(&period) {
            person.substitutes.push(period);
        }
    }

    /// The same for an event of people, as far as its roles are written out.
    pub(super) fn entitle_raiser(&mut self, who: &UserId, by: &[Candidate]) {
        if self.declared.is_some() {
            return;
        }
        for candidate in by {
            match candidate {
                Candidate::Role { role: Template::Literal(Value::Text(role)), .. } => {
                    self.grant(who, role, BTreeMap::new());
                }
                Candidate::ManagerOf(Template::Literal(Value::Text(id))) => {
                    self.person(id).manager = Some(who.clone());
                }
                _ => {}
            }
        }
    }

    pub(super) fn fact(&self, who: &UserId) -> Option<PersonFact> {
        match &self.declared {
            Some(declared) => declared.get(who).cloned(),
            None => Some(self.inferred.get(who).cloned().unwrap_or_else(|| PersonFact {
                active: true,
                printed_name: who.clone(),
                ..PersonFact::default()
            })),
        }
    }

    pub(super) fn is_candidate(&self, who: &UserId, group: &Candidates) -> bool {
        match group {
            Candidates::Role { role, scope } => {
                self.fact(who).is_some_and(|person| person.roles.iter().any(|held| held.covers(role, scope)))
            }
            Candidates::User { id } => id == who,
            Candidates::ManagerOf { id } => self.fact(id).and_then(|person| person.manager).as_ref() == Some(who),
        }
    }

    pub(super) fn holders(&self, group: &Candidates, at_most: usize) -> Vec<UserId> {
        let all = self.declared.as_ref().unwrap_or(&self.inferred);
        let mut found: Vec<UserId> = match group {
            Candidates::User { id } => Some(id.clone()).into_iter().filter(|id| self.active(id)).collect(),
            _ => all.keys().filter(|who| self.active(who) && self.is_candidate(who, group)).cloned().collect(),
        };
        if found.is_empty() && self.declared.is_none() && at_most == 1 {
            found.push(SOMEBODY.into());
        }
        found.truncate(at_most);
        found
    }

    fn active(&self, who: &UserId) -> bool {
        self.fact(who).is_some_and(|person| person.active)
    }
}

fn literal_roles(kind: &StepKind, roles: &mut BTreeSet<Arc<str>>) {
    let mut add = |candidate: &Candidate| {
        if let Candidate::Role { role: Template::Literal(Value::Text(role)), .. } = candidate {
            roles.insert(role.clone());
        }
    };
    match kind {
        StepKind::Task(task) => task.to.iter().for_each(add),
        StepKind::Approve(ballot) => ballot.seats.iter().for_each(|seat| add(&seat.who)),
        _ => {}
    }
}
