ALTER TYPE "fact_kind" ADD VALUE 'ForeignRuleTaken' BEFORE 'RoleAssigned';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'ForeignRuleReturned' BEFORE 'RoleAssigned';--> statement-breakpoint
CREATE TABLE "taken_rules" (
	"boundary_id" text,
	"place" text,
	"rule" jsonb NOT NULL,
	"remembered_at" timestamp(3) with time zone NOT NULL,
	"taken_at" timestamp(3) with time zone,
	"fault_code" text,
	"fault_message" text,
	CONSTRAINT "taken_rules_pkey" PRIMARY KEY("boundary_id","place")
);
--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "closes_foreign_rules" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "taken_rules" ADD CONSTRAINT "taken_rules_boundary_id_boundaries_id_fkey" FOREIGN KEY ("boundary_id") REFERENCES "boundaries"("id");