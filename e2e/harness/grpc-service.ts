/** Owns a service of gRPC by the library that Node's users run, and clients of it: its messages are octets, so that no schema is needed. */
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'

const octets = (message: Buffer): Buffer => message

function toMethod(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: octets,
    requestDeserialize: octets,
    responseSerialize: octets,
    responseDeserialize: octets,
  }
}

const DEFINITION = {
  unary: toMethod('Unary', false, false),
  collect: toMethod('Collect', true, false),
  repeat: toMethod('Repeat', false, true),
  chat: toMethod('Chat', true, true),
  echoes: toMethod('Echoes', false, true),
  fail: toMethod('Fail', false, false),
  hang: toMethod('Hang', false, false),
} satisfies ServiceDefinition

type Reply = sendUnaryData<Buffer>

export interface EchoClient extends Client {
  unary(message: Buffer, metadata: Metadata, options: object, reply: Reply): ClientUnaryCall
  collect(metadata: Metadata, reply: Reply): ClientWritableStream<Buffer>
  repeat(message: Buffer, metadata?: Metadata): ClientReadableStream<Buffer>
  chat(metadata?: Metadata): ClientDuplexStream<Buffer, Buffer>
  fail(message: Buffer, reply: Reply): ClientUnaryCall
  hang(message: Buffer, metadata: Metadata, options: object, reply: Reply): ClientUnaryCall
}

const EchoClientOf = makeGenericClientConstructor(DEFINITION, 'Echo')

/** By `host:port`, without TLS; it asks for that host, or for another. */
export function openEchoClient(address: string, authority = address): EchoClient {
  const options = { 'grpc.default_authority': authority }
  return new EchoClientOf(address, credentials.createInsecure(), options) as unknown as EchoClient
}

/** Over TLS, trusting this CA. */
export function openSecureEchoClient(address: string, ca: string): EchoClient {
  return new EchoClientOf(address, credentials.createSsl(Buffer.from(ca))) as unknown as EchoClient
}

const DETAIL_TYPE = 'type.googleapis.com/google.protobuf.BytesValue'

/** A `google.rpc.Status` with one detail: `google.protobuf.BytesValue` of the octets 0, 255. */
function toDetails(code: number, message: string): Buffer {
  const field = (tag: number, octets: Buffer) => Buffer.concat([Buffer.from([tag, octets.length]), octets])
  const detail = [field(0x0a, Buffer.from(DETAIL_TYPE)), field(0x12, Buffer.from([0x0a, 2, 0, 255]))]
  return Buffer.concat([
    Buffer.from([0x08, code]),
    field(0x12, Buffer.from(message)),
    field(0x1a, Buffer.concat(detail)),
  ])
}

export class EchoService {
  readonly port: number
  /** Milliseconds that a hanging call was given, as the service saw it, for each that came. */
  readonly deadlines: number[] = []
  /** Calls that were ended by their client, or by whoever stands between. */
  cancelled = 0
  /** What calls brought, by name in lower case. */
  readonly metadata: Record<string, unknown>[] = []
  readonly #server: Server

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  static async listen(given?: ServerCredentials): Promise<EchoService> {
    const server = new Server()
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', given ?? ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
    const service = new EchoService(server, port)
    server.addService(DEFINITION, service.#handlers)
    return service
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  close(): void {
    this.#server.forceShutdown()
  }

  readonly #handlers = {
    unary: (call: ServerUnaryCall<Buffer, Buffer>, reply: Reply): void => {
      this.metadata.push(call.metadata.getMap())
      const head = new Metadata()
      head.set('x-head', 'said')
      call.sendMetadata(head)
      const trailer = new Metadata()
      trailer.set('x-trailer', 'said too')
      trailer.set('x-octets-bin', Buffer.from([0, 255, 128]))
      reply(null, call.request, trailer)
    },
    collect: (call: ServerReadableStream<Buffer, Buffer>, reply: Reply): void => {
      let bytes = 0
      let messages = 0
      call.on('data', (message: Buffer) => {
        bytes += message.length
        messages++
      })
      call.on('end', () => reply(null, Buffer.from(`${messages} ${bytes}`)))
      call.on('cancelled', () => this.cancelled++)
    },
    repeat: (call: ServerWritableStream<Buffer, Buffer>): void => {
      const [times = 0, bytes = 0] = call.request.toString().split(' ').map(Number)
      let left = times
      const message = Buffer.alloc(bytes, 'x')
      const go = (): void => {
        while (left > 0) {
          left--
          if (!call.write(message)) {
            call.once('drain', go)
            return
          }
        }
        if (times > 0) call.end()
      }
      call.on('cancelled', () => this.cancelled++)
      go()
    },
    chat: (call: ServerDuplexStream<Buffer, Buffer>): void => {
      call.on('data', (message: Buffer) => call.write(message))
      call.on('end', () => call.end())
      call.on('cancelled', () => this.cancelled++)
    },
    /** Three times what was asked, each when the one before has left. */
    echoes: (call: ServerWritableStream<Buffer, Buffer>): void => {
      let left = 3
      call.on('cancelled', () => this.cancelled++)
      const go = (): void => {
        if (left-- === 0) call.end()
        else call.write(call.request, () => setImmediate(go))
      }
      go()
    },
    fail: (call: ServerUnaryCall<Buffer, Buffer>, reply: Reply): void => {
      const metadata = new Metadata()
      metadata.set('x-why', 'because')
      const failure = { code: status.FAILED_PRECONDITION, details: `ü ${call.request}%` }
      metadata.set('grpc-status-details-bin', toDetails(failure.code, failure.details))
      reply({ ...failure, metadata })
    },
    hang: (call: ServerUnaryCall<Buffer, Buffer>): void => {
      const deadline = call.getDeadline()
      this.deadlines.push(Number(deadline) - Date.now())
      call.on('cancelled', () => this.cancelled++)
    },
  }
}
