-- What people said of cases: all of it, and the last word. It can't be made anew from anything.

CREATE TABLE IF NOT EXISTS said (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL, state TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL, until TEXT, note TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS said_id ON said (id);

CREATE TABLE IF NOT EXISTS judged (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, said INTEGER NOT NULL,
    until INTEGER  -- milliseconds since 1970
) WITHOUT ROWID;
