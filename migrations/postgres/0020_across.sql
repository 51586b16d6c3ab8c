-- What goes between instances and out of the house.

-- How many receivers hold it still, what was said of it, and who got it first.
ALTER TABLE message ADD COLUMN pending BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN verdict TEXT COLLATE "C" NOT NULL DEFAULT 'buffered';
ALTER TABLE message ADD COLUMN receivers TEXT COLLATE "C" NOT NULL DEFAULT '[]';

-- After which transition of the owner it began to wait: what was sent before is not for it.
ALTER TABLE subscription ADD COLUMN since BIGINT NOT NULL DEFAULT 0;

-- Who does not take which message.
CREATE TABLE message_declined (
    shard BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    instance BYTEA NOT NULL,
    subscription BIGINT NOT NULL,
    PRIMARY KEY (shard, name, id, instance, subscription)
);

-- A message or a signal on its way to many, and how far it has come.
CREATE TABLE sweep (
    shard BIGINT NOT NULL,
    position BIGINT NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    fields TEXT COLLATE "C" NOT NULL,
    after_instance BYTEA NOT NULL,
    after_subscription BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    PRIMARY KEY (shard, position)
);

CREATE TABLE sequence (
    name TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE notice (
    instance BYTEA NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C",
    step TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    text_zh TEXT COLLATE "C" NOT NULL,
    text_en TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (instance, version, seq)
);

-- In whose inbox it is.
CREATE TABLE notice_to (
    instance BYTEA NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (instance, version, seq, kind, name, scope)
);
CREATE INDEX notice_to_inbox ON notice_to (kind, name, at, instance, version, seq);

CREATE TABLE notice_read (
    person TEXT COLLATE "C" NOT NULL,
    instance BYTEA NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (person, instance, version, seq)
);

-- Mails and webhooks: jobs without a step.
CREATE TABLE delivery (
    instance BYTEA NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C",
    step TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    recipients TEXT COLLATE "C" NOT NULL,
    text_zh TEXT COLLATE "C" NOT NULL,
    text_en TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    optional BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    PRIMARY KEY (instance, version, seq)
);
CREATE INDEX delivery_ready ON delivery (ready_at, instance, version, seq) WHERE status = 'waiting';
