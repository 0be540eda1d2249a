-- The gateway's clock: the one that decides whether a window is over. To the millisecond, as every stored moment is.
create function gateway_now() returns timestamptz
language sql volatile parallel safe
as $$ select date_trunc('milliseconds', clock_timestamp()) $$;
