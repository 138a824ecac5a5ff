/** Owns the end of the admin API: nobody new is let in, what is under way is answered, and who keeps it waiting is cut off. */
import type { FastifyInstance, FastifyRequest } from 'fastify'

export class UnderWay {
  readonly #app: FastifyInstance
  readonly #requests = new Set<FastifyRequest>()
  readonly #ended = Promise.withResolvers<void>()
  #isClosing = false

  /** Before the routes: it hears of each request. */
  constructor(app: FastifyInstance) {
    this.#app = app
    app.addHook('onRequest', async (request, reply) => {
      this.#requests.add(request)
      // Of the answer's end, or of the connection's, if that is sooner.
      reply.raw.once('close', () => {
        this.#requests.delete(request)
        this.#endIfIdle()
      })
    })
    // A connection that is kept would be waited for until its client lets go of it.
    app.addHook('onSend', async (_, reply) => {
      if (this.#isClosing) void reply.header('connection', 'close')
    })
    app.addHook('preClose', async () => {
      this.#isClosing = true
    })
  }

  /** How many were cut off, because they had not come to an end in time. */
  async end(withinMs: number): Promise<number> {
    let cutOff = 0
    const late = setTimeout(() => {
      cutOff = this.#requests.size
      for (const { raw } of this.#requests) raw.socket.destroy()
      // Those too that have sent no whole request.
      this.#app.server.closeAllConnections()
    }, withinMs)
    await this.#app.close()
    // The server waits for its own connections, not for those of a second address of the same name.
    this.#endIfIdle()
    await this.#ended.promise
    clearTimeout(late)
    return cutOff
  }

  #endIfIdle(): void {
    if (this.#isClosing && this.#requests.size === 0) this.#ended.resolve()
  }
}
