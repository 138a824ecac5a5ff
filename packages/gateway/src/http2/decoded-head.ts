/** Owns what a header block said, pseudo-fields apart; one object a session, filled anew for each head. */
import { HeaderList } from '@gatewright/policies'

const NO_HEADERS = HeaderList.parsed('', [])

export class DecodedHead {
  /** Of a request (RFC 9113 §8.3.1); '' for what did not come. */
  method = ''
  scheme = ''
  authority = ''
  path = ''
  /** Of an extended CONNECT (RFC 8441 §4). */
  protocol = ''
  /** Of an answer (RFC 9113 §8.3.2); 0 for a request. */
  status = 0
  /** Octets that `content-length` promises; -1: it does not say. */
  contentLength = -1
  /** The ordinary fields, names in lower case, cookie crumbs joined: a list as off HTTP/1.1, and the taker's to keep. */
  headers: HeaderList = NO_HEADERS

  clear(): void {
    this.method = ''
    this.scheme = ''
    this.authority = ''
    this.path = ''
    this.protocol = ''
    this.status = 0
    this.contentLength = -1
    this.headers = NO_HEADERS
  }
}
