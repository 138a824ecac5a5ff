/** Owns what a signature must cover: a valid signature of too little is nobody's word for the rest (RFC 9421 §7.2.1). */
import { type Component, parseComponent } from '../message-signatures/component.ts'
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import type { MessageSignature } from '../message-signatures/signature-input.ts'
import type { GatewayRequest } from '../messages/request.ts'

const CONTENT_DIGEST = 'content-digest'

export interface Coverage {
  /** What to cover, for people and for `Accept-Signature`; the digest comes besides, where there is a body. */
  readonly wanted: readonly string[]
  /** Is the body itself to be covered? */
  needsDigest(request: GatewayRequest): boolean
  /** @throws SignatureFault where it covers too little */
  assertCovered(signature: MessageSignature, request: GatewayRequest): void
}

export interface CoverageOptions {
  readonly required?: readonly string[] | undefined
  readonly coverBody: boolean
}

export function createCoverage({ required, coverBody }: CoverageOptions): Coverage {
  const components = required?.map(parseComponent)
  const needsDigest = ({ body }: GatewayRequest): boolean => coverBody && !body.isEmpty
  return {
    wanted: components?.map(({ text }) => text) ?? ['"@method"', '"@target-uri"'],
    needsDigest,
    assertCovered(signature, request) {
      if (components === undefined) assertWholeTarget(signature, request)
      else assertEach(signature, components)
      if (needsDigest(request) && !coversDigest(signature)) throw uncovered('"content-digest"')
    },
  }
}

/** In whatever form: all members of the field are checked against the body, so one of them stands for it. */
export function coversDigest({ components }: MessageSignature): boolean {
  return components.some(({ name }) => name === CONTENT_DIGEST)
}

function assertEach({ components }: MessageSignature, required: readonly Component[]): void {
  for (const { key, text } of required) {
    if (!components.some((covered) => covered.key === key)) throw uncovered(text)
  }
}

/** The method, and the target in one of the ways in which all of it can be said. */
function assertWholeTarget({ components }: MessageSignature, { rawTarget }: GatewayRequest): void {
  const covers = (name: string): boolean => components.some((component) => component.name === name)
  if (!covers('@method')) throw uncovered('"@method"')
  if (covers('@target-uri')) return
  if (!covers('@authority')) throw uncovered('"@target-uri", or "@authority" with "@path" and "@query"')
  if (covers('@request-target')) return
  if (!covers('@path')) throw uncovered('"@path"')
  // A query that nobody signed is one that anybody may have added.
  if (rawTarget.includes('?') && !covers('@query')) throw uncovered('"@query"')
}

function uncovered(what: string): SignatureFault {
  return new SignatureFault('uncovered-component', `The signature must cover ${what}.`)
}
