-- Sessions, and the update rule.
--
-- The key starts with the tenant, so that it can also say on which node of a distributed database a row lives.
-- Nothing but the key is indexed and pages are filled to 70 % only: an update then finds room beside the row that it
-- replaces and touches no index (a HOT update).
CREATE TABLE channel_session (
    tenant_id text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    revision  bigint NOT NULL,
    document  jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);

-- Merges attributes, each key once, into a list of entries: type and value of every entry that has an attribute's key
-- are replaced where it stands, and what has no entry is appended in order.
CREATE FUNCTION channel_session_merge_attributes(list jsonb, attributes jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    by_key   jsonb;
    replaced jsonb;
    appended jsonb;
BEGIN
    SELECT jsonb_object_agg(attribute ->> 'key', attribute)
      INTO by_key
      FROM jsonb_array_elements(attributes) AS attribute;

    SELECT jsonb_agg(
               CASE
                   WHEN jsonb_typeof(entry -> 'key') = 'string' AND by_key ? (entry ->> 'key')
                   THEN entry || (by_key -> (entry ->> 'key'))
                   ELSE entry
               END
               ORDER BY place)
      INTO replaced
      FROM jsonb_array_elements(list) WITH ORDINALITY AS entries(entry, place);

    SELECT jsonb_agg(attribute ORDER BY place)
      INTO appended
      FROM jsonb_array_elements(attributes) WITH ORDINALITY AS additions(attribute, place)
     WHERE NOT list @> jsonb_build_array(jsonb_build_object('key', attribute -> 'key'));

    RETURN coalesce(replaced, '[]') || coalesce(appended, '[]');
END
$$;

-- The size of a value's JSON text without white space, in bytes: of its text as PostgreSQL prints it, less the blanks
-- outside of strings.
CREATE FUNCTION channel_session_compact_size(printed text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT octet_length(printed)
         - octet_length(regexp_replace(regexp_replace(printed, '"(\\.|[^"\\])*"', '', 'g'), '[^ ]', '', 'g'))
$$;

-- The update rule. `status` says what comes of it; `updated` is the new document where that is 'changed'; `counted`
-- is what was counted where a limit was passed.
CREATE FUNCTION channel_session_update_data(
    document           jsonb,
    attributes         jsonb,
    max_attributes     integer,
    max_document_bytes integer,
    OUT status         text,
    OUT updated        jsonb,
    OUT counted          integer)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    channel_data jsonb;
    list         jsonb;
    merged       jsonb;
BEGIN
    IF coalesce(document -> 'isActive', document -> 'active') = 'false' THEN
        status := 'not_active';
        RETURN;
    END IF;
    IF attributes = '[]' THEN
        status := 'unchanged';
        RETURN;
    END IF;
    channel_data := coalesce(nullif(document -> 'channelData', 'null'), '{}');
    IF jsonb_typeof(channel_data) <> 'object' THEN
        status := 'channel_data_malformed';
        RETURN;
    END IF;
    list := coalesce(nullif(channel_data -> 'additionalAttributes', 'null'), '[]');
    IF jsonb_typeof(list) <> 'array' THEN
        status := 'additional_attributes_malformed';
        RETURN;
    END IF;

    merged := channel_session_merge_attributes(list, attributes);
    -- As texts, since 0.1 and 0.10 are equal as jsonb.
    IF merged::text = list::text THEN
        status := 'unchanged';
        RETURN;
    END IF;
    counted := jsonb_array_length(merged);
    IF counted > jsonb_array_length(list) AND counted > max_attributes THEN
        status := 'too_many_attributes';
        RETURN;
    END IF;

    updated := document
            || jsonb_build_object(
                   'channelData', channel_data || jsonb_build_object('additionalAttributes', merged));
    -- A value's text is less than 32 times as long as its binary form (a number of 400 digits with one that is not
    -- zero comes closest), so most documents need not be printed to know that they are small enough.
    IF pg_column_size(updated) > max_document_bytes / 32 AND octet_length(updated::text) > max_document_bytes THEN
        counted := channel_session_compact_size(updated::text);
        IF counted > max_document_bytes THEN
            status := 'document_too_large';
            updated := NULL;
            RETURN;
        END IF;
    END IF;
    status := 'changed';
END
$$;
