-- People and programs. A name is given once and never again: signatures and histories point at it for ever.
CREATE TABLE account (
    id              TEXT NOT NULL PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('person', 'service')),
    printed_name    TEXT NOT NULL,
    active          INTEGER NOT NULL CHECK (active IN (0, 1)),
    manager         TEXT REFERENCES account (id),
    password_hash   TEXT,
    password_set_at INTEGER,
    created_at      INTEGER NOT NULL,
    deactivated_at  INTEGER,
    revision        INTEGER NOT NULL
) STRICT;

CREATE INDEX account_manager ON account (manager);
