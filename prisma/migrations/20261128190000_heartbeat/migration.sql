-- How long a lease lasts is in a row of its own. Every commit holds its worker's row (FOR SHARE), and who extended the lease
-- there had to wait for them all: on a busy machine until it had run out.
--
-- Extending and ending a lease meet at the heartbeat: who ends one holds it, finds it run out, and only then ends it. A renewal
-- that comes later waits, and finds its worker not live any more.

CREATE TABLE "heartbeat" (
  "worker_id" TEXT NOT NULL,
  "session" BIGINT NOT NULL,
  "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,
  "backlog_ms" INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT "heartbeat_pkey" PRIMARY KEY ("worker_id"),
  CONSTRAINT "heartbeat_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "worker"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO heartbeat (worker_id, session, lease_expires_at, backlog_ms)
  SELECT id, session, lease_expires_at, backlog_ms FROM worker;
ALTER TABLE "worker" DROP COLUMN "lease_expires_at", DROP COLUMN "backlog_ms";

CREATE OR REPLACE FUNCTION lease_acquire(p_worker text, p_ttl_ms int, p_address text DEFAULT NULL)
RETURNS TABLE (epoch bigint, shards int[]) LANGUAGE plpgsql AS $$
DECLARE
  my_epoch bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(5748201);
  INSERT INTO worker AS w (id, address) VALUES (p_worker, p_address)
    ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, live = true, stopped_at = NULL, address = p_address,
      started_at = excluded.started_at
    RETURNING w.epoch INTO my_epoch;
  UPDATE worker SET session = my_epoch WHERE id = p_worker;
  INSERT INTO heartbeat AS h (worker_id, session, lease_expires_at)
    VALUES (p_worker, my_epoch, clock_timestamp() + p_ttl_ms * interval '1 ms')
    ON CONFLICT (worker_id) DO UPDATE SET session = my_epoch, backlog_ms = 0,
      lease_expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms';
  PERFORM lease_record_end(p_worker);
  PERFORM lease_record_begin(p_worker);
  RETURN QUERY SELECT my_epoch, owned_shards(p_worker);
END $$;

-- Extends a lease; one round trip, for it has to be quick when nothing else is. No row: the lease is gone. Epoch, shards and
-- view are of one snapshot, taken after the heartbeat was held.
CREATE FUNCTION lease_renew(p_worker text, p_session bigint, p_ttl_ms int, p_backlog_ms int)
RETURNS TABLE (epoch bigint, shards int[], view json) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE heartbeat SET lease_expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms', backlog_ms = p_backlog_ms
    WHERE worker_id = p_worker AND session = p_session;
  RETURN QUERY SELECT w.epoch, owned_shards(w.id), cluster_view()
    FROM worker w WHERE w.id = p_worker AND w.session = p_session AND w.live;
END $$;

-- Ends the leases that ran out. It waits for a commit in flight, but not for long: the next look comes soon.
CREATE OR REPLACE FUNCTION lease_end_overdue(p_except text) RETURNS int LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  overdue text;
  ended int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(5748201);
  FOR overdue IN
    SELECT w.id FROM worker w JOIN heartbeat h ON h.worker_id = w.id
    WHERE w.live AND w.id <> p_except AND h.lease_expires_at < clock_timestamp() ORDER BY w.id
  LOOP
    BEGIN
      PERFORM FROM heartbeat WHERE worker_id = overdue AND lease_expires_at < clock_timestamp() FOR UPDATE;
      CONTINUE WHEN NOT FOUND;
      UPDATE worker SET live = false WHERE id = overdue AND live;
      CONTINUE WHEN NOT FOUND;
      -- The last commit under it has ended by now.
      UPDATE worker SET stopped_at = clock_timestamp() WHERE id = overdue;
      PERFORM lease_record_end(overdue);
      ended := ended + 1;
    EXCEPTION WHEN lock_not_available THEN NULL;
    END;
  END LOOP;
  DELETE FROM worker WHERE NOT live AND stopped_at < clock_timestamp() - interval '7 days';
  DELETE FROM lease_history WHERE ended_at < clock_timestamp() - interval '7 days';
  RETURN ended;
END $$;

CREATE OR REPLACE FUNCTION cluster_view() RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'upMs', (extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000)::bigint,
    'overdue', (SELECT coalesce(json_agg(id), '[]') FROM worker JOIN heartbeat ON worker_id = id
      WHERE live AND lease_expires_at < clock_timestamp()),
    'members', (SELECT coalesce(json_agg(json_build_object('workerId', id, 'address', address, 'backlogMs', backlog_ms,
        'ageMs', greatest(0, extract(epoch FROM clock_timestamp() - started_at) * 1000)::bigint,
        'leftMs', (extract(epoch FROM lease_expires_at - clock_timestamp()) * 1000)::bigint) ORDER BY id), '[]')
      FROM worker JOIN heartbeat ON worker_id = id WHERE live),
    'owners', (SELECT json_agg(w.id ORDER BY s.id) FROM shard s LEFT JOIN worker w ON w.id = s.worker_id AND w.live))
$$;
