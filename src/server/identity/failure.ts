/** The caller did not prove who it is. `message` is for the caller and says what to mend. */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated'
}

/** Who the caller is cannot be told now: the identity provider or the database is away. Trying again may help. */
export class IdentityUnavailable extends Error {
  override readonly name = 'IdentityUnavailable'
}
