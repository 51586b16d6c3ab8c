-- Who acts in whose place, from when until when. `processes` is a JSON list of names; `[]` for all of them.
CREATE TABLE substitution (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    substitute TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL CHECK (ends_at > starts_at),
    processes  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT,
    CHECK (account <> substitute)
);

CREATE INDEX substitution_account ON substitution (account);
