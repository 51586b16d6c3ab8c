-- The core: the log, and the tables that are folded from it. docs/formats/database.md says which is which.
-- Times are microseconds since 1970 in UTC. Ids are 16 bytes, digests 32.

CREATE TABLE meta (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    format BIGINT NOT NULL,
    shards BIGINT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE shard (
    id BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    holder TEXT COLLATE "C",
    lease_until BIGINT,
    position BIGINT NOT NULL,
    head BYTEA NOT NULL,
    semantics BIGINT NOT NULL
);

CREATE TABLE transition (
    shard BIGINT NOT NULL,
    position BIGINT NOT NULL,
    instance BYTEA NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    leaf BYTEA NOT NULL,
    PRIMARY KEY (shard, position),
    UNIQUE (instance, version)
);

CREATE FUNCTION log_takes_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log takes INSERT only';
END $$;
CREATE TRIGGER transition_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON transition
FOR EACH STATEMENT EXECUTE FUNCTION log_takes_insert_only();

CREATE TABLE snapshot (
    instance BYTEA NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    state BYTEA NOT NULL
);

CREATE TABLE instance (
    instance BYTEA NOT NULL PRIMARY KEY,
    shard BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    release BYTEA NOT NULL,
    key TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    version BIGINT NOT NULL,
    ready BOOLEAN NOT NULL,
    open_incidents BIGINT NOT NULL,
    initiator TEXT COLLATE "C",
    parent BYTEA,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX instance_started ON instance (started_at, instance);
CREATE INDEX instance_running ON instance (started_at, instance) WHERE status = 'running';
CREATE INDEX instance_process ON instance (process, started_at, instance);
CREATE INDEX instance_key ON instance (key, started_at, instance) WHERE key IS NOT NULL;
CREATE INDEX instance_initiator ON instance (initiator, started_at, instance) WHERE initiator IS NOT NULL;
CREATE INDEX instance_parent ON instance (parent, started_at, instance) WHERE parent IS NOT NULL;
CREATE INDEX instance_ready ON instance (shard, instance) WHERE ready;

CREATE TABLE attribute (
    instance BYTEA NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (instance, name, value)
);
CREATE INDEX attribute_value ON attribute (name, value, instance);

CREATE TABLE business_key (
    process TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    instance BYTEA NOT NULL,
    PRIMARY KEY (process, key)
);

CREATE TABLE task (
    instance BYTEA NOT NULL,
    run BIGINT NOT NULL,
    seat BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    title_zh TEXT COLLATE "C" NOT NULL,
    title_en TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    candidates TEXT COLLATE "C" NOT NULL,
    assignee TEXT COLLATE "C",
    form TEXT COLLATE "C",
    sign TEXT COLLATE "C",
    outcomes TEXT COLLATE "C" NOT NULL,
    due BIGINT,
    due_order BIGINT NOT NULL,
    key TEXT COLLATE "C",
    revision BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    outcome TEXT COLLATE "C",
    completed_by TEXT COLLATE "C",
    PRIMARY KEY (instance, run, seat)
);
CREATE INDEX task_open ON task (due_order, instance, run, seat) WHERE status = 'open';
CREATE INDEX task_process ON task (process, status, due_order, instance, run, seat);
CREATE INDEX task_assignee ON task (assignee, due_order, instance, run, seat) WHERE assignee IS NOT NULL;
CREATE INDEX task_done ON task (completed_by, due_order, instance, run, seat) WHERE completed_by IS NOT NULL;

-- Whose inbox an open task is in. Once somebody has it, in that person's only.
CREATE TABLE task_candidate (
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    due_order BIGINT NOT NULL,
    instance BYTEA NOT NULL,
    run BIGINT NOT NULL,
    seat BIGINT NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (instance, run, seat, kind, name, scope)
);
CREATE INDEX task_candidate_inbox ON task_candidate (kind, name, due_order, instance, run, seat);
CREATE INDEX task_candidate_process ON task_candidate (kind, name, process, due_order, instance, run, seat);

CREATE TABLE job (
    instance BYTEA NOT NULL,
    run BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    activity TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    input TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    available_at BIGINT NOT NULL,
    lease_micros BIGINT NOT NULL,
    -- When it may be leased: available_at, or the end of the present lease.
    ready_at BIGINT NOT NULL,
    worker TEXT COLLATE "C",
    lease_until BIGINT,
    fence BIGINT NOT NULL,
    PRIMARY KEY (instance, run)
);
CREATE INDEX job_ready ON job (mode, activity, ready_at, instance, run);

CREATE TABLE timer (
    instance BYTEA NOT NULL,
    timer BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    run BIGINT NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (instance, timer)
);
CREATE INDEX timer_due ON timer (shard, due, instance, timer);

CREATE TABLE incident (
    instance BYTEA NOT NULL,
    incident BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C",
    code TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    raised_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT COLLATE "C",
    PRIMARY KEY (instance, incident)
);
CREATE INDEX incident_raised ON incident (raised_at, instance, incident);
CREATE INDEX incident_open ON incident (raised_at, instance, incident) WHERE resolved_at IS NULL;

CREATE TABLE outbox (
    shard BIGINT NOT NULL,
    position BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    target BYTEA,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (shard, position, seq)
);

CREATE TABLE delivered (
    origin BIGINT NOT NULL,
    position BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (origin, position, seq)
);

CREATE TABLE subscription (
    instance BYTEA NOT NULL,
    subscription BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    fields TEXT COLLATE "C" NOT NULL,
    match_hash BYTEA NOT NULL,
    PRIMARY KEY (instance, subscription)
);
CREATE INDEX subscription_match ON subscription (shard, message, fields, match_hash, instance, subscription);

CREATE TABLE message (
    shard BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (shard, name, id)
);
CREATE INDEX message_expiry ON message (shard, expires_at);

-- Under which fields a message that waits can be found.
CREATE TABLE message_match (
    shard BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    fields TEXT COLLATE "C" NOT NULL,
    match_hash BYTEA NOT NULL,
    position BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (shard, name, fields, match_hash, position, id)
);
CREATE INDEX message_match_id ON message_match (shard, name, id);

CREATE TABLE idempotency (
    actor TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request_hash BYTEA NOT NULL,
    status BIGINT NOT NULL,
    body BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE release (
    digest BYTEA NOT NULL PRIMARY KEY,
    process TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('draft', 'approved', 'effective')),
    effective_from BIGINT,
    bundle BYTEA NOT NULL,
    deployed_at BIGINT NOT NULL,
    deployed_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX release_process ON release (process, state, effective_from);

CREATE TABLE schedule_state (
    process TEXT COLLATE "C" NOT NULL,
    release BYTEA NOT NULL,
    schedule BIGINT NOT NULL,
    next_due BIGINT NOT NULL,
    PRIMARY KEY (process, release, schedule)
);
CREATE INDEX schedule_state_due ON schedule_state (next_due);
