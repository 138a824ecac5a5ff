/** Owns the port through which listeners count their connections. */

/** Counts connections over all threads; both answer what stands after the change. */
export interface ConnectionGauge {
  opened(address: string): { readonly total: number; readonly ofAddress: number }
  closed(address: string): void
}
