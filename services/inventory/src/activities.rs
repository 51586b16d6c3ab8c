//! What processes do with stock.

use engine::command::ActivityFailure;
use engine::day::Day;
use engine::input::Input;
use engine::quantity::Quantity;
use engine::value::Value;
use engine::word::Word;
use runtime::activity::{Activities, Call, CallError, Calling};
use store::record::Stored;

use crate::model::{Lot, Movement, OUTSIDE, Reason, ReservationKind, Status, Wanted, by_item, promise, total};
use crate::repo;
use crate::reserve::{Request, replace, shown};

/// Lead times above this are a mistake in the data.
const LEAD_DAYS_MAX: i64 = 3650;

pub fn register(activities: &mut Activities) {
    activities.register("stock.availability", availability);
    activities.register("stock.reserve", reserve);
    activities.register("stock.release_reservation", release_reservation);
    activities.register("stock.receive", receive);
}

/// `{ requested, lines: [{ line, item, quantity, lead_days? }] }` → what is there, what is short, what can be promised.
fn availability(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let (requested, today) = (input.day("requested")?, Day::of(call.now));
        let mut lead_days = std::collections::BTreeMap::new();
        for line in input.list("lines")? {
            let days = line.optional_integer("lead_days")?.unwrap_or(0);
            let days = u32::try_from(days).ok().filter(|_| days <= LEAD_DAYS_MAX);
            let days = days.ok_or_else(|| line.fault("lead_days", "0 to 3650 days", " 0 到 3650 天"))?;
            let slowest = lead_days.entry(line.text("item")?.to_owned()).or_insert(0);
            *slowest = days.max(*slowest);
        }
        let (mut short, mut items, mut latest) = (Vec::new(), Vec::new(), requested.max(today));
        for (item, lines) in by_item(wanted(&input)?) {
            let wanted = total(&lines).map_err(ActivityFailure::from)?;
            let available = repo::available(call.tx, &item, requested.max(today)).await?;
            let promised = promise(requested, today, available >= wanted, lead_days.get(&item).copied().unwrap_or(0));
            latest = latest.max(promised);
            let facts = Value::record([
                ("item", Value::text(item)),
                ("wanted", wanted.to_value()),
                ("available", available.to_value()),
                ("promise", promised.to_value()),
            ]);
            if available < wanted {
                short.push(facts.clone());
            }
            items.push(facts);
        }
        Ok(Value::record([
            ("all_available", Value::Bool(short.is_empty())),
            ("on_time", Value::Bool(latest <= requested)),
            ("promise", latest.to_value()),
            ("days_late", Value::Int(latest.since(requested).max(0))),
            ("items", Value::list(items)),
            ("short", Value::list(short)),
        ]))
    })
}

/// `{ demand, lines, needed, policy: HARD | SOFT, backorder? }`: the demand's reservations, in place of older ones.
fn reserve(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let kind = match input.text("policy")? {
            "HARD" => ReservationKind::Hard,
            "SOFT" => ReservationKind::Soft,
            _ => return Err(input.fault("policy", "HARD or SOFT", " HARD 或 SOFT").into()),
        };
        let lines = wanted(&input)?;
        if lines.is_empty() {
            return Err(input.fault("lines", "a list of at least one line", "至少一行的列表").into());
        }
        let today = Day::of(call.now);
        let request = Request {
            demand: input.text("demand")?,
            lines,
            needed: input.optional_day("needed")?.unwrap_or(today).max(today),
            kind,
            backorder: input.optional_boolean("backorder")?.unwrap_or(false),
            instance: call.instance,
            own_only: false,
        };
        let demand = request.demand;
        let reserved = replace(call.tx, request).await?;
        let missing = reserved.missing.iter().map(|(item, missing)| {
            Value::record([
                ("line", Value::Int(missing.line)),
                ("item", Value::text(item.as_str())),
                ("quantity", missing.quantity.to_value()),
            ])
        });
        Ok(Value::record([
            ("demand", Value::text(demand)),
            ("complete", Value::Bool(reserved.missing.is_empty())),
            ("missing", Value::list(missing.collect())),
            ("reservations", Value::list(reserved.made.iter().map(shown).collect())),
        ]))
    })
}

