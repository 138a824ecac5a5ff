import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toQrPicture } from './qr-picture.ts'

const LINK = 'otpauth://totp/Gatewright:olga%40example.com?issuer=Gatewright&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

/** Which modules are dark, as a browser would draw the path. */
function draw(text: string): readonly (readonly boolean[])[] {
  const { size, path } = toQrPicture(text)
  const dark = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    for (let at = 0; at < Number(width); at++) dark[Number(y)]?.splice(Number(x) + at, 1, true)
  return dark
}

describe('the picture of a link', () => {
  const dark = draw(LINK)
  const side = dark.length - 8

  it('is a square of a size that there is, with nothing around', () => {
    assert.equal((side - 17) % 4, 0)
    for (const [y, row] of dark.entries())
      for (const [x, isDark] of row.entries())
        if (Math.min(x, y) < 4 || Math.max(x, y) >= side + 4) assert.ok(!isDark, `${x} ${y}`)
  })

  it('has the patterns in three corners that phones look for, and the lines between them', () => {
    const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111']
    for (const [left, top] of [
      [0, 0],
      [side - 7, 0],
      [0, side - 7],
    ] as const) {
      const found = finder.map((_, y) =>
        Array.from({ length: 7 }, (__, x) => (dark[top + y + 4]?.[left + x + 4] ? '1' : '0')).join(''),
      )
      assert.deepEqual(found, finder)
    }
    for (let at = 8; at < side - 8; at++) assert.equal(dark[10]?.[at + 4], at % 2 === 0)
  })

  it('is another one for another secret, and holds no markup', () => {
    assert.notDeepEqual(draw(LINK.replace('GEZ', 'GEY')), dark)
    assert.match(toQrPicture(LINK).path, /^[Mhvz\d -]+$/)
  })
})
