-- Begins or continues the life of the history whose meta hash is KEYS[1] and whose stream is
-- KEYS[2], on the primary with replication id `generation`. Answers its epoch and last number.
-- A history on another primary than before forks: what that one had and this one has not is not
-- to be taken for seen. Who gives no generation goes on in the life that is. A stream without its
-- meta hash is of no use.
local function enter(generation, fresh)
  local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'generation')
  local epoch, seq = meta[1], tonumber(meta[2] or '0')
  if not epoch then
    -- First what a full Redis refuses: after another write it would refuse nothing more.
    redis.call('HSET', KEYS[1], 'epoch', fresh, 'seq', 0, 'generation', generation)
    redis.call('DEL', KEYS[2])
    return fresh, 0
  end
  if meta[3] ~= generation and generation ~= '' then
    local now = redis.call('TIME')
    local forked = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
    redis.call('HSET', KEYS[1], 'epoch', fresh, 'generation', generation, 'prior', epoch,
      'fork', string.format('%.0f', seq), 'forked', forked)
    redis.call('HDEL', KEYS[1], 'lost')
    epoch = fresh
  end
  return epoch, seq
end

