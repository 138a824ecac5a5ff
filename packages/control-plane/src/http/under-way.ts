/** Owns the end of the admin API: nobody new is let in, what is under way is answered, and who keeps it waiting is cut off. */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AdminProblem } from './admin-problem.ts'

export class UnderWay {
  readonly #app: FastifyInstance
  readonly #requests = new Set<FastifyRequest>()
  /** As they come, also those that do not speak TLS yet. */
  readonly #sockets = new Set<Socket>()
  readonly #idle = Promise.withResolvers<void>()
  #state: 'open' | 'ending' | 'over' = 'open'

  constructor(app: FastifyInstance) {
    this.#app = app
    app.server.on('connection', (socket: Socket) => {
      if (this.#state === 'over') return void socket.destroy()
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    app.addHook('onRequest', async (request, reply) => {
      if (this.#state !== 'open') {
        throw new AdminProblem('ending', 'This control plane ends: ask another one, or again in a moment.', {
          headers: { 'retry-after': '1' },
        })
      }
      this.#requests.add(request)
      // Of the answer, when all of it is sent, or of the connection, if that is sooner.
      reply.raw.once('close', () => {
        this.#requests.delete(request)
        this.#tellIfIdle()
      })
    })
    app.addHook('onSend', async (request, reply) => {
      // Where others stand behind it on its connection, they would be dropped.
      if (this.#state !== 'open' && !this.#hasOthers(request)) void reply.header('connection', 'close')
    })
  }

  /** How many requests were cut off, because they had not come to an end in time. */
  async end(withinMs: number): Promise<number> {
    this.#state = 'ending'
    this.#tellIfIdle()
    const late = setTimeout(() => this.#idle.resolve(), withinMs)
    await this.#idle.promise
    clearTimeout(late)
    const cutOff = this.#requests.size
    // The server would wait for whoever asks nothing, has sent half a head or does not end a handshake.
    this.#state = 'over'
    for (const socket of this.#sockets) socket.destroy()
    await this.#app.close()
    return cutOff
  }

  #tellIfIdle(): void {
    if (this.#state === 'ending' && this.#requests.size === 0) this.#idle.resolve()
  }

  #hasOthers(request: FastifyRequest): boolean {
    const { socket } = request.raw
    for (const other of this.#requests) if (other !== request && other.raw.socket === socket) return true
    return false
  }
}
