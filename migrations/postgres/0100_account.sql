-- People and programs. A name is given once and never again: signatures and histories point at it for ever.
CREATE TABLE account (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('person', 'service')),
    printed_name    TEXT NOT NULL,
    active          BOOLEAN NOT NULL,
    manager         TEXT COLLATE "C" REFERENCES account (id),
    password_hash   TEXT,
    password_set_at BIGINT,
    created_at      BIGINT NOT NULL,
    deactivated_at  BIGINT,
    revision        BIGINT NOT NULL
);

CREATE INDEX account_manager ON account (manager);
