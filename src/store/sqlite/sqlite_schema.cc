// The tables of the store, and how those of an earlier schema become today's.
#include "store/sqlite/inbox.h"
#include "store/sqlite/parts.h"

namespace tongban::store {
namespace {

constexpr int kApplicationId = 0x54424C31;  // "TBL1": a Tongban ledger

constexpr char kSchema[] = R"sql(
CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one = 1), position INTEGER NOT NULL, sum BLOB NOT NULL);
CREATE TABLE streams(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE ledger(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, previous INTEGER NOT NULL,
  first_version INTEGER NOT NULL, count INTEGER NOT NULL, bytes BLOB NOT NULL, hashes BLOB NOT NULL);

CREATE TABLE cases(stream INTEGER PRIMARY KEY, id BLOB NOT NULL, type TEXT NOT NULL, number TEXT NOT NULL,
  edition TEXT NOT NULL, state TEXT NOT NULL, open INTEGER NOT NULL, opened_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  closed_at INTEGER, due_key INTEGER NOT NULL, due_clock TEXT NOT NULL, due_provisional INTEGER NOT NULL,
  late INTEGER NOT NULL, held_by TEXT NOT NULL, list_fields BLOB NOT NULL, person BLOB NOT NULL, version INTEGER NOT NULL);
CREATE UNIQUE INDEX cases_number ON cases(number) WHERE number <> '';
)sql";

// A case that nothing has happened to since it was opened stands in one order of time instead of two, and one without a
// due date in none of due dates: filing adds to as few places as can be.
constexpr char kCaseOrders[] = R"sql(
CREATE INDEX cases_due ON cases(open, due_key) WHERE due_key < 9223372036854775807;
CREATE INDEX cases_fresh ON cases(opened_at) WHERE changed_at = opened_at;
CREATE INDEX cases_opened ON cases(opened_at) WHERE changed_at <> opened_at;
CREATE INDEX cases_changed ON cases(changed_at) WHERE changed_at <> opened_at;
)sql";

constexpr char kSchemaMiddle[] = R"sql(
CREATE TABLE holders(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
)sql";

// Up to which number of a stream the places of a case stand in `inbox_due`, and its words in `search`; those of later
// ones only in `inbox` and `search_words`.
constexpr char kIndexed[] = R"sql(
CREATE TABLE indexed(one INTEGER PRIMARY KEY CHECK(one = 1), places INTEGER NOT NULL, words INTEGER NOT NULL);
)sql";

constexpr char kSchemaRest[] = R"sql(
CREATE TABLE clocks(stream INTEGER NOT NULL, clock INTEGER NOT NULL, name TEXT NOT NULL, wake_at INTEGER, due_at INTEGER,
  provisional INTEGER NOT NULL, depends_from INTEGER NOT NULL, depends_to INTEGER NOT NULL,
  PRIMARY KEY(stream, clock)) WITHOUT ROWID;
CREATE INDEX clocks_wake ON clocks(wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE registers(number INTEGER PRIMARY KEY, register_id TEXT NOT NULL, entry_id TEXT NOT NULL,
  revision INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE(register_id, entry_id));
CREATE TABLE person_hashes(hash BLOB NOT NULL, person BLOB NOT NULL, stream INTEGER NOT NULL,
  PRIMARY KEY(hash, person, stream)) WITHOUT ROWID;
CREATE TABLE person_hashes_recent(number INTEGER PRIMARY KEY, hash BLOB NOT NULL, person BLOB NOT NULL,
  stream INTEGER NOT NULL);

CREATE TABLE search_words(stream INTEGER PRIMARY KEY, words TEXT NOT NULL);
CREATE VIRTUAL TABLE search USING fts5(words, content='', columnsize=0, detail=none, tokenize='tongban_words');

CREATE TABLE outbox(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stream INTEGER NOT NULL, position INTEGER NOT NULL,
  kind TEXT NOT NULL, body BLOB NOT NULL, not_before INTEGER NOT NULL, attempts INTEGER NOT NULL);
CREATE INDEX outbox_due ON outbox(not_before, position, id);
CREATE TABLE idempotency(number INTEGER PRIMARY KEY, digest BLOB NOT NULL, actor TEXT NOT NULL,
  key TEXT NOT NULL, body_hash BLOB NOT NULL, status INTEGER NOT NULL, response BLOB NOT NULL, at INTEGER NOT NULL);
CREATE TABLE idempotency_index(digest BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE idempotency_indexed(one INTEGER PRIMARY KEY CHECK(one = 1), number INTEGER NOT NULL);
CREATE TABLE audit(number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
  unit TEXT NOT NULL, purpose TEXT NOT NULL, what TEXT NOT NULL);
CREATE INDEX audit_case ON audit(stream);
CREATE TABLE records(kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID;
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO search(search, rank) VALUES('automerge', 16);
INSERT INTO search(search, rank) VALUES('crisismerge', 64);
INSERT INTO head VALUES(1, 0, zeroblob(32));
INSERT INTO idempotency_indexed VALUES(1, 0);
)sql";

}  // namespace

Result<void> prepare_schema(Connection& writer) {
  const int64_t version = TRY(writer.number("PRAGMA user_version"));
  const int64_t application = TRY(writer.number("PRAGMA application_id"));
  const int64_t tables = TRY(writer.number("SELECT count(*) FROM sqlite_schema"));
  if (version == 0 && application == 0 && tables == 0) {
    return writer.run("BEGIN IMMEDIATE;" + std::string(kSchema) + kCaseOrders + kSchemaMiddle + inbox_tables() +
                      kIndexed + "INSERT INTO indexed VALUES(1, 0, 0);" + kSchemaRest +
                      "PRAGMA application_id=" + std::to_string(kApplicationId) +
                      ";PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT");
  }
  if (application != kApplicationId) {
    return fail(Trouble::invalid_input,
                "The file " + writer.path() + " is a database of another program. Choose another data folder.");
  }
  if (version > kSchemaVersion) {
    return fail(Trouble::unsupported, "The database " + writer.path() + " was written by a newer Tongban (schema " +
                                          std::to_string(version) + "; this program knows up to " +
                                          std::to_string(kSchemaVersion) +
                                          "). Start the newer program, or restore a backup made by this one.");
  }
  if (version >= 2 && version < kSchemaVersion) {
    Result<void> converted = writer.run("BEGIN IMMEDIATE");
    if (converted.ok() && version < 4) {
      converted =
          writer.run(std::string(kIndexed) +
                     "INSERT INTO indexed SELECT 1, ifnull(max(number), 0), ifnull(max(number), 0) FROM streams");
    }
    if (converted.ok() && version == 2) {
      converted = convert_inbox_of_schema_2(writer);
      if (converted.ok()) {
        converted = writer.run("DROP INDEX cases_due; DROP INDEX cases_opened; DROP INDEX cases_changed;" +
                               std::string(kCaseOrders));
      }
    }
    // Since 5 what waits for an index may stand in it already, which programs of 4 do not expect.
    if (converted.ok()) converted = writer.run("PRAGMA user_version=" + std::to_string(kSchemaVersion) + "; COMMIT");
    if (!converted.ok() && writer.in_transaction()) (void)writer.run("ROLLBACK");
    return converted;
  }
  if (version < kSchemaVersion) {
    return fail(Trouble::unsupported, "The database " + writer.path() +
                                          " was written by a Tongban before its first release (schema " +
                                          std::to_string(version) + "). Make a new data folder.");
  }
  return {};
}

}  // namespace tongban::store
