/** Owns one order, from asking for it to the certificate: RFC 8555 §7.4. Nothing of it is kept when it fails. */
import type { Clock, Log } from '@gatewright/policies'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { AcmeFault } from '../acme-fault.ts'
import type { AcmeChallenge, AcmeOptions } from '../acme-options.ts'
import { adviseOnChallenge, adviseOnProblem, type ChallengeType } from '../authority/advice.ts'
import type { AuthorityChallenge, AuthorityOrder, CertificateAuthority } from '../authority/certificate-authority.ts'
import { parseProblem } from '../authority/problem-fault.ts'
import type { ChallengeBoard, Withdraw } from '../challenges/challenge-board.ts'
import { DnsPresenter } from '../challenges/dns-presenter.ts'
import { pause } from '../pause.ts'
import type { StoredCertificate, StoredChallenge } from '../storage/acme-storage.ts'
import type { AccountKeeper } from './account-keeper.ts'
import { checkCertificate } from './check-certificate.ts'

export interface OrderParts {
  readonly accounts: AccountKeeper
  readonly board: ChallengeBoard
  readonly clock: Clock
  readonly log: Log
}

export interface OrderBounds {
  readonly signal: AbortSignal
  /** Which addresses may be asked: of the authority, of name servers. */
  readonly guard: EgressGuard
}

/** Resolves with the certificate; rejects, with an AcmeFault where it is known what to do. */
export type OrderCertificate = (options: AcmeOptions, bounds: OrderBounds) => Promise<StoredCertificate>

/** An authority looks within seconds, from several places; it is asked ever less often how far it is. */
const FIRST_LOOK_MS = 1000
const LONGEST_LOOK_MS = 10_000
/** What other nodes answer for us, if we die meanwhile, and no longer. An order takes at most ten minutes. */
const CHALLENGE_MS = 15 * 60_000

export function createOrderer(parts: OrderParts): OrderCertificate {
  return async (options, bounds) => {
    const { signal, guard } = bounds
    const hosts = options.hosts
    const { authority, order } = await begin(parts, options, bounds)
    await prove({ authority, order, parts, guard }, options, signal)
    const ready = await awaitOrder({ authority, order, parts, guard }, 'ready', signal)
    const key = await authority.createKey(options.keyType)
    const finalized = await authority.finalize(ready, hosts, { key, signal })
    const issued = await awaitOrder({ authority, order: finalized, parts, guard }, 'valid', signal)
    const chain = await authority.download(issued, options.preferredChain, signal)
    const life = checkCertificate(chain, key, hosts)
    return { chain, key, hosts, directory: options.directory, obtainedAtMs: parts.clock.now(), ...life }
  }
}

interface Ordering {
  readonly authority: CertificateAuthority
  readonly order: AuthorityOrder
  readonly parts: OrderParts
  readonly guard: EgressGuard
}

async function begin(
  { accounts }: OrderParts,
  options: AcmeOptions,
  bounds: OrderBounds,
): Promise<Pick<Ordering, 'authority' | 'order'>> {
  const { signal } = bounds
  const authority = await accounts.open(options, bounds)
  try {
    return { authority, order: await authority.order(options.hosts, signal) }
  } catch (error) {
    if (!(error instanceof AcmeFault) || error.type !== 'accountDoesNotExist') throw error
    const again = await accounts.open(options, bounds, { isLost: true })
    return { authority: again, order: await again.order(options.hosts, signal) }
  }
}

