/** Owns the door of the client. */
export {
  type AskOptions,
  Client,
  type ClientOptions,
  ClientProblem,
  type OperationAnswer,
  type YamlGiver,
  type YamlTaker,
} from './client.ts'
export { OPERATIONS, type Operations } from './operations.generated.ts'
export type * from './schemas.generated.ts'
