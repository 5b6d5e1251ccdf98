-- What the store (runtime/postgres) needs: verbatim JSON, indexes of unfinished work, the ownership and commit functions.

-- json, not jsonb, where the runtime reads back what it wrote: key order is part of what a saga decided on, hashes are of
-- that text, and jsonb refuses \u0000, which a participant may send and which must not fail everybody's commit.
ALTER TABLE "entity" ALTER COLUMN "snapshot" TYPE json;
ALTER TABLE "journal" ALTER COLUMN "message" TYPE json, ALTER COLUMN "facts" TYPE json;
ALTER TABLE "mailbox" ALTER COLUMN "message" TYPE json, ALTER COLUMN "refusal" TYPE json;
ALTER TABLE "saga_execution" ALTER COLUMN "input" TYPE json, ALTER COLUMN "output" TYPE json;
ALTER TABLE "gate" ALTER COLUMN "context" TYPE json;
ALTER TABLE "definition_version" ALTER COLUMN "document" TYPE json, ALTER COLUMN "layout" TYPE json;

-- Unfinished work only: these indexes stay small however long the history grows.
DROP INDEX "entity_shard_idx";
CREATE INDEX "entity_active_idx" ON "entity" ("id", "shard") WHERE (active);
DROP INDEX "mailbox_shard_position_idx";
CREATE INDEX "mailbox_pending_idx" ON "mailbox" ("position", "shard") WHERE (processed_at IS NULL);
-- By time alone: one probe per poll instead of one per shard.
DROP INDEX "timer_shard_due_at_idx";
CREATE INDEX "timer_due_at_shard_idx" ON "timer" ("due_at", "shard");

-- Rows that change all the time: room for heap-only updates, and vacuum before a fifth of the table is dead.
ALTER TABLE "entity" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE "mailbox" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE "timer" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE "worker" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

INSERT INTO "shard" ("id") SELECT generate_series(0, 63) ON CONFLICT DO NOTHING;

-- ── Ownership ───────────────────────────────────────────────────────────────────────────────────────────────────
-- A worker row is the fence: commits hold it FOR SHARE, so ending a lease (an UPDATE of it) waits for them, and a commit
-- that comes later finds `live` false. A shard belongs to its worker while that one is live. Time is this server's alone.
-- Ownership changes take turns by a transaction-level advisory lock, always before any row lock.

CREATE FUNCTION lease_claim(p_worker text) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
  UPDATE worker SET live = false, stopped_at = clock_timestamp()
    WHERE live AND id <> p_worker AND lease_expires_at < clock_timestamp();
  UPDATE shard SET worker_id = p_worker
    WHERE worker_id IS NULL OR worker_id NOT IN (SELECT id FROM worker WHERE live);
  DELETE FROM worker WHERE NOT live AND stopped_at < clock_timestamp() - interval '7 days';
  RETURN ARRAY(SELECT id FROM shard WHERE worker_id = p_worker ORDER BY id);
END $$;

CREATE FUNCTION lease_acquire(p_worker text, p_ttl_ms int)
RETURNS TABLE (epoch bigint, shards int[]) LANGUAGE plpgsql AS $$
DECLARE
  my_epoch bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(5748201);
  INSERT INTO worker AS w (id, lease_expires_at)
    VALUES (p_worker, clock_timestamp() + p_ttl_ms * interval '1 ms')
    ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, live = true, stopped_at = NULL,
      started_at = excluded.started_at, lease_expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms'
    RETURNING w.epoch INTO my_epoch;
  RETURN QUERY SELECT my_epoch, lease_claim(p_worker);
END $$;

-- Claims what has become free; does nothing while another worker is at it. Null means fenced.
CREATE FUNCTION lease_reclaim(p_worker text, p_epoch bigint) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM shard WHERE worker_id IS DISTINCT FROM p_worker)
    AND pg_try_advisory_xact_lock(5748201) THEN
    PERFORM FROM worker WHERE id = p_worker AND epoch = p_epoch AND live FOR SHARE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    RETURN lease_claim(p_worker);
  END IF;
  RETURN ARRAY(SELECT id FROM shard WHERE worker_id = p_worker ORDER BY id);
END $$;

-- ── Messages and commits ────────────────────────────────────────────────────────────────────────────────────────
-- One call, one transaction, a constant number of statements; a part that is null costs nothing. Parts written by every
-- commit come as arrays, the others as one JSON array each. JSON values travel as strings inside it, so that nothing but
-- the final cast reads them. Plans are kept per connection, and made while tables may still be empty: hence the settings,
-- which leave them no choice but the indexes.

