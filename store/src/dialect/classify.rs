//! The databases' error codes as one question: what can the caller do about it?

use crate::error::ErrorKind;

/// PostgreSQL answers with five characters (SQLSTATE), SQLite with an extended result code in decimal.
pub(crate) fn classify(error: &sqlx::Error) -> ErrorKind {
    match error {
        sqlx::Error::Database(error) => error.code().map_or(ErrorKind::Other, |code| of_code(&code)),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => ErrorKind::Full,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

fn of_code(code: &str) -> ErrorKind {
    match code {
        // Serialization failure, deadlock, lock not available, a statement that took too long for a lock.
        "40001" | "40P01" | "55P03" => ErrorKind::Retryable,
        "53100" => ErrorKind::Full,
        // Idle in a transaction for too long; shutdown, crash, not yet accepting.
        "25P03" | "57P01" | "57P02" | "57P03" => ErrorKind::Unavailable,
        _ if code.len() == 5 && (code.starts_with("08") || code.starts_with("53")) => ErrorKind::Unavailable,
        _ if code.len() == 5 => ErrorKind::Other,
        // The low byte of an extended result code is the primary one.
        _ => match code.parse::<u32>().map(|code| code & 0xff) {
            // SQLITE_BUSY and SQLITE_LOCKED.
            Ok(5 | 6) => ErrorKind::Retryable,
            // SQLITE_IOERR and SQLITE_CANTOPEN.
            Ok(10 | 14) => ErrorKind::Unavailable,
            // SQLITE_CORRUPT and SQLITE_NOTADB.
            Ok(11 | 26) => {
                ErrorKind::Corrupt { table: String::new(), column: String::new(), key: "the database file".into() }
            }
            // SQLITE_FULL.
            Ok(13) => ErrorKind::Full,
            _ => ErrorKind::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_what_to_do() {
        for code in ["40001", "40P01", "55P03", "5", "517", "6"] {
            assert_eq!(of_code(code), ErrorKind::Retryable, "{code}");
        }
        for code in ["53100", "13"] {
            assert_eq!(of_code(code), ErrorKind::Full, "{code}");
        }
        for code in ["08006", "57P01", "53300", "10", "266"] {
            assert_eq!(of_code(code), ErrorKind::Unavailable, "{code}");
        }
        for code in ["23505", "2067", "42601", "1"] {
            assert_eq!(of_code(code), ErrorKind::Other, "{code}");
        }
    }
}
