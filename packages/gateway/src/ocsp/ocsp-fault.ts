/** Owns why there is no staple: what was asked, and what came of it. */

export class OcspFault extends Error {}
