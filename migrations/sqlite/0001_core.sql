-- The core: the log, and the tables that are folded from it. docs/formats/database.md says which is which.
-- Times are microseconds since 1970 in UTC. Ids are 16 bytes, digests 32.

CREATE TABLE meta (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL,
    shards INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE shard (
    id INTEGER NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    holder TEXT,
    lease_until INTEGER,
    position INTEGER NOT NULL,
    head BLOB NOT NULL,
    semantics INTEGER NOT NULL
) STRICT;

CREATE TABLE transition (
    shard INTEGER NOT NULL,
    position INTEGER NOT NULL,
    instance BLOB NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL,
    leaf BLOB NOT NULL,
    PRIMARY KEY (shard, position),
    UNIQUE (instance, version)
) STRICT;

CREATE TRIGGER transition_no_update BEFORE UPDATE ON transition
BEGIN SELECT RAISE(ABORT, 'the log takes INSERT only'); END;
CREATE TRIGGER transition_no_delete BEFORE DELETE ON transition
BEGIN SELECT RAISE(ABORT, 'the log takes INSERT only'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER transition_no_replace BEFORE INSERT ON transition
WHEN EXISTS (SELECT 1 FROM transition WHERE shard = NEW.shard AND position = NEW.position)
  OR EXISTS (SELECT 1 FROM transition WHERE instance = NEW.instance AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint: the log takes INSERT only'); END;

CREATE TABLE snapshot (
    instance BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE instance (
    instance BLOB NOT NULL PRIMARY KEY,
    shard INTEGER NOT NULL,
    process TEXT NOT NULL,
    release BLOB NOT NULL,
    key TEXT,
    status TEXT NOT NULL,
    outcome TEXT,
    version INTEGER NOT NULL,
    ready INTEGER NOT NULL,
    open_incidents INTEGER NOT NULL,
    initiator TEXT,
    parent BLOB,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX instance_started ON instance (started_at, instance);
CREATE INDEX instance_running ON instance (started_at, instance) WHERE status = 'running';
CREATE INDEX instance_process ON instance (process, started_at, instance);
CREATE INDEX instance_key ON instance (key, started_at, instance) WHERE key IS NOT NULL;
CREATE INDEX instance_initiator ON instance (initiator, started_at, instance) WHERE initiator IS NOT NULL;
CREATE INDEX instance_parent ON instance (parent, started_at, instance) WHERE parent IS NOT NULL;
CREATE INDEX instance_ready ON instance (shard, instance) WHERE ready;

CREATE TABLE attribute (
    instance BLOB NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    process TEXT NOT NULL,
    PRIMARY KEY (instance, name, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX attribute_value ON attribute (name, value, instance);

CREATE TABLE business_key (
    process TEXT NOT NULL,
    key TEXT NOT NULL,
    instance BLOB NOT NULL,
    PRIMARY KEY (process, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    instance BLOB NOT NULL,
    run INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    process TEXT NOT NULL,
    step TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    status TEXT NOT NULL,
    candidates TEXT NOT NULL,
    assignee TEXT,
    form TEXT,
    sign TEXT,
    outcomes TEXT NOT NULL,
    due INTEGER,
    due_order INTEGER NOT NULL,
    key TEXT,
    revision INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    outcome TEXT,
    completed_by TEXT,
    PRIMARY KEY (instance, run, seat)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_open ON task (due_order, instance, run, seat) WHERE status = 'open';
CREATE INDEX task_process ON task (process, status, due_order, instance, run, seat);
CREATE INDEX task_assignee ON task (assignee, due_order, instance, run, seat) WHERE assignee IS NOT NULL;
CREATE INDEX task_done ON task (completed_by, due_order, instance, run, seat) WHERE completed_by IS NOT NULL;

-- Whose inbox an open task is in. Once somebody has it, in that person's only.
CREATE TABLE task_candidate (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    process TEXT NOT NULL,
    due_order INTEGER NOT NULL,
    instance BLOB NOT NULL,
    run INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (instance, run, seat, kind, name, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_candidate_inbox ON task_candidate (kind, name, due_order, instance, run, seat);
CREATE INDEX task_candidate_process ON task_candidate (kind, name, process, due_order, instance, run, seat);

CREATE TABLE job (
    instance BLOB NOT NULL,
    run INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    activity TEXT NOT NULL,
    mode TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    input TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    available_at INTEGER NOT NULL,
    lease_micros INTEGER NOT NULL,
    -- When it may be leased: available_at, or the end of the present lease.
    ready_at INTEGER NOT NULL,
    worker TEXT,
    lease_until INTEGER,
    fence INTEGER NOT NULL,
    PRIMARY KEY (instance, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_ready ON job (mode, activity, ready_at, instance, run);

CREATE TABLE timer (
    instance BLOB NOT NULL,
    timer INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    run INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (instance, timer)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (shard, due, instance, timer);

CREATE TABLE incident (
    instance BLOB NOT NULL,
    incident INTEGER NOT NULL,
    process TEXT NOT NULL,
    step TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by TEXT,
    PRIMARY KEY (instance, incident)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_raised ON incident (raised_at, instance, incident);
CREATE INDEX incident_open ON incident (raised_at, instance, incident) WHERE resolved_at IS NULL;

CREATE TABLE outbox (
    shard INTEGER NOT NULL,
    position INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    target BLOB,
    body TEXT NOT NULL,
    PRIMARY KEY (shard, position, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivered (
    origin INTEGER NOT NULL,
    position INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (origin, position, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
    instance BLOB NOT NULL,
    subscription INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    message TEXT NOT NULL,
    fields TEXT NOT NULL,
    match_hash BLOB NOT NULL,
    PRIMARY KEY (instance, subscription)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_match ON subscription (shard, message, fields, match_hash, instance, subscription);

CREATE TABLE message (
    shard INTEGER NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    position INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (shard, name, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_expiry ON message (shard, expires_at);

-- Under which fields a message that waits can be found.
CREATE TABLE message_match (
    shard INTEGER NOT NULL,
    name TEXT NOT NULL,
    fields TEXT NOT NULL,
    match_hash BLOB NOT NULL,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (shard, name, fields, match_hash, position, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_match_id ON message_match (shard, name, id);

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE release (
    digest BLOB NOT NULL PRIMARY KEY,
    process TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'approved', 'effective')),
    effective_from INTEGER,
    bundle BLOB NOT NULL,
    deployed_at INTEGER NOT NULL,
    deployed_by TEXT NOT NULL
) STRICT;
CREATE INDEX release_process ON release (process, state, effective_from);

CREATE TABLE schedule_state (
    process TEXT NOT NULL,
    release BLOB NOT NULL,
    schedule INTEGER NOT NULL,
    next_due INTEGER NOT NULL,
    PRIMARY KEY (process, release, schedule)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_state_due ON schedule_state (next_due);
