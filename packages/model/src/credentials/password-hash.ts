/** Owns which hashes of passwords are taken, and what is said of those that are not. */

/** PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, both in base64 without padding. RFC 9106 §3.1: version 19. */
const ARGON2 =
  /^\$argon2(?:id|i)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/
/** crypt form: `$2b$12$`, 22 characters of salt and 31 of hash. `2x` marks hashes of a faulty implementation (CVE-2011-2483). */
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** What one check may take: 256 MiB, and some seconds. Whoever writes the file decides how long each check keeps a thread of the pool. */
const MOST_MEMORY_KIB = 256 * 1024
const MOST_PASSES = 32
const MOST_LANES = 16
const LEAST_COST = 4
const MOST_COST = 15

const HOW = 'Have the user choose a new password, and write what `gatewright key password` prints.'

/** Others are told by how they begin, so that the message can say what is wrong with each. */
const REFUSED: readonly (readonly [form: RegExp, why: string])[] = [
  [/^\$argon2d\$/, 'argon2d gives way to who shares the machine (RFC 9106 §4): argon2id is wanted.'],
  [/^\$argon2/, 'This hash of argon2 is not whole, or not of version 19: `$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>`.'],
  [/^\$2x\$/, '`$2x$` marks hashes of a faulty bcrypt.'],
  [/^\$2/, 'This hash of bcrypt is not whole: it has `$2b$`, two digits, `$` and 53 characters.'],
  [/^\$apr1\$|^\$1\$/, 'A hash of MD5 is tried a million times a second. `htpasswd -B` writes bcrypt.'],
  [
    /^\{(?:SSHA|SHA|MD5|SMD5)/i,
    'One round of SHA or MD5 is tried a billion times a second. `htpasswd -B` writes bcrypt.',
  ],
  [/^\$[56]\$|^\$y\$|^\$7\$/, 'Hashes of crypt(3) other than bcrypt are not checked here.'],
  [/^\$?pbkdf2|^\$scrypt\$|^\{PBKDF2/i, 'Hashes of PBKDF2 and scrypt are not checked here.'],
  [
    /^(?:sha\d+:)?[0-9a-fA-F]{32,128}$/,
    'A plain digest of a password is tried a billion times a second, salted or not.',
  ],
]

/** Why this is no hash that a password is checked against, without a word of it; undefined: it is one. */
export function findPasswordHashFault(text: string): string | undefined {
  const bcrypt = BCRYPT.exec(text)
  if (bcrypt !== null) {
    const cost = Number(bcrypt[1])
    if (cost >= LEAST_COST && cost <= MOST_COST) return undefined
    return `The cost of a hash of bcrypt is from ${LEAST_COST} to ${MOST_COST} here. ${HOW}`
  }
  const argon2 = ARGON2.exec(text)
  if (argon2 !== null) return findCostFault(Number(argon2[1]), Number(argon2[2]), Number(argon2[3]))
  const [, why = 'This is no hash of a password: argon2id, argon2i and bcrypt are taken.'] =
    REFUSED.find(([form]) => form.test(text)) ?? []
  return `${why} ${HOW}`
}

/** RFC 9106 §3.1: at least 8 KiB for each lane, one pass, one lane. */
function findCostFault(memoryKib: number, passes: number, lanes: number): string | undefined {
  const isPossible = passes >= 1 && lanes >= 1 && memoryKib >= 8 * lanes
  if (isPossible && memoryKib <= MOST_MEMORY_KIB && passes <= MOST_PASSES && lanes <= MOST_LANES) return undefined
  return `A check may take up to ${MOST_MEMORY_KIB} KiB (m), ${MOST_PASSES} passes (t) and ${MOST_LANES} lanes (p), and at least 8 KiB a lane. ${HOW}`
}
