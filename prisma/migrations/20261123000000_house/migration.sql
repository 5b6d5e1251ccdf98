-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('ANALYST', 'OPERATOR', 'CHAIRMAN', 'ADMIN');

-- CreateEnum
CREATE TYPE "SagaStatus" AS ENUM ('PENDING', 'RUNNING', 'COMPENSATING', 'PAUSED', 'COMPLETED', 'ROLLED_BACK', 'FAILED', 'QUARANTINED');

-- CreateEnum
CREATE TYPE "GateStatus" AS ENUM ('OPEN', 'DECIDED', 'EXPIRED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "DecisionType" AS ENUM ('CONTINUE', 'PAUSE', 'ABORT', 'FORCE_COMPENSATION');

-- CreateEnum
CREATE TYPE "ParticipantKind" AS ENUM ('FUNCTION', 'HTTP');

-- CreateEnum
CREATE TYPE "ParticipantStatus" AS ENUM ('UNKNOWN', 'UP', 'DOWN', 'DISABLED');

-- CreateTable
CREATE TABLE "venture" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "stage" TEXT NOT NULL DEFAULT 'IDEA',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "venture_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "roles" "Role"[],
    "password_hash" TEXT,
    "disabled_at" TIMESTAMPTZ(3),
    "last_seen_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in_link" (
    "token_hash" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sign_in_link_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "scopes" TEXT[],
    "user_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "definition" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "archived" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "definition_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "definition_version" (
    "id" TEXT NOT NULL,
    "definition_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "source" TEXT NOT NULL,
    "layout" JSONB NOT NULL,
    "note" TEXT,
    "published_by" TEXT NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "definition_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "definition_draft" (
    "definition_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "layout" JSONB NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "updated_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "definition_draft_pkey" PRIMARY KEY ("definition_id")
);

-- CreateTable
CREATE TABLE "worker" (
    "id" TEXT NOT NULL,
    "epoch" BIGSERIAL NOT NULL,
    "live" BOOLEAN NOT NULL DEFAULT true,
    "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stopped_at" TIMESTAMPTZ(3),

    CONSTRAINT "worker_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "shard" (
    "id" INTEGER NOT NULL,
    "worker_id" TEXT,

    CONSTRAINT "shard_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "entity" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "shard" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "active" BOOLEAN NOT NULL,
    "current" TEXT,
    "snapshot_seq" INTEGER NOT NULL DEFAULT 0,
    "snapshot" JSONB,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "entity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "journal" (
    "entity_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "facts" JSONB NOT NULL,
    "hash" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "tx" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "journal_pkey" PRIMARY KEY ("entity_id","seq")
);

-- CreateTable
CREATE TABLE "mailbox" (
    "position" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "entity_id" TEXT NOT NULL,
    "shard" INTEGER NOT NULL,
    "message" JSONB NOT NULL,
    "traceparent" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "processed_at" TIMESTAMPTZ(3),
    "refusal" JSONB,

    CONSTRAINT "mailbox_pkey" PRIMARY KEY ("position")
);

-- CreateTable
CREATE TABLE "timer" (
    "entity_id" TEXT NOT NULL,
    "timer" TEXT NOT NULL,
    "shard" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "timer_pkey" PRIMARY KEY ("entity_id","timer")
);

-- CreateTable
CREATE TABLE "saga_execution" (
    "saga_id" TEXT NOT NULL,
    "venture_id" TEXT,
    "saga_type" TEXT NOT NULL,
    "definition_version" INTEGER NOT NULL,
    "definition_digest" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" "SagaStatus" NOT NULL,
    "parent_id" TEXT,
    "parent_step" TEXT,
    "total_steps" INTEGER NOT NULL,
    "input" JSONB NOT NULL,
    "output" JSONB,
    "failure_code" TEXT,
    "failure_reason" TEXT,
    "started_by" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),
    "timeout_at" TIMESTAMPTZ(3),
    "requires_approval" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "saga_execution_pkey" PRIMARY KEY ("saga_id")
);

-- CreateTable
CREATE TABLE "gate" (
    "id" TEXT NOT NULL,
    "saga_id" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "question" TEXT NOT NULL,
    "context" JSONB,
    "roles" TEXT[],
    "status" "GateStatus" NOT NULL DEFAULT 'OPEN',
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_seq" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "gate_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chairman_saga_decision" (
    "decision_id" TEXT NOT NULL,
    "saga_id" TEXT NOT NULL,
    "gate_id" TEXT NOT NULL,
    "decision_type" "DecisionType" NOT NULL,
    "reasoning" TEXT NOT NULL,
    "conditions" TEXT[],
    "timeout" TIMESTAMPTZ(3),
    "decided_by" TEXT NOT NULL,
    "decided_by_name" TEXT NOT NULL,
    "seen_seq" INTEGER NOT NULL,
    "preview_digest" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "chairman_saga_decision_pkey" PRIMARY KEY ("decision_id")
);

-- CreateTable
CREATE TABLE "participant" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "kind" "ParticipantKind" NOT NULL,
    "endpoint_url" TEXT,
    "health_url" TEXT,
    "sealed_secret" TEXT,
    "operations" JSONB NOT NULL DEFAULT '[]',
    "allow_private_network" BOOLEAN NOT NULL DEFAULT false,
    "supports_prepare" BOOLEAN NOT NULL DEFAULT false,
    "supports_rollback" BOOLEAN NOT NULL DEFAULT true,
    "timeout_seconds" INTEGER NOT NULL DEFAULT 30,
    "status" "ParticipantStatus" NOT NULL DEFAULT 'UNKNOWN',
    "last_response" JSONB,
    "average_response_time" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "failure_rate" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "checked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "participant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_event" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "venture_name_key" ON "venture"("name");

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_secret_hash_key" ON "api_key"("secret_hash");

-- CreateIndex
CREATE UNIQUE INDEX "definition_name_key" ON "definition"("name");

-- CreateIndex
CREATE INDEX "definition_version_digest_idx" ON "definition_version"("digest");

-- CreateIndex
CREATE UNIQUE INDEX "definition_version_definition_id_version_key" ON "definition_version"("definition_id", "version");

-- CreateIndex
CREATE UNIQUE INDEX "worker_epoch_key" ON "worker"("epoch");

-- CreateIndex
CREATE INDEX "shard_worker_id_idx" ON "shard"("worker_id");

-- CreateIndex
CREATE INDEX "entity_shard_idx" ON "entity"("shard", "id");

-- CreateIndex
CREATE INDEX "journal_tx_position_idx" ON "journal"("tx", "position");

-- CreateIndex
CREATE UNIQUE INDEX "mailbox_id_key" ON "mailbox"("id");

-- CreateIndex
CREATE INDEX "mailbox_shard_position_idx" ON "mailbox"("shard", "position");

-- CreateIndex
CREATE INDEX "timer_shard_due_at_idx" ON "timer"("shard", "due_at");

-- CreateIndex
CREATE INDEX "saga_execution_started_at_saga_id_idx" ON "saga_execution"("started_at" DESC, "saga_id");

-- CreateIndex
CREATE INDEX "saga_execution_status_started_at_saga_id_idx" ON "saga_execution"("status", "started_at" DESC, "saga_id");

-- CreateIndex
CREATE INDEX "saga_execution_saga_type_started_at_saga_id_idx" ON "saga_execution"("saga_type", "started_at" DESC, "saga_id");

-- CreateIndex
CREATE INDEX "saga_execution_venture_id_started_at_saga_id_idx" ON "saga_execution"("venture_id", "started_at" DESC, "saga_id");

-- CreateIndex
CREATE INDEX "saga_execution_parent_id_idx" ON "saga_execution"("parent_id");

-- CreateIndex
CREATE INDEX "gate_status_due_at_idx" ON "gate"("status", "due_at");

-- CreateIndex
CREATE INDEX "gate_saga_id_idx" ON "gate"("saga_id");

-- CreateIndex
CREATE INDEX "chairman_saga_decision_saga_id_idx" ON "chairman_saga_decision"("saga_id");

-- CreateIndex
CREATE INDEX "chairman_saga_decision_created_at_idx" ON "chairman_saga_decision"("created_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "participant_name_key" ON "participant"("name");

-- CreateIndex
CREATE INDEX "audit_event_at_idx" ON "audit_event"("at" DESC);

-- CreateIndex
CREATE INDEX "audit_event_subject_idx" ON "audit_event"("subject");

-- AddForeignKey
ALTER TABLE "sign_in_link" ADD CONSTRAINT "sign_in_link_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "definition_version" ADD CONSTRAINT "definition_version_definition_id_fkey" FOREIGN KEY ("definition_id") REFERENCES "definition"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "definition_draft" ADD CONSTRAINT "definition_draft_definition_id_fkey" FOREIGN KEY ("definition_id") REFERENCES "definition"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "saga_execution" ADD CONSTRAINT "saga_execution_venture_id_fkey" FOREIGN KEY ("venture_id") REFERENCES "venture"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gate" ADD CONSTRAINT "gate_saga_id_fkey" FOREIGN KEY ("saga_id") REFERENCES "saga_execution"("saga_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chairman_saga_decision" ADD CONSTRAINT "chairman_saga_decision_saga_id_fkey" FOREIGN KEY ("saga_id") REFERENCES "saga_execution"("saga_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chairman_saga_decision" ADD CONSTRAINT "chairman_saga_decision_gate_id_fkey" FOREIGN KEY ("gate_id") REFERENCES "gate"("id") ON DELETE CASCADE ON UPDATE CASCADE;


