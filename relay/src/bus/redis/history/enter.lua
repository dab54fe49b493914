-- Begins or continues the life of the history whose meta hash is KEYS[1] and whose stream is
-- KEYS[2], on the primary with replication id `generation`. Answers its epoch and last number.
-- A history on another primary than before forks: what that one had and this one has not is not
-- to be taken for seen. Who gives no generation goes on in the life that is. A stream without its
-- meta hash is of no use.

-- Lives before the prior one that are remembered.
local OLDER = 7

-- Milliseconds now.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The lives before `prior`, newest first: epoch, its last number, '1' if more of it was seen, with
-- a comma after each. A relay that knows no such list leaves one of another life behind.
local function lives_before(prior, older)
  if prior and older and string.sub(older, 1, #prior + 1) == prior .. '|' then
    return string.sub(older, #prior + 2)
  end
  return ''
end

-- Goes on from number `seq` of `epoch` in the life `fresh`.
local function fork(epoch, seq, fresh, lost)
  local former = redis.call('HMGET', KEYS[1], 'prior', 'fork', 'lost', 'older')
  local lives = {}
  if former[1] then
    lives[1] = former[1] .. ':' .. former[2] .. ':' .. (former[3] or '') .. ','
    for life in string.gmatch(lives_before(former[1], former[4]), '[^,]+,') do
      if #lives < OLDER then
        lives[#lives + 1] = life
      end
    end
  end
  redis.call('HSET', KEYS[1], 'epoch', fresh, 'prior', epoch, 'fork', string.format('%.0f', seq),
    'forked', string.format('%.0f', now()), 'older', epoch .. '|' .. table.concat(lives))
  if lost then
    redis.call('HSET', KEYS[1], 'lost', '1')
  else
    redis.call('HDEL', KEYS[1], 'lost')
  end
end

-- What this primary is called, as `generation` may be what it was called when a relay connected:
-- that changes under open connections, such as with its first replica.
local function current(generation)
  local info = redis.pcall('INFO', 'replication')
  return type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or generation
end

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
    generation = current(generation)
    if meta[3] ~= generation then
      redis.call('HSET', KEYS[1], 'generation', generation)
      fork(epoch, seq, fresh, false)
      epoch = fresh
    end
  end
  return epoch, seq
end

