-- What all processes on this database must agree on: the address at which people and participants reach the web part. It is
-- written there when it starts, so that a worker never hands out an address of its own invention.

CREATE TABLE "instance" (
  "id" INTEGER NOT NULL DEFAULT 1,
  "address" TEXT NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "instance_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "instance_one_row" CHECK ("id" = 1)
);
