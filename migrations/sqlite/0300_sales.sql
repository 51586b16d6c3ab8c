-- Orders, their lines and changes, and what each customer has been promised and not yet paid for.

CREATE TABLE sales_order (
    number           TEXT PRIMARY KEY,
    kind             TEXT NOT NULL CHECK (kind IN ('order', 'quotation', 'contract')),
    state            TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'change_pending', 'confirmed', 'in_fulfilment', 'shipped', 'closed', 'rejected', 'withdrawn', 'expired', 'cancelled')),
    customer         TEXT NOT NULL,
    currency         TEXT NOT NULL,
    country          TEXT NOT NULL,
    site             TEXT NOT NULL,
    salesperson      TEXT,
    ordered          INTEGER NOT NULL,
    requested        INTEGER NOT NULL,
    special_terms    INTEGER NOT NULL CHECK (special_terms IN (0, 1)),
    new_product      INTEGER NOT NULL CHECK (new_product IN (0, 1)),
    private_label    INTEGER NOT NULL CHECK (private_label IN (0, 1)),
    penalty          INTEGER NOT NULL CHECK (penalty >= 0),
    shelf_life       INTEGER NOT NULL CHECK (shelf_life >= 0),
    value            INTEGER NOT NULL CHECK (value >= 0),
    version          INTEGER NOT NULL CHECK (version >= 1)
) STRICT;
CREATE INDEX sales_order_customer ON sales_order (customer, state);

CREATE TABLE sales_order_line (
    order_number     TEXT NOT NULL,
    line             INTEGER NOT NULL CHECK (line >= 1),
    item             TEXT NOT NULL,
    quantity         INTEGER NOT NULL CHECK (quantity > 0),
    unit_price       INTEGER NOT NULL CHECK (unit_price >= 0),
    discount         INTEGER NOT NULL CHECK (discount >= 0 AND discount <= 1000000),
    net              INTEGER NOT NULL CHECK (net >= 0),
    requested        INTEGER NOT NULL,
    promised         INTEGER,
    PRIMARY KEY (order_number, line)
) STRICT;
CREATE INDEX sales_order_line_item ON sales_order_line (item, order_number);

CREATE TABLE order_change (
    order_number     TEXT NOT NULL,
    version          INTEGER NOT NULL,
    difference       TEXT NOT NULL,
    reason           TEXT,
    changed_at       INTEGER NOT NULL,
    changed_by       TEXT,
    PRIMARY KEY (order_number, version)
) STRICT;
CREATE TRIGGER order_change_no_update BEFORE UPDATE ON order_change
BEGIN SELECT RAISE(ABORT, 'order_change takes insert only'); END;
CREATE TRIGGER order_change_no_delete BEFORE DELETE ON order_change
BEGIN SELECT RAISE(ABORT, 'order_change takes insert only'); END;

CREATE TABLE customer_exposure (
    customer         TEXT PRIMARY KEY,
    open_value       INTEGER NOT NULL CHECK (open_value >= 0)
) STRICT;
