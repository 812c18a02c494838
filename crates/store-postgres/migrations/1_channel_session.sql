-- Sessions that can be found, updated, ended and deleted; what happened to them; and idempotency records.
--
-- The keys start with the tenant and the session. The fields of a document that are indexed have columns of their own,
-- none of which changes when attributes do, and pages are filled to 70 % only: an update then finds room beside the row
-- that it replaces and touches no index (a HOT update).
CREATE TABLE channel_session (
    tenant_id       text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    revision        bigint NOT NULL,
    -- A session that was deleted keeps its row with nothing in it but the revision, which the next one under its id
    -- continues.
    document        jsonb,
    conversation_id text COLLATE "C",
    customer_id     text COLLATE "C",
    channel_type    text COLLATE "C",
    active          boolean,
    -- Milliseconds since the epoch, as all times here.
    ended_at        bigint,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);

-- `active` is there for every session that has not been deleted; a condition on `document` would count as an index on it.
CREATE INDEX channel_session_stored ON channel_session (tenant_id, id) WHERE active IS NOT NULL;
CREATE INDEX channel_session_conversation ON channel_session (tenant_id, conversation_id, id)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX channel_session_customer ON channel_session (tenant_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX channel_session_channel_type ON channel_session (tenant_id, channel_type, id)
    WHERE channel_type IS NOT NULL;
CREATE INDEX channel_session_active ON channel_session (tenant_id, active, id) WHERE active IS NOT NULL;
CREATE INDEX channel_session_ended ON channel_session (ended_at) WHERE ended_at IS NOT NULL;

-- What happened, one row for each revision: what changed, and not the document, which is rebuilt from the session's and the
-- changes after it.
--
-- Whoever reads on where they left off asks for the transactions that were not visible then and are visible now, in the
-- order of their ids. That is the order of a session's revisions: the statement that writes one begins after the one before
-- it was read, and so has a later transaction.
CREATE TABLE channel_session_event (
    revision             bigint NOT NULL,
    transaction_id       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at                   bigint NOT NULL,
    -- The order within a transaction.
    ordinal              integer NOT NULL,
    -- How long the document after the event is; 0 where there is none.
    document_bytes       integer NOT NULL,
    tenant_id            text COLLATE "C" NOT NULL,
    session_id           text COLLATE "C" NOT NULL,
    name                 text NOT NULL,
    conversation_id      text COLLATE "C",
    -- The one before the event, where the session has another one or none after it.
    left_conversation_id text COLLATE "C",
    requester            text NOT NULL,
    request_id           text,
    -- The trace of the call, in hex as its W3C traceparent has it.
    trace_id             text,
    -- JSON texts: they are kept and passed on, and not asked about, so nobody has to take them apart. The document is the
    -- one before the event, where its changes do not lead back to that or are large.
    changes              text NOT NULL,
    document_before      text,
    PRIMARY KEY (tenant_id, session_id, revision)
);
CREATE INDEX channel_session_event_transaction ON channel_session_event (transaction_id, ordinal);
CREATE INDEX channel_session_event_left_conversation
    ON channel_session_event (tenant_id, left_conversation_id, transaction_id) WHERE left_conversation_id IS NOT NULL;

-- How far events have expired, in one row, which the process that deletes has locked meanwhile: the transactions that were
-- deleted of last, and the highest of those before them, so that whoever reads on from before that is refused; and where
-- the oldest events and records are, since what is deleted stays in an index for as long as anybody may see it.
CREATE TABLE channel_session_event_log (
    one              boolean PRIMARY KEY DEFAULT true CHECK (one),
    expired_to       xid8,
    expired_last     xid8[] NOT NULL DEFAULT '{}',
    oldest_event     xid8,
    oldest_record_at bigint
);
INSERT INTO channel_session_event_log DEFAULT VALUES;

-- The epochs of this database: one begins with each start of its server, before anything is written. A position names its
-- epoch. After a failover or a restore of a backup, a position that has seen the transaction in which a later epoch begins,
-- and does not know that epoch, has seen transactions that are none any more.
CREATE TABLE channel_session_epoch (
    server_started timestamptz NOT NULL,
    -- Which database it is: another one that these rows are restored into is not.
    database_id    text NOT NULL,
    id             text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (server_started, database_id)
);

-- Idempotency records: requests that may come again, and what they were answered.
CREATE TABLE channel_session_idempotency_record (
    tenant_id  text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    digest     bytea NOT NULL,
    revision   bigint NOT NULL,
    changed    boolean NOT NULL,
    -- Where it cannot be rebuilt.
    document   text,
    at         bigint NOT NULL,
    PRIMARY KEY (tenant_id, session_id, request_id)
);
CREATE INDEX channel_session_idempotency_record_at ON channel_session_idempotency_record (at);

-- Documents are compressed each time that they are written: where the server can, by what takes the least time.
DO $$
BEGIN
    ALTER TABLE channel_session ALTER COLUMN document SET COMPRESSION lz4;
    ALTER TABLE channel_session_event ALTER COLUMN changes SET COMPRESSION lz4;
    ALTER TABLE channel_session_event ALTER COLUMN document_before SET COMPRESSION lz4;
    ALTER TABLE channel_session_idempotency_record ALTER COLUMN document SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
