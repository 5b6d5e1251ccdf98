-- The group commit and its indexes, for less work per row; what it does is as it was in the migration `batches`.
--
-- Elements are taken from the arrays by their number: a parameter of plpgsql is an expanded array, so that costs a look,
-- whereas unnest of several arrays copies every element into a tuplestore and out again. JSON comes as json[], checked once
-- where it is received. Rows that must have been written are counted; only when some are missing is it looked up which.

-- Lists go from the newest back. An index that ascends by time takes new rows at its right end, where PostgreSQL need not
-- search and fills its pages; nearly no saga has a venture or a parent, so those that have none stay out of theirs.
DROP INDEX "saga_execution_started_at_saga_id_idx";
CREATE INDEX "saga_execution_started_at_saga_id_idx" ON "saga_execution"("started_at", "saga_id" DESC);
DROP INDEX "saga_execution_status_started_at_saga_id_idx";
CREATE INDEX "saga_execution_status_started_at_saga_id_idx" ON "saga_execution"("status", "started_at", "saga_id" DESC);
DROP INDEX "saga_execution_saga_type_started_at_saga_id_idx";
CREATE INDEX "saga_execution_saga_type_started_at_saga_id_idx"
  ON "saga_execution"("saga_type", "started_at", "saga_id" DESC);
DROP INDEX "saga_execution_venture_id_started_at_saga_id_idx";
CREATE INDEX "saga_execution_venture_id_started_at_saga_id_idx"
  ON "saga_execution"("venture_id", "started_at", "saga_id" DESC) WHERE (venture_id IS NOT NULL);
DROP INDEX "saga_execution_parent_id_idx";
CREATE INDEX "saga_execution_parent_id_idx" ON "saga_execution"("parent_id") WHERE (parent_id IS NOT NULL);

DROP FUNCTION commit_entities(text, bigint,
  text[], text[], int[], text[], int[], int[], text[], bool[], text[], int[], text[],
  text[], int[], bigint[], text[], text[], text[], text[],
  bigint[], text[], text[], text[], int[], text[], text[],
  text[], text[], text[], text[], int[], bigint[],
  text[], text[], text[], int[], text[], text[], text[], text[], text[], int[], text[], text[], text[], text[], text[],
  bigint[], bigint[], bigint[], bool[],
  text[], text[], int[], bigint[], text[], text[], text[],
  json, json, json, json);

-- SQLSTATE SW001: fenced. SW002: conflict; DETAIL is JSON that says on what. SW003: a broken invariant of the caller.
-- The settings leave the plans, which are made once per connection and maybe on empty tables, no choice but the indexes.
CREATE FUNCTION commit_entities(
  p_worker text, p_epoch bigint,
  -- one element per entity; hash and snapshot are null where they stay as they are
  p_ids text[], p_kinds text[], p_shards int[], p_digests text[], p_from_seqs int[], p_seqs int[], p_hashes text[],
  p_actives bool[], p_currents text[], p_snapshot_seqs int[], p_snapshots json[],
  -- one element per entry
  p_entry_ids text[], p_entry_seqs int[], p_entry_ats bigint[], p_entry_types text[], p_entry_messages json[],
  p_entry_facts json[], p_entry_hashes text[],
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
  counted int;
  done text[];
  stale json;
BEGIN
  PERFORM FROM worker WHERE id = p_worker AND epoch = p_epoch AND live FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % (epoch %) is fenced', p_worker, p_epoch USING ERRCODE = 'SW001';
  END IF;

  IF p_ids IS NOT NULL THEN
    counted := 0;
    IF 0 = ANY (p_from_seqs) THEN
      INSERT INTO entity (id, kind, shard, digest, seq, hash, epoch, active, current, snapshot_seq, snapshot, updated_at)
      SELECT p_ids[i], p_kinds[i], p_shards[i], p_digests[i], p_seqs[i], p_hashes[i], p_epoch, p_actives[i], p_currents[i],
        coalesce(p_snapshot_seqs[i], 0), p_snapshots[i], clock_timestamp()
      FROM generate_series(1, cardinality(p_ids)) AS i WHERE p_from_seqs[i] = 0 AND p_seqs[i] > 0
      ON CONFLICT (id) DO NOTHING;
      GET DIAGNOSTICS counted = ROW_COUNT;
    END IF;
    IF 0 < ANY (p_from_seqs) THEN
      UPDATE entity e SET seq = p_seqs[i], hash = coalesce(p_hashes[i], e.hash), digest = p_digests[i], epoch = p_epoch,
        active = p_actives[i], current = p_currents[i], snapshot_seq = coalesce(p_snapshot_seqs[i], e.snapshot_seq),
        snapshot = CASE WHEN p_snapshot_seqs[i] IS NULL THEN e.snapshot ELSE p_snapshots[i] END,
        updated_at = clock_timestamp()
      FROM generate_series(1, cardinality(p_ids)) AS i
      WHERE p_from_seqs[i] > 0 AND e.id = p_ids[i] AND e.seq = p_from_seqs[i];
      GET DIAGNOSTICS written = ROW_COUNT;
      counted := counted + written;
    END IF;
    IF counted < cardinality(p_ids) THEN
      -- An entity without entries is not there and stays so; each other one must have been written by this transaction.
      SELECT json_agg(r.id) INTO stale FROM unnest(p_ids, p_seqs) AS r(id, seq)
      WHERE CASE WHEN r.seq = 0 THEN EXISTS (SELECT FROM entity e WHERE e.id = r.id)
        ELSE NOT EXISTS (SELECT FROM entity e WHERE e.id = r.id AND e.xmin = pg_current_xact_id()::xid) END;
      IF stale IS NOT NULL THEN
        RAISE EXCEPTION 'other entries came first' USING ERRCODE = 'SW002',
          DETAIL = json_build_object('entityIds', stale)::text;
      END IF;
    END IF;
  END IF;

  IF p_entry_ids IS NOT NULL THEN
    INSERT INTO journal (entity_id, seq, at, type, message, facts, hash, epoch)
    SELECT p_entry_ids[i], p_entry_seqs[i], to_timestamp(p_entry_ats[i] / 1000.0), p_entry_types[i],
      p_entry_messages[i], p_entry_facts[i], p_entry_hashes[i], p_epoch
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