CREATE FUNCTION post_messages(p_posts json) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  -- before any position is drawn: a position that can still appear belongs to a transaction that has its number
  PERFORM pg_current_xact_id();
  RETURN QUERY
    INSERT INTO mailbox AS m (id, entity_id, shard, message, traceparent)
    SELECT r.id, r.entity_id, r.shard, r.message::json, r.traceparent
    FROM json_to_recordset(p_posts)
      AS r(id text, entity_id text, shard int, message text, traceparent text)
    ON CONFLICT (id) DO NOTHING
    RETURNING m.id;
END $$;

-- SQLSTATE SW001: fenced. SW002: conflict; DETAIL is JSON that says on what. SW003: a broken invariant of the caller.
CREATE FUNCTION commit_entities(
  p_worker text, p_epoch bigint, p_entities json,
  p_entity_ids text[], p_seqs int[], p_ats bigint[], p_types text[], p_messages text[], p_facts text[], p_hashes text[],
  p_timers_cancelled json, p_timers_set json, p_posts json, p_acks json,
  p_sagas_new json, p_sagas_changed json, p_gates_opened json, p_gates_closed json, p_decisions json
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  wanted int;
  done text[];
  acked bigint[];
  stale json;
BEGIN
  PERFORM FROM worker WHERE id = p_worker AND epoch = p_epoch AND live FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % (epoch %) is fenced', p_worker, p_epoch USING ERRCODE = 'SW001';
  END IF;

  IF p_entities IS NOT NULL THEN
    WITH want AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_entities) AS r(
        id text, kind text, shard int, digest text, from_seq int, seq int, hash text, active boolean, current text,
        snapshot_seq int, snapshot text)
    ), created AS (
      INSERT INTO entity (id, kind, shard, digest, seq, hash, epoch, active, current, snapshot_seq, snapshot, updated_at)
      SELECT id, kind, shard, digest, seq, hash, p_epoch, active, current, coalesce(snapshot_seq, 0), snapshot::json,
        clock_timestamp()
      FROM want WHERE from_seq = 0 AND seq > 0
      ON CONFLICT (id) DO NOTHING
      RETURNING id
    ), changed AS (
      UPDATE entity e SET seq = w.seq, hash = coalesce(w.hash, e.hash), digest = w.digest, epoch = p_epoch,
        active = w.active, current = w.current, snapshot_seq = coalesce(w.snapshot_seq, e.snapshot_seq),
        snapshot = CASE WHEN w.snapshot_seq IS NULL THEN e.snapshot ELSE w.snapshot::json END,
        updated_at = clock_timestamp()
      FROM want w WHERE w.from_seq > 0 AND e.id = w.id AND e.seq = w.from_seq
      RETURNING e.id
    ), absent AS (
      SELECT id FROM want w WHERE w.seq = 0 AND NOT EXISTS (SELECT FROM entity e WHERE e.id = w.id)
    )
    SELECT (SELECT count(*) FROM want),
      ARRAY(SELECT id FROM created UNION ALL SELECT id FROM changed UNION ALL SELECT id FROM absent)
    INTO wanted, done;
    IF cardinality(done) < wanted THEN
      SELECT json_build_object('entityIds', json_agg(r.id)) INTO stale
      FROM json_to_recordset(p_entities) AS r(id text) WHERE r.id <> ALL (done);
      RAISE EXCEPTION 'other entries came first' USING ERRCODE = 'SW002', DETAIL = stale::text;
    END IF;
  END IF;

  IF p_entity_ids IS NOT NULL THEN
    INSERT INTO journal (entity_id, seq, at, type, message, facts, hash, epoch)
    SELECT r.entity_id, r.seq, to_timestamp(r.at / 1000.0), r.type, r.message::json, r.facts::json, r.hash, p_epoch
    FROM unnest(p_entity_ids, p_seqs, p_ats, p_types, p_messages, p_facts, p_hashes)
      AS r(entity_id, seq, at, type, message, facts, hash);
  END IF;

  IF p_acks IS NOT NULL THEN
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_acks) AS r(position bigint, refusal text)
    ), acks AS (
      UPDATE mailbox m SET processed_at = clock_timestamp(), refusal = g.refusal::json
      FROM given g WHERE m.position = g.position AND m.processed_at IS NULL
      RETURNING m.position
    )
    SELECT (SELECT count(*) FROM given), ARRAY(SELECT position FROM acks) INTO wanted, acked;
    IF cardinality(acked) < wanted THEN
      SELECT json_build_object('positions', json_agg(r.position::text)) INTO stale
      FROM json_to_recordset(p_acks) AS r(position bigint) WHERE r.position <> ALL (acked);
      RAISE EXCEPTION 'messages were acknowledged before' USING ERRCODE = 'SW002', DETAIL = stale::text;
    END IF;
  END IF;

  IF p_posts IS NOT NULL THEN
    PERFORM post_messages(p_posts);
  END IF;

  IF p_timers_cancelled IS NOT NULL THEN
    DELETE FROM timer t USING json_to_recordset(p_timers_cancelled) AS r(entity_id text, timer text)
      WHERE t.entity_id = r.entity_id AND t.timer = r.timer;
  END IF;
  IF p_timers_set IS NOT NULL THEN
    INSERT INTO timer (entity_id, timer, shard, due_at)
    SELECT r.entity_id, r.timer, r.shard, to_timestamp(r.due_at / 1000.0)
    FROM json_to_recordset(p_timers_set) AS r(entity_id text, timer text, shard int, due_at bigint)
    ON CONFLICT (entity_id, timer) DO UPDATE SET due_at = excluded.due_at;
  END IF;

  -- A venture that this database does not know stays out of the lists; the journal keeps what was given.
  IF p_sagas_new IS NOT NULL THEN
    INSERT INTO saga_execution (saga_id, venture_id, saga_type, definition_version, definition_digest, name, status,
      parent_id, parent_step, total_steps, input, output, failure_code, failure_reason, started_by, started_at,
      completed_at, timeout_at, requires_approval)
    SELECT r.saga_id, (SELECT v.id FROM venture v WHERE v.id = r.venture_id), r.saga_type, r.definition_version,
      r.definition_digest, r.name, r.status, r.parent_id, r.parent_step, r.total_steps, c.input::json, c.output::json,
      r.failure_code, r.failure_reason, r.started_by, r.started_at, r.completed_at, r.timeout_at, r.requires_approval
    FROM json_to_recordset(p_sagas_new) AS c(columns json, input text, output text)
    CROSS JOIN LATERAL json_populate_record(NULL::saga_execution, c.columns) r;
  END IF;
  IF p_sagas_changed IS NOT NULL THEN
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_sagas_changed)
        AS r(id text, columns json, input text, output text, "outputGiven" boolean)
    ), changed AS (
      UPDATE saga_execution s SET
        (venture_id, saga_type, definition_version, definition_digest, name, status, parent_id, parent_step,
          total_steps, failure_code, failure_reason, started_by, started_at, completed_at, timeout_at, requires_approval)
        = (SELECT (SELECT v.id FROM venture v WHERE v.id = r.venture_id), r.saga_type, r.definition_version,
            r.definition_digest, r.name, r.status, r.parent_id, r.parent_step, r.total_steps, r.failure_code,
            r.failure_reason, r.started_by, r.started_at, r.completed_at, r.timeout_at, r.requires_approval
          FROM json_populate_record(s, g.columns) r),
        input = coalesce(g.input::json, s.input),
        output = CASE WHEN g."outputGiven" THEN g.output::json ELSE s.output END,
        updated_at = clock_timestamp()
      FROM given g WHERE s.saga_id = g.id
      RETURNING s.saga_id
    )
    SELECT (SELECT count(*) FROM given), ARRAY(SELECT saga_id FROM changed) INTO wanted, done;
    IF cardinality(done) < wanted THEN
      RAISE EXCEPTION 'a saga has no row to change; those that have: %', done USING ERRCODE = 'SW003';
    END IF;
  END IF;

  IF p_gates_opened IS NOT NULL THEN
    INSERT INTO gate (id, saga_id, step, question, context, roles, opened_at, opened_seq, due_at)
    SELECT r.id, r.saga_id, r.step, r.question, r.context::json, r.roles, to_timestamp(r.opened_at / 1000.0),
      r.opened_seq, to_timestamp(r.due_at / 1000.0)
    FROM json_to_recordset(p_gates_opened) AS r(id text, saga_id text, step text, question text, context text,
      roles text[], opened_at bigint, opened_seq int, due_at bigint);
  END IF;
  IF p_decisions IS NOT NULL THEN
    INSERT INTO chairman_saga_decision (decision_id, saga_id, gate_id, decision_type, reasoning, conditions, decided_by,
      decided_by_name, seen_seq, preview_digest, created_at)
    SELECT r.id, r.saga_id, r.gate_id, r.decision::"DecisionType", r.reasoning, r.conditions, r.decided_by,
      r.decided_by_name, r.seen_seq, r.preview_digest, to_timestamp(r.at / 1000.0)
    FROM json_to_recordset(p_decisions) AS r(id text, saga_id text, gate_id text, decision text, reasoning text,
      conditions text[], decided_by text, decided_by_name text, seen_seq int, preview_digest text, at bigint);
  END IF;
  IF p_gates_closed IS NOT NULL THEN
    UPDATE gate g SET status = r.how::"GateStatus", closed_at = to_timestamp(r.at / 1000.0)
    FROM json_to_recordset(p_gates_closed) AS r(id text, how text, at bigint)
    WHERE g.id = r.id;
  END IF;
