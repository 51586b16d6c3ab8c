-- Tokens of the API. Only their SHA-256 is kept: 256 random bits need no salt and no slow hash.
CREATE TABLE api_token (
    id         TEXT NOT NULL PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    label      TEXT NOT NULL,
    last4      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE INDEX api_token_account ON api_token (account);
