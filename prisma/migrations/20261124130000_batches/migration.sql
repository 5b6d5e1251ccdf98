-- The group commit again, for speed: what it takes comes as arrays, which the runtime sends in binary (runtime/postgres/
-- columns.ts), so that nothing is parsed but the JSON that is stored. What it does is as it was in the migration `store`:
-- one call, one transaction, a constant number of statements; a part that is null costs nothing.

-- Snapshots stay out of the row that every commit writes anew.
ALTER TABLE "entity" SET (toast_tuple_target = 256);

DROP FUNCTION commit_entities(text, bigint, json, text[], int[], bigint[], text[], text[], text[], text[], json, json, json,
  json, json, json, json, json, json);

-- SQLSTATE SW001: fenced. SW002: conflict; DETAIL is JSON that says on what. SW003: a broken invariant of the caller.
-- The settings leave the plans, which are made once per connection and maybe on empty tables, no choice but the indexes.
CREATE FUNCTION commit_entities(
  p_worker text, p_epoch bigint,
  -- one element per entity; hash and snapshot are null where they stay as they are
  p_ids text[], p_kinds text[], p_shards int[], p_digests text[], p_from_seqs int[], p_seqs int[], p_hashes text[],
  p_actives bool[], p_currents text[], p_snapshot_seqs int[], p_snapshots text[],
  -- one element per entry
  p_entry_ids text[], p_entry_seqs int[], p_entry_ats bigint[], p_entry_types text[], p_entry_messages text[],
  p_entry_facts text[], p_entry_hashes text[],
  -- acknowledgements, posts, timers
  p_ack_positions bigint[], p_ack_refusals text[],
  p_post_ids text[], p_post_entity_ids text[], p_post_shards int[], p_post_messages text[], p_post_traceparents text[],
  p_cancelled_ids text[], p_cancelled_timers text[],
  p_timer_ids text[], p_timer_timers text[], p_timer_shards int[], p_timer_due_ats bigint[],
  -- rows of lists: new ones; those whose status and what goes with it changes (`given`: 1 ended, 2 output, 4 failure);
  -- those that change otherwise
  p_saga_ids text[], p_saga_ventures text[], p_saga_types text[], p_saga_versions int[], p_saga_digests text[],
  p_saga_names text[], p_saga_statuses text[], p_saga_parents text[], p_saga_parent_steps text[], p_saga_steps int[],
  p_saga_inputs text[], p_saga_outputs text[], p_saga_failure_codes text[], p_saga_failure_reasons text[],
  p_saga_starters text[], p_saga_started_ats bigint[], p_saga_ended_ats bigint[], p_saga_timeout_ats bigint[],
  p_saga_approvals bool[],
  p_moved_ids text[], p_moved_statuses text[], p_moved_given int[], p_moved_ended_ats bigint[], p_moved_outputs text[],
  p_moved_failure_codes text[], p_moved_failure_reasons text[],
  p_sagas_changed json, p_gates_opened json, p_gates_closed json, p_decisions json
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
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

  IF p_ids IS NOT NULL THEN
    WITH want AS MATERIALIZED (
      SELECT * FROM unnest(p_ids, p_kinds, p_shards, p_digests, p_from_seqs, p_seqs, p_hashes, p_actives, p_currents,
          p_snapshot_seqs, p_snapshots)
        AS r(id, kind, shard, digest, from_seq, seq, hash, active, current, snapshot_seq, snapshot)
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
    SELECT ARRAY(SELECT id FROM created UNION ALL SELECT id FROM changed UNION ALL SELECT id FROM absent) INTO done;
    IF cardinality(done) < cardinality(p_ids) THEN
      SELECT json_build_object('entityIds', json_agg(r.id)) INTO stale
      FROM unnest(p_ids) AS r(id) WHERE r.id <> ALL (done);
      RAISE EXCEPTION 'other entries came first' USING ERRCODE = 'SW002', DETAIL = stale::text;
    END IF;
  END IF;

  IF p_entry_ids IS NOT NULL THEN
    INSERT INTO journal (entity_id, seq, at, type, message, facts, hash, epoch)
    SELECT r.entity_id, r.seq, to_timestamp(r.at / 1000.0), r.type, r.message::json, r.facts::json, r.hash, p_epoch
    FROM unnest(p_entry_ids, p_entry_seqs, p_entry_ats, p_entry_types, p_entry_messages, p_entry_facts, p_entry_hashes)
      AS r(entity_id, seq, at, type, message, facts, hash);
  END IF;

  IF p_ack_positions IS NOT NULL THEN
    WITH acks AS (
      UPDATE mailbox m SET processed_at = clock_timestamp(), refusal = g.refusal::json
      FROM unnest(p_ack_positions, p_ack_refusals) AS g(position, refusal)
      WHERE m.position = g.position AND m.processed_at IS NULL
      RETURNING m.position
    )
    SELECT ARRAY(SELECT position FROM acks) INTO acked;
    IF cardinality(acked) < cardinality(p_ack_positions) THEN
      SELECT json_build_object('positions', json_agg(r.position::text)) INTO stale
      FROM unnest(p_ack_positions) AS r(position) WHERE r.position <> ALL (acked);
      RAISE EXCEPTION 'messages were acknowledged before' USING ERRCODE = 'SW002', DETAIL = stale::text;
    END IF;
  END IF;

  IF p_post_ids IS NOT NULL THEN
    -- before any position is drawn: a position that can still appear belongs to a transaction that has its number
    PERFORM pg_current_xact_id();
    INSERT INTO mailbox (id, entity_id, shard, message, traceparent)
    SELECT r.id, r.entity_id, r.shard, r.message::json, r.traceparent
    FROM unnest(p_post_ids, p_post_entity_ids, p_post_shards, p_post_messages, p_post_traceparents)
      AS r(id, entity_id, shard, message, traceparent)
    ON CONFLICT (id) DO NOTHING;
  END IF;

  IF p_cancelled_ids IS NOT NULL THEN
    DELETE FROM timer t USING unnest(p_cancelled_ids, p_cancelled_timers) AS r(entity_id, timer)
      WHERE t.entity_id = r.entity_id AND t.timer = r.timer;
  END IF;
  IF p_timer_ids IS NOT NULL THEN
    INSERT INTO timer (entity_id, timer, shard, due_at)
    SELECT r.entity_id, r.timer, r.shard, to_timestamp(r.due_at / 1000.0)
    FROM unnest(p_timer_ids, p_timer_timers, p_timer_shards, p_timer_due_ats) AS r(entity_id, timer, shard, due_at)
    ON CONFLICT (entity_id, timer) DO UPDATE SET due_at = excluded.due_at;
  END IF;

  -- A venture that this database does not know stays out of the lists; the journal keeps what was given.
  IF p_saga_ids IS NOT NULL THEN
    INSERT INTO saga_execution (saga_id, venture_id, saga_type, definition_version, definition_digest, name, status,
      parent_id, parent_step, total_steps, input, output, failure_code, failure_reason, started_by, started_at,
      completed_at, timeout_at, requires_approval)
    SELECT r.saga_id, (SELECT v.id FROM venture v WHERE v.id = r.venture_id), r.saga_type, r.definition_version,
      r.definition_digest, r.name, r.status::"SagaStatus", r.parent_id, r.parent_step, r.total_steps, r.input::json,
      r.output::json, r.failure_code, r.failure_reason, r.started_by, to_timestamp(r.started_at / 1000.0),
      to_timestamp(r.ended_at / 1000.0), to_timestamp(r.timeout_at / 1000.0), r.requires_approval
    FROM unnest(p_saga_ids, p_saga_ventures, p_saga_types, p_saga_versions, p_saga_digests, p_saga_names, p_saga_statuses,
        p_saga_parents, p_saga_parent_steps, p_saga_steps, p_saga_inputs, p_saga_outputs, p_saga_failure_codes,
        p_saga_failure_reasons, p_saga_starters, p_saga_started_ats, p_saga_ended_ats, p_saga_timeout_ats,
        p_saga_approvals)
      AS r(saga_id, venture_id, saga_type, definition_version, definition_digest, name, status, parent_id, parent_step,
        total_steps, input, output, failure_code, failure_reason, started_by, started_at, ended_at, timeout_at,
        requires_approval);
  END IF;
  IF p_moved_ids IS NOT NULL THEN
    WITH moved AS (
      UPDATE saga_execution s SET status = r.status::"SagaStatus",
        completed_at = CASE WHEN r.given & 1 = 0 THEN s.completed_at ELSE to_timestamp(r.ended_at / 1000.0) END,
        output = CASE WHEN r.given & 2 = 0 THEN s.output ELSE r.output::json END,
        failure_code = CASE WHEN r.given & 4 = 0 THEN s.failure_code ELSE r.failure_code END,
        failure_reason = CASE WHEN r.given & 4 = 0 THEN s.failure_reason ELSE r.failure_reason END,
        updated_at = clock_timestamp()
      FROM unnest(p_moved_ids, p_moved_statuses, p_moved_given, p_moved_ended_ats, p_moved_outputs,
          p_moved_failure_codes, p_moved_failure_reasons)
        AS r(id, status, given, ended_at, output, failure_code, failure_reason)
      WHERE s.saga_id = r.id
      RETURNING s.saga_id
    )
    SELECT ARRAY(SELECT saga_id FROM moved) INTO done;
    IF cardinality(done) < cardinality(p_moved_ids) THEN
      RAISE EXCEPTION 'a saga has no row to change; those that have: %', done USING ERRCODE = 'SW003';
    END IF;
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
