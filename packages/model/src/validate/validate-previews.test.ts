import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diff, toDiffText } from '../diff/diff.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'

const HASH = 'd7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7'
const PREVIEW = `preview: { hash: "sha256:${HASH}", expires: 2026-02-01T00:00:00Z }`

const resolveReleases = (...releases: readonly string[]) =>
  resolveText(
    `gatewright: 1\napis:\n  - id: a\n    upstream: http://u\n    releases:\n${releases.map((each) => `      - { ${each} }\n`).join('')}`,
  )

function check(...releases: readonly string[]): string[] {
  const { draft, sources, findings } = resolveReleases(...releases)
  const nowMs = Date.UTC(2026, 0, 1)
  return toLines([...findings, ...validate(draft, TEST_CATALOGUE, { sources, nowMs })]).map((line) =>
    line.replace('/etc/gw/gatewright.yaml:', ''),
  )
}

describe('previews', () => {
  it('are releases beside those that are live, and take no share of them', () => {
    const { draft } = resolveReleases('revision: v1', `revision: v2, ${PREVIEW}`)
    assert.deepEqual(
      draft.apis[0]?.releases.map(({ share, preview }) => ({ share, preview })),
      [
        { share: 100, preview: undefined },
        { share: undefined, preview: { hash: HASH, expires: Date.UTC(2026, 1, 1) } },
      ],
    )
    assert.deepEqual(check('revision: v1', `revision: v2, ${PREVIEW}`), [])
    assert.deepEqual(check('revision: v1', `revision: v2, share: 0, ${PREVIEW}`), [])
  })

  it('are not all that there is', () => {
    assert.match(check(`revision: v2, ${PREVIEW}`).join(), /fault: The shares of the releases of "a" are 0 together/)
  })

  it('are got by nothing else', () => {
    assert.deepEqual(check('revision: v1, share: 90', `revision: v2, share: 10, when: "true", ${PREVIEW}`), [
      '6:7: fault: The shares of the releases of "a" are 90 together, not 100. (apis[0].releases)',
      '7:59: fault: The release "v2" of the API "a" is a preview, and has `share` and `when`, which others get it by. (apis[0].releases[1].preview)',
    ])
    assert.match(check('revision: v1', `revision: v2, apps: [x], ${PREVIEW}`).join(), /is a preview, and has `apps`/)
  })

  it('have a token each, and end', () => {
    assert.match(
      check('revision: v1', `revision: v2, ${PREVIEW}`, `revision: v3, ${PREVIEW}`).join(),
      /fault: The token of this preview is that of the release "v2" already/,
    )
    assert.match(
      check('revision: v1', `revision: v2, ${PREVIEW.replace('2026', '2025')}`).join(),
      /warning: The preview of the release "v2" has expired: nobody gets it/,
    )
    assert.match(check('revision: v1', `revision: v2, preview: { hash: "sha256:${HASH}" }`).join(), /expires/)
  })

  it('say no token, where somebody forgot to hash it', () => {
    const plain = PREVIEW.replace(`sha256:${HASH}`, 'open-sesame')
    assert.match(check('revision: v1', `revision: v2, ${plain}`).join(), /A token is written as its hash/)
    for (const preview of [
      plain,
      'preview: open-sesame',
      'preview: { hash: [open-sesame] }',
      'preview: { open-sesame: 1 }',
    ]) {
      const lines = check('revision: v1', `revision: v2, ${preview}`)
      assert.ok(lines.length > 0)
      assert.doesNotMatch(lines.map((line) => line.replace(/ \([^()]*\)$/, '')).join(), /open-sesame/, preview)
    }
  })

  it('are compared without what their tokens could be found by', () => {
    const before = resolveReleases('revision: v1', `revision: v2, ${PREVIEW}`).draft
    const after = resolveReleases('revision: v1', `revision: v2, ${PREVIEW.replace('d7ec', 'aaaa')}`).draft
    const text = toDiffText(diff(before, after))
    assert.match(text, /d7ecdf25eaf3.*aaaadf25eaf3/)
    assert.doesNotMatch(text, new RegExp(HASH.slice(0, 20)))
  })
})
