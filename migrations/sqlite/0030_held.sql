-- Lists of what is held or being closed, however many run.
CREATE INDEX instance_suspended ON instance (started_at, instance) WHERE status = 'suspended';
CREATE INDEX instance_quarantined ON instance (started_at, instance) WHERE status = 'quarantined';
CREATE INDEX instance_cancelling ON instance (started_at, instance) WHERE status = 'cancelling';
-- Which running instances a migration concerns.
CREATE INDEX instance_release ON instance (release, started_at, instance) WHERE ended_at IS NULL;
