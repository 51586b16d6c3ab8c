//! For tests of this crate and of those above it: the same test on SQLite and on a private PostgreSQL.
//!
//! The PostgreSQL cluster is made once for each test process from the installed programs, listens on a socket in its own
//! folder, and is stopped by a guard process whose pipe closes when the test process ends, however it ends.
//! `DATABASE_URL` names a server to use instead. Where there is neither, PostgreSQL's half is skipped and said so;
//! with `CI=true` that is an error.

use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::database::{Database, OpenOptions};

/// Runs a test on a fresh database of each kind.
pub async fn on_both<F, Fut>(test: F)
where
    F: Fn(Database) -> Fut,
    Fut: Future<Output = ()>,
{
    on_both_with(usual_options(), test).await;
}

/// The same with options of one's own, such as the number of shards.
pub async fn on_both_with<F, Fut>(options: OpenOptions, test: F)
where
    F: Fn(Database) -> Fut,
    Fut: Future<Output = ()>,
{
    let fresh = sqlite(options.clone()).await;
    test(fresh.database.clone()).await;
    fresh.database.close().await;
    if let Some(fresh) = postgres(options).await {
        test(fresh.database.clone()).await;
        fresh.database.close().await;
    }
}

/// Few connections, since many tests share one server.
#[must_use]
pub fn usual_options() -> OpenOptions {
    OpenOptions { readers: 3, writers: 4, ..OpenOptions::default() }
}

/// A database of its own, and how to open it again.
pub struct Fresh {
    pub database: Database,
    pub url: String,
    /// The folder of an SQLite database; removed with this.
    _folder: Option<tempfile::TempDir>,
}

/// A fresh SQLite database in a folder of its own.
pub async fn sqlite(options: OpenOptions) -> Fresh {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let database = Database::open(&url, options).await.expect("a fresh SQLite database opens");
    Fresh { database, url, _folder: Some(folder) }
}

/// A fresh database on PostgreSQL; none where there is no server.
pub async fn postgres(options: OpenOptions) -> Option<Fresh> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = server()?;
    let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&server.url("postgres")).await.expect("the test server answers");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    admin.execute(AssertSqlSafe(create)).await.expect("a database can be created");
    admin.close().await.expect("the connection closes");
    let url = server.url(&name);
    let database = Database::open(&url, options).await.expect("a fresh PostgreSQL database opens");
    Some(Fresh { database, url, _folder: None })
}

/// Where tests create their databases.
struct Server {
    /// The URL with `{}` where the database's name stands.
    pattern: String,
    /// Holds the guard's pipe open as long as this process lives.
    _guard: Option<Child>,
}

impl Server {
    fn url(&self, database: &str) -> String {
        self.pattern.replace("{}", database)
    }
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let found = given().or_else(private);
            if found.is_none() {
                assert!(setting("CI").is_none_or(|value| value != "true"), "there is no PostgreSQL to test on");
                eprintln!("skipped on PostgreSQL: neither DATABASE_URL nor an installed initdb was found");
            }
            found
        })
        .as_ref()
}

fn setting(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// The server that `DATABASE_URL` names, whatever database it names.
fn given() -> Option<Server> {
    let url = setting("DATABASE_URL").filter(|url| url.starts_with("postgres"))?;
    let (base, query) = url.split_once('?').map_or((url.as_str(), None), |(base, query)| (base, Some(query)));
    let (scheme, rest) = base.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or(rest);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Some(Server { pattern: format!("{scheme}://{authority}/{{}}{query}"), _guard: None })
}

/// The folder of the PostgreSQL programs: those in the path's usual place, or the newest version's.
fn programs() -> Option<PathBuf> {
    let has_all = |folder: &Path| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists());
    let usual = PathBuf::from("/usr/local/bin");
    if has_all(&usual) {
        return Some(usual);
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| has_all(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// What the guard does: make a cluster, start it, say so, wait for the pipe to close, stop it, clean up.
const GUARD: &str = r#"
trap '' INT TERM HUP
cd "$2" || exit 1
{
    "$1/initdb" -D data -U countersign -A trust -E UTF8 --locale=C --no-sync &&
    "$1/pg_ctl" -D data -w -t 60 -l server.log -o "-c listen_addresses='' -c unix_socket_directories='$2' -c fsync=off \
        -c full_page_writes=off -c max_connections=400 -c shared_buffers=32MB" start
} >setup.log 2>&1 </dev/null && echo ready
read -r _
"$1/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1
cd / && rm -rf "$2"
"#;

/// A cluster of our own. It may lose data when the machine falls over (no fsync): it holds nothing but tests.
fn private() -> Option<Server> {
    let programs = programs()?;
    let folder = tempfile::Builder::new().prefix("countersign-pg-").tempdir_in("/tmp").ok()?.keep();
    let mut command = Command::new("sh");
    // PostgreSQL refuses to run as root.
    if output("id", &["-u"]).as_deref() == Some("0") {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).ok()?;
        output("chown", &["postgres", folder.to_str()?])?;
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
    }
    let mut guard = command
        .args(["-c", GUARD, "guard"])
        .arg(&programs)
        .arg(&folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(guard.stdout.take()?).read_line(&mut line).ok()?;
    if line.trim() != "ready" {
        eprintln!("PostgreSQL did not start; see {}", folder.display());
        return None;
    }
    let pattern = format!("postgres://countersign@localhost/{{}}?host={}", folder.display());
    Some(Server { pattern, _guard: Some(guard) })
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
