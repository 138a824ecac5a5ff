-- Owns what wrk sends and how it judges every answer; the plan is a Lua file named by BENCH_PLAN, written by load.ts.
local plan = dofile(os.getenv('BENCH_PLAN'))
local threads = {}

wrk.method = 'GET'
wrk.path = plan.paths[1]
wrk.headers = plan.headers

-- Without a `request` function wrk builds the one request once and calls no Lua to send it.
if #plan.paths > 1 then
  local next_path = 0
  local requests = {}
  function init()
    for i, path in ipairs(plan.paths) do requests[i] = wrk.format('GET', path) end
  end
  function request()
    next_path = next_path % #requests + 1
    return requests[next_path]
  end
end

unexpected = 0
example = ''

function response(status, headers, body)
  if status == 200 and (body == plan.body or (plan.length and #body == plan.length)) then return end
  unexpected = unexpected + 1
  if unexpected == 1 then example = status .. ' ' .. body:sub(1, 200) end
end

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local bad, first = 0, ''
  for _, thread in ipairs(threads) do
    bad = bad + thread:get('unexpected')
    if first == '' then first = thread:get('example') end
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), bad,
    errors.connect, errors.read + errors.write, errors.timeout, (first:gsub('[%c]', ' '))))
end
