-- Events of $1 updates that have been made, $2 milliseconds ago: those of sessions 0 until before $3 in turn, revisions 2 and
-- on, 32 to a transaction as in a batch. Transactions have ids that were given out: the last of them $4, as many as it takes.
INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, transaction_id, name, at, conversation_id, requester,
                                   changes, document_bytes)
SELECT 'default', 'session-' || number % $3, 2 + number / $3, 1 + number % 32,
       ($4 - $1 / 32 + number / 32)::text::xid8, 'CHANNEL_SESSION_DATA_UPDATED',
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $2, 'conversation-' || number % $3 / 10, 'anonymous',
       '[{"key":"info","index":1,"newType":"AlphanumSpecial200","oldType":"AlphanumSpecial200","newValue":{"browserDeviceInfo":'
           || '{"browserId":"' || 1000000000 + number || '","browserIdExpiryTime":"9999","browserName":"chrome","deviceType":'
           || '"desktop"}},"oldValue":{"browserDeviceInfo":{"browserId":"' || 1000000000 + number - $3
           || '","browserIdExpiryTime":"9999","browserName":"chrome","deviceType":"desktop"}}}]', 2100
FROM generate_series(0, $1::bigint - 1) AS number
