//! Stock rows and the pure rules over them.

use std::collections::BTreeMap;

use engine::day::Day;
use engine::id::InstanceId;
use engine::quantity::{AmountError, Quantity};
use engine::time::Timestamp;
use engine::words;
use store::record;
use store::record::Stored;

words! {
    pub enum Status {
        Unrestricted = "unrestricted",
        Quarantine = "quarantine",
        Blocked = "blocked",
        Returns = "returns",
    }
}

words! {
    pub enum Reason {
        Opening = "opening",
        Receive = "receive",
        Issue = "issue",
        Move = "move",
        Status = "status",
        Count = "count",
        Scrap = "scrap",
        Return = "return",
        Reverse = "reverse",
    }
}

words! {
    pub enum ReservationKind {
        /// A wish for future supply: no place, no lot.
        Soft = "soft",
        /// This lot at this place.
        Hard = "hard",
    }
}

words! {
    pub enum ReservationState { Active = "active", Consumed = "consumed", Released = "released" }
}

/// Where stock comes from that nobody of ours delivered: the other side of receipts and openings.
pub const OUTSIDE: &str = "outside";

record! {
    /// Totals of an item, and the lock that every change of its stock takes first.
    pub struct StockItem in "stock_item" key (item: String) {
        unrestricted: Quantity,
        reserved: Quantity,
        last_sequence: i64,
    }
}

record! {
    pub struct Lot in "stock_lot" key (item: String, lot: String) {
        made: Option<Day>,
        expires: Option<Day>,
    }
}

record! {
    pub struct Balance in "stock_balance" key (item: String, location: String, lot: String, status: Stored<Status>) {
        quantity: Quantity,
        /// Of it, held by hard reservations.
        reserved: Quantity,
    }
}

record! {
    /// One movement: out of one place and status, into another.
    pub struct Movement in "stock_ledger" key (item: String, sequence: i64) {
        lot: String,
        from_location: String,
        from_status: Stored<Status>,
        to_location: String,
        to_status: Stored<Status>,
        quantity: Quantity,
        reason: Stored<Reason>,
        document: String,
        /// The effective day, for reports; the order is that of the sequence.
        day: Day,
        posted_at: Timestamp,
        posted_by: Option<String>,
    }
}

record! {
    pub struct Reservation in "reservation" key (demand: String, number: i64) {
        line: i64,
        item: String,
        location: String,
        lot: String,
        quantity: Quantity,
        kind: Stored<ReservationKind>,
        state: Stored<ReservationState>,
        /// The process instance that reserved it.
        instance: InstanceId,
    }
}

/// One line that wants stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub line: i64,
    pub item: String,
    pub quantity: Quantity,
}

/// Stock that a reservation may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub location: String,
    pub lot: String,
    pub free: Quantity,
    pub made: Option<Day>,
    pub expires: Option<Day>,
}

/// What a line takes from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub line: i64,
    pub location: String,
    pub lot: String,
    pub quantity: Quantity,
}

/// What a line does not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub line: i64,
    pub quantity: Quantity,
}

/// Puts first what expires first (what never expires, last), then what was made first, then by lot and place.
pub fn first_expiry_first(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        let order = |one: &Candidate| (one.expires.is_none(), one.expires, one.made.is_none(), one.made);
        order(a).cmp(&order(b)).then_with(|| (&a.lot, &a.location).cmp(&(&b.lot, &b.location)))
    });
}

/// Gives the lines of one item, in their order, what the candidates have, in theirs. Pure.
pub fn allocate(candidates: &[Candidate], lines: &[Wanted]) -> Result<(Vec<Allocation>, Vec<Missing>), AmountError> {
    let (mut taken, mut missing) = (Vec::new(), Vec::new());
    let mut candidates = candidates.iter().map(|candidate| (candidate, candidate.free)).collect::<Vec<_>>();
    for line in lines {
        let mut open = line.quantity;
        for (candidate, free) in &mut candidates {
            let quantity = open.min(*free);
            if !quantity.is_positive() {
                continue;
            }
            *free = free.minus(quantity)?;
            open = open.minus(quantity)?;
            let (location, lot) = (candidate.location.clone(), candidate.lot.clone());
            taken.push(Allocation { line: line.line, location, lot, quantity });
        }
        if open.is_positive() {
            missing.push(Missing { line: line.line, quantity: open });
        }
    }
    Ok((taken, missing))
}

