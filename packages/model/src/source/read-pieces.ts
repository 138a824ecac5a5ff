/**
 * Owns the reading of a large file piece by piece, so that only pieces which changed are read again. Whatever is out of the
 * ordinary — a fault above all — is left to the reading of the whole text, whose word is the only one that is heard.
 */
import type { Path } from '../finding.ts'
import { parseJson } from './parse-json.ts'
import { parseYaml } from './parse-yaml.ts'
import type { FilePieces, Piece } from './piece-memory.ts'
import type { Reading } from './reading.ts'
import type { SourceText } from './source-text.ts'
import { YamlPieces } from './yaml-pieces.ts'

/** Pieces stand at most so deep and reach at most `PIECE_DEPTH` further, so that none passes the bound on depth unseen. */
const SPINE_DEPTH_MAX = 60
const PIECE_DEPTH = 64
/** YAML has bounds on the length of keys that JSON has not. */
const KEY_MAX = 1000

/** Ends a reading by pieces; caught in this file. */
class Unordinary extends Error {}

/** `undefined`: the text is to be read as a whole. */
export function readPieces(reading: Reading, pieces: FilePieces, syntax: 'json' | 'yaml'): unknown {
  const { text } = reading.source
  if (text.length <= pieces.max || (syntax === 'yaml' && /[\t\r]/.test(text))) return undefined
  try {
    const isBraced = text.startsWith('{')
    if (syntax === 'json' || isBraced) return readJson(reading, pieces, { isYaml: syntax === 'yaml' })
    return new YamlPieces(reading, { max: pieces.max, depthMax: SPINE_DEPTH_MAX, take: takeYaml }).read()
  } catch (error) {
    if (error instanceof Unordinary) return undefined
    throw error
  }

  function takeYaml(piece: string): Piece {
    return pieces.take(piece, (source) => parseYaml(toPieceReading(reading, source)))
  }
}

/** A text in braces is read as JSON also where it is YAML, as far as both say the same. */
function readJson(reading: Reading, pieces: FilePieces, { isYaml }: { isYaml: boolean }): unknown {
  const { source, origins } = reading
  const ends = findEnds(source.text, isYaml)
  return parseJson({
    source,
    origins,
    tags: reading.tags,
    fault: refuse,
    findPiece(at, depth) {
      const end = ends.get(at)
      if (end === undefined || end - at > pieces.max || depth > SPINE_DEPTH_MAX) return undefined
      const piece = pieces.take(source.text.slice(at, end), (own) => parseJson(toPieceReading(reading, own)))
      origins.mount(piece.source, source, at)
      return { value: piece.value, end }
    },
  })
}

function toPieceReading({ origins, tags }: Reading, source: SourceText): Reading {
  return { source, origins, tags, depth: PIECE_DEPTH, refusesAliases: true, fault: refuse }
}

function refuse(_code: string, message: string, _where: { offset: number; path?: Path }): never {
  throw new Unordinary(message)
}

/** Start of each list and map → its end. What is no JSON at all shows when it is read. */
function findEnds(text: string, isYaml: boolean): Map<number, number> {
  const ends = new Map<number, number>()
  const open: number[] = []
  const mark = /["{}[\]]/g
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const [character] = match
    if (character === '"') {
      const end = findStringEnd(text, match.index)
      if (isYaml && isUnlikeKey(text, match.index, end)) throw new Unordinary('a key that YAML reads otherwise')
      mark.lastIndex = end
    } else if (character === '{' || character === '[') {
      open.push(match.index)
    } else {
      const start = open.pop()
      if (start !== undefined) ends.set(start, match.index + 1)
    }
  }
  return ends
}

function findStringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text[at - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return at + 1
  }
  return text.length
}

/** In YAML a key is short, has its colon on the same line, and `<<` means something else. */
function isUnlikeKey(text: string, start: number, end: number): boolean {
  const isSuspect = end - start > KEY_MAX || text[end] === '\n' || text[start + 1] === '<' || text[start + 1] === '\\'
  return isSuspect && /^\s*:/.test(text.slice(end, end + 100))
}
