//! The statements and clauses that differ, by kind of database.

use crate::database::Kind;

/// Opens a writing transaction. SQLite must take its write lock at once: a later upgrade fails with `SQLITE_BUSY`.
pub(crate) fn begin(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "BEGIN IMMEDIATE",
        Kind::Postgres => "BEGIN",
    }
}

/// Takes the advisory lock of every number given; nothing on SQLite, whose writer is alone.
pub(crate) fn advisory_locks(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some("SELECT pg_advisory_xact_lock(k) FROM UNNEST($1::bigint[]) AS k"),
    }
}

/// The database's clock in microseconds. SQLite's is the system's, in milliseconds.
pub(crate) fn now(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000",
        Kind::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
    }
}

/// Moves the write-ahead log into the database file, without waiting for readers.
pub(crate) fn checkpoint(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sqlite => Some("PRAGMA wal_checkpoint(PASSIVE)"),
        Kind::Postgres => None,
    }
}

/// Holds others off while migrations run.
pub(crate) fn migration_lock(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some("SELECT pg_advisory_xact_lock(7165066918273125)"),
    }
}

/// The table that says which migrations ran; it is there before the first one.
pub(crate) fn migration_table(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => {
            "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT NOT NULL PRIMARY KEY, digest BLOB NOT NULL, at INTEGER NOT NULL) STRICT"
        }
        Kind::Postgres => {
            "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT COLLATE \"C\" NOT NULL PRIMARY KEY, digest BYTEA NOT NULL, at BIGINT NOT NULL)"
        }
    }
}

/// Whether a table is there: one row if so.
pub(crate) fn table_exists(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = $1",
        Kind::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1"
        }
    }
}

/// After a SELECT that picks work: others skip what this transaction has picked.
pub(crate) fn skip_locked(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "",
        Kind::Postgres => " FOR UPDATE SKIP LOCKED",
    }
}

/// Keeps every writer's batch from ending, so that what is read meanwhile belongs together.
pub(crate) fn freeze(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some("LOCK TABLE shard IN SHARE MODE"),
    }
}

/// Every column of every table: table, column, type, place in the primary key (0: none); in the tables' own order.
pub(crate) fn catalogue(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => {
            "SELECT t.name, c.name, LOWER(c.type), c.pk FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY t.name, c.cid"
        }
        Kind::Postgres => {
            "SELECT CAST(t.relname AS TEXT), CAST(a.attname AS TEXT), format_type(a.atttypid, NULL), \
             CAST(COALESCE(array_position(CAST(i.indkey AS SMALLINT[]), a.attnum) + 1, 0) AS BIGINT) \
             FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace \
             JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
             LEFT JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisprimary \
             WHERE t.relkind = 'r' AND n.nspname = current_schema() ORDER BY t.relname, a.attnum"
        }
    }
}

/// Which table refers to which: a table's rows come after those it refers to.
pub(crate) fn references(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => {
            "SELECT t.name, f.\"table\" FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'"
        }
        Kind::Postgres => {
            "SELECT CAST(t.relname AS TEXT), CAST(r.relname AS TEXT) FROM pg_constraint AS c \
             JOIN pg_class AS t ON t.oid = c.conrelid JOIN pg_class AS r ON r.oid = c.confrelid \
             JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE c.contype = 'f' AND n.nspname = current_schema()"
        }
    }
}
