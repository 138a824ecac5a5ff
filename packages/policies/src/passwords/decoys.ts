/**
 * Owns what a password is checked against for a name that nobody has: one hash of each cost that users have, so that the time
 * it takes is that of some user. As text, a hash a line.
 */
import { hash } from 'node:crypto'

/** Of how many costs: each of them is looked at for each name that nobody has. */
const MOST_COSTS = 16

/** With one of its cost more, if there is none yet. */
export function addDecoy(decoys: string, passwordHash: string): string {
  if (decoys === '') return passwordHash
  const all = decoys.split('\n')
  const cost = toCost(passwordHash)
  if (all.length >= MOST_COSTS || all.some((decoy) => toCost(decoy) === cost)) return decoys
  return `${decoys}\n${passwordHash}`
}

/**
 * The same for a name as long as they are the same, whoever asks and whenever: else a name that takes now this long and now
 * that long would be known to be nobody's. Nobody outside can tell which it is, because nobody has seen the hashes; and each
 * stands for itself, so that of the names few change theirs when one more comes.
 */
export function pickDecoy(decoys: string, name: string): string {
  if (!decoys.includes('\n')) return decoys
  let picked = ''
  let highest = ''
  for (const decoy of decoys.split('\n')) {
    const score = hash('sha256', `${decoy}\n${name}`)
    if (score < highest) continue
    picked = decoy
    highest = score
  }
  return picked
}

/** `$2b$12$…` → `2 12`, `$argon2id$v=19$m=19456,t=2,p=1$…` → `argon2id m=19456,t=2,p=1`. */
function toCost(passwordHash: string): string {
  const [, kind = '', ...parts] = passwordHash.split('$')
  return kind.startsWith('2') ? `2 ${parts[0]}` : `${kind} ${parts.find((part) => part.includes('m='))}`
}
