-- Sessions. The column that PostgreSQL keeps as JSONB is the canonical JSON text here.
CREATE TABLE channel_session (
    tenant_id TEXT NOT NULL,
    id        TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    document  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
