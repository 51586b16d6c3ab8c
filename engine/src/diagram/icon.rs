//! Small line drawings, 16 by 16, that tell the kinds of steps apart without colour.

use super::figure::{EventLook, FrameLook, Look};

/// The path of a step's icon.
pub(super) fn of_step(look: Look) -> &'static str {
    match look {
        Look::Task => PERSON,
        Look::Approve => "M2.5 2.5h11v11h-11zM5 8l2.2 2.4L11.2 5.6",
        Look::Call => {
            "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.2v2.2M8 12.6v2.2M1.2 8h2.2M12.6 8h2.2M3.2 3.2l1.6 1.6M11.2 11.2l1.6 1.6M3.2 12.8l1.6-1.6M11.2 4.8l1.6-1.6"
        }
        Look::Table => "M2 3h12v10h-12zM2 6.3h12M2 9.6h12M6.5 3v10",
        Look::Script => "M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5M9 3L7 13",
        Look::Set => "M3 6h10M3 10h10",
        Look::Timer => TIMER,
        Look::Message => MESSAGE,
        Look::Notice => "M8 2.2a4 4 0 0 0-4 4v3.4L2.6 12h10.8L12 9.6V6.2a4 4 0 0 0-4-4zM6.6 14h2.8",
        Look::Undo => "M8 2.5L3 8l5 5.5zM14 2.5L9 8l5 5.5z",
        Look::Condition => CONDITION,
        Look::Escalate => ESCALATION,
        Look::Run => "M2 3h12v10h-12zM8 5.5v5M5.5 8h5",
    }
}

pub(super) fn of_event(look: EventLook) -> &'static str {
    match look {
        EventLook::Message => MESSAGE,
        EventLook::Error => "M9.5 2L4.5 9h3.6L6.5 14l5-7H7.9z",
        EventLook::Timer => TIMER,
        EventLook::Person => PERSON,
        EventLook::Condition => CONDITION,
        EventLook::Escalation => ESCALATION,
        EventLook::Alongside => "M5 2.5v11M11 2.5v11",
    }
}

pub(super) fn of_frame(look: FrameLook) -> &'static str {
    match look {
        FrameLook::Block => "M2.5 3h11v10h-11zM5 6h6M5 9h6",
        FrameLook::Each => "M3.5 3v10M8 3v10M12.5 3v10",
        FrameLook::Repeat => LOOP,
        FrameLook::Parallel => "M2 3h12M2 13h12M5 3v10M11 3v10",
        FrameLook::Choose => "M8 1.5L14.5 8 8 14.5 1.5 8z",
        FrameLook::First => "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 5v3l2.2 1.6",
    }
}

const PERSON: &str = "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14.5c0-3 2.4-4.5 5.5-4.5s5.5 1.5 5.5 4.5z";
const CONDITION: &str = "M3 2.5h10v11h-10zM5.5 5.5h5M5.5 8h5M5.5 10.5h5";
const ESCALATION: &str = "M8 2L12.5 13.5 8 9.5 3.5 13.5z";

/// A jump back.
pub(super) const BACK: &str = "M5.5 2.5L2.5 5.5l3 3M2.5 5.5h7a4 4 0 0 1 0 8h-4";
const LOOP: &str = "M12.8 5.2A5.5 5.5 0 1 0 13.5 8M13.5 2.2v3.4h-3.4";
const TIMER: &str = "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.5V8l2.4 1.8";
const MESSAGE: &str = "M2 3.8h12v8.4h-12zM2 4l6 4.8L14 4";
