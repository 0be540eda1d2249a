/**
 * SQL of the version of what is assigned at this moment, or at one that is given. It differs whenever a role, or an
 * assignment, is another one than before, and from the moment on at which one ends: what was read at one version may be
 * kept while it stands. Those that have ended are counted only when there is one: it is a part of every query.
 */
export function rolesVersionSql(moment = 'gateway_now()'): string {
  return `coalesce((select version || '.' || case when first_end <= ${moment} then ended_assignments(${moment}) else 0 end
    from role_versions), '0')`
}
