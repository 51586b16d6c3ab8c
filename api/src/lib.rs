//! The surface: HTTP under `/api/v1`, its OpenAPI document, live updates, health and metrics.
//!
//! A handler reads its request through [`extract`], calls one thing of [`backend`], and shapes the answer; what is
//! refused is a [`problem`]. [`router`] below is the table of contents.

mod audit;
mod backend;
mod document;
pub mod extract;
mod layers;
pub mod limits;
pub mod open;
pub mod problem;
mod serve;
pub mod v1;

use std::sync::Arc;

use axum::routing::get;
pub use backend::{Backend, Parts, Policy};
pub use document::OPEN as OPEN_ADDRESSES;
pub use serve::serve;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every address of the node. A new endpoint is one line here.
fn table_of_contents() -> OpenApiRouter<Backend> {
    OpenApiRouter::with_openapi(document::Head::openapi())
        .routes(routes!(v1::definitions::list::list_definitions))
        .routes(routes!(v1::definitions::show::show_definition))
        .routes(routes!(v1::definitions::diagram::draw_definition))
        .routes(routes!(v1::definitions::to_sign::prepare_start))
        .routes(routes!(v1::releases::diff::diff_releases))
        .routes(routes!(v1::releases::migrate::migrate_instances))
        .routes(routes!(v1::releases::list::list_releases, v1::releases::deploy::deploy_release))
        .routes(routes!(v1::releases::show::show_release))
        .routes(routes!(v1::releases::approve::approve_release))
        .routes(routes!(v1::instances::list::list_instances, v1::instances::start::start_instance))
        .routes(routes!(v1::instances::show::show_instance))
        .routes(routes!(v1::instances::history::list_history))
        .routes(routes!(v1::instances::state::show_state))
        .routes(routes!(v1::instances::cancel::cancel_instance))
        .routes(routes!(v1::instances::raise::raise_event))
        .routes(routes!(v1::instances::raise_to_sign::prepare_raise))
        .routes(routes!(v1::instances::suspend::suspend_instance))
        .routes(routes!(v1::instances::resume::resume_instance))
        .routes(routes!(v1::instances::fix::fix_instance))
        .routes(routes!(v1::instances::skip::skip_step))
        .routes(routes!(v1::instances::relocate::move_instance))
        .routes(routes!(v1::instances::moves::list_moves))
        .routes(routes!(v1::instances::comment::comment_instance))
        .routes(routes!(v1::instances::copy::copy_instance))
        .routes(routes!(v1::instances::read_copy::read_copy))
        .routes(routes!(v1::instances::events::stream_instance))
        .routes(routes!(v1::tasks::list::list_tasks))
        .routes(routes!(v1::tasks::bulk::act_on_many))
        .routes(routes!(v1::tasks::show::show_task))
        .routes(routes!(v1::tasks::to_sign::prepare_signature))
        .routes(routes!(v1::tasks::claim::claim_task))
        .routes(routes!(v1::tasks::release::release_task))
        .routes(routes!(v1::tasks::assign::assign_task))
        .routes(routes!(v1::tasks::complete::complete_task))
        .routes(routes!(v1::tasks::transfer::transfer_task))
        .routes(routes!(v1::tasks::delegate::delegate_task))
        .routes(routes!(v1::tasks::resolve::resolve_task))
        .routes(routes!(v1::tasks::recall::recall_task))
        .routes(routes!(v1::tasks::add_approver::add_approver))
        .routes(routes!(v1::tasks::remove_approver::remove_approver))
        .routes(routes!(v1::tasks::go_back::return_task))
        .routes(routes!(v1::tasks::withdraw::withdraw_task))
        .routes(routes!(v1::tasks::urge::urge_task))
        .routes(routes!(v1::tasks::inbox_events::stream_inbox))
        .routes(routes!(v1::messages::list::list_messages, v1::messages::publish::publish_message))
        .routes(routes!(v1::messages::signal::send_signal))
        .routes(routes!(v1::notices::list::list_notices))
        .routes(routes!(v1::notices::read::read_notice))
        .routes(routes!(v1::jobs::lease::lease_jobs))
        .routes(routes!(v1::jobs::heartbeat::heartbeat_job))
        .routes(routes!(v1::jobs::finish::finish_job))
        .routes(routes!(v1::incidents::list::list_incidents))
        .routes(routes!(v1::incidents::retry::retry_incident))
        .routes(routes!(v1::accounts::me::show_me))
        .routes(routes!(v1::accounts::list::list_accounts, v1::accounts::create::create_account))
        .routes(routes!(v1::accounts::password::set_password))
        .routes(routes!(v1::accounts::roles::grant_role))
        .routes(routes!(v1::accounts::roles::remove_role))
        .routes(routes!(v1::accounts::tokens::issue_token, v1::accounts::tokens::list_tokens))
        .routes(routes!(v1::accounts::tokens::revoke_token))
        .routes(routes!(v1::accounts::substitutes::name_substitute, v1::accounts::substitutes::list_substitutes))
        .routes(routes!(v1::accounts::substitutes::end_substitution))
        .routes(routes!(v1::accounts::deactivate::deactivate_account))
        .routes(routes!(v1::clock::show::show_clock))
        .routes(routes!(v1::clock::acknowledge::acknowledge_clock))
        .routes(routes!(open::health::healthz))
        .routes(routes!(open::health::readyz))
        .routes(routes!(open::metrics::metrics))
        .routes(routes!(open::errors::explain_code))
        .routes(routes!(open::docs::show_docs))
        .routes(routes!(open::docs::show_docs_file))
}

/// The whole surface, ready to be served.
pub fn router(backend: Backend) -> axum::Router {
    let (router, document) = table_of_contents().split_for_parts();
    let json: Arc<str> = text_of(&document).into();
    let router = router
        .route("/api/v1/openapi.json", get(move || async move { open::docs::document(json) }))
        .fallback(|| async { problem::Problem::plain(problem::Code::NotFound) })
        .method_not_allowed_fallback(|| async { problem::Problem::plain(problem::Code::UnknownMethod) })
        .with_state(backend.clone());
    layers::around(router, &backend)
}

/// The OpenAPI document as it is committed: `cargo xtask openapi`.
#[must_use]
pub fn openapi_json() -> String {
    text_of(&table_of_contents().into_openapi())
}

fn text_of(document: &utoipa::openapi::OpenApi) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
