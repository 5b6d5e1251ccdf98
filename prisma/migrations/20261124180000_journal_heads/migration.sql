-- The journal alone says how far an entity has come: no row of it is written again with every step. What lists show of its
-- last step goes with the entry; the entity's row keeps what seldom changes: whether recovery must load it, its snapshot.

ALTER TABLE "journal" ADD COLUMN "current" TEXT;
UPDATE "journal" j SET current = e.current FROM "entity" e WHERE j.entity_id = e.id AND j.seq = e.seq AND e.current IS NOT NULL;
CREATE OR REPLACE VIEW saga_progress AS
SELECT s.saga_id, p.current_step, p.retry_count, p.max_retries, coalesce(e.seq, 0) AS version
FROM saga_execution s LEFT JOIN LATERAL (
  SELECT j.seq FROM journal j WHERE j.entity_id = s.saga_id ORDER BY j.seq DESC LIMIT 1
) AS e ON true
CROSS JOIN LATERAL (
  SELECT count(*)::int AS current_step, coalesce(sum(x.retry_count), 0)::int AS retry_count,
    coalesce(max(x.max_retries), 0) AS max_retries
  FROM saga_step_execution x WHERE x.saga_id = s.saga_id
) p;
ALTER TABLE "entity" DROP COLUMN "seq", DROP COLUMN "hash", DROP COLUMN "epoch", DROP COLUMN "current", DROP COLUMN "updated_at";

DROP FUNCTION commit_entities;

