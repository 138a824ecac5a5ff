/** Owns the door of the control plane. */

export { ADMIN_ROUTES } from './admin-routes.ts'
export type { AuditVerdict } from './audit/audit-log.ts'
export { ControlPlane, type ControlPlaneSettings } from './control-plane.ts'
export { deploy } from './deployments/deployment-store.ts'
export { toOpenApi } from './http/openapi-document.ts'
export type { LiveApi, LiveEnvironment } from './publish/live-api.ts'
export { NO_TERMS } from './publish/live-terms.ts'
export { PieceComposer } from './publish/piece-composer.ts'
export { CopyFault } from './store/copy/copy-fault.ts'
export { backUpStore, moveStore, restoreStore } from './store/copy/copy-store.ts'
export { SqliteStore } from './store/sqlite/sqlite-store.ts'
export { type Moment, type Store, StoreFault, StoreRefusal } from './store/store.ts'
