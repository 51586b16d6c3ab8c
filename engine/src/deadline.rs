//! When something is due: durations over calendars, and the rungs of ladders.

use chrono::NaiveDate;

use crate::draft::{Deciding, Draft, Stop, incident};
use crate::evaluate::Place;
use crate::event::{Event, TimerPurpose};
use crate::facts::Fact;
use crate::id::{RunId, TimerId};
use crate::incident::IncidentCode;
use crate::language::definition::{Due, RungAt, Step};
use crate::rules::calendar::{Calendar, CalendarError};
use crate::rules::span::DurationSpec;
use crate::state::ROOT_RUN;
use crate::time::Timestamp;
use crate::value::Value;

/// The ladder used by a deadline that names none.
const USUAL: &str = "usual";
/// The outcome that a deadline itself may have.
pub(crate) const LATE: &str = "late";

impl Draft {
    /// The moment `span` after `from`: clock time, or a calendar's answer, which is a fact.
    pub(crate) fn add_span(
        &mut self,
        from: Timestamp,
        span: DurationSpec,
        calendar: Option<&str>,
    ) -> Deciding<Timestamp> {
        match span.clock_micros() {
            Some(micros) => Ok(from.plus_micros(micros)),
            None => self.business_time(&Value::from(span.to_string()), calendar, |calendar| calendar.add(from, span)),
        }
    }

    /// What a calendar answers: a fact. Without a name it is the process's own.
    fn business_time(
        &mut self,
        asked: &Value,
        calendar: Option<&str>,
        answer: impl FnOnce(&Calendar) -> Result<Timestamp, CalendarError>,
    ) -> Deciding<Timestamp> {
        let calendar = calendar.or(self.definition.calendar.as_deref()).map(str::to_owned);
        let fact = self.fact(|draft| {
            let found = calendar.as_ref().and_then(|name| draft.definition.calendars.get(name.as_str()));
            match found.map(|calendar| answer(calendar)) {
                Some(Ok(moment)) => Fact::Value { value: Value::Int(moment.micros()) },
                Some(Err(error)) => Fact::Failed { code: error.0.into(), detail: Value::Null },
                None => Fact::Failed { code: "no_calendar".into(), detail: Value::Null },
            }
        })?;
        match fact {
            Fact::Value { value: Value::Int(micros) } => Ok(Timestamp::from_micros(micros)),
            Fact::Failed { code, .. } => {
                let detail = [("why", Value::Text(code)), ("span", asked.clone())];
                incident(IncidentCode::CalendarFailed, Value::record(detail))
            }
            _ => Err(Stop::Diverged),
        }
    }

    /// A duration or a moment, as a moment: durations count from `from`.
    pub(crate) fn moment(&mut self, value: &Value, from: Timestamp, calendar: Option<&str>) -> Deciding<Timestamp> {
        let text = value.as_str().unwrap_or_default();
        if let Ok(span) = DurationSpec::parse(text) {
            return self.add_span(from, span, calendar);
        }
        if let Some(moment) = Timestamp::parse(text) {
            return Ok(moment);
        }
        let found = [("wanted", Value::from("a duration or a moment")), ("found", value.clone())];
        incident(IncidentCode::TypeMismatch, Value::record(found))
    }

    /// The moment a step's work is due. The clock runs from `after`, else from the step's first opening; a day is due
    /// when it ends where the calendar is.
    pub(crate) fn deadline(&mut self, step: &Step, due: &Due, place: &Place) -> Deciding<Timestamp> {
        let from = match &due.after {
            Some(after) => {
                let value = self.value(after, place)?;
                let text = value.as_str().and_then(Timestamp::parse);
                match text {
                    Some(moment) => moment,
                    None => {
                        let found = [("wanted", Value::from("a moment")), ("found", value)];
                        return incident(IncidentCode::TypeMismatch, Value::record(found));
                    }
                }
            }
            None if due.each_seat => self.now(),
            None => self.state().first_opened(&step.key, place.scope).unwrap_or(self.now()),
        };
        let within = self.template(&due.within, place)?;
        if let Some(day) = within.as_str().and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()) {
            return self.business_time(&within, due.calendar.as_deref(), |calendar| calendar.end_of(day));
        }
        self.moment(&within, from, due.calendar.as_deref())
    }

    /// Arms the rungs of the step's ladder and, where an outcome `late` takes it, the deadline itself.
    pub(crate) fn arm_deadline(&mut self, run: RunId, step: &Step, due: &Due, deadline: Timestamp) -> Deciding<()> {
        if step.outcomes.contains_key(LATE) {
            self.arm(run, TimerPurpose::Due, deadline);
        }
        let name = due.ladder.as_deref().unwrap_or(USUAL);
        let rungs = self.definition.ladders.get(name).cloned().unwrap_or_default();
        let reopened = self.is_reopened(run);
        for (place, rung) in (0u32..).zip(rungs) {
            let at = match rung.at {
                RungAt::Due => deadline,
                RungAt::After(span) => self.add_span(deadline, span, due.calendar.as_deref())?,
                RungAt::Before(span) => self.subtract(deadline, span, due.calendar.as_deref())?,
            };
            // A rung that lies behind was climbed before the return that opened the step again.
            if at > self.now() || !reopened {
                self.arm(run, TimerPurpose::Rung { rung: place }, at);
            }
        }
        Ok(())
    }

    /// Whether the step of this run was open before: a return led to it again.
    pub(crate) fn is_reopened(&self, run: RunId) -> bool {
        let Some(run) = self.state().runs.get(&run).filter(|run| run.id != ROOT_RUN) else { return false };
        self.state().first_opened(&run.step, run.scope).is_some_and(|first| first < run.entered_at)
    }

    /// The latest moment from which `span` still reaches no further than `until`.
    fn subtract(&mut self, until: Timestamp, span: DurationSpec, calendar: Option<&str>) -> Deciding<Timestamp> {
        match span.clock_micros() {
            Some(micros) => Ok(until.plus_micros(-micros)),
            None => {
                self.business_time(&Value::from(span.to_string()), calendar, |calendar| calendar.subtract(until, span))
            }
        }
    }

    /// Arms a timer for a run.
    pub(crate) fn arm(&mut self, run: RunId, purpose: TimerPurpose, due: Timestamp) {
        let timer = TimerId(self.number());
        self.emit(Event::TimerArmed { timer, run, purpose, due });
    }
}
