//! The OpenAPI document: made from the code, committed as `api/openapi.json`, served under `/api/v1/openapi.json`.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::ProblemBody;

/// The name of the only way to be known.
pub(crate) const TOKEN: &str = "token";

/// Addresses that need no token. Everything else does, and a test walks the document to see it.
pub const OPEN: &[&str] =
    &["/healthz", "/readyz", "/metrics", "/docs", "/docs/{file}", "/errors/{code}", "/api/v1/openapi.json"];

/// What the document says beside its endpoints.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "A durable workflow platform: deploy processes, start instances, do their tasks and jobs. \
                       Every refusal is `application/problem+json` with a stable `code`, explained at `/errors/<code>`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    modifiers(&Bearer),
    security(("token" = [])),
    tags(
        (name = "definitions", description = "Processes: what they are and how they look"),
        (name = "releases", description = "Deployed bundles of process files"),
        (name = "instances", description = "Running and ended processes, their state and history"),
        (name = "tasks", description = "Work for people: inboxes, claiming, completing, signing"),
        (name = "notices", description = "What people are told"),
        (name = "messages", description = "News from outside that instances wait for"),
        (name = "jobs", description = "Work for machines in any language"),
        (name = "incidents", description = "What stands still until an operator acts"),
        (name = "accounts", description = "People, programs, roles and tokens"),
        (name = "node", description = "The server itself")
    )
)]
pub(crate) struct Head;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("`Authorization: Bearer cs_…`, a token from `countersign user token`"))
            .build();
        document
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme(TOKEN, SecurityScheme::Http(scheme));
    }
}
