-- The search forgives a slip of the pen: how alike two words are is told by their groups of three letters.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
