//! Reserving stock for a demand, all or nothing, and releasing it.
//!
//! A demand has one set of reservations: reserving again replaces it, and a shortage leaves the old set as it
//! was, since the activity's savepoint takes everything back. Items are taken in the order of their codes, each
//! by a write to its row, so two reservations never wait for each other in a circle inside one activity.

use std::collections::BTreeMap;

use engine::command::ActivityFailure;
use engine::day::Day;
use engine::id::InstanceId;
use engine::quantity::Quantity;
use engine::value::Value;
use engine::word::Word;
use runtime::activity::CallError;
use store::Tx;
use store::record::Stored;

use crate::model::{
    Allocation, Missing, Reservation, ReservationKind, ReservationState, Wanted, allocate, by_item, first_expiry_first,
    total,
};
use crate::repo;

/// What a reservation is asked for.
pub struct Request<'a> {
    pub demand: &'a str,
    pub lines: Vec<Wanted>,
    /// The day the goods are needed: what expires before it is not taken.
    pub needed: Day,
    pub kind: ReservationKind,
    /// Whether what is missing is waited for (a soft reservation) rather than an error.
    pub backorder: bool,
    pub instance: InstanceId,
    /// Whether reservations of other instances for the same demand stay as they are.
    pub own_only: bool,
}

/// What was reserved.
#[derive(Debug, Default)]
pub struct Reserved {
    pub made: Vec<Reservation>,
    pub missing: Vec<(String, Missing)>,
    pub released: usize,
}

/// An item of which there is less than wanted.
struct Short {
    item: String,
    wanted: Quantity,
    available: Quantity,
}

/// Replaces the reservations of the demand; with no lines, only releases them.
pub async fn replace(tx: &mut Tx, request: Request<'_>) -> Result<Reserved, CallError> {
    let mut old: BTreeMap<String, Vec<Reservation>> = BTreeMap::new();
    for reservation in repo::active(tx, request.demand).await? {
        if request.own_only && reservation.instance != request.instance {
            continue;
        }
        old.entry(reservation.item.clone()).or_default().push(reservation);
    }
    let mut wanted = by_item(request.lines);
    for item in old.keys() {
        wanted.entry(item.clone()).or_default();
    }
    let mut number = repo::last_number(tx, request.demand).await?;
    let (mut reserved, mut short) = (Reserved::default(), Vec::new());
    for (item, lines) in &wanted {
        let stocked = repo::lock(tx, item).await?.is_some();
        for reservation in old.get(item).into_iter().flatten() {
            release(tx, reservation).await?;
            reserved.released += 1;
        }
        let (taken, missing) = if request.kind == ReservationKind::Soft {
            let wish = |line: &Wanted| Missing { line: line.line, quantity: line.quantity };
            (Vec::new(), lines.iter().map(wish).collect())
        } else if stocked {
            take(tx, item, lines, request.needed).await?
        } else {
            allocate(&[], lines).map_err(ActivityFailure::from)?
        };
        if request.kind == ReservationKind::Hard && !missing.is_empty() && !request.backorder {
            short.push(shortage_of(item, lines, &taken)?);
            continue;
        }
        let hard = taken.into_iter().map(|one| (one.line, one.location, one.lot, one.quantity, ReservationKind::Hard));
        let soft = missing
            .iter()
            .map(|one| (one.line, String::new(), String::new(), one.quantity, ReservationKind::Soft))
            .collect::<Vec<_>>();
        for (line, location, lot, quantity, kind) in hard.chain(soft) {
            number += 1;
            let reservation = Reservation {
                demand: request.demand.to_owned(),
                number,
                line,
                item: item.clone(),
                location,
                lot,
                quantity,
                kind: Stored(kind),
                state: Stored(ReservationState::Active),
                instance: request.instance,
            };
            if !repo::add_reservation(tx, &reservation).await? {
                return Err(conflict(request.demand).into());
            }
            reserved.made.push(reservation);
        }
        reserved.missing.extend(missing.into_iter().map(|one| (item.clone(), one)));
    }
    if short.is_empty() { Ok(reserved) } else { Err(shortage(&short).into()) }
}

