/** Owns the small door of the control plane: what starts its thread, and nothing that only the thread needs. */
export type { ControlPlaneSettings } from '../control-plane.ts'
export type { Taken } from '../publish/rollout.ts'
export { SecretKey } from '../secrets/secret-key.ts'
export type { PublishedChange } from './control-messages.ts'
export { ControlPlaneThread, type Opened, type Refused } from './control-plane-thread.ts'
