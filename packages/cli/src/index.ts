/** The door of the command: what `bin/gatewright.js` runs. */
export { main } from './main.ts'
export type { Terminal } from './terminal.ts'
