/** Owns how the gateway proves to an upstream who it is: with a credential of its own, in the place of the client's. */
import type { Exchange } from '../exchange.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { createAws, listAwsFiles } from './aws/aws-credential.ts'
import { createAzure, listAzureFiles } from './azure/azure-credential.ts'
import { createBasic, createBearer, createKey } from './fixed-credential.ts'
import { createGoogle, listGoogleFiles } from './google/google-credential.ts'
import { createClientCredentials } from './oauth2/client-credentials.ts'
import { createTokenExchange } from './oauth2/token-exchange.ts'
import { createOci, listOciFiles } from './oci/oci-credential.ts'
import { type UpstreamAuthOptions, upstreamAuthOptions } from './upstream-auth-options.ts'
import type { UpstreamAuthServices, UpstreamCredential } from './upstream-credential.ts'

export const upstreamAuth = definePolicy({
  name: 'upstream-auth',
  phase: 'upstream',
  summary: 'Tells the upstream who the gateway is, with a credential of its own.',
  options: upstreamAuthOptions,
  examples: [
    {
      says: 'A name with a password.',
      options: { basic: { username: 'gateway', password: '${env:ORDERS_PASSWORD}' } },
    },
    {
      says: 'A key in the query.',
      options: { key: { in: 'query', name: 'api_key', value: '${env:MAPS_KEY}' } },
    },
    {
      says: 'A token that an authorization server issues to the gateway.',
      options: {
        clientCredentials: {
          issuer: 'https://login.example.com',
          client: { id: 'gateway', secret: '${env:CLIENT_SECRET}' },
          scopes: ['orders:read'],
        },
      },
    },
    {
      says: 'A token for the upstream, in exchange for the one that the caller showed to `jwt` (with `forward: true`).',
      options: {
        tokenExchange: {
          endpoint: 'https://login.example.com/token',
          client: { id: 'gateway', secret: '${env:CLIENT_SECRET}' },
          audience: 'orders',
        },
      },
    },
    {
      says: 'A service on Cloud Run, as the service account of the machine.',
      options: { google: { audience: 'https://orders-abc123-ew.a.run.app' } },
    },
    {
      says: 'An API that Entra guards, as the managed identity of the machine.',
      options: { azure: { resource: 'api://orders' } },
    },
    {
      says: 'An API of API Gateway, with the role of the machine.',
      options: {
        aws: {
          url: 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod',
          region: 'eu-central-1',
          service: 'execute-api',
          credentials: { instance: {} },
        },
      },
    },
    {
      says: 'A function of Oracle Cloud Infrastructure, as the machine that the gateway runs on.',
      options: {
        oci: {
          url: 'https://abc.eu-frankfurt-1.functions.oci.oraclecloud.com/20181201/functions',
          principal: { instance: {} },
        },
      },
    },
  ],
  files: ({ google, azure, aws, oci }) => [
    ...(google === undefined ? [] : listGoogleFiles(google)),
    ...(azure === undefined ? [] : listAzureFiles(azure)),
    ...(aws === undefined ? [] : listAwsFiles(aws)),
    ...(oci === undefined ? [] : listOciFiles(oci)),
  ],

  create(options, services) {
    const credential = createCredential(options, services)
    const { isRefused = isUnauthorized } = credential

    async function waitAndSend(waiting: Promise<void>, exchange: Exchange, next: Next): Promise<GatewayResponse> {
      await waiting
      return await send(exchange, next)
    }

    function send(exchange: Exchange, next: Next): ReturnType<Next> {
      const answer = next(exchange)
      if (credential.doubt === undefined) return answer
      if (answer instanceof Promise) return answer.then((response) => look(exchange, response))
      return look(exchange, answer)
    }

    /** Only what the upstream itself says counts: a problem is the gateway's. */
    function look(exchange: Exchange, response: GatewayResponse): GatewayResponse {
      if (response.problem === undefined && isRefused(response)) credential.doubt?.(exchange)
      return response
    }

    return function upstreamAuth(exchange, next) {
      const waiting = credential.apply(exchange)
      return waiting === undefined ? send(exchange, next) : waitAndSend(waiting, exchange, next)
    }
  },
})

function isUnauthorized({ status }: GatewayResponse): boolean {
  return status === 401
}

function createCredential(options: UpstreamAuthOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { basic, bearer, key, clientCredentials, tokenExchange, google, azure, aws, oci } = options
  if (basic !== undefined) return createBasic(basic)
  if (bearer !== undefined) return createBearer(bearer)
  if (key !== undefined) return createKey(key)
  if (clientCredentials !== undefined) return createClientCredentials(clientCredentials, services)
  if (tokenExchange !== undefined) return createTokenExchange(tokenExchange, services)
  if (google !== undefined) return createGoogle(google, services)
  if (azure !== undefined) return createAzure(azure, services)
  if (aws !== undefined) return createAws(aws, services)
  if (oci !== undefined) return createOci(oci, services)
  // The schema asks for one.
  throw new Error('there is no credential')
}
