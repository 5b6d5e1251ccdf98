-- Statements of transactional steps (runtime/participant/statement.ts), run beside `commit_entities` in its transaction. A
-- function of its own, so that the settings which tie the commit to its indexes do not bind other people's statements.
--
-- SQLSTATE SW004: a statement failed; DETAIL is JSON that says whose, and why. The whole commit is undone then: whoever
-- sent it takes that step's failure in and sends the rest again.
CREATE FUNCTION run_statements(p_statements json) RETURNS void LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  r record;
  v text[];
  changed bigint;
  state text;
  message text;
BEGIN
  FOR r IN
    SELECT s.* FROM json_array_elements(p_statements) WITH ORDINALITY AS e(one, n)
    CROSS JOIN LATERAL json_to_record(e.one) AS s(entity_id text, call text, text text, values text[], rows bigint)
    ORDER BY e.n
  LOOP
    v := r.values;
    state := NULL;
    BEGIN
      EXECUTE r.text USING v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16];
      GET DIAGNOSTICS changed = ROW_COUNT;
      IF changed <> r.rows THEN
        state := 'ROWS';
        message := format('%s rows instead of %s', changed, r.rows);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    END;
    IF state IS NOT NULL THEN
      RAISE EXCEPTION 'a statement of % failed: %', r.entity_id, message USING ERRCODE = 'SW004',
        DETAIL = json_build_object('entityId', r.entity_id, 'call', r.call, 'state', state, 'message', message)::text;
    END IF;
  END LOOP;
END $$;
