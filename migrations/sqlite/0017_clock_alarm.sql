-- When the clock was in doubt, and who said that it may be believed again.
CREATE TABLE clock_alarm (
    id INTEGER NOT NULL PRIMARY KEY,
    expected INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    reason TEXT
) STRICT;