/** Proves every host that the authority has not seen proved lately. */
async function prove(ordering: Ordering, options: AcmeOptions, signal: AbortSignal): Promise<void> {
  const { authority, order, parts } = ordering
  const type = toType(options.challenge)
  const pending = (await authority.listChallenges(order, type, signal)).filter(({ status }) => status !== 'valid')
  if (pending.length === 0) return
  const challenges = await Promise.all(pending.map((about) => toProof(authority, about, type)))
  const withdraw = await present(challenges, { ordering, options }, signal)
  try {
    for (const { challenge } of challenges) await authority.answer(challenge, signal)
    for await (const _ of looks(parts.clock, signal)) {
      const seen = await authority.listChallenges(order, type, signal)
      const failed = seen.filter(({ status }) => status !== 'valid' && status !== 'pending')
      if (failed.length > 0) throw toFault(failed, type)
      if (seen.every(({ status }) => status === 'valid')) return
    }
  } finally {
    await withdraw()
  }
}

interface Proof {
  readonly host: string
  readonly challenge: NonNullable<AuthorityChallenge['chosen']>
  readonly answer: string
}

async function toProof(
  authority: CertificateAuthority,
  about: AuthorityChallenge,
  type: ChallengeType,
): Promise<Proof> {
  const { host, chosen, offered } = about
  if (chosen === undefined) {
    throw new AcmeFault(`the authority takes ${offered.join(', ') || 'no challenge'} for ${host}, and not ${type}`, {
      remedy: 'choose one of these as `challenge`; a host with `*` takes dns-01',
    })
  }
  return { host, challenge: chosen, answer: await authority.toKeyAuthorization(chosen) }
}

async function present(
  proofs: readonly Proof[],
  { ordering, options }: { readonly ordering: Ordering; readonly options: AcmeOptions },
  signal: AbortSignal,
): Promise<Withdraw> {
  const { authority, parts, guard } = ordering
  const { challenge } = options
  if (typeof challenge === 'object') {
    const presenter = new DnsPresenter(challenge.dns, { ...parts, guard })
    return presenter.present(
      proofs.map(({ host, answer }) => ({ host, value: answer })),
      signal,
    )
  }
  const expiresAtMs = parts.clock.now() + CHALLENGE_MS
  const stored = proofs.map(async ({ host, answer, challenge: { token } }): Promise<StoredChallenge> => {
    if (challenge === 'http-01') return { kind: 'http-01', host, token, keyAuthorization: answer, expiresAtMs }
    return { kind: 'tls-alpn-01', host, ...(await authority.toAlpnCertificate(host, answer)), expiresAtMs }
  })
  return parts.board.present(await Promise.all(stored), signal)
}

async function awaitOrder(
  { authority, order, parts }: Ordering,
  wanted: 'ready' | 'valid',
  signal: AbortSignal,
): Promise<AuthorityOrder> {
  let now = order
  for await (const _ of looks(parts.clock, signal)) {
    now = await authority.refresh(now, signal)
    if (now.status === wanted || now.status === 'valid') return now
    if (now.status === 'invalid') {
      const problem = parseProblem(now.error)
      const remedy = adviseOnProblem(problem?.type)
      throw new AcmeFault(`the authority ended the order: ${problem?.detail ?? 'it does not say why'}`, {
        ...(remedy !== undefined && { remedy }),
      })
    }
  }
  return now
}

/** Now, and again after ever longer pauses, until the signal. */
async function* looks(clock: Clock, signal: AbortSignal): AsyncGenerator<void> {
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(LONGEST_LOOK_MS, pauseMs * 1.5)) {
    yield
    await pause(clock, pauseMs, signal)
  }
}

function toType(challenge: AcmeChallenge): ChallengeType {
  return typeof challenge === 'object' ? 'dns-01' : challenge
}

function toFault(failed: readonly AuthorityChallenge[], type: ChallengeType): AcmeFault {
  const said = failed.map(
    ({ host, problem, status }) => `${host}: ${problem?.detail ?? `the authorization is ${status}`}`,
  )
  const [first] = failed
  return new AcmeFault(`the authority could not see that the hosts are ours: ${said.join('; ')}`, {
    ...(first && { remedy: adviseOnChallenge(type, first.host, first.problem?.type) }),
    ...(first?.problem?.type !== undefined && { type: first.problem.type }),
  })
}
