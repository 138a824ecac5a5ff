/**
 * Owns the talk with one authority by RFC 8555, for one account. The only file that knows the package `acme-client`, which is
 * loaded when it is first needed (docs/adr/0019-acme-client.md): it signs and names, and what goes over the wire is ours.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '@gatewright/policies'
import type { Authorization, Client, Order } from 'acme-client'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { AcmeFault } from '../acme-fault.ts'
import type { AcmeOptions } from '../acme-options.ts'
import type { AlpnCertificate } from '../challenges/challenge-set.ts'
import type { ChallengeType } from './advice.ts'
import { type AuthorityProblem, findFault, parseProblem } from './problem-fault.ts'
import { type AuthorityTrust, sendRequest } from './send-request.ts'

export interface AuthorityAccount {
  readonly directory: string
  /** PEM */
  readonly key: string
  readonly url?: string
  readonly externalAccount?: AcmeOptions['externalAccount']
  /** PEM, of who is trusted as the authority's server. */
  readonly ca: string | undefined
  /** Which addresses it may have. */
  readonly guard: EgressGuard
}

export interface AuthorityChallenge {
  /** Without `*.`: RFC 8555 §7.1.4. */
  readonly host: string
  readonly status: Authorization['status']
  /** The kinds that the authority takes for this host. */
  readonly offered: readonly string[]
  /** undefined: the authority does not offer this kind. */
  readonly chosen: Authorization['challenges'][number] | undefined
  readonly problem: AuthorityProblem | undefined
}

/** As the package has it: its address, its status, what to ask next. */
export type AuthorityOrder = Order

type AcmeClient = typeof import('acme-client')

interface Call extends AuthorityTrust {
  readonly clock: Clock
}

/** The package sends everything by one function for all: this says on whose behalf. */
const calls = new AsyncLocalStorage<Call>()

let loading: Promise<AcmeClient> | undefined

function loadClient(): Promise<AcmeClient> {
  loading ??= import('acme-client').then((acme) => {
    acme.axios.defaults.adapter = async (config) => {
      const call = calls.getStore()
      if (call === undefined) throw new Error('the authority was asked on nobody’s behalf')
      const { method = 'get', url = '', data } = config
      const body = typeof data === 'string' ? data : undefined
      const asked = { method: method.toUpperCase(), url, contentType: 'application/jose+json' }
      const answer = await sendRequest({ ...asked, ...(body !== undefined && { body }) }, call)
      const fault = findFault(answer, url, call.clock)
      if (fault !== undefined) throw fault
      return { data: answer.body, status: answer.status, statusText: '', headers: answer.headers as never, config }
    }
    return acme
  })
  return loading
}

export class CertificateAuthority {
  readonly #acme: AcmeClient
  readonly #client: Client
  readonly #trust: Pick<AuthorityAccount, 'ca' | 'guard'>
  readonly #clock: Clock

  private constructor(acme: AcmeClient, account: AuthorityAccount, clock: Clock) {
    const { directory, key, url, externalAccount, ca, guard } = account
    this.#acme = acme
    this.#trust = { ca, guard }
    this.#clock = clock
    this.#client = new acme.Client({
      directoryUrl: directory,
      accountKey: key,
      ...(url !== undefined && { accountUrl: url }),
      ...(externalAccount && { externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.key } }),
    })
  }

  static async open(account: AuthorityAccount, clock: Clock): Promise<CertificateAuthority> {
    return new CertificateAuthority(await loadClient(), account, clock)
  }

  /** Makes the account, or finds it by its key; answers its address. By naming an authority in a file, its terms are agreed to. */
  async register(email: string | undefined, signal: AbortSignal): Promise<string> {
    const contact = email === undefined ? [] : [`mailto:${email}`]
    await this.#call(signal, () => this.#client.createAccount({ termsOfServiceAgreed: true, contact }))
    return this.#client.getAccountUrl()
  }

  order(hosts: readonly string[], signal: AbortSignal): Promise<Order> {
    const identifiers = hosts.map((value) => ({ type: 'dns', value }))
    return this.#call(signal, () => this.#client.createOrder({ identifiers }))
  }

  refresh(order: Order, signal: AbortSignal): Promise<Order> {
    return this.#call(signal, () => this.#client.getOrder(order))
  }

  async listChallenges(order: Order, type: ChallengeType, signal: AbortSignal): Promise<AuthorityChallenge[]> {
    // RFC 8555 §7.1.3: one for each host at most. The package would ask for all that are listed, and at once.
    if (order.authorizations.length > order.identifiers.length) {
      throw new AcmeFault(
        `the authority wants ${order.authorizations.length} proofs of ${order.identifiers.length} hosts: it answers nonsense`,
      )
    }
    const authorizations = await this.#call(signal, () => this.#client.getAuthorizations(order))
    return authorizations.map(({ identifier, status, challenges }) => {
      const failed = challenges.find(({ error }) => error !== undefined)
      return {
        host: identifier.value,
        status,
        offered: challenges.map((challenge) => challenge.type),
        chosen: challenges.find((challenge) => challenge.type === type),
        problem: parseProblem(failed?.error),
      }
    })
  }

  /** RFC 8555 §8.1: for `dns-01` it is the digest of it. */
  toKeyAuthorization(challenge: Authorization['challenges'][number]): Promise<string> {
    return this.#client.getChallengeKeyAuthorization(challenge)
  }

  /** RFC 8737 §3: signed by itself. */
  async toAlpnCertificate(host: string, keyAuthorization: string): Promise<AlpnCertificate> {
    const about = { identifier: { type: 'dns', value: host } } as Authorization
    const key = await this.#acme.crypto.createPrivateEcdsaKey()
    const [, certificate] = await this.#acme.crypto.createAlpnCertificate(about, keyAuthorization, key)
    return { certificate: certificate.toString(), key: key.toString() }
  }

  /** RFC 8555 §7.5.1: what it asks for is there; let it look. */
  async answer(challenge: Authorization['challenges'][number], signal: AbortSignal): Promise<void> {
    await this.#call(signal, () => this.#client.completeChallenge(challenge))
  }

  async finalize(
    order: Order,
    hosts: readonly string[],
    { key, signal }: { key: string; signal: AbortSignal },
  ): Promise<Order> {
    const [, request] = await this.#acme.crypto.createCsr({ altNames: [...hosts] }, key)
    return this.#call(signal, () => this.#client.finalizeOrder(order, request))
  }

  /** PEM, of an order that is valid. */
  async download(order: Order, preferredChain: string | undefined, signal: AbortSignal): Promise<string> {
    // The package would wait for it by itself, on a clock of its own.
    if (order.status !== 'valid') throw new AcmeFault(`the order is ${order.status}, and has no certificate yet`)
    return this.#call(signal, () => this.#client.getCertificate(order, preferredChain))
  }

  createKey(type: AcmeOptions['keyType']): Promise<string> {
    const { crypto } = this.#acme
    const key = type === 'rsa-2048' ? crypto.createPrivateRsaKey(2048) : crypto.createPrivateEcdsaKey('P-256')
    return key.then(String)
  }

  #call<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    return calls.run({ signal, ...this.#trust, clock: this.#clock }, ask)
  }
}
