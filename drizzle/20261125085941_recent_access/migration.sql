CREATE TYPE "boundary_kind" AS ENUM('NETWORK_SECURITY_GROUP');--> statement-breakpoint
ALTER TABLE "boundaries" ADD COLUMN "kind" "boundary_kind" DEFAULT 'NETWORK_SECURITY_GROUP'::"boundary_kind" NOT NULL;--> statement-breakpoint
ALTER TABLE "virtual_machines" ADD COLUMN "admin_user_name" text;--> statement-breakpoint
CREATE INDEX "grants_vm_requested" ON "grants" ("vm_id","requested_at");--> statement-breakpoint
CREATE INDEX "grants_vm_activated" ON "grants" ("vm_id","activated_at","id") WHERE activated_at is not null;--> statement-breakpoint
CREATE INDEX "grants_vm_requester_activated" ON "grants" ("vm_id","requester_id","activated_at","id") WHERE activated_at is not null;