/// The lines of each item, items in the order in which they are locked.
#[must_use]
pub fn by_item(lines: Vec<Wanted>) -> BTreeMap<String, Vec<Wanted>> {
    let mut items: BTreeMap<String, Vec<Wanted>> = BTreeMap::new();
    for line in lines {
        items.entry(line.item.clone()).or_default().push(line);
    }
    items
}

/// What the lines of an item want together.
pub fn total(lines: &[Wanted]) -> Result<Quantity, AmountError> {
    lines.iter().try_fold(Quantity::ZERO, |sum, line| sum.plus(line.quantity))
}

/// The day that can be promised: the wanted one from stock, else after the lead time.
#[must_use]
pub fn promise(requested: Day, today: Day, in_stock: bool, lead_days: u32) -> Day {
    if in_stock { requested.max(today) } else { requested.max(today.plus(lead_days)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(lot: &str, free: i64, expires: Option<&str>) -> Candidate {
        Candidate {
            location: "W".into(),
            lot: lot.into(),
            free: Quantity::from_micros(free),
            made: None,
            expires: expires.and_then(Day::parse),
        }
    }

    #[test]
    fn what_expires_first_goes_first_and_what_never_does_goes_last() {
        let mut lots =
            [candidate("a", 1, None), candidate("b", 1, Some("2027-01-01")), candidate("c", 1, Some("2026-06-01"))];
        first_expiry_first(&mut lots);
        assert_eq!(lots.map(|lot| lot.lot), ["c", "b", "a"]);
    }

    #[test]
    fn a_promise_is_never_before_today_nor_before_it_is_wanted() {
        let day = |text| Day::parse(text).expect("a day");
        let (today, soon, later) = (day("2026-03-10"), day("2026-03-05"), day("2026-05-01"));
        assert_eq!(promise(soon, today, true, 30), today);
        assert_eq!(promise(later, today, true, 30), later);
        assert_eq!(promise(soon, today, false, 30), day("2026-04-09"));
        assert_eq!(promise(later, today, false, 30), later);
    }

    proptest! {
        #[test]
        fn an_allocation_gives_each_line_its_whole_or_says_what_is_missing(
            free in prop::collection::vec(0i64..50, 0..6),
            wanted in prop::collection::vec(1i64..50, 1..6),
        ) {
            let lots: Vec<_> = free.iter().enumerate().map(|(n, free)| candidate(&n.to_string(), *free, None)).collect();
            let lines: Vec<_> = wanted
                .iter()
                .zip(1i64..)
                .map(|(quantity, line)| Wanted { line, item: "A".into(), quantity: Quantity::from_micros(*quantity) })
                .collect();
            let (taken, missing) = allocate(&lots, &lines).expect("in range");
            for line in &lines {
                let got: i64 = taken.iter().filter(|one| one.line == line.line).map(|one| one.quantity.micros()).sum();
                let short: i64 = missing.iter().filter(|one| one.line == line.line).map(|one| one.quantity.micros()).sum();
                prop_assert_eq!(got + short, line.quantity.micros());
            }
            for lot in &lots {
                let used: i64 = taken.iter().filter(|one| one.lot == lot.lot).map(|one| one.quantity.micros()).sum();
                prop_assert!(used <= lot.free.micros());
            }
            let (stock, demand) = (free.iter().sum::<i64>(), wanted.iter().sum::<i64>());
            prop_assert_eq!(missing.iter().map(|one| one.quantity.micros()).sum::<i64>(), (demand - stock).max(0));
        }
    }
}
