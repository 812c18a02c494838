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

-- What happened, one row for each revision. Whoever reads on where they left off asks for the transactions that were not
-- visible then and are visible now, since neither numbers nor transaction ids become visible in their order. Within those,
-- the number gives the order: a session's row is locked before its event has a number, and until that can be seen.
CREATE TABLE channel_session_event (
    tenant_id       text COLLATE "C" NOT NULL,
    session_id      text COLLATE "C" NOT NULL,
    revision        bigint NOT NULL,
    number          bigserial NOT NULL,
    transaction_id  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    name            text NOT NULL,
    at              bigint NOT NULL,
    conversation_id text COLLATE "C",
    requester       text NOT NULL,
    request_id      text,
    -- The trace of the call, in hex as its W3C traceparent has it.
    trace_id        text,
    -- JSON texts: they are kept and passed on, and not asked about, so nobody has to take them apart.
    changes         text NOT NULL,
    document        text,
    PRIMARY KEY (tenant_id, session_id, revision)
);
CREATE INDEX channel_session_event_number ON channel_session_event (number);
CREATE INDEX channel_session_event_transaction ON channel_session_event (transaction_id);

-- Which events have expired and are deleted, so that whoever reads on from before that is refused: the last transactions of
-- which any are deleted, each with its last number; and, in one row, which the process that deletes has locked meanwhile,
-- the highest of those before them.
CREATE TABLE channel_session_event_expired (
    transaction_id xid8 PRIMARY KEY,
    number         bigint NOT NULL
);
CREATE TABLE channel_session_event_log (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    expired_to xid8
);
INSERT INTO channel_session_event_log DEFAULT VALUES;

-- Idempotency records: requests that may come again, and what they were answered.
CREATE TABLE channel_session_idempotency_record (
    tenant_id  text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    digest     bytea NOT NULL,
    revision   bigint NOT NULL,
    changed    boolean NOT NULL,
    document   text NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (tenant_id, session_id, request_id)
);
CREATE INDEX channel_session_idempotency_record_at ON channel_session_idempotency_record (at);

-- Documents are compressed each time that they are written: where the server can, by what takes the least time.
DO $$
BEGIN
    ALTER TABLE channel_session ALTER COLUMN document SET COMPRESSION lz4;
    ALTER TABLE channel_session_event ALTER COLUMN document SET COMPRESSION lz4;
    ALTER TABLE channel_session_idempotency_record ALTER COLUMN document SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
