-- Sessions that can be found, updated, ended and deleted; what happened to them; and idempotency records.
--
-- The column that PostgreSQL keeps as JSONB is the canonical JSON text here.
CREATE TABLE channel_session (
    tenant_id       TEXT NOT NULL,
    id              TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    -- A session that was deleted keeps its row with nothing in it but the revision, which the next one under its id
    -- continues.
    document        TEXT,
    conversation_id TEXT,
    customer_id     TEXT,
    channel_type    TEXT,
    active          INTEGER,
    -- Milliseconds since the epoch, as all times here.
    ended_at        INTEGER,
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- `active` is there for every session that has not been deleted.
CREATE INDEX channel_session_stored ON channel_session (tenant_id, id) WHERE active IS NOT NULL;
CREATE INDEX channel_session_conversation ON channel_session (tenant_id, conversation_id, id)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX channel_session_customer ON channel_session (tenant_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX channel_session_channel_type ON channel_session (tenant_id, channel_type, id)
    WHERE channel_type IS NOT NULL;
CREATE INDEX channel_session_active ON channel_session (tenant_id, active, id) WHERE active IS NOT NULL;
CREATE INDEX channel_session_ended ON channel_session (ended_at) WHERE ended_at IS NOT NULL;

-- What happened, one row for each revision: what changed, and not the document, which is rebuilt from the session's and the
-- changes after it. One write comes after the other, so the number is the order for everybody.
CREATE TABLE channel_session_event (
    number               INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id            TEXT NOT NULL,
    session_id           TEXT NOT NULL,
    revision             INTEGER NOT NULL,
    -- How long the document after the event is; 0 where there is none.
    document_bytes       INTEGER NOT NULL,
    name                 TEXT NOT NULL,
    at                   INTEGER NOT NULL,
    conversation_id      TEXT,
    -- The one before the event, where the session has another one or none after it.
    left_conversation_id TEXT,
    requester            TEXT NOT NULL,
    request_id           TEXT,
    -- The trace of the call, in hex as its W3C traceparent has it.
    trace_id             TEXT,
    changes              TEXT NOT NULL,
    -- The document before the event, where its changes do not lead back to that or are large.
    document_before      TEXT,
    UNIQUE (tenant_id, session_id, revision)
) STRICT;
CREATE INDEX channel_session_event_left_conversation ON channel_session_event (tenant_id, left_conversation_id, number)
    WHERE left_conversation_id IS NOT NULL;

-- How far events have expired: the highest number that is deleted. One row.
CREATE TABLE channel_session_event_log (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    expired_to INTEGER NOT NULL
) STRICT;
INSERT INTO channel_session_event_log VALUES (1, 0);

-- The epochs of the file: one begins each time that it is opened to be written. A position names its epoch. After an older
-- copy of the file was put in its place, a position whose number is above that with which a later epoch begins, and that does
-- not know that epoch, counts events that are none any more.
CREATE TABLE channel_session_epoch (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
    -- The number of the last event before it.
    last   INTEGER NOT NULL
) STRICT;

-- Idempotency records: requests that may come again, and what they were answered.
CREATE TABLE channel_session_idempotency_record (
    tenant_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    digest     BLOB NOT NULL,
    revision   INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    -- Where it cannot be rebuilt.
    document   TEXT,
    at         INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, session_id, request_id)
) STRICT;
CREATE INDEX channel_session_idempotency_record_at ON channel_session_idempotency_record (at);

-- What the store notes of itself: the time that the last process had come to, by which what expires is counted, and how
-- often it was tried whether the file can be written. One row.
CREATE TABLE channel_session_clock (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at INTEGER,
    probes  INTEGER NOT NULL
) STRICT;
INSERT INTO channel_session_clock VALUES (1, NULL, 0);
