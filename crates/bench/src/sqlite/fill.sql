-- The documented session (?1) under the numbers from 0 until before ?2, ten to a conversation and five to a customer.
WITH RECURSIVE numbered (number) AS (
    SELECT 0
    UNION ALL
    SELECT number + 1 FROM numbered WHERE number + 1 < ?2
)
INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active)
SELECT 'default', 'session-' || number, 1,
       json_set(?1, '$.customer._id', 'customer-' || (number / 5), '$.id', 'session-' || number,
                '$.conversationId', 'conversation-' || (number / 10)),
       'conversation-' || (number / 10), 'customer-' || (number / 5), 'WEB', 1
FROM numbered
