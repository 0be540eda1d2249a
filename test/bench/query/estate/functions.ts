/** SQL of the connection's own: the same seed draws the same estate on any server. */
export const functions = (seed: number) => `
  create function pg_temp.digest(what text, number bigint) returns text language sql immutable parallel safe
    as $$ select md5('${String(seed)}:' || what || ':' || number) $$;

  -- A whole number from 0, below \`below\`.
  create function pg_temp.draw(what text, number bigint, below int) returns int language sql immutable parallel safe
    as $$ select (('x' || substr(pg_temp.digest(what, number), 1, 8))::bit(32)::bigint % below)::int $$;

  create function pg_temp.pick(what text, number bigint, words text[]) returns text language sql immutable parallel safe
    as $$ select words[1 + pg_temp.draw(what, number, cardinality(words))] $$;

  -- A UUIDv7: ids made later sort behind.
  create function pg_temp.id_at(what text, number bigint, at timestamptz) returns uuid
    language sql immutable parallel safe
    as $$ select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(d, 1, 3) || 'a'
      || substr(d, 4, 15))::uuid from (select pg_temp.digest(what, number) as d) drawn $$;
`
