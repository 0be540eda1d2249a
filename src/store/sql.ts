/** The writing of statements, for the rooms that write their own: parameters apart from text, parts put together. */
export { sql, type SQL } from 'drizzle-orm'
