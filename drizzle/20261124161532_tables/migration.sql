CREATE TYPE "principal_kind" AS ENUM('USER', 'GROUP', 'APP_ROLE');--> statement-breakpoint
CREATE TYPE "role_name" AS ENUM('READER', 'REQUESTER', 'OPERATOR', 'POLICY_ADMIN');--> statement-breakpoint
CREATE TYPE "account_status" AS ENUM('REGISTERED', 'CONNECTED', 'FAILING');--> statement-breakpoint
CREATE TYPE "fact_kind" AS ENUM('GrantOpening', 'GrantActivated', 'GrantOpenFailed', 'GrantClosing', 'GrantCloseDelayed', 'GrantClosed', 'GrantDrifted', 'AccountRegistered', 'VirtualMachineGone', 'PolicyCreated', 'PolicyUpdated', 'PolicyDisabled', 'AccessRequested', 'BoundaryWritten', 'BoundaryWriteFailed', 'ExposureFound', 'ExposureCleared', 'RoleAssigned', 'RoleRemoved');--> statement-breakpoint
CREATE TYPE "actor_kind" AS ENUM('PERSON', 'PROGRAM', 'GATEWAY');--> statement-breakpoint
CREATE TYPE "end_reason" AS ENUM('TIME_UP', 'REVOKED', 'RELEASED', 'SUPERSEDED', 'POLICY_CHANGED', 'VM_GONE', 'LOCKED_DOWN');--> statement-breakpoint
CREATE TYPE "enforcement_status" AS ENUM('UNKNOWN', 'OPEN', 'BLOCKED', 'ABSENT', 'SHARED');--> statement-breakpoint
CREATE TYPE "grant_state" AS ENUM('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE', 'CLOSING', 'CLOSED', 'OPEN_FAILED');--> statement-breakpoint
CREATE TYPE "request_status" AS ENUM('PENDING_APPROVAL', 'APPROVED', 'DENIED', 'WITHDRAWN', 'LAPSED');--> statement-breakpoint
CREATE TYPE "protocol" AS ENUM('TCP', 'UDP', 'ANY');--> statement-breakpoint
CREATE TYPE "operating_system" AS ENUM('LINUX', 'WINDOWS');--> statement-breakpoint
CREATE TYPE "power_state" AS ENUM('RUNNING', 'STOPPED', 'DEALLOCATED', 'STARTING', 'STOPPING', 'UNKNOWN');--> statement-breakpoint
CREATE TYPE "unsupported_reason" AS ENUM('NO_NETWORK_SECURITY_GROUP', 'CLASSIC', 'NO_PRIVATE_ADDRESS', 'OTHER');--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"actor_id" text,
	"verb" text,
	"key" text,
	"body_hash" text NOT NULL,
	"answer" jsonb NOT NULL,
	"used_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("actor_id","verb","key")
);
--> statement-breakpoint
CREATE TABLE "role_assignments" (
	"id" uuid PRIMARY KEY,
	"principal_kind" "principal_kind" NOT NULL,
	"principal_id" text NOT NULL,
	"role" "role_name" NOT NULL,
	"scope" text NOT NULL,
	"assigned_at" timestamp(3) with time zone NOT NULL,
	"assigned_by_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"status" "account_status" DEFAULT 'REGISTERED'::"account_status" NOT NULL,
	"registered_at" timestamp(3) with time zone NOT NULL,
	"last_synced_at" timestamp(3) with time zone,
	"last_sync_error" text,
	"sync_generation" bigint DEFAULT 0 NOT NULL,
	"next_sync_at" timestamp(3) with time zone NOT NULL,
	"lease_owner" uuid,
	"lease_until" timestamp(3) with time zone,
	"throttled_until" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "activities" (
	"position" bigserial PRIMARY KEY,
	"transaction" xid8 DEFAULT pg_current_xact_id() NOT NULL,
	"at" timestamp(3) with time zone DEFAULT gateway_now() NOT NULL,
	"kind" "fact_kind" NOT NULL,
	"actor_kind" "actor_kind" NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"account_id" text,
	"resource_group_id" text,
	"vm_id" text,
	"boundary_id" text,
	"policy_id" uuid,
	"request_id" uuid,
	"grant_id" uuid,
	"requester_id" text,
	"correlation_id" text,
	"detail" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "boundaries" (
	"id" text PRIMARY KEY,
	"account_id" text NOT NULL,
	"resource_group_id" text NOT NULL,
	"resource_group" text NOT NULL,
	"name" text NOT NULL,
	"location" text NOT NULL,
	"etag" text,
	"rules" jsonb DEFAULT '[]' NOT NULL,
	"observed_at" timestamp(3) with time zone NOT NULL,
	"generation" bigint NOT NULL,
	"gone_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "boundary_reconciles" (
	"boundary_id" text PRIMARY KEY,
	"account_id" text NOT NULL,
	"next_run_at" timestamp(3) with time zone,
	"pending_at" timestamp(3) with time zone,
	"urgent" boolean DEFAULT false NOT NULL,
	"generation" bigint DEFAULT 0 NOT NULL,
	"claimed_generation" bigint,
	"fence" bigint DEFAULT 0 NOT NULL,
	"lease_owner" uuid,
	"lease_until" timestamp(3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_error_code" text,
	"last_error_message" text
);
--> statement-breakpoint
CREATE TABLE "boundary_shadows" (
	"boundary_id" text,
	"vm_id" text,
	"port" integer,
	"protocol" "protocol",
	"rule_name" text NOT NULL,
	CONSTRAINT "boundary_shadows_pkey" PRIMARY KEY("boundary_id","vm_id","port","protocol")
);
--> statement-breakpoint
CREATE TABLE "reported_exposures" (
	"vm_id" text,
	"port" integer,
	"protocol" "protocol",
	"boundary_id" text,
	"rule_name" text,
	"found_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "reported_exposures_pkey" PRIMARY KEY("vm_id","port","protocol")
);
--> statement-breakpoint
CREATE TABLE "enforcements" (
	"grant_id" uuid,
	"boundary_id" text,
	"status" "enforcement_status" NOT NULL,
	"rule_name" text,
	"observed_at" timestamp(3) with time zone,
	CONSTRAINT "enforcements_pkey" PRIMARY KEY("grant_id","boundary_id")
);
--> statement-breakpoint
CREATE TABLE "grants" (
	"id" uuid PRIMARY KEY,
	"request_id" uuid NOT NULL,
	"vm_id" text NOT NULL,
	"account_id" text NOT NULL,
	"resource_group_id" text NOT NULL,
	"requester_id" text NOT NULL,
	"requester_name" text NOT NULL,
	"port" integer NOT NULL,
	"protocol" "protocol" NOT NULL,
	"sources" text[] DEFAULT '{}'::text[] NOT NULL,
	"state" "grant_state" NOT NULL,
	"requested_at" timestamp(3) with time zone NOT NULL,
	"duration_seconds" integer,
	"ends_at" timestamp(3) with time zone,
	"open_by" timestamp(3) with time zone NOT NULL,
	"latest_end" timestamp(3) with time zone NOT NULL,
	"activated_at" timestamp(3) with time zone,
	"open_failed_at" timestamp(3) with time zone,
	"fault_code" text,
	"fault_message" text,
	"closing_at" timestamp(3) with time zone,
	"end_reason" "end_reason",
	"ended_by_id" text,
	"closed_at" timestamp(3) with time zone,
	"close_attempts" integer DEFAULT 0 NOT NULL,
	"last_close_error" text,
	"drifted" boolean DEFAULT false NOT NULL,
	CONSTRAINT "grants_window" CHECK (("duration_seconds" is null) <> ("ends_at" is null) or "activated_at" is not null),
	CONSTRAINT "grants_ended_says_why" CHECK ("state" not in ('CLOSING', 'CLOSED') or "end_reason" is not null)
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"id" uuid PRIMARY KEY,
	"requester_kind" "actor_kind" NOT NULL,
	"requester_id" text NOT NULL,
	"requester_name" text NOT NULL,
	"justification" text,
	"status" "request_status" NOT NULL,
	"requested_at" timestamp(3) with time zone NOT NULL,
	"decided_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "policies" (
	"id" uuid PRIMARY KEY,
	"vm_id" text NOT NULL,
	"account_id" text NOT NULL,
	"resource_group_id" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"updated_at" timestamp(3) with time zone NOT NULL,
	"created_by_id" text NOT NULL,
	"created_by_name" text NOT NULL,
	"disabled_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "policy_ports" (
	"policy_id" uuid,
	"port" integer,
	"protocol" "protocol",
	"allowed_sources" text[] DEFAULT '{}'::text[] NOT NULL,
	"maximum_duration_seconds" integer NOT NULL,
	CONSTRAINT "policy_ports_pkey" PRIMARY KEY("policy_id","port","protocol"),
	CONSTRAINT "policy_ports_port_in_range" CHECK ("port" between 1 and 65535),
	CONSTRAINT "policy_ports_duration_in_range" CHECK ("maximum_duration_seconds" between 300 and 86400)
);
--> statement-breakpoint
CREATE TABLE "virtual_machine_interfaces" (
	"id" text PRIMARY KEY,
	"vm_id" text NOT NULL,
	"account_id" text NOT NULL,
	"primary" boolean NOT NULL,
	"addresses" text[] DEFAULT '{}'::text[] NOT NULL,
	"public_addresses" text[] DEFAULT '{}'::text[] NOT NULL,
	"subnet_id" text,
	"subnet_boundary_id" text,
	"own_boundary_id" text,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "virtual_machines" (
	"id" text PRIMARY KEY,
	"account_id" text NOT NULL,
	"resource_group_id" text NOT NULL,
	"resource_group" text NOT NULL,
	"name" text NOT NULL,
	"location" text NOT NULL,
	"os" "operating_system",
	"power" "power_state" NOT NULL,
	"unsupported_reason" "unsupported_reason",
	"tags" jsonb DEFAULT '{}' NOT NULL,
	"generation" bigint NOT NULL,
	"first_seen_at" timestamp(3) with time zone NOT NULL,
	"last_seen_at" timestamp(3) with time zone NOT NULL,
	"gone_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE INDEX "idempotency_keys_used" ON "idempotency_keys" ("used_at");--> statement-breakpoint
CREATE UNIQUE INDEX "role_assignments_once" ON "role_assignments" ("principal_kind","principal_id","role","scope");--> statement-breakpoint
CREATE INDEX "role_assignments_scope" ON "role_assignments" ("scope");--> statement-breakpoint
CREATE INDEX "accounts_next_sync" ON "accounts" ("next_sync_at");--> statement-breakpoint
CREATE INDEX "activities_order" ON "activities" ("transaction","position");--> statement-breakpoint
CREATE INDEX "activities_vm" ON "activities" ("vm_id","transaction","position");--> statement-breakpoint
CREATE INDEX "activities_grant" ON "activities" ("grant_id");--> statement-breakpoint
CREATE INDEX "activities_requester" ON "activities" ("requester_id","transaction","position");--> statement-breakpoint
CREATE INDEX "boundaries_account" ON "boundaries" ("account_id","id");--> statement-breakpoint
CREATE INDEX "boundary_reconciles_due" ON "boundary_reconciles" ("next_run_at") WHERE next_run_at is not null;--> statement-breakpoint
CREATE INDEX "boundary_shadows_vm" ON "boundary_shadows" ("vm_id");--> statement-breakpoint
CREATE INDEX "enforcements_boundary" ON "enforcements" ("boundary_id");--> statement-breakpoint
CREATE INDEX "grants_vm" ON "grants" ("vm_id","id");--> statement-breakpoint
CREATE INDEX "grants_request" ON "grants" ("request_id");--> statement-breakpoint
CREATE INDEX "grants_requester" ON "grants" ("requester_id","id");--> statement-breakpoint
CREATE INDEX "grants_account" ON "grants" ("account_id","id");--> statement-breakpoint
CREATE INDEX "grants_ends" ON "grants" ("ends_at") WHERE state in ('OPENING', 'ACTIVE') and ends_at is not null;--> statement-breakpoint
CREATE INDEX "grants_opening" ON "grants" ("open_by") WHERE state = 'OPENING';--> statement-breakpoint
CREATE INDEX "grants_live" ON "grants" ("vm_id") WHERE state in ('OPENING', 'ACTIVE', 'CLOSING');--> statement-breakpoint
CREATE INDEX "requests_requester" ON "requests" ("requester_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "policies_one_enabled" ON "policies" ("vm_id") WHERE disabled_at is null;--> statement-breakpoint
CREATE INDEX "policies_account" ON "policies" ("account_id","id");--> statement-breakpoint
CREATE INDEX "virtual_machine_interfaces_vm" ON "virtual_machine_interfaces" ("vm_id");--> statement-breakpoint
CREATE INDEX "virtual_machine_interfaces_subnet_boundary" ON "virtual_machine_interfaces" ("subnet_boundary_id");--> statement-breakpoint
CREATE INDEX "virtual_machine_interfaces_own_boundary" ON "virtual_machine_interfaces" ("own_boundary_id");--> statement-breakpoint
CREATE INDEX "virtual_machines_account" ON "virtual_machines" ("account_id","id");--> statement-breakpoint
CREATE INDEX "virtual_machines_resource_group" ON "virtual_machines" ("resource_group_id");--> statement-breakpoint
CREATE INDEX "virtual_machines_name" ON "virtual_machines" ("name","id");--> statement-breakpoint
ALTER TABLE "boundaries" ADD CONSTRAINT "boundaries_account_id_accounts_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id");--> statement-breakpoint
ALTER TABLE "boundary_reconciles" ADD CONSTRAINT "boundary_reconciles_boundary_id_boundaries_id_fkey" FOREIGN KEY ("boundary_id") REFERENCES "boundaries"("id");--> statement-breakpoint
ALTER TABLE "boundary_shadows" ADD CONSTRAINT "boundary_shadows_boundary_id_boundaries_id_fkey" FOREIGN KEY ("boundary_id") REFERENCES "boundaries"("id");--> statement-breakpoint
ALTER TABLE "boundary_shadows" ADD CONSTRAINT "boundary_shadows_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");--> statement-breakpoint
ALTER TABLE "reported_exposures" ADD CONSTRAINT "reported_exposures_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");--> statement-breakpoint
ALTER TABLE "enforcements" ADD CONSTRAINT "enforcements_grant_id_grants_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id");--> statement-breakpoint
ALTER TABLE "enforcements" ADD CONSTRAINT "enforcements_boundary_id_boundaries_id_fkey" FOREIGN KEY ("boundary_id") REFERENCES "boundaries"("id");--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_request_id_requests_id_fkey" FOREIGN KEY ("request_id") REFERENCES "requests"("id");--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");--> statement-breakpoint
ALTER TABLE "policies" ADD CONSTRAINT "policies_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");--> statement-breakpoint
ALTER TABLE "policy_ports" ADD CONSTRAINT "policy_ports_policy_id_policies_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policies"("id");--> statement-breakpoint
ALTER TABLE "virtual_machine_interfaces" ADD CONSTRAINT "virtual_machine_interfaces_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");--> statement-breakpoint
ALTER TABLE "virtual_machines" ADD CONSTRAINT "virtual_machines_account_id_accounts_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id");