-- The documented session ($1) under the numbers from $2 until before $3, ten to a conversation and five to a customer.
-- Those with numbers below $4 are active; of the others, one in ten.
INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active, ended_at)
SELECT 'default', id, 1,
       jsonb_set($1::jsonb, '{customer,_id}', to_jsonb(customer))
           || jsonb_build_object('id', id, 'conversationId', conversation, 'isActive', active, 'active', active),
       conversation, customer, 'WEB', active, CASE WHEN NOT active THEN 1 END
FROM (SELECT 'session-' || number AS id, 'conversation-' || (number / 10) AS conversation,
             'customer-' || (number / 5) AS customer, number % 10 = 0 OR number < $4 AS active
      FROM generate_series($2::bigint, $3::bigint - 1) AS number) AS numbered
