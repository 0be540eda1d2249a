/** Whether a lockdown is in force over a machine, from the columns of a row that say where it lies. */
export function isLockedDown(row: string, vm: string): string {
  return `exists (select from lockdowns d where d.lifted_at is null and d.scope = any(${scopesSql(row, vm)}))`
}

/** The scopes that a machine lies in, the same way. */
export function scopesSql(row: string, vm: string): string {
  const account = `case when ${row}.account_id ~ '^[0-9]{12}$' then '/aws/' else '/subscriptions/' end || ${row}.account_id`
  return `array['/', ${account}, ${row}.resource_group_id, ${row}.${vm}]`
}
