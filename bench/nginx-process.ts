// Owns running an nginx from a temp folder: nothing of the machine's own nginx is read, written or needed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, type Running, readVersion, start } from './processes.ts'

export interface NginxOptions {
  dir: string
  name: string
  /** What stands in the `http` block after the common lines. */
  http: string
  workers?: number
  modules?: string[]
  cores?: string | undefined
}

const MODULE_FOLDERS = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/share/nginx/modules']

export function findNginxVersion(): string | undefined {
  const nginx = findCommand('nginx')
  return nginx && readVersion(nginx, ['-v'], /nginx\/(\S+)/)
}

export function findNginxModule(file: string): string | undefined {
  return MODULE_FOLDERS.map((folder) => join(folder, file)).find((path) => existsSync(path))
}

export function startNginx(options: NginxOptions): Running {
  const nginx = findCommand('nginx')
  if (nginx === undefined)
    throw new Error('nginx is not on PATH and is needed as upstream (Debian: apt install nginx-light)')
  const folder = join(options.dir, options.name)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, toConfig(options, folder))
  const errors = join(folder, 'error.log')
  const args = ['-p', folder, '-e', errors, '-c', file]
  const running = start(nginx, args, { dir: options.dir, name: options.name, cores: options.cores })
  return { ...running, output: () => running.output() + (existsSync(errors) ? readFileSync(errors, 'utf8') : '') }
}

function toConfig({ http, workers = 1, modules = [] }: NginxOptions, folder: string): string {
  // Workers of a root nginx become "nobody" by default and could not read the temp folder.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n    ')
  return `
  ${user}
  ${modules.map((module) => `load_module ${module};`).join('\n  ')}
  daemon off;
  pid ${folder}/nginx.pid;
  worker_processes ${workers};
  worker_rlimit_nofile 20000;
  events { worker_connections 16384; }
  http {
    ${temporary}
    default_type application/json;
    access_log off;
    server_tokens off;
    # Connections are never closed by count: the default of 1000 requests would measure connecting.
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    ${http}
  }
`
}
