-- Who may use linli by HTTP: accounts, their sessions and their tokens. Secrets are kept as hashes only.

CREATE TABLE user_account (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[^[:cntrl:]]{1,80}$'),
    role text NOT NULL CHECK (role IN ('operator', 'planner', 'auditor', 'care', 'grid_worker', 'integrator',
                                       'administrator', 'security_auditor')),
    grids integer[] NOT NULL DEFAULT '{}',
    password_hash text,
    subject text UNIQUE,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN user_account.grids IS 'of a grid worker: the grids that are theirs';
COMMENT ON COLUMN user_account.password_hash IS 'argon2id; null: signs in at the city''s own provider';
COMMENT ON COLUMN user_account.subject IS 'issuer and subject at an OpenID Connect provider';

CREATE TABLE user_session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES user_account ON DELETE CASCADE,
    secret_hash bytea NOT NULL UNIQUE,
    started_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_user_session_account_id ON user_session (account_id);
COMMENT ON TABLE user_session IS 'a session that ended, was revoked or lay idle too long is not here any more';

CREATE TABLE user_token (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES user_account ON DELETE CASCADE,
    name text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    writes boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    UNIQUE (account_id, name)
);
COMMENT ON COLUMN user_token.writes IS 'false: it may read only';
