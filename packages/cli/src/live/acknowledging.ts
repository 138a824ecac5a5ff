/** Owns the option by which breaking changes are known and wanted. */
import { UsageError, type Values } from '../command.ts'

export const ACKNOWLEDGE_OPTION = {
  acknowledge: {
    type: 'text',
    value: 'CODE',
    multiple: true,
    description:
      'A breaking change that callers can live with, as a refusal names it, or `all`; several. --message says why.',
  },
} as const

/** As the body of a request has it. @throws UsageError */
export function toAcknowledge(
  { acknowledge: codes }: Values<typeof ACKNOWLEDGE_OPTION>,
  message: string | undefined,
): { readonly acknowledge?: { readonly codes: readonly string[]; readonly reason: string } } {
  if (codes.length === 0) return {}
  if (message === undefined || message === '') {
    throw new UsageError('--acknowledge needs a reason: say with --message why callers can live with it')
  }
  return { acknowledge: { codes, reason: message } }
}
