/**
 * Owns where lines go: batches of whole lines, at most 4096 bytes a write, so that the lines of several threads and
 * processes never mix (POSIX: writes of up to PIPE_BUF bytes to a pipe are atomic; appends to a file are anyway).
 *
 *   line → batch (≤ 4096 bytes) → queue (≤ 1 MiB) → one write at a time
 *
 * A reader that does not read fills the queue; then lines are dropped and counted, and requests go on.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, write, writeSync } from 'node:fs'

/** Linux's PIPE_BUF. */
const WRITE_BYTES = 4096
const QUEUE_BYTES = 1_048_576
/** A batch that is not full is written after so long, or a quiet gateway would show nothing. */
const FLUSH_MS = 100
const RETRY_MS = 20
/** Why lines are dropped is told so often while it lasts. */
const TELL_MS = 60_000

/** Hears of lines that are dropped. `trouble`: why, where that is news; the same is told again only after a while. */
type DropListener = (lines: number, trouble: string | undefined) => void

export class LineSink {
  /** Lines that were not written. */
  dropped = 0
  #fd: number
  readonly #file: string | undefined
  readonly #isOwned: boolean
  /** Writes of a regular file and of a non-blocking pipe return at once; others go through the thread pool. */
  readonly #isDirect: boolean
  readonly #queue: string[] = []
  #batch = ''
  #batchLines = 0
  readonly #queueLines: number[] = []
  #queuedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isWriting = false
  /** A write failed: ours or another thread's may have left a part of a line behind. */
  #mayStandInLine = false
  #isClosed = false
  #toldAtMs = Number.NEGATIVE_INFINITY
  readonly #onDrop: DropListener | undefined

  constructor(target: { readonly fd: number } | { readonly file: string }, onDrop?: DropListener) {
    this.#onDrop = onDrop
    if ('file' in target) {
      this.#file = target.file
      this.#fd = openForAppending(target.file)
      this.#isOwned = true
      this.#isDirect = true
      return
    }
    // A file is written where its descriptor stands, which `> log 2>&1` shares with the program's own log.
    const isFile = isRegularFile(target.fd)
    const own = isFile ? undefined : openNonBlocking(target.fd)
    this.#fd = own ?? target.fd
    this.#file = undefined
    this.#isOwned = own !== undefined
    this.#isDirect = isFile || own !== undefined
  }

