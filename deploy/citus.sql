-- Spreads the tables over the workers of a Citus cluster, by session. Run once, on the coordinator, after `migrate`.
--
-- A session, its events and its idempotency records are on the same shard, so each change is made on one worker. The
-- other tables have a row or a few, and stay on the coordinator.
--
-- Two shards for each of two workers: a batch of updates is sent to every shard, so more of them cost more, and with fewer
-- than workers some have nothing to do.
SET citus.shard_count = 4;
SELECT create_distributed_table('channel_session', 'id');
SELECT create_distributed_table('channel_session_event', 'session_id', colocate_with => 'channel_session');
SELECT create_distributed_table('channel_session_idempotency_record', 'session_id', colocate_with => 'channel_session');
