import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toLookedUpName, toShortName } from './directory-names.ts'

describe('a name as directories compare it', () => {
  for (const [name, same] of [
    ['ann', 'ann'],
    ['ANN', 'ann'],
    ['  ann  b ', 'ann b'],
    ['ａｎｎ', 'ann'],
    ['Jo\u0308rg', 'jörg'],
    ['STRASSE', 'strasse'],
    ['\u00a0ann', 'ann'],
  ] as const) {
    it(`${JSON.stringify(name)} is ${same} (RFC 4518)`, () => assert.equal(toLookedUpName(name), same))
  }
})

describe('what a group is called', () => {
  for (const [group, name] of [
    ['cn=admins,ou=groups,dc=example,dc=com', 'admins'],
    ['CN = Domain Admins , OU=x', 'Domain Admins'],
    ['admins', 'admins'],
    ['', ''],
    // RFC 4514 §4.
    ['CN=James \\"Jim\\" Smith\\, III,DC=example', 'James "Jim" Smith, III'],
    ['CN=Lu\\C4\\8Di\\C4\\87', 'Lučić'],
    ['OU=Sales+CN=J.  Smith,DC=example', 'Sales'],
    ['cn=a\\2cb', 'a,b'],
    ['cn=', ''],
  ] as const) {
    it(`${group === '' ? 'nothing' : group} is ${name}`, () => assert.equal(toShortName(group), name))
  }
})
