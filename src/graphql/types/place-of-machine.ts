import type { Place } from '../read/parameters.ts'

/** Where the machine `row` lies. */
export function placeOfMachine(row: string): Place {
  return { account: `${row}.account_id`, resourceGroup: `${row}.resource_group_id`, vm: `${row}.id` }
}