/// Takes what is free of a locked item.
async fn take(
    tx: &mut Tx,
    item: &str,
    lines: &[Wanted],
    needed: Day,
) -> Result<(Vec<Allocation>, Vec<Missing>), CallError> {
    let mut candidates = repo::candidates(tx, item, needed).await?;
    first_expiry_first(&mut candidates);
    let (taken, missing) = allocate(&candidates, lines).map_err(ActivityFailure::from)?;
    let mut sum = Quantity::ZERO;
    for one in &taken {
        if !repo::reserve_balance(tx, item, &one.location, &one.lot, one.quantity).await? {
            return Err(conflict(item).into());
        }
        sum = sum.plus(one.quantity).map_err(ActivityFailure::from)?;
    }
    if sum.is_positive() && !repo::reserve_total(tx, item, sum).await? {
        return Err(conflict(item).into());
    }
    Ok((taken, missing))
}

/// Gives back what one reservation holds.
async fn release(tx: &mut Tx, reservation: &Reservation) -> Result<(), CallError> {
    if !repo::release(tx, &reservation.demand, reservation.number).await? {
        return Err(conflict(&reservation.demand).into());
    }
    if reservation.kind.0 == ReservationKind::Soft {
        return Ok(());
    }
    let back = Quantity::ZERO.minus(reservation.quantity).map_err(ActivityFailure::from)?;
    let (item, location, lot) = (&reservation.item, &reservation.location, &reservation.lot);
    if repo::reserve_balance(tx, item, location, lot, back).await? && repo::reserve_total(tx, item, back).await? {
        return Ok(());
    }
    let why = format!("it holds less than reservation {} of {}", reservation.number, reservation.demand);
    Err(store::StoreError::corrupt("stock_balance", "reserved", item, why).into())
}

fn shortage_of(item: &str, lines: &[Wanted], taken: &[Allocation]) -> Result<Short, CallError> {
    let available = taken.iter().try_fold(Quantity::ZERO, |sum, one| sum.plus(one.quantity));
    Ok(Short {
        item: item.to_owned(),
        wanted: total(lines).map_err(ActivityFailure::from)?,
        available: available.map_err(ActivityFailure::from)?,
    })
}

/// `detail` names the first item that is short, and all of them in `short`.
fn shortage(short: &[Short]) -> ActivityFailure {
    let facts = |one: &Short| {
        vec![
            ("item", Value::text(one.item.as_str())),
            ("wanted", one.wanted.to_value()),
            ("available", one.available.to_value()),
        ]
    };
    let listed =
        |text: fn(&Short) -> String, separator: &str| short.iter().map(text).collect::<Vec<_>>().join(separator);
    let en = listed(|one| format!("`{}`: {} wanted, {} available", one.item, one.wanted, one.available), "; ");
    let zh = listed(|one| format!("`{}` 需要 {}，可用 {}", one.item, one.wanted, one.available), "；");
    let mut detail = short.first().map(facts).unwrap_or_default();
    detail.push(("short", Value::list(short.iter().map(|one| Value::record(facts(one))).collect())));
    detail.push(("en", Value::text(format!("not enough stock: {en}"))));
    detail.push(("zh", Value::text(format!("库存不足：{zh}"))));
    ActivityFailure::business("SHORTAGE", format!("not enough stock: {en}")).with_detail(Value::record(detail))
}

/// Somebody else was faster; the same again may work.
fn conflict(what: &str) -> ActivityFailure {
    let en = format!("the reservations of `{what}` were changed at the same time; try again");
    let mut failure = ActivityFailure::business("CONFLICT", en.as_str()).with_detail(Value::record([
        ("what", Value::text(what)),
        ("en", Value::text(en)),
        ("zh", Value::text(format!("`{what}` 的预留同时被他人修改，请重试"))),
    ]));
    failure.transient = true;
    failure
}

/// A reservation as a process sees it.
#[must_use]
pub fn shown(reservation: &Reservation) -> Value {
    Value::record([
        ("number", Value::Int(reservation.number)),
        ("line", Value::Int(reservation.line)),
        ("item", Value::text(reservation.item.as_str())),
        ("location", Value::text(reservation.location.as_str())),
        ("lot", Value::text(reservation.lot.as_str())),
        ("quantity", reservation.quantity.to_value()),
        ("kind", Value::text(reservation.kind.0.as_str())),
    ])
}
