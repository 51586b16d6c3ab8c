-- Roles that accounts hold, each within a scope: a JSON object in its canonical form, `{}` for everywhere.
CREATE TABLE role_grant (
    account    TEXT NOT NULL REFERENCES account (id),
    role       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (account, role, scope)
) STRICT;

CREATE INDEX role_grant_role ON role_grant (role, account);
