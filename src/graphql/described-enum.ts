import { builder } from './builder.ts'

/** The name of a value in the schema: `GrantActivated` is `GRANT_ACTIVATED`, and upper-case words stay as they are. */
function enumName(value: string): string {
  return value.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

/** An enum whose every value is described; the type checker asks for those of `values` and no other. */
export function described<Value extends string>(
  name: string,
  description: string,
  values: readonly Value[],
  meaning: Record<Value, string>,
) {
  return builder.enumType(name, {
    description,
    values: Object.fromEntries(
      values.map((value) => [enumName(value), { value, description: meaning[value] }]),
    ) as Record<string, { value: Value; description: string }>,
  })
}
