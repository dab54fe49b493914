-- Looks at a history, for one who wants to follow it. The file before this one defines `enter`.
-- KEYS: meta hash, stream. ARGV: 1 generation, 2 fresh epoch, 3 ms for the meta hash; and where a
-- relay has seen it, 4 that epoch, 5 that number.
-- Answers epoch, last number, prior epoch, its last number, ms since then, '1' if more of the prior
-- epoch was seen than is left of it, and the lives before that as `lives_before` has them.
local epoch, seq = enter(ARGV[1], ARGV[2])
local seen = tonumber(ARGV[5] or '0')
if ARGV[4] == epoch and seen > seq then
  fork(epoch, seq, ARGV[2], true)
  epoch = ARGV[2]
end
local meta = redis.call('HMGET', KEYS[1], 'prior', 'fork', 'forked', 'lost', 'older')
local prior, older, lives = meta[1], lives_before(meta[1], meta[5]), {}
if prior then
  lives[1] = {prior, meta[2], meta[4] or ''}
end
for life, last, lost in string.gmatch(older, '(%x+):(%d+):(1?),') do
  lives[#lives + 1] = {life, last, lost}
end
-- What a relay saw was lost with the first life from then on that ends before it.
local is_since = false
for index = #lives, 1, -1 do
  local life = lives[index]
  is_since = is_since or life[1] == ARGV[4]
  if is_since and tonumber(life[2]) < seen then
    if life[3] == '' and index == 1 then
      life[3] = '1'
      redis.call('HSET', KEYS[1], 'lost', '1')
    elseif life[3] == '' then
      life[3] = '1'
      older = ''
      for before = 2, #lives do
        older = older .. table.concat(lives[before], ':') .. ','
      end
      redis.call('HSET', KEYS[1], 'older', prior .. '|' .. older)
    end
    break
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local time = now()
return {epoch, string.format('%.0f', seq), prior or '', meta[2] or '0',
  string.format('%.0f', time - tonumber(meta[3] or time)), prior and lives[1][3] or '', older}
