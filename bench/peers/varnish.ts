// Owns Varnish as a bare proxy: every request passes, nothing is cached.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, readVersion, start } from '../processes.ts'
import type { Peer } from './peer.ts'

export const varnish: Peer = {
  name: 'Varnish (pass)',
  findVersion() {
    const command = findCommand('varnishd')
    return command && readVersion(command, ['-V'], /varnish-(\d[\d.]*)/)
  },
  start({ upstreamPort, port, dir, cores }) {
    const file = join(dir, 'pass.vcl')
    writeFileSync(
      file,
      `vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${upstreamPort}"; }
sub vcl_recv { return (pass); }
`,
    )
    const listen = ['-a', `127.0.0.1:${port}`, '-T', 'none', '-f', file]
    return start(
      findCommand('varnishd')!,
      ['-F', '-j', 'none', '-n', join(dir, 'varnish'), '-s', 'malloc,64m', ...listen],
      {
        dir,
        name: 'varnish',
        cores,
      },
    )
  },
}
