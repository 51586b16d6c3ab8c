-- Who acts in whose place, from when until when. `processes` is a JSON list of names; `[]` for all of them.
CREATE TABLE substitution (
    id         TEXT NOT NULL PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    substitute TEXT NOT NULL REFERENCES account (id),
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL CHECK (ends_at > starts_at),
    processes  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    CHECK (account <> substitute)
) STRICT;

CREATE INDEX substitution_account ON substitution (account);
