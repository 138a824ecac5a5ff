/** Owns what to say to somebody who writes a variable of the environment as shells do. */

/** `${NAME}` and `$NAME` are texts here; undefined where the value has nothing of the kind. */
export function suggestVariable(value: string): string | undefined {
  const name = /\$(?:\{([A-Za-z_]\w*)\}|([A-Z_][A-Z0-9_]*)$)/.exec(value)
  const found = name?.[1] ?? name?.[2]
  return found === undefined ? undefined : `A variable of the environment is written "\${env:${found}}".`
}
