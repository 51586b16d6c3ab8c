-- Items, customers, price lists, registrations of items in markets, locations.

CREATE TABLE item (
    code             TEXT COLLATE "C" PRIMARY KEY,
    name             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('finished', 'semi_finished', 'raw', 'packaging', 'tool', 'service')),
    unit             TEXT NOT NULL,
    tracking         TEXT NOT NULL CHECK (tracking IN ('none', 'lot', 'serial')),
    cost             BIGINT NOT NULL CHECK (cost >= 0),
    list_price       BIGINT NOT NULL CHECK (list_price >= 0),
    lead_days        BIGINT NOT NULL CHECK (lead_days >= 0),
    safety_stock     BIGINT NOT NULL CHECK (safety_stock >= 0),
    status           TEXT NOT NULL CHECK (status IN ('draft', 'active', 'phase_out', 'blocked')),
    catalogue        BOOLEAN NOT NULL,
    regulated        BOOLEAN NOT NULL
);

CREATE TABLE item_registration (
    item             TEXT COLLATE "C" NOT NULL,
    country          TEXT COLLATE "C" NOT NULL,
    number           TEXT NOT NULL,
    valid_from       BIGINT NOT NULL,
    valid_to         BIGINT NOT NULL CHECK (valid_to >= valid_from),
    PRIMARY KEY (item, country)
);

CREATE TABLE item_price (
    list             TEXT COLLATE "C" NOT NULL,
    item             TEXT COLLATE "C" NOT NULL,
    valid_from       BIGINT NOT NULL,
    price            BIGINT NOT NULL CHECK (price >= 0),
    PRIMARY KEY (list, item, valid_from)
);

CREATE TABLE customer (
    code             TEXT COLLATE "C" PRIMARY KEY,
    name             TEXT NOT NULL,
    country          TEXT NOT NULL,
    currency         TEXT NOT NULL,
    price_list       TEXT NOT NULL,
    credit_limit     BIGINT NOT NULL CHECK (credit_limit >= 0),
    credit_days      BIGINT NOT NULL CHECK (credit_days >= 0),
    overdue_days     BIGINT NOT NULL CHECK (overdue_days >= 0),
    status           TEXT NOT NULL CHECK (status IN ('active', 'hold', 'blocked')),
    salesperson      TEXT
);

CREATE TABLE location (
    code             TEXT COLLATE "C" PRIMARY KEY,
    name             TEXT NOT NULL,
    site             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('storage', 'receiving', 'quarantine', 'production', 'shipping', 'scrap'))
);
