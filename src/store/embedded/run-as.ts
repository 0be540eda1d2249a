import { chown } from 'node:fs/promises'

/** A user the server runs as; Postgres refuses to run as root. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/** `nobody` on every system we know. */
const NOBODY: RunAs = { uid: 65_534, gid: 65_534 }

/** Whom the server must run as: null for whoever runs this process, which is everybody but root. */
export const runAs: RunAs | null = process.getuid?.() === 0 ? NOBODY : null

/** Gives a file or folder to the server's user. */
export async function handOver(path: string): Promise<void> {
  if (runAs !== null) await chown(path, runAs.uid, runAs.gid)
}

/**
 * How the server, started in its cluster's folder, names that folder. A checkout of root's is usually closed to
 * `nobody` (`/root` is), so the path is no use to it; the folder it was started in is.
 */
export function clusterAsSeen(cluster: string): string {
  return runAs !== null && process.platform === 'linux' ? '/proc/self/cwd' : cluster
}