-- SQLSTATE SW001: fenced. SW002: conflict; DETAIL is JSON that says on what. SW003: a broken invariant of the caller.
-- The settings leave the plans, which are made once per connection and maybe on empty tables, no choice but the indexes.
CREATE FUNCTION commit_entities(
  p_worker text, p_epoch bigint,
  -- one element per entity: the entry that the commit believes to be its last
  p_ids text[], p_from_seqs int[],
  -- entities that are new; and those whose row changes: null is what stays as it is
  p_new_ids text[], p_new_kinds text[], p_new_shards int[], p_new_digests text[], p_new_actives bool[],
  p_changed_ids text[], p_changed_actives bool[], p_snapshot_seqs int[], p_snapshots json[],
  -- one element per entry
  p_entry_ids text[], p_entry_seqs int[], p_entry_ats bigint[], p_entry_types text[], p_entry_messages json[],
  p_entry_facts json[], p_entry_hashes text[], p_entry_currents text[],
  -- acknowledgements, posts, timers
  p_ack_positions bigint[], p_ack_refusals json[],
  p_post_ids text[], p_post_entity_ids text[], p_post_shards int[], p_post_messages json[], p_post_traceparents text[],
  p_cancelled_ids text[], p_cancelled_timers text[],
  p_timer_ids text[], p_timer_timers text[], p_timer_shards int[], p_timer_due_ats bigint[],
  -- rows of lists: new ones; those whose status and what goes with it changes (`given`: 1 ended, 2 output, 4 failure);
  -- those that change otherwise
  p_saga_ids text[], p_saga_ventures text[], p_saga_types text[], p_saga_versions int[], p_saga_digests text[],
  p_saga_names text[], p_saga_statuses text[], p_saga_parents text[], p_saga_parent_steps text[], p_saga_steps int[],
  p_saga_inputs json[], p_saga_outputs json[], p_saga_failure_codes text[], p_saga_failure_reasons text[],
  p_saga_starters text[], p_saga_started_ats bigint[], p_saga_ended_ats bigint[], p_saga_timeout_ats bigint[],
  p_saga_approvals bool[],
  p_moved_ids text[], p_moved_statuses text[], p_moved_given int[], p_moved_ended_ats bigint[], p_moved_outputs json[],
  p_moved_failure_codes text[], p_moved_failure_reasons text[],
  p_sagas_changed json, p_gates_opened json, p_gates_closed json, p_decisions json
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  wanted int;
  written int;
  done text[];
  stale json;
BEGIN
  PERFORM FROM worker WHERE id = p_worker AND epoch = p_epoch AND live FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % (epoch %) is fenced', p_worker, p_epoch USING ERRCODE = 'SW001';
  END IF;

  -- One look at the end of each journal. Whom it cannot see yet, the primary keys stop.
  IF p_ids IS NOT NULL THEN
    SELECT json_agg(p_ids[i]) INTO stale FROM generate_series(1, cardinality(p_ids)) AS i
    WHERE p_from_seqs[i] <> coalesce((
      SELECT j.seq FROM journal j WHERE j.entity_id = p_ids[i] AND j.seq >= p_from_seqs[i] ORDER BY j.seq DESC LIMIT 1
    ), 0);
    IF stale IS NOT NULL THEN
      RAISE EXCEPTION 'other entries came first' USING ERRCODE = 'SW002',
        DETAIL = json_build_object('entityIds', stale)::text;
    END IF;
  END IF;

  IF p_new_ids IS NOT NULL THEN
    INSERT INTO entity (id, kind, shard, digest, active)
    SELECT p_new_ids[i], p_new_kinds[i], p_new_shards[i], p_new_digests[i], p_new_actives[i]
    FROM generate_series(1, cardinality(p_new_ids)) AS i;
  END IF;
  IF p_changed_ids IS NOT NULL THEN
    UPDATE entity e SET active = coalesce(p_changed_actives[i], e.active),
      snapshot_seq = coalesce(p_snapshot_seqs[i], e.snapshot_seq),
      snapshot = CASE WHEN p_snapshot_seqs[i] IS NULL THEN e.snapshot ELSE p_snapshots[i] END
    FROM generate_series(1, cardinality(p_changed_ids)) AS i WHERE e.id = p_changed_ids[i];
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(p_changed_ids) THEN
      RAISE EXCEPTION 'an entity has no row to change: % of % have one', written, cardinality(p_changed_ids)
        USING ERRCODE = 'SW003';
    END IF;
  END IF;

  IF p_entry_ids IS NOT NULL THEN
    INSERT INTO journal (entity_id, seq, at, type, message, facts, hash, current, epoch)
    SELECT p_entry_ids[i], p_entry_seqs[i], to_timestamp(p_entry_ats[i] / 1000.0), p_entry_types[i],
      p_entry_messages[i], p_entry_facts[i], p_entry_hashes[i], p_entry_currents[i], p_epoch
    FROM generate_series(1, cardinality(p_entry_ids)) AS i;
  END IF;

  IF p_ack_positions IS NOT NULL THEN
    UPDATE mailbox m SET processed_at = clock_timestamp(), refusal = p_ack_refusals[i]
    FROM generate_series(1, cardinality(p_ack_positions)) AS i
    WHERE m.position = p_ack_positions[i] AND m.processed_at IS NULL;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(p_ack_positions) THEN
      SELECT json_build_object('positions', json_agg(r.position::text)) INTO stale
      FROM unnest(p_ack_positions) AS r(position)
      WHERE NOT EXISTS (SELECT FROM mailbox m WHERE m.position = r.position AND m.xmin = pg_current_xact_id()::xid);
      RAISE EXCEPTION 'messages were acknowledged before' USING ERRCODE = 'SW002', DETAIL = stale::text;
    END IF;
  END IF;

  IF p_post_ids IS NOT NULL THEN
    -- before any position is drawn: a position that can still appear belongs to a transaction that has its number
    PERFORM pg_current_xact_id();
    INSERT INTO mailbox (id, entity_id, shard, message, traceparent)
    SELECT p_post_ids[i], p_post_entity_ids[i], p_post_shards[i], p_post_messages[i], p_post_traceparents[i]
    FROM generate_series(1, cardinality(p_post_ids)) AS i
    ON CONFLICT (id) DO NOTHING;
  END IF;

  IF p_cancelled_ids IS NOT NULL THEN
    DELETE FROM timer t USING generate_series(1, cardinality(p_cancelled_ids)) AS i
      WHERE t.entity_id = p_cancelled_ids[i] AND t.timer = p_cancelled_timers[i];
  END IF;
  IF p_timer_ids IS NOT NULL THEN
    INSERT INTO timer (entity_id, timer, shard, due_at)
    SELECT p_timer_ids[i], p_timer_timers[i], p_timer_shards[i], to_timestamp(p_timer_due_ats[i] / 1000.0)
    FROM generate_series(1, cardinality(p_timer_ids)) AS i
    ON CONFLICT (entity_id, timer) DO UPDATE SET due_at = excluded.due_at;
  END IF;

  -- A venture that this database does not know stays out of the lists; the journal keeps what was given.
  IF p_saga_ids IS NOT NULL THEN
    INSERT INTO saga_execution (saga_id, venture_id, saga_type, definition_version, definition_digest, name, status,
      parent_id, parent_step, total_steps, input, output, failure_code, failure_reason, started_by, started_at,
      completed_at, timeout_at, requires_approval)
    SELECT p_saga_ids[i], (SELECT v.id FROM venture v WHERE v.id = p_saga_ventures[i]), p_saga_types[i],
      p_saga_versions[i], p_saga_digests[i], p_saga_names[i], p_saga_statuses[i]::"SagaStatus", p_saga_parents[i],
      p_saga_parent_steps[i], p_saga_steps[i], p_saga_inputs[i], p_saga_outputs[i], p_saga_failure_codes[i],
      p_saga_failure_reasons[i], p_saga_starters[i], to_timestamp(p_saga_started_ats[i] / 1000.0),
      to_timestamp(p_saga_ended_ats[i] / 1000.0), to_timestamp(p_saga_timeout_ats[i] / 1000.0), p_saga_approvals[i]
    FROM generate_series(1, cardinality(p_saga_ids)) AS i;
  END IF;
  IF p_moved_ids IS NOT NULL THEN
    UPDATE saga_execution s SET status = p_moved_statuses[i]::"SagaStatus",
      completed_at = CASE WHEN p_moved_given[i] & 1 = 0 THEN s.completed_at
        ELSE to_timestamp(p_moved_ended_ats[i] / 1000.0) END,
      output = CASE WHEN p_moved_given[i] & 2 = 0 THEN s.output ELSE p_moved_outputs[i] END,
      failure_code = CASE WHEN p_moved_given[i] & 4 = 0 THEN s.failure_code ELSE p_moved_failure_codes[i] END,
      failure_reason = CASE WHEN p_moved_given[i] & 4 = 0 THEN s.failure_reason ELSE p_moved_failure_reasons[i] END,
      updated_at = clock_timestamp()
    FROM generate_series(1, cardinality(p_moved_ids)) AS i WHERE s.saga_id = p_moved_ids[i];
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(p_moved_ids) THEN
      RAISE EXCEPTION 'a saga has no row to change: % of % have one', written, cardinality(p_moved_ids)
        USING ERRCODE = 'SW003';
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