  /** After the file was renamed: what comes goes into a new one of its name. Where that cannot be, the renamed one goes on. */
  reopen(): void {
    if (this.#file === undefined || this.#isClosed) return
    this.flush()
    let fd: number
    try {
      fd = openForAppending(this.#file)
    } catch {
      return
    }
    closeSync(this.#fd)
    this.#fd = fd
    this.#mayStandInLine = false
  }

  /** A line of ASCII without its line feed; one that is too long for a write is dropped. */
  writeLine(line: string): void {
    const bytes = line.length + 1
    if (bytes > WRITE_BYTES || this.#isClosed) return this.#drop(1)
    if (this.#batch.length + bytes > WRITE_BYTES) this.#enqueue()
    this.#batch += `${line}\n`
    this.#batchLines++
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref()
  }

  /** Writes what there is, as far as the target takes it. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#batch !== '') this.#enqueue()
    else this.#pump()
  }

  /** Writes what the target takes at once; the rest is dropped and counted. */
  close(): void {
    this.flush()
    clearTimeout(this.#timer)
    this.#isClosed = true
    if (this.#isWriting) return
    for (const lines of this.#queueLines.splice(0)) this.#drop(lines)
    this.#queue.length = 0
    // A later write would go to whatever has this descriptor's number by then: a client's connection, say.
    if (this.#isOwned) closeSync(this.#fd)
  }

  #enqueue(): void {
    const batch = this.#batch
    const lines = this.#batchLines
    this.#batch = ''
    this.#batchLines = 0
    // Its reader may read again: without this try, a full queue under steady traffic would stay full for ever.
    if (this.#queuedBytes + batch.length > QUEUE_BYTES) this.#pump()
    if (this.#queuedBytes + batch.length > QUEUE_BYTES) return this.#drop(lines, 'its reader does not read')
    this.#queue.push(batch)
    this.#queueLines.push(lines)
    this.#queuedBytes += batch.length
    this.#pump()
  }

  #pump(): void {
    if (this.#isDirect) this.#writeDirect()
    else if (!this.#isWriting) this.#writePooled()
  }

  #writeDirect(): void {
    for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
      const text = this.#mayStandInLine && !endsWithLine(this.#fd) ? `\n${batch}` : batch
      try {
        const written = writeSync(this.#fd, text, null, 'latin1')
        const isWhole = written === text.length
        if (!isWhole) {
          // There was room for a part. The rest is dropped: other threads write here too, and would stand in between.
          takeBack(this.#fd, text.slice(0, written))
          this.#drop(this.#queueLines[0] ?? 0, 'there was room for a part only')
        }
        this.#mayStandInLine = !isWhole
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          this.#retryLater()
          return
        }
        this.#drop(this.#queueLines[0] ?? 0, String(error))
        this.#mayStandInLine = true
      }
      this.#shift(batch.length)
    }
  }

  #writePooled(): void {
    const batch = this.#queue[0]
    if (batch === undefined) return
    this.#isWriting = true
    write(this.#fd, batch, null, 'latin1', (error, written) => {
      this.#isWriting = false
      // A socket whose reader is slow: main has made it non-blocking, because it is its stdout.
      if (error?.code === 'EAGAIN' && !this.#isClosed) return this.#retryLater()
      if (error === null && written < batch.length) {
        this.#queue[0] = batch.slice(written)
        this.#queuedBytes -= written
        return this.#writePooled()
      }
      if (error !== null) this.#drop(this.#queueLines[0] ?? 0, String(error))
      this.#shift(batch.length)
      this.#writePooled()
    })
  }

  #shift(bytes: number): void {
    this.#queue.shift()
    this.#queueLines.shift()
    this.#queuedBytes -= bytes
  }

  #retryLater(): void {
    this.#timer ??= setTimeout(() => this.flush(), RETRY_MS).unref()
  }

  #drop(lines: number, why?: string): void {
    this.dropped += lines
    const isNews = why !== undefined && performance.now() - this.#toldAtMs >= TELL_MS
    if (isNews) this.#toldAtMs = performance.now()
    this.#onDrop?.(lines, isNews ? why : undefined)
  }
}

/** The same pipe behind a descriptor of our own, which may be non-blocking without making others' so. undefined: it cannot be opened again (a socket). */
function openNonBlocking(fd: number): number | undefined {
  try {
    if (fstatSync(fd).isSocket()) return undefined
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

function isRegularFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}

function openForAppending(file: string): number {
  return openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK, 0o640)
}

/** Of a file: is what comes next the beginning of a line? Everything else is taken to be at one. */
function endsWithLine(fd: number): boolean {
  try {
    const facts = fstatSync(fd)
    if (!facts.isFile() || facts.size === 0) return true
    const reader = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY)
    const last = Buffer.alloc(1)
    readSync(reader, last, 0, 1, facts.size - 1)
    closeSync(reader)
    return last[0] === 0x0a
  } catch {
    return true
  }
}

/** Takes half a record off the end of a file again, if it still stands there. */
function takeBack(fd: number, text: string): void {
  try {
    const { size } = fstatSync(fd)
    const reader = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY)
    const end = Buffer.alloc(text.length)
    readSync(reader, end, 0, text.length, size - text.length)
    closeSync(reader)
    if (end.equals(Buffer.from(text, 'latin1'))) ftruncateSync(fd, size - text.length)
  } catch {
    // It stays: what follows begins a line of its own.
  }
}
