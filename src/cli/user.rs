//! `countersign user`: accounts, roles and tokens.

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::{Target, output};

/// Manage accounts, roles and API tokens
///
/// The first account of a new database is made with --database, by whoever has it.
#[derive(Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// List accounts
    List,
    /// Make an account
    Add {
        /// Its name: small letters, digits, dots
        account: String,
        /// The name as printed beside signatures
        #[arg(long)]
        name: String,
        /// A program rather than a person
        #[arg(long)]
        service: bool,
        /// Roles to grant at once; `role@site=SZ` within a scope
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// The account of the manager
        #[arg(long)]
        manager: Option<String>,
    },
    /// Set a password, read from standard input
    Password { account: String },
    /// Grant a role; `role@site=SZ` within a scope
    Grant { account: String, role: String },
    /// Remove a role
    Revoke { account: String, role: String },
    /// Issue a token; it is shown once
    Token {
        account: String,
        /// What it is for
        #[arg(long, default_value = "command line")]
        label: String,
    },
    /// Name a substitute for a period; they act with `--for ACCOUNT`
    Substitute {
        account: String,
        /// Who acts
        by: String,
        /// From this moment on, like 2026-03-02T09:00:00+08:00; now when left out
        #[arg(long)]
        from: Option<String>,
        /// Until this moment
        #[arg(long)]
        until: String,
        /// Only for this process; may be given several times
        #[arg(long = "process", value_name = "PROCESS")]
        processes: Vec<String>,
    },
    /// List who stands in for an account
    Substitutes { account: String },
    /// End a period of substitution before its time
    EndSubstitution { account: String, id: String },
    /// Deactivate an account; it is never given to anybody else
    Deactivate { account: String },
}

pub(crate) async fn run(args: UserArgs) -> anyhow::Result<bool> {
    let client = args.target.connect_or_create().await?;
    let answer = act(&client, &args.action).await;
    client.close().await?;
    let answer = match answer? {
        // What is done without words is told by the account's name.
        Json::Null => json!({ "account": args.action.account() }),
        answer => answer,
    };
    if args.json {
        output::json(&answer)?;
        return Ok(true);
    }
    match (&args.action, &answer) {
        (Action::List, Json::Array(accounts)) => {
            let mut table = output::table(&["account", "name", "kind", "active", "roles"]);
            for account in accounts {
                let text = |name: &str| account.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
                let roles = account.get("roles").and_then(Json::as_array).cloned().unwrap_or_default();
                let roles: Vec<String> = roles.iter().map(role_text).collect();
                let active = account.get("active").and_then(Json::as_bool).unwrap_or_default();
                table.add_row([
                    text("account"),
                    text("printed_name"),
                    text("kind"),
                    active.to_string(),
                    roles.join(", "),
                ]);
            }
            output::line(table);
        }
        (Action::Substitutes { .. }, Json::Array(periods)) => {
            let mut table = output::table(&["id", "substitute", "from", "until", "processes"]);
            for period in periods {
                let text = |name: &str| period.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
                let names = period.get("processes").and_then(Json::as_array).into_iter().flatten();
                let names: Vec<&str> = names.filter_map(Json::as_str).collect();
                table.add_row([text("id"), text("substitute"), text("from"), text("until"), names.join(", ")]);
            }
            output::line(table);
        }
        (Action::Substitute { .. }, answer) => {
            output::line(answer.get("id").and_then(Json::as_str).unwrap_or_default());
        }
        (Action::Token { .. }, answer) => {
            output::line(answer.get("token").and_then(Json::as_str).unwrap_or_default());
        }
        _ => output::line("done"),
    }
    Ok(true)
}

async fn act(client: &crate::client::Client, action: &Action) -> anyhow::Result<Json> {
    Ok(match action {
        Action::List => Json::Array(client.list("/api/v1/accounts", usize::MAX).await?),
        Action::Add { account, name, service, roles, manager } => {
            let kind = if *service { "service" } else { "person" };
            let mut body = json!({ "account": account, "printed_name": name, "kind": kind });
            if let Some(manager) = manager {
                body["manager"] = json!(manager);
            }
            let mut done = client.post("/api/v1/accounts", &body).await?;
            for role in roles {
                done = grant(client, account, role).await?;
            }
            done
        }
        Action::Password { account } => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password).context("cannot read the password from standard input")?;
            let body = json!({ "password": password.trim_end_matches(['\r', '\n']) });
            let path = format!("/api/v1/accounts/{account}/password");
            client.send(axum::http::Method::PUT, &path, Some(&body), &[]).await?
        }
        Action::Grant { account, role } => grant(client, account, role).await?,
        Action::Revoke { account, role } => {
            let body = role_of(role);
            client.post(&format!("/api/v1/accounts/{account}/roles/remove"), &body).await?
        }
        Action::Token { account, label } => {
            client.post(&format!("/api/v1/accounts/{account}/tokens"), &json!({ "label": label })).await?
        }
        Action::Substitute { account, by, from, until, processes } => {
            let body = json!({ "substitute": by, "from": from, "until": until, "processes": processes });
            client.post(&format!("/api/v1/accounts/{account}/substitutes"), &body).await?
        }
        Action::Substitutes { account } => client.get(&format!("/api/v1/accounts/{account}/substitutes")).await?,
        Action::EndSubstitution { account, id } => {
            client.post(&format!("/api/v1/accounts/{account}/substitutes/{id}/end"), &json!({})).await?
        }
        Action::Deactivate { account } => {
            client.post(&format!("/api/v1/accounts/{account}/deactivate"), &json!({})).await?
        }
    })
}

async fn grant(client: &crate::client::Client, account: &str, role: &str) -> anyhow::Result<Json> {
    client.post(&format!("/api/v1/accounts/{account}/roles"), &role_of(role)).await
}

impl Action {
    fn account(&self) -> Option<&str> {
        match self {
            Action::List => None,
            Action::Add { account, .. }
            | Action::Password { account }
            | Action::Grant { account, .. }
            | Action::Revoke { account, .. }
            | Action::Token { account, .. }
            | Action::Substitute { account, .. }
            | Action::Substitutes { account }
            | Action::EndSubstitution { account, .. }
            | Action::Deactivate { account } => Some(account),
        }
    }
}

/// A role as it is given on the command line.
fn role_text(role: &Json) -> String {
    let name = role.get("role").and_then(Json::as_str).unwrap_or_default();
    let scope = role.get("scope").and_then(Json::as_object).into_iter().flatten();
    let scope: Vec<String> =
        scope.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    if scope.is_empty() { name.to_owned() } else { format!("{name}@{}", scope.join(",")) }
}

/// `role`, or `role@site=SZ,process=capa`.
fn role_of(text: &str) -> Json {
    let (role, scope) = text.split_once('@').unwrap_or((text, ""));
    let scope: serde_json::Map<String, Json> = scope
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    json!({ "role": role, "scope": scope })
}
