-- What goes between instances and out of the house.

-- How many receivers hold it still, what was said of it, and who got it first.
ALTER TABLE message ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN verdict TEXT NOT NULL DEFAULT 'buffered';
ALTER TABLE message ADD COLUMN receivers TEXT NOT NULL DEFAULT '[]';

-- After which transition of the owner it began to wait: what was sent before is not for it.
ALTER TABLE subscription ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

-- Who does not take which message.
CREATE TABLE message_declined (
    shard INTEGER NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    instance BLOB NOT NULL,
    subscription INTEGER NOT NULL,
    PRIMARY KEY (shard, name, id, instance, subscription)
) STRICT, WITHOUT ROWID;

-- A message or a signal on its way to many, and how far it has come.
CREATE TABLE sweep (
    shard INTEGER NOT NULL,
    position INTEGER NOT NULL,
    message TEXT NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    fields TEXT NOT NULL,
    after_instance BLOB NOT NULL,
    after_subscription INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    PRIMARY KEY (shard, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE sequence (
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
    instance BLOB NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    process TEXT NOT NULL,
    key TEXT,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (instance, version, seq)
) STRICT, WITHOUT ROWID;

-- In whose inbox it is.
CREATE TABLE notice_to (
    instance BLOB NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (instance, version, seq, kind, name, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_to_inbox ON notice_to (kind, name, at, instance, version, seq);

CREATE TABLE notice_read (
    person TEXT NOT NULL,
    instance BLOB NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (person, instance, version, seq)
) STRICT, WITHOUT ROWID;

-- Mails and webhooks: jobs without a step.
CREATE TABLE delivery (
    instance BLOB NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    process TEXT NOT NULL,
    key TEXT,
    step TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipients TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    at INTEGER NOT NULL,
    optional INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (instance, version, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_ready ON delivery (ready_at, instance, version, seq) WHERE status = 'waiting';
