import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findPasswordHashFault } from './password-hash.ts'

const SALT_AND_HASH = '$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
const BCRYPT_REST = 'XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga'

describe('a hash of a password', () => {
  it('is argon2id or argon2i in the PHC form, or bcrypt', () => {
    for (const hash of [
      // The test vectors of the reference implementation of argon2 (phc-winner-argon2, src/test.c).
      `$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`,
      `$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA`,
      // The first vectors of John the Ripper's and of OpenBSD's own.
      `$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`,
      `$2b$12$${BCRYPT_REST}`,
      `$2y$04$${BCRYPT_REST}`,
    ]) {
      assert.equal(findPasswordHashFault(hash), undefined, hash)
    }
  })

  it('is none that takes a check beyond what one may take', () => {
    for (const costs of [
      'm=262145,t=1,p=1',
      'm=8,t=33,p=1',
      'm=136,t=1,p=17',
      'm=7,t=1,p=1',
      'm=8,t=0,p=1',
      'm=8,t=1,p=0',
    ]) {
      assert.match(findPasswordHashFault(`$argon2id$v=19$${costs}${SALT_AND_HASH}`) ?? '', /may take up to/, costs)
    }
    for (const cost of ['03', '16', '31', '00']) {
      assert.match(findPasswordHashFault(`$2b$${cost}$${BCRYPT_REST}`) ?? '', /cost of a hash of bcrypt/, cost)
    }
  })

  for (const [name, hash, why] of [
    ['argon2d', `$argon2d$v=19$m=65536,t=2,p=1${SALT_AND_HASH}`, /RFC 9106 §4/],
    ['argon2 of version 16', `$argon2id$v=16$m=65536,t=2,p=1${SALT_AND_HASH}`, /version 19/],
    ['argon2 that is cut off', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ', /not whole/],
    ['bcrypt that is cut off', '$2b$12$XajjQvNhvvRt5GSeFk1xFe', /not whole/],
    ['bcrypt with a line behind it', `$2b$12$${BCRYPT_REST}\n`, /not whole/],
    ['the faulty bcrypt', `$2x$12$${BCRYPT_REST}`, /faulty bcrypt/],
    ['htpasswd -m', '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/', /htpasswd -B/],
    ['htpasswd -s', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /htpasswd -B/],
    ['a salted SHA of a directory', '{SSHA}Vx4nzNSMkIaYFXHZLzJXGGTbhjJCNvN4', /htpasswd -B/],
    ['crypt(3) of SHA-512', '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJu', /crypt\(3\)/],
    ['PBKDF2', '$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk', /PBKDF2/],
    ['SHA-1 with a salt in it, as Kong keeps it', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', /plain digest/],
    ['a password', 'open sesame', /no hash of a password/],
    ['nothing', '', /no hash of a password/],
  ] as const) {
    it(`is not ${name}; what is said of it shows nothing of it`, () => {
      const fault = findPasswordHashFault(hash) ?? assert.fail('taken')
      assert.match(fault, why)
      assert.match(fault, /gatewright key password/)
      if (hash.length > 8) assert.ok(!fault.includes(hash.slice(-8)))
    })
  }
})
