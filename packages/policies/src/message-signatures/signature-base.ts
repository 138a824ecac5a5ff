/** Owns the signature base: the text that is signed, made again from what came (RFC 9421 §2.5). */
import type { GatewayRequest } from '../messages/request.ts'
import { toComponentValue } from './component-value.ts'
import type { MessageSignature } from './signature-input.ts'
import type { StructuredType } from './structured-types.ts'

/** ASCII; lines end with a line feed, but the last. @throws SignatureFault */
export function toSignatureBase(
  { components, parametersText }: Pick<MessageSignature, 'components' | 'parametersText'>,
  request: GatewayRequest,
  types: ReadonlyMap<string, StructuredType>,
): string {
  let base = ''
  for (const component of components) base += `${component.text}: ${toComponentValue(component, request, types)}\n`
  return `${base}"@signature-params": ${parametersText}`
}
