-- Orders, their lines and changes, and what each customer has been promised and not yet paid for.

CREATE TABLE sales_order (
    number           TEXT COLLATE "C" PRIMARY KEY,
    kind             TEXT NOT NULL CHECK (kind IN ('order', 'quotation', 'contract')),
    state            TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'change_pending', 'confirmed', 'in_fulfilment', 'shipped', 'closed', 'rejected', 'withdrawn', 'expired', 'cancelled')),
    customer         TEXT COLLATE "C" NOT NULL,
    currency         TEXT NOT NULL,
    country          TEXT NOT NULL,
    site             TEXT NOT NULL,
    salesperson      TEXT,
    ordered          BIGINT NOT NULL,
    requested        BIGINT NOT NULL,
    special_terms    BOOLEAN NOT NULL,
    new_product      BOOLEAN NOT NULL,
    private_label    BOOLEAN NOT NULL,
    penalty          BIGINT NOT NULL CHECK (penalty >= 0),
    shelf_life       BIGINT NOT NULL CHECK (shelf_life >= 0),
    value            BIGINT NOT NULL CHECK (value >= 0),
    version          BIGINT NOT NULL CHECK (version >= 1)
);
CREATE INDEX sales_order_customer ON sales_order (customer, state);

CREATE TABLE sales_order_line (
    order_number     TEXT COLLATE "C" NOT NULL,
    line             BIGINT NOT NULL CHECK (line >= 1),
    item             TEXT COLLATE "C" NOT NULL,
    quantity         BIGINT NOT NULL CHECK (quantity > 0),
    unit_price       BIGINT NOT NULL CHECK (unit_price >= 0),
    discount         BIGINT NOT NULL CHECK (discount >= 0 AND discount <= 1000000),
    net              BIGINT NOT NULL CHECK (net >= 0),
    requested        BIGINT NOT NULL,
    promised         BIGINT,
    PRIMARY KEY (order_number, line)
);
CREATE INDEX sales_order_line_item ON sales_order_line (item, order_number);

CREATE TABLE order_change (
    order_number     TEXT COLLATE "C" NOT NULL,
    version          BIGINT NOT NULL,
    difference       TEXT NOT NULL,
    reason           TEXT,
    changed_at       BIGINT NOT NULL,
    changed_by       TEXT,
    PRIMARY KEY (order_number, version)
);
CREATE FUNCTION order_change_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order_change takes insert only';
END
$$;
CREATE TRIGGER order_change_no_change BEFORE UPDATE OR DELETE ON order_change
    FOR EACH ROW EXECUTE FUNCTION order_change_insert_only();
CREATE TRIGGER order_change_no_truncate BEFORE TRUNCATE ON order_change
    FOR EACH STATEMENT EXECUTE FUNCTION order_change_insert_only();

CREATE TABLE customer_exposure (
    customer         TEXT COLLATE "C" PRIMARY KEY,
    open_value       BIGINT NOT NULL CHECK (open_value >= 0)
);
