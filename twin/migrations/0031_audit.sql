-- Who did what: rows that can be added to and never changed, each sealed with the one before it.

CREATE TABLE audit_entry (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    event text NOT NULL,
    detail jsonb NOT NULL,
    seal bytea NOT NULL
);
COMMENT ON TABLE audit_entry IS 'append-only, without gaps; never removed by linli, which keeps it longer than 180 days';
COMMENT ON COLUMN audit_entry.seal IS 'SHA-256 over the seal before and everything in this row';

CREATE FUNCTION audit_seal(previous bytea, entry audit_entry) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(previous || convert_to(jsonb_build_array(
        entry.id, extract(epoch FROM entry.at), entry.actor, entry.role, entry.event, entry.detail)::text, 'UTF8'))
$$;

-- One at a time, until the transaction ends: a row's seal needs the one before it. Who writes is who the transaction says.
CREATE FUNCTION audit_append(event text, detail jsonb) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before audit_entry;
    entry audit_entry;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit_entry'));
    SELECT * INTO before FROM audit_entry ORDER BY id DESC LIMIT 1;
    entry.id := coalesce(before.id, 0) + 1;
    entry.at := clock_timestamp();
    entry.actor := coalesce(nullif(current_setting('linli.actor', true), ''), session_user);
    entry.role := coalesce(nullif(current_setting('linli.role', true), ''), 'none');
    entry.event := event;
    entry.detail := detail;
    entry.seal := audit_seal(coalesce(before.seal, ''::bytea), entry);
    INSERT INTO audit_entry SELECT entry.*;
    RETURN entry.seal;
END $$;
REVOKE ALL ON FUNCTION audit_append FROM PUBLIC;

CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stands();

CREATE FUNCTION audit_broken(OUT id bigint, OUT why text) RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT entry.id, CASE WHEN entry.id <> entry.n THEN 'an entry is missing before it' ELSE 'it was changed' END
    FROM (SELECT e AS whole, e.id, e.seal, row_number() OVER (ORDER BY e.id) AS n,
                 lag(e.seal, 1, ''::bytea) OVER (ORDER BY e.id) AS before FROM audit_entry AS e) AS entry
    WHERE entry.id <> entry.n OR entry.seal <> audit_seal(entry.before, entry.whole)
    ORDER BY entry.id
$$;
COMMENT ON FUNCTION audit_broken IS 'the entries that are not as they were written; none: the chain holds';