/// `{ demand, own? }`: gives back all that the demand holds, or only what this instance reserved for it; nothing to
/// give back is no error.
fn release_reservation(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let demand = input.text("demand")?;
        let request = Request {
            demand,
            lines: Vec::new(),
            needed: Day::of(call.now),
            kind: ReservationKind::Hard,
            backorder: false,
            instance: call.instance,
            own_only: input.optional_boolean("own")?.unwrap_or(false),
        };
        let released = replace(call.tx, request).await?.released;
        let released = i64::try_from(released).unwrap_or(i64::MAX);
        Ok(Value::record([("demand", Value::text(demand)), ("released", Value::Int(released))]))
    })
}

/// `{ item, location, quantity, document, lot?, status?, made?, expires?, day?, reason? }`: books what arrives.
fn receive(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let movement = arrival(&input, &call)?;
        if !movement.lot.is_empty() {
            let (made, expires) = (input.optional_day("made")?, input.optional_day("expires")?);
            let lot = Lot { item: movement.item.clone(), lot: movement.lot.clone(), made, expires };
            let kept = repo::keep_lot(call.tx, &lot).await?;
            // A lot has one expiry: a receipt that says another is refused, never merged.
            if kept.is_some_and(|kept| expires.is_some() && kept.expires != expires) {
                return Err(input
                    .fault("expires", "the expiry that this lot has already", "该批次已登记的有效期")
                    .into());
            }
        }
        let sequence = repo::receive(call.tx, &movement).await?;
        Ok::<_, CallError>(Value::record([
            ("item", Value::text(movement.item)),
            ("lot", Value::text(movement.lot)),
            ("sequence", Value::Int(sequence)),
        ]))
    })
}

fn arrival(input: &Input<'_>, call: &Call<'_>) -> Result<Movement, ActivityFailure> {
    let status = input.optional_text("status")?.unwrap_or(Status::Unrestricted.as_str());
    let status = Status::parse(status)
        .ok_or_else(|| input.fault("status", &Status::listed(), &format!("：{}", Status::listed())))?;
    let reason = match input.optional_text("reason")? {
        None | Some("receive") => Reason::Receive,
        Some("opening") => Reason::Opening,
        Some(_) => return Err(input.fault("reason", "receive or opening", " receive 或 opening")),
    };
    Ok(Movement {
        item: input.text("item")?.to_owned(),
        // Numbered when it is booked, under the item's lock.
        sequence: 0,
        lot: input.optional_text("lot")?.unwrap_or_default().to_owned(),
        from_location: OUTSIDE.to_owned(),
        from_status: Stored(status),
        to_location: location(input)?,
        to_status: Stored(status),
        quantity: input.quantity("quantity")?,
        reason: Stored(reason),
        document: input.text("document")?.to_owned(),
        day: input.optional_day("day")?.unwrap_or_else(|| Day::of(call.now)),
        posted_at: call.now,
        posted_by: call.actor.id().map(ToString::to_string),
    })
}

fn location(input: &Input<'_>) -> Result<String, ActivityFailure> {
    let location = input.text("location")?;
    if location == OUTSIDE {
        return Err(input.fault("location", "a location of ours", "本企业的库位"));
    }
    Ok(location.to_owned())
}

/// The lines of a demand; lines that want the same item stay apart.
fn wanted(input: &Input<'_>) -> Result<Vec<Wanted>, ActivityFailure> {
    let line = |line: &Input<'_>| {
        let quantity: Quantity = line.quantity("quantity")?;
        Ok(Wanted { line: line.integer("line")?, item: line.text("item")?.to_owned(), quantity })
    };
    input.list("lines")?.iter().map(line).collect()
}
