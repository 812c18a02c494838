-- The documented update of session ?1 with the token ?2: what changes, and the document as it becomes.
WITH asked (ordinal, key, type, value) AS (
    VALUES (1, 'info', 'AlphanumSpecial200',
            json_object('browserDeviceInfo',
                json_object('browserId', ?2, 'deviceType', 'desktop', 'browserName', 'chrome',
                            'browserIdExpiryTime', '9999'))),
           (2, 'name', 'String2000', '"Haroon Ahmed1"')
),
stored AS MATERIALIZED (
    SELECT id, revision, document, conversation_id
    FROM channel_session
    WHERE tenant_id = 'default' AND id = 'session-' || ?1
),
entry AS (
    SELECT row_number() OVER (ORDER BY listed.key IS NULL, listed.key, asked.ordinal) - 1 AS ordinal, listed.value AS entry,
           asked.key, type, asked.value,
           asked.key IS NOT NULL
               AND (listed.value -> '$.value' IS NOT asked.value OR listed.value ->> '$.type' IS NOT type) AS changes
    FROM (SELECT listed.key, listed.value
          FROM stored, json_each(document, '$.channelData.additionalAttributes') AS listed) AS listed
    FULL JOIN asked ON asked.key = listed.value ->> '$.key'
),
merged AS (
    SELECT json_group_array(CASE WHEN entry IS NULL THEN json_object('key', key, 'type', type, 'value', json(value))
                                 WHEN changes THEN json_set(entry, '$.type', type, '$.value', json(value))
                                 ELSE json(entry) END
                            ORDER BY ordinal) AS list,
           json_group_array(CASE WHEN entry IS NULL
                                 THEN json_object('key', key, 'index', ordinal, 'newType', type, 'newValue', json(value))
                                 ELSE json_object('key', key, 'index', ordinal,
                                                  'newType', type, 'oldType', entry -> '$.type',
                                                  'newValue', json(value), 'oldValue', entry -> '$.value') END
                            ORDER BY ordinal) FILTER (WHERE changes) AS changes
    FROM entry
)
SELECT revision + 1, json_set(document, '$.channelData.additionalAttributes', json(list)), conversation_id, changes
FROM stored, merged
WHERE changes <> '[]'
