CREATE TYPE "drift_response" AS ENUM('RESTORE', 'REPORT', 'CLOSE');--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'RuleDrifted';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'AccountUpdated';--> statement-breakpoint
ALTER TYPE "end_reason" ADD VALUE 'DRIFTED';--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "drift_response" "drift_response" DEFAULT 'RESTORE'::"drift_response" NOT NULL;--> statement-breakpoint
ALTER TABLE "boundaries" ADD COLUMN "our_rules" jsonb;--> statement-breakpoint
ALTER TABLE "boundaries" ADD COLUMN "intended_rules" jsonb;--> statement-breakpoint
ALTER TABLE "boundaries" ADD COLUMN "left_rules" text[] DEFAULT '{}'::text[] NOT NULL;