//! When a ballot is decided: pure counting over its seats.
//!
//! Seats of one `each` count together as one voice, with a quorum of their own. A `must` seat's no is the
//! ballot's no, and there is no yes before every `must` has voted.

use std::collections::BTreeMap;

use crate::language::definition::Rule;
use crate::state::SeatState;
use crate::step::approve::APPROVED;

/// Where a ballot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Open,
    Approved,
    Rejected,
}

/// How many yes of `all` voices the rule wants.
pub(crate) fn quorum(rule: Rule, all: u64) -> u64 {
    match rule {
        Rule::All => all,
        Rule::Any => all.min(1),
        // Where there are fewer voices than the rule names, all of them.
        Rule::AtLeast(least) => all.min(u64::from(least)),
        Rule::Ratio(millionths) => (all * u64::from(millionths)).div_ceil(1_000_000).clamp(all.min(1), all),
    }
}

/// Decides over voices: the earliest moment at which no further vote can change it.
fn decide(rule: Rule, voices: &[Verdict]) -> Verdict {
    let all = voices.len() as u64;
    let wanted = quorum(rule, all);
    let count = |wanted: Verdict| voices.iter().filter(|voice| **voice == wanted).count() as u64;
    if count(Verdict::Approved) >= wanted {
        Verdict::Approved
    } else if count(Verdict::Rejected) > all - wanted {
        Verdict::Rejected
    } else {
        Verdict::Open
    }
}

pub(crate) fn verdict(rule: Rule, seats: &[SeatState]) -> Verdict {
    let mut voices: Vec<Verdict> = Vec::new();
    let mut musts: Vec<Verdict> = Vec::new();
    let mut groups: BTreeMap<u32, (Rule, bool, Vec<Verdict>)> = BTreeMap::new();
    for seat in seats.iter().filter(|seat| !seat.removed) {
        let voice = match &seat.vote {
            None => Verdict::Open,
            Some(vote) if vote.outcome.as_ref() == APPROVED => Verdict::Approved,
            Some(_) => Verdict::Rejected,
        };
        // Who was asked in can stop a ballot and never carry it: the rule counts the seats of the process.
        if seat.added_by.is_some() {
            musts.push(voice);
            continue;
        }
        match seat.seat.group {
            Some(own) => {
                groups.entry(seat.seat.spec).or_insert_with(|| (own, seat.seat.must, Vec::new())).2.push(voice);
            }
            None => {
                voices.push(voice);
                musts.extend(seat.seat.must.then_some(voice));
            }
        }
    }
    for (own, must, members) in groups.into_values() {
        let voice = decide(own, &members);
        voices.push(voice);
        musts.extend(must.then_some(voice));
    }
    if musts.contains(&Verdict::Rejected) {
        return Verdict::Rejected;
    }
    match decide(rule, &voices) {
        Verdict::Approved if musts.contains(&Verdict::Open) => Verdict::Open,
        verdict => verdict,
    }
}

/// Why a seat may not be taken away, if so: no rule of the process may be satisfied by fewer than it names.
pub(crate) fn fixed(rule: Rule, seats: &[SeatState], number: usize) -> Option<&'static str> {
    let seat = seats.get(number)?;
    if seat.added_by.is_some() {
        return None;
    }
    if seat.seat.must && seat.seat.group.is_none() {
        return Some("the process wants this seat");
    }
    let own = |other: &&SeatState| !other.removed && other.added_by.is_none();
    let (rule, left) = match seat.seat.group {
        Some(group) => {
            let of_group = seats.iter().filter(own).filter(|other| other.seat.spec == seat.seat.spec);
            (group, of_group.count())
        }
        None => (rule, voices(seats.iter().filter(own))),
    };
    let least = match rule {
        Rule::AtLeast(least) => (least as usize).max(1),
        Rule::All | Rule::Any | Rule::Ratio(_) => 1,
    };
    (left <= least).then_some("the rule needs it")
}

