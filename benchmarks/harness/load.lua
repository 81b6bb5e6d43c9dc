-- For wrk: requests the paths of the command line in turn, and prints the results as one line of JSON.

function init(paths)
  if #paths == 0 then return end
  local requests, turn = {}, 0
  for i, path in ipairs(paths) do requests[i] = wrk.format('GET', path) end
  function request()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '{"total":%d,"failed":%d,"seconds":%f,"p50":%f,"p99":%f}\n',
    summary.requests, failed, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000
  ))
end
