//! Wall-clock time of a zone as moments, over gaps (the clock springs forward) and folds (it falls back).

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// The longest gap of a clock in minutes: Samoa left out a whole day.
const GAP_MINUTES_MAX: i64 = 24 * 60;

/// What a wall-clock time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wall {
    Once(DateTime<Utc>),
    /// It comes twice.
    Twice(DateTime<Utc>, DateTime<Utc>),
    /// It does not come; the clock goes on at this moment.
    Never(DateTime<Utc>),
}

impl Wall {
    pub(crate) fn first(self) -> DateTime<Utc> {
        match self {
            Wall::Once(moment) | Wall::Twice(moment, _) | Wall::Never(moment) => moment,
        }
    }

    pub(crate) fn last(self) -> DateTime<Utc> {
        match self {
            Wall::Once(moment) | Wall::Twice(_, moment) | Wall::Never(moment) => moment,
        }
    }
}

/// What `local` is in `zone`; `None` beyond the years that chrono can name.
pub(crate) fn wall(zone: Tz, local: NaiveDateTime) -> Option<Wall> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) => Some(Wall::Once(moment.with_timezone(&Utc))),
        LocalResult::Ambiguous(one, other) => {
            let (one, other) = (one.with_timezone(&Utc), other.with_timezone(&Utc));
            Some(Wall::Twice(one.min(other), one.max(other)))
        }
        LocalResult::None => {
            let minute = local.with_second(0)?.with_nanosecond(0)?;
            let after = (1..=GAP_MINUTES_MAX).find_map(|minutes| {
                let later = minute.checked_add_signed(TimeDelta::try_minutes(minutes)?)?;
                zone.from_local_datetime(&later).earliest()
            });
            after.map(|moment| Wall::Never(moment.with_timezone(&Utc)))
        }
    }
}
