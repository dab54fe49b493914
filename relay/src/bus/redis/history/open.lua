-- Looks at a history, for one who wants to follow it. The file before this one defines `enter`.
-- KEYS: meta hash, stream. ARGV: 1 generation, 2 fresh epoch, 3 ms for the meta hash; and where a
-- relay has seen more of it, 4 that epoch, 5 that number.
-- Answers epoch, last number, prior epoch, its last number, ms since then, '1' if more of the prior
-- epoch was seen than is left of it.
local epoch, seq = enter(ARGV[1], ARGV[2])
local meta = redis.call('HMGET', KEYS[1], 'prior', 'fork', 'forked', 'lost')
local prior, fork, forked, lost = meta[1], meta[2], meta[3], meta[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = tonumber(ARGV[5] or '0')
if ARGV[4] == epoch and seen > seq then
  prior, fork, forked, lost, epoch = epoch, string.format('%.0f', seq), string.format('%.0f', now), '1', ARGV[2]
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'prior', prior, 'fork', fork, 'forked', forked, 'lost', lost)
elseif prior and ARGV[4] == prior and seen > tonumber(fork) and not lost then
  lost = '1'
  redis.call('HSET', KEYS[1], 'lost', lost)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {epoch, string.format('%.0f', seq), prior or '', fork or '0',
  string.format('%.0f', now - tonumber(forked or now)), lost or ''}
