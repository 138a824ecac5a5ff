/** Owns what is known of methods. */

/**
 * Sent twice they mean what they mean once (RFC 9110 §9.2.2; QUERY by its own draft), so that an attempt that broke may be made
 * again. TRACE is idempotent too, and answered nowhere.
 */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'QUERY'])
