-- Workers see how much is left of each other's leases: nothing is handed to one that has fallen silent, and the others look
-- again the moment its lease runs out.

CREATE OR REPLACE FUNCTION cluster_view() RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'upMs', (extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000)::bigint,
    'overdue', (SELECT coalesce(json_agg(id), '[]') FROM worker WHERE live AND lease_expires_at < clock_timestamp()),
    'members', (SELECT coalesce(json_agg(json_build_object('workerId', id, 'address', address, 'backlogMs', backlog_ms,
        'ageMs', greatest(0, extract(epoch FROM clock_timestamp() - started_at) * 1000)::bigint,
        'leftMs', (extract(epoch FROM lease_expires_at - clock_timestamp()) * 1000)::bigint) ORDER BY id), '[]')
      FROM worker WHERE live),
    'owners', (SELECT json_agg(w.id ORDER BY s.id) FROM shard s LEFT JOIN worker w ON w.id = s.worker_id AND w.live))
$$;
