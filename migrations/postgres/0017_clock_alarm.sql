-- When the clock was in doubt, and who said that it may be believed again.
CREATE TABLE clock_alarm (
    id BIGINT NOT NULL PRIMARY KEY,
    expected BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT COLLATE "C",
    reason TEXT COLLATE "C"
);
