/** Owns the name of the team that nobody has to make. */

/** What gateways and files call by its id alone is of this one; what is of others has their id before it. */
export const MAIN_TEAM = 'main'
