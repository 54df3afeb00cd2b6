#include "store/sqlite/inbox.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/case_query.h"

namespace tongban::store {
namespace {

constexpr size_t kMostKnown = 100'000;
constexpr int kHasDue = 4, kOpenedAsBefore = 8;  // beside the flags, in packed places

constexpr char kTables[] =
    "CREATE TABLE relation_sets(number INTEGER PRIMARY KEY, names BLOB NOT NULL UNIQUE);"
    "CREATE TABLE inbox(stream INTEGER PRIMARY KEY, places BLOB NOT NULL);"
    "CREATE TABLE inbox_due(holder INTEGER NOT NULL, flags INTEGER NOT NULL, due_key INTEGER NOT NULL, stream INTEGER "
    "NOT NULL, relations INTEGER NOT NULL, PRIMARY KEY(holder, flags, due_key, stream, relations)) WITHOUT ROWID;";

// Calls `visit(place)` for each; false: damaged.
template <class Visit>
bool for_each_place(std::string_view packed, Visit visit) {
  ByteReader reader(packed);
  InboxPlace place;
  while (!reader.at_end()) {
    const int head = reader.get_byte();
    place.flags = head & 3;
    place.holder = static_cast<int64_t>(reader.get_unsigned());
    place.relations = static_cast<int64_t>(reader.get_unsigned());
    place.due_key = (head & kHasDue) != 0 ? reader.get_signed() : kNoDue;
    if ((head & kOpenedAsBefore) == 0) place.opened_at = reader.get_signed();
    if (!reader.ok()) return false;
    visit(place);
  }
  return reader.ok();
}

bool takes(const PlaceFilter& filter, const InboxPlace& place) {
  if (place.holder != filter.holder || (filter.flags >> place.flags & 1) == 0) return false;
  if (filter.due_before && place.due_key >= *filter.due_before) return false;
  if (filter.due_from && (place.due_key < *filter.due_from || place.due_key == kNoDue)) return false;
  return filter.relations.empty() ||
         std::find(filter.relations.begin(), filter.relations.end(), place.relations) != filter.relations.end();
}

// Calls `visit(place)` for each place of argument 0 that the filter in argument 1 takes.
template <class Visit>
void for_each_taken(sqlite3_value** arguments, Visit visit) {
  const auto* filter = static_cast<const PlaceFilter*>(sqlite3_value_pointer(arguments[1], PlaceFilter::kType));
  if (filter == nullptr) return;
  const std::string_view packed(static_cast<const char*>(sqlite3_value_blob(arguments[0])),
                                static_cast<size_t>(sqlite3_value_bytes(arguments[0])));
  for_each_place(packed, [&](const InboxPlace& place) {
    if (takes(*filter, place)) visit(place);
  });
}

void place_due(sqlite3_context* context, int, sqlite3_value** arguments) {
  std::optional<int64_t> first;
  for_each_taken(arguments, [&](const InboxPlace& place) {
    if (!first || place.due_key < *first) first = place.due_key;
  });
  if (first)
    sqlite3_result_int64(context, *first);
  else
    sqlite3_result_null(context);
}

// Whether no other taken place says earlier(other, asked).
template <class Earlier>
void is_first(sqlite3_context* context, sqlite3_value** arguments, Earlier earlier) {
  const InboxPlace asked{.flags = sqlite3_value_int(arguments[3]),
                         .due_key = sqlite3_value_int64(arguments[2]),
                         .relations = sqlite3_value_int64(arguments[4])};
  bool first = true;
  for_each_taken(arguments, [&](const InboxPlace& place) { first = first && !earlier(place, asked); });
  sqlite3_result_int(context, first ? 1 : 0);
}
void is_first_of_flags(sqlite3_context* context, int, sqlite3_value** arguments) {
  is_first(context, arguments, [](const InboxPlace& other, const InboxPlace& asked) {
    return other.due_key < asked.due_key ||
           (other.due_key == asked.due_key && other.flags == asked.flags && other.relations < asked.relations);
  });
}
void is_first_of_all(sqlite3_context* context, int, sqlite3_value** arguments) {
  is_first(context, arguments, [](const InboxPlace& other, const InboxPlace& asked) {
    return std::tie(other.flags, other.due_key, other.relations) <
           std::tie(asked.flags, asked.due_key, asked.relations);
  });
}

}  // namespace

std::string inbox_tables() { return kTables; }

std::string pack_places(const std::vector<InboxPlace>& places) {
  ByteWriter writer;
  for (size_t i = 0; i < places.size(); ++i) {
    const InboxPlace& place = places[i];
    const bool same = i > 0 && place.opened_at == places[i - 1].opened_at;
    writer.put_byte(
        static_cast<uint8_t>(place.flags | (place.due_key != kNoDue ? kHasDue : 0) | (same ? kOpenedAsBefore : 0)));
    writer.put_unsigned(static_cast<uint64_t>(place.holder));
    writer.put_unsigned(static_cast<uint64_t>(place.relations));
    if (place.due_key != kNoDue) writer.put_signed(place.due_key);
    if (!same) writer.put_signed(place.opened_at);
  }
  return writer.take();
}

std::optional<std::vector<InboxPlace>> unpack_places(std::string_view packed) {
  std::vector<InboxPlace> places;
  if (!for_each_place(packed, [&](const InboxPlace& place) { places.push_back(place); })) return std::nullopt;
  return places;
}

std::string pack_relations(const std::vector<std::string>& sorted) {
  ByteWriter writer;
  for (const std::string& name : sorted) writer.put_text(name);
  return writer.take();
}

std::vector<std::string> unpack_relations(std::string_view packed) {
  std::vector<std::string> names;
  for (ByteReader reader(packed); !reader.at_end();) names.emplace_back(reader.get_text_view());
  return names;
}

int register_place_functions(sqlite3* handle) {
  struct Function {
    const char* name;
    int arguments;
    void (*call)(sqlite3_context*, int, sqlite3_value**);
  };
  for (const Function& one : {Function{"place_due", 2, place_due}, Function{"is_first_of_flags", 5, is_first_of_flags},
                              Function{"is_first_of_all", 5, is_first_of_all}}) {
    const int rc = sqlite3_create_function(handle, one.name, one.arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                           one.call, nullptr, nullptr);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

// ---- writing ----

Result<void> InboxTable::prepare(Connection& writer) {
  writer_ = &writer;
  const auto set = [&](Statement& statement, const char* sql) -> Result<void> {
    statement = TRY(writer.prepare(sql));
    return {};
  };
  TRY(set(find_holder_, "SELECT number FROM holders WHERE name = ?1"));
  TRY(set(insert_holder_, "INSERT INTO holders(name) VALUES(?1)"));
  TRY(set(find_set_, "SELECT number FROM relation_sets WHERE names = CAST(?1 AS BLOB)"));
  TRY(set(insert_set_, "INSERT INTO relation_sets(names) VALUES(CAST(?1 AS BLOB))"));
  TRY(set(find_, "SELECT places FROM inbox WHERE stream = ?1"));
  TRY(set(recent_, "SELECT stream, places FROM inbox WHERE stream > ?1"));
  TRY(set(put_, "INSERT INTO inbox VALUES(?1, ?2) ON CONFLICT(stream) DO UPDATE SET places = excluded.places"));
  TRY(set(remove_, "DELETE FROM inbox WHERE stream = ?1"));
  TRY(set(insert_place_, "INSERT INTO inbox_due VALUES(?1, ?2, ?3, ?4, ?5)"));
  std::string many = "INSERT INTO inbox_due VALUES";
  for (size_t i = 0; i < kAtOnce; ++i) many += i == 0 ? "(?,?,?,?,?)" : ",(?,?,?,?,?)";
  TRY(set(insert_places_, many.c_str()));
  TRY(set(remove_place_,
          "DELETE FROM inbox_due WHERE holder = ?1 AND flags = ?2 AND due_key = ?3 AND stream = ?4 AND relations = "
          "?5"));
  return {};
}

void InboxTable::forget() {
  added_.clear();
  holders_.clear();
  sets_.clear();
  rows_before_.clear();
  places_before_.clear();
}

void InboxTable::release() {
  for (Statement* statement : {&find_holder_, &insert_holder_, &find_set_, &insert_set_, &find_, &recent_, &put_,
                               &remove_, &insert_place_, &insert_places_, &remove_place_}) {
    *statement = Statement();
  }
}

Result<int64_t> InboxTable::number_of(Statement& find, Statement& insert,
                                      std::unordered_map<std::string, int64_t>& known, const std::string& key) {
  if (const auto found = known.find(key); found != known.end()) return found->second;
  int64_t number = 0;
  {
    const ResetLater reset(find);
    const int rc = find.text(1, key).step();
    if (rc == SQLITE_ROW)
      number = find.integer_at(0);
    else if (rc != SQLITE_DONE)
      return writer_->error("Looking for a holder");
  }
  if (number == 0) {
    const ResetLater reset(insert);
    if (insert.text(1, key).step() != SQLITE_DONE) return writer_->error("Storing a holder");
    number = sqlite3_last_insert_rowid(writer_->handle());
  }
  if (known.size() >= kMostKnown) known.clear();
  known.emplace(key, number);
  return number;
}

Result<std::vector<InboxPlace>> InboxTable::places_of(const std::vector<InboxRow>& rows) {
  const auto is_same = [&](const InboxRow& a, const InboxRow& b) {
    return a.holder == b.holder && a.relation == b.relation && a.to_act == b.to_act && a.open == b.open &&
           a.due_at == b.due_at && a.opened_at == rows.front().opened_at;
  };
  if (!rows.empty() && std::equal(rows.begin(), rows.end(), rows_before_.begin(), rows_before_.end(), is_same)) {
    for (InboxPlace& place : places_before_) place.opened_at = rows.front().opened_at.ms;
    return places_before_;
  }
  struct Line {
    InboxPlace place;
    const InboxRow* row;
  };
  std::vector<Line> lines;
  lines.reserve(rows.size());
  for (const InboxRow& row : rows) {
    // Of two rows with the same key the last one counts.
    std::erase_if(
        lines, [&](const Line& line) { return line.row->holder == row.holder && line.row->relation == row.relation; });
    const int64_t holder = TRY(number_of(find_holder_, insert_holder_, holders_, row.holder));
    lines.push_back({{.holder = holder,
                      .flags = (row.open ? kOpen : 0) + (row.to_act ? kToAct : 0),
                      .due_key = row.due_at ? row.due_at->ms : kNoDue,
                      .opened_at = row.opened_at.ms},
                     &row});
  }
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    if (a.place != b.place) return a.place < b.place;
    return a.row->relation < b.row->relation;
  });
  std::vector<InboxPlace> places;
  for (size_t i = 0; i < lines.size();) {
    InboxPlace place = lines[i].place;
    ByteWriter names;
    for (; i < lines.size() && lines[i].place == place; ++i) names.put_text(lines[i].row->relation);
    place.relations = TRY(number_of(find_set_, insert_set_, sets_, names.bytes()));
    places.push_back(place);
  }
  std::sort(places.begin(), places.end());
  rows_before_ = rows;
  places_before_ = places;
  return places;
}

Result<void> InboxTable::put(int64_t stream, bool may_have_some, const std::vector<InboxRow>& rows) {
  const std::vector<InboxPlace> places = TRY(places_of(rows));
  const std::string packed = pack_places(places);
  std::vector<InboxPlace> before;
  if (may_have_some) {
    const ResetLater reset(find_);
    const int rc = find_.integer(1, stream).step();
    if (rc == SQLITE_ROW) {
      if (find_.view_at(0) == packed) return {};
      before = TRY(stored_places(find_.view_at(0)));
    } else if (rc != SQLITE_DONE) {
      return writer_->error("Looking for inbox rows");
    }
  }
  const auto same = [](const InboxPlace& a, const InboxPlace& b) {
    return std::tie(a.holder, a.flags, a.due_key, a.relations) == std::tie(b.holder, b.flags, b.due_key, b.relations);
  };
  const auto key_of = [&](const InboxPlace& place) {
    return Key{place.holder, place.flags, place.due_key, stream, place.relations};
  };
  const auto has = [&](const std::vector<InboxPlace>& some, const InboxPlace& place) {
    return std::any_of(some.begin(), some.end(), [&](const InboxPlace& one) { return same(one, place); });
  };
  const bool is_indexed = stream <= indexed_;
  for (const InboxPlace& place : before) {
    if (!is_indexed || has(places, place) || added_.erase(key_of(place)) > 0) continue;
    const ResetLater reset(remove_place_);
    const Key key = key_of(place);
    for (size_t i = 0; i < key.size(); ++i) remove_place_.integer(static_cast<int>(i) + 1, key[i]);
    if (remove_place_.step() != SQLITE_DONE) return writer_->error("Removing an inbox row");
  }
  for (const InboxPlace& place : places) {
    if (is_indexed && !has(before, place)) added_.insert(key_of(place));
  }
  if (places.empty()) {
    if (before.empty()) return {};
    const ResetLater reset(remove_);
    if (remove_.integer(1, stream).step() != SQLITE_DONE) return writer_->error("Removing inbox rows");
    return {};
  }
  const ResetLater reset(put_);
  if (put_.integer(1, stream).blob(2, packed).step() != SQLITE_DONE) return writer_->error("Storing inbox rows");
  return {};
}

Result<std::vector<InboxPlace>> InboxTable::stored_places(std::string_view packed) const {
  auto places = unpack_places(packed);
  if (!places) return fail(Trouble::corrupt, "The inbox row of a case is damaged. Run verify, then rebuild.");
  return std::move(*places);
}

// OPTIMIZATION: many places with one statement, in order, so that neighbours find their page at hand.
template <class Keys>
Result<void> InboxTable::insert(const Keys& sorted) {
  auto next = sorted.begin();
  for (size_t left = sorted.size(); left > 0;) {
    const size_t count = left >= kAtOnce ? kAtOnce : 1;
    Statement& insert = count == 1 ? insert_place_ : insert_places_;
    const ResetLater reset(insert);
    int at = 0;
    for (size_t i = 0; i < count; ++i, ++next) {
      for (const int64_t value : *next) insert.integer(++at, value);
    }
    if (insert.step() != SQLITE_DONE) return writer_->error("Storing inbox rows");
    left -= count;
  }
  return {};
}

Result<void> InboxTable::flush() {
  TRY(insert(added_));
  added_.clear();
  return {};
}

Result<void> InboxTable::index_recent() {
  std::vector<Key> keys;
  {
    const ResetLater reset(recent_);
    recent_.integer(1, indexed_);
    int rc;
    while ((rc = recent_.step()) == SQLITE_ROW) {
      const int64_t stream = recent_.integer_at(0);
      for (const InboxPlace& place : TRY(stored_places(recent_.view_at(1))))
        keys.push_back({place.holder, place.flags, place.due_key, stream, place.relations});
    }
    if (rc != SQLITE_DONE) return writer_->error("Reading the latest inbox rows");
  }
  std::sort(keys.begin(), keys.end());
  return insert(keys);
}

// ---- the whole table ----

Result<void> convert_inbox_of_schema_2(Connection& writer) {
  TRY(writer.run("DROP INDEX inbox_due; ALTER TABLE inbox RENAME TO inbox_2;" + inbox_tables()));
  InboxTable table;
  TRY(table.prepare(writer));
  table.set_indexed(TRY(writer.number("SELECT places FROM indexed")));
  {
    // Schema 2 also kept a list for each member of the public, in which only she would have looked.
    Statement rows = TRY(
        writer.prepare("SELECT i.stream, h.name, i.relation, i.flags, i.due_key, i.opened_at FROM inbox_2 i CROSS JOIN "
                       "holders h ON h.number = i.holder WHERE NOT (i.relation = 'party' AND h.name GLOB 'person:*') "
                       "ORDER BY i.stream"));
    int64_t stream = 0;
    std::vector<InboxRow> of_stream;
    int rc;
    do {
      rc = rows.step();
      if (rc != SQLITE_ROW && rc != SQLITE_DONE) return writer.error("Reading the inbox of schema 2");
      if (!of_stream.empty() && (rc == SQLITE_DONE || rows.integer_at(0) != stream)) {
        TRY(table.put(stream, false, of_stream));
        if (stream % 1000 == 0) TRY(table.flush());
        of_stream.clear();
      }
      if (rc == SQLITE_DONE) break;
      stream = rows.integer_at(0);
      const int flags = static_cast<int>(rows.integer_at(3));
      const int64_t due = rows.integer_at(4);
      of_stream.push_back({.holder = rows.bytes_at(1),
                           .relation = rows.bytes_at(2),
                           .to_act = (flags & kToAct) != 0,
                           .open = (flags & kOpen) != 0,
                           .due_at = due == kNoDue ? std::nullopt : std::optional(Instant{due}),
                           .opened_at = Instant{rows.integer_at(5)}});
    } while (rc == SQLITE_ROW);
  }
  TRY(table.flush());
  table.release();
  return writer.run("DROP TABLE inbox_2; DELETE FROM holders WHERE number NOT IN (SELECT holder FROM inbox_due)");
}

Result<bool> is_inbox_sound(Connection& reader) {
  struct Sum {
    uint64_t count = 0, sum = 0;
    void add(const InboxPlace& place, int64_t stream) {
      ++count;
      uint64_t x = 0;
      for (const int64_t part : {place.holder, int64_t{place.flags}, place.due_key, place.relations, stream}) {
        x = (x ^ static_cast<uint64_t>(part)) * 0x9e3779b97f4a7c15;
        x ^= x >> 29;
      }
      sum += x;
    }
    bool operator==(const Sum&) const = default;
  } of_cases, of_lists;
  Statement cases =
      TRY(reader.prepare("SELECT stream, places FROM inbox WHERE stream <= (SELECT places FROM indexed)"));
  int rc;
  while ((rc = cases.step()) == SQLITE_ROW) {
    const int64_t stream = cases.integer_at(0);
    if (!for_each_place(cases.view_at(1), [&](const InboxPlace& place) { of_cases.add(place, stream); })) return false;
  }
  if (rc != SQLITE_DONE) return reader.error("Reading the inbox rows");
  Statement lists = TRY(reader.prepare("SELECT holder, flags, due_key, relations, stream FROM inbox_due"));
  while ((rc = lists.step()) == SQLITE_ROW) {
    of_lists.add({.holder = lists.integer_at(0),
                  .flags = static_cast<int>(lists.integer_at(1)),
                  .due_key = lists.integer_at(2),
                  .relations = lists.integer_at(3)},
                 lists.integer_at(4));
  }
  if (rc != SQLITE_DONE) return reader.error("Reading the order of the inboxes");
  return of_cases == of_lists;
}

}  // namespace tongban::store
