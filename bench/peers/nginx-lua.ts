// Owns nginx with Lua doing what the guarded gateway does: the stand-in for gateways built on OpenResty.
import { join } from 'node:path'
import { findNginxModule, findNginxVersion, startNginx } from '../nginx-process.ts'
import type { Running } from '../processes.ts'
import { NGINX_PROXY, NGINX_UPSTREAM } from './nginx.ts'
import type { Peer, PeerStart } from './peer.ts'

export interface Guard {
  key: string
  limit: number
  windowSeconds: number
}

export function nginxLua(guard: Guard): Peer {
  return {
    name: 'nginx + Lua, guarded',
    headers: { 'X-Api-Key': guard.key },
    findVersion: () => (findModules() ? findNginxVersion() : undefined),
    start: (given) => startGuarded(given, guard),
  }
}

/** The kit module first: the Lua module needs it. */
function findModules(): string[] | undefined {
  const modules = ['ndk_http_module.so', 'ngx_http_lua_module.so'].map(findNginxModule)
  return modules.every((module) => module !== undefined) ? modules : undefined
}

// The log is buffered by 4 KiB, as ours is, so that both pay the same number of writes.
function startGuarded(given: PeerStart, guard: Guard): Running {
  return startNginx({
    dir: given.dir,
    name: 'nginx-lua',
    workers: given.threads,
    cores: given.cores,
    modules: findModules() ?? [],
    http: `
    lua_shared_dict keys 1m;
    lua_shared_dict counters 10m;
    lua_shared_dict metrics 1m;
    init_by_lua_block { ngx.shared.keys:set("${guard.key}", "acme") }
    log_format record escape=json '{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr","method":"$request_method","path":"$uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"upstreamSeconds":"$upstream_response_time","caller":"$caller"}';
    ${NGINX_UPSTREAM(given.upstreamPort)}
    server {
      listen 127.0.0.1:${given.port} reuseport backlog=4096;
      set $caller "";
      access_log ${join(given.dir, 'access.log')} record buffer=4k flush=1s;
      location / {
        access_by_lua_block {
          local key = ngx.var.http_x_api_key
          local app = key and ngx.shared.keys:get(key)
          if not app then return ngx.exit(401) end
          ngx.var.caller = app
          local now = ngx.time()
          local window = now - now % ${guard.windowSeconds}
          local used = ngx.shared.counters:incr(app .. ":" .. window, 1, 0, ${guard.windowSeconds})
          local reset = window + ${guard.windowSeconds} - now
          if used > ${guard.limit} then
            ngx.header["Retry-After"] = reset
            return ngx.exit(429)
          end
          ngx.header["RateLimit-Policy"] = '"default";q=${guard.limit};w=${guard.windowSeconds}'
          ngx.header["RateLimit"] = '"default";r=' .. (${guard.limit} - used) .. ";t=" .. reset
        }
        log_by_lua_block {
          local metrics = ngx.shared.metrics
          local seconds = tonumber(ngx.var.request_time) or 0
          metrics:incr("requests:" .. ngx.var.status, 1, 0)
          metrics:incr("seconds", seconds, 0)
          metrics:incr(seconds <= 0.005 and "le:5" or seconds <= 0.05 and "le:50" or "le:inf", 1, 0)
        }${NGINX_PROXY}
      }
    }`,
  })
}
