-- An offer of a device that is enrolled is none. Who may not see the device, as one in a dwelling, must not see the offer
-- either, so that this is asked over all devices, whoever asks.
CREATE FUNCTION is_enrolled(asked text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM thing WHERE key = asked)
$$;
COMMENT ON FUNCTION is_enrolled IS 'whether a device of this key is enrolled, also one that who asks may not see';
