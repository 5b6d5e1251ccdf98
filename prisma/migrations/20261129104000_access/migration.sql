-- Signing out and a new password end every session of a person: each session carries the generation it was made in.
-- A voucher is a person who could have signed in as somebody else, having made that person's link or password; what a
-- session does is taken to be done by its vouchers as well (four eyes).
ALTER TABLE "user"
  ADD COLUMN "session_generation" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "password_vouchers" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "sign_in_link" ADD COLUMN "vouchers" TEXT[] NOT NULL DEFAULT '{}';
CREATE INDEX "sign_in_link_user_id_idx" ON "sign_in_link"("user_id");
-- A key that was made with a key ends with it.
ALTER TABLE "api_key"
  ADD COLUMN "vouchers" TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN "parent_id" TEXT,
  ADD CONSTRAINT "api_key_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "api_key"("id") ON DELETE CASCADE ON UPDATE CASCADE;
CREATE INDEX "api_key_parent_id_idx" ON "api_key"("parent_id");
