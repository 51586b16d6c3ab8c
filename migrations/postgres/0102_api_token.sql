-- Tokens of the API. Only their SHA-256 is kept: 256 random bits need no salt and no slow hash.
CREATE TABLE api_token (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    digest     BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
    label      TEXT NOT NULL,
    last4      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX api_token_account ON api_token (account);
