-- Sagas that a worker leaves alone for now, for everybody to see: {"session", "sagas": [{sagaId, reason, since, retryAt}]}.
-- Of another session than the worker's own they are of an earlier process of that name, and say nothing.
ALTER TABLE "worker" ADD COLUMN "stuck" JSONB;
