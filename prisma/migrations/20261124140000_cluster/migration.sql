-- Any number of workers (runtime/cluster): who is there, who owns what, and who was allowed to write when.
--
-- A worker joins with a `session` and keeps it until its lease ends. Its `epoch` is new whenever its shards change, and
-- commits carry it: so an epoch stands for one worker AND one set of shards, and a commit sent under an older one is
-- refused however late it arrives. Epochs come from one sequence, so along an entity's journal they never go back.

ALTER TABLE "worker"
  ADD COLUMN "session" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "address" TEXT,
  ADD COLUMN "backlog_ms" INTEGER NOT NULL DEFAULT 0;

-- Which worker an epoch was and which shards it could write, from when to when. `ended_at` is taken after the last commit
-- under that epoch: the proof that nobody wrote after losing the right to.
CREATE TABLE "lease_history" (
  "epoch" BIGINT NOT NULL,
  "worker_id" TEXT NOT NULL,
  "session" BIGINT NOT NULL,
  "shards" INTEGER[],
  "began_at" TIMESTAMPTZ(3) NOT NULL,
  "ended_at" TIMESTAMPTZ(3),
  CONSTRAINT "lease_history_pkey" PRIMARY KEY ("epoch")
);
CREATE INDEX "lease_history_session_idx" ON "lease_history"("session");

DROP FUNCTION lease_reclaim(text, bigint);
DROP FUNCTION lease_acquire(text, int);
DROP FUNCTION lease_claim(text);

CREATE FUNCTION owned_shards(p_worker text) RETURNS int[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(SELECT id FROM shard WHERE worker_id = p_worker ORDER BY id)
$$;

-- Closes the record of a worker's current epoch. Call it after the UPDATE that took the right away: that one has waited
-- for the commits under it.
CREATE FUNCTION lease_record_end(p_worker text) RETURNS void LANGUAGE sql AS $$
  UPDATE lease_history SET ended_at = clock_timestamp() WHERE worker_id = p_worker AND ended_at IS NULL
$$;

CREATE FUNCTION lease_record_begin(p_worker text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO lease_history (epoch, worker_id, session, shards, began_at)
  SELECT epoch, id, session, owned_shards(id), clock_timestamp() FROM worker WHERE id = p_worker
$$;

-- Joins, with the shards that a worker of this name still has. An older lease of that name ends here.
CREATE FUNCTION lease_acquire(p_worker text, p_ttl_ms int, p_address text DEFAULT NULL)
RETURNS TABLE (epoch bigint, shards int[]) LANGUAGE plpgsql AS $$
DECLARE
  my_epoch bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(5748201);
  INSERT INTO worker AS w (id, lease_expires_at, address)
    VALUES (p_worker, clock_timestamp() + p_ttl_ms * interval '1 ms', p_address)
    ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, live = true, stopped_at = NULL, address = p_address,
      started_at = excluded.started_at, lease_expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms', backlog_ms = 0
    RETURNING w.epoch INTO my_epoch;
  UPDATE worker SET session = my_epoch WHERE id = p_worker;
  PERFORM lease_record_end(p_worker);
  PERFORM lease_record_begin(p_worker);
  RETURN QUERY SELECT my_epoch, owned_shards(p_worker);
END $$;

-- Gives shards up and takes ownerless ones, under a new epoch. No row: the lease is gone.
CREATE FUNCTION lease_reassign(p_worker text, p_session bigint, p_take int[], p_give int[])
RETURNS TABLE (epoch bigint, shards int[]) LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  my_epoch bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(5748201);
  UPDATE worker w SET epoch = nextval('worker_epoch_seq')
    WHERE w.id = p_worker AND w.session = p_session AND w.live RETURNING w.epoch INTO my_epoch;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM lease_record_end(p_worker);
  UPDATE shard SET worker_id = NULL WHERE id = ANY (p_give) AND worker_id = p_worker;
  UPDATE shard s SET worker_id = p_worker
    WHERE s.id = ANY (p_take)
      AND NOT EXISTS (SELECT FROM worker w WHERE w.id = s.worker_id AND w.live);
  PERFORM lease_record_begin(p_worker);
  RETURN QUERY SELECT my_epoch, owned_shards(p_worker);
END $$;

CREATE FUNCTION lease_release(p_worker text, p_session bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE worker SET live = false, stopped_at = clock_timestamp()
    WHERE id = p_worker AND session = p_session AND live;
  IF FOUND THEN PERFORM lease_record_end(p_worker); END IF;
END $$;

-- Ends the leases that ran out. It waits for a commit in flight, but not for long: the next look comes soon.
CREATE FUNCTION lease_end_overdue(p_except text) RETURNS int LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  overdue text;
  ended int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(5748201);
  FOR overdue IN
    SELECT id FROM worker WHERE live AND id <> p_except AND lease_expires_at < clock_timestamp() ORDER BY id
  LOOP
    BEGIN
      UPDATE worker SET live = false WHERE id = overdue AND live AND lease_expires_at < clock_timestamp();
      IF FOUND THEN
        UPDATE worker SET stopped_at = clock_timestamp() WHERE id = overdue;
        PERFORM lease_record_end(overdue);
        ended := ended + 1;
      END IF;
    EXCEPTION WHEN lock_not_available THEN NULL;
    END;
  END LOOP;
  DELETE FROM worker WHERE NOT live AND stopped_at < clock_timestamp() - interval '7 days';
  DELETE FROM lease_history WHERE ended_at < clock_timestamp() - interval '7 days';
  RETURN ended;
END $$;

-- Who is there and who owns what. `upMs`: while the server was down nobody could renew, so what ran out then is honoured
-- for a while.
CREATE FUNCTION cluster_view() RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'upMs', (extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000)::bigint,
    'overdue', (SELECT coalesce(json_agg(id), '[]') FROM worker WHERE live AND lease_expires_at < clock_timestamp()),
    'members', (SELECT coalesce(json_agg(json_build_object('workerId', id, 'address', address, 'backlogMs', backlog_ms,
        'ageMs', greatest(0, extract(epoch FROM clock_timestamp() - started_at) * 1000)::bigint) ORDER BY id), '[]')
      FROM worker WHERE live),
    'owners', (SELECT json_agg(w.id ORDER BY s.id) FROM shard s LEFT JOIN worker w ON w.id = s.worker_id AND w.live))
$$;
