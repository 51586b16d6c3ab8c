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
    for seat in seats {
        let voice = match &seat.vote {
            None => Verdict::Open,
            Some(vote) if vote.outcome.as_ref() == APPROVED => Verdict::Approved,
            Some(_) => Verdict::Rejected,
        };
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
            }),
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
