/** Owns why a control plane cannot have its port, and what to do about it. Pure. */

/** `refused`: what the system says. */
export function toControlFault({ refused }: { readonly refused: string }): string {
  if (!/EADDRINUSE/.test(refused)) return `the control plane cannot be reached where it was to be: ${refused}`
  const place = /EADDRINUSE.*?(\S+:\d+)/.exec(refused)?.[1]
  const which = place === undefined ? '' : ` (${place})`
  return `the control plane finds its port${which} in use, perhaps by another instance; end that, or choose another port with --control-port`
}
