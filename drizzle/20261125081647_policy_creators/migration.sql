ALTER TABLE "policies" ADD COLUMN "created_by_kind" "actor_kind";--> statement-breakpoint
-- The fact of its making says what kind of actor it was; a person, where there is none.
UPDATE "policies" p SET "created_by_kind" = coalesce((
  SELECT a.actor_kind FROM activities a WHERE a.vm_id = p.vm_id AND a.policy_id = p.id AND a.kind = 'PolicyCreated' LIMIT 1
), 'PERSON');--> statement-breakpoint
ALTER TABLE "policies" ALTER COLUMN "created_by_kind" SET NOT NULL;