END $$;

-- ── Step and compensation executions, read from the journal ─────────────────────────────────────────────────────

-- What jsonb can hold of a JSON text: \u0000 and lone surrogates become the replacement character.
CREATE FUNCTION readable_json(p_text json) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_text::text LIKE '%\\u%'
    THEN regexp_replace(p_text::text, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\1\\ufffd', 'g')::jsonb
    ELSE p_text::text::jsonb END
$$;

-- Every step of a published document, nested regions included, with its compensation and its retries.
CREATE FUNCTION document_steps(p_digest text)
RETURNS TABLE (step_id text, step_name text, step jsonb, max_retries int, compensation_max_retries int)
LANGUAGE sql STABLE AS $$
  SELECT k.step ->> 'key', coalesce(k.step #>> '{value,title}', k.step ->> 'key'), k.step -> 'value',
    coalesce((k.step #>> '{value,retry,attemptsMax}')::int, (v.document #>> '{retry,attemptsMax}')::int, 4) - 1,
    coalesce((k.step #>> '{value,compensation,retry,attemptsMax}')::int,
      (v.document #>> '{retry,attemptsMax}')::int, 4) - 1
  FROM (
    SELECT readable_json(document) AS document FROM definition_version WHERE digest = p_digest LIMIT 1
  ) v,
  jsonb_path_query(v.document, 'strict $.** ? (exists(@.start) && exists(@.steps)).steps.keyvalue()') AS k(step)
$$;

-- One row per fact about a step, in journal order.
CREATE FUNCTION step_facts(p_saga_id text, p_family text)
RETURNS TABLE (seq int, n bigint, at timestamptz, message jsonb, kind text, step_id text, fact jsonb)
LANGUAGE sql STABLE AS $$
  SELECT j.seq, f.n, j.at, readable_json(j.message), split_part(f.fact ->> 't', '.', 2), f.fact ->> 'step', f.fact
  FROM journal j, jsonb_array_elements(readable_json(j.facts)) WITH ORDINALITY AS f(fact, n)
  WHERE j.entity_id = p_saga_id AND split_part(f.fact ->> 't', '.', 1) = p_family AND f.fact ? 'step'
$$;

-- A step that has begun. Skipped: stopped before it had an outcome. Pending: failed, and to be tried again.
CREATE VIEW saga_step_execution AS
SELECT s.saga_id, x.*
FROM saga_execution s CROSS JOIN LATERAL (
  SELECT f.step_id, coalesce(max(d.step_name), f.step_id) AS step_name, 'ACTION'::text AS step_type,
    CASE f.last_kind WHEN 'succeeded' THEN 'COMPLETED' WHEN 'stopped' THEN 'SKIPPED'
      WHEN 'failed' THEN CASE WHEN (f.last_fact ->> 'final')::boolean THEN 'FAILED' ELSE 'PENDING' END
      ELSE 'RUNNING' END AS status,
    f.started ->> 'participant' AS participant, f.started ->> 'operation' AS operation,
    f.started -> 'input' AS parameters,
    CASE WHEN f.last_kind = 'succeeded' THEN coalesce(f.last_fact -> 'output',
      CASE WHEN f.last_message ->> 'type' = 'result' AND f.started ? 'participant'
          THEN f.last_message #> '{outcome,output}'
        WHEN f.last_message ->> 'type' = 'child' AND f.last_message ->> 'step' = f.step_id
          THEN f.last_message -> 'output'
        WHEN f.last_message ->> 'type' = 'signal' THEN f.last_message -> 'payload' END) END AS result,
    CASE WHEN f.last_kind = 'failed'
      THEN concat_ws(': ', f.last_fact #>> '{error,code}', f.last_fact #>> '{error,message}') END AS error,
    f.started_at, f.completed_at,
    (extract(epoch FROM f.completed_at - f.started_at) * 1000)::int AS duration_ms,
    f.retry_count, coalesce(max(d.max_retries), 0) AS max_retries
  FROM (
    SELECT g.*, CASE WHEN g.last_kind IN ('succeeded', 'stopped')
        OR g.last_kind = 'failed' AND (g.last_fact ->> 'final')::boolean THEN g.last_at END AS completed_at
    FROM (
      SELECT step_id, min(at) AS started_at,
        (array_agg(fact ORDER BY seq DESC, n DESC) FILTER (WHERE kind = 'started'))[1] AS started,
        (array_agg(fact ORDER BY seq DESC, n DESC))[1] AS last_fact,
        (array_agg(kind ORDER BY seq DESC, n DESC))[1] AS last_kind,
        (array_agg(message ORDER BY seq DESC, n DESC))[1] AS last_message,
        max(at) AS last_at,
        greatest(coalesce(max((fact ->> 'attempt')::int), 1) - 1, 0) AS retry_count
      FROM step_facts(s.saga_id, 'step') GROUP BY step_id
    ) g
  ) f
  LEFT JOIN document_steps(s.definition_digest) d ON d.step_id = f.step_id
  GROUP BY f.step_id, f.last_kind, f.last_fact, f.last_message, f.started, f.started_at, f.completed_at, f.retry_count
) x;

-- A compensation that has begun. Failed: its attempts are exhausted. Skipped: a person resolved it by hand.
CREATE VIEW compensation_execution AS
SELECT s.saga_id, x.*
FROM saga_execution s CROSS JOIN LATERAL (
  SELECT f.step_id, coalesce(max(d.step_name), f.step_id) AS step_name, 'COMPENSATION'::text AS step_type,
    CASE f.last_kind WHEN 'succeeded' THEN 'COMPLETED' WHEN 'resolved' THEN 'SKIPPED' WHEN 'exhausted' THEN 'FAILED'
      WHEN 'failed' THEN 'PENDING' ELSE 'RUNNING' END AS status,
    f.started ->> 'participant' AS participant, f.started ->> 'operation' AS operation,
    f.started -> 'input' AS parameters,
    CASE WHEN f.last_kind = 'succeeded' AND f.last_message ->> 'type' = 'result'
      THEN f.last_message #> '{outcome,output}' END AS result,
    CASE WHEN f.last_kind IN ('failed', 'exhausted')
      THEN concat_ws(': ', f.failed #>> '{error,code}', f.failed #>> '{error,message}') END AS error,
    f.started_at, f.completed_at,
    (extract(epoch FROM f.completed_at - f.started_at) * 1000)::int AS duration_ms,
    f.retry_count, coalesce(max(d.compensation_max_retries), 0) AS max_retries
  FROM (
    SELECT g.*,
      CASE WHEN g.last_kind IN ('succeeded', 'resolved', 'exhausted') THEN g.last_at END AS completed_at
    FROM (
      SELECT step_id, min(at) AS started_at,
        (array_agg(fact ORDER BY seq DESC, n DESC) FILTER (WHERE kind = 'started'))[1] AS started,
        (array_agg(fact ORDER BY seq DESC, n DESC) FILTER (WHERE kind = 'failed'))[1] AS failed,
        (array_agg(kind ORDER BY seq DESC, n DESC))[1] AS last_kind,
        (array_agg(message ORDER BY seq DESC, n DESC))[1] AS last_message,
        max(at) AS last_at,
        greatest(coalesce(max((fact ->> 'attempt')::int), 1) - 1, 0) AS retry_count
      FROM step_facts(s.saga_id, 'compensation') GROUP BY step_id
    ) g
  ) f
  LEFT JOIN document_steps(s.definition_digest) d ON d.step_id = f.step_id
  GROUP BY f.step_id, f.last_kind, f.last_message, f.started, f.failed, f.started_at, f.completed_at, f.retry_count
) x;

-- The numbers of the saga as a whole: how many steps have begun, retries so far and at most, journal length.
CREATE VIEW saga_progress AS
SELECT s.saga_id, p.current_step, p.retry_count, p.max_retries, coalesce(e.seq, 0) AS version
FROM saga_execution s LEFT JOIN entity e ON e.id = s.saga_id
CROSS JOIN LATERAL (
  SELECT count(*)::int AS current_step, coalesce(sum(x.retry_count), 0)::int AS retry_count,
    coalesce(max(x.max_retries), 0) AS max_retries
  FROM saga_step_execution x WHERE x.saga_id = s.saga_id
) p;
