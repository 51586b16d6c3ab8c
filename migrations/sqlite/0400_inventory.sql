-- Stock: totals of an item, balances by place, lot and status, the ledger they are made of, and reservations.

CREATE TABLE stock_item (
    item             TEXT PRIMARY KEY,
    unrestricted     INTEGER NOT NULL CHECK (unrestricted >= 0),
    reserved         INTEGER NOT NULL CHECK (reserved >= 0),
    last_sequence    INTEGER NOT NULL CHECK (last_sequence >= 0),
    CHECK (reserved <= unrestricted)
) STRICT;

CREATE TABLE stock_lot (
    item             TEXT NOT NULL,
    lot              TEXT NOT NULL,
    made             INTEGER,
    expires          INTEGER,
    PRIMARY KEY (item, lot)
) STRICT;

CREATE TABLE stock_balance (
    item             TEXT NOT NULL,
    location         TEXT NOT NULL,
    lot              TEXT NOT NULL,
    status           TEXT NOT NULL CHECK (status IN ('unrestricted', 'quarantine', 'blocked', 'returns')),
    quantity         INTEGER NOT NULL CHECK (quantity >= 0),
    reserved         INTEGER NOT NULL CHECK (reserved >= 0),
    PRIMARY KEY (item, location, lot, status),
    CHECK (reserved <= quantity),
    CHECK (status = 'unrestricted' OR reserved = 0)
) STRICT;

CREATE TABLE stock_ledger (
    item             TEXT NOT NULL,
    sequence         INTEGER NOT NULL,
    lot              TEXT NOT NULL,
    from_location    TEXT NOT NULL,
    from_status      TEXT NOT NULL,
    to_location      TEXT NOT NULL,
    to_status        TEXT NOT NULL,
    quantity         INTEGER NOT NULL CHECK (quantity > 0),
    reason           TEXT NOT NULL CHECK (reason IN ('opening', 'receive', 'issue', 'move', 'status', 'count', 'scrap', 'return', 'reverse')),
    document         TEXT NOT NULL,
    day              INTEGER NOT NULL,
    posted_at        INTEGER NOT NULL,
    posted_by        TEXT,
    PRIMARY KEY (item, sequence)
) STRICT;
CREATE TRIGGER stock_ledger_no_update BEFORE UPDATE ON stock_ledger
BEGIN SELECT RAISE(ABORT, 'stock_ledger takes insert only'); END;
CREATE TRIGGER stock_ledger_no_delete BEFORE DELETE ON stock_ledger
BEGIN SELECT RAISE(ABORT, 'stock_ledger takes insert only'); END;

CREATE TABLE reservation (
    demand           TEXT NOT NULL,
    number           INTEGER NOT NULL,
    line             INTEGER NOT NULL,
    item             TEXT NOT NULL,
    location         TEXT NOT NULL,
    lot              TEXT NOT NULL,
    quantity         INTEGER NOT NULL CHECK (quantity > 0),
    kind             TEXT NOT NULL CHECK (kind IN ('soft', 'hard')),
    state            TEXT NOT NULL CHECK (state IN ('active', 'consumed', 'released')),
    instance         BLOB NOT NULL,
    PRIMARY KEY (demand, number)
) STRICT;
CREATE INDEX reservation_open ON reservation (state, item);
CREATE INDEX reservation_instance ON reservation (instance);
