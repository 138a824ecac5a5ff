/** Owns what is said of a configuration that cannot be loaded, and whether that may pass by itself. */
import { type Finding, toFindingText } from '@gatewright/model'
import { PepperFault } from '../state/credentials/pepper.ts'
import { isPassing } from './passing-fault.ts'

export function toFaultText(findings: readonly Finding[]): string {
  return findings
    .filter(({ severity }) => severity === 'fault')
    .map(toFindingText)
    .join('\n')
}

export function isLackOfCertificate({ code }: Finding): boolean {
  return code === 'no-certificate' || code === 'unknown-certificate'
}

/** An extension that could not be evaluated is remembered by Node as it failed, and one that could not be read is no finding. */
export function isPassingFinding({ severity, code, message }: Finding): boolean {
  return severity === 'fault' && code !== 'extension' && isPassing(message)
}

export function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function toLoadFault(error: unknown): string {
  const said = toMessage(error)
  if (isPassing(said) || error instanceof PepperFault) return `the configuration cannot be loaded: ${said}`
  const stack = error instanceof Error ? error.stack : undefined
  return `the configuration cannot be loaded, and that is a fault of Gatewright itself; please report it: ${stack ?? said}`
}
