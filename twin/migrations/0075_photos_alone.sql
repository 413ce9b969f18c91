-- A photo that no measurement came after is let go: nobody knows what it is of.
CREATE OR REPLACE FUNCTION photo_put(sha text, kind text, wide integer, high integer, bytes bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM photo AS p WHERE p.taken_in_at < now() - interval '1 day' AND p.hash <> sha
       AND NOT EXISTS (SELECT FROM measurement AS m WHERE m.photo_hash = p.hash);
    INSERT INTO photo (hash, media_type, width, height, content) VALUES (sha, kind, wide, high, bytes)
    ON CONFLICT (hash) DO NOTHING
$$;
