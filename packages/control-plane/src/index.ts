/** Owns the door of the control plane. */
export { PostgresStore, type PostgresStoreOptions } from './store/postgres/postgres-store.ts'
export { SqliteStore, type SqliteStoreOptions } from './store/sqlite/sqlite-store.ts'
export {
  type Change,
  type Moment,
  type Store,
  StoreFault,
  type StoreFaultReason,
  type StoreKind,
  StoreRefusal,
} from './store/store.ts'
