#!/usr/bin/env node
/**
 * Owns the first step of the `gatewright` command: refuse a Node that is too old in one clear line, then run main.
 * Syntax as old as ES modules themselves, because an old Node must be able to read this file to say so.
 */
import module from 'node:module'
import v8 from 'node:v8'

// 24 is the first long-term release that strips types and has every built-in that Gatewright uses.
const OLDEST_MAJOR = 24

/** For the last lines of a log, once everything else has ended. */
const LAST_MOMENT_MS = 1000

const major = Number(process.versions.node.split('.')[0])
if (major < OLDEST_MAJOR) {
  process.stderr.write(
    `gatewright needs Node ${OLDEST_MAJOR} or newer, and this is Node ${process.versions.node} (${process.execPath}): ` +
      `install a newer one from https://nodejs.org/, or in this folder with \`npm install node@26\`, and run \`npx --no-install node ${process.argv[1]}\`.\n`,
  )
  process.exitCode = 1
} else {
  /** Signals that nobody follows yet. Left alone, SIGHUP would end what starts, SIGUSR1 open Node's debugger, and process 1 of a container never hear of SIGTERM. */
  const early = new Set()
  const isServing = ['start', 'node', 'control'].includes(process.argv[2])
  if (isServing) {
    for (const name of ['SIGHUP', 'SIGUSR1', 'SIGTERM']) process.on(name, (signal) => early.add(signal))
  }
  // Loading fills the young generation of every thread, and it would stay that large: 25 MB less here. What serves lets it grow again.
  if (isServing && process.argv[2] !== 'control') v8.setFlagsFromString('--semi-space-growth-factor=1')
  // Compiled code is kept between runs: a start loads a few hundred files.
  module.enableCompileCache()
  import('#main')
    .then((main) => main.main(process.argv.slice(2), main.createProcessTerminal(early)))
    .then((exitCode) => {
      process.exitCode = exitCode
      // A log whose reader stalls must not keep for ever what has ended: an orchestrator would kill it, and call that a failure.
      if (isServing) setTimeout(() => process.exit(), LAST_MOMENT_MS).unref()
      // After what was said is written: what an extension left open, such as a request that nobody answers, must not keep the process.
      process.stderr.write('', () => process.stdout.write('', () => process.exit()))
    })
}
