-- The event of session ?1, which has the revision ?2 after it.
INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester, changes,
                                   document_bytes)
VALUES ('default', 'session-' || ?1, ?2, 'CHANNEL_SESSION_DATA_UPDATED', CAST(unixepoch('subsec') * 1000 AS INTEGER), ?3,
        'anonymous', ?4, 2100)