/// How many voices these seats are: those of one group are one.
fn voices<'a>(seats: impl Iterator<Item = &'a SeatState>) -> usize {
    let mut groups = std::collections::BTreeSet::new();
    seats.filter(|seat| seat.seat.group.is_none() || groups.insert(seat.seat.spec)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::Actor;
    use crate::event::{Candidates, Seat};
    use crate::state::Vote;
    use crate::time::Timestamp;
    use crate::value::Value;

    fn seat(spec: u32, must: bool, group: Option<Rule>, vote: Option<bool>) -> SeatState {
        SeatState {
            seat: Seat { spec, must, candidates: Candidates::User { id: "u".into() }, sign: None, group },
            work: None,
            vote: vote.map(|yes| Vote {
                outcome: if yes { APPROVED } else { "rejected" }.into(),
                by: Actor::System,
                at: Timestamp::EPOCH,
                answer: Value::Null,
                comment: None,
                act: 0,
            }),
            waits: Vec::new(),
            added_by: None,
            removed: false,
        }
    }

    fn plain(votes: &[Option<bool>]) -> Vec<SeatState> {
        (0u32..).zip(votes).map(|(spec, vote)| seat(spec, false, None, *vote)).collect()
    }

    #[test]
    fn all_means_that_one_no_decides() {
        assert_eq!(verdict(Rule::All, &plain(&[Some(true), None])), Verdict::Open);
        assert_eq!(verdict(Rule::All, &plain(&[Some(false), None])), Verdict::Rejected);
        assert_eq!(verdict(Rule::All, &plain(&[Some(true), Some(true)])), Verdict::Approved);
    }

    #[test]
    fn any_means_that_one_yes_decides() {
        assert_eq!(verdict(Rule::Any, &plain(&[Some(false), None])), Verdict::Open);
        assert_eq!(verdict(Rule::Any, &plain(&[Some(false), Some(true)])), Verdict::Approved);
        assert_eq!(verdict(Rule::Any, &plain(&[Some(false), Some(false)])), Verdict::Rejected);
    }

    #[test]
    fn a_quorum_above_the_number_of_seats_is_all_of_them() {
        assert_eq!(verdict(Rule::AtLeast(4), &plain(&[Some(true), Some(true)])), Verdict::Approved);
    }

    #[test]
    fn no_decision_before_every_must_has_voted() {
        let mut seats = plain(&[Some(true), Some(true), None]);
        seats[2].seat.must = true;
        assert_eq!(verdict(Rule::AtLeast(2), &seats), Verdict::Open);
        seats[2] = seat(2, true, None, Some(false));
        assert_eq!(verdict(Rule::AtLeast(2), &seats), Verdict::Rejected);
    }

    #[test]
    fn a_group_counts_as_one_voice_with_its_own_quorum() {
        let group = Some(Rule::AtLeast(2));
        let mut seats = vec![seat(0, false, None, Some(true))];
        seats.extend([Some(true), None, None].map(|vote| seat(1, false, group, vote)));
        assert_eq!(verdict(Rule::All, &seats), Verdict::Open);
        seats[2] = seat(1, false, group, Some(true));
        assert_eq!(verdict(Rule::All, &seats), Verdict::Approved);
    }

    #[test]
    fn two_thirds_of_three_are_two() {
        assert_eq!(quorum(Rule::Ratio(666_666), 3), 2);
        assert_eq!(quorum(Rule::Ratio(670_000), 3), 3);
    }

    #[test]
    fn an_added_seat_can_stop_a_ballot_and_never_carry_it() {
        let mut seats = plain(&[None, None]);
        let mut added = seat(9, false, None, Some(true));
        added.added_by = Some("somebody".into());
        seats.push(added);
        assert_eq!(verdict(Rule::Any, &seats), Verdict::Open, "its yes is nobody's vote");
        seats[0] = seat(0, false, None, Some(true));
        assert_eq!(verdict(Rule::Any, &seats), Verdict::Approved);
        seats[2].vote = None;
        assert_eq!(verdict(Rule::Any, &seats), Verdict::Open, "and it is waited for");
        seats[2] = SeatState { added_by: Some("somebody".into()), ..seat(9, false, None, Some(false)) };
        assert_eq!(verdict(Rule::Any, &seats), Verdict::Rejected);
        seats[2].removed = true;
        assert_eq!(verdict(Rule::Any, &seats), Verdict::Approved);
    }

    #[test]
    fn no_seat_is_taken_away_that_the_rule_names() {
        let seats = plain(&[None, None, None]);
        assert_eq!(fixed(Rule::AtLeast(2), &seats, 0), None);
        let mut fewer = plain(&[None, None, None]);
        fewer[1].removed = true;
        assert!(fixed(Rule::AtLeast(2), &fewer, 0).is_some());
        assert!(fixed(Rule::All, &plain(&[None]), 0).is_some(), "one is left");
        let mut must = plain(&[None, None]);
        must[0].seat.must = true;
        assert!(fixed(Rule::Any, &must, 0).is_some());
    }

    proptest! {
        /// A decision stands whatever the seats that have not voted would say.
        #[test]
        fn a_decided_ballot_stays_decided(
            votes in prop::collection::vec(prop::option::of(any::<bool>()), 1..7),
            rule in prop_oneof![Just(Rule::All), Just(Rule::Any), (1u32..8).prop_map(Rule::AtLeast), (1u32..=1_000_000).prop_map(Rule::Ratio)],
            rest in any::<bool>(),
        ) {
            let before = verdict(rule, &plain(&votes));
            let full: Vec<_> = votes.iter().map(|vote| vote.or(Some(rest))).collect();
            let after = verdict(rule, &plain(&full));
            prop_assert_ne!(after, Verdict::Open);
            if before != Verdict::Open {
                prop_assert_eq!(before, after);
            }
        }
    }
}
