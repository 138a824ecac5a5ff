/** Owns the list of long passwords that are tried first: what people type who need twelve letters. Letters and digits alone, in lower case. */

const WORDS = [
  'password',
  'passw0rd',
  'letmein',
  'welcome',
  'changeme',
  'administrator',
  'admin',
  'gatewright',
  'gateway',
  'iloveyou',
  'sunshine',
  'princess',
  'football',
  'baseball',
  'dragon',
  'monkey',
  'superman',
  'qwerty',
  'qwertz',
  'azerty',
  'secret',
  'default',
  'trustno1',
]

const TAILS = ['', '1', '12', '123', '1234', '12345', '123456', '1234567', '12345678', '123456789', '1234567890']

const ROWS = [
  '1234567890',
  'qwertyuiop',
  'qwertyuiopasdfghjklzxcvbnm',
  'asdfghjkl',
  'zxcvbnm',
  'qazwsxedcrfvtgb',
  '1qaz2wsx3edc4rfv',
  '1q2w3e4r5t6y7u8i9o0p',
  'abcdefghijklmnopqrstuvwxyz',
]

const PHRASES = [
  'correcthorsebatterystaple',
  'letmeinletmein',
  'passwordpassword',
  'mypasswordis',
  'thisismypassword',
  'iloveyousomuch',
  'iloveyouforever',
  'nopasswordneeded',
]

function* listMostUsed(): Generator<string> {
  yield* PHRASES
  for (const word of WORDS) {
    yield word + word
    for (const tail of TAILS) yield word + tail
    // Years of this century so far, and of some time to come.
    for (let year = 2000; year < 2050; year++) yield `${word}${year}`
  }
  for (const row of ROWS) {
    const endless = row.repeat(3)
    for (let length = 12; length <= endless.length; length++) yield endless.slice(0, length)
  }
}

export const MOST_USED_PASSWORDS: ReadonlySet<string> = new Set(listMostUsed())
