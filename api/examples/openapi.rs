//! Prints the OpenAPI document, to be committed as `api/openapi.json`.

fn main() {
    print!("{}", countersign_api::openapi_json());
}
