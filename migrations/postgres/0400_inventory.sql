-- Stock: totals of an item, balances by place, lot and status, the ledger they are made of, and reservations.

CREATE TABLE stock_item (
    item             TEXT COLLATE "C" PRIMARY KEY,
    unrestricted     BIGINT NOT NULL CHECK (unrestricted >= 0),
    reserved         BIGINT NOT NULL CHECK (reserved >= 0),
    last_sequence    BIGINT NOT NULL CHECK (last_sequence >= 0),
    CHECK (reserved <= unrestricted)
);

CREATE TABLE stock_lot (
    item             TEXT COLLATE "C" NOT NULL,
    lot              TEXT COLLATE "C" NOT NULL,
    made             BIGINT,
    expires          BIGINT,
    PRIMARY KEY (item, lot)
);

CREATE TABLE stock_balance (
    item             TEXT COLLATE "C" NOT NULL,
    location         TEXT COLLATE "C" NOT NULL,
    lot              TEXT COLLATE "C" NOT NULL,
    status           TEXT COLLATE "C" NOT NULL CHECK (status IN ('unrestricted', 'quarantine', 'blocked', 'returns')),
    quantity         BIGINT NOT NULL CHECK (quantity >= 0),
    reserved         BIGINT NOT NULL CHECK (reserved >= 0),
    PRIMARY KEY (item, location, lot, status),
    CHECK (reserved <= quantity),
    CHECK (status = 'unrestricted' OR reserved = 0)
);

CREATE TABLE stock_ledger (
    item             TEXT COLLATE "C" NOT NULL,
    sequence         BIGINT NOT NULL,
    lot              TEXT COLLATE "C" NOT NULL,
    from_location    TEXT COLLATE "C" NOT NULL,
    from_status      TEXT NOT NULL,
    to_location      TEXT COLLATE "C" NOT NULL,
    to_status        TEXT NOT NULL,
    quantity         BIGINT NOT NULL CHECK (quantity > 0),
    reason           TEXT NOT NULL CHECK (reason IN ('opening', 'receive', 'issue', 'move', 'status', 'count', 'scrap', 'return', 'reverse')),
    document         TEXT NOT NULL,
    day              BIGINT NOT NULL,
    posted_at        BIGINT NOT NULL,
    posted_by        TEXT,
    PRIMARY KEY (item, sequence)
);
CREATE FUNCTION stock_ledger_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stock_ledger takes insert only';
END
$$;
CREATE TRIGGER stock_ledger_no_change BEFORE UPDATE OR DELETE ON stock_ledger
    FOR EACH ROW EXECUTE FUNCTION stock_ledger_insert_only();
CREATE TRIGGER stock_ledger_no_truncate BEFORE TRUNCATE ON stock_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION stock_ledger_insert_only();

CREATE TABLE reservation (
    demand           TEXT COLLATE "C" NOT NULL,
    number           BIGINT NOT NULL,
    line             BIGINT NOT NULL,
    item             TEXT COLLATE "C" NOT NULL,
    location         TEXT COLLATE "C" NOT NULL,
    lot              TEXT COLLATE "C" NOT NULL,
    quantity         BIGINT NOT NULL CHECK (quantity > 0),
    kind             TEXT NOT NULL CHECK (kind IN ('soft', 'hard')),
    state            TEXT NOT NULL CHECK (state IN ('active', 'consumed', 'released')),
    instance         BYTEA NOT NULL,
    PRIMARY KEY (demand, number)
);
CREATE INDEX reservation_open ON reservation (state, item);
CREATE INDEX reservation_instance ON reservation (instance);
