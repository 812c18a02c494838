-- One session, as a caller wants it.
\set number random(:first, :last)
SELECT revision, document FROM channel_session WHERE tenant_id = 'default' AND id = 'session-' || (:number)::int;
