/** Proves that a vendor's word is found in whatever case it hides, and nothing else is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findVendorWords } from './vendor-words.ts'

describe('findVendorWords', () => {
  it('finds words inside names of any case', () => {
    const text = "const awsLambda = 1\nconst x = 'x-google-backend'\nfromAzure()\n// IBM says so\nconst ORACLE_URL = 2"
    assert.deepEqual(
      findVendorWords('a.ts', text).map((fault) => fault.slice(0, fault.indexOf(' is '))),
      ['a.ts:1: "aws"', 'a.ts:2: "google"', 'a.ts:3: "azure"', 'a.ts:4: "ibm"', 'a.ts:5: "oracle"'],
    )
  })

  it('passes names on the wire and longer words', () => {
    assert.deepEqual(findVendorWords('a.ts', "'X-Amzn-Trace-Id', 'X-Cloud-Trace-Context', draws, oracles"), [])
  })
})
