/**
 * SQL of the version of what is assigned at this moment, or at one that is given. It differs whenever a role, or an
 * assignment, is another one than before, and from the moment on at which one ends: what was read at one version may be
 * kept while it stands. (The clock is asked once: an index serves no condition that asks it anew for each row.)
 */
export function rolesVersionSql(moment = '(select gateway_now())'): string {
  return `coalesce((select version || '.' ||
    (select count(*) from role_assignments where ends_at <= ${moment}) from role_versions), '0')`
}
