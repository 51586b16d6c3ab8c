//! `GET /clock`: whether the clock is believed.

use axum::Json;
use axum::extract::State;
use identity::role::{ADMINISTRATOR, AUDITOR};

use super::{ClockShape, DoubtShape};
use crate::backend::Backend;
use crate::extract::Caller;
use crate::problem::Reading;

/// The node's time, the database's, and whether they agree; asked anew. For administrators and auditors.
#[utoipa::path(get, path = "/api/v1/clock", tag = "node", responses((status = 200, body = ClockShape), Reading))]
pub async fn show_clock(State(backend): State<Backend>, caller: Caller) -> Result<Json<ClockShape>, Reading> {
    caller.require(&[ADMINISTRATOR, AUDITOR])?;
    let database = backend.handle().look_at_clock().await?;
    let doubt = backend.handle().clock_doubt();
    Ok(Json(ClockShape {
        state: if doubt.is_some() { "in_doubt" } else { "trusted" }.into(),
        now: backend.now().to_string(),
        database: database.to_string(),
        doubt: doubt.as_ref().map(DoubtShape::from),
    }))
}
