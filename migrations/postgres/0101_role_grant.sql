-- Roles that accounts hold, each within a scope: a JSON object in its canonical form, `{}` for everywhere.
CREATE TABLE role_grant (
    account    TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    role       TEXT COLLATE "C" NOT NULL,
    scope      TEXT COLLATE "C" NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account, role, scope)
);

CREATE INDEX role_grant_role ON role_grant (role, account);
