/** Owns how it is with the way from a node to its control planes, as status and metrics say it. */
export interface NodeCondition {
  /** Since when nobody has answered, in milliseconds since the epoch; undefined: somebody does. */
  readonly cutOffSinceMs: number | undefined
  /** For longer than the operator lets it serve what it was told before. */
  readonly isTooStale: boolean
}
