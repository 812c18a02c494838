-- The documented update of one session, as one statement: the lock, the merge, the session, the event.
\set number random(:first, :last)
\set token random(1000000000, 9999999999)
WITH asked (ordinal, key, type, value) AS (
    VALUES (1, 'info', 'AlphanumSpecial200',
            jsonb_build_object('browserDeviceInfo',
                jsonb_build_object('browserId', (:token)::bigint::text, 'browserIdExpiryTime', '9999',
                                   'browserName', 'chrome', 'deviceType', 'desktop'))),
           (2, 'name', 'String2000', '"Haroon Ahmed1"'::jsonb)
),
-- Whoever comes at the same time waits here, and then sees what the one before has left.
stored AS MATERIALIZED (
    SELECT revision, document
    FROM channel_session
    WHERE tenant_id = 'default' AND id = 'session-' || (:number)::int
    FOR UPDATE
),
-- Entries in their order, each with what was asked for its key; behind them, what was asked for and has no entry.
entry AS (
    SELECT row_number() OVER (ORDER BY listed.ordinal, asked.ordinal) - 1 AS index, entry, key, type, value,
           key IS NOT NULL
               AND (entry -> 'value' IS DISTINCT FROM value OR entry ->> 'type' IS DISTINCT FROM type) AS changes
    FROM (SELECT entry, ordinal
          FROM stored, jsonb_array_elements(document #> '{channelData,additionalAttributes}')
               WITH ORDINALITY AS listed (entry, ordinal)) AS listed
    FULL JOIN asked ON key = entry ->> 'key'
),
merged AS (
    SELECT jsonb_agg(CASE WHEN entry IS NULL THEN jsonb_build_object('key', key, 'type', type, 'value', value)
                          WHEN changes THEN entry || jsonb_build_object('type', type, 'value', value)
                          ELSE entry END
                     ORDER BY index) AS list,
           jsonb_agg(CASE WHEN entry IS NULL
                          THEN jsonb_build_object('key', key, 'index', index, 'newType', type, 'newValue', value)
                          ELSE jsonb_build_object('key', key, 'index', index,
                                                  'oldType', entry -> 'type', 'oldValue', entry -> 'value',
                                                  'newType', type, 'newValue', value) END
                     ORDER BY index) FILTER (WHERE changes) AS changes
    FROM entry
),
updated AS (
    UPDATE channel_session AS session
    SET revision = stored.revision + 1,
        document = jsonb_set(stored.document, '{channelData,additionalAttributes}', merged.list)
    FROM stored, merged
    WHERE session.tenant_id = 'default' AND session.id = 'session-' || (:number)::int AND merged.changes IS NOT NULL
    RETURNING session.id, session.revision, session.document, session.conversation_id, merged.changes
),
event AS (
    INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, conversation_id, requester,
                                       changes, document_bytes)
    SELECT 'default', id, revision, 1, 'CHANNEL_SESSION_DATA_UPDATED',
           (extract(epoch FROM clock_timestamp()) * 1000)::bigint, conversation_id, 'anonymous', changes::text, 2100
    FROM updated
)
SELECT revision, document FROM updated;
