//! Parts of addresses. What cannot be the name of anything is answered like what does not exist.

use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use engine::command::{DeliveryId, WorkId};
use engine::id::{IncidentId, InstanceId, RunId};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};

use crate::problem::{Code, Problem};

/// The parameters of a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(inner)| Path(inner))
            .map_err(|_| Problem::plain(Code::NotFound))
    }
}

macro_rules! reference {
    ($(#[$doc:meta])* $name:ident { $($field:ident),+ } $parse:expr, $show:expr) => {
        $(#[$doc])*
        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut parts = text.split('.');
                let instance = parts.next().and_then(|part| part.parse::<InstanceId>().ok());
                let numbers: Option<Vec<u64>> = parts.map(|part| part.parse().ok()).collect();
                let parse: fn(InstanceId, &[u64]) -> Option<Self> = $parse;
                instance.zip(numbers).and_then(|(instance, numbers)| parse(instance, &numbers)).ok_or("not an id")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(&Self, &mut fmt::Formatter<'_>) -> fmt::Result = $show;
                show(self, f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

/// One piece of a person's work: `<instance>.<run>.<seat>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRef {
    pub instance: InstanceId,
    pub work: WorkId,
}

reference!(
    TaskRef { instance, work } | instance,
    numbers
        | match numbers {
            [run, seat] =>
                Some(TaskRef { instance, work: WorkId { run: RunId(*run), seat: u32::try_from(*seat).ok()? } }),
            _ => None,
        },
    |task, f| write!(f, "{}.{}.{}", task.instance, task.work.run, task.work.seat)
);

/// One job: `<instance>.<run>`. The run is its fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobRef {
    pub instance: InstanceId,
    pub run: RunId,
}

reference!(
    JobRef { instance, run } | instance,
    numbers
        | match numbers {
            [run] => Some(JobRef { instance, run: RunId(*run) }),
            _ => None,
        },
    |job, f| write!(f, "{}.{}", job.instance, job.run)
);

/// One incident: `<instance>.<number>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentRef {
    pub instance: InstanceId,
    pub incident: IncidentId,
}

reference!(
    IncidentRef { instance, incident } | instance,
    numbers
        | match numbers {
            [incident] => Some(IncidentRef { instance, incident: IncidentId(*incident) }),
            _ => None,
        },
    |incident, f| write!(f, "{}.{}", incident.instance, incident.incident)
);

/// One notice: `<instance>.<transition>.<place>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeRef {
    pub instance: InstanceId,
    pub notice: DeliveryId,
}

reference!(
    NoticeRef { instance, notice } | instance,
    numbers
        | match numbers {
            [version, seq] => {
                let notice = DeliveryId { version: *version, seq: u32::try_from(*seq).ok()? };
                Some(NoticeRef { instance, notice })
            }
            _ => None,
        },
    |notice, f| write!(f, "{}.{}.{}", notice.instance, notice.notice.version, notice.notice.seq)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_survives_its_text() {
        let text = "01920000-0000-7000-8000-000000000003.17.2";
        assert_eq!(text.parse::<TaskRef>().unwrap().to_string(), text);
        for bad in [
            "",
            "x.1.2",
            "01920000-0000-7000-8000-000000000003",
            "01920000-0000-7000-8000-000000000003.1",
            "01920000-0000-7000-8000-000000000003.1.-2",
        ] {
            assert!(bad.parse::<TaskRef>().is_err(), "{bad}");
        }
    }
}
