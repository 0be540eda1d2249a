ALTER TYPE "fact_kind" ADD VALUE 'VirtualMachineFound' BEFORE 'VirtualMachineGone';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'VirtualMachineChanged' BEFORE 'VirtualMachineGone';