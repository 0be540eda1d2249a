CREATE TABLE "inventory_items" (
	"account_id" text,
	"generation" bigint,
	"kind" text,
	"id" text,
	"at" timestamp(3) with time zone NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "inventory_items_pkey" PRIMARY KEY("account_id","generation","kind","id")
);
