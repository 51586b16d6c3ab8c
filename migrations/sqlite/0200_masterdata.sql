-- Items, customers, price lists, registrations of items in markets, locations.

CREATE TABLE item (
    code             TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('finished', 'semi_finished', 'raw', 'packaging', 'tool', 'service')),
    unit             TEXT NOT NULL,
    tracking         TEXT NOT NULL CHECK (tracking IN ('none', 'lot', 'serial')),
    cost             INTEGER NOT NULL CHECK (cost >= 0),
    list_price       INTEGER NOT NULL CHECK (list_price >= 0),
    lead_days        INTEGER NOT NULL CHECK (lead_days >= 0),
    safety_stock     INTEGER NOT NULL CHECK (safety_stock >= 0),
    status           TEXT NOT NULL CHECK (status IN ('draft', 'active', 'phase_out', 'blocked')),
    catalogue        INTEGER NOT NULL CHECK (catalogue IN (0, 1)),
    regulated        INTEGER NOT NULL CHECK (regulated IN (0, 1))
) STRICT;

CREATE TABLE item_registration (
    item             TEXT NOT NULL,
    country          TEXT NOT NULL,
    number           TEXT NOT NULL,
    valid_from       INTEGER NOT NULL,
    valid_to         INTEGER NOT NULL CHECK (valid_to >= valid_from),
    PRIMARY KEY (item, country)
) STRICT;

CREATE TABLE item_price (
    list             TEXT NOT NULL,
    item             TEXT NOT NULL,
    valid_from       INTEGER NOT NULL,
    price            INTEGER NOT NULL CHECK (price >= 0),
    PRIMARY KEY (list, item, valid_from)
) STRICT;

CREATE TABLE customer (
    code             TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    country          TEXT NOT NULL,
    currency         TEXT NOT NULL,
    price_list       TEXT NOT NULL,
    credit_limit     INTEGER NOT NULL CHECK (credit_limit >= 0),
    credit_days      INTEGER NOT NULL CHECK (credit_days >= 0),
    overdue_days     INTEGER NOT NULL CHECK (overdue_days >= 0),
    status           TEXT NOT NULL CHECK (status IN ('active', 'hold', 'blocked')),
    salesperson      TEXT
) STRICT;

CREATE TABLE location (
    code             TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    site             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('storage', 'receiving', 'quarantine', 'production', 'shipping', 'scrap'))
) STRICT;
