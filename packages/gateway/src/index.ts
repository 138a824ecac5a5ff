/** The door of the data plane: a gateway process, and what tools need to run its pipeline without sockets. */
export { type ConfigurationState, type Feed, GatewayProcess, type GatewayProcessOptions } from './main.ts'
export { NodeFeed, type NodeOptions } from './node/node-feed.ts'
export { Seal } from './node/seal.ts'
export { checkUses } from './rehearsal/check-uses.ts'
export {
  type AskedRequest,
  type Judgement,
  judgeRoutes,
  type RouteVerdict,
  type Unmet,
  VERDICTS,
  type Verdict,
} from './rehearsal/judge-routes.ts'
export type { Fields, ReceivedAnswer } from './rehearsal/parse-answer.ts'
export {
  Rehearsal,
  type RehearsalParts,
  type RehearsedExchange,
  type RehearsedRequest,
} from './rehearsal/rehearsal.ts'
export {
  type ReceivedAttempt,
  type RehearsedAnswer,
  UPSTREAM_FAILURES,
  type UpstreamFailure,
} from './rehearsal/rehearsed-upstream.ts'
export type { MadeFile } from './snapshot/given-files.ts'
export { type Configuration, type LoadOptions, loadConfiguration } from './snapshot/load.ts'
export { makeFolder } from './snapshot/make-folder.ts'
export { Pepper, PepperFault } from './state/credentials/pepper.ts'
export { type StatusAddress, StatusServer } from './status/status-server.ts'
export { probePort } from './threads/probe-port.ts'
