-- The index of one event log. All of it but `said` and `judged` is made anew from the log's lines at any time.
--
-- What many events have in common stands once, in a table of its own, under a hash of it: who asked (asker), where and
-- what for (target), what was said (ruling, reason), signals (mark) and words to search (doc). `n` orders events by
-- time: milliseconds since 1970 in the upper bits, 21 bits of the event's id below. Everything that is counted is kept
-- by log file, so that a file that is gone takes its share along.

CREATE TABLE epoch (number INTEGER NOT NULL);  -- grows when rows are dropped: what was remembered of them is void
INSERT INTO epoch VALUES (1);

CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    head BLOB NOT NULL UNIQUE,  -- hash of the first line
    name TEXT NOT NULL,         -- when last seen; rotation renames files
    offset INTEGER NOT NULL,    -- of the first byte that wasn't taken in
    tail BLOB NOT NULL,         -- hash of what stands before it
    skipped INTEGER NOT NULL,   -- lines that are no event
    doubled INTEGER NOT NULL    -- events that another place has, too
);

CREATE TABLE asker (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
    user TEXT NOT NULL, client TEXT NOT NULL, source TEXT NOT NULL,
    user_folded TEXT NOT NULL, packed BLOB, words TEXT NOT NULL  -- folded, to search
);

CREATE TABLE target (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
    forge TEXT NOT NULL, host TEXT NOT NULL, address TEXT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL,
    repository TEXT NOT NULL, operation TEXT NOT NULL, effect TEXT NOT NULL, visibility TEXT NOT NULL,
    judged BLOB,                -- the parts of a `model.Target` as JSON; NULL where no target was read
    folded TEXT NOT NULL        -- the address as filters compare it
);
CREATE INDEX target_folded ON target (folded);

CREATE TABLE ruling (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
    dataset TEXT NOT NULL, outcome TEXT NOT NULL, alert INTEGER NOT NULL, action TEXT NOT NULL, would TEXT NOT NULL,
    code TEXT NOT NULL, rule TEXT NOT NULL, reference TEXT NOT NULL, digest TEXT NOT NULL, broken INTEGER NOT NULL,
    rule_folded TEXT NOT NULL
);

CREATE TABLE reason (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL);

CREATE TABLE mark (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, signals TEXT NOT NULL);  -- a JSON array
CREATE TABLE mark_word (word TEXT NOT NULL, mark INTEGER NOT NULL, PRIMARY KEY (word, mark)) WITHOUT ROWID;

CREATE TABLE doc (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
    message TEXT NOT NULL,      -- without who asked and the number of bytes, so that more are alike (`entry.spelled`)
    words TEXT NOT NULL         -- folded (`review.words`)
);
CREATE VIRTUAL TABLE search USING fts5(words, content='doc', content_rowid='id', tokenize='ascii', columnsize=0);

CREATE TABLE event (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    asker INTEGER NOT NULL, port INTEGER NOT NULL, target INTEGER NOT NULL, ruling INTEGER NOT NULL,
    reason INTEGER NOT NULL, doc INTEGER NOT NULL, mark INTEGER, cas INTEGER,
    bytes INTEGER, request TEXT NOT NULL, decision TEXT,
    refs BLOB, more INTEGER NOT NULL,  -- of a decision: what it lists, and whether there was more (`entry.More`)
    attempt INTEGER NOT NULL    -- 1 a request of its own, 2 git's info/refs, 3 the POST behind it, 0 none
);
CREATE UNIQUE INDEX event_id ON event (id);
CREATE INDEX event_request ON event (request);
CREATE INDEX event_asker ON event (asker);
CREATE INDEX event_target ON event (target);
CREATE INDEX event_ruling ON event (ruling);
CREATE INDEX event_doc ON event (doc);
CREATE INDEX event_mark ON event (mark) WHERE mark IS NOT NULL;
CREATE INDEX event_cas ON event (cas, ruling, target, asker, mark, doc) WHERE cas IS NOT NULL;

CREATE TABLE cas (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    first INTEGER NOT NULL, last INTEGER NOT NULL,  -- n of its first and its last event
    single INTEGER NOT NULL, opened INTEGER NOT NULL, packed INTEGER NOT NULL,  -- attempts of kinds 1, 2 and 3
    bytes INTEGER NOT NULL, blocked INTEGER NOT NULL,
    subject INTEGER NOT NULL    -- whose it is (`cases_spread.subject`)
);
CREATE INDEX cas_last ON cas (last, subject);
CREATE INDEX cas_subject ON cas (subject, last);

CREATE TABLE slot (  -- decisions on writes and uploads in each five minutes
    start INTEGER NOT NULL, file INTEGER NOT NULL,
    blocked INTEGER NOT NULL, would INTEGER NOT NULL, passed INTEGER NOT NULL,
    uploads INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (start, file)
) WITHOUT ROWID;

CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

CREATE TABLE tally (  -- alerts by what they are about, and uploads, in spans of each length (`counting.LEVELS`)
    level INTEGER NOT NULL, dimension INTEGER NOT NULL, start INTEGER NOT NULL, name INTEGER NOT NULL,
    file INTEGER NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (level, dimension, start, name, file)  -- file 0 stands for all of them, where the level is over a day
) WITHOUT ROWID;

CREATE TABLE usage (
    rule TEXT NOT NULL, file INTEGER NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (rule, file)
) WITHOUT ROWID;